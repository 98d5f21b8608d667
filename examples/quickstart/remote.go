// Remote: the same client against a real server, with a real browser.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// runRemote connects, lists the tools and calls one if it is named.
func runRemote(ctx context.Context, out *screen, server, tool, arguments string) (err error) {
	var args map[string]any
	if err := json.Unmarshal([]byte(arguments), &args); err != nil {
		return fmt.Errorf("-args is no JSON object: %w", err)
	}
	folder, err := sdk.DefaultDirectory()
	if err != nil {
		return err
	}
	store, err := sdk.NewDirectoryStore(folder)
	if err != nil {
		return err
	}
	out.title("From a 401 to a tool call")
	out.introduce(actorServer, server, "the MCP server")
	out.introduce(actorStore, folder, "what survives a restart")
	out.step(1, "Connect")
	say := &narrator{screen: out, base: http.DefaultTransport, hosts: map[string]string{hostOf(server): actorServer}}
	s, err := connect(ctx, sdk.Config{
		Resource: server,
		// Notify comes first: the line, then the URL for those whose browser
		// does not open.
		Authorizer: &sdk.Loopback{Notify: say.visited, Out: out},
		Store:      store,
		ClientName: "mcpoauth quickstart",
		Trace:      say.trace(),
	}, say)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.list(ctx); err != nil {
		return err
	}
	if tool == "" {
		return nil
	}
	out.step(3, "Call "+tool)
	_, err = s.call(ctx, tool, args)
	return err
}

// list prints the tools.
func (s *session) list(ctx context.Context) error {
	s.screen.step(2, "List the tools")
	var found []*mcp.Tool
	for tool, err := range s.mcp.Tools(ctx, nil) {
		if err != nil {
			return err
		}
		found = append(found, tool)
	}
	for _, tool := range found {
		summary, _, _ := strings.Cut(tool.Description, "\n")
		s.screen.introduce(actorTool, tool.Name, summary)
	}
	s.screen.ok(fmt.Sprintf("%d tools", len(found)))
	return nil
}
