// Positions: the line and column of a violation in the original bytes.

package validate

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Locate sets Line and Column of each violation from the original bytes of the
// document, by its kind (JSON, the redirect, the header): the place where the
// decoder stopped, else that of the value the pointer names, else that of the
// nearest value around it. It reads the bytes once. Violations whose Document is
// of another file have to be located apart.
func (v Violations) Locate(data []byte) {
	wanted := make(map[string]int, len(v))
	unknown := false
	for i := range v {
		unknown = unknown || v[i].offset == 0
		for p := range around(v[i].Pointer) {
			wanted[p] = -1
		}
	}
	if unknown {
		find(v[0].Document, data, wanted)
	}
	order := make([]int, len(v))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return v[a].offsetIn(wanted) - v[b].offsetIn(wanted) })
	at := cursor{data: bytes.TrimPrefix(data, byteOrderMark), line: 1, column: 1}
	for _, i := range order {
		at.moveTo(v[i].offsetIn(wanted) - (len(data) - len(at.data)))
		v[i].Line, v[i].Column = at.line, at.column
	}
}

// find fills in the byte offset of each value whose pointer is a key of wanted.
func find(document string, data []byte, wanted map[string]int) {
	switch document {
	case documentCallback:
		findQuery(data, wanted)
	case documentChallenge:
		findParams(data, wanted)
	default:
		findOffsets(data, wanted)
	}
}

// offsetIn returns the byte offset of a violation, given those of values.
func (v *Violation) offsetIn(found map[string]int) int {
	if v.offset > 0 {
		return v.offset - 1
	}
	for p := range around(v.Pointer) {
		if found[p] >= 0 {
			return found[p]
		}
	}
	return 0
}

// around yields a pointer and those of the values around it, inmost first.
func around(pointer string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for yield(pointer) {
			end := strings.LastIndexByte(pointer, '/')
			if end < 0 {
				return
			}
			pointer = pointer[:end]
		}
	}
}

// cursor counts lines and columns from 1 on its way through a document, so that
// many violations cost one pass.
type cursor struct {
	data                 []byte
	offset, line, column int
}

// moveTo goes forward to an offset.
func (c *cursor) moveTo(offset int) {
	offset = max(c.offset, min(offset, len(c.data)))
	passed := c.data[c.offset:offset]
	if last := bytes.LastIndexByte(passed, '\n'); last >= 0 {
		c.line += bytes.Count(passed, []byte{'\n'})
		c.column, passed = 1, passed[last+1:]
	}
	c.column += utf8.RuneCount(passed)
	c.offset = offset
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// findOffsets fills in the byte offset of each JSON value whose pointer is a key
// of wanted. It stops at the first syntax error and at the depth where decoders
// stop, keeping what it has; where they do not begin to read, beyond
// gen.MaxSize, it does not go.
func findOffsets(data []byte, wanted map[string]int) {
	w := walker{data: data[:min(len(data), gen.MaxSize)], pos: documentStart(data), wanted: wanted}
	w.value(0)
}

// escapePointer escapes one reference token. RFC 6901 §3.
func escapePointer(token string) string {
	if !strings.ContainsAny(token, "~/") {
		return token
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}
