// GitHub: workflow commands, which become annotations of a pull request.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions

package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"unicode"

	"github.com/mcpoauth/mcpoauth/validate"
)

type githubReporter struct {
	writer
}

func newGitHubReporter(c *console, _ validate.Profile) reporter {
	return &githubReporter{writer: writer{to: c.out}}
}

var githubCommands = map[validate.Severity]string{
	validate.SeverityRefuse:  "error",
	validate.SeverityError:   "error",
	validate.SeverityWarning: "warning",
	validate.SeverityInfo:    "notice",
}

func (r *githubReporter) judged(d *document) error {
	for i := range d.violations {
		v := &d.violations[i]
		row := rowOf(v.Rule)
		text := printable(v.Detail)
		if v.Pointer != "" {
			text = printable(v.Pointer) + ": " + text
		}
		if what := consequence(v); what != "" {
			text += "\n" + what
		}
		text += "\nmend: " + mend(row) + "\nwhy: " + v.Section + ", " + row.URL
		r.printf("::%s %stitle=%s::%s\n", githubCommands[v.Severity], githubPlace(d, v),
			githubProperty(string(v.Rule)), githubData(text))
	}
	return r.err
}

// githubPlace is the place of a violation as properties, each followed by a
// comma. A document from standard input has no place in the repository.
func githubPlace(d *document, v *validate.Violation) string {
	if d.file == stdinName {
		return ""
	}
	place := "file=" + githubFile(d.file) + ","
	if v.Line > 0 {
		place += "line=" + strconv.Itoa(v.Line) + ",col=" + strconv.Itoa(v.Column) + ","
		if size := valueRunes(d.data, v.Line, v.Column); size > 0 {
			place += "endColumn=" + strconv.Itoa(v.Column+size) + ","
		}
	}
	return place
}

func (r *githubReporter) unusable(file string, reason error) error {
	r.printf("::error file=%s,title=unusable::%s\n", githubFile(file), githubData(printable(reason.Error())))
	return r.err
}

func (r *githubReporter) end(s *summary, _ []journey, _ int) error {
	r.printf("mcpoauth: %s\n", s.line())
	return r.err
}

// The runner ends a command at the end of the line and its properties at a
// comma; these escapes are what it undoes.
var (
	githubDataEscapes     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubPropertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func githubData(s string) string     { return githubDataEscapes.Replace(s) }
func githubProperty(s string) string { return githubPropertyEscapes.Replace(s) }

// githubFile keeps the name of a file as it is, but for control characters,
// which the log would show.
func githubFile(file string) string {
	return githubProperty(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return unicode.ReplacementChar
		}
		return r
	}, filepath.ToSlash(file)))
}
