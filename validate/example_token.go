// Examples: token responses and error responses.

package validate

import "strings"

// manyDots makes a document longer than servers have to read.
var manyDots = strings.Repeat("very/", 1020) + "long"

var tokenExamples = []example{
	{rule: RuleAccessToken, model: "token", drop: "access_token"},
	{rule: RuleAccessTokenSyntax, model: "token", bad: `"access_token": "example access token"`},
	{rule: RuleAccessTokenCharset, model: "token", bad: `"access_token": "example|access|token"`},
	{rule: RuleTokenTypeMissing, model: "token", drop: "token_type"},
	{rule: RuleTokenType, model: "token", bad: `"token_type": "mac"`},
	{rule: RuleTokenAndError, model: "token", bad: `"error": "invalid_scope"`},
	{rule: RuleIssuedTokenType, model: "token", good: `"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"`,
		given: "the answer to a token exchange", opts: []Option{InTokenExchange()}},
	{rule: RuleExpiresIn, model: "token", drop: "expires_in"},
	{rule: RuleExpiresInRange, model: "token", bad: `"expires_in": 1785000000`},
	{rule: RuleTokenScopeSyntax, model: "token", bad: `"scope": "files:read, \"files:write\""`},
	{rule: RuleRefreshTokenSyntax, model: "token", bad: `"refresh_token": "erneuerungsschlüssel"`},
	{rule: RuleIDTokenSyntax, model: "token", bad: `"id_token": "example.id-token"`, good: `"id_token": "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"`},
	{rule: RuleTokenScopeGranted, model: "token", good: `"scope": "files:read files:write"`,
		given: "files:read and files:write were asked for", opts: []Option{RequestedScope("files:read files:write")}},

	{rule: RuleErrorCode, model: "error", drop: "error"},
	{rule: RuleErrorCodeSyntax, model: "error", bad: `"error": "ungültig"`},
	{rule: RuleErrorCodeKnown, model: "error", bad: `"error": "bad_grant"`},
	{rule: RuleErrorDescriptionSyntax, model: "error", bad: `"error_description": "the \"code\" was used"`},
	{rule: RuleErrorURI, model: "error", bad: `"error_uri": "javascript:alert(1)"`, good: `"error_uri": "https://docs.example.com/errors"`},
}
