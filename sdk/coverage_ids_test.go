// Clauses of the behaviour list that no other test would notice if they were gone.

package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// STEP-4, STEP-7: requests that are challenged for the same scope at once share
// one step-up, and none of them is refused for the number of the others.
func TestStepUpStorm(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	var entered, all sync.WaitGroup
	entered.Add(20)
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		time.Sleep(50 * time.Millisecond) // so that the others are challenged meanwhile
		return w.as.Authorize(ctx, url)
	}
	for range 20 {
		all.Go(func() {
			entered.Done()
			entered.Wait()
			if status, _, err := try(t, client, w.rs.URL()+"/write", "{}"); err != nil || status != 200 {
				t.Errorf("status %d, error %v", status, err)
			}
		})
	}
	all.Wait()
	if n := w.human.prompts.Load(); n != 2 {
		t.Errorf("%d prompts, want the login and one step-up", n)
	}
}

// STEP-4: an operation is stepped up twice for the same scope, whichever paths
// it has; a scope function that asks for less must not keep a human clicking.
func TestStepUpTwiceForAnOperation(t *testing.T) {
	for name, named := range map[string]func(*http.Request) *http.Request{
		"context": func(r *http.Request) *http.Request {
			return r.WithContext(sdk.WithOperation(r.Context(), "write"))
		},
		"headers": func(r *http.Request) *http.Request {
			r.Header.Set("Mcp-Method", "tools/call")
			r.Header.Set("Mcp-Name", "write")
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{ScopesFor: scopesByPath,
				StepUpScope: func([]string, []string) []string { return []string{"write"} }})
			client := w.client(t, func(c *sdk.Config) {
				c.Scope = func(flows.ScopeRequest) []string { return []string{"mcp"} }
			}).HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			for i, want := range []int32{2, 3, 3, 3} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.rs.URL()+"/write"+strings.Repeat("x", i), http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				res, err := client.Do(named(req))
				var stepUp *sdk.StepUpError
				if !errors.As(err, &stepUp) {
					t.Fatalf("response %v, error %v, want a *StepUpError", res, err)
				}
				if i > 1 && !strings.Contains(stepUp.Reason, "twice") {
					t.Errorf("reason %q", stepUp.Reason)
				}
				if n := w.human.prompts.Load(); n != want {
					t.Errorf("request %d: %d prompts, want %d", i, n, want)
				}
			}
		})
	}
}

// STEP-7, AUTHZ-12: requests that the present token is enough for do not wait
// for the human of a step-up.
func TestRequestsBesideStepUp(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	asked, answer := make(chan struct{}), make(chan struct{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		close(asked)
		<-answer
		return w.as.Authorize(ctx, url)
	}
	done := make(chan error, 1)
	go func() {
		_, _, err := try(t, client, w.rs.URL()+"/write", "{}")
		done <- err
	}()
	<-asked
	wantStatus(t, client, w.rs.URL(), 200)
	close(answer)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// failing is a store whose fenced writes of sessions fail while it is told so.
type failing struct {
	*sdk.MemoryStore
	full atomic.Bool
}

var errFull = errors.New("disk full")

func (f *failing) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	if f.full.Load() && strings.HasPrefix(key, "session/") {
		return errFull
	}
	return f.MemoryStore.PutIf(ctx, key, generation, value)
}

// REF-9: a refresh that cannot be written is an error to the request that
// needed it; the new token serves the next ones, and the old refresh token is
// not used again.
func TestRefreshIsNotWritten(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := &failing{MemoryStore: sdk.NewMemoryStore()}
	client := w.client(t, func(c *sdk.Config) { c.Store = store }).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	store.full.Store(true)
	w.as.RevokeAccessTokens()
	_, _, err := try(t, client, w.rs.URL(), "{}")
	var failed *sdk.StoreError
	if !errors.As(err, &failed) || failed.Op != "write" || !errors.Is(err, errFull) || sdk.NeedsHuman(err) {
		t.Errorf("error %v, want a passing *StoreError of a write", err)
	}
	wantStatus(t, client, w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 1})
	w.as.RevokeAccessTokens() // the next refresh goes on from the token in memory
	store.full.Store(false)
	wantStatus(t, client, w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 2, "authorize": 1})
	if families := w.as.Families(); len(families) != 1 || families[0].Revoked {
		t.Errorf("families %+v", families)
	}
}

// BIND-5: metadata that cannot be read names no other issuer: the refresh
// beside it is kept.
func TestUnreadableMetadataIsNoMove(t *testing.T) {
	for name, fault := range map[string]flowstest.Fault{
		"unavailable": flowstest.Unavailable(0),
		"reset":       flowstest.Reset(),
		"firewall":    flowstest.Firewall(),
		"no JSON":     flowstest.Answer(200, "text/html", "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			client := w.client(t).HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			w.as.RevokeAccessTokens()
			w.rs.Configure(func(c *flowstest.ResourceConfig) { c.Fault = flowstest.On("prm", fault) })
			wantStatus(t, client, w.rs.URL(), 200)
			wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 1, "register": 1})
		})
	}
}

// REF-4: 100 requests with an expired token make one refresh.
func TestStormAfterExpiry(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{TokenLife: time.Second}, flowstest.ResourceConfig{})
	client := w.client(t, func(c *sdk.Config) { c.Skew = time.Millisecond }).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.Configure(func(c *flowstest.ServerConfig) { c.TokenLife = time.Hour })
	time.Sleep(1100 * time.Millisecond)
	w.as.ForgetRequests()
	w.rs.ForgetRequests()
	storm(t, w, client)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 0, "register": 0})
	if n := w.rs.Count("mcp"); n != 100 {
		t.Errorf("%d requests at the resource, want 100: the expired token was sent", n)
	}
}

// REF-4: who leaves a refresh leaves within its own deadline, and the result of
// the refresh serves the next request.
func TestCallerLeavesRefresh(t *testing.T) {
	refreshing, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{Refresh: func(map[string]any) { close(refreshing); <-release }}, flowstest.ResourceConfig{})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { left <- post(ctx, client, w.rs.URL()) }()
	<-refreshing
	leave()
	var pending *sdk.PendingError
	if err := <-left; !errors.As(err, &pending) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want a *PendingError", err)
	}
	close(release)
	wantStatus(t, client, w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 1})
}

// AUTHZ-14: a new challenge, or a session that another process stored, ends the
// memory of a failure.
func TestFailureIsForgotten(t *testing.T) {
	t.Run("new challenge", func(t *testing.T) {
		var scope atomic.Pointer[string]
		first, second := "first", "second"
		scope.Store(&first)
		w := newWorld(t, flowstest.ServerConfig{Decide: flowstest.Deny()}, flowstest.ResourceConfig{
			Challenge: func(*http.Request, flowstest.Reason, []string) []string {
				return []string{`Bearer scope="` + *scope.Load() + `"`}
			}})
		client := w.client(t).HTTPClient()
		for i, want := range []int32{1, 1, 2, 2} {
			if i == 2 {
				scope.Store(&second)
			}
			if _, _, err := try(t, client, w.rs.URL(), "{}"); err == nil {
				t.Fatal("a denied login went through")
			}
			if n := w.human.prompts.Load(); n != want {
				t.Errorf("request %d: %d prompts, want %d", i, n, want)
			}
		}
	})
	t.Run("newer generation", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{Decide: flowstest.Deny()}, flowstest.ResourceConfig{})
		store := sdk.NewMemoryStore()
		persist := func(c *sdk.Config) { c.Store = store }
		client := w.client(t, persist).HTTPClient()
		if _, _, err := try(t, client, w.rs.URL(), "{}"); err == nil {
			t.Fatal("a denied login went through")
		}
		w.as.Configure(func(c *flowstest.ServerConfig) { c.Decide = nil })
		if err := w.client(t, persist).Login(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, client, w.rs.URL(), 200)
		if n := w.human.prompts.Load(); n != 2 {
			t.Errorf("%d prompts, want 2", n)
		}
	})
}

// REF-1: a fresh token serves those who waited for it although it is said to
// have expired already; the next request refreshes.
func TestTokenOfNoLife(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Token: flowstest.With("expires_in", 0)}, flowstest.ResourceConfig{})
	client := w.client(t).HTTPClient()
	for refreshes := range 3 {
		wantStatus(t, client, w.rs.URL(), 200)
		wantCounts(t, w.as, map[string]int{"token:refresh_token": refreshes, "authorize": 1})
	}
}

// DISC-1: the rejected token is that of the request's own header. If the session
// has another by now, that one is tried, and nobody else is asked.
func TestRejectedTokenIsTheRequests(t *testing.T) {
	var first atomic.Pointer[string]
	arrived, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: func(_ string, _ int, rw http.ResponseWriter, r *http.Request) bool {
		if h := r.Header.Get("Authorization"); r.URL.Path == "/mcp/late" && first.CompareAndSwap(nil, &h) {
			close(arrived)
			<-release
			rw.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			rw.WriteHeader(http.StatusUnauthorized)
			return true
		}
		return false
	}})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	late := make(chan error, 1)
	go func() { late <- post(t.Context(), client, w.rs.URL()+"/late") }()
	<-arrived
	w.as.RevokeAccessTokens()
	wantStatus(t, client, w.rs.URL(), 200)
	close(release)
	if err := <-late; err != nil {
		t.Error(err)
	}
	wantCounts(t, w.as, map[string]int{"token:refresh_token": 1, "authorize": 1})
}

// REG-8: a registration whose secret has expired is made anew before it is used.
func TestExpiredSecretRegistersAgain(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{RegistrationSecretLife: time.Second, AuthMethods: []string{"client_secret_basic"}}, flowstest.ResourceConfig{})
	auth := w.client(t)
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2100 * time.Millisecond) // the member counts whole seconds
	w.as.Configure(func(c *flowstest.ServerConfig) { c.RegistrationSecretLife = 0 })
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantCounts(t, w.as, map[string]int{"register": 2})
}

// old is a store that gives back pending logins as if their time were up.
type old struct{ *sdk.MemoryStore }

func (o old) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := o.MemoryStore.Get(ctx, key)
	if err != nil || !strings.HasPrefix(key, "pending/") {
		return value, err
	}
	pending, err := gen.DecodePendingRecord(value, nil)
	if err != nil {
		return nil, err
	}
	pending.ExpiresAt = time.Now().Add(-time.Second)
	return pending.Encode()
}

// AUTHZ-8: the record of a login expires; its code is not sent anywhere.
func TestPendingExpires(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t, twoLegged(old{sdk.NewMemoryStore()}, "alice"))
	begun, err := auth.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	callback, err := w.as.Authorize(t.Context(), begun.URL())
	if err != nil {
		t.Fatal(err)
	}
	var refused *flows.CallbackError
	if err := auth.Finish(t.Context(), "alice", callback); !errors.As(err, &refused) {
		t.Errorf("error %v, want a *flows.CallbackError", err)
	}
	wantCounts(t, w.as, map[string]int{"token:authorization_code": 0})
}

// watched is a request body that knows whether it was closed.
type watched struct {
	io.Reader
	closed *atomic.Int32
}

func (b watched) Close() error {
	b.closed.Add(1)
	return nil
}

// HTTP-1: the caller's request stays as it is, its body is sent whole each time,
// and every body that was opened is closed.
func TestRequestIsTheCallers(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	client := w.client(t)
	send := func(transport http.RoundTripper) (opened, closed int32, err error) {
		var bodies, ends atomic.Int32
		open := func() (io.ReadCloser, error) {
			bodies.Add(1)
			return watched{bytes.NewReader([]byte("the body")), &ends}, nil
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.rs.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Body, _ = open()
		req.GetBody, req.ContentLength = open, int64(len("the body"))
		req.Header.Set("X-Own", "x")
		before := req.Header.Clone()
		res, err := transport.RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
		}
		if len(req.Header) != len(before) || req.Header.Get("X-Own") != "x" {
			t.Errorf("the header became %v", req.Header)
		}
		// A transport may close a body after it has answered.
		for end := time.Now().Add(5 * time.Second); ends.Load() < bodies.Load() && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		return bodies.Load(), ends.Load(), err
	}
	opened, closed, err := send(&sdk.Transport{Client: client}) // 401, login, again
	if err != nil || opened != 2 || closed < opened {
		t.Errorf("%d bodies opened, %d closed, error %v", opened, closed, err)
	}
	for _, r := range w.rs.RequestsOf("mcp") {
		if string(r.Body) != "the body" {
			t.Errorf("body %q was sent", r.Body)
		}
	}
	w.as.RevokeAccessTokens()
	w.as.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:refresh_token", flowstest.Unavailable(0))
	})
	if opened, closed, err := send(&sdk.Transport{Client: client}); err == nil || closed < opened {
		t.Errorf("failed refresh: %d bodies opened, %d closed, error %v", opened, closed, err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if opened, closed, err := send(&sdk.Transport{Client: client}); err == nil || closed < opened {
		t.Errorf("closed client: %d bodies opened, %d closed, error %v", opened, closed, err)
	}
}

// HTTP-1: a long stream passes as it comes, and neither blocks other requests
// nor is blocked by a refresh.
func TestStreamPasses(t *testing.T) {
	next := make(chan string)
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			return
		}
		rw.Header().Set("Content-Type", "text/event-stream")
		for event := range next {
			_, _ = io.WriteString(rw, event)
			rw.(http.Flusher).Flush()
		}
	})})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.rs.URL(), http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan struct{})
	go func() { defer close(sent); next <- "one" }()
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	<-sent
	w.as.RevokeAccessTokens()
	wantStatus(t, client, w.rs.URL(), 200) // a refresh, beside the stream
	buffer := make([]byte, 3)
	if _, err := io.ReadFull(res.Body, buffer); err != nil || string(buffer) != "one" {
		t.Errorf("first event %q, error %v", buffer, err)
	}
	next <- "two"
	if _, err := io.ReadFull(res.Body, buffer); err != nil || string(buffer) != "two" {
		t.Errorf("second event %q, error %v", buffer, err)
	}
	close(next)
}
