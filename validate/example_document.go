// Examples: every document, and the names of its members.

package validate

var nameExamples = []example{
	{rule: RuleNameCase, model: "asm", bad: `"Token_Endpoint": "https://as.example.com/token"`},
	{rule: RuleNameTypo, model: "asm", bad: `"code_challenge_method_supported": ["S256"]`},
	{rule: RuleNameForeign, model: "prm", bad: `"token_endpoint": "https://as.example.com/token"`},
	{rule: RuleNameSecret, model: "client", bad: `"client_secret": "example-secret"`},
	{rule: RuleNameLanguage, model: "prm", bad: `"resource_name#fr_FR": "Fichiers"`, good: `"resource_name#fr-FR": "Fichiers"`},
}

var documentExamples = []example{
	{rule: RuleCanonicalURL, text: "https://mcp.example.com/a/../mcp", goodText: "https://mcp.example.com/mcp", given: "the argument of CanonicalURL"},
	{rule: RuleMissingDocument, text: "Token(nil)", goodText: "Token(doc)", given: "a call from Go"},
	{rule: RuleUnknownKind, text: `{"hello": "world"}`, goodText: models["prm"].text, given: "no kind is named"},
	{rule: RuleByteOrderMark, model: "prm", text: "\ufeff" + models["prm"].text},
	{rule: RuleSyntax, model: "prm", text: `{
  "resource": "https://mcp.example.com/mcp",
  "authorization_servers": ["https://as.example.com"],
  "scopes_supported": ["files:read", "files:write"],
  "resource_name": "Example Files"
  }}`},
	{rule: RuleDuplicateMember, model: "prm", text: `{
  "resource": "https://mcp.example.com/mcp",
  "authorization_servers": ["https://as.example.com"],
  "authorization_servers": ["https://login.example.org"],
  "scopes_supported": ["files:read", "files:write"],
  "resource_name": "Example Files"
}`},
	{rule: RuleMissingMember, model: "session", drop: "version"},
	{rule: RuleBounds, model: "prm", text: `{
  "resource": "https://mcp.example.com/mcp",
  "authorization_servers": ["https://as.example.com"],
  "scopes_supported": ["files:read", "files:write"],
  "resource_name": "Example Files",
  "x": ` + brackets + `
}`},
	{rule: RuleAbsentMember, model: "client", bad: `"jwks": {}`, good: `"application_type": "native"`},
	{rule: RuleNullMember, model: "prm", bad: `"resource_policy_uri": null`},
	{rule: RuleEmptyMember, model: "prm", bad: `"resource_policy_uri": ""`},
	{rule: RuleMemberType, model: "asm", bad: `"client_id_metadata_document_supported": "true"`},
	{rule: RuleMemberValue, model: "prm", bad: `"resource_documentation": "docs/index.html"`, good: `"resource_documentation": "https://docs.example.com/"`},
	{rule: RuleSchema, model: "keyed", bad: `"jwks": {"keys": [{"kid": "1"}]}`},
}

// brackets is nested deeper than decoders go.
const brackets = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
