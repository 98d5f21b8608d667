// Quirks: what careless servers send, one small document each in testdata.

package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

var quirks = []struct {
	file, document string
	want           func(doc any) bool
	problems       []string // pointer and kind
}{
	{file: "bom.json", document: "AuthorizationServerMetadata", want: func(doc any) bool {
		return doc.(*gen.AuthorizationServerMetadata).Issuer == "https://as.example"
	}},
	{file: "null-members.json", document: "AuthorizationServerMetadata", want: func(doc any) bool { // META-4
		d := doc.(*gen.AuthorizationServerMetadata)
		return d.JWKSURI == "" && d.ScopesSupported == nil && !d.AuthorizationResponseIssParameterSupported &&
			d.RequestURIParameterSupported == nil && d.TokenEndpoint == "" && d.MTLSEndpointAliases.TokenEndpoint == ""
	}, problems: []string{
		"/jwks_uri null", "/scopes_supported null", "/authorization_response_iss_parameter_supported null",
		"/request_uri_parameter_supported null", "/service_documentation empty", "/token_endpoint value", "/mtls_endpoint_aliases/token_endpoint type",
	}},
	{file: "not-booleans.json", document: "AuthorizationServerMetadata", want: func(doc any) bool { // META-6
		d := doc.(*gen.AuthorizationServerMetadata)
		return !d.AuthorizationResponseIssParameterSupported && !*d.RequestURIParameterSupported && !d.ClientIDMetadataDocumentSupported
	}, problems: []string{
		"/authorization_response_iss_parameter_supported type", "/request_uri_parameter_supported type", "/client_id_metadata_document_supported type",
	}},
	{file: "empty-lists.json", document: "AuthorizationServerMetadata", want: func(doc any) bool {
		d := doc.(*gen.AuthorizationServerMetadata)
		return d.ScopesSupported != nil && len(d.CodeChallengeMethodsSupported) == 0 && d.CodeChallengeMethodsSupported != nil && d.GrantTypesSupported == nil
	}, problems: []string{"/response_types_supported empty", "/scopes_supported empty", "/code_challenge_methods_supported empty"}},
	{file: "lenient-token.json", document: "TokenResponse", want: func(doc any) bool { // TOK-3
		d := doc.(*gen.TokenResponse)
		return *d.ExpiresIn == 3600 && d.Scope == "read write" && string(d.Extra["team"]) == `{"id": 12345678901234567890}`
	}, problems: []string{"/expires_in type", "/scope type"}},
	{file: "fraction-token.json", document: "TokenResponse", want: func(doc any) bool { // TOK-3
		d := doc.(*gen.TokenResponse)
		return *d.ExpiresIn == 3599 && d.TokenType == ""
	}, problems: []string{"/expires_in value"}},
	{file: "exponent-token.json", document: "TokenResponse", want: func(doc any) bool {
		return *doc.(*gen.TokenResponse).ExpiresIn == 3600
	}},
	{file: "unknown-members.json", document: "ProtectedResourceMetadata", want: func(doc any) bool { // DISC-19, SEC-4
		d := doc.(*gen.ProtectedResourceMetadata)
		return d.Resource == "https://mcp.example/mcp" && d.ResourceName == "Grüße 😀" && len(d.Extra) == 3 && len(d.Extra["resource_name#de"]) > 0
	}},
	{file: "audience.json", document: "IntrospectionResponse", want: func(doc any) bool {
		d := doc.(*gen.IntrospectionResponse)
		return !d.Active && len(d.Aud) == 1 && d.Aud[0] == "https://mcp.example/mcp" && *d.Exp == 1790000000 && bytes.HasPrefix(d.Cnf, []byte(`{"jkt":`))
	}, problems: []string{"/exp value"}},
	{file: "odd-keys.json", document: "JSONWebKeySet", want: func(doc any) bool {
		d := doc.(*gen.JSONWebKeySet)
		return len(d.Keys) == 3 && d.Keys[0].X5TS256 == "t" && d.Keys[1].Kty == "" && string(d.Keys[1].Extra["future"]) == "true"
	}, problems: []string{"/keys/1/kty type"}},
	{file: "nested-bad.json", document: "ClientInformation", want: func(doc any) bool { // REG-5
		d := doc.(*gen.ClientInformation)
		return d.JWKS == nil && *d.ClientSecretExpiresAt == 0 && d.ClientIDIssuedAt == nil
	}, problems: []string{"/jwks/keys/1 type", "/client_id_issued_at value"}},
}

func TestQuirks(t *testing.T) {
	for _, quirk := range quirks {
		t.Run(quirk.file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", quirk.file))
			if err != nil {
				t.Fatal(err)
			}
			var report gen.Report
			doc, err := decoders[quirk.document](data, &report)
			if err != nil {
				t.Fatal(err)
			}
			if !quirk.want(doc) {
				t.Errorf("decoded %+v", doc)
			}
			var problems []string
			for _, p := range report.Problems {
				problems = append(problems, p.Pointer+" "+string(p.Kind))
			}
			if fmt.Sprint(problems) != fmt.Sprint(quirk.problems) {
				t.Errorf("reported %q, want %q", problems, quirk.problems)
			}
			roundTrip(t, decoders[quirk.document], bytes.TrimPrefix(data, []byte("\ufeff")), doc)
		})
	}
}

// SEC-3, SEC-4: what refuses any document.
func TestRefusals(t *testing.T) {
	const start = `{"issuer":"https://as.example"`
	long := strings.Repeat("a", gen.MaxSize)
	tests := []struct {
		name, data, pointer string
		kind                gen.ProblemKind
	}{
		{"nothing", "", "", gen.ProblemSyntax},
		{"space", " \n", "", gen.ProblemSyntax},
		{"null document", "null", "", gen.ProblemNull},
		{"array", `[{"issuer":"https://as.example"}]`, "", gen.ProblemType},
		{"string", `"x"`, "", gen.ProblemType},
		{"html", "<!DOCTYPE html>", "", gen.ProblemSyntax},
		{"open", start, "", gen.ProblemSyntax},
		{"trailing comma", start + ",}", "", gen.ProblemSyntax},
		{"trailing data", start + "}{}", "", gen.ProblemTrailing},
		{"NUL behind", start + "}\x00", "", gen.ProblemTrailing},
		{"NUL inside", start + "\x00}", "", gen.ProblemSyntax},
		{"no colon", `{"issuer" "x"}`, "", gen.ProblemSyntax},
		{"bare name", `{issuer:"x"}`, "", gen.ProblemSyntax},
		{"control character", "{\"issuer\":\"https://as.example\n\"}", "/issuer", gen.ProblemSyntax},
		{"bad escape", `{"issuer":"\x"}`, "/issuer", gen.ProblemSyntax},
		{"short escape", `{"issuer":"\u12"}`, "/issuer", gen.ProblemSyntax},
		{"bad number", start + `,"x":01}`, "", gen.ProblemSyntax},
		{"bad literal", start + `,"x":nul}`, "/x", gen.ProblemSyntax},
		{"mismatched brackets", start + `,"x":[}]}`, "/x", gen.ProblemSyntax},
		{"broken name", "{\"\xff\":1}", "", gen.ProblemSyntax},
		{"duplicate inside a nested document", start + `,"mtls_endpoint_aliases":{"a":1,"a":2}}`, "/mtls_endpoint_aliases/a", gen.ProblemDuplicate},
		{"depth in an unknown member", start + `,"x":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + "}", "/x", gen.ProblemDepth},
		{"depth 10000", strings.Repeat(`{"x":`, 10000), "/x", gen.ProblemDepth},
		{"size", start + `,"x":"` + long + `"}`, "", gen.ProblemSize},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := gen.DecodeAuthorizationServerMetadata([]byte(test.data), nil)
			if refusal := refused(t, err); refusal.Kind != test.kind || refusal.Pointer != test.pointer {
				t.Errorf("%v, want %s at %q", err, test.kind, test.pointer)
			}
		})
	}
	keys := `{"keys":[{}` + strings.Repeat(",{}", 4095)
	if _, err := gen.DecodeJSONWebKeySet([]byte(keys+"]}"), nil); err != nil {
		t.Error("4096 keys: ", err)
	}
	_, err := gen.DecodeJSONWebKeySet([]byte(keys+",{}]}"), nil)
	if refusal := refused(t, err); refusal.Kind != gen.ProblemSize {
		t.Error(err)
	}
	deep := start + `,"x":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + "}"
	if _, err := gen.DecodeAuthorizationServerMetadata([]byte(deep), nil); err != nil {
		t.Error("64 levels: ", err)
	}
}

// SEC-5: nothing of the document but member names, escaped, is in an error.
func TestDecodeErrorText(t *testing.T) {
	name := "é" + strings.Repeat("\\u001b", 100) + "~/"
	_, err := gen.DecodeTokenResponse([]byte(`{"access_token":"s3cr3t","`+name+`":1,"`+name+`":2}`), nil)
	text := refused(t, err).Error()
	if len(text) > 600 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) || strings.Contains(text, "s3cr3t") {
		t.Errorf("%q", text)
	}
	_, err = gen.DecodeTokenResponse([]byte(`{"access_token":{"s3cr3t":1}}`), nil)
	if err == nil || err.Error() != "gen: TokenResponse: /access_token: type: want a string, got an object (offset 16)" {
		t.Error(err)
	}
}

// An entry of Extra never stands in for a field, set or not; order is by name; what is no JSON is an error.
func TestExtra(t *testing.T) {
	doc := gen.ProtectedResourceMetadata{Resource: "https://mcp.example", Extra: map[string]json.RawMessage{
		"resource": json.RawMessage(`"https://evil.example"`), "jwks_uri": json.RawMessage(`"https://evil.example"`),
		"z": nil, "a": json.RawMessage(" [1, 2] "),
	}}
	text, err := doc.Encode()
	if want := `{"resource":"https://mcp.example","a": [1, 2] ,"z":null}`; err != nil || string(text) != want {
		t.Errorf("%s (%v), want %s", text, err, want)
	}
	if marshaled, err := json.Marshal(doc); err != nil || string(marshaled) != `{"resource":"https://mcp.example","a":[1,2],"z":null}` {
		t.Errorf("%s (%v)", marshaled, err)
	}
	for _, broken := range []string{"", "{", `{}"x":1`, `1,"resource":2`} {
		doc.Extra["a"] = json.RawMessage(broken)
		if text, err := doc.Encode(); err == nil {
			t.Errorf("%s", text)
		}
	}
}

// UnmarshalJSON replaces everything, and nothing on failure.
func TestUnmarshalJSON(t *testing.T) {
	doc := gen.TokenResponse{AccessToken: "old", RefreshToken: "old", Extra: map[string]json.RawMessage{"old": nil}}
	if err := json.Unmarshal([]byte(`{"access_token":1}`), &doc); err == nil || doc.RefreshToken != "old" {
		t.Errorf("%v, refresh token %q", err, doc.RefreshToken.Reveal())
	}
	if err := json.Unmarshal([]byte(`{"access_token":"new"}`), &doc); err != nil || doc.AccessToken != "new" || doc.RefreshToken != "" || doc.Extra != nil {
		t.Errorf("%v, %q %q %v", err, doc.AccessToken.Reveal(), doc.RefreshToken.Reveal(), doc.Extra)
	}
}

// A field that was set after decoding wins over the bad text that was kept.
func TestFieldWinsOverKeptText(t *testing.T) {
	doc, err := gen.DecodeTokenResponse([]byte(`{"access_token":"t","expires_in":"3600","scope":["a"],"refresh_token":null}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	doc.ExpiresIn, doc.Scope, doc.RefreshToken = new(gen.Seconds(60)), "b", "r"
	text, err := doc.Encode()
	if want := `{"access_token":"t","expires_in":60,"refresh_token":"r","scope":"b"}`; err != nil || string(text) != want {
		t.Errorf("%s (%v), want %s", text, err, want)
	}
}

func TestSecondsDuration(t *testing.T) {
	for seconds, want := range map[gen.Seconds]time.Duration{-5: 0, 0: 0, 90: 90 * time.Second, math.MaxInt64: math.MaxInt64} {
		if got := seconds.Duration(); got != want {
			t.Errorf("%d: %v", seconds, got)
		}
	}
}
