// Violations: what a document breaks, where, and how much it matters.

package validate

import (
	"slices"
	"strconv"
	"strings"
)

// Violation is one broken rule at one place. It holds no secret, and foreign
// strings in Detail are escaped and bounded.
type Violation struct {
	// Document names the kind of document: "protected resource metadata".
	Document string `json:"document"`
	// Pointer is the JSON pointer (RFC 6901) of the member, "" for the whole
	// document. A missing member is pointed to where it would be. For form
	// encoded documents it is "/" and the parameter's name.
	Pointer string `json:"pointer"`
	// Line and Column count from 1 in the original bytes, columns in Unicode
	// code points. Both are 0 when the bytes were not given.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Rule is the rule that is broken.
	Rule Rule `json:"rule"`
	// Severity is that of the rule in the profile in use.
	Severity Severity `json:"severity"`
	// Use is what a refusal takes away; "" when Severity is below refuse.
	Use Use `json:"use,omitempty"`
	// Section is where the rule is written down.
	Section string `json:"section"`
	// Detail says what was found.
	Detail string `json:"detail"`
	// Undecoded says that the document could not be decoded: the other rules
	// were not applied to it, so that more may be wrong.
	Undecoded bool `json:"undecoded,omitempty"`

	offset int // byte offset + 1 that the decoder reported, 0 when unknown
}

// String returns one bounded line.
func (v Violation) String() string {
	var b strings.Builder
	if v.Line > 0 {
		b.WriteString(strconv.Itoa(v.Line) + ":" + strconv.Itoa(v.Column) + ": ")
	}
	if v.Pointer != "" {
		b.WriteString(plain(v.Pointer) + ": ")
	}
	b.WriteString(v.Detail + " (" + string(v.Rule) + ", " + v.Section + ")")
	return b.String()
}

// Violations is what the functions of this package return: in the order of the
// rules, nil when there is none.
type Violations []Violation

// Err returns an *Error with the violations of at least severity min, or nil
// when there is none. The zero severity keeps all.
func (v Violations) Err(min Severity) error {
	return v.failure(func(violation *Violation) bool { return violation.Severity >= min })
}

// Refuses returns an *Error with the violations that forbid a use: those of
// severity refuse that take away the whole document, that use, or another use
// that it needs (the authorization code flow needs the token endpoint). It
// returns nil when the use is allowed. Rules in except are passed over; a
// caller who exempts one says so by name.
func (v Violations) Refuses(use Use, except ...Rule) error {
	return v.failure(func(violation *Violation) bool {
		return violation.Severity >= SeverityRefuse && violation.Use.refuses(use) &&
			!slices.Contains(except, violation.Rule)
	})
}

// Has reports whether a rule is among the violations.
func (v Violations) Has(rule Rule) bool {
	for i := range v {
		if v[i].Rule == rule {
			return true
		}
	}
	return false
}

func (v Violations) failure(keep func(*Violation) bool) error {
	var kept Violations
	for i := range v {
		if keep(&v[i]) {
			kept = append(kept, v[i])
		}
	}
	if len(kept) == 0 {
		return nil
	}
	return &Error{Document: kept[0].Document, Violations: kept}
}

// Error is a document with violations.
type Error struct {
	// Document names the kind of document: "protected resource metadata".
	Document string
	// Violations has at least one element.
	Violations Violations

	cause error // what the decoder returned, if it was the decoder
}

// maxListed bounds the violations in a message; the field has them all.
const maxListed = 3

// Error returns one line with the first violations.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("validate: " + e.Document + ": ")
	for i, violation := range e.Violations {
		if i == maxListed {
			b.WriteString("; and " + strconv.Itoa(len(e.Violations)-i) + " more")
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(violation.String())
	}
	return b.String()
}

// Is reports whether target is the Rule of one of the violations.
func (e *Error) Is(target error) bool {
	rule, ok := target.(Rule)
	return ok && e.Violations.Has(rule)
}

// Unwrap returns the decoder's error, or nil.
func (e *Error) Unwrap() error { return e.cause }
