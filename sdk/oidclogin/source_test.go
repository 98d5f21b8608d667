// The source: one login, renewals, the store, and who waits for what.

package oidclogin_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/oidclogin"
)

// EXT-3, AUTHZ-1: what goes out, and that the token is kept.
func TestLogin(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{})
	source := w.source(t, func(c *oidclogin.Config) {
		c.Scopes, c.RedirectURIs = []string{"email", "openid"}, []string{redirectURI}
		c.Params = map[string][]string{"login_hint": {"alice"}, "nonce": {"chosen"}, "code_challenge_method": {"plain"}}
	})
	if first := wantToken(t, source); wantToken(t, source) != first {
		t.Error("another token without need")
	}
	w.wantCounts(t, 1, map[string]int{"authorize": 1, "token": 1, "jwks": 1})
	request := w.idp.RequestsOf("authorize")[0]
	for name, want := range map[string]string{
		"scope": "openid email", "login_hint": "alice", "response_type": "code", "code_challenge_method": "S256", "resource": "",
	} {
		if got := request.Param(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if nonce := request.Param("nonce"); len(nonce) < 22 {
		t.Errorf("nonce %q", nonce)
	}
	if w.human.closed.Load() != 1 {
		t.Error("the receiver was not closed")
	}
	// STORE-4
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if printed := fmt.Sprintf(verb, source); strings.Contains(printed, "eyJ") || strings.Contains(printed, "at the idp") {
			t.Errorf("%s prints %s", verb, printed)
		}
	}
}

// EXT-3: every algorithm with a public key, and keys that change.
func TestSigningKeys(t *testing.T) {
	for _, alg := range []string{"ES256", "ES384", "RS256", "PS256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{SigningKeys: []*flowstest.SigningKey{flowstest.NewSigningKey(alg)}})
			source := w.source(t)
			wantToken(t, source)
			w.idp.Configure(func(c *flowstest.ServerConfig) {
				c.SigningKeys = []*flowstest.SigningKey{flowstest.NewSigningKey("ES256")}
			})
			if err := source.Login(t.Context()); err != nil {
				t.Errorf("with a new key: %v", err)
			}
		})
	}
}

// refreshing is a provider that answers refreshes with an ID token.
func refreshing(t *testing.T, config flowstest.ServerConfig) *world {
	t.Helper()
	w := newWorld(t, config)
	w.idp.Configure(func(c *flowstest.ServerConfig) {
		c.Refresh = func(answer map[string]any) { answer["id_token"] = w.idp.IssueIDToken("agent", "user") }
	})
	return w
}

// due lets every token be due at once.
func due(c *oidclogin.Config) { c.Skew = 24 * time.Hour }

// EXT-3, REF-3: a due token is renewed without the user, with rotation.
func TestRenewal(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{})
	source := w.source(t, due)
	for range 3 {
		wantToken(t, source)
	}
	w.wantCounts(t, 1, map[string]int{"token:refresh_token": 2, "jwks": 3, "asm": 1})

	// REF-6: a refresh token that is over leads to the user.
	w.idp.RevokeRefreshTokens()
	wantToken(t, source)
	w.wantCounts(t, 2, map[string]int{"token:refresh_token": 3})
}

// OpenID Connect allows refreshes without an ID token, and providers without
// refresh tokens.
func TestRenewalByLogin(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{})
	source := w.source(t, due)
	wantToken(t, source)
	wantToken(t, source)
	w.wantCounts(t, 2, map[string]int{"token:refresh_token": 1})

	w = newWorld(t, flowstest.ServerConfig{NoRefreshTokens: true})
	source = w.source(t, due)
	wantToken(t, source)
	wantToken(t, source)
	w.wantCounts(t, 2, map[string]int{"token:refresh_token": 0})
}

// TOK-5: what may pass deletes nothing, and the present token serves on.
func TestRenewalUnavailable(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{})
	source := w.source(t, due)
	first := wantToken(t, source)
	w.idp.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:refresh_token", flowstest.Unavailable(0))
	})
	if wantToken(t, source) != first {
		t.Error("the token that still works was not used")
	}
	w.idp.Configure(func(c *flowstest.ServerConfig) { c.Fault = nil })
	if wantToken(t, source) == first {
		t.Error("not renewed")
	}
	w.wantCounts(t, 1, nil)
	w.idp.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:refresh_token", flowstest.OAuthError(http.StatusUnauthorized, "invalid_client", ""))
	})
	var refusal *flows.TokenError
	if _, err := source.Subject(t.Context()); !errors.As(err, &refusal) || !refusal.ClientRejected() {
		t.Errorf("a wrong secret: %v", err)
	}
	w.wantCounts(t, 1, nil)
}

// EXT-3: without the keys nobody is asked; keys that cannot be had after the
// user was asked say nothing about the token.
func TestKeysUnavailable(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{Fault: flowstest.On("jwks", flowstest.Answer(404, "text/plain", "no"))})
	source := w.source(t, due)
	var endpoint *flows.EndpointError
	if _, err := source.Subject(t.Context()); !errors.As(err, &endpoint) || endpoint.Endpoint != "jwks_uri" || endpoint.StatusCode != 404 {
		t.Errorf("error %v", err)
	}
	w.wantCounts(t, 0, map[string]int{"authorize": 0})

	w.idp.Configure(func(c *flowstest.ServerConfig) { c.Fault = nil })
	if err := source.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.idp.Configure(func(c *flowstest.ServerConfig) {
		c.SigningKeys = []*flowstest.SigningKey{flowstest.NewSigningKey("ES256")}
		c.Fault = flowstest.On("jwks", flowstest.Answer(500, "text/plain", "no"))
	})
	wantToken(t, source) // the present one
	w.idp.Configure(func(c *flowstest.ServerConfig) { c.Fault = nil })
	wantToken(t, source) // the rotated refresh token was kept
	w.wantCounts(t, 1, map[string]int{"token:refresh_token": 2})
}

// STORE-1: another process and a restart find the sign-on; a logout stays.
func TestStore(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{})
	store := sdk.NewMemoryStore()
	keep := func(c *oidclogin.Config) { c.Store = store }
	first := wantToken(t, w.source(t, keep))
	second := w.source(t, keep)
	if wantToken(t, second) != first {
		t.Error("another token")
	}
	w.wantCounts(t, 1, map[string]int{"token": 1, "asm": 1})
	wantToken(t, w.source(t, keep, due)) // refreshes
	w.wantCounts(t, 1, map[string]int{"token:refresh_token": 1})
	// Others of their own: users, clients.
	wantToken(t, w.source(t, keep, func(c *oidclogin.Config) { c.Subject = "bob" }))
	w.wantCounts(t, 2, nil)

	if err := second.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	w.wantCounts(t, 2, map[string]int{"revoke": 1})
	wantToken(t, second)
	wantToken(t, w.source(t, keep))
	w.wantCounts(t, 3, nil)
}

// STORE-1: a login that was under way when the user logged out is forgotten.
func TestLogoutBesideLogin(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{})
	source := w.source(t)
	wantToken(t, source)
	asked, answer := make(chan struct{}), make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		close(asked)
		<-answer
		return w.idp.Authorize(ctx, url)
	}
	login := make(chan error)
	go func() { login <- source.Login(t.Context()) }()
	<-asked
	if err := source.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	close(answer)
	if err := <-login; !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("login: %v", err)
	}
}

// brokenStore takes nothing.
type brokenStore struct{ *sdk.MemoryStore }

func (brokenStore) PutIf(context.Context, string, int64, []byte) error {
	return errors.New("disk full")
}

// REF-9: a failing write is an error, and the token is usable.
func TestStoreBroken(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{})
	source := w.source(t, func(c *oidclogin.Config) { c.Store = brokenStore{sdk.NewMemoryStore()} })
	var broken *sdk.StoreError
	if _, err := source.Subject(t.Context()); !errors.As(err, &broken) || broken.Op != "write" {
		t.Errorf("error %v", err)
	}
	wantToken(t, source)
	w.wantCounts(t, 1, map[string]int{"token": 1})

	newer := &knownStore{MemoryStore: sdk.NewMemoryStore()}
	source = w.source(t, func(c *oidclogin.Config) { c.Store = newer })
	wantToken(t, source)
	newer.rewrite(t, `"version":1`, `"version":2`)
	if _, err := w.source(t, func(c *oidclogin.Config) { c.Store = newer }).Subject(t.Context()); !errors.Is(err, sdk.ErrRecordVersion) {
		t.Errorf("a newer record: %v", err)
	}
}

// AUTHZ-12, REF-4: one browser for all; who leaves does not end the login.
func TestOneLogin(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{})
	asked, answer := make(chan struct{}), make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		close(asked)
		<-answer
		return w.idp.Authorize(ctx, url)
	}
	store := sdk.NewMemoryStore()
	keep := func(c *oidclogin.Config) { c.Store = store }
	source, other := w.source(t, keep), w.source(t, keep) // as of two processes
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := source.Subject(ctx)
		left <- err
	}()
	<-asked
	leave()
	var pending *sdk.PendingError
	if err := <-left; !errors.As(err, &pending) || !errors.Is(err, context.Canceled) || sdk.NeedsHuman(err) {
		t.Errorf("who left: %v", err)
	}
	var waiters sync.WaitGroup
	for i := range 16 {
		waiters.Go(func() {
			from := source
			if i%2 == 0 {
				from = other
			}
			if _, err := from.Subject(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(answer)
	waiters.Wait()
	w.wantCounts(t, 1, map[string]int{"token": 1})
}

// REF-5: of two processes with a due token one refreshes at a time, each with
// the token that the other left.
func TestRenewalOfTwo(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{})
	store := sdk.NewMemoryStore()
	keep := func(c *oidclogin.Config) { c.Store = store }
	var both sync.WaitGroup
	for _, source := range []*oidclogin.Source{w.source(t, keep, due), w.source(t, keep, due)} {
		both.Go(func() {
			for range 4 {
				if _, err := source.Subject(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	w.wantCounts(t, 1, nil)
	for _, family := range w.idp.Families() {
		if family.Reuses != 0 || family.Revoked {
			t.Errorf("a refresh token was used twice: %+v", family)
		}
	}
}

// AUTHZ-7, AUTHZ-14: a no is a no, until the caller asks again.
func TestDenied(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{
		Decide: func(flowstest.AuthorizationRequest) flowstest.Decision {
			return flowstest.Decision{Error: "access_denied"}
		},
	})
	source := w.source(t)
	for range 2 {
		var denied *flows.AuthorizationError
		if _, err := source.Subject(t.Context()); !errors.As(err, &denied) || denied.Code != "access_denied" {
			t.Errorf("error %v", err)
		}
	}
	w.wantCounts(t, 1, nil)
	w.idp.Configure(func(c *flowstest.ServerConfig) { c.Decide = nil })
	if err := source.Login(t.Context()); err != nil {
		t.Error(err)
	}
	wantToken(t, source)
	w.wantCounts(t, 2, nil)
}

// Close ends a login that waits for its user.
func TestClose(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{})
	asked := make(chan struct{})
	w.human.browse = func(ctx context.Context, _ string) (string, error) {
		close(asked)
		<-ctx.Done()
		return "", ctx.Err()
	}
	source := w.source(t)
	left := make(chan error)
	go func() {
		_, err := source.Subject(t.Context())
		left <- err
	}()
	<-asked
	_ = source.Close()
	if err := <-left; !errors.Is(err, sdk.ErrClosed) {
		t.Errorf("who waited: %v", err)
	}
	if _, err := source.Subject(t.Context()); !errors.Is(err, sdk.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if w.human.closed.Load() != 1 {
		t.Error("the receiver was not closed")
	}
}

// META-1, REG-11, BIND-2: what can be known before the user is asked.
func TestRefusedBefore(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.Without("code_challenge_methods_supported")})
	if _, err := w.source(t).Subject(t.Context()); err == nil || !strings.Contains(err.Error(), "code_challenge_methods_supported") {
		t.Errorf("PKCE unadvertised: %v", err)
	}
	wantToken(t, w.source(t, func(c *oidclogin.Config) { c.PKCEUnadvertised = true }))
	var client *flows.ClientError
	unregistered := w.source(t, func(c *oidclogin.Config) { c.RedirectURIs = []string{"http://127.0.0.1:1/callback"} })
	if _, err := unregistered.Subject(t.Context()); !errors.As(err, &client) {
		t.Errorf("unregistered redirect URI: %v", err)
	}
	w.idp.Configure(func(c *flowstest.ServerConfig) { c.Metadata = flowstest.Without("jwks_uri") })
	var missing *flows.MissingEndpointError
	if _, err := w.source(t).Subject(t.Context()); !errors.As(err, &missing) || missing.Endpoint != "jwks_uri" {
		t.Errorf("no keys: %v", err)
	}
	w.idp.Configure(func(c *flowstest.ServerConfig) { c.Metadata = flowstest.With("issuer", "https://evil.example.com") })
	var discovery *flows.DiscoveryError
	if _, err := w.source(t).Subject(t.Context()); !errors.As(err, &discovery) {
		t.Errorf("another issuer: %v", err)
	}
	w.wantCounts(t, 1, nil)
	for name, cfg := range map[string]oidclogin.Config{
		"no issuer":       {ClientID: "agent", Authorizer: w.human},
		"no URL":          {Issuer: "idp", ClientID: "agent", Authorizer: w.human},
		"no client":       {Issuer: "https://idp.example.com", Authorizer: w.human},
		"nobody to ask":   {Issuer: "https://idp.example.com", ClientID: "agent"},
		"issuer, a query": {Issuer: "https://idp.example.com?x", ClientID: "agent", Authorizer: w.human},
	} {
		if source, err := oidclogin.New(cfg); err == nil || source != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
