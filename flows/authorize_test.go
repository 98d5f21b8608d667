package flows_test

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// configured is a discovery that found m.
func configured(t testing.TB, c *flows.Client, m members) *flows.Discovery {
	t.Helper()
	found, err := c.Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Metadata: metadata(t, m)})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// AUTHZ-1: fresh verifier and state, S256.
func TestAuthorizeIsFresh(t *testing.T) {
	c := &flows.Client{}
	found := configured(t, c, asmOf(asIssuer))
	unreserved := regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)
	seen := map[string]bool{}
	for range 200 {
		p, err := c.Authorize(authorizeRequest(found))
		if err != nil {
			t.Fatal(err)
		}
		verifier := p.Verifier.Reveal()
		state, err := base64.RawURLEncoding.DecodeString(p.State)
		if !unreserved.MatchString(verifier) || err != nil || len(state) < 32 || seen[verifier] || seen[p.State] || verifier == p.State {
			t.Fatalf("verifier %q, state %q", verifier, p.State)
		}
		seen[verifier], seen[p.State] = true, true
		q := query(t, p.URL)
		sum := sha256.Sum256([]byte(verifier))
		if q.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(sum[:]) || q.Get("code_challenge_method") != "S256" || q.Get("state") != p.State {
			t.Fatalf("query %v", q)
		}
		if strings.Contains(p.URL, verifier) {
			t.Fatal("the verifier is in the URL")
		}
	}
}

// AUTHZ-2, AUTHZ-13, DISC-20: each byte of what the server compares.
func TestAuthorizeBytes(t *testing.T) {
	const (
		resource = "https://MCP.Example.com:443/a%20b/?x=1&y=%7e"
		clientID = "https://c.example.com/client.json?a=b&c=%20+ ü:"
		redirect = "https://c.example.com/cb%2Fx?tenant=1&z=%20"
	)
	c := &flows.Client{}
	found := configured(t, c, asmOf("https://AS.example.com/T%C3%A9nant/"))
	p, err := c.Authorize(flows.AuthorizeRequest{
		Discovery: found, Client: &gen.ClientInformation{ClientID: clientID}, RedirectURI: redirect, Resource: resource, Scope: []string{"a", "b:c/d"},
	})
	if err != nil {
		t.Fatal(err)
	}
	q := query(t, p.URL)
	for name, want := range map[string]string{
		"resource": resource, "client_id": clientID, "redirect_uri": redirect, "scope": "a b:c/d", "response_type": "code",
	} {
		if got := q[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if p.Issuer != "https://AS.example.com/T%C3%A9nant/" || p.Resource != resource || p.RedirectURI != redirect || !p.IssParameterSupported || p.Undocumented {
		t.Errorf("pending %+v", p)
	}
}

// AUTHZ-2: omitting by policy; AUTHZ-3: no scope is no parameter.
func TestAuthorizeOmits(t *testing.T) {
	c := &flows.Client{}
	in := authorizeRequest(configured(t, c, asmOf(asIssuer)))
	in.Resource = ""
	p, err := c.Authorize(in)
	if err != nil {
		t.Fatal(err)
	}
	q := query(t, p.URL)
	for _, name := range []string{"resource", "scope", "prompt", "nonce", "response_mode", "client_secret"} {
		if q.Has(name) {
			t.Errorf("%s is sent: %q", name, q[name])
		}
	}
}

// AUTHZ-4: prompt goes with offline_access, and can be switched.
func TestAuthorizePrompt(t *testing.T) {
	c := &flows.Client{}
	for _, tt := range []struct {
		prompt string
		scope  []string
		want   []string
	}{
		{"", []string{"a", "offline_access"}, []string{"consent"}},
		{"", []string{"a"}, nil},
		{"-", []string{"a", "offline_access"}, nil},
		{"login", []string{"a", "offline_access"}, []string{"login"}},
		{"login", nil, []string{"login"}},
	} {
		in := authorizeRequest(configured(t, c, asmOf(asIssuer)))
		in.Prompt, in.Scope = tt.prompt, tt.scope
		p, err := c.Authorize(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := query(t, p.URL)["prompt"]; strings.Join(got, ",") != strings.Join(tt.want, ",") {
			t.Errorf("%q with %q: prompt %q, want %q", tt.prompt, tt.scope, got, tt.want)
		}
	}
}

// AUTHZ-5: further parameters, and the endpoint's own query.
func TestAuthorizeParams(t *testing.T) {
	c := &flows.Client{}
	found := configured(t, c, asmOf(asIssuer).with("authorization_endpoint", asIssuer+"/authorize?tenant=x%20y&flag"))
	in := authorizeRequest(found)
	in.Params = url.Values{
		"audience": {"https://api.example.com"}, "login_hint": {"user@example.com"}, "multi": {"1", "2"},
		// None of these may be replaced.
		"state": {"fixed"}, "code_challenge": {"mine"}, "code_challenge_method": {"plain"}, "client_id": {"other"},
		"redirect_uri": {"https://evil.example.com"}, "response_type": {"token"}, "resource": {"https://evil.example.com"},
	}
	p, err := c.Authorize(in)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(p.URL, asIssuer+"/authorize?tenant=x%20y&flag&") {
		t.Errorf("the endpoint's query is lost in %s", p.URL)
	}
	q := query(t, p.URL)
	for name, want := range map[string]string{
		"audience": "https://api.example.com", "login_hint": "user@example.com", "multi": "1,2", "tenant": "x y", "client_id": "client-1",
		"code_challenge_method": "S256", "response_type": "code", "redirect_uri": loopbackRedirect, "resource": mcpURL, "state": p.State,
	} {
		if got := strings.Join(q[name], ","); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	if len(in.Params["state"]) != 1 || in.Params.Get("state") != "fixed" {
		t.Error("the caller's map was changed")
	}
}

// AUTHZ-5: no parameter goes out twice (RFC 6749 section 3.1).
func TestAuthorizeDoubledParameter(t *testing.T) {
	c := &flows.Client{}
	for _, own := range []string{"client_id=evil", "state=x", "code_challenge=x", "redirect_uri=https%3A%2F%2Fevil.example.com", "%73tate=x", "audience=y"} {
		in := authorizeRequest(configured(t, c, asmOf(asIssuer).with("authorization_endpoint", asIssuer+"/authorize?"+own)))
		in.Params = url.Values{"audience": {"x"}}
		if p, err := c.Authorize(in); err == nil || p != nil {
			t.Errorf("%s: %+v, %v", own, p, err)
		}
	}
}

// AUTHZ-13, REG-11: the redirect URI comes first.
func TestAuthorizeRedirectURI(t *testing.T) {
	c := &flows.Client{}
	found := configured(t, c, asmOf(asIssuer))
	for _, uri := range []string{"", "http://evil.example.com/cb", "http://127.0.0.1:0/cb", "javascript:alert(1)", "https://c.example.com/cb#x",
		"https://u:p@c.example.com/cb", "myapp://cb", "/callback", "http://127.0.0.2/cb", "http://localhost.evil.example.com/cb", "urn:ietf:wg:oauth:2.0:oob"} {
		in := authorizeRequest(found)
		in.RedirectURI = uri
		if p, err := c.Authorize(in); err == nil || p != nil {
			t.Errorf("%q: %+v, %v", uri, p, err)
		}
	}
	for _, uri := range []string{"http://127.0.0.1:1/cb", "http://localhost:1/", "http://[::1]:1/cb", "https://c.example.com/cb?x=1", "http://localhost"} {
		in := authorizeRequest(found)
		in.RedirectURI = uri
		if _, err := c.Authorize(in); err != nil {
			t.Errorf("%q: %v", uri, err)
		}
	}
}

// META-1: PKCE must be advertised.
func TestAuthorizeNeedsPKCE(t *testing.T) {
	exempt := &flows.Client{PKCEUnadvertised: []string{asIssuer}}
	other := &flows.Client{PKCEUnadvertised: []string{"https://other.example.com", asIssuer + "/"}}
	plain := &flows.Client{}
	for _, tt := range []struct {
		name    string
		c       *flows.Client
		methods any // nil: absent
		rule    validate.Rule
	}{
		{"S256", plain, []string{"S256"}, ""},
		{"S256 and plain", plain, []string{"plain", "S256"}, ""},
		{"absent", plain, nil, validate.RulePKCEMissing},
		{"absent and exempt", exempt, nil, ""},
		{"absent and another is exempt", other, nil, validate.RulePKCEMissing},
		{"null and exempt", exempt, "null", ""},
		{"null", plain, "null", validate.RulePKCEMissing},
		{"plain only", plain, []string{"plain"}, validate.RulePKCEUnsupported},
		{"plain only and exempt", exempt, []string{"plain"}, validate.RulePKCEUnsupported},
		{"lower case", plain, []string{"s256"}, validate.RulePKCEUnsupported},
		{"lower case and exempt", exempt, []string{"s256"}, validate.RulePKCEUnsupported},
		{"empty list", plain, []string{}, "any"},
		{"empty list and exempt", exempt, []string{}, "any"},
		{"unknown method and exempt", exempt, []string{"S512"}, validate.RulePKCEUnsupported},
		{"a string", plain, "S256", validate.RulePKCEMissing},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := asmOf(asIssuer).without("code_challenge_methods_supported")
			switch {
			case tt.methods == "null":
				m = m.with("code_challenge_methods_supported", nil)
			case tt.methods != nil:
				m = m.with("code_challenge_methods_supported", tt.methods)
			}
			p, err := tt.c.Authorize(authorizeRequest(configured(t, tt.c, m)))
			switch {
			case tt.rule == "" && err != nil:
				t.Fatal(err)
			case tt.rule == "":
				if query(t, p.URL).Get("code_challenge_method") != "S256" {
					t.Errorf("not S256: %s", p.URL)
				}
			case p != nil || err == nil:
				t.Errorf("accepted: %+v", p)
			case tt.rule != "any" && !errors.Is(err, tt.rule):
				t.Errorf("%v, want rule %s", err, tt.rule)
			}
		})
	}
}

// META-5: a server whose list has no code does no code flow.
func TestAuthorizeNeedsResponseType(t *testing.T) {
	c := &flows.Client{}
	for name, tt := range map[string]struct {
		types   any
		refused bool
	}{
		"code":           {[]string{"code"}, false},
		"code and more":  {[]string{"token", "code"}, false},
		"token":          {[]string{"token", "id_token"}, true},
		"hybrid only":    {[]string{"code id_token"}, true},
		"upper case":     {[]string{"CODE"}, true},
		"absent":         {nil, false},
		"ill typed":      {"code", false},
		"of other types": {[]any{"token", 5}, false},
	} {
		m := asmOf(asIssuer).with("response_types_supported", tt.types)
		_, err := c.Authorize(authorizeRequest(configured(t, c, m)))
		if (err != nil) != tt.refused || tt.refused && !errors.Is(err, validate.RuleResponseTypeCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// badEndpoints are what no browser is sent to and no secret is posted to
// (META-3).
var badEndpoints = []string{
	"javascript:alert(document.cookie)", "data:text/html,<script>alert(1)</script>", "file:///etc/passwd", "myapp://authorize",
	"http://as.example.com/x", "http://10.0.0.1/x", "https://user:s3cr3t@as.example.com/x", "https://as.example.com@evil.example.com/x",
	"https://as.example.com/x#fragment", "https://", "https:as.example.com", "//as.example.com/x", "/x", "as.example.com/x", "ftp://as.example.com/x",
	"https://as.example.com\\@evil.example.com/x", "https://as.example.com/x\r\nX: y", " https://as.example.com/x", "https://as.example.com/ x",
	"http://localhost.evil.example.com/x", "http://127.0.0.1.evil.example.com/x", "JAVASCRIPT:alert(1)", "java\tscript:alert(1)",
}

// META-3, META-2
func TestAuthorizeEndpoints(t *testing.T) {
	c := &flows.Client{}
	for _, member := range []string{"authorization_endpoint", "token_endpoint"} {
		for _, endpoint := range append([]string{""}, badEndpoints...) {
			p, err := c.Authorize(authorizeRequest(configured(t, c, asmOf(asIssuer).with(member, endpoint))))
			if err == nil || p != nil {
				t.Errorf("%s %q: %+v", member, endpoint, p)
			} else if !errors.As(err, new(*flows.MissingEndpointError)) && !errors.Is(err, validate.RuleEndpoint) {
				t.Errorf("%s %q: %v", member, endpoint, err)
			}
			if err != nil && strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("userinfo in %v", err)
			}
		}
	}
}

// META-3: plain http for loopback, and for origins that the caller named.
func TestAuthorizePlainHTTP(t *testing.T) {
	with := func(base string) members {
		return asmOf(asIssuer).with("authorization_endpoint", base+"/authorize").with("token_endpoint", base+"/token")
	}
	allowed := &flows.Client{AllowInsecureHTTP: []string{"http://as.internal:8080"}}
	for _, tt := range []struct {
		base string
		c    *flows.Client
		ok   bool
	}{
		{"http://127.0.0.1:9", &flows.Client{}, true},
		{"http://[::1]:9", &flows.Client{}, true},
		{"http://localhost:9", &flows.Client{}, true},
		{"http://as.internal:8080", &flows.Client{}, false},
		{"http://as.internal:8080", allowed, true},
		{"http://as.internal:8081", allowed, false},
		{"http://as.internal", allowed, false},
		{"http://other.internal:8080", allowed, false},
		{"javascript://as.internal:8080", allowed, false},
	} {
		if _, err := tt.c.Authorize(authorizeRequest(configured(t, tt.c, with(tt.base)))); (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.base, err)
		}
	}
}

// STORE-4: what is remembered prints without the verifier.
func TestPendingPrintsNoVerifier(t *testing.T) {
	c := &flows.Client{}
	p, err := c.Authorize(authorizeRequest(configured(t, c, asmOf(asIssuer))))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{p, *p} {
		for _, text := range printed(v) {
			if strings.Contains(text, p.Verifier.Reveal()) {
				t.Errorf("the verifier is in %s", text)
			}
		}
	}
}
