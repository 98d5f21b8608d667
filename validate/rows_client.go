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
		Sentence: "`client_id` is there",
		Mend:     "Return the issued identifier as `client_id` from the authorization server's registration endpoint"},
	{ID: RuleClientRedirectURIs, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(7591, "2"),
		Sentence: "`redirect_uris` is there for grants that redirect",
		Mend:     "List the URIs that the client is called back at in `redirect_uris`, or name only grants without a redirect in its `grant_types`"},
	{ID: RuleRedirectURI, Severity: SeverityRefuse, Use: UseMember,
		Citation: mcp("security-considerations", "communication-security", "Communication Security"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "A redirect URI is https, or http on localhost, 127.0.0.1 or [::1], without fragment and user information",
		Mend:     "Register an https URL of the client, or http://127.0.0.1 or [::1] with its path, in `redirect_uris`; leave out # and user@, and other schemes"},
	{ID: RuleRedirectURIDropped, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered each redirect URI that was asked for",
		Mend:     "Keep each requested URI in `redirect_uris` on the authorization server, or answer invalid_redirect_uri instead of dropping one"},
	{ID: RuleApplicationType, Severity: SeverityError,
		Citation: mcp("client-registration", "application-type-and-redirect-uri-constraints", "Application Type and Redirect URI Constraints"),
		Profiles: map[Profile]Severity{ProfileMCP20251125: SeverityInfo, ProfileRFC: SeverityOff},
		Sentence: "A registration request has `application_type`: without it the server takes web",
		Mend:     "Add `application_type` to the client's request: native for redirect URIs on loopback, web for https ones"},
	{ID: RuleApplicationTypeRedirect, Severity: SeverityWarning, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "Native clients redirect to loopback, web clients to https",
		Mend:     "Set `application_type` to native for `redirect_uris` on loopback, to web for https ones; register a client with both as two"},
	{ID: RuleClientAuthMethod, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "2"),
		Sentence: "`token_endpoint_auth_method` is a registered method; a URI, which is legal too, means nothing to other clients",
		Mend:     "Write none, client_secret_basic, private_key_jwt or another method of the IANA registry into `token_endpoint_auth_method`"},
	{ID: RuleClientSecretMissing, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3.2.1"),
		Sentence: "A client that authenticates with a secret got one",
		Mend:     "Return `client_secret` from the authorization server, or register the client with `token_endpoint_auth_method` none"},
	{ID: RuleClientSecretExpiry, Severity: SeverityError, Citation: rfc(7591, "3.2.1"),
		Sentence: "`client_secret_expires_at` is there when `client_secret` is",
		Mend:     "Return `client_secret_expires_at` from the authorization server: seconds since 1970, or 0 for a secret that does not expire"},
	{ID: RuleClientKeys, Severity: SeverityError, Citation: oidc("core", "ClientAuthentication", "9"),
		Sentence: "A client that authenticates with private_key_jwt has `jwks` or `jwks_uri`",
		Mend:     "Put the client's public keys into `jwks` or the https URL that serves them into `jwks_uri`, or choose another method"},
	{ID: RuleClientKeysTwice, Severity: SeverityError, Citation: rfc(7591, "2"),
		Sentence: "`jwks` and `jwks_uri` are not there together",
		Mend:     "Delete `jwks` when the client serves its keys at `jwks_uri`, else delete `jwks_uri`"},
	{ID: RuleClientKeysUnused, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "A client with the authentication method none has no keys",
		Mend:     "Set `token_endpoint_auth_method` to private_key_jwt when the client signs with these keys, else delete `jwks` and `jwks_uri`"},
	{ID: RuleClientKeysURI, Severity: SeverityRefuse, Use: UseMember, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "`jwks_uri` is an https URL",
		Mend:     "Serve the client's key set over https and write its absolute URL, without fragment and user information, into `jwks_uri`"},
	{ID: RuleClientPrivateKey, Severity: SeverityRefuse, Use: UseDocument, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "`jwks` has public keys only",
		Mend:     "Make new keys, for these are known to others now, and list only their public members in `jwks`: no `d`, `p`, `q`, `dp`, `dq`, `qi`, no `k`"},
	{ID: RuleClientSigningAlgorithm, Severity: SeverityError, Citation: oidc("registration", "ClientMetadata", "2"),
		Sentence: "`token_endpoint_auth_signing_alg` is a registered JOSE algorithm and not none",
		Mend:     "Write the algorithm of the client's assertions, such as ES256, into `token_endpoint_auth_signing_alg`, as the JOSE registry spells it"},
	{ID: RuleClientGrantResponse, Severity: SeverityWarning, Citation: rfc(7591, "2.1"),
		Sentence: "authorization_code among the grant types and code among the response types come together",
		Mend:     "Add code to `response_types` where `grant_types` has authorization_code, and the other way round, or delete both"},
	{ID: RuleClientRefreshGrant, Severity: SeverityInfo, Citation: mcp("", "refresh-tokens", "Refresh Tokens"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityOff},
		Sentence: "A client that uses authorization_code names refresh_token among its grant types",
		Mend:     "Add refresh_token to `grant_types` of the client's metadata: then tokens are renewed without the user"},
	{ID: RuleClientScopeSyntax, Severity: SeverityError, Citation: rfc(6749, "3.3"),
		Sentence: "`scope` is a list of scope tokens with one space between",
		Mend:     "Write `scope` in the client's metadata as one string: scope tokens, one space between, none at the ends, no quotes and backslashes"},
	{ID: RuleRegistrationClientURI, Severity: SeverityRefuse, Use: UseMember, Citation: rfc(7592, "3"),
		Sentence: "`registration_client_uri` is an https URL and has a `registration_access_token` with it",
		Mend:     "Return an https `registration_client_uri` and a `registration_access_token` from the authorization server, or neither"},
	{ID: RuleClientName, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "`client_name` is there: the user is asked to trust it",
		Mend:     "Add `client_name` to the client's metadata: the name under which users know it, for the consent page"},
	{ID: RuleClientAlgorithmMethod, Severity: SeverityError, Citation: oidc("core", "ClientAuthentication", "9"),
		Sentence: "private_key_jwt goes with an asymmetric algorithm, client_secret_jwt with a symmetric one",
		Mend:     "Set `token_endpoint_auth_signing_alg` to ES256, PS256, RS256 or EdDSA for private_key_jwt, to HS256 for client_secret_jwt"},
	{ID: RuleClientSecretTimes, Severity: SeverityError, Citation: rfc(7591, "3.2.1"),
		Sentence: "`client_secret_expires_at` is 0 or later than `client_id_issued_at`",
		Mend:     "Return the moment of expiry as `client_secret_expires_at` from the authorization server: seconds since 1970 and no duration, or 0"},
	{ID: RuleRedirectURITwice, Severity: SeverityInfo, Citation: rfc(7591, "2"),
		Sentence: "Each redirect URI stands once in `redirect_uris`",
		Mend:     "Delete the entry of `redirect_uris` that repeats another"},
	{ID: RuleRedirectLocalhost, Severity: SeverityInfo, Citation: rfc(8252, "8.3"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "Loopback redirect URIs have an address and not the name localhost, which may resolve to another interface",
		Mend:     "Write 127.0.0.1 or [::1] for localhost in `redirect_uris`, and let the client listen on that address"},
	{ID: RuleClientGrantImplicit, Severity: SeverityWarning, Citation: rfc(9700, "2.1.2"),
		Sentence: "Clients do not use the implicit grant",
		Mend:     "Replace implicit by authorization_code in the client's `grant_types` and token by code in `response_types`, and use PKCE"},
	{ID: RuleClientSubstituted, Severity: SeverityInfo, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered what was asked for; a client takes other values as they are",
		Mend:     "Let the client go by the answer's members, `token_endpoint_auth_method` above all; ask for what the authorization server allows"},
	{ID: RuleClientGrantDropped, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered authorization_code when that was asked for",
		Mend:     "Allow authorization_code for this client on the authorization server, so that the answer has it in `grant_types`"},
	{ID: RuleClientRefreshDropped, Severity: SeverityWarning, Citation: rfc(7591, "3.2.1"),
		Sentence: "The server registered refresh_token when that was asked for: without it users log in at every expiry",
		Mend:     "Allow refresh_token for this client on the authorization server, so that the answer has it in `grant_types`"},
	{ID: RuleClientReturned, Severity: SeverityError, Citation: rfc(7591, "3.2.1"),
		Sentence: "The answer has the `redirect_uris` that were registered",
		Mend:     "Return `redirect_uris`, and all else that was registered, in the authorization server's answer"},
	{ID: RuleClientGrantPassword, Severity: SeverityError, Citation: rfc(9700, "2.4"),
		Sentence: "Clients do not use the password grant",
		Mend:     "Delete password from the client's `grant_types`: use authorization_code for people, client_credentials for machines"},
	{ID: RuleClientCredentialsPublic, Severity: SeverityError, Citation: rfc(6749, "4.4"),
		Sentence: "A client that uses client_credentials authenticates: its method is not none",
		Mend:     "Set `token_endpoint_auth_method` to private_key_jwt or client_secret_basic, or delete client_credentials from `grant_types`"},
	{ID: RuleClientGrantKnown, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "`grant_types` has registered values, or absolute URIs for extensions",
		Mend:     "Spell `grant_types` as registered (authorization_code), and extensions in full: urn:ietf:params:oauth:grant-type:device_code"},
	{ID: RuleClientURI, Severity: SeverityWarning, Citation: rfc(7591, "2"),
		Sentence: "`client_uri` is there: a page that tells people about the client",
		Mend:     "Add `client_uri` to the client's metadata: an https page that says who runs the client"},
	{ID: RuleSoftwareStatement, Severity: SeverityError, Citation: rfc(7591, "2.3"),
		Sentence: "`software_statement` is a signed JWT with an iss claim",
		Mend:     "Put the JWT as its publisher signed it into `software_statement`: three parts, an `iss` claim, an `alg` other than none"},
	{ID: RuleClientKeyMembers, Severity: SeverityError, Citation: rfc(7518, "6"),
		Sentence: "A key in `jwks` has the members of its type: crv, x and y of EC, n and e of RSA, crv and x of OKP",
		Mend:     "Add the missing member to the key in `jwks`: `crv`, `x`, `y` for EC, `n`, `e` for RSA, `crv`, `x` for OKP"},
	{ID: RuleClientKeyTwice, Severity: SeverityWarning, Citation: rfc(7517, "4.5"),
		Sentence: "Each `kid` stands once in `jwks`",
		Mend:     "Give each key in the client's `jwks` a `kid` of its own, and name that one in the header of its assertions"},
	{ID: RuleClientCertificateKeys, Severity: SeverityError, Citation: rfc(8705, "2.2.2"),
		Sentence: "A client with a self-signed certificate has `jwks` or `jwks_uri`",
		Mend:     "Put the certificate into the client's `jwks` as a key with `x5c`, or the https URL of that key set into `jwks_uri`"},
	{ID: RuleClientCertificateSubject, Severity: SeverityError, Citation: rfc(8705, "2.1.2"),
		Sentence: "A client with the method tls_client_auth has exactly one member that says who the certificate is for",
		Mend:     "Name the certificate's subject in one member, such as `tls_client_auth_subject_dn` or `tls_client_auth_san_dns`, and delete the others"},
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
		Sentence: "A client identifier URL is https with a path, without fragment, user information and dot segments",
		Mend:     "Serve the document at an https URL with a path, such as https://app.example.com/client.json, and write that URL into `client_id`"},
	{ID: RuleClientIDURLQuery, Severity: SeverityWarning, Citation: cimd("3"),
		Sentence: "A client identifier URL has no query",
		Mend:     "Serve the document at a URL without ?, and write that URL into `client_id` and into the client's configuration"},
	{ID: RuleClientIDDocumentID, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("4.1"),
		Sentence: "`client_id` is the URL of the document, byte for byte",
		Mend:     "Copy the URL that serves the document into `client_id` without a change of case, port or trailing slash"},
	{ID: RuleClientIDDocumentName, Severity: SeverityRefuse, Use: UseDocument,
		Citation: mcp("client-registration", "implementation-requirements", "Implementation Requirements"),
		Profiles: map[Profile]Severity{ProfileRFC: SeverityWarning},
		Sentence: "`client_name` is there",
		Mend:     "Add `client_name` to the document: the name that the authorization server shows to users"},
	{ID: RuleClientIDDocumentRedirectURIs, Severity: SeverityRefuse, Use: UseDocument,
		Citation: mcp("client-registration", "implementation-requirements", "Implementation Requirements"),
		Sentence: "`redirect_uris` has at least one entry",
		Mend:     "Add `redirect_uris` to the document, with each URI that the client is called back at"},
	{ID: RuleClientIDDocumentMethod, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("4.1"),
		Sentence: "`token_endpoint_auth_method` needs no shared secret: none, private_key_jwt or mutual TLS",
		Mend:     "Set `token_endpoint_auth_method` to none, or to private_key_jwt with public keys in `jwks`; absent, it means client_secret_basic"},
	{ID: RuleClientIDDocumentKeys, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("6.2"),
		Sentence: "A client that authenticates with private_key_jwt has `jwks` or `jwks_uri`",
		Mend:     "Add the client's public keys to the document as `jwks`, or the https URL that serves them as `jwks_uri`"},
	{ID: RuleClientIDDocumentSecret, Severity: SeverityRefuse, Use: UseDocument, Citation: cimd("4.1"),
		Sentence: "The document, which everyone can read, has neither `client_secret` nor `client_secret_expires_at`",
		Mend:     "Delete `client_secret`, `client_secret_expires_at` and `registration_access_token` from the document, and revoke what stood there"},
	{ID: RuleClientIDDocumentOrigin, Severity: SeverityInfo, Citation: cimd("6.1"),
		Sentence: "https redirect URIs are on the origin of `client_id`: a server may insist on it",
		Mend:     "Serve the document on the origin of its https `redirect_uris`, or move these to the origin of `client_id`"},
	{ID: RuleClientIDDocumentSize, Severity: SeverityWarning, Citation: cimd("6.6"),
		Sentence: "The document is at most 5 KB long: servers may refuse to read more",
		Mend:     "Shorten the document: serve the keys at `jwks_uri` instead of in `jwks`, and pictures at URLs instead of data: URLs"},
}
