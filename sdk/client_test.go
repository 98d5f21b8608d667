// From a 401 to an answer, and what happens when the token ends.

package sdk_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// DISC-1, REG-1, REG-4, AUTHZ-1, AUTHZ-2, HTTP-1: the whole way, once, and no
// second time.
func TestFirstRequestLogsIn(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}})
	client := w.client(t).HTTPClient()
	for range 3 {
		status, answer := call(t, client, w.rs.URL(), `{"hello":1}`)
		if status != http.StatusOK || !strings.Contains(answer, "hello") {
			t.Fatalf("status %d, answer %s", status, answer)
		}
	}
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 1, "token:authorization_code": 1})
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
	if n := w.human.closed.Load(); n != 1 {
		t.Errorf("attempt closed %d times, want 1", n)
	}
	for _, r := range w.as.RequestsOf("token:authorization_code") {
		if r.Param("resource") != w.rs.URL() {
			t.Errorf("resource sent: %q", r.Param("resource"))
		}
	}
}

// A configuration that could only fail later is refused, by a client and by a
// pool, with what mends it.
func TestNewRefuses(t *testing.T) {
	const resource = "https://mcp.example.com/mcp"
	credentials := func(method string) *sdk.Credentials {
		return &sdk.Credentials{ClientID: "app", ClientSecret: "s", TokenEndpointAuthMethod: method}
	}
	for _, tt := range []struct {
		cfg  sdk.Config
		want string // "" is no error
	}{
		{sdk.Config{}, ""},
		{sdk.Config{Credentials: &sdk.Credentials{}}, "Credentials.ClientID is empty"},
		{sdk.Config{Credentials: credentials("basic")}, `Credentials.TokenEndpointAuthMethod "basic" is none of none, client_secret_basic, `},
		{sdk.Config{Credentials: credentials("private_key_jwt")}, "Credentials.TokenEndpointAuthMethod private_key_jwt needs ClientKey"},
		{sdk.Config{Credentials: credentials("private_key_jwt"), ClientKey: &flows.ClientKey{}}, ""},
		{sdk.Config{Credentials: credentials("tls_client_auth")}, ""},
		{sdk.Config{Authorizer: &sdk.Loopback{Host: "example.com"}}, `Authorizer: sdk: loopback: host "example.com" is none of `},
		{sdk.Config{Authorizer: &sdk.Loopback{Host: "localhost"}}, ""},
		{sdk.Config{StepUp: sdk.StepUpAsk}, "StepUpAsk needs AllowStepUp"},
	} {
		pool, poolErr := sdk.NewPool(tt.cfg, 0)
		if pool != nil {
			defer pool.Close()
		}
		tt.cfg.Resource = resource
		client, err := sdk.New(tt.cfg)
		if client != nil {
			defer client.Close()
		}
		for _, err := range []error{err, poolErr} {
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), "sdk: config: "+tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		}
	}
	for url, hint := range map[string]bool{"http://mcp.example.com/mcp": true, "http://mcp.example.com/mcp#x": false, "ftp://mcp.example.com": false} {
		if _, err := sdk.New(sdk.Config{Resource: url}); err == nil || strings.Contains(err.Error(), "use https, or name the origin in AllowInsecureHTTP") != hint {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// DISC-16: a violation that stops nothing is logged with where it is; plain http
// on loopback, which all these servers have, is none that anybody can mend.
func TestLogsViolations(t *testing.T) {
	for name, tt := range map[string]struct {
		server  flowstest.ServerConfig
		allowed []string
		want    string // "" is nothing at all
	}{
		"plain http on loopback": {},
		"plain http by leave":    {allowed: []string{"http://other.example.com"}, want: "rule=asm-insecure-http"},
		"another violation":      {server: flowstest.ServerConfig{Metadata: flowstest.With("revocation_endpoint", "http://as.example.com/revoke")}, want: "member=/revocation_endpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, tt.server, flowstest.ResourceConfig{})
			var out bytes.Buffer
			auth := w.client(t, func(c *sdk.Config) {
				c.AllowInsecureHTTP, c.Logger = tt.allowed, slog.New(slog.NewTextHandler(&out, nil))
			})
			if err := auth.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := auth.Close(); err != nil {
				t.Fatal(err)
			}
			if tt.want == "" {
				if out.Len() != 0 {
					t.Errorf("logged %s", out.String())
				}
				return
			}
			for _, want := range []string{`msg="authorization metadata breaks a rule"`, "resource=" + w.rs.URL(), "issuer=" + w.as.Issuer(), tt.want} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%s is not in %s", want, out.String())
				}
			}
		})
	}
}

// REF-1, REF-2, REF-3: a refresh before the token's end, and after a 401,
// without a human.
func TestRefreshes(t *testing.T) {
	tests := []struct {
		name string
		end  func(*world)
	}{
		{"expired", func(w *world) { w.as.ExpireAccessTokens() }},
		{"revoked", func(w *world) { w.as.RevokeAccessTokens() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}})
			client := w.client(t).HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			for range 3 {
				tt.end(w)
				wantStatus(t, client, w.rs.URL(), 200)
			}
			wantCounts(t, w.as, map[string]int{"token:refresh_token": 3, "authorize": 1, "register": 1})
			for _, f := range w.as.Families() {
				if f.Revoked {
					t.Errorf("family revoked: a refresh token was used twice")
				}
			}
		})
	}
}

// REF-1: a token that is known to be near its end is refreshed before it is sent.
func TestRefreshesAhead(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{TokenLife: time.Second}, flowstest.ResourceConfig{})
	client := w.client(t, func(c *sdk.Config) { c.Skew = time.Hour }).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.rs.ForgetRequests()
	wantStatus(t, client, w.rs.URL(), 200)
	if n := w.rs.Count("mcp"); n != 1 {
		t.Errorf("%d requests at the resource, want 1: the old token was tried", n)
	}
}

// REF-6: a spent refresh token leads to a login with the same client; a
// failing server leads to an error and loses nothing.
func TestRefreshFailures(t *testing.T) {
	t.Run("invalid_grant", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
		client := w.client(t).HTTPClient()
		wantStatus(t, client, w.rs.URL(), 200)
		w.as.RevokeAccessTokens()
		w.as.RevokeRefreshTokens()
		wantStatus(t, client, w.rs.URL(), 200)
		wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 2, "register": 1})
	})
	t.Run("invalid_client", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
		client := w.client(t).HTTPClient()
		wantStatus(t, client, w.rs.URL(), 200)
		w.as.RevokeAccessTokens()
		w.as.RemoveClient(w.as.Clients()[0].ID)
		wantStatus(t, client, w.rs.URL(), 200)
		wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 2, "register": 2})
	})
	for name, fault := range map[string]flowstest.Fault{
		"unavailable": flowstest.Unavailable(0),
		"firewall":    flowstest.Firewall(),
		"malformed":   flowstest.Answer(200, "application/json", `{"token":`),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			client := w.client(t).HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			w.as.RevokeAccessTokens()
			w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("token:refresh_token", fault) })
			_, _, err := try(t, client, w.rs.URL(), "{}")
			var rejected *sdk.RequestError
			if !errors.As(err, &rejected) || rejected.StatusCode != 401 || sdk.NeedsHuman(err) {
				t.Fatalf("error %v, want a passing *RequestError with status 401", err)
			}
			// The server is left alone for a moment, then asked again.
			asked := w.as.Count("token:refresh_token")
			if _, _, err := try(t, client, w.rs.URL(), "{}"); err == nil || w.as.Count("token:refresh_token") != asked {
				t.Errorf("no back-off: error %v, %d requests", err, w.as.Count("token:refresh_token"))
			}
			w.as.Configure(func(c *flowstest.ServerConfig) { c.Fault = nil })
			for err != nil && t.Context().Err() == nil {
				_, _, err = try(t, client, w.rs.URL(), "{}")
			}
			wantStatus(t, client, w.rs.URL(), 200)
			wantCounts(t, w.as, map[string]int{"authorize": 1})
		})
	}
}

// REF-1, STORE-1: a restarted process refreshes at the right endpoint without
// discovery and without a human.
func TestRestart(t *testing.T) {
	tests := []struct {
		name string
		end  func(*world)
		want map[string]int
	}{
		{"valid", func(*world) {}, map[string]int{"asm": 0, "register": 0, "token:refresh_token": 0, "authorize": 0}},
		{"revoked", func(w *world) { w.as.RevokeAccessTokens() }, map[string]int{"asm": 0, "token:refresh_token": 1, "authorize": 0}},
		{"dead", func(w *world) { w.as.RevokeAccessTokens(); w.as.RevokeRefreshTokens() },
			map[string]int{"register": 0, "authorize": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			store, err := sdk.NewDirectoryStore(t.TempDir() + "/state")
			if err != nil {
				t.Fatal(err)
			}
			persist := func(c *sdk.Config) { c.Store = store }
			wantStatus(t, w.client(t, persist).HTTPClient(), w.rs.URL(), 200)
			w.as.ForgetRequests()
			tt.end(w)
			wantStatus(t, w.client(t, persist).HTTPClient(), w.rs.URL(), 200)
			wantCounts(t, w.as, tt.want)
		})
	}
}

// DISC-1: the next 401 goes to the caller; there is no loop.
func TestRejectedForGood(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RefuseAlways: true})
	wantStatus(t, w.client(t).HTTPClient(), w.rs.URL(), 401)
	if n := w.rs.Count("mcp"); n > 4 {
		t.Errorf("sent %d times, want at most 4", n)
	}
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
}

// DISC-3: a 401 that offers only other schemes is not ours.
func TestOtherSchemes(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Challenge: flowstest.ChallengeLines(`Negotiate`, `Basic realm="x"`)})
	wantStatus(t, w.client(t).HTTPClient(), w.rs.URL(), 401)
	wantCounts(t, w.as, map[string]int{"asm": 0, "register": 0, "authorize": 0})
}

// Token never prompts; Login does; Logout leaves nothing to use.
func TestTokenLoginLogout(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}})
	client := w.client(t)
	if _, err := client.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Fatalf("Token before login: %v", err)
	}
	if err := client.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	token, err := client.Token(t.Context())
	if err != nil || token.AccessToken == "" || token.TokenType != "Bearer" {
		t.Fatalf("Token: %v, %v", token, err)
	}
	w.as.ExpireAccessTokens()
	if err := client.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Fatalf("Token after logout: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 0})
	// STORE-1: the registration outlives the logout.
	if err := client.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, w.as, map[string]int{"register": 1})
}
