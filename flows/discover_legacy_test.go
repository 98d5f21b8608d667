package flows_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

const mcpOrigin = "https://mcp.example.com"

// DISC-6: default endpoints only if every probe said that nothing is there.
func TestDiscoverDefaultEndpoints(t *testing.T) {
	for _, a := range nothingHere {
		for _, place := range []string{prmPath, prmRoot, mcpOAuth, mcpOIDC} {
			t.Run(a.name+" at "+strings.TrimPrefix(place, mcpOrigin), func(t *testing.T) {
				t.Parallel()
				routes := map[string]reply{place: a.reply}
				routes[prmPath] = waiting(prmRoot, or(routes[prmPath], status(404)))
				w := newWire(routes)
				found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL})
				isObject := strings.HasPrefix(a.name, "object")
				switch {
				case a.legacy && err != nil:
					t.Fatal(err)
				case a.legacy:
					expectDefaults(t, found)
				default:
					if e := discoveryError(t, found, err); e.Temporary {
						t.Errorf("temporary: %v", e)
					}
				}
				switch {
				case isObject && (place == prmPath || place == prmRoot):
					w.expectLog(t, []string{prmPath, prmRoot}) // there is metadata
				case a.name == "object and more" && place == mcpOAuth:
					w.expectLog(t, []string{prmPath, prmRoot}, []string{mcpOAuth})
				default:
					w.expectLog(t, []string{prmPath, prmRoot}, []string{mcpOAuth}, []string{mcpOIDC})
				}
			})
		}
	}
}

func or(r, fallback reply) reply {
	if r.status == 0 && r.body == "" && r.header == nil {
		return fallback
	}
	return r
}

func expectDefaults(t *testing.T, found *flows.Discovery) {
	t.Helper()
	want := gen.AuthorizationServerMetadata{
		Issuer: mcpOrigin, AuthorizationEndpoint: mcpOrigin + "/authorize",
		TokenEndpoint: mcpOrigin + "/token", RegistrationEndpoint: mcpOrigin + "/register",
	}
	got := found.Server
	if found.Source != flows.SourceDefaultEndpoints || !found.Undocumented() || found.ResourceMetadata != nil || found.Resource != mcpURL {
		t.Errorf("source %s, resource %s", found.Source, found.Resource)
	}
	if got.Issuer != want.Issuer || got.AuthorizationEndpoint != want.AuthorizationEndpoint || got.TokenEndpoint != want.TokenEndpoint || got.RegistrationEndpoint != want.RegistrationEndpoint {
		t.Errorf("endpoints %+v", got)
	}
}

// DISC-6: the resource's origin as issuer, with metadata.
func TestDiscoverOriginMetadata(t *testing.T) {
	right := asmOf(mcpOrigin).reply(t)
	for _, tt := range []struct {
		name   string
		url    string
		routes map[string]reply
		rounds [][]string
		issuer string // "" fails
	}{
		{"oauth", mcpURL, map[string]reply{mcpOAuth: right}, [][]string{{prmPath, prmRoot}, {mcpOAuth}}, mcpOrigin},
		{"oidc", mcpURL, map[string]reply{mcpOIDC: right}, [][]string{{prmPath, prmRoot}, {mcpOAuth}, {mcpOIDC}}, mcpOrigin},
		{"after a 403 of the resource", mcpURL, map[string]reply{prmRoot: status(403), mcpOAuth: right}, [][]string{{prmPath, prmRoot}, {mcpOAuth}}, mcpOrigin},
		{"with a slash", mcpURL, map[string]reply{mcpOAuth: asmOf(mcpOrigin + "/").reply(t)}, [][]string{{prmPath, prmRoot}, {mcpOAuth}}, mcpOrigin + "/"},
		{"host folded", "https://MCP.example.com/mcp", map[string]reply{mcpOAuth: right}, nil, mcpOrigin},
		{"port kept", "https://mcp.example.com:8443/mcp",
			map[string]reply{"https://mcp.example.com:8443/.well-known/oauth-authorization-server": asmOf("https://mcp.example.com:8443").reply(t)}, nil, "https://mcp.example.com:8443"},
		{"another issuer: DISC-14 holds here too", mcpURL, map[string]reply{mcpOAuth: asmOf(asIssuer).reply(t), mcpOIDC: right}, [][]string{{prmPath, prmRoot}, {mcpOAuth}}, ""},
		{"the path's issuer", mcpURL, map[string]reply{mcpOAuth: asmOf(mcpURL).reply(t), mcpOIDC: right}, [][]string{{prmPath, prmRoot}, {mcpOAuth}}, ""},
		{"no issuer", mcpURL, map[string]reply{mcpOAuth: asmOf(mcpOrigin).without("issuer").reply(t), mcpOIDC: right}, [][]string{{prmPath, prmRoot}, {mcpOAuth}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			routes := map[string]reply{prmPath: waiting(prmRoot, status(404))}
			maps.Copy(routes, tt.routes)
			w := newWire(routes)
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: tt.url})
			if tt.issuer == "" {
				discoveryError(t, found, err)
			} else if err != nil {
				t.Fatal(err)
			} else if found.Server.Issuer != tt.issuer || found.Source != flows.SourceOrigin || found.Undocumented() {
				t.Errorf("issuer %s from %s", found.Server.Issuer, found.Source)
			}
			if tt.rounds != nil {
				w.expectLog(t, tt.rounds...)
			}
		})
	}
}

// DISC-6: the path can be switched off.
func TestDiscoverNoLegacy(t *testing.T) {
	w := newWire(map[string]reply{prmPath: waiting(prmRoot, status(404)), mcpOAuth: asmOf(mcpOrigin).reply(t)})
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, NoLegacy: true})
	discoveryError(t, found, err)
	w.expectLog(t, []string{prmPath, prmRoot})
}

// DISC-6, DISC-4: also after a challenge whose URL leads nowhere.
func TestDiscoverDefaultEndpointsAfterChallenge(t *testing.T) {
	w := newWire(nil)
	found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
	if err != nil {
		t.Fatal(err)
	}
	expectDefaults(t, found)
	w.expectLog(t, one(prmNamed, prmPath, mcpOAuth, mcpOIDC)...)
}

// DISC-7: nothing is guessed once the resource has named a server, neither at
// the resource's origin nor at the server's.
func TestDiscoverNeverGuessesAfterMetadata(t *testing.T) {
	for _, a := range nothingHere {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			w := newWire(map[string]reply{
				prmNamed: prmOf(mcpURL, asIssuer).reply(t), asOAuth: a.reply, asOIDC: a.reply,
				mcpOAuth: asmOf(mcpOrigin).reply(t),
			})
			found, err := w.client().Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL, Challenge: challenge(prmNamed)})
			discoveryError(t, found, err)
			if a.name == "object and more" {
				w.expectLog(t, one(prmNamed, asOAuth)...) // not even another document of this server
				return
			}
			w.expectLog(t, one(prmNamed, asOAuth, asOIDC)...)
		})
	}
}

// DISC-6, META-1: the document-less step sends S256 unverified and refuses a
// returned iss.
func TestDiscoverDefaultEndpointsFlow(t *testing.T) {
	w := newWire(nil)
	c := w.client()
	found, err := c.Discover(t.Context(), flows.DiscoverRequest{URL: mcpURL})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := c.Authorize(flows.AuthorizeRequest{
		Discovery: found, Client: &gen.ClientInformation{ClientID: "c"}, RedirectURI: loopbackRedirect, Resource: found.Resource,
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(pending.URL)
	if err != nil || u.Query().Get("code_challenge_method") != "S256" || !strings.HasPrefix(pending.URL, mcpOrigin+"/authorize?") {
		t.Errorf("%v: %s", err, pending.URL)
	}
	if code, err := pending.Code("?code=c0de&state=" + pending.State); err != nil || code.Reveal() != "c0de" {
		t.Errorf("without iss: %v", err)
	}
	if _, err := pending.Code("?code=c0de&state=" + pending.State + "&iss=" + url.QueryEscape(mcpOrigin)); err == nil {
		t.Error("a returned iss was accepted")
	}
}
