// Authorization responses: their rules at work, in the one order that is safe.

package validate

import (
	"crypto/subtle"

	"github.com/mcpoauth/mcpoauth/gen"
)

// CallbackExpectation is what a client recorded before it sent the user away.
type CallbackExpectation struct {
	// State is the state of the authorization request. An empty one matches
	// nothing.
	State string
	// Issuer is the issuer of the validated metadata, in the document's own
	// spelling.
	Issuer string
	// IssParameterSupported is the metadata's
	// authorization_response_iss_parameter_supported.
	IssParameterSupported bool
	// NoMetadata says that the server has no metadata (the 2025-03-26 path), so
	// that no issuer was validated and any iss is refused.
	NoMetadata bool
}

// Callback judges an authorization response: RFC 6749 §4.1.2 and RFC 9207 §2.4
// (https://www.rfc-editor.org/rfc/rfc9207#section-2.4). A nil doc is refused.
// An error response that is in order has no violations.
//
// The order is part of the contract: state first, in constant time; then iss;
// then code and error. The first two end the judgement, and a violation of them
// repeats nothing that the server says about an error: an attacker may have
// written it.
//
// AUTHZ-6, AUTHZ-7
func Callback(doc *gen.AuthorizationResponse, want CallbackExpectation, opts ...Option) Violations {
	c := newCheck(documentCallback, opts)
	return run(c, doc, []func(*check, *gen.AuthorizationResponse){
		func(c *check, doc *gen.AuthorizationResponse) { checkCallback(c, doc, want) },
	})
}

func checkCallback(c *check, doc *gen.AuthorizationResponse, want CallbackExpectation) {
	if checkState(c, doc, want) && checkIss(c, doc, want) {
		checkCode(c, doc)
	}
}

// RFC 9207 §2: iss is an issuer identifier. What was compared with the recorded
// issuer needs no further look.
func checkIssURL(c *check, doc *gen.AuthorizationResponse) {
	if doc.Iss != "" {
		c.require(RuleIssURL, "/iss", doc.Iss, issuerURLReason(doc.Iss, c.options))
	}
}

// RFC 6749 §10.12: the client MUST bind the response to the user agent's state.
//
// SEC-6
func checkState(c *check, doc *gen.AuthorizationResponse, want CallbackExpectation) bool {
	same := subtle.ConstantTimeCompare([]byte(doc.State), []byte(want.State)) == 1
	switch {
	case want.State == "":
		c.add(RuleStateMatch, "/state", "no state was recorded")
	case doc.State == "":
		c.add(RuleStateMatch, "/state", "the state is absent")
	case !same:
		c.add(RuleStateMatch, "/state", "the state is not the one that was sent")
	default:
		return true
	}
	return false
}

// MCP, Authorization Response Validation:
//
//	advertised  iss      client
//	true        present  compare
//	true        absent   reject
//	otherwise   present  compare
//	otherwise   absent   proceed
//
// The comparison is of bytes (RFC 3986 §6.2.1). Without metadata there is
// nothing to compare with, so that a present iss is refused.
func checkIss(c *check, doc *gen.AuthorizationResponse, want CallbackExpectation) bool {
	const pointer = "/iss"
	switch {
	case doc.Iss == "" && want.IssParameterSupported && !want.NoMetadata:
		c.add(RuleIssMissing, pointer, "the issuer is absent, and the server advertises it")
	case doc.Iss == "":
		return true
	case want.NoMetadata:
		c.add(RuleIssUnexpected, pointer, quoteURL(doc.Iss)+" names an issuer, and none was validated")
	case doc.Iss != want.Issuer:
		c.add(RuleIssMatch, pointer, quoteURL(doc.Iss)+" is not "+quoteURL(want.Issuer)+": "+issuerReason(doc.Iss, want.Issuer))
	default:
		return true
	}
	return false
}

// RFC 6749 §4.1.2: a response is a code or an error. With both, one of them was
// injected.
func checkCode(c *check, doc *gen.AuthorizationResponse) {
	switch {
	case doc.Code != "" && doc.ErrorCode != "":
		c.add(RuleCodeAndError, "/code", "a code stands beside an error")
	case doc.Code == "" && doc.ErrorCode == "":
		c.add(RuleCodeMissing, "/code", "there is neither a code nor an error")
	case !isPrintableASCII(doc.Code.Reveal()):
		c.add(RuleCodeSyntax, "/code", "the code has a character beyond printable ASCII")
	case doc.ErrorCode != "":
		checkErrorText(c, doc.ErrorCode, doc.ErrorDescription, doc.ErrorURI)
	}
}
