// The parser of WWW-Authenticate lines.

package flows

import "strings"

// challengeParser reads lines and collects challenges. The grammar is
// ambiguous without look-ahead: after a comma, a token is a parameter's name
// when "=" follows, else the next scheme. The parser applies that same rule
// where the comma is missing, and moves forward at every step.
type challengeParser struct {
	line  string
	pos   int
	found []Challenge
	open  bool // found's last challenge belongs to this line and takes parameters
}

func (p *challengeParser) parseLine(line string) {
	p.line, p.pos, p.open = line, 0, false
	comma := true // the start of a line separates as a comma does
	for p.pos < len(p.line) && len(p.found) <= maxChallenges {
		c := p.line[p.pos]
		if !isTokenByte(c) {
			comma = comma || c == ','
			p.skipMalformed(c)
			continue
		}
		word := p.token()
		if p.skipEquals() {
			p.readParam(word)
		} else {
			p.startChallenge(word, comma)
		}
		comma = false
	}
	if len(p.found) > maxChallenges {
		p.found = p.found[:maxChallenges]
	}
}

// skipMalformed steps over a separator, or over what cannot begin a scheme or
// a parameter; a stray quoted string goes as a whole, so that nothing inside
// it is read as a parameter.
func (p *challengeParser) skipMalformed(c byte) {
	if c == '"' {
		p.quotedString()
		return
	}
	p.pos++
}

// startChallenge begins a challenge with the given scheme. Without a comma
// before it, a word that nothing follows is more likely the tail of an unquoted
// value (scope=read write) than a scheme, unless it is a scheme this package
// knows.
func (p *challengeParser) startChallenge(scheme string, comma bool) {
	if p.open && !comma && p.atSeparator() && !isKnownScheme(scheme) {
		return
	}
	challenge := Challenge{Scheme: scheme}
	if p.pos < len(p.line) && p.line[p.pos] == ' ' {
		challenge.Token68 = p.token68()
	}
	p.found = append(p.found, challenge)
	p.open = true
}

// atSeparator reports whether nothing but spaces comes before the next comma or the end.
func (p *challengeParser) atSeparator() bool {
	rest := strings.TrimLeft(p.line[p.pos:], " \t")
	return rest == "" || rest[0] == ','
}

// token68 reads the value after a scheme when it stands alone, up to a comma or
// the end, and nothing otherwise: a word before "=" and a value is a parameter.
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

// readParam reads a parameter's value and gives it to the open challenge; a
// parameter before any scheme belongs to nobody and is dropped.
func (p *challengeParser) readParam(name string) {
	value, ok := p.value()
	if !ok || !p.open {
		return
	}
	challenge := &p.found[len(p.found)-1]
	name = strings.ToLower(name)
	if _, repeated := challenge.Params[name]; repeated || len(challenge.Params) >= maxChallengeParams {
		return
	}
	if challenge.Params == nil {
		challenge.Params = make(map[string]string, 4)
	}
	challenge.Params[name] = value
}

// value reads a quoted-string, or an unquoted word. The grammar allows only a
// token there; servers put bare URLs, so all but spaces, commas and quotes is
// taken.
func (p *challengeParser) value() (string, bool) {
	if p.pos < len(p.line) && p.line[p.pos] == '"' {
		return p.quotedString()
	}
	start := p.pos
	for p.pos < len(p.line) && isBareValueByte(p.line[p.pos]) {
		p.pos++
	}
	value := strings.TrimRight(p.line[start:p.pos], ";")
	return value, value != ""
}

// quotedString reads a quoted-string of RFC 9110, section 5.6.4, and resolves
// its quoted-pairs. One that does not end, or that holds control characters,
// is malformed.
func (p *challengeParser) quotedString() (string, bool) {
	p.pos++ // the opening quote
	start, escaped, valid := p.pos, false, true
	for p.pos < len(p.line) {
		c := p.line[p.pos]
		switch {
		case c == '"':
			raw := p.line[start:p.pos]
			p.pos++
			if escaped {
				raw = unescape(raw)
			}
			return raw, valid
		case c == '\\':
			escaped = true
			p.pos++ // the byte after it stands for itself, a quote included
			valid = valid && (p.pos >= len(p.line) || !isControl(p.line[p.pos]))
		case isControl(c):
			valid = false
		}
		p.pos++
	}
	p.pos = len(p.line)
	return "", false
}

// unescape replaces each quoted-pair ("\" and a byte) by its byte.
func unescape(raw string) string {
	var b strings.Builder
	b.Grow(len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] == '\\' && i+1 < len(raw) {
			i++
		}
		b.WriteByte(raw[i])
	}
	return b.String()
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

// isTokenByte holds RFC 9110, section 5.6.2: tchar.
func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

func isToken68Byte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("-._~+/", c) >= 0
}

func isBareValueByte(c byte) bool {
	return c > ' ' && c != ',' && c != '"' && c != 0x7f
}

func isControl(c byte) bool { return c < ' ' && c != '\t' || c == 0x7f }

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// isKnownScheme reports whether word is a scheme of the IANA registry
// (https://www.iana.org/assignments/http-authschemes) or in wide use.
func isKnownScheme(word string) bool {
	switch strings.ToLower(word) {
	case "basic", "bearer", "concealed", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate",
		"ntlm", "oauth", "privatetoken", "scram-sha-1", "scram-sha-256", "vapid":
		return true
	}
	return false
}
