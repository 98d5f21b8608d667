// The syntax of WWW-Authenticate fields, read tolerantly and with positions.

package validate

import "strings"

// Bounds of what is read of one field. A real one has a few hundred bytes and
// one to three challenges; 16 KiB is what common servers accept for a whole
// header section.
const (
	maxChallengeBytes  = 16 << 10
	maxChallenges      = 32
	maxChallengeParams = 64
)

// ParsedChallenge is one challenge of a WWW-Authenticate field: RFC 9110
// §11.6.1 (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1).
type ParsedChallenge struct {
	// Scheme is the authentication scheme as the server spelled it.
	Scheme string
	// Token68 is the value of schemes that have no parameters, "" otherwise.
	Token68 string
	// Params are the parameters in their order, repeated ones too.
	Params []ChallengeParam
	// Offset is where the scheme begins, in bytes.
	Offset int
}

// ChallengeParam is one parameter of a challenge.
type ChallengeParam struct {
	// Name is in lower case.
	Name string
	// Value has the escapes of a quoted string removed.
	Value string
	// Offset is where the value begins, in bytes.
	Offset int
}

// ChallengeFault is a place where a field is not what RFC 9110 says.
type ChallengeFault struct {
	// Offset is where, in bytes.
	Offset int
	// Detail says what, in words of this package.
	Detail string
}

// ParseChallenges reads one field value tolerantly: any case, spaces round "=",
// quoted-string escapes, missing and doubled commas, bare URLs. It keeps what
// it understands, and says in faults what RFC 9110 does not allow. At most
// 16 KiB, 32 challenges and 64 parameters each are read.
func ParseChallenges(field string) ([]ParsedChallenge, []ChallengeFault) {
	p := challengeParser{line: field}
	if len(field) > maxChallengeBytes {
		// The cut may fall inside a value, which must not count then.
		p.line = field[:maxChallengeBytes]
		p.line = p.line[:strings.LastIndexByte(p.line, ',')+1]
		p.fault(len(p.line), "the field is longer than 16 KiB")
	}
	p.parse()
	return p.found, p.faults
}

// challengeParser reads a field. The grammar is ambiguous without look-ahead:
// after a comma, a token is a parameter's name when "=" follows, else the next
// scheme. The same rule holds where the comma is missing.
type challengeParser struct {
	line   string
	pos    int
	found  []ParsedChallenge
	faults []ChallengeFault
	open   bool // the last challenge takes parameters
}

// maxFaults bounds the faults: more of them help nobody.
const maxFaults = 20

func (p *challengeParser) fault(offset int, detail string) {
	if len(p.faults) < maxFaults {
		p.faults = append(p.faults, ChallengeFault{offset, detail})
	}
}

func (p *challengeParser) parse() {
	comma := true // the start separates as a comma does
	for p.pos < len(p.line) && len(p.found) <= maxChallenges {
		c := p.line[p.pos]
		if !isTokenByte(c) {
			comma = comma || c == ','
			p.skipMalformed(c)
			continue
		}
		start := p.pos
		word := p.token()
		if p.skipEquals() {
			p.param(start, word, comma)
		} else {
			p.challenge(start, word, comma)
		}
		comma = false
	}
	if len(p.found) > maxChallenges {
		p.found = p.found[:maxChallenges]
		p.fault(p.pos, "there are more than 32 challenges")
	}
}

// skipMalformed steps over a separator, or over what begins neither a scheme
// nor a parameter; a stray quoted string goes as a whole, so that nothing
// inside it is read as a parameter.
func (p *challengeParser) skipMalformed(c byte) {
	if c != ' ' && c != '\t' && c != ',' {
		p.fault(p.pos, "a character stands where a scheme or a parameter begins")
	}
	if c == '"' {
		p.quoted()
		return
	}
	p.pos++
}

// challenge begins a challenge. Without a comma before it, a word that nothing
// follows is more likely the tail of an unquoted value (scope=read write) than
// a scheme, unless it is a well-known one.
func (p *challengeParser) challenge(start int, scheme string, comma bool) {
	if !comma {
		p.fault(start, "no comma stands before a word")
	}
	if p.open && !comma && p.atSeparator() && !isKnownScheme(scheme) {
		return
	}
	next := ParsedChallenge{Scheme: scheme, Offset: start}
	if p.pos < len(p.line) && p.line[p.pos] == ' ' {
		next.Token68 = p.token68()
	}
	p.found, p.open = append(p.found, next), true
}

// param gives a parameter to the open challenge. One before any scheme belongs
// to nobody and is dropped.
func (p *challengeParser) param(start int, name string, comma bool) {
	at := p.pos
	value, ok := p.value()
	if !ok {
		p.fault(at, "a parameter has no value, or one that does not end")
		return
	}
	if !p.open {
		p.fault(start, "a parameter stands before any scheme")
		return
	}
	last := &p.found[len(p.found)-1]
	if !comma && (len(last.Params) > 0 || last.Token68 != "") {
		p.fault(start, "no comma stands before a parameter")
	}
	if len(last.Params) == maxChallengeParams {
		return
	}
	last.Params = append(last.Params, ChallengeParam{strings.ToLower(name), value, at})
}

// atSeparator reports whether nothing but spaces comes before the next comma or the end.
func (p *challengeParser) atSeparator() bool {
	rest := strings.TrimLeft(p.line[p.pos:], " \t")
	return rest == "" || rest[0] == ','
}

// token68 reads the value after a scheme when it stands alone, and nothing
// otherwise: a word before "=" and a value is a parameter.
func (p *challengeParser) token68() string {
	start := p.pos
	p.skipSpace()
	from := p.pos
	for p.pos < len(p.line) && isToken68Byte(p.line[p.pos]) {
		p.pos++
	}
	core := p.pos
	for p.pos < len(p.line) && p.line[p.pos] == '=' {
		p.pos++
	}
	if core == from || !p.atSeparator() {
		p.pos = start
		return ""
	}
	return p.line[from:p.pos]
}

// value reads a quoted string, or an unquoted word. The grammar allows only a
// token there; servers put bare URLs, so all but spaces, commas and quotes is
// taken.
func (p *challengeParser) value() (string, bool) {
	if p.pos < len(p.line) && p.line[p.pos] == '"' {
		return p.quoted()
	}
	start := p.pos
	token := true
	for p.pos < len(p.line) && isBareByte(p.line[p.pos]) {
		token = token && isTokenByte(p.line[p.pos])
		p.pos++
	}
	if !token {
		p.fault(start, "a value that is no token is not quoted")
	}
	value := strings.TrimRight(p.line[start:p.pos], ";")
	return value, value != ""
}

// quoted reads a quoted string of RFC 9110 §5.6.4 and resolves its quoted
// pairs. One that does not end, or holds control characters, is malformed.
func (p *challengeParser) quoted() (string, bool) {
	p.pos++ // the opening quote
	var b strings.Builder
	for valid := true; p.pos < len(p.line); p.pos++ {
		c := p.line[p.pos]
		if c == '"' {
			p.pos++
			return b.String(), valid
		}
		if c == '\\' && p.pos+1 < len(p.line) {
			p.pos++ // the byte after it stands for itself, a quote included
			c = p.line[p.pos]
		}
		valid = valid && !isControl(c)
		b.WriteByte(c)
	}
	return "", false
}

func (p *challengeParser) token() string {
	start := p.pos
	for p.pos < len(p.line) && isTokenByte(p.line[p.pos]) {
		p.pos++
	}
	return p.line[start:p.pos]
}

func (p *challengeParser) skipSpace() {
	for p.pos < len(p.line) && (p.line[p.pos] == ' ' || p.line[p.pos] == '\t') {
		p.pos++
	}
}

// skipEquals steps over BWS "=" BWS and reports whether there was one.
func (p *challengeParser) skipEquals() bool {
	start := p.pos
	p.skipSpace()
	if p.pos >= len(p.line) || p.line[p.pos] != '=' {
		p.pos = start
		return false
	}
	p.pos++
	p.skipSpace()
	return true
}

// isTokenByte: RFC 9110 §5.6.2, tchar.
func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isToken68Byte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~+/", c) >= 0
}

func isBareByte(c byte) bool { return c > ' ' && c != ',' && c != '"' && c != 0x7f }

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

// isKnownScheme knows the IANA registry of authentication schemes
// (https://www.iana.org/assignments/http-authschemes) and what is in wide use.
func isKnownScheme(word string) bool {
	switch strings.ToLower(word) {
	case "basic", "bearer", "concealed", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate",
		"ntlm", "oauth", "privatetoken", "scram-sha-1", "scram-sha-256", "vapid":
		return true
	}
	return false
}
