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
		Sentence: "The second document of a pair can be read, and there are rules for the two together"},
	{ID: RulePairIssuer, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8414, "3.3"),
		Sentence: "The server's `issuer` is one of the resource's `authorization_servers`"},
	{ID: RulePairIssuerSpelling, Severity: SeverityError, Citation: rfc(8414, "3.3"),
		Sentence: "The server's `issuer` and the entry of `authorization_servers` agree in the slash after the host"},
	{ID: RulePairProtectedResources, Severity: SeverityWarning, Citation: rfc(9728, "4"),
		Sentence: "The server's `protected_resources`, when it is there, has the resource"},
	{ID: RulePairScopes, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "The server's `scopes_supported`, when it is there, has the scopes of the resource; it may leave some out"},
	{ID: RulePairAuthorizationDetails, Severity: SeverityWarning, Citation: rfc(9396, "10"),
		Sentence: "The server has the authorization details types of the resource"},
	{ID: RulePairDPoP, Severity: SeverityError, Citation: rfc(9449, "5.1"),
		Sentence: "A server of a resource that demands DPoP offers it, with an algorithm that the resource takes"},
	{ID: RulePairCertificate, Severity: SeverityError, Citation: rfc(8705, "3.3"),
		Sentence: "A server of a resource that takes certificate-bound tokens issues them"},
	{ID: RulePairRegistration, Severity: SeverityRefuse, Use: UseRegistration, Citation: rfc(7591, "3"),
		Sentence: "The server has a registration endpoint"},
	{ID: RulePairClientID, Severity: SeverityRefuse, Use: UseRegistration, Citation: cimd("5"),
		Sentence: "The server takes Client ID Metadata Documents"},
	{ID: RulePairAuthMethod, Severity: SeverityRefuse, Use: UseToken, Citation: rfc(8414, "2"),
		Sentence: "The server has the authentication method of the client"},
	{ID: RulePairAlgorithm, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "The server has the signing algorithm of the client"},
	{ID: RulePairGrantCode, Severity: SeverityRefuse, Use: UseAuthorizationCode, Citation: rfc(8414, "2"),
		Sentence: "The server of a client that uses authorization_code has that grant"},
	{ID: RulePairGrant, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "The server lists the other grant types of the client"},
	{ID: RulePairResponseType, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "The server has the response types of the client"},
	{ID: RulePairClientScope, Severity: SeverityInfo, Citation: rfc(7591, "2"),
		Sentence: "The server's `scopes_supported`, when it is there, has the scopes of the client"},
	{ID: RulePairPushed, Severity: SeverityError, Citation: rfc(9126, "6"),
		Sentence: "The server of a client that pushes its requests has an endpoint for them"},
}
