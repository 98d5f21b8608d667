package flowstest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// AUTHZ-13, TOK-1: what the token endpoint refuses when a code comes.
func TestCodeRefused(t *testing.T) {
	const invalidGrant = "invalid_grant"
	tests := map[string]struct {
		changes []string
		status  int
		code    string
	}{
		"no grant type":        {[]string{"grant_type", ""}, 400, "invalid_request"},
		"unknown grant type":   {[]string{"grant_type", "password"}, 400, "unsupported_grant_type"},
		"no code":              {[]string{"code", ""}, 400, "invalid_request"},
		"unknown code":         {[]string{"code", "x"}, 400, invalidGrant},
		"no verifier":          {[]string{"code_verifier", ""}, 400, invalidGrant},
		"other verifier":       {[]string{"code_verifier", strings.Repeat("a", 43)}, 400, invalidGrant},
		"short verifier":       {[]string{"code_verifier", strings.Repeat("a", 42)}, 400, invalidGrant},
		"no redirect URI":      {[]string{"redirect_uri", ""}, 400, invalidGrant},
		"other redirect URI":   {[]string{"redirect_uri", "https://client.example.com/callback"}, 400, invalidGrant},
		"redirect URI encoded": {[]string{"redirect_uri", url.QueryEscape(redirectURI)}, 400, invalidGrant},
		"no resource":          {[]string{"resource", ""}, 400, "invalid_target"},
		"other resource":       {[]string{"resource", "https://other.example.com"}, 400, "invalid_target"},
		"scope":                {[]string{"scope", "a"}, 400, "invalid_request"},
		"no client":            {[]string{"client_id", ""}, 401, "invalid_client"},
		"unknown client":       {[]string{"client_id", "who"}, 401, "invalid_client"},
		"secret of a public":   {[]string{"client_secret", "x"}, 401, "invalid_client"},
		"assertion":            {[]string{"client_assertion", "x"}, 401, "invalid_client"},
		"other client":         {[]string{"client_id", "second"}, 400, invalidGrant},
		"client without grant": {[]string{"client_id", "machine"}, 400, "unauthorized_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{Clients: []flowstest.Client{
				public, {ID: "second"}, {ID: "machine", GrantTypes: []string{"client_credentials"}},
			}})
			a := post(t, as, "token", codeForm(newCode(t, as), test.changes...)).expect(t, test.status, test.code)
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("an error may be cached")
			}
		})
	}
}

// The form of a token request: POST, form-encoded, nothing twice, no secret in
// the URL.
func TestTokenRequestForm(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	endpoint := as.Endpoint("token")
	const media = "application/x-www-form-urlencoded"
	form := codeForm(newCode(t, as))
	send(t, as.Client(), "GET", endpoint+"?"+form.Encode(), "", "", nil).expect(t, 405, "")
	send(t, as.Client(), "POST", endpoint, "application/json", form.Encode(), nil).expect(t, 400, "invalid_request")
	send(t, as.Client(), "POST", endpoint, "", form.Encode(), nil).expect(t, 400, "invalid_request")
	send(t, as.Client(), "POST", endpoint, media, "grant_type=%zz", nil).expect(t, 400, "invalid_request")
	send(t, as.Client(), "POST", endpoint, media, form.Encode()+"&client_id=public", nil).expect(t, 400, "invalid_request")
	for _, query := range []string{"code=x", "client_secret=x", "refresh_token=x", "grant_type=x", "code_verifier=x"} {
		send(t, as.Client(), "POST", endpoint+"?"+query, media, form.Encode(), nil).expect(t, 400, "invalid_request")
	}
	// AUTHZ-5: a query of the endpoint's own stays.
	a := send(t, as.Client(), "POST", endpoint+"?tenant=1", media+"; charset=UTF-8", form.Encode(), nil).expect(t, 200, "")
	if a.header.Get("Cache-Control") != "no-store" || a.text("token_type") != "Bearer" || a.json["expires_in"] != 3600.0 {
		t.Errorf("answer %v %v", a.header, a.json)
	}
}

// TOK-1: a client may authenticate by the method it is registered for and by
// no other.
func TestClientAuthentication(t *testing.T) {
	const secret = "a+b%c:d e"
	expired := time.Now().Add(-time.Second)
	encoded := "con%2Ffidential:" + url.QueryEscape(secret)
	tests := map[string]struct {
		client flowstest.Client
		pair   string // of Basic
		form   []string
		config flowstest.ServerConfig
		want   string
	}{
		"basic":             {pair: encoded},
		"basic by default":  {client: flowstest.Client{AuthMethod: ""}, pair: encoded},
		"basic and id":      {pair: encoded, form: []string{"client_id", "con/fidential"}},
		"basic, other id":   {pair: encoded, form: []string{"client_id", "public"}, want: "invalid_request"},
		"basic, raw":        {pair: "con/fidential:" + secret, want: "invalid_client"},
		"basic, taken raw":  {pair: "con/fidential:" + secret, config: flowstest.ServerConfig{BasicVerbatim: true}},
		"basic, wrong":      {pair: "con%2Ffidential:x", want: "invalid_client"},
		"basic, no colon":   {pair: "con%2Ffidential", want: "invalid_client"},
		"basic, expired":    {client: flowstest.Client{SecretExpires: expired}, pair: encoded, want: "invalid_client"},
		"basic not allowed": {pair: encoded, config: flowstest.ServerConfig{AuthMethods: []string{"none"}}, want: "invalid_client"},
		"basic and post":    {pair: encoded, form: []string{"client_id", "con/fidential", "client_secret", secret}, want: "invalid_request"},
		"post for basic":    {form: []string{"client_id", "con/fidential", "client_secret", secret}, want: "invalid_client"},
		"none for basic":    {form: []string{"client_id", "con/fidential"}, want: "invalid_client"},
		"post":              {client: flowstest.Client{AuthMethod: "client_secret_post"}, form: []string{"client_id", "con/fidential", "client_secret", secret}},
		"post, wrong":       {client: flowstest.Client{AuthMethod: "client_secret_post"}, form: []string{"client_id", "con/fidential", "client_secret", "x"}, want: "invalid_client"},
		"basic for post":    {client: flowstest.Client{AuthMethod: "client_secret_post"}, pair: encoded, want: "invalid_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := test.client
			client.ID, client.Secret, client.RedirectURIs = "con/fidential", secret, public.RedirectURIs
			test.config.Clients = []flowstest.Client{client}
			as := newServer(t, test.config)
			code := callback(t, as, authorizationForm("client_id", client.ID)).Get("code")
			form := codeForm(code, append([]string{"client_id", ""}, test.form...)...)
			var a answer
			if test.pair != "" {
				a = postBasic(t, as, "token", test.pair, form)
			} else {
				a = post(t, as, "token", form)
			}
			status := map[string]int{"": 200, "invalid_client": 401, "invalid_request": 400}[test.want]
			a.expect(t, status, test.want)
			if challenged := a.header.Get("WWW-Authenticate") != ""; challenged != (status == 401 && test.pair != "") {
				t.Errorf("WWW-Authenticate %q", a.header.Get("WWW-Authenticate"))
			}
		})
	}
}

// A code serves once; its second use revokes what the first one gave.
func TestCodeReuse(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	code := newCode(t, as)
	token := post(t, as, "token", codeForm(code)).expect(t, 200, "")
	post(t, as, "token", codeForm(code)).expect(t, 400, "invalid_grant")
	if info, _ := as.Token(token.text("access_token")); !info.Revoked {
		t.Error("the access token outlived the reuse of its code")
	}
	post(t, as, "token", refreshForm(token.text("refresh_token"))).expect(t, 400, "invalid_grant")
}

func TestCodeExpires(t *testing.T) {
	now := time.Now()
	as := newServer(t, flowstest.ServerConfig{Now: func() time.Time { return now }})
	code := newCode(t, as)
	as.Configure(func(c *flowstest.ServerConfig) { c.Now = func() time.Time { return now.Add(time.Minute) } })
	post(t, as, "token", codeForm(code)).expect(t, 400, "invalid_grant")
}

// TOK-3, TOK-4: quirks of token answers.
func TestTokenAnswerQuirks(t *testing.T) {
	tests := map[string]struct {
		config flowstest.ServerConfig
		check  func(answer) bool
	}{
		"string expiry": {flowstest.ServerConfig{Token: flowstest.With("expires_in", "60")}, func(a answer) bool { return a.json["expires_in"] == "60" }},
		"no expiry":     {flowstest.ServerConfig{Token: flowstest.Without("expires_in")}, func(a answer) bool { return a.json["expires_in"] == nil }},
		"scope array":   {flowstest.ServerConfig{Token: flowstest.With("scope", []string{"a"})}, func(a answer) bool { return a.json["scope"] != "a" }},
		"created":       {flowstest.ServerConfig{TokenStatus: 201}, func(a answer) bool { return a.status == 201 }},
		"form":          {flowstest.ServerConfig{TokenForm: true}, func(a answer) bool { return strings.HasPrefix(a.body, "access_token=at-") }},
		"text":          {flowstest.ServerConfig{TokenHeader: http.Header{"Content-Type": {"text/plain"}}}, func(a answer) bool { return a.header.Get("Content-Type") == "text/plain" }},
		"duplicate":     {flowstest.ServerConfig{TokenBytes: flowstest.Append("token_type", `"mac"`)}, func(a answer) bool { return a.json["token_type"] == "mac" }},
		"short life":    {flowstest.ServerConfig{TokenLife: 10 * time.Millisecond}, func(a answer) bool { return a.json["expires_in"] == 0.0 }},
		"no refresh":    {flowstest.ServerConfig{NoRefreshTokens: true}, func(a answer) bool { return a.json["refresh_token"] == nil }},
		"not offline":   {flowstest.ServerConfig{RefreshNeedsOfflineAccess: true}, func(a answer) bool { return a.json["refresh_token"] == nil }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, test.config)
			if a := post(t, as, "token", codeForm(newCode(t, as))); !test.check(a) {
				t.Errorf("answer %d %v %s", a.status, a.header, a.body)
			}
		})
	}
	as := newServer(t, flowstest.ServerConfig{TokenForm: true})
	if a := post(t, as, "token", codeForm("x")); a.status != 200 || !strings.Contains(a.body, "error=invalid_grant") {
		t.Errorf("answer %d %s", a.status, a.body)
	}
}
