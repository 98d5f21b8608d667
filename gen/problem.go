// Problem, Report, DecodeError: what a decoder has to say about a document.

package gen

import (
	"fmt"
	"strconv"
	"strings"
)

// ProblemKind says what is wrong with a member or a document.
type ProblemKind string

// The first four kinds concern the value of one member: they are reported for an optional member and refuse the
// document for a required one. The others always refuse.
const (
	ProblemNull      ProblemKind = "null"             // null where a value is wanted
	ProblemEmpty     ProblemKind = "empty"            // "" or [] where the specification wants content
	ProblemType      ProblemKind = "type"             // another JSON type than the schema's
	ProblemValue     ProblemKind = "value"            // a value that breaks format, enum or minimum
	ProblemMissing   ProblemKind = "missing"          // a required member is absent
	ProblemDuplicate ProblemKind = "duplicate member" // a name twice in one object
	ProblemSyntax    ProblemKind = "syntax"           // no JSON, or no form encoding
	ProblemTrailing  ProblemKind = "trailing data"    // bytes after the document
	ProblemDepth     ProblemKind = "depth"            // nested deeper than MaxDepth
	ProblemSize      ProblemKind = "size"             // longer than MaxSize, or a list of objects longer than 4096
)

// Problem is one thing wrong with a document that could still be decoded.
type Problem struct {
	// Pointer is the JSON pointer (RFC 6901) of the value.
	Pointer string
	// Offset is the offset of the value in the input, in bytes.
	Offset int
	// Kind says what is wrong.
	Kind ProblemKind
	// Detail is a short phrase without any value of the document, empty where Kind says it all.
	Detail string
}

// Report receives the problems of one or more decodings, in the order of the input. The zero value is ready for use;
// it is not safe for concurrent use.
type Report struct {
	Problems []Problem
}

// DecodeError says why a document was refused.
type DecodeError struct {
	// Document is the name of the type.
	Document string
	// Pointer is the JSON pointer (RFC 6901) of the value, "" for the document.
	Pointer string
	// Offset is the offset in the input, in bytes.
	Offset int
	// Kind says what is wrong.
	Kind ProblemKind
	// Detail is a short phrase without any value of the document, empty where Kind says it all.
	Detail string
}

// Error returns one line without any value of the document.
func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString("gen: ")
	b.WriteString(e.Document)
	b.WriteString(": ")
	if e.Pointer != "" {
		b.WriteString(printable(e.Pointer, 100))
		b.WriteString(": ")
	}
	b.WriteString(string(e.Kind))
	if e.Detail != "" {
		b.WriteString(": ")
		b.WriteString(e.Detail)
	}
	fmt.Fprintf(&b, " (offset %d)", e.Offset)
	return b.String()
}

// problems collects what a scanner finds: problems go to the report, the first failure ends the scan.
type problems struct {
	document string
	report   *Report
	err      *DecodeError
}

func (p *problems) add(pointer string, offset int, kind ProblemKind, detail string) {
	if p.report != nil {
		p.report.Problems = append(p.report.Problems, Problem{Pointer: pointer, Offset: offset, Kind: kind, Detail: detail})
	}
}

func (p *problems) refuse(pointer string, offset int, kind ProblemKind, detail string) {
	if p.err == nil {
		p.err = &DecodeError{Document: p.document, Pointer: pointer, Offset: offset, Kind: kind, Detail: detail}
	}
}

// check is what a scanner needs to know about a member beside its type.
type check uint16

const (
	optional check = 0
	required check = 1 << iota
	uri
	httpURL
	httpsURL
	nonEmpty // a list of at least one element
	words    // a space-separated list; an array of strings is joined
	orString // a list; one string is taken as a list of one
)

const noMinimum = -1 << 63

// rawMember is a member whose value was bad or in a lenient form; text is its JSON.
type rawMember struct{ name, text string }

func findRaw(kept []rawMember, name string) (text string, found bool) {
	for i := range kept {
		if kept[i].name == name {
			return kept[i].text, true
		}
	}
	return "", false
}

// appendPointer appends name as a reference token of a JSON pointer.
func appendPointer(pointer []byte, name string) []byte {
	pointer = append(pointer, '/')
	for i := range len(name) {
		switch name[i] {
		case '~':
			pointer = append(pointer, "~0"...)
		case '/':
			pointer = append(pointer, "~1"...)
		default:
			pointer = append(pointer, name[i])
		}
	}
	return pointer
}

// printable returns at most limit bytes of text with everything but printable ASCII escaped, for messages.
func printable(text string, limit int) string {
	long := len(text) > limit
	if long {
		text = text[:limit]
	}
	text = strconv.QuoteToASCII(text)
	text = text[1 : len(text)-1]
	if long {
		text += "..."
	}
	return text
}
