package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"
	"github.com/redis/go-redis/v9"
)

// keysOf returns the keys with a prefix, in order, and the error that ended the list.
func keysOf(ctx context.Context, store sdk.Lister, prefix string) (keys []string, failed error) {
	for key, err := range store.Keys(ctx, prefix) {
		if err != nil {
			failed = err
			continue
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys, failed
}

func wantKeys(t *testing.T, store sdk.Lister, prefix string, want ...string) {
	t.Helper()
	if got, err := keysOf(t.Context(), store, prefix); err != nil || !slices.Equal(got, want) {
		t.Errorf("Keys(%q) = %q, error %v, want %q", prefix, got, err, want)
	}
}

// A store lists its own records: not those of other prefixes, no locks, and nothing that somebody else put beside them.
func TestKeysAreOwn(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	admin := s.client(t)
	prefixes := []string{"", "*", "?", "a?c:", "a*c:", "abc:", "abbc:", `\`, `\*`, "[ab]:", "a:", "b:", "[^a]:", "mcpoauth:x:"}
	var stores []*Store
	for i, prefix := range prefixes {
		store := s.open(t, Options{Prefix: prefix})
		put(t, store, fmt.Sprintf("session/0a/%d", i), "value")
		putIf(t, store, 1, "value") // at key, which all of them have
		held := lockOf(t, store)
		t.Cleanup(func() { _ = held.Unlock(context.WithoutCancel(t.Context())) })
		stores = append(stores, store)
	}
	for _, name := range []string{
		"mcpoauth:{session/0a/1B}", "mcpoauth:{session/0a/1b}x", "mcpoauth:{session/0a/1c}:lock", "mcpoauth:{session/0a/}",
		"mcpoauth:session/0a/1d", "mcpoauth:{session/0a/1e", "xmcpoauth:{session/0a/1f}", "{session/0a/1g}", "mcpoauth:{session/0a/1}h}",
	} {
		if err := admin.Set(t.Context(), name, "another program's", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	for i, store := range stores {
		wantKeys(t, store, "session/", slices.Sorted(slices.Values([]string{key, fmt.Sprintf("session/0a/%d", i)}))...)
	}
}

// A name that the scan gives again, as it may, is listed once.
func TestKeysOnce(t *testing.T) {
	store := &Store{prefix: defaultPrefix}
	var got []string
	l := listing{store: store, seen: map[string]bool{}, yield: func(key string, _ error) bool {
		got = append(got, key)
		return true
	}}
	for range 3 {
		if err := l.give(t.Context(), store.recordName(key)); err != nil || l.left {
			t.Fatal(err)
		}
	}
	if !slices.Equal(got, []string{key}) {
		t.Errorf("listed %q", got)
	}
}

// Only who names its nodes can be asked for all keys: a part of them would be taken for all.
func TestKeysOfOtherClients(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client := s.client(t)
	for name, tc := range map[string]struct {
		client    redis.UniversalClient
		supported bool
	}{
		"a client":              {client, true},
		"one that embeds it":    {struct{ *redis.Client }{client}, true},
		"one that hides it":     {struct{ redis.UniversalClient }{client}, false},
		"one that hides a ring": {struct{ redis.UniversalClient }{redis.NewRing(&redis.RingOptions{})}, false},
	} {
		store, err := New(tc.client, Options{})
		if err != nil {
			t.Fatal(err)
		}
		keys, err := keysOf(t.Context(), store, "session/")
		if len(keys) > 0 || tc.supported && err != nil || !tc.supported && !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: keys %q, error %v, supported %t", name, keys, err, tc.supported)
		}
	}
}

// What Redis does not do has the type that says what to do.
func TestKeysFail(t *testing.T) {
	t.Parallel()
	closed := newServer(t).open(t, Options{})
	_ = closed.Close()
	if keys, err := keysOf(t.Context(), closed, "session/"); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("Keys after Close: %q, error %v", keys, err)
	}
	away, err := Open("redis://127.0.0.1:1?max_retries=-1", Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer away.Close()
	var unavailable *UnavailableError
	if keys, err := keysOf(t.Context(), away, "session/"); !errors.As(err, &unavailable) || unavailable.Op != "keys" || unavailable.Key != "session/" {
		t.Errorf("Keys of a Redis that is away: %q, error %v", keys, err)
	}
	s := newServer(t, "--user", "reader", "on", ">right", "~*", "+hello", "+get")
	refusing, err := Open("redis://reader:right@"+s.addr, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer refusing.Close()
	var refused *RefusedError
	if keys, err := keysOf(t.Context(), refusing, "session/"); !errors.As(err, &refused) || refused.Code != "NOPERM" || refused.Op != "keys" {
		t.Errorf("Keys without permission: %q, error %v", keys, err)
	}
}

// The list ends with its context, whatever the timeouts of the client.
func TestKeysOfPausedRedis(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	store := s.open(t, Options{})
	put(t, store, key, "value")
	resume := s.pause(t)
	defer resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	if keys, err := keysOf(ctx, store, "session/"); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 2*time.Second {
		t.Errorf("Keys = %q after %v, error %v", keys, time.Since(start), err)
	}
}

// Names are what others may have written.
func FuzzKeyOf(f *testing.F) {
	for _, name := range []string{"mcpoauth:{session/0a/1b}", "mcpoauth:{session/0a/1b}:lock", "mcpoauth:{}", "{}", "mcpoauth:{a/b}}", "", "mcpoauth:{a/b"} {
		f.Add(name)
	}
	store := &Store{prefix: defaultPrefix}
	f.Fuzz(func(t *testing.T, name string) {
		key, ok := store.keyOf(name)
		if ok && (sdk.CheckKey(key) != nil || store.recordName(key) != name) {
			t.Errorf("keyOf(%q) = %q", name, key)
		}
	})
}

// EXT-8, HTTP-5: a machine that has seen none of a subject's sessions ends all of them, also sealed.
func TestLogoutElsewhere(t *testing.T) {
	t.Parallel()
	keyset, err := sealed.NewKeyset()
	if err != nil {
		t.Fatal(err)
	}
	for name, wrap := range map[string]func(t *testing.T, store *Store) sdk.Store{
		"plain": func(_ *testing.T, store *Store) sdk.Store { return store },
		"sealed": func(t *testing.T, store *Store) sdk.Store {
			t.Helper()
			out, err := sealed.New(store, keyset)
			if err != nil {
				t.Fatal(err)
			}
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, flowstest.ServerConfig{})
			logoutElsewhere(t, w, func() *sdk.Pool {
				pool, err := sdk.NewPool(sdk.Config{Authorizer: w, Store: wrap(t, w.redis.open(t, Options{}))}, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = pool.Close() })
				return pool
			})
		})
	}
}

func logoutElsewhere(t *testing.T, w *world, open func() *sdk.Pool) {
	t.Helper()
	member := func(pool *sdk.Pool, subject string) *sdk.Client {
		t.Helper()
		client, err := pool.Client(subject, w.rs.URL())
		if err != nil {
			t.Fatal(err)
		}
		return client
	}
	one, two := open(), open()
	w.works(t, member(one, "alice"))
	w.works(t, member(one, "bob"))
	w.absent.Store(true)
	if err := two.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.call(t.Context(), member(one, "alice")); !errors.Is(err, sdk.ErrNoCallback) {
		t.Errorf("alice's next request: %v, want that of the person who was asked", err)
	}
	if _, err := member(open(), "alice").Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("Token of alice on a third machine: %v", err)
	}
	w.works(t, member(one, "bob"))
	w.wantCounts(t, 2, 0)
	var left []string
	for s, err := range two.Stored(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, s.Subject)
	}
	if strings.Join(left, " ") != "bob" {
		t.Errorf("sessions of %q are stored, want bob's", left)
	}
}
