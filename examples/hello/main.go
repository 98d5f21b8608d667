// Hello calls a tool of a protected MCP server: hello URL TOOL
package main

import (
	"context"
	"log"
	"os"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

func main() {
	auth := must(sdk.New(sdk.Config{Resource: os.Args[1], Authorizer: &sdk.Loopback{}}))
	transport := &mcp.StreamableClientTransport{Endpoint: os.Args[1], HTTPClient: auth.HTTPClient()}
	session := must(mcp.NewClient(&mcp.Implementation{Name: "hello", Version: "1"}, nil).Connect(context.Background(), transport, nil))
	result := must(session.CallTool(context.Background(), &mcp.CallToolParams{Name: os.Args[2]}))
	log.Printf("%s", must(result.Content[0].MarshalJSON()))
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}
