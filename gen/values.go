// Values: the JSON values that go into the fields of a document.

package gen

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// text reads a string that is not empty and has the wanted format.
func (s *scanner) text(m *members, i int, to *string, c check) {
	if !s.first(m, i) {
		return
	}
	if s.peek() != '"' {
		if c&words != 0 && s.peek() == '[' {
			s.joined(m, to, c)
			return
		}
		s.mismatch(m, c, "a string")
		return
	}
	text, ok := s.quoted()
	if kind, detail := judge(text, ok, c); kind != "" {
		s.bad(m, c, kind, detail)
		return
	}
	*to = text
}

// judge says what is wrong with a string.
func judge(text string, wellFormed bool, c check) (kind ProblemKind, detail string) {
	if !wellFormed {
		return ProblemValue, "not well-formed Unicode"
	}
	if text == "" {
		return ProblemEmpty, "empty string"
	}
	if name, ok := c.format(text); !ok {
		return ProblemValue, "not a valid " + name
	}
	return "", ""
}

func (s *scanner) secret(m *members, i int, to *Secret, c check) { s.text(m, i, (*string)(to), c) }

// oneOf reads a string out of a closed set.
func (s *scanner) oneOf(m *members, i int, to *string, c check, values ...string) { //nolint:unparam // the schemas decide
	var text string
	s.text(m, i, &text, c)
	if text != "" && !slices.Contains(values, text) {
		s.bad(m, c, ProblemValue, "want one of "+strings.Join(values, ", "))
		return
	}
	*to = text
}

// joined reads a list of strings in place of a space-separated string.
func (s *scanner) joined(m *members, to *string, c check) {
	list, ok := s.strings()
	if !ok {
		s.bad(m, c, ProblemType, "want a string, got an array")
		return
	}
	s.note(m, ProblemType, "array of strings in place of a space-separated string")
	*to = strings.Join(list, " ")
}

// list reads a list of strings.
func (s *scanner) list(m *members, i int, to *[]string, c check) {
	if !s.first(m, i) {
		return
	}
	switch first := s.peek(); {
	case first == '"' && c&orString != 0:
		text, ok := s.quoted()
		if kind, detail := judge(text, ok, c); kind != "" {
			s.bad(m, c, kind, detail)
			return
		}
		m.kept = append(m.kept, rawMember{m.name, s.doc[m.at:s.pos]})
		*to = []string{text}
	case first != '[':
		s.mismatch(m, c, "an array")
	default:
		s.stringList(m, to, c)
	}
}

func (s *scanner) stringList(m *members, to *[]string, c check) {
	list, ok := s.strings()
	switch {
	case !ok:
		s.bad(m, c, ProblemType, "want an array of strings")
	case len(list) > 0 || c&nonEmpty == 0:
		*to = list
	case c&required != 0:
		s.bad(m, c, ProblemEmpty, "empty array")
	default:
		// It stays an empty list: absent often has a default, and a list that says nothing must not get it.
		*to = list
		if s.report != nil {
			s.add(s.pointer(""), m.at, ProblemEmpty, "empty array")
		}
	}
}

// strings reads an array of strings. If an element is something else, it skips the array and returns false.
func (s *scanner) strings() ([]string, bool) {
	start := s.pos
	var space [32]string // most lists fit: one allocation, of the right size
	list := space[:0]
	s.pos++
	if s.peek() == ']' {
		s.pos++
		return []string{}, true
	}
	for s.err == nil {
		if s.peek() != '"' {
			break
		}
		text, wellFormed := s.quoted()
		if !wellFormed {
			break
		}
		list = append(list, text)
		switch s.peek() {
		case ',':
			s.pos++
			continue
		case ']':
			s.pos++
			exact := make([]string, len(list))
			copy(exact, list)
			return exact, true
		}
		break
	}
	if s.err == nil {
		s.pos = start
		s.skip()
	}
	return nil, false
}

// boolean reads true or false. A false is kept, so that encoding tells it from absence.
func (s *scanner) boolean(m *members, i int, to *bool, c check) {
	if !s.first(m, i) {
		return
	}
	if s.trueOrFalse(m, to, c); s.err == nil && s.doc[m.at] == 'f' {
		m.kept = append(m.kept, rawMember{m.name, "false"})
	}
}

func (s *scanner) trueOrFalse(m *members, to *bool, c check) {
	switch s.peek() {
	case 't':
		s.literal("true")
		*to = true
	case 'f':
		s.literal("false")
	default:
		s.mismatch(m, c, "a boolean")
	}
}

// booleanOrFalse reads a boolean whose absence means true: what is no boolean counts as false, null as absent.
func (s *scanner) booleanOrFalse(m *members, i int, to *bool, c check) (present bool) {
	if !s.first(m, i) {
		return false
	}
	s.trueOrFalse(m, to, c)
	return s.err == nil && s.doc[m.at] != 'n'
}

// integer reads a number that is at least the given one. A fraction and a numeric string are taken and reported.
func (s *scanner) integer(m *members, i int, to *int64, c check, least int64) bool {
	if !s.first(m, i) {
		return false
	}
	first := s.peek()
	var text string
	ok := true
	switch {
	case first == '"':
		text, ok = s.quoted()
	case first == '-' || first >= '0' && first <= '9':
		text = s.number()
	default:
		s.mismatch(m, c, "a number")
		return false
	}
	if text == "" {
		s.bad(m, c, ProblemEmpty, "empty string")
		return false
	}
	v, exact, isNumber := parseNumber(text)
	switch {
	case s.err != nil:
		return false
	case !ok || !isNumber && first == '"':
		s.bad(m, c, ProblemType, "want a number, got a string")
		return false
	case !isNumber:
		s.bad(m, c, ProblemValue, "number out of range")
		return false
	case v < least:
		s.bad(m, c, ProblemValue, "want at least "+strconv.FormatInt(least, 10))
		return false
	case first == '"':
		s.note(m, ProblemType, "numeric string in place of a number")
	case !exact:
		s.note(m, ProblemValue, "fraction in place of an integer")
	case strings.ContainsAny(text, ".eE"):
		m.kept = append(m.kept, rawMember{m.name, text})
	}
	*to = v
	return true
}

// parseNumber reads a JSON number, rounded toward zero.
func parseNumber(text string) (v int64, exact, ok bool) {
	if v, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '+' {
		return v, true, true
	}
	for i, c := range []byte(text) {
		digit := c >= '0' && c <= '9'
		if !digit && (i == 0 && c != '-' || !strings.ContainsRune("-+.eE", rune(c))) {
			return 0, false, false // ParseFloat also takes hexadecimal, Inf and underscores
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) >= 1<<62 {
		return 0, false, false
	}
	return int64(f), f == math.Trunc(f), true
}

// time reads a date and time in the form of RFC 3339.
func (s *scanner) time(m *members, i int, to *time.Time, c check) { //nolint:unparam // the schemas decide
	var text string
	s.text(m, i, &text, c)
	if text == "" {
		return
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		s.bad(m, c, ProblemValue, "not an RFC 3339 date and time")
		return
	}
	*to = t
}

// raw keeps an object as it is.
func (s *scanner) raw(m *members, i int, to *json.RawMessage, c check) {
	if !s.first(m, i) {
		return
	}
	if s.peek() != '{' {
		s.mismatch(m, c, "an object")
		return
	}
	if text := s.skip(); s.err == nil {
		*to = json.RawMessage(text)
	}
}
