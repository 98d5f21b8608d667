package keyringstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
	"github.com/zalando/go-keyring"
)

const key = "session/0a/1b"

// mock gives the test an empty keyring in memory. Tests that use it do not run in parallel: there is one.
func mock(t *testing.T) {
	t.Helper()
	keyring.MockInit()
	t.Cleanup(func() { keyring.MockInitWithError(errors.New("the test is over")) })
}

func open(t *testing.T, path string) *sealed.Store {
	t.Helper()
	store, err := Open(t.Context(), Config{Directory: path})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func put(t *testing.T, store sdk.Store, value string) {
	t.Helper()
	if err := store.Put(t.Context(), key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, store sdk.Store, value string) {
	t.Helper()
	if got, err := store.Get(t.Context(), key); err != nil || string(got) != value {
		t.Fatalf("Get = %q, error %v, want %q", got, err, value)
	}
}

// keyItem returns the stored name of the key.
func keyItem(t *testing.T, path string) *item {
	t.Helper()
	home, err := sdk.NewDirectoryStore(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := home.Get(t.Context(), itemKey)
	if err != nil {
		t.Fatal(err)
	}
	it, err := parseItem(value)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// STORE-1, STORE-2, REF-5
func TestStoreConforms(t *testing.T) {
	mock(t)
	storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		path := t.TempDir()
		return open(t, path), open(t, path)
	})
}

// STORE-2, STORE-4: large records are files, sealed, private, and the key is in none of them.
func TestFilesAreSealed(t *testing.T) {
	mock(t)
	path := filepath.Join(t.TempDir(), "new", "store")
	value := strings.Repeat("s3cret ", 10_000)
	put(t, open(t, path), value)
	want(t, open(t, path), value)
	it := keyItem(t, path)
	secret, err := keyring.Get(it.Service, it.Account)
	if err != nil || it.Service != "mcpoauth" {
		t.Fatalf("item %v: %v", it, err)
	}
	if len(secret) > 2560 {
		t.Errorf("the key takes %d bytes, Windows takes 2560", len(secret))
	}
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if bytes.Contains(data, []byte("s3cret")) || bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds a secret", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// The directory can be moved, and each has a key of its own.
func TestDirectoryMoves(t *testing.T) {
	mock(t)
	parent := t.TempDir()
	from, to, other := filepath.Join(parent, "from"), filepath.Join(parent, "to"), filepath.Join(parent, "other")
	put(t, open(t, from), "moved")
	put(t, open(t, other), "stays")
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
	want(t, open(t, to), "moved")
	if keyItem(t, to).Account == keyItem(t, other).Account {
		t.Error("two directories share a key")
	}
}

// Of many first starts at once one makes the key.
func TestFirstStarts(t *testing.T) {
	mock(t)
	path := t.TempDir()
	stores := make(chan *sealed.Store)
	for range 8 {
		go func() {
			store, err := Open(t.Context(), Config{Directory: path, Service: "my program"})
			if err != nil {
				t.Error(err)
			}
			stores <- store
		}()
	}
	first := <-stores
	put(t, first, "value")
	for range 7 {
		want(t, <-stores, "value")
	}
	if it := keyItem(t, path); it.Service != "my program" {
		t.Errorf("service %q", it.Service)
	}
}

// STORE-2: without a keyring the error says what to do, and nothing is left behind.
func TestNoKeyring(t *testing.T) {
	mock(t)
	for name, cause := range map[string]error{
		"no daemon":   errors.New("dial unix /run/user/1000/bus: no such file"),
		"no platform": keyring.ErrUnsupportedPlatform,
		"too big":     keyring.ErrSetDataTooBig,
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			keyring.MockInitWithError(cause)
			store, err := Open(t.Context(), Config{Directory: path})
			var unavailable *UnavailableError
			if !errors.As(err, &unavailable) || !errors.Is(err, cause) || store != nil {
				t.Fatalf("Open = %v, error %v, want an *UnavailableError", store, err)
			}
			if !strings.Contains(err.Error(), "sdk.NewDirectoryStore") || !strings.Contains(err.Error(), advice(runtime.GOOS)) {
				t.Errorf("error %q does not say what to do", err)
			}
			keyring.MockInit()
			put(t, open(t, path), "value") // a later one does
		})
	}
}

// A keyring that takes the key and keeps nothing is none: what is sealed with it would be lost.
func TestKeyringForgets(t *testing.T) {
	cause := errors.New("locked")
	for name, tc := range map[string]struct {
		kept      string
		err, want error
	}{
		"keeps":   {"given", nil, nil},
		"forgets": {"", keyring.ErrNotFound, errNotKept},
		"changes": {"given\n", nil, errNotKept},
		"fails":   {"", cause, cause},
	} {
		if err := checkKept("given", tc.kept, tc.err); !errors.Is(err, tc.want) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
	}
}

func TestAdvice(t *testing.T) {
	for system, word := range map[string]string{
		"linux": "Secret Service", "freebsd": "Secret Service", "darwin": "keychain", "windows": "Credential Manager",
	} {
		if !strings.Contains(advice(system), word) {
			t.Errorf("%s: %q", system, advice(system))
		}
	}
}

// A keyring without the key of the records is no reason to seal new ones beside them.
func TestKeyLost(t *testing.T) {
	t.Run("item removed", func(t *testing.T) {
		mock(t)
		path := t.TempDir()
		put(t, open(t, path), "value")
		it := keyItem(t, path)
		secret, err := keyring.Get(it.Service, it.Account)
		if err != nil {
			t.Fatal(err)
		}
		if err := keyring.Delete(it.Service, it.Account); err != nil {
			t.Fatal(err)
		}
		lost := wantLost(t, path)
		if lost.Account != it.Account || lost.Service != it.Service || !strings.Contains(lost.Error(), it.Account) {
			t.Errorf("error %v, want one with %v", lost, it)
		}
		if err := keyring.Set(it.Service, it.Account, secret); err != nil {
			t.Fatal(err)
		}
		want(t, open(t, path), "value")
	})
	t.Run("record removed", func(t *testing.T) {
		mock(t)
		path := t.TempDir()
		put(t, open(t, path), "value")
		home, err := sdk.NewDirectoryStore(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := home.Delete(t.Context(), itemKey); err != nil {
			t.Fatal(err)
		}
		if lost := wantLost(t, path); lost.Account != "" || !strings.Contains(lost.Error(), "not known any more") {
			t.Errorf("error %v", lost)
		}
	})
}

func wantLost(t *testing.T, path string) *KeyLostError {
	t.Helper()
	store, err := Open(t.Context(), Config{Directory: path})
	var lost *KeyLostError
	if !errors.As(err, &lost) || store != nil || lost.Directory != path || !strings.Contains(err.Error(), path) {
		t.Fatalf("Open = %v, error %v, want a *KeyLostError for %s", store, err, path)
	}
	return lost
}

// STORE-4: what is in the keyring and is no keyset is refused and not printed.
func TestForeignItem(t *testing.T) {
	mock(t)
	path := t.TempDir()
	put(t, open(t, path), "value")
	it := keyItem(t, path)
	if err := keyring.Set(it.Service, it.Account, "s3cret of another program"); err != nil {
		t.Fatal(err)
	}
	store, err := Open(t.Context(), Config{Directory: path})
	if err == nil || store != nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("Open = %v, error %v", store, err)
	}
}

// STORE-1: a record of a newer format is refused and left as it is.
func TestNewerFormat(t *testing.T) {
	mock(t)
	path := t.TempDir()
	home, err := sdk.NewDirectoryStore(path)
	if err != nil {
		t.Fatal(err)
	}
	newer := []byte(`{"version":2}`)
	if err := home.Put(t.Context(), itemKey, newer); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{Directory: path}); !errors.Is(err, sdk.ErrRecordVersion) {
		t.Errorf("Open: error %v, want ErrRecordVersion", err)
	}
	if value, err := home.Get(t.Context(), itemKey); !bytes.Equal(value, newer) {
		t.Errorf("the record is now %q, error %v", value, err)
	}
}

// REF-4: who waits for a keyring that asks the user leaves on its own context.
func TestWaitEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	release := make(chan struct{})
	defer close(release)
	_, err := asking(ctx, func() (string, error) { <-release; return "late", nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want context.DeadlineExceeded", err)
	}
}

func TestConfig(t *testing.T) {
	mock(t)
	home := t.TempDir()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
		t.Setenv(name, home)
	}
	parent, err := sdk.DefaultDirectory()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Config{}); err != nil {
		t.Error(err)
	}
	if it := keyItem(t, filepath.Join(parent, "keyring")); it.Service != "mcpoauth" {
		t.Errorf("item %v", it)
	}
	for _, service := range []string{"two\nlines", strings.Repeat("s", nameLimit+1)} {
		if _, err := Open(t.Context(), Config{Directory: t.TempDir(), Service: service}); err == nil {
			t.Errorf("Service %.20q: no error", service)
		}
	}
}

// What is accepted names an item, and is written again as the same one.
func FuzzItem(f *testing.F) {
	f.Add(newItem("").encode())
	f.Add([]byte(`{"version":2}`))
	f.Add([]byte(`{"version":1,"service":"a","account":"b\u0000"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		it, err := parseItem(data)
		if err != nil {
			return
		}
		again, err := parseItem(it.encode())
		if err != nil || *again != *it || !isName(it.Account) {
			t.Errorf("parseItem(%q) = %v, again %v, error %v", data, it, again, err)
		}
	})
}

func ExampleOpen() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // for the user to unlock it
	defer cancel()
	store, err := Open(ctx, Config{Service: "my program"})
	if _, unavailable := errors.AsType[*UnavailableError](err); unavailable {
		fmt.Fprintln(os.Stderr, err) // it says what to do
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	_ = sdk.Config{Resource: "https://mcp.example.com/mcp", Authorizer: &sdk.Loopback{}, Store: store}
}
