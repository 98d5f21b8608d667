package flows_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

func pushingServer(t testing.TB, policy flowstest.PARPolicy, change ...func(*flowstest.ServerConfig)) *flowstest.AuthorizationServer {
	t.Helper()
	config := flowstest.ServerConfig{
		PAR: flowstest.PARConfig{Policy: policy}, AuthMethods: []string{"none", "client_secret_basic", "private_key_jwt"},
		Clients: []flowstest.Client{
			{ID: "public", RedirectURIs: []string{loopbackRedirect}},
			{ID: "secret", Secret: longSecret, RedirectURIs: []string{loopbackRedirect}},
			{ID: "me", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(signingKey("ES256")), RedirectURIs: []string{loopbackRedirect}},
		},
	}
	for _, f := range change {
		f(&config)
	}
	return newServer(t, config)
}

func pushRequest(t testing.TB, as *flowstest.AuthorizationServer, auth flows.ClientAuth) flows.AuthorizeRequest {
	t.Helper()
	found := discovered(t, as)
	return flows.AuthorizeRequest{
		Discovery: found, Client: &gen.ClientInformation{ClientID: auth.ClientID}, Auth: auth, RedirectURI: loopbackRedirect,
		Resource: found.Resource, Scope: []string{"a", "offline_access"}, Params: url.Values{"login_hint": {"alice"}},
	}
}

// AUTHZ-11: whoever the client is, the browser carries a reference and nothing
// else, and the answer is checked and redeemed as ever.
func TestAuthorizePushed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy flowstest.PARPolicy
		push   bool
		auth   func(as *flowstest.AuthorizationServer) flows.ClientAuth
		pushed bool
	}{
		{"required", flowstest.PARRequired, false, func(*flowstest.AuthorizationServer) flows.ClientAuth {
			return flows.ClientAuth{ClientID: "public", Method: flows.AuthMethodNone}
		}, true},
		{"asked for", flowstest.PAROptional, true, func(*flowstest.AuthorizationServer) flows.ClientAuth {
			return flows.ClientAuth{ClientID: "secret", Secret: secret(longSecret), Method: flows.AuthMethodBasic}
		}, true},
		{"with a key", flowstest.PARRequired, false, func(as *flowstest.AuthorizationServer) flows.ClientAuth { return keyAuth(as, "ES256") }, true},
		{"neither", flowstest.PAROptional, false, func(*flowstest.AuthorizationServer) flows.ClientAuth {
			return flows.ClientAuth{ClientID: "public", Method: flows.AuthMethodNone}
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := pushingServer(t, tt.policy)
			auth := tt.auth(as)
			in := pushRequest(t, as, auth)
			in.Push = tt.push
			c := loopbackClient()
			pending, err := c.AuthorizePushed(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			q := query(t, pending.URL)
			if tt.pushed != (len(q) == 2 && q.Get("client_id") == auth.ClientID && q.Get("request_uri") != "") || tt.pushed == q.Has("state") {
				t.Errorf("%v", q)
			}
			if tt.pushed != (as.Count("par") == 1) || tt.pushed == pending.URLExpiresAt.IsZero() {
				t.Errorf("%d pushed, expires %v", as.Count("par"), pending.URLExpiresAt)
			}
			if tt.pushed {
				form := as.RequestsOf("par")[0].Form
				for name, want := range map[string]string{
					"response_type": "code", "redirect_uri": loopbackRedirect, "state": pending.State, "code_challenge_method": "S256",
					"resource": in.Resource, "scope": "a offline_access", "prompt": "consent", "login_hint": "alice", "client_id": auth.ClientID,
				} {
					if form.Get(name) != want || len(form[name]) != 1 {
						t.Errorf("%s %q, want %q", name, form[name], want)
					}
				}
				if form.Has("request_uri") || form.Has("code_verifier") {
					t.Errorf("%v", form)
				}
			}
			callback, err := as.Authorize(t.Context(), pending.URL)
			if err != nil {
				t.Fatal(err)
			}
			code, err := pending.Code(callback)
			if err != nil {
				t.Fatal(err)
			}
			request := requestTo(as, auth)
			request.Resource = in.Resource
			if _, err := c.ExchangeCode(t.Context(), flows.CodeRequest{TokenRequest: request, Code: code, Verifier: pending.Verifier, RedirectURI: pending.RedirectURI}); err != nil {
				t.Error(err)
			}
		})
	}
}

// EXT-5, AUTHZ-11: the key to which the code is bound is pushed, not shown in
// the URL; the code then serves with that key alone. With it the request needs
// no proof (RFC 9449 §10.1).
func TestAuthorizePushedKey(t *testing.T) {
	dpop := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}
	for name, own := range map[string]bool{"its key": true, "another key": false} {
		t.Run(name, func(t *testing.T) {
			as := pushingServer(t, flowstest.PARRequired, func(c *flowstest.ServerConfig) { c.DPoP = dpop })
			auth, key := flows.ClientAuth{ClientID: "public", Method: flows.AuthMethodNone}, newKey(t, "")
			in := pushRequest(t, as, auth)
			in.DPoPKey = key
			pending, err := loopbackClient().AuthorizePushed(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			pushed := as.RequestsOf("par")[0]
			if pushed.Form.Get("dpop_jkt") != key.Thumbprint() || pushed.Header.Get("DPoP") != "" || query(t, pending.URL).Has("dpop_jkt") {
				t.Errorf("pushed %v, browser %s", pushed.Form, pending.URL)
			}
			callback, err := as.Authorize(t.Context(), pending.URL)
			if err != nil {
				t.Fatal(err)
			}
			code, err := pending.Code(callback)
			if err != nil {
				t.Fatal(err)
			}
			request := requestTo(as, auth)
			request.Resource, request.DPoP = in.Resource, flows.NewDPoP(key)
			if !own {
				request.DPoP = flows.NewDPoP(newKey(t, ""))
			}
			_, err = loopbackClient().ExchangeCode(t.Context(), flows.CodeRequest{TokenRequest: request, Code: code, Verifier: pending.Verifier, RedirectURI: pending.RedirectURI})
			if own != (err == nil) {
				t.Error(err)
			}
		})
	}
}

// AUTHZ-6, AUTHZ-11: state and iss are checked for a pushed request as well.
func TestAuthorizePushedAnswer(t *testing.T) {
	for name, change := range map[string]func(*flowstest.ServerConfig){
		"iss": func(c *flowstest.ServerConfig) { c.Iss = "https://evil.example.com" },
		"state": func(c *flowstest.ServerConfig) {
			c.Decide = flowstest.Respond(func(v url.Values) { v.Set("state", "other") })
		},
	} {
		as := pushingServer(t, flowstest.PARRequired, change)
		pending, err := loopbackClient().AuthorizePushed(t.Context(), pushRequest(t, as, flows.ClientAuth{ClientID: "public"}))
		if err != nil {
			t.Fatal(err)
		}
		callback, err := as.Authorize(t.Context(), pending.URL)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := pending.Code(callback); !errors.As(err, new(*flows.CallbackError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// AUTHZ-11: a request that has to be pushed has no URL otherwise.
func TestAuthorizeMustPush(t *testing.T) {
	as := pushingServer(t, flowstest.PARRequired)
	if pending, err := loopbackClient().Authorize(pushRequest(t, as, flows.ClientAuth{ClientID: "public"})); err == nil {
		t.Errorf("%v", pending)
	}
	as = pushingServer(t, flowstest.PARDisabled)
	in := pushRequest(t, as, flows.ClientAuth{ClientID: "public"})
	in.Push = true
	_, err := loopbackClient().AuthorizePushed(t.Context(), in)
	var missing *flows.MissingEndpointError
	if !errors.As(err, &missing) || missing.Endpoint != "pushed_authorization_request_endpoint" || as.Count("par") != 0 {
		t.Error(err)
	}
}

// AUTHZ-11: refusals, and answers that are none.
func TestAuthorizePushedRefused(t *testing.T) {
	for _, tt := range []struct {
		name      string
		change    func(*flowstest.ServerConfig)
		auth      flows.ClientAuth
		code      string
		temporary bool
		requests  int
	}{
		{"another secret", nil, flows.ClientAuth{ClientID: "secret", Secret: "wr0ng-s3cret", Method: flows.AuthMethodBasic}, "invalid_client", false, 1},
		{"a scope", func(c *flowstest.ServerConfig) { c.Scopes = []string{"x"} }, flows.ClientAuth{ClientID: "public"}, "invalid_scope", false, 1},
		{"not now", func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("par", flowstest.Unavailable(1)) }, flows.ClientAuth{ClientID: "public"}, "", true, 1},
		{"the answer is lost", func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("par", flowstest.LoseAnswer()) }, flows.ClientAuth{ClientID: "public"}, "", true, 1},
		{"a redirect", func(c *flowstest.ServerConfig) {
			c.Fault = flowstest.On("par", flowstest.RedirectTo(http.StatusTemporaryRedirect, "https://evil.example.com/"))
		}, flows.ClientAuth{ClientID: "public"}, "", false, 1},
		{"no reference", func(c *flowstest.ServerConfig) { c.PAR.Answer = flowstest.Without("request_uri") }, flows.ClientAuth{ClientID: "public"}, "", false, 1},
		{"a reference that is none", func(c *flowstest.ServerConfig) { c.PAR.Answer = flowstest.With("request_uri", "urn:x y\n") }, flows.ClientAuth{ClientID: "public"}, "", false, 1},
		{"an endless reference", func(c *flowstest.ServerConfig) {
			c.PAR.Answer = flowstest.With("request_uri", "urn:"+strings.Repeat("x", 5000))
		}, flows.ClientAuth{ClientID: "public"}, "", false, 1},
		{"no PKCE", func(c *flowstest.ServerConfig) { c.Metadata = flowstest.Without("code_challenge_methods_supported") }, flows.ClientAuth{ClientID: "public"}, "", false, 0},
		{"an endpoint of plain http", func(c *flowstest.ServerConfig) {
			c.Metadata = flowstest.With("pushed_authorization_request_endpoint", "http://as.example.com/par")
		}, flows.ClientAuth{ClientID: "public"}, "", false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(*flowstest.ServerConfig) {}
			}
			as := pushingServer(t, flowstest.PARRequired, tt.change)
			pending, err := loopbackClient().AuthorizePushed(t.Context(), pushRequest(t, as, tt.auth))
			if err == nil || pending != nil || flows.IsTemporary(err) != tt.temporary || as.Count("par") != tt.requests {
				t.Fatalf("temporary %t, %d requests: %v", flows.IsTemporary(err), as.Count("par"), err)
			}
			var failed *flows.EndpointError
			if errors.As(err, &failed) != (tt.name != "no PKCE") || failed != nil && (failed.Code != tt.code || failed.Endpoint != "pushed_authorization_request_endpoint") {
				t.Errorf("%v", err)
			}
			if tt.name == "no PKCE" && !errors.Is(err, validate.RulePKCEMissing) { // META-1
				t.Errorf("%v", err)
			}
			expectNoSecrets(t, err, []string{"wr0ng-s3cret"})
		})
	}
}

// AUTHZ-11: a clock that is off is named here too.
func TestAuthorizePushedClock(t *testing.T) {
	as := pushingServer(t, flowstest.PARRequired, func(c *flowstest.ServerConfig) {
		c.Now = func() time.Time { return time.Now().Add(10 * time.Minute) }
	})
	in := pushRequest(t, as, keyAuth(as, "ES256"))
	_, err := clockOf(10*time.Minute).AuthorizePushed(t.Context(), in)
	var clock *flows.ClockError
	if !errors.As(err, &clock) || clock.Skew < 9*time.Minute || !strings.Contains(err.Error(), "behind") {
		t.Error(err)
	}
}

// AUTHZ-11: whatever the server answers, the URL for the browser is one, with
// two parameters.
func FuzzPushedAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"request_uri":"urn:ietf:params:oauth:request_uri:x","expires_in":60}`, `{"request_uri":"a&state=b#c","expires_in":-1}`,
		`{"request_uri":"\u0000","expires_in":60}`, `{"request_uri":7}`, `[]`,
	} {
		f.Add([]byte(seed))
	}
	var body []byte
	c := &flows.Client{HTTP: tripFunc(func(*http.Request) (*http.Response, error) { return answerOf(body), nil }).client()}
	found := configured(f, c, asmOf(asIssuer).with("pushed_authorization_request_endpoint", asIssuer+"/par"))
	in := authorizeRequest(found)
	in.Push = true
	f.Fuzz(func(t *testing.T, answer []byte) {
		body = answer
		pending, err := c.AuthorizePushed(t.Context(), in)
		if err != nil {
			return
		}
		u, err := url.Parse(pending.URL)
		if err != nil || len(u.Query()) != 2 || u.Fragment != "" || u.Host != "as.example.com" || len(pending.URL) > 8<<10 {
			t.Errorf("%q: %v", pending.URL, err)
		}
	})
}
