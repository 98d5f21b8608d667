// Notes: the MCP server of the demo, made with the official Go SDK.

package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// The tools.
const (
	toolList = "list_notes"
	toolAdd  = "add_note"
)

// notes is a notebook. It knows nothing of tokens: who gets here may read, and
// who gets to add_note may write.
type notes struct {
	mu   sync.Mutex
	text []string
}

type noteInput struct {
	Text string `json:"text" jsonschema:"what to write down"`
}

// newNotes returns an MCP server over streamable HTTP.
func newNotes() http.Handler {
	book := &notes{text: []string{"buy milk"}}
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: toolList, Description: "lists the notes"}, book.list)
	mcp.AddTool(server, &mcp.Tool{Name: toolAdd, Description: "adds a note"}, book.add)
	return mcp.NewStreamableHTTPHandler(
		func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: true}, // as in revision 2026-07-28 of the protocol
	)
}

func (n *notes) list(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return answer("%d: %s", len(n.text), strings.Join(n.text, ", ")), nil, nil
}

func (n *notes) add(_ context.Context, _ *mcp.CallToolRequest, in noteInput) (*mcp.CallToolResult, any, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text = append(n.text, in.Text)
	return answer("added %q", in.Text), nil, nil
}

func answer(format string, args ...any) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf(format, args...)}}}
}
