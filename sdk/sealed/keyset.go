// Keyset: making, writing, reading and rotating the keys.

package sealed

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// keysetLimit bounds the bytes of a keyset: a key takes some 250.
const keysetLimit = 1 << 20

var errKeysetNil = errors.New("sealed: keyset is nil")

// NewKeyset returns a keyset with one new key for XChaCha20-Poly1305. Its nonces of 192 bits may be random for as many
// values as there will ever be; the 96 bits of AES-GCM allow 2^32 values for a key, which a million sessions that are
// refreshed each hour write in half a year.
func NewKeyset() (*keyset.Handle, error) {
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("sealed: keyset: %w", err)
	}
	return handle, nil
}

// MarshalKeyset returns the keyset in Tink's JSON form, with its keys in clear: whoever has the bytes can open all
// records. They belong into a secret manager, a keyring or a file of mode 0600, apart from the records.
func MarshalKeyset(handle *keyset.Handle) ([]byte, error) {
	if handle == nil {
		return nil, errKeysetNil
	}
	var out bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&out)); err != nil {
		return nil, fmt.Errorf("sealed: keyset: %w", err)
	}
	return out.Bytes(), nil
}

// ParseKeyset reads what [MarshalKeyset], or the command tinkey, has written. Its errors tell nothing of the content.
func ParseKeyset(data []byte) (*keyset.Handle, error) {
	if len(data) > keysetLimit {
		return nil, fmt.Errorf("sealed: keyset of %d bytes: the limit is %d", len(data), keysetLimit)
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(data)))
	if err != nil {
		return nil, errors.New("sealed: keyset: not a Tink keyset in JSON") // the cause may quote it
	}
	if _, err := aead.New(handle); err != nil {
		return nil, errors.New("sealed: keyset: no keyset of AEAD keys with a primary key")
	}
	return handle, nil
}

// AddKey returns the keyset with one more key, like that of [NewKeyset]. The primary key stays: nothing is sealed with
// the new one yet. It is the first step of a rotation; see the package's documentation. handle is not changed.
func AddKey(handle *keyset.Handle) (*keyset.Handle, error) {
	return edit(handle, func(manager *keyset.Manager) error {
		_, err := manager.Add(aead.XChaCha20Poly1305KeyTemplate())
		return err
	})
}

// UseNewestKey returns the keyset with the key that was added last as its primary one: what is written from now on is
// sealed with it. It is the second step of a rotation. handle is not changed.
func UseNewestKey(handle *keyset.Handle) (*keyset.Handle, error) {
	return edit(handle, func(manager *keyset.Manager) error {
		newest, err := handle.Entry(handle.Len() - 1)
		if err != nil {
			return err
		}
		return manager.SetPrimary(newest.KeyID())
	})
}

// DropOldKeys returns the keyset with its primary key only: records that were sealed with another one cannot be opened
// any more. It is the last step of a rotation. handle is not changed.
func DropOldKeys(handle *keyset.Handle) (*keyset.Handle, error) {
	return edit(handle, func(manager *keyset.Manager) error {
		for i := range handle.Len() {
			entry, err := handle.Entry(i)
			if err != nil {
				return err
			}
			if entry.IsPrimary() {
				continue
			}
			if err := manager.Delete(entry.KeyID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// edit returns a copy of the keyset that change has been applied to.
func edit(handle *keyset.Handle, change func(*keyset.Manager) error) (*keyset.Handle, error) {
	if handle == nil {
		return nil, errKeysetNil
	}
	manager := keyset.NewManagerFromHandle(handle)
	if err := change(manager); err != nil {
		return nil, fmt.Errorf("sealed: keyset: %w", err)
	}
	next, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("sealed: keyset: %w", err)
	}
	return next, nil
}
