package sealed

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
)

const key = "session/0a/1b"

func newKeyset(t testing.TB) *keyset.Handle {
	t.Helper()
	return must(t)(NewKeyset())
}

// must returns the handle of a call that must not fail.
func must(t testing.TB) func(*keyset.Handle, error) *keyset.Handle {
	return func(handle *keyset.Handle, err error) *keyset.Handle {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return handle
	}
}

func newStore(t testing.TB, inner sdk.Store, handle *keyset.Handle) *Store {
	t.Helper()
	store, err := New(inner, handle)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func put(t *testing.T, store sdk.Store, key, value string) {
	t.Helper()
	if err := store.Put(t.Context(), key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, store sdk.Store, key, value string) {
	t.Helper()
	got, err := store.Get(t.Context(), key)
	if err != nil || string(got) != value {
		t.Fatalf("Get = %q, error %v, want %q", got, err, value)
	}
}

// wantClosed fails unless the record is there and cannot be opened.
func wantClosed(t *testing.T, store sdk.Store, key, why string) {
	t.Helper()
	value, err := store.Get(t.Context(), key)
	var closed *OpenError
	if !errors.As(err, &closed) || value != nil || errors.Is(err, sdk.ErrNotFound) {
		t.Fatalf("Get = %q, error %v, want an *OpenError", value, err)
	}
	if closed.Key != key || !strings.Contains(err.Error(), why) {
		t.Errorf("error %q, want one for %s that says %q", err, key, why)
	}
}

// STORE-1, STORE-2
func TestStoreConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) sdk.Store { return newStore(t, sdk.NewMemoryStore(), newKeyset(t)) })
}

// STORE-2, REF-5: two wrappers of one directory, as two processes have them; one has rotated already.
func TestStoreShares(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		path := t.TempDir()
		older := must(t)(AddKey(newKeyset(t)))
		newer := must(t)(UseNewestKey(older))
		return newStore(t, newDirectory(t, path), older), newStore(t, newDirectory(t, path), newer)
	})
}

func newDirectory(t *testing.T, path string) *sdk.DirectoryStore {
	t.Helper()
	store, err := sdk.NewDirectoryStore(path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// bare is a store with neither locks nor generations.
type bare struct{ sdk.Store }

// STORE-1: the wrapper of a store that lacks them says so in the agreed way.
func TestStoreForwardsWhatIsMissing(t *testing.T) {
	store := newStore(t, bare{sdk.NewMemoryStore()}, newKeyset(t))
	if _, err := store.Lock(t.Context(), key); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Lock: error %v, want errors.ErrUnsupported", err)
	}
	if err := store.PutIf(t.Context(), key, 1, nil); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("PutIf: error %v, want errors.ErrUnsupported", err)
	}
	n := 0
	for listed, err := range store.Keys(t.Context(), "session/") {
		if n++; listed != "" || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("Keys: key %q, error %v, want errors.ErrUnsupported", listed, err)
		}
	}
	if n != 1 {
		t.Errorf("Keys: %d errors, want one", n)
	}
	if _, err := store.Get(t.Context(), key); !errors.Is(err, sdk.ErrNotFound) {
		t.Errorf("Get: error %v: something was written", err)
	}
	put(t, store, key, "value")
	want(t, store, key, "value")
}

func TestNewRefuses(t *testing.T) {
	signing, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		inner  sdk.Store
		handle *keyset.Handle
	}{
		"no store":        {nil, newKeyset(t)},
		"no keyset":       {sdk.NewMemoryStore(), nil},
		"a MAC's keyset":  {sdk.NewMemoryStore(), signing},
		"an empty keyset": {sdk.NewMemoryStore(), &keyset.Handle{}},
	} {
		if store, err := New(tc.inner, tc.handle); err == nil || store != nil {
			t.Errorf("%s: New = %v, error %v", name, store, err)
		}
	}
}

// STORE-1: the generation stays outside: who cannot open a record is fenced all the same.
func TestGenerationIsOutside(t *testing.T) {
	inner := sdk.NewMemoryStore()
	first, stranger := newStore(t, inner, newKeyset(t)), newStore(t, inner, newKeyset(t))
	if err := first.PutIf(t.Context(), key, 7, []byte("tokens")); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, stranger, key, "the keyset lacks")
	for listed, err := range stranger.Keys(t.Context(), "session/") {
		if listed != key || err != nil {
			t.Errorf("Keys of who cannot open the record: %q, error %v", listed, err)
		}
	}
	if err := stranger.PutIf(t.Context(), key, 7, nil); !errors.Is(err, sdk.ErrStale) {
		t.Errorf("PutIf of the same generation: error %v, want ErrStale", err)
	}
	want(t, first, key, "tokens")
	if err := stranger.PutIf(t.Context(), key, 8, []byte("newer")); err != nil {
		t.Error(err)
	}
	want(t, stranger, key, "newer")
}

// STORE-2: what an old key sealed still opens, and the next write uses the new one.
func TestRotation(t *testing.T) {
	inner := sdk.NewMemoryStore()
	one := newKeyset(t)
	two := must(t)(AddKey(one))
	three := must(t)(UseNewestKey(two))
	four := must(t)(DropOldKeys(three))
	if one.Len() != 1 || two.Len() != 2 || three.Len() != 2 || four.Len() != 1 {
		t.Fatalf("%d, %d, %d, %d keys: a step changed its argument", one.Len(), two.Len(), three.Len(), four.Len())
	}
	before, added, used, dropped := newStore(t, inner, one), newStore(t, inner, two), newStore(t, inner, three), newStore(t, inner, four)

	put(t, before, key, "old")
	put(t, before, "client/2c", "old too")
	for name, store := range map[string]*Store{"added": added, "used": used} {
		t.Log(name)
		want(t, store, key, "old")
	}
	wantClosed(t, dropped, key, "the keyset lacks")

	put(t, added, key, "written between the steps")
	want(t, before, key, "written between the steps") // sealed with the old key
	put(t, used, key, "new")
	want(t, added, key, "new")
	want(t, dropped, key, "new")
	wantClosed(t, before, key, "the keyset lacks")
	want(t, used, "client/2c", "old too")
}

// A record cannot be moved to another key, and nothing of it can be changed.
func TestTampering(t *testing.T) {
	for name, tc := range map[string]struct {
		damage func(data []byte) []byte
		why    string
	}{
		"a bit of the last byte": {func(data []byte) []byte { data[len(data)-1] ^= 1; return data }, "changed"},
		"a bit of the first":     {func(data []byte) []byte { data[len(envelopeLine)+5] ^= 1; return data }, "changed"},
		"the key's id":           {func(data []byte) []byte { data[len(envelopeLine)+4] ^= 1; return data }, "the keyset lacks"},
		"cut off":                {func(data []byte) []byte { return data[:len(data)-1] }, "changed"},
		"longer":                 {func(data []byte) []byte { return append(data, 0) }, "changed"},
		"the line only":          {func(data []byte) []byte { return data[:len(envelopeLine)] }, "changed"},
		"empty":                  {func([]byte) []byte { return nil }, "not sealed"},
		"unsealed":               {func([]byte) []byte { return []byte(`{"access_token":"s3cret"}`) }, "not sealed"},
		"another version":        {func(data []byte) []byte { return bytes.Replace(data, []byte(" 1\n"), []byte(" 2\n"), 1) }, "newer format"},
		"no version":             {func(data []byte) []byte { return bytes.Replace(data, []byte(" 1\n"), []byte(" one\n"), 1) }, "not a number"},
		"version 01":             {func(data []byte) []byte { return bytes.Replace(data, []byte(" 1\n"), []byte(" 01\n"), 1) }, "not a number"},
	} {
		t.Run(name, func(t *testing.T) {
			inner := sdk.NewMemoryStore()
			store := newStore(t, inner, newKeyset(t))
			put(t, store, key, "s3cret")
			data, err := inner.Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			put(t, inner, key, string(tc.damage(data)))
			wantClosed(t, store, key, tc.why)
			_, err = store.Get(t.Context(), key)
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("error %v", err)
			}
			if newer := name == "another version"; errors.Is(err, sdk.ErrRecordVersion) != newer {
				t.Errorf("error %v: ErrRecordVersion = %t, want %t", err, !newer, newer)
			}
			if _, err := inner.Get(t.Context(), key); err != nil {
				t.Errorf("the record is gone: %v", err)
			}
			if err := store.Delete(t.Context(), key); err != nil {
				t.Errorf("Delete: %v", err)
			}
		})
	}
	t.Run("moved", func(t *testing.T) {
		inner := sdk.NewMemoryStore()
		store := newStore(t, inner, newKeyset(t))
		put(t, store, "session/alice/b", "alice's")
		data, err := inner.Get(t.Context(), "session/alice/b")
		if err != nil {
			t.Fatal(err)
		}
		put(t, inner, "session/mallory/b", string(data))
		wantClosed(t, store, "session/mallory/b", "another key")
		want(t, store, "session/alice/b", "alice's")
	})
}

// STORE-4: neither the store, nor what the inner one keeps, nor an error shows a secret.
func TestPrintsNoSecret(t *testing.T) {
	const secret = "s3cr3t-refresh-token"
	inner := sdk.NewMemoryStore()
	handle := newKeyset(t)
	store := newStore(t, inner, handle)
	put(t, store, key, secret)
	data, err := inner.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.Write(data)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", store)
		fmt.Fprintf(&out, verb+"\n", struct{ Store sdk.Store }{store})
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("store", "store", store)
	encoded, err := json.Marshal(struct{ Store sdk.Store }{store})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	keys, err := MarshalKeyset(handle)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Key []struct{ KeyData struct{ Value string } }
	}
	if err := json.Unmarshal(keys, &parsed); err != nil || len(parsed.Key) != 1 || parsed.Key[0].KeyData.Value == "" {
		t.Fatalf("keyset %v", err)
	}
	raw, _ := base64.StdEncoding.DecodeString(parsed.Key[0].KeyData.Value)
	for _, form := range []string{secret, hex.EncodeToString([]byte(secret)), parsed.Key[0].KeyData.Value, strings.Trim(fmt.Sprint(raw[4:]), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("printed %q in\n%q", form, out.String())
		}
	}
}

// The errors of the inner store pass as they are.
func TestInnerErrorsPass(t *testing.T) {
	store := newStore(t, sdk.NewMemoryStore(), newKeyset(t))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := store.Get(ended, key)
	_, lockErr := store.Lock(ended, key)
	for method, err := range map[string]error{
		"Get": getErr, "Lock": lockErr, "Put": store.Put(ended, key, nil),
		"PutIf": store.PutIf(ended, key, 1, nil), "Delete": store.Delete(ended, key),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v, want context.Canceled", method, err)
		}
	}
	if _, err := store.Get(t.Context(), "../escape"); err == nil {
		t.Error("a key that leads out is taken")
	}
}
