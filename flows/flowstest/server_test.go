package flowstest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// DISC-12: metadata is at each well-known URL of the issuer and nowhere else.
func TestMetadataPlaces(t *testing.T) {
	const oauth, oidc = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
	tests := []struct {
		config flowstest.ServerConfig
		want   map[string]int
	}{
		{flowstest.ServerConfig{}, map[string]int{oauth: 200, oidc: 200, oauth + "/x": 404}},
		{flowstest.ServerConfig{Path: "/t/1"}, map[string]int{
			oauth + "/t/1": 200, oidc + "/t/1": 200, "/t/1" + oidc: 200, oauth: 404, oidc: 404, "/t/1" + oauth: 404,
		}},
		{flowstest.ServerConfig{Path: "/t", MetadataStatus: map[flowstest.WellKnown]int{
			flowstest.WellKnownOAuth: 503, flowstest.WellKnownOIDC: 404, flowstest.WellKnownOAuthRoot: 200,
		}}, map[string]int{oauth + "/t": 503, oidc + "/t": 404, "/t" + oidc: 200, oauth: 200, oidc: 404}},
	}
	for _, test := range tests {
		as := newServer(t, test.config)
		origin := strings.TrimSuffix(as.URL(), test.config.Path)
		for path, status := range test.want {
			a := get(t, as.Client(), origin+path)
			if a.status != status {
				t.Errorf("issuer path %q: %s answers %d, want %d", test.config.Path, path, a.status, status)
			}
			if a.status == 200 && a.text("issuer") != as.Issuer() {
				t.Errorf("%s: issuer %v", path, a.json["issuer"])
			}
		}
		if as.Count("asm") != len(test.want) {
			t.Errorf("%d metadata requests, want %d", as.Count("asm"), len(test.want))
		}
	}
}

// META: each member can be made wrong.
func TestMetadataHooks(t *testing.T) {
	tests := map[string]struct {
		config flowstest.ServerConfig
		want   string
		not    string
	}{
		"as it should be": {want: `"authorization_response_iss_parameter_supported":true`},
		"CIMD":            {want: `"client_id_metadata_document_supported":true`},
		"hidden iss":      {config: flowstest.ServerConfig{HideIss: true}, want: `"issuer"`, not: "authorization_response_iss"},
		"string for true": {config: flowstest.ServerConfig{Metadata: flowstest.With("client_id_metadata_document_supported", "true")}, want: `"client_id_metadata_document_supported":"true"`},
		"null":            {config: flowstest.ServerConfig{Metadata: flowstest.With("code_challenge_methods_supported", nil)}, want: `"code_challenge_methods_supported":null`},
		"removed":         {config: flowstest.ServerConfig{Metadata: flowstest.Without("code_challenge_methods_supported")}, want: `"issuer"`, not: "code_challenge"},
		"before":          {config: flowstest.ServerConfig{MetadataBytes: flowstest.Prepend("Issuer", `"x"`)}, want: `{"Issuer":"x","authorization_endpoint"`},
		"behind":          {config: flowstest.ServerConfig{MetadataBytes: flowstest.Append("issuer", `"x"`)}, want: `,"issuer":"x"}`},
		"other issuer":    {config: flowstest.ServerConfig{IssuerURL: func(url string) string { return url + "/" }}, want: `/","jwks_uri"`},
		"scopes":          {config: flowstest.ServerConfig{Scopes: []string{"a", "offline_access"}}, want: `"scopes_supported":["a","offline_access"]`},
		"moved":           {config: flowstest.ServerConfig{Endpoints: map[string]string{"token": "/oauth2/t"}}, want: `/oauth2/t"`},
		"no JSON":         {config: flowstest.ServerConfig{MetadataBytes: func([]byte) []byte { return []byte("[]") }}, want: `[]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, test.config)
			a := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server")
			if !strings.Contains(a.body, test.want) || test.not != "" && strings.Contains(a.body, test.not) {
				t.Errorf("metadata %s", a.body)
			}
		})
	}
	as := newServer(t, flowstest.ServerConfig{MetadataHeader: http.Header{"Content-Type": {"text/html"}, "Cache-Control": {"max-age=60"}}})
	a := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server")
	if a.header.Get("Content-Type") != "text/html" || a.header.Get("Cache-Control") != "max-age=60" {
		t.Errorf("header %v", a.header)
	}
	if keys := get(t, as.Client(), as.Endpoint("jwks")); len(keys.json["keys"].([]any)) != 1 {
		t.Errorf("keys %s", keys.body)
	}
}

// EXT-8, EXT-9: revocation and introspection need the right client.
func TestRevocationAndIntrospection(t *testing.T) {
	confidential := flowstest.Client{ID: "confidential", Secret: "s", AuthMethod: "client_secret_post", RedirectURIs: public.RedirectURIs}
	as := newServer(t, flowstest.ServerConfig{Clients: []flowstest.Client{public, confidential}})
	grant := flowstest.Grant{ClientID: public.ID, Scope: "a", Resource: []string{resource}, Subject: "bob"}
	token := as.IssueToken(grant)
	about := func(changes ...string) map[string][]string {
		return change(map[string][]string{"client_id": {"confidential"}, "client_secret": {"s"}, "token": {token.AccessToken}}, changes)
	}
	post(t, as, "introspect", about("client_secret", "x")).expect(t, 401, "invalid_client")
	post(t, as, "introspect", about("client_id", "public", "client_secret", "")).expect(t, 401, "invalid_client")
	post(t, as, "introspect", about("token", "")).expect(t, 400, "invalid_request")
	if a := post(t, as, "introspect", about()); a.json["active"] != true || a.text("sub") != "bob" || a.text("scope") != "a" {
		t.Errorf("introspection %s", a.body)
	}
	if a := post(t, as, "introspect", about("token", token.RefreshToken)); a.json["active"] != true {
		t.Errorf("introspection %s", a.body)
	}
	post(t, as, "revoke", about()).expect(t, 200, "") // another client's: nothing happens
	if info, _ := as.Token(token.AccessToken); info.Revoked {
		t.Error("a client revoked another's token")
	}
	post(t, as, "revoke", about("client_id", "public", "client_secret", "", "token", "x")).expect(t, 200, "")
	post(t, as, "revoke", about("client_id", "public", "client_secret", "")).expect(t, 200, "")
	post(t, as, "revoke", about("client_id", "public", "client_secret", "", "token", token.RefreshToken)).expect(t, 200, "")
	for _, dead := range []string{token.AccessToken, token.RefreshToken, "x"} {
		if a := post(t, as, "introspect", about("token", dead)); a.body != `{"active":false}` {
			t.Errorf("introspection %s", a.body)
		}
	}
}

func TestRecording(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	login(t, as)
	get(t, as.Client(), as.URL()+"/nowhere")
	kinds := []string{}
	for _, r := range as.Requests() {
		kinds = append(kinds, r.Kind)
	}
	if got := strings.Join(kinds, " "); got != "authorize token:authorization_code other" {
		t.Errorf("kinds %s", got)
	}
	token := as.RequestsOf("token")[0]
	if token.Status != 200 || token.Form.Get("code_verifier") != verifier || token.Param("client_id") != "public" || !strings.Contains(string(token.Body), "code=") {
		t.Errorf("request %+v", token)
	}
	if as.Count("token") != 1 || as.Count("token:refresh_token") != 0 || as.RequestsOf("other")[0].Status != 404 {
		t.Error("counts are wrong")
	}
	as.ForgetRequests()
	if len(as.Requests()) != 0 || as.Count("token") != 0 {
		t.Error("requests were not forgotten")
	}
}

// The servers listen on loopback addresses only, and answer under each name.
func TestHosts(t *testing.T) {
	for _, config := range []flowstest.ServerConfig{
		{}, {Hostname: "localhost"}, {Hostname: "as.example.com"},
		{TLS: true}, {TLS: true, Hostname: "localhost"}, {TLS: true, Hostname: "as.example.com"},
	} {
		as := newServer(t, config)
		if a := get(t, as.Client(), as.URL()+"/.well-known/openid-configuration"); a.text("issuer") != as.URL() {
			t.Errorf("%s: %s", as.URL(), a.body)
		}
		if config.Hostname != "" && !strings.Contains(as.URL(), "//"+config.Hostname+":") {
			t.Errorf("URL %s", as.URL())
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	as := newServer(t, flowstest.ServerConfig{Listener: listener})
	if !strings.HasSuffix(as.URL(), listener.Addr().String()) {
		t.Errorf("URL %s", as.URL())
	}
	public, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = public.Close() }()
	defer func() {
		if recover() == nil {
			t.Error("listens for everybody")
		}
	}()
	flowstest.NewAuthorizationServer(flowstest.ServerConfig{Listener: public})
}

// Close ends what is under way and names it.
func TestClose(t *testing.T) {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{Fault: flowstest.On("asm", flowstest.Hang())})
	done := make(chan error, 1)
	go func() {
		request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, as.URL()+"/.well-known/openid-configuration", nil)
		if err == nil {
			_, err = as.Client().Do(request)
		}
		done <- err
	}()
	for as.Count("asm") == 0 {
		continue
	}
	as.Close()
	if err := <-done; err == nil {
		t.Error("an answer came")
	}
	if leaks := as.Leaks(); len(leaks) != 1 || !strings.Contains(leaks[0], "GET /.well-known/openid-configuration (asm)") {
		t.Errorf("leaks %q", leaks)
	}
	as.Close()
	if _, err := as.Authorize(t.Context(), as.Endpoint("authorize")); err == nil || errors.As(err, new(*flowstest.PageError)) {
		t.Errorf("got %v after Close", err)
	}
}

// All may be used and changed at once.
func TestConcurrency(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				as.Configure(func(c *flowstest.ServerConfig) { c.Scopes = []string{"a", "b"} })
				token := login(t, as)
				post(t, as, "token", refreshForm(token.text("refresh_token"))).expect(t, 200, "")
				as.ExpireAccessTokens()
				_, _, _ = as.Requests(), as.Families(), as.Clients()
			}
		})
	}
	group.Wait()
	if len(as.Families()) != 40 {
		t.Errorf("%d families", len(as.Families()))
	}
}
