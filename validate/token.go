// Token responses: their rules at work.

package validate

import (
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// maxLifetime bounds expires_in: ten years, in seconds. No server means more,
// and a larger number only serves to overflow somebody's clock.
const maxLifetime = 10 * 365 * 24 * 60 * 60

// WithDPoPProof says that a DPoP proof went with the token request, so that a
// DPoP-bound token is welcome (RFC 9449 §5).
func WithDPoPProof() Option { return func(o *options) { o.proofSent = true } }

// RequireDPoP says that only a DPoP-bound token will do: the resource or the
// configuration demands it (RFC 9449 §5.1). A bearer token is then a downgrade
// and refused. It implies WithDPoPProof.
func RequireDPoP() Option {
	return func(o *options) { o.proofSent, o.proofDemanded = true, true }
}

// InTokenExchange says that the answer is to a token exchange, where
// issued_token_type is required and the type N_A allowed (RFC 8693 §2.2.1).
func InTokenExchange() Option { return func(o *options) { o.exchange = true } }

// RequestedScope gives the scope that was asked for, tokens with spaces between.
// RFC 6749 §3.3: a server may grant another one, and then has to say so.
func RequestedScope(scope string) Option { return func(o *options) { o.requestedScope = scope } }

// Token judges a token response: RFC 6749 §5.1
// (https://www.rfc-editor.org/rfc/rfc6749#section-5.1). A nil doc is refused.
// Nothing of a token appears in a violation.
//
// TOK-3, TOK-6
func Token(doc *gen.TokenResponse, opts ...Option) Violations {
	return run(newCheck(documentToken, opts), doc, tokenRules)
}

var tokenRules = []func(*check, *gen.TokenResponse){
	checkAccessToken,
	checkTokenAndError,
	checkTokenType,
	checkIssuedTokenType,
	checkLifetime,
	checkRefreshToken,
	checkIDToken,
	checkTokenScope,
	func(c *check, doc *gen.TokenResponse) { c.names(doc, doc.Extra, false) },
}

// RFC 6750 §2.1: the token goes into a header field as it is.
func checkAccessToken(c *check, doc *gen.TokenResponse) {
	const pointer = "/access_token"
	token := doc.AccessToken.Reveal()
	switch {
	case token == "":
		c.add(RuleAccessToken, pointer, "the access token is absent or empty")
	case !isVisibleASCII(token):
		c.add(RuleAccessTokenSyntax, pointer, "the access token has a character that a header field cannot carry")
	case !isToken68(token):
		c.add(RuleAccessTokenCharset, pointer, "the access token has a character that bearer tokens do not have")
	}
}

// RFC 6749 §5.2 and §5.1 are different answers.
func checkTokenAndError(c *check, doc *gen.TokenResponse) {
	if raw, ok := doc.Extra["error"]; ok && doc.AccessToken != "" && string(raw) != "null" {
		c.add(RuleTokenAndError, "/error", "an error stands beside an access token")
	}
}

// RFC 6749 §7.1: a client MUST NOT use a token whose type it does not
// understand. Types are case insensitive (§5.1); an absent one is a broken MUST
// that means Bearer.
//
// TOK-3, TOK-6
func checkTokenType(c *check, doc *gen.TokenResponse) {
	const pointer = "/token_type"
	kind := doc.TokenType
	if kind == "" {
		c.add(RuleTokenTypeMissing, pointer, "the token type is absent"+c.why(pointer))
		kind = "Bearer"
	}
	switch {
	case equalFold(kind, "Bearer"):
		if c.proofDemanded {
			c.add(RuleTokenType, pointer, "the token is a bearer token, and a DPoP-bound one was demanded")
		}
	case equalFold(kind, "DPoP"):
		if !c.proofSent {
			c.add(RuleTokenType, pointer, "the token is bound to a DPoP key, and no proof was sent")
		}
	case equalFold(kind, "N_A") && c.exchange:
	default:
		c.add(RuleTokenType, pointer, quote(kind)+" is no token type that was asked for")
	}
}

// RFC 8693 §2.2.1: issued_token_type is REQUIRED.
func checkIssuedTokenType(c *check, doc *gen.TokenResponse) {
	if c.exchange && doc.IssuedTokenType == "" {
		c.add(RuleIssuedTokenType, "/issued_token_type", "the type of the issued token is absent"+c.why("/issued_token_type"))
	}
}

// RFC 6749 §5.1: expires_in is RECOMMENDED. 0 means expired.
func checkLifetime(c *check, doc *gen.TokenResponse) {
	const pointer = "/expires_in"
	switch {
	case doc.ExpiresIn == nil:
		c.add(RuleExpiresIn, pointer, "the lifetime is absent"+c.why(pointer))
	case *doc.ExpiresIn < 0:
		c.add(RuleExpiresInRange, pointer, "the lifetime is negative")
	case *doc.ExpiresIn > maxLifetime:
		c.add(RuleExpiresInRange, pointer, "the lifetime is longer than ten years")
	}
}

// isToken68: RFC 6750 §2.1, 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"=".
func isToken68(s string) bool {
	s = strings.TrimRight(s, "=")
	for i := 0; i < len(s); i++ {
		if !isAlphanumeric(s[i]) && strings.IndexByte("-._~+/", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// RFC 7519 §3: a JWS has three parts, a JWE five.
func checkIDToken(c *check, doc *gen.TokenResponse) {
	if dots := strings.Count(doc.IDToken.Reveal(), "."); doc.IDToken != "" && dots != 2 && dots != 4 {
		c.add(RuleIDTokenSyntax, "/id_token", "the ID token has neither three nor five parts")
	}
}

// RFC 6749 appendix A.17: refresh-token = 1*VSCHAR, where a space is allowed.
func checkRefreshToken(c *check, doc *gen.TokenResponse) {
	if !isPrintableASCII(doc.RefreshToken.Reveal()) {
		c.add(RuleRefreshTokenSyntax, "/refresh_token", "the refresh token has a character beyond printable ASCII")
	}
}

// RFC 6749 §3.3
func checkTokenScope(c *check, doc *gen.TokenResponse) {
	c.scopeWords(RuleTokenScopeSyntax, doc.Scope)
	if doc.Scope == "" || c.requestedScope == "" {
		return
	}
	if missing := firstMissing(strings.Fields(c.requestedScope), strings.Fields(doc.Scope)); missing != "" {
		c.add(RuleTokenScopeGranted, "/scope", quote(missing)+" was asked for and is not granted")
	}
}
