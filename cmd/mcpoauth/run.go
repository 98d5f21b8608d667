// Run: the command line from its arguments to its exit status.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	// Commands with subcommands, help and shell completion, which package flag lacks.
	"github.com/spf13/cobra"
)

// The exit statuses. They are part of the interface: scripts depend on them.
const (
	exitClean    = 0
	exitFindings = 1 // something was found that the caller wanted to fail on
	exitUnusable = 2 // input or arguments that cannot be used
)

var (
	// errFindings ends a command whose findings have been reported.
	errFindings = errors.New("findings")
	// errReported ends a command that could not do its work and has said so.
	errReported = errors.New("reported")
)

// console is all that a command sees of the world beside its arguments and files.
type console struct {
	in       io.Reader
	out, err io.Writer
}

// run carries out one command line, without the name of the program in args,
// and returns its exit status. It ends early when ctx does.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(&console{in: stdin, out: stdout, err: stderr})
	root.SetArgs(args)
	switch err := root.ExecuteContext(ctx); {
	case err == nil:
		return exitClean
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errReported):
	default:
		_, _ = fmt.Fprintln(stderr, "mcpoauth: "+printableText(err.Error()))
	}
	return exitUnusable
}

// newRoot builds the tree of commands. Each command has its own file.
func newRoot(c *console) *cobra.Command {
	root := &cobra.Command{
		Use:   "mcpoauth",
		Short: "OAuth of the Model Context Protocol, from the command line",
		Long: `OAuth of the Model Context Protocol, from the command line.

Exit status: 0 all is well, 1 there are findings, 2 the input or the arguments
cannot be used.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       currentVersion().Version,
	}
	root.SetVersionTemplate("mcpoauth {{.Version}}\n")
	root.SetIn(c.in)
	root.SetOut(c.out)
	root.SetErr(c.err)
	root.AddCommand(newValidate(c), newRules(c), newVersion(c))
	refuseUnknown(root)
	return root
}

// refuseUnknown makes an unknown argument of the help and completion commands an
// error: as cobra writes them they print help and end with status 0.
func refuseUnknown(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		switch command.Name() {
		case "help":
			command.Args = func(_ *cobra.Command, args []string) error {
				if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					return fmt.Errorf("help: %q is no command", strings.Join(args, " "))
				}
				return nil
			}
		case "completion": // its Args refuse, which counts for commands that run
			command.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
		}
	}
}
