// Overtaken: what two processes, or two flights, do to the same session.

package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// blockedHuman makes the human wait until answer is called.
func blockedHuman(w *world) (asked <-chan struct{}, answer func()) {
	began, free := make(chan struct{}, 8), make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		began <- struct{}{}
		select {
		case <-free:
			return w.as.Authorize(ctx, url)
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	return began, sync.OnceFunc(func() { close(free) })
}

// REF-5: a process whose token still works finds another's newer one in the
// store: that is no logout.
func TestTokenAfterAnotherProcess(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.client(t, stored(store)), w.client(t, stored(store))
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
	if err := two.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	want, err := two.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := one.Token(t.Context())
	if err != nil {
		t.Fatalf("a newer token in the store: %v", err)
	}
	if got.AccessToken != want.AccessToken {
		t.Error("not the newer token")
	}
}

// EXT-8: after Logout this process has no token, also when another one has
// logged out before.
func TestLogoutAfterAnotherProcess(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.client(t, stored(store)), w.client(t, stored(store))
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
	for _, client := range []*sdk.Client{two, one} {
		if err := client.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	base := &recorder{}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.rs.URL(), nil)
	res, err := (&sdk.Transport{Client: one, Base: base}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if base.seen[0] != "" {
		t.Error("a token was sent after Logout")
	}
}

// STORE-1, STEP-1: a login that took its time is not lost because the old token
// was refreshed meanwhile.
func TestLoginOvertakenByRefresh(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	store := sdk.NewMemoryStore()
	one, two := w.client(t, stored(store)), w.client(t, stored(store), func(c *sdk.Config) { c.Skew = 2 * time.Hour })
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
	asked, answer := blockedHuman(w)
	defer answer()
	done := make(chan int)
	go func() {
		status, _, err := try(t, one.HTTPClient(), w.rs.URL()+"/write", "{}")
		if err != nil {
			t.Error(err)
		}
		done <- status
	}()
	<-asked
	if _, err := two.Token(t.Context()); err != nil { // refreshes
		t.Fatal(err)
	}
	answer()
	if status := <-done; status != 200 {
		t.Errorf("status %d: the scope that the human granted is lost", status)
	}
	wantCounts(t, w.as, map[string]int{"authorize": 2, "token:refresh_token": 1})
}

// STORE-1: a logout stands against a login that was begun before it.
func TestLoginOvertakenByLogout(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.client(t, stored(store)), w.client(t, stored(store))
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
	asked, answer := blockedHuman(w)
	defer answer()
	done := make(chan error)
	go func() { done <- one.Login(t.Context()) }()
	<-asked
	if err := two.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	answer()
	<-done
	if _, err := two.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("after the logout: %v", err)
	}
}

// AUTHZ-12: a token that is due and still works serves requests while a human
// is busy with a login.
func TestDueTokenBesideLogin(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) { c.Skew = 2 * time.Hour })
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	asked, answer := blockedHuman(w)
	defer answer()
	done := make(chan error)
	go func() { done <- auth.Login(t.Context()) }()
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := post(ctx, auth.HTTPClient(), w.rs.URL()); err != nil {
		t.Error(err)
	}
	answer()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// DISC-1: Login does not take the failure of a refresh for its own.
func TestLoginBesideFailingRefresh(t *testing.T) {
	release := make(chan struct{})
	began := make(chan struct{}, 8)
	w := newWorld(t, flowstest.ServerConfig{Fault: flowstest.On("token:refresh_token", func(_ string, _ int, rw http.ResponseWriter, _ *http.Request) bool {
		began <- struct{}{}
		<-release
		rw.WriteHeader(http.StatusServiceUnavailable)
		return true
	})}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) { c.Skew = 2 * time.Hour })
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- post(t.Context(), auth.HTTPClient(), w.rs.URL()) }()
	<-began
	login := make(chan error)
	go func() { login <- auth.Login(t.Context()) }()
	time.Sleep(50 * time.Millisecond)
	close(release)
	<-done
	if err := <-login; err != nil {
		t.Errorf("Login: %v", err)
	}
}

// HTTP-1: who is waiting when the client is closed is told so.
func TestCloseTellsWaiters(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t)
	asked, answer := blockedHuman(w)
	defer answer()
	done := make(chan error)
	go func() { done <- auth.Login(t.Context()) }()
	<-asked
	_ = auth.Close()
	if err := <-done; !errors.Is(err, sdk.ErrClosed) || errors.Is(err, context.Canceled) {
		t.Errorf("waiter: %v", err)
	}
}
