package flowstest_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// AUTHZ-6: state comes back as it was sent and iss is the issuer, byte for
// byte, on success and on error.
func TestAuthorizationResponse(t *testing.T) {
	tests := map[string]struct {
		config flowstest.ServerConfig
		form   url.Values
		want   map[string]string
	}{
		"code":         {form: authorizationForm(), want: map[string]string{"state": "st ate&", "iss": "ISSUER", "error": ""}},
		"no state":     {form: authorizationForm("state", ""), want: map[string]string{"state": "", "iss": "ISSUER"}},
		"no iss":       {config: flowstest.ServerConfig{OmitIss: true}, form: authorizationForm(), want: map[string]string{"iss": ""}},
		"wrong iss":    {config: flowstest.ServerConfig{Iss: "https://evil.example.com"}, form: authorizationForm(), want: map[string]string{"iss": "https://evil.example.com"}},
		"login page":   {config: flowstest.ServerConfig{LoginPage: true}, form: authorizationForm(), want: map[string]string{"state": "st ate&", "iss": "ISSUER", "error": ""}},
		"denied":       {config: flowstest.ServerConfig{Decide: flowstest.Deny()}, form: authorizationForm(), want: map[string]string{"error": "access_denied", "code": "", "state": "st ate&", "iss": "ISSUER"}},
		"wrong state":  {config: flowstest.ServerConfig{Decide: flowstest.Respond(func(v url.Values) { v.Set("state", "other") })}, form: authorizationForm(), want: map[string]string{"state": "other"}},
		"token":        {form: authorizationForm("response_type", "token"), want: map[string]string{"error": "unsupported_response_type", "state": "st ate&", "iss": "ISSUER"}},
		"no type":      {form: authorizationForm("response_type", ""), want: map[string]string{"error": "invalid_request"}},
		"fragment":     {form: authorizationForm("response_mode", "fragment"), want: map[string]string{"error": "invalid_request"}},
		"request":      {form: authorizationForm("request", "x"), want: map[string]string{"error": "request_not_supported"}},
		"secret":       {form: authorizationForm("client_secret", "x"), want: map[string]string{"error": "invalid_request"}},
		"verifier":     {form: authorizationForm("code_verifier", verifier), want: map[string]string{"error": "invalid_request"}},
		"no PKCE":      {form: authorizationForm("code_challenge", ""), want: map[string]string{"error": "invalid_request"}},
		"plain PKCE":   {form: authorizationForm("code_challenge_method", "plain"), want: map[string]string{"error": "invalid_request"}},
		"no method":    {form: authorizationForm("code_challenge_method", ""), want: map[string]string{"error": "invalid_request"}},
		"padded":       {form: authorizationForm("code_challenge", strings.Repeat("a", 43)+"="), want: map[string]string{"error": "invalid_request"}},
		"no resource":  {form: authorizationForm("resource", ""), want: map[string]string{"error": "invalid_target"}},
		"fragment res": {form: authorizationForm("resource", resource+"#"), want: map[string]string{"error": "invalid_target"}},
		"relative res": {form: authorizationForm("resource", "/mcp"), want: map[string]string{"error": "invalid_target"}},
		"unknown res":  {config: flowstest.ServerConfig{Resources: []string{"https://other.example.com"}}, form: authorizationForm(), want: map[string]string{"error": "invalid_target"}},
		"refused res":  {config: flowstest.ServerConfig{Resource: flowstest.ResourceRefused}, form: authorizationForm(), want: map[string]string{"error": "invalid_target"}},
		"bad scope":    {form: authorizationForm("scope", "a  b"), want: map[string]string{"error": "invalid_scope"}},
		"quoted scope": {form: authorizationForm("scope", `a"b`), want: map[string]string{"error": "invalid_scope"}},
		"other scope":  {config: flowstest.ServerConfig{Scopes: []string{"a"}}, form: authorizationForm(), want: map[string]string{"error": "invalid_scope"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, test.config)
			got := callback(t, as, test.form)
			for member, want := range test.want {
				if want = strings.Replace(want, "ISSUER", as.Issuer(), 1); got.Get(member) != want {
					t.Errorf("%s = %q, want %q", member, got.Get(member), want)
				}
			}
			if got.Has("code") == got.Has("error") {
				t.Errorf("redirect with %v", got)
			}
			if got.Get("tenant") != "1" {
				t.Error("the query of the redirect URI is lost")
			}
		})
	}
}

// A request that may come from anybody is answered with a page.
func TestAuthorizationPage(t *testing.T) {
	repeated := authorizationForm()
	repeated.Add("state", "second")
	tests := map[string]url.Values{
		"no client":            authorizationForm("client_id", ""),
		"unknown client":       authorizationForm("client_id", "who"),
		"no redirect URI":      authorizationForm("redirect_uri", ""),
		"other redirect URI":   authorizationForm("redirect_uri", "https://evil.example.com/callback"),
		"shorter redirect URI": authorizationForm("redirect_uri", "https://client.example.com/callback"),
		"repeated parameter":   repeated,
	}
	for name, form := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{})
			_, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+form.Encode())
			var page *flowstest.PageError
			if !errors.As(err, &page) || page.Status != http.StatusBadRequest {
				t.Errorf("got %v, want a page", err)
			}
		})
	}
}

// REG-11: which ports of a loopback redirect URI are accepted.
func TestLoopbackPort(t *testing.T) {
	registered := []string{"http://127.0.0.1:1/cb", "http://[::1]:1/cb", "http://localhost:1/cb"}
	tests := []struct {
		policy flowstest.LoopbackPolicy
		uri    string
		want   bool
	}{
		{flowstest.LoopbackAnyPortIP, "http://127.0.0.1:2/cb", true},
		{flowstest.LoopbackAnyPortIP, "http://127.0.0.1/cb", true},
		{flowstest.LoopbackAnyPortIP, "http://[::1]:2/cb", true},
		{flowstest.LoopbackAnyPortIP, "http://localhost:1/cb", true},
		{flowstest.LoopbackAnyPortIP, "http://localhost:2/cb", false},
		{flowstest.LoopbackAnyPortIP, "http://127.0.0.1:2/other", false},
		{flowstest.LoopbackAnyPortIP, "http://127.0.0.2:2/cb", false},
		{flowstest.LoopbackAnyPortIP, "https://127.0.0.1:2/cb", false},
		{flowstest.LoopbackAnyPortIP, "http://127.0.0.1:2/cb?x=1", false},
		{flowstest.LoopbackAnyPortIP, "http://127.0.0.1.example.com:2/cb", false},
		{flowstest.LoopbackAnyPort, "http://localhost:2/cb", true},
		{flowstest.LoopbackExactPort, "http://127.0.0.1:1/cb", true},
		{flowstest.LoopbackExactPort, "http://127.0.0.1:2/cb", false},
	}
	for _, test := range tests {
		as := newServer(t, flowstest.ServerConfig{
			LoopbackPort: test.policy, Clients: []flowstest.Client{{ID: "public", RedirectURIs: registered}},
		})
		form := authorizationForm("redirect_uri", test.uri)
		_, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+form.Encode())
		if got := err == nil; got != test.want {
			t.Errorf("policy %d: %s accepted: %v, want %v", test.policy, test.uri, got, test.want)
		}
	}
}

// A user who thinks is left alone when the caller goes, and when the server
// closes.
func TestSlowUser(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Decide: func(flowstest.AuthorizationRequest) flowstest.Decision {
		return flowstest.Decision{Delay: time.Hour}
	}})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := as.Authorize(ctx, as.Endpoint("authorize")+"?"+authorizationForm().Encode())
		done <- err
	}()
	for as.Count("authorize") == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// The user sees what is asked and grants what they like.
func TestDecision(t *testing.T) {
	granted := "a"
	as := newServer(t, flowstest.ServerConfig{Decide: func(r flowstest.AuthorizationRequest) flowstest.Decision {
		if r.ClientID != "public" || r.Scope != "a b" || r.State != "st ate&" || r.Resource[0] != resource || r.RedirectURI != redirectURI {
			t.Errorf("asked %+v", r)
		}
		return flowstest.Decision{Scope: &granted, Subject: "alice"}
	}})
	token := login(t, as)
	if token.text("scope") != "a" {
		t.Errorf("granted %v", token.json)
	}
	if info, ok := as.Token(token.text("access_token")); !ok || info.Subject != "alice" {
		t.Errorf("token %+v", info)
	}
}
