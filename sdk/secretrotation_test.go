// Secret rotation: sessions that share a registration, one of which has it changed.

package sdk_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// rotating is a server whose clients have secrets, and get new ones with each
// update of their registration.
func rotating() flowstest.ServerConfig {
	return confidential(flowstest.ManagementConfig{Enabled: true, RotateToken: true, RotateSecret: true})
}

// rotate changes the secret of the registration that all sessions share.
func rotate(t *testing.T, client *sdk.Client) {
	t.Helper()
	before, err := client.ReadRegistration(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	after, err := client.UpdateRegistration(t.Context(), nil)
	if err != nil || after.ClientSecret == before.ClientSecret {
		t.Fatalf("update: %v, %v", after, err)
	}
}

// REG-8, REG-10: a session whose copy of the client's secret is out of date
// takes the one that another session has stored, for its refresh and for its
// logout, rather than register anew.
func TestSecretRotatedByAnotherSession(t *testing.T) {
	w := newWorld(t, rotating(), flowstest.ResourceConfig{})
	pool := w.pool(t, 0)
	alice, bob, carol := w.member(t, pool, "alice"), w.member(t, pool, "bob"), w.member(t, pool, "carol")
	for _, client := range []*sdk.Client{alice, bob, carol} {
		wantStatus(t, client.HTTPClient(), w.rs.URL(), 200)
	}
	rotate(t, alice)

	w.as.RevokeAccessTokens()
	wantStatus(t, bob.HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 3, "token:refresh_token": 2})
	// Bob's record has the new secret now.
	w.as.RevokeAccessTokens()
	wantStatus(t, bob.HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 3})

	if err := carol.Logout(t.Context()); err != nil {
		t.Errorf("logout: %v", err)
	}
	wantStatus(t, alice.HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 3})
}

// REG-10: an authentication method that another session has had changed is taken
// over with the rest.
func TestMethodChangedByAnotherSession(t *testing.T) {
	server := rotating()
	server.AuthMethods = []string{"client_secret_basic", "client_secret_post"}
	server.Management.RotateSecret = false
	w := newWorld(t, server, flowstest.ResourceConfig{})
	pool := w.pool(t, 0)
	alice, bob := w.member(t, pool, "alice"), w.member(t, pool, "bob")
	for _, client := range []*sdk.Client{alice, bob} {
		wantStatus(t, client.HTTPClient(), w.rs.URL(), 200)
	}
	post := &gen.ClientMetadata{ClientName: "app", TokenEndpointAuthMethod: "client_secret_post"}
	if _, err := alice.UpdateRegistration(t.Context(), post); err != nil {
		t.Fatal(err)
	}
	w.as.RevokeAccessTokens()
	wantStatus(t, bob.HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 2, "token:refresh_token": 2})
}

// REG-8, AUTHZ-8: a login that was begun before the rotation is finished after it.
func TestSecretRotatedDuringLogin(t *testing.T) {
	w := newWorld(t, rotating(), flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	pool := w.pool(t, 0, twoLegged(store, ""))
	login := func(subject string, meanwhile func()) {
		t.Helper()
		begun, err := w.member(t, pool, subject).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		callback, err := w.as.Authorize(t.Context(), begun.URL())
		if err != nil {
			t.Fatal(err)
		}
		meanwhile()
		if _, err := pool.Finish(t.Context(), subject, callback); err != nil {
			t.Fatalf("finish for %s: %v", subject, err)
		}
		wantStatus(t, w.member(t, pool, subject).HTTPClient(), w.rs.URL(), 200)
	}
	login("alice", func() {})
	login("bob", func() { rotate(t, w.member(t, pool, "alice")) })
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 2})
}

// REG-7, REG-8: sessions that find out one after the other that the server has
// forgotten their client register once, and not each of them.
func TestForgottenClientIsRegisteredOnce(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	pool := w.pool(t, 0)
	all := []*sdk.Client{w.member(t, pool, "alice"), w.member(t, pool, "bob"), w.member(t, pool, "carol")}
	for _, client := range all {
		wantStatus(t, client.HTTPClient(), w.rs.URL(), 200)
	}
	w.as.RevokeAccessTokens()
	w.as.RemoveClient(w.as.Clients()[0].ID)
	for _, client := range all {
		wantStatus(t, client.HTTPClient(), w.rs.URL(), 200)
	}
	wantCounts(t, w.as, map[string]int{"register": 2, "authorize": 6, "token:refresh_token": 3})
}

// REG-8: a secret that the server rejects, and that the store has no newer one
// for, is not sent twice.
func TestRejectedSecretIsSentOnce(t *testing.T) {
	w := newWorld(t, rotating(), flowstest.ResourceConfig{})
	auth := w.client(t)
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	client := w.as.Clients()[0]
	client.Secret = gen.Secret("another").Reveal()
	w.as.AddClient(client)
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "register": 2, "authorize": 2})
}
