package flows_test

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

const loopbackRedirect = "http://127.0.0.1:7777/callback"

func wellKnownOf(issuer string) (oauth, oidc string) {
	return issuer + "/.well-known/oauth-authorization-server", issuer + "/.well-known/openid-configuration"
}

// DISC-11: which of several servers serves.
func TestDiscoverSeveralServers(t *testing.T) {
	const a, b, c = "https://a.example.com", "https://b.example.com", "https://c.example.com"
	aOAuth, aOIDC := wellKnownOf(a)
	bOAuth, bOIDC := wellKnownOf(b)
	cOAuth, cOIDC := wellKnownOf(c)
	ok := func(issuer string) reply { return asmOf(issuer).reply(t) }
	selects := func(issuer string) func([]string) string { return func([]string) string { return issuer } }
	all := map[string]reply{aOAuth: ok(a), bOAuth: ok(b), cOAuth: ok(c)}
	tests := []struct {
		name      string
		in        flows.DiscoverRequest
		issuers   []string
		routes    map[string]reply
		issuer    string // "" fails
		temporary bool
		asked     []string
	}{
		{"the first", flows.DiscoverRequest{}, nil, all, a, false, []string{aOAuth}},
		{"the bound one", flows.DiscoverRequest{BoundIssuer: c, SelectIssuer: selects(b)}, nil, all, c, false, []string{cOAuth}},
		{"bound by its own spelling with a slash", flows.DiscoverRequest{BoundIssuer: b + "/"}, nil,
			map[string]reply{aOAuth: ok(a), bOAuth: ok(b + "/")}, b + "/", false, []string{bOAuth}},
		{"bound by its own spelling without the slash", flows.DiscoverRequest{BoundIssuer: b}, []string{a, b + "/", c},
			map[string]reply{aOAuth: ok(a), bOAuth: ok(b)}, b, false, []string{bOAuth}},
		{"bound by its alias", flows.DiscoverRequest{BoundIssuer: "https://alias.example.com", IssuerAliases: map[string]string{b: "https://alias.example.com"}}, nil,
			map[string]reply{aOAuth: ok(a), bOAuth: asmOf(b).with("issuer", "https://alias.example.com").reply(t)}, "https://alias.example.com", false, []string{bOAuth}},
		{"bound to none of them: selected", flows.DiscoverRequest{BoundIssuer: "https://old.example.com", SelectIssuer: selects(b)}, nil, all, b, false, []string{bOAuth}},
		{"no choice: the first", flows.DiscoverRequest{SelectIssuer: selects("")}, nil, all, a, false, []string{aOAuth}},
		{"a choice that is not listed: the first", flows.DiscoverRequest{SelectIssuer: selects("https://evil.example.com")}, nil, all, a, false, []string{aOAuth}},
		{"an empty entry does not decide", flows.DiscoverRequest{SelectIssuer: selects(b)}, []string{"", a, b}, all, b, false, []string{bOAuth}},
		{"absent: the next", flows.DiscoverRequest{}, nil, map[string]reply{bOAuth: ok(b)}, b, false, []string{aOAuth, aOIDC, bOAuth}},
		{"unknown: the next", flows.DiscoverRequest{}, nil, map[string]reply{aOAuth: status(503), bOAuth: ok(b)}, b, false, []string{aOAuth, bOAuth}},
		{"absent at the bound one: the first usable", flows.DiscoverRequest{BoundIssuer: c}, nil, map[string]reply{bOAuth: ok(b)}, b, false,
			[]string{cOAuth, cOIDC, aOAuth, aOIDC, bOAuth}},
		{"unknown at the bound one ends", flows.DiscoverRequest{BoundIssuer: c}, nil, map[string]reply{aOAuth: ok(a), cOAuth: status(503)}, "", true, []string{cOAuth}},
		{"unknown at the bound one with another spelling ends", flows.DiscoverRequest{BoundIssuer: c + "/"}, nil, map[string]reply{aOAuth: ok(a), cOAuth: status(429)}, "", true, []string{cOAuth}},
		{"unknown at the selected one ends", flows.DiscoverRequest{SelectIssuer: selects(b)}, nil, map[string]reply{aOAuth: ok(a), bOIDC: status(500)}, "", true, []string{bOAuth, bOIDC}},
		{"another issuer ends", flows.DiscoverRequest{}, nil, map[string]reply{aOAuth: ok(b), bOAuth: ok(b)}, "", false, []string{aOAuth}},
		{"entries that are no issuers are passed over", flows.DiscoverRequest{},
			[]string{"javascript:alert(1)", "http://plain.example.com", "https://q.example.com/?x", "https://u:p@user.example.com", "not a url", b}, all, b, false, []string{bOAuth}},
		{"none usable", flows.DiscoverRequest{}, []string{a, b}, map[string]reply{}, "", false, []string{aOAuth, aOIDC, bOAuth, bOIDC}},
		{"none usable, one unknown", flows.DiscoverRequest{}, []string{a, b}, map[string]reply{aOAuth: status(503)}, "", true, []string{aOAuth, bOAuth, bOIDC}},
		{"named twice is asked once", flows.DiscoverRequest{}, []string{a, a}, map[string]reply{}, "", false, []string{aOAuth, aOIDC}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			issuers := tt.issuers
			if issuers == nil {
				issuers = []string{a, b, c}
			}
			routes := map[string]reply{prmNamed: prmOf(mcpURL, issuers...).reply(t)}
			maps.Copy(routes, tt.routes)
			w := newWire(routes)
			in := tt.in
			in.URL, in.Challenge = mcpURL, challenge(prmNamed)
			found, err := w.client().Discover(t.Context(), in)
			w.expectLog(t, one(append([]string{prmNamed}, tt.asked...)...)...)
			if tt.issuer != "" {
				if err != nil {
					t.Fatal(err)
				}
				if found.Server.Issuer != tt.issuer {
					t.Errorf("issuer %s, want %s", found.Server.Issuer, tt.issuer)
				}
				return
			}
			e := discoveryError(t, found, err)
			if e.Temporary != tt.temporary {
				t.Errorf("temporary %t: %v", e.Temporary, e)
			}
			if len(e.Attempts) != len(tt.asked)+1 {
				t.Errorf("attempts %+v", e.Attempts)
			}
		})
	}
}

// DISC-11: each failure is kept, also of entries that were not even asked.
func TestDiscoverKeepsEachFailure(t *testing.T) {
	w := newWire(map[string]reply{prmNamed: prmOf(mcpURL, "http://plain.example.com", "https://a.example.com", "https://b.example.com").reply(t)})
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	discoveryError(t, found, err)
	for _, want := range []string{"http://plain.example.com", "https://a.example.com/.well-known/openid-configuration: 404", "https://b.example.com/.well-known/oauth-authorization-server: 404"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if !errors.Is(err, validate.RuleEndpoint) {
		t.Errorf("%v does not unwrap to the rule of the first", err)
	}
}

// DISC-11: the selector gets a list of its own.
func TestDiscoverSelectorGetsACopy(t *testing.T) {
	w := newWire(script(t, map[string]reply{prmNamed: prmOf(mcpURL, asIssuer).reply(t)}))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed),
		SelectIssuer: func(issuers []string) string { issuers[0] = "https://evil.example.com"; return issuers[0] }})
	if err != nil || !slices.Equal(found.ResourceMetadata.AuthorizationServers, []string{asIssuer}) {
		t.Errorf("%v %+v", err, found)
	}
}

// DISC-12, DISC-13: the URLs of an issuer with a path, all at once, and the
// earlier one wins.
func TestDiscoverPathIssuer(t *testing.T) {
	const issuer = asIssuer + "/tenant"
	oauth, oidc, appended := asOAuth+"/tenant", asOIDC+"/tenant", issuer+"/.well-known/openid-configuration"
	all := []string{oauth, oidc, appended}
	doc := func(name string) reply {
		return asmOf(issuer).with("service_documentation", "https://docs.example.com/"+name).reply(t)
	}
	for _, tt := range []struct {
		name   string
		routes map[string]reply
		want   string // which document; "" fails
	}{
		{"oauth inserted alone", map[string]reply{oauth: waiting(appended, doc("oauth"))}, "oauth"},
		{"oidc inserted alone", map[string]reply{oidc: doc("oidc")}, "oidc"},
		{"oidc appended alone", map[string]reply{appended: doc("appended")}, "appended"},
		{"the first wins although it is the last to answer", map[string]reply{oauth: waiting(appended, doc("oauth")), oidc: doc("oidc"), appended: doc("appended")}, "oauth"},
		{"the second wins over the third", map[string]reply{oauth: status(404), oidc: waiting(appended, doc("oidc")), appended: doc("appended")}, "oidc"},
		{"the first wins over an unknown", map[string]reply{oauth: waiting(appended, doc("oauth")), appended: status(503)}, "oauth"},
		{"an unknown before the others ends", map[string]reply{oauth: waiting(appended, status(503)), oidc: doc("oidc"), appended: doc("appended")}, ""},
		{"another issuer before the others ends", map[string]reply{oauth: waiting(appended, asmOf(asIssuer).reply(t)), oidc: doc("oidc"), appended: doc("appended")}, ""},
		{"the origin's own document", map[string]reply{asOAuth: asmOf(issuer).reply(t)}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			routes := map[string]reply{prmNamed: prmOf(mcpURL, issuer).reply(t), oauth: waiting(appended, status(404)), oidc: waiting(appended, status(404))}
			for url, r := range tt.routes {
				routes[url] = waiting(r.after, r)
			}
			// All three are asked whatever the first one says.
			first := routes[oauth]
			first.after = appended
			second := routes[oidc]
			second.after = oauth
			routes[oauth], routes[oidc] = first, second
			w := newWire(routes)
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
			if tt.want == "" {
				discoveryError(t, found, err)
			} else if err != nil {
				t.Fatal(err)
			} else if !strings.HasSuffix(found.Server.ServiceDocumentation, "/"+tt.want) {
				t.Errorf("document %s, want %s", found.Server.ServiceDocumentation, tt.want)
			}
			asked := w.log()[1:]
			for _, url := range asked {
				if !slices.Contains(all, url) {
					t.Errorf("asked %s", url)
				}
			}
			if !slices.Contains(asked, oauth) || !slices.Contains(asked, appended) {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

// DISC-12, DISC-13: a root issuer's RFC 8414 document goes out alone and first;
// "https://h/" is an issuer without path; a slash behind a path is not inserted.
func TestDiscoverIssuerSpellings(t *testing.T) {
	for _, tt := range []struct {
		name, issuer string
		routes       map[string]reply
		asked        []string
	}{
		{"root", asIssuer, map[string]reply{asOAuth: asmOf(asIssuer).reply(t)}, []string{asOAuth}},
		{"root, OpenID", asIssuer, map[string]reply{asOIDC: asmOf(asIssuer).reply(t)}, []string{asOAuth, asOIDC}},
		{"root with slash", asIssuer + "/", map[string]reply{asOAuth: asmOf(asIssuer + "/").reply(t)}, []string{asOAuth}},
		{"port", "https://as.example.com:8443", map[string]reply{"https://as.example.com:8443/.well-known/oauth-authorization-server": asmOf("https://as.example.com:8443").reply(t)},
			[]string{"https://as.example.com:8443/.well-known/oauth-authorization-server"}},
		{"slash behind a path", asIssuer + "/t/", map[string]reply{asOAuth + "/t": waiting(asIssuer+"/t/.well-known/openid-configuration", asmOf(asIssuer+"/t/").reply(t))}, nil},
		{"escapes", asIssuer + "/a%20b", map[string]reply{asOAuth + "/a%20b": asmOf(asIssuer + "/a%20b").reply(t)}, nil},
		{"upper case", "https://AS.example.com", map[string]reply{"https://AS.example.com/.well-known/oauth-authorization-server": asmOf("https://AS.example.com").reply(t)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			routes := map[string]reply{prmNamed: prmOf(mcpURL, tt.issuer).reply(t)}
			maps.Copy(routes, tt.routes)
			w := newWire(routes)
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
			if err != nil {
				t.Fatal(err)
			}
			if found.Server.Issuer != tt.issuer { // DISC-20
				t.Errorf("issuer %q, want %q", found.Server.Issuer, tt.issuer)
			}
			if tt.asked != nil {
				w.expectLog(t, one(append([]string{prmNamed}, tt.asked...)...)...)
			}
		})
	}
}

// DISC-14: the issuer of the document is the one that was asked for.
func TestDiscoverIssuerMatch(t *testing.T) {
	for _, tt := range []struct {
		name, asked, claims string
		aliases             map[string]string
		accepted            bool
	}{
		{"equal", asIssuer, asIssuer, nil, true},
		{"slash on an empty path", asIssuer, asIssuer + "/", nil, true},
		{"no slash on an empty path", asIssuer + "/", asIssuer, nil, true},
		{"slash on a path", asIssuer + "/t", asIssuer + "/t/", nil, false},
		{"no slash on a path", asIssuer + "/t/", asIssuer + "/t", nil, false},
		{"another host", asIssuer, "https://evil.example.com", nil, false},
		{"host case", asIssuer, "https://AS.example.com", nil, false},
		{"scheme case", asIssuer, "HTTPS://as.example.com", nil, false},
		{"default port", asIssuer, "https://as.example.com:443", nil, false},
		{"plain http", asIssuer, "http://as.example.com", nil, false},
		{"a path", asIssuer, asIssuer + "/t", nil, false},
		{"no path", asIssuer + "/t", asIssuer, nil, false},
		{"template", asIssuer + "/common", asIssuer + "/{tenantid}", nil, false},
		{"query", asIssuer, asIssuer + "?x", nil, false},
		{"trailing space", asIssuer, asIssuer + " ", nil, false},
		{"empty", asIssuer, "", nil, false},
		{"two slashes", asIssuer, asIssuer + "//", nil, false},
		{"alias", asIssuer, "https://login.example.com", map[string]string{asIssuer: "https://login.example.com"}, true},
		{"the asked one despite an alias", asIssuer, asIssuer, map[string]string{asIssuer: "https://login.example.com"}, true},
		{"alias of another", asIssuer, "https://login.example.com", map[string]string{"https://other.example.com": "https://login.example.com"}, false},
		{"alias is exact", asIssuer, "https://login.example.com/x", map[string]string{asIssuer: "https://login.example.com"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			urls, err := flows.AuthorizationServerMetadataURLs(tt.asked)
			if err != nil {
				t.Fatal(err)
			}
			routes := map[string]reply{prmNamed: prmOf(mcpURL, tt.asked).reply(t)}
			for _, url := range urls {
				routes[url] = asmOf(tt.asked).with("issuer", tt.claims).reply(t)
			}
			for name, in := range map[string]flows.DiscoverRequest{
				"resource": {URL: mcpURL, Challenge: challenge(prmNamed), IssuerAliases: tt.aliases},
				"pinned":   {URL: mcpURL, Issuer: tt.asked, IssuerAliases: tt.aliases}, // DISC-18
			} {
				found, err := newWire(routes).client().Discover(t.Context(), in)
				if !tt.accepted {
					if e := discoveryError(t, found, err); e.Temporary {
						t.Errorf("%s: temporary", name)
					}
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
				} else if found.Server.Issuer != tt.claims {
					t.Errorf("%s: recorded %q, want the document's own %q", name, found.Server.Issuer, tt.claims)
				}
			}
		})
	}
}

// DISC-18: a pinned issuer asks no resource, a pinned document nobody.
func TestDiscoverPinned(t *testing.T) {
	w := newWire(script(t, nil))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Issuer: asIssuer, Challenge: challenge(prmNamed)})
	if err != nil || found.Source != flows.SourceConfigured || found.Server.Issuer != asIssuer || found.Resource != mcpURL || found.ResourceMetadata != nil {
		t.Errorf("%v %+v", err, found)
	}
	w.expectLog(t, one(asOAuth)...)

	w = newWire(nil)
	found, err = w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Issuer: asIssuer})
	discoveryError(t, found, err) // no legacy path
	w.expectLog(t, one(asOAuth, asOIDC)...)

	doc := metadata(t, asmOf(asIssuer))
	w = newWire(nil)
	found, err = w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Metadata: doc})
	if err != nil || found.Server != doc || found.Source != flows.SourceConfigured {
		t.Errorf("%v %+v", err, found)
	}
	found, err = w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Metadata: doc, Issuer: "https://other.example.com"})
	discoveryError(t, found, err)
	found, err = w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Metadata: &gen.AuthorizationServerMetadata{}})
	discoveryError(t, found, err)
	w.expectLog(t)
}

// META-2: endpoints are needed per grant.
func TestDiscoverTokenOnlyServer(t *testing.T) {
	doc := members{"issuer": asIssuer, "token_endpoint": asIssuer + "/token", "grant_types_supported": []string{"client_credentials"}}
	w := newWire(script(t, map[string]reply{prmNamed: prmOf(mcpURL, asIssuer).reply(t), asOAuth: doc.reply(t)}))
	c := w.client()
	found, err := c.Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	if err != nil || found.Server.TokenEndpoint != asIssuer+"/token" {
		t.Fatal(err)
	}
	var missing *flows.MissingEndpointError
	if _, err := c.Authorize(authorizeRequest(found)); !errors.As(err, &missing) || missing.Endpoint != "authorization_endpoint" {
		t.Errorf("%v, want a missing authorization_endpoint", err)
	}
}

// META-4, META-6: bad optional members are absent, reported and kept.
func TestDiscoverWarnings(t *testing.T) {
	prm := prmOf(mcpURL, asIssuer).with("resource_name", nil).with("scopes_supported", "read")
	asm := asmOf(asIssuer).with("jwks_uri", "").with("client_id_metadata_document_supported", "true").with("scopes_supported", 5)
	w := newWire(script(t, map[string]reply{prmNamed: prm.reply(t), asOAuth: asm.reply(t)}))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	if err != nil {
		t.Fatal(err)
	}
	var pointers []string
	for _, warning := range found.Warnings {
		pointers = append(pointers, warning.Pointer)
	}
	for _, want := range []string{"/resource_name", "/scopes_supported", "/jwks_uri", "/client_id_metadata_document_supported"} {
		if !slices.Contains(pointers, want) {
			t.Errorf("no warning for %s in %q", want, pointers)
		}
	}
	if found.Server.ClientIDMetadataDocumentSupported || found.Server.ScopesSupported != nil {
		t.Error("a bad member was taken")
	}
	again, err := found.Server.Encode()
	if err != nil || !strings.Contains(string(again), `"client_id_metadata_document_supported":"true"`) || !strings.Contains(string(again), `"scopes_supported":5`) {
		t.Errorf("%v: %s", err, again)
	}
}

// DISC-16: the error lists each URL, its status and the reason; queries, which
// may hold keys, are cut.
func TestDiscoveryErrorContent(t *testing.T) {
	w := newWire(map[string]reply{
		prmNamed + "?key=s3cr3t": status(403),
		prmPath:                  redirect(302, "https://login.example.com/?return=x"),
		mcpOAuth:                 typed("text/html", "<html>"),
		mcpOIDC:                  status(410),
	})
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL + "?apikey=s3cr3t", Challenge: challenge(prmNamed + "?key=s3cr3t")})
	e := discoveryError(t, found, err)
	want := []flows.Attempt{{URL: prmNamed, Status: 403}, {URL: prmPath, Status: 302}, {URL: mcpOAuth, Status: 200}, {URL: mcpOIDC, Status: 410}}
	if len(e.Attempts) != len(want) {
		t.Fatalf("attempts %+v", e.Attempts)
	}
	for i, a := range e.Attempts {
		if a.URL != want[i].URL || a.Status != want[i].Status || a.Reason == "" || a.Err == nil {
			t.Errorf("attempt %+v, want %+v with a reason", a, want[i])
		}
		if !strings.Contains(err.Error(), a.URL) || !strings.Contains(err.Error(), a.Reason) {
			t.Errorf("%s is not in %v", a.URL, err)
		}
	}
	for _, text := range printed(err) {
		if strings.Contains(text, "s3cr3t") {
			t.Errorf("the query is in %s", text)
		}
	}
	if !errors.As(e.Attempts[1].Err, new(*flows.RedirectError)) {
		t.Errorf("cause %v", e.Attempts[1].Err)
	}
}

// DISC-16: a successful discovery tells its attempts too.
func TestDiscoveryAttempts(t *testing.T) {
	w := newWire(script(t, map[string]reply{prmPath: waiting(prmRoot, status(404)), prmRoot: prmOf("https://mcp.example.com", asIssuer).reply(t)}))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range found.Attempts {
		got = append(got, a.URL)
		if used := a.URL != prmPath; used != (a.Err == nil && a.Reason == "" && a.Status == http.StatusOK) {
			t.Errorf("attempt %+v", a)
		}
	}
	if !slices.Equal(got, []string{prmPath, prmRoot, asOAuth}) {
		t.Errorf("attempts %q", got)
	}
}

// SEC-2, DISC-5: an address that the guard refuses is no temporary trouble.
func TestDiscoverGuardIsNotTemporary(t *testing.T) {
	w := newWire(script(t, map[string]reply{prmNamed: prmOf(mcpURL, "https://10.0.0.5").reply(t)}))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	e := discoveryError(t, found, err)
	var refused *flows.GuardError
	if e.Temporary || !errors.As(err, &refused) {
		t.Errorf("temporary %t: %v", e.Temporary, err)
	}
	w.expectLog(t, one(prmNamed)...)
}

// SEC-1: documents are followed within their origin.
func TestDiscoverRedirectWithinOrigin(t *testing.T) {
	w := newWire(script(t, map[string]reply{
		prmNamed:                              redirect(308, "/v2/prm.json"),
		"https://mcp.example.com/v2/prm.json": prmOf(mcpURL, asIssuer).reply(t),
	}))
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	if err != nil || found.Server.Issuer != asIssuer {
		t.Fatal(err)
	}
	w.expectLog(t, one(prmNamed, "https://mcp.example.com/v2/prm.json", asOAuth)...)
}

// META-3: the metadata URL that a challenge names must be fit for use too.
func TestDiscoverNamedURLIsJudged(t *testing.T) {
	for _, named := range []string{
		"http://mcp.example.com/prm.json", "javascript:alert(1)", "file:///etc/passwd", "data:application/json,{}",
		"https://user:pa55@mcp.example.com/prm.json", "https://", "http://[::1", "ftp://mcp.example.com/prm.json",
	} {
		w := newWire(script(t, nil))
		found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(named)})
		discoveryError(t, found, err)
		if strings.Contains(err.Error(), "pa55") {
			t.Errorf("userinfo in %v", err)
		}
		w.expectLog(t)
	}
}

func authorizeRequest(found *flows.Discovery) flows.AuthorizeRequest {
	return flows.AuthorizeRequest{
		Discovery: found, Client: &gen.ClientInformation{ClientID: "client-1"}, RedirectURI: loopbackRedirect, Resource: found.Resource,
	}
}

func query(t testing.TB, raw string) url.Values {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
