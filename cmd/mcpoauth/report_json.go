// JSON: the report that programs read, as report.schema.json describes it.

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/mcpoauth/mcpoauth/validate"
)

// reportVersion changes when a member of the JSON report changes its meaning or
// goes. New members come without notice.
const reportVersion = 1

// jsonDocument is a document of the report: judged, or with the reason why not.
type jsonDocument struct {
	File       string          `json:"file"`
	Unusable   string          `json:"unusable,omitempty"`
	Kind       validate.Kind   `json:"kind,omitempty"`
	For        string          `json:"for,omitempty"`
	Violations []jsonViolation `json:"violations,omitzero"`
}

// jsonViolation adds to a violation what the table of rules says about it.
type jsonViolation struct {
	validate.Violation
	URL  string `json:"url"`
	Mend string `json:"mend"`
}

type jsonReporter struct {
	stream
}

func newJSONReporter(c *console, profile validate.Profile) reporter {
	r := &jsonReporter{stream: newStream(c.out)}
	r.printf("{\n  \"version\": %d,\n  \"profile\": %s,\n  \"documents\": [", reportVersion, asciiJSON(profile, ""))
	return r
}

func (r *jsonReporter) judged(d *document) error {
	entry := jsonDocument{File: d.file, Kind: d.kind, For: d.expected, Violations: []jsonViolation{}}
	for _, v := range d.violations {
		row := rowOf(v.Rule)
		entry.Violations = append(entry.Violations, jsonViolation{Violation: v, URL: row.URL, Mend: mend(row)})
	}
	return r.element(entry, "    ")
}

func (r *jsonReporter) unusable(file string, reason error) error {
	return r.element(jsonDocument{File: file, Unusable: reason.Error()}, "    ")
}

func (r *jsonReporter) end(s *summary, ways []journey, _ int) error {
	r.endList("  ")
	if len(ways) > 0 {
		r.printf(",\n  \"journeys\": %s", asciiJSON(ways, "  "))
	}
	r.printf(",\n  \"summary\": %s\n}\n", asciiJSON(s, "  "))
	return r.flush()
}

// stream writes JSON whose one long list comes element by element.
type stream struct {
	writer
	buffer *bufio.Writer
	begun  bool
}

func newStream(w io.Writer) stream {
	buffer := bufio.NewWriter(w)
	return stream{writer: writer{to: buffer}, buffer: buffer}
}

// element writes one element of the list, indented.
func (s *stream) element(value any, indent string) error {
	if s.begun {
		s.printf(",")
	}
	s.begun = true
	s.printf("\n%s%s", indent, asciiJSON(value, indent))
	return s.err
}

func (s *stream) endList(indent string) {
	if s.begun {
		s.printf("\n%s", indent)
	}
	s.printf("]")
}

func (s *stream) flush() error {
	if s.err != nil {
		return s.err
	}
	return s.buffer.Flush()
}

// asciiJSON encodes a value in ASCII: file names and all else may reach a
// terminal or a log, where a character beyond it can do harm. Values are of our
// own types, which encode without error.
//
// SEC-5
func asciiJSON(value any, indent string) string {
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(indent, "  ")
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	text := bytes.TrimSuffix(encoded.Bytes(), []byte{'\n'})
	var out bytes.Buffer
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case r < 0x7f:
			out.WriteByte(text[0])
		case r < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		}
		text = text[size:]
	}
	return out.String()
}
