// Error responses of the token endpoint and its neighbours: their rules at work.

package validate

import (
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ErrorResponse judges an OAuth error response: RFC 6749 §5.2
// (https://www.rfc-editor.org/rfc/rfc6749#section-5.2), which RFC 7009, 7591,
// 8628, 8693, 9126 and 9449 use too. A nil doc is refused. A client can act on an
// error with violations; it must not open an error_uri that breaks
// RuleErrorURI.
func ErrorResponse(doc *gen.ErrorResponse, opts ...Option) Violations {
	return run(newCheck(documentError, opts), doc, []func(*check, *gen.ErrorResponse){
		checkErrorCode,
		func(c *check, doc *gen.ErrorResponse) { c.names(doc, doc.Extra, false) },
	})
}

// errorCodes are the registered codes: RFC 6749 §4.1.2.1 and §5.2, 6750 §3.1,
// 7009 §2.2.1, 7591 §3.2.2, 8628 §3.5, 8693 §2.2.2, 9101 §7, 9396 §5, 9449 §5
// and §8, 9470 §3, and OpenID Connect Core §3.1.2.6.
var errorCodes = []string{
	"access_denied", "account_selection_required", "authorization_pending", "consent_required", "expired_token",
	"insufficient_user_authentication", "interaction_required", "login_required", "registration_not_supported",
	"invalid_authorization_details", "invalid_client",
	"invalid_client_metadata", "invalid_dpop_proof", "invalid_grant", "invalid_redirect_uri", "invalid_request",
	"invalid_request_object", "invalid_request_uri", "invalid_scope", "invalid_software_statement", "invalid_target",
	"invalid_token", "insufficient_scope", "request_not_supported", "request_uri_not_supported", "server_error",
	"slow_down", "temporarily_unavailable", "unapproved_software_statement", "unauthorized_client",
	"unsupported_grant_type", "unsupported_response_type", "unsupported_token_type", "use_dpop_nonce",
}

// RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E.
func checkErrorCode(c *check, doc *gen.ErrorResponse) {
	switch {
	case doc.Code == "":
		c.add(RuleErrorCode, "/error", "the error code is absent")
	case isErrorText(doc.Code) && !slices.Contains(errorCodes, doc.Code):
		c.add(RuleErrorCodeKnown, "/error", quote(doc.Code)+" is no registered code")
	}
	checkErrorText(c, doc.Code, doc.ErrorDescription, doc.ErrorURI)
}

// RFC 6749 §4.1.2.1 and §5.2: the same characters for code and description;
// error_uri is a URI reference to a page for people, so that no other scheme
// makes sense.
func checkErrorText(c *check, code, description, uri string) {
	if !isErrorText(code) {
		c.add(RuleErrorCodeSyntax, "/error", quote(code)+" has a character that error codes do not have")
	}
	if !isErrorText(description) {
		c.add(RuleErrorDescriptionSyntax, "/error_description", "the description has a character that descriptions do not have")
	}
	if uri != "" {
		_, reason := splitURL(uri)
		c.require(RuleErrorURI, "/error_uri", uri, reason)
	}
}

func isErrorText(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
