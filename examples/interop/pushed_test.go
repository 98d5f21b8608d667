package interop

import (
	"errors"
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// AUTHZ-11: the request is pushed where the server requires it, and where the
// configuration asks for it. The browser carries the reference alone.
func TestPushedAuthorization(t *testing.T) {
	for name, profile := range map[string]string{"required": pushed, "asked for": open} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, profile)
			w.call(w.client(func(c *sdk.Config) { c.PushAuthorization = profile == open }), http.MethodGet, scopeRead)
			request := w.sent(1, "pushed_authorization_request")[0]
			request.sent(t, "client_id", "code_challenge", "code_challenge_method", "prompt", "redirect_uri", "resource", "response_type", "scope", "state")
			request.had(t, "resource", w.resource.url)
			if request.Status != http.StatusCreated {
				t.Error(request)
			}
			w.authorizations(1)[0].sent(t, "client_id", "request_uri")
			w.sent(1, "token")[0].sent(t, "client_id", "code", "code_verifier", "grant_type", "redirect_uri", "resource")
		})
	}
}

// AUTHZ-11: a client with a secret authenticates when it pushes.
func TestPushedAuthorizationAuthenticates(t *testing.T) {
	w := begin(t, pushed)
	metadata := codeClient(flows.AuthMethodBasic)
	known := w.register(metadata)
	w.call(w.client(func(c *sdk.Config) { c.Credentials = w.credentials(known) }), http.MethodGet, scopeRead)
	if request := w.sent(1, "pushed_authorization_request")[0]; request.Authorization != "Basic" {
		t.Error(request)
	}
}

// AUTHZ-11: what the server thinks of a pushed request is a typed error before
// any browser opens.
func TestPushedAuthorizationRefused(t *testing.T) {
	w := begin(t, pushed)
	_, err := w.try(w.client(func(c *sdk.Config) {
		c.ResourceParameter = func(string, string) string { return "https://elsewhere.example/mcp" }
	}), http.MethodGet)
	var refusal *flows.EndpointError
	if !errors.As(err, &refusal) || refusal.Code != "invalid_target" {
		t.Errorf("error = %v, want a *flows.EndpointError with invalid_target", err)
	}
	w.logins(0)
	w.written(0)
}
