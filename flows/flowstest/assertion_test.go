package flowstest_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

var machineGrants = []string{"client_credentials", "authorization_code", "refresh_token"}

// machine is a server with a client of private_key_jwt.
func machine(t *testing.T, config flowstest.ServerConfig) *flowstest.AuthorizationServer {
	t.Helper()
	config.GrantTypes = machineGrants
	config.AuthMethods = []string{"private_key_jwt", "client_secret_jwt", "client_secret_basic", "client_secret_post", "none"}
	config.Clients = append(config.Clients, flowstest.Client{
		ID: "machine", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(es256()), Scope: "a b",
	}, public)
	return newServer(t, config)
}

// TOK-2, EXT-1: what a client assertion has to be.
func TestClientAssertion(t *testing.T) {
	second := flowstest.NewSigningKey("ES256")
	tests := map[string]struct {
		key     *flowstest.SigningKey
		header  members
		claims  members
		changes []string
		client  flowstest.Client
		config  flowstest.ServerConfig
		want    string
	}{
		"good":                    {},
		"typ":                     {header: members{"typ": "client-authentication+jwt"}},
		"JWT":                     {header: members{"typ": "jwt"}},
		"client_id":               {changes: []string{"client_id", "machine"}},
		"token endpoint":          {claims: members{"aud": "TOKEN"}},
		"list":                    {claims: members{"aud": []string{"ISSUER", "TOKEN"}}},
		"no kid":                  {header: members{"kid": nil}},
		"no iat":                  {claims: members{"iat": nil}},
		"other key":               {key: second, want: "invalid_client"},
		"other key, same kid":     {key: second, header: members{"kid": es256().KeyID()}, want: "invalid_client"},
		"unknown kid":             {header: members{"kid": "x"}, want: "invalid_client"},
		"x5t of none":             {header: members{"x5t": "AAAA"}, want: "invalid_client"},
		"x5t#S256 of none":        {header: members{"x5t#S256": "AAAA"}, want: "invalid_client"},
		"other typ":               {header: members{"typ": "dpop+jwt"}, want: "invalid_client"},
		"crit":                    {header: members{"crit": []string{"x"}, "x": 1}, want: "invalid_client"},
		"several keys, no kid":    {header: members{"kid": nil}, client: flowstest.Client{JWKS: flowstest.KeySet(es256(), second)}, want: "invalid_client"},
		"several keys":            {client: flowstest.Client{JWKS: flowstest.KeySet(second, es256())}},
		"no keys":                 {client: flowstest.Client{JWKS: []byte(`{}`)}, want: "invalid_client"},
		"broken keys":             {client: flowstest.Client{JWKS: []byte(`[`)}, want: "invalid_client"},
		"unknown kind of key":     {client: flowstest.Client{JWKS: []byte(`{"keys":[{"kty":"new"}]}`)}, want: "invalid_client"},
		"key for other alg":       {client: flowstest.Client{SigningAlg: "ES384"}, want: "invalid_client"},
		"alg not allowed":         {config: flowstest.ServerConfig{Assertions: flowstest.AssertionConfig{Algs: []string{"ES384"}}}, want: "invalid_client"},
		"no iss":                  {claims: members{"iss": nil}, want: "invalid_client"},
		"other iss":               {claims: members{"iss": "x"}, want: "invalid_client"},
		"no sub":                  {claims: members{"sub": nil}, want: "invalid_client"},
		"other sub":               {claims: members{"sub": "public"}, want: "invalid_client"},
		"no aud":                  {claims: members{"aud": nil}, want: "invalid_client"},
		"other aud":               {claims: members{"aud": "https://other.example.com"}, want: "invalid_client"},
		"one more aud":            {claims: members{"aud": []string{"ISSUER", "https://other.example.com"}}, want: "invalid_client"},
		"no exp":                  {claims: members{"exp": nil}, want: "invalid_client"},
		"exp is a string":         {claims: members{"exp": "9999999999"}, want: "invalid_client"},
		"expired":                 {claims: members{"exp": ago(time.Second)}, want: "invalid_client"},
		"exp far ahead":           {claims: members{"exp": ago(-time.Hour)}, want: "invalid_client"},
		"exp for long allowed":    {claims: members{"exp": ago(-time.Hour)}, config: flowstest.ServerConfig{Assertions: flowstest.AssertionConfig{MaxLife: time.Hour}}},
		"clock ahead":             {claims: members{"iat": ago(-10 * time.Minute)}, want: "invalid_client"},
		"not yet":                 {claims: members{"nbf": ago(-10 * time.Minute)}, want: "invalid_client"},
		"nbf is a string":         {claims: members{"nbf": "1"}, want: "invalid_client"},
		"no jti":                  {claims: members{"jti": nil}, want: "invalid_client"},
		"no type":                 {changes: []string{"client_assertion_type", ""}, want: "invalid_client"},
		"other type":              {changes: []string{"client_assertion_type", "urn:x"}, want: "invalid_client"},
		"no assertion":            {changes: []string{"client_assertion", ""}, want: "invalid_client"},
		"no JWT":                  {changes: []string{"client_assertion", "x.y.z"}, want: "invalid_client"},
		"other client_id":         {changes: []string{"client_id", "public"}, want: "invalid_request"},
		"secret too":              {changes: []string{"client_id", "machine", "client_secret", "x"}, want: "invalid_request"},
		"registered for a secret": {client: flowstest.Client{AuthMethod: "client_secret_basic", Secret: "x"}, want: "invalid_client"},
		"issuer demanded":         {claims: members{"aud": "TOKEN"}, config: flowstest.ServerConfig{Assertions: flowstest.AssertionConfig{Audience: flowstest.AudienceIssuer}}, want: "invalid_client"},
		"token endpoint demanded": {config: flowstest.ServerConfig{Assertions: flowstest.AssertionConfig{Audience: flowstest.AudienceTokenEndpoint}}, want: "invalid_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := machine(t, test.config)
			if test.client.JWKS != nil || test.client.SigningAlg != "" || test.client.AuthMethod != "" {
				client := as.Clients()[0]
				if test.client.JWKS != nil {
					client.JWKS = test.client.JWKS
				}
				client.SigningAlg, client.Secret = test.client.SigningAlg, test.client.Secret
				if test.client.AuthMethod != "" {
					client.AuthMethod = test.client.AuthMethod
				}
				as.AddClient(client)
			}
			key := test.key
			if key == nil {
				key = es256()
			}
			claims := claimsFor("machine", "machine", as.Issuer(), test.claims)
			claims["aud"] = named(as, claims["aud"])
			assertion := key.Sign(test.header, edited(claims, nil))
			a := post(t, as, "token", machineForm(assertion, test.changes...))
			switch test.want {
			case "":
				a.expect(t, 200, "")
			case "invalid_request":
				a.expect(t, 400, test.want)
			default:
				a.expect(t, 401, test.want)
			}
			if strings.ContainsAny(a.text("error_description"), "\"\\") {
				t.Errorf("description %q", a.text("error_description"))
			}
		})
	}
}

// named puts the server's URLs into an audience.
func named(as *flowstest.AuthorizationServer, audience any) any {
	replace := func(value string) string {
		return strings.NewReplacer("ISSUER", as.Issuer(), "TOKEN", as.Endpoint("token")).Replace(value)
	}
	switch value := audience.(type) {
	case string:
		return replace(value)
	case []string:
		list := []string{}
		for _, one := range value {
			list = append(list, replace(one))
		}
		return list
	}
	return audience
}

// TOK-2: each algorithm, and an assertion once only.
func TestClientAssertionAlgorithms(t *testing.T) {
	as := machine(t, flowstest.ServerConfig{})
	for _, alg := range []string{"ES256", "ES384", "RS256", "PS256", "EdDSA"} {
		key := flowstest.NewSigningKey(alg)
		as.AddClient(flowstest.Client{ID: alg, AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(key), SigningAlg: alg})
		form := machineForm(key.Sign(nil, claimsFor(alg, alg, as.Issuer(), nil)))
		post(t, as, "token", form).expect(t, 200, "")
		post(t, as, "token", form).expect(t, 401, "invalid_client")
	}
	as.AddClient(flowstest.Client{ID: "secret", AuthMethod: "client_secret_jwt", Secret: longSecret})
	form := machineForm(flowstest.SignSecret(longSecret, nil, claimsFor("secret", "secret", as.Issuer(), nil)))
	post(t, as, "token", form).expect(t, 200, "")
	post(t, as, "token", form).expect(t, 401, "invalid_client")
	wrong := strings.Repeat("x", 32)
	form = machineForm(flowstest.SignSecret(wrong, nil, claimsFor("secret", "secret", as.Issuer(), nil)))
	post(t, as, "token", form).expect(t, 401, "invalid_client")
	// A key serves the algorithm and the use that its set says.
	pss := flowstest.SigningKeyOf("PS256", tls.Certificate{PrivateKey: rs256().Signer()})
	as.AddClient(flowstest.Client{ID: "rsa", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(rs256())})
	post(t, as, "token", machineForm(pss.Sign(nil, claimsFor("rsa", "rsa", as.Issuer(), nil)))).expect(t, 401, "invalid_client")
	encryption := strings.Replace(string(flowstest.KeySet(rs256())), `"use":"sig"`, `"use":"enc"`, 1)
	as.AddClient(flowstest.Client{ID: "rsa", AuthMethod: "private_key_jwt", JWKS: []byte(encryption)})
	post(t, as, "token", machineForm(rs256().Sign(nil, claimsFor("rsa", "rsa", as.Issuer(), nil)))).expect(t, 401, "invalid_client")
	// A public key is no secret.
	as.AddClient(flowstest.Client{ID: "confused", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(es256()), Secret: longSecret})
	form = machineForm(flowstest.SignSecret(longSecret, nil, claimsFor("confused", "confused", as.Issuer(), nil)))
	post(t, as, "token", form).expect(t, 401, "invalid_client")
	metadata := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server")
	if !strings.Contains(metadata.body, `"token_endpoint_auth_signing_alg_values_supported":["ES256","ES384","RS256","PS256","EdDSA","HS256"]`) {
		t.Errorf("metadata %s", metadata.body)
	}
}

// TOK-2: the assertion does for the other endpoints of the back channel, and in
// the code and refresh grants.
func TestClientAssertionEverywhere(t *testing.T) {
	as := machine(t, flowstest.ServerConfig{})
	client := flowstest.Client{ID: "web", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(es256()), RedirectURIs: []string{redirectURI}}
	as.AddClient(client)
	sign := func(audience string) []string {
		return []string{"client_assertion_type", clientAssertionType, "client_assertion",
			es256().Sign(nil, claimsFor("web", "web", audience, nil))}
	}
	code := callback(t, as, authorizationForm("client_id", "web")).Get("code")
	first := post(t, as, "token", codeForm(code, append(sign(as.Issuer()), "client_id", "web")...)).expect(t, 200, "")
	next := post(t, as, "token", refreshForm(first.text("refresh_token"), append(sign(as.Issuer()), "client_id", "")...)).expect(t, 200, "")
	token := func(changes []string) map[string][]string {
		return change(map[string][]string{"token": {next.text("access_token")}}, changes)
	}
	if a := post(t, as, "introspect", token(sign(as.Endpoint("introspect")))); a.json["active"] != true {
		t.Errorf("introspection %s", a.body)
	}
	post(t, as, "revoke", token(sign(as.Endpoint("token")))).expect(t, 200, "")
	if a := post(t, as, "introspect", token(sign(as.Issuer()))); a.json["active"] != false {
		t.Errorf("introspection %s", a.body)
	}
	post(t, as, "introspect", token(sign("https://other.example.com"))).expect(t, 401, "invalid_client")
	post(t, as, "par", authorizationForm(append(sign(as.Endpoint("par")), "client_id", "web")...)).expect(t, 201, "")
}

// REG-2: a Client ID Metadata Document with a key, in it or at its jwks_uri.
func TestClientAssertionOfDocument(t *testing.T) {
	const id, keys = "https://client.example.com/client.json", "https://client.example.com/jwks.json"
	document := func(member string) string {
		return `{"client_id":"` + id + `","client_name":"Test","redirect_uris":["` + redirectURI + `"],
			"token_endpoint_auth_method":"private_key_jwt"` + member + `}`
	}
	tests := map[string]struct {
		member string
		want   string
	}{
		"jwks":        {member: `,"jwks":` + string(flowstest.KeySet(es256()))},
		"jwks_uri":    {member: `,"jwks_uri":"` + keys + `"`},
		"no key":      {want: "invalid_client"},
		"private key": {member: `,"jwks":{"keys":[{"kty":"oct","k":"AAAA"}]}`, want: "invalid_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := machine(t, flowstest.ServerConfig{ClientIDDocuments: map[string]string{
				id: document(test.member), keys: string(flowstest.KeySet(es256())),
			}})
			form := machineForm(es256().Sign(nil, claimsFor(id, id, as.Issuer(), nil)))
			a := post(t, as, "token", form)
			if test.want == "" {
				a.expect(t, 200, "")
			} else {
				a.expect(t, 401, test.want)
			}
		})
	}
}

// EXT-1: client_credentials by basic and post, with resource and scope.
func TestClientCredentials(t *testing.T) {
	tests := map[string]struct {
		changes []string
		config  flowstest.ServerConfig
		status  int
		want    string
	}{
		"good":             {status: 200},
		"no scope":         {changes: []string{"scope", ""}, config: flowstest.ServerConfig{DefaultScope: "b"}, status: 200},
		"more scope":       {changes: []string{"scope", "a c"}, status: 400, want: "invalid_scope"},
		"no resource":      {changes: []string{"resource", ""}, status: 400, want: "invalid_target"},
		"resource at will": {changes: []string{"resource", ""}, config: flowstest.ServerConfig{Resource: flowstest.ResourceOptional}, status: 200},
		"other resource":   {config: flowstest.ServerConfig{Resources: []string{"https://x.example.com"}}, status: 400, want: "invalid_target"},
		"wrong secret":     {changes: []string{"client_secret", "x"}, status: 401, want: "invalid_client"},
		"public client":    {changes: []string{"client_id", "public", "client_secret", ""}, status: 400, want: "unauthorized_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.config.Clients = []flowstest.Client{{ID: "service", Secret: longSecret, AuthMethod: "client_secret_post", Scope: "a b"}}
			as := machine(t, test.config)
			form := machineForm("", append([]string{"client_assertion", "", "client_assertion_type", "",
				"client_id", "service", "client_secret", longSecret}, test.changes...)...)
			a := post(t, as, "token", form).expect(t, test.status, test.want)
			if test.status != 200 {
				return
			}
			info, _ := as.Token(a.text("access_token"))
			if a.json["refresh_token"] != nil || info.Subject != "service" || info.Scope != a.text("scope") || info.Scope == "" {
				t.Errorf("answer %s, token %+v", a.body, info)
			}
		})
	}
	as := machine(t, flowstest.ServerConfig{Clients: []flowstest.Client{{ID: "service", Secret: "s:1"}}})
	form := machineForm("", "client_assertion", "", "client_assertion_type", "")
	postBasic(t, as, "token", "service:s%3A1", form).expect(t, 200, "")
	// It is off unless it is listed.
	off := newServer(t, flowstest.ServerConfig{Clients: []flowstest.Client{{ID: "service", Secret: "s"}}})
	postBasic(t, off, "token", "service:s", form).expect(t, 400, "unsupported_grant_type")
	if off.Count("token:client_credentials") != 1 || off.RequestsOf("token")[0].Status != http.StatusBadRequest {
		t.Errorf("requests %+v", off.Requests())
	}
}
