// World: the authorization server, the MCP server and the human of the demo.

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// What the tools need.
const (
	scopeRead  = "notes:read"
	scopeWrite = "notes:write"
)

// world is everything that the client meets, all on loopback.
type world struct {
	issuer *flowstest.AuthorizationServer
	server *flowstest.Resource
}

// newWorld starts an authorization server, whose first tokens are short-lived,
// and an MCP server that accepts no others.
func newWorld(life time.Duration) *world {
	issuer := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		Scopes:    []string{scopeRead, scopeWrite},
		TokenLife: life,
	})
	server := flowstest.NewResource(flowstest.ResourceConfig{
		Path:                 "/mcp",
		Handler:              newNotes(),
		AuthorizationServers: []*flowstest.AuthorizationServer{issuer},
		RequiredScopes:       []string{scopeRead},
		ScopesSupported:      []string{scopeRead, scopeWrite},
		ToolScopes:           map[string][]string{toolAdd: {scopeWrite}},
	})
	return &world{issuer: issuer, server: server}
}

func (w *world) close() {
	w.server.Close()
	w.issuer.Close()
}

// lengthen makes the tokens to come last.
func (w *world) lengthen() {
	w.issuer.Configure(func(c *flowstest.ServerConfig) { c.TokenLife = time.Hour })
}

// hosts tells the narrator who is who.
func (w *world) hosts() map[string]string {
	return map[string]string{hostOf(w.issuer.URL()): actorIssuer, hostOf(w.server.URL()): actorServer}
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

// browse is a browser with a human who says yes: it opens the authorization
// URL and follows the redirect to where the client listens.
func (w *world) browse(ctx context.Context, authorizationURL string) error {
	callback, err := w.issuer.Authorize(ctx, authorizationURL)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, callback, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// tally is what the servers have been asked, as they counted it.
type tally struct {
	calls        int // tool calls that went through
	unauthorized int // 401
	forbidden    int // 403
	metadata     int // documents, of either server
	registered   int
	prompts      int
	codes        int // exchanged for tokens
	refreshes    int
}

func (w *world) tally() tally {
	t := tally{
		metadata:   w.server.Count("prm") + w.issuer.Count("asm"),
		registered: w.issuer.Count("register"),
		prompts:    w.issuer.Count("authorize"),
		codes:      w.issuer.Count("token:authorization_code"),
		refreshes:  w.issuer.Count("token:refresh_token"),
	}
	for _, r := range w.server.RequestsOf("mcp") {
		switch {
		case r.Status == http.StatusUnauthorized:
			t.unauthorized++
		case r.Status == http.StatusForbidden:
			t.forbidden++
		case toolOf(r.Body) != "":
			t.calls++
		}
	}
	return t
}

// since returns what came on top of an earlier tally.
func (t tally) since(earlier tally) tally {
	return tally{
		calls:        t.calls - earlier.calls,
		unauthorized: t.unauthorized - earlier.unauthorized,
		forbidden:    t.forbidden - earlier.forbidden,
		metadata:     t.metadata - earlier.metadata,
		registered:   t.registered - earlier.registered,
		prompts:      t.prompts - earlier.prompts,
		codes:        t.codes - earlier.codes,
		refreshes:    t.refreshes - earlier.refreshes,
	}
}

// rows names the numbers of a tally, in the order in which they come up.
var rows = []struct {
	name string
	of   func(tally) int
}{
	{"401 challenges", func(t tally) int { return t.unauthorized }},
	{"metadata documents", func(t tally) int { return t.metadata }},
	{"registrations", func(t tally) int { return t.registered }},
	{"prompts", func(t tally) int { return t.prompts }},
	{"code exchanges", func(t tally) int { return t.codes }},
	{"refreshes", func(t tally) int { return t.refreshes }},
	{"403 challenges", func(t tally) int { return t.forbidden }},
	{"tool calls", func(t tally) int { return t.calls }},
}

// differs says where two tallies disagree, nil if nowhere.
func (t tally) differs(want tally) error {
	for _, row := range rows {
		if got, want := row.of(t), row.of(want); got != want {
			return fmt.Errorf("%s: the servers counted %d, there should be %d", row.name, got, want)
		}
	}
	return nil
}
