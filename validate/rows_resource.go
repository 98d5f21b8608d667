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
		Sentence: "`resource` is there",
		Mend:     "Add `resource` with the URL of the MCP server, spelled as clients are configured with it"},
	{ID: RulePRMResourceURL, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9728, "1.2"),
		Sentence: "`resource` is an https URL (http on loopback) without fragment and user information",
		Mend:     "Write `resource` as an https URL of host and path (http on loopback only): no #, no user@, no .. segments, no %2F or %5C"},
	{ID: RulePRMResourceQuery, Severity: SeverityWarning, Citation: rfc(9728, "1.2"),
		Sentence: "`resource` has no query",
		Mend:     "Take the query out of `resource`; tell tenants apart by host name or path"},
	{ID: RuleResourceCovers, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(9728, "3.3"),
		Sentence: "`resource` has the origin of the URL in use, and its path or a parent of it",
		Mend:     "Set `resource` to the URL that clients connect to, or to a parent of its path on the same scheme, host and port"},
	{ID: RulePRMResourceExact, Severity: SeverityInfo, Citation: rfc(9728, "3.3"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityError},
		Sentence: "`resource` is identical to the URL in use",
		Mend:     "Publish one document per MCP server, each with the server's URL, byte for byte, as `resource`"},
	{ID: RulePRMAuthorizationServers, Severity: SeverityRefuse, Use: UseDocument,
		Citation: mcp("authorization-server-discovery", "authorization-server-location", "Authorization Server Location"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "`authorization_servers` names at least one authorization server",
		Mend:     "Write `authorization_servers` as an array with the `issuer` of each server whose tokens the resource takes"},
	{ID: RulePRMAuthorizationServerURL, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(9728, "2"),
		Sentence: "Each entry of `authorization_servers` is an issuer identifier: an https URL without query and fragment",
		Mend:     "Write the server's `issuer` into `authorization_servers`, an https URL without ? and #; a server on plain http has to move to https first"},
	{ID: RulePRMInsecureHTTP, Severity: SeverityWarning, Citation: rfc(9728, "2"),
		Sentence: "URLs use https; plain http is for development on one machine",
		Mend:     "Serve the URL over https and write it so, before anybody on another machine uses it"},
	{ID: RulePRMJWKSURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(9728, "2"),
		Sentence: "`jwks_uri` is an https URL",
		Mend:     "Write `jwks_uri` as an absolute https URL without # and user@, or delete it if the resource signs nothing"},
	{ID: RulePRMBearerMethod, Severity: SeverityError, Citation: rfc(9728, "2"),
		Sentence: "`bearer_methods_supported` has no other values than header, body and query",
		Mend:     "Delete the value from `bearer_methods_supported`, or correct it; MCP clients need [\"header\"] and nothing else"},
	{ID: RulePRMBearerHeader, Severity: SeverityError, Citation: mcp("", "token-requirements", "Token Requirements"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "`bearer_methods_supported`, when it names methods, names header: MCP clients send tokens no other way",
		Mend:     "Accept tokens in the Authorization header, and add header to `bearer_methods_supported` or delete the member"},
	{ID: RulePRMScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "Each entry of `scopes_supported` is one scope token: printable ASCII without space, quote and backslash",
		Mend:     "Write one scope per entry of `scopes_supported`; rename scopes that have spaces, quotes, backslashes or letters outside ASCII"},
	{ID: RulePRMOfflineAccess, Severity: SeverityWarning, Citation: mcp("", "refresh-tokens", "Refresh Tokens"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityOff},
		Sentence: "`scopes_supported` does not have offline_access: refresh tokens are not a requirement of a resource",
		Mend:     "Delete offline_access from the resource's `scopes_supported`; the authorization server lists it in its own"},
	{ID: RulePRMSigningAlgorithmNone, Severity: SeverityError, Citation: rfc(9728, "2"),
		Sentence: "`resource_signing_alg_values_supported` does not have none",
		Mend:     "Delete none from `resource_signing_alg_values_supported` and sign with an algorithm such as ES256"},
	{ID: RulePRMResourceNormal, Severity: SeverityWarning, Citation: mcp("", "canonical-server-uri", "Canonical Server URI"),
		Sentence: "`resource` has scheme and host in lower case and no default port",
		Mend:     "Write scheme and host of `resource` in lower case, and leave out :443 (or :80 after http)"},
	{ID: RulePRMResourceSlash, Severity: SeverityWarning, Citation: mcp("", "canonical-server-uri", "Canonical Server URI"),
		Sentence: "`resource` has no slash after the host when the path is otherwise empty",
		Mend:     "Delete the last slash of `resource`: https://mcp.example.com instead of https://mcp.example.com/"},
	{ID: RulePRMAuthorizationServerTwice, Severity: SeverityWarning, Citation: rfc(9728, "2"),
		Sentence: "Each authorization server stands once in `authorization_servers`",
		Mend:     "Delete the repeated entry from `authorization_servers`"},
	{ID: RulePRMScopes, Severity: SeverityInfo, Citation: rfc(9728, "2"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`scopes_supported` is there: clients ask for these scopes when a challenge names none",
		Mend:     "Add `scopes_supported` with the scopes of basic use; challenges with `scope` ask for the others when they are needed"},
	{ID: RulePRMBearerQuery, Severity: SeverityWarning, Citation: rfc(6750, "2.3"),
		Sentence: "`bearer_methods_supported` does not have query: URLs are logged",
		Mend:     "Refuse tokens in the query string on the resource server, and delete query from `bearer_methods_supported`"},
	{ID: RulePRMDPoPAlgorithm, Severity: SeverityError, Citation: rfc(9449, "11.6"),
		Sentence: "`dpop_signing_alg_values_supported` has asymmetric algorithms only",
		Mend:     "List only asymmetric algorithms, such as ES256, in `dpop_signing_alg_values_supported`; delete none, HS256, HS384 and HS512"},
	{ID: RulePRMResourceName, Severity: SeverityInfo, Citation: rfc(9728, "2"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`resource_name` is there: people are asked to trust the resource by it",
		Mend:     "Add `resource_name` with the name by which users know the service"},
	{ID: RulePRMAlgorithmKnown, Severity: SeverityWarning, Citation: rfc(7515, "4.1.1"),
		Sentence: "Signing algorithms have their registered names, in their case",
		Mend:     "Write the algorithm as the JOSE registry spells it, such as ES256, RS256 or EdDSA, or delete it from the list"},
	{ID: RulePRMSignedMetadata, Severity: SeverityError, Citation: rfc(9728, "2.2"),
		Sentence: "`signed_metadata` is a signed JWT with an iss claim",
		Mend:     "Put a compact JWT with an iss claim, signed with an algorithm other than none, into `signed_metadata`, or delete it"},
	{ID: RulePRMAuthorizationServerWellKnown, Severity: SeverityWarning, Citation: rfc(9728, "2"),
		Sentence: "Each entry of `authorization_servers` is an issuer, not the URL of its metadata",
		Mend:     "Replace the entry of `authorization_servers` by the `issuer` that the metadata at that URL contains"},
}
