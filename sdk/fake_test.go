// The fakes that the tests of this package share.

package sdk_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// world is one authorization server, one resource, and a human.
type world struct {
	as    *flowstest.AuthorizationServer
	rs    *flowstest.Resource
	human *human
}

func newWorld(t *testing.T, as flowstest.ServerConfig, rs flowstest.ResourceConfig) *world {
	t.Helper()
	w := &world{as: flowstest.NewAuthorizationServer(as)}
	t.Cleanup(w.as.Close)
	if rs.Path == "" {
		rs.Path = "/mcp"
	}
	rs.AuthorizationServers = append(rs.AuthorizationServers, w.as)
	w.rs = flowstest.NewResource(rs)
	t.Cleanup(w.rs.Close)
	w.human = &human{browse: w.as.Authorize}
	return w
}

// client returns a client for the world's resource; edit may change its
// configuration.
func (w *world) client(t *testing.T, edit ...func(*sdk.Config)) *sdk.Client {
	t.Helper()
	cfg := sdk.Config{Resource: w.rs.URL(), Authorizer: w.human}
	for _, f := range edit {
		f(&cfg)
	}
	client, err := sdk.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// human is an Authorizer whose browser is a function.
type human struct {
	browse  func(ctx context.Context, url string) (string, error)
	uri     string
	prompts atomic.Int32
	closed  atomic.Int32
}

func (h *human) Prepare(context.Context, []string) (sdk.Attempt, error) { return h, nil }

func (h *human) RedirectURI() string {
	if h.uri != "" {
		return h.uri
	}
	return "http://127.0.0.1:7777/callback"
}

func (h *human) Authorize(ctx context.Context, url string) (string, error) {
	h.prompts.Add(1)
	return h.browse(ctx, url)
}

func (h *human) Close() error {
	h.closed.Add(1)
	return nil
}

// call posts a body to url and returns status and answer.
func call(t *testing.T, client *http.Client, url, body string) (int, string) {
	t.Helper()
	status, answer, err := try(t, client, url, body)
	if err != nil {
		t.Fatal(err)
	}
	return status, answer
}

func try(t *testing.T, client *http.Client, url, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(answer), nil
}

func wantStatus(t *testing.T, client *http.Client, url string, want int) {
	t.Helper()
	if got, answer := call(t, client, url, `{"jsonrpc":"2.0"}`); got != want {
		t.Fatalf("status %d, want %d: %s", got, want, answer)
	}
}

// wantCounts compares the number of requests of each kind at the server.
func wantCounts(t *testing.T, as *flowstest.AuthorizationServer, want map[string]int) {
	t.Helper()
	for kind, n := range want {
		if got := as.Count(kind); got != n {
			t.Errorf("%s: %d requests, want %d", kind, got, n)
		}
	}
}
