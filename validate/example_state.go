// Examples: persisted state.

package validate

var stateExamples = []example{
	{rule: RuleStateVersion, model: "session", bad: `"version": 2`},
	{rule: RuleStateTombstone, model: "session", bad: `"deleted": true`, goodText: `{"version": 1, "generation": 4, "deleted": true}`},
	{rule: RuleStateIssuer, model: "session", drop: "issuer"},
	{rule: RuleStateEndpoint, model: "session", bad: `"token_endpoint": "http://as.example.com/token"`},
	{rule: RuleStateTokenEndpoint, model: "session", drop: "token_endpoint"},
	{rule: RuleStateClient, model: "session", drop: "client"},
	{rule: RuleStateClientSecret, model: "session", bad: `"token_endpoint_auth_method": "client_secret_basic"`},
	{rule: RuleStateToken, model: "session", drop: "access_token refresh_token"},
	{rule: RuleStateTimes, model: "session", bad: `"expires_at": "2026-08-01T11:00:00Z"`},
	{rule: RuleStateResource, model: "session", bad: `"resource": "https://mcp.example.org/mcp"`},
	{rule: RuleStatePending, model: "pending", drop: "redirect_uri"},
	{rule: RuleStateVerifier, model: "pending", bad: `"code_verifier": "too-short"`},
	{rule: RuleStateExpiry, model: "pending", drop: "expires_at"},
	{rule: RuleStateMetadata, model: "document", drop: "document"},
}
