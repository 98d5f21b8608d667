package flowstest_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

const platform = "https://platform.example.com"

// assertionForm is a JWT bearer request of the public client.
func assertionForm(assertion string, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {flowstest.GrantJWTBearer}, "assertion": {assertion}, "client_id": {"public"},
	}, changes)
}

// federated is a server that trusts issuers.
func federated(t *testing.T, config flowstest.ServerConfig, trusted ...flowstest.TrustedIssuer) *flowstest.AuthorizationServer {
	t.Helper()
	config.GrantTypes = []string{flowstest.GrantJWTBearer, flowstest.GrantRefreshToken}
	config.TrustedIssuers = trusted
	return newServer(t, config)
}

// EXT-4: what the assertion of a workload has to be.
func TestWorkloadAssertion(t *testing.T) {
	trusted := flowstest.TrustedIssuer{Issuer: platform, JWKS: flowstest.KeySet(es256()), Workloads: true}
	reuse := trusted
	reuse.Reuse = true
	checked := trusted
	checked.Check = func(claims map[string]any) *flowstest.Error {
		if claims["sub"] == "workload" {
			return &flowstest.Error{Code: "unauthorized_client"}
		}
		return nil
	}
	tests := map[string]struct {
		key     *flowstest.SigningKey
		header  members
		claims  members
		changes []string
		trusted *flowstest.TrustedIssuer
		want    string
	}{
		"good":              {},
		"scope":             {changes: []string{"scope", "a"}},
		"several audiences": {claims: members{"aud": []string{"ISSUER", "https://other.example.com"}}},
		"token endpoint":    {claims: members{"aud": "TOKEN"}},
		"long life":         {claims: members{"exp": ago(-24 * time.Hour)}},
		"no jti, reuse":     {claims: members{"jti": nil}, trusted: &reuse},
		"no jti":            {claims: members{"jti": nil}, want: "invalid_grant"},
		"no assertion":      {changes: []string{"assertion", ""}, want: "invalid_request"},
		"no JWT":            {changes: []string{"assertion", "x"}, want: "invalid_grant"},
		"no resource":       {changes: []string{"resource", ""}, want: "invalid_target"},
		"bad scope":         {changes: []string{"scope", "c"}, want: "invalid_scope"},
		"other key":         {key: other(), want: "invalid_grant"},
		"other issuer":      {claims: members{"iss": "https://other.example.com"}, want: "invalid_grant"},
		"no issuer":         {claims: members{"iss": nil}, want: "invalid_grant"},
		"no subject":        {claims: members{"sub": nil}, want: "invalid_grant"},
		"other audience":    {claims: members{"aud": "https://other.example.com"}, want: "invalid_grant"},
		"no audience":       {claims: members{"aud": nil}, want: "invalid_grant"},
		"expired":           {claims: members{"exp": ago(time.Minute)}, want: "invalid_grant"},
		"no exp":            {claims: members{"exp": nil}, want: "invalid_grant"},
		"clock ahead":       {claims: members{"iat": ago(-10 * time.Minute)}, want: "invalid_grant"},
		"ID-JAG":            {header: members{"typ": "oauth-id-jag+jwt"}, want: "invalid_grant"},
		"policy":            {trusted: &checked, want: "unauthorized_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			issuer := trusted
			if test.trusted != nil {
				issuer = *test.trusted
			}
			as := federated(t, flowstest.ServerConfig{Scopes: []string{"a", "b"}}, flowstest.TrustedIssuer{Issuer: "https://first.example.com"}, issuer)
			key := test.key
			if key == nil {
				key = es256()
			}
			claims := claimsFor(platform, "workload", as.Issuer(), test.claims)
			claims["aud"] = named(as, claims["aud"])
			form := assertionForm(key.Sign(test.header, edited(claims, nil)), append([]string{"resource", resource}, test.changes...)...)
			a := post(t, as, "token", form)
			if test.want != "" {
				a.expect(t, 400, test.want)
				return
			}
			a.expect(t, 200, "")
			info, _ := as.Token(a.text("access_token"))
			if info.Subject != "workload" || info.ClientID != "public" || a.json["refresh_token"] != nil {
				t.Errorf("token %+v, answer %s", info, a.body)
			}
			again := post(t, as, "token", form)
			if issuer.Reuse {
				again.expect(t, 200, "")
			} else {
				again.expect(t, 400, "invalid_grant")
			}
		})
	}
}

// EXT-2: what an ID-JAG has to be.
func TestIDJAG(t *testing.T) {
	idp := newServer(t, flowstest.ServerConfig{})
	sign := idp.SigningKey().Sign
	content := func(as *flowstest.AuthorizationServer) flowstest.IDJAG {
		return flowstest.IDJAG{Audience: as.Issuer(), ClientID: "public", Subject: "alice", Resource: []string{resource}, Scope: "a b"}
	}
	tests := map[string]struct {
		edit    func(map[string]any)
		changes []string
		config  flowstest.ServerConfig
		want    string
	}{
		"good":                 {},
		"less scope":           {changes: []string{"scope", "a"}},
		"resource":             {changes: []string{"resource", resource}},
		"several resources":    {edit: flowstest.With("resource", []string{resource, "https://x.example.com"})},
		"no scope":             {edit: flowstest.Without("scope")},
		"more scope":           {changes: []string{"scope", "a c"}, want: "invalid_scope"},
		"scope of no scope":    {edit: flowstest.Without("scope"), changes: []string{"scope", "a"}, want: "invalid_scope"},
		"unknown scope":        {config: flowstest.ServerConfig{Scopes: []string{"a"}}, want: "invalid_scope"},
		"other resource":       {changes: []string{"resource", "https://x.example.com"}, want: "invalid_target"},
		"unknown resource":     {config: flowstest.ServerConfig{Resources: []string{"https://x.example.com"}}, want: "invalid_target"},
		"claim of no resource": {edit: flowstest.Without("resource"), want: "invalid_grant"},
		"resource is a number": {edit: flowstest.With("resource", 1), want: "invalid_grant"},
		"scope is a list":      {edit: flowstest.With("scope", []string{"a"}), want: "invalid_grant"},
		"other client":         {edit: flowstest.With("client_id", "x"), want: "invalid_grant"},
		"no client":            {edit: flowstest.Without("client_id"), want: "invalid_grant"},
		"other audience":       {edit: flowstest.With("aud", "https://x.example.com"), want: "invalid_grant"},
		"one more audience":    {edit: func(c map[string]any) { c["aud"] = []any{c["aud"], "https://x.example.com"} }, want: "invalid_grant"},
		"other issuer":         {edit: flowstest.With("iss", "https://x.example.com"), want: "invalid_grant"},
		"no jti":               {edit: flowstest.Without("jti"), want: "invalid_grant"},
		"no iat":               {edit: flowstest.Without("iat"), want: "invalid_grant"},
		"no exp":               {edit: flowstest.Without("exp"), want: "invalid_grant"},
		"expired":              {edit: flowstest.With("exp", 1000), want: "invalid_grant"},
		"no subject":           {edit: flowstest.Without("sub"), want: "invalid_grant"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := federated(t, test.config, flowstest.TrustedIssuer{Server: idp})
			edits := []func(map[string]any){}
			if test.edit != nil {
				edits = append(edits, test.edit)
			}
			form := assertionForm(idp.IssueIDJAG(content(as), edits...), test.changes...)
			a := post(t, as, "token", form)
			if test.want != "" {
				a.expect(t, 400, test.want)
				return
			}
			a.expect(t, 200, "")
			info, _ := as.Token(a.text("access_token"))
			if info.Subject != "alice" || len(info.Resource) == 0 || info.Resource[0] != resource || a.json["refresh_token"] != nil {
				t.Errorf("token %+v, answer %s", info, a.body)
			}
			post(t, as, "token", form).expect(t, 400, "invalid_grant")
		})
	}
	as := federated(t, flowstest.ServerConfig{}, flowstest.TrustedIssuer{Server: idp})
	claims := claimsFor(idp.Issuer(), "alice", as.Issuer(), members{"client_id": "public", "resource": resource})
	// A JWT of the right content is no ID-JAG without its typ: no id_token is.
	for _, typ := range []any{nil, "JWT", "id-jag+jwt"} {
		post(t, as, "token", assertionForm(sign(members{"typ": typ}, claims))).expect(t, 400, "invalid_grant")
	}
	post(t, as, "token", assertionForm(sign(members{"typ": "oauth-id-jag+jwt"}, claims))).expect(t, 200, "")
	metadata := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server")
	if list, _ := metadata.json["authorization_grant_profiles_supported"].([]any); len(list) != 1 {
		t.Errorf("metadata %s", metadata.body)
	}
}
