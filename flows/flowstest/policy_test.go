package flowstest_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// AUTHZ-2: what becomes of the resource parameter under each policy.
func TestResourcePolicies(t *testing.T) {
	tests := map[string]struct {
		policy   flowstest.ResourcePolicy
		resource string // of both requests
		refresh  string // the error of a refresh without resource
		audience string
	}{
		"required":          {flowstest.ResourceRequired, resource, "invalid_target", resource},
		"optional":          {flowstest.ResourceOptional, resource, "", resource},
		"optional, without": {flowstest.ResourceOptional, "", "", ""},
		"ignored":           {flowstest.ResourceIgnored, resource, "", ""},
		"refused":           {flowstest.ResourceRefused, "", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{Resource: test.policy})
			code := callback(t, as, authorizationForm("resource", test.resource)).Get("code")
			token := post(t, as, "token", codeForm(code, "resource", test.resource)).expect(t, 200, "")
			info, _ := as.Token(token.text("access_token"))
			if got := strings.Join(info.Resource, " "); got != test.audience {
				t.Errorf("audience %q", got)
			}
			status := http.StatusOK
			if test.refresh != "" {
				status = http.StatusBadRequest
			}
			post(t, as, "token", refreshForm(token.text("refresh_token"), "resource", "")).expect(t, status, test.refresh)
		})
	}
	as := newServer(t, flowstest.ServerConfig{Resource: flowstest.ResourceRefused})
	code := callback(t, as, authorizationForm("resource", "")).Get("code")
	post(t, as, "token", codeForm(code)).expect(t, 400, "invalid_target")
}

// Two resources can be authorized at once; each token request picks one.
func TestSeveralResources(t *testing.T) {
	const other = "https://other.example.com/mcp"
	as := newServer(t, flowstest.ServerConfig{})
	form := authorizationForm()
	form.Add("resource", other)
	token := post(t, as, "token", codeForm(callback(t, as, form).Get("code"))).expect(t, 200, "")
	next := post(t, as, "token", refreshForm(token.text("refresh_token"), "resource", other)).expect(t, 200, "")
	first, _ := as.Token(token.text("access_token"))
	second, _ := as.Token(next.text("access_token"))
	if strings.Join(first.Resource, " ") != resource || strings.Join(second.Resource, " ") != other {
		t.Errorf("audiences %q and %q", first.Resource, second.Resource)
	}
}

// META-1: a server that is lax about PKCE still checks what it gets.
func TestLaxPKCE(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{AllowNoPKCE: true, AllowPlainPKCE: true})
	without := []string{"code_challenge", "", "code_challenge_method", ""}
	code := func(changes ...string) string {
		return callback(t, as, authorizationForm(changes...)).Get("code")
	}
	post(t, as, "token", codeForm(code(without...), "code_verifier", "")).expect(t, 200, "")
	post(t, as, "token", codeForm(code(without...))).expect(t, 400, "invalid_grant") // a downgrade
	plain := []string{"code_challenge", verifier, "code_challenge_method", "plain"}
	post(t, as, "token", codeForm(code(plain...))).expect(t, 200, "")
	post(t, as, "token", codeForm(code("code_challenge", verifier, "code_challenge_method", ""))).expect(t, 200, "")
	post(t, as, "token", codeForm(code(plain...), "code_verifier", verifier+"x")).expect(t, 400, "invalid_grant")
	for _, bad := range [][]string{{"code_challenge", "short", "code_challenge_method", "plain"}, {"code_challenge_method", "S512"}} {
		if got := callback(t, as, authorizationForm(bad...)).Get("error"); got != "invalid_request" {
			t.Errorf("%v: error %q", bad, got)
		}
	}
}

// Scope without a request for it, and the bound of a client.
func TestScopes(t *testing.T) {
	bound := public
	bound.Scope = "a"
	as := newServer(t, flowstest.ServerConfig{DefaultScope: "d", Clients: []flowstest.Client{bound}})
	if got := callback(t, as, authorizationForm()).Get("error"); got != "invalid_scope" {
		t.Errorf("error %q", got)
	}
	code := callback(t, as, authorizationForm("scope", "")).Get("code")
	if token := post(t, as, "token", codeForm(code)).expect(t, 200, ""); token.text("scope") != "d" {
		t.Errorf("scope %q", token.text("scope"))
	}
}

// AddClient replaces; all tokens can be made useless at once.
func TestClientAndTokenControl(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	token := login(t, as)
	as.RevokeAccessTokens()
	if info, _ := as.Token(token.text("access_token")); !info.Revoked {
		t.Error("the access token is good")
	}
	as.RevokeRefreshTokens()
	post(t, as, "token", refreshForm(token.text("refresh_token"))).expect(t, 400, "invalid_grant")
	as.AddClient(flowstest.Client{ID: public.ID, Secret: "s"})
	post(t, as, "token", refreshForm("x")).expect(t, 401, "invalid_client")
	if _, ok := as.Token("x"); ok {
		t.Error("an unknown token is known")
	}
}

// No bytes make the server fail: it answers each of them with a client error.
func FuzzServer(f *testing.F) {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{Clients: []flowstest.Client{public}})
	f.Cleanup(as.Close)
	f.Add("token", "application/x-www-form-urlencoded", "Basic cHVibGljOng=", codeForm("x").Encode())
	f.Add("token", "application/x-www-form-urlencoded", "Basic %", "grant_type=refresh_token&refresh_token=%zz")
	f.Add("register", "application/json", "", `{"redirect_uris":["https://c.example.com/cb"],"jwks":{"keys":[{}]}}`)
	f.Add("register", "application/json", "Bearer x", `{"a":{"b":[1,{"c":2,"c":3}]}}`)
	f.Add("revoke", "application/x-www-form-urlencoded; charset=x", "Bearer x", "token=x&client_id=public")
	f.Add("introspect", "", "", "\x00")
	f.Add("authorize", "application/x-www-form-urlencoded", "", authorizationForm("redirect_uri", "http://[::1%]/").Encode())
	f.Fuzz(func(t *testing.T, endpoint, contentType, authorization, body string) {
		if !slices.Contains([]string{"authorize", "register", "revoke", "introspect", "login"}, endpoint) {
			endpoint = "token"
		}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, as.Endpoint(endpoint), strings.NewReader(body))
		request.Header.Set("Content-Type", contentType)
		if authorization != "" {
			request.Header.Set("Authorization", authorization)
		}
		answer := httptest.NewRecorder()
		as.Handler().ServeHTTP(answer, request)
		as.ForgetRequests()
		if answer.Code >= 500 || answer.Code < 200 {
			t.Errorf("answer %d %s", answer.Code, answer.Body)
		}
	})
}
