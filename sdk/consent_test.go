// Consent in two halves: begun here, finished there.

package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

func twoLegged(store sdk.Store, subject string) func(*sdk.Config) {
	return func(c *sdk.Config) {
		c.Authorizer, c.RedirectURI, c.Store, c.Subject = nil, "https://app.example.com/callback", store, subject
	}
}

// All requests of a session share one consent until it is given; printing the
// error leaks no state.
func TestConsentRequired(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t, twoLegged(sdk.NewMemoryStore(), "alice"))
	client := auth.HTTPClient()
	urls := make(chan string, 8)
	var wg sync.WaitGroup
	for range cap(urls) {
		wg.Go(func() {
			_, _, err := try(t, client, w.rs.URL(), "{}")
			var consent *sdk.ConsentRequiredError
			if !errors.As(err, &consent) || !sdk.NeedsHuman(err) {
				t.Errorf("error %v, want *ConsentRequiredError", err)
				urls <- ""
				return
			}
			if s := fmt.Sprintf("%v %+v %#v %s", err, consent.Consent, consent, consent); strings.Contains(s, "state=") {
				t.Errorf("the error shows the state: %s", s)
			}
			urls <- consent.URL()
		})
	}
	wg.Wait()
	first := <-urls
	for range cap(urls) - 1 {
		if u := <-urls; u != first {
			t.Fatalf("two consents under way: %s and %s", first, u)
		}
	}
	wantCounts(t, w.as, map[string]int{"register": 1})
	callback, err := w.as.Authorize(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	if err := auth.Finish(t.Context(), "alice", callback); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, client, w.rs.URL(), 200)
}

// AUTHZ-8: any process with the same store finishes, without discovery; once,
// and only for the subject who began.
func TestFinishElsewhere(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	begun, err := w.client(t, twoLegged(store, "alice")).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	callback, err := w.as.Authorize(t.Context(), begun.URL())
	if err != nil {
		t.Fatal(err)
	}
	down := flowstest.Faults(flowstest.On("asm", flowstest.Unavailable(0)), flowstest.On("prm", flowstest.Unavailable(0)))
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = down })
	w.rs.Configure(func(c *flowstest.ResourceConfig) { c.Fault = down })

	mallory, alice := w.client(t, twoLegged(store, "mallory")), w.client(t, twoLegged(store, "alice"))
	var refused *flows.CallbackError
	for name, finish := range map[string]func() error{
		"another subject's client": func() error { return mallory.Finish(t.Context(), "mallory", callback) },
		"another subject's name":   func() error { return mallory.Finish(t.Context(), "alice", callback) },
		"the wrong name":           func() error { return alice.Finish(t.Context(), "mallory", callback) },
		"another state":            func() error { return alice.Finish(t.Context(), "alice", "?state=x&code=y") },
		"no state":                 func() error { return alice.Finish(t.Context(), "alice", "?code=y") },
	} {
		if err := finish(); !errors.As(err, &refused) {
			t.Errorf("%s: error %v, want *flows.CallbackError", name, err)
		}
	}
	for name, who := range map[string]*sdk.Client{"alice": mallory, "mallory": alice} {
		if err := who.Finish(t.Context(), name, callback); !errors.Is(err, sdk.ErrOtherSubject) || errors.Is(err, sdk.ErrLoginOver) {
			t.Errorf("%s: error %v, want ErrOtherSubject", name, err)
		}
	}
	wantCounts(t, w.as, map[string]int{"token:authorization_code": 0})
	if err := alice.Finish(t.Context(), "alice", callback); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, alice.HTTPClient(), w.rs.URL(), 200)
	if err := alice.Finish(t.Context(), "alice", callback); !errors.As(err, &refused) || !errors.Is(err, sdk.ErrLoginOver) {
		t.Errorf("replay: error %v, want ErrLoginOver in a *flows.CallbackError", err)
	}
	wantCounts(t, w.as, map[string]int{"token:authorization_code": 1})
}

// AUTHZ-14: a terminal failure is given again without a new prompt, until the
// caller logs in.
func TestFailureIsRemembered(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Decide: flowstest.Deny()}, flowstest.ResourceConfig{})
	auth := w.client(t)
	client := auth.HTTPClient()
	for range 3 {
		_, _, err := try(t, client, w.rs.URL(), "{}")
		var denied *flows.AuthorizationError
		if !errors.As(err, &denied) || denied.Code != "access_denied" {
			t.Fatalf("error %v, want access_denied", err)
		}
	}
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Decide = nil })
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, client, w.rs.URL(), 200)
}

// REF-4: a caller who leaves gets its own deadline's error; the flight goes on
// and the next request joins it.
func TestCallerLeaves(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	release := make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		<-release
		return w.as.Authorize(ctx, url)
	}
	auth := w.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for w.human.prompts.Load() == 0 {
			if ctx.Err() != nil {
				return
			}
		}
		cancel()
	}()
	err := auth.Login(ctx)
	var pending *sdk.PendingError
	if !errors.As(err, &pending) || !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want *PendingError", err)
	}
	close(release)
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
}

// One registration and one prompt for a crowd of first requests; one refresh
// for a crowd after a revocation (REF-4, AUTHZ-12).
func TestCrowd(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	client := w.client(t).HTTPClient()
	crowd := func() {
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if status, _, err := try(t, client, w.rs.URL(), "{}"); err != nil || status != 200 {
					t.Errorf("status %d, error %v", status, err)
				}
			})
		}
		wg.Wait()
	}
	crowd()
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 1, "token:authorization_code": 1})
	w.as.RevokeAccessTokens()
	crowd()
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 1})
}

// Close ends a flight and leaves nothing behind.
func TestClose(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	w.human.browse = func(ctx context.Context, _ string) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	auth := w.client(t)
	done := make(chan error, 1)
	go func() { done <- auth.Login(t.Context()) }()
	for w.human.prompts.Load() == 0 {
		select {
		case err := <-done:
			t.Fatalf("Login returned %v", err)
		default:
		}
	}
	if err := auth.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("Login returned nil after Close")
	}
	wantClosed(t, auth)
	wantCounts(t, w.as, map[string]int{"token:authorization_code": 0})
}

// wantClosed fails unless nothing begins with a client that was closed.
func wantClosed(t *testing.T, client *sdk.Client) {
	t.Helper()
	_, began := client.Begin(t.Context())
	_, served := client.Server(t.Context())
	for name, err := range map[string]error{
		"Login": client.Login(t.Context()), "Begin": began, "Server": served,
		"Finish": client.Finish(t.Context(), "", "?state=x&code=y"),
	} {
		if !errors.Is(err, sdk.ErrClosed) || sdk.NeedsHuman(err) {
			t.Errorf("%s after Close: %v", name, err)
		}
	}
}
