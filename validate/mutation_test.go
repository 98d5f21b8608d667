// Mutation tests: break one rule of a conforming document, get that violation.

package validate

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// mutation breaks exactly one rule.
type mutation struct {
	rule    Rule
	from    string // a key of goodSubjects
	change  object
	pointer string
	// what differs from the good subject, when set
	expected  string
	requested *gen.ClientMetadata
	opts      []Option
}

var resourceMutations = []mutation{
	{rule: RulePRMResourceURL, from: "prm", change: object{"resource": "http://mcp.example.com/mcp"}, pointer: "/resource"},                 // META-3
	{rule: RulePRMResourceURL, from: "prm", change: object{"resource": "https://mcp.example.com/mcp#part"}, pointer: "/resource"},           // DISC-9
	{rule: RulePRMResourceURL, from: "prm", change: object{"resource": "https://u:p@mcp.example.com/mcp"}, pointer: "/resource"},            // DISC-9
	{rule: RulePRMResourceURL, from: "prm", change: object{"resource": "https://mcp.example.com/mcp/../x"}, pointer: "/resource"},           // DISC-9
	{rule: RulePRMResourceURL, from: "prm", change: object{"resource": "com.example:/mcp"}, pointer: "/resource"},                           // DISC-9
	{rule: RuleResourceCovers, from: "prm", change: object{"resource": "https://evil.example/mcp"}, pointer: "/resource"},                   // DISC-9
	{rule: RuleResourceCovers, from: "prm", change: object{"resource": "https://mcp.example.com/mcp/other"}, pointer: "/resource"},          // DISC-9
	{rule: RulePRMResourceExact, from: "prm", change: object{"resource": "https://mcp.example.com"}, pointer: "/resource"},                  // DISC-9
	{rule: RulePRMResourceExact, from: "prm", change: object{"resource": "https://mcp.example.com/mcp/"}, pointer: "/resource"},             // DISC-9
	{rule: RulePRMAuthorizationServers, from: "prm", change: object{"authorization_servers": without{}}, pointer: "/authorization_servers"}, // DISC-8
	{rule: RulePRMAuthorizationServers, from: "prm", change: object{"authorization_servers": list{}}, pointer: "/authorization_servers"},    // DISC-8
	{rule: RulePRMAuthorizationServers, from: "prm", change: object{"authorization_servers": nil}, pointer: "/authorization_servers"},       // DISC-8
	{rule: RulePRMAuthorizationServers, from: "prm", change: object{"authorization_servers": "https://as.example.com"}, pointer: "/authorization_servers"},
	{rule: RulePRMAuthorizationServerURL, from: "prm", change: object{"authorization_servers": list{"https://as.example.com", "http://as.example.com"}}, pointer: "/authorization_servers/1"},
	{rule: RulePRMAuthorizationServerURL, from: "prm", change: object{"authorization_servers": list{"https://as.example.com?x=1"}}, pointer: "/authorization_servers/0"},
	{rule: RulePRMAuthorizationServerURL, from: "prm", change: object{"authorization_servers": list{"https://as.example.com#"}}, pointer: "/authorization_servers/0"},
	{rule: RulePRMAuthorizationServerURL, from: "prm", change: object{"authorization_servers": list{"javascript:alert(1)"}}, pointer: "/authorization_servers/0"},
	{rule: RulePRMInsecureHTTP, from: "prm", change: object{"authorization_servers": list{"http://localhost:9000"}}, pointer: "/authorization_servers/0"},
	{rule: RulePRMInsecureHTTP, from: "prm", change: object{"resource": "http://localhost/mcp"}, expected: "http://localhost/mcp", pointer: "/resource"},
	{rule: RulePRMInsecureHTTP, from: "prm", change: object{"resource": "http://10.0.0.5/mcp"}, expected: "http://10.0.0.5/mcp", pointer: "/resource",
		opts: []Option{AllowInsecureHTTP("http://10.0.0.5")}},
	{rule: RulePRMResourceQuery, from: "prm", change: object{"resource": "https://mcp.example.com/mcp?t=a"}, expected: "https://mcp.example.com/mcp?t=a", pointer: "/resource"},
	{rule: RulePRMJWKSURI, from: "prm", change: object{"jwks_uri": "http://mcp.example.com/jwks.json"}, pointer: "/jwks_uri"}, // META-3
	{rule: RulePRMJWKSURI, from: "prm", change: object{"jwks_uri": "jwks.json"}, pointer: "/jwks_uri"},                        // META-4
	{rule: RulePRMBearerMethod, from: "prm", change: object{"bearer_methods_supported": list{"header", "form"}}, pointer: "/bearer_methods_supported/1"},
	{rule: RulePRMBearerHeader, from: "prm", change: object{"bearer_methods_supported": list{"query"}}, pointer: "/bearer_methods_supported"},
	{rule: RulePRMBearerHeader, from: "prm", change: object{"bearer_methods_supported": list{}}, pointer: "/bearer_methods_supported"},
	{rule: RulePRMScopeSyntax, from: "prm", change: object{"scopes_supported": list{"files:read files:write"}}, pointer: "/scopes_supported/0"},
	{rule: RulePRMOfflineAccess, from: "prm", change: object{"scopes_supported": list{"a", "offline_access"}}, pointer: "/scopes_supported/1"},
	{rule: RulePRMSigningAlgorithmNone, from: "prm", change: object{"resource_signing_alg_values_supported": list{"ES256", "none"}}, pointer: "/resource_signing_alg_values_supported/1"},
	{rule: RulePRMSigningAlgorithmNone, from: "prm", change: object{"resource_signing_alg_values_supported": list{"none"}}, pointer: "/resource_signing_alg_values_supported/0"},
	{rule: RulePRMResourceNormal, from: "prm", change: object{"resource": "https://MCP.example.com/mcp"}, expected: "https://MCP.example.com/mcp", pointer: "/resource"},
	{rule: RulePRMResourceSlash, from: "prm", change: object{"resource": "https://mcp.example.com/"}, expected: "https://mcp.example.com/", pointer: "/resource"},
	{rule: RulePRMAuthorizationServerTwice, from: "prm", change: object{"authorization_servers": list{"https://a", "https://b", "https://a"}}, pointer: "/authorization_servers/2"},
	{rule: RulePRMScopes, from: "prm", change: object{"scopes_supported": without{}}, pointer: "/scopes_supported"},
	{rule: RulePRMBearerQuery, from: "prm", change: object{"bearer_methods_supported": list{"header", "query"}}, pointer: "/bearer_methods_supported/1"},
	{rule: RulePRMDPoPAlgorithm, from: "prm", change: object{"dpop_signing_alg_values_supported": list{"none"}}, pointer: "/dpop_signing_alg_values_supported/0"},
	{rule: RulePRMResource, from: "prm", change: object{"resource": without{}}, pointer: "/resource"}, // DISC-8
	{rule: RulePRMResource, from: "prm", change: object{"resource": ""}, pointer: "/resource"},        // DISC-8
	{rule: RulePRMResource, from: "prm", change: object{"resource": nil}, pointer: "/resource"},       // DISC-8
	{rule: RuleMissingMember, from: "prm", change: object{"resource": 7}, pointer: "/resource"},
	{rule: RuleNullMember, from: "prm", change: object{"resource_name": nil}, pointer: "/resource_name"},                                            // META-4
	{rule: RuleEmptyMember, from: "prm", change: object{"resource_name": ""}, pointer: "/resource_name"},                                            // META-4
	{rule: RuleEmptyMember, from: "prm", change: object{"scopes_supported": list{}}, pointer: "/scopes_supported"},                                  // META-4
	{rule: RuleMemberType, from: "prm", change: object{"scopes_supported": 1}, pointer: "/scopes_supported"},                                        // META-4
	{rule: RuleMemberValue, from: "prm", change: object{"resource_documentation": "docs"}, pointer: "/resource_documentation"},                      // META-4
	{rule: RuleMemberType, from: "prm", change: object{"dpop_bound_access_tokens_required": "true"}, pointer: "/dpop_bound_access_tokens_required"}, // META-6
}

var nameMutations = []mutation{
	{rule: RuleNameCase, from: "asm", change: object{"Issuer": "https://evil.example"}, pointer: "/Issuer"}, // SEC-4
	{rule: RuleNameCase, from: "prm", change: object{"RESOURCE": 1}, pointer: "/RESOURCE"},                  // SEC-4
	{rule: RuleNameTypo, from: "prm", change: object{"scope_supported": list{"a"}}, pointer: "/scope_supported"},
	{rule: RuleNameTypo, from: "asm", change: object{"code_challange_method_supported": list{"S256"}}, pointer: "/code_challange_method_supported"},
	{rule: RuleNameTypo, from: "client", change: object{"redirect_usri": list{}}, pointer: "/redirect_usri"},
	{rule: RuleNameForeign, from: "prm", change: object{"token_endpoint": "https://as.example.com/token"}, pointer: "/token_endpoint"},
	{rule: RuleNameForeign, from: "token", change: object{"client_id": "x"}, pointer: "/client_id"},
	{rule: RuleNameSecret, from: "prm", change: object{"client_secret": "hunter2-hunter2"}, pointer: "/client_secret"},
	{rule: RuleNameSecret, from: "client", change: object{"registration_access_token": "hunter2-hunter2"}, pointer: "/registration_access_token"},
}

var serverMutations = []mutation{
	{rule: RuleIssuer, from: "asm", change: object{"issuer": without{}}, pointer: "/issuer"},
	{rule: RuleIssuerURL, from: "asm", change: object{"issuer": "as.example.com"}, pointer: "/issuer"},
	{rule: RuleIssuerURL, from: "asm", change: object{"issuer": "https://as.example.com?x=1"}, expected: "https://as.example.com?x=1", pointer: "/issuer"},
	{rule: RuleIssuerURL, from: "asm", change: object{"issuer": "http://as.example.com"}, expected: "http://as.example.com", pointer: "/issuer"},
	{rule: RuleIssuerMatch, from: "asm", change: object{"issuer": "https://evil.example"}, pointer: "/issuer"},       // DISC-14
	{rule: RuleIssuerMatch, from: "asm", change: object{"issuer": "https://AS.example.com"}, pointer: "/issuer"},     // DISC-14
	{rule: RuleIssuerMatch, from: "asm", change: object{"issuer": "https://as.example.com:443"}, pointer: "/issuer"}, // DISC-14
	{rule: RuleIssuerMatch, from: "asm", change: object{"issuer": "https://as.example.com/t/"}, expected: "https://as.example.com/t", pointer: "/issuer"},
	{rule: RuleIssuerSpelling, from: "asm", change: object{"issuer": "https://as.example.com/"}, pointer: "/issuer"}, // DISC-14
	{rule: RuleInsecureHTTP, from: "asm", change: object{"issuer": "http://localhost:9000", "authorization_endpoint": "https://localhost:9000/a", "token_endpoint": "https://localhost/t", "registration_endpoint": without{}}, expected: "http://localhost:9000", pointer: "/issuer"},
	{rule: RuleInsecureHTTP, from: "asm", change: object{"revocation_endpoint": "http://localhost:9000/revoke"}, pointer: "/revocation_endpoint"},
	{rule: RuleAuthorizationEndpoint, from: "asm", change: object{"authorization_endpoint": "http://as.example.com/authorize"}, pointer: "/authorization_endpoint"},
	{rule: RuleAuthorizationEndpoint, from: "asm", change: object{"authorization_endpoint": "https://as.example.com/authorize#x"}, pointer: "/authorization_endpoint"},
	{rule: RuleAuthorizationEndpoint, from: "asm", change: object{"authorization_endpoint": "javascript:alert(1)"}, pointer: "/authorization_endpoint"},
	{rule: RuleAuthorizationEndpoint, from: "asm", change: object{"authorization_endpoint": without{}}, pointer: "/authorization_endpoint"},
	{rule: RuleAuthorizationEndpoint, from: "asm", change: object{"authorization_endpoint": nil}, pointer: "/authorization_endpoint"},
	{rule: RuleTokenEndpoint, from: "asm", change: object{"token_endpoint": "http://as.example.com/token"}, pointer: "/token_endpoint"},
	{rule: RuleTokenEndpoint, from: "asm", change: object{"token_endpoint": "https://u:p@as.example.com/token"}, pointer: "/token_endpoint"},
	{rule: RuleTokenEndpoint, from: "asm", change: object{"token_endpoint": without{}}, pointer: "/token_endpoint"},
	{rule: RuleTokenEndpoint, from: "asm", change: object{"token_endpoint": list{"https://as.example.com/token"}}, pointer: "/token_endpoint"},
	{rule: RuleRegistrationEndpoint, from: "asm", change: object{"registration_endpoint": "http://as.example.com/register"}, pointer: "/registration_endpoint"},
	{rule: RuleRegistrationEndpoint, from: "asm", change: object{"registration_endpoint": "javascript:alert(1)"}, pointer: "/registration_endpoint"},
	{rule: RuleNullMember, from: "asm", change: object{"registration_endpoint": nil}, pointer: "/registration_endpoint"}, // META-4
	{rule: RulePushedAuthorizationEndpoint, from: "asm", change: object{"pushed_authorization_request_endpoint": "http://as.example.com/par"}, pointer: "/pushed_authorization_request_endpoint"},
	{rule: RuleDeviceAuthorizationEndpoint, from: "asm", change: object{"device_authorization_endpoint": "http://as.example.com/device"}, pointer: "/device_authorization_endpoint"},
	{rule: RuleRevocationEndpoint, from: "asm", change: object{"revocation_endpoint": "http://as.example.com/revoke"}, pointer: "/revocation_endpoint"},
	{rule: RuleIntrospectionEndpoint, from: "asm", change: object{"introspection_endpoint": "http://as.example.com/introspect"}, pointer: "/introspection_endpoint"},
	{rule: RuleEndpoint, from: "asm", change: object{"jwks_uri": "http://as.example.com/jwks.json"}, pointer: "/jwks_uri"},
	{rule: RuleEndpoint, from: "asm", change: object{"userinfo_endpoint": "file:///etc/passwd"}, pointer: "/userinfo_endpoint"},
	{rule: RuleEndpoint, from: "asm", change: object{"mtls_endpoint_aliases": object{"token_endpoint": "http://as.example.com/token"}}, pointer: "/mtls_endpoint_aliases/token_endpoint"},
	{rule: RuleResponseTypes, from: "asm", change: object{"response_types_supported": without{}}, pointer: "/response_types_supported"},
	{rule: RuleResponseTypeCode, from: "asm", change: object{"response_types_supported": list{}}, pointer: "/response_types_supported"},
	{rule: RuleResponseTypeCode, from: "asm", change: object{"response_types_supported": list{"id_token"}}, pointer: "/response_types_supported"}, // META-5
	{rule: RuleResponseModeQuery, from: "asm", change: object{"response_modes_supported": list{"form_post"}}, pointer: "/response_modes_supported"},
	{rule: RulePKCEMissing, from: "asm", change: object{"code_challenge_methods_supported": without{}}, pointer: "/code_challenge_methods_supported"},         // META-1
	{rule: RulePKCEMissing, from: "asm", change: object{"code_challenge_methods_supported": nil}, pointer: "/code_challenge_methods_supported"},               // META-1
	{rule: RulePKCEUnsupported, from: "asm", change: object{"code_challenge_methods_supported": list{"plain"}}, pointer: "/code_challenge_methods_supported"}, // META-1
	{rule: RulePKCEMethod, from: "asm", change: object{"code_challenge_methods_supported": list{"S256", "RS256"}}, pointer: "/code_challenge_methods_supported/1"},
	{rule: RuleGrantTypeCode, from: "asm", change: object{"grant_types_supported": list{"refresh_token", deviceGrantURN}}, pointer: "/grant_types_supported"},
	{rule: RuleGrantTypeDevice, from: "asm", change: object{"grant_types_supported": list{"authorization_code", "refresh_token", "device_code"}}, pointer: "/grant_types_supported/2"},
	{rule: RuleAuthSigningAlgorithms, from: "asm", change: object{"token_endpoint_auth_signing_alg_values_supported": without{}}, pointer: "/token_endpoint_auth_signing_alg_values_supported"},
	{rule: RuleAuthSigningAlgorithmNone, from: "asm", change: object{"token_endpoint_auth_signing_alg_values_supported": list{"RS256", "none"}}, pointer: "/token_endpoint_auth_signing_alg_values_supported/1"},
	{rule: RuleScopeSyntax, from: "asm", change: object{"scopes_supported": list{"a", `b"`}}, pointer: "/scopes_supported/1"},
	{rule: RuleClientIDDocumentAuth, from: "asm", change: object{"token_endpoint_auth_methods_supported": list{"client_secret_basic"}}, pointer: "/token_endpoint_auth_methods_supported"},
	{rule: RuleMemberType, from: "asm", change: object{"client_id_metadata_document_supported": "true"}, pointer: "/client_id_metadata_document_supported"}, // META-6
}

var serverAdvice = []mutation{
	{rule: RuleIssuerNormal, from: "asm", change: object{"issuer": "https://as.example.com:443"}, expected: "https://as.example.com:443", pointer: "/issuer"},
	{rule: RuleIssuerNormal, from: "asm", change: object{"issuer": "https://AS.example.com"}, expected: "https://AS.example.com", pointer: "/issuer"},
	{rule: RuleEndpointHost, from: "asm", change: object{"token_endpoint": "https://api.example.com/token"}, pointer: "/token_endpoint"},
	{rule: RuleAuthMethod, from: "asm", change: object{"token_endpoint_auth_methods_supported": list{"none", "magic"}}, pointer: "/token_endpoint_auth_methods_supported/1"},
	{rule: RuleAuthMethod, from: "asm", change: object{"revocation_endpoint_auth_methods_supported": list{"magic"}}, pointer: "/revocation_endpoint_auth_methods_supported/0"},
	{rule: RuleAuthSigningAlgorithms, from: "asm", change: object{"revocation_endpoint_auth_methods_supported": list{"private_key_jwt"}}, pointer: "/revocation_endpoint_auth_signing_alg_values_supported"},
	{rule: RuleAuthSigningAlgorithmNone, from: "asm", change: object{"introspection_endpoint_auth_signing_alg_values_supported": list{"none"}}, pointer: "/introspection_endpoint_auth_signing_alg_values_supported/0"},
	{rule: RuleDeviceGrant, from: "asm", change: object{"device_authorization_endpoint": without{}}, pointer: "/device_authorization_endpoint"},
	{rule: RuleDeviceGrant, from: "asm", change: object{"grant_types_supported": list{"authorization_code", "refresh_token"}}, pointer: "/grant_types_supported"},
	{rule: RuleGrantTypeImplicit, from: "asm", change: object{"grant_types_supported": list{"implicit", "authorization_code", "refresh_token", deviceGrantURN}}, pointer: "/grant_types_supported/0"},
	{rule: RuleGrantTypePassword, from: "asm", change: object{"grant_types_supported": list{"password", "authorization_code", "refresh_token", deviceGrantURN}}, pointer: "/grant_types_supported/0"},
	{rule: RuleGrantTypeRefresh, from: "asm", change: object{"grant_types_supported": list{"authorization_code", deviceGrantURN}}, pointer: "/grant_types_supported"},
	{rule: RulePKCEPlain, from: "asm", change: object{"code_challenge_methods_supported": list{"S256", "plain"}}, pointer: "/code_challenge_methods_supported/1"},
	{rule: RuleIssParameter, from: "asm", change: object{"authorization_response_iss_parameter_supported": false}, pointer: "/authorization_response_iss_parameter_supported"},
	{rule: RuleMemberType, from: "asm", change: object{"authorization_response_iss_parameter_supported": "yes"}, pointer: "/authorization_response_iss_parameter_supported"}, // META-6
	{rule: RuleClientRegistration, from: "asm", change: object{"registration_endpoint": without{}, "client_id_metadata_document_supported": false}, pointer: "/client_id_metadata_document_supported"},
	{rule: RulePushedAuthorizationRequired, from: "asm", change: object{"require_pushed_authorization_requests": true, "pushed_authorization_request_endpoint": without{}}, pointer: "/pushed_authorization_request_endpoint"},
	{rule: RuleRequestObjectRequired, from: "asm", change: object{"require_signed_request_object": true}, pointer: "/require_signed_request_object"},
	{rule: RuleDPoPAlgorithm, from: "asm", change: object{"dpop_signing_alg_values_supported": list{"ES256", "HS256"}}, pointer: "/dpop_signing_alg_values_supported/1"},
	{rule: RuleOpenIDSubjectType, from: "asm", change: object{"subject_types_supported": list{"public", "both"}}, pointer: "/subject_types_supported/1"},
	{rule: RuleOpenIDMember, from: "asm", change: object{"subject_types_supported": without{}}, opts: asOpenID, pointer: "/subject_types_supported"},
	{rule: RuleOpenIDMember, from: "asm", change: object{"subject_types_supported": list{}}, opts: asOpenID, pointer: "/subject_types_supported"},
	{rule: RuleOpenIDMember, from: "asm", change: object{"jwks_uri": without{}}, opts: asOpenID, pointer: "/jwks_uri"},
	{rule: RuleOpenIDSigningAlgorithm, from: "asm", change: object{"id_token_signing_alg_values_supported": list{"ES256"}}, opts: asOpenID, pointer: "/id_token_signing_alg_values_supported"},
	{rule: RuleOpenIDScope, from: "asm", change: object{"scopes_supported": list{"files:read"}}, opts: asOpenID, pointer: "/scopes_supported"},
}

var asOpenID = []Option{AsOpenIDProvider()}

var clientMutations = []mutation{
	{rule: RuleClientRedirectURIs, from: "client", change: object{"redirect_uris": without{}}, pointer: "/redirect_uris"},
	{rule: RuleRedirectURI, from: "client", change: object{"redirect_uris": list{"http://127.0.0.1/cb", "http://app.example.com/cb"}}, pointer: "/redirect_uris/1"}, // REG-11
	{rule: RuleRedirectURI, from: "client", change: object{"redirect_uris": list{"com.example.app:/cb"}}, pointer: "/redirect_uris/0"},                              // REG-11
	{rule: RuleApplicationType, from: "client", change: object{"application_type": without{}}, pointer: "/application_type"},                                        // REG-4
	{rule: RuleApplicationTypeRedirect, from: "client", change: object{"application_type": "web"}, pointer: "/redirect_uris/0"},
	{rule: RuleClientAuthMethod, from: "client", change: object{"token_endpoint_auth_method": "magic"}, pointer: "/token_endpoint_auth_method"}, // REG-6
	{rule: RuleClientSigningAlgorithm, from: "client", change: object{"token_endpoint_auth_signing_alg": "ES265"}, pointer: "/token_endpoint_auth_signing_alg"},
	{rule: RuleClientSigningAlgorithm, from: "client", change: object{"token_endpoint_auth_signing_alg": "none"}, pointer: "/token_endpoint_auth_signing_alg"},
	{rule: RuleClientKeys, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt"}, pointer: "/jwks"},
	{rule: RuleClientKeysTwice, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://app.example.com/jwks.json", "jwks": publicKeys}, pointer: "/jwks"},
	{rule: RuleClientKeysUnused, from: "client", change: object{"jwks": publicKeys}, pointer: "/token_endpoint_auth_method"},
	{rule: RuleClientKeysURI, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "http://app.example.com/jwks.json"}, pointer: "/jwks_uri"},
	{rule: RuleSchema, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks": object{"keys": list{object{"crv": "P-256"}}}}, pointer: "/jwks/keys/0/kty"},
	{rule: RuleAbsentMember, from: "client", change: object{"jwks": object{}}, pointer: "/jwks/keys"},
	{rule: RuleClientKeys, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks": object{}}, pointer: "/jwks"},
	{rule: RuleClientPrivateKey, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks": privateKeys}, pointer: "/jwks/keys/1"},
	{rule: RuleClientGrantResponse, from: "client", change: object{"response_types": list{"token"}}, pointer: "/response_types"},
	{rule: RuleClientRefreshGrant, from: "client", change: object{"grant_types": list{"authorization_code"}}, pointer: "/grant_types"},
	{rule: RuleClientScopeSyntax, from: "client", change: object{"scope": "a  b"}, pointer: "/scope"},
	{rule: RuleApplicationType, from: "client", change: object{"application_type": "desktop"}, pointer: "/application_type"},

	{rule: RuleClientID, from: "dcr", change: object{"client_id": ""}, pointer: "/client_id"},                                                // REG-5
	{rule: RuleClientAuthMethod, from: "dcr", change: object{"token_endpoint_auth_method": "magic"}, pointer: "/token_endpoint_auth_method"}, // REG-6
	{rule: RuleClientSecretMissing, from: "dcr", change: object{"client_secret": without{}}, pointer: "/client_secret"},                      // REG-6
	{rule: RuleClientSecretMissing, from: "dcr", change: object{"client_secret": ""}, pointer: "/client_secret"},                             // REG-5
	{rule: RuleClientSecretExpiry, from: "dcr", change: object{"client_secret_expires_at": without{}}, pointer: "/client_secret_expires_at"},
	{rule: RuleRedirectURIDropped, from: "dcr", change: object{"redirect_uris": list{"http://127.0.0.1:4712/callback"}}, pointer: "/redirect_uris"}, // REG-6
	{rule: RuleRedirectURIDropped, from: "dcr", change: object{"redirect_uris": list{"http://[::1]/callback"}}, pointer: "/redirect_uris"},          // REG-6
	{rule: RuleRegistrationClientURI, from: "dcr", change: object{"registration_client_uri": "http://as.example.com/register/1"}, pointer: "/registration_client_uri"},
	{rule: RuleRegistrationClientURI, from: "dcr", change: object{"registration_access_token": without{}}, pointer: "/registration_client_uri"},

	{rule: RuleClientIDDocumentID, from: "cimd", change: object{"client_id": "https://app.example.com/Client.json"}, pointer: "/client_id"}, // REG-2
	{rule: RuleClientIDURL, from: "cimd", change: object{"client_id": "https://app.example.com/"}, pointer: "/client_id"},                   // REG-2
	{rule: RuleClientIDURLQuery, from: "cimd", change: object{"client_id": "https://app.example.com/c?v=1"}, expected: "https://app.example.com/c?v=1", pointer: "/client_id"},
	{rule: RuleClientIDDocumentName, from: "cimd", change: object{"client_name": without{}}, pointer: "/client_name"},             // REG-2
	{rule: RuleClientIDDocumentRedirectURIs, from: "cimd", change: object{"redirect_uris": without{}}, pointer: "/redirect_uris"}, // REG-2
	{rule: RuleClientIDDocumentRedirectURIs, from: "cimd", change: object{"redirect_uris": list{}}, pointer: "/redirect_uris"},    // REG-2
	{rule: RuleClientIDDocumentMethod, from: "cimd", change: object{"token_endpoint_auth_method": "client_secret_post"}, pointer: "/token_endpoint_auth_method"},
	{rule: RuleClientIDDocumentMethod, from: "cimd", change: object{"token_endpoint_auth_method": without{}}, pointer: "/token_endpoint_auth_method"},
	{rule: RuleClientIDDocumentKeys, from: "cimd", change: object{"token_endpoint_auth_method": "private_key_jwt"}, pointer: "/jwks"}, // REG-2
	{rule: RuleClientIDDocumentSecret, from: "cimd", change: object{"client_secret": "hunter2-hunter2"}, pointer: "/client_secret"},
	{rule: RuleClientPrivateKey, from: "cimd", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks": privateKeys}, pointer: "/jwks/keys/1"},
	{rule: RuleRedirectURI, from: "cimd", change: object{"redirect_uris": list{"com.example.app:/cb"}}, pointer: "/redirect_uris/0"},
}

var (
	publicKeys  = object{"keys": list{object{"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"}}}
	privateKeys = object{"keys": list{
		object{"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ"},
		object{"kty": "EC", "crv": "P-256", "x": "eA", "y": "eQ", "d": "hunter2-hunter2"},
	}}
)

var clientAdvice = []mutation{
	{rule: RuleClientName, from: "client", change: object{"client_name": without{}}, pointer: "/client_name"},
	{rule: RuleClientAlgorithmMethod, from: "client", change: object{"token_endpoint_auth_method": "private_key_jwt", "jwks": publicKeys, "token_endpoint_auth_signing_alg": "HS256"}, pointer: "/token_endpoint_auth_signing_alg"},
	{rule: RuleClientAlgorithmMethod, from: "client", change: object{"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "ES256"}, pointer: "/token_endpoint_auth_signing_alg"},
	{rule: RuleClientSecretTimes, from: "dcr", change: object{"client_id_issued_at": 2000, "client_secret_expires_at": 1000}, pointer: "/client_secret_expires_at"},
	{rule: RuleRedirectURITwice, from: "client", change: object{"redirect_uris": list{"http://127.0.0.1/cb", "http://127.0.0.1/cb"}}, pointer: "/redirect_uris/1"},
	{rule: RuleRedirectLocalhost, from: "client", change: object{"redirect_uris": list{"http://localhost/cb"}}, pointer: "/redirect_uris/0"},
	{rule: RuleClientGrantImplicit, from: "client", change: object{"grant_types": list{"authorization_code", "implicit", "refresh_token"}}, pointer: "/grant_types"},
	{rule: RuleClientSubstituted, from: "dcr", change: object{"token_endpoint_auth_method": "client_secret_post"}, pointer: "/token_endpoint_auth_method",
		requested: &gen.ClientMetadata{TokenEndpointAuthMethod: "client_secret_basic"}}, // REG-5
	{rule: RuleClientSubstituted, from: "dcr", change: object{}, pointer: "/grant_types",
		requested: &gen.ClientMetadata{GrantTypes: []string{"client_credentials"}}}, // REG-5
}

var tokenMutations = []mutation{
	{rule: RuleAccessTokenCharset, from: "token", change: object{"access_token": "hunter2|hunter2"}, pointer: "/access_token"},
	{rule: RuleIDTokenSyntax, from: "token", change: object{"id_token": "hunter2.hunter2"}, pointer: "/id_token"},
	{rule: RuleErrorCode, from: "error", change: object{"error": without{}}, pointer: "/error"},
	{rule: RuleErrorCodeSyntax, from: "error", change: object{"error": "invalid_\"grant"}, pointer: "/error"},
	{rule: RuleErrorCodeKnown, from: "error", change: object{"error": "bad_grant"}, pointer: "/error"},
	{rule: RuleErrorDescriptionSyntax, from: "error", change: object{"error_description": "ungültig"}, pointer: "/error_description"},
	{rule: RuleErrorURI, from: "error", change: object{"error_uri": "javascript:alert(1)"}, pointer: "/error_uri"},
	{rule: RuleAccessToken, from: "token", change: object{"access_token": ""}, pointer: "/access_token"},                                // TOK-6
	{rule: RuleAccessToken, from: "token", change: object{"access_token": without{}}, pointer: "/access_token"},                         // TOK-6
	{rule: RuleAccessTokenSyntax, from: "token", change: object{"access_token": "hunter2 hunter2"}, pointer: "/access_token"},           // TOK-6
	{rule: RuleAccessTokenSyntax, from: "token", change: object{"access_token": "hunter2\nX: y"}, pointer: "/access_token"},             // TOK-6
	{rule: RuleAccessTokenSyntax, from: "token", change: object{"access_token": "hunter2é"}, pointer: "/access_token"},                  // TOK-6
	{rule: RuleTokenAndError, from: "token", change: object{"error": "invalid_grant"}, pointer: "/error"},                               // TOK-6
	{rule: RuleTokenTypeMissing, from: "token", change: object{"token_type": without{}}, pointer: "/token_type"},                        // TOK-3
	{rule: RuleTokenType, from: "token", change: object{"token_type": "mac"}, pointer: "/token_type"},                                   // TOK-6
	{rule: RuleTokenType, from: "token", change: object{"token_type": "N_A"}, pointer: "/token_type"},                                   // TOK-6
	{rule: RuleTokenType, from: "token", change: object{"token_type": "DPoP"}, pointer: "/token_type"},                                  // TOK-6
	{rule: RuleTokenType, from: "token", change: object{"token_type": "bearer"}, opts: []Option{RequireDPoP()}, pointer: "/token_type"}, // TOK-6
	{rule: RuleIssuedTokenType, from: "token", change: object{}, opts: []Option{InTokenExchange()}, pointer: "/issued_token_type"},
	{rule: RuleExpiresIn, from: "token", change: object{"expires_in": without{}}, pointer: "/expires_in"}, // TOK-3
	{rule: RuleExpiresInRange, from: "token", change: object{"expires_in": -1}, pointer: "/expires_in"},
	{rule: RuleExpiresInRange, from: "token", change: object{"expires_in": 9_999_999_999}, pointer: "/expires_in"},
	{rule: RuleTokenScopeSyntax, from: "token", change: object{"scope": "a  b"}, pointer: "/scope"},
	{rule: RuleRefreshTokenSyntax, from: "token", change: object{"refresh_token": "hunter3\x00"}, pointer: "/refresh_token"},
}

// Each rule is broken alone, and nothing else is found.
func TestMutations(t *testing.T) {
	for _, m := range allMutations() {
		good := goodSubjects[m.from]
		s := good.subject
		if m.expected != "" {
			s.expected = m.expected
		}
		if m.requested != nil {
			s.requested = m.requested
		}
		s.opts = m.opts
		data := good.document.with(m.change).bytes(t)
		found := s.judge(data)
		if len(found) != 1 || found[0].Rule != m.rule || found[0].Pointer != m.pointer {
			t.Errorf("%s: %v\ngave %v\nwant %s at %s", m.from, m.change, found, m.rule, m.pointer)
			continue
		}
		if v := found[0]; v.Line != 1 || v.Column < 1 || v.Detail == "" || v.Document == "" {
			t.Errorf("%s: incomplete: %+v", m.rule, v)
		}
	}
}

func allMutations() []mutation {
	var all []mutation
	for _, some := range [][]mutation{resourceMutations, nameMutations, serverMutations, serverAdvice, clientMutations, clientAdvice, tokenMutations} {
		all = append(all, some...)
	}
	return all
}
