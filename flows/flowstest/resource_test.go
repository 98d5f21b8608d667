package flowstest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

func newResource(t *testing.T, config flowstest.ResourceConfig) *flowstest.Resource {
	t.Helper()
	rs := flowstest.NewResource(config)
	t.Cleanup(rs.Close)
	return rs
}

// call sends a request with a token; "" sends none.
func call(t *testing.T, rs *flowstest.Resource, token, body string) answer {
	t.Helper()
	header := http.Header{}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	return send(t, rs.Client(), http.MethodPost, rs.URL(), "application/json", body, header)
}

// The bearer check: who gets in, and what the others are told.
func TestBearer(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	rs := newResource(t, flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as}, Path: "/mcp", RequiredScopes: []string{"a", "b"},
	})
	metadata := `resource_metadata="` + rs.Origin() + `/.well-known/oauth-protected-resource/mcp"`
	grant := func(scope, audience string) flowstest.TokenInfo {
		return as.IssueToken(flowstest.Grant{Scope: scope, Resource: []string{audience}, Subject: "bob"})
	}
	expired := grant("a b", rs.URL())
	as.ExpireAccessTokens()
	revoked := grant("a b", rs.URL())
	as.RevokeAccessToken(revoked.AccessToken)
	tests := map[string]struct {
		token     string
		status    int
		challenge string
	}{
		"no token":       {"", 401, `Bearer scope="a b", ` + metadata},
		"unknown":        {"x", 401, `Bearer error="invalid_token", scope="a b", ` + metadata},
		"expired":        {expired.AccessToken, 401, `Bearer error="invalid_token", scope="a b", ` + metadata},
		"revoked":        {revoked.AccessToken, 401, `Bearer error="invalid_token", scope="a b", ` + metadata},
		"for others":     {grant("a b", "https://other.example.com").AccessToken, 401, `Bearer error="invalid_token", scope="a b", ` + metadata},
		"for the parent": {grant("a b", rs.Origin()).AccessToken, 401, `Bearer error="invalid_token", scope="a b", ` + metadata},
		"refresh token":  {grant("a b", rs.URL()).RefreshToken, 401, `Bearer error="invalid_token", scope="a b", ` + metadata},
		"less scope":     {grant("b", rs.URL()).AccessToken, 403, `Bearer error="insufficient_scope", scope="a b", ` + metadata},
		"good":           {grant("b c a", rs.URL()).AccessToken, 200, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := call(t, rs, test.token, "hello")
			if a.status != test.status || a.header.Get("WWW-Authenticate") != test.challenge {
				t.Errorf("answer %d with %q, want %d with %q", a.status, a.header.Get("WWW-Authenticate"), test.status, test.challenge)
			}
			if a.status == 200 && (a.text("subject") != "bob" || a.text("body") != "hello" || a.text("path") != "/mcp") {
				t.Errorf("answer %s", a.body)
			}
		})
	}
	good := grant("a b", rs.URL()).AccessToken
	if a := get(t, rs.Client(), rs.URL()+"?access_token="+good); a.status != 401 {
		t.Errorf("a token in the URL was answered with %d", a.status)
	}
	header := http.Header{"Authorization": {"Bearer " + good}}
	if a := send(t, rs.Client(), "GET", rs.URL()+"?access_token="+good, "", "", header); a.status != 401 {
		t.Errorf("a token in header and URL was answered with %d", a.status)
	}
	header = http.Header{"Authorization": {"Bearer " + good, "Bearer " + good}}
	if a := send(t, rs.Client(), "GET", rs.URL(), "", "", header); a.status != 401 {
		t.Errorf("two tokens were answered with %d", a.status)
	}
	if a := send(t, rs.Client(), "GET", rs.Origin()+"/mcp-evil", "", "", http.Header{"Authorization": {"Bearer " + good}}); a.status != 404 {
		t.Errorf("another path was answered with %d", a.status)
	}
	if rs.Count("mcp") != len(tests)+3 || rs.Count("other") != 1 {
		t.Errorf("%d requests, %d others", rs.Count("mcp"), rs.Count("other"))
	}
}

// DISC-4, DISC-5, DISC-8: where the metadata is and what is wrong with it.
func TestResourceMetadata(t *testing.T) {
	const prm = "/.well-known/oauth-protected-resource"
	as := newServer(t, flowstest.ServerConfig{})
	issuer := `"authorization_servers":["` + as.Issuer() + `"]`
	tests := map[string]struct {
		config flowstest.ResourceConfig
		want   map[string]int
		body   string
		named  string // by the challenge
	}{
		"path":     {flowstest.ResourceConfig{Path: "/mcp"}, map[string]int{prm + "/mcp": 200, prm: 404}, issuer, prm + "/mcp"},
		"slash":    {flowstest.ResourceConfig{Path: "/mcp/"}, map[string]int{prm + "/mcp/": 200, prm + "/mcp": 404}, issuer, prm + "/mcp/"},
		"no path":  {flowstest.ResourceConfig{}, map[string]int{prm: 200, prm + "/mcp": 404}, issuer, prm},
		"root":     {flowstest.ResourceConfig{Path: "/mcp", PRMStatus: map[flowstest.Place]int{flowstest.PRMPath: 404, flowstest.PRMRoot: 200}}, map[string]int{prm + "/mcp": 404, prm: 200}, issuer, prm},
		"nowhere":  {flowstest.ResourceConfig{Path: "/mcp", PRMStatus: map[flowstest.Place]int{flowstest.PRMPath: 500}}, map[string]int{prm + "/mcp": 500, prm: 404}, "", prm + "/mcp"},
		"own path": {flowstest.ResourceConfig{Path: "/mcp", PRMLocation: "/prm.json"}, map[string]int{"/prm.json": 200}, issuer, "/prm.json"},
		"null":     {flowstest.ResourceConfig{PRM: flowstest.With("authorization_servers", nil)}, map[string]int{prm: 200}, `"authorization_servers":null`, prm},
		"removed":  {flowstest.ResourceConfig{PRM: flowstest.Without("resource")}, map[string]int{prm: 200}, issuer, prm},
		"array":    {flowstest.ResourceConfig{PRMBytes: func([]byte) []byte { return []byte(`[]`) }}, map[string]int{prm: 200}, `[]`, prm},
		"HTML":     {flowstest.ResourceConfig{Fault: flowstest.On("prm", flowstest.Answer(200, "text/html", "<html>"))}, map[string]int{prm: 200}, `<html>`, prm},
		"scopes":   {flowstest.ResourceConfig{ScopesSupported: []string{"x"}}, map[string]int{prm: 200}, `"scopes_supported":["x"]`, prm},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.config.AuthorizationServers = []*flowstest.AuthorizationServer{as}
			rs := newResource(t, test.config)
			for path, status := range test.want {
				a := get(t, rs.Client(), rs.Origin()+path)
				if a.status != status || status == 200 && !strings.Contains(a.body, test.body) {
					t.Errorf("%s: answer %d %s", path, a.status, a.body)
				}
			}
			if rs.Count("prm") != len(test.want) {
				t.Errorf("%d requests", rs.Count("prm"))
			}
			if named := rs.MetadataURL(); named != rs.Origin()+test.named {
				t.Errorf("challenges name %s", named)
			}
		})
	}
}

// DISC-2, DISC-3, STEP-3: challenges of all kinds.
func TestChallenge(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	token := as.IssueToken(flowstest.Grant{Scope: "z"}).AccessToken
	tests := map[string]struct {
		config        flowstest.ResourceConfig
		first, stepUp string
	}{
		"none":        {flowstest.ResourceConfig{Challenge: flowstest.NoChallenge}, "", ""},
		"odd":         {flowstest.ResourceConfig{Challenge: flowstest.ChallengeLines(`bEARER ,, scope = "x"`, `Basic realm="y"`)}, `bEARER ,, scope = "x"|Basic realm="y"`, `bEARER ,, scope = "x"|Basic realm="y"`},
		"bare":        {flowstest.ResourceConfig{HideMetadataURL: true, HideScope: true, HideStepUpScope: true}, "Bearer", `Bearer error="insufficient_scope"`},
		"relative":    {flowstest.ResourceConfig{MetadataURL: "/prm", HideScope: true, HideStepUpScope: true}, `Bearer resource_metadata="/prm"`, `Bearer error="insufficient_scope", resource_metadata="/prm"`},
		"incremental": {flowstest.ResourceConfig{HideMetadataURL: true, StepUpScope: func(needed, granted []string) []string { return append(needed, granted...) }}, `Bearer scope="a"`, `Bearer error="insufficient_scope", scope="a z"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.config.AuthorizationServers = []*flowstest.AuthorizationServer{as}
			test.config.RequiredScopes, test.config.AnyAudience = []string{"a"}, true
			rs := newResource(t, test.config)
			a, b := call(t, rs, "", ""), call(t, rs, token, "")
			if got := strings.Join(a.header.Values("WWW-Authenticate"), "|"); a.status != 401 || got != test.first {
				t.Errorf("answer %d %s", a.status, got)
			}
			if got := strings.Join(b.header.Values("WWW-Authenticate"), "|"); b.status != 403 || got != test.stepUp {
				t.Errorf("answer %d %s", b.status, got)
			}
		})
	}
}

// STEP-1: scopes by tool and by request; the handler behind the check reads
// the whole body and knows the token.
func TestToolScopes(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	rs := newResource(t, flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as},
		ToolScopes:           map[string][]string{"write": {"w", "x"}},
		ScopesFor:            func(r *http.Request) []string { return r.URL.Query()["needs"] },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			info, _ := flowstest.TokenFromContext(r.Context())
			body, _ := io.ReadAll(r.Body)
			_, _ = io.WriteString(w, info.Scope+" "+string(body))
		}),
	})
	token := as.IssueToken(flowstest.Grant{Scope: "w", Resource: []string{rs.URL()}}).AccessToken
	if a := call(t, rs, token, `{"method":"tools/list"}`); a.body != `w {"method":"tools/list"}` {
		t.Errorf("answer %d %s", a.status, a.body)
	}
	a := call(t, rs, token, `{"method":"tools/call","params":{"name":"write"}}`)
	if a.status != 403 || !strings.Contains(a.header.Get("WWW-Authenticate"), `scope="w x"`) {
		t.Errorf("answer %d %v", a.status, a.header)
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	if a := send(t, rs.Client(), "GET", rs.URL()+"/?needs=q", "", "", header); a.status != 403 {
		t.Errorf("answer %d", a.status)
	}
	rs.Configure(func(c *flowstest.ResourceConfig) { c.RefuseAlways = true })
	if a := call(t, rs, token, ""); a.status != 401 {
		t.Errorf("answer %d", a.status)
	}
}

// DISC-10: the audience is the string that the metadata names.
func TestAudience(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	rs := newResource(t, flowstest.ResourceConfig{AuthorizationServers: []*flowstest.AuthorizationServer{as}, Path: "/mcp"})
	parent := as.IssueToken(flowstest.Grant{Resource: []string{rs.Origin()}}).AccessToken
	exact := as.IssueToken(flowstest.Grant{Resource: []string{rs.URL()}}).AccessToken
	expect := func(forParent, forExact int) {
		t.Helper()
		if a, b := call(t, rs, parent, ""), call(t, rs, exact, ""); a.status != forParent || b.status != forExact {
			t.Errorf("answers %d, %d", a.status, b.status)
		}
	}
	expect(401, 200)
	rs.Configure(func(c *flowstest.ResourceConfig) { c.PRM = flowstest.With("resource", rs.Origin()) })
	expect(200, 401)
	rs.Configure(func(c *flowstest.ResourceConfig) { c.PRMStatus = map[flowstest.Place]int{flowstest.PRMPath: 404} })
	expect(401, 200)
	rs.Configure(func(c *flowstest.ResourceConfig) { c.AnyAudience = true })
	expect(200, 200)
}

// DISC-6: a server of revision 2025-03-26 is its own authorization server.
func TestSameOrigin(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{TLS: true})
	rs := newResource(t, flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as}, SameOrigin: true, Path: "/mcp",
		PRMStatus: map[flowstest.Place]int{flowstest.PRMPath: 404}, Challenge: flowstest.NoChallenge,
	})
	if rs.URL() != as.URL()+"/mcp" {
		t.Errorf("URL %s", rs.URL())
	}
	if a := get(t, rs.Client(), rs.URL()); a.status != 401 || a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("answer %d %v", a.status, a.header)
	}
	get(t, rs.Client(), rs.Origin()+"/.well-known/oauth-protected-resource/mcp").expect(t, 404, "")
	get(t, rs.Client(), rs.Origin()+"/.well-known/oauth-authorization-server").expect(t, 200, "")
	form := authorizationForm("resource", rs.URL())
	token := post(t, as, "token", codeForm(callback(t, as, form).Get("code"), "resource", rs.URL())).expect(t, 200, "")
	if a := call(t, rs, token.text("access_token"), ""); a.status != 200 {
		t.Errorf("answer %d %s", a.status, a.body)
	}
	rs.Close()
	get(t, as.Client(), as.URL()+"/mcp").expect(t, 404, "")
}

// Guesses at the resource's origin are recorded for what they are.
func TestGuesses(t *testing.T) {
	rs := newResource(t, flowstest.ResourceConfig{Path: "/mcp"})
	for _, path := range []string{"/authorize", "/token", "/register", "/.well-known/openid-configuration"} {
		get(t, rs.Client(), rs.Origin()+path).expect(t, 404, "")
	}
	for _, kind := range []string{"authorize", "token", "register", "asm"} {
		if rs.Count(kind) != 1 {
			t.Errorf("%d requests of kind %s", rs.Count(kind), kind)
		}
	}
}

// A token life of milliseconds is enforced.
func TestShortLife(t *testing.T) {
	now := time.Now()
	as := newServer(t, flowstest.ServerConfig{TokenLife: 5 * time.Millisecond, Now: func() time.Time { return now }})
	rs := newResource(t, flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as},
		AcceptToken:          func(token string) (flowstest.TokenInfo, bool) { return flowstest.TokenInfo{}, token == "static" },
	})
	token := as.IssueToken(flowstest.Grant{}).AccessToken
	for life, want := range map[time.Duration]int{4 * time.Millisecond: 200, 5 * time.Millisecond: 401} {
		rs.Configure(func(c *flowstest.ResourceConfig) { c.Now = func() time.Time { return now.Add(life) } })
		if a := call(t, rs, token, ""); a.status != want {
			t.Errorf("answer %d after %v", a.status, life)
		}
	}
	if a := call(t, rs, "static", ""); a.status != 200 {
		t.Errorf("answer %d to a static token", a.status)
	}
}
