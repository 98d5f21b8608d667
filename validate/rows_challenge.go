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
		Sentence: "The field is a list of challenges: scheme, space, parameters with commas between, values quoted that are no tokens"},
	{ID: RuleChallengeScheme, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(6750, "3"),
		Sentence: "A challenge has the scheme Bearer or DPoP"},
	{ID: RuleChallengeParameterTwice, Severity: SeverityError, Citation: rfc(9110, "11.2"),
		Sentence: "A parameter stands once in a challenge"},
	{ID: RuleChallengeErrorURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(6750, "3"),
		Sentence: "`error_uri` is an absolute http or https URL"},
	{ID: RuleChallengeProof, Severity: SeverityError, Citation: rfc(9449, "7.1"),
		Sentence: "`algs` has asymmetric algorithms only"},
	{ID: RuleChallengeMetadata, Severity: SeverityInfo, Citation: rfc(9728, "5.1"),
		Sentence: "`resource_metadata` is there: without it clients guess well-known URLs"},
	{ID: RuleChallengeMetadataURL, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(9728, "5.1"),
		Sentence: "`resource_metadata` is an absolute https URL (http on loopback) without user information and fragment"},
	{ID: RuleChallengeMetadataOrigin, Severity: SeverityWarning, Citation: rfc(9728, "7.7"),
		Sentence: "`resource_metadata` is on the origin of the resource"},
	{ID: RuleChallengeError, Severity: SeverityWarning, Citation: rfc(6750, "3.1"),
		Sentence: "`error` is invalid_request, invalid_token, insufficient_scope, or a code of DPoP"},
	{ID: RuleChallengeText, Severity: SeverityError, Citation: rfc(6750, "3"),
		Sentence: "`error` and `error_description` are printable ASCII without quote and backslash"},
	{ID: RuleChallengeScope, Severity: SeverityWarning, Citation: mcp("", "scope-selection-strategy", "Scope Selection Strategy"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "`scope` says what the request needs"},
	{ID: RuleChallengeScopeSyntax, Severity: SeverityError, Citation: rfc(6750, "3"),
		Sentence: "`scope` is a list of scope tokens with one space between"},
	{ID: RuleChallengeOfflineAccess, Severity: SeverityWarning, Citation: mcp("", "refresh-tokens", "Refresh Tokens"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityOff},
		Sentence: "`scope` does not have offline_access: refresh tokens are not a requirement of a resource"},
}
