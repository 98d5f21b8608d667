// Rows: protected resource metadata (RFC 9728).

package validate

// Rules of protected resource metadata.
const (
	// RulePRMResource is broken by metadata without a resource (DISC-8).
	RulePRMResource Rule = "prm-resource"
	// RulePRMResourceURL is broken by a resource that is no usable URL.
	RulePRMResourceURL Rule = "prm-resource-url"
	// RulePRMResourceQuery is broken by a resource with a query.
	RulePRMResourceQuery Rule = "prm-resource-query"
	// RuleResourceCovers is broken by a resource that does not cover the URL in
	// use (DISC-9). It is also the rule of Covers.
	RuleResourceCovers Rule = "prm-resource-covers"
	// RulePRMResourceExact is broken by a resource that covers the URL in use
	// without being equal to it.
	RulePRMResourceExact Rule = "prm-resource-exact"
	// RulePRMAuthorizationServers is broken by metadata that names no
	// authorization server (DISC-8).
	RulePRMAuthorizationServers Rule = "prm-authorization-servers"
	// RulePRMAuthorizationServerURL is broken by an entry that is no issuer identifier.
	RulePRMAuthorizationServerURL Rule = "prm-authorization-server-url"
	// RulePRMInsecureHTTP is broken by plain http where a caller allows it.
	RulePRMInsecureHTTP Rule = "prm-insecure-http"
	// RulePRMJWKSURI is broken by a jwks_uri that is no endpoint.
	RulePRMJWKSURI Rule = "prm-jwks-uri"
	// RulePRMBearerMethod is broken by an unknown bearer method.
	RulePRMBearerMethod Rule = "prm-bearer-method"
	// RulePRMBearerHeader is broken by bearer methods without the header.
	RulePRMBearerHeader Rule = "prm-bearer-header"
	// RulePRMScopeSyntax is broken by a scope that is no scope token.
	RulePRMScopeSyntax Rule = "prm-scope-syntax"
	// RulePRMOfflineAccess is broken by offline_access among the scopes.
	RulePRMOfflineAccess Rule = "prm-scope-offline-access"
	// RulePRMSigningAlgorithmNone is broken by "none" among the signing algorithms.
	RulePRMSigningAlgorithmNone Rule = "prm-signing-algorithm-none"
	// RulePRMResourceNormal is broken by a resource with upper case in its host or
	// with the default port.
	RulePRMResourceNormal Rule = "prm-resource-normal"
	// RulePRMResourceSlash is broken by a resource that is an origin and a slash.
	RulePRMResourceSlash Rule = "prm-resource-slash"
	// RulePRMAuthorizationServerTwice is broken by an authorization server that
	// stands twice in the list.
	RulePRMAuthorizationServerTwice Rule = "prm-authorization-server-twice"
	// RulePRMScopes is broken by metadata without scopes.
	RulePRMScopes Rule = "prm-scopes"
	// RulePRMBearerQuery is broken by query among the bearer methods.
	RulePRMBearerQuery Rule = "prm-bearer-query"
	// RulePRMDPoPAlgorithm is broken by none or a symmetric algorithm for DPoP proofs.
	RulePRMDPoPAlgorithm Rule = "prm-dpop-algorithm"
	// RulePRMResourceName is broken by metadata without resource_name.
	RulePRMResourceName Rule = "prm-resource-name"
	// RulePRMAlgorithmKnown is broken by an algorithm that JOSE does not register.
	RulePRMAlgorithmKnown Rule = "prm-algorithm-known"
	// RulePRMSignedMetadata is broken by signed_metadata that is no signed JWT.
	RulePRMSignedMetadata Rule = "prm-signed-metadata"
	// RulePRMAuthorizationServerWellKnown is broken by the URL of a metadata
	// document among the authorization servers.
	RulePRMAuthorizationServerWellKnown Rule = "prm-authorization-server-well-known"
)

var resourceRows = []Row{
	{ID: RulePRMResource, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9728, "2"),
		Sentence: "`resource` is there"},
	{ID: RulePRMResourceURL, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9728, "1.2"),
		Sentence: "`resource` is an https URL (http on loopback) without fragment and user information"},
	{ID: RulePRMResourceQuery, Severity: SeverityWarning, Citation: rfc(9728, "1.2"),
		Sentence: "`resource` has no query"},
	{ID: RuleResourceCovers, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9728, "3.3"),
		Sentence: "`resource` has the origin of the URL in use, and its path or a parent of it"},
	{ID: RulePRMResourceExact, Severity: SeverityInfo, Citation: rfc(9728, "3.3"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityError},
		Sentence: "`resource` is identical to the URL in use"},
	{ID: RulePRMAuthorizationServers, Severity: SeverityRefuse, Use: UseDocument,
		Citation: mcp("authorization-server-discovery", "authorization-server-location", "Authorization Server Location"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "`authorization_servers` names at least one authorization server"},
	{ID: RulePRMAuthorizationServerURL, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(9728, "2"),
		Sentence: "Each entry of `authorization_servers` is an issuer identifier: an https URL without query and fragment"},
	{ID: RulePRMInsecureHTTP, Severity: SeverityWarning, Citation: rfc(9728, "2"),
		Sentence: "URLs use https; plain http is for development on one machine"},
	{ID: RulePRMJWKSURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(9728, "2"),
		Sentence: "`jwks_uri` is an https URL"},
	{ID: RulePRMBearerMethod, Severity: SeverityError, Citation: rfc(9728, "2"),
		Sentence: "`bearer_methods_supported` has no other values than header, body and query"},
	{ID: RulePRMBearerHeader, Severity: SeverityError, Citation: mcp("", "token-requirements", "Token Requirements"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "`bearer_methods_supported`, when it names methods, names header: MCP clients send tokens no other way"},
	{ID: RulePRMScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "Each entry of `scopes_supported` is one scope token: printable ASCII without space, quote and backslash"},
	{ID: RulePRMOfflineAccess, Severity: SeverityWarning, Citation: mcp("", "refresh-tokens", "Refresh Tokens"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityOff},
		Sentence: "`scopes_supported` does not have offline_access: refresh tokens are not a requirement of a resource"},
	{ID: RulePRMSigningAlgorithmNone, Severity: SeverityError, Citation: rfc(9728, "2"),
		Sentence: "`resource_signing_alg_values_supported` does not have none"},
	{ID: RulePRMResourceNormal, Severity: SeverityWarning, Citation: mcp("", "canonical-server-uri", "Canonical Server URI"),
		Sentence: "`resource` has scheme and host in lower case and no default port"},
	{ID: RulePRMResourceSlash, Severity: SeverityWarning, Citation: mcp("", "canonical-server-uri", "Canonical Server URI"),
		Sentence: "`resource` has no slash after the host when the path is otherwise empty"},
	{ID: RulePRMAuthorizationServerTwice, Severity: SeverityWarning, Citation: rfc(9728, "2"),
		Sentence: "Each authorization server stands once in `authorization_servers`"},
	{ID: RulePRMScopes, Severity: SeverityInfo, Citation: rfc(9728, "2"),
		Sentence: "`scopes_supported` is there: clients ask for these scopes when a challenge names none"},
	{ID: RulePRMBearerQuery, Severity: SeverityWarning, Citation: rfc(6750, "2.3"),
		Sentence: "`bearer_methods_supported` does not have query: URLs are logged"},
	{ID: RulePRMDPoPAlgorithm, Severity: SeverityError, Citation: rfc(9449, "4.2"),
		Sentence: "`dpop_signing_alg_values_supported` has asymmetric algorithms only"},
	{ID: RulePRMResourceName, Severity: SeverityInfo, Citation: rfc(9728, "2"),
		Sentence: "`resource_name` is there: people are asked to trust the resource by it"},
	{ID: RulePRMAlgorithmKnown, Severity: SeverityWarning, Citation: rfc(7518, "3.1"),
		Sentence: "Signing algorithms have their registered names, in their case"},
	{ID: RulePRMSignedMetadata, Severity: SeverityError, Citation: rfc(9728, "2.2"),
		Sentence: "`signed_metadata` is a signed JWT with an iss claim"},
	{ID: RulePRMAuthorizationServerWellKnown, Severity: SeverityWarning, Citation: rfc(9728, "2"),
		Sentence: "Each entry of `authorization_servers` is an issuer, not the URL of its metadata"},
}
