package flows_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/validate"
)

const tokenURL = asIssuer + "/token"

// exchange redeems a code at a scripted token endpoint.
func exchange(t testing.TB, r reply) (*flows.Token, error) {
	t.Helper()
	w := newWire(map[string]reply{"POST " + tokenURL: r})
	return w.client().ExchangeCode(t.Context(), flows.CodeRequest{
		TokenRequest: flows.TokenRequest{Endpoint: tokenURL, Auth: flows.ClientAuth{ClientID: "c", Secret: "cl13ntsecret", Method: flows.AuthMethodBasic}, Scope: []string{"asked", "for"}, Resource: mcpURL},
		Code:         "theC0de", Verifier: "theVer1f1er", RedirectURI: loopbackRedirect,
	})
}

// TOK-3, TOK-4: what counts as a token answer.
func TestTokenAnswers(t *testing.T) {
	life := func(seconds int) *int { return &seconds }
	form := func(body string) reply { return typed("application/x-www-form-urlencoded; charset=utf-8", body) }
	for _, tt := range []struct {
		name    string
		reply   reply
		scope   string
		kind    string
		expires *int // nil: unknown
		refresh string
	}{
		{"usual", object(`{"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"rt","scope":"a b"}`), "a b", "Bearer", life(3600), "rt"},
		{"201", reply{status: 201, header: http.Header{"Content-Type": {"application/json"}}, body: `{"access_token":"at","token_type":"Bearer"}`}, "asked for", "Bearer", nil, ""},
		{"lower case type", object(`{"access_token":"at","token_type":"bearer"}`), "asked for", "Bearer", nil, ""},
		{"upper case type", object(`{"access_token":"at","token_type":"BEARER"}`), "asked for", "Bearer", nil, ""},
		{"no type", object(`{"access_token":"at"}`), "asked for", "Bearer", nil, ""},
		{"type null", object(`{"access_token":"at","token_type":null}`), "asked for", "Bearer", nil, ""},
		{"type empty", object(`{"access_token":"at","token_type":""}`), "asked for", "Bearer", nil, ""},
		{"numeric string", object(`{"access_token":"at","token_type":"Bearer","expires_in":"3600"}`), "asked for", "Bearer", life(3600), ""},
		{"float", object(`{"access_token":"at","token_type":"Bearer","expires_in":3599.9}`), "asked for", "Bearer", life(3599), ""},
		{"exponent", object(`{"access_token":"at","token_type":"Bearer","expires_in":3.6e3}`), "asked for", "Bearer", life(3600), ""},
		{"0 is expired", object(`{"access_token":"at","token_type":"Bearer","expires_in":0}`), "asked for", "Bearer", life(0), ""},
		{"negative is expired", object(`{"access_token":"at","token_type":"Bearer","expires_in":-5}`), "asked for", "Bearer", life(0), ""},
		{"null", object(`{"access_token":"at","token_type":"Bearer","expires_in":null}`), "asked for", "Bearer", nil, ""},
		{"no number", object(`{"access_token":"at","token_type":"Bearer","expires_in":"soon"}`), "asked for", "Bearer", nil, ""},
		{"huge", object(`{"access_token":"at","token_type":"Bearer","expires_in":99999999999999999999999}`), "asked for", "Bearer", nil, ""},
		{"very large", object(`{"access_token":"at","token_type":"Bearer","expires_in":9007199254740993}`), "asked for", "Bearer", life(100 * 365 * 24 * 3600), ""},
		{"scope array", object(`{"access_token":"at","token_type":"Bearer","scope":["a","b"]}`), "a b", "Bearer", nil, ""},
		{"scope null", object(`{"access_token":"at","token_type":"Bearer","scope":null}`), "asked for", "Bearer", nil, ""},
		{"scope empty", object(`{"access_token":"at","token_type":"Bearer","scope":""}`), "asked for", "Bearer", nil, ""},
		{"scope empty array", object(`{"access_token":"at","token_type":"Bearer","scope":[]}`), "asked for", "Bearer", nil, ""},
		{"scope of another type", object(`{"access_token":"at","token_type":"Bearer","scope":5}`), "asked for", "Bearer", nil, ""},
		{"error null", object(`{"access_token":"at","token_type":"Bearer","error":null}`), "asked for", "Bearer", nil, ""},
		{"refresh token null", object(`{"access_token":"at","token_type":"Bearer","refresh_token":null}`), "asked for", "Bearer", nil, ""},
		{"ok true", object(`{"ok":true,"access_token":"at","token_type":"Bearer"}`), "asked for", "Bearer", nil, ""},
		{"vendor media type", typed("application/vnd.as+json", `{"access_token":"at","token_type":"Bearer"}`), "asked for", "Bearer", nil, ""},
		{"text that is json", typed("text/plain;charset=UTF-8", `  {"access_token":"at","token_type":"Bearer","expires_in":60}`), "asked for", "Bearer", life(60), ""},
		{"form", form("access_token=at&token_type=bearer&expires_in=3600&scope=a+b&refresh_token=rt"), "a b", "Bearer", life(3600), "rt"},
		{"form with empty scope", form("access_token=at&scope=&token_type=bearer"), "asked for", "Bearer", nil, ""},
		{"form as text", typed("text/plain", "access_token=at&token_type=bearer"), "asked for", "Bearer", nil, ""},
		{"byte order mark", object("\ufeff" + `{"access_token":"at","token_type":"Bearer"}`), "asked for", "Bearer", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := time.Now()
			token, err := exchange(t, tt.reply)
			after := time.Now()
			if err != nil {
				t.Fatal(err)
			}
			if token.AccessToken.Reveal() != "at" || token.TokenType != tt.kind || strings.Join(token.Scope, " ") != tt.scope || token.RefreshToken.Reveal() != tt.refresh || token.Response == nil {
				t.Errorf("%+v: scope %q", token, token.Scope)
			}
			if token.IssuedAt.Before(before.Round(0)) || token.IssuedAt.After(after) {
				t.Errorf("issued at %v", token.IssuedAt)
			}
			switch {
			case tt.expires == nil && !token.ExpiresAt.IsZero():
				t.Errorf("expires at %v", token.ExpiresAt)
			case tt.expires != nil && !token.ExpiresAt.Equal(token.IssuedAt.Add(time.Duration(*tt.expires)*time.Second)):
				t.Errorf("expires after %v", token.ExpiresAt.Sub(token.IssuedAt))
			}
			// A wall clock: a suspended machine ages its tokens (REF-1).
			if strings.Contains(token.IssuedAt.String(), "m=") {
				t.Error("the times are monotonic")
			}
		})
	}
}

// TOK-3: members that are not known are kept.
func TestTokenAnswerExtra(t *testing.T) {
	token, err := exchange(t, object(`{"access_token":"at","token_type":"Bearer","patient":"123","id_token":"idt"}`))
	if err != nil || string(token.Response.Extra["patient"]) != `"123"` || token.IDToken.Reveal() != "idt" {
		t.Errorf("%+v, %v", token, err)
	}
}

// TOK-4, TOK-5, TOK-6, REF-6: what counts as an error, and of which kind.
func TestTokenErrors(t *testing.T) {
	oauth := func(code int, body string) reply {
		return reply{status: code, header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"3600"}}, body: body}
	}
	form := func(code int, media, body string) reply {
		return reply{status: code, header: http.Header{"Content-Type": {media}}, body: body}
	}
	const final, passes, refused = "final", "temporary", "refused"
	for _, tt := range []struct {
		name  string
		reply reply
		kind  string
		code  string
		rule  validate.Rule
	}{
		{"invalid_grant", oauth(400, `{"error":"invalid_grant","error_description":"gone"}`), final, "invalid_grant", ""},
		{"invalid_client", oauth(401, `{"error":"invalid_client"}`), final, "invalid_client", ""},
		{"403 with an OAuth error", oauth(403, `{"error":"access_denied"}`), final, "access_denied", ""},
		{"error with 200", oauth(200, `{"error":"bad_verification_code","error_description":"x"}`), final, "bad_verification_code", ""},
		{"ok false", oauth(200, `{"ok":false,"error":"invalid_code"}`), final, "invalid_code", ""},
		{"ok false without error", oauth(200, `{"ok":false}`), final, "invalid_request", ""},
		{"form error with 200", form(200, "application/x-www-form-urlencoded", "error=bad_verification_code&error_description=The+code"), final, "bad_verification_code", ""},
		{"form error with 400", form(400, "application/x-www-form-urlencoded", "error=invalid_grant"), final, "invalid_grant", ""},
		{"text error with 400", form(400, "text/plain", "error=invalid_grant&error_description=x"), final, "invalid_grant", ""},
		{"json error labelled as html", form(400, "text/html", `{"error":"invalid_grant"}`), final, "invalid_grant", ""},

		{"408 with an OAuth error", oauth(408, `{"error":"invalid_grant"}`), passes, "invalid_grant", ""},
		{"425 with an OAuth error", oauth(425, `{"error":"invalid_grant"}`), passes, "invalid_grant", ""},
		{"429 with an OAuth error", oauth(429, `{"error":"slow_down"}`), passes, "slow_down", ""},
		{"500 with an OAuth error", oauth(500, `{"error":"invalid_grant"}`), passes, "invalid_grant", ""},
		{"503 with an OAuth error", oauth(503, `{"error":"temporarily_unavailable"}`), passes, "temporarily_unavailable", ""},
		{"temporarily_unavailable", oauth(400, `{"error":"temporarily_unavailable"}`), passes, "temporarily_unavailable", ""},
		{"server_error", oauth(400, `{"error":"server_error"}`), passes, "server_error", ""},
		{"redirect with an OAuth error", reply{status: 302, header: http.Header{"Content-Type": {"application/json"}, "Location": {"https://evil.example.com/"}}, body: `{"error":"invalid_grant"}`}, passes, "invalid_grant", ""},
		{"firewall", form(403, "text/html", "<h1>blocked</h1>"), passes, "", ""},
		{"404", status(404), passes, "", ""},
		{"500", status(500), passes, "", ""},
		{"502", form(502, "text/html", "<h1>Bad Gateway</h1>"), passes, "", ""},
		{"error of another kind", oauth(400, `{"error":{"code":400,"message":"bad"}}`), passes, "", ""},
		{"captive portal", form(200, "text/html", "<html>log in to the hotel</html>"), passes, "", ""},
		{"no content", status(204), passes, "", ""},
		{"202", oauth(202, `{"access_token":"at","token_type":"Bearer"}`), passes, "", ""},
		{"empty", object(""), passes, "", ""},
		{"array", object("[]"), passes, "", ""},
		{"null", object("null"), passes, "", ""},
		{"no access token", object(`{"token_type":"Bearer"}`), passes, "", ""},
		{"access token null", object(`{"access_token":null,"token_type":"Bearer"}`), passes, "", ""},
		{"empty access token", object(`{"access_token":"","token_type":"Bearer"}`), passes, "", ""},
		{"access token of another type", object(`{"access_token":5,"token_type":"Bearer"}`), passes, "", ""},
		{"another case", object(`{"Access_Token":"at","token_type":"Bearer"}`), passes, "", ""},
		{"duplicate", object(`{"access_token":"at","token_type":"Bearer","access_token":"at2"}`), passes, "", ""},
		{"cut off", object(`{"access_token":"at","token_ty`), passes, "", ""},
		{"form with doubled token", form(200, "application/x-www-form-urlencoded", "access_token=a&access_token=b"), passes, "", ""},
		{"form that is none", form(200, "text/plain", "Hello"), passes, "", ""},
		{"too large", object(`{"access_token":"at","token_type":"Bearer","x":"` + strings.Repeat("x", 1<<20) + `"}`), passes, "", ""},
		{"token and error", object(`{"access_token":"at","token_type":"Bearer","error":"invalid_grant"}`), passes, "", validate.RuleTokenAndError},
		{"token and error as a form", form(200, "application/x-www-form-urlencoded", "access_token=at&token_type=bearer&error=invalid_grant"), passes, "", validate.RuleTokenAndError},
		{"token and error as text", form(200, "text/plain", `{"access_token":"at","token_type":"bearer","error":"invalid_grant"}`), passes, "", validate.RuleTokenAndError},
		{"token and ok false", object(`{"ok":false,"access_token":"at","token_type":"Bearer"}`), passes, "", validate.RuleTokenAndError},
		{"network", reply{err: &netTimeout{}}, passes, "", ""},

		{"control character", object(`{"access_token":"a\u0000t","token_type":"Bearer"}`), refused, "", validate.RuleAccessTokenSyntax},
		{"line feed", object(`{"access_token":"at\r\nX-Evil: 1","token_type":"Bearer"}`), refused, "", validate.RuleAccessTokenSyntax},
		{"space", object(`{"access_token":"a t","token_type":"Bearer"}`), refused, "", validate.RuleAccessTokenSyntax},
		{"leading space", object(`{"access_token":" at","token_type":"Bearer"}`), refused, "", validate.RuleAccessTokenSyntax},
		{"beyond ASCII", object(`{"access_token":"ätoken","token_type":"Bearer"}`), refused, "", validate.RuleAccessTokenSyntax},
		{"DPoP without a proof", object(`{"access_token":"at","token_type":"DPoP"}`), refused, "", validate.RuleTokenType},
		{"MAC", object(`{"access_token":"at","token_type":"mac"}`), refused, "", validate.RuleTokenType},
		{"N_A outside token exchange", object(`{"access_token":"at","token_type":"N_A"}`), refused, "", validate.RuleTokenType},
		{"Bearer and more", object(`{"access_token":"at","token_type":"Bearer "}`), refused, "", validate.RuleTokenType},
		{"error empty", object(`{"access_token":"at","token_type":"Bearer","error":""}`), refused, "", validate.RuleTokenAndError},
	} {
		t.Run(tt.name, func(t *testing.T) {
			token, err := exchange(t, tt.reply)
			var e *flows.TokenError
			if token != nil || !errors.As(err, &e) {
				t.Fatalf("%+v, %v", token, err)
			}
			if e.Grant != flows.GrantAuthorizationCode || e.Code != tt.code || e.Final() != (tt.kind == final) || flows.IsTemporary(err) != (tt.kind == passes) {
				t.Errorf("code %q, final %t, temporary %t: %v", e.Code, e.Final(), flows.IsTemporary(err), err)
			}
			if tt.rule != "" && !errors.Is(err, tt.rule) {
				t.Errorf("%v, want rule %s", err, tt.rule)
			}
			if tt.kind != refused && tt.reply.err == nil && e.StatusCode != max(tt.reply.status, 200) && tt.reply.status != 0 {
				t.Errorf("status %d", e.StatusCode)
			}
			expectNoSecrets(t, err, []string{"cl13ntsecret", "theC0de", "theVer1f1er"})
		})
	}
}

// TOK-5: the fields; REG-8: whose fault it is.
func TestTokenErrorFields(t *testing.T) {
	r := reply{status: 429, header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"17"}}, body: `{"error":"slow_down","error_description":"later","error_uri":"https://as.example.com/e"}`}
	_, err := exchange(t, r)
	var e *flows.TokenError
	if !errors.As(err, &e) || e.StatusCode != 429 || e.Code != "slow_down" || e.Description != "later" || e.URI != "https://as.example.com/e" || e.RetryAfter != 17*time.Second {
		t.Errorf("%+v", e)
	}
	for code, rejected := range map[string]bool{"invalid_client": true, "unauthorized_client": true, "invalid_grant": false, "invalid_scope": false} {
		_, err := exchange(t, reply{status: 400, header: http.Header{"Content-Type": {"application/json"}}, body: `{"error":"` + code + `"}`})
		if !errors.As(err, &e) || e.ClientRejected() != rejected {
			t.Errorf("%s: rejected %t", code, e.ClientRejected())
		}
	}
	_, err = exchange(t, reply{status: 503, header: http.Header{"Content-Type": {"application/json"}}, body: `{"error":"invalid_client"}`})
	if !errors.As(err, &e) || e.ClientRejected() {
		t.Errorf("a 503 rejects the client: %v", err)
	}
	for value, want := range map[string]time.Duration{"": 0, "-1": 0, "soon": 0, "99999999999": 1_000_000 * time.Second, "1.5": 0, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat): 0, "120": 2 * time.Minute} {
		r := status(500)
		r.header.Set("Retry-After", value)
		_, err := exchange(t, r)
		if !errors.As(err, &e) || e.RetryAfter != want {
			t.Errorf("%q: %v", value, e.RetryAfter)
		}
	}
}

// TOK-5, SEC-5, STORE-4: the snippet is bounded, printable, and shows no token,
// however short and under whatever name.
func TestTokenErrorSnippet(t *testing.T) {
	for _, tt := range []struct {
		status            int
		media, body, want string
	}{
		{403, "text/html", "<h1>Sorry,\r\n you have been\x1b[31m blocked</h1>", "blocked"},
		{500, "text/plain", "request id 7", "request id 7"},
		{500, "text/plain", "see " + strings.Repeat("s3cr3t", 10), "see [cut]"},
		{200, "application/json", `{"access_token":"s3cr3t","token_type":`, ""},
		{200, "application/json", `{"accessToken":"s3cr3t"}`, ""},
		{200, "text/html", `<pre>access_token=s3cr3t</pre>`, ""},
		{500, "text/plain", `client_secret: s3cr3t`, ""},
		{500, "text/plain", `code = s3cr3t`, ""},
	} {
		_, err := exchange(t, reply{status: tt.status, header: http.Header{"Content-Type": {tt.media}}, body: tt.body})
		var e *flows.TokenError
		if !errors.As(err, &e) || tt.want == "" && e.Snippet != "" || !strings.Contains(e.Snippet, tt.want) || len(e.Snippet) > 250 || strings.ContainsAny(e.Snippet, "\x1b\r\n") {
			t.Errorf("%s: snippet %q", tt.body, e.Snippet)
		}
		expectNoSecrets(t, err, []string{"s3cr3t"})
	}
	_, err := exchange(t, reply{status: 500, body: strings.Repeat("a b ", 1<<17)})
	if len(err.Error()) > 1000 {
		t.Errorf("%d bytes", len(err.Error()))
	}
}

// STORE-4, TOK-5: a server that repeats what it was sent does not make it
// printed.
func TestTokenErrorEcho(t *testing.T) {
	secrets := []string{"theC0de", "theVer1f1er", "cl13ntsecret"}
	echo := strings.Join(secrets, " ")
	for _, body := range []string{
		encode(t, map[string]string{"error": "invalid_grant", "error_description": echo, "error_uri": "https://as.example.com/?x=" + secrets[0]}),
		encode(t, map[string]string{"error": secrets[0]}),
		"<html>" + echo + "</html>",
		echo,
	} {
		for _, media := range []string{"application/json", "text/html", "text/plain", ""} {
			for _, code := range []int{200, 400, 500} {
				_, err := exchange(t, reply{status: code, header: http.Header{"Content-Type": {media}}, body: body})
				if err == nil {
					t.Fatal("accepted")
				}
				expectNoSecrets(t, err, secrets)
			}
		}
	}
}

// TOK-7: one request, whatever comes back; twice only when it never left.
func TestTokenRequestIsSentOnce(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, tt := range []struct {
		name  string
		reply reply
		sent  int
	}{
		{"400", status(400), 1},
		{"408", status(408), 1},
		{"429", status(429), 1},
		{"500", status(500), 1},
		{"502", reply{status: 502}, 1},
		{"503", reply{status: 503}, 1},
		{"504", reply{status: 504}, 1},
		{"503 at once", reply{status: 503, header: http.Header{"Retry-After": {"0"}}}, 1},
		{"429 at once", reply{status: 429, header: http.Header{"Retry-After": {"0"}}}, 1},
		{"redirect", redirect(307, tokenURL+"2"), 1},
		{"reset", reply{err: errReset}, 1},
		{"timeout", reply{err: &netTimeout{}}, 1},
		{"cut off", reply{err: errors.New("http: server closed idle connection")}, 1},
		{"dial failure", reply{err: dial}, 3},
	} {
		for _, grant := range []string{"code", "refresh"} {
			t.Run(tt.name+"/"+grant, func(t *testing.T) {
				t.Parallel()
				w := newWire(map[string]reply{"POST " + tokenURL: tt.reply})
				in := flows.TokenRequest{Endpoint: tokenURL, Auth: flows.ClientAuth{ClientID: "c", Method: flows.AuthMethodNone}, Resource: mcpURL}
				var err error
				if grant == "code" {
					_, err = w.client().ExchangeCode(t.Context(), flows.CodeRequest{TokenRequest: in, Code: "c", Verifier: "v"})
				} else {
					_, err = w.client().Refresh(t.Context(), flows.RefreshRequest{TokenRequest: in, RefreshToken: "r"})
				}
				if err == nil {
					t.Error("accepted")
				}
				if sent := len(w.log()); sent != tt.sent {
					t.Errorf("sent %d times, want %d: %v", sent, tt.sent, err)
				}
			})
		}
	}
}

// AUTHZ-2, AUTHZ-5, AUTHZ-13: what the code request holds.
func TestCodeRequest(t *testing.T) {
	const redirectURI = "https://c.example.com/cb%2Fx?tenant=1&z=%20"
	as := newServer(t, flowstest.ServerConfig{Clients: []flowstest.Client{{ID: "c", RedirectURIs: []string{redirectURI}}},
		Endpoints: map[string]string{"token": "/oauth/token"}})
	_, err := loopbackClient().ExchangeCode(flows.WithResource(t.Context(), as.URL()), flows.CodeRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: as.Endpoint("token") + "?tenant=1", Auth: flows.ClientAuth{ClientID: "c", Method: flows.AuthMethodNone}, Resource: mcpURL + "/?x=%20",
			Scope:  []string{"not", "sent"},
			Params: url.Values{"audience": {"x"}, "code": {"mine"}, "grant_type": {"password"}, "redirect_uri": {"https://evil.example.com"}, "code_verifier": {"mine"}, "resource": {"https://evil.example.com"}},
		},
		Code: "c0de+/=&", Verifier: "ver1f1er", RedirectURI: redirectURI,
	})
	if err == nil {
		t.Fatal("a code of nowhere was accepted")
	}
	sent := as.RequestsOf("token")[0]
	want := url.Values{"grant_type": {"authorization_code"}, "code": {"c0de+/=&"}, "redirect_uri": {redirectURI}, "code_verifier": {"ver1f1er"},
		"client_id": {"c"}, "resource": {mcpURL + "/?x=%20"}, "audience": {"x"}}
	if sent.Form.Encode() != want.Encode() {
		t.Errorf("sent %s\nwant %s", sent.Form.Encode(), want.Encode())
	}
	if sent.Query.Encode() != "tenant=1" || sent.Header.Get("MCP-Protocol-Version") != flows.ProtocolVersion || sent.Header.Get("Accept") != "application/json" {
		t.Errorf("query %v, header %v", sent.Query, sent.Header)
	}
}

// AUTHZ-2, DISC-15, TOK-1: whole logins against a strict server.
func TestLogin(t *testing.T) {
	methods := func(m ...string) flowstest.ServerConfig { return flowstest.ServerConfig{AuthMethods: m} }
	for _, tt := range []struct {
		name string
		as   flowstest.ServerConfig
		rs   flowstest.ResourceConfig
		edit func(any)
	}{
		{"modern", flowstest.ServerConfig{}, flowstest.ResourceConfig{}, nil},
		{"basic", methods("client_secret_basic"), flowstest.ResourceConfig{}, nil},
		{"post", methods("client_secret_post"), flowstest.ResourceConfig{}, nil},
		{"none", methods("none"), flowstest.ResourceConfig{}, nil},
		{"login page", flowstest.ServerConfig{LoginPage: true}, flowstest.ResourceConfig{}, nil},
		{"issuer with a path", flowstest.ServerConfig{Path: "/tenant"}, flowstest.ResourceConfig{}, nil},
		{"issuer with a slash", flowstest.ServerConfig{IssuerURL: func(url string) string { return url + "/" }}, flowstest.ResourceConfig{}, nil},
		{"OpenID appended only", flowstest.ServerConfig{Path: "/tenant", MetadataStatus: map[flowstest.WellKnown]int{flowstest.WellKnownOAuth: 404, flowstest.WellKnownOIDC: 404}}, flowstest.ResourceConfig{}, nil},
		{"no iss", flowstest.ServerConfig{OmitIss: true, HideIss: true}, flowstest.ResourceConfig{}, nil},
		{"iss not advertised", flowstest.ServerConfig{HideIss: true}, flowstest.ResourceConfig{}, nil},
		{"form answers", flowstest.ServerConfig{TokenForm: true}, flowstest.ResourceConfig{}, nil},
		{"token with 201", flowstest.ServerConfig{TokenStatus: 201}, flowstest.ResourceConfig{}, nil},
		{"no challenge", flowstest.ServerConfig{}, flowstest.ResourceConfig{Challenge: flowstest.NoChallenge}, nil},
		{"relative metadata URL", flowstest.ServerConfig{}, flowstest.ResourceConfig{PRMLocation: "/prm.json", MetadataURL: "/prm.json"}, nil},
		{"metadata at the root", flowstest.ServerConfig{}, flowstest.ResourceConfig{HideMetadataURL: true, PRMStatus: map[flowstest.Place]int{flowstest.PRMPath: 404, flowstest.PRMRoot: 200}}, nil},
		{"scopes", flowstest.ServerConfig{Scopes: []string{"a", "b", "offline_access"}, RefreshNeedsOfflineAccess: true}, flowstest.ResourceConfig{RequiredScopes: []string{"a"}}, nil},
		{"resource refused by policy", flowstest.ServerConfig{Resource: flowstest.ResourceRefused}, flowstest.ResourceConfig{AnyAudience: true}, func(request any) {
			if in, ok := request.(*flows.AuthorizeRequest); ok {
				in.Resource = ""
			}
		}},
		{"metadata document client", flowstest.ServerConfig{DisableRegistration: true, ClientIDDocuments: map[string]string{
			clientDocument: `{"client_id":"` + clientDocument + `","client_name":"test","redirect_uris":["` + loopbackRedirect + `"]}`}}, flowstest.ResourceConfig{}, func(request any) {
			if in, ok := request.(*flows.ClientRequest); ok {
				in.ClientIDMetadataURL = clientDocument
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, tt.as, tt.rs)
			var l login
			if tt.edit != nil {
				l = w.login(t, tt.edit)
			} else {
				l = w.login(t)
			}
			for _, request := range slices.Concat(w.as.Requests(), w.rs.Requests()) {
				kind, _, _ := strings.Cut(request.Kind, ":")
				if !slices.Contains([]string{"asm", "prm", "token", "register"}, kind) {
					continue // the browser's, or the resource's
				}
				h := request.Header
				if h.Get("MCP-Protocol-Version") != flows.ProtocolVersion || h.Get("Accept") != "application/json" || !strings.HasPrefix(h.Get("User-Agent"), "mcpoauth/") || h.Get("Cookie") != "" {
					t.Errorf("%s %s: header %v", request.Method, request.Path, h)
				}
			}
			token := w.as.RequestsOf("token")
			if len(token) != 1 || token[0].Form.Get("resource") != l.pending.Resource || token[0].Form.Get("redirect_uri") != loopbackRedirect {
				t.Errorf("token requests %+v", token)
			}
			if l.token.RefreshToken == "" {
				t.Error("no refresh token")
			}
			expectNoSecrets(t, l.token, w.secrets(l))
			expectNoSecrets(t, *l.token, w.secrets(l))
			expectNoSecrets(t, l.auth, w.secrets(l))
			expectNoSecrets(t, l.identity, w.secrets(l))
		})
	}
}

// REF-3: what the answer to a refresh leaves out carries over.
func TestRefreshCarriesOver(t *testing.T) {
	for _, tt := range []struct {
		name     string
		rotation flowstest.RotationPolicy
		refresh  func(map[string]any)
		same     bool
		scope    string
	}{
		{"rotated", flowstest.RotateRefreshToken, nil, false, "a b"},
		{"repeated", flowstest.RepeatRefreshToken, nil, true, "a b"},
		{"omitted", flowstest.OmitRefreshToken, nil, true, "a b"},
		{"null", flowstest.RotateRefreshToken, flowstest.With("refresh_token", nil), true, "a b"},
		{"empty", flowstest.RotateRefreshToken, flowstest.With("refresh_token", ""), true, "a b"},
		{"no scope", flowstest.RotateRefreshToken, flowstest.Without("scope"), false, "a b"},
		{"narrowed", flowstest.RotateRefreshToken, flowstest.With("scope", "a"), false, "a"},
		{"as an array", flowstest.RotateRefreshToken, flowstest.With("scope", []string{"b"}), false, "b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{Rotation: tt.rotation, Refresh: tt.refresh}, flowstest.ResourceConfig{RequiredScopes: []string{"a", "b"}})
			l := w.login(t)
			token, err := w.refresh(t.Context(), l)
			if err != nil {
				t.Fatal(err)
			}
			if (token.RefreshToken == l.token.RefreshToken) != tt.same || token.RefreshToken == "" || strings.Join(token.Scope, " ") != tt.scope || token.AccessToken == l.token.AccessToken {
				t.Errorf("same %t, scope %q", token.RefreshToken == l.token.RefreshToken, token.Scope)
			}
			sent := w.as.RequestsOf("token:refresh_token")[0]
			if sent.Form.Has("scope") || sent.Form.Get("resource") != w.rs.URL() || sent.Form.Get("client_id") != l.auth.ClientID || sent.Form.Has("redirect_uri") || sent.Form.Has("code_verifier") {
				t.Errorf("sent %v", sent.Form)
			}
		})
	}
}

// REF-7: the scope goes out where the policy says so; the credentials too.
func TestRefreshRequest(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{RefreshNeedsScope: true, AuthMethods: []string{"client_secret_basic"}}, flowstest.ResourceConfig{RequiredScopes: []string{"a", "b"}})
	l := w.login(t)
	if _, err := w.refresh(t.Context(), l); err == nil {
		t.Fatal("the scope was sent unasked")
	}
	token, err := w.c.Refresh(flows.WithResource(t.Context(), w.rs.URL()), flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{Endpoint: l.found.Server.TokenEndpoint, Auth: l.auth, Resource: l.pending.Resource, Scope: l.token.Scope},
		RefreshToken: l.token.RefreshToken, SendScope: true,
	})
	if err != nil || token.RefreshToken == l.token.RefreshToken {
		t.Fatal(err)
	}
	sent := w.as.RequestsOf("token:refresh_token")[1]
	want := l.auth.ClientID + ":" + url.QueryEscape(l.auth.Secret.Reveal())
	if sent.Form.Get("scope") != "a b" || decodeBasic(t, sent.Header.Get("Authorization")) != want || sent.Form.Has("client_id") {
		t.Errorf("sent %v", sent.Form)
	}
}

// SEC-2: token requests that name a resource need no more to reach its class.
func TestTokenRequestFindsTheResource(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	in := flows.CodeRequest{TokenRequest: flows.TokenRequest{Endpoint: w.as.Endpoint("token"), Auth: flows.ClientAuth{ClientID: "c", Method: flows.AuthMethodNone}, Resource: w.rs.URL()}, Code: "c", Verifier: "v"}
	var e *flows.TokenError
	if _, err := w.c.ExchangeCode(t.Context(), in); !errors.As(err, &e) || e.StatusCode == 0 {
		t.Errorf("%v, want an answer of the server", err)
	}
	in.Resource = "https://mcp.example.com/mcp" // a public resource opens no loopback server
	if _, err := w.c.ExchangeCode(t.Context(), in); !errors.As(err, new(*flows.GuardError)) || flows.IsTemporary(err) {
		t.Errorf("%v, want the guard's refusal", err)
	}
	if n := w.as.Count("token"); n != 1 {
		t.Errorf("%d token requests", n)
	}
}

// Whatever a token endpoint answers, it is a good token or a *TokenError, and
// nothing that was sent is printed.
func FuzzTokenAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"at","token_type":"Bearer","expires_in":"3600","scope":["a"]}`, `{"error":"invalid_grant","error_description":"theC0de"}`,
		`{"ok":false}`, "access_token=at&token_type=bearer", "error=bad&error=bad", "<html>", `{"access_token":"at","error":"x"}`, `{"access_token":"a b"}`, "null", "",
		`{"access_token":"at","token_type":"DPoP","expires_in":1e400}`, "cl13ntsecret",
	} {
		for _, media := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded"} {
			f.Add(uint16(200), media, seed)
			f.Add(uint16(400), media, seed)
		}
	}
	f.Fuzz(func(t *testing.T, code uint16, media, body string) {
		status := 200 + int(code)%400
		if status >= 300 && status < 400 {
			status = 200
		}
		token, err := exchange(t, reply{status: status, header: http.Header{"Content-Type": {media}}, body: body})
		if err == nil {
			at := token.AccessToken.Reveal()
			if status != 200 && status != 201 || at == "" || strings.ContainsFunc(at, func(r rune) bool { return r <= ' ' || r > '~' }) || token.TokenType != "Bearer" {
				t.Fatalf("%d %q: accepted %q", status, body, at)
			}
			if len(at) >= 8 && strings.Contains(fmt.Sprintf("%v %+v %#v", token, token, token), at) {
				t.Fatalf("the token is printed")
			}
			return
		}
		var e *flows.TokenError
		if token != nil || !errors.As(err, &e) {
			t.Fatalf("%+v, %T", token, err)
		}
		if e.Final() && (e.Code == "" || status >= 500) {
			t.Fatalf("%d %q is final", status, body)
		}
		text := err.Error()
		if len(text) > 2500 || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Fatalf("%d bytes: %q", len(text), text)
		}
		expectNoSecrets(t, err, []string{"theC0de", "theVer1f1er", "cl13ntsecret"})
	})
}
