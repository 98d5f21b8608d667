// Round trips: what a start costs in sequence, in each state of the store.

package sdk_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// trips counts the requests of all servers, and the human's as one.
func (w *world) trips() int { return len(w.as.Requests()) + len(w.rs.Requests()) }

// DISC-13, DISC-17, REF-1: the first start takes 7 requests in sequence; a
// restart 1, 2, 3 or 4; the second user of a store 4. Beside the refresh of a
// revoked token the resource's metadata is read again, at the same time.
func TestRoundTrips(t *testing.T) {
	tests := []struct {
		name    string
		subject string
		end     func(*world)
		want    int
	}{
		{"valid", "alice", func(*world) {}, 1},
		{"expired", "alice", func(w *world) { time.Sleep(1100 * time.Millisecond) }, 2},
		{"revoked", "alice", func(w *world) { w.as.RevokeAccessTokens() }, 3 + 1},
		{"dead", "alice", func(w *world) { time.Sleep(1100 * time.Millisecond); w.as.RevokeRefreshTokens() }, 4},
		{"another subject", "bob", func(*world) {}, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			life := time.Hour
			if tt.name == "expired" || tt.name == "dead" {
				life = time.Second
			}
			w := newWorld(t, flowstest.ServerConfig{TokenLife: life}, flowstest.ResourceConfig{})
			store := sdk.NewMemoryStore()
			as := func(subject string) func(*sdk.Config) {
				return func(c *sdk.Config) { c.Store, c.Subject = store, subject }
			}
			wantStatus(t, w.client(t, as("alice")).HTTPClient(), w.rs.URL(), 200)
			if n := w.trips(); n != 7 {
				t.Errorf("cold start: %d requests, want 7", n)
			}
			tt.end(w)
			w.as.ForgetRequests()
			w.rs.ForgetRequests()
			w.as.Configure(func(c *flowstest.ServerConfig) { c.TokenLife = time.Hour })
			wantStatus(t, w.client(t, as(tt.subject)).HTTPClient(), w.rs.URL(), 200)
			if n := w.trips(); n != tt.want {
				t.Errorf("%d requests, want %d", n, tt.want)
				for _, r := range append(w.rs.Requests(), w.as.Requests()...) {
					t.Log(r.Kind, r.Method, r.Path, r.Status)
				}
			}
		})
	}
}

// REF-4, AUTHZ-12, REG-7: what a storm of 100 requests costs at the server.
func TestStorm(t *testing.T) {
	tests := []struct {
		name  string
		login bool
		end   func(*world)
		want  map[string]int
	}{
		{"first call", false, func(*world) {}, map[string]int{"register": 1, "authorize": 1, "token:authorization_code": 1}},
		{"revoked", true, func(w *world) { w.as.RevokeAccessTokens() }, map[string]int{"token:refresh_token": 1, "authorize": 0, "register": 0}},
		{"dead", true, func(w *world) { w.as.RevokeAccessTokens(); w.as.RevokeRefreshTokens() },
			map[string]int{"token:refresh_token": 1, "authorize": 1, "register": 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			client := w.client(t).HTTPClient()
			if tt.login {
				wantStatus(t, client, w.rs.URL(), 200)
			}
			tt.end(w)
			w.as.ForgetRequests()
			storm(t, w, client)
			wantCounts(t, w.as, tt.want)
		})
	}
}

// storm sends 100 requests at once; all of them succeed.
func storm(t *testing.T, w *world, client *http.Client) {
	t.Helper()
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if status, _, err := try(t, client, w.rs.URL(), "{}"); err != nil || status != 200 {
				t.Errorf("status %d, error %v", status, err)
			}
		})
	}
	wg.Wait()
}
