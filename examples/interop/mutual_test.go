package interop

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// EXT-11: the client is known by its certificate, at the endpoints that the
// metadata names for that, and its token is bound to the certificate. Another
// certificate of the same kind is refused.
func TestMutualTLS(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(metadata *gen.ClientMetadata, keys *gen.JSONWebKeySet)
		issued bool // by the authority
		method string
	}{
		"in the registration": {func(m *gen.ClientMetadata, keys *gen.JSONWebKeySet) { m.JWKS = keys }, false, flows.AuthMethodSelfSignedTLS},
		"of an authority, by its DNS name": {func(m *gen.ClientMetadata, _ *gen.JSONWebKeySet) {
			m.TLSClientAuthSANDNS = "agent.example.com"
		}, true, flows.AuthMethodTLS},
		"of an authority, by its subject": {func(m *gen.ClientMetadata, _ *gen.JSONWebKeySet) {
			m.TLSClientAuthSubjectDN = "CN=agent.example.com,O=interop"
		}, true, flows.AuthMethodTLS},
	} {
		t.Run(name, func(t *testing.T) {
			w := begin(t, mutual)
			certify := func(name string, key *flows.ClientKey) tls.Certificate {
				authority := &authority{certificate: certificateFor(name), key: key.Signer} // itself
				if tt.issued {
					authority = w.provider.authority
				}
				certificate, err := authority.issue(certificateFor(name), key.Signer)
				if err != nil {
					t.Fatal(err)
				}
				return certificate
			}
			key := newKey(t, "ES256")
			certificate := certify("agent.example.com", key)
			keys := publicKeys(t, key)
			keys.Keys[0].X5C = []string{base64.StdEncoding.EncodeToString(certificate.Certificate[0])}
			metadata := machineClient(tt.method)
			metadata.TLSClientCertificateBoundAccessTokens = true
			tt.change(&metadata, keys)
			known := w.register(metadata)
			showing := func(certificate tls.Certificate) func(*sdk.Config) {
				return func(c *sdk.Config) {
					w.machine(known, nil)(c)
					c.ClientCertificate, c.HTTPClient = true, trusting(t, certificate)
				}
			}
			client := w.client(showing(certificate))
			w.call(client, http.MethodGet, scopeRead)
			request := w.sent(1, "token")[0]
			request.sent(t, "client_id", "grant_type", "resource", "scope")
			if !request.Certificate || request.Authorization != "" {
				t.Error(request)
			}
			w.boundTo(t, certificate)
			if err := client.Logout(w.ctx()); err != nil {
				t.Error(err)
			}
			if revocation := w.sent(1, "revocation")[0]; !revocation.Certificate || revocation.Status != http.StatusOK {
				t.Error(revocation)
			}
			_, err := w.try(w.client(showing(certify("stranger.example.com", newKey(t, "ES256")))), http.MethodGet)
			refused(t, err, "invalid_client")
		})
	}
}

// boundTo fails the test unless the last token is bound to the certificate
// (RFC 8705 §3.1).
func (w *world) boundTo(t *testing.T, certificate tls.Certificate) {
	t.Helper()
	thumbprint := sha256.Sum256(certificate.Certificate[0])
	said, err := w.resource.introspect(w.ctx(), w.resource.last(t).Reveal())
	if err != nil || said.Cnf.X5T != base64.RawURLEncoding.EncodeToString(thumbprint[:]) {
		t.Errorf("the token is bound to %+v (%v)", said, err)
	}
}

// trusting is a client with a certificate that trusts httptest's. It shows the
// certificate whatever authorities the server names.
func trusting(t *testing.T, certificate tls.Certificate) *http.Client {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return &certificate, nil
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
