// Tests of violations, their positions, their messages, and of decoding.

package validate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Documents that a program builds, and no decoder has seen.
func TestHandMadeDocuments(t *testing.T) {
	tests := []struct {
		found Violations
		want  []Rule
	}{
		{ProtectedResource(&gen.ProtectedResourceMetadata{}, ""), []Rule{RulePRMResource, RulePRMAuthorizationServers, RulePRMScopes, RulePRMResourceName}}, // DISC-8
		{AuthorizationServer(&gen.AuthorizationServerMetadata{TokenEndpoint: "https://h/t", GrantTypesSupported: []string{"client_credentials"}}, "https://h"),
			[]Rule{RuleIssuer, RuleResponseTypes, RuleScopes}},
		{ClientInformation(&gen.ClientInformation{}, nil), []Rule{RuleClientID}},
		{ErrorResponse(&gen.ErrorResponse{}), []Rule{RuleErrorCode}},
		{Token(&gen.TokenResponse{TokenType: "Bearer", ExpiresIn: new(gen.Seconds)}), []Rule{RuleAccessToken}}, // TOK-6
		{ClientIDDocument(&gen.ClientIDMetadataDocument{ClientName: "x", RedirectURIs: []string{"https://h/cb"}, TokenEndpointAuthMethod: "none"}, ""),
			[]Rule{RuleClientIDDocumentID}},
		{AuthorizationServer(&gen.AuthorizationServerMetadata{
			Issuer: "https://h", TokenEndpoint: "javascript:alert(1)", ResponseTypesSupported: []string{"code"},
			GrantTypesSupported: []string{"client_credentials"}, ServiceDocumentation: "none yet",
		}, "https://h"), []Rule{RuleTokenEndpoint, RuleScopes, RuleSchema}}, // META-3
	}
	for i, test := range tests {
		var got []Rule
		for _, v := range test.found {
			got = append(got, v.Rule)
		}
		if fmt.Sprint(got) != fmt.Sprint(test.want) {
			t.Errorf("%d: %v, want %v", i, test.found, test.want)
		}
	}
}

func TestNilDocuments(t *testing.T) {
	for i, found := range []Violations{
		ProtectedResource(nil, ""), AuthorizationServer(nil, ""), ClientMetadata(nil), ClientInformation(nil, nil),
		ClientIDDocument(nil, ""), Token(nil), ErrorResponse(nil), Callback(nil, CallbackExpectation{}),
	} {
		if len(found) != 1 || !errors.Is(found.Refuses(UseRevocation), RuleMissingDocument) {
			t.Errorf("%d: %v", i, found)
		}
	}
}

// SEC-3, SEC-4
func TestDecodeRefusals(t *testing.T) {
	tests := []struct {
		name, data   string
		rule         Rule
		pointer      string
		line, column int
	}{
		{"an array", "[{}]", RuleMissingMember, "", 1, 1},
		{"null", "null", RuleMissingMember, "", 1, 1},
		{"nothing", "", RuleSyntax, "", 1, 1},
		{"HTML", "<html>", RuleSyntax, "", 1, 1},
		{"a comma too much", "{\n \"resource\": \"https://h/mcp\",\n}", RuleSyntax, "", 3, 1},
		{"trailing data", "{\"resource\":\"https://h/mcp\"}\n{}", RuleSyntax, "", 2, 1},
		{"a duplicate", "{\n \"resource\": \"https://h/mcp\",\n \"resource\": \"https://evil.example\"\n}", RuleDuplicateMember, "/resource", 3, 14},
		{"a duplicate of an unknown member", `{"resource":"https://h/mcp","x":1,"x":2}`, RuleDuplicateMember, "/x", 1, 39},
		{"another case", `{"Resource":"https://h/mcp"}`, RulePRMResource, "/resource", 1, 29},
		{"a number", `{"resource": 7}`, RuleMissingMember, "/resource", 1, 14},
		{"depth", `{"x":` + strings.Repeat("[", 10_000), RuleBounds, "/x", 1, 69},
		{"size", `{"x":"` + strings.Repeat("x", 2<<20) + `"}`, RuleBounds, "", 1, 1<<20 + 1},
	}
	for _, test := range tests {
		var report gen.Report
		_, err := Decode[gen.ProtectedResourceMetadata]([]byte(test.data), &report)
		var failure *Error
		if !errors.As(err, &failure) || !errors.Is(err, test.rule) {
			t.Errorf("%s: %v, want %s", test.name, err, test.rule)
			continue
		}
		v := failure.Violations[0]
		if v.Pointer != test.pointer || v.Line != test.line || v.Column != test.column || v.Use != UseDocument {
			t.Errorf("%s: %+v, want %q at %d:%d", test.name, v, test.pointer, test.line, test.column)
		}
		if decodeError := (*gen.DecodeError)(nil); !errors.As(err, &decodeError) {
			t.Errorf("%s: %v does not unwrap to the decoder's error", test.name, err)
		}
		if text := err.Error(); len(text) > 500 || strings.ContainsAny(text, "\n\r") {
			t.Errorf("%s: message %q", test.name, text)
		}
	}
}

func TestDecodeEveryKind(t *testing.T) {
	for name, decode := range map[string]func([]byte) error{
		documentResource:    decodeError[gen.ProtectedResourceMetadata],
		documentServer:      decodeError[gen.AuthorizationServerMetadata],
		documentClient:      decodeError[gen.ClientMetadata],
		documentInformation: decodeError[gen.ClientInformation],
		documentClientID:    decodeError[gen.ClientIDMetadataDocument],
		documentToken:       decodeError[gen.TokenResponse],
		documentError:       decodeError[gen.ErrorResponse],
		documentCallback:    decodeError[gen.AuthorizationResponse],
	} {
		if err := decode([]byte("%zz=")); err == nil || !strings.HasPrefix(err.Error(), "validate: "+name+": ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func decodeError[T Document](data []byte) error {
	_, err := Decode[T](data, nil)
	return err
}

func TestLocate(t *testing.T) {
	data := []byte("\ufeff{\n  \"authorization_servers\": [\"https://é.example\",\n    {\"a/b\": {\"~\": [1, 22]}}],\r\n\t\"x\": null, \"x\": 2 }")
	tests := []struct {
		pointer      string
		line, column int
	}{
		{"", 1, 1},
		{"/authorization_servers", 2, 28},
		{"/authorization_servers/0", 2, 29},
		{"/authorization_servers/1", 3, 5},
		{"/authorization_servers/1/a~1b", 3, 13},
		{"/authorization_servers/1/a~1b/~0/1", 3, 23},
		{"/authorization_servers/1/a~1b/~0/9", 3, 19}, // missing: the nearest value around it
		{"/x", 4, 7}, // of two, the first
		{"/absent", 1, 1},
		{"/absent/deeper", 1, 1},
	}
	for _, test := range tests {
		found := Violations{{Pointer: test.pointer}}
		found.Locate(data)
		if found[0].Line != test.line || found[0].Column != test.column {
			t.Errorf("%q: %d:%d, want %d:%d", test.pointer, found[0].Line, found[0].Column, test.line, test.column)
		}
	}
	found := Violations{{Pointer: "/x"}, {Pointer: "", offset: 4}}
	found.Locate(nil)
	found.Locate([]byte("{"))
	found.Locate([]byte(strings.Repeat(`{"x":`, 100_000)))
}

// SEC-5, STORE-4: what a server writes is escaped and bounded; secrets are not shown.
func TestMessagesAreSafe(t *testing.T) {
	evil := "\x1b[2J\u202e\nX: y" + strings.Repeat("é", 150)
	servers := make([]any, 1500)
	for i := range servers {
		servers[i] = "http://" + evil
	}
	hostile := object{
		"issuer": "https://as.example.com", "token_endpoint": "https://user:hunter2@as.example.com/" + evil,
		"response_types_supported": list{evil}, "scopes_supported": servers,
		"code_challenge_methods_supported": list{evil}, "grant_types_supported": list{"device_code"},
		"mtls_endpoint_aliases":  object{evil: 1, "token_endpoint": evil},
		"authorization_endpoint": "https://as.example.com/?key=hunter2#",
	}
	var all Violations
	all = append(all, goodSubjects["asm"].judge(hostile.bytes(t))...)
	all = append(all, goodSubjects["prm"].judge(goodResource.with(object{"resource": evil, "authorization_servers": servers}).bytes(t))...)
	all = append(all, goodSubjects["prm"].judge(goodResource.with(object{"authorization_servers": servers}).bytes(t))...)
	all = append(all, goodSubjects["dcr"].judge(goodInformation.with(object{"token_endpoint_auth_method": evil, "redirect_uris": servers}).bytes(t))...)
	all = append(all, goodSubjects["token"].judge(goodToken.with(object{"access_token": "hunter2" + evil, "token_type": evil, "refresh_token": "hunter3" + evil}).bytes(t))...)
	all = append(all, goodSubjects["client"].judge(goodClient.with(object{"jwks": privateKeys}).bytes(t))...)
	all = append(all, Callback(&gen.AuthorizationResponse{State: testState, Iss: evil}, CallbackExpectation{State: testState, Issuer: testIssuer})...)
	if len(all) < 300 || len(all) > 1000 {
		t.Fatalf("%d violations", len(all))
	}
	for _, v := range all {
		text := v.Detail + v.String()
		for _, forbidden := range []string{"hunter2", "hunter3", "\x1b", "\u202e", "\n"} {
			if strings.Contains(text, forbidden) {
				t.Errorf("%s: %q shows %q", v.Rule, text, forbidden)
			}
		}
		if len(v.Detail) > 4*maxQuoted*4 {
			t.Errorf("%s: %d bytes of detail", v.Rule, len(v.Detail))
		}
	}
	if text := all.Err(0).Error(); len(text) > 8000 || !strings.Contains(text, " more") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

func TestErrorMessage(t *testing.T) {
	found := goodSubjects["prm"].judge(goodResource.with(object{
		"resource": "https://evil.example/mcp", "authorization_servers": without{},
		"bearer_methods_supported": list{"form", "query"}}).bytes(t))
	got := found.Err(SeverityError).Error()
	want := `validate: protected resource metadata: 1:104: /resource: "https://evil.example/mcp" does not cover "https://mcp.example.com/mcp": the hosts differ (prm-resource-covers, RFC 9728 §3.3); ` +
		`1:1: /authorization_servers: no authorization server is named (prm-authorization-servers, MCP 2026-07-28, Authorization Server Location); ` +
		`1:30: /bearer_methods_supported/0: "form" is no bearer method (prm-bearer-method, RFC 9728 §2); and 1 more`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if found.Err(SeverityRefuse) == nil || Violations(nil).Err(SeverityOff) != nil || Violations(nil).Refuses(UseDocument) != nil {
		t.Error("Err is wrong")
	}
	var failure *Error
	if !errors.As(found.Err(SeverityRefuse), &failure) || len(failure.Violations) != 2 || failure.Unwrap() != nil {
		t.Errorf("got %v", failure)
	}
}

func TestQuote(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"plain", `"plain"`},
		{"é\x00\"", `"\u00e9\x00\""`},
		{strings.Repeat("a", maxQuoted+1), `"` + strings.Repeat("a", maxQuoted) + `"...`},
		{strings.Repeat("a", maxQuoted-1) + "é", `"` + strings.Repeat("a", maxQuoted-1) + `"...`},
	} {
		if got := quote(test.in); got != test.want {
			t.Errorf("quote(%q) = %s", test.in, got)
		}
	}
	for _, test := range []struct{ in, want string }{
		{"https://h/p", `"https://h/p"`},
		{"https://u:p@h/p?q#f", `"https://...@h/p?...#..."`},
		{"u:p@h", `"u:p@h"`},
	} {
		if got := quoteURL(test.in); got != test.want {
			t.Errorf("quoteURL(%q) = %s", test.in, got)
		}
	}
}
