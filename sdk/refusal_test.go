// Refusals: what is remembered, mended, and asked again.

package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// AUTHZ-14: neither a caller that wants no human nor another challenge lets a
// human who said no be asked again.
func TestRefusalIsNotForgotten(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{
		Challenge: func(r *http.Request, _ flowstest.Reason, lines []string) []string {
			return []string{lines[0] + `, scope="` + r.Method + `"`}
		}})
	w.human.browse = func(context.Context, string) (string, error) { return "", sdk.ErrNoCallback }
	auth := w.client(t)
	client := auth.HTTPClient()
	for range 3 {
		if _, _, err := try(t, client, w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrNoCallback) {
			t.Fatalf("POST: %v", err)
		}
		if _, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
			t.Fatalf("Token: %v", err)
		}
	}
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("Token between: %d prompts, want 1", n)
	}
	for range 3 {
		if res, err := client.Get(w.rs.URL()); !errors.Is(err, sdk.ErrNoCallback) {
			t.Fatalf("GET: %v, %v", res, err)
		}
		if _, _, err := try(t, client, w.rs.URL(), "{}"); !errors.Is(err, sdk.ErrNoCallback) {
			t.Fatalf("POST: %v", err)
		}
	}
	if n := w.human.prompts.Load(); n != 2 {
		t.Errorf("two challenges: %d prompts, want 2", n)
	}
}

// REG-8: credentials that the user has mended are used for the refresh too.
func TestMendedCredentials(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Clients: []flowstest.Client{{ID: "app", Secret: "the old one", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}}}},
		flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	with := func(secret string) *sdk.Client {
		return w.client(t, stored(store), func(c *sdk.Config) {
			c.Credentials = &sdk.Credentials{ClientID: "app", ClientSecret: gen.Secret("the " + secret)}
		})
	}
	wantStatus(t, with("old one").HTTPClient(), w.rs.URL(), 200)
	w.as.AddClient(flowstest.Client{ID: "app", Secret: "the new one", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}})
	w.as.ExpireAccessTokens()
	wantStatus(t, with("new one").HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"authorize": 1, "token:refresh_token": 1})
}

// STEP-5: the caller is asked before a step-up of a session without a token too.
func TestStepUpAsksWithoutToken(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: func(_ string, _ int, rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/mcp" {
			return false
		}
		rw.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="more"`)
		rw.WriteHeader(http.StatusForbidden)
		return true
	}})
	client := w.client(t, func(c *sdk.Config) {
		c.StepUp, c.AllowStepUp = sdk.StepUpAsk, func([]string) bool { return false }
	}).HTTPClient()
	var declined *sdk.StepUpError
	if _, _, err := try(t, client, w.rs.URL(), "{}"); !errors.As(err, &declined) {
		t.Errorf("error %v", err)
	}
	if n := w.human.prompts.Load(); n != 0 {
		t.Errorf("%d prompts, want none", n)
	}
}

// TOK-5, REF-8: rejected credentials are not tried by each request of the
// window.
func TestAheadWithRejectedCredentials(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{
		Clients: []flowstest.Client{{ID: "app", Secret: "s", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}}},
		Fault:   flowstest.On("token:refresh_token", flowstest.OAuthError(401, "invalid_client", "")),
	}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) {
		c.Credentials = &sdk.Credentials{ClientID: "app", ClientSecret: "s"}
		c.Skew, c.RefreshAhead = 2*time.Hour, -1
	})
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		_, _ = auth.Token(t.Context())
	}
	if n := w.as.Count("token:refresh_token"); n > 2 {
		t.Errorf("%d refresh requests of 20 callers, want 1 or 2", n)
	}
}

// HTTP-2: a request that was made without a header map.
func TestAuthorizeWithoutHeader(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t)
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	u, err := url.Parse(w.rs.URL())
	if err != nil {
		t.Fatal(err)
	}
	req := &http.Request{Method: http.MethodGet, URL: u}
	if err := auth.Authorize(req); err != nil || req.Header.Get("Authorization") == "" {
		t.Errorf("header %v, error %v", req.Header, err)
	}
}

// scripted answers each send in turn.
type scripted struct {
	sends   int
	answers []http.Header
	status  []int
}

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	i := min(s.sends, len(s.answers)-1)
	s.sends++
	return &http.Response{StatusCode: s.status[i], Header: s.answers[i], Body: http.NoBody, Request: req}, nil
}

// DISC-1, EXT-5: a nonce does not make a fifth send.
func TestFourSendsWithNonce(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}}, flowstest.ResourceConfig{})
	auth := w.client(t, func(c *sdk.Config) { c.DPoP = sdk.DPoPAlways })
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	bad := http.Header{"Www-Authenticate": {`DPoP error="invalid_token"`}}
	more := http.Header{"Www-Authenticate": {`DPoP error="insufficient_scope", scope="more"`}}
	nonce := http.Header{"Www-Authenticate": {`DPoP error="use_dpop_nonce"`}, "Dpop-Nonce": {"n"}}
	base := &scripted{status: []int{401, 401, 403, 401, 200}, answers: []http.Header{bad, bad, more, nonce, {}}}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.rs.URL(), nil)
	res, err := (&sdk.Transport{Client: auth, Base: base}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if base.sends > 4 {
		t.Errorf("sent %d times, want 4 at most", base.sends)
	}
}
