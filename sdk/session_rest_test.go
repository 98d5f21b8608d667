// Sessions at rest: what many of them cost while nobody uses them.

package sdk_test

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// restingSessions is enough for a goroutine or some bytes a session to stand
// out from what the rest of the process does meanwhile.
const restingSessions = 5_000

// restore makes a pool of sessions whose tokens come from the store.
func (r restored) restore(t *testing.T, store sdk.Store, subjects []string) *sdk.Pool {
	t.Helper()
	pool, err := sdk.NewPool(sdk.Config{Store: store}, 2*len(subjects))
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range subjects {
		client, err := pool.Client(subject, r.url)
		if err == nil {
			_, err = client.Token(t.Context())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return pool
}

func subjectNames() []string {
	names := make([]string, restingSessions)
	for i := range names {
		names[i] = fmt.Sprint("subject ", i)
	}
	return names
}

// HTTP-5, REF-8: a session at rest is at most 600 bytes beyond its strings, and
// no goroutine. BenchmarkPool shows the bytes at 100,000 sessions.
func TestSessionsAtRest(t *testing.T) {
	w := loggedInWorld(t)
	subjects := subjectNames()
	var bytes int
	for range 3 { // what else is on the heap comes and goes
		goroutines, before := runtime.NumGoroutine(), heap()
		pool := w.restore(t, w.store, subjects)
		bytes = (int(heap())-int(before))/restingSessions - len(w.token)
		if n := runtime.NumGoroutine() - goroutines; n > restingSessions/10 {
			t.Errorf("%d goroutines more for %d sessions", n, restingSessions)
		}
		_ = pool.Close()
		if bytes <= 600 {
			t.Logf("%d B a session", bytes)
			return
		}
	}
	t.Errorf("%d B a session beyond its strings, want at most 600", bytes)
}

// countingStore counts all calls.
type countingStore struct {
	sdk.Store
	calls *atomic.Int64
}

func (s countingStore) Get(ctx context.Context, key string) ([]byte, error) {
	s.calls.Add(1)
	return s.Store.Get(ctx, key)
}

func (s countingStore) Put(ctx context.Context, key string, value []byte) error {
	s.calls.Add(1)
	return s.Store.Put(ctx, key, value)
}

// REF-8: idle sessions rest: no timer wakes them when their tokens come into
// the window, are due or end. The clock is that of the bubble; a session that
// did anything would need the store.
func TestSessionsRestForADay(t *testing.T) {
	w := loggedInWorld(t)
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		store := countingStore{sameRecord{w.store, issuedNow(t, w.store)}, &calls}
		pool := w.restore(t, store, subjectNames()[:100])
		before := calls.Load()
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := calls.Load() - before; n != 0 {
			t.Errorf("%d calls of the store by sessions at rest", n)
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
}

// issuedNow returns the record of a store in which all sessions have the same,
// with a token that has just been issued for an hour.
func issuedNow(t *testing.T, store sdk.Store) []byte {
	t.Helper()
	value, err := store.Get(t.Context(), "session/any")
	if err != nil {
		t.Fatal(err)
	}
	rec, err := gen.DecodeSessionRecord(value, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec.IssuedAt = time.Now().UTC()
	rec.ExpiresAt = rec.IssuedAt.Add(time.Hour)
	if value, err = rec.Encode(); err != nil {
		t.Fatal(err)
	}
	return value
}
