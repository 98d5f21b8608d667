package flows_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// provingServer takes token requests with proofs only.
func provingServer(t *testing.T, nonce flowstest.DPoPNonce) *flowstest.AuthorizationServer {
	t.Helper()
	client := keyClient("ES256")
	client.RedirectURIs = []string{loopbackRedirect}
	return newServer(t, flowstest.ServerConfig{
		AuthMethods: []string{"private_key_jwt"}, Clients: []flowstest.Client{client},
		GrantTypes: []string{flowstest.GrantClientCredentials, flowstest.GrantAuthorizationCode, flowstest.GrantDeviceCode},
		DPoP:       flowstest.DPoPConfig{Policy: flowstest.DPoPRequired, Nonce: nonce},
	})
}

// bound are its operations, with proofs by d; nil has none.
func bound(t *testing.T, as *flowstest.AuthorizationServer, d *flows.DPoP) *gen.Server {
	t.Helper()
	auth := keyAuth(as, "ES256")
	server, err := loopbackClient().Server(flows.ServerRequest{Metadata: discovered(t, as).Server, Resource: as.URL(), Auth: &auth, DPoP: d})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func machineRequest(as *flowstest.AuthorizationServer) *gen.ClientCredentialsTokenRequest {
	return &gen.ClientCredentialsTokenRequest{Resource: []string{as.URL() + "/mcp"}}
}

// EXT-5, TOK-2: bound operations prove possession with each sending, and again
// with the server's nonce; the client assertion is as new as the proof.
func TestServerProves(t *testing.T) {
	for name, tt := range map[string]struct {
		nonce flowstest.DPoPNonce
		sent  int // for three operations
	}{
		"no nonces": {flowstest.NonceOff, 3}, "a nonce": {flowstest.NonceRequired, 4}, "in every answer": {flowstest.NonceEachAnswer, 4},
	} {
		t.Run(name, func(t *testing.T) {
			as, d := provingServer(t, tt.nonce), flows.NewDPoP(newKey(t, ""))
			server := bound(t, as, d)
			for range 3 {
				res, err := server.RequestClientCredentials(t.Context(), machineRequest(as))
				if err != nil {
					t.Fatal(err)
				}
				if info, _ := as.Token(res.Document.AccessToken.Reveal()); res.Document.TokenType != "DPoP" || info.JKT != d.Key.Thumbprint() {
					t.Errorf("%s bound to %q", res.Document.TokenType, info.JKT)
				}
			}
			if n := as.Count("token"); n != tt.sent {
				t.Errorf("%d requests, want %d", n, tt.sent)
			}
		})
	}
}

// EXT-5: a pushed request binds the code as a token request binds its token;
// what needs no proof gets none.
func TestServerProvesPushed(t *testing.T) {
	as, d := provingServer(t, flowstest.NonceRequired), flows.NewDPoP(newKey(t, ""))
	server := bound(t, as, d)
	request, err := loopbackClient().Authorize(pushRequest(t, as, keyAuth(as, "ES256")))
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := server.PushAuthorizationRequest(t.Context(), new(gen.AuthorizationRequest), copyForm(query(t, request.URL)))
	if err != nil {
		t.Fatal(err)
	}
	callback, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?client_id=me&request_uri="+pushed.Document.RequestURI)
	if err != nil {
		t.Fatal(err)
	}
	code, err := request.Code(callback)
	if err != nil {
		t.Fatal(err)
	}
	redeem := &gen.AuthorizationCodeTokenRequest{Code: code, CodeVerifier: request.Verifier, RedirectURI: loopbackRedirect, Resource: []string{request.Resource}}
	if _, err := bound(t, as, flows.NewDPoP(newKey(t, ""))).ExchangeAuthorizationCode(t.Context(), redeem); err == nil {
		t.Error("the code was redeemed with another key")
	}
	if _, err := server.AuthorizeDevice(t.Context(), &gen.DeviceAuthorizationRequest{Resource: []string{as.URL() + "/mcp"}}); err != nil {
		t.Error(err)
	}
	if _, err := server.RevokeToken(t.Context(), &gen.RevocationRequest{Token: "x"}); err != nil {
		t.Error(err)
	}
	for _, r := range append(as.RequestsOf("device"), as.RequestsOf("revoke")...) {
		if r.Header.Get("DPoP") != "" {
			t.Errorf("a proof at %s", r.Kind)
		}
	}
	if n := as.Count("par"); n != 2 {
		t.Errorf("%d pushed requests, want 2", n)
	}
}

func copyForm(from url.Values) gen.Edit {
	return func(_ http.Header, form url.Values) error {
		maps.Copy(form, from)
		return nil
	}
}

// EXT-5: the nonce is given once; other refusals are not sent again, and come
// as they are.
func TestServerProofRefused(t *testing.T) {
	nonce := http.Header{"Dpop-Nonce": {"n-1"}}
	for name, tt := range map[string]struct {
		nonce flowstest.DPoPNonce
		fault flowstest.Fault
		code  string
		sent  int
	}{
		"insatiable":              {nonce: flowstest.NonceInsatiable, code: "use_dpop_nonce", sent: 2},
		"a nonce is wanted, none": {fault: flowstest.OAuthError(400, "use_dpop_nonce", "x"), code: "use_dpop_nonce", sent: 1},
		"another error":           {fault: withHeader(nonce, flowstest.OAuthError(400, "invalid_grant", "x")), code: "invalid_grant", sent: 1},
		"another proof":           {fault: withHeader(nonce, flowstest.OAuthError(400, "invalid_dpop_proof", "x")), code: "invalid_dpop_proof", sent: 1},
		"another status":          {fault: withHeader(nonce, flowstest.OAuthError(403, "use_dpop_nonce", "x")), code: "use_dpop_nonce", sent: 1},
		"a client unknown":        {fault: withHeader(nonce, flowstest.OAuthError(401, "invalid_client", "x")), code: "invalid_client", sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			as := provingServer(t, tt.nonce)
			if tt.fault != nil {
				as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("token:client_credentials", tt.fault) })
			}
			_, err := bound(t, as, flows.NewDPoP(newKey(t, ""))).RequestClientCredentials(t.Context(), machineRequest(as))
			refused, ok := errors.AsType[*gen.ResponseError](err)
			if !ok || refused.OAuth == nil || refused.OAuth.Code != tt.code {
				t.Errorf("%v, want %s", err, tt.code)
			}
			if n := as.Count("token"); n != tt.sent {
				t.Errorf("%d requests, want %d", n, tt.sent)
			}
		})
	}
}

func withHeader(header http.Header, fault flowstest.Fault) flowstest.Fault {
	return func(kind string, n int, w http.ResponseWriter, r *http.Request) bool {
		maps.Copy(w.Header(), header)
		return fault(kind, n, w, r)
	}
}

// EXT-5: without DPoP there is no proof, and a DPoP without a key is refused.
func TestServerWithoutKey(t *testing.T) {
	as := provingServer(t, flowstest.NonceOff)
	_, err := bound(t, as, nil).RequestClientCredentials(t.Context(), machineRequest(as))
	if refused, ok := errors.AsType[*gen.ResponseError](err); !ok || refused.OAuth == nil || refused.OAuth.Code != "invalid_dpop_proof" {
		t.Error(err)
	}
	if _, err := loopbackClient().Server(flows.ServerRequest{Metadata: discovered(t, as).Server, DPoP: &flows.DPoP{}}); err == nil {
		t.Error("no key, no error")
	}
}
