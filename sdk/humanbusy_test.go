// Human busy: what requests do while a login or a step-up waits for its human.

package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// steppingUp makes a session whose step-up waits for its human: answer lets the
// human answer, and done has the outcome of the request that asked for more.
func steppingUp(t *testing.T, client func(*world) *sdk.Client) (w *world, auth *sdk.Client, answer func(), done <-chan error) {
	t.Helper()
	w = newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	auth = client(w)
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	asked, answer := blockedHuman(w)
	t.Cleanup(answer)
	outcome := make(chan error, 1)
	go func() { outcome <- post(context.WithoutCancel(t.Context()), auth.HTTPClient(), w.rs.URL()+"/write") }()
	<-asked
	return w, auth, answer, outcome
}

// with makes a client of a store.
func with(t *testing.T, store sdk.Store) func(*world) *sdk.Client {
	return func(w *world) *sdk.Client { return w.client(t, stored(store)) }
}

// within sends a request that nobody may make wait for a human.
func within(t *testing.T, client *http.Client, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := post(ctx, client, url); err != nil {
		t.Fatal(err)
	}
}

// plainAndMemory are the two kinds of stores: without locks and generations,
// and with them.
func plainAndMemory(t *testing.T, f func(*testing.T, sdk.Store)) {
	t.Run("plain", func(t *testing.T) { f(t, plain{sdk.NewMemoryStore()}) })
	t.Run("memory", func(t *testing.T) { f(t, sdk.NewMemoryStore()) })
}

// REF-1, REF-2, STEP-7: a token that ends while a human is asked for more scope
// is refreshed meanwhile, and what the human grants is kept.
func TestRefreshBesideStepUp(t *testing.T) {
	plainAndMemory(t, func(t *testing.T, store sdk.Store) {
		w, auth, answer, done := steppingUp(t, with(t, store))
		for range 3 {
			w.as.ExpireAccessTokens()
			within(t, auth.HTTPClient(), w.rs.URL())
		}
		w.as.ExpireAccessTokens()
		storm(t, w, auth.HTTPClient())
		answer()
		if err := <-done; err != nil {
			t.Errorf("after the human's answer: %v", err)
		}
		wantStatus(t, auth.HTTPClient(), w.rs.URL()+"/write", 200)
		wantStatus(t, w.client(t, stored(store)).HTTPClient(), w.rs.URL()+"/write", 200)
		wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 2, "token:refresh_token": 4})
	})
}

// AUTHZ-12, REF-6: when the refresh token is dead the requests wait for the
// human who is busy already: one refresh, no further prompt, no busy waiting.
func TestDeadRefreshBesideStepUp(t *testing.T) {
	var calls atomic.Int64
	counting := newFaulty()
	counting.set(func(string, string) error {
		calls.Add(1)
		return nil
	})
	for _, store := range []sdk.Store{counting, plain{counting}} {
		w, auth, answer, done := steppingUp(t, with(t, store))
		w.as.RevokeAccessTokens()
		w.as.RevokeRefreshTokens()
		calls.Store(0)
		waiting := make(chan error, 5)
		for range cap(waiting) {
			go func() { waiting <- post(t.Context(), auth.HTTPClient(), w.rs.URL()) }()
		}
		for late := time.Now().Add(10 * time.Second); w.as.Count("token:refresh_token") == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(late) {
				t.Fatal("no refresh while the human is busy")
			}
		}
		time.Sleep(20 * time.Millisecond) // in which busy waiting would be busy
		if n := calls.Load(); n > 100 {
			t.Errorf("%d calls of the store by %d requests", n, cap(waiting))
		}
		answer()
		for range cap(waiting) {
			if err := <-waiting; err != nil {
				t.Error(err)
			}
		}
		if err := <-done; err != nil {
			t.Errorf("after the human's answer: %v", err)
		}
		wantCounts(t, w.as, map[string]int{"authorize": 2, "token:refresh_token": 1})
	}
}

// heldRefresh starts a refresh beside the human whose answer does not come
// before release is called; done has the outcome of its request.
func heldRefresh(t *testing.T, w *world, auth *sdk.Client) (release func(), done <-chan error) {
	t.Helper()
	refreshing, free := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(free) })
	t.Cleanup(release)
	w.as.Configure(func(c *flowstest.ServerConfig) {
		c.Refresh = func(map[string]any) { close(refreshing); <-free }
	})
	w.as.ExpireAccessTokens()
	outcome := make(chan error, 1)
	go func() { outcome <- post(context.WithoutCancel(t.Context()), auth.HTTPClient(), w.rs.URL()) }()
	select {
	case <-refreshing:
	case <-time.After(10 * time.Second):
		t.Fatal("no refresh while the human is busy")
	}
	return release, outcome
}

// STEP-1, REF-5: a refresh that is under way when the human answers does not
// take the place of what was granted.
func TestStepUpOvertakesRefresh(t *testing.T) {
	plainAndMemory(t, func(t *testing.T, store sdk.Store) {
		w, auth, answer, done := steppingUp(t, with(t, store))
		release, refreshed := heldRefresh(t, w, auth)
		answer()
		if err := <-done; err != nil {
			t.Errorf("after the human's answer: %v", err)
		}
		release()
		if err := <-refreshed; err != nil {
			t.Error(err)
		}
		wantStatus(t, auth.HTTPClient(), w.rs.URL()+"/write", 200)
		wantStatus(t, with(t, store)(w).HTTPClient(), w.rs.URL()+"/write", 200)
		wantCounts(t, w.as, map[string]int{"authorize": 2, "token:refresh_token": 1})
	})
}

// HTTP-5: a pool does not evict a session whose refresh is still under way when
// the human has answered.
func TestPoolKeepsRefreshBesideStepUp(t *testing.T) {
	var pool *sdk.Pool
	w, auth, answer, done := steppingUp(t, func(w *world) *sdk.Client {
		pool = w.pool(t, 1)
		return w.member(t, pool, "alice")
	})
	release, refreshed := heldRefresh(t, w, auth)
	answer()
	if err := <-done; err != nil {
		t.Errorf("after the human's answer: %v", err)
	}
	w.member(t, pool, "bob")
	kept := false
	for subject := range pool.Sessions() {
		kept = kept || subject == "alice"
	}
	if !kept {
		t.Error("evicted")
	}
	release()
	if err := <-refreshed; err != nil {
		t.Error(err)
	}
}

// REF-9: what the human grants after refreshes of the former grant is usable
// although the store does not take it.
func TestGrantKeptWithoutStore(t *testing.T) {
	store := newFaulty()
	w, auth, answer, done := steppingUp(t, with(t, store))
	for range 2 {
		w.as.ExpireAccessTokens()
		within(t, auth.HTTPClient(), w.rs.URL())
	}
	store.set(func(op, key string) error {
		if op != "get" && strings.HasPrefix(key, "session/") {
			return errStoreDown
		}
		return nil
	})
	answer()
	var failed *sdk.StoreError
	if err := <-done; !errors.As(err, &failed) {
		t.Errorf("error %v, want a *StoreError", err)
	}
	wantStatus(t, auth.HTTPClient(), w.rs.URL()+"/write", 200)
	wantCounts(t, w.as, map[string]int{"authorize": 2})
}
