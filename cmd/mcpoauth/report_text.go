// Text: the report that people read.

package main

import (
	"bufio"
	"fmt"
	"strings"

	"github.com/mcpoauth/mcpoauth/validate"
)

type textReporter struct {
	writer
	buffer *bufio.Writer
	errors writer // unusable inputs, apart from what was found in the others
	colour palette
	width  int // of the terminal, 0 for any
}

func newTextReporter(c *console, _ validate.Profile) reporter {
	buffer := bufio.NewWriter(c.out)
	return &textReporter{
		writer: writer{to: buffer}, buffer: buffer, errors: writer{to: c.err}, colour: paletteFor(c.out),
		width: columnsFor(c.out),
	}
}

// judged writes the findings of a document. A document without findings has a
// line when it was named, and none when a directory was searched for it.
func (r *textReporter) judged(d *document) error {
	if len(d.violations) == 0 && !d.found {
		r.printf("%s: %s (%s)\n", printableName(d.file), r.colour.paint(green, "nothing to mend"), titleOf(d.kind))
	}
	shown := sourceFor(d)
	for i := range d.violations {
		r.violation(d, shown, &d.violations[i])
	}
	return r.flush()
}

func (r *textReporter) violation(d *document, shown []byte, v *validate.Violation) {
	place := printableName(d.file)
	if v.Line > 0 {
		place += fmt.Sprintf(":%d:%d", v.Line, v.Column)
	}
	text := printable(v.Detail)
	if v.Pointer != "" {
		text = printable(v.Pointer) + ": " + text
	}
	r.printf("%s: %s: %s\n", r.colour.paint(bold, place), r.colour.paint(severityStyles[v.Severity], v.Severity.String()), text)
	if s, ok := snippetAt(shown, v.Line, v.Column, r.snippetWidth()); ok && !s.wholeDocument() {
		number := fmt.Sprintf("%6d", v.Line)
		r.printf("%s %s\n", r.colour.paint(faint, number+" |"), s.text)
		r.printf("%s %s%s\n", r.colour.paint(faint, strings.Repeat(" ", len(number))+" |"),
			strings.Repeat(" ", s.start), r.colour.paint(severityStyles[v.Severity], strings.Repeat("^", max(s.size, 1))))
	}
	row := rowOf(v.Rule)
	if what := consequence(v); what != "" {
		r.aside("so", what)
	}
	if v.Undecoded {
		r.aside("note", "the rest of the document was not judged")
	}
	r.aside("mend", mend(row))
	r.aside("why", v.Section+", "+row.URL)
	r.aside("rule", string(v.Rule))
	r.printf("\n")
}

// asideIndent is where the text beside a label and a snippet begin.
const asideIndent = 9

func (r *textReporter) aside(label, text string) {
	r.printf("%s %s\n", r.colour.paint(faint, fmt.Sprintf("%*s", asideIndent-1, label)), folded(text, asideIndent, r.width))
}

// snippetWidth leaves room for the dots after a snippet.
func (r *textReporter) snippetWidth() int {
	if r.width == 0 {
		return maxSnippetWidth
	}
	return min(maxSnippetWidth, r.width-asideIndent-len("..."))
}

var severityStyles = map[validate.Severity]style{
	validate.SeverityRefuse:  boldRed,
	validate.SeverityError:   red,
	validate.SeverityWarning: yellow,
	validate.SeverityInfo:    cyan,
}

// sourceFor returns the text whose lines may be shown.
func sourceFor(d *document) []byte {
	if len(d.violations) == 0 {
		return nil
	}
	if d.kind == validate.KindCallback {
		return maskedQuery(d.data)
	}
	if d.kind == validate.KindChallenge {
		return d.data
	}
	return masked(d.data, secretive[d.kind])
}

func (r *textReporter) unusable(file string, reason error) error {
	if err := r.flush(); err != nil {
		return err
	}
	r.errors.printf("mcpoauth: %s: %s\n", printableName(file), printable(reason.Error()))
	return r.errors.err
}

func (r *textReporter) end(s *summary, ways []journey, _ int) error {
	for i := range ways {
		r.journey(&ways[i])
	}
	if s.Documents > 0 || s.Skipped > 0 {
		r.printf("%s\n", s.line())
	}
	if s.Faulty > 0 {
		r.printf("%s\n", r.colour.paint(faint, "mcpoauth rules ID explains a rule, with an example."))
	}
	return r.flush()
}

// journey writes a line for each step, and the reasons where it ends.
func (r *textReporter) journey(j *journey) {
	r.printf("%s\n", r.colour.paint(bold, "a client with "+printableName(j.Resource)+" and "+printableName(j.Server)))
	for i := range j.Steps {
		step := &j.Steps[i]
		mark := r.colour.paint(green, "ok  ")
		if len(step.Stops) > 0 {
			mark = r.colour.paint(boldRed, "stop")
		}
		r.printf("    %s %-13s  %s\n", mark, step.Name, printable(step.Does))
		for k := range step.Stops {
			stop := &step.Stops[k]
			r.printf("%23s %s: %s %s\n", "", printable(stop.Pointer), printable(stop.Detail), r.colour.paint(faint, "("+string(stop.Rule)+")"))
		}
	}
	r.printf("\n")
}

func (r *textReporter) flush() error {
	if r.err != nil {
		return r.err
	}
	return r.buffer.Flush()
}
