package interop

import (
	"net/http"
	"slices"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// EXT-5: because the resource's metadata demands it, because the configuration
// does; with a key of the session's and with a given one; without nonces and
// with those of both servers.
func TestDPoP(t *testing.T) {
	for _, tt := range []struct {
		name     string
		profile  string
		resource resourceOptions
		policy   sdk.DPoPPolicy
		own      bool
	}{
		{"demanded", open, resourceOptions{dpop: true}, sdk.DPoPAuto, false},
		{"configured", open, resourceOptions{}, sdk.DPoPAlways, false},
		{"own key", open, resourceOptions{dpop: true}, sdk.DPoPAuto, true},
		{"nonces", nonces, resourceOptions{dpop: true, nonce: true}, sdk.DPoPAuto, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := begin(t, tt.profile, tt.resource)
			client := w.client(func(c *sdk.Config) {
				c.DPoP = tt.policy
				if tt.own {
					c.DPoPKey = newProofKey(t)
				}
			})
			w.call(client, http.MethodGet, scopeRead)
			w.resource.reject(t)
			w.call(client, http.MethodGet, scopeRead)
			w.call(client, http.MethodGet, scopeRead)
			w.logins(1)
			w.bound(t, tt.profile == nonces)
			if stored := w.written(2)[1].DPoPKey != ""; stored == tt.own {
				t.Errorf("a key was stored: %v", stored)
			}
		})
	}
}

func newProofKey(t *testing.T) *flows.DPoPKey {
	t.Helper()
	key, err := flows.NewDPoPKey("ES256")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// bound checks that the code and the refresh token went out with a proof each,
// and with a second one where the server asked for its nonce.
func (w *world) bound(t *testing.T, nonces bool) {
	t.Helper()
	if key := w.authorizations(1)[0].Values["dpop_jkt"]; len(key) != 1 {
		t.Errorf("dpop_jkt = %q", key)
	}
	var grants []string
	asked := 0
	for _, request := range w.log() {
		if request.Route != "token" {
			continue
		}
		proof := request.DPoP
		if proof == nil || proof.Alg != "ES256" || proof.Typ != "dpop+jwt" || proof.Htm != http.MethodPost || proof.Htu != w.issuer+"/token" {
			t.Errorf("the proof was %+v", proof)
			continue
		}
		if request.Error == "use_dpop_nonce" {
			asked++
			continue
		}
		if slices.Contains(proof.Has, "nonce") != nonces || request.Status != http.StatusOK {
			t.Error(request)
		}
		grants = append(grants, request.Values["grant_type"]...)
	}
	if want := []string{"authorization_code", "refresh_token"}; !slices.Equal(grants, want) {
		t.Errorf("granted: %v, want %v", grants, want)
	}
	// The nonce of the first answer serves the second request.
	if nonces && asked != 1 || !nonces && asked != 0 {
		t.Errorf("the server asked for its nonce %d times", asked)
	}
}

// EXT-5: a machine's token is bound as well, and a restart goes on with its key.
func TestDPoPMachine(t *testing.T) {
	w := begin(t, nonces, resourceOptions{dpop: true, nonce: true})
	known := w.register(machineClient(flows.AuthMethodBasic))
	w.call(w.client(w.machine(known, nil)), http.MethodGet, scopeRead)
	w.call(w.client(w.machine(known, nil)), http.MethodGet, scopeRead)
	requests := w.sent(2, "token") // without the nonce, with it
	if requests[0].Error != "use_dpop_nonce" || requests[1].Status != http.StatusOK {
		t.Error(requests)
	}
}

// EXT-5: a stolen refresh token is of no use without the key.
func TestDPoPStolenRefreshToken(t *testing.T) {
	w := begin(t, open, resourceOptions{dpop: true})
	w.call(w.client(nil), http.MethodGet, scopeRead)
	record := w.written(1)[0]
	for _, proof := range []*flows.DPoP{nil, flows.NewDPoP(newProofKey(t))} { // no key, another key
		_, err := w.flows.Refresh(w.ctx(), flows.RefreshRequest{
			TokenRequest: flows.TokenRequest{
				Endpoint: record.TokenEndpoint, Resource: w.resource.url, DPoP: proof,
				Auth: flows.ClientAuth{ClientID: record.Client.ClientID, Method: flows.AuthMethodNone},
			},
			RefreshToken: record.RefreshToken,
		})
		refused(t, err, "invalid_grant")
	}
	req, err := http.NewRequestWithContext(w.ctx(), http.MethodGet, w.resource.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "DPoP "+w.resource.last(t).Reveal())
	res, err := plain.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the access token alone got %s", res.Status)
	}
}

// EXT-5, AUTHZ-11: the key that binds the code is pushed, and the code serves.
func TestDPoPPushed(t *testing.T) {
	w := begin(t, pushed, resourceOptions{dpop: true})
	w.call(w.client(nil), http.MethodGet, scopeRead)
	request := w.sent(1, "pushed_authorization_request")[0]
	if key := request.Values["dpop_jkt"]; len(key) != 1 || request.DPoP != nil {
		t.Errorf("dpop_jkt = %q, proof %v", key, request.DPoP)
	}
	w.authorizations(1)[0].sent(t, "client_id", "request_uri")
	if redemption := w.sent(1, "token")[0]; redemption.DPoP == nil || redemption.Status != http.StatusOK {
		t.Error(redemption)
	}
}

// EXT-5: the typed operations of a session whose token is bound prove
// possession too, with the server's nonce.
func TestDPoPOperations(t *testing.T) {
	w := begin(t, nonces, resourceOptions{dpop: true, nonce: true})
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	record := w.written(1)[0]
	server, err := client.Server(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.RefreshAccessToken(w.ctx(), &gen.RefreshTokenRequest{RefreshToken: record.RefreshToken, Resource: []string{w.resource.url}})
	if err != nil || answer.Document.TokenType != "DPoP" {
		t.Fatalf("refresh: %v", err)
	}
	if _, err := server.PushAuthorizationRequest(w.ctx(), &gen.AuthorizationRequest{
		ResponseType: "code", ClientID: record.Client.ClientID, RedirectURI: record.Client.RedirectURIs[0], Scope: scopeRead, Resource: []string{w.resource.url},
		CodeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", CodeChallengeMethod: "S256",
	}); err != nil {
		t.Error(err)
	}
	for _, request := range w.sent(1, "pushed_authorization_request") {
		if request.DPoP == nil || !slices.Contains(request.DPoP.Has, "nonce") || request.DPoP.Htu != w.issuer+"/request" {
			t.Errorf("the proof was %+v", request.DPoP)
		}
	}
}
