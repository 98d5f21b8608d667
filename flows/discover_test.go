package flows_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// DISC-4, DISC-13: which URLs are asked for the resource's metadata, in which
// order, and which of them together.
func TestDiscoverResourceCandidates(t *testing.T) {
	right := prmOf(mcpURL, asIssuer).reply(t)
	root := prmOf("https://mcp.example.com", asIssuer).reply(t)
	const inSession = "https://mcp.example.com/mcp/session?x=1"
	tests := []struct {
		name    string
		in      flows.DiscoverRequest
		routes  map[string]reply
		rounds  [][]string
		failing bool
	}{
		{"the challenge's URL is asked alone", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)},
			map[string]reply{prmNamed: right}, one(prmNamed, asOAuth), false},
		{"absolute path resolved against the request", flows.DiscoverRequest{URL: mcpURL, RequestURL: inSession, Challenge: challenge("/prm.json")},
			map[string]reply{prmNamed: right}, one(prmNamed, asOAuth), false},
		{"relative path resolved against the request", flows.DiscoverRequest{URL: mcpURL, RequestURL: inSession, Challenge: challenge("prm.json")},
			map[string]reply{"https://mcp.example.com/mcp/prm.json": right}, one("https://mcp.example.com/mcp/prm.json", asOAuth), false},
		{"resolved against the URL without a request URL", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge("prm.json")},
			map[string]reply{prmNamed: right}, one(prmNamed, asOAuth), false},
		{"a fragment goes", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed + "#x")},
			map[string]reply{prmNamed: right}, one(prmNamed, asOAuth), false},
		{"the query of the named URL stays", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed + "?id=1")},
			map[string]reply{prmNamed + "?id=1": right}, one(prmNamed+"?id=1", asOAuth), false},
		{"named, then path", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)},
			map[string]reply{prmPath: right}, one(prmNamed, prmPath, asOAuth), false},
		{"the root is never asked when the challenge named a URL", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed), NoLegacy: true},
			map[string]reply{prmRoot: root}, one(prmNamed, prmPath), true},
		{"equal URLs are tried once", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmPath), NoLegacy: true},
			nil, one(prmPath), true},
		{"the root may be what the challenge names", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmRoot)},
			map[string]reply{prmRoot: root}, one(prmRoot, asOAuth), false},
		{"a challenge that names nothing", flows.DiscoverRequest{URL: mcpURL, Challenge: challenge("")},
			map[string]reply{prmPath: waiting(prmRoot, right)}, [][]string{{prmPath, prmRoot}, {asOAuth}}, false},
		{"path and root together, path wins", flows.DiscoverRequest{URL: mcpURL},
			map[string]reply{prmPath: waiting(prmRoot, right), prmRoot: prmOf("https://mcp.example.com", "https://other.example.com").reply(t)},
			[][]string{{prmPath, prmRoot}, {asOAuth}}, false},
		{"path and root together, root asked first, path wins", flows.DiscoverRequest{URL: mcpURL},
			map[string]reply{prmPath: waiting(prmRoot, right), prmRoot: waiting(prmPath, prmOf("https://mcp.example.com", "https://other.example.com").reply(t))},
			[][]string{{prmPath, prmRoot}, {asOAuth}}, false},
		{"root when there is none at the path", flows.DiscoverRequest{URL: mcpURL},
			map[string]reply{prmRoot: root}, [][]string{{prmPath, prmRoot}, {asOAuth}}, false},
		{"a resource without path has one URL", flows.DiscoverRequest{URL: "https://mcp.example.com"},
			map[string]reply{prmRoot: root}, one(prmRoot, asOAuth), false},
		{"a resource with an empty path too", flows.DiscoverRequest{URL: "https://mcp.example.com/"},
			map[string]reply{prmRoot: root}, one(prmRoot, asOAuth), false},
		{"a trailing slash stays", flows.DiscoverRequest{URL: mcpURL + "/"},
			map[string]reply{prmPath + "/": waiting(prmRoot, prmOf(mcpURL+"/", asIssuer).reply(t))}, [][]string{{prmPath + "/", prmRoot}, {asOAuth}}, false},
		{"query and fragment go", flows.DiscoverRequest{URL: mcpURL + "?tenant=a#top"},
			map[string]reply{prmPath: waiting(prmRoot, right)}, [][]string{{prmPath, prmRoot}, {asOAuth}}, false},
		{"escapes stay", flows.DiscoverRequest{URL: "https://mcp.example.com/a%20b/%7Ec"},
			map[string]reply{prmRoot + "/a%20b/%7Ec": waiting(prmRoot, prmOf("https://mcp.example.com/a%20b/%7Ec", asIssuer).reply(t))},
			[][]string{{prmRoot + "/a%20b/%7Ec", prmRoot}, {asOAuth}}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.routes == nil {
				tt.routes = map[string]reply{}
			}
			tt.routes[asOAuth] = asmOf(asIssuer).reply(t)
			w := newWire(tt.routes)
			found, err := w.client().Discover(t.Context(), tt.in)
			if tt.failing {
				discoveryError(t, found, err)
			} else if err != nil {
				t.Fatal(err)
			} else if found.Server.Issuer != asIssuer || found.Source != flows.SourceProtectedResource {
				t.Errorf("issuer %s from %s", found.Server.Issuer, found.Source)
			}
			w.expectLog(t, tt.rounds...)
		})
	}
}

// errReset is what a reset connection looks like to a client.
var errReset = &netError{syscall.ECONNRESET}

type netError struct{ error }

func (e *netError) Unwrap() error   { return e.error }
func (e *netError) Timeout() bool   { return false }
func (e *netError) Temporary() bool { return false }

// nothingHere are answers after which the next candidate is asked (DISC-5);
// legacy tells whether default endpoints may still be guessed after them
// (DISC-6).
var nothingHere = []struct {
	name   string
	reply  reply
	legacy bool
}{
	{"400", status(400), false},
	{"401", status(401), false},
	{"403", status(403), false},
	{"404", status(404), true},
	{"405", status(405), true},
	{"406", status(406), false},
	{"410", status(410), true},
	{"418", status(418), false},
	{"451", status(451), false},
	{"redirect to another origin", redirect(302, "https://elsewhere.example.com/login"), false},
	{"redirect to plain http", redirect(307, "http://mcp.example.com/prm.json"), false},
	{"redirect to another port", redirect(301, "https://mcp.example.com:8443/prm.json"), false},
	{"redirect without location", redirect(302, ""), false},
	{"redirect to nonsense", redirect(302, "http://[::1"), false},
	{"not modified", status(304), false},
	{"html", typed("text/html", "<!DOCTYPE html><title>app</title>"), true},
	{"html that says it is json", object("<!DOCTYPE html>"), true},
	{"empty", object(""), true},
	{"no content", status(204), true},
	{"array", object("[]"), true},
	{"array of objects", object(`[{"resource":"x"}]`), true},
	{"null", object("null"), true},
	{"string", object(`"not found"`), true},
	{"number", object("404"), true},
	{"false", object("false"), true},
	{"broken json", object(`{"resource":`), true},
	{"object and more", object(`{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://as.example.com"],"issuer":"https://as.example.com"} {}`), false},
	{"json under another media type", typed("text/plain", "null"), true},
	{"object under another media type", typed("text/plain", `{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://as.example.com"]}`), false},
	{"object without media type", reply{body: `{"resource":"https://mcp.example.com/mcp"}`}, false},
	{"object with another status", reply{status: 203, header: http.Header{"Content-Type": {"application/json"}}, body: `{"resource":"https://mcp.example.com/mcp"}`}, false},
}

// noAnswer are answers that say nothing (DISC-5).
var noAnswer = []struct {
	name  string
	reply reply
}{
	{"408", status(408)},
	{"425", status(425)},
	{"429", status(429)},
	{"500", status(500)},
	{"501", status(501)},
	{"502", status(502)},
	{"503", status(503)},
	{"504", status(504)},
	{"520", status(520)},
	{"599", status(599)},
	{"timeout", reply{err: &netTimeout{}}},
	{"unknown authority", reply{err: errors.New("tls: failed to verify certificate")}},
}

type netTimeout struct{}

func (*netTimeout) Error() string   { return "i/o timeout" }
func (*netTimeout) Timeout() bool   { return true }
func (*netTimeout) Temporary() bool { return true }

// DISC-5: what sends discovery to the next PRM candidate.
func TestDiscoverPassesOver(t *testing.T) {
	broken := map[string]string{
		"no resource":                 `{"authorization_servers":["https://as.example.com"]}`,
		"resource null":               `{"resource":null,"authorization_servers":["https://as.example.com"]}`,
		"resource empty":              `{"resource":"","authorization_servers":["https://as.example.com"]}`,
		"resource no string":          `{"resource":5,"authorization_servers":["https://as.example.com"]}`,
		"no authorization servers":    `{"resource":"https://mcp.example.com/mcp"}`,
		"authorization servers null":  `{"resource":"https://mcp.example.com/mcp","authorization_servers":null}`,
		"authorization servers empty": `{"resource":"https://mcp.example.com/mcp","authorization_servers":[]}`,
		"authorization servers text":  `{"resource":"https://mcp.example.com/mcp","authorization_servers":5}`,
		"an error":                    `{"error":"not_found"}`,
		"empty object":                `{}`,
	}
	replies := map[string]reply{}
	for _, a := range nothingHere {
		replies[a.name] = a.reply
	}
	for name, body := range broken {
		replies["DISC-8: "+name] = object(body)
	}
	for name, r := range replies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(script(t, map[string]reply{
				prmPath: waiting(prmRoot, r),
				prmRoot: prmOf("https://mcp.example.com", asIssuer).reply(t),
			}))
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL})
			if err != nil {
				t.Fatal(err)
			}
			if found.Resource != "https://mcp.example.com" || len(found.Attempts) != 3 || found.Attempts[0].Err == nil || found.Attempts[0].Reason == "" {
				t.Errorf("resource %s, attempts %+v", found.Resource, found.Attempts)
			}
			w.expectLog(t, []string{prmPath, prmRoot}, []string{asOAuth})
		})
	}
}

// DISC-8, DISC-6: metadata that is there and broken is no reason to guess.
func TestDiscoverBrokenMetadataIsMetadata(t *testing.T) {
	for name, body := range map[string]string{
		"no servers":       `{"resource":"https://mcp.example.com/mcp"}`,
		"duplicate":        `{"resource":"https://mcp.example.com/mcp","resource":"https://mcp.example.com/mcp","authorization_servers":["https://as.example.com"]}`,
		"too deep":         `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"resource":"https://mcp.example.com/mcp"}`,
		"nothing we know":  `{"detail":"Not Found"}`,
		"resource no text": `{"resource":[]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(map[string]reply{prmPath: waiting(prmRoot, object(body)), mcpOAuth: asmOf("https://mcp.example.com").reply(t)})
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL})
			if e := discoveryError(t, found, err); e.Temporary {
				t.Errorf("temporary: %v", e)
			}
			w.expectLog(t, []string{prmPath, prmRoot})
		})
	}
}

// DISC-5: an answer that says nothing ends discovery; it never counts as
// "absent", at any candidate.
func TestDiscoverUnknownEnds(t *testing.T) {
	places := []struct {
		name   string
		url    string
		in     flows.DiscoverRequest
		routes map[string]reply
		before [][]string
	}{
		{"named", prmNamed, flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)}, nil, nil},
		{"path after named", prmPath, flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)}, nil, one(prmNamed)},
		{"root", prmRoot, flows.DiscoverRequest{URL: "https://mcp.example.com"}, nil, nil},
		{"root beside path", prmRoot, flows.DiscoverRequest{URL: mcpURL}, map[string]reply{prmPath: waiting(prmRoot, status(404))}, one(prmPath)},
		{"oauth", asOAuth, flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)},
			map[string]reply{prmNamed: prmOf(mcpURL, asIssuer).reply(t), asOIDC: asmOf(asIssuer).reply(t)}, one(prmNamed)},
		{"oidc", asOIDC, flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)},
			map[string]reply{prmNamed: prmOf(mcpURL, asIssuer).reply(t)}, one(prmNamed, asOAuth)},
		{"legacy oauth", mcpOAuth, flows.DiscoverRequest{URL: "https://mcp.example.com"}, nil, one(prmRoot)},
		{"legacy oidc", mcpOIDC, flows.DiscoverRequest{URL: "https://mcp.example.com"}, nil, one(prmRoot, mcpOAuth)},
	}
	for _, place := range places {
		for _, a := range noAnswer {
			t.Run(place.name+"/"+a.name, func(t *testing.T) {
				t.Parallel()
				routes := map[string]reply{}
				maps.Copy(routes, place.routes)
				routes[place.url] = a.reply
				w := newWire(routes)
				found, err := w.client().Discover(t.Context(), place.in)
				e := discoveryError(t, found, err)
				if !e.Temporary || !flows.IsTemporary(err) {
					t.Errorf("not temporary: %v", e)
				}
				asked, want := w.log(), append(slices.Concat(place.before...), place.url)
				slices.Sort(asked)
				slices.Sort(want)
				if !slices.Equal(asked, want) {
					t.Errorf("asked %q, want %q", asked, want)
				}
			})
		}
	}
}

// DISC-5: "after retries": lost connections are tried again, and then unknown.
func TestDiscoverRepeats(t *testing.T) {
	for name, lost := range map[string]error{"reset": errReset, "cut off": io.ErrUnexpectedEOF} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(script(t, map[string]reply{prmNamed: {err: lost}}))
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
			if e := discoveryError(t, found, err); !e.Temporary {
				t.Errorf("not temporary: %v", e)
			}
			w.expectLog(t, one(prmNamed, prmNamed, prmNamed)...)
		})
	}
}

// DISC-5: a time limit is no answer.
func TestDiscoverTimeout(t *testing.T) {
	t.Parallel()
	w := newWire(script(t, map[string]reply{prmNamed: {hang: true}}))
	c := w.client()
	c.Timeout = 50 * time.Millisecond
	found, err := c.Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	e := discoveryError(t, found, err)
	var timeout *flows.TimeoutError
	if !errors.As(err, &timeout) || !e.Temporary {
		t.Errorf("%v, want a temporary timeout", err)
	}
	w.expectLog(t, one(prmNamed)...)
}

// DISC-9: a document for another resource is refused at once, at the path and
// at the root; the error names both strings.
func TestDiscoverResourceMustCover(t *testing.T) {
	tests := []struct{ name, url, resource string }{
		{"another origin", mcpURL, "https://evil.example.com/mcp"},
		{"another scheme", mcpURL, "http://mcp.example.com/mcp"},
		{"another port", mcpURL, "https://mcp.example.com:8443/mcp"},
		{"sibling", mcpURL, "https://mcp.example.com/mcp-evil"},
		{"prefix without boundary", "https://mcp.example.com/mcp-evil", "https://mcp.example.com/mcp"},
		{"child", mcpURL, "https://mcp.example.com/mcp/deeper"},
		{"path in another case", mcpURL, "https://mcp.example.com/MCP"},
		{"dot segments", mcpURL, "https://mcp.example.com/x/../mcp"},
		{"escaped dot segments", mcpURL, "https://mcp.example.com/%2e%2e/mcp"},
		{"encoded slash", "https://mcp.example.com/mcp/x", "https://mcp.example.com/mcp%2fx"},
		{"encoded backslash", "https://mcp.example.com/mcp/x", "https://mcp.example.com/mcp%5cx"},
		{"userinfo", mcpURL, "https://user@mcp.example.com/mcp"},
		{"userinfo as host", mcpURL, "https://mcp.example.com@evil.example.com/mcp"},
		{"fragment", mcpURL, "https://mcp.example.com/mcp#x"},
		{"suffix of the host", mcpURL, "https://example.com/mcp"},
		{"no URL", mcpURL, "mcp.example.com/mcp"},
		{"URN", mcpURL, "urn:example:mcp"},
		{"with spaces", mcpURL, "https://mcp.example.com/m cp"},
		{"kelvin sign in the host", "https://k.example.com/mcp", "https://\u212a.example.com/mcp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			candidates, err := flows.ProtectedResourceMetadataURLs(tt.url)
			if err != nil {
				t.Fatal(err)
			}
			origin := candidates[1]
			right := prmOf(tt.url, asIssuer).reply(t)
			bad := prmOf(tt.resource, asIssuer).reply(t)
			for name, routes := range map[string]map[string]reply{
				"path": {candidates[0]: waiting(origin, bad), origin: right},
				"root": {candidates[0]: waiting(origin, status(404)), origin: bad},
			} {
				w := newWire(script(t, routes))
				found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: tt.url})
				if e := discoveryError(t, found, err); e.Temporary {
					t.Errorf("%s: temporary", name)
				}
				w.expectLog(t, candidates)
			}
		})
	}
}

// DISC-9
func TestDiscoverCoverErrorNamesBoth(t *testing.T) {
	w := newWire(script(t, map[string]reply{prmNamed: prmOf("https://evil.example.com/mcp", asIssuer).reply(t)}))
	_, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	if !errors.Is(err, validate.RuleResourceCovers) || !strings.Contains(err.Error(), mcpURL) || !strings.Contains(err.Error(), "https://evil.example.com/mcp") {
		t.Errorf("error %v, want both strings", err)
	}
}

// DISC-9, DISC-10, DISC-20: the resource that is sent is the document's own
// string when it covers the URL, byte for byte.
func TestDiscoverResourceSent(t *testing.T) {
	for _, tt := range []struct{ name, url, resource string }{
		{"equal", mcpURL, mcpURL},
		{"parent", mcpURL, "https://mcp.example.com"},
		{"parent with slash", mcpURL, "https://mcp.example.com/"},
		{"slash too many", mcpURL, mcpURL + "/"},
		{"slash too few", mcpURL + "/", mcpURL},
		{"host case", mcpURL, "https://MCP.Example.COM/mcp"},
		{"scheme case", mcpURL, "HTTPS://mcp.example.com/mcp"},
		{"default port", mcpURL, "https://mcp.example.com:443/mcp"},
		{"escapes", "https://mcp.example.com/a%20b/c", "https://mcp.example.com/a%20b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(script(t, map[string]reply{prmNamed: prmOf(tt.resource, asIssuer).reply(t)}))
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: tt.url, Challenge: challenge(prmNamed)})
			if err != nil {
				t.Fatal(err)
			}
			if found.Resource != tt.resource || found.URL != tt.url {
				t.Errorf("resource %q for %q, want %q", found.Resource, found.URL, tt.resource)
			}
		})
	}
}

// DISC-10: without metadata of the resource the canonical URL is sent.
func TestDiscoverCanonicalResource(t *testing.T) {
	for url, want := range map[string]string{
		"https://mcp.example.com/":             "https://mcp.example.com",
		"https://mcp.example.com":              "https://mcp.example.com",
		"HTTPS://MCP.Example.com/Mcp/":         "https://mcp.example.com/Mcp/",
		"https://mcp.example.com:8443/mcp?a=b": "https://mcp.example.com:8443/mcp?a=b",
		"https://mcp.example.com/mcp#frag":     "https://mcp.example.com/mcp",
	} {
		found, err := (&flows.Client{}).Discover(t.Context(), flows.DiscoverRequest{URL: url, Metadata: metadata(t, asmOf(asIssuer))})
		if err != nil {
			t.Errorf("%s: %v", url, err)
		} else if found.Resource != want {
			t.Errorf("%s: resource %q, want %q", url, found.Resource, want)
		}
	}
	for _, url := range []string{"", "mcp.example.com", "ftp://mcp.example.com/", "https://user:pass@mcp.example.com/mcp",
		"https://mcp.example.com/a/../b", "https://mcp.example.com/a%2fb", "file:///etc/passwd", "https://"} {
		w := newWire(nil)
		found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: url})
		discoveryError(t, found, err)
		if strings.Contains(err.Error(), "pass@") {
			t.Errorf("%q: userinfo in %v", url, err)
		}
		w.expectLog(t)
	}
}

// DISC-9: a caller's hook decides instead.
func TestDiscoverCoversHook(t *testing.T) {
	const other = "https://gateway.example.com/mcp"
	routes := script(t, map[string]reply{prmNamed: prmOf(other, asIssuer).reply(t)})
	in := flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)}
	in.Covers = func(resource, url string) bool { return resource == other && url == mcpURL }
	w := newWire(routes)
	found, err := w.client().Discover(t.Context(), in)
	if err != nil || found.Resource != other {
		t.Fatalf("%v, want resource %s", err, other)
	}
	in.Covers = func(string, string) bool { return false }
	w = newWire(script(t, map[string]reply{prmNamed: prmOf(mcpURL, asIssuer).reply(t)}))
	found, err = w.client().Discover(t.Context(), in)
	discoveryError(t, found, err)
	if !errors.Is(err, validate.RuleResourceCovers) {
		t.Errorf("error %v, want the covers rule", err)
	}
	w.expectLog(t, one(prmNamed)...)
}

// DISC-15: the headers of every leg.
func TestDiscoverHeaders(t *testing.T) {
	for _, tt := range []struct {
		name      string
		client    *flows.Client
		version   string
		userAgent string
	}{
		{"defaults", &flows.Client{}, flows.ProtocolVersion, "mcpoauth/"},
		{"settable", &flows.Client{ProtocolVersion: "2025-11-25", UserAgent: "agent/1.0"}, "2025-11-25", "agent/1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(script(t, map[string]reply{asOAuth: status(404), asOIDC: asmOf(asIssuer).reply(t)}))
			tt.client.HTTP = &http.Client{Transport: w}
			if _, err := tt.client.Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL}); err != nil {
				t.Fatal(err)
			}
			for i, h := range w.headers {
				if h.Get("MCP-Protocol-Version") != tt.version || h.Get("Accept") != "application/json" || !strings.HasPrefix(h.Get("User-Agent"), tt.userAgent) {
					t.Errorf("%s: header %v", w.asked[i], h)
				}
				if h.Get("Authorization") != "" || h.Get("Cookie") != "" {
					t.Errorf("%s: credentials in %v", w.asked[i], h)
				}
			}
			if len(w.headers) != 4 {
				t.Errorf("%d requests, want 4", len(w.headers))
			}
		})
	}
}

// DISC-19: members that are not acted on survive.
func TestDiscoverKeepsMembers(t *testing.T) {
	prm := prmOf(mcpURL, asIssuer)
	prm["bearer_methods_supported"] = []string{"header", "body"}
	prm["signed_metadata"] = "eyJhbGciOiJub25lIn0.eyJyZXNvdXJjZSI6Imh0dHBzOi8vZXZpbCJ9."
	prm["resource_name#de"] = "Dienst"
	prm["x-unknown"] = members{"a": []int{1}}
	asm := asmOf(asIssuer).with("x-unknown", "kept")
	w := newWire(script(t, map[string]reply{prmNamed: prm.reply(t), asOAuth: asm.reply(t)}))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	if err != nil {
		t.Fatal(err)
	}
	again, err := found.ResourceMetadata.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"bearer_methods_supported":["header","body"]`, `"signed_metadata":"eyJ`, `"resource_name#de":"Dienst"`, `"x-unknown":{"a":[1]}`} {
		if !strings.Contains(string(again), want) {
			t.Errorf("%s is lost in %s", want, again)
		}
	}
	if found.Resource != mcpURL {
		t.Errorf("signed_metadata was trusted: %s", found.Resource)
	}
	if again, _ := found.Server.Encode(); !strings.Contains(string(again), `"x-unknown":"kept"`) {
		t.Errorf("x-unknown is lost in %s", again)
	}
}

func metadata(t testing.TB, m members) *gen.AuthorizationServerMetadata {
	t.Helper()
	doc, err := gen.DecodeAuthorizationServerMetadata([]byte(encode(t, m)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// DISC-17: nothing is asked beside a document that the cache has.
func TestDiscoverAsksNothingBesideTheCache(t *testing.T) {
	const issuer = asIssuer + "/tenant"
	w := newWire(nil)
	client := w.client()
	client.Documents = slowCache{
		prmPath: prmOf(mcpURL, issuer).reply(t).body,
		asIssuer + "/.well-known/oauth-authorization-server/tenant": asmOf(issuer).reply(t).body,
	}
	found, err := client.Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL})
	if err != nil || found.Server.Issuer != issuer {
		t.Fatalf("%v, %v", found, err)
	}
	w.expectLog(t)
}

// slowCache has documents by URL, and takes its time to read one, as a disk may.
type slowCache map[string]string

func (c slowCache) Load(_ context.Context, url string) ([]byte, bool) {
	document, ok := c[url]
	if ok {
		time.Sleep(50 * time.Millisecond)
	}
	return []byte(document), ok
}

func (slowCache) Save(context.Context, string, []byte, time.Duration) {}
