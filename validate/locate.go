// Positions: the line and column of a violation in the original bytes.

package validate

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Locate sets Line and Column of each violation from the original bytes of the
// JSON document: the place where the decoder stopped, else that of the value
// the pointer names, else that of the nearest value around it. It reads the
// bytes once. Violations whose Document is of another file have to be located
// apart.
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
		findOffsets(data, wanted)
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

// findOffsets fills in the byte offset of each value whose pointer is a key of
// wanted. It stops at the first syntax error and at the depth where decoders
// stop, keeping what it has.
func findOffsets(data []byte, wanted map[string]int) {
	body := bytes.TrimPrefix(data, byteOrderMark)
	w := walker{
		decoder: json.NewDecoder(bytes.NewReader(body)),
		data:    body, shift: len(data) - len(body), wanted: wanted,
	}
	w.decoder.UseNumber()
	w.run()
}

// walker reads JSON tokens and knows the pointer of each value.
type walker struct {
	decoder *json.Decoder
	data    []byte
	shift   int
	wanted  map[string]int
	levels  []level
	tooDeep bool
}

// level is one open object or array.
type level struct {
	pointer string // of the container
	index   int    // of the next element; unused in objects
	object  bool
	key     string // the member whose value comes next
	hasKey  bool
}

func (w *walker) run() {
	for !w.tooDeep {
		start := w.nextToken()
		token, err := w.decoder.Token()
		if err != nil {
			return
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			w.levels = w.levels[:len(w.levels)-1]
			continue
		}
		if top := w.top(); top != nil && top.object && !top.hasKey {
			top.key, top.hasKey = token.(string), true
			continue
		}
		w.value(token, start)
	}
}

// value records a value's offset and opens it if it is a container.
func (w *walker) value(token json.Token, start int) {
	pointer := w.pointer()
	if old, ok := w.wanted[pointer]; ok && old < 0 {
		w.wanted[pointer] = start + w.shift
	}
	if delim, ok := token.(json.Delim); ok {
		if len(w.levels) == gen.MaxDepth {
			w.tooDeep = true
		}
		w.levels = append(w.levels, level{pointer: pointer, object: delim == '{'})
	}
}

// pointer names the value that comes next, and moves on to its sibling.
func (w *walker) pointer() string {
	top := w.top()
	switch {
	case top == nil:
		return ""
	case top.object:
		top.hasKey = false
		return top.pointer + "/" + escapePointer(top.key)
	}
	top.index++
	return top.pointer + "/" + strconv.Itoa(top.index-1)
}

func (w *walker) top() *level {
	if len(w.levels) == 0 {
		return nil
	}
	return &w.levels[len(w.levels)-1]
}

// nextToken returns the offset of the first byte after white space, commas and
// colons.
func (w *walker) nextToken() int {
	i := int(w.decoder.InputOffset())
	for i < len(w.data) && strings.IndexByte(" \t\r\n,:", w.data[i]) >= 0 {
		i++
	}
	return i
}

// escapePointer escapes one reference token. RFC 6901 §3.
func escapePointer(token string) string {
	if !strings.ContainsAny(token, "~/") {
		return token
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(token)
}
