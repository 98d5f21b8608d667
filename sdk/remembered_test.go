// Remembered: which requests a human's no answers, and which it does not.

package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// sayNo is the browser of a human who declines.
func sayNo(context.Context, string) (string, error) { return "", sdk.ErrNoCallback }

func alwaysDue(c *sdk.Config) { c.Skew = 2 * time.Hour }

// AUTHZ-14: one no holds for the end of the token, for the 401 of a request
// without one and for that of a request with a rejected one: the first challenge
// after none is no new one, and one that differs in why the token was not good
// asks for nothing else.
func TestOneRefusalOfALogin(t *testing.T) {
	tests := []struct {
		name        string
		edit        func(*sdk.Config)
		loggedIn    bool
		first, then func(*http.Request, flowstest.Reason, []string) []string
	}{
		{"end of the token, then a challenge", alwaysDue, true, nil, nil},
		{"rejected token, then no token", func(*sdk.Config) {}, true, nil, nil},
		{"no challenge, then one", func(*sdk.Config) {}, false, flowstest.NoChallenge, nil},
		{"a challenge, then none", func(*sdk.Config) {}, false, nil, flowstest.NoChallenge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Challenge: tt.first})
			auth := w.client(t, tt.edit)
			if tt.loggedIn {
				if err := auth.Login(t.Context()); err != nil {
					t.Fatal(err)
				}
				w.as.RevokeAccessTokens()
				w.as.RevokeRefreshTokens()
			}
			w.human.browse = sayNo
			w.human.prompts.Store(0)
			for range 4 {
				if _, _, err := try(t, auth.HTTPClient(), w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrNoCallback) {
					t.Errorf("error %v, want the human's no", err)
				}
				w.rs.Configure(func(c *flowstest.ResourceConfig) { c.Challenge = tt.then })
			}
			if n := w.human.prompts.Load(); n != 1 {
				t.Errorf("%d prompts, want 1", n)
			}
		})
	}
}

// AUTHZ-14, REF-1: a human who cancels a login that the caller asked for does
// not stand in the way of a refresh, and is not asked by requests when that
// fails either.
func TestCancelledLoginKeepsRefresh(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t, alwaysDue)
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.human.browse = sayNo
	w.human.prompts.Store(0)
	cancel := func() {
		t.Helper()
		if err := auth.Login(t.Context()); !errors.Is(err, sdk.ErrNoCallback) {
			t.Fatalf("Login: %v", err)
		}
	}
	cancel()
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1})

	cancel()
	w.as.RevokeRefreshTokens()
	w.as.RevokeAccessTokens()
	for range 3 { // due, then without a token
		if _, _, err := try(t, auth.HTTPClient(), w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrNoCallback) {
			t.Errorf("error %v, want the human's no", err)
		}
	}
	if n := w.human.prompts.Load(); n != 2 {
		t.Errorf("%d prompts, want those of the two logins", n)
	}
}

// AUTHZ-14: a login in another process ends the memory, also at a server
// without refresh tokens.
func TestFailureEndsWithLoginElsewhere(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{NoRefreshTokens: true}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	auth, browse := w.client(t, stored(store)), w.human.browse
	w.human.browse = sayNo
	if _, _, err := try(t, auth.HTTPClient(), w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrNoCallback) {
		t.Fatalf("error %v, want the human's no", err)
	}
	w.human.browse = browse
	if err := w.client(t, stored(store)).Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	if n := w.human.prompts.Load(); n != 2 {
		t.Errorf("%d prompts, want 2", n)
	}
}
