package flows_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

const clientDocument = "https://client.example.com/mcp.json"

// REG-1, REG-3, BIND-1, BIND-2: where the client id comes from.
func TestObtainClientOrder(t *testing.T) {
	pre := &gen.ClientInformation{ClientID: "pre"}
	stored := &gen.ClientInformation{ClientID: "stored"}
	dynamic := &gen.ClientMetadata{ClientName: "test", RedirectURIs: []string{loopbackRedirect}}
	now := time.Unix(1_800_000_000, 0)
	expires := func(at int64) *gen.ClientInformation {
		return &gen.ClientInformation{ClientID: "stored", ClientSecret: "s", ClientSecretExpiresAt: &at}
	}
	const here, other = "ISSUER", "https://other.example.com"
	tests := []struct {
		name     string
		server   flowstest.ServerConfig
		in       flows.ClientRequest
		source   flows.ClientSource // "" is an error
		id       string             // "" is any
		register int
	}{
		{"pre-registered first", flowstest.ServerConfig{}, flows.ClientRequest{PreRegistered: pre, PreRegisteredIssuer: here, Stored: stored, StoredIssuer: here, ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientPreRegistered, "pre", 0},
		{"pre-registered without issuer is bound on first use", flowstest.ServerConfig{}, flows.ClientRequest{PreRegistered: pre}, flows.ClientPreRegistered, "pre", 0},
		{"pre-registered elsewhere is never replaced", flowstest.ServerConfig{}, flows.ClientRequest{PreRegistered: pre, PreRegisteredIssuer: other, Stored: stored, StoredIssuer: here, ClientIDMetadataURL: clientDocument, Metadata: dynamic}, "", "", 0},
		{"stored second", flowstest.ServerConfig{}, flows.ClientRequest{Stored: stored, StoredIssuer: here, ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientStored, "stored", 0},
		{"stored elsewhere is not shown", flowstest.ServerConfig{}, flows.ClientRequest{Stored: stored, StoredIssuer: other, Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"stored elsewhere, nothing else", flowstest.ServerConfig{}, flows.ClientRequest{Stored: stored, StoredIssuer: other}, "", "", 0},
		{"stored without issuer", flowstest.ServerConfig{}, flows.ClientRequest{Stored: stored, Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"document third", flowstest.ServerConfig{}, flows.ClientRequest{ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientIDMetadata, clientDocument, 0},
		{"document not supported", flowstest.ServerConfig{DisableClientIDDocuments: true}, flows.ClientRequest{ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"support is exactly true", flowstest.ServerConfig{Metadata: flowstest.With("client_id_metadata_document_supported", "true")}, flows.ClientRequest{ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"support is not 1", flowstest.ServerConfig{Metadata: flowstest.With("client_id_metadata_document_supported", 1)}, flows.ClientRequest{ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"support is not null", flowstest.ServerConfig{Metadata: flowstest.With("client_id_metadata_document_supported", nil)}, flows.ClientRequest{ClientIDMetadataURL: clientDocument}, "", "", 0},
		{"a stored document is portable", flowstest.ServerConfig{}, flows.ClientRequest{Stored: &gen.ClientInformation{ClientID: clientDocument}, StoredIssuer: other, ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientIDMetadata, clientDocument, 0},
		{"a stored document of another URL is not", flowstest.ServerConfig{}, flows.ClientRequest{Stored: &gen.ClientInformation{ClientID: clientDocument + "x"}, StoredIssuer: other, ClientIDMetadataURL: clientDocument}, flows.ClientIDMetadata, clientDocument, 0},
		{"a stored document and a server without support", flowstest.ServerConfig{DisableClientIDDocuments: true}, flows.ClientRequest{Stored: &gen.ClientInformation{ClientID: clientDocument}, StoredIssuer: here, ClientIDMetadataURL: clientDocument, Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"bad document URL", flowstest.ServerConfig{}, flows.ClientRequest{ClientIDMetadataURL: "https://client.example.com/", Metadata: dynamic}, "", "", 0},
		{"plain http document URL", flowstest.ServerConfig{}, flows.ClientRequest{ClientIDMetadataURL: "http://client.example.com/x.json", Metadata: dynamic}, "", "", 0},
		{"dynamic", flowstest.ServerConfig{}, flows.ClientRequest{Metadata: dynamic}, flows.ClientDynamic, "", 1},
		{"no registration endpoint", flowstest.ServerConfig{DisableRegistration: true}, flows.ClientRequest{Metadata: dynamic}, "", "", 0},
		{"registration forbidden", flowstest.ServerConfig{}, flows.ClientRequest{}, "", "", 0},
		{"a secret that expired", flowstest.ServerConfig{}, flows.ClientRequest{Stored: expires(now.Unix()), StoredIssuer: here, Metadata: dynamic, Now: now}, flows.ClientDynamic, "", 1},
		{"a secret that has not", flowstest.ServerConfig{}, flows.ClientRequest{Stored: expires(now.Unix() + 1), StoredIssuer: here, Metadata: dynamic, Now: now}, flows.ClientStored, "stored", 0},
		{"a secret that never does", flowstest.ServerConfig{}, flows.ClientRequest{Stored: expires(0), StoredIssuer: here, Metadata: dynamic, Now: now}, flows.ClientStored, "stored", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.server, flowstest.ResourceConfig{})
			found := w.discover(t)
			in := tt.in
			in.Discovery, in.RedirectURI = found, loopbackRedirect
			for _, issuer := range []*string{&in.PreRegisteredIssuer, &in.StoredIssuer} {
				if *issuer == here {
					*issuer = found.Server.Issuer
				}
			}
			identity, err := w.c.ObtainClient(t.Context(), in)
			if n := w.as.Count("register"); n != tt.register {
				t.Errorf("%d registrations, want %d", n, tt.register)
			}
			if tt.source == "" {
				if err == nil || identity != nil || flows.IsTemporary(err) {
					t.Errorf("%+v, %v", identity, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if identity.Source != tt.source || identity.Issuer != w.as.Issuer() || tt.id != "" && identity.Information.ClientID != tt.id || identity.Information.ClientID == "" {
				t.Errorf("%+v from %s", identity.Information, identity.Source)
			}
		})
	}
}

func (w *world) discover(t testing.TB) *flows.Discovery {
	t.Helper()
	found, err := w.c.Discover(t.Context(), flows.DiscoverRequest{URL: w.rs.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// REG-1: a server that would register clients is not what is missing.
func TestObtainClientForbidden(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	_, err := w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: w.discover(t)})
	var refused *flows.ClientError
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "dynamic registration is switched off") {
		t.Errorf("%v", err)
	}
}

// REG-1, BIND-2: the errors say what the user can do.
func TestObtainClientErrors(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{DisableRegistration: true}, flowstest.ResourceConfig{})
	found := w.discover(t)
	var refused *flows.ClientError
	_, err := w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: found})
	if !errors.As(err, &refused) || refused.Issuer != w.as.Issuer() || !strings.Contains(err.Error(), "register a client there by hand") {
		t.Errorf("%v", err)
	}
	_, err = w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: found, PreRegistered: &gen.ClientInformation{ClientID: "p", ClientSecret: "t0ps3cret"}, PreRegisteredIssuer: "https://old.example.com"})
	if !errors.As(err, &refused) || refused.BoundIssuer != "https://old.example.com" || !strings.Contains(err.Error(), w.as.Issuer()) || !strings.Contains(err.Error(), "https://old.example.com") {
		t.Errorf("%v", err)
	}
	expectNoSecrets(t, err, []string{"t0ps3cret"})
}

// REG-11: a redirect URI that is not registered is never sent.
func TestObtainClientRedirectURI(t *testing.T) {
	for _, tt := range []struct {
		name       string
		registered []string
		uri        string
		ok         bool
	}{
		{"the registered one", []string{"http://127.0.0.1:1/cb", loopbackRedirect}, loopbackRedirect, true},
		{"another port", []string{"http://127.0.0.1:1/callback"}, loopbackRedirect, false},
		{"any port", []string{"http://127.0.0.1/callback"}, loopbackRedirect, true},
		{"any port of localhost", []string{"http://localhost/callback"}, "http://localhost:7777/callback", true},
		{"any port of IPv6", []string{"http://[::1]/callback"}, "http://[::1]:7777/callback", true},
		{"another loopback name", []string{"http://localhost/callback"}, loopbackRedirect, false},
		{"another path", []string{"http://127.0.0.1/"}, loopbackRedirect, false},
		{"no port of a web URI", []string{"https://c.example.com/cb"}, "https://c.example.com:8443/cb", false},
		{"not known", nil, loopbackRedirect, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			found := w.discover(t)
			client := &gen.ClientInformation{ClientID: "c", RedirectURIs: tt.registered}
			_, err := w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: found, RedirectURI: tt.uri, PreRegistered: client})
			if (err == nil) != tt.ok {
				t.Errorf("pre-registered: %v", err)
			}
			identity, err := w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: found, RedirectURI: tt.uri, Stored: client, StoredIssuer: found.Server.Issuer})
			if (err == nil && identity.Source == flows.ClientStored) != tt.ok {
				t.Errorf("stored: %+v, %v", identity, err)
			}
			identity, err = w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: found, RedirectURI: tt.uri, Metadata: &gen.ClientMetadata{RedirectURIs: tt.registered}})
			if (err == nil) != tt.ok {
				t.Errorf("dynamic: %+v, %v", identity, err)
			}
			if n := w.as.Count("register"); (n == 1) != tt.ok {
				t.Errorf("%d registrations", n)
			}
		})
	}
}

// REG-4: what is sent.
func TestRegisterRequest(t *testing.T) {
	for _, tt := range []struct {
		name     string
		uris     []string
		metadata gen.ClientMetadata
		methods  []string
		want     map[string]any
	}{
		{"loopback", []string{loopbackRedirect}, gen.ClientMetadata{ClientName: "test", Scope: "a b"}, nil, map[string]any{
			"client_name": "test", "scope": "a b", "redirect_uris": []any{loopbackRedirect}, "application_type": "native",
			"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"}, "token_endpoint_auth_method": "none",
		}},
		{"web", []string{"https://c.example.com/cb"}, gen.ClientMetadata{}, []string{"client_secret_post"}, map[string]any{
			"redirect_uris": []any{"https://c.example.com/cb"}, "application_type": "web",
			"grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"}, "token_endpoint_auth_method": "client_secret_post",
		}},
		{"the caller's own", []string{loopbackRedirect}, gen.ClientMetadata{ApplicationType: "native", GrantTypes: []string{"authorization_code"}, TokenEndpointAuthMethod: "client_secret_basic"}, nil, map[string]any{
			"redirect_uris": []any{loopbackRedirect}, "application_type": "native",
			"grant_types": []any{"authorization_code"}, "response_types": []any{"code"}, "token_endpoint_auth_method": "client_secret_basic",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{AuthMethods: tt.methods}, flowstest.ResourceConfig{})
			metadata := tt.metadata
			metadata.RedirectURIs = tt.uris
			before := metadata
			identity, err := w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: w.discover(t), RedirectURI: tt.uris[0], Metadata: &metadata})
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(metadata, before) {
				t.Errorf("the caller's metadata was changed: %+v", metadata)
			}
			sent := w.as.RequestsOf("register")[0]
			var got map[string]any
			if err := json.Unmarshal(sent.Body, &got); err != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("sent %s, want %v", sent.Body, tt.want)
			}
			if strings.Contains(string(sent.Body), "null") || sent.Header.Get("Content-Type") != "application/json" || sent.Header.Get("MCP-Protocol-Version") == "" {
				t.Errorf("sent %s with %v", sent.Body, sent.Header)
			}
			if got := identity.Information.TokenEndpointAuthMethod; got != tt.want["token_endpoint_auth_method"] {
				t.Errorf("method %s", got)
			}
		})
	}
}

// REG-4: application_type is inferred; a mixture is an error before anything is sent.
func TestApplicationType(t *testing.T) {
	for _, tt := range []struct {
		uris []string
		want string
		fail bool
	}{
		{nil, "", false},
		{[]string{"http://127.0.0.1:1/cb"}, "native", false},
		{[]string{"http://localhost/cb", "http://[::1]/cb"}, "native", false},
		{[]string{"https://localhost/cb"}, "native", false},
		{[]string{"com.example.app:/cb"}, "native", false},
		{[]string{"https://c.example.com/cb", "https://d.example.com/cb"}, "web", false},
		{[]string{"https://c.example.com/cb", "http://127.0.0.1/cb"}, "", true},
		{[]string{"http://127.0.0.1/cb", "https://c.example.com/cb"}, "", true},
		{[]string{"http://[::1"}, "", true},
	} {
		got, err := flows.ApplicationType(tt.uris)
		if got != tt.want || (err != nil) != tt.fail {
			t.Errorf("%q: %q, %v", tt.uris, got, err)
		}
	}
	as := newServer(t, flowstest.ServerConfig{})
	_, err := loopbackClient().Register(flows.WithResource(t.Context(), as.URL()), as.Endpoint("register"),
		&gen.ClientMetadata{RedirectURIs: []string{"https://c.example.com/cb", "http://127.0.0.1/cb"}})
	if !errors.As(err, new(*flows.RegistrationError)) || as.Count("register") != 0 {
		t.Errorf("%v after %d requests", err, as.Count("register"))
	}
}

// REG-5, REG-6: what comes back.
func TestRegisterAnswer(t *testing.T) {
	tests := []struct {
		name   string
		server flowstest.ServerConfig
		rule   validate.Rule // of the refusal
		fail   bool
		check  func(*gen.ClientInformation) bool
	}{
		{"201", flowstest.ServerConfig{}, "", false, nil},
		{"200", flowstest.ServerConfig{RegistrationStatus: 200}, "", false, nil},
		{"202", flowstest.ServerConfig{RegistrationStatus: 202}, "", true, nil},
		{"nulls and empties are absent", flowstest.ServerConfig{Registration: flowstest.Edits(flowstest.With("client_secret", ""), flowstest.With("client_name", nil), flowstest.With("token_endpoint_auth_method", ""), flowstest.With("client_uri", ""), flowstest.With("redirect_uris", nil), flowstest.With("scope", nil))}, "", false,
			func(c *gen.ClientInformation) bool {
				return c.ClientSecret == "" && c.TokenEndpointAuthMethod == "none" && slices.Equal(c.RedirectURIs, []string{loopbackRedirect})
			}},
		{"substituted values are taken", flowstest.ServerConfig{Registration: flowstest.Edits(flowstest.With("token_endpoint_auth_method", "client_secret_post"), flowstest.With("client_secret", "sub"), flowstest.With("scope", "x"), flowstest.With("client_name", "renamed"))}, "", false,
			func(c *gen.ClientInformation) bool {
				return c.ClientSecret == "sub" && c.TokenEndpointAuthMethod == "client_secret_post" && c.Scope == "x" && c.ClientName == "renamed"
			}},
		{"an issuer in the answer is ignored", flowstest.ServerConfig{Registration: flowstest.With("issuer", "https://evil.example.com")}, "", false, nil},
		{"no client_id", flowstest.ServerConfig{Registration: flowstest.Without("client_id")}, "", true, nil},
		{"client_id null", flowstest.ServerConfig{Registration: flowstest.With("client_id", nil)}, "", true, nil},
		{"client_id empty", flowstest.ServerConfig{Registration: flowstest.With("client_id", "")}, "", true, nil},
		{"client_id no string", flowstest.ServerConfig{Registration: flowstest.With("client_id", 5)}, "", true, nil},
		{"unknown method", flowstest.ServerConfig{Registration: flowstest.With("token_endpoint_auth_method", "magic")}, validate.RuleClientAuthMethod, true, nil},
		{"secret method without secret", flowstest.ServerConfig{Registration: flowstest.Edits(flowstest.With("token_endpoint_auth_method", "client_secret_basic"), flowstest.Without("client_secret"))}, validate.RuleClientSecretMissing, true, nil},
		{"a method that was not asked for and cannot be done", flowstest.ServerConfig{Registration: flowstest.With("token_endpoint_auth_method", "private_key_jwt")}, "", true, nil},
		{"a signing method with a secret", flowstest.ServerConfig{Registration: flowstest.Edits(flowstest.With("token_endpoint_auth_method", "client_secret_jwt"), flowstest.With("client_secret", "s"))}, "", true, nil},
		{"redirect URI dropped", flowstest.ServerConfig{Registration: flowstest.With("redirect_uris", []string{"http://127.0.0.1:1/other"})}, validate.RuleRedirectURIDropped, true, nil},
		{"redirect URI with its port cut", flowstest.ServerConfig{Registration: flowstest.With("redirect_uris", []string{"http://127.0.0.1/callback"})}, "", false, nil},
		{"an error with 200", flowstest.ServerConfig{Fault: flowstest.On("register", flowstest.OAuthError(200, "access_denied", "no"))}, "", true, nil},
		{"html", flowstest.ServerConfig{Fault: flowstest.On("register", flowstest.Answer(201, "text/html", "<html>"))}, "", true, nil},
		{"firewall", flowstest.ServerConfig{Fault: flowstest.On("register", flowstest.Firewall())}, "", true, nil},
		{"duplicate", flowstest.ServerConfig{RegistrationBytes: flowstest.Append("client_id", `"other"`)}, "", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, tt.server, flowstest.ResourceConfig{})
			identity, err := w.c.ObtainClient(t.Context(), flows.ClientRequest{Discovery: w.discover(t), RedirectURI: loopbackRedirect,
				Metadata: &gen.ClientMetadata{RedirectURIs: []string{loopbackRedirect}, Scope: "a"}})
			if n := w.as.Count("register"); n != 1 {
				t.Errorf("%d requests", n)
			}
			var refused *flows.RegistrationError
			switch {
			case !tt.fail && err != nil:
				t.Fatal(err)
			case !tt.fail:
				if tt.check != nil && !tt.check(identity.Information) {
					t.Errorf("%+v", identity.Information)
				}
				if identity.Issuer != w.as.Issuer() { // BIND-1
					t.Errorf("issuer %s", identity.Issuer)
				}
			case !errors.As(err, &refused) || identity != nil || refused.StatusCode == 0 || refused.Request == nil:
				t.Errorf("%+v, %v", identity, err)
			case tt.rule != "" && !errors.Is(err, tt.rule):
				t.Errorf("%v, want rule %s", err, tt.rule)
			}
		})
	}
}

// REG-9: the two repetitions with something changed, each once.
func TestRegisterAgain(t *testing.T) {
	refuse := func(code string) func(map[string]any) *flowstest.Error {
		return func(map[string]any) *flowstest.Error {
			return &flowstest.Error{Code: code, Description: "no \x1b[31m" + strings.Repeat("y", 5000)}
		}
	}
	const web = "https://c.example.com/cb"
	both := func(m map[string]any) *flowstest.Error {
		if err := flowstest.RefuseScope()(m); err != nil {
			return err
		}
		return flowstest.RefuseApplicationType("native")(m)
	}
	for _, tt := range []struct {
		name     string
		uri      string
		scope    string
		register func(map[string]any) *flowstest.Error
		requests []string // application type and scope
		code     string   // of the error
	}{
		{"accepted", loopbackRedirect, "a", nil, []string{"native a"}, ""},
		{"native refused", loopbackRedirect, "a", flowstest.RefuseApplicationType("native"), []string{"native a", "web a"}, "invalid_redirect_uri"},
		{"redirect URI refused for good", loopbackRedirect, "a", refuse("invalid_redirect_uri"), []string{"native a", "web a"}, "invalid_redirect_uri"},
		{"web is not legal as native", web, "a", refuse("invalid_redirect_uri"), []string{"web a"}, "invalid_redirect_uri"},
		{"scope refused", loopbackRedirect, "a", flowstest.RefuseScope(), []string{"native a", "native "}, ""},
		{"metadata refused for good", loopbackRedirect, "a", refuse("invalid_client_metadata"), []string{"native a", "native "}, "invalid_client_metadata"},
		{"metadata refused without scope", loopbackRedirect, "", refuse("invalid_client_metadata"), []string{"native "}, "invalid_client_metadata"},
		{"both refused", loopbackRedirect, "a", both, []string{"native a", "native ", "web "}, "invalid_redirect_uri"},
		{"another refusal", loopbackRedirect, "a", refuse("invalid_software_statement"), []string{"native a"}, "invalid_software_statement"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{Register: tt.register})
			_, err := loopbackClient().Register(flows.WithResource(t.Context(), as.URL()), as.Endpoint("register"),
				&gen.ClientMetadata{RedirectURIs: []string{tt.uri}, Scope: tt.scope, TokenEndpointAuthMethod: "none"})
			var got []string
			for _, request := range as.RequestsOf("register") {
				var m map[string]any
				if err := json.Unmarshal(request.Body, &m); err != nil {
					t.Fatal(err)
				}
				scope, _ := m["scope"].(string)
				got = append(got, m["application_type"].(string)+" "+scope)
			}
			if !slices.Equal(got, tt.requests) {
				t.Errorf("requests %q, want %q", got, tt.requests)
			}
			if tt.code == "" && err != nil || tt.code != "" && err == nil {
				t.Fatal(err)
			}
			if err == nil {
				return
			}
			var refused *flows.RegistrationError
			if !errors.As(err, &refused) || refused.Code != tt.code || refused.StatusCode != 400 || refused.Request == nil {
				t.Fatalf("%+v", err)
			}
			text := err.Error()
			if !strings.Contains(text, tt.uri) || !strings.Contains(text, tt.code) || len(text) > 1000 || strings.Contains(text, "\x1b") {
				t.Errorf("%q", text)
			}
		})
	}
}

// META-3: where registrations are not sent; REG-6.
func TestRegisterEndpoint(t *testing.T) {
	for _, endpoint := range append([]string{""}, badEndpoints...) {
		w := newWire(nil)
		_, err := w.client().Register(t.Context(), endpoint, &gen.ClientMetadata{RedirectURIs: []string{loopbackRedirect}})
		var refused *flows.RegistrationError
		if !errors.As(err, &refused) || flows.IsTemporary(err) {
			t.Errorf("%q: %v", endpoint, err)
		}
		w.expectLog(t)
	}
}

// REG-4, SEC-1, TOK-5: which failures may pass.
func TestRegisterTemporary(t *testing.T) {
	for _, tt := range []struct {
		reply     reply
		temporary bool
	}{
		{status(500), true}, {status(503), true}, {status(429), true}, {status(408), true}, {reply{err: &netTimeout{}}, true},
		{status(400), false}, {status(401), false}, {status(403), false}, {status(404), false},
		{redirect(307, "https://evil.example.com/register"), false}, {redirect(308, "/register2"), false},
	} {
		w := newWire(map[string]reply{"POST " + asIssuer + "/register": tt.reply})
		_, err := w.client().Register(t.Context(), asIssuer+"/register", &gen.ClientMetadata{RedirectURIs: []string{loopbackRedirect}})
		if err == nil || flows.IsTemporary(err) != tt.temporary {
			t.Errorf("%d: temporary %t: %v", tt.reply.status, flows.IsTemporary(err), err)
		}
		w.expectLog(t, one("POST "+asIssuer+"/register")...)
	}
}

// BIND-1: a stored client is not shown to a server that the resource names now.
func TestClientStaysWithItsIssuer(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{AuthMethods: []string{"client_secret_post"}}, flowstest.ResourceConfig{})
	first := w.login(t)
	if first.auth.Secret == "" {
		t.Fatal("no secret to leak")
	}
	second := newServer(t, flowstest.ServerConfig{})
	w.rs.Configure(func(c *flowstest.ResourceConfig) { c.AuthorizationServers = []*flowstest.AuthorizationServer{second} })
	moved := *w
	moved.as = second
	l := moved.login(t, func(request any) {
		if in, ok := request.(*flows.ClientRequest); ok {
			in.Stored, in.StoredIssuer = first.identity.Information, first.identity.Issuer
		}
		if in, ok := request.(*flows.DiscoverRequest); ok {
			in.BoundIssuer = first.identity.Issuer
		}
	})
	if l.identity.Source != flows.ClientDynamic || l.identity.Issuer != second.Issuer() {
		t.Errorf("%s for %s", l.identity.Source, l.identity.Issuer)
	}
	for _, request := range second.Requests() {
		if strings.Contains(string(request.Body)+request.Query.Encode(), first.auth.ClientID) || strings.Contains(string(request.Body), first.auth.Secret.Reveal()) {
			t.Errorf("credentials of the first server in %s %s", request.Method, request.Path)
		}
	}
}

// BIND-3: the fallback's registration belongs to the resource's own origin.
func TestRegisterAtDefaultEndpoint(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{MetadataStatus: map[flowstest.WellKnown]int{flowstest.WellKnownOAuth: 404, flowstest.WellKnownOIDC: 404}, OmitIss: true})
	w := &world{as: as, c: loopbackClient()}
	w.rs = flowstest.NewResource(flowstest.ResourceConfig{AuthorizationServers: []*flowstest.AuthorizationServer{as}, SameOrigin: true, Path: "/mcp",
		PRMStatus: map[flowstest.Place]int{flowstest.PRMPath: http.StatusNotFound}, HideMetadataURL: true})
	t.Cleanup(w.rs.Close)
	l := w.login(t)
	if l.found.Source != flows.SourceDefaultEndpoints || l.identity.Source != flows.ClientDynamic || l.identity.Issuer != w.rs.Origin() {
		t.Errorf("%s, %s, issuer %s", l.found.Source, l.identity.Source, l.identity.Issuer)
	}
}
