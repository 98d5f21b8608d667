// Conformance is the driver of the official MCP conformance suite: a client as
// a program would write it, the official Go SDK over this library's
// http.Client. The suite starts it with the URL of a server that it plays
// itself, and watches what it does there.
//
// Package main in suite runs the suite; see the README of the examples.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

const (
	// deadline ends the driver: the suite's own time limit does not kill it.
	deadline = 20 * time.Second
	// clientIDMetadataURL is the one that the suite's servers know.
	clientIDMetadataURL = "https://conformance-test.local/client-metadata.json"
	tool                = "test-tool"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance SERVER-URL (the suite sets MCP_CONFORMANCE_SCENARIO and others)")
		os.Exit(2)
	}
	time.AfterFunc(deadline, func() {
		fmt.Fprintln(os.Stderr, "the deadline has passed")
		os.Exit(2)
	})
	s, err := scenarioFromEnvironment()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(2)
	}
	if err := drive(context.Background(), os.Args[1], s); err != nil {
		fmt.Fprintln(os.Stderr, complaint(err))
		os.Exit(1)
	}
}

// complaint tells what the library refused from whatever else went wrong.
func complaint(err error) string {
	if refused, ok := errors.AsType[*sdk.RequestError](err); ok {
		return "refused: " + refused.Err.Error()
	}
	if refused, ok := errors.AsType[*sdk.StepUpError](err); ok {
		return "refused: " + refused.Error()
	}
	return "failed: " + err.Error()
}

// scenario is what the suite says about the run in the environment.
type scenario struct {
	name string
	wire string // the revision of the protocol
	// The credentials that the scenario's client got by hand, if it did.
	ClientID     string     `json:"client_id"`
	ClientSecret gen.Secret `json:"client_secret"`
	Issuer       string     `json:"issuer"`
	extension
}

func scenarioFromEnvironment() (scenario, error) {
	s := scenario{name: os.Getenv("MCP_CONFORMANCE_SCENARIO"), wire: os.Getenv("MCP_CONFORMANCE_PROTOCOL_VERSION")}
	if data := os.Getenv("MCP_CONFORMANCE_CONTEXT"); data != "" {
		if err := json.Unmarshal([]byte(data), &s); err != nil {
			return scenario{}, fmt.Errorf("context: %w", err)
		}
	}
	return s, nil
}

// drive does what the suite expects of each client: it lists the tools, which
// provokes the 401, and calls one.
func drive(ctx context.Context, server string, s scenario) (err error) {
	folder, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	config, err := configFor(server, s, folder)
	if err != nil {
		return err
	}
	auth, err := sdk.New(config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, auth.Close()) }()
	client := auth.HTTPClient()
	seen := &witness{base: client.Transport}
	client.Transport = seen
	if err := callTool(ctx, server, s.wire, client); err != nil {
		return errors.Join(seen.first(), err)
	}
	return nil
}

func configFor(server string, s scenario, folder string) (sdk.Config, error) {
	store, err := sdk.NewDirectoryStore(folder)
	if err != nil {
		return sdk.Config{}, err
	}
	config := sdk.Config{
		Resource:            server,
		Authorizer:          browser{},
		Store:               store,
		ClientName:          "mcpoauth conformance",
		ClientIDMetadataURL: clientIDMetadataURL,
	}
	if s.name == "auth/offline-access-scope" {
		// Its server knows both ways, and can look at grant_types only in a
		// registration: the document is on a host that does not exist.
		config.ClientIDMetadataURL = ""
	}
	if s.ClientID != "" {
		config.Credentials = &sdk.Credentials{
			ClientID:     s.ClientID,
			ClientSecret: s.ClientSecret,
			Issuer:       s.Issuer,
			RedirectURIs: []string{redirectURI},
		}
	}
	return config, applyGrant(&config, s)
}

func callTool(ctx context.Context, server, wire string, client *http.Client) (err error) {
	session, err := mcp.NewClient(&mcp.Implementation{Name: "mcpoauth-conformance", Version: "1.0.0"}, nil).Connect(ctx,
		&mcp.StreamableClientTransport{Endpoint: server, HTTPClient: client, DisableStandaloneSSE: true},
		&mcp.ClientSessionOptions{ProtocolVersion: wire})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, session.Close()) }()
	if _, err := session.ListTools(ctx, nil); err != nil {
		return err
	}
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool})
	if err != nil {
		return err
	}
	if result.IsError {
		return fmt.Errorf("%s answered with an error", tool)
	}
	fmt.Printf("%s answered with %d contents\n", tool, len(result.Content))
	return nil
}
