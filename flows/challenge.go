// A challenge is what a WWW-Authenticate header offers: a scheme with its parameters.

package flows

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/validate"
)

// Bounds of what is read from the WWW-Authenticate lines of one response. A
// real header has a few hundred bytes and one to three challenges; 16 KiB is
// what common servers accept for a whole header section.
const (
	maxChallengeBytes = 16 << 10
	maxChallenges     = 32
)

// Challenge is one challenge of a WWW-Authenticate header, as in RFC 9110,
// sections 11.2 and 11.6.1 (https://www.rfc-editor.org/rfc/rfc9110.html#section-11.6.1):
//
//	WWW-Authenticate = [ challenge *( OWS "," OWS challenge ) ]
//	challenge        = auth-scheme [ 1*SP ( token68 / [ auth-param *( OWS "," OWS auth-param ) ] ) ]
//	auth-scheme      = token
//	auth-param       = token BWS "=" BWS ( token / quoted-string )
//	token68          = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
//
// A Challenge is a plain value: the zero value is a challenge without scheme,
// its methods accept a nil receiver, and it may be read by many goroutines.
type Challenge struct {
	// Scheme is the authentication scheme as the server spelled it. Schemes
	// compare without regard to case; see [Challenge.Is].
	Scheme string
	// Token68 is the credential-like value of schemes that have no parameters
	// (Negotiate, NTLM); empty otherwise.
	Token68 string
	// Params holds the parameters by lower-case name, quoted-string escapes
	// removed. It is nil when there are none.
	Params map[string]string
}

// Is reports whether the challenge has the named scheme, in any case.
func (c *Challenge) Is(scheme string) bool {
	return c != nil && strings.EqualFold(c.Scheme, scheme)
}

// Scope returns the scope values the challenge names, in order and without
// repetitions; nil when it names none. What is no scope-token of RFC 6749,
// section 3.3 (https://www.rfc-editor.org/rfc/rfc6749.html#section-3.3), is
// left out: it could only be sent to a server that must reject it.
func (c *Challenge) Scope() []string {
	var scopes []string
	for token := range strings.FieldsSeq(c.param("scope")) {
		if isScopeToken(token) && !slices.Contains(scopes, token) {
			scopes = append(scopes, token)
		}
	}
	return scopes
}

// ErrorCode returns the error parameter of RFC 6750, section 3
// (https://www.rfc-editor.org/rfc/rfc6750.html#section-3), such as
// "invalid_token" or "insufficient_scope"; empty when absent. The name leaves
// Error free: a challenge is not an error value. Compare it; to show it, use
// [Challenge.ErrorDescription]'s care, since the bytes are the server's.
func (c *Challenge) ErrorCode() string { return c.param("error") }

// ErrorDescription returns error_description with control and other invisible
// characters escaped and its length bounded, fit for an error, a log or a
// terminal. The raw text is in Params.
func (c *Challenge) ErrorDescription() string {
	return bounded(c.param("error_description"))
}

// ResourceMetadata returns the resource_metadata parameter of RFC 9728,
// section 5.1 (https://www.rfc-editor.org/rfc/rfc9728.html#section-5.1), byte
// for byte; empty when absent. It may be a relative reference.
func (c *Challenge) ResourceMetadata() string { return c.param("resource_metadata") }

func (c *Challenge) param(name string) string {
	if c == nil {
		return ""
	}
	return c.Params[name]
}

// feedsOAuth reports whether the scheme is one whose parameters an OAuth client acts on.
func (c *Challenge) feedsOAuth() bool { return c.Is("Bearer") || c.Is("DPoP") }

// ParseChallenges returns the challenges of all WWW-Authenticate lines of h in
// their order. It never fails: several lines, several challenges in a line,
// any case, spaces round "=", quoted-string escapes, missing and doubled
// commas are understood, and what is malformed is left out while the rest is
// kept. Of a parameter that a challenge repeats, the first occurrence counts:
// RFC 9110 forbids repetition, and what a careless server or a proxy adds to a
// header (a reflected value with a quote in it, above all) comes after the
// parameter it wrote deliberately.
//
// At most 16 KiB and 32 challenges are read. A nil h has no challenges.
func ParseChallenges(h http.Header) []Challenge {
	var found []Challenge
	budget := maxChallengeBytes
	for _, line := range h.Values("Www-Authenticate") {
		if len(line) > budget {
			// The cut may fall inside a value, which must not count then.
			line = line[:budget]
			line = line[:strings.LastIndexByte(line, ',')+1]
		}
		budget -= len(line)
		parsed, _ := validate.ParseChallenges(line) // its faults are for the author of the header
		for i := range parsed {
			if len(found) == maxChallenges {
				return found
			}
			found = append(found, challengeOf(&parsed[i]))
		}
		if budget <= 0 {
			break
		}
	}
	return found
}

func challengeOf(parsed *validate.ParsedChallenge) Challenge {
	c := Challenge{Scheme: parsed.Scheme, Token68: parsed.Token68}
	for _, param := range parsed.Params {
		if c.Params == nil {
			c.Params = make(map[string]string, len(parsed.Params))
		}
		if _, repeated := c.Params[param.Name]; !repeated {
			c.Params[param.Name] = param.Value
		}
	}
	return c
}

// BearerChallenge selects from challenges what an OAuth client acts on: the
// Bearer and DPoP ones. Other schemes never feed scope, error or
// resource_metadata; ok is false when there is no Bearer or DPoP challenge.
//
// Several become one. The first that carries an error is the answer to the
// token that was sent, so it leads; without an error, the first that carries
// resource_metadata; else the first. Parameters that the leading challenge
// lacks are taken from the others in order: resource_metadata describes the
// resource and not a scheme, and gateways that reject a token in a challenge
// of their own leave scope and metadata to the one of the server behind them.
// The error parameters are never mixed. The result shares nothing with
// challenges.
func BearerChallenge(challenges []Challenge) (c *Challenge, ok bool) {
	lead := leadingChallenge(challenges)
	if lead == nil {
		return nil, false
	}
	merged := &Challenge{Scheme: lead.Scheme, Token68: lead.Token68, Params: make(map[string]string, len(lead.Params)+2)}
	maps.Copy(merged.Params, lead.Params)
	for i := range challenges {
		other := &challenges[i]
		if !other.feedsOAuth() {
			continue
		}
		for _, name := range [...]string{"resource_metadata", "scope", "algs"} {
			if merged.Params[name] == "" && other.Params[name] != "" {
				merged.Params[name] = other.Params[name]
			}
		}
	}
	return merged, true
}

func leadingChallenge(challenges []Challenge) *Challenge {
	var first, withMetadata *Challenge
	for i := range challenges {
		c := &challenges[i]
		switch {
		case !c.feedsOAuth():
			continue
		case c.ErrorCode() != "":
			return c
		case withMetadata == nil && c.ResourceMetadata() != "":
			withMetadata = c
		}
		if first == nil {
			first = c
		}
	}
	if withMetadata != nil {
		return withMetadata
	}
	return first
}

// DPoPOnly reports whether challenges offer DPoP and no Bearer: such a server
// demands sender-constrained tokens (RFC 9449, section 7.1,
// https://www.rfc-editor.org/rfc/rfc9449.html#section-7.1).
func DPoPOnly(challenges []Challenge) bool {
	dpop := false
	for i := range challenges {
		if challenges[i].Is("Bearer") {
			return false
		}
		dpop = dpop || challenges[i].Is("DPoP")
	}
	return dpop
}

// OtherSchemes returns the names of the schemes in challenges that are neither
// Bearer nor DPoP, each once, in order, bounded for printing; nil when there
// are none.
func OtherSchemes(challenges []Challenge) []string {
	var names []string
	for i := range challenges {
		c := &challenges[i]
		if c.feedsOAuth() || c.Scheme == "" {
			continue
		}
		name := bounded(c.Scheme)
		if !slices.ContainsFunc(names, func(have string) bool { return strings.EqualFold(have, name) }) {
			names = append(names, name)
		}
	}
	return names
}

// isScopeToken holds RFC 6749, section 3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ).
func isScopeToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}
