// Mcpoauth judges the OAuth documents of MCP servers and authorization servers.
//
//	mcpoauth validate prm.json --with as.json   what is wrong, where, why, and how to mend it
//	mcpoauth rules asm-pkce-missing             a rule, explained
//
// The exit status is 0 when all is well, 1 when there are findings, 2 when the
// input or the arguments cannot be used. README.md beside this file describes
// the formats that programs read.
package main

import (
	"context"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
