package flows_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
)

// DISC-4: where the metadata of a resource may be.
func TestProtectedResourceMetadataURLs(t *testing.T) {
	const root = "https://h.example/.well-known/oauth-protected-resource"
	for raw, want := range map[string][]string{
		"https://h.example":                  {root},
		"https://h.example/":                 {root},
		"https://h.example?x=1":              {root},
		"https://h.example/#f":               {root},
		"https://h.example/mcp":              {root + "/mcp", root},
		"https://h.example/mcp/":             {root + "/mcp/", root},
		"https://h.example/a/b?x=/y#z":       {root + "/a/b", root},
		"https://h.example/a%20b":            {root + "/a%20b", root},
		"https://h.example/%7euser":          {root + "/%7euser", root},
		"https://h.example:8443/mcp":         {"https://h.example:8443/.well-known/oauth-protected-resource/mcp", "https://h.example:8443/.well-known/oauth-protected-resource"},
		"http://127.0.0.1:1234/mcp":          {"http://127.0.0.1:1234/.well-known/oauth-protected-resource/mcp", "http://127.0.0.1:1234/.well-known/oauth-protected-resource"},
		"http://[::1]:1234/mcp":              {"http://[::1]:1234/.well-known/oauth-protected-resource/mcp", "http://[::1]:1234/.well-known/oauth-protected-resource"},
		"https://h.example/.well-known/x":    {root + "/.well-known/x", root},
		"HTTPS://h.example/mcp":              {root + "/mcp", root},
		"https://h.example//evil.example/x":  {root + "//evil.example/x", root},
		"h.example/mcp":                      nil,
		"":                                   nil,
		"ftp://h.example/":                   nil,
		"https:///mcp":                       nil,
		"https:h.example":                    nil,
		"https://user@h.example/":            nil,
		"https://h.example/%zz":              nil,
		"javascript:alert(1)":                nil,
		"https://h.example/mcp\nX-Header: y": nil,
	} {
		got, err := flows.ProtectedResourceMetadataURLs(raw)
		if (err != nil) != (want == nil) || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
	}
}

// DISC-12: where the metadata of an issuer may be, in order.
func TestAuthorizationServerMetadataURLs(t *testing.T) {
	const oauth, oidc = "https://h.example/.well-known/oauth-authorization-server", "https://h.example/.well-known/openid-configuration"
	for raw, want := range map[string][]string{
		"https://h.example":       {oauth, oidc},
		"https://h.example/":      {oauth, oidc},
		"https://h.example/t":     {oauth + "/t", oidc + "/t", "https://h.example/t/.well-known/openid-configuration"},
		"https://h.example/t/":    {oauth + "/t", oidc + "/t", "https://h.example/t/.well-known/openid-configuration"},
		"https://h.example/a/b":   {oauth + "/a/b", oidc + "/a/b", "https://h.example/a/b/.well-known/openid-configuration"},
		"https://h.example/a%2Fb": {oauth + "/a%2Fb", oidc + "/a%2Fb", "https://h.example/a%2Fb/.well-known/openid-configuration"},
		"https://h.example?x":     nil,
		"https://h.example?":      nil,
		"https://h.example#f":     nil,
		"https://h.example/t#":    nil,
		"h.example":               nil,
		"urn:x":                   nil,
		"https://u:p@h.example":   nil,
		"":                        nil,
	} {
		got, err := flows.AuthorizationServerMetadataURLs(raw)
		if (err != nil) != (want == nil) || !slices.Equal(got, want) {
			t.Errorf("%q: %q, %v; want %q", raw, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "p@") {
			t.Errorf("userinfo in %v", err)
		}
	}
}

// The builders never leave the origin they were given.
func FuzzWellKnownURLs(f *testing.F) {
	for _, seed := range []string{
		"https://h.example/mcp", "https://h.example/", "http://[::1]:80/a/../b", "https://h.example/%2e%2e//x;y?z#w",
		"https://h.example:443\\@evil.example/", "https://h.example/\x00", "//h.example", "https://h.example@evil.example",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		given, parseErr := url.Parse(raw)
		for _, build := range []func(string) ([]string, error){flows.ProtectedResourceMetadataURLs, flows.AuthorizationServerMetadataURLs} {
			urls, err := build(raw)
			if err != nil {
				if urls != nil {
					t.Fatalf("%q: %q beside %v", raw, urls, err)
				}
				continue
			}
			if parseErr != nil || len(urls) == 0 || len(urls) > 3 || len(slices.Compact(slices.Sorted(slices.Values(urls)))) != len(urls) {
				t.Fatalf("%q: %q", raw, urls)
			}
			for _, built := range urls {
				u, err := url.Parse(built)
				if err != nil {
					t.Fatalf("%q: %q: %v", raw, built, err)
				}
				if u.Scheme != given.Scheme || u.Host != given.Host || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
					t.Fatalf("%q: %q leaves the origin", raw, built)
				}
				if !strings.Contains(u.Path, "/.well-known/") {
					t.Fatalf("%q: %q is not well-known", raw, built)
				}
			}
		}
	})
}
