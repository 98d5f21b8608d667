// A scripted network: answers by URL, and the order in which they were asked for.

package flows_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
)

// The world of the discovery tests.
const (
	mcpURL   = "https://mcp.example.com/mcp"
	prmPath  = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
	prmRoot  = "https://mcp.example.com/.well-known/oauth-protected-resource"
	prmNamed = "https://mcp.example.com/prm.json"
	mcpOAuth = "https://mcp.example.com/.well-known/oauth-authorization-server"
	mcpOIDC  = "https://mcp.example.com/.well-known/openid-configuration"
	asIssuer = "https://as.example.com"
	asOAuth  = asIssuer + "/.well-known/oauth-authorization-server"
	asOIDC   = asIssuer + "/.well-known/openid-configuration"
)

// reply is one scripted answer.
type reply struct {
	status int // 0 is 200
	header http.Header
	body   string
	err    error
	after  string // the URL that must have been asked before this answer comes
	hang   bool   // until the request's context ends
}

// object answers with a JSON document.
func object(body string) reply {
	return reply{header: http.Header{"Content-Type": {"application/json"}}, body: body}
}

// typed answers 200 with a content type.
func typed(media, body string) reply {
	return reply{header: http.Header{"Content-Type": {media}}, body: body}
}

// status answers without a document. A Retry-After that is too long keeps the
// door from waiting in front of repetitions.
func status(code int) reply {
	return reply{status: code, header: http.Header{"Content-Type": {"text/plain"}, "Retry-After": {"3600"}}, body: http.StatusText(code)}
}

func redirect(code int, location string) reply {
	r := reply{status: code, header: http.Header{}}
	if location != "" {
		r.header.Set("Location", location)
	}
	return r
}

// waiting delays an answer until url has been asked for, which only happens
// when the two go out together.
func waiting(url string, r reply) reply {
	r.after = url
	return r
}

// wire is an http.RoundTripper that plays a script. What is not in it gets 404.
type wire struct {
	routes map[string]reply

	mu      sync.Mutex
	asked   []string
	headers []http.Header
	changed chan struct{} // closed and replaced at each request
}

func newWire(routes map[string]reply) *wire {
	return &wire{routes: routes, changed: make(chan struct{})}
}

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	key := req.URL.String()
	if req.Method != http.MethodGet {
		key = req.Method + " " + key
	}
	w.note(key, req.Header)
	r, ok := w.routes[key]
	if !ok {
		r = status(http.StatusNotFound)
	}
	if r.after != "" && !w.await(req.Context(), r.after) {
		return nil, fmt.Errorf("%s was not asked together with %s", r.after, key)
	}
	if r.hang {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if r.err != nil {
		return nil, r.err
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	header := r.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: r.status, Status: fmt.Sprint(r.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(strings.NewReader(r.body)), ContentLength: -1, Request: req,
	}, nil
}

func (w *wire) note(key string, header http.Header) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, key)
	w.headers = append(w.headers, header.Clone())
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *wire) await(ctx context.Context, url string) bool {
	timeout := time.After(5 * time.Second)
	for {
		w.mu.Lock()
		seen, changed := slices.Contains(w.asked, url), w.changed
		w.mu.Unlock()
		if seen {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false
		case <-timeout:
			return false
		}
	}
}

func (w *wire) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.asked)
}

func (w *wire) client() *flows.Client {
	return &flows.Client{HTTP: &http.Client{Transport: w}}
}

// expectLog compares the requests with rounds: within a round the order does
// not matter.
func (w *wire) expectLog(t *testing.T, rounds ...[]string) {
	t.Helper()
	got := w.log()
	rest := got
	for _, round := range rounds {
		if len(rest) < len(round) {
			t.Fatalf("asked %q, want %q", got, rounds)
		}
		have, want := slices.Clone(rest[:len(round)]), slices.Clone(round)
		slices.Sort(have)
		slices.Sort(want)
		if !slices.Equal(have, want) {
			t.Fatalf("asked %q, want %q", got, rounds)
		}
		rest = rest[len(round):]
	}
	if len(rest) > 0 {
		t.Fatalf("asked %q, want %q", got, rounds)
	}
}

// one is a list of rounds with one request each.
func one(urls ...string) [][]string {
	var rounds [][]string
	for _, url := range urls {
		rounds = append(rounds, []string{url})
	}
	return rounds
}

func encode(t testing.TB, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

type members map[string]any

// prmOf is protected resource metadata.
func prmOf(resource string, issuers ...string) members {
	return members{"resource": resource, "authorization_servers": issuers}
}

// asmOf is authorization server metadata that does everything right.
func asmOf(issuer string) members {
	base := strings.TrimSuffix(issuer, "/")
	return members{
		"issuer": issuer, "authorization_endpoint": base + "/authorize", "token_endpoint": base + "/token",
		"registration_endpoint": base + "/register", "response_types_supported": []string{"code"},
		"code_challenge_methods_supported": []string{"S256"}, "grant_types_supported": []string{"authorization_code", "refresh_token"},
		"authorization_response_iss_parameter_supported": true, "client_id_metadata_document_supported": true,
	}
}

func (m members) with(name string, value any) members {
	c := members{}
	maps.Copy(c, m)
	c[name] = value
	return c
}

func (m members) without(name string) members {
	c := m.with(name, nil)
	delete(c, name)
	return c
}

func (m members) reply(t testing.TB) reply { t.Helper(); return object(encode(t, m)) }

// script is the usual world, with changes.
func script(t testing.TB, changes map[string]reply) map[string]reply {
	t.Helper()
	routes := map[string]reply{
		prmPath: waiting(prmRoot, prmOf(mcpURL, asIssuer).reply(t)),
		asOAuth: asmOf(asIssuer).reply(t),
	}
	maps.Copy(routes, changes)
	return routes
}

// challenge is a Bearer challenge that names metadata.
func challenge(resourceMetadata string) *flows.Challenge {
	c := &flows.Challenge{Scheme: "Bearer"}
	if resourceMetadata != "" {
		c.Params = map[string]string{"resource_metadata": resourceMetadata}
	}
	return c
}

// discoveryError fails unless err is a *flows.DiscoveryError.
func discoveryError(t *testing.T, found *flows.Discovery, err error) *flows.DiscoveryError {
	t.Helper()
	var e *flows.DiscoveryError
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T), want a *DiscoveryError; found %+v", err, err, found)
	}
	if found != nil {
		t.Fatalf("a discovery beside the error: %+v", found)
	}
	return e
}
