// A walk over JSON text that knows the pointer of each value.

package validate

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// walker reads JSON text once and notes where wanted values begin. It is
// lenient: the decoder has judged the syntax, and a walk through broken text
// only has to end. wanted has the ancestors of each of its pointers too, so that
// values under any other pointer are passed over without one.
type walker struct {
	data    []byte
	pos     int
	wanted  map[string]int
	pointer []byte // of the present value
}

// value walks over one value and reports whether it ended well.
func (w *walker) value(depth int) bool {
	w.space()
	if depth > gen.MaxDepth || w.pos >= len(w.data) {
		return false
	}
	old, live := w.wanted[string(w.pointer)]
	if live && old < 0 {
		w.wanted[string(w.pointer)] = w.pos
	}
	switch w.data[w.pos] {
	case '{':
		return w.members(depth, live)
	case '[':
		return w.elements(depth, live)
	case '"':
		_, ok := w.text()
		return ok
	}
	start := w.pos
	for w.pos < len(w.data) && strings.IndexByte(",]} \t\r\n:\"[{", w.data[w.pos]) < 0 {
		w.pos++
	}
	return w.pos > start
}

func (w *walker) members(depth int, live bool) bool {
	for w.pos++; !w.next('}'); {
		name, ok := w.text()
		if !ok || !w.next(':') {
			return false
		}
		above := len(w.pointer)
		if live {
			w.pointer = append(append(w.pointer, '/'), escapePointer(unquote(name))...)
		} else {
			w.pointer = append(w.pointer, '/') // a pointer that nobody wants, as that above
		}
		ok = w.value(depth + 1)
		w.pointer = w.pointer[:above]
		if !ok || !w.next(',') && !w.at('}') {
			return false
		}
	}
	return true
}

func (w *walker) elements(depth int, live bool) bool {
	w.pos++
	for i := 0; !w.next(']'); i++ {
		above := len(w.pointer)
		w.pointer = append(w.pointer, '/')
		if live {
			w.pointer = strconv.AppendInt(w.pointer, int64(i), 10)
		}
		ok := w.value(depth + 1)
		w.pointer = w.pointer[:above]
		if !ok || !w.next(',') && !w.at(']') {
			return false
		}
	}
	return true
}

// text walks over a string and returns it with its quotes.
func (w *walker) text() ([]byte, bool) {
	if !w.at('"') {
		return nil, false
	}
	start := w.pos
	for w.pos++; w.pos < len(w.data); w.pos++ {
		switch w.data[w.pos] {
		case '"':
			w.pos++
			return w.data[start:w.pos], true
		case '\\':
			w.pos++
		}
	}
	return nil, false
}

// next steps over white space and then over c, if it is there. At the end of the
// text it says yes to nothing.
func (w *walker) next(c byte) bool {
	if !w.at(c) {
		return false
	}
	w.pos++
	return true
}

func (w *walker) at(c byte) bool {
	w.space()
	return w.pos < len(w.data) && w.data[w.pos] == c
}

func (w *walker) space() {
	for w.pos < len(w.data) && strings.IndexByte(" \t\r\n", w.data[w.pos]) >= 0 {
		w.pos++
	}
}

// unquote resolves the escapes of a name.
func unquote(quoted []byte) string {
	plain := string(quoted[1 : len(quoted)-1])
	if !strings.Contains(plain, `\`) {
		return plain
	}
	var name string
	if json.Unmarshal(quoted, &name) != nil {
		return plain
	}
	return name
}
