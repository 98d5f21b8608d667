// Package sealed encrypts the records of any [sdk.Store] with authenticated encryption, and rotates the keys.
//
//	keyset, err := sealed.ParseKeyset(secret) // from the environment, a file or a secret manager; see NewKeyset
//	store, err := sealed.New(inner, keyset)
//	auth, err := sdk.New(sdk.Config{Resource: url, Store: store})
//
// # What is sealed
//
// A value is sealed as a whole, with the record's key as associated data: who can write to the inner store can neither
// read a value, nor change one, nor put one under another key, such as a user's session under another user's. He can
// delete records and bring old ones back; against that no store that others write can be sealed.
//
// Keys of records and generations stay readable. Keys are hashes, and the inner store compares generations and lists
// keys, so that [sdk.Fencer] and [sdk.Lister] work as if nothing were sealed. Locks pass to the inner store. Where it
// lacks locks, generations or the list, Lock, PutIf and Keys give an error for which errors.Is(err, errors.ErrUnsupported)
// holds, as [sdk.Store] says.
//
// A sealed value is some 70 bytes longer than its plaintext.
//
// # Keys and their rotation
//
// A keyset is a Tink keyset with any AEAD keys. Values are sealed with its primary key and opened with whichever key
// they were sealed with: after a rotation an old record still opens, and its next write seals it with the new key. A
// program on several machines rotates in three deployments, so that at no moment one seals what another cannot open:
//
//  1. [AddKey]: all machines can open what the new key will seal.
//  2. [UseNewestKey]: they seal with it. Records that are written from now on need only the new key.
//  3. [DropOldKeys], when no record is left that matters and was not written since. One that is left gives an
//     [*OpenError], and its user logs in anew after the record was deleted.
//
// Keysets whose keys are kept by a key management service work as well: build the [keyset.Handle] with Tink's
// integration of that service.
//
// There is nothing to close; the inner store is its maker's to close.
package sealed
