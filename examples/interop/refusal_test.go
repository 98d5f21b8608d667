package interop

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// wrongResource sends another resource than the metadata names.
func wrongResource(c *sdk.Config) {
	c.ResourceParameter = func(string, string) string { return "https://elsewhere.example/mcp" }
}

// AUTHZ-2, AUTHZ-7: what the server says by redirect is a typed error, and
// nothing is stored.
func TestAuthorizationRefused(t *testing.T) {
	for code, change := range map[string]func(*sdk.Config){
		"invalid_target": wrongResource,
		"access_denied":  func(c *sdk.Config) { c.AuthorizationParams = map[string][]string{"login_hint": {"nobody"}} },
	} {
		t.Run(code, func(t *testing.T) {
			w := begin(t, open)
			client := w.client(change)
			for range 2 { // the second is the first's memory (AUTHZ-14)
				_, err := w.try(client, http.MethodGet)
				var refusal *flows.AuthorizationError
				if !errors.As(err, &refusal) || refusal.Code != code || !sdk.NeedsHuman(err) {
					t.Errorf("error = %v, want a *flows.AuthorizationError with %s", err, code)
				}
			}
			w.logins(1)
			w.sent(0, "token")
			w.written(0)
		})
	}
}

// STEP-4: a person who grants less is not asked again and again.
func TestStepUpGrantedLess(t *testing.T) {
	w := begin(t, open)
	client := w.client(func(c *sdk.Config) { c.AuthorizationParams = map[string][]string{"login_hint": {"reader"}} })
	w.call(client, http.MethodGet, scopeRead)
	for range 2 {
		_, err := w.try(client, http.MethodPost)
		if _, ok := errors.AsType[*sdk.StepUpError](err); !ok {
			t.Errorf("error = %v, want a *sdk.StepUpError", err)
		}
	}
	w.logins(2)
	w.call(client, http.MethodGet, scopeRead)
}

// TOK-5, REF-6: each refusal of a machine's request is one request and a typed
// error, and nothing is stored.
func TestMachineRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		code   string
		change func(*testing.T, *sdk.Config)
	}{
		"wrong resource":   {"invalid_target", func(_ *testing.T, c *sdk.Config) { wrongResource(c) }},
		"unknown client":   {"invalid_client", func(_ *testing.T, c *sdk.Config) { c.Credentials.ClientID = "nobody" }},
		"another key":      {"invalid_client", func(t *testing.T, c *sdk.Config) { c.ClientKey = newKey(t, "ES256") }},
		"wrong algorithm":  {"invalid_client", func(t *testing.T, c *sdk.Config) { c.ClientKey = newKey(t, "EdDSA") }},
		"another audience": {"invalid_client", func(_ *testing.T, c *sdk.Config) { c.ClientAssertionAudience = "https://elsewhere.example" }},
		"another method": {"invalid_client", func(_ *testing.T, c *sdk.Config) {
			c.Credentials.TokenEndpointAuthMethod, c.Credentials.ClientSecret = flows.AuthMethodPost, "a secret"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, open)
			key := newKey(t, "ES256")
			known := w.register(keyClient(t, key))
			client := w.client(func(c *sdk.Config) {
				w.machine(known, key)(c)
				tt.change(t, c)
			})
			_, err := w.try(client, http.MethodGet)
			refused(t, err, tt.code)
			w.sent(1, "token")
			w.written(0)
		})
	}
}

// TOK-2: the server takes an assertion once. Ours are new each time, and one
// that somebody shows again is refused.
func TestAssertionReplay(t *testing.T) {
	w := begin(t, open)
	key := newKey(t, "ES256")
	known := w.register(keyClient(t, key))
	repeat := &repeater{}
	client := w.client(func(c *sdk.Config) {
		w.machine(known, key)(c)
		c.HTTPClient = &http.Client{Transport: repeat}
	})
	_, err := w.try(client, http.MethodGet)
	refused(t, err, "invalid_client")
	if tokens := w.sent(2, "token"); tokens[0].Status != http.StatusOK {
		t.Error(tokens)
	}
}

// repeater sends each POST with a body twice, and answers with the second
// answer.
type repeater struct{}

func (repeater) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodPost || req.Body == nil {
		return network.RoundTrip(req)
	}
	body, err := io.ReadAll(req.Body)
	req.Body.Close()
	if err != nil {
		return nil, err
	}
	var res *http.Response
	for range 2 {
		if res != nil {
			res.Body.Close()
		}
		again := req.Clone(req.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		if res, err = network.RoundTrip(again); err != nil {
			return nil, err
		}
	}
	return res, nil
}

// The code is taken once: the second redemption gets a typed error.
func TestCodeReplay(t *testing.T) {
	w := begin(t, open)
	_, err := w.try(w.client(func(c *sdk.Config) { c.HTTPClient = &http.Client{Transport: &codeRepeater{}} }), http.MethodGet)
	refused(t, err, "invalid_grant")
	w.written(0)
}

// codeRepeater repeats the requests to the token endpoint only.
type codeRepeater struct{ repeater }

func (c codeRepeater) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path != "/token" {
		return network.RoundTrip(req)
	}
	return c.repeater.RoundTrip(req)
}

// EXT-5, TOK-2: the server's clock is ten minutes ahead. The errors say so; a
// nonce takes the clock's place.
func TestClock(t *testing.T) {
	t.Parallel()
	t.Run("assertion", func(t *testing.T) {
		need(t)
		w := beginAt(t, ahead, open)
		key := newKey(t, "ES256")
		known := w.register(keyClient(t, key))
		_, err := w.try(w.client(w.machine(known, key)), http.MethodGet)
		refused(t, err, "invalid_client")
		var clock *flows.ClockError
		if !errors.As(err, &clock) || (clock.Skew-clockAhead).Abs() > clockAhead/10 {
			t.Errorf("error = %v, want a *flows.ClockError of %s", err, clockAhead)
		}
		w.sent(1, "token")
		w.written(0)
	})
	t.Run("proof", func(t *testing.T) {
		need(t)
		w := beginAt(t, ahead, open, resourceOptions{dpop: true})
		_, err := w.try(w.client(nil), http.MethodGet)
		var clock *flows.DPoPError
		if !errors.As(err, &clock) || (clock.ClockSkew-clockAhead).Abs() > clockAhead/10 {
			t.Errorf("error = %v, want a *flows.DPoPError of %s", err, clockAhead)
		}
		w.sent(1, "token")
		w.written(0)
	})
	t.Run("nonce", func(t *testing.T) {
		need(t)
		w := beginAt(t, ahead, nonces, resourceOptions{dpop: true})
		w.call(w.client(nil), http.MethodGet, scopeRead)
		w.logins(1)
	})
}

// REG-9: what the server says of client metadata that it does not take.
func TestRegistrationRefused(t *testing.T) {
	w := begin(t, open)
	metadata := codeClient(flows.AuthMethodPrivateKeyJWT) // without keys
	_, err := w.flows.Register(w.here(), w.metadata().RegistrationEndpoint, &metadata)
	var refusal *flows.RegistrationError
	if !errors.As(err, &refusal) || refusal.Code != "invalid_client_metadata" || refusal.Request == nil {
		t.Errorf("error = %v, want a *flows.RegistrationError with invalid_client_metadata", err)
	}
}
