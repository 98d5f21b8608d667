package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// The test binary plays three parts: the test, the program and, under the
// name by which the library starts one, the browser.
const (
	browser   = "xdg-open"
	asProgram = "HELLO_RUN"
)

func TestMain(m *testing.M) {
	switch {
	case filepath.Base(os.Args[0]) == browser:
		os.Exit(browse(os.Args[1]))
	case os.Getenv(asProgram) != "":
		main()
	default:
		os.Exit(m.Run())
	}
}

// browse opens a page and follows its redirects, to the program that listens.
func browse(page string) int {
	res, err := http.Get(page)
	if err != nil || res.StatusCode != http.StatusOK {
		return 1
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 1
	}
	return 0
}

// The README's first program, as it is, against a real MCP server.
func TestHelloCallsProtectedTool(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the browser of the test is started by the name xdg-open")
	}
	issuer := flowstest.NewAuthorizationServer(flowstest.ServerConfig{LoopbackPort: flowstest.LoopbackExactPort})
	t.Cleanup(issuer.Close)
	server := flowstest.NewResource(flowstest.ResourceConfig{
		Path: "/mcp", Handler: greeter(), RequiredScopes: []string{"greet"},
		AuthorizationServers: []*flowstest.AuthorizationServer{issuer},
	})
	t.Cleanup(server.Close)

	output, err := hello(t, server.URL(), "greet").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !strings.Contains(string(output), `{"type":"text","text":"hello"}`) {
		t.Errorf("the program printed %q", output)
	}
	for kind, want := range map[string]int{"register": 1, "authorize": 1, "token": 1} {
		if got := issuer.Count(kind); got != want {
			t.Errorf("%s: %d requests, want %d", kind, got, want)
		}
	}
}

// The README promises a program that fits on a page.
func TestHelloIsShort(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	_, program, found := strings.Cut(string(source), "\npackage ")
	if lines := strings.Count(program, "\n"); !found || lines > 25 {
		t.Errorf("the program has %d lines, at most 25 are wanted", lines)
	}
}

func greeter() http.Handler {
	server := mcp.NewServer(&mcp.Implementation{Name: "greeter", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "greet", Description: "says hello"},
		func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "hello"}}}, nil, nil
		})
	return mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil)
}

// hello returns the program, with a browser that needs no human first in its
// path.
func hello(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.Symlink(self, filepath.Join(path, browser)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	program := exec.CommandContext(ctx, self, args...)
	program.Env = append(os.Environ(), asProgram+"=1", "DISPLAY=:0", "PATH="+path)
	return program
}
