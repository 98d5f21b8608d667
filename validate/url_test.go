// Tests of the pure URL rules.

package validate

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// DISC-9
func TestCovers(t *testing.T) {
	tests := []struct {
		resource, url string
		reason        string // a part of it; "" when the resource covers the URL
	}{
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp", ""},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/", ""},
		{"https://mcp.example.com/mcp/", "https://mcp.example.com/mcp", ""},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/tools", ""},
		{"https://mcp.example.com/mcp/", "https://mcp.example.com/mcp/tools", ""},
		{"https://mcp.example.com", "https://mcp.example.com/mcp", ""},
		{"https://mcp.example.com/", "https://mcp.example.com/mcp", ""},
		{"https://mcp.example.com", "https://mcp.example.com/", ""},
		{"https://mcp.example.com/", "https://mcp.example.com", ""},
		{"https://mcp.example.com", "https://mcp.example.com?x=1", ""},
		{"HTTPS://MCP.Example.COM/mcp", "https://mcp.example.com/mcp", ""},
		{"https://mcp.example.com:443/mcp", "https://mcp.example.com/mcp", ""},
		{"https://mcp.example.com:/mcp", "https://mcp.example.com/mcp", ""},
		{"http://localhost:80/mcp", "http://localhost/mcp", ""},
		{"http://[::1]:8080/mcp", "http://[::1]:8080/mcp", ""},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp?session=1", ""},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp#part", ""},
		{"https://mcp.example.com/mcp?t=a", "https://mcp.example.com/mcp?t=a", ""},
		{"https://xn--bcher-kva.example/mcp", "https://XN--BCHER-KVA.example/mcp", ""},
		{"https://mcp.example.com/a/...", "https://mcp.example.com/a/...", ""},
		{"https://mcp.example.com/a%20b", "https://mcp.example.com/a%20b/c", ""},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp//x", ""},

		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp-evil", "neither"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcpx/y", "neither"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/", "neither"},
		{"https://mcp.example.com/mcp//", "https://mcp.example.com/mcp", "neither"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/MCP", "case"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/%6dcp", "neither"},
		{"https://mcp.example.com/mcp", "http://mcp.example.com/mcp", "schemes"},
		{"https://mcp.example.com/mcp", "https://evil.example/mcp", "hosts"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com./mcp", "hosts"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com:8443/mcp", "ports"},
		{"https://mcp.example.com:80/mcp", "https://mcp.example.com/mcp", "ports"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/../admin", "dot segment"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/./x", "dot segment"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/%2e%2e/admin", "dot segment"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/.%2E/admin", "dot segment"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/..;x=1/admin", "dot segment"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/..", "dot segment"},
		{"https://mcp.example.com/mcp/..", "https://mcp.example.com/mcp", "dot segment"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/..%2fadmin", "encoded slash"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/a%2Fb", "encoded slash"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp/a%5cb", "encoded slash"},
		{"https://mcp.example.com/mcp%5C", "https://mcp.example.com/mcp", "encoded slash"},
		{"https://mcp.example.com/mcp", `https://mcp.example.com/mcp\..\admin`, "backslash"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com@evil.example/mcp", "user information"},
		{"https://mcp.example.com/mcp", "https://@mcp.example.com/mcp", "user information"},
		{"https://u:p@mcp.example.com/mcp", "https://mcp.example.com/mcp", "user information"},
		{"https://mcp.example.com/mcp#a", "https://mcp.example.com/mcp", "fragment"},
		{"https://mcp.example.com/mcp#", "https://mcp.example.com/mcp", "fragment"},
		{"https://mcp.example.com/mcp?t=a", "https://mcp.example.com/mcp?t=b", "query"},
		{"https://mcp.example.com/mcp?t=a", "https://mcp.example.com/mcp", "query"},
		{"https://mcp.example.com/mcp?", "https://mcp.example.com/mcp", "query"},
		{"https://mcp.example.com/mcp?t=a", "https://mcp.example.com/mcp/x?t=a", "query"},
		{"https://bücher.example/mcp", "https://xn--bcher-kva.example/mcp", "punycode"},
		{"https://\u212Aelvin.example/mcp", "https://kelvin.example/mcp", "punycode"},
		{"", "https://mcp.example.com/mcp", "absent"},
		{"mcp.example.com/mcp", "https://mcp.example.com/mcp", "no absolute URL"},
		{"/mcp", "https://mcp.example.com/mcp", "no absolute URL"},
		{"https:///mcp", "https://mcp.example.com/mcp", "no host"},
		{"https://mcp.example.com/mcp\n", "https://mcp.example.com/mcp", "control character"},
		{"https://mcp.example.com/mc p", "https://mcp.example.com/mcp", "space"},
		{"https://mcp.example.com/%zz", "https://mcp.example.com/%zz", "incomplete percent"},
		{"https://mcp.ex%61mple.com/mcp", "https://mcp.example.com/mcp", "host contains"},
		{"https://mcp.example.com:99999/mcp", "https://mcp.example.com/mcp", "port"},
		{"https://[fe80::1%25eth0]/mcp", "https://[fe80::1%25eth0]/mcp", "IPv6"},
		{"https://mcp.example.com/mcp", "https://mcp.example.com/" + strings.Repeat("a", maxURL), "longer"},
	}
	for _, test := range tests {
		err := Covers(test.resource, test.url)
		if test.reason == "" {
			if err != nil {
				t.Errorf("Covers(%q, %q): %v", test.resource, test.url, err)
			}
			continue
		}
		var refused *URLError
		if !errors.As(err, &refused) || !errors.Is(err, RuleResourceCovers) || !strings.Contains(refused.Reason, test.reason) {
			t.Errorf("Covers(%q, %.100q) = %v, want a reason with %q", test.resource, test.url, err, test.reason)
			continue
		}
		if refused.URL != test.resource || refused.Other != test.url {
			t.Errorf("Covers(%q, %.100q) names %q and %.100q", test.resource, test.url, refused.URL, refused.Other)
		}
	}
}

// DISC-9: the check stands on the way of every request.
func TestCoversDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() {
		if Covers("https://mcp.example.com:443/mcp/", "https://MCP.example.com/mcp/tools?x=1") != nil {
			t.Error("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// DISC-10
func TestCanonicalURL(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"https://mcp.example.com/mcp", "https://mcp.example.com/mcp"},
		{"HTTPS://MCP.Example.com/MCP", "https://mcp.example.com/MCP"},
		{"https://mcp.example.com/", "https://mcp.example.com"},
		{"https://mcp.example.com", "https://mcp.example.com"},
		{"https://mcp.example.com/mcp/", "https://mcp.example.com/mcp/"},
		{"https://mcp.example.com:8443/", "https://mcp.example.com:8443"},
		{"https://mcp.example.com:443/mcp", "https://mcp.example.com:443/mcp"},
		{"https://mcp.example.com/mcp#part", "https://mcp.example.com/mcp"},
		{"https://mcp.example.com/#", "https://mcp.example.com"},
		{"https://mcp.example.com/mcp?Tenant=A", "https://mcp.example.com/mcp?Tenant=A"},
		{"https://MCP.example.com/?Tenant=A", "https://mcp.example.com?Tenant=A"},
		{"https://MCP.example.com?Tenant=A/", "https://mcp.example.com?Tenant=A/"},
		{"http://LOCALHOST:8080/mcp", "http://localhost:8080/mcp"},
		{"http://[::1]:8080/mcp", "http://[::1]:8080/mcp"},
		{"https://mcp.example.com/%7Euser", "https://mcp.example.com/%7Euser"},
		{"", ""},
		{"mcp.example.com", ""},
		{"ftp://mcp.example.com", ""},
		{"https://u@mcp.example.com", ""},
		{"https://mcp.example.com/../x", ""},
		{"https://mcp.example.com/a%2fb", ""},
	}
	for _, test := range tests {
		got, err := CanonicalURL(test.raw)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("CanonicalURL(%q) = %q, %v, want %q", test.raw, got, err, test.want)
		}
		if err != nil && !errors.Is(err, RuleCanonicalURL) {
			t.Errorf("CanonicalURL(%q): %v is not %s", test.raw, err, RuleCanonicalURL)
		}
	}
}

// DISC-14
func TestSameIssuer(t *testing.T) {
	tests := []struct {
		got, want string
		same      bool
		reason    string
	}{
		{"https://as.example.com", "https://as.example.com", true, ""},
		{"https://as.example.com/", "https://as.example.com", true, "trailing slash"},
		{"https://as.example.com", "https://as.example.com/", true, "trailing slash"},
		{"https://as.example.com:8443/", "https://as.example.com:8443", true, "trailing slash"},
		{"https://as.example.com/t", "https://as.example.com/t/", false, "trailing slash"},
		{"https://as.example.com//", "https://as.example.com/", false, "paths"},
		{"https://as.example.com//", "https://as.example.com", false, "paths"},
		{"https://AS.example.com", "https://as.example.com", false, "case"},
		{"https://as.example.com:443", "https://as.example.com", false, "default port"},
		{"https://as.example.com:8443", "https://as.example.com", false, "ports"},
		{"http://as.example.com", "https://as.example.com", false, "schemes"},
		{"https://evil.example", "https://as.example.com", false, "hosts"},
		{"https://as.example.com/{tenantid}/v2.0", "https://as.example.com/common/v2.0", false, "template"},
		{"https://as.example.com/a", "https://as.example.com/b", false, "paths"},
		{"as.example.com", "https://as.example.com", false, "no absolute URL"},
		{"https://as.example.com", "", false, "differ"},
		{"", "", true, ""},
		{"/", "", false, "trailing slash"},
		{"https:///", "https://", false, "no host"},
		{"https://as.example.com?x/", "https://as.example.com?x", false, "trailing slash"},
	}
	for _, test := range tests {
		if got := SameIssuer(test.got, test.want); got != test.same {
			t.Errorf("SameIssuer(%q, %q) = %v", test.got, test.want, got)
		}
		if got := SameIssuer(test.want, test.got); got != test.same {
			t.Errorf("SameIssuer(%q, %q) = %v", test.want, test.got, got)
		}
		if test.reason != "" && !strings.Contains(issuerReason(test.got, test.want), test.reason) {
			t.Errorf("%q, %q: reason %q, want %q", test.got, test.want, issuerReason(test.got, test.want), test.reason)
		}
	}
}

// META-3
func TestEndpoint(t *testing.T) {
	allowed := AllowInsecureHTTP("http://10.0.0.5:8080", "nonsense", "http://u@h")
	tests := []struct {
		raw    string
		opts   []Option
		reason string
	}{
		{"https://as.example.com/token", nil, ""},
		{"https://as.example.com/token?tenant=1", nil, ""},
		{"https://as.example.com", nil, ""},
		{"http://localhost:8080/token", nil, ""},
		{"http://127.0.0.1/token", nil, ""},
		{"http://[::1]:8080/token", nil, ""},
		{"http://10.0.0.5:8080/token", []Option{allowed}, ""},
		{"http://10.0.0.5:8081/token", []Option{allowed}, "http"},
		{"http://10.0.0.5:8080/token", nil, "http"},
		{"http://as.example.com/token", []Option{nil}, "http"},
		{"http://localhost.example.com/token", nil, "http"},
		{"", nil, "absent"},
		{"/token", nil, "no absolute URL"},
		{"javascript:alert(1)", nil, "neither https nor http"},
		{"data:text/html,x", nil, "neither https nor http"},
		{"file:///etc/passwd", nil, "neither https nor http"},
		{"com.example.app:/token", nil, "no absolute URL"},
		{"vscode://x/token", nil, "neither https nor http"},
		{"https://u:p@as.example.com/token", nil, "user information"},
		{"https://as.example.com/token#x", nil, "fragment"},
		{"https://as.example.com/{tenant}/token", nil, "template"},
		{"https://as.example.com/token\r\nX: y", nil, "control character"},
	}
	for _, test := range tests {
		err := Endpoint(test.raw, test.opts...)
		if (err == nil) != (test.reason == "") || err != nil && !strings.Contains(err.Error(), test.reason) {
			t.Errorf("Endpoint(%q) = %v, want %q", test.raw, err, test.reason)
		}
		if err != nil && !errors.Is(err, RuleEndpoint) {
			t.Errorf("Endpoint(%q): %v is not %s", test.raw, err, RuleEndpoint)
		}
	}
}

// META-3
func TestIsLoopbackHost(t *testing.T) {
	for _, host := range []string{"localhost", "LocalHost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"} {
		if !IsLoopbackHost(host) {
			t.Errorf("%q is loopback", host)
		}
	}
	for _, host := range []string{
		"", "localhost.", "a.localhost", "localhost.evil.example", "127.0.0.1.evil.example", "127.1", "0177.0.0.1",
		"2130706433", "0.0.0.0", "::", "[::1", "::1%eth0", "10.0.0.1", "169.254.169.254", "localhost:80",
	} {
		if IsLoopbackHost(host) {
			t.Errorf("%q is not loopback", host)
		}
	}
}

// REG-11
func TestRedirectURI(t *testing.T) {
	tests := []struct{ raw, reason string }{
		{"https://app.example.com/cb", ""},
		{"https://app.example.com/cb?provider=x", ""},
		{"http://localhost/cb", ""},
		{"http://localhost:4711/cb", ""},
		{"http://127.0.0.1:4711/cb", ""},
		{"http://[::1]:4711", ""},
		{"http://127.0.0.2/cb", "not localhost"},
		{"http://app.example.com/cb", "not localhost"},
		{"http://localhost:0/cb", "port 0"},
		{"http://localhost:00/cb", "port 0"},
		{"https://app.example.com/cb#x", "fragment"},
		{"https://u@app.example.com/cb", "user information"},
		{"com.example.app:/cb", "no absolute URL"},
		{"myapp://cb", "neither https nor http"},
		{"javascript:alert(1)", "neither https nor http"},
		{"/cb", "no absolute URL"},
		{"", "absent"},
	}
	for _, test := range tests {
		err := RedirectURI(test.raw)
		if (err == nil) != (test.reason == "") || err != nil && !strings.Contains(err.Error(), test.reason) {
			t.Errorf("RedirectURI(%q) = %v, want %q", test.raw, err, test.reason)
		}
		if err != nil && !errors.Is(err, RuleRedirectURI) {
			t.Errorf("RedirectURI(%q): %v is not %s", test.raw, err, RuleRedirectURI)
		}
	}
}

// REG-2
func TestClientIDURL(t *testing.T) {
	tests := []struct{ raw, reason string }{
		{"https://app.example.com/client.json", ""},
		{"https://app.example.com:8443/client.json", ""},
		{"https://app.example.com/client.json?v=1", ""},
		{"https://app.example.com/a/", ""},
		{"https://app.example.com", "no path"},
		{"https://app.example.com/", "no path"},
		{"https://app.example.com?x", "no path"},
		{"http://app.example.com/client.json", "not https"},
		{"http://localhost/client.json", "not https"},
		{"https://app.example.com/client.json#", "fragment"},
		{"https://u@app.example.com/client.json", "user information"},
		{"https://app.example.com/../client.json", "dot segment"},
		{"https://app.example.com/a/%2e/client.json", "dot segment"},
		{"client-1", "no absolute URL"},
		{"", "absent"},
	}
	for _, test := range tests {
		err := ClientIDURL(test.raw)
		if (err == nil) != (test.reason == "") || err != nil && !strings.Contains(err.Error(), test.reason) {
			t.Errorf("ClientIDURL(%q) = %v, want %q", test.raw, err, test.reason)
		}
		if err != nil && !errors.Is(err, RuleClientIDURL) {
			t.Errorf("ClientIDURL(%q): %v is not %s", test.raw, err, RuleClientIDURL)
		}
	}
}

// SEC-5: errors are one bounded line of ASCII, without user information and
// without queries, where people keep keys.
func TestURLErrorIsSafeToPrint(t *testing.T) {
	err := Covers(
		"https://user:hunter2@mcp.example.com/\u202emcp?api_key=s3cret#f",
		"https://mcp.example.com/\x1b[31m"+strings.Repeat("x", 10_000)+"?api_key=s3cret")
	text := err.Error()
	for _, secret := range []string{"hunter2", "s3cret", "\x1b", "\u202e", "\n"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q shows %q", text, secret)
		}
	}
	if len(text) > 1000 || !strings.HasPrefix(text, "validate: ") {
		t.Errorf("%d bytes: %q", len(text), text)
	}
}

// STORE-4, SEC-5: no verb, and no JSON, shows what a URL must not be shown with.
func TestURLErrorPrints(t *testing.T) {
	err := Endpoint("http://user:hunter2@as.example.com/t?code=s3cret")
	encoded, failed := json.Marshal(err)
	if failed != nil {
		t.Fatal(failed)
	}
	text := fmt.Sprintf("%v %+v %#v %d %s %q ", err, err, err, err, err, err) + string(encoded)
	if strings.Contains(text, "hunter2") || strings.Contains(text, "s3cret") || !strings.Contains(text, "as.example.com") {
		t.Error(text)
	}
}
