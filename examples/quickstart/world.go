// World: the authorization server, the MCP server and the human of the demo.

package main

import (
	"context"
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

// newWorld starts an authorization server, whose tokens live for life, and an
// MCP server that accepts no others.
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
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return err
}
