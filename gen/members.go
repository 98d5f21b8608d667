// Members: the objects of a document that are decoded into a type.

package gen

import "encoding/json"

// members is the state of one object: the member being read, and which were seen.
type members struct {
	name  string // the present member
	at    int    // offset of its value
	begun bool
	index int // elements read of a list of objects
	level int
	depth int
	seen  [2]uint64
	kept  []rawMember
}

// begin enters the object at the present position.
func (s *scanner) begin(m *members) {
	if s.err != nil {
		return
	}
	if c := s.peek(); c != '{' {
		s.unwanted(c)
		return
	}
	if s.level == maxTyped || !s.down() {
		s.fail(ProblemDepth, "")
		return
	}
	s.pos++
	s.level++
	m.level, m.depth = s.level, s.depth
	s.path[s.level-1] = step{}
}

// unwanted fails because of a value of the wrong type that begins with c.
func (s *scanner) unwanted(c byte) {
	switch typeName(c) {
	case "":
		s.syntax("want an object")
	case "null":
		s.fail(ProblemNull, "null")
	default:
		s.fail(ProblemType, "want an object, got "+typeName(c))
	}
}

// next reads the name of the next member and stands at its value; at the end of the object it leaves it.
func (s *scanner) next(m *members) bool {
	if s.err != nil {
		return false
	}
	c := s.peek()
	if c == '}' {
		s.pos++
		s.level--
		s.depth--
		return false
	}
	s.path[s.level-1] = step{}
	if m.begun {
		if c != ',' {
			s.syntax("want a comma or the end of the object")
			return false
		}
		s.pos++
	}
	m.begun = true
	m.name = s.key()
	s.path[s.level-1] = step{kind: named, name: m.name}
	s.peek()
	m.at = s.pos
	return s.err == nil
}

// first notes that the member was seen, and refuses the second time.
func (s *scanner) first(m *members, i int) bool {
	if s.err != nil {
		return false
	}
	bit := uint64(1) << (i & 63)
	if m.seen[i>>6]&bit != 0 {
		s.fail(ProblemDuplicate, "")
		return false
	}
	m.seen[i>>6] |= bit
	return true
}

func (m *members) has(i int) bool { return m.seen[i>>6]>>(i&63)&1 == 1 }

// require refuses the object if the member is missing.
func (s *scanner) require(m *members, i int, name string) {
	if s.err == nil && !m.has(i) {
		s.refuse(s.pointer(name), s.pos, ProblemMissing, "")
	}
}

// extra keeps an unknown member.
func (s *scanner) extra(m *members, to *map[string]json.RawMessage) {
	if s.err != nil {
		return
	}
	if _, seen := (*to)[m.name]; seen {
		s.fail(ProblemDuplicate, "")
		return
	}
	text := s.skip()
	if s.err != nil {
		return
	}
	if *to == nil {
		*to = make(map[string]json.RawMessage)
	}
	(*to)[m.name] = json.RawMessage(text)
}

// bad deals with a value that cannot be taken: it refuses the document if the member is required, else reports and keeps it.
func (s *scanner) bad(m *members, c check, kind ProblemKind, detail string) {
	if s.err != nil {
		return
	}
	if c&required != 0 {
		s.failAt(m.at, kind, detail)
		return
	}
	s.note(m, kind, detail)
}

// note reports a value and keeps its text, which ends at the present position.
func (s *scanner) note(m *members, kind ProblemKind, detail string) {
	if s.report != nil {
		s.add(s.pointer(""), m.at, kind, detail)
	}
	m.kept = append(m.kept, rawMember{m.name, s.doc[m.at:s.pos]})
}

// mismatch skips a value of another type than wanted and deals with it.
func (s *scanner) mismatch(m *members, c check, want string) {
	first := s.peek()
	s.skip()
	if first == 'n' {
		s.bad(m, c, ProblemNull, "null")
		return
	}
	s.bad(m, c, ProblemType, "want "+want+", got "+typeName(first))
}

// typeName names the JSON type of a value that begins with c.
func typeName(c byte) string {
	switch {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't', c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	case c == '-', c >= '0' && c <= '9':
		return "a number"
	}
	return ""
}

// object reports whether an object stands here that is to be decoded; accept must follow.
func (s *scanner) object(m *members, i int, c check) bool { //nolint:unparam // the schemas decide
	if !s.first(m, i) {
		return false
	}
	if s.peek() != '{' {
		s.mismatch(m, c, "an object")
		return false
	}
	return true
}

// array reports whether a list of objects stands here; element reads it and accept must follow.
func (s *scanner) array(m *members, i int, c check) bool {
	if !s.first(m, i) {
		return false
	}
	if s.peek() != '[' {
		s.mismatch(m, c, "an array")
		return false
	}
	if s.level == maxTyped || !s.down() {
		s.fail(ProblemDepth, "")
		return false
	}
	s.pos++
	s.level++
	m.index = -1
	return true
}

// element goes to the next element of a list of objects; at the end it leaves the list.
func (s *scanner) element(m *members) bool {
	if s.err != nil {
		return false
	}
	c := s.peek()
	if c == ']' {
		s.pos++
		s.level--
		s.depth--
		return false
	}
	if m.index >= 0 {
		if c != ',' {
			s.syntax("want a comma or the end of the array")
			return false
		}
		s.pos++
		s.peek()
	}
	if m.index++; m.index == maxElements {
		s.fail(ProblemSize, "more than 4096 elements")
		return false
	}
	s.path[s.level-1] = step{kind: indexed, index: m.index}
	return true
}

// accept reports whether the nested value could be decoded. One that could not, without breaking the rules of JSON,
// counts as a bad value of the member.
func (s *scanner) accept(m *members, c check) bool {
	if s.err == nil {
		return true
	}
	switch s.err.Kind {
	case ProblemNull, ProblemEmpty, ProblemType, ProblemValue, ProblemMissing:
	default:
		return false
	}
	if c&required != 0 {
		return false
	}
	e := s.err
	s.err, s.level, s.depth, s.pos = nil, m.level, m.depth, m.at
	s.skip()
	if s.err == nil {
		s.add(e.Pointer, e.Offset, e.Kind, e.Detail)
		m.kept = append(m.kept, rawMember{m.name, s.doc[m.at:s.pos]})
	}
	return false
}
