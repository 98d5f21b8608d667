// The rogue table: where our token must not go, and who must not start a discovery.

package sdk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// sink records the Authorization headers that reach it and answers 401 with a
// challenge of its own making.
type sink struct {
	*httptest.Server
	seen     atomic.Pointer[string]
	requests atomic.Int32
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if h := r.Header.Get("Authorization"); h != "" {
			s.seen.Store(&h)
		}
		w.Header().Set("WWW-Authenticate", `Bearer resource_metadata="`+s.URL+`/prm", scope="everything"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(s.Close)
	return s
}

// HTTP-2, DISC-1 (test 3 of the design): no bearer of ours and no discovery for
// what is not covered by the resource.
func TestRogueRequests(t *testing.T) {
	other := newSink(t)
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: func(_ string, _ int, w http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.URL.Path, "/mcp/redirect") {
			http.Redirect(w, r, other.URL+"/mcp", http.StatusTemporaryRedirect)
			return true
		}
		return false
	}})
	auth := w.client(t)
	client := auth.HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	token, err := auth.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(w.rs.Origin(), "http://")
	tests := []struct {
		name string
		url  string
		edit func(*http.Request)
	}{
		{"redirect to another origin's 401", w.rs.URL() + "/redirect", nil},
		{"another origin", other.URL + "/mcp", nil},
		{"foreign Host", w.rs.URL(), func(r *http.Request) { r.Host = "evil.example" }},
		{"sibling path", w.rs.URL() + "-evil", nil},
		{"parent path", w.rs.Origin() + "/", nil},
		{"other case", w.rs.Origin() + "/MCP", nil},
		{"dot segments", w.rs.URL() + "/../other", nil},
		{"trailing dot segments", w.rs.URL() + "/..", nil},
		{"escaped dots", w.rs.URL() + "/%2e%2e/other", nil},
		{"escaped slash", w.rs.Origin() + "/mcp%2fevil", nil},
		{"escaped backslash", w.rs.URL() + "/%5c..%5cother", nil},
		{"double slash", w.rs.Origin() + "//mcp", nil},
		{"escaped letters", w.rs.Origin() + "/%6dcp", nil},
		{"userinfo", "http://user@" + host + "/mcp", nil},
		{"https in place of http", "https://" + host + "/mcp", nil},
		{"the caller's own Authorization", w.rs.URL(), func(r *http.Request) { r.Header.Set("Authorization", "Bearer mine") }},
		{"the caller's own empty Authorization", w.rs.URL(), func(r *http.Request) { r.Header["Authorization"] = nil }},
		{"opaque URL", w.rs.URL(), func(r *http.Request) { r.URL.Opaque = "//" + host + "/mcp" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.as.ForgetRequests()
			w.rs.ForgetRequests()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			if tt.edit != nil {
				tt.edit(req)
			}
			if res, err := client.Do(req); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
			}
			if h := other.seen.Load(); h != nil {
				t.Fatalf("another origin received %q", *h)
			}
			for _, r := range w.rs.Requests() {
				if strings.Contains(r.Header.Get("Authorization"), token.AccessToken.Reveal()) && !strings.HasSuffix(tt.url, "/redirect") {
					t.Errorf("%s %s carried our token", r.Method, r.Path)
				}
			}
			if got := w.as.Requests(); len(got) != 0 {
				t.Errorf("%d requests at the authorization server, first %s", len(got), got[0].Path)
			}
		})
	}
}

// HTTP-2: what is covered, for the same table's other half.
func TestCoveredRequests(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: func(kind string, _ int, rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/messages/1" && r.Header.Get("Authorization") != "" {
			rw.WriteHeader(http.StatusNoContent)
			return true
		}
		return false
	}})
	client := w.client(t, func(c *sdk.Config) { c.Paths = []string{"/messages"} }).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	u, err := url.Parse(w.rs.URL())
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, client, "HTTP://"+strings.ToUpper(u.Hostname())+":"+u.Port()+u.Path+"?session=1", 200)
	wantStatus(t, client, w.rs.Origin()+"/messages/1", 204)
}
