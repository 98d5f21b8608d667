// Tests of the rules for authorization responses.

package validate

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

const (
	testState  = "0123456789abcdef0123456789abcdef"
	testIssuer = "https://as.example.com"
)

// The four rows of the MCP specification, for code and error responses, and the
// document-less path. AUTHZ-6, DISC-6
func TestCallbackIssuerTable(t *testing.T) {
	tests := []struct {
		advertised, noMetadata bool
		iss                    string
		rule                   Rule // "" when the client proceeds
	}{
		{advertised: true, iss: testIssuer},
		{advertised: true, iss: "https://evil.example", rule: RuleIssMatch},
		{advertised: true, iss: "", rule: RuleIssMissing},
		{advertised: false, iss: testIssuer},
		{advertised: false, iss: "https://evil.example", rule: RuleIssMatch},
		{advertised: false, iss: ""},

		// Simple string comparison: no folding of any kind.
		{iss: testIssuer + "/", rule: RuleIssMatch},
		{iss: "https://AS.example.com", rule: RuleIssMatch},
		{iss: testIssuer + ":443", rule: RuleIssMatch},
		{iss: "https://as.example%2Ecom", rule: RuleIssMatch},

		{noMetadata: true, iss: testIssuer, rule: RuleIssUnexpected},
		{noMetadata: true, iss: "https://evil.example", rule: RuleIssUnexpected},
		{noMetadata: true, iss: ""},
		{noMetadata: true, advertised: true, iss: ""},
	}
	for _, test := range tests {
		want := CallbackExpectation{
			State: testState, Issuer: testIssuer, IssParameterSupported: test.advertised, NoMetadata: test.noMetadata,
		}
		for _, doc := range []*gen.AuthorizationResponse{
			{State: testState, Iss: test.iss, Code: "hunter2"},
			{State: testState, Iss: test.iss, ErrorCode: "evil_code", ErrorDescription: "call 555-evil", ErrorURI: "https://evil.example/e"},
		} {
			found := Callback(doc, want)
			if test.rule == "" {
				if len(found) != 0 {
					t.Errorf("%+v: %v", test, found)
				}
				continue
			}
			if len(found) != 1 || found[0].Rule != test.rule || found.Refuses(UseDocument) == nil {
				t.Errorf("%+v: %v", test, found)
			}
			noServerText(t, found)
		}
	}
}

// noServerText: on a state or iss violation nothing of error* is shown, and of
// code and state never. AUTHZ-6
func noServerText(t *testing.T, found Violations) {
	t.Helper()
	text := fmt.Sprintf("%+v %v", found, found.Err(0))
	for _, forbidden := range []string{"evil_code", "555-evil", "evil.example/e", "hunter2", testState[:8], "attacker-state"} {
		if strings.Contains(text, forbidden) {
			t.Errorf("%q shows %q", text, forbidden)
		}
	}
}

// AUTHZ-6: state first, then iss, then code and error.
func TestCallback(t *testing.T) {
	want := CallbackExpectation{State: testState, Issuer: testIssuer, IssParameterSupported: true}
	failing := gen.AuthorizationResponse{ErrorCode: "evil_code", ErrorDescription: "call 555-evil", Code: "hunter2"}
	tests := []struct {
		name  string
		query string
		want  CallbackExpectation
		rule  Rule
	}{
		{"code", "code=hunter2&state=" + testState + "&iss=https%3A%2F%2Fas.example.com", want, ""},
		{"error", "error=access_denied&state=" + testState + "&iss=https%3A%2F%2Fas.example.com", want, ""},
		{"state absent", "code=hunter2&iss=https%3A%2F%2Fas.example.com", want, RuleStateMatch},
		{"state empty", "code=hunter2&state=&iss=https%3A%2F%2Fas.example.com", want, RuleStateMatch},
		{"state of another", "code=hunter2&state=attacker-state&iss=https%3A%2F%2Fas.example.com", want, RuleStateMatch},
		{"state longer", "code=hunter2&state=" + testState + "0&iss=https%3A%2F%2Fas.example.com", want, RuleStateMatch},
		{"state before iss", "error=evil_code&state=attacker-state&iss=https%3A%2F%2Fevil.example", want, RuleStateMatch},
		{"state before error", "error=evil_code&error_description=555-evil&state=attacker-state", want, RuleStateMatch},
		{"no state recorded", "code=hunter2", CallbackExpectation{Issuer: testIssuer}, RuleStateMatch},
		{"iss before error", "error=evil_code&error_description=555-evil&state=" + testState, want, RuleIssMissing},
		{"iss before code", "code=hunter2&error=evil_code&state=" + testState + "&iss=x", want, RuleIssMatch},
		{"code and error", "code=hunter2&error=access_denied&state=" + testState + "&iss=https%3A%2F%2Fas.example.com", want, RuleCodeAndError},
		{"neither", "state=" + testState + "&iss=https%3A%2F%2Fas.example.com", want, RuleCodeMissing},
		{"iss without issuer", "code=hunter2&state=" + testState + "&iss=x", CallbackExpectation{State: testState}, RuleIssMatch},
		{"iss unexpected", "code=hunter2&state=" + testState + "&iss=x", CallbackExpectation{State: testState, NoMetadata: true}, RuleIssUnexpected},
	}
	for _, test := range tests {
		found := subject{kind: "callback", want: test.want}.judge([]byte(test.query))
		switch {
		case test.rule == "" && len(found) != 0, test.rule != "" && (len(found) != 1 || found[0].Rule != test.rule):
			t.Errorf("%s: %v, want %s", test.name, found, test.rule)
		case test.rule != "":
			noServerText(t, found)
		}
	}
	noServerText(t, Callback(&failing, want))
}

// A parameter that stands twice is refused before anyone can choose one of the
// two. RFC 6749 §3.1, SEC-4
func TestCallbackDuplicates(t *testing.T) {
	found := subject{kind: "callback"}.judge([]byte("code=a&state=b&code=c"))
	if len(found) != 1 || found[0].Rule != RuleDuplicateMember || found.Refuses(UseDocument) == nil {
		t.Errorf("got %v", found)
	}
}
