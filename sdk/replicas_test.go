// Replicas: one login that passes through the hands of three processes.

package sdk_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// AUTHZ-8, DISC-17, REF-6 (test 4 of the design): one replica begins, another
// finishes while the well-knowns answer 500; a wrong subject and a replay are
// refused; a third restarts with a dead token in 4 trips. They share nothing but
// the store.
func TestReplicas(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.pool(t, 0, twoLegged(store, "")), w.pool(t, 0, twoLegged(store, ""))

	// A request at the first replica finds that a human is needed.
	var consent *sdk.ConsentRequiredError
	if _, _, err := try(t, w.member(t, one, "alice").HTTPClient(), w.rs.URL(), "{}"); !errors.As(err, &consent) {
		t.Fatalf("error %v, want *sdk.ConsentRequiredError", err)
	}
	callback, err := w.as.Authorize(t.Context(), consent.URL())
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}

	replicaFinishes(t, w, two, callback)
	replicaRestarts(t, w, store)
}

// replicaFinishes: the second one gets the answer, and no metadata is to be had
// any more.
func replicaFinishes(t *testing.T, w *world, two *sdk.Pool, callback string) {
	t.Helper()
	broken := flowstest.Faults(
		flowstest.On("asm", flowstest.Answer(500, "text/plain", "")), flowstest.On("prm", flowstest.Answer(500, "text/plain", "")))
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = broken })
	w.rs.Configure(func(c *flowstest.ResourceConfig) { c.Fault = broken })
	w.as.ForgetRequests()
	w.rs.ForgetRequests()
	var refused *flows.CallbackError
	if _, err := two.Finish(t.Context(), "mallory", callback); !errors.As(err, &refused) {
		t.Errorf("a wrong subject: %v, want *flows.CallbackError", err)
	}
	wantCounts(t, w.as, map[string]int{"token:authorization_code": 0})
	alice, err := two.Finish(t.Context(), "alice", callback)
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"alice", "mallory"} {
		if _, err := two.Finish(t.Context(), subject, callback); !errors.As(err, &refused) {
			t.Errorf("a replay by %s: %v, want *flows.CallbackError", subject, err)
		}
	}
	wantStatus(t, alice.HTTPClient(), w.rs.URL(), 200)
	if n := w.trips(); n != 2 {
		t.Errorf("%d requests, want the code and the call", n)
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
}

// replicaRestarts: the third one starts with a token that is due and nothing to
// renew it by: the refresh, the human, the code, the call.
func replicaRestarts(t *testing.T, w *world, store sdk.Store) {
	t.Helper()
	w.as.RevokeAccessTokens()
	w.as.RevokeRefreshTokens()
	w.as.ForgetRequests()
	w.rs.ForgetRequests()
	w.human.uri = "https://app.example.com/callback"
	third := w.pool(t, 0, twoLegged(store, ""), alwaysDue, func(c *sdk.Config) { c.Authorizer = w.human })
	wantStatus(t, w.member(t, third, "alice").HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{
		"asm": 0, "register": 0, "token:refresh_token": 1, "authorize": 1, "token:authorization_code": 1,
	})
	if n := w.trips(); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
}
