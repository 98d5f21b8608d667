package flows_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

const (
	documentURL = "https://client.example.com/oauth/client.json"
	keysURL     = "https://client.example.com/oauth/keys.json"
)

// REG-2: what is built is right, or refused with the rule that it breaks.
func TestNewClientIDDocument(t *testing.T) {
	public, err := flows.PublicKeySet(clientKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	web := []string{"https://client.example.com/callback"}
	for _, tt := range []struct {
		name     string
		url      string
		metadata gen.ClientMetadata
		method   string
		rule     validate.Rule
	}{
		{"public", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web}, "none", ""},
		{"loopback", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: []string{"http://127.0.0.1/callback", "http://localhost/callback"}}, "none", ""},
		{"keys", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web, JWKS: public}, "private_key_jwt", ""},
		{"keys elsewhere", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web, JWKSURI: keysURL}, "private_key_jwt", ""},
		{"plain http", "http://client.example.com/c.json", gen.ClientMetadata{ClientName: "x", RedirectURIs: web}, "", validate.RuleClientIDURL},
		{"no path", "https://client.example.com/", gen.ClientMetadata{ClientName: "x", RedirectURIs: web}, "", validate.RuleClientIDURL},
		{"dot segments", "https://client.example.com/a/../c.json", gen.ClientMetadata{ClientName: "x", RedirectURIs: web}, "", validate.RuleClientIDURL},
		{"a fragment", documentURL + "#x", gen.ClientMetadata{ClientName: "x", RedirectURIs: web}, "", validate.RuleClientIDURL},
		{"userinfo", "https://you@client.example.com/c.json", gen.ClientMetadata{ClientName: "x", RedirectURIs: web}, "", validate.RuleClientIDURL},
		{"no name", documentURL, gen.ClientMetadata{RedirectURIs: web}, "", validate.RuleClientIDDocumentName},
		{"no redirect URI", documentURL, gen.ClientMetadata{ClientName: "x"}, "", validate.RuleClientIDDocumentRedirectURIs},
		{"a bad redirect URI", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: []string{"http://client.example.com/cb"}}, "", validate.RuleRedirectURI},
		{"a shared secret", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web, TokenEndpointAuthMethod: "client_secret_basic"}, "", validate.RuleClientIDDocumentMethod},
		{"no key", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web, TokenEndpointAuthMethod: "private_key_jwt"}, "", validate.RuleClientIDDocumentKeys},
		{"a private key", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web, JWKS: &gen.JSONWebKeySet{Keys: []gen.JSONWebKey{{Kty: "EC", Crv: "P-256", X: "a", Y: "b", D: "t0ps3cret"}}}}, "", validate.RuleClientPrivateKey},
		{"a secret", documentURL, gen.ClientMetadata{ClientName: "x", RedirectURIs: web, Extra: map[string]json.RawMessage{"client_secret": []byte(`"t0ps3cret"`)}}, "", validate.RuleClientIDDocumentSecret},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc, err := flows.NewClientIDDocument(tt.url, &tt.metadata)
			switch {
			case tt.rule != "" && (!errors.Is(err, tt.rule) || doc != nil):
				t.Errorf("%v, %v", doc, err)
			case tt.rule == "" && (err != nil || doc.ClientID != tt.url || doc.TokenEndpointAuthMethod != tt.method || doc.ClientName != "x"):
				t.Errorf("%v, %v", doc, err)
			}
			if tt.metadata.TokenEndpointAuthMethod == "none" {
				t.Error("the caller's metadata was changed")
			}
			expectNoSecrets(t, err, []string{"t0ps3cret"})
		})
	}
	long := gen.ClientMetadata{ClientName: "x", RedirectURIs: web, Contacts: []string{strings.Repeat("y", 6000)}}
	if doc, err := flows.NewClientIDDocument(documentURL, &long); err == nil {
		t.Errorf("%v", doc)
	}
}

func documentHandler(t testing.TB, options flows.ClientIDDocumentOptions) *flows.ClientIDDocumentHandler {
	t.Helper()
	doc, err := flows.NewClientIDDocument(documentURL, &gen.ClientMetadata{ClientName: "x", RedirectURIs: []string{loopbackRedirect}, JWKSURI: keysURL})
	if err != nil {
		t.Fatal(err)
	}
	h, err := flows.NewClientIDDocumentHandler(doc, options)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// REG-2: document and keys over the wire, with what caches need.
func TestClientIDDocumentHandler(t *testing.T) {
	set, err := flows.PublicKeySet(clientKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	h := documentHandler(t, flows.ClientIDDocumentOptions{Keys: set})
	ask := func(method, url string, header ...string) *http.Response {
		r := httptest.NewRequest(method, url, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result()
	}
	for url, media := range map[string]string{documentURL: "application/json", keysURL: "application/jwk-set+json"} {
		res := ask(http.MethodGet, url)
		body, err := io.ReadAll(res.Body)
		etag := res.Header.Get("Etag")
		if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Type") != media || etag == "" ||
			res.Header.Get("Cache-Control") != "public, max-age=3600" || res.Header.Get("X-Content-Type-Options") != "nosniff" || res.ContentLength != int64(len(body)) {
			t.Errorf("%s: %v", url, res.Header)
		}
		if url == documentURL {
			if doc, err := gen.DecodeClientIDMetadataDocument(body, nil); err != nil || validate.ClientIDDocument(doc, url).Err(validate.SeverityError) != nil {
				t.Errorf("%s: %v", body, err)
			}
		} else if keys, err := gen.DecodeJSONWebKeySet(body, nil); err != nil || len(keys.Keys) != 1 {
			t.Errorf("%s: %v", body, err)
		}
		head := ask(http.MethodHead, url)
		if rest, _ := io.ReadAll(head.Body); head.StatusCode != 200 || len(rest) != 0 || head.ContentLength != int64(len(body)) || head.Header.Get("Etag") != etag {
			t.Errorf("HEAD %s: %v", url, head.Header)
		}
		same := ask(http.MethodGet, url, "If-None-Match", etag)
		if rest, _ := io.ReadAll(same.Body); same.StatusCode != 304 || len(rest) != 0 || same.Header.Get("Cache-Control") == "" {
			t.Errorf("304 %s: %v", url, same.Header)
		}
		if other := ask(http.MethodGet, url, "If-None-Match", `"other"`); other.StatusCode != 200 {
			t.Errorf("%s: %d", url, other.StatusCode)
		}
		if post := ask(http.MethodPost, url); post.StatusCode != 405 || post.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("POST %s: %d", url, post.StatusCode)
		}
		if query := ask(http.MethodGet, url+"?x=1"); query.StatusCode != 404 {
			t.Errorf("%s: %d", url, query.StatusCode)
		}
	}
	if elsewhere := ask(http.MethodGet, "https://client.example.com/"); elsewhere.StatusCode != 404 {
		t.Errorf("%d", elsewhere.StatusCode)
	}
}

// REG-2: what must not be served is refused once, at the start.
func TestClientIDDocumentHandlerRefused(t *testing.T) {
	set, err := flows.PublicKeySet(clientKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	private := &gen.JSONWebKeySet{Keys: []gen.JSONWebKey{{Kty: "EC", Crv: "P-256", X: "a", Y: "b", D: "t0ps3cret"}}}
	base := func() gen.ClientIDMetadataDocument {
		return gen.ClientIDMetadataDocument{ClientID: documentURL, ClientName: "x", RedirectURIs: []string{loopbackRedirect}, TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: keysURL}
	}
	for name, tt := range map[string]struct {
		change func(*gen.ClientIDMetadataDocument)
		keys   *gen.JSONWebKeySet
	}{
		"no name":           {func(d *gen.ClientIDMetadataDocument) { d.ClientName = "" }, nil},
		"a private key":     {func(*gen.ClientIDMetadataDocument) {}, private},
		"keys elsewhere":    {func(d *gen.ClientIDMetadataDocument) { d.JWKSURI = "https://cdn.example.com/keys.json" }, set},
		"keys nowhere":      {func(d *gen.ClientIDMetadataDocument) { d.JWKSURI, d.JWKS = "", set }, set},
		"at the same place": {func(d *gen.ClientIDMetadataDocument) { d.JWKSURI = documentURL }, set},
	} {
		doc := base()
		tt.change(&doc)
		h, err := flows.NewClientIDDocumentHandler(&doc, flows.ClientIDDocumentOptions{Keys: tt.keys})
		if err == nil || h != nil {
			t.Errorf("%s: %v", name, err)
		}
		expectNoSecrets(t, err, []string{"t0ps3cret"})
	}
	for age, want := range map[time.Duration]string{0: "public, max-age=3600", time.Minute: "public, max-age=60", -1: "no-store"} {
		w := httptest.NewRecorder()
		documentHandler(t, flows.ClientIDDocumentOptions{MaxAge: age}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, documentURL, nil))
		if got := w.Header().Get("Cache-Control"); got != want {
			t.Errorf("%v: %s", age, got)
		}
	}
}

// REG-2, REG-3, TOK-2: a login with the document, whose keys the server fetches.
func TestClientIDDocumentLogin(t *testing.T) {
	set, err := flows.PublicKeySet(clientKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	h := documentHandler(t, flows.ClientIDDocumentOptions{Keys: set})
	served := tripFunc(func(r *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Result(), nil
	})
	as := newServer(t, flowstest.ServerConfig{AuthMethods: []string{"private_key_jwt"}, ClientIDDocumentClient: served.client()})
	c, found := loopbackClient(), discovered(t, as)
	identity, err := c.ObtainClient(t.Context(), flows.ClientRequest{
		Discovery: found, RedirectURI: loopbackRedirect, ClientIDMetadataURL: documentURL, ClientIDMetadataAuthMethod: "private_key_jwt",
	})
	if err != nil || identity.Source != flows.ClientIDMetadata {
		t.Fatalf("%v, %v", identity, err)
	}
	auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{Client: identity.Information, Server: found.Server, Key: clientKey("ES256")})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := c.Authorize(flows.AuthorizeRequest{Discovery: found, Client: identity.Information, RedirectURI: loopbackRedirect, Resource: found.Resource})
	if err != nil {
		t.Fatal(err)
	}
	callback, err := as.Authorize(t.Context(), pending.URL)
	if err != nil {
		t.Fatal(err)
	}
	code, err := pending.Code(callback)
	if err != nil {
		t.Fatal(err)
	}
	in := requestTo(as, auth)
	in.Resource = found.Resource
	token, err := c.ExchangeCode(t.Context(), flows.CodeRequest{TokenRequest: in, Code: code, Verifier: pending.Verifier, RedirectURI: pending.RedirectURI})
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := as.Token(token.AccessToken.Reveal()); !ok || info.ClientID != documentURL {
		t.Errorf("%+v", info)
	}
}

// REG-2: paths and queries of requests are foreign.
func FuzzClientIDDocumentHandler(f *testing.F) {
	f.Add("/oauth/client.json", "GET")
	f.Add("/oauth/../oauth/client.json", "HEAD")
	f.Add("/oauth%2fclient.json?x", "GET")
	h := documentHandler(f, flows.ClientIDDocumentOptions{})
	f.Fuzz(func(t *testing.T, target, method string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + target + " HTTP/1.1\r\nHost: client.example.com\r\n\r\n")))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code == 200 && r.URL.RequestURI() != "/oauth/client.json" {
			t.Errorf("%s %q", method, target)
		}
	})
}
