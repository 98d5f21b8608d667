// World: what one test has: a profile of the provider, a resource behind it, a
// browser, and the library's clients.

package interop

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// network carries what the library sends, and the browser. It is not
// http.DefaultTransport, whose idle connections each of httptest's servers
// closes when it is closed, while other tests run.
var network = http.DefaultTransport.(*http.Transport).Clone()

// plain sends the tests' own requests. It keeps no connections: Node closes
// them after some seconds, and a request may be just on its way.
var plain = func() *http.Client {
	transport := network.Clone()
	transport.DisableKeepAlives = true
	return &http.Client{Transport: transport}
}()

type world struct {
	*testing.T
	provider *provider
	agent    string // of its requests in the log
	issuer   string
	resource *resource
	browser  *browser
	store    *store
	flows    *flows.Client
}

// begin starts a test beside the others; by its user agent its requests are
// found in the log.
func begin(t *testing.T, profile string, options ...resourceOptions) *world {
	t.Helper()
	need(t)
	t.Parallel()
	return beginAt(t, present, profile, options...)
}

func beginAt(t *testing.T, p *provider, profile string, options ...resourceOptions) *world {
	t.Helper()
	var option resourceOptions
	if len(options) > 0 {
		option = options[0]
	}
	agent := t.Name() + " " + rand.Text()
	w := &world{
		T: t, provider: p, agent: agent, issuer: p.urls[profile], resource: newResource(t, p, profile, option),
		browser: newBrowser(t, agent+" browser"), store: &store{MemoryStore: sdk.NewMemoryStore()},
		flows: &flows.Client{UserAgent: agent},
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, e := range w.log() {
				t.Log(e)
			}
		}
	})
	t.Cleanup(w.flows.CloseIdleConnections)
	return w
}

// client returns a client of the resource, configured as a native program
// unless change says otherwise.
func (w *world) client(change func(*sdk.Config)) *sdk.Client {
	w.Helper()
	config := sdk.Config{
		Resource: w.resource.url, UserAgent: w.agent, Store: w.store,
		Authorizer: &sdk.Loopback{Open: w.browser.open}, HTTPClient: &http.Client{Transport: network},
	}
	if change != nil {
		change(&config)
	}
	client, err := sdk.New(config)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { client.Close() })
	return client
}

// ctx ends with the test, or after half a minute.
func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	w.Cleanup(cancel)
	return ctx
}

// try sends one request to the resource.
func (w *world) try(client *sdk.Client, method string) (string, error) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.ctx(), method, w.resource.url, nil)
	if err != nil {
		w.Fatal(err)
	}
	res, err := client.HTTPClient().Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return string(body), err
}

// call is a try that must go well. want is the scope that the token then has.
func (w *world) call(client *sdk.Client, method string, want ...string) {
	w.Helper()
	got, err := w.try(client, method)
	if err != nil {
		w.Fatal(err)
	}
	if want := method + " with " + strings.Join(want, " "); got != want {
		w.Errorf("the resource answered %q, want %q", got, want)
	}
}

// log returns what this test's clients sent to the provider.
func (w *world) log() []entry {
	w.Helper()
	entries, err := w.provider.asked(context.WithoutCancel(w.Context()), w.agent)
	if err != nil {
		w.Error(err)
	}
	return entries
}

// sent returns the requests to one route of the provider, of which there must
// be n.
func (w *world) sent(n int, route string) []entry {
	w.Helper()
	entries := slices.DeleteFunc(w.log(), func(e entry) bool { return e.Route != route })
	if len(entries) != n {
		w.Fatalf("%d requests to %s, want %d: %v", len(entries), route, n, entries)
	}
	return entries
}

// authorizations returns what the browser brought to the authorization endpoint.
func (w *world) authorizations(n int) []entry {
	w.Helper()
	entries, err := w.provider.asked(w.ctx(), w.browser.agent)
	if err != nil {
		w.Fatal(err)
	}
	entries = slices.DeleteFunc(entries, func(e entry) bool { return e.Route != "authorization" })
	if len(entries) != n {
		w.Fatalf("%d authorization requests, want %d: %v", len(entries), n, entries)
	}
	return entries
}

// logins fails the test unless a person was asked n times.
func (w *world) logins(n int) {
	w.Helper()
	if got := w.browser.logins(); got != n {
		w.Errorf("the person was asked %d times, want %d", got, n)
	}
}

// metadata is that of the provider.
func (w *world) metadata() *gen.AuthorizationServerMetadata {
	w.Helper()
	res, err := w.flows.Operations().GetAuthorizationServerMetadata(w.here(), w.issuer+"/.well-known/openid-configuration")
	if err != nil {
		w.Fatal(err)
	}
	return res.Document
}

// here is the context of requests for the sake of the resource, which is on
// loopback like the provider.
func (w *world) here() context.Context { return flows.WithResource(w.ctx(), w.resource.url) }

// register registers a client for one grant by the library.
func (w *world) register(metadata gen.ClientMetadata) *gen.ClientInformation {
	w.Helper()
	if metadata.ClientName == "" {
		metadata.ClientName = w.Name()
	}
	client, err := w.flows.Register(w.here(), w.metadata().RegistrationEndpoint, &metadata)
	if err != nil {
		w.Fatal(err)
	}
	return client
}

// store remembers the sessions that were written, so that a test can show an
// old refresh token again.
type store struct {
	*sdk.MemoryStore
	mu       sync.Mutex // guards sessions
	sessions []*gen.SessionRecord
}

// PutIf implements [sdk.Fencer].
func (s *store) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	err := s.MemoryStore.PutIf(ctx, key, generation, value)
	if err == nil && strings.HasPrefix(key, "session/") {
		record, bad := gen.DecodeSessionRecord(value, nil)
		if bad != nil {
			return bad
		}
		s.mu.Lock()
		s.sessions = append(s.sessions, record)
		s.mu.Unlock()
	}
	return err
}

// written returns the sessions, of which there must be n.
func (w *world) written(n int) []*gen.SessionRecord {
	w.Helper()
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if len(w.store.sessions) != n {
		w.Fatalf("%d session records were written, want %d", len(w.store.sessions), n)
	}
	return slices.Clone(w.store.sessions)
}
