// Rows: client metadata, client information (RFC 7591) and Client ID Metadata
// Documents.

package validate

// Rules of client metadata and client information.
const (
	// RuleClientID is broken by client information without a client_id (REG-5).
	RuleClientID Rule = "client-id"
	// RuleClientRedirectURIs is broken by a client without redirect URIs whose
	// grants need one.
	RuleClientRedirectURIs Rule = "client-redirect-uris"
	// RuleRedirectURI is broken by a redirect URI that must not be used
	// (REG-11). It is also the rule of RedirectURI.
	RuleRedirectURI Rule = "client-redirect-uri"
	// RuleRedirectURIDropped is broken by a registration without a redirect URI
	// that was asked for (REG-6).
	RuleRedirectURIDropped Rule = "client-redirect-uri-dropped"
	// RuleApplicationType is broken by a registration request without application_type (REG-4).
	RuleApplicationType Rule = "client-application-type"
	// RuleApplicationTypeRedirect is broken by an application_type that does not fit a redirect URI.
	RuleApplicationTypeRedirect Rule = "client-application-type-redirect"
	// RuleClientAuthMethod is broken by an unknown client authentication method (REG-6).
	RuleClientAuthMethod Rule = "client-auth-method"
	// RuleClientSecretMissing is broken by a secret method without a secret (REG-6).
	RuleClientSecretMissing Rule = "client-secret-missing"
	// RuleClientSecretExpiry is broken by a secret without client_secret_expires_at.
	RuleClientSecretExpiry Rule = "client-secret-expiry"
	// RuleClientKeys is broken by private_key_jwt without a key.
	RuleClientKeys Rule = "client-keys"
	// RuleClientKeysTwice is broken by jwks beside jwks_uri.
	RuleClientKeysTwice Rule = "client-keys-twice"
	// RuleClientKeysUnused is broken by keys of a client that does not authenticate.
	RuleClientKeysUnused Rule = "client-keys-unused"
	// RuleClientKeysURI is broken by a jwks_uri that cannot be used.
	RuleClientKeysURI Rule = "client-jwks-uri"
	// RuleClientPrivateKey is broken by a private or symmetric key in jwks (STORE-4).
	RuleClientPrivateKey Rule = "client-private-key"
	// RuleClientSigningAlgorithm is broken by an algorithm that JOSE does not
	// register, or by none.
	RuleClientSigningAlgorithm Rule = "client-signing-algorithm"
	// RuleClientGrantResponse is broken by grant types and response types that
	// do not belong together.
	RuleClientGrantResponse Rule = "client-grant-response"
	// RuleClientRefreshGrant is broken by a code client that does not ask for
	// the refresh grant.
	RuleClientRefreshGrant Rule = "client-refresh-grant"
	// RuleClientScopeSyntax is broken by a scope that is no list of scope tokens.
	RuleClientScopeSyntax Rule = "client-scope-syntax"
	// RuleRegistrationClientURI is broken by a registration_client_uri that
	// cannot be used, or that has no registration_access_token.
	RuleRegistrationClientURI Rule = "client-registration-uri"
	// RuleClientName is broken by a registration request without client_name.
	RuleClientName Rule = "client-name"
	// RuleClientAlgorithmMethod is broken by a signing algorithm that does not
	// belong to the authentication method.
	RuleClientAlgorithmMethod Rule = "client-algorithm-method"
	// RuleClientSecretTimes is broken by a secret that expires before it is issued.
	RuleClientSecretTimes Rule = "client-secret-times"
	// RuleRedirectURITwice is broken by a redirect URI that stands twice.
	RuleRedirectURITwice Rule = "client-redirect-uri-twice"
	// RuleRedirectLocalhost is broken by a redirect URI with the name localhost.
	RuleRedirectLocalhost Rule = "client-redirect-localhost"
	// RuleClientGrantImplicit is broken by the implicit grant or its response types.
	RuleClientGrantImplicit Rule = "client-grant-implicit"
	// RuleClientSubstituted is broken by a registration with other values than
	// were asked for (REG-5).
	RuleClientSubstituted Rule = "client-substituted"
	// RuleClientGrantDropped is broken by a registration without the
	// authorization_code that was asked for.
	RuleClientGrantDropped Rule = "client-grant-dropped"
	// RuleClientRefreshDropped is broken by a registration without the
	// refresh_token grant that was asked for.
	RuleClientRefreshDropped Rule = "client-refresh-dropped"
	// RuleClientReturned is broken by an answer that leaves out what was registered.
	RuleClientReturned Rule = "client-metadata-returned"
	// RuleClientGrantPassword is broken by the password grant.
	RuleClientGrantPassword Rule = "client-grant-password"
	// RuleClientCredentialsPublic is broken by a client that uses its own
	// credentials without having any.
	RuleClientCredentialsPublic Rule = "client-credentials-public"
	// RuleClientGrantKnown is broken by a grant type that is neither registered nor a URI.
	RuleClientGrantKnown Rule = "client-grant-known"
	// RuleClientURI is broken by a registration request without client_uri.
	RuleClientURI Rule = "client-uri"
	// RuleSoftwareStatement is broken by a software statement that is no signed JWT.
	RuleSoftwareStatement Rule = "client-software-statement"
	// RuleClientKeyMembers is broken by a key without the members of its type.
	RuleClientKeyMembers Rule = "client-key-members"
	// RuleClientKeyTwice is broken by two keys with one identifier.
	RuleClientKeyTwice Rule = "client-key-id-twice"
	// RuleClientCertificateKeys is broken by a self-signed certificate without keys.
	RuleClientCertificateKeys Rule = "client-certificate-keys"
	// RuleClientCertificateSubject is broken by tls_client_auth without exactly
	// one member that says who the certificate is for.
	RuleClientCertificateSubject Rule = "client-certificate-subject"
)

var clientRows = []Row{
	{ID: RuleClientID, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(7591, "3.2.1"),
		Sentence: "`client_id` is there"},
	{ID: RuleClientRedirectURIs, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(7591, "2"),
		Sentence: "`redirect_uris` is there for grants that redirect"},
	{ID: RuleRedirectURI, Severity: SeverityRefuse, Use: UseMember,
		Citation: mcp("security-considerations", "communication-security", "Communication Security"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "A redirect URI is https, or http on localhost, 127.0.0.1 or [::1], without fragment and user information"},
	{ID: RuleRedirectURIDropped, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered each redirect URI that was asked for"},
	{ID: RuleApplicationType, Severity: SeverityError,
		Citation: mcp("client-registration", "application-type-and-redirect-uri-constraints", "Application Type"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityOff},
		Sentence: "A registration request has `application_type`: without it the server takes web"},
	{ID: RuleApplicationTypeRedirect, Severity: SeverityWarning, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "Native clients redirect to loopback, web clients to https"},
	{ID: RuleClientAuthMethod, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "2"),
		Sentence: "`token_endpoint_auth_method` is a registered method"},
	{ID: RuleClientSecretMissing, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3.2.1"),
		Sentence: "A client that authenticates with a secret got one"},
	{ID: RuleClientSecretExpiry, Severity: SeverityError, Citation: rfc(7591, "3.2.1"),
		Sentence: "`client_secret_expires_at` is there when `client_secret` is"},
	{ID: RuleClientKeys, Severity: SeverityError, Citation: rfc(7591, "2"),
		Sentence: "A client that authenticates with private_key_jwt has `jwks` or `jwks_uri`"},
	{ID: RuleClientKeysTwice, Severity: SeverityError, Citation: rfc(7591, "2"),
		Sentence: "`jwks` and `jwks_uri` are not there together"},
	{ID: RuleClientKeysUnused, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "A client with the authentication method none has no keys"},
	{ID: RuleClientKeysURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(7591, "2"),
		Sentence: "`jwks_uri` is an https URL"},
	{ID: RuleClientPrivateKey, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(7517, "4"),
		Sentence: "`jwks` has public keys only"},
	{ID: RuleClientSigningAlgorithm, Severity: SeverityError, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "`token_endpoint_auth_signing_alg` is a registered JOSE algorithm and not none"},
	{ID: RuleClientGrantResponse, Severity: SeverityError, Citation: rfc(7591, "2.1"),
		Sentence: "authorization_code among the grant types and code among the response types come together"},
	{ID: RuleClientRefreshGrant, Severity: SeverityInfo, Citation: mcp("", "refresh-tokens", "Refresh Tokens"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "A client that uses authorization_code names refresh_token among its grant types"},
	{ID: RuleClientScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "`scope` is a list of scope tokens with one space between"},
	{ID: RuleRegistrationClientURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(7592, "3"),
		Sentence: "`registration_client_uri` is an https URL and has a `registration_access_token` with it"},
	{ID: RuleClientName, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "`client_name` is there: the user is asked to trust it"},
	{ID: RuleClientAlgorithmMethod, Severity: SeverityError, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "private_key_jwt goes with an asymmetric algorithm, client_secret_jwt with a symmetric one"},
	{ID: RuleClientSecretTimes, Severity: SeverityError, Citation: rfc(7591, "3.2.1"),
		Sentence: "`client_secret_expires_at` is 0 or later than `client_id_issued_at`"},
	{ID: RuleRedirectURITwice, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "Each redirect URI stands once in `redirect_uris`"},
	{ID: RuleRedirectLocalhost, Severity: SeverityInfo, Citation: rfc(8252, "8.3"),
		Sentence: "Loopback redirect URIs have an address and not the name localhost, which may resolve to another interface"},
	{ID: RuleClientGrantImplicit, Severity: SeverityWarning, Citation: rfc(9700, "2.1.2"),
		Sentence: "Clients do not use the implicit grant"},
	{ID: RuleClientSubstituted, Severity: SeverityInfo, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered what was asked for; a client takes other values as they are"},
	{ID: RuleClientGrantDropped, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered authorization_code when that was asked for"},
	{ID: RuleClientRefreshDropped, Severity: SeverityWarning, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered refresh_token when that was asked for: without it users log in at every expiry"},
	{ID: RuleClientReturned, Severity: SeverityError, Citation: rfc(7591, "3.2.1"),
		Sentence: "The answer has the `redirect_uris` that were registered"},
	{ID: RuleClientGrantPassword, Severity: SeverityWarning, Citation: rfc(9700, "2.4"),
		Sentence: "Clients do not use the password grant"},
	{ID: RuleClientCredentialsPublic, Severity: SeverityError, Citation: rfc(6749, "4.4"),
		Sentence: "A client that uses client_credentials authenticates: its method is not none"},
	{ID: RuleClientGrantKnown, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "`grant_types` has registered values, or absolute URIs for extensions"},
	{ID: RuleClientURI, Severity: SeverityInfo, Citation: rfc(7591, "2"),
		Sentence: "`client_uri` is there: a page that tells people about the client"},
	{ID: RuleSoftwareStatement, Severity: SeverityError, Citation: rfc(7591, "2.3"),
		Sentence: "`software_statement` is a signed JWT with an iss claim"},
	{ID: RuleClientKeyMembers, Severity: SeverityError, Citation: rfc(7518, "6"),
		Sentence: "A key in `jwks` has the members of its type: crv, x and y of EC, n and e of RSA, crv and x of OKP"},
	{ID: RuleClientKeyTwice, Severity: SeverityWarning, Citation: rfc(7517, "4.5"),
		Sentence: "Each `kid` stands once in `jwks`"},
	{ID: RuleClientCertificateKeys, Severity: SeverityError, Citation: rfc(8705, "2.2.2"),
		Sentence: "A client with a self-signed certificate has `jwks` or `jwks_uri`"},
	{ID: RuleClientCertificateSubject, Severity: SeverityError, Citation: rfc(8705, "2.1.2"),
		Sentence: "A client with the method tls_client_auth has exactly one member that says who the certificate is for"},
}

// Rules of Client ID Metadata Documents.
const (
	// RuleClientIDURL is broken by a client identifier URL that cannot be one
	// (REG-2). It is also the rule of ClientIDURL.
	RuleClientIDURL Rule = "cimd-client-id-url"
	// RuleClientIDURLQuery is broken by a client identifier URL with a query.
	RuleClientIDURLQuery Rule = "cimd-client-id-query"
	// RuleClientIDDocumentID is broken by a client_id that is missing or is not
	// the URL of the document.
	RuleClientIDDocumentID Rule = "cimd-client-id"
	// RuleClientIDDocumentName is broken by a document without a client_name.
	RuleClientIDDocumentName Rule = "cimd-client-name"
	// RuleClientIDDocumentRedirectURIs is broken by a document without redirect URIs.
	RuleClientIDDocumentRedirectURIs Rule = "cimd-redirect-uris"
	// RuleClientIDDocumentMethod is broken by a method that needs a shared secret.
	RuleClientIDDocumentMethod Rule = "cimd-auth-method"
	// RuleClientIDDocumentKeys is broken by private_key_jwt without a key.
	RuleClientIDDocumentKeys Rule = "cimd-keys"
	// RuleClientIDDocumentSecret is broken by a secret in the public document.
	RuleClientIDDocumentSecret Rule = "cimd-client-secret"
	// RuleClientIDDocumentOrigin is broken by an https redirect URI on another
	// origin than the client's.
	RuleClientIDDocumentOrigin Rule = "cimd-redirect-origin"
	// RuleClientIDDocumentSize is broken by a document that servers may refuse to read.
	RuleClientIDDocumentSize Rule = "cimd-size"
)

var clientIDRows = []Row{
	{ID: RuleClientIDURL, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("3"),
		Sentence: "A client identifier URL is https with a path, without fragment, user information and dot segments"},
	{ID: RuleClientIDURLQuery, Severity: SeverityWarning, Citation: cimd("3"),
		Sentence: "A client identifier URL has no query"},
	{ID: RuleClientIDDocumentID, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("4.1"),
		Sentence: "`client_id` is the URL of the document, byte for byte"},
	{ID: RuleClientIDDocumentName, Severity: SeverityRefuse, Use: UseDocument,
		Citation: mcp("client-registration", "implementation-requirements", "Implementation Requirements"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`client_name` is there"},
	{ID: RuleClientIDDocumentRedirectURIs, Severity: SeverityRefuse, Use: UseDocument,
		Citation: mcp("client-registration", "implementation-requirements", "Implementation Requirements"),
		Sentence: "`redirect_uris` has at least one entry"},
	{ID: RuleClientIDDocumentMethod, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("4.1"),
		Sentence: "`token_endpoint_auth_method` needs no shared secret: none, private_key_jwt or mutual TLS"},
	{ID: RuleClientIDDocumentKeys, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("6.2"),
		Sentence: "A client that authenticates with private_key_jwt has `jwks` or `jwks_uri`"},
	{ID: RuleClientIDDocumentSecret, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("4.1"),
		Sentence: "The document, which everyone can read, has neither `client_secret` nor `client_secret_expires_at`"},
	{ID: RuleClientIDDocumentOrigin, Severity: SeverityInfo, Citation: cimd("6.1"),
		Sentence: "https redirect URIs are on the origin of `client_id`: a server may insist on it"},
	{ID: RuleClientIDDocumentSize, Severity: SeverityWarning, Citation: cimd("6.6"),
		Sentence: "The document is at most 5 KB long: servers may refuse to read more"},
}
