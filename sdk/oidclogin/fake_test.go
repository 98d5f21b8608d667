// The fakes that the tests of this package share.

package oidclogin_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/oidclogin"
)

const redirectURI = "http://127.0.0.1:7777/callback"

// world is an identity provider and a user.
type world struct {
	idp   *flowstest.AuthorizationServer
	human *human
}

func newWorld(t *testing.T, config flowstest.ServerConfig) *world {
	t.Helper()
	config.Resource = flowstest.ResourceOptional
	config.Clients = append(config.Clients, flowstest.Client{ID: "agent", Secret: "at the idp", RedirectURIs: []string{redirectURI}})
	w := &world{idp: flowstest.NewAuthorizationServer(config)}
	t.Cleanup(w.idp.Close)
	w.human = &human{browse: w.idp.Authorize}
	return w
}

// source returns a source for the world's user; edit may change its
// configuration.
func (w *world) source(t *testing.T, edit ...func(*oidclogin.Config)) *oidclogin.Source {
	t.Helper()
	cfg := oidclogin.Config{Issuer: w.idp.Issuer(), ClientID: "agent", ClientSecret: "at the idp", Authorizer: w.human}
	for _, f := range edit {
		f(&cfg)
	}
	source, err := oidclogin.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = source.Close() })
	return source
}

// human is an Authorizer whose browser is a function.
type human struct {
	browse  func(ctx context.Context, url string) (string, error)
	prompts atomic.Int32
	closed  atomic.Int32
}

func (h *human) Prepare(context.Context, []string) (sdk.Attempt, error) { return h, nil }

func (h *human) RedirectURI() string { return redirectURI }

func (h *human) Authorize(ctx context.Context, url string) (string, error) {
	h.prompts.Add(1)
	return h.browse(ctx, url)
}

func (h *human) Close() error {
	h.closed.Add(1)
	return nil
}

// wantToken returns the ID token.
func wantToken(t *testing.T, source *oidclogin.Source) string {
	t.Helper()
	subject, err := source.Subject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if subject.Type != flows.TypeIDToken || subject.Token == "" {
		t.Fatalf("subject token %v of type %q", subject.Token, subject.Type)
	}
	return subject.Token.Reveal()
}

func (w *world) wantCounts(t *testing.T, prompts int, want map[string]int) {
	t.Helper()
	if got := int(w.human.prompts.Load()); got != prompts {
		t.Errorf("%d prompts, want %d", got, prompts)
	}
	for kind, n := range want {
		if got := w.idp.Count(kind); got != n {
			t.Errorf("%s: %d requests, want %d", kind, got, n)
		}
	}
}

// lasting makes ID tokens last for some seconds.
func lasting(seconds int64) func(claims map[string]any) {
	return func(claims map[string]any) { claims["exp"] = claims["iat"].(int64) + seconds }
}

// knownStore remembers the key of the last record.
type knownStore struct {
	*sdk.MemoryStore
	key string
}

func (s *knownStore) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	s.key = key
	return s.MemoryStore.PutIf(ctx, key, generation, value)
}

// rewrite changes that record.
func (s *knownStore) rewrite(t *testing.T, from, to string) {
	t.Helper()
	value, err := s.Get(t.Context(), s.key)
	if err != nil || !strings.Contains(string(value), from) {
		t.Fatalf("record %q: %v", s.key, err)
	}
	if err := s.Put(t.Context(), s.key, []byte(strings.Replace(string(value), from, to, 1))); err != nil {
		t.Fatal(err)
	}
}
