// Rows: token responses (RFC 6749 §5.1) and authorization responses (RFC 6749
// §4.1.2, RFC 9207).

package validate

// Rules of token responses.
const (
	// RuleAccessToken is broken by a response without an access token (TOK-6).
	RuleAccessToken Rule = "token-access-token"
	// RuleAccessTokenSyntax is broken by an access token that cannot stand in a
	// header field (TOK-6).
	RuleAccessTokenSyntax Rule = "token-access-token-syntax"
	// RuleTokenTypeMissing is broken by a response without token_type (TOK-3).
	RuleTokenTypeMissing Rule = "token-type-missing"
	// RuleTokenType is broken by a token type that the client did not ask for (TOK-6).
	RuleTokenType Rule = "token-type"
	// RuleTokenAndError is broken by an access token beside an error (TOK-6).
	RuleTokenAndError Rule = "token-and-error"
	// RuleIssuedTokenType is broken by a token exchange that does not say what it issued.
	RuleIssuedTokenType Rule = "token-issued-type"
	// RuleExpiresIn is broken by a response without a lifetime.
	RuleExpiresIn Rule = "token-expires-in"
	// RuleExpiresInRange is broken by a negative lifetime, or one beyond all use.
	RuleExpiresInRange Rule = "token-expires-in-range"
	// RuleTokenScopeSyntax is broken by a scope that is no list of scope tokens.
	RuleTokenScopeSyntax Rule = "token-scope-syntax"
	// RuleRefreshTokenSyntax is broken by a refresh token with characters beyond printable ASCII.
	RuleRefreshTokenSyntax Rule = "token-refresh-token-syntax"
	// RuleAccessTokenCharset is broken by an access token that RFC 6750 does not
	// allow in a header field, though HTTP does.
	RuleAccessTokenCharset Rule = "token-access-token-charset"
	// RuleIDTokenSyntax is broken by an ID token that is no JWT.
	RuleIDTokenSyntax Rule = "token-id-token-syntax"
	// RuleTokenScopeGranted is broken by a granted scope that lacks a requested one.
	RuleTokenScopeGranted Rule = "token-scope-granted"
)

var tokenRows = []Row{
	{ID: RuleAccessToken, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "5.1"),
		Sentence: "`access_token` is there and not empty"},
	{ID: RuleAccessTokenSyntax, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6750, "2.1"),
		Sentence: "`access_token` has no control characters, spaces and characters outside ASCII"},
	{ID: RuleTokenTypeMissing, Severity: SeverityError, Citation: rfc(6749, "5.1"),
		Sentence: "`token_type` is there"},
	{ID: RuleTokenType, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "7.1"),
		Sentence: "`token_type` is Bearer, or DPoP when a proof was sent, or N_A in a token exchange"},
	{ID: RuleTokenAndError, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "5.2"),
		Sentence: "A response with `access_token` has no `error`"},
	{ID: RuleIssuedTokenType, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8693, "2.2.1"),
		Sentence: "`issued_token_type` is there in the answer to a token exchange"},
	{ID: RuleExpiresIn, Severity: SeverityWarning, Citation: rfc(6749, "5.1"),
		Sentence: "`expires_in` is there"},
	{ID: RuleExpiresInRange, Severity: SeverityError, Citation: rfc(6749, "5.1"),
		Sentence: "`expires_in` is a number of seconds from now, at most ten years"},
	{ID: RuleTokenScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "`scope` is a list of scope tokens with one space between"},
	{ID: RuleRefreshTokenSyntax, Severity: SeverityError, Citation: rfc(6749, "A.17"),
		Sentence: "`refresh_token` is printable ASCII"},
	{ID: RuleAccessTokenCharset, Severity: SeverityWarning, Citation: rfc(6750, "2.1"),
		Sentence: "A bearer token has letters, digits and -._~+/ only, with = at its end"},
	{ID: RuleIDTokenSyntax, Severity: SeverityWarning, Citation: rfc(7519, "3"),
		Sentence: "`id_token` is a JWT: three or five parts with dots between"},
	{ID: RuleTokenScopeGranted, Severity: SeverityInfo, Citation: rfc(6749, "3.3"),
		Sentence: "`scope` has what was asked for; a server may grant less, and a client lives with it"},
}

// Rules of error responses.
const (
	// RuleErrorCode is broken by an error response without an error code.
	RuleErrorCode Rule = "error-code"
	// RuleErrorCodeSyntax is broken by an error code with characters that error
	// codes do not have.
	RuleErrorCodeSyntax Rule = "error-code-syntax"
	// RuleErrorCodeKnown is broken by an error code that nobody registered.
	RuleErrorCodeKnown Rule = "error-code-known"
	// RuleErrorDescriptionSyntax is broken by a description with characters that
	// descriptions do not have.
	RuleErrorDescriptionSyntax Rule = "error-description-syntax"
	// RuleErrorURI is broken by an error_uri that nobody should open.
	RuleErrorURI Rule = "error-uri"
)

var errorRows = []Row{
	{ID: RuleErrorCode, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "5.2"),
		Sentence: "`error` is there"},
	{ID: RuleErrorCodeSyntax, Severity: SeverityError, Citation: rfc(6749, "5.2"),
		Sentence: "`error` is printable ASCII without quote and backslash"},
	{ID: RuleErrorCodeKnown, Severity: SeverityInfo, Citation: rfc(6749, "11.4"),
		Sentence: "`error` is a registered code: clients act on those"},
	{ID: RuleErrorDescriptionSyntax, Severity: SeverityError, Citation: rfc(6749, "5.2"),
		Sentence: "`error_description` is printable ASCII without quote and backslash"},
	{ID: RuleErrorURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(6749, "5.2"),
		Sentence: "`error_uri` is an http or https URL"},
}

// Rules of authorization responses.
const (
	// RuleStateMatch is broken by a state that is not the one sent (AUTHZ-6).
	RuleStateMatch Rule = "callback-state"
	// RuleIssMatch is broken by an iss that is not the recorded issuer (AUTHZ-6).
	RuleIssMatch Rule = "callback-iss-match"
	// RuleIssMissing is broken by a response without the iss that was advertised (AUTHZ-6).
	RuleIssMissing Rule = "callback-iss-missing"
	// RuleIssUnexpected is broken by an iss from a server without metadata (DISC-6).
	RuleIssUnexpected Rule = "callback-iss-unexpected"
	// RuleCodeAndError is broken by a code beside an error (AUTHZ-6).
	RuleCodeAndError Rule = "callback-code-and-error"
	// RuleCodeMissing is broken by a response with neither code nor error.
	RuleCodeMissing Rule = "callback-code-missing"
	// RuleCodeSyntax is broken by a code with characters beyond printable ASCII.
	RuleCodeSyntax Rule = "callback-code-syntax"
	// RuleIssURL is broken by an iss that is no issuer identifier.
	RuleIssURL Rule = "callback-iss-url"
	// RuleCallbackFragment is broken by a response in the fragment of the URL.
	RuleCallbackFragment Rule = "callback-fragment"
)

var callbackRows = []Row{
	{ID: RuleStateMatch, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "10.12"),
		Sentence: "`state` is the value that the authorization request had"},
	{ID: RuleIssMatch, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9207, "2.4"),
		Sentence: "`iss`, when it is there, is the recorded issuer, byte for byte"},
	{ID: RuleIssMissing, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9207, "2.4"),
		Sentence: "`iss` is there when the server advertises it"},
	{ID: RuleIssUnexpected, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9207, "2.4"),
		Sentence: "`iss` is absent when no metadata could say which issuer to expect"},
	{ID: RuleCodeAndError, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "4.1.2.1"),
		Sentence: "A response does not have `code` and `error` together"},
	{ID: RuleCodeMissing, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "4.1.2"),
		Sentence: "A response has `code` or `error`"},
	{ID: RuleCodeSyntax, Severity: SeverityError, Citation: rfc(6749, "A.11"),
		Sentence: "`code` is printable ASCII"},
	{ID: RuleIssURL, Severity: SeverityError, Citation: rfc(9207, "2"),
		Sentence: "`iss` is an issuer identifier: an https URL without query and fragment"},
	{ID: RuleCallbackFragment, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "4.1.2"),
		Sentence: "The response stands in the query of the redirect: a fragment never reaches the client's server"},
}
