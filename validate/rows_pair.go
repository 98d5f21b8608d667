// Rows: pairs of documents.

package validate

// Rules of pairs.
const (
	// RulePartner is broken by a second document that cannot be judged with the first.
	RulePartner Rule = "pair-document"
	// RulePairIssuer is broken by a server that the resource does not name (DISC-14).
	RulePairIssuer Rule = "pair-issuer"
	// RulePairIssuerSpelling is broken by a server that the resource names with
	// another slash after the host.
	RulePairIssuerSpelling Rule = "pair-issuer-spelling"
	// RulePairProtectedResources is broken by a server that lists other resources.
	RulePairProtectedResources Rule = "pair-protected-resources"
	// RulePairScopes is broken by a scope of the resource that the server does not list.
	RulePairScopes Rule = "pair-scopes"
	// RulePairAuthorizationDetails is broken by authorization details of the
	// resource that the server does not have.
	RulePairAuthorizationDetails Rule = "pair-authorization-details"
	// RulePairDPoP is broken by a resource that demands DPoP of a server without it.
	RulePairDPoP Rule = "pair-dpop"
	// RulePairCertificate is broken by a resource that takes certificate-bound
	// tokens which the server does not issue.
	RulePairCertificate Rule = "pair-certificate"
	// RulePairRegistration is broken by a registration request to a server
	// without registration.
	RulePairRegistration Rule = "pair-registration"
	// RulePairClientID is broken by a Client ID Metadata Document for a server
	// that does not take them (REG-1).
	RulePairClientID Rule = "pair-cimd"
	// RulePairAuthMethod is broken by an authentication method that the server does not have.
	RulePairAuthMethod Rule = "pair-auth-method"
	// RulePairAlgorithm is broken by a signing algorithm that the server does not have.
	RulePairAlgorithm Rule = "pair-signing-algorithm"
	// RulePairGrantCode is broken by a client of the code flow at a server without it.
	RulePairGrantCode Rule = "pair-grant-code"
	// RulePairGrant is broken by another grant that the server does not list.
	RulePairGrant Rule = "pair-grant"
	// RulePairResponseType is broken by a response type that the server does not have.
	RulePairResponseType Rule = "pair-response-type"
	// RulePairClientScope is broken by a scope of the client that the server does not list.
	RulePairClientScope Rule = "pair-client-scope"
	// RulePairPushed is broken by a client that pushes its requests to a server
	// without an endpoint for them.
	RulePairPushed Rule = "pair-par"
)

var pairRows = []Row{
	{ID: RulePartner, Severity: SeverityError, Citation: rfc(8259, "2"),
		Sentence: "The second document of a pair can be read, and there are rules for the two together",
		Mend:     "Validate the other document by itself and correct it, or give one of a kind that goes with this one"},
	{ID: RulePairIssuer, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "3.3"),
		Sentence: "The server's `issuer` is one of the resource's `authorization_servers`",
		Mend:     "Copy the server's `issuer` into the resource's `authorization_servers`, or use the server that the resource names"},
	{ID: RulePairIssuerSpelling, Severity: SeverityError, Citation: rfc(8414, "3.3"),
		Sentence: "The server's `issuer` and the entry of `authorization_servers` agree in the slash after the host",
		Mend:     "Copy the server's `issuer` into the resource's `authorization_servers` byte for byte"},
	{ID: RulePairProtectedResources, Severity: SeverityWarning, Citation: rfc(9728, "4"),
		Sentence: "The server's `protected_resources`, when it is there, has the resource",
		Mend:     "Add the resource's `resource`, byte for byte, to the server's `protected_resources`, or delete that list"},
	{ID: RulePairScopes, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "The server's `scopes_supported`, when it is there, has the scopes of the resource; it may leave some out",
		Mend:     "Correct the resource's `scopes_supported`, or add the scope to the server's if clients may know of it"},
	{ID: RulePairAuthorizationDetails, Severity: SeverityWarning, Citation: rfc(9396, "10"),
		Sentence: "The server has the authorization details types of the resource",
		Mend:     "Add the type to the server's `authorization_details_types_supported`, or delete it from the resource's"},
	{ID: RulePairDPoP, Severity: SeverityError, Citation: rfc(9449, "5.1"),
		Sentence: "A server of a resource that demands DPoP offers it, with an algorithm that the resource takes",
		Mend:     "List a common algorithm in the server's `dpop_signing_alg_values_supported`, or unset the resource's `dpop_bound_access_tokens_required`"},
	{ID: RulePairCertificate, Severity: SeverityError, Citation: rfc(8705, "3.3"),
		Sentence: "A server of a resource that takes certificate-bound tokens issues them",
		Mend:     "Set the server's `tls_client_certificate_bound_access_tokens` to true once it binds tokens, or the resource's to false"},
	{ID: RulePairRegistration, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3"),
		Sentence: "The server has a registration endpoint",
		Mend:     "Add `registration_endpoint` on the server, or give the client another way in: a metadata document or a fixed `client_id`"},
	{ID: RulePairClientID, Severity: SeverityRefuse, Use: UseRegistration, Citation: cimd("5"),
		Sentence: "The server takes Client ID Metadata Documents",
		Mend:     "Set `client_id_metadata_document_supported` to true on the server, or register the client there in another way"},
	{ID: RulePairAuthMethod, Severity: SeverityRefuse, Use: UseToken, Citation: rfc(8414, "2"),
		Sentence: "The server has the authentication method of the client",
		Mend:     "Set the client's `token_endpoint_auth_method` to one in the server's `token_endpoint_auth_methods_supported`"},
	{ID: RulePairAlgorithm, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "The server has the signing algorithm of the client",
		Mend:     "Set the client's `token_endpoint_auth_signing_alg` to one in the server's `token_endpoint_auth_signing_alg_values_supported`"},
	{ID: RulePairGrantCode, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(8414, "2"),
		Sentence: "The server of a client that uses authorization_code has that grant",
		Mend:     "Add authorization_code to the server's `grant_types_supported`, or give the client another grant in `grant_types`"},
	{ID: RulePairGrant, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "The server lists the other grant types of the client",
		Mend:     "Delete the grant from the client's `grant_types`, or add it to the server's `grant_types_supported`"},
	{ID: RulePairResponseType, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "The server has the response types of the client",
		Mend:     "Set the client's `response_types` to [\"code\"], or to others in the server's `response_types_supported`"},
	{ID: RulePairClientScope, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "The server's `scopes_supported`, when it is there, has the scopes of the client",
		Mend:     "Correct the client's `scope`, or add the scope to the server's `scopes_supported` if clients may know of it"},
	{ID: RulePairPushed, Severity: SeverityError, Citation: rfc(9126, "6"),
		Sentence: "The server of a client that pushes its requests has an endpoint for them",
		Mend:     "Add `pushed_authorization_request_endpoint` on the server, or unset the client's `require_pushed_authorization_requests`"},
}
