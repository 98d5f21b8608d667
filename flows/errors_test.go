package flows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// STORE-4: values with secrets print redacted, alone and inside others, under
// verbs that fit and verbs that do not.
func TestValuesPrintRedacted(t *testing.T) {
	const secret = "hunter2hunter2"
	auth := flows.ClientAuth{ClientID: "client-1", Secret: secret, Method: flows.AuthMethodPost}
	request := flows.TokenRequest{Endpoint: tokenURL, Auth: auth}
	token := flows.Token{AccessToken: secret, RefreshToken: secret, IDToken: secret, TokenType: "Bearer", Response: &gen.TokenResponse{AccessToken: secret}}
	code := flows.CodeRequest{TokenRequest: request, Code: secret, Verifier: secret, RedirectURI: loopbackRedirect}
	refresh := flows.RefreshRequest{TokenRequest: request, RefreshToken: secret}
	pending := flows.Pending{URL: asIssuer + "/authorize?state=" + secret, State: secret, Verifier: secret, Issuer: asIssuer}
	identity := flows.ClientIdentity{Issuer: asIssuer, Information: &gen.ClientInformation{ClientID: "client-1", ClientSecret: secret}}
	for _, v := range []any{token, &token, auth, &auth, request, &request, code, &code, refresh, &refresh, pending, &pending, identity, &identity} {
		type outer struct{ Inner any }
		for _, wrapped := range []any{v, []any{v}, map[string]any{"v": v}, outer{v}, &outer{v}, []outer{{v}}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10v", "%T"} {
				if text := fmt.Sprintf(verb, wrapped); strings.Contains(text, secret) || strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", secret)) {
					t.Errorf("%s of %T: %s", verb, v, text)
				}
			}
		}
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintln(v), fmt.Sprint([]any{v})} {
			if strings.Contains(text, secret) {
				t.Errorf("%T: %s", v, text)
			}
		}
		if body, err := json.Marshal(v); strings.Contains(string(body), secret) && !isPending(v) {
			t.Errorf("%T: %s, %v", v, body, err)
		}
	}
	if text := fmt.Sprintf("%+v", token); !strings.Contains(text, "TokenType:Bearer") || !strings.Contains(text, "REDACTED") {
		t.Errorf("nothing useful is printed: %s", text)
	}
}

// isPending: the state of a pending request is a plain string, which is stored.
func isPending(v any) bool {
	switch v.(type) {
	case flows.Pending, *flows.Pending:
		return true
	}
	return false
}

// TOK-5, BIND-5, REF-6: what may pass by itself.
func TestIsTemporary(t *testing.T) {
	answered := func(status int, code string) error { return &flows.TokenError{StatusCode: status, Code: code} }
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"something else", errors.New("x"), false},
		{"cancelled", context.Canceled, true},
		{"deadline", context.DeadlineExceeded, true},
		{"timeout of a leg", &flows.TimeoutError{}, true},
		{"guard", &flows.GuardError{}, false},
		{"redirect", &flows.RedirectError{}, false},
		{"token, 5xx", answered(502, ""), true},
		{"token, 5xx with an OAuth error", answered(500, "invalid_grant"), true},
		{"token, firewall", answered(403, ""), true},
		{"token, OAuth error", answered(400, "invalid_grant"), false},
		{"token, network", &flows.TokenError{Err: &netTimeout{}}, true},
		{"token, guard", &flows.TokenError{Err: &flows.GuardError{}}, false},
		{"token, before sending", &flows.TokenError{Err: errors.New("unknown method")}, false},
		{"token, endpoint", &flows.TokenError{Err: &flows.MissingEndpointError{Endpoint: "token_endpoint"}}, false},
		{"token, wrapped", fmt.Errorf("x: %w", answered(502, "")), true},
		{"discovery", &flows.DiscoveryError{}, false},
		{"discovery, temporary", &flows.DiscoveryError{Temporary: true}, true},
		{"registration, 503", &flows.RegistrationError{StatusCode: 503}, true},
		{"registration, 400", &flows.RegistrationError{StatusCode: 400, Code: "invalid_redirect_uri"}, false},
		{"registration, answer unusable", &flows.RegistrationError{StatusCode: 201, Err: errors.New("x")}, false},
		{"registration, network", &flows.RegistrationError{Err: &netTimeout{}}, true},
		{"client", &flows.ClientError{}, false},
		{"callback", &flows.CallbackError{Err: errors.New("x")}, false},
		{"denied", &flows.AuthorizationError{Code: "access_denied"}, false},
		{"missing endpoint", &flows.MissingEndpointError{}, false},
	} {
		if got := flows.IsTemporary(tt.err); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// What an error tells is told once, and what is empty is left out.
func TestErrorTexts(t *testing.T) {
	covers := fmt.Errorf("resource differs: %w", validate.RuleResourceCovers)
	attempts := []flows.Attempt{{URL: "https://a.example/1", Status: 404, Reason: "not found", Err: errors.New("not found")}, {URL: "https://a.example/2", Status: 200, Reason: covers.Error(), Err: covers}}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&flows.DiscoveryError{URL: mcpURL, Err: covers, Attempts: attempts}, "flows: discovery for " + mcpURL + ": " + covers.Error() +
			": configure the URL that the document names, or correct the document; https://a.example/1: 404 not found; https://a.example/2: 200 see above"},
		{&flows.DiscoveryError{URL: mcpURL, Err: errors.New("x"), Attempts: attempts[:1]}, "flows: discovery for " + mcpURL + ": x; https://a.example/1: 404 not found"},
		{&flows.RegistrationError{Request: &gen.ClientMetadata{}, StatusCode: 400, Code: "no"}, "flows: registration: status 400: no"},
		{&flows.RegistrationError{Request: &gen.ClientMetadata{RedirectURIs: []string{"a:/b", "c:/d"}}, StatusCode: 400, Code: "no"},
			"flows: registration (redirect_uris a:/b c:/d): status 400: no"},
		{&flows.RegistrationError{Request: &gen.ClientMetadata{ApplicationType: "web", RedirectURIs: []string{"a:/b"}}, StatusCode: 400, Code: "no"},
			"flows: registration (application_type web, redirect_uris a:/b): status 400: no"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("%s\nwant %s", got, tt.want)
		}
	}
}

// The errors unwrap to their causes and print in one line.
func TestErrorsUnwrap(t *testing.T) {
	cause := errors.New("the cause")
	for _, err := range []error{
		&flows.DiscoveryError{URL: mcpURL, Err: cause},
		&flows.RegistrationError{Err: cause, Request: &gen.ClientMetadata{}},
		&flows.RegistrationError{Err: cause},
		&flows.CallbackError{Err: cause},
		&flows.TokenError{Grant: "g", Err: cause},
	} {
		if !errors.Is(err, cause) || !strings.Contains(err.Error(), "the cause") || !strings.HasPrefix(err.Error(), "flows: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%T: %v", err, err)
		}
	}
}
