package flowstest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

const target = "https://as.example.com"

// identityProvider is a server with token exchange and OpenID Connect.
func identityProvider(t *testing.T, config flowstest.ServerConfig) *flowstest.AuthorizationServer {
	t.Helper()
	config.GrantTypes = []string{flowstest.GrantAuthorizationCode, flowstest.GrantTokenExchange}
	config.Resource = flowstest.ResourceOptional
	config.Clients = []flowstest.Client{public, {ID: "second"}}
	return newServer(t, config)
}

func exchangeForm(subjectToken string, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {flowstest.GrantTokenExchange}, "client_id": {"public"}, "audience": {target}, "resource": {resource},
		"scope": {"a"}, "requested_token_type": {flowstest.TokenTypeIDJAG},
		"subject_token": {subjectToken}, "subject_token_type": {flowstest.TokenTypeIDToken},
	}, changes)
}

// decode returns header and claims of a JWT, unverified.
func decode(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no JWT", token)
	}
	for i, into := range []*map[string]any{&header, &claims} {
		data, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// EXT-3: an id_token or a SAML assertion for an ID-JAG.
func TestExchangeForIDJAG(t *testing.T) {
	idp := identityProvider(t, flowstest.ServerConfig{})
	for typ, subjectToken := range map[string]string{
		flowstest.TokenTypeIDToken: idp.IssueIDToken("public", "alice"),
		flowstest.TokenTypeSAML2:   idp.IssueSAML("public", "alice"),
	} {
		a := post(t, idp, "token", exchangeForm(subjectToken, "subject_token_type", typ)).expect(t, 200, "")
		if a.text("issued_token_type") != flowstest.TokenTypeIDJAG || a.text("token_type") != "N_A" || a.text("scope") != "a" || a.json["expires_in"] != 300.0 {
			t.Errorf("answer %s", a.body)
		}
		header, claims := decode(t, a.text("access_token"))
		if header["typ"] != "oauth-id-jag+jwt" || claims["iss"] != idp.Issuer() || claims["aud"] != target || claims["sub"] != "alice" ||
			claims["client_id"] != "public" || claims["resource"] != resource || claims["scope"] != "a" || claims["jti"] == "" {
			t.Errorf("header %v, claims %v", header, claims)
		}
	}
}

// EXT-3: what a token exchange is refused for.
func TestExchangeRefused(t *testing.T) {
	idp := identityProvider(t, flowstest.ServerConfig{})
	good := idp.IssueIDToken("public", "alice")
	foreign := identityProvider(t, flowstest.ServerConfig{})
	forged := other().Sign(nil, claimsFor(idp.Issuer(), "alice", "public", nil))
	dead := idp.IssueToken(flowstest.Grant{ClientID: "public", Subject: "alice", Scope: "a"}).AccessToken
	idp.ExpireAccessTokens()
	access := idp.IssueToken(flowstest.Grant{ClientID: "public", Subject: "alice", Scope: "a"}).AccessToken
	jag := idp.IssueIDJAG(flowstest.IDJAG{Audience: "public", ClientID: "public"})
	tests := map[string]struct {
		token   string
		changes []string
		want    string
	}{
		"no subject token":      {"", nil, "invalid_request"},
		"no type":               {good, []string{"subject_token_type", ""}, "invalid_request"},
		"unknown type":          {good, []string{"subject_token_type", "urn:x"}, "invalid_request"},
		"no JWT":                {"x", nil, "invalid_grant"},
		"other client's":        {idp.IssueIDToken("second", "alice"), nil, "invalid_grant"},
		"two audiences":         {idp.IssueIDToken("public", "", flowstest.With("aud", []string{"public", "second"})), nil, "invalid_grant"},
		"other issuer's":        {foreign.IssueIDToken("public", "alice"), nil, "invalid_grant"},
		"other issuer":          {idp.IssueIDToken("public", "", flowstest.With("iss", foreign.Issuer())), nil, "invalid_grant"},
		"expired":               {idp.IssueIDToken("public", "", flowstest.With("exp", ago(time.Hour))), nil, "invalid_grant"},
		"other key":             {forged, nil, "invalid_grant"},
		"other key, same kid":   {other().Sign(members{"kid": idp.SigningKey().KeyID()}, claimsFor(idp.Issuer(), "alice", "public", nil)), nil, "invalid_grant"},
		"access: expired":       {dead, []string{"requested_token_type", "", "subject_token_type", flowstest.TokenTypeAccessToken}, "invalid_request"},
		"an ID-JAG":             {jag, nil, "invalid_grant"},
		"unknown SAML":          {"x", []string{"subject_token_type", flowstest.TokenTypeSAML2}, "invalid_grant"},
		"other client's SAML":   {idp.IssueSAML("second", ""), []string{"subject_token_type", flowstest.TokenTypeSAML2}, "invalid_grant"},
		"access token":          {access, []string{"subject_token_type", flowstest.TokenTypeAccessToken}, "invalid_request"},
		"unknown requested":     {good, []string{"requested_token_type", "urn:x"}, "invalid_request"},
		"no audience":           {good, []string{"audience", ""}, "invalid_request"},
		"audience is a name":    {good, []string{"audience", "as"}, "invalid_request"},
		"no resource":           {good, []string{"resource", ""}, "invalid_target"},
		"resource is a name":    {good, []string{"resource", "mcp"}, "invalid_target"},
		"actor":                 {good, []string{"actor_token", good, "actor_token_type", flowstest.TokenTypeIDToken}, "invalid_request"},
		"actor without type":    {good, []string{"actor_token", good}, "invalid_request"},
		"actor type only":       {good, []string{"actor_token_type", flowstest.TokenTypeIDToken}, "invalid_request"},
		"access: unknown token": {"x", []string{"requested_token_type", "", "subject_token_type", flowstest.TokenTypeAccessToken}, "invalid_request"},
		"access: more scope":    {access, []string{"requested_token_type", "", "subject_token_type", flowstest.TokenTypeAccessToken, "scope", "a b"}, "invalid_scope"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			post(t, idp, "token", exchangeForm(test.token, test.changes...)).expect(t, 400, test.want)
		})
	}
}

// EXT-3: a SAML assertion expires.
func TestExchangeExpiredSAML(t *testing.T) {
	var c clock
	idp := identityProvider(t, flowstest.ServerConfig{Now: c.now})
	form := exchangeForm(idp.IssueSAML("public", ""), "subject_token_type", flowstest.TokenTypeSAML2)
	post(t, idp, "token", form).expect(t, 200, "")
	c.advance(time.Hour)
	post(t, idp, "token", form).expect(t, 400, "invalid_grant")
}

// EXT-3: the policy of the identity provider.
func TestExchangePolicy(t *testing.T) {
	idp := identityProvider(t, flowstest.ServerConfig{Exchange: flowstest.DenyExchange("access_denied", "not for you")})
	form := exchangeForm(idp.IssueIDToken("public", "alice"))
	post(t, idp, "token", form).expect(t, 400, "access_denied")
	less := ""
	idp.Configure(func(c *flowstest.ServerConfig) {
		c.Exchange = func(r flowstest.ExchangeRequest) flowstest.ExchangeDecision {
			if r.Subject != "alice" || r.Audience[0] != target || r.ClientID != "public" || r.Scope != "a" {
				t.Errorf("request %+v", r)
			}
			return flowstest.ExchangeDecision{Scope: &less, ClientID: "there", Subject: "U1", Claims: flowstest.With("email", "a@example.com")}
		}
	})
	_, claims := decode(t, post(t, idp, "token", form).expect(t, 200, "").text("access_token"))
	if claims["client_id"] != "there" || claims["sub"] != "U1" || claims["email"] != "a@example.com" || claims["scope"] != nil {
		t.Errorf("claims %v", claims)
	}
	idp.Configure(func(c *flowstest.ServerConfig) {
		c.Exchange, c.Token = nil, flowstest.With("issued_token_type", flowstest.TokenTypeAccessToken)
	})
	if a := post(t, idp, "token", form); a.text("issued_token_type") != flowstest.TokenTypeAccessToken {
		t.Errorf("answer %s", a.body)
	}
}

// EXT-7: an access token for another one.
func TestExchangeForToken(t *testing.T) {
	as := identityProvider(t, flowstest.ServerConfig{})
	subject := as.IssueToken(flowstest.Grant{ClientID: "second", Subject: "alice", Scope: "a b", Resource: []string{"https://front.example.com"}})
	form := exchangeForm(subject.AccessToken, "subject_token_type", flowstest.TokenTypeAccessToken, "requested_token_type", "", "audience", "")
	a := post(t, as, "token", form).expect(t, 200, "")
	info, _ := as.Token(a.text("access_token"))
	if a.text("issued_token_type") != flowstest.TokenTypeAccessToken || a.text("token_type") != "Bearer" || a.json["refresh_token"] != nil ||
		info.Subject != "alice" || info.ClientID != "public" || info.Scope != "a" || info.Resource[0] != resource {
		t.Errorf("answer %s, token %+v", a.body, info)
	}
	form.Del("scope")
	form.Set("actor_token", as.IssueIDToken("public", "robot"))
	form.Set("actor_token_type", flowstest.TokenTypeIDToken)
	as.Configure(func(c *flowstest.ServerConfig) {
		c.Exchange = func(r flowstest.ExchangeRequest) flowstest.ExchangeDecision {
			if r.Actor != "robot" {
				t.Errorf("request %+v", r)
			}
			return flowstest.ExchangeDecision{}
		}
	})
	if a := post(t, as, "token", form).expect(t, 200, ""); a.text("scope") != "a b" {
		t.Errorf("answer %s", a.body)
	}
	as.RevokeAccessTokens()
	post(t, as, "token", form).expect(t, 400, "invalid_request")
}

// EXT-3: an OpenID Connect login gives an id_token that the key set verifies.
func TestIDToken(t *testing.T) {
	key := flowstest.NewSigningKey("EdDSA")
	idp := identityProvider(t, flowstest.ServerConfig{SigningKeys: []*flowstest.SigningKey{key, es256()}})
	code := callback(t, idp, authorizationForm("scope", "openid a", "nonce", "n1", "resource", "")).Get("code")
	a := post(t, idp, "token", codeForm(code, "resource", "")).expect(t, 200, "")
	header, claims := decode(t, a.text("id_token"))
	if header["kid"] != key.KeyID() || header["alg"] != "EdDSA" || claims["nonce"] != "n1" || claims["aud"] != "public" ||
		claims["iss"] != idp.Issuer() || claims["sub"] != "user" {
		t.Errorf("header %v, claims %v", header, claims)
	}
	post(t, idp, "token", exchangeForm(a.text("id_token"))).expect(t, 200, "")
	keys := get(t, idp.Client(), idp.Endpoint("jwks"))
	if list, _ := keys.json["keys"].([]any); len(list) != 2 || !strings.Contains(keys.body, key.KeyID()) || strings.Contains(keys.body, `"d"`) {
		t.Errorf("keys %s", keys.body)
	}
	metadata := get(t, idp.Client(), idp.URL()+"/.well-known/openid-configuration")
	if !strings.Contains(metadata.body, `"id_token_signing_alg_values_supported":["EdDSA"]`) {
		t.Errorf("metadata %s", metadata.body)
	}
	if a := login(t, newServer(t, flowstest.ServerConfig{})); a.json["id_token"] != nil {
		t.Errorf("an id_token without openid: %s", a.body)
	}
	idp.Configure(func(c *flowstest.ServerConfig) { c.IDToken = flowstest.With("nonce", "other") })
	code = callback(t, idp, authorizationForm("scope", "openid", "nonce", "n1")).Get("code")
	if _, claims := decode(t, post(t, idp, "token", codeForm(code)).text("id_token")); claims["nonce"] != "other" {
		t.Errorf("claims %v", claims)
	}
}

// EXT-2, EXT-3: both legs.
func TestEnterprise(t *testing.T) {
	idp := identityProvider(t, flowstest.ServerConfig{})
	as := federated(t, flowstest.ServerConfig{}, flowstest.TrustedIssuer{Server: idp})
	jag := post(t, idp, "token", exchangeForm(idp.IssueIDToken("public", "alice"), "audience", as.Issuer())).expect(t, 200, "")
	a := post(t, as, "token", assertionForm(jag.text("access_token"))).expect(t, 200, "")
	if info, _ := as.Token(a.text("access_token")); info.Subject != "alice" || info.Scope != "a" {
		t.Errorf("token %+v", info)
	}
	if as.Count("token:"+flowstest.GrantJWTBearer) != 1 || idp.Count("token:"+flowstest.GrantTokenExchange) != 1 {
		t.Error("requests were not recorded by grant")
	}
}
