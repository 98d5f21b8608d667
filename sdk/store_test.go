package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
)

// STORE-1, STORE-2
func TestMemoryStoreConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) sdk.Store { return sdk.NewMemoryStore() })
}

func TestMemoryStoreZeroValue(t *testing.T) {
	storetest.Run(t, func(*testing.T) sdk.Store { return new(sdk.MemoryStore) })
}

// STORE-1, STORE-2
func TestDirectoryStoreConforms(t *testing.T) {
	storetest.Run(t, func(t *testing.T) sdk.Store { return newDirectoryStore(t, t.TempDir()) })
}

// REF-5: two stores of one directory exclude each other, as two processes do.
func TestDirectoryStoreShares(t *testing.T) {
	storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		path := t.TempDir()
		return newDirectoryStore(t, path), newDirectoryStore(t, path)
	})
}

func newDirectoryStore(t *testing.T, path string) *sdk.DirectoryStore {
	t.Helper()
	store, err := sdk.NewDirectoryStore(path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// STORE-4
func TestMemoryStorePrintsNoSecret(t *testing.T) {
	const secret = "s3cr3t-refresh-token"
	store := sdk.NewMemoryStore()
	if err := store.Put(t.Context(), "session/a/b", []byte(secret)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", store)
		fmt.Fprintf(&out, verb+"\n", struct{ Store sdk.Store }{store})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("store", "store", store)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("store", "store", store)
	encoded, err := json.Marshal(struct{ Store sdk.Store }{store})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)
	for _, form := range []string{secret, fmt.Sprintf("%x", secret), strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
		if strings.Contains(out.String(), form) {
			t.Errorf("printed %q in\n%s", form, out.String())
		}
	}
}

func TestCheckKey(t *testing.T) {
	long := strings.Repeat("a", 198)
	for key, good := range map[string]bool{
		"session/0a/1b": true, "client/0a": true, "a-b/c_d": true, "a/" + long: true,
		"": false, "/": false, "session": false, "/session": false, "session/": false, "session//a": false,
		"session/A": false, "session/a b": false, "session/../a": false, "session/.": false, "session/a\x00": false,
		"session/a+b": false, "session/é": false, "session\\a": false, "a/" + long + "b": false,
	} {
		if err := sdk.CheckKey(key); (err == nil) != good {
			t.Errorf("CheckKey(%q) = %v, want good = %v", key, err, good)
		}
	}
}

func TestCheckPrefix(t *testing.T) {
	long := strings.Repeat("a", 199)
	for prefix, good := range map[string]bool{
		"session/": true, "session/0a/": true, "a-b/c_d/e/": true, long + "/": true,
		"": false, "/": false, "session": false, "session/0a": false, "/session/": false, "session//": false, "session/A/": false,
		"session/*/": false, "session/../": false, "session/\x00/": false, "session\\": false, "é/": false, long + "a/": false,
	} {
		if err := sdk.CheckPrefix(prefix); (err == nil) != good {
			t.Errorf("CheckPrefix(%q) = %v, want good = %v", prefix, err, good)
		}
	}
}

// fullStore is what both stores of this package are.
type fullStore interface {
	sdk.Store
	sdk.Locker
	sdk.Fencer
	sdk.Lister
}

// No key leads out of the store, and a context that has ended starts nothing.
func TestStoresRefuse(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, store := range map[string]fullStore{
		"memory":    sdk.NewMemoryStore(),
		"directory": newDirectoryStore(t, t.TempDir()),
	} {
		for _, try := range []struct {
			ctx context.Context
			key string
		}{{t.Context(), "../escape"}, {ended, "session/a"}} {
			for key, err := range store.Keys(try.ctx, try.key+"/") {
				if err == nil {
					t.Errorf("%s: Keys(%q/) = %q", name, try.key, key)
				}
			}
			_, getErr := store.Get(try.ctx, try.key)
			_, lockErr := store.Lock(try.ctx, try.key)
			for method, err := range map[string]error{
				"Get": getErr, "Lock": lockErr,
				"Put":    store.Put(try.ctx, try.key, nil),
				"PutIf":  store.PutIf(try.ctx, try.key, 1, nil),
				"Delete": store.Delete(try.ctx, try.key),
			} {
				if err == nil || errors.Is(err, sdk.ErrNotFound) {
					t.Errorf("%s: %s(%q): error %v", name, method, try.key, err)
				}
			}
		}
	}
}
