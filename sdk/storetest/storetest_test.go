package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// recorder is a testing.TB that remembers failure instead of failing.
type recorder struct {
	testing.TB // the methods that no check calls are missing

	ctx     context.Context
	mu      sync.Mutex
	errors  []string
	skipped bool
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

func (r *recorder) Skip(...any) {
	r.skipped = true
	runtime.Goexit()
}

func (r *recorder) Skipf(string, ...any) { r.Skip() }

// judge runs one check and returns what it said.
func judge(t *testing.T, c check, open func() sdk.Store) *recorder {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &recorder{ctx: ctx}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		store := open()
		c.run(r, store, store)
	}()
	<-ended
	return r
}

// full is a correct store; the broken ones replace one method of it.
type full struct{ *sdk.MemoryStore }

func newFull() full { return full{sdk.NewMemoryStore()} }

// minimal has no optional method.
type minimal struct{ sdk.Store }

// unsupported has them and says that they do nothing, as wrappers do.
type unsupported struct{ sdk.Store }

func (unsupported) Lock(context.Context, string) (sdk.Lock, error) {
	return nil, fmt.Errorf("wrapper: %w", errors.ErrUnsupported)
}

func (unsupported) PutIf(context.Context, string, int64, []byte) error {
	return fmt.Errorf("wrapper: %w", errors.ErrUnsupported)
}

func (unsupported) Keys(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", fmt.Errorf("wrapper: %w", errors.ErrUnsupported)) }
}

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) sdk.Store { return newFull() })
}

// A store without the optional interfaces passes, and what it lacks is skipped.
func TestOptional(t *testing.T) {
	for name, open := range map[string]func() sdk.Store{
		"minimal":     func() sdk.Store { return minimal{newFull()} },
		"unsupported": func() sdk.Store { return unsupported{newFull()} },
	} {
		for _, c := range checks {
			r := judge(t, c, open)
			if len(r.errors) != 0 {
				t.Errorf("%s: %s: %s", name, c.name, r.errors)
			}
			if optional := !strings.HasPrefix(c.name, "Record/"); r.skipped != optional {
				t.Errorf("%s: %s: skipped = %v, want %v", name, c.name, r.skipped, optional)
			}
		}
	}
}

// Each check fails for a store that breaks what it is about.
func TestBrokenStores(t *testing.T) {
	shorten(t, &patience, 300*time.Millisecond)
	covered := map[string]bool{}
	for _, broken := range brokenStores {
		t.Run(broken.name, func(t *testing.T) {
			for _, name := range broken.fails {
				i := slices.IndexFunc(checks, func(c check) bool { return c.name == name })
				if i < 0 {
					t.Fatalf("no check %s", name)
				}
				covered[name] = true
				if r := judge(t, checks[i], broken.open); len(r.errors) == 0 {
					t.Errorf("%s passes", name)
				}
			}
		})
	}
	for _, c := range checks {
		if !covered[c.name] {
			t.Errorf("no broken store shows that %s can fail; there are some for %v", c.name, slices.Sorted(maps.Keys(covered)))
		}
	}
}

func shorten(t *testing.T, d *time.Duration, to time.Duration) {
	t.Helper()
	former := *d
	*d = to
	t.Cleanup(func() { *d = former })
}
