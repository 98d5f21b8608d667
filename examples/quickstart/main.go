// Quickstart goes from a 401 to a tool call, and shows each step on the way.
//
// Without arguments it starts an authorization server and an MCP server of the
// official Go SDK in this process, on loopback, and walks a client through
// login, refresh, step-up and restart. A fake browser says yes to everything.
// It ends with status 1 if a step is not as it should be.
//
//	go run ./quickstart
//
// With -server it connects to a real MCP server, logs in with the real browser
// and keeps the session in the user's configuration directory:
//
//	go run ./quickstart -server https://mcp.example.com/mcp
//	go run ./quickstart -server https://mcp.example.com/mcp -tool search -args '{"query":"oauth"}'
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], newScreen(os.Stdout), os.Stderr)
	stop()
	os.Exit(code)
}

// run returns the exit status: 0 when all is as it should be, 1 when a step
// failed, 2 for arguments that make no sense.
func run(ctx context.Context, args []string, out *screen, complaints io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(complaints)
	server := flags.String("server", "", "`URL` of a real MCP server; empty starts one here")
	tool := flags.String("tool", "", "with -server: `name` of a tool to call")
	arguments := flags.String("args", "{}", "with -tool: its arguments as a `JSON` object")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 || (*tool != "" && *server == "") {
		flags.Usage()
		return 2
	}
	var err error
	if *server == "" {
		err = demonstrate(ctx, out)
	} else {
		err = runRemote(ctx, out, *server, *tool, *arguments)
	}
	if err != nil {
		_, _ = fmt.Fprintln(complaints, "quickstart:", clean(err.Error()))
		return 1
	}
	return 0
}

func demonstrate(ctx context.Context, out *screen) error {
	w := newWorld(tokenLife)
	defer w.close()
	return runDemo(ctx, out, w)
}
