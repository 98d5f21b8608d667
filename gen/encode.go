// Encoder: the JSON text of a document, deterministic, with or without its secrets.

package gen

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// encoder writes one document. With redact it writes no secret and nothing that could be one.
type encoder struct {
	document string
	redact   bool
	buf      []byte
	err      error
}

func newEncoder(document string, redact bool) *encoder {
	return &encoder{document: document, redact: redact, buf: make([]byte, 0, 512)}
}

func (e *encoder) bytes() ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	return e.buf, nil
}

func (e *encoder) open(c byte) { e.buf = append(e.buf, c) }
func (e *encoder) shut(c byte) { e.buf = append(e.buf, c) }
func (e *encoder) begin()      { e.open('{') }
func (e *encoder) end()        { e.shut('}') }

// member writes a comma where one is due, and the name.
func (e *encoder) member(name string) {
	if e.buf[len(e.buf)-1] != '{' {
		e.buf = append(e.buf, ',')
	}
	e.buf = append(e.string(name), ':')
}

// element writes the comma before element i.
func (e *encoder) element(i int) {
	if i > 0 {
		e.buf = append(e.buf, ',')
	}
}

func (e *encoder) string(text string) []byte {
	return appendString(e.buf, text, e.redact)
}

// asKept writes the text of a member as it was decoded, if it was kept.
func (e *encoder) asKept(name string, kept []rawMember) bool {
	text, found := findRaw(kept, name)
	if !found {
		return false
	}
	e.member(name)
	if e.redact && text != "false" && text != "null" {
		text = `"` + redacted + `"`
	}
	e.buf = append(e.buf, text...)
	return true
}

func (e *encoder) text(name, text string, kept []rawMember) {
	if text == "" {
		e.asKept(name, kept)
		return
	}
	e.member(name)
	e.buf = e.string(text)
}

func (e *encoder) secret(name string, secret Secret, kept []rawMember) {
	if e.redact {
		e.text(name, secret.String(), kept)
		return
	}
	e.text(name, secret.Reveal(), kept)
}

// words writes a space-separated list, as an array if it was decoded from one that says the same.
func (e *encoder) words(name, text string, kept []rawMember) {
	if raw, found := findRaw(kept, name); found && text != "" && !e.redact {
		if list, ok := parseStrings(raw); ok && strings.Join(list, " ") == text {
			e.asKept(name, kept)
			return
		}
	}
	e.text(name, text, kept)
}

// list writes a list of strings, as one string if it was decoded from one that says the same.
func (e *encoder) list(name string, list []string, kept []rawMember) {
	if list == nil {
		e.asKept(name, kept)
		return
	}
	if raw, found := findRaw(kept, name); found && len(list) == 1 {
		if one, ok := parseStrings("[" + raw + "]"); ok && slices.Equal(one, list) {
			e.asKept(name, kept)
			return
		}
	}
	e.member(name)
	e.open('[')
	for i, text := range list {
		e.element(i)
		e.buf = e.string(text)
	}
	e.shut(']')
}

func (e *encoder) boolean(name string, value, always bool, kept []rawMember) {
	if !value && (e.asKept(name, kept) || !always) {
		return
	}
	e.member(name)
	e.buf = strconv.AppendBool(e.buf, value)
}

func (e *encoder) booleanPointer(name string, value *bool, kept []rawMember) {
	if value != nil {
		e.boolean(name, *value, true, kept)
		return
	}
	e.asKept(name, kept)
}

func (e *encoder) integer(name string, value int64, always bool, kept []rawMember) { //nolint:unparam // the schemas decide
	if value == 0 && !always {
		e.asKept(name, kept)
		return
	}
	e.integerPointer(name, &value, kept)
}

// integerPointer writes a number, in the form it was decoded from if that says the same.
func (e *encoder) integerPointer(name string, value *int64, kept []rawMember) {
	raw, found := findRaw(kept, name)
	if found {
		v, _, ok := parseNumber(strings.Trim(raw, `"`))
		if value == nil || ok && v == *value {
			e.asKept(name, kept)
			return
		}
	}
	if value != nil {
		e.member(name)
		e.buf = strconv.AppendInt(e.buf, *value, 10)
	}
}

func (e *encoder) time(name string, value time.Time, kept []rawMember) {
	if value.IsZero() {
		e.asKept(name, kept)
		return
	}
	e.member(name)
	e.buf = append(value.AppendFormat(append(e.buf, '"'), time.RFC3339Nano), '"')
}

func (e *encoder) raw(name string, value json.RawMessage, kept []rawMember) {
	if value == nil {
		e.asKept(name, kept)
		return
	}
	e.member(name)
	e.value(name, value)
}

// value writes JSON that the caller gave.
func (e *encoder) value(name string, value json.RawMessage) {
	if value == nil {
		value = json.RawMessage("null")
	}
	if !validValue(value) && e.err == nil {
		e.err = fmt.Errorf("gen: %s: member %s: not valid JSON", e.document, printable(name, 100))
	}
	e.buf = append(e.buf, value...)
}

// present writes the name of a nested value, or what was kept in its place.
func (e *encoder) present(name string, is bool, kept []rawMember) bool {
	if !is {
		e.asKept(name, kept)
		return false
	}
	e.member(name)
	return true
}

// extra writes the unknown members sorted by name. hide says that their values could be secrets.
func (e *encoder) extra(extra map[string]json.RawMessage, known func(string) bool, hide bool) {
	if len(extra) == 0 {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if known(name) {
			continue
		}
		e.member(name)
		if e.redact && (hide || !validValue(extra[name])) {
			e.buf = e.string(redacted)
			continue
		}
		e.value(name, extra[name])
	}
}

// params writes the names of additional parameters without their values: encode of a form serves redaction only.
func (e *encoder) params(params url.Values, known func(string) bool) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !known(name) {
			e.member(name)
			e.buf = e.string(redacted)
		}
	}
}

func validValue(value json.RawMessage) bool {
	s := scanner{doc: string(value)}
	s.skip()
	s.close()
	return s.err == nil
}

func parseStrings(text string) ([]string, bool) {
	s := scanner{doc: text}
	if s.peek() != '[' {
		return nil, false
	}
	return s.strings()
}

const hexDigits = "0123456789abcdef"

// appendString appends text as a JSON string. With ascii everything but printable ASCII is escaped, for terminals.
func appendString(b []byte, text string, ascii bool) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && (c != 0x7f || !ascii) {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		if c >= utf8.RuneSelf && !ascii && (r != utf8.RuneError || size > 1) {
			i += size
			continue
		}
		b = append(b, text[start:i]...)
		b = appendEscape(b, r)
		i += size
		start = i
	}
	return append(append(b, text[start:]...), '"')
}

func appendEscape(b []byte, r rune) []byte {
	if i := strings.IndexRune("\"\\\n\r\t\b\f", r); i >= 0 {
		return append(b, '\\', "\"\\nrtbf"[i])
	}
	if r > 0xffff {
		r -= 0x10000
		return appendEscape(appendEscape(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
