// Members that many documents have: endpoints, scopes, and those the decoder
// could not use.

package validate

import (
	"strconv"
	"strings"
)

// endpoint judges an optional endpoint by META-3 and reports whether nothing is
// wrong with it. An absent one is fine; a value that the decoder threw away
// breaks the rule like one that it could keep.
func (c *check) endpoint(rule, plainHTTP Rule, pointer, value string) bool {
	if value == "" {
		p, ok := c.takeBad(pointer)
		if ok {
			c.addAt(rule, pointer, p.detail, p.offset)
		}
		return !ok
	}
	if reason := endpointReason(value, c.options); reason != "" {
		c.add(rule, pointer, quoteURL(value)+": "+reason)
		return false
	}
	if isPlainHTTP(value) {
		c.add(plainHTTP, pointer, quoteURL(value)+" is plain http")
	}
	return true
}

// scopes judges a list of scopes.
func (c *check) scopes(rule Rule, pointer string, list []string) {
	for i, scope := range head(list) {
		if !isScopeToken(scope) {
			c.add(rule, pointer+"/"+strconv.Itoa(i), quote(scope)+" is no scope token")
		}
	}
}

// scopeWords judges the member scope: tokens with one space between.
func (c *check) scopeWords(rule Rule, words string) {
	if words == "" {
		return
	}
	left := maxJudged
	for scope := range strings.SplitSeq(words, " ") {
		if left--; left < 0 {
			return
		}
		if !isScopeToken(scope) {
			c.add(rule, "/scope", quote(scope)+" is no scope token")
		}
	}
}

// proofAlgorithms judges dpop_signing_alg_values_supported.
func (c *check) proofAlgorithms(rule Rule, algorithms []string) {
	for i, algorithm := range head(algorithms) {
		if !isProofAlgorithm(algorithm) {
			c.add(rule, "/dpop_signing_alg_values_supported/"+strconv.Itoa(i), quote(algorithm)+" is no asymmetric algorithm")
		}
	}
}

// isProofAlgorithm: RFC 9449 §4.2, asymmetric and not none.
func isProofAlgorithm(algorithm string) bool {
	return algorithm != "none" && !strings.HasPrefix(algorithm, "HS")
}

// isScopeToken: RFC 6749 §3.3, scope-token = 1*( %x21 / %x23-5B / %x5D-7E ).
func isScopeToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// isVisibleASCII: RFC 6749 appendix A, 1*VSCHAR without the space.
func isVisibleASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return s != ""
}

// isPrintableASCII: RFC 6749 appendix A, *VSCHAR with the space.
func isPrintableASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// isPlainHTTP reports whether a URL that was judged before uses http.
func isPlainHTTP(raw string) bool {
	return len(raw) > 4 && equalFold(raw[:5], "http:")
}

// require adds a violation about a URL when there is a reason.
func (c *check) require(rule Rule, pointer, url, reason string) {
	if reason != "" {
		c.add(rule, pointer, quoteURL(url)+": "+reason)
	}
}

// reported tells whether the decoder reported something at a pointer.
func (c *check) reported(pointer string) bool {
	for _, p := range c.problems {
		if p.pointer == pointer {
			return true
		}
	}
	return false
}

// take removes and returns what the decoder reported at a pointer or within
// that value, so that a rule which knows better can say it instead.
func (c *check) take(pointer string) (problem, bool) {
	return c.takeIf(pointer, func(Rule) bool { return true })
}

// takeBad is take for a value that was there and could not be used, as opposed
// to null and "", which mean an absent member.
func (c *check) takeBad(pointer string) (problem, bool) {
	return c.takeIf(pointer, func(r Rule) bool { return r == RuleMemberType || r == RuleMemberValue })
}

// takeEmpty is take for "" and [].
func (c *check) takeEmpty(pointer string) (problem, bool) {
	return c.takeIf(pointer, func(r Rule) bool { return r == RuleEmptyMember })
}

func (c *check) takeIf(pointer string, accept func(Rule) bool) (problem, bool) {
	for i, p := range c.problems {
		within, ok := strings.CutPrefix(p.pointer, pointer)
		if ok && (within == "" || within[0] == '/') && accept(p.rule) {
			c.problems = append(c.problems[:i:i], c.problems[i+1:]...)
			return p, true
		}
	}
	return problem{}, false
}

// why explains an absent member by what the decoder reported about it, if
// anything.
func (c *check) why(pointer string) string {
	if p, ok := c.take(pointer); ok {
		return ": " + p.detail
	}
	return ""
}
