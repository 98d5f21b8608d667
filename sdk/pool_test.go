// Pools: many sessions, shared metadata and registrations, bounded memory.

package sdk_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

func (w *world) pool(t *testing.T, most int, edit ...func(*sdk.Config)) *sdk.Pool {
	t.Helper()
	cfg := sdk.Config{Authorizer: w.human}
	for _, f := range edit {
		f(&cfg)
	}
	pool, err := sdk.NewPool(cfg, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return pool
}

func (w *world) member(t *testing.T, pool *sdk.Pool, subject string) *sdk.Client {
	t.Helper()
	client, err := pool.Client(subject, w.rs.URL())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// HTTP-5, REG-7, DISC-17: the second subject needs no discovery and no
// registration, also when all come at once.
func TestPoolShares(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	pool := w.pool(t, 0)
	var wg sync.WaitGroup
	for i := range 10 {
		client := w.member(t, pool, fmt.Sprint("subject ", i)).HTTPClient()
		wg.Go(func() {
			if status, _, err := try(t, client, w.rs.URL(), "{}"); err != nil || status != 200 {
				t.Errorf("status %d, error %v", status, err)
			}
		})
	}
	wg.Wait()
	wantCounts(t, w.as, map[string]int{"register": 1, "token:authorization_code": 10})
	w.as.ForgetRequests()
	w.rs.ForgetRequests()
	wantStatus(t, w.member(t, pool, "one more").HTTPClient(), w.rs.URL(), 200)
	wantCounts(t, w.as, map[string]int{"asm": 0, "register": 0, "authorize": 1, "token:authorization_code": 1})
	if n := w.rs.Count("prm"); n != 0 {
		t.Errorf("%d metadata requests at the resource, want 0", n)
	}
}

// AUTHZ-8: a replica finishes what another began; sessions of one subject are
// not another's.
func TestPoolReplicas(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.pool(t, 0, twoLegged(store, "")), w.pool(t, 0, twoLegged(store, ""))
	begun, err := w.member(t, one, "alice").Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	callback, err := w.as.Authorize(t.Context(), begun.URL())
	if err != nil {
		t.Fatal(err)
	}
	var refused *flows.CallbackError
	if _, err := two.Finish(t.Context(), "mallory", callback); !errors.As(err, &refused) {
		t.Fatalf("another subject finished: %v", err)
	}
	client, err := two.Finish(t.Context(), "alice", callback)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, client.HTTPClient(), w.rs.URL(), 200)
	wantStatus(t, w.member(t, one, "alice").HTTPClient(), w.rs.URL(), 200)
	var consent *sdk.ConsentRequiredError
	if _, _, err := try(t, w.member(t, one, "mallory").HTTPClient(), w.rs.URL(), "{}"); !errors.As(err, &consent) {
		t.Errorf("mallory got %v, want a consent of her own", err)
	}
	// A third replica has no session in memory.
	if err := w.pool(t, 0, twoLegged(store, "")).Logout(t.Context(), "alice", w.rs.URL()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.member(t, one, "alice").Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("Token after the third replica's logout: %v", err)
	}
	if err := two.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.member(t, two, "alice").Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("Token after logout: %v", err)
	}
}

// A pool that is closed begins nothing more.
func TestPoolClose(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	pool := w.pool(t, 0, twoLegged(sdk.NewMemoryStore(), ""))
	before := w.member(t, pool, "alice")
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	wantClosed(t, before)
	wantClosed(t, w.member(t, pool, "bob"))
	if _, err := pool.Finish(t.Context(), "alice", "?state=x&code=y"); !errors.Is(err, sdk.ErrClosed) {
		t.Errorf("Finish: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"asm": 0, "register": 0})
}

// Whom and what a pool has no session for.
func TestPoolClientRefuses(t *testing.T) {
	pool, err := sdk.NewPool(sdk.Config{}, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, tt := range []struct{ subject, resource, want string }{
		{"", "https://mcp.example.com/mcp", "subject is empty"},
		{"alice", "", "sdk: pool: resource: "},
		{"alice", "http://mcp.example.com/mcp", ": use https, or name the origin in AllowInsecureHTTP"},
	} {
		client, err := pool.Client(tt.subject, tt.resource)
		if client != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q at %q: %v, %v", tt.subject, tt.resource, client, err)
		}
	}
	for range pool.Sessions() {
		t.Error("there is a session")
	}
}

// HTTP-5: memory is bounded, and an evicted session comes back from the store.
func TestPoolEvicts(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	pool := w.pool(t, 5)
	for i := range 20 {
		wantStatus(t, w.member(t, pool, fmt.Sprint(i)).HTTPClient(), w.rs.URL(), 200)
	}
	n := 0
	for range pool.Sessions() {
		n++
	}
	if n > 5 {
		t.Errorf("%d sessions in memory, want at most 5", n)
	}
	for i := range 20 {
		wantStatus(t, w.member(t, pool, fmt.Sprint(i)).HTTPClient(), w.rs.URL(), 200)
	}
	wantCounts(t, w.as, map[string]int{"authorize": 20})
}

// BenchmarkPoolEvicts shows that a full pool looks at a few sessions to find
// one to evict, however many it has.
func BenchmarkPoolEvicts(b *testing.B) {
	for _, most := range []int{50, 50_000} {
		b.Run(fmt.Sprint(most), func(b *testing.B) {
			pool, err := sdk.NewPool(sdk.Config{}, most)
			if err != nil {
				b.Fatal(err)
			}
			defer pool.Close()
			n := 0
			add := func() {
				if _, err := pool.Client(fmt.Sprint(n), "https://mcp.example.com/mcp"); err != nil {
					b.Fatal(err)
				}
				n++
			}
			for range most {
				add()
			}
			for b.Loop() {
				add()
			}
		})
	}
}

// BenchmarkPool shows what a session at rest costs: bytes beyond its strings
// (subject and token), and the pause that the garbage collector makes of all.
func BenchmarkPool(b *testing.B) {
	const sessions = 100_000
	w := loggedInWorld(b)
	for b.Loop() {
		pool, err := sdk.NewPool(sdk.Config{Store: w.store}, 2*sessions)
		if err != nil {
			b.Fatal(err)
		}
		subjects := make([]string, sessions)
		for i := range subjects {
			subjects[i] = fmt.Sprint("subject ", i)
		}
		before := heap()
		for _, subject := range subjects {
			client, err := pool.Client(subject, w.url)
			if err == nil {
				_, err = client.Token(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/sessions-float64(len(w.token)), "B/session")
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		b.ReportMetric(float64(stats.PauseNs[(stats.NumGC+255)%256])/1e3, "µs/pause")
		_ = pool.Close()
	}
}

// sameRecord is a store in which every subject has the same session, so that a
// benchmark's heap holds the pool alone.
type sameRecord struct {
	sdk.Store
	value []byte
}

func (s sameRecord) Get(_ context.Context, key string) ([]byte, error) {
	if strings.HasPrefix(key, "session/") {
		return s.value, nil
	}
	return nil, sdk.ErrNotFound
}

type restored struct {
	store      sdk.Store
	url, token string
}

func loggedInWorld(tb testing.TB) restored {
	tb.Helper()
	memory := &spy{Store: sdk.NewMemoryStore()}
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	defer as.Close()
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{as}})
	defer rs.Close()
	auth, err := sdk.New(sdk.Config{Resource: rs.URL(), Store: memory, Authorizer: &human{browse: as.Authorize}})
	if err != nil {
		tb.Fatal(err)
	}
	defer auth.Close()
	if err := auth.Login(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	token, err := auth.Token(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return restored{store: sameRecord{memory, memory.session}, url: rs.URL(), token: token.AccessToken.Reveal()}
}

// spy remembers the last session record.
type spy struct {
	sdk.Store
	session []byte
}

func (s *spy) Put(ctx context.Context, key string, value []byte) error {
	if strings.HasPrefix(key, "session/") {
		s.session = value
	}
	return s.Store.Put(ctx, key, value)
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
