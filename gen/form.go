// Form: parameters in application/x-www-form-urlencoded text (RFC 6749 appendix B).

package gen

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// formScanner reads the parameters of one request or response. After a failure every method does nothing.
type formScanner struct {
	problems
	rest  string // what was not read yet
	pos   int    // offset of rest in the input
	value string // the present value
}

func (s *formScanner) open(data []byte) bool {
	if len(data) > MaxSize {
		s.refuse("", MaxSize, ProblemSize, "more than 1 MiB")
		return false
	}
	s.rest = string(data)
	return true
}

func (s *formScanner) begin(*members) {}

func (s *formScanner) next(m *members) bool {
	for s.err == nil && s.rest != "" {
		m.at = s.pos
		pair, rest, _ := strings.Cut(s.rest, "&")
		s.pos += len(s.rest) - len(rest)
		s.rest = rest
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		var err1, err2 error
		m.name, err1 = url.QueryUnescape(name)
		s.value, err2 = url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			s.refuse("", m.at, ProblemSyntax, "bad percent encoding")
			return false
		}
		return true
	}
	return false
}

func (s *formScanner) pointer(m *members) string { return string(appendPointer(nil, m.name)) }

// first notes that the parameter was seen, and refuses the second time: RFC 6749 section 3.1 allows each only once.
func (s *formScanner) first(m *members, i int, c check) bool {
	if s.value == "" { // section 3.1: a parameter without a value counts as omitted
		s.add(s.pointer(m), m.at, ProblemEmpty, "empty value")
		return false
	}
	bit := uint64(1) << (i & 63)
	if m.seen[i>>6]&bit != 0 {
		s.refuse(s.pointer(m), m.at, ProblemDuplicate, "")
		return false
	}
	m.seen[i>>6] |= bit
	if kind, detail := judge(s.value, true, c); kind != "" {
		s.bad(m, c, kind, detail)
		return false
	}
	return true
}

func (s *formScanner) bad(m *members, c check, kind ProblemKind, detail string) {
	if c&required != 0 {
		s.refuse(s.pointer(m), m.at, kind, detail)
		return
	}
	s.add(s.pointer(m), m.at, kind, detail)
}

func (s *formScanner) text(m *members, i int, to *string, c check) {
	if s.first(m, i, c) {
		*to = s.value
	}
}

func (s *formScanner) secret(m *members, i int, to *Secret, c check) { s.text(m, i, (*string)(to), c) }

// list reads one element of a list: RFC 8707 section 2 and RFC 8693 section 2.1 repeat the parameter.
func (s *formScanner) list(m *members, i int, to *[]string, _ check) {
	if s.value == "" {
		s.add(s.pointer(m), m.at, ProblemEmpty, "empty value")
		return
	}
	m.seen[i>>6] |= uint64(1) << (i & 63)
	*to = append(*to, s.value)
}

func (s *formScanner) constant(m *members, i int, want string) { //nolint:unparam // the schemas decide
	if s.first(m, i, required) && s.value != want {
		s.refuse(s.pointer(m), m.at, ProblemValue, "want "+want)
	}
}

func (s *formScanner) integer(m *members, i int, to *int64, c check, least int64) bool {
	if !s.first(m, i, c) {
		return false
	}
	v, err := strconv.ParseInt(s.value, 10, 64)
	switch {
	case err != nil:
		s.bad(m, c, ProblemType, "want a number")
		return false
	case v < least:
		s.bad(m, c, ProblemValue, "want at least "+strconv.FormatInt(least, 10))
		return false
	}
	*to = v
	return true
}

func (s *formScanner) extra(m *members, to *url.Values) {
	if *to == nil {
		*to = make(url.Values)
	}
	to.Add(m.name, s.value)
}

func (s *formScanner) require(m *members, i int, name string) {
	if s.err == nil && !m.has(i) {
		s.refuse("/"+name, s.pos, ProblemMissing, "")
	}
}

func setText(v url.Values, name, text string) {
	if text != "" {
		v[name] = []string{text}
	}
}

func setList(v url.Values, name string, list []string) {
	if len(list) > 0 {
		v[name] = slices.Clone(list)
	}
}

func setInteger(v url.Values, name string, n *int64) {
	if n != nil {
		v[name] = []string{strconv.FormatInt(*n, 10)}
	}
}

func addParams(v, params url.Values, known func(string) bool) {
	for name, list := range params {
		if !known(name) && len(list) > 0 {
			v[name] = slices.Clone(list)
		}
	}
}
