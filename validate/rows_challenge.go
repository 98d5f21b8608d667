// Rows: challenges of protected resources (RFC 6750 §3, RFC 9728 §5.1).

package validate

// Rules of WWW-Authenticate challenges.
const (
	// RuleChallengeMetadata is broken by a challenge without resource_metadata.
	RuleChallengeMetadata Rule = "challenge-resource-metadata"
	// RuleChallengeMetadataURL is broken by a resource_metadata that cannot be used.
	RuleChallengeMetadataURL Rule = "challenge-resource-metadata-url"
	// RuleChallengeMetadataOrigin is broken by a resource_metadata on another
	// origin than the resource's.
	RuleChallengeMetadataOrigin Rule = "challenge-resource-metadata-origin"
	// RuleChallengeError is broken by an unknown error code.
	RuleChallengeError Rule = "challenge-error"
	// RuleChallengeText is broken by a parameter with characters that it may not have.
	RuleChallengeText Rule = "challenge-text"
	// RuleChallengeScope is broken by a challenge without scope.
	RuleChallengeScope Rule = "challenge-scope"
	// RuleChallengeScopeSyntax is broken by a scope that is no list of scope tokens.
	RuleChallengeScopeSyntax Rule = "challenge-scope-syntax"
	// RuleChallengeOfflineAccess is broken by offline_access in the scope.
	RuleChallengeOfflineAccess Rule = "challenge-scope-offline-access"
	// RuleChallengeSyntax is broken by a field that RFC 9110 does not allow.
	RuleChallengeSyntax Rule = "challenge-syntax"
	// RuleChallengeScheme is broken by a field without a Bearer or DPoP challenge (DISC-3).
	RuleChallengeScheme Rule = "challenge-scheme"
	// RuleChallengeParameterTwice is broken by a parameter that stands twice.
	RuleChallengeParameterTwice Rule = "challenge-parameter-twice"
	// RuleChallengeErrorURI is broken by an error_uri that nobody should open.
	RuleChallengeErrorURI Rule = "challenge-error-uri"
	// RuleChallengeProof is broken by none or a symmetric algorithm for DPoP proofs.
	RuleChallengeProof Rule = "challenge-dpop-algorithm"
)

var challengeRows = []Row{
	{ID: RuleChallengeSyntax, Severity: SeverityError, Citation: rfc(9110, "11.6.1"),
		Sentence: "The field is a list of challenges: scheme, space, parameters with commas between, values quoted that are no tokens",
		Mend:     "Write `WWW-Authenticate` on the resource server as Bearer, space, name=\"value\" pairs with commas between; escape \" and \\ in values"},
	{ID: RuleChallengeScheme, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6750, "3"),
		Sentence: "A challenge has the scheme Bearer or DPoP",
		Mend:     "Add a challenge with the scheme Bearer, or DPoP, to `WWW-Authenticate` in the resource server's 401 response"},
	{ID: RuleChallengeParameterTwice, Severity: SeverityError, Citation: rfc(9110, "11.2"),
		Sentence: "A parameter stands once in a challenge",
		Mend:     "Write the parameter once in `WWW-Authenticate`; several scopes stand in one `scope` with spaces between"},
	{ID: RuleChallengeErrorURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(6750, "3"),
		Sentence: "`error_uri` is an absolute http or https URL",
		Mend:     "Put the absolute https URL of a page for people into `error_uri` on the resource server, or leave it out"},
	{ID: RuleChallengeProof, Severity: SeverityError, Citation: rfc(9449, "11.6"),
		Sentence: "`algs` has asymmetric algorithms only",
		Mend:     "List only asymmetric algorithms, such as ES256, in `algs` on the resource server; delete none, HS256, HS384 and HS512"},
	{ID: RuleChallengeMetadata, Severity: SeverityInfo, Citation: rfc(9728, "5.1"),
		Sentence: "`resource_metadata` is there: without it clients guess well-known URLs",
		Mend:     "Add `resource_metadata` with the URL of the metadata document to the challenge of the resource server"},
	{ID: RuleChallengeMetadataURL, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(9728, "5.1"),
		Sentence: "`resource_metadata` is an absolute https URL (http on loopback) without user information and fragment",
		Mend:     "Write the absolute https URL of the metadata into `resource_metadata` on the resource server, without # and user@"},
	{ID: RuleChallengeMetadataOrigin, Severity: SeverityWarning, Citation: rfc(9728, "3"),
		Sentence: "`resource_metadata` is on the origin of the resource",
		Mend:     "Serve the metadata below /.well-known/oauth-protected-resource on the resource's origin, and name that URL in `resource_metadata`"},
	{ID: RuleChallengeError, Severity: SeverityWarning, Citation: rfc(6750, "3.1"),
		Sentence: "`error` is invalid_request, invalid_token, insufficient_scope, or a code of DPoP",
		Mend:     "Send invalid_token with status 401, insufficient_scope with 403 or invalid_request with 400 as `error`, none without a token"},
	{ID: RuleChallengeText, Severity: SeverityError, Citation: rfc(6750, "3"),
		Sentence: "`error` and `error_description` are printable ASCII without quote and backslash",
		Mend:     "Write `error` and `error_description` on the resource server in printable ASCII without line ends, quotes and backslashes"},
	{ID: RuleChallengeScope, Severity: SeverityWarning, Citation: mcp("", "scope-selection-strategy", "Scope Selection Strategy"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "`scope` says what the request needs",
		Mend:     "Add `scope` to the resource server's challenge, with the scopes that the refused request needs"},
	{ID: RuleChallengeScopeSyntax, Severity: SeverityError, Citation: rfc(6750, "3"),
		Sentence: "`scope` is a list of scope tokens with one space between",
		Mend:     "Write `scope` on the resource server as one string: scope tokens, one space between, none at the ends, no quotes and backslashes"},
	{ID: RuleChallengeOfflineAccess, Severity: SeverityWarning, Citation: mcp("", "refresh-tokens", "Refresh Tokens"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityOff},
		Sentence: "`scope` does not have offline_access: refresh tokens are not a requirement of a resource",
		Mend:     "Delete offline_access from the challenge's `scope`: a client that wants refresh tokens asks the authorization server for it"},
}
