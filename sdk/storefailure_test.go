// Store failures: whichever call of the store fails, nothing is lost that need not be.

package sdk_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// faulty is a store whose calls may be made to fail: fail sees the name of each.
type faulty struct {
	*sdk.MemoryStore
	fail atomic.Pointer[func(op, key string) error]
}

func newFaulty() *faulty { return &faulty{MemoryStore: sdk.NewMemoryStore()} }

var errStoreDown = errors.New("store is down")

func (f *faulty) set(fail func(op, key string) error) { f.fail.Store(&fail) }

func (f *faulty) check(op, key string) error {
	if fail := f.fail.Load(); fail != nil {
		return (*fail)(op, key)
	}
	return nil
}

func (f *faulty) Get(ctx context.Context, key string) ([]byte, error) {
	if err := f.check("get", key); err != nil {
		return nil, err
	}
	return f.MemoryStore.Get(ctx, key)
}

func (f *faulty) Put(ctx context.Context, key string, value []byte) error {
	if err := f.check("put", key); err != nil {
		return err
	}
	return f.MemoryStore.Put(ctx, key, value)
}

func (f *faulty) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	if err := f.check("putif", key); err != nil {
		return err
	}
	return f.MemoryStore.PutIf(ctx, key, generation, value)
}

func (f *faulty) Delete(ctx context.Context, key string) error {
	if err := f.check("delete", key); err != nil {
		return err
	}
	return f.MemoryStore.Delete(ctx, key)
}

func (f *faulty) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	if err := f.check("lock", key); err != nil {
		return nil, err
	}
	return f.MemoryStore.Lock(ctx, key)
}

func stored(store sdk.Store) func(*sdk.Config) { return func(c *sdk.Config) { c.Store = store } }

// AUTHZ-8: a store that fails to read does not cost the human's answer.
func TestFinishWithFailingRead(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := newFaulty()
	auth := w.client(t, twoLegged(store, "alice"))
	consent, err := auth.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	callback, err := w.as.Authorize(t.Context(), consent.URL())
	if err != nil {
		t.Fatal(err)
	}
	store.set(func(op, key string) error {
		if op == "get" && strings.HasPrefix(key, "session/") {
			return errStoreDown
		}
		return nil
	})
	if err := auth.Finish(t.Context(), "alice", callback); !errors.Is(err, errStoreDown) {
		t.Fatalf("Finish: %v", err)
	}
	store.set(func(string, string) error { return nil })
	if err := auth.Finish(t.Context(), "alice", callback); err != nil {
		t.Errorf("Finish, once the store is back: %v", err)
	}
}

// REF-9, TOK-5: whichever call of the store fails, errors are typed and the next
// request works, with one prompt more at most.
func TestStoreFailsOnce(t *testing.T) {
	for _, phase := range []string{"login", "refresh", "step-up", "restart"} {
		for n := 1; n <= 40; n++ {
			if !storeFailsOnce(t, phase, n) {
				break
			}
		}
	}
}

// storeFailsOnce lets the n-th call of a phase fail; false when there is none.
func storeFailsOnce(t *testing.T, phase string, n int) bool {
	t.Helper()
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	store := newFaulty()
	auth := w.client(t, stored(store))
	url := w.rs.URL()
	if phase != "login" {
		wantStatus(t, auth.HTTPClient(), url, 200)
	}
	switch phase {
	case "refresh":
		w.as.ExpireAccessTokens()
	case "step-up":
		url += "/write"
	case "restart":
		w.as.ExpireAccessTokens()
		auth = w.client(t, stored(store))
	}
	prompts := w.human.prompts.Load()
	var calls atomic.Int32
	var failed atomic.Value
	store.set(func(op, key string) error {
		if int(calls.Add(1)) == n {
			kind, _, _ := strings.Cut(key, "/")
			failed.Store(op + " " + kind)
			return errStoreDown
		}
		return nil
	})
	status, _, err := try(t, auth.HTTPClient(), url, "{}")
	what, _ := failed.Load().(string)
	if what == "" {
		return false
	}
	var store1 *sdk.StoreError
	if err != nil && !errors.As(err, &store1) || err == nil && status != 200 {
		t.Errorf("%s, call %d (%s): status %d, %v", phase, n, what, status, err)
	}
	first := w.human.prompts.Load() - prompts
	if status, _, err := try(t, auth.HTTPClient(), url, "{}"); err != nil || status != 200 {
		t.Errorf("%s, call %d (%s): the next request: status %d, %v", phase, n, what, status, err)
	}
	total := w.human.prompts.Load() - prompts
	t.Logf("%s, call %d (%s): error %v, prompts %d then %d", phase, n, what, err, first, total-first)
	limit := int32(1)
	if phase == "refresh" || phase == "restart" {
		limit = 0
	}
	if total > limit {
		t.Errorf("%s, call %d (%s): %d prompts, want %d", phase, n, what, total, limit)
	}
	return true
}
