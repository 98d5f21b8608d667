package flowstest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

func possession(policy flowstest.DPoPPolicy, nonce flowstest.DPoPNonce) flowstest.DPoPConfig {
	return flowstest.DPoPConfig{Policy: policy, Nonce: nonce}
}

// tokenProof is a proof for the token endpoint.
func tokenProof(as *flowstest.AuthorizationServer, edits members) string {
	return proofOf(es256(), "POST", as.Endpoint("token"), "", nil, edits)
}

// EXT-5: a proof at the token endpoint binds the tokens, and the refresh token
// of a public client.
func TestDPoPToken(t *testing.T) {
	confidential := flowstest.Client{ID: "confidential", Secret: "s", AuthMethod: "client_secret_post", RedirectURIs: public.RedirectURIs}
	as := newServer(t, flowstest.ServerConfig{
		DPoP: possession(flowstest.DPoPOptional, flowstest.NonceOff), Clients: []flowstest.Client{public, confidential},
	})
	first := postProof(t, as, "token", codeForm(newCode(t, as)), tokenProof(as, nil)).expect(t, 200, "")
	info, _ := as.Token(first.text("access_token"))
	if first.text("token_type") != "DPoP" || info.JKT != es256().Thumbprint() {
		t.Fatalf("answer %s, token %+v", first.body, info)
	}
	form := refreshForm(first.text("refresh_token"))
	post(t, as, "token", form).expect(t, 400, "invalid_dpop_proof")
	wrong := proofOf(other(), "POST", as.Endpoint("token"), "", nil, nil)
	postProof(t, as, "token", form, wrong).expect(t, 400, "invalid_grant")
	if a := postProof(t, as, "token", form, tokenProof(as, nil)).expect(t, 200, ""); a.text("token_type") != "DPoP" {
		t.Errorf("answer %s", a.body)
	}
	// The refresh token of a confidential client is bound to its secret.
	secret := []string{"client_id", "confidential", "client_secret", "s"}
	code := callback(t, as, authorizationForm("client_id", "confidential")).Get("code")
	second := postProof(t, as, "token", codeForm(code, secret...), tokenProof(as, nil)).expect(t, 200, "")
	wrong = proofOf(other(), "POST", as.Endpoint("token"), "", nil, nil)
	a := postProof(t, as, "token", refreshForm(second.text("refresh_token"), secret...), wrong).expect(t, 200, "")
	if info, _ := as.Token(a.text("access_token")); info.JKT != other().Thumbprint() {
		t.Errorf("token %+v", info)
	}
	b := post(t, as, "introspect", change(map[string][]string{"token": {first.text("access_token")}}, secret))
	cnf, _ := b.json["cnf"].(map[string]any)
	if cnf["jkt"] != es256().Thumbprint() || b.text("token_type") != "DPoP" {
		t.Errorf("introspection %s", b.body)
	}
	if a := login(t, as); a.text("token_type") != "Bearer" {
		t.Errorf("without a proof %s", a.body)
	}
}

// EXT-5: what a proof is refused for.
func TestDPoPRefused(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{DPoP: possession(flowstest.DPoPRequired, flowstest.NonceOff)})
	endpoint := as.Endpoint("token")
	tests := map[string]struct {
		header members
		claims members
	}{
		"no typ":            {header: members{"typ": nil}},
		"other typ":         {header: members{"typ": "JWT"}},
		"no jwk":            {header: members{"jwk": nil}},
		"other jwk":         {header: members{"jwk": other().JWK()}},
		"symmetric jwk":     {header: members{"jwk": map[string]any{"kty": "oct", "k": "AAAA"}}},
		"no htm":            {claims: members{"htm": nil}},
		"other htm":         {claims: members{"htm": "GET"}},
		"htm in lower case": {claims: members{"htm": "post"}},
		"no htu":            {claims: members{"htu": nil}},
		"other htu":         {claims: members{"htu": as.Endpoint("par")}},
		"other host":        {claims: members{"htu": strings.Replace(endpoint, "127.0.0.1", "localhost", 1)}},
		"query":             {claims: members{"htu": endpoint + "?a=b"}},
		"fragment":          {claims: members{"htu": endpoint + "#a"}},
		"user":              {claims: members{"htu": strings.Replace(endpoint, "//", "//u@", 1)}},
		"no iat":            {claims: members{"iat": nil}},
		"iat is a string":   {claims: members{"iat": "1"}},
		"old":               {claims: members{"iat": ago(10 * time.Minute)}},
		"to come":           {claims: members{"iat": ago(-10 * time.Minute)}},
		"no jti":            {claims: members{"jti": nil}},
		"jti is a number":   {claims: members{"jti": 1}},
	}
	code := newCode(t, as)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			proof := proofOf(es256(), "POST", endpoint, "", test.header, test.claims)
			postProof(t, as, "token", codeForm(code), proof).expect(t, 400, "invalid_dpop_proof")
		})
	}
	post(t, as, "token", codeForm(code)).expect(t, 400, "invalid_dpop_proof")
	good := tokenProof(as, nil)
	postProof(t, as, "token", codeForm(code), good, tokenProof(as, nil)).expect(t, 400, "invalid_dpop_proof")
	postProof(t, as, "token", codeForm(code), "x.y.z").expect(t, 400, "invalid_dpop_proof")
	postProof(t, as, "token", codeForm(code), flowstest.SignSecret(longSecret, members{"typ": "dpop+jwt"}, nil)).expect(t, 400, "invalid_dpop_proof")
	parts := strings.Split(good, ".")
	postProof(t, as, "token", codeForm(code), parts[0]+"."+parts[1]+"."+strings.Repeat("A", len(parts[2]))).expect(t, 400, "invalid_dpop_proof")
	// Nothing so far has spent the code; the proof is good once.
	postProof(t, as, "token", codeForm(code), good).expect(t, 200, "")
	postProof(t, as, "token", codeForm(newCode(t, as)), good).expect(t, 400, "invalid_dpop_proof")
	// A query of the endpoint's own does not count, nor do upper case and the default port.
	loud := tokenProof(as, members{"htu": strings.Replace(endpoint, "http", "HTTP", 1)})
	header := http.Header{"Dpop": {loud}}
	const media = "application/x-www-form-urlencoded"
	send(t, as.Client(), "POST", endpoint+"?tenant=1", media, codeForm(newCode(t, as)).Encode(), header).expect(t, 200, "")
}

// EXT-5: dpop_jkt binds the code to the key, pushed or not.
func TestDPoPThumbprint(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{DPoP: possession(flowstest.DPoPOptional, flowstest.NonceOff)})
	code := func() string {
		return callback(t, as, authorizationForm("dpop_jkt", es256().Thumbprint())).Get("code")
	}
	post(t, as, "token", codeForm(code())).expect(t, 400, "invalid_grant")
	wrong := proofOf(other(), "POST", as.Endpoint("token"), "", nil, nil)
	postProof(t, as, "token", codeForm(code()), wrong).expect(t, 400, "invalid_grant")
	postProof(t, as, "token", codeForm(code()), tokenProof(as, nil)).expect(t, 200, "")
	if got := callback(t, as, authorizationForm("dpop_jkt", "x")); got.Get("error") != "invalid_request" {
		t.Errorf("a wrong thumbprint got %v", got)
	}
	proof := func() string { return proofOf(es256(), "POST", as.Endpoint("par"), "", nil, nil) }
	postProof(t, as, "par", authorizationForm("dpop_jkt", other().Thumbprint()), proof()).expect(t, 400, "invalid_dpop_proof")
	postProof(t, as, "par", authorizationForm(), tokenProof(as, nil)).expect(t, 400, "invalid_dpop_proof")
	a := postProof(t, as, "par", authorizationForm(), proof()).expect(t, 201, "")
	location, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+pushedForm(a).Encode())
	if err != nil {
		t.Fatal(err)
	}
	value := location[strings.Index(location, "code=")+len("code="):]
	value, _, _ = strings.Cut(value, "&")
	wrong = proofOf(other(), "POST", as.Endpoint("token"), "", nil, nil)
	postProof(t, as, "token", codeForm(value), wrong).expect(t, 400, "invalid_grant")
}

// EXT-5: policies and registration.
func TestDPoPPolicies(t *testing.T) {
	metadata := func(as *flowstest.AuthorizationServer) any {
		return get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server").json["dpop_signing_alg_values_supported"]
	}
	as := newServer(t, flowstest.ServerConfig{})
	if a := postProof(t, as, "token", codeForm(newCode(t, as)), "x"); a.text("token_type") != "Bearer" || metadata(as) != nil {
		t.Errorf("off: answer %s, metadata %v", a.body, metadata(as))
	}
	as = newServer(t, flowstest.ServerConfig{DPoP: possession(flowstest.DPoPDowngrade, flowstest.NonceOff)})
	first := postProof(t, as, "token", codeForm(newCode(t, as)), tokenProof(as, nil)).expect(t, 200, "")
	if info, _ := as.Token(first.text("access_token")); first.text("token_type") != "Bearer" || info.JKT != "" || metadata(as) == nil {
		t.Errorf("downgrade: answer %s, metadata %v", first.body, metadata(as))
	}
	postProof(t, as, "token", codeForm(newCode(t, as)), "x").expect(t, 400, "invalid_dpop_proof")
	// From bound to Bearer at a refresh.
	as.Configure(func(c *flowstest.ServerConfig) { c.DPoP.Policy = flowstest.DPoPOptional })
	bound := postProof(t, as, "token", codeForm(newCode(t, as)), tokenProof(as, nil)).expect(t, 200, "")
	as.Configure(func(c *flowstest.ServerConfig) { c.DPoP.Policy = flowstest.DPoPDowngrade })
	if a := postProof(t, as, "token", refreshForm(bound.text("refresh_token")), tokenProof(as, nil)).expect(t, 200, ""); a.text("token_type") != "Bearer" {
		t.Errorf("downgrade: refresh %s", a.body)
	}
	as = newServer(t, flowstest.ServerConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPOptional, Algs: []string{"RS256"}}})
	a := send(t, as.Client(), "POST", as.Endpoint("register"), "application/json",
		`{"redirect_uris":["`+redirectURI+`"],"token_endpoint_auth_method":"none","dpop_bound_access_tokens":true}`, nil).expect(t, 201, "")
	code := callback(t, as, authorizationForm("client_id", a.text("client_id"))).Get("code")
	form := codeForm(code, "client_id", a.text("client_id"))
	post(t, as, "token", form).expect(t, 400, "invalid_dpop_proof")
	postProof(t, as, "token", form, tokenProof(as, nil)).expect(t, 400, "invalid_dpop_proof")
	postProof(t, as, "token", form, proofOf(rs256(), "POST", as.Endpoint("token"), "", nil, nil)).expect(t, 200, "")
}

// EXT-5: the nonces of the authorization server.
func TestDPoPServerNonce(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{DPoP: possession(flowstest.DPoPOptional, flowstest.NonceRequired)})
	code := codeForm(newCode(t, as))
	first := postProof(t, as, "token", code, tokenProof(as, members{"nonce": "x"})).expect(t, 400, "use_dpop_nonce")
	nonce := first.header.Get("DPoP-Nonce")
	if again := postProof(t, as, "token", code, tokenProof(as, nil)).expect(t, 400, "use_dpop_nonce"); nonce == "" || again.header.Get("DPoP-Nonce") != nonce {
		t.Errorf("nonces %q, %q", nonce, again.header.Get("DPoP-Nonce"))
	}
	a := postProof(t, as, "token", code, tokenProof(as, members{"nonce": nonce})).expect(t, 200, "")
	if a.header.Get("DPoP-Nonce") != "" {
		t.Error("a nonce came unasked")
	}
	refresh := refreshForm(a.text("refresh_token"))
	as.RotateDPoPNonce()
	next := postProof(t, as, "token", refresh, tokenProof(as, members{"nonce": nonce})).expect(t, 400, "use_dpop_nonce").header.Get("DPoP-Nonce")
	if next == nonce {
		t.Error("the nonce was not rotated")
	}
	postProof(t, as, "token", refresh, tokenProof(as, members{"nonce": next})).expect(t, 200, "")

	as.Configure(func(c *flowstest.ServerConfig) { c.DPoP.Nonce = flowstest.NonceEachAnswer })
	one := post(t, as, "token", codeForm("x")).expect(t, 400, "invalid_grant").header.Get("DPoP-Nonce")
	two := postProof(t, as, "token", codeForm(newCode(t, as)), tokenProof(as, members{"nonce": one})).expect(t, 200, "").header.Get("DPoP-Nonce")
	if one == "" || two == "" || one == two {
		t.Errorf("nonces %q, %q", one, two)
	}
	postProof(t, as, "token", codeForm(newCode(t, as)), tokenProof(as, members{"nonce": one})).expect(t, 400, "use_dpop_nonce")
	postProof(t, as, "token", codeForm(newCode(t, as)), tokenProof(as, members{"nonce": two})).expect(t, 200, "")
	a = postProof(t, as, "par", authorizationForm(), proofOf(es256(), "POST", as.Endpoint("par"), "", nil, nil)).expect(t, 400, "use_dpop_nonce")
	nonce = a.header.Get("DPoP-Nonce")
	postProof(t, as, "par", authorizationForm(), proofOf(es256(), "POST", as.Endpoint("par"), "", nil, members{"nonce": nonce})).expect(t, 201, "")

	as.Configure(func(c *flowstest.ServerConfig) { c.DPoP.Nonce = flowstest.NonceInsatiable })
	code = codeForm(newCode(t, as))
	for range 3 {
		nonce = postProof(t, as, "token", code, tokenProof(as, members{"nonce": nonce})).expect(t, 400, "use_dpop_nonce").header.Get("DPoP-Nonce")
	}
}

// boundResource is a resource with proofs, and the request that it gets.
func boundResource(t *testing.T, config flowstest.DPoPConfig) (*flowstest.AuthorizationServer, *flowstest.Resource, func(scheme, token string, proofs ...string) answer) {
	t.Helper()
	as := newServer(t, flowstest.ServerConfig{})
	rs := flowstest.NewResource(flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as}, Path: "/mcp", DPoP: config, HideMetadataURL: true,
	})
	t.Cleanup(rs.Close)
	return as, rs, func(scheme, token string, proofs ...string) answer {
		header := http.Header{"Authorization": {scheme + " " + token}, "Dpop": proofs}
		return send(t, rs.Client(), "POST", rs.URL()+"?q=1", "application/json", "{}", header)
	}
}

// EXT-5: what a resource demands of bound tokens, and of others.
func TestDPoPResource(t *testing.T) {
	as, rs, call := boundResource(t, possession(flowstest.DPoPOptional, flowstest.NonceOff))
	grant := flowstest.Grant{ClientID: "public", Resource: []string{rs.URL()}}
	bearer := as.IssueToken(grant).AccessToken
	grant.JKT = es256().Thumbprint()
	token := as.IssueToken(grant).AccessToken
	prove := func(header, claims members) string { return proofOf(es256(), "POST", rs.URL(), token, header, claims) }
	used := prove(nil, nil)
	call("DPoP", token, used).expect(t, 200, "")
	call("dpop", token, prove(nil, nil)).expect(t, 200, "")
	call("Bearer", bearer).expect(t, 200, "")
	tests := map[string]struct {
		scheme string
		token  string
		proofs []string
		want   string
	}{
		"replay":          {"DPoP", token, []string{used}, "invalid_dpop_proof"},
		"no proof":        {"DPoP", token, nil, "invalid_dpop_proof"},
		"two proofs":      {"DPoP", token, []string{prove(nil, nil), prove(nil, nil)}, "invalid_dpop_proof"},
		"no ath":          {"DPoP", token, []string{prove(nil, members{"ath": nil})}, "invalid_dpop_proof"},
		"ath of another":  {"DPoP", token, []string{proofOf(es256(), "POST", rs.URL(), bearer, nil, nil)}, "invalid_dpop_proof"},
		"other method":    {"DPoP", token, []string{prove(nil, members{"htm": "GET"})}, "invalid_dpop_proof"},
		"other URL":       {"DPoP", token, []string{prove(nil, members{"htu": rs.Origin()})}, "invalid_dpop_proof"},
		"old":             {"DPoP", token, []string{prove(nil, members{"iat": ago(10 * time.Minute)})}, "invalid_dpop_proof"},
		"other key":       {"DPoP", token, []string{proofOf(other(), "POST", rs.URL(), token, nil, nil)}, "invalid_token"},
		"bound as bearer": {"Bearer", token, nil, "invalid_token"},
		"with proof":      {"Bearer", token, []string{prove(nil, nil)}, "invalid_token"},
		"unbound as DPoP": {"DPoP", bearer, []string{proofOf(es256(), "POST", rs.URL(), bearer, nil, nil)}, "invalid_token"},
		"unknown":         {"DPoP", "x", []string{proofOf(es256(), "POST", rs.URL(), "x", nil, nil)}, "invalid_token"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := call(test.scheme, test.token, test.proofs...).expect(t, 401, test.want)
			lines := strings.Join(a.header.Values("WWW-Authenticate"), "\n")
			if !strings.HasPrefix(lines, `DPoP error="`+test.want+`", algs="ES256 `) || !strings.Contains(lines, "\nBearer") ||
				strings.Contains(lines, "Bearer error=\"invalid_dpop") {
				t.Errorf("challenges %s", lines)
			}
		})
	}
}

// EXT-5: a resource that takes DPoP only, and one that takes none.
func TestDPoPResourcePolicies(t *testing.T) {
	as, rs, call := boundResource(t, possession(flowstest.DPoPRequired, flowstest.NonceOff))
	bearer := as.IssueToken(flowstest.Grant{Resource: []string{rs.URL()}}).AccessToken
	bound := as.IssueToken(flowstest.Grant{Resource: []string{rs.URL()}, JKT: es256().Thumbprint()}).AccessToken
	if lines := call("Bearer", bearer).expect(t, 401, "no_token").header.Values("WWW-Authenticate"); len(lines) != 1 || !strings.HasPrefix(lines[0], `DPoP algs="`) {
		t.Errorf("challenges %q", lines)
	}
	call("DPoP", bound, proofOf(es256(), "POST", rs.URL(), bound, nil, nil)).expect(t, 200, "")
	prm := get(t, rs.Client(), rs.MetadataURL())
	if prm.json["dpop_bound_access_tokens_required"] != true || prm.json["dpop_signing_alg_values_supported"] == nil {
		t.Errorf("metadata %s", prm.body)
	}
	rs.Configure(func(c *flowstest.ResourceConfig) { c.DPoP = flowstest.DPoPConfig{} })
	call("Bearer", bearer).expect(t, 200, "")
	call("Bearer", bound).expect(t, 401, "invalid_token")
	if lines := call("DPoP", bound).expect(t, 401, "no_token").header.Values("WWW-Authenticate"); len(lines) != 1 || lines[0] != "Bearer" {
		t.Errorf("challenges %q", lines)
	}
}

// EXT-5: the nonces of the resource are its own.
func TestDPoPResourceNonce(t *testing.T) {
	as, rs, call := boundResource(t, possession(flowstest.DPoPOptional, flowstest.NonceRequired))
	token := as.IssueToken(flowstest.Grant{Resource: []string{rs.URL()}, JKT: es256().Thumbprint()}).AccessToken
	prove := func(nonce any) string { return proofOf(es256(), "POST", rs.URL(), token, nil, members{"nonce": nonce}) }
	a := call("DPoP", token, prove(nil)).expect(t, 401, "use_dpop_nonce")
	nonce := a.header.Get("DPoP-Nonce")
	if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce", algs="`) || nonce == "" {
		t.Errorf("header %v", a.header)
	}
	call("DPoP", token, prove(nonce)).expect(t, 200, "")
	call("DPoP", token, prove(nonce)).expect(t, 200, "")
	rs.RotateDPoPNonce()
	call("DPoP", token, prove(nonce)).expect(t, 401, "use_dpop_nonce")
	rs.Configure(func(c *flowstest.ResourceConfig) { c.DPoP.Nonce = flowstest.NonceEachAnswer })
	nonce = call("DPoP", token).expect(t, 401, "invalid_dpop_proof").header.Get("DPoP-Nonce")
	for range 3 {
		nonce = call("DPoP", token, prove(nonce)).expect(t, 200, "").header.Get("DPoP-Nonce")
	}
	rs.Configure(func(c *flowstest.ResourceConfig) { c.DPoP.Nonce = flowstest.NonceInsatiable })
	call("DPoP", token, prove(nonce)).expect(t, 401, "use_dpop_nonce")
}
