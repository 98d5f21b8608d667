// Fuzz targets: the pure URL rules, against net/url.

package validate

import (
	"net/url"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// splitURL must never see another host or path than the one net/url, and with
// it net/http, will use. DISC-9, HTTP-2
func agreesWithNetURL(t *testing.T, raw string) {
	u, reason := splitURL(raw)
	if reason != "" {
		return
	}
	parsed, err := url.Parse(raw)
	if err != nil {
		t.Fatalf("%q: net/url: %v", raw, err)
	}
	if !strings.EqualFold(parsed.Scheme, u.scheme) || strings.Trim(u.host, "[]") != parsed.Hostname() || u.port != parsed.Port() {
		t.Fatalf("%q: split as %q %q %q, net/url %q %q", raw, u.scheme, u.host, u.port, parsed.Scheme, parsed.Host)
	}
	if u.path != parsed.EscapedPath() || u.query != parsed.RawQuery || parsed.User != nil {
		t.Fatalf("%q: split as %q %q, net/url %q %q", raw, u.path, u.query, parsed.EscapedPath(), parsed.RawQuery)
	}
}

func FuzzCovers(f *testing.F) {
	for _, seed := range []string{
		"https://mcp.example.com/mcp", "http://[::1]:80/a/../b", "https://a@b/%2e%2e", "HTTPS://H?q#f", "https://h:/%2F;x",
	} {
		f.Add(seed, "https://mcp.example.com/mcp/x")
		f.Add("https://mcp.example.com", seed)
	}
	f.Fuzz(func(t *testing.T, resource, use string) {
		agreesWithNetURL(t, resource)
		agreesWithNetURL(t, use)
		if Covers(resource, use) != nil {
			return
		}
		// What is covered is on the same origin and below the path, for net/url too.
		r, err := url.Parse(resource)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(use)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.EqualFold(r.Hostname(), u.Hostname()) || !strings.EqualFold(r.Scheme, u.Scheme) {
			t.Fatalf("%q covers %q", resource, use)
		}
		parent := strings.TrimSuffix(r.EscapedPath(), "/") + "/"
		child := strings.TrimSuffix(u.JoinPath().EscapedPath(), "/") + "/"
		if !strings.HasPrefix(child, parent) && !strings.Contains(use, "//") {
			t.Fatalf("%q covers %q: %q is not below %q", resource, use, child, parent)
		}
	})
}

func FuzzURLRules(f *testing.F) {
	for _, seed := range []string{"https://h/x", "http://localhost:1/cb", "javascript:x", "https://H:443/?q#f", "https://h/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		agreesWithNetURL(t, raw)
		canonical, err := CanonicalURL(raw)
		if err == nil {
			if again, err := CanonicalURL(canonical); err != nil || again != canonical {
				t.Fatalf("%q is canonically %q, and that is %q, %v", raw, canonical, again, err)
			}
			if err := Covers(canonical, raw); err != nil {
				t.Fatalf("%q does not cover %q: %v", canonical, raw, err)
			}
		}
		for _, err := range []error{err, Endpoint(raw), RedirectURI(raw), ClientIDURL(raw)} {
			if err != nil && len(err.Error()) > 2000 {
				t.Fatalf("%d bytes of message", len(err.Error()))
			}
		}
		if !SameIssuer(raw, raw) {
			t.Fatalf("%q is not the same issuer as itself", raw)
		}
	})
}

// The derived tags mean what the decoder means.
func FuzzFormats(f *testing.F) {
	f.Add("https://h/x")
	f.Add("HTTP://H")
	f.Fuzz(func(t *testing.T, raw string) {
		for _, format := range []string{"uri", "http_url", "https_url"} {
			if got, want := hasFormat(format, raw), gen.ValidFormat(format, raw); got != want {
				t.Fatalf("%s: %q: %v, the decoder says %v", format, raw, got, want)
			}
		}
	})
}
