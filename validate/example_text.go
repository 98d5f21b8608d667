// Examples: authorization responses and challenges.

package validate

// answered is what a client recorded before it sent the user away.
var answered = Expecting(CallbackExpectation{State: "example-state", Issuer: "https://as.example.com", IssParameterSupported: true})

// undocumented is the same of a server without metadata.
var undocumented = Expecting(CallbackExpectation{State: "example-state", NoMetadata: true})

const redirected = "http://127.0.0.1:4711/callback"

var textExamples = []example{
	{rule: RuleStateMatch, model: "callback", text: redirected + "?code=example-code&state=another-state&iss=https%3A%2F%2Fas.example.com",
		given: "the state of the request was example-state", opts: []Option{answered}},
	{rule: RuleIssMatch, model: "callback", text: redirected + "?code=example-code&state=example-state&iss=https%3A%2F%2Fas.example.org"},
	{rule: RuleIssMissing, model: "callback", text: redirected + "?code=example-code&state=example-state",
		given: "the server's metadata says that it sends iss", opts: []Option{answered}},
	{rule: RuleIssUnexpected, model: "callback", text: redirected + "?code=example-code&state=example-state&iss=https%3A%2F%2Fas.example.com",
		goodText: redirected + "?code=example-code&state=example-state", given: "the server has no metadata", opts: []Option{undocumented}},
	{rule: RuleCodeAndError, model: "callback", text: redirected + "?code=example-code&error=access_denied&state=example-state"},
	{rule: RuleCodeMissing, model: "callback", text: redirected + "?state=example-state"},
	{rule: RuleCodeSyntax, model: "callback", text: redirected + "?code=%C3%BC&state=example-state"},
	{rule: RuleIssURL, model: "callback", text: redirected + "?code=example-code&state=example-state&iss=as.example.com",
		given: "the issuer is not known", opts: []Option{For("")}},
	{rule: RuleCallbackFragment, model: "callback", text: redirected + "#code=example-code&state=example-state"},

	{rule: RuleChallengeSyntax, model: "challenge", text: `WWW-Authenticate: Bearer scope="files:read" error="invalid_token",` + metadataParameter},
	{rule: RuleChallengeScheme, model: "challenge", text: `WWW-Authenticate: Basic realm="files"`},
	{rule: RuleChallengeParameterTwice, model: "challenge", text: `WWW-Authenticate: Bearer scope="files:read", scope="files:write",` + metadataParameter},
	{rule: RuleChallengeErrorURI, model: "challenge",
		text: `WWW-Authenticate: Bearer error="invalid_token", error_uri="errors.html", scope="files:read",` + metadataParameter},
	{rule: RuleChallengeProof, model: "challenge", text: `WWW-Authenticate: DPoP algs="ES256 HS256", scope="files:read",` + metadataParameter},
	{rule: RuleChallengeMetadata, model: "challenge", text: `WWW-Authenticate: Bearer scope="files:read"`},
	{rule: RuleChallengeMetadataURL, model: "challenge",
		text: `WWW-Authenticate: Bearer scope="files:read", resource_metadata="/.well-known/oauth-protected-resource"`},
	{rule: RuleChallengeMetadataOrigin, model: "challenge",
		text: `WWW-Authenticate: Bearer scope="files:read", resource_metadata="https://as.example.com/.well-known/oauth-protected-resource"`},
	{rule: RuleChallengeError, model: "challenge", text: `WWW-Authenticate: Bearer error="unauthorized", scope="files:read",` + metadataParameter},
	{rule: RuleChallengeText, model: "challenge",
		text: `WWW-Authenticate: Bearer error="invalid_token", error_description="a \"token\" is wanted", scope="files:read",` + metadataParameter},
	{rule: RuleChallengeScope, model: "challenge", text: `WWW-Authenticate: Bearer` + metadataParameter},
	{rule: RuleChallengeScopeSyntax, model: "challenge", text: `WWW-Authenticate: Bearer scope="files:read  files:write",` + metadataParameter},
	{rule: RuleChallengeOfflineAccess, model: "challenge", text: `WWW-Authenticate: Bearer scope="files:read offline_access",` + metadataParameter},
}

const metadataParameter = ` resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"`
