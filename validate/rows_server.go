// Rows: authorization server metadata (RFC 8414, OpenID Connect Discovery).

package validate

// Rules of authorization server metadata.
const (
	// RuleIssuer is broken by metadata without an issuer.
	RuleIssuer Rule = "asm-issuer"
	// RuleIssuerURL is broken by an issuer that is no issuer identifier.
	RuleIssuerURL Rule = "asm-issuer-url"
	// RuleIssuerMatch is broken by another issuer than was asked for (DISC-14).
	RuleIssuerMatch Rule = "asm-issuer-match"
	// RuleIssuerSpelling is broken by an issuer that differs from the one asked
	// for by the slash that SameIssuer tolerates.
	RuleIssuerSpelling Rule = "asm-issuer-spelling"
	// RuleInsecureHTTP is broken by plain http where a caller allows it.
	RuleInsecureHTTP Rule = "asm-insecure-http"
	// RuleAuthorizationEndpoint is broken by an authorization_endpoint that
	// cannot be used, or is missing though grants need it.
	RuleAuthorizationEndpoint Rule = "asm-authorization-endpoint"
	// RuleTokenEndpoint is broken by a token_endpoint that cannot be used, or is
	// missing though grants need it.
	RuleTokenEndpoint Rule = "asm-token-endpoint"
	// RuleRegistrationEndpoint is broken by a registration_endpoint that cannot be used.
	RuleRegistrationEndpoint Rule = "asm-registration-endpoint"
	// RulePushedAuthorizationEndpoint is broken by a
	// pushed_authorization_request_endpoint that cannot be used.
	RulePushedAuthorizationEndpoint Rule = "asm-pushed-authorization-endpoint"
	// RuleDeviceAuthorizationEndpoint is broken by a
	// device_authorization_endpoint that cannot be used.
	RuleDeviceAuthorizationEndpoint Rule = "asm-device-authorization-endpoint"
	// RuleRevocationEndpoint is broken by a revocation_endpoint that cannot be used.
	RuleRevocationEndpoint Rule = "asm-revocation-endpoint"
	// RuleIntrospectionEndpoint is broken by an introspection_endpoint that cannot be used.
	RuleIntrospectionEndpoint Rule = "asm-introspection-endpoint"
	// RuleEndpoint is broken by any other endpoint or URL for machines that
	// cannot be used (META-3). It is also the rule of Endpoint.
	RuleEndpoint Rule = "asm-endpoint"
	// RuleResponseTypes is broken by metadata without response_types_supported.
	RuleResponseTypes Rule = "asm-response-types"
	// RuleResponseTypeCode is broken by response types without code (META-5).
	RuleResponseTypeCode Rule = "asm-response-type-code"
	// RuleResponseModeQuery is broken by response modes without query.
	RuleResponseModeQuery Rule = "asm-response-mode-query"
	// RulePKCEMissing is broken by metadata without
	// code_challenge_methods_supported (META-1).
	RulePKCEMissing Rule = "asm-pkce-missing"
	// RulePKCEUnsupported is broken by code challenge methods without S256 (META-1).
	RulePKCEUnsupported Rule = "asm-pkce-s256"
	// RulePKCEMethod is broken by a code challenge method that is not registered.
	RulePKCEMethod Rule = "asm-pkce-method"
	// RuleGrantTypeCode is broken by grant types without authorization_code
	// beside an authorization endpoint.
	RuleGrantTypeCode Rule = "asm-grant-type-code"
	// RuleGrantTypeDevice is broken by a device grant under another name.
	RuleGrantTypeDevice Rule = "asm-grant-type-device"
	// RuleAuthSigningAlgorithms is broken by JWT client authentication without algorithms.
	RuleAuthSigningAlgorithms Rule = "asm-auth-signing-algorithms"
	// RuleAuthSigningAlgorithmNone is broken by "none" among those algorithms.
	RuleAuthSigningAlgorithmNone Rule = "asm-auth-signing-algorithm-none"
	// RuleScopeSyntax is broken by a scope that is no scope token.
	RuleScopeSyntax Rule = "asm-scope-syntax"
	// RuleAuthMethod is broken by a client authentication method that nobody registered.
	RuleAuthMethod Rule = "asm-auth-method"
	// RuleClientIDDocumentAuth is broken by a server that takes Client ID
	// Metadata Documents but no authentication method they can use.
	RuleClientIDDocumentAuth Rule = "asm-cimd-auth-method"
	// RuleIssuerNormal is broken by an issuer with upper case in its host or with
	// the default port.
	RuleIssuerNormal Rule = "asm-issuer-normal"
	// RuleEndpointHost is broken by an endpoint that sees credentials on another
	// host than the issuer's.
	RuleEndpointHost Rule = "asm-endpoint-host"
	// RuleDeviceGrant is broken by the device grant without its endpoint, or the
	// endpoint without the grant.
	RuleDeviceGrant Rule = "asm-device-grant"
	// RuleGrantTypeImplicit is broken by the implicit grant.
	RuleGrantTypeImplicit Rule = "asm-grant-type-implicit"
	// RuleGrantTypePassword is broken by the password grant.
	RuleGrantTypePassword Rule = "asm-grant-type-password"
	// RuleGrantTypeRefresh is broken by the code grant without the refresh grant.
	RuleGrantTypeRefresh Rule = "asm-grant-type-refresh"
	// RulePKCEPlain is broken by plain among the code challenge methods.
	RulePKCEPlain Rule = "asm-pkce-plain"
	// RuleIssParameter is broken by a server that does not put iss into its
	// authorization responses.
	RuleIssParameter Rule = "asm-iss-parameter"
	// RuleClientRegistration is broken by a server that only knows clients
	// registered beforehand.
	RuleClientRegistration Rule = "asm-client-registration"
	// RulePushedAuthorizationRequired is broken by pushed authorization requests
	// that are required without an endpoint for them.
	RulePushedAuthorizationRequired Rule = "asm-par-required"
	// RuleRequestObjectRequired is broken by a server that takes signed request
	// objects only.
	RuleRequestObjectRequired Rule = "asm-request-object-required"
	// RuleDPoPAlgorithm is broken by none or a symmetric algorithm for DPoP proofs.
	RuleDPoPAlgorithm Rule = "asm-dpop-algorithm"
	// RuleOpenIDMember is broken by a provider without a member that OpenID
	// Connect requires. See AsOpenIDProvider.
	RuleOpenIDMember Rule = "asm-openid-member"
	// RuleOpenIDSubjectType is broken by an unknown subject type.
	RuleOpenIDSubjectType Rule = "asm-openid-subject-type"
	// RuleOpenIDSigningAlgorithm is broken by ID token algorithms without RS256.
	RuleOpenIDSigningAlgorithm Rule = "asm-openid-signing-algorithm"
	// RuleOpenIDScope is broken by scopes without openid.
	RuleOpenIDScope Rule = "asm-openid-scope"
	// RuleResponseTypeKnown is broken by a response type that nobody registered.
	RuleResponseTypeKnown Rule = "asm-response-type-known"
	// RuleResponseModeKnown is broken by a response mode that nobody registered.
	RuleResponseModeKnown Rule = "asm-response-mode-known"
	// RuleGrantTypeKnown is broken by a grant type that is neither registered nor a URI.
	RuleGrantTypeKnown Rule = "asm-grant-type-known"
	// RuleAlgorithmKnown is broken by an algorithm that JOSE does not register.
	RuleAlgorithmKnown Rule = "asm-algorithm-known"
	// RuleAuthSigningRS256 is broken by client authentication without RS256.
	RuleAuthSigningRS256 Rule = "asm-auth-signing-rs256"
	// RuleScopes is broken by metadata without scopes.
	RuleScopes Rule = "asm-scopes"
	// RuleLanguageTag is broken by a locale that is no language tag.
	RuleLanguageTag Rule = "asm-language-tag"
	// RuleListTwice is broken by a value that a list has twice.
	RuleListTwice Rule = "asm-list-twice"
	// RuleSignedMetadata is broken by signed_metadata that is no signed JWT.
	RuleSignedMetadata Rule = "asm-signed-metadata"
	// RuleIssuerWellKnown is broken by the URL of a metadata document as issuer.
	RuleIssuerWellKnown Rule = "asm-issuer-well-known"
	// RuleEndpointShared is broken by one URL for authorization and token endpoint.
	RuleEndpointShared Rule = "asm-endpoint-shared"
	// RuleIDJAGGrant is broken by the ID-JAG profile without its grant.
	RuleIDJAGGrant Rule = "asm-id-jag-grant"
	// RuleOpenIDValue is broken by a display or claim type that OpenID Connect does not define.
	RuleOpenIDValue Rule = "asm-openid-value"
	// RuleOpenIDRecommended is broken by a provider without a recommended member.
	RuleOpenIDRecommended Rule = "asm-openid-recommended"
	// RuleOpenIDSigningNone is broken by ID tokens without signature.
	RuleOpenIDSigningNone Rule = "asm-openid-signing-none"
)

var serverRows = []Row{
	{ID: RuleIssuer, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "2"),
		Sentence: "`issuer` is there"},
	{ID: RuleIssuerURL, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "2"),
		Sentence: "`issuer` is an https URL (http on loopback) without query, fragment and user information"},
	{ID: RuleIssuerMatch, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "3.3"),
		Sentence: "`issuer` is identical to the issuer that was asked for"},
	{ID: RuleIssuerSpelling, Severity: SeverityError, Citation: rfc(8414, "3.3"),
		Sentence: "`issuer` and the issuer that was asked for agree in the slash after the host"},
	{ID: RuleInsecureHTTP, Severity: SeverityWarning, Citation: mcp("security-considerations", "communication-security", "Communication Security"),
		Sentence: "URLs use https; plain http is for development on one machine"},
	{ID: RuleAuthorizationEndpoint, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(6749, "3.1"),
		Sentence: "`authorization_endpoint` is there for the grants that need it, and is an https URL without fragment"},
	{ID: RuleTokenEndpoint, Severity: SeverityRefuse, Use: UseToken, Citation: rfc(6749, "3.2"),
		Sentence: "`token_endpoint` is there for the grants that need it, and is an https URL without fragment"},
	{ID: RuleRegistrationEndpoint, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3"),
		Sentence: "`registration_endpoint` is an https URL without fragment"},
	{ID: RulePushedAuthorizationEndpoint, Severity: SeverityRefuse, Use: UsePushedAuthorization, Citation: rfc(9126, "2"),
		Sentence: "`pushed_authorization_request_endpoint` is an https URL without fragment"},
	{ID: RuleDeviceAuthorizationEndpoint, Severity: SeverityRefuse, Use: UseDeviceAuthorization, Citation: rfc(8628, "3.1"),
		Sentence: "`device_authorization_endpoint` is an https URL without fragment"},
	{ID: RuleRevocationEndpoint, Severity: SeverityRefuse, Use: UseRevocation, Citation: rfc(7009, "2"),
		Sentence: "`revocation_endpoint` is an https URL without fragment"},
	{ID: RuleIntrospectionEndpoint, Severity: SeverityRefuse, Use: UseIntrospection, Citation: rfc(7662, "2"),
		Sentence: "`introspection_endpoint` is an https URL without fragment"},
	{ID: RuleEndpoint, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(8414, "2"),
		Sentence: "An endpoint is an absolute https URL (http on loopback) without user information and fragment"},
	{ID: RuleResponseTypes, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`response_types_supported` is there"},
	{ID: RuleResponseTypeCode, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(6749, "4.1.1"),
		Sentence: "`response_types_supported`, when it is there, has code"},
	{ID: RuleResponseModeQuery, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "`response_modes_supported`, when it is there, has query: native clients receive the code no other way"},
	{ID: RulePKCEMissing, Severity: SeverityRefuse, Use: UseAuthorizationCode,
		Citation: mcp("security-considerations", "authorization-code-protection", "Authorization Code Protection"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`code_challenge_methods_supported` is there"},
	{ID: RulePKCEUnsupported, Severity: SeverityRefuse, Use: UseAuthorizationCode,
		Citation: mcp("security-considerations", "authorization-code-protection", "Authorization Code Protection"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`code_challenge_methods_supported`, when it is there, has S256"},
	{ID: RulePKCEMethod, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`code_challenge_methods_supported` has registered methods only: S256 and plain"},
	{ID: RuleGrantTypeCode, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "`grant_types_supported`, when there is an authorization endpoint, has authorization_code or implicit"},
	{ID: RuleGrantTypeDevice, Severity: SeverityWarning, Citation: rfc(8628, "4"),
		Sentence: "`grant_types_supported` names the device grant by its URN, urn:ietf:params:oauth:grant-type:device_code"},
	{ID: RuleAuthSigningAlgorithms, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`token_endpoint_auth_signing_alg_values_supported` is there when private_key_jwt or client_secret_jwt is offered"},
	{ID: RuleAuthSigningAlgorithmNone, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`token_endpoint_auth_signing_alg_values_supported` does not have none"},
	{ID: RuleScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "Each entry of `scopes_supported` is one scope token: printable ASCII without space, quote and backslash"},
	{ID: RuleClientIDDocumentAuth, Severity: SeverityWarning, Citation: cimd("4.1"),
		Sentence: "A server with `client_id_metadata_document_supported` offers none or private_key_jwt at its token endpoint"},
	{ID: RuleAuthMethod, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "Client authentication methods are registered ones"},
	{ID: RuleIssuerNormal, Severity: SeverityWarning, Citation: rfc(8414, "4"),
		Sentence: "`issuer` has its host in lower case and no default port: it is compared byte for byte"},
	{ID: RuleEndpointHost, Severity: SeverityInfo, Citation: rfc(9700, "4.4"),
		Sentence: "The authorization, token and registration endpoints are on the host of the issuer"},
	{ID: RuleDeviceGrant, Severity: SeverityWarning, Citation: rfc(8628, "4"),
		Sentence: "The device grant and `device_authorization_endpoint` come together"},
	{ID: RuleGrantTypeImplicit, Severity: SeverityWarning, Citation: rfc(9700, "2.1.2"),
		Sentence: "`grant_types_supported` does not have implicit"},
	{ID: RuleGrantTypePassword, Severity: SeverityWarning, Citation: rfc(9700, "2.4"),
		Sentence: "`grant_types_supported` does not have password"},
	{ID: RuleGrantTypeRefresh, Severity: SeverityInfo, Citation: rfc(6749, "6"),
		Sentence: "`grant_types_supported` has refresh_token beside authorization_code: without it users log in at every expiry"},
	{ID: RulePKCEPlain, Severity: SeverityInfo, Citation: rfc(9700, "2.1.1"),
		Sentence: "`code_challenge_methods_supported` does not have plain"},
	{ID: RuleIssParameter, Severity: SeverityWarning,
		Citation: mcp("", "authorization-response-validation", "Authorization Response Validation"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityInfo},
		Sentence: "`authorization_response_iss_parameter_supported` is true: a later revision will require it"},
	{ID: RuleClientRegistration, Severity: SeverityInfo, Citation: mcp("client-registration", "client-registration", "Client Registration"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "Clients that the server has never met have a way in: metadata documents or dynamic registration"},
	{ID: RulePushedAuthorizationRequired, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(9126, "5"),
		Sentence: "`require_pushed_authorization_requests` comes with `pushed_authorization_request_endpoint`"},
	{ID: RuleRequestObjectRequired, Severity: SeverityWarning, Citation: rfc(9101, "10.5"),
		Sentence: "`require_signed_request_object` is not set: MCP clients do not sign authorization requests"},
	{ID: RuleDPoPAlgorithm, Severity: SeverityError, Citation: rfc(9449, "4.2"),
		Sentence: "`dpop_signing_alg_values_supported` has asymmetric algorithms only"},
	{ID: RuleOpenIDMember, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`jwks_uri`, `subject_types_supported` and `id_token_signing_alg_values_supported` are there"},
	{ID: RuleOpenIDSubjectType, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`subject_types_supported` has no other values than pairwise and public"},
	{ID: RuleOpenIDSigningAlgorithm, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`id_token_signing_alg_values_supported` has RS256"},
	{ID: RuleOpenIDScope, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`scopes_supported`, when it is there, has openid"},
	{ID: RuleResponseTypeKnown, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "`response_types_supported` has registered values: none, or code, token and id_token in any combination"},
	{ID: RuleResponseModeKnown, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "`response_modes_supported` has registered values: query, fragment, form_post, and those of JARM"},
	{ID: RuleGrantTypeKnown, Severity: SeverityWarning, Citation: rfc(6749, "4.5"),
		Sentence: "`grant_types_supported` has registered values, or absolute URIs for extensions"},
	{ID: RuleAlgorithmKnown, Severity: SeverityWarning, Citation: rfc(7518, "3.1"),
		Sentence: "Signing algorithms have their registered names, in their case"},
	{ID: RuleAuthSigningRS256, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`token_endpoint_auth_signing_alg_values_supported` has RS256"},
	{ID: RuleScopes, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "`scopes_supported` is there"},
	{ID: RuleLanguageTag, Severity: SeverityWarning, Citation: rfc(5646, "2.1"),
		Sentence: "Locales are language tags: subtags of letters and digits with hyphens between"},
	{ID: RuleListTwice, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "A value stands once in a list"},
	{ID: RuleSignedMetadata, Severity: SeverityError, Citation: rfc(8414, "2.1"),
		Sentence: "`signed_metadata` is a signed JWT with an iss claim"},
	{ID: RuleIssuerWellKnown, Severity: SeverityWarning, Citation: rfc(8414, "3"),
		Sentence: "`issuer` is the identifier of the server, not the URL of its metadata"},
	{ID: RuleEndpointShared, Severity: SeverityWarning, Citation: rfc(6749, "3"),
		Sentence: "The authorization endpoint and the token endpoint are two: one is for browsers, the other for clients"},
	{ID: RuleIDJAGGrant, Severity: SeverityWarning, Citation: rfc(7523, "2.1"),
		Sentence: "The ID-JAG profile among `authorization_grant_profiles_supported` comes with the JWT bearer grant"},
	{ID: RuleOpenIDValue, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`display_values_supported` has page, popup, touch and wap, `claim_types_supported` normal, aggregated and distributed"},
	{ID: RuleOpenIDRecommended, Severity: SeverityInfo, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`userinfo_endpoint` and `claims_supported` are there"},
	{ID: RuleOpenIDSigningNone, Severity: SeverityWarning, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`id_token_signing_alg_values_supported` does not have none: ID tokens of the authorization endpoint are signed"},
}
