// Reports: what the formats have in common.

package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/mcpoauth/mcpoauth/validate"
)

// document is an input that was judged.
type document struct {
	file string
	data []byte
	kind validate.Kind
	// expected is what --for said of it, "" when nothing did.
	expected string
	// found says that a directory was searched for it.
	found bool
	// violations stand in the order of their places.
	violations validate.Violations
}

// summary counts what a run has seen.
type summary struct {
	Documents int `json:"documents"` // judged
	Faulty    int `json:"faulty"`    // of these, with violations
	Skipped   int `json:"skipped"`   // found in directories and of no kind
	Unusable  int `json:"unusable"`  // neither judged nor skipped
	Refuse    int `json:"refuse"`
	Error     int `json:"error"`
	Warning   int `json:"warning"`
	Info      int `json:"info"`
}

func (s *summary) add(d *document) {
	s.Documents++
	if len(d.violations) > 0 {
		s.Faulty++
	}
	for i := range d.violations {
		switch d.violations[i].Severity {
		case validate.SeverityRefuse:
			s.Refuse++
		case validate.SeverityError:
			s.Error++
		case validate.SeverityWarning:
			s.Warning++
		default:
			s.Info++
		}
	}
}

// reaches reports whether there is a violation of at least a severity.
func (s *summary) reaches(level validate.Severity) bool {
	switch level {
	case validate.SeverityRefuse:
		return s.Refuse > 0
	case validate.SeverityError:
		return s.Refuse+s.Error > 0
	}
	return s.Refuse+s.Error+s.Warning > 0
}

// reporter writes one format. Its methods are called for each document as it is
// judged, so that a run of any length needs no more memory than one document,
// and end last and once. They return the errors of writing.
type reporter interface {
	judged(*document) error
	// unusable says why an input was not judged.
	unusable(file string, reason error) error
	// end takes what a client would do with the pairs of --with, too. What stops
	// it has been reported as a finding, or is no fault of a document.
	end(s *summary, ways []journey, exit int) error
}

// formatNames are what --format takes.
var formatNames = []string{"text", "json", "sarif", "github"}

// formats make the reporter of each name.
var formats = map[string]func(c *console, profile validate.Profile) reporter{
	"text":   newTextReporter,
	"json":   newJSONReporter,
	"sarif":  newSARIFReporter,
	"github": newGitHubReporter,
}

// byPlace sorts violations by line and column; at one place, and where places
// are unknown, the gravest comes first.
func byPlace(violations validate.Violations) {
	slices.SortStableFunc(violations, func(a, b validate.Violation) int {
		switch {
		case a.Line != b.Line:
			return a.Line - b.Line
		case a.Column != b.Column:
			return a.Column - b.Column
		}
		return int(b.Severity) - int(a.Severity)
	})
}

// summaryLine reads "3 documents, 1 with findings: 1 error, 2 warnings".
func (s *summary) line() string {
	line := count(s.Documents, "document", "documents")
	if s.Faulty == 0 && s.Documents > 0 {
		line += ": nothing to mend"
	}
	if s.Faulty > 0 {
		var parts []string
		for _, part := range []struct {
			n         int
			one, many string
		}{
			{s.Refuse, "refusal", "refusals"}, {s.Error, "error", "errors"},
			{s.Warning, "warning", "warnings"}, {s.Info, "info", "info"},
		} {
			if part.n > 0 {
				parts = append(parts, count(part.n, part.one, part.many))
			}
		}
		line += fmt.Sprintf(", %d with findings: ", s.Faulty) + strings.Join(parts, ", ")
	}
	if s.Unusable > 0 {
		line += fmt.Sprintf("; %d could not be used", s.Unusable)
	}
	if s.Skipped > 0 {
		line += "; " + count(s.Skipped, "file is", "files are") + " of no known kind"
	}
	return line
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// refusedUses say what a refusal takes away.
var refusedUses = map[validate.Use]string{
	validate.UseDocument:            "the document",
	validate.UseMember:              "this member",
	validate.UseAuthorizationCode:   "the authorization code flow",
	validate.UseToken:               "the token endpoint",
	validate.UseRegistration:        "dynamic client registration",
	validate.UsePushedAuthorization: "pushed authorization requests",
	validate.UseDeviceAuthorization: "the device authorization grant",
	validate.UseRevocation:          "token revocation",
	validate.UseIntrospection:       "token introspection",
}

// consequence says what a client does about a violation, or "".
func consequence(v *validate.Violation) string {
	if v.Severity < validate.SeverityRefuse {
		return ""
	}
	if what, ok := refusedUses[v.Use]; ok {
		return "a client must not use " + what
	}
	return "a client must not use this"
}

// writer remembers the first error of writing, so that the formats need not ask
// after every line.
type writer struct {
	to  io.Writer
	err error
}

func (w *writer) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.to, format, args...)
	}
}

// rowOf returns the row of a rule. Looking it up in package validate makes its
// examples each time.
func rowOf(rule validate.Rule) validate.Row { return rowsByRule()[rule] }

var rowsByRule = sync.OnceValue(func() map[validate.Rule]validate.Row {
	rows := map[validate.Rule]validate.Row{}
	for _, row := range validate.Rules() {
		rows[row.ID] = row
	}
	return rows
})

// mend says what to do about a violation of a rule.
func mend(row validate.Row) string { return row.Mend }
