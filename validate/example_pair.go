// Examples: pairs of documents.

package validate

var pairExamples = []example{
	{rule: RulePartner, model: "prm", with: "asm", withDrop: "issuer"},
	{rule: RulePairIssuer, model: "prm", with: "asm", bad: `"authorization_servers": ["https://login.example.com"]`},
	{rule: RulePairIssuerSpelling, model: "prm", with: "asm", bad: `"authorization_servers": ["https://as.example.com/"]`},
	{rule: RulePairProtectedResources, model: "prm", with: "asm", withBad: `"protected_resources": ["https://api.example.com"]`,
		withGood: `"protected_resources": ["https://mcp.example.com/mcp"]`},
	{rule: RulePairScopes, model: "prm", with: "asm", bad: `"scopes_supported": ["files:read", "files:delete"]`},
	{rule: RulePairAuthorizationDetails, model: "prm", with: "asm", bad: `"authorization_details_types_supported": ["payment"]`,
		good: `"authorization_details_types_supported": ["payment"]`, withGood: `"authorization_details_types_supported": ["payment"]`},
	{rule: RulePairDPoP, model: "prm", with: "asm", bad: `"dpop_bound_access_tokens_required": true`,
		good: `"dpop_bound_access_tokens_required": true`, withGood: `"dpop_signing_alg_values_supported": ["ES256"]`},
	{rule: RulePairCertificate, model: "prm", with: "asm", bad: `"tls_client_certificate_bound_access_tokens": true`,
		good: `"tls_client_certificate_bound_access_tokens": true`, withGood: `"tls_client_certificate_bound_access_tokens": true`},
	{rule: RulePairRegistration, model: "client", with: "asm", withGood: `"registration_endpoint": "https://as.example.com/register"`},
	{rule: RulePairClientID, model: "cimd", with: "asm", withDrop: "client_id_metadata_document_supported"},
	{rule: RulePairAuthMethod, model: "cimd", with: "asm", withBad: `"token_endpoint_auth_methods_supported": ["private_key_jwt"]`},
	{rule: RulePairAlgorithm, model: "keyed", with: "asm", bad: `"token_endpoint_auth_signing_alg": "ES384"`, good: `"token_endpoint_auth_signing_alg": "RS256"`,
		withBad: signingServer, withGood: signingServer},
	{rule: RulePairGrantCode, model: "cimd", with: "asm", withBad: `"grant_types_supported": ["client_credentials", "refresh_token"]`},
	{rule: RulePairGrant, model: "cimd", with: "asm", withBad: `"grant_types_supported": ["authorization_code"]`},
	{rule: RulePairResponseType, model: "cimd", with: "asm", withBad: `"response_types_supported": ["code id_token"]`},
	{rule: RulePairClientScope, model: "cimd", with: "asm", bad: `"scope": "files:delete"`, good: `"scope": "files:read"`},
	{rule: RulePairPushed, model: "cimd", with: "asm", bad: `"require_pushed_authorization_requests": true`,
		good: `"require_pushed_authorization_requests": true`, withGood: `"pushed_authorization_request_endpoint": "https://as.example.com/par"`},
}

// signingServer is a server of clients that sign.
const signingServer = `"token_endpoint_auth_methods_supported": ["private_key_jwt"],
	"token_endpoint_auth_signing_alg_values_supported": ["RS256"], "registration_endpoint": "https://as.example.com/register"`
