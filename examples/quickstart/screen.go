// Screen: aligned lines, in colour where somebody looks at them.

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
)

// style is an ANSI code.
type style string

const (
	plain   style = ""
	bold    style = "1"
	faint   style = "2"
	red     style = "31"
	green   style = "32"
	yellow  style = "33"
	blue    style = "34"
	magenta style = "35"
	cyan    style = "36"
)

// Who takes part; the first column of a line.
const (
	actorServer  = "server"  // the MCP server
	actorIssuer  = "issuer"  // the authorization server
	actorBrowser = "browser" // the human
	actorDecided = "decided" // what the client concluded
	actorSession = "session" // what the client has now
	actorStore   = "store"   // where it keeps that
	actorTool    = "tool"    // what the tool said
)

var actorStyles = map[string]style{
	actorServer: cyan, actorIssuer: magenta, actorBrowser: yellow,
	actorDecided: blue, actorSession: blue, actorStore: blue, actorTool: green,
}

// The widths of the columns. The longest request of the demo is the one for
// the protected resource metadata.
const (
	actorWidth   = 8
	requestWidth = 48
	labelWidth   = 22
	countWidth   = 12
)

// screen prints the story. Its methods may be called by several goroutines at
// once: requests that are under way together report here.
type screen struct {
	colour bool

	mu  sync.Mutex
	out io.Writer
}

// newScreen prints in colour if file is a terminal and NO_COLOR is not set
// (https://no-color.org).
func newScreen(file *os.File) *screen {
	info, err := file.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	return &screen{
		out:    file,
		colour: terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}

func (s *screen) paint(how style, text string) string {
	if !s.colour || how == plain || text == "" {
		return text
	}
	return "\x1b[" + string(how) + "m" + text + "\x1b[0m"
}

// print writes one line, without blanks at its end.
func (s *screen) print(parts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintln(s.out, strings.TrimRight(strings.Join(parts, ""), " "))
}

// Write prints what a component has to say to the human.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.out.Write(text)
}

func (s *screen) title(text string) { s.print("\n", s.paint(bold, text), "\n") }

// introduce says who an actor is and where.
func (s *screen) introduce(actor, where, what string) {
	s.print("   ", s.paint(actorStyles[actor], pad(actor, actorWidth)), " ",
		pad(clean(where), requestWidth), " ", s.paint(faint, clean(what)))
}

func (s *screen) step(n int, title string) {
	s.print("\n", s.paint(bold, fmt.Sprintf("%d  %s", n, title)))
}

// exchange prints a request, its answer and what that means.
func (s *screen) exchange(actor, request, answer, meaning string) {
	s.print("   ", s.paint(actorStyles[actor], pad(actor, actorWidth)), " ", pad(request, requestWidth), " ",
		s.paint(answerStyle(answer), pad(answer, 3)), "  ", s.paint(faint, clean(meaning)))
}

// remark prints what an actor did or said without a request of ours.
func (s *screen) remark(actor, text string) {
	s.print("   ", s.paint(actorStyles[actor], pad(actor, actorWidth)), " ",
		strings.ReplaceAll(clean(text), "\n", "\n"+strings.Repeat(" ", actorWidth+4)))
}

func (s *screen) ok(text string) { s.print("   ", s.paint(green, "✓ "+text)) }

// counts prints a row of numbers; a dot is a nought.
func (s *screen) counts(name string, numbers []int) {
	var row strings.Builder
	for _, n := range numbers {
		if n == 0 {
			row.WriteString(s.paint(faint, right("·", countWidth)))
			continue
		}
		row.WriteString(right(fmt.Sprint(n), countWidth))
	}
	s.print("  ", pad(name, labelWidth), row.String())
}

// heads prints the head of the columns that counts fills.
func (s *screen) heads(names []string) {
	var row strings.Builder
	for _, name := range names {
		row.WriteString(right(name, countWidth))
	}
	s.print("  ", pad("", labelWidth), s.paint(faint, row.String()))
}

// answerStyle tells success, challenge and failure apart.
func answerStyle(answer string) style {
	switch {
	case strings.HasPrefix(answer, "2"), strings.HasPrefix(answer, "3"):
		return green
	case answer == "401", answer == "403":
		return yellow
	case answer == "":
		return plain
	}
	return red
}

// clean keeps what servers write from moving the cursor: a text is its
// printable characters and its line ends.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

// pad and right fill up to a width in characters.
func pad(text string, width int) string   { return fmt.Sprintf("%-*s", width, text) }
func right(text string, width int) string { return fmt.Sprintf("%*s", width, text) }
