// DPoP from the first 401 to the last refresh, against the strict fakes.

package flows_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/validate"
)

// newProofWorld demands proofs at both servers.
func newProofWorld(t testing.TB, nonce flowstest.DPoPNonce) *world {
	t.Helper()
	config := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired, Nonce: nonce}
	return newWorld(t, flowstest.ServerConfig{DPoP: config}, flowstest.ResourceConfig{DPoP: config})
}

// withDPoP edits the requests of a login.
func withDPoP(d *flows.DPoP) func(any) {
	return func(request any) {
		switch r := request.(type) {
		case *flows.AuthorizeRequest:
			r.DPoPKey = d.Key
		case *flows.CodeRequest:
			r.DPoP = d
		}
	}
}

func (w *world) refreshDPoP(t testing.TB, l login, d *flows.DPoP) (*flows.Token, error) {
	return w.c.Refresh(flows.WithResource(t.Context(), w.rs.URL()), flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: l.found.Server.TokenEndpoint, Auth: l.auth, Resource: l.pending.Resource, Scope: l.token.Scope, DPoP: d,
		},
		RefreshToken: l.token.RefreshToken,
	})
}

// posts counts the requests that reached the token endpoint.
func (w *world) posts() (n int) {
	for _, request := range w.as.Requests() {
		if request.Form.Get("grant_type") != "" {
			n++
		}
	}
	return n
}

// EXT-5: login, call, refresh, with a stored key, whatever the nonces.
func TestDPoPWorld(t *testing.T) {
	tests := map[string]struct {
		nonce flowstest.DPoPNonce
		posts int // token requests of a login
	}{
		"no nonces":       {flowstest.NonceOff, 1},
		"a nonce":         {flowstest.NonceRequired, 2},
		"in every answer": {flowstest.NonceEachAnswer, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w, d := newProofWorld(t, test.nonce), flows.NewDPoP(newKey(t, ""))
			l := w.login(t, withDPoP(d))
			if info, _ := w.as.Token(l.token.AccessToken.Reveal()); l.token.TokenType != "DPoP" || info.JKT != d.Key.Thumbprint() || w.posts() != test.posts {
				t.Fatalf("%+v, %d token requests", info, w.posts())
			}
			if !flows.DPoPDemanded(l.found.ResourceMetadata, nil) {
				t.Error("not demanded")
			}
			transport := w.rs.Client().Transport
			first := 2
			if test.nonce == flowstest.NonceOff {
				first = 1
			}
			for i := range 3 {
				status, sends, err := call(t, transport, d, d.Bind(l.token.AccessToken), w.rs.URL())
				want := 1
				if i == 0 {
					want = first
				}
				if status == http.StatusUnauthorized || sends != want || err != nil {
					t.Errorf("call %d: %d after %d sendings, %v", i, status, sends, err)
				}
			}
			// Another process has the stored key and no nonce.
			stored, err := d.Key.Encode()
			if err != nil {
				t.Fatal(err)
			}
			key, err := flows.DecodeDPoPKey(stored)
			if err != nil {
				t.Fatal(err)
			}
			again, err := w.refreshDPoP(t, l, flows.NewDPoP(key))
			if err != nil || again.TokenType != "DPoP" {
				t.Fatal(again, err)
			}
			if status, _, err := call(t, transport, d, d.Bind(again.AccessToken), w.rs.URL()); status == http.StatusUnauthorized || err != nil {
				t.Error(status, err)
			}
		})
	}
}

// EXT-5: what must not work does not, and spends no refresh token.
func TestDPoPWorldRefusals(t *testing.T) {
	w, d := newProofWorld(t, flowstest.NonceOff), flows.NewDPoP(newKey(t, ""))
	l := w.login(t, withDPoP(d))
	other := flows.NewDPoP(newKey(t, ""))
	var token *flows.TokenError
	// Another key, and none.
	if _, err := w.refreshDPoP(t, l, other); !errors.As(err, &token) || token.Code != "invalid_grant" {
		t.Error("another key:", err)
	}
	if _, err := w.refreshDPoP(t, l, nil); !errors.As(err, &token) || token.Code != "invalid_dpop_proof" || token.Final() {
		t.Error("no key:", err)
	}
	transport := w.rs.Client().Transport
	if status, _, _ := call(t, transport, other, other.Bind(l.token.AccessToken), w.rs.URL()); status != http.StatusUnauthorized {
		t.Error("a call with another key:", status)
	}
	// A nonce that is never good enough.
	w.as.Configure(func(c *flowstest.ServerConfig) { c.DPoP.Nonce = flowstest.NonceInsatiable })
	before := w.posts()
	if _, err := w.refreshDPoP(t, l, d); !errors.As(err, &token) || token.Final() || !errors.As(err, new(*flows.DPoPError)) || w.posts() != before+2 {
		t.Error("insatiable:", err, w.posts()-before)
	}
	// A downgrade.
	w.as.Configure(func(c *flowstest.ServerConfig) {
		c.DPoP = flowstest.DPoPConfig{Policy: flowstest.DPoPDowngrade}
	})
	if _, err := w.refreshDPoP(t, l, d); !errors.As(err, new(*flows.DowngradeError)) || !errors.Is(err, validate.RuleTokenType) {
		t.Error("downgrade:", err)
	}
	// A code that is bound to one key, redeemed with another.
	w.as.Configure(func(c *flowstest.ServerConfig) { c.DPoP.Policy = flowstest.DPoPRequired })
	_, err := w.attempt(t.Context(), withDPoP(d), func(request any) {
		if r, ok := request.(*flows.CodeRequest); ok {
			r.DPoP = other
		}
	})
	if !errors.As(err, &token) || token.Code != "invalid_grant" {
		t.Error("a code for another key:", err)
	}
}
