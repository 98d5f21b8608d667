// Typed operations of a session whose tokens are bound to a key.

package sdk_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// machines is a world of machine clients where tokens are bound to keys.
func machines(t *testing.T, nonce flowstest.DPoPNonce) *world {
	t.Helper()
	return newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{{ID: "m", Secret: "s"}},
		DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPOptional, Nonce: nonce},
	}, flowstest.ResourceConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPOptional}})
}

func asMachine(c *sdk.Config) {
	c.Grant, c.Credentials = sdk.ClientCredentials{}, &sdk.Credentials{ClientID: "m", ClientSecret: "s"}
}

// boundTo asks for a token by the typed operation, and returns the key that it
// is bound to.
func (w *world) boundTo(t *testing.T, auth *sdk.Client) string {
	t.Helper()
	server, err := auth.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.RequestClientCredentials(t.Context(), &gen.ClientCredentialsTokenRequest{Resource: []string{w.rs.URL()}})
	if err != nil {
		t.Fatal(err)
	}
	info, _ := w.as.Token(res.Document.AccessToken.Reveal())
	return info.JKT
}

// EXT-5: the operations prove possession of the key that the session's tokens
// are bound to, or of the configured one; a bearer session's prove nothing.
func TestServerProof(t *testing.T) {
	t.Run("the session's key", func(t *testing.T) {
		w := machines(t, flowstest.NonceRequired)
		auth := w.client(t, asMachine, func(c *sdk.Config) { c.DPoP = sdk.DPoPAlways })
		if got := w.boundTo(t, auth); got != "" {
			t.Errorf("bound to %q before there was a key", got)
		}
		wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
		token, err := auth.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		own, _ := w.as.Token(token.AccessToken.Reveal())
		if got := w.boundTo(t, auth); got == "" || got != own.JKT {
			t.Errorf("bound to %q, the session to %q", got, own.JKT)
		}
		// Logged out, there is no key any more.
		if err := auth.Logout(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.boundTo(t, auth); got != "" {
			t.Errorf("bound to %q after the logout", got)
		}
	})
	t.Run("the configured key", func(t *testing.T) {
		key, err := flows.NewDPoPKey("")
		if err != nil {
			t.Fatal(err)
		}
		w := machines(t, flowstest.NonceEachAnswer)
		if got := w.boundTo(t, w.client(t, asMachine, func(c *sdk.Config) { c.DPoPKey = key })); got != key.Thumbprint() {
			t.Errorf("bound to %q, want %q", got, key.Thumbprint())
		}
	})
	t.Run("bearer", func(t *testing.T) {
		w := machines(t, flowstest.NonceOff)
		auth := w.client(t, asMachine)
		wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
		if got := w.boundTo(t, auth); got != "" {
			t.Errorf("bound to %q", got)
		}
	})
}

// EXT-5, BIND-1: a key that was made for one issuer is not shown to another.
func TestServerProofOfOneIssuer(t *testing.T) {
	dpop := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}
	w := newWorld(t, flowstest.ServerConfig{DPoP: dpop}, flowstest.ResourceConfig{DPoP: dpop})
	other := newWorld(t, flowstest.ServerConfig{DPoP: dpop}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	wantStatus(t, w.client(t, func(c *sdk.Config) { c.Store = store }).HTTPClient(), w.rs.URL(), 200)
	server, err := w.client(t, func(c *sdk.Config) { c.Store, c.Issuer = store, other.as.Issuer() }).Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.RefreshAccessToken(t.Context(), &gen.RefreshTokenRequest{RefreshToken: "x"}); err == nil {
		t.Error("the other server took it")
	}
	for _, r := range other.as.RequestsOf("token") {
		if proof := r.Header.Get("DPoP"); proof != "" {
			t.Errorf("the other server was shown the proof %s", proof)
		}
	}
	wantCounts(t, other.as, map[string]int{"token": 1})
}
