package sdk

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// awayStore is a store whose reads of sessions may fail or hang.
type awayStore struct {
	*MemoryStore
	read  atomic.Pointer[func(context.Context) error] // nil is at work
	reads atomic.Int32                                // of sessions
}

func (s *awayStore) Get(ctx context.Context, key string) ([]byte, error) {
	if strings.HasPrefix(key, "session/") {
		s.reads.Add(1)
		if read := s.read.Load(); read != nil {
			return nil, (*read)(ctx)
		}
	}
	return s.MemoryStore.Get(ctx, key)
}

var errAway = errors.New("store is away")

func (s *awayStore) fails()   { s.set(func(context.Context) error { return errAway }) }
func (s *awayStore) returns() { s.read.Store(nil) }

// hangs makes reads wait until release is called.
func (s *awayStore) hangs() (release func()) {
	free := make(chan struct{})
	s.set(func(ctx context.Context) error {
		select {
		case <-free:
		case <-ctx.Done():
		}
		return errAway
	})
	return func() { close(free) }
}

func (s *awayStore) set(read func(context.Context) error) { s.read.Store(&read) }

// dueWorld is a session in an awayStore whose token works and is always due.
func dueWorld(t *testing.T) (*awayStore, *flowstest.AuthorizationServer, *session, func() error) {
	t.Helper()
	store := &awayStore{MemoryStore: NewMemoryStore()}
	as, rs, client := aheadWorld(t, flowstest.ServerConfig{}, Config{Store: store, Skew: 2 * time.Hour})
	httpClient := client.HTTPClient()
	return store, as, client.session, func() error {
		// Nobody waits that long, unless for a store that hangs.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, rs.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := httpClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
}

// land waits for the flight under way, if there is one.
func (s *session) land() {
	s.mu.Lock()
	f := s.flight
	s.mu.Unlock()
	if f != nil {
		<-f.done
	}
}

// restUntil moves the end of the wait for the store.
func (s *session) restUntil(t *testing.T, until time.Time) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away == nil {
		t.Fatal("no wait for the store")
	}
	s.away.until = until
}

func wantRequests(t *testing.T, send func() error) {
	t.Helper()
	for range 5 {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
}

// REF-6: a store that is away is no reason to wait for a request whose token
// works: the refresh is tried again after a while, beside the requests.
func TestStoreAwayNearEnd(t *testing.T) {
	store, as, s, send := dueWorld(t)
	store.fails()
	wantRequests(t, send) // the first one waits for an attempt
	s.land()

	release := store.hangs()
	s.restUntil(t, time.Now().Add(time.Hour))
	store.reads.Store(0)
	wantRequests(t, send)
	if n := store.reads.Load(); n != 0 {
		t.Errorf("%d reads during the back-off, want none", n)
	}
	s.restUntil(t, time.Time{})
	wantRequests(t, send)
	if n := store.reads.Load(); n > 1 {
		t.Errorf("%d reads after the back-off, want one at a time", n)
	}
	release()
	s.land()
	s.restUntil(t, time.Time{})
	if s.away.failures < 2 {
		t.Errorf("%d failures counted, want 2 or more", s.away.failures)
	}

	store.returns()
	if err := send(); err != nil {
		t.Fatal(err)
	}
	s.land()
	if n := as.Count("token:refresh_token"); n != 1 {
		t.Errorf("%d refreshes after the store came back, want 1", n)
	}
	if s.away != nil {
		t.Error("the failures of the store are not forgotten")
	}
}

// REF-6: nor is a server that is away.
func TestServerAwayNearEnd(t *testing.T) {
	_, as, s, send := dueWorld(t)
	refreshes := func(fault flowstest.Fault) {
		as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("token:refresh_token", fault) })
	}
	refreshes(flowstest.Unavailable(-1))
	if err := send(); err != nil {
		t.Fatal(err)
	}
	free := make(chan struct{})
	defer close(free)
	refreshes(func(string, int, http.ResponseWriter, *http.Request) bool {
		<-free
		return false
	})
	s.mu.Lock()
	s.retry = &backoff{failures: 1, err: s.retry.err} // whose time is over
	s.mu.Unlock()
	wantRequests(t, send)
}

// REF-6, REF-9: who has no working token asks the store at once, is told what
// is wrong with it, and is served as soon as it is back.
func TestStoreAwayAtEnd(t *testing.T) {
	store, as, s, send := dueWorld(t)
	snap := *s.snap.Load()
	snap.refreshAt, snap.expiresAt = 1, 1
	s.snap.Store(&snap)
	store.fails()
	for range 3 {
		var failed *StoreError
		if err := send(); !errors.As(err, &failed) || failed.Op != "read" || !errors.Is(err, errAway) || NeedsHuman(err) {
			t.Fatalf("error %v, want a *StoreError", err)
		}
	}
	s.restUntil(t, time.Now().Add(time.Hour))
	store.returns()
	wantRequests(t, send)
	if n := as.Count("token:refresh_token"); n == 0 {
		t.Error("no refresh after the store came back")
	}
}

// REF-6: when it is the caller whose time is over, the store is not to blame.
func TestCallerLeavesStore(t *testing.T) {
	store := &awayStore{MemoryStore: NewMemoryStore()}
	defer store.hangs()()
	client, err := New(Config{Resource: "https://mcp.example.com/mcp", RedirectURI: "https://app.example.com/callback", Store: store})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for name, call := range map[string]func() error{
		"Token":  func() error { _, err := client.Token(ctx); return err },
		"Login":  func() error { return client.Login(ctx) },
		"Logout": func() error { return client.Logout(ctx) },
		"Begin":  func() error { _, err := client.Begin(ctx); return err },
		"Finish": func() error { return client.Finish(ctx, "", "?state=x&code=y") },
		"Server": func() error { _, err := client.Server(ctx); return err },
		"Authorize": func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://mcp.example.com/mcp", nil)
			if err != nil {
				return err
			}
			return client.Authorize(req)
		},
	} {
		err := call()
		if !errors.Is(err, context.DeadlineExceeded) || storeAway(err) || NeedsHuman(err) || !isTimeout(err) {
			t.Errorf("%s: error %v, want the deadline's", name, err)
		}
	}
	store.fails()
	if _, err := client.Token(t.Context()); !storeAway(err) {
		t.Errorf("a store that is away: %v, want a *StoreError", err)
	}
}

// An http.Client asks its transport's error itself whether it is a timeout.
func TestErrorsTellTimeouts(t *testing.T) {
	for _, tt := range []struct {
		cause error
		want  bool
	}{{context.DeadlineExceeded, true}, {context.Canceled, false}, {errAway, false}} {
		pending := &PendingError{Err: tt.cause}
		for _, err := range []error{pending, &RequestError{Err: pending}, &RequestError{Err: tt.cause}} {
			if got := (&url.Error{Err: err}).Timeout(); got != tt.want {
				t.Errorf("%v: timeout %v", err, got)
			}
		}
	}
}
