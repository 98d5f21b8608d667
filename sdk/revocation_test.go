// How a session authenticates when it logs out.

package sdk_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// postAtRevocation wants Basic at the token endpoint, and the secret in the body
// at the revocation endpoint.
func postAtRevocation(t *testing.T, client flowstest.Client) *world {
	t.Helper()
	client.ID, client.RedirectURIs = "me", []string{"http://127.0.0.1:7777/callback"}
	return newWorld(t, flowstest.ServerConfig{
		AuthMethods: []string{"client_secret_basic", "client_secret_post", "none"},
		Revocation:  flowstest.EndpointAuth{Methods: []string{"client_secret_post", "none"}},
		Clients:     []flowstest.Client{client},
	}, flowstest.ResourceConfig{})
}

// wantRevoked fails the test unless the grant was revoked by a request with
// these credentials.
func (w *world) wantRevoked(t *testing.T, secret string) {
	t.Helper()
	sent := w.as.RequestsOf("revoke")
	if len(sent) == 0 || !w.as.Families()[0].Revoked {
		t.Fatalf("%d requests, nothing was revoked", len(sent))
	}
	if got := sent[0]; got.Form.Get("client_secret") != secret || got.Form.Get("client_id") != "me" || got.Header.Get("Authorization") != "" {
		t.Errorf("revocation request with %v", got.Form)
	}
}

// EXT-8: the revocation endpoint's own list is held to, in this process, after
// a restart, and after a login in two legs.
func TestLogoutAuthentication(t *testing.T) {
	for name, tt := range map[string]struct {
		client flowstest.Client
		secret gen.Secret // shown at the token endpoint
		want   string     // at the revocation endpoint
	}{
		"another method": {flowstest.Client{Secret: "s", AuthMethod: "client_secret_basic"}, "s", "s"},
		"public":         {flowstest.Client{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w, store := postAtRevocation(t, tt.client), sdk.NewMemoryStore()
			configure := func(c *sdk.Config) {
				c.Store, c.Credentials = store, &sdk.Credentials{ClientID: "me", ClientSecret: tt.secret}
			}
			wantStatus(t, w.client(t, configure).HTTPClient(), w.rs.URL(), 200)
			if err := w.client(t, configure).Logout(t.Context()); err != nil {
				t.Error(err)
			}
			w.wantRevoked(t, tt.want)
		})
	}
	t.Run("two legs", func(t *testing.T) {
		w, store := postAtRevocation(t, flowstest.Client{Secret: "s", AuthMethod: "client_secret_basic"}), sdk.NewMemoryStore()
		two := w.client(t, twoLegged(store, "bob"), func(c *sdk.Config) {
			c.Credentials = &sdk.Credentials{ClientID: "me", ClientSecret: "s"}
			c.RedirectURI = "http://127.0.0.1:7777/callback"
		})
		begun, err := two.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		callback, err := w.as.Authorize(t.Context(), begun.URL())
		if err != nil {
			t.Fatal(err)
		}
		if err := two.Finish(t.Context(), "bob", callback); err != nil {
			t.Fatal(err)
		}
		if err := two.Logout(t.Context()); err != nil {
			t.Error(err)
		}
		w.wantRevoked(t, "s")
	})
}

// EXT-8: a method that the user has changed since the login counts, and what
// was chosen for the old one does not.
func TestLogoutAfterNewMethod(t *testing.T) {
	w, store := postAtRevocation(t, flowstest.Client{Secret: "s", AuthMethod: "client_secret_basic"}), sdk.NewMemoryStore()
	with := func(method string) func(*sdk.Config) {
		return func(c *sdk.Config) {
			c.Store, c.Credentials = store, &sdk.Credentials{ClientID: "me", ClientSecret: "s", TokenEndpointAuthMethod: method}
		}
	}
	wantStatus(t, w.client(t, with(flows.AuthMethodBasic)).HTTPClient(), w.rs.URL(), 200)
	public := w.client(t, with(flows.AuthMethodNone))
	if err := public.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	w.wantRevoked(t, "")
}

// EXT-8, REG-10: so it is when the registration was changed.
func TestLogoutAfterUpdate(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{
		AuthMethods: []string{"client_secret_basic", "none"}, Management: flowstest.ManagementConfig{Enabled: true},
		Revocation: flowstest.EndpointAuth{Methods: []string{"client_secret_post", "none"}},
	}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) {
		c.ClientMetadata = &gen.ClientMetadata{ClientName: "app", TokenEndpointAuthMethod: "client_secret_basic"}
	})
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	updated, err := auth.UpdateRegistration(t.Context(), &gen.ClientMetadata{ClientName: "app", TokenEndpointAuthMethod: "none"})
	if err != nil || updated.TokenEndpointAuthMethod != "none" {
		t.Fatalf("update: %v, %v", updated, err)
	}
	if err := auth.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	for _, r := range w.as.RequestsOf("revoke") {
		if r.Form.Has("client_secret") || r.Header.Get("Authorization") != "" {
			t.Errorf("a public client showed %v", r.Form)
		}
	}
}
