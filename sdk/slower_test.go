// Slower: whoever is slower undoes no logout, loses no grant and asks nobody twice.

package sdk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

func sessionWritesFail(store *faulty) {
	store.set(func(op, key string) error {
		if op == "putif" && strings.HasPrefix(key, "session/") {
			return errStoreDown
		}
		return nil
	})
}

// STORE-1, REF-9: a refresh that was under way at a logout which the store did
// not take does not bring the session back, here or in the store.
func TestRefreshAfterUnsavedLogout(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.Without("revocation_endpoint")}, flowstest.ResourceConfig{})
	store := newFaulty()
	auth := w.client(t, stored(store))
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	release, refreshed := heldRefresh(t, w, auth)
	sessionWritesFail(store)
	if err := auth.Logout(t.Context()); !errors.Is(err, errStoreDown) {
		t.Fatalf("Logout without the store: %v", err)
	}
	store.set(func(string, string) error { return nil })
	w.human.browse = sayNo
	release()
	<-refreshed
	if _, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("after the logout: %v, want ErrNotAuthorized", err)
	}
}

// STORE-1: the same for a grant that the human answers afterwards.
func TestGrantAfterUnsavedLogout(t *testing.T) {
	store := newFaulty()
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	auth := w.client(t, stored(store))
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	var prompts atomic.Int32
	asked, free := make(chan struct{}), make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		if prompts.Add(1) > 1 {
			return "", sdk.ErrNoCallback // no new login
		}
		close(asked)
		<-free
		return w.as.Authorize(ctx, url)
	}
	done := make(chan error, 1)
	go func() { done <- post(context.WithoutCancel(t.Context()), auth.HTTPClient(), w.rs.URL()+"/write") }()
	<-asked
	sessionWritesFail(store)
	if err := auth.Logout(t.Context()); !errors.Is(err, errStoreDown) {
		t.Errorf("Logout without the store: %v", err)
	}
	store.set(func(string, string) error { return nil })
	close(free)
	if err := <-done; err == nil {
		t.Error("the request went through after the logout")
	}
	if _, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("after the logout: %v, want ErrNotAuthorized", err)
	}
}

// REF-9, STEP-1: a refresh of the former grant does not take the place of a
// grant that the store did not take.
func TestRefreshAfterUnsavedGrant(t *testing.T) {
	store := newFaulty()
	w, auth, answer, done := steppingUp(t, with(t, store))
	release, refreshed := heldRefresh(t, w, auth)
	sessionWritesFail(store)
	answer()
	var failed *sdk.StoreError
	if err := <-done; !errors.As(err, &failed) {
		t.Errorf("error %v, want a *StoreError", err)
	}
	store.set(func(string, string) error { return nil })
	release()
	if err := <-refreshed; err != nil {
		t.Error(err)
	}
	wantStatus(t, auth.HTTPClient(), w.rs.URL()+"/write", 200)
	wantCounts(t, w.as, map[string]int{"authorize": 2})
}

// slowPut is a store without generations one of whose writes of a session waits.
type slowPut struct {
	sdk.Store
	armed   atomic.Bool
	waiting chan struct{}
	free    chan struct{}
}

func (s *slowPut) Put(ctx context.Context, key string, value []byte) error {
	if strings.HasPrefix(key, "session/") && s.armed.CompareAndSwap(true, false) {
		close(s.waiting)
		select {
		case <-s.free:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Store.Put(ctx, key, value)
}

// STEP-1: in a store without generations, the slow write of a refresh beside
// the human does not take the place of what was granted meanwhile.
func TestSlowWriteOfRefreshBesideStepUp(t *testing.T) {
	store := &slowPut{Store: plain{sdk.NewMemoryStore()}, waiting: make(chan struct{}), free: make(chan struct{})}
	free := sync.OnceFunc(func() { close(store.free) })
	defer free()
	w, auth, answer, done := steppingUp(t, with(t, store))
	store.armed.Store(true)
	w.as.ExpireAccessTokens()
	refreshed := make(chan error, 1)
	go func() { refreshed <- post(context.WithoutCancel(t.Context()), auth.HTTPClient(), w.rs.URL()) }()
	<-store.waiting
	answer()
	// The step-up may wait for the write, or not.
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("after the human's answer: %v", err)
		}
		free()
	case <-time.After(200 * time.Millisecond):
		free()
		if err := <-done; err != nil {
			t.Errorf("after the human's answer: %v", err)
		}
	}
	if err := <-refreshed; err != nil {
		t.Error(err)
	}
	wantStatus(t, auth.HTTPClient(), w.rs.URL()+"/write", 200)
	wantStatus(t, with(t, store)(w).HTTPClient(), w.rs.URL()+"/write", 200)
	wantCounts(t, w.as, map[string]int{"authorize": 2})
}

// STORE-1: in a store without generations, a slow write of a refresh does not
// take the place of a logout made meanwhile.
func TestSlowWriteOfRefreshBesideLogout(t *testing.T) {
	store := &slowPut{Store: plain{sdk.NewMemoryStore()}, waiting: make(chan struct{}), free: make(chan struct{})}
	free := sync.OnceFunc(func() { close(store.free) })
	defer free()
	w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.Without("revocation_endpoint")}, flowstest.ResourceConfig{})
	auth := w.client(t, stored(store))
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	store.armed.Store(true)
	w.human.browse = sayNo
	w.as.ExpireAccessTokens()
	refreshed := make(chan error, 1)
	go func() { refreshed <- post(context.WithoutCancel(t.Context()), auth.HTTPClient(), w.rs.URL()) }()
	<-store.waiting
	out := make(chan error, 1)
	go func() { out <- auth.Logout(context.WithoutCancel(t.Context())) }()
	time.Sleep(100 * time.Millisecond)
	free()
	if err := <-out; err != nil {
		t.Error(err)
	}
	<-refreshed
	if token, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("here: %v, %v", token, err)
	}
	if token, err := w.client(t, stored(store)).Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("elsewhere: %v, %v", token, err)
	}
}

// AUTHZ-12, STEP-7: a step-up that waits for the human of another process does
// not keep requests waiting whose token can be refreshed.
func TestRefreshBesideHumanElsewhere(t *testing.T) {
	store := sdk.NewMemoryStore()
	w, _, answer, done := steppingUp(t, with(t, store))
	other := w.client(t, stored(store))
	wantStatus(t, other.HTTPClient(), w.rs.URL(), 200)
	outcome := make(chan error, 1)
	go func() { outcome <- post(context.WithoutCancel(t.Context()), other.HTTPClient(), w.rs.URL()+"/write") }()
	time.Sleep(200 * time.Millisecond) // it waits for the lock of the login
	w.as.ExpireAccessTokens()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := post(ctx, other.HTTPClient(), w.rs.URL()); err != nil {
		t.Errorf("while the human of another process is busy: %v", err)
	}
	answer()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := <-outcome; err != nil {
		t.Error(err)
	}
}

// AUTHZ-12, STEP-5, STEP-7: a human who is asked by AllowStepUp keeps no
// request waiting whose token can be refreshed.
func TestRefreshBesideAllowStepUp(t *testing.T) {
	asked, free := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	auth := w.client(t, func(c *sdk.Config) {
		c.StepUp = sdk.StepUpAsk
		c.AllowStepUp = func([]string) bool { close(asked); <-free; return true }
	})
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	outcome := make(chan error, 1)
	go func() { outcome <- post(context.WithoutCancel(t.Context()), auth.HTTPClient(), w.rs.URL()+"/write") }()
	<-asked
	w.as.ExpireAccessTokens()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := post(ctx, auth.HTTPClient(), w.rs.URL()); err != nil {
		t.Errorf("while the human is asked: %v", err)
	}
	close(free)
	if err := <-outcome; err != nil {
		t.Error(err)
	}
}

// AUTHZ-14: a human who says no after another process has found the refresh
// token dead is asked once.
func TestOneRefusalAfterGrantEndedElsewhere(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, other := w.client(t, stored(store)), w.client(t, stored(store))
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
	wantStatus(t, other.HTTPClient(), w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	w.as.RevokeRefreshTokens()
	w.human.browse = sayNo
	w.human.prompts.Store(0)
	for _, client := range []*sdk.Client{one, other} {
		for range 3 {
			if _, _, err := try(t, client.HTTPClient(), w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrNoCallback) {
				t.Errorf("error %v, want the human's no", err)
			}
		}
	}
	if n := w.human.prompts.Load(); n != 2 {
		t.Errorf("%d prompts by two processes, want 2", n)
	}
}

// Logout ends in a store whose fence is ahead of what it has: one that was
// restored record by record.
func TestLogoutOfRestoredRecord(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.Without("revocation_endpoint")}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	auth := w.client(t, stored(store))
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	var key string
	var value []byte
	for k := range store.Keys(t.Context(), "session/") {
		key = k
	}
	value, _ = store.Get(t.Context(), key)
	for range 3 {
		w.as.ExpireAccessTokens()
		wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	}
	if err := store.Put(t.Context(), key, value); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- w.client(t, stored(store)).Logout(ctx) }()
	select {
	case err := <-ended:
		t.Log(err)
	case <-time.After(30 * time.Second):
		t.Error("Logout goes on for ever, also after its context has ended")
		_ = store.Delete(context.WithoutCancel(t.Context()), key) // ends it
		<-ended
	}
}

// AUTHZ-12: a logout during a login does not make a second one beside it.
func TestPoolLogoutDuringLogin(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	pool := w.pool(t, 0, stored(plain{sdk.NewMemoryStore()}))
	asked, answer := blockedHuman(w)
	defer answer()
	done := make(chan error, 2)
	send := func() {
		done <- post(context.WithoutCancel(t.Context()), w.member(t, pool, "alice").HTTPClient(), w.rs.URL())
	}
	go send()
	<-asked
	if err := pool.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	go send()
	time.Sleep(200 * time.Millisecond)
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts at once", n)
	}
	answer()
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
