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
		Sentence: "`issuer` is there",
		Mend:     "Add `issuer` with the https URL that names the server to its clients"},
	{ID: RuleIssuerURL, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "2"),
		Sentence: "`issuer` is an https URL (http on loopback) without query, fragment and user information",
		Mend:     "Write `issuer` as an https URL of host and path (http on loopback only): no ?, no #, no user@, no {placeholder}"},
	{ID: RuleIssuerMatch, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "3.3"),
		Sentence: "`issuer` is identical to the issuer that was asked for",
		Mend:     "Serve `issuer` exactly as clients are given it, or publish the metadata at the well-known URL of the issuer that it names"},
	{ID: RuleIssuerSpelling, Severity: SeverityError, Citation: rfc(8414, "3.3"),
		Sentence: "`issuer` and the issuer that was asked for agree in the slash after the host",
		Mend:     "Write the slash after the host the same way in the server's `issuer` and wherever clients get it, such as `authorization_servers`"},
	{ID: RuleInsecureHTTP, Severity: SeverityWarning, Citation: mcp("security-considerations", "communication-security", "Communication Security"),
		Sentence: "URLs use https; plain http is for development on one machine",
		Mend:     "Serve the URL over https and write it so, before anybody on another machine uses it"},
	{ID: RuleAuthorizationEndpoint, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(6749, "3.1"),
		Sentence: "`authorization_endpoint` is there for the grants that need it, and is an https URL without fragment",
		Mend:     "Write `authorization_endpoint` as an https URL without #, or list in `grant_types_supported` only grants that need none"},
	{ID: RuleTokenEndpoint, Severity: SeverityRefuse, Use: UseToken, Citation: rfc(6749, "3.2"),
		Sentence: "`token_endpoint` is there for the grants that need it, and is an https URL without fragment",
		Mend:     "Write `token_endpoint` as an absolute https URL without # and user@, the one that clients post their token requests to"},
	{ID: RuleRegistrationEndpoint, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3"),
		Sentence: "`registration_endpoint` is an https URL without fragment",
		Mend:     "Write `registration_endpoint` as an absolute https URL without # and user@, or delete it if clients cannot register there"},
	{ID: RulePushedAuthorizationEndpoint, Severity: SeverityRefuse, Use: UsePushedAuthorization, Citation: rfc(9126, "2"),
		Sentence: "`pushed_authorization_request_endpoint` is an https URL without fragment",
		Mend:     "Write `pushed_authorization_request_endpoint` as an absolute https URL without # and user@, or delete it"},
	{ID: RuleDeviceAuthorizationEndpoint, Severity: SeverityRefuse, Use: UseDeviceAuthorization, Citation: rfc(8628, "3.1"),
		Sentence: "`device_authorization_endpoint` is an https URL without fragment",
		Mend:     "Write `device_authorization_endpoint` as an absolute https URL without # and user@, or delete it with the device grant"},
	{ID: RuleRevocationEndpoint, Severity: SeverityRefuse, Use: UseRevocation, Citation: rfc(7009, "2"),
		Sentence: "`revocation_endpoint` is an https URL without fragment",
		Mend:     "Write `revocation_endpoint` as an absolute https URL without # and user@, or delete it if tokens cannot be revoked"},
	{ID: RuleIntrospectionEndpoint, Severity: SeverityRefuse, Use: UseIntrospection, Citation: rfc(7662, "2"),
		Sentence: "`introspection_endpoint` is an https URL without fragment",
		Mend:     "Write `introspection_endpoint` as an absolute https URL without # and user@, or delete it if there is none"},
	{ID: RuleEndpoint, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(8414, "2"),
		Sentence: "An endpoint is an absolute https URL (http on loopback) without user information and fragment",
		Mend:     "Write the member as an absolute https URL without # and user@, or delete it if the server has no such endpoint"},
	{ID: RuleResponseTypes, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`response_types_supported` is there",
		Mend:     "Add `response_types_supported` with what the authorization endpoint takes as response_type, usually [\"code\"]"},
	{ID: RuleResponseTypeCode, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(6749, "4.1.1"),
		Sentence: "`response_types_supported`, when it is there, has code",
		Mend:     "Answer response_type=code at the authorization endpoint, and add code to `response_types_supported`"},
	{ID: RuleResponseModeQuery, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "`response_modes_supported`, when it is there, has query: native clients receive the code no other way",
		Mend:     "Add query to `response_modes_supported`, or delete the member, which then means query and fragment"},
	{ID: RulePKCEMissing, Severity: SeverityRefuse, Use: UseAuthorizationCode,
		Citation: mcp("security-considerations", "authorization-code-protection", "Authorization Code Protection"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`code_challenge_methods_supported` is there",
		Mend:     "Check PKCE on the server, and add `code_challenge_methods_supported` with [\"S256\"]"},
	{ID: RulePKCEUnsupported, Severity: SeverityRefuse, Use: UseAuthorizationCode,
		Citation: mcp("security-considerations", "authorization-code-protection", "Authorization Code Protection"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`code_challenge_methods_supported`, when it is there, has S256",
		Mend:     "Accept S256 challenges, and add S256 to `code_challenge_methods_supported`"},
	{ID: RulePKCEMethod, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`code_challenge_methods_supported` has registered methods only: S256 and plain",
		Mend:     "Delete the value from `code_challenge_methods_supported`, or correct it: clients need S256, in this case of letters"},
	{ID: RuleGrantTypeCode, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "`grant_types_supported`, when there is an authorization endpoint, has authorization_code or implicit",
		Mend:     "Add authorization_code to `grant_types_supported`, or delete `authorization_endpoint` if no grant of the server uses it"},
	{ID: RuleGrantTypeDevice, Severity: SeverityWarning, Citation: rfc(8628, "4"),
		Sentence: "`grant_types_supported` names the device grant by its URN, urn:ietf:params:oauth:grant-type:device_code",
		Mend:     "Replace the entry of `grant_types_supported` by urn:ietf:params:oauth:grant-type:device_code, which clients send"},
	{ID: RuleAuthSigningAlgorithms, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`token_endpoint_auth_signing_alg_values_supported` is there when private_key_jwt or client_secret_jwt is offered",
		Mend:     "List the algorithms for client assertions, such as ES256 and RS256, in the member that the finding points to"},
	{ID: RuleAuthSigningAlgorithmNone, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "`token_endpoint_auth_signing_alg_values_supported` does not have none",
		Mend:     "Refuse client assertions without signature, and delete none from the list that the finding points to"},
	{ID: RuleScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "Each entry of `scopes_supported` is one scope token: printable ASCII without space, quote and backslash",
		Mend:     "Write one scope per entry of `scopes_supported`; rename scopes that have spaces, quotes, backslashes or letters outside ASCII"},
	{ID: RuleClientIDDocumentAuth, Severity: SeverityWarning, Citation: cimd("4.1"),
		Sentence: "A server with `client_id_metadata_document_supported` offers none or private_key_jwt at its token endpoint",
		Mend:     "Accept clients without a secret: add none, private_key_jwt or both to `token_endpoint_auth_methods_supported`"},
	{ID: RuleAuthMethod, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "Client authentication methods are registered ones",
		Mend:     "Write the method as IANA registers it, such as client_secret_basic, private_key_jwt or none, or delete it from the list"},
	{ID: RuleIssuerNormal, Severity: SeverityWarning, Citation: rfc(8414, "4"),
		Sentence: "`issuer` has its host in lower case and no default port: it is compared byte for byte",
		Mend:     "Write the host of `issuer` in lower case and without :443, on the server and wherever clients are given it"},
	{ID: RuleEndpointHost, Severity: SeverityInfo, Citation: rfc(9700, "4.4.2"),
		Sentence: "The authorization, token and registration endpoints are on the host of the issuer",
		Mend:     "Check that the other host belongs to this server; if it need not be another one, serve the endpoint on the issuer's host"},
	{ID: RuleDeviceGrant, Severity: SeverityWarning, Citation: rfc(8628, "4"),
		Sentence: "The device grant and `device_authorization_endpoint` come together",
		Mend:     "Give both `device_authorization_endpoint` and urn:ietf:params:oauth:grant-type:device_code in `grant_types_supported`, or neither"},
	{ID: RuleGrantTypeImplicit, Severity: SeverityWarning, Citation: rfc(9700, "2.1.2"),
		Sentence: "`grant_types_supported` does not have implicit",
		Mend:     "Move clients to authorization_code with PKCE, then delete implicit from `grant_types_supported`"},
	{ID: RuleGrantTypePassword, Severity: SeverityWarning, Citation: rfc(9700, "2.4"),
		Sentence: "`grant_types_supported` does not have password",
		Mend:     "Move clients to authorization_code with PKCE or to the device grant, then delete password from `grant_types_supported`"},
	{ID: RuleGrantTypeRefresh, Severity: SeverityInfo, Citation: rfc(6749, "6"),
		Sentence: "`grant_types_supported` has refresh_token beside authorization_code: without it users log in at every expiry",
		Mend:     "Issue refresh tokens, and add refresh_token to `grant_types_supported`"},
	{ID: RulePKCEPlain, Severity: SeverityInfo, Citation: rfc(9700, "2.1.1"),
		Sentence: "`code_challenge_methods_supported` does not have plain",
		Mend:     "Refuse plain challenges once no client sends them, and delete plain from `code_challenge_methods_supported`"},
	{ID: RuleIssParameter, Severity: SeverityWarning,
		Citation: mcp("", "authorization-response-validation", "Authorization Response Validation"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityInfo},
		Sentence: "`authorization_response_iss_parameter_supported` is true: a later revision is expected to require it",
		Mend:     "Put `iss` into all authorization responses, errors too, and set `authorization_response_iss_parameter_supported` to true"},
	{ID: RuleClientRegistration, Severity: SeverityInfo, Citation: mcp("", "client-registration", "Client Registration"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "Clients that the server has never met have a way in: metadata documents or dynamic registration",
		Mend:     "Accept metadata documents and set `client_id_metadata_document_supported` to true, or add a `registration_endpoint`"},
	{ID: RulePushedAuthorizationRequired, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(9126, "5"),
		Sentence: "`require_pushed_authorization_requests` comes with `pushed_authorization_request_endpoint`",
		Mend:     "Add `pushed_authorization_request_endpoint`, or set `require_pushed_authorization_requests` to false"},
	{ID: RuleRequestObjectRequired, Severity: SeverityWarning, Citation: rfc(9101, "10.5"),
		Sentence: "`require_signed_request_object` is not set: MCP clients do not sign authorization requests",
		Mend:     "Set `require_signed_request_object` to false here, and to true in the registration of clients that do sign"},
	{ID: RuleDPoPAlgorithm, Severity: SeverityError, Citation: rfc(9449, "11.6"),
		Sentence: "`dpop_signing_alg_values_supported` has asymmetric algorithms only",
		Mend:     "List only asymmetric algorithms, such as ES256, in `dpop_signing_alg_values_supported`; delete none, HS256, HS384 and HS512"},
	{ID: RuleOpenIDMember, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`jwks_uri`, `subject_types_supported` and `id_token_signing_alg_values_supported` are there",
		Mend:     "Add the member, such as `subject_types_supported` with [\"public\"], or publish the document as oauth-authorization-server only"},
	{ID: RuleOpenIDSubjectType, Severity: SeverityWarning, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`subject_types_supported` has no other values than pairwise and public",
		Mend:     "Write only public, pairwise or both into `subject_types_supported`"},
	{ID: RuleOpenIDSigningAlgorithm, Severity: SeverityError, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`id_token_signing_alg_values_supported` has RS256",
		Mend:     "Sign ID tokens with RS256 for clients that name no other algorithm, and add it to `id_token_signing_alg_values_supported`"},
	{ID: RuleOpenIDScope, Severity: SeverityWarning, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`scopes_supported`, when it is there, has openid",
		Mend:     "Add openid to `scopes_supported`"},
	{ID: RuleResponseTypeKnown, Severity: SeverityWarning, Citation: rfc(6749, "3.1.1"),
		Sentence: "`response_types_supported` has registered values: none, or code, token and id_token in any combination",
		Mend:     "Write words of code, token and id_token with one space between into `response_types_supported`; grants are no response types"},
	{ID: RuleResponseModeKnown, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "`response_modes_supported` has registered values: query, fragment, form_post, and those of JARM",
		Mend:     "Correct the mode in `response_modes_supported`; leave one of your own only for clients that know it"},
	{ID: RuleGrantTypeKnown, Severity: SeverityWarning, Citation: rfc(6749, "4.5"),
		Sentence: "`grant_types_supported` has registered values, or absolute URIs for extensions",
		Mend:     "Write the registered name into `grant_types_supported`, such as urn:ietf:params:oauth:grant-type:token-exchange, or a URI of your own"},
	{ID: RuleAlgorithmKnown, Severity: SeverityWarning, Citation: rfc(7515, "4.1.1"),
		Sentence: "Signing algorithms have their registered names, in their case",
		Mend:     "Write the algorithm as the JOSE registry spells it, such as ES256, RS256 or EdDSA, or delete it from the list"},
	{ID: RuleAuthSigningRS256, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`token_endpoint_auth_signing_alg_values_supported` has RS256",
		Mend:     "Accept client assertions signed with RS256 too, and add it to `token_endpoint_auth_signing_alg_values_supported`"},
	{ID: RuleScopes, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`scopes_supported` is there",
		Mend:     "Add `scopes_supported` with the scopes that clients may know of, offline_access too if refresh tokens depend on it"},
	{ID: RuleLanguageTag, Severity: SeverityWarning, Citation: rfc(5646, "2.1"),
		Sentence: "Locales are language tags: subtags of letters and digits with hyphens between",
		Mend:     "Write hyphens between the subtags, fr-FR instead of fr_FR, in `ui_locales_supported` and `claims_locales_supported`"},
	{ID: RuleListTwice, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "A value stands once in a list",
		Mend:     "Delete the repeated value from the list"},
	{ID: RuleSignedMetadata, Severity: SeverityError, Citation: rfc(8414, "2.1"),
		Sentence: "`signed_metadata` is a signed JWT with an iss claim",
		Mend:     "Put a compact JWT with an iss claim, signed with an algorithm other than none, into `signed_metadata`, or delete it"},
	{ID: RuleIssuerWellKnown, Severity: SeverityWarning, Citation: rfc(8414, "3"),
		Sentence: "`issuer` is the identifier of the server, not the URL of its metadata",
		Mend:     "Cut `issuer` before /.well-known/, and publish the metadata at the well-known URL of what is left"},
	{ID: RuleEndpointShared, Severity: SeverityWarning, Citation: rfc(6749, "3"),
		Sentence: "The authorization endpoint and the token endpoint are two: one is for browsers, the other for clients",
		Mend:     "Serve the token endpoint at a URL of its own, and write that into `token_endpoint`"},
	{ID: RuleIDJAGGrant, Severity: SeverityError, Citation: draft("draft-ietf-oauth-identity-assertion-authz-grant-03", "7"),
		Sentence: "The ID-JAG profile among `authorization_grant_profiles_supported` comes with the JWT bearer grant",
		Mend:     "Add urn:ietf:params:oauth:grant-type:jwt-bearer to `grant_types_supported`, or delete the profile from `authorization_grant_profiles_supported`"},
	{ID: RuleOpenIDValue, Severity: SeverityWarning, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`display_values_supported` has page, popup, touch and wap, `claim_types_supported` normal, aggregated and distributed",
		Mend:     "Delete the value from `display_values_supported` or `claim_types_supported`, or correct it"},
	{ID: RuleOpenIDRecommended, Severity: SeverityInfo, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`userinfo_endpoint` and `claims_supported` are there",
		Mend:     "Add `userinfo_endpoint`, and `claims_supported` with the names of the claims that the provider can give"},
	{ID: RuleOpenIDSigningNone, Severity: SeverityWarning, Citation: oidc("discovery", "ProviderMetadata", "3"),
		Sentence: "`id_token_signing_alg_values_supported` does not have none: ID tokens of the authorization endpoint are signed",
		Mend:     "Delete none from `id_token_signing_alg_values_supported`, or all with id_token from `response_types_supported`"},
}
