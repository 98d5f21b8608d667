package sdk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// pendingAt puts the record of a login that ends at a time.
func pendingAt(t *testing.T, store Store, name string, expires time.Time) {
	t.Helper()
	rec := gen.PendingRecord{Version: recordVersion, Generation: 1, State: name, ExpiresAt: expires}
	if err := put(t.Context(), store, "pending/"+name, 1, &rec); err != nil {
		t.Fatal(err)
	}
}

func putText(t *testing.T, store Store, key, text string) {
	t.Helper()
	if err := store.Put(t.Context(), key, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

// sweepingCore returns a core whose sweeps the test waits for.
func sweepingCore(t *testing.T, cfg Config) *core {
	t.Helper()
	c := newCore(&cfg)
	t.Cleanup(c.close)
	return c
}

func begin(c *core) {
	c.sweepLater()
	synctest.Wait()
}

// AUTHZ-8: records of logins that ended an hour ago go when another one begins,
// at most every ten minutes; all others stay.
func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := NewMemoryStore()
		var out bytes.Buffer
		var decisions []flows.Decision
		trace := flows.Trace{Decision: func(_ context.Context, d flows.Decision) { decisions = append(decisions, d) }}
		c := sweepingCore(t, Config{Store: store, Logger: slog.New(slog.NewTextHandler(&out, nil)), Trace: &trace})
		now := time.Now()
		pendingAt(t, store, "over", now.Add(-sweepGrace-time.Second))
		pendingAt(t, store, "grace", now.Add(-sweepGrace+time.Minute))
		pendingAt(t, store, "open", now.Add(pendingLife))
		putText(t, store, "pending/damaged", "{")
		putText(t, store, "pending/newer", `{"version":2,"generation":1,"expires_at":"1999-01-01T00:00:00Z"}`)
		putText(t, store, "pending/endless", `{"version":1,"generation":1,"state":"endless"}`)
		putText(t, store, "session/a/b", `{"version":1,"generation":1,"expires_at":"1999-01-01T00:00:00Z"}`)
		putText(t, store, "client/a", `{"version":1,"generation":1,"expires_at":"1999-01-01T00:00:00Z"}`)
		left := []string{"pending/damaged", "pending/endless", "pending/grace", "pending/newer", "pending/open"}

		begin(c)
		if got := keysWith(t, store, "pending/"); !slices.Equal(got, left) {
			t.Errorf("left are %q, want %q", got, left)
		}
		if len(decisions) != 1 || decisions[0].Outcome != "deleted" {
			t.Errorf("decisions %v, want one that says what was deleted", decisions)
		}
		// The grace ends, and the ten minutes have not passed.
		time.Sleep(sweepInterval - 2*time.Second)
		begin(c)
		if got := keysWith(t, store, "pending/"); !slices.Equal(got, left) {
			t.Errorf("after a second login left are %q, want %q", got, left)
		}
		time.Sleep(2 * time.Second)
		begin(c)
		if got := keysWith(t, store, "pending/"); slices.Contains(got, "pending/grace") || len(got) != len(left)-1 {
			t.Errorf("after ten minutes left are %q", got)
		}
		for _, key := range []string{"session/a/b", "client/a"} {
			if _, err := store.Get(t.Context(), key); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		if out.Len() > 0 {
			t.Errorf("logged %s", &out)
		}
	})
}

// A sweep is bounded, and a backlog is worked off.
func TestSweepBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := NewMemoryStore()
		c := sweepingCore(t, Config{Store: store})
		const more = 44
		for i := range sweepLimit + more {
			pendingAt(t, store, fmt.Sprint(i), time.Now().Add(-2*sweepGrace))
		}
		for _, want := range []int{more, 0} {
			begin(c)
			if got := keysWith(t, store, "pending/"); len(got) != want {
				t.Errorf("%d records left, want %d", len(got), want)
			}
		}
		pendingAt(t, store, "late", time.Now().Add(-2*sweepGrace))
		begin(c)
		if got := keysWith(t, store, "pending/"); len(got) != 1 {
			t.Error("swept again although nothing was left over")
		}
	})
}

// sweptStore is a store with one fault.
type sweptStore struct {
	*MemoryStore
	keys   func(ctx context.Context, prefix string) iter.Seq2[string, error]
	delete func(ctx context.Context, key string) error
}

func (s *sweptStore) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if s.keys != nil {
		return s.keys(ctx, prefix)
	}
	return s.MemoryStore.Keys(ctx, prefix)
}

func (s *sweptStore) Delete(ctx context.Context, key string) error {
	if s.delete != nil {
		return s.delete(ctx, key)
	}
	return s.MemoryStore.Delete(ctx, key)
}

// What a sweep cannot do is logged and nothing else; a store without a list is
// not worth a word.
func TestSweepFails(t *testing.T) {
	down := errors.New("store is down")
	fails := func(err error) func(context.Context, string) iter.Seq2[string, error] {
		return func(context.Context, string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) { yield("", err) }
		}
	}
	for name, tc := range map[string]struct {
		spoil  func(s *sweptStore)
		logged string
	}{
		"keys":    {func(s *sweptStore) { s.keys = fails(down) }, "store is down"},
		"delete":  {func(s *sweptStore) { s.delete = func(context.Context, string) error { return down } }, "store is down"},
		"no list": {func(s *sweptStore) { s.keys = fails(fmt.Errorf("wrapper: %w", errors.ErrUnsupported)) }, ""},
		"a list of too much": {func(s *sweptStore) {
			s.keys = func(ctx context.Context, _ string) iter.Seq2[string, error] {
				return s.MemoryStore.Keys(ctx, "session/")
			}
		}, "session/a/b"},
		"never answers": {func(s *sweptStore) {
			s.delete = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		}, "deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &sweptStore{MemoryStore: NewMemoryStore()}
				var out bytes.Buffer
				c := sweepingCore(t, Config{Store: store, Logger: slog.New(slog.NewTextHandler(&out, nil))})
				pendingAt(t, store, "over", time.Now().Add(-2*sweepGrace))
				putText(t, store, "session/a/b", `{"version":1,"generation":1,"expires_at":"1999-01-01T00:00:00Z"}`)
				tc.spoil(store)
				begin(c)
				time.Sleep(sweepTimeout)
				synctest.Wait()
				if logged := out.String(); tc.logged == "" && logged != "" || !strings.Contains(logged, tc.logged) {
					t.Errorf("logged %q, want %q", logged, tc.logged)
				}
				for _, key := range []string{"pending/over", "session/a/b"} {
					if _, err := store.Get(t.Context(), key); err != nil {
						t.Errorf("%s: %v", key, err)
					}
				}
			})
		})
	}
}

// A login does not wait for the sweep, and Close ends it without a word.
func TestSweepAtClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &sweptStore{MemoryStore: NewMemoryStore()}
		store.delete = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		var out bytes.Buffer
		c := sweepingCore(t, Config{Store: store, Logger: slog.New(slog.NewTextHandler(&out, nil))})
		pendingAt(t, store, "over", time.Now().Add(-2*sweepGrace))
		start := time.Now()
		begin(c)
		c.close()
		if waited := time.Since(start); waited != 0 || out.Len() > 0 {
			t.Errorf("waited %v, logged %q", waited, &out)
		}
	})
}
