// The conforming documents that examples are made of.

package validate

// model is a conforming document, with what it is judged by.
type model struct {
	kind   Kind
	forURL string
	text   string
}

var models = map[string]model{
	"prm": {KindResource, "https://mcp.example.com/mcp", `{
  "resource": "https://mcp.example.com/mcp",
  "authorization_servers": ["https://as.example.com"],
  "scopes_supported": ["files:read", "files:write"],
  "resource_name": "Example Files"
}`},
	"asm": {KindServer, "https://as.example.com", `{
  "issuer": "https://as.example.com",
  "authorization_endpoint": "https://as.example.com/authorize",
  "token_endpoint": "https://as.example.com/token",
  "scopes_supported": ["files:read", "files:write"],
  "response_types_supported": ["code"],
  "grant_types_supported": ["authorization_code", "refresh_token"],
  "token_endpoint_auth_methods_supported": ["none"],
  "code_challenge_methods_supported": ["S256"],
  "authorization_response_iss_parameter_supported": true,
  "client_id_metadata_document_supported": true
}`},
	"oidc": {KindOpenID, "https://op.example.com", `{
  "issuer": "https://op.example.com",
  "authorization_endpoint": "https://op.example.com/authorize",
  "token_endpoint": "https://op.example.com/token",
  "userinfo_endpoint": "https://op.example.com/userinfo",
  "jwks_uri": "https://op.example.com/jwks.json",
  "registration_endpoint": "https://op.example.com/register",
  "scopes_supported": ["openid", "email"],
  "response_types_supported": ["code"],
  "grant_types_supported": ["authorization_code", "refresh_token"],
  "subject_types_supported": ["public"],
  "id_token_signing_alg_values_supported": ["RS256"],
  "claims_supported": ["sub", "email"],
  "code_challenge_methods_supported": ["S256"],
  "authorization_response_iss_parameter_supported": true
}`},
	"cimd": {KindClientID, "https://app.example.com/client.json", `{
  "client_id": "https://app.example.com/client.json",
  "client_name": "Example App",
  "redirect_uris": ["http://127.0.0.1/callback"],
  "grant_types": ["authorization_code", "refresh_token"],
  "response_types": ["code"],
  "token_endpoint_auth_method": "none"
}`},
	"client": {KindClient, "", `{
  "client_name": "Example App",
  "client_uri": "https://app.example.com/",
  "redirect_uris": ["http://127.0.0.1:4711/callback"],
  "grant_types": ["authorization_code", "refresh_token"],
  "response_types": ["code"],
  "token_endpoint_auth_method": "none",
  "application_type": "native"
}`},
	"keyed": {KindClient, "", `{
  "client_name": "Example Service",
  "client_uri": "https://app.example.com/",
  "redirect_uris": ["https://app.example.com/callback"],
  "grant_types": ["authorization_code", "refresh_token"],
  "response_types": ["code"],
  "token_endpoint_auth_method": "private_key_jwt",
  "jwks": {"keys": [{"kty": "EC", "kid": "1", "crv": "P-256", "x": "eA", "y": "eQ"}]},
  "application_type": "web"
}`},
	"dcr": {KindInformation, "", `{
  "client_id": "s6BhdRkqt3",
  "redirect_uris": ["http://127.0.0.1:4711/callback"],
  "grant_types": ["authorization_code", "refresh_token"],
  "response_types": ["code"],
  "token_endpoint_auth_method": "none"
}`},
	"token": {KindToken, "", `{
  "access_token": "example-access-token",
  "token_type": "Bearer",
  "expires_in": 3600,
  "refresh_token": "example-refresh-token",
  "scope": "files:read"
}`},
	"error": {KindError, "", `{
  "error": "invalid_grant",
  "error_description": "The code was used before"
}`},
	"callback": {KindCallback, "https://as.example.com",
		"http://127.0.0.1:4711/callback?code=example-code&state=example-state&iss=https%3A%2F%2Fas.example.com"},
	"challenge": {KindChallenge, "https://mcp.example.com/mcp",
		`WWW-Authenticate: Bearer error="invalid_token", scope="files:read",` +
			` resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"`},
	"session": {KindState, "", `{
  "version": 1,
  "generation": 3,
  "resource_url": "https://mcp.example.com/mcp",
  "resource": "https://mcp.example.com/mcp",
  "issuer": "https://as.example.com",
  "token_endpoint": "https://as.example.com/token",
  "token_endpoint_auth_method": "none",
  "client": {"client_id": "s6BhdRkqt3"},
  "access_token": "example-access-token",
  "token_type": "Bearer",
  "refresh_token": "example-refresh-token",
  "scope": "files:read",
  "issued_at": "2026-08-01T12:00:00Z",
  "expires_at": "2026-08-01T13:00:00Z"
}`},
	"pending": {KindState, "", `{
  "version": 1,
  "generation": 1,
  "state": "example-state",
  "code_verifier": "example-verifier-of-at-least-forty-three-characters",
  "redirect_uri": "http://127.0.0.1:4711/callback",
  "resource_url": "https://mcp.example.com/mcp",
  "resource": "https://mcp.example.com/mcp",
  "issuer": "https://as.example.com",
  "token_endpoint": "https://as.example.com/token",
  "client": {"client_id": "s6BhdRkqt3"},
  "expires_at": "2026-08-01T12:10:00Z"
}`},
	"document": {KindState, "", `{
  "version": 1,
  "generation": 1,
  "url": "https://as.example.com/.well-known/oauth-authorization-server",
  "document": {"issuer": "https://as.example.com"},
  "fetched_at": "2026-08-01T12:00:00Z",
  "fresh_until": "2026-08-01T13:00:00Z"
}`},
}
