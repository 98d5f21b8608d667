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
		Sentence: "`access_token` is there and not empty",
		Mend:     "Return a token as `access_token` from the authorization server, or an error response with status 400 when there is none"},
	{ID: RuleAccessTokenSyntax, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6750, "2.1"),
		Sentence: "`access_token` has no control characters, spaces and characters outside ASCII",
		Mend:     "Issue `access_token` on the authorization server as base64url of random bytes or as a JWT, without spaces and line ends"},
	{ID: RuleTokenTypeMissing, Severity: SeverityError, Citation: rfc(6749, "5.1"),
		Sentence: "`token_type` is there",
		Mend:     "Add `token_type` to the authorization server's response: Bearer, or DPoP when the token is bound to a proof"},
	{ID: RuleTokenType, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "7.1"),
		Sentence: "`token_type` is Bearer, or DPoP when a proof was sent, or N_A in a token exchange",
		Mend:     "Issue what was asked for and say so in `token_type` on the authorization server: DPoP after a proof, N_A in an exchange, else Bearer"},
	{ID: RuleTokenAndError, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "5.2"),
		Sentence: "A response with `access_token` has no `error`",
		Mend:     "Return either `access_token` with status 200 or `error` with status 400 from the authorization server"},
	{ID: RuleIssuedTokenType, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8693, "2.2.1"),
		Sentence: "`issued_token_type` is there in the answer to a token exchange",
		Mend:     "Add `issued_token_type` to the authorization server's answer, such as urn:ietf:params:oauth:token-type:access_token"},
	{ID: RuleExpiresIn, Severity: SeverityWarning, Citation: rfc(6749, "5.1"),
		Sentence: "`expires_in` is there",
		Mend:     "Add `expires_in` to the authorization server's response: the seconds that the token lives from now"},
	{ID: RuleExpiresInRange, Severity: SeverityError, Citation: rfc(6749, "5.1"),
		Sentence: "`expires_in` is a number of seconds from now, at most ten years",
		Mend:     "Return `expires_in` from the authorization server as the seconds left, not as a date: from 0 to 315360000"},
	{ID: RuleTokenScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "`scope` is a list of scope tokens with one space between",
		Mend:     "Write the granted `scope` as one string on the authorization server: one space between, none at the ends, no quotes and backslashes"},
	{ID: RuleRefreshTokenSyntax, Severity: SeverityError, Citation: rfc(6749, "A.17"),
		Sentence: "`refresh_token` is printable ASCII",
		Mend:     "Issue `refresh_token` on the authorization server in printable ASCII, such as base64url of random bytes"},
	{ID: RuleAccessTokenCharset, Severity: SeverityWarning, Citation: rfc(6750, "2.1"),
		Sentence: "A bearer token has letters, digits and -._~+/ only, with = at its end",
		Mend:     "Issue `access_token` on the authorization server as base64url or as a JWT, without quotes, commas, colons and the like"},
	{ID: RuleIDTokenSyntax, Severity: SeverityWarning, Citation: rfc(7519, "3"),
		Sentence: "`id_token` is a JWT: three or five parts with dots between",
		Mend:     "Return the ID token in compact form as `id_token` from the OpenID provider, or leave the member out"},
	{ID: RuleTokenScopeGranted, Severity: SeverityInfo, Citation: rfc(6749, "3.3"),
		Sentence: "`scope` has what was asked for; a server may grant less, and a client lives with it",
		Mend:     "Let the client go by the granted `scope`, or let the authorization server grant what is missing"},
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
		Sentence: "`error` is there",
		Mend:     "Add `error` with a registered code, such as invalid_request, to the authorization server's response"},
	{ID: RuleErrorCodeSyntax, Severity: SeverityError, Citation: rfc(6749, "5.2"),
		Sentence: "`error` is printable ASCII without quote and backslash",
		Mend:     "Write a code such as invalid_request into `error` on the authorization server, and sentences into `error_description`"},
	{ID: RuleErrorCodeKnown, Severity: SeverityInfo, Citation: rfc(6749, "11.4"),
		Sentence: "`error` is a registered code: clients act on those",
		Mend:     "Return the registered code that comes nearest as `error`, and the server's own in `error_description`"},
	{ID: RuleErrorDescriptionSyntax, Severity: SeverityError, Citation: rfc(6749, "5.2"),
		Sentence: "`error_description` is printable ASCII without quote and backslash",
		Mend:     "Write `error_description` in printable ASCII without line ends, quotes and backslashes; other languages go on the page of `error_uri`"},
	{ID: RuleErrorURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(6749, "5.2"),
		Sentence: "`error_uri` is an http or https URL",
		Mend:     "Put the absolute https URL of a page for people into `error_uri` on the authorization server, or leave it out"},
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
		Sentence: "`state` is the value that the authorization request had",
		Mend:     "Return `state` from the authorization server as it was sent; a client that gets another one drops the response and begins a new login"},
	{ID: RuleIssMatch, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9207, "2.4"),
		Sentence: "`iss`, when it is there, is the recorded issuer, byte for byte",
		Mend:     "Send `iss` exactly as `issuer` stands in the server's metadata; if another server sent it, drop the response: servers were mixed up"},
	{ID: RuleIssMissing, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9207, "2.4"),
		Sentence: "`iss` is there when the server advertises it",
		Mend:     "Add `iss` to the server's responses, errors too, or take `authorization_response_iss_parameter_supported` out of its metadata"},
	{ID: RuleIssUnexpected, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9207, "2.4"),
		Sentence: "`iss` is absent when no metadata could say which issuer to expect",
		Mend:     "Publish metadata with `issuer` and `authorization_response_iss_parameter_supported` on the server that sends `iss`"},
	{ID: RuleCodeAndError, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "4.1.2.1"),
		Sentence: "A response does not have `code` and `error` together",
		Mend:     "Send either `code` or `error` from the authorization server; a client drops a response with both and begins a new login"},
	{ID: RuleCodeMissing, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "4.1.2"),
		Sentence: "A response has `code` or `error`",
		Mend:     "Send `code` from the authorization server, or `error` when it refuses; let the client ask for `response_type` code"},
	{ID: RuleCodeSyntax, Severity: SeverityError, Citation: rfc(6749, "A.11"),
		Sentence: "`code` is printable ASCII",
		Mend:     "Issue `code` on the authorization server in printable ASCII, such as base64url of random bytes"},
	{ID: RuleIssURL, Severity: SeverityError, Citation: rfc(9207, "2"),
		Sentence: "`iss` is an issuer identifier: an https URL without query and fragment",
		Mend:     "Send the `issuer` of the server's metadata as `iss`: an https URL without query and fragment"},
	{ID: RuleCallbackFragment, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6749, "4.1.2"),
		Sentence: "The response stands in the query of the redirect: a fragment never reaches the client's server",
		Mend:     "Send `code` behind ? and not behind # from the authorization server; let the client ask for `response_type` code in the query"},
}
