package sealed

import (
	"bytes"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// What is accepted is what seal writes: the line in its one form, and a ciphertext for this key.
func FuzzOpen(f *testing.F) {
	store := newStore(f, sdk.NewMemoryStore(), newKeyset(f))
	good, err := store.seal(key, []byte("value"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(envelopeLine)])
	f.Add(good[:len(good)-1])
	f.Add([]byte("mcpoauth-sealed 2\n"))
	f.Add([]byte("mcpoauth-sealed 99999999999\n"))
	f.Add([]byte("mcpoauth-record 1 3 5 session/0a/1b "))
	f.Fuzz(func(t *testing.T, data []byte) {
		if ciphertext, err := parseEnvelope(data); err == nil {
			if again := append([]byte(envelopeLine), ciphertext...); !bytes.Equal(again, data) {
				t.Errorf("parseEnvelope accepts %q", data)
			}
		}
		value, err := store.open(key, data)
		if err == nil && string(value) != "value" {
			t.Errorf("open(%q) = %q", data, value)
		}
	})
}

// A keyset comes from a file or an environment variable.
func FuzzParseKeyset(f *testing.F) {
	data, err := MarshalKeyset(newKeyset(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"primaryKeyId":1,"key":[{"keyId":1,"status":"ENABLED","outputPrefixType":"TINK"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		handle, err := ParseKeyset(data)
		if err != nil {
			return
		}
		store := newStore(t, sdk.NewMemoryStore(), handle)
		put(t, store, key, "value")
		want(t, store, key, "value")
	})
}
