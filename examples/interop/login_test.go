package interop

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// REG-4, AUTHZ-1, AUTHZ-2, AUTHZ-6, AUTHZ-13, TOK-1
func TestRegistrationAndCode(t *testing.T) {
	w := begin(t, open)
	w.call(w.client(nil), http.MethodGet, scopeRead)
	w.logins(1)

	registration := w.sent(1, "registration")[0]
	registration.sent(t, "application_type", "client_name", "grant_types", "redirect_uris", "response_types", "token_endpoint_auth_method")
	registration.had(t, "application_type", "native")
	registration.had(t, "grant_types", "authorization_code", "refresh_token")
	registration.had(t, "token_endpoint_auth_method", "none")

	request := w.authorizations(1)[0]
	request.sent(t, "client_id", "code_challenge", "code_challenge_method", "prompt", "redirect_uri", "resource", "response_type", "scope", "state")
	request.had(t, "code_challenge_method", "S256")
	request.had(t, "resource", w.resource.url)
	request.had(t, "response_type", "code")
	request.had(t, "scope", "notes:read offline_access")

	answer := w.browser.callback(t)
	if got := answer["iss"]; !slices.Equal(got, []string{w.issuer}) {
		t.Errorf("iss = %q, want %q: nothing was checked", got, w.issuer)
	}

	redemption := w.sent(1, "token")[0]
	redemption.sent(t, "client_id", "code", "code_verifier", "grant_type", "redirect_uri", "resource")
	redemption.had(t, "resource", w.resource.url)
	redemption.had(t, "redirect_uri", request.Values["redirect_uri"]...)
	if redemption.Authorization != "" || redemption.DPoP != nil {
		t.Errorf("a public client with a bearer token sent %v", redemption)
	}
}

// AUTHZ-4: a refresh token is had for offline_access and consent.
func TestOfflineAccess(t *testing.T) {
	for name, policy := range map[string]flows.OfflineAccess{"asked": flows.OfflineAccessAuto, "never": flows.OfflineAccessNever} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, open)
			w.call(w.client(func(c *sdk.Config) { c.OfflineAccess = policy }), http.MethodGet, scopeRead)
			request, record := w.authorizations(1)[0], w.written(1)[0]
			if policy == flows.OfflineAccessNever {
				request.had(t, "scope", scopeRead)
				request.had(t, "prompt")
				if record.RefreshToken != "" {
					t.Error("a refresh token came without offline_access")
				}
				return
			}
			request.had(t, "scope", "notes:read offline_access")
			request.had(t, "prompt", "consent")
			if record.RefreshToken == "" {
				t.Error("no refresh token came for offline_access")
			}
		})
	}
}

// REG-1, TOK-1: a client registered by hand authenticates as it was registered.
func TestPreRegistered(t *testing.T) {
	for _, method := range []string{flows.AuthMethodBasic, flows.AuthMethodPost} {
		t.Run(method, func(t *testing.T) {
			w := begin(t, open)
			metadata := codeClient(method)
			metadata.RedirectURIs = []string{"http://127.0.0.1/callback"}
			known := w.register(metadata)
			client := w.client(func(c *sdk.Config) {
				c.Credentials = &sdk.Credentials{
					ClientID: known.ClientID, ClientSecret: known.ClientSecret, Issuer: w.issuer,
					TokenEndpointAuthMethod: method, RedirectURIs: known.RedirectURIs,
				}
			})
			w.call(client, http.MethodGet, scopeRead)
			w.sent(1, "registration") // by hand
			redemption := w.sent(1, "token")[0]
			if method == flows.AuthMethodBasic {
				redemption.sent(t, "code", "code_verifier", "grant_type", "redirect_uri", "resource")
			} else {
				redemption.sent(t, "client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri", "resource")
			}
			if (redemption.Authorization == "Basic") != (method == flows.AuthMethodBasic) {
				t.Errorf("Authorization: %q", redemption.Authorization)
			}
		})
	}
}

// AUTHZ-8: one process begins, another finishes, without an Authorizer.
func TestTwoLegs(t *testing.T) {
	w := begin(t, open)
	const redirectURI = "http://127.0.0.1:9/callback" // nobody listens there
	here := func(c *sdk.Config) { c.Authorizer, c.RedirectURI, c.Subject = nil, redirectURI, "alice" }
	consent, err := w.client(here).Begin(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	callback := w.browser.stopAt(t, redirectURI, consent.URL())
	other := w.client(here)
	if err := other.Finish(w.ctx(), "alice", callback); err != nil {
		t.Fatal(err)
	}
	w.call(other, http.MethodGet, scopeRead)
	if err := w.client(here).Finish(w.ctx(), "alice", callback); err == nil {
		t.Error("an answer was taken twice")
	}
	w.sent(1, "token")
}

// STEP-1: the union of what was asked for and what is wanted, once.
func TestStepUp(t *testing.T) {
	w := begin(t, open)
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	w.call(client, http.MethodPost, scopeRead, scopeWrite)
	w.call(client, http.MethodGet, scopeRead, scopeWrite)
	w.logins(2)
	w.sent(1, "registration")
	requests := w.authorizations(2)
	requests[1].had(t, "client_id", requests[0].Values["client_id"]...)
	scope := strings.Fields(requests[1].Values["scope"][0])
	slices.Sort(scope)
	if want := []string{scopeRead, scopeWrite, "offline_access"}; !slices.Equal(scope, want) {
		t.Errorf("the step-up asked for %q, want %q", scope, want)
	}
}

// REF-1, STORE-1: a restarted program has its session.
func TestRestart(t *testing.T) {
	w := begin(t, open)
	w.call(w.client(nil), http.MethodGet, scopeRead)
	before := len(w.log())
	w.call(w.client(nil), http.MethodGet, scopeRead)
	if got := len(w.log()); got != before {
		t.Errorf("a restart with a good token sent %d requests", got-before)
	}
	w.resource.reject(t)
	w.call(w.client(nil), http.MethodGet, scopeRead)
	w.logins(1)
	w.sent(2, "token")
	w.sent(1, "registration")
}
