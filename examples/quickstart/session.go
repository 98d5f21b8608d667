// Session: the official Go SDK's client over the library's transport.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// session is an MCP session whose requests are authorized.
type session struct {
	auth   *sdk.Client
	mcp    *mcp.ClientSession
	screen *screen
}

// connect opens a session. auth.HTTPClient() would do; its transport is spelled
// out here to put the narrator below it.
func connect(ctx context.Context, cfg sdk.Config, say *narrator) (*session, error) {
	auth, err := sdk.New(cfg)
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &sdk.Transport{Client: auth, Base: say}}
	transport := &mcp.StreamableClientTransport{Endpoint: cfg.Resource, HTTPClient: client, DisableStandaloneSSE: true}
	opened, err := mcp.NewClient(&mcp.Implementation{Name: "quickstart", Version: "1.0.0"}, nil).Connect(ctx, transport, nil)
	if err != nil {
		return nil, errors.Join(err, auth.Close())
	}
	return &session{auth: auth, mcp: opened, screen: say.screen}, nil
}

// close ends the session. What it knows stays in the store.
func (s *session) close() error { return errors.Join(s.mcp.Close(), s.auth.Close()) }

// call calls a tool, prints what it says and returns that.
func (s *session) call(ctx context.Context, tool string, args any) (string, error) {
	result, err := s.mcp.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: args})
	if err != nil {
		return "", err
	}
	said := contents(result.Content)
	if result.IsError {
		return "", fmt.Errorf("tool %s: %s", tool, said)
	}
	s.screen.remark(actorTool, said)
	return said, nil
}

// state prints what the session holds. Token never asks a human.
func (s *session) state(ctx context.Context) error {
	token, err := s.auth.Token(ctx)
	if err != nil {
		return err
	}
	life := "no known end"
	if !token.ExpiresAt.IsZero() {
		life = "good for " + inWords(time.Until(token.ExpiresAt))
	}
	s.screen.remark(actorSession, fmt.Sprintf("token for %q, %s", strings.Join(token.Scope, " "), life))
	return nil
}

func inWords(d time.Duration) string {
	if d < 2*time.Minute {
		return fmt.Sprintf("%.0f seconds", d.Seconds())
	}
	return fmt.Sprintf("%.0f minutes", d.Minutes())
}

// contents joins the texts of a tool's answer; what is no text is shown as JSON.
func contents(list []mcp.Content) string {
	var texts []string
	for _, content := range list {
		if text, ok := content.(*mcp.TextContent); ok {
			texts = append(texts, text.Text)
		} else if data, err := json.Marshal(content); err == nil {
			texts = append(texts, string(data))
		}
	}
	return strings.Join(texts, "\n")
}
