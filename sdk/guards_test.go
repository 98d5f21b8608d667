// Guards: what the other tests would not notice if it were gone.

package sdk_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// recorder is a base transport that notes the Authorization headers it is given.
type recorder struct{ seen []string }

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.seen = append(r.seen, req.Header.Get("Authorization"))
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: req}, nil
}

// HTTP-2: the rows of the rogue table that no listener can show.
func TestRogueURLs(t *testing.T) {
	transport, req := loggedIn(t)
	base := &recorder{}
	transport.Base = base
	send := func(u *url.URL) string {
		other := req.Clone(t.Context())
		other.URL, other.Host = u, u.Host
		res, err := transport.RoundTrip(other)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return base.seen[len(base.seen)-1]
	}
	if send(req.URL) == "" {
		t.Fatal("the resource itself got no token")
	}
	for name, edit := range map[string]func(*url.URL){
		"another scheme":   func(u *url.URL) { u.Scheme = "https" },
		"userinfo":         func(u *url.URL) { u.User = url.User("x") },
		"another port":     func(u *url.URL) { u.Host = u.Hostname() + ":1" },
		"a trailing dot":   func(u *url.URL) { u.Host = u.Hostname() + ".:" + u.Port() },
		"a longer host":    func(u *url.URL) { u.Host = "x" + u.Host },
		"an escaped dot":   func(u *url.URL) { u.Path, u.RawPath = "/mcp/..", "/mcp/%2E%2e" },
		"an escaped slash": func(u *url.URL) { u.Path, u.RawPath = "/mcp/a/b", "/mcp/a%2Fb" },
	} {
		u := *req.URL
		edit(&u)
		if h := send(&u); h != "" {
			t.Errorf("%s: %s got %q", name, u.String(), h)
		}
	}
}

// AUTHZ-8: a login that was begun for another resource or program is not this
// client's to finish, and stays for its owner.
func TestFinishForAnotherResource(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	other := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	begun, err := w.client(t, twoLegged(store, "alice")).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	callback, err := w.as.Authorize(t.Context(), begun.URL())
	if err != nil {
		t.Fatal(err)
	}
	var refused *flows.CallbackError
	if err := other.client(t, twoLegged(store, "alice")).Finish(t.Context(), "alice", callback); !errors.As(err, &refused) {
		t.Errorf("another resource: %v", err)
	}
	renamed := w.client(t, twoLegged(store, "alice"), func(c *sdk.Config) { c.ClientName = "another program" })
	if err := renamed.Finish(t.Context(), "alice", callback); !errors.As(err, &refused) {
		t.Errorf("another program: %v", err)
	}
	if err := w.client(t, twoLegged(store, "alice")).Finish(t.Context(), "alice", callback); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

// plain is a store without locks and generations.
type plain struct{ sdk.Store }

// REF-4: in a store without locks the flight alone keeps a storm to one.
func TestStormWithoutLocks(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Latency: 5 * time.Millisecond}, flowstest.ResourceConfig{})
	client := w.client(t, func(c *sdk.Config) { c.Store = plain{sdk.NewMemoryStore()} }).HTTPClient()
	storm(t, w, client)
	w.as.RevokeAccessTokens()
	storm(t, w, client)
	wantCounts(t, w.as, map[string]int{"register": 1, "authorize": 1, "token:refresh_token": 1})
}

// BIND-1, DISC-17: a resource that has moved to another authorization server
// sees no token of the old one any more, and the new one sees no client id of
// the old one.
func TestResourceMoves(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	second := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	t.Cleanup(second.Close)
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.rs.Configure(func(c *flowstest.ResourceConfig) {
		c.AuthorizationServers = []*flowstest.AuthorizationServer{second}
	})
	w.human.browse = second.Authorize
	w.rs.ForgetRequests()
	wantStatus(t, client, w.rs.URL(), 200)
	if n := w.rs.Count("mcp"); n != 2 {
		t.Errorf("%d requests at the resource, want the rejected one and the right one", n)
	}
	wantCounts(t, second, map[string]int{"register": 1, "authorize": 1, "token:refresh_token": 0})
	for _, r := range second.Requests() {
		if id := r.Param("client_id"); id != "" && id != second.Clients()[0].ID {
			t.Errorf("%s carried the client id %q of another issuer", r.Path, id)
		}
	}
}

// BIND-4: an assertion goes to the first issuer only, also without a client id.
func TestAssertionStaysBound(t *testing.T) {
	platform := flowstest.NewSigningKey("ES256")
	w := newWorld(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: "https://platform.example.com", JWKS: flowstest.KeySet(platform), Workloads: true}},
	}, flowstest.ResourceConfig{})
	path := filepath.Join(t.TempDir(), "token")
	assertion := platform.Sign(nil, map[string]any{
		"iss": "https://platform.example.com", "sub": "a", "aud": w.as.Issuer(), "jti": "1",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	})
	if err := os.WriteFile(path, []byte(assertion), 0o600); err != nil {
		t.Fatal(err)
	}
	store := sdk.NewMemoryStore()
	workload := func(c *sdk.Config) {
		c.Store, c.Grant = store, sdk.WorkloadIdentity{Assertion: flows.AssertionFile(path)}
	}
	named := w.client(t, workload, func(c *sdk.Config) { c.Credentials = &sdk.Credentials{ClientID: "agent"} })
	wantStatus(t, named.HTTPClient(), w.rs.URL(), 200)
	client := w.client(t, workload).HTTPClient()
	second := flowstest.NewAuthorizationServer(flowstest.ServerConfig{GrantTypes: []string{flowstest.GrantJWTBearer}})
	t.Cleanup(second.Close)
	w.rs.Configure(func(c *flowstest.ResourceConfig) {
		c.AuthorizationServers = []*flowstest.AuthorizationServer{second}
	})
	var bound *flows.ClientError
	if _, _, err := try(t, client, w.rs.URL(), "{}"); !errors.As(err, &bound) || bound.BoundIssuer != w.as.Issuer() {
		t.Errorf("error %v, want a *flows.ClientError bound to %s", err, w.as.Issuer())
	}
	if n := second.Count("token"); n != 0 {
		t.Errorf("%d token requests at the new server", n)
	}
}

// STORE-1: a refresh whose answer comes after a logout does not bring the
// session back, neither in the store nor in the process that refreshed.
func TestLogoutDuringRefresh(t *testing.T) {
	t.Run("by another process", func(t *testing.T) {
		logoutDuringRefresh(t, func(_, two *sdk.Client) *sdk.Client { return two })
	})
	t.Run("by the same client", func(t *testing.T) {
		logoutDuringRefresh(t, func(one, _ *sdk.Client) *sdk.Client { return one })
	})
}

func logoutDuringRefresh(t *testing.T, who func(one, two *sdk.Client) *sdk.Client) {
	t.Helper()
	answering, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{
		Metadata: flowstest.Without("revocation_endpoint"),
		Refresh:  func(map[string]any) { close(answering); <-release },
	}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	persist := func(c *sdk.Config) { c.Store = store }
	one, two := w.client(t, persist), w.client(t, persist)
	if err := one.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.as.RevokeAccessTokens()
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Decide = flowstest.Deny() })
	done := make(chan error, 1)
	go func() {
		_, _, err := try(t, one.HTTPClient(), w.rs.URL(), "{}")
		done <- err
	}()
	<-answering
	if err := who(one, two).Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(release)
	var denied *flows.AuthorizationError
	if err := <-done; !errors.As(err, &denied) {
		t.Errorf("request: %v, want the human's no: the session was over", err)
	}
	for name, client := range map[string]*sdk.Client{"one": one, "two": two, "a third": w.client(t, persist)} {
		if _, err := client.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
			t.Errorf("client %s: %v, want ErrNotAuthorized", name, err)
		}
	}
}

// STORE-1: a record of a newer version is refused and left as it is.
func TestNewerRecord(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := &spy{Store: sdk.NewMemoryStore()}
	auth := w.client(t, func(c *sdk.Config) { c.Store = store })
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	newer := strings.Replace(string(store.session), `"version":1`, `"version":2`, 1)
	foreign := sameRecord{store, []byte(newer)}
	again := w.client(t, func(c *sdk.Config) { c.Store = foreign })
	var failed *sdk.StoreError
	_, _, err := try(t, again.HTTPClient(), w.rs.URL(), "{}")
	if !errors.As(err, &failed) || !errors.Is(err, sdk.ErrRecordVersion) {
		t.Errorf("error %v, want ErrRecordVersion in a *StoreError", err)
	}
	if err := again.Login(t.Context()); !errors.Is(err, sdk.ErrRecordVersion) {
		t.Errorf("Login: %v, want ErrRecordVersion", err)
	}
	if string(store.session) == newer {
		t.Error("the record was overwritten")
	}
}

// REG-8: credentials that the server does not know any more are the user's to
// mend: an error, no prompt, nothing lost.
func TestPreRegisteredClientRejected(t *testing.T) {
	registered := flowstest.Client{ID: "app", Secret: "s", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}}
	w := newWorld(t, flowstest.ServerConfig{Clients: []flowstest.Client{registered}}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) { c.Credentials = &sdk.Credentials{ClientID: "app", ClientSecret: "s"} })
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	w.as.RemoveClient("app")
	_, _, err := try(t, auth.HTTPClient(), w.rs.URL(), "{}")
	var refusal *flows.TokenError
	if !errors.As(err, &refusal) || refusal.Code != "invalid_client" || !sdk.NeedsHuman(err) || !strings.Contains(err.Error(), ": check the configured client id") {
		t.Errorf("error %v, want invalid_client for a human", err)
	}
	w.as.AddClient(registered)
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
	wantCounts(t, w.as, map[string]int{"register": 0})
}
