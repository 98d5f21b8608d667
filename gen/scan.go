// Scanner: JSON text (RFC 8259), read once.

package gen

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxSize is the longest input that a decoder takes, in bytes. Metadata, tokens and registrations of real servers are
// below 64 KiB.
const MaxSize = 1 << 20

// MaxDepth is the deepest nesting of arrays and objects that a decoder takes. Container kinds are bits of one word.
const MaxDepth = 64

// maxElements is the longest list of objects that a decoder takes: "{}," in a body of 1 MiB would be 350,000 keys of
// 400 bytes each. Key sets of real servers have below 100.
const maxElements = 4096

// maxTyped is how many names and indices lead to the deepest typed member: SessionRecord /client/jwks/keys/0/kty.
const maxTyped = 8

// scanner reads one document in a single pass. After a failure every method does nothing.
type scanner struct {
	problems
	doc   string // one copy of the input: strings without escapes are parts of it
	pos   int
	depth int // open containers
	level int // open containers that are decoded into a type
	path  [maxTyped]step
}

// step is one reference token of a JSON pointer: nothing yet, a name or an index.
type step struct {
	kind  uint8
	index int
	name  string
}

const (
	named uint8 = iota + 1
	indexed
)

// open takes the input and reports whether it can be an object.
func (s *scanner) open(data []byte) bool {
	if len(data) > MaxSize {
		s.problems.refuse("", MaxSize, ProblemSize, "more than 1 MiB")
		return false
	}
	s.doc = string(data)
	// RFC 8259 section 8.1 lets a parser ignore a byte order mark; servers send it.
	if strings.HasPrefix(s.doc, "\ufeff") {
		s.pos = len("\ufeff")
	}
	return true
}

// close refuses what follows the document.
func (s *scanner) close() {
	if s.peek(); s.err == nil && s.pos < len(s.doc) {
		s.fail(ProblemTrailing, "")
	}
}

// fail ends the scan at the present position.
func (s *scanner) fail(kind ProblemKind, detail string) { s.failAt(s.pos, kind, detail) }

func (s *scanner) failAt(offset int, kind ProblemKind, detail string) {
	if s.err == nil {
		s.refuse(s.pointer(""), offset, kind, detail)
	}
}

// pointer returns the JSON pointer of the present value, or of its member if one is named.
func (s *scanner) pointer(member string) string {
	var p []byte
	for _, t := range s.path[:s.level] {
		switch t.kind {
		case named:
			p = appendPointer(p, t.name)
		case indexed:
			p = strconv.AppendInt(append(p, '/'), int64(t.index), 10)
		}
	}
	if member != "" {
		p = appendPointer(p, member)
	}
	return string(p)
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.doc) {
		switch c := s.doc[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// down enters a container.
func (s *scanner) down() bool {
	if s.depth == MaxDepth {
		s.fail(ProblemDepth, "more than 64 levels")
		return false
	}
	s.depth++
	return true
}

// skip reads any value and returns its text.
func (s *scanner) skip() string {
	s.peek()
	start, base := s.pos, s.depth
	var objects uint64 // one bit per open container: 1 for an object
	for s.err == nil {
		if c := s.peek(); c != '{' && c != '[' {
			s.scalar(c)
		} else if !s.down() {
			break
		} else {
			objects = objects<<1 | uint64(c>>5&1) // '{' is 0x7b, '[' is 0x5b
			s.pos++
			if s.peek() != c+2 {
				if c == '{' {
					s.key()
				}
				continue
			}
		}
		if s.after(base, &objects) {
			break
		}
	}
	if s.err != nil {
		return ""
	}
	return s.doc[start:s.pos]
}

// after reads what follows a value inside skip: closing brackets, then a comma. It reports the end of the outermost value.
func (s *scanner) after(base int, objects *uint64) bool {
	for s.err == nil && s.depth > base {
		inObject := *objects&1 == 1
		switch c := s.peek(); {
		case c == ',':
			s.pos++
			if inObject {
				s.key()
			}
			return false
		case c == '}' && inObject, c == ']' && !inObject:
			s.pos++
			s.depth--
			*objects >>= 1
		default:
			s.syntax("want a comma or the end of the container")
		}
	}
	return true
}

func (s *scanner) syntax(detail string) {
	if s.pos >= len(s.doc) {
		detail = "unexpected end"
	}
	s.fail(ProblemSyntax, detail)
}

// scalar skips a string, number or literal that begins with c.
func (s *scanner) scalar(c byte) {
	switch {
	case c == '"':
		s.quoted()
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.syntax("want a value")
	}
}

// key reads a member name and the colon. The name must be well-formed.
func (s *scanner) key() string {
	if s.peek() != '"' {
		s.syntax("want a member name")
		return ""
	}
	name, ok := s.quoted()
	if !ok {
		s.syntax("member name is not well-formed Unicode")
	}
	if s.err == nil && s.peek() != ':' {
		s.syntax("want a colon")
	}
	s.pos++
	return name
}

func (s *scanner) literal(word string) {
	if !strings.HasPrefix(s.doc[s.pos:], word) {
		s.syntax("want a value")
		return
	}
	s.pos += len(word)
}

// number reads a number and returns its text.
func (s *scanner) number() string {
	start := s.pos
	if s.doc[s.pos] == '-' {
		s.pos++
	}
	if s.pos < len(s.doc) && s.doc[s.pos] == '0' {
		s.pos++
	} else {
		s.digits()
	}
	if s.pos < len(s.doc) && s.doc[s.pos] == '.' {
		s.pos++
		s.digits()
	}
	if s.pos < len(s.doc) && s.doc[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.doc) && (s.doc[s.pos] == '+' || s.doc[s.pos] == '-') {
			s.pos++
		}
		s.digits()
	}
	return s.doc[start:s.pos]
}

func (s *scanner) digits() {
	start := s.pos
	for s.pos < len(s.doc) && s.doc[s.pos] >= '0' && s.doc[s.pos] <= '9' {
		s.pos++
	}
	if s.pos == start {
		s.syntax("want a digit")
	}
}

// quoted reads a string. ok is false if it is not well-formed Unicode; the text then has replacement characters.
func (s *scanner) quoted() (text string, ok bool) {
	doc := s.doc
	start := s.pos + 1
	ascii := true
	for i := start; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '"':
			s.pos = i + 1
			text = doc[start:i]
			return text, ascii || utf8.ValidString(text)
		case c == '\\':
			return s.escaped(start, i)
		case c < ' ':
			s.pos = i
			s.syntax("control character in a string")
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	s.pos = len(doc)
	s.syntax("")
	return "", false
}

// escaped reads on in a string that started at start and whose first backslash is at i.
func (s *scanner) escaped(start, i int) (text string, ok bool) {
	b := make([]byte, 0, 2*(i-start)+32)
	b = append(b, s.doc[start:i]...)
	ok = true
	for i < len(s.doc) {
		c := s.doc[i]
		switch {
		case c == '"':
			s.pos = i + 1
			text = string(b)
			return text, ok && utf8.ValidString(text)
		case c < ' ':
			s.pos = i
			s.syntax("control character in a string")
			return "", false
		case c != '\\':
			b = append(b, c)
			i++
		default:
			r, size := escape(s.doc[i:])
			if size == 0 {
				s.pos = i
				s.syntax("bad escape in a string")
				return "", false
			}
			ok = ok && !utf16.IsSurrogate(r)
			b = utf8.AppendRune(b, r)
			i += size
		}
	}
	s.pos = len(s.doc)
	s.syntax("")
	return "", false
}

// escape reads one escape sequence. size is 0 if it is none; a lone surrogate stays one.
func escape(text string) (r rune, size int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch text[1] {
	case '"', '\\', '/':
		return rune(text[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r, ok := hex4(text)
		if !ok {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		low, ok := hex4(text[6:])
		if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
			return pair, 12
		}
		return r, 6
	}
	return 0, 0
}

// hex4 reads backslash, u and four hexadecimal digits.
func hex4(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(text[2:6]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}
