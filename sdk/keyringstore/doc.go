// Package keyringstore keeps records in files that are sealed with a key from the keyring of the operating system: the
// Keychain of macOS, the Credential Manager of Windows, the Secret Service of Linux and the BSDs (gnome-keyring, KWallet,
// KeePassXC). Who copies the files, or reads a backup of them, has nothing without the user's keyring.
//
//	store, err := keyringstore.Open(ctx, keyringstore.Config{})
//	auth, err := sdk.New(sdk.Config{Resource: url, Store: store})
//
// # Why the records are not in the keyring
//
// The store is package sealed over a [sdk.DirectoryStore], with its keyset in the keyring, and nothing else:
//
//   - Keyrings are for passwords. Windows takes 2,560 bytes and macOS some 3,000; a session with its tokens, client and
//     endpoints has 2 to 20 KiB. Records that are split, or small ones here and large ones there, could be seen in halves.
//   - A keyring has neither a lock nor a write that compares, so two processes would destroy each other's rotating
//     refresh tokens. The directory has both.
//   - A keyring is asked over D-Bus or by starting a program, and may ask the user. It is asked once for each Open.
//
// # What is where
//
// Directory holds the record keyring/key, which names the item in the keyring and is no secret, and the directory records
// with the sealed records. It can be moved. On another machine, or after the item was removed from the keyring, Open
// returns a [*KeyLostError]; without a keyring an [*UnavailableError]. The key is not rotated: it leaves the keyring for
// this process's memory only. For a new one, remove Directory.
//
// All processes of a user share one directory. There is nothing to close.
package keyringstore
