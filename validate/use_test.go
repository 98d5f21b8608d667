// Tests of what a refusal takes away, and of what a profile changes.

package validate

import (
	"errors"
	"testing"
)

// META-1, META-2, META-3, META-5: each fault takes away its own use, no more.
func TestRefusals(t *testing.T) {
	uses := []Use{UseDocument, UseAuthorizationCode, UseToken, UseRegistration, UsePushedAuthorization,
		UseDeviceAuthorization, UseRevocation, UseIntrospection}
	code := []Use{UseAuthorizationCode}
	tests := []struct {
		name    string
		change  object
		refused []Use
	}{
		{"nothing", object{}, nil},
		{"no PKCE", object{"code_challenge_methods_supported": without{}}, code},
		{"plain PKCE", object{"code_challenge_methods_supported": list{"plain"}}, code},
		{"no code", object{"response_types_supported": list{"id_token"}}, code},
		{"no response types", object{"response_types_supported": without{}}, nil},
		{"no authorization endpoint", object{"authorization_endpoint": without{}}, code},
		{"evil authorization endpoint", object{"authorization_endpoint": "javascript:alert(1)"}, code},
		{"evil token endpoint", object{"token_endpoint": "http://as.example.com/token"},
			[]Use{UseAuthorizationCode, UseToken, UseDeviceAuthorization}},
		{"evil registration endpoint", object{"registration_endpoint": "https://u@as.example.com/r"}, []Use{UseRegistration}},
		{"evil PAR endpoint", object{"pushed_authorization_request_endpoint": "http://as.example.com/par"}, []Use{UsePushedAuthorization}},
		{"evil device endpoint", object{"device_authorization_endpoint": "http://as.example.com/d"}, []Use{UseDeviceAuthorization}},
		{"evil revocation endpoint", object{"revocation_endpoint": "http://as.example.com/r"}, []Use{UseRevocation}},
		{"evil introspection endpoint", object{"introspection_endpoint": "http://as.example.com/i"}, []Use{UseIntrospection}},
		{"evil user information endpoint", object{"userinfo_endpoint": "http://as.example.com/u"}, nil},
		{"another issuer", object{"issuer": "https://evil.example"}, uses},
		{"a tolerated slash", object{"issuer": "https://as.example.com/"}, nil},
		{"a token-only server", object{
			"authorization_endpoint": without{}, "code_challenge_methods_supported": without{},
			"response_types_supported": without{}, "response_modes_supported": without{},
			"grant_types_supported": list{"client_credentials"},
		}, nil},
		{"an implicit-only server", object{"grant_types_supported": list{"implicit"}, "token_endpoint": without{}}, nil},
	}
	for _, test := range tests {
		found := goodSubjects["asm"].judge(goodServer.with(test.change).bytes(t))
		refused := map[Use]bool{}
		for _, use := range test.refused {
			refused[use] = true
		}
		for _, use := range uses {
			if err := found.Refuses(use); (err != nil) != refused[use] {
				t.Errorf("%s: use %s: %v", test.name, use, err)
			}
		}
	}
}

// META-1: a caller can exempt a server that leaves the member out, and never
// one with a list without S256.
func TestRefusesExcept(t *testing.T) {
	missing := goodSubjects["asm"].judge(goodServer.with(object{"code_challenge_methods_supported": without{}}).bytes(t))
	if err := missing.Refuses(UseAuthorizationCode, RulePKCEMissing); err != nil {
		t.Errorf("not exempt: %v", err)
	}
	plain := goodSubjects["asm"].judge(goodServer.with(object{"code_challenge_methods_supported": list{"plain"}}).bytes(t))
	if err := plain.Refuses(UseAuthorizationCode, RulePKCEMissing); !errors.Is(err, RulePKCEUnsupported) {
		t.Errorf("exempt: %v", err)
	}
}

// REG-6: what makes a registration unusable.
func TestRegistrationRefusals(t *testing.T) {
	for name, change := range map[string]object{
		"unknown method":        {"token_endpoint_auth_method": "magic"},
		"method without secret": {"client_secret": without{}},
		"dropped redirect":      {"redirect_uris": list{"https://app.example.com/cb"}},
	} {
		found := goodSubjects["dcr"].judge(goodInformation.with(change).bytes(t))
		if found.Refuses(UseRegistration) == nil {
			t.Errorf("%s: not refused: %v", name, found)
		}
	}
	// REG-5: null and "" are absent, substituted values are taken, an issuer
	// member is nobody's business, a port-less loopback URI stands for all ports.
	for name, change := range map[string]object{
		"nothing":             {},
		"nulls":               {"client_uri": nil, "logo_uri": "", "jwks": nil},
		"another method":      {"token_endpoint_auth_method": "client_secret_post"},
		"no method":           {"token_endpoint_auth_method": without{}, "client_secret": without{}},
		"no redirect URIs":    {"redirect_uris": without{}},
		"loopback, no port":   {"redirect_uris": list{"http://127.0.0.1/callback"}},
		"an issuer":           {"issuer": "https://evil.example"},
		"more redirect URIs":  {"redirect_uris": list{"http://127.0.0.1:4711/callback", "https://app.example.com/cb"}},
		"a secret never ends": {"client_secret_expires_at": 0},
	} {
		found := goodSubjects["dcr"].judge(goodInformation.with(change).bytes(t))
		if err := found.Refuses(UseRegistration); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TOK-3, TOK-6: what is taken.
func TestTokensThatAreTaken(t *testing.T) {
	tests := []struct {
		name   string
		change object
		opts   []Option
	}{
		{"any case", object{"token_type": "bEaReR"}, nil},
		{"no type", object{"token_type": without{}}, nil},
		{"numeric string", object{"expires_in": "3600"}, nil},
		{"float", object{"expires_in": 3599.7}, nil},
		{"no lifetime", object{"expires_in": without{}}, nil},
		{"expired", object{"expires_in": 0}, nil},
		{"scope array", object{"scope": list{"a", "b"}}, nil},
		{"unknown members", object{"error_uri": nil, "ok": true, "error": nil}, nil},
		{"DPoP after a proof", object{"token_type": "dpop"}, []Option{WithDPoPProof()}},
		{"DPoP demanded", object{"token_type": "DPoP"}, []Option{RequireDPoP()}},
		{"N_A in an exchange", object{"token_type": "N_A", "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag"}, []Option{InTokenExchange()}},
	}
	for _, test := range tests {
		s := subject{kind: "token", opts: test.opts}
		if err := s.judge(goodToken.with(test.change).bytes(t)).Refuses(UseDocument); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// RFC 8414 §2: what is no fault of a server's lists of methods.
func TestMethodsThatAreTaken(t *testing.T) {
	own := list{"none", "https://as.example.com/methods/hardware"}
	for _, change := range []object{
		{"token_endpoint_auth_methods_supported": own},
		{"revocation_endpoint_auth_methods_supported": own},
		{"introspection_endpoint_auth_methods_supported": append(own, "Bearer", "DPoP", "N_A")},
	} {
		if found := goodSubjects["asm"].judge(goodSubjects["asm"].document.with(change).bytes(t)); len(found) != 0 {
			t.Errorf("%v: %v", change, found)
		}
	}
}

func TestProfiles(t *testing.T) {
	tests := []struct {
		profile Profile
		from    string
		change  object
		want    map[Rule]Severity
	}{
		{ProfileRFC, "prm", object{"authorization_servers": without{}}, nil},
		{ProfileRFC, "prm", object{"resource": "https://mcp.example.com"}, map[Rule]Severity{RulePRMResourceExact: SeverityError}},
		{ProfileRFC, "asm", object{"code_challenge_methods_supported": without{}}, map[Rule]Severity{RulePKCEMissing: SeverityWarning}},
		{ProfileMCP20251125, "asm", object{"code_challenge_methods_supported": without{}}, map[Rule]Severity{RulePKCEMissing: SeverityRefuse}},
		{ProfileMCP20251125, "client", object{"application_type": without{}}, map[Rule]Severity{RuleApplicationType: SeverityInfo}},
		{"unknown", "client", object{"application_type": without{}}, map[Rule]Severity{RuleApplicationType: SeverityError}},
	}
	for _, test := range tests {
		s := goodSubjects[test.from].subject
		s.opts = []Option{WithProfile(test.profile)}
		found := s.judge(goodSubjects[test.from].document.with(test.change).bytes(t))
		if len(found) != len(test.want) {
			t.Errorf("%s: %v", test.profile, found)
		}
		for _, v := range found {
			if severity, ok := test.want[v.Rule]; !ok || severity != v.Severity || (v.Use != "") != (severity == SeverityRefuse) {
				t.Errorf("%s: %+v", test.profile, v)
			}
		}
	}
}
