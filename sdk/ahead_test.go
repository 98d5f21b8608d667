package sdk

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// script is an Authorizer without a human.
type script func(ctx context.Context, url string) (string, error)

func (s script) Prepare(context.Context, []string) (Attempt, error) { return s, nil }
func (s script) RedirectURI() string                                { return "http://127.0.0.1:7777/callback" }
func (s script) Authorize(ctx context.Context, url string) (string, error) {
	return s(ctx, url)
}
func (s script) Close() error { return nil }

// inWindow makes the session's present token one whose window has begun.
func (s *session) inWindow() {
	snap := *s.snap.Load()
	snap.aheadAt = 1
	s.snap.Store(&snap)
}

func aheadWorld(tb testing.TB, as flowstest.ServerConfig, cfg Config) (*flowstest.AuthorizationServer, *flowstest.Resource, *Client) {
	tb.Helper()
	server := flowstest.NewAuthorizationServer(as)
	tb.Cleanup(server.Close)
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{server}})
	tb.Cleanup(rs.Close)
	cfg.Resource, cfg.Authorizer = rs.URL(), script(server.Authorize)
	client, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	if err := client.Login(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return server, rs, client
}

func get(tb testing.TB, client *http.Client, url string) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, nil)
	if err != nil {
		tb.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		tb.Fatalf("status %d", res.StatusCode)
	}
}

// REF-8: inside the window requests go on with their token while one refresh
// runs beside them.
func TestRefreshAhead(t *testing.T) {
	hold := make(chan struct{})
	release := sync.OnceFunc(func() { close(hold) })
	defer release()
	as, rs, client := aheadWorld(t, flowstest.ServerConfig{Refresh: func(map[string]any) { <-hold }}, Config{RefreshAhead: time.Minute})
	before := client.session.snap.Load()
	client.session.inWindow()
	for range 5 { // nobody waits for the refresh, which is held
		get(t, client.HTTPClient(), rs.URL())
	}
	client.session.mu.Lock()
	flight := client.session.flight
	client.session.mu.Unlock()
	if flight == nil {
		t.Fatal("no refresh is under way")
	}
	release()
	<-flight.done
	if now := client.session.snap.Load(); now.generation <= before.generation || now.aheadAt == 0 {
		t.Errorf("snapshot %d after the refresh, was %d", now.generation, before.generation)
	}
	if n := as.Count("token:refresh_token"); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

// The window is jittered, and never longer than a quarter of the token's life:
// a short token must not be refreshed by every request.
func TestAheadWindow(t *testing.T) {
	issued := time.Now()
	for _, life := range []time.Duration{time.Second, time.Minute, time.Hour} {
		cfg := Config{RefreshAhead: 10 * time.Minute}
		expires := issued.Add(life)
		due := cfg.refreshAt(issued, expires)
		seen := map[int64]bool{}
		for range 100 {
			at := cfg.aheadAt(issued, expires, due)
			seen[at] = true
			if early := due.Sub(time.Unix(0, at)); early > life/4 || early > cfg.RefreshAhead || early < 0 {
				t.Fatalf("life %v: %v before it is due", life, early)
			}
		}
		if len(seen) < 50 {
			t.Errorf("life %v: %d different moments of 100", life, len(seen))
		}
	}
}

// BenchmarkRefreshAhead shows what a request costs whose token needs a refresh
// at a server that takes 20 ms: with the window it is the request alone.
func BenchmarkRefreshAhead(b *testing.B) {
	for name, due := range map[string]func(*session){
		"ahead": (*session).inWindow,
		"wait": func(s *session) {
			snap := *s.snap.Load()
			snap.refreshAt = 1
			s.snap.Store(&snap)
		},
	} {
		b.Run(name, func(b *testing.B) {
			_, rs, client := aheadWorld(b, flowstest.ServerConfig{Refresh: func(map[string]any) { time.Sleep(20 * time.Millisecond) }}, Config{RefreshAhead: time.Minute})
			httpClient := client.HTTPClient()
			for b.Loop() {
				due(client.session)
				get(b, httpClient, rs.URL())
			}
		})
	}
}
