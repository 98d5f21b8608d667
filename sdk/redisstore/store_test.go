package redisstore

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
	"github.com/redis/go-redis/v9"
)

// STORE-1, STORE-2
func TestStoreConforms(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	storetest.Run(t, func(t *testing.T) sdk.Store { return s.open(t, nextPrefix()) })
}

// REF-5: two clients of one server, as two machines have them.
func TestStoreShares(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		options := nextPrefix()
		return s.open(t, options), s.open(t, options)
	})
}

// STORE-2: sealed, one of the two with a newer keyset.
func TestStoreSharesSealed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	older, err := sealed.NewKeyset()
	if err == nil {
		older, err = sealed.AddKey(older)
	}
	if err != nil {
		t.Fatal(err)
	}
	newer, err := sealed.UseNewestKey(older)
	if err != nil {
		t.Fatal(err)
	}
	storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		options := nextPrefix()
		a, err := sealed.New(s.open(t, options), older)
		if err != nil {
			t.Fatal(err)
		}
		b, err := sealed.New(s.open(t, options), newer)
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	})
}

func TestNewRefuses(t *testing.T) {
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	ring := redis.NewRing(&redis.RingOptions{Addrs: map[string]string{"a": "127.0.0.1:1"}})
	defer ring.Close()
	for name, f := range map[string]func() (*Store, error){
		"no client":        func() (*Store, error) { return New(nil, Options{}) },
		"a ring":           func() (*Store, error) { return New(ring, Options{}) },
		"a brace":          func() (*Store, error) { return New(client, Options{Prefix: "{mcp}:"}) },
		"a brace in a URL": func() (*Store, error) { return Open("redis://127.0.0.1:1", Options{Prefix: "}"}) },
		"an empty URL":     func() (*Store, error) { return Open("", Options{}) },
	} {
		if store, err := f(); err == nil || store != nil {
			t.Errorf("%s: %v, error %v", name, store, err)
		}
	}
}

// The caller's client stays open, the store's own does not.
func TestClose(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	client := s.client(t)
	store, err := New(client, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	put(t, store, key, "still open")

	own := s.open(t, Options{})
	want(t, own, key, "still open")
	for range 2 {
		if err := own.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := own.Get(t.Context(), key); !errors.Is(err, redis.ErrClosed) {
		t.Errorf("Get after Close: error %v, want redis.ErrClosed", err)
	}
}

// Records of different prefixes are apart, and names have the form that the documentation gives.
func TestNames(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	one, two := s.open(t, Options{}), s.open(t, Options{Prefix: "other:"})
	put(t, one, key, "one")
	put(t, two, key, "two")
	want(t, one, key, "one")
	want(t, two, key, "two")
	held := lockOf(t, one)
	lockOf(t, two)
	names, err := s.client(t).Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"mcpoauth:{session/0a/1b}", "mcpoauth:{session/0a/1b}:lock", "other:{session/0a/1b}", "other:{session/0a/1b}:lock",
	} {
		if !strings.Contains(strings.Join(names, " ")+" ", name+" ") {
			t.Errorf("no %s in %v", name, names)
		}
	}
	if len(names) != 4 {
		t.Errorf("names %v", names)
	}
	_ = held.Unlock(t.Context())
}

// A login that nobody finishes does not stay, and nothing else goes.
func TestPendingTTL(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, tc := range []struct {
		key  string
		ttl  time.Duration
		want time.Duration // -1: for ever
	}{
		{"pending/0a", 0, time.Hour},
		{"pending/0b", time.Minute, time.Minute},
		{"pending/0c", -1, -1},
		{"session/0a/1b", time.Minute, -1},
		{"pendingelse/0a", time.Minute, -1},
	} {
		store := s.open(t, Options{PendingTTL: tc.ttl})
		for op, write := range map[string]func() error{
			"Put":   func() error { return store.Put(t.Context(), tc.key, nil) },
			"PutIf": func() error { return store.PutIf(t.Context(), tc.key, 3, nil) },
		} {
			if err := errors.Join(store.Delete(t.Context(), tc.key), write()); err != nil {
				t.Fatal(err)
			}
			got, err := s.client(t).PTTL(t.Context(), "mcpoauth:{"+tc.key+"}").Result()
			if err != nil || tc.want < 0 && got >= 0 || tc.want > 0 && (got > tc.want || got < tc.want-time.Second) {
				t.Errorf("%s(%s) with PendingTTL %v: kept for %v, error %v, want %v", op, tc.key, tc.ttl, got, err, tc.want)
			}
		}
	}
	short := s.open(t, Options{PendingTTL: 50 * time.Millisecond})
	put(t, short, "pending/0d", "value")
	want(t, short, "pending/0d", "value")
	eventually(t, "the record goes", func() bool {
		_, err := short.Get(t.Context(), "pending/0d")
		return errors.Is(err, sdk.ErrNotFound)
	})
}

func eventually(t *testing.T, what string, happens func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !happens(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in 10 s: " + what)
		}
	}
}

// STORE-1: a client that repeats a command, because the answer was lost, does not refuse its own write.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := newProxy(t, s)
	store, err := Open("redis://"+p.addr, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	// Redis has the scripts already, so that the lost answers are those of commands that were carried out.
	putIf(t, store, 1, "one")
	warm := lockOf(t, store)
	if err := errors.Join(warm.Renew(t.Context()), warm.Unlock(t.Context())); err != nil {
		t.Fatal(err)
	}
	p.lose.Store(1)
	putIf(t, store, 2, "two")
	want(t, store, key, "two")
	if err := store.PutIf(t.Context(), key, 2, nil); !errors.Is(err, sdk.ErrStale) {
		t.Errorf("another PutIf of the same generation: error %v, want ErrStale", err)
	}
	p.lose.Store(1)
	start := time.Now()
	held := lockOf(t, store)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the lock took %v: the store waited for itself", took)
	}
	p.lose.Store(1)
	if err := held.Renew(t.Context()); err != nil {
		t.Errorf("Renew: %v", err)
	}
	if p.lose.Load() != 0 {
		t.Errorf("%d answers were not lost", p.lose.Load())
	}
	if err := held.Unlock(t.Context()); err != nil {
		t.Errorf("Unlock: %v", err)
	}
}

// No key leads out of the store, and a context that has ended starts nothing.
func TestStoreRefuses(t *testing.T) {
	t.Parallel()
	store := newServer(t).open(t, Options{})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, try := range []struct {
		ctx context.Context
		key string
	}{{t.Context(), "session/a}{b"}, {ended, "session/a"}} {
		_, getErr := store.Get(try.ctx, try.key)
		_, lockErr := store.Lock(try.ctx, try.key)
		for method, err := range map[string]error{
			"Get": getErr, "Lock": lockErr,
			"Put":    store.Put(try.ctx, try.key, nil),
			"PutIf":  store.PutIf(try.ctx, try.key, 1, nil),
			"Delete": store.Delete(try.ctx, try.key),
		} {
			if err == nil || errors.Is(err, sdk.ErrNotFound) || errors.Is(err, sdk.ErrStale) {
				t.Errorf("%s(%q): error %v", method, try.key, err)
			}
			if try.ctx == ended && !errors.Is(err, context.Canceled) {
				t.Errorf("%s: error %v, want context.Canceled", method, err)
			}
		}
	}
}

// STORE-4
func TestPrintsNoSecret(t *testing.T) {
	const password = "s3cr3t-password"
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", Password: password})
	defer client.Close()
	store, err := New(client, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
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
	if strings.Contains(out.String(), password) || strings.Contains(out.String(), fmt.Sprintf("%x", password)) {
		t.Errorf("printed the password in\n%s", &out)
	}
}
