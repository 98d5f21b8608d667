// Terminal: what may reach one, and in which colours.

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	// Tells a terminal from a pipe on every platform, Cygwin's included.
	"github.com/mattn/go-isatty"
)

// printable renders foreign text for a terminal or a log: every character
// beyond printable ASCII is escaped, line ends too, so that nothing moves the
// cursor, changes direction, or looks like another letter. Nor is "##[" left
// whole, which the logs of GitHub Actions take for a command.
//
// SEC-5
func printable(s string) string {
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[0])
		} else {
			b.WriteString(printableRune(r))
		}
		s = s[size:]
	}
	return strings.ReplaceAll(b.String(), "##[", `##\x5b`)
}

// printableText is printable for text of several lines.
func printableText(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return strings.Join(lines, "\n")
}

func printableRune(r rune) string {
	switch {
	case r == '\t':
		return " "
	case r >= ' ' && r <= '~':
		return string(r)
	case r < 0x80:
		return fmt.Sprintf(`\x%02x`, r)
	case r < 0x10000:
		return fmt.Sprintf(`\u%04x`, r)
	}
	return fmt.Sprintf(`\U%08x`, r)
}

// printableName renders the name of a file. One that would need escapes, or
// could be taken for a workflow command at the start of a line, is quoted.
func printableName(name string) string {
	if name == printable(name) && name != "" && !strings.HasPrefix(name, "::") && strings.TrimSpace(name) == name {
		return name
	}
	return `"` + printable(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name)) + `"`
}

// style is an ANSI code.
type style string

const (
	bold    style = "1"
	faint   style = "2"
	red     style = "31"
	boldRed style = "1;31"
	green   style = "32"
	yellow  style = "33"
	cyan    style = "36"
)

// palette colours text, or leaves it alone; the zero value leaves it alone.
type palette struct{ on bool }

func (p palette) paint(s style, text string) string {
	if !p.on || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// paletteFor is in colour when w is a terminal that has them and the user has
// not said no (https://no-color.org).
func paletteFor(w io.Writer) palette {
	return palette{on: isTerminal(w) && wantsColour(os.Getenv)}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && (isatty.IsTerminal(file.Fd()) || isatty.IsCygwinTerminal(file.Fd()))
}

func wantsColour(getenv func(string) string) bool {
	return getenv("NO_COLOR") == "" && getenv("TERM") != "dumb"
}

// The widths of a terminal in columns: of one that does not say its own, and the
// least that lines are folded to.
const (
	usualColumns = 80
	leastColumns = 60
)

// columnsFor returns the width that lines for w are folded to, 0 for any width:
// what reads a pipe or a file wants a line whole.
func columnsFor(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	return columns(os.Getenv)
}

func columns(getenv func(string) string) int {
	if n, err := strconv.Atoi(getenv("COLUMNS")); err == nil {
		return max(n, leastColumns)
	}
	return usualColumns
}

// folded breaks text at blanks so that it fits between indent and width, and
// indents the lines after the first. Words are not broken: they may be URLs.
func folded(text string, indent, width int) string {
	if width == 0 {
		return text
	}
	var b strings.Builder
	column := indent
	for i, word := range strings.Split(text, " ") {
		size := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+size > width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += size
	}
	return b.String()
}
