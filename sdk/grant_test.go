// The grants without an authorization code, DPoP and pushed requests.

package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// EXT-1, TOK-2: a machine gets its token, again when it ends, and never asks.
func TestClientCredentials(t *testing.T) {
	key := flowstest.NewSigningKey("ES256")
	tests := []struct {
		name        string
		client      flowstest.Client
		credentials sdk.Credentials
		key         *flows.ClientKey
	}{
		{"basic", flowstest.Client{ID: "m", Secret: "s+ /%"}, sdk.Credentials{ClientID: "m", ClientSecret: "s+ /%"}, nil},
		{"post", flowstest.Client{ID: "m", Secret: "s", AuthMethod: "client_secret_post"},
			sdk.Credentials{ClientID: "m", ClientSecret: "s", TokenEndpointAuthMethod: "client_secret_post"}, nil},
		{"private_key_jwt", flowstest.Client{ID: "m", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(key)},
			sdk.Credentials{ClientID: "m", TokenEndpointAuthMethod: "private_key_jwt"}, &flows.ClientKey{Signer: key.Signer(), KeyID: key.KeyID()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{tt.client},
				AuthMethods: []string{"client_secret_basic", "client_secret_post", "private_key_jwt"},
				Scopes:      []string{"mcp", "offline_access"},
			}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
			auth := w.client(t, func(c *sdk.Config) {
				c.Grant, c.Credentials, c.ClientKey, c.Authorizer = sdk.ClientCredentials{}, &tt.credentials, tt.key, nil
			})
			client := auth.HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			w.as.RevokeAccessTokens()
			wantStatus(t, client, w.rs.URL(), 200)
			wantCounts(t, w.as, map[string]int{"token:client_credentials": 2, "register": 0, "authorize": 0})
			if token, err := auth.Token(t.Context()); err != nil || len(token.Scope) != 1 {
				t.Errorf("token %+v, error %v: want the scope mcp and nothing for a refresh token", token, err)
			}
			wantStepUpError(t, w, client, "/write", 0) // STEP-5
		})
	}
}

// REF-1: a machine's token that is due is replaced before it is sent; nobody has
// to be asked, so nobody's 401 is waited for.
func TestMachineRenewsAhead(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{{ID: "m", Secret: "s"}},
	}, flowstest.ResourceConfig{})
	client := w.client(t, func(c *sdk.Config) {
		c.Grant, c.Skew = sdk.ClientCredentials{}, 2*time.Hour
		c.Credentials = &sdk.Credentials{ClientID: "m", ClientSecret: "s"}
	}).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.rs.ForgetRequests()
	wantStatus(t, client, w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:client_credentials": 2})
	if n := w.rs.Count("mcp"); n != 1 {
		t.Errorf("%d requests at the resource, want 1: the old token was tried", n)
	}
}

// BIND-4: machine credentials stay with the first issuer they were used with.
func TestMachineStaysBound(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{{ID: "m", Secret: "secret of the first"}},
	}, flowstest.ResourceConfig{})
	client := w.client(t, func(c *sdk.Config) {
		c.Grant, c.Credentials = sdk.ClientCredentials{}, &sdk.Credentials{ClientID: "m", ClientSecret: "secret of the first"}
	}).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	second := flowstest.NewAuthorizationServer(flowstest.ServerConfig{GrantTypes: []string{flowstest.GrantClientCredentials}})
	t.Cleanup(second.Close)
	w.rs.Configure(func(c *flowstest.ResourceConfig) {
		c.AuthorizationServers = []*flowstest.AuthorizationServer{second}
	})
	w.as.RevokeAccessTokens()
	_, _, err := try(t, client, w.rs.URL(), "{}")
	var bound *flows.ClientError
	if !errors.As(err, &bound) || bound.BoundIssuer != w.as.Issuer() {
		t.Errorf("error %v, want a *flows.ClientError bound to %s", err, w.as.Issuer())
	}
	if n := second.Count("token"); n != 0 {
		t.Errorf("%d token requests at the new server", n)
	}
}

// EXT-4: the assertion is read anew for each token, and a rejection is the end.
func TestWorkloadIdentity(t *testing.T) {
	platform := flowstest.NewSigningKey("ES256")
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: "https://platform.example.com", JWKS: flowstest.KeySet(platform), Workloads: true}},
	}, flowstest.ResourceConfig{})
	path := filepath.Join(t.TempDir(), "token")
	issue := func(lifetime time.Duration) {
		now := time.Now()
		assertion := platform.Sign(nil, map[string]any{
			"iss": "https://platform.example.com", "sub": "system:serviceaccount:agents:a", "aud": w.as.Issuer(),
			"iat": now.Unix(), "exp": now.Add(lifetime).Unix(), "jti": now.String(),
		})
		if err := os.WriteFile(path, []byte(assertion+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client := w.client(t, func(c *sdk.Config) {
		c.Grant, c.Credentials = sdk.WorkloadIdentity{Assertion: flows.AssertionFile(path)}, &sdk.Credentials{ClientID: "agent"}
	}).HTTPClient()
	issue(time.Minute)
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	issue(time.Minute)
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	issue(-10 * time.Minute)
	var refusal *flows.TokenError
	if _, _, err := try(t, client, w.rs.URL(), "{}"); !errors.As(err, &refusal) || refusal.Code != "invalid_grant" {
		t.Errorf("expired assertion: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"token": 3, "register": 0, "authorize": 0})
}

// EXT-2, EXT-3: the identity provider's word, fetched anew for each token.
func TestEnterpriseManaged(t *testing.T) {
	idp := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantTokenExchange}, Clients: []flowstest.Client{{ID: "agent", Secret: "at the idp"}},
	})
	t.Cleanup(idp.Close)
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent", Secret: "at the server"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Server: idp}},
	}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	client := w.client(t, func(c *sdk.Config) {
		c.Credentials = &sdk.Credentials{ClientID: "agent", ClientSecret: "at the server"}
		c.Grant = sdk.EnterpriseManaged{
			IdentityProvider: idp.Endpoint("token"),
			Auth:             flows.ClientAuth{ClientID: "agent", Secret: "at the idp", Method: flows.AuthMethodBasic},
			Subject: func(context.Context) (flows.SubjectToken, error) {
				return flows.SubjectToken{Token: gen.Secret(idp.IssueIDToken("agent", "alice"))}, nil
			},
		}
	}).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	wantStatus(t, client, w.rs.URL()+"/write", 200) // a step-up asks the policy, not a human
	wantCounts(t, w.as, map[string]int{"token": 2, "authorize": 0})
	wantCounts(t, idp, map[string]int{"token": 2})

	idp.Configure(func(c *flowstest.ServerConfig) { c.Exchange = flowstest.DenyExchange("access_denied", "not for you") })
	w.as.RevokeAccessTokens()
	var policy *flows.PolicyError
	if _, _, err := try(t, client, w.rs.URL(), "{}"); !errors.As(err, &policy) || !sdk.NeedsHuman(err) {
		t.Errorf("policy: %v, want *flows.PolicyError", err)
	}
}

// EXT-6: the human approves elsewhere.
func TestDeviceAuthorization(t *testing.T) {
	t.Run("registered by hand", func(t *testing.T) { deviceAuthorization(t, &sdk.Credentials{ClientID: "tv"}) })
	t.Run("registered by itself", func(t *testing.T) { deviceAuthorization(t, nil) })
}

func deviceAuthorization(t *testing.T, credentials *sdk.Credentials) {
	t.Helper()
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantDeviceCode, flowstest.GrantRefreshToken},
		Clients:    []flowstest.Client{{ID: "tv"}},
	}, flowstest.ResourceConfig{})
	shown := ""
	client := w.client(t, func(c *sdk.Config) {
		c.Credentials, c.Authorizer = credentials, nil
		c.Grant = sdk.DeviceAuthorization{Show: func(_ context.Context, d *flows.DeviceAuthorization) error {
			shown = d.UserCode
			return w.as.ApproveDevice(d.UserCode)
		}}
	}).HTTPClient()
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Device.Interval = time.Second })
	wantStatus(t, client, w.rs.URL(), 200)
	if shown == "" {
		t.Error("no code was shown")
	}
	w.as.RevokeAccessTokens()
	wantStatus(t, client, w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"device": 1, "token:refresh_token": 1})
}

// EXT-5: proofs at token, refresh and resource, with nonces of both servers
// that change with each answer; the key survives a restart, and so does the
// two-legged login.
func TestDPoP(t *testing.T) {
	for name, nonce := range map[string]flowstest.DPoPNonce{
		"without nonces": flowstest.NonceOff, "nonces": flowstest.NonceRequired, "new nonces": flowstest.NonceEachAnswer,
	} {
		t.Run(name, func(t *testing.T) {
			dpop := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired, Nonce: nonce}
			w := newWorld(t, flowstest.ServerConfig{DPoP: dpop}, flowstest.ResourceConfig{DPoP: dpop})
			store := sdk.NewMemoryStore()
			persist := func(c *sdk.Config) { c.Store = store }
			client := w.client(t, persist).HTTPClient()
			for range 3 {
				wantStatus(t, client, w.rs.URL(), 200)
			}
			w.as.RevokeAccessTokens()
			wantStatus(t, client, w.rs.URL(), 200)
			wantStatus(t, w.client(t, persist).HTTPClient(), w.rs.URL(), 200)
			wantCounts(t, w.as, map[string]int{"authorize": 1})

			two := w.client(t, twoLegged(store, "bob"))
			begun, err := two.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			callback, err := w.as.Authorize(t.Context(), begun.URL())
			if err != nil {
				t.Fatal(err)
			}
			if err := w.client(t, twoLegged(store, "bob")).Finish(t.Context(), "bob", callback); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, two.HTTPClient(), w.rs.URL(), 200)
		})
	}
}

// EXT-5, TOK-6: a server that answers a proof with a bearer token is refused
// where the resource demands proofs; a resource that is never content gets one
// more try.
func TestDPoPRefusals(t *testing.T) {
	t.Run("downgrade", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPDowngrade}},
			flowstest.ResourceConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}})
		var downgrade *flows.DowngradeError
		if _, _, err := try(t, w.client(t).HTTPClient(), w.rs.URL(), "{}"); !errors.As(err, &downgrade) {
			t.Errorf("error %v, want *flows.DowngradeError", err)
		}
	})
	t.Run("insatiable", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}},
			flowstest.ResourceConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPRequired, Nonce: flowstest.NonceInsatiable}})
		_, _, err := try(t, w.client(t).HTTPClient(), w.rs.URL(), "{}")
		if n := w.rs.Count("mcp"); n > 4 {
			t.Errorf("sent %d times (%v), want at most 4", n, err)
		}
		if n := w.human.prompts.Load(); n != 1 {
			t.Errorf("%d prompts, want 1", n)
		}
	})
}

// AUTHZ-11: the request is pushed where the server wants it so.
func TestPushedAuthorization(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{PAR: flowstest.PARConfig{Policy: flowstest.PARRequired}}, flowstest.ResourceConfig{})
	wantStatus(t, w.client(t).HTTPClient(), w.rs.URL(), 200)
	for _, r := range w.as.RequestsOf("authorize") {
		if r.Query.Has("code_challenge") || !r.Query.Has("request_uri") {
			t.Errorf("authorization request: %s", r.Query)
		}
	}
}

// EXT-8: a logout revokes, and forgets whether or not that works.
func TestLogoutRevokes(t *testing.T) {
	for name, fault := range map[string]flowstest.Fault{"works": nil, "fails": flowstest.On("revoke", flowstest.Answer(http.StatusBadRequest, "text/plain", "no"))} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{Fault: fault}, flowstest.ResourceConfig{})
			auth := w.client(t)
			if err := auth.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := auth.Logout(t.Context())
			if (err != nil) != (fault != nil) {
				t.Errorf("Logout: %v", err)
			}
			if w.as.Families()[0].Revoked != (fault == nil) {
				t.Errorf("grant revoked at the server: %t", w.as.Families()[0].Revoked)
			}
			if _, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
				t.Errorf("Token after logout: %v", err)
			}
		})
	}
}

// EXT-10: a static token is sent, and when it is rejected that is the end.
func TestStaticBearer(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{ScopesFor: scopesByPath})
	issued := w.as.IssueToken(flowstest.Grant{ClientID: "by hand", Subject: "alice", Resource: []string{w.rs.URL()}})
	auth := w.client(t, func(c *sdk.Config) { c.Grant = sdk.StaticBearer{Token: gen.Secret(issued.AccessToken)} })
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	if token, err := auth.Token(t.Context()); err != nil || token.AccessToken.Reveal() != issued.AccessToken {
		t.Errorf("token %v, error %v", token, err)
	}
	wantStepUpError(t, w, auth.HTTPClient(), "/write", 0)
	w.as.RevokeAccessTokens()
	for range 2 {
		if _, _, err := try(t, auth.HTTPClient(), w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrStaticRejected) || !sdk.NeedsHuman(err) {
			t.Errorf("rejected token: %v, want ErrStaticRejected", err)
		}
	}
	if err := auth.Login(t.Context()); !errors.Is(err, sdk.ErrStaticRejected) {
		t.Errorf("Login: %v, want ErrStaticRejected", err)
	}
	if got := w.as.Requests(); len(got) != 0 {
		t.Errorf("%d requests at the authorization server, first %s", len(got), got[0].Path)
	}
	if _, err := sdk.New(sdk.Config{Resource: w.rs.URL(), Grant: sdk.StaticBearer{Token: "two words"}}); err == nil {
		t.Error("a token with a space was taken")
	}
}

// REG-2, TOK-2: a program with a metadata document and a key signs, at the first
// login and at those after it, also when what was stored says otherwise.
func TestDocumentClientSigns(t *testing.T) {
	const document = "https://app.example.com/client.json"
	key := flowstest.NewSigningKey("ES256")
	w := newWorld(t, flowstest.ServerConfig{
		AuthMethods: []string{"none", "private_key_jwt"},
		ClientIDDocuments: map[string]string{document: `{"client_id":"` + document + `","client_name":"App","redirect_uris":["http://127.0.0.1:7777/callback"],` +
			`"token_endpoint_auth_method":"private_key_jwt","jwks":` + string(flowstest.KeySet(key)) + `}`},
	}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) {
		c.ClientIDMetadataURL, c.ClientKey = document, &flows.ClientKey{Signer: key.Signer(), KeyID: key.KeyID()}
	})
	for range 2 {
		if err := auth.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range w.as.RequestsOf("token:authorization_code") {
		if r.Param("client_assertion") == "" || r.Param("client_id") != "" && r.Param("client_id") != document {
			t.Errorf("token request with %v", r.Form)
		}
	}
	wantCounts(t, w.as, map[string]int{"register": 0, "token:authorization_code": 2})
}

// REF-6: a server that does not answer a machine is left alone for a moment,
// while the present token goes on working.
func TestMachineBacksOff(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{{ID: "m", Secret: "s"}},
	}, flowstest.ResourceConfig{})
	client := w.client(t, func(c *sdk.Config) {
		c.Grant, c.Skew = sdk.ClientCredentials{}, 59*time.Minute+59*time.Second
		c.Credentials = &sdk.Credentials{ClientID: "m", ClientSecret: "s"}
	}).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:client_credentials", flowstest.Firewall())
	})
	time.Sleep(1100 * time.Millisecond) // the token is due, and good for most of an hour
	w.as.ForgetRequests()
	for range 20 {
		wantStatus(t, client, w.rs.URL(), 200)
	}
	if n := w.as.Count("token"); n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// REF-5: Close does not cut off the answer to a refresh that the server has
// acted on: the rotated token is stored.
func TestCloseKeepsTheRefresh(t *testing.T) {
	answering, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{Refresh: func(map[string]any) { close(answering); <-release }}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	persist := func(c *sdk.Config) { c.Store = store }
	auth := w.client(t, persist)
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	var requests, closing sync.WaitGroup
	requests.Go(func() { _, _, _ = try(t, auth.HTTPClient(), w.rs.URL(), "{}") })
	<-answering
	closing.Go(func() { _ = auth.Close() })
	time.AfterFunc(50*time.Millisecond, func() { close(release) })
	closing.Wait()
	requests.Wait()
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Refresh = nil })
	wantStatus(t, w.client(t, persist).HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"authorize": 1, "token:refresh_token": 1})
}
