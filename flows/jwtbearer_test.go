package flows_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

const platform = "https://platform.example.com"

// workloadServer trusts the platform.
func workloadServer(t testing.TB, change ...func(*flowstest.ServerConfig)) *flowstest.AuthorizationServer {
	t.Helper()
	config := flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, AuthMethods: []string{"none", "private_key_jwt"},
		Clients:        []flowstest.Client{{ID: "me"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: platform, JWKS: flowstest.KeySet(signingKey("ES256")), Workloads: true}},
	}
	for _, f := range change {
		f(&config)
	}
	return newServer(t, config)
}

// workloadJWT is what the platform says about the workload.
func workloadJWT(audience string, change ...func(claims map[string]any)) string {
	claims := map[string]any{
		"iss": platform, "sub": "spiffe://example.com/agent", "aud": audience, "jti": time.Now().String(),
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	for _, f := range change {
		f(claims)
	}
	return signingKey("ES256").Sign(nil, claims)
}

func bearing(as *flowstest.AuthorizationServer, source flows.AssertionSource) flows.JWTBearerRequest {
	return flows.JWTBearerRequest{
		TokenRequest: requestTo(as, flows.ClientAuth{ClientID: "me", Method: flows.AuthMethodNone}),
		Assertion:    source, Audience: as.Issuer(),
	}
}

func saying(assertion string) flows.AssertionSource {
	return func(context.Context, string) (gen.Secret, error) { return secret(assertion), nil }
}

// EXT-4: from a file that is replaced, from the environment, from a callback.
func TestJWTBearer(t *testing.T) {
	as := workloadServer(t)
	path := filepath.Join(t.TempDir(), "token")
	for name, source := range map[string]struct {
		provide func()
		source  flows.AssertionSource
	}{
		"file": {func() {
			if err := os.WriteFile(path, []byte("\n"+workloadJWT(as.Issuer())+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, flows.AssertionFile(path)},
		"environment": {func() { t.Setenv("MCPOAUTH_TEST_ASSERTION", workloadJWT(as.Issuer())) }, flows.AssertionEnv("MCPOAUTH_TEST_ASSERTION")},
		"callback": {func() {}, func(_ context.Context, audience string) (gen.Secret, error) {
			return secret(workloadJWT(audience)), nil
		}},
	} {
		for range 2 { // the server takes each jti once
			source.provide()
			token, err := loopbackClient().JWTBearer(t.Context(), bearing(as, source.source))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if info, ok := as.Token(token.AccessToken.Reveal()); !ok || info.Subject != "spiffe://example.com/agent" || info.Scope != "a b" {
				t.Errorf("%s: %+v", name, info)
			}
		}
	}
}

// EXT-4: the client may stay unnamed, or authenticate by a key of its own.
func TestJWTBearerClient(t *testing.T) {
	answer := flowstest.On("token:*", flowstest.Answer(200, "application/json", `{"access_token":"a","token_type":"Bearer"}`))
	as := workloadServer(t, func(c *flowstest.ServerConfig) { c.Fault = answer })
	for _, auth := range []flows.ClientAuth{{}, keyAuth(as, "ES384")} {
		in := bearing(as, saying(workloadJWT(as.Issuer())))
		in.Auth = auth
		if _, err := loopbackClient().JWTBearer(t.Context(), in); err != nil {
			t.Fatal(err)
		}
	}
	sent := as.RequestsOf("token")
	if sent[0].Form.Has("client_id") || sent[0].Form.Has("client_assertion") || !sent[1].Form.Has("client_assertion") {
		t.Errorf("%v, %v", sent[0].Form, sent[1].Form)
	}
}

// EXT-4: a refusal is typed and final; nothing is tried again or instead.
func TestJWTBearerRefused(t *testing.T) {
	stranger := flowstest.NewSigningKey("ES256")
	for _, tt := range []struct {
		name      string
		assertion func(issuer string) string
		change    func(*flowstest.ServerConfig)
		code      string
	}{
		{"expired", func(issuer string) string {
			return workloadJWT(issuer, func(c map[string]any) { c["exp"] = time.Now().Add(-time.Minute).Unix() })
		}, nil, "invalid_grant"},
		{"the platform's clock is ten minutes fast", func(issuer string) string {
			return workloadJWT(issuer, func(c map[string]any) {
				at := time.Now().Add(10 * time.Minute)
				c["iat"], c["nbf"], c["exp"] = at.Unix(), at.Unix(), at.Add(time.Minute).Unix()
			})
		}, nil, "invalid_grant"},
		{"another audience", func(string) string { return workloadJWT("https://other.example.com") }, nil, "invalid_grant"},
		{"another key", func(issuer string) string {
			return stranger.Sign(nil, map[string]any{"iss": platform, "sub": "x", "aud": issuer, "exp": time.Now().Add(time.Minute).Unix()})
		}, nil, "invalid_grant"},
		{"another issuer", func(issuer string) string {
			return workloadJWT(issuer, func(c map[string]any) { c["iss"] = "https://other.example.com" })
		}, nil, "invalid_grant"},
		{"the scope", func(issuer string) string { return workloadJWT(issuer) }, func(c *flowstest.ServerConfig) { c.Scopes = []string{"c"} }, "invalid_scope"},
		{"the client", func(issuer string) string { return workloadJWT(issuer) }, func(c *flowstest.ServerConfig) {
			c.Clients = []flowstest.Client{{ID: "me", GrantTypes: []string{"refresh_token"}}}
		}, "unauthorized_client"},
		{"the grant", func(issuer string) string { return workloadJWT(issuer) }, func(c *flowstest.ServerConfig) { c.GrantTypes = []string{"refresh_token"} }, "unsupported_grant_type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var as *flowstest.AuthorizationServer
			if tt.change == nil {
				tt.change = func(*flowstest.ServerConfig) {}
			}
			as = workloadServer(t, tt.change)
			asked := 0
			_, err := loopbackClient().JWTBearer(t.Context(), bearing(as, func(_ context.Context, audience string) (gen.Secret, error) {
				asked++
				return secret(tt.assertion(audience)), nil
			}))
			expectRefusal(t, err, tt.code, as, "token", 1)
			if asked != 1 || as.Count("token:"+flowstest.GrantJWTBearer) != 1 {
				t.Errorf("%d assertions", asked)
			}
		})
	}
}

// EXT-4, TOK-7: an answer that is lost is no reason to present it again.
func TestJWTBearerLostAnswer(t *testing.T) {
	as := workloadServer(t, func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("token:*", flowstest.LoseAnswer()) })
	_, err := loopbackClient().JWTBearer(t.Context(), bearing(as, saying(workloadJWT(as.Issuer()))))
	if err == nil || !flows.IsTemporary(err) || as.Count("token") != 1 {
		t.Errorf("%d requests: %v", as.Count("token"), err)
	}
}

// EXT-4: without an assertion nothing is sent.
func TestJWTBearerWithoutAssertion(t *testing.T) {
	as := workloadServer(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private := "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"
	t.Setenv("MCPOAUTH_TEST_EMPTY", "")
	errCallback := errors.New("the metadata service is down")
	for _, tt := range []struct {
		name   string
		source flows.AssertionSource
		cause  error
	}{
		{"no source", nil, nil},
		{"missing file", flows.AssertionFile(filepath.Join(dir, "missing")), fs.ErrNotExist},
		{"empty file", flows.AssertionFile(write("empty", " \n")), nil},
		{"directory", flows.AssertionFile(dir), nil},
		{"device", flows.AssertionFile(os.DevNull), nil},
		{"a private key", flows.AssertionFile(write("key", private)), nil},
		{"a page", flows.AssertionFile(write("page", "<html>busy</html>")), nil},
		{"two parts", flows.AssertionFile(write("two", "aaaa.bbbb")), nil},
		{"too long", flows.AssertionFile(write("long", "a."+strings.Repeat("b", 70_000)+".c")), nil},
		{"too long by itself", saying("a." + strings.Repeat("b", 70_000) + ".c"), nil},
		{"unset variable", flows.AssertionEnv("MCPOAUTH_TEST_UNSET"), nil},
		{"empty variable", flows.AssertionEnv("MCPOAUTH_TEST_EMPTY"), nil},
		{"callback that fails", func(context.Context, string) (gen.Secret, error) { return "", errCallback }, errCallback},
		{"callback that returns nothing", saying(""), nil},
	} {
		_, err := loopbackClient().JWTBearer(t.Context(), bearing(as, tt.source))
		var missing *flows.AssertionError
		var refused *flows.TokenError
		if !errors.As(err, &missing) || !errors.As(err, &refused) || flows.IsTemporary(err) || refused.Final() {
			t.Errorf("%s: temporary %t: %v", tt.name, flows.IsTemporary(err), err)
		}
		if tt.cause != nil && !errors.Is(err, tt.cause) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && strings.Count(err.Error(), dir) > 1 {
			t.Errorf("%s: the path stands twice in %v", tt.name, err)
		}
		expectNoSecrets(t, err, []string{"MIGHAgEAMBMGByqGSM49", "busy"})
	}
	_, err := loopbackClient().JWTBearer(t.Context(), bearing(as, func(context.Context, string) (gen.Secret, error) { return "", errReset }))
	if !errors.As(err, new(*flows.AssertionError)) || !flows.IsTemporary(err) {
		t.Errorf("a callback that lost its connection: %v", err)
	}
	in := bearing(as, func(context.Context, string) (gen.Secret, error) {
		t.Error("asked for an assertion in vain")
		return "", nil
	})
	in.Endpoint = "http://as.example.com/token"
	if _, err := loopbackClient().JWTBearer(t.Context(), in); err == nil {
		t.Error("plain http")
	}
	if n := as.Count("token"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// STORE-4: a server that repeats the assertion is not repeated.
func TestJWTBearerEcho(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	assertion := workloadJWT(as.Issuer())
	as.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:*", flowstest.OAuthError(400, "invalid_grant", "bad assertion "+assertion))
	})
	_, err := loopbackClient().JWTBearer(t.Context(), bearing(as, saying(assertion)))
	if err == nil {
		t.Fatal("no error")
	}
	expectNoSecrets(t, err, []string{assertion})
}

// EXT-4: whatever is in the file, what is presented is a JWT of bounded length.
func FuzzAssertionFile(f *testing.F) {
	for _, seed := range []string{"", " ", "a.b.c", "a.b.c\n", "a.b.c.d.e", "a..c", "..", "a.b", "é.b.c", "a.b.c\x00", "-----BEGIN PRIVATE KEY-----"} {
		f.Add([]byte(seed))
	}
	path := filepath.Join(f.TempDir(), "token")
	var sent url.Values
	c := &flows.Client{HTTP: &http.Client{Transport: tripFunc(func(r *http.Request) (*http.Response, error) {
		if err := r.ParseForm(); err != nil {
			return nil, err
		}
		sent = r.PostForm
		return answerOf([]byte(`{"access_token":"a"}`)), nil
	})}}
	in := flows.JWTBearerRequest{TokenRequest: flows.TokenRequest{Endpoint: asIssuer + "/token"}, Assertion: flows.AssertionFile(path)}
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		sent = nil
		_, err := c.JWTBearer(t.Context(), in)
		if (err == nil) != (sent != nil) {
			t.Fatalf("sent %v: %v", sent, err)
		}
		if err != nil {
			return
		}
		assertion := sent.Get("assertion")
		if parts := strings.Count(assertion, "."); parts != 2 && parts != 4 || strings.ContainsAny(assertion, " \n\x00") || assertion != strings.TrimSpace(string(text)) {
			t.Errorf("%q from %q", assertion, text)
		}
	})
}
