package flowstest_test

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// withCertificate returns a client that shows a certificate.
func withCertificate(t *testing.T, client *http.Client, certificate tls.Certificate) *http.Client {
	t.Helper()
	transport := client.Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.Certificates = []tls.Certificate{certificate}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

const form = "application/x-www-form-urlencoded"

// EXT-11: clients that authenticate by certificates, at the aliases only.
func TestMTLS(t *testing.T) {
	issued, stranger := flowstest.NewClientCertificate("client.example.com"), flowstest.NewClientCertificate("other.example.com")
	byURI := flowstest.NewClientCertificate("spiffe://example.com/client")
	self, impostor := flowstest.NewSelfSignedCertificate("client.example.com"), flowstest.NewSelfSignedCertificate("client.example.com")
	as := newServer(t, flowstest.ServerConfig{
		TLS: true, MTLS: flowstest.MTLSConfig{Enabled: true}, GrantTypes: []string{"client_credentials"},
		AuthMethods: []string{"tls_client_auth", "self_signed_tls_client_auth", "none"},
		Clients: []flowstest.Client{
			public,
			{ID: "name", AuthMethod: "tls_client_auth", CertificateSAN: "client.example.com"},
			{ID: "subject", AuthMethod: "tls_client_auth", CertificateSubject: "CN=client.example.com,O=flowstest"},
			{ID: "uri", AuthMethod: "tls_client_auth", CertificateSAN: "spiffe://example.com/client"},
			{ID: "nobody", AuthMethod: "tls_client_auth"},
			{ID: "self", AuthMethod: "self_signed_tls_client_auth", JWKS: flowstest.CertificateKeySet(self)},
		},
	})
	tests := map[string]struct {
		client      string
		certificate *tls.Certificate
		endpoint    string
		status      int
		want        string
	}{
		"DNS name":           {"name", &issued, as.Alias("token"), 200, ""},
		"subject":            {"subject", &issued, as.Alias("token"), 200, ""},
		"URI":                {"uri", &byURI, as.Alias("token"), 200, ""},
		"self-signed":        {"self", &self, as.Alias("token"), 200, ""},
		"other name":         {"name", &stranger, as.Alias("token"), 401, "invalid_client"},
		"other subject":      {"subject", &stranger, as.Alias("token"), 401, "invalid_client"},
		"no name registered": {"nobody", &issued, as.Alias("token"), 401, "invalid_client"},
		"unknown authority":  {"name", &self, as.Alias("token"), 401, "invalid_client"},
		"other self-signed":  {"self", &impostor, as.Alias("token"), 401, "invalid_client"},
		"issued for self":    {"self", &issued, as.Alias("token"), 401, "invalid_client"},
		"no certificate":     {"name", nil, as.Alias("token"), 401, "invalid_client"},
		"not the alias":      {"name", &issued, as.Endpoint("token"), 401, "invalid_client"},
		"no client_id":       {"", &issued, as.Alias("token"), 401, "invalid_client"},
		"public client":      {"public", &issued, as.Alias("token"), 400, "unauthorized_client"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client := as.Client()
			if test.certificate != nil {
				client = withCertificate(t, client, *test.certificate)
			}
			values := url.Values{"grant_type": {"client_credentials"}, "resource": {resource}, "client_id": {test.client}}
			send(t, client, "POST", test.endpoint, form, values.Encode(), nil).expect(t, test.status, test.want)
		})
	}
	metadata := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server")
	aliases, _ := metadata.json["mtls_endpoint_aliases"].(map[string]any)
	if aliases["token_endpoint"] != as.Alias("token") || aliases["revocation_endpoint"] != as.Alias("revoke") || aliases["device_authorization_endpoint"] != nil {
		t.Errorf("metadata %s", metadata.body)
	}
	if as.Count("token") != len(tests) || as.RequestsOf("token")[0].Kind != "token:client_credentials" {
		t.Errorf("%d token requests", as.Count("token"))
	}
	// The clock counts for self-signed certificates too.
	as.Configure(func(c *flowstest.ServerConfig) {
		c.Now = func() time.Time { return time.Now().Add(20 * 365 * 24 * time.Hour) }
	})
	values := url.Values{"grant_type": {"client_credentials"}, "resource": {resource}, "client_id": {"self"}}
	send(t, withCertificate(t, as.Client(), self), "POST", as.Alias("token"), form, values.Encode(), nil).expect(t, 401, "invalid_client")
	off := newServer(t, flowstest.ServerConfig{TLS: true})
	send(t, off.Client(), "POST", off.Alias("token"), form, "", nil).expect(t, 404, "")
}

// EXT-11: tokens that are bound to a certificate.
func TestMTLSBoundTokens(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{
		TLS: true, MTLS: flowstest.MTLSConfig{Enabled: true, BindTokens: true},
		Clients: []flowstest.Client{public, {ID: "api", Secret: "s", AuthMethod: "client_secret_post"}},
	})
	rs := flowstest.NewResource(flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as}, TLS: true, MTLS: true, Path: "/mcp",
	})
	defer rs.Close()
	mine := withCertificate(t, as.Client(), flowstest.NewSelfSignedCertificate("me"))
	theirs := withCertificate(t, as.Client(), flowstest.NewSelfSignedCertificate("they"))
	code := callback(t, as, authorizationForm("resource", rs.URL())).Get("code")
	a := send(t, mine, "POST", as.Alias("token"), form, codeForm(code, "resource", rs.URL()).Encode(), nil).expect(t, 200, "")
	header := http.Header{"Authorization": {"Bearer " + a.text("access_token")}}
	send(t, mine, "GET", rs.URL(), "", "", header).expect(t, 200, "")
	send(t, theirs, "GET", rs.URL(), "", "", header).expect(t, 401, "invalid_token")
	send(t, rs.Client(), "GET", rs.URL(), "", "", header).expect(t, 401, "invalid_token")
	values := refreshForm(a.text("refresh_token"), "resource", rs.URL()).Encode()
	send(t, theirs, "POST", as.Alias("token"), form, values, nil).expect(t, 400, "invalid_grant")
	send(t, as.Client(), "POST", as.Endpoint("token"), form, values, nil).expect(t, 400, "invalid_grant")
	send(t, mine, "POST", as.Alias("token"), form, values, nil).expect(t, 200, "")
	b := post(t, as, "introspect", url.Values{"client_id": {"api"}, "client_secret": {"s"}, "token": {a.text("access_token")}})
	if !strings.Contains(b.body, `"cnf":{"x5t#S256":"`) {
		t.Errorf("introspection %s", b.body)
	}
}

// TOK-2: x5t and x5t#S256 name the certificate of a key.
func TestClientAssertionByCertificate(t *testing.T) {
	as := machine(t, flowstest.ServerConfig{})
	certificate := flowstest.NewSelfSignedCertificate("client.example.com")
	key := flowstest.SigningKeyOf("ES256", certificate)
	as.AddClient(flowstest.Client{ID: "x5", AuthMethod: "private_key_jwt", JWKS: flowstest.CertificateKeySet(certificate)})
	old, sum := thumbprints(certificate)
	for name, value := range map[string]string{"x5t": old, "x5t#S256": sum} {
		header := members{"kid": nil, name: value}
		post(t, as, "token", machineForm(key.Sign(header, claimsFor("x5", "x5", as.Issuer(), nil)))).expect(t, 200, "")
		header[name] = value[1:] + "A"
		post(t, as, "token", machineForm(key.Sign(header, claimsFor("x5", "x5", as.Issuer(), nil)))).expect(t, 401, "invalid_client")
	}
}
