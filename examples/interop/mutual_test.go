package interop

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// EXT-11: the client is known by its certificate, at the endpoint that the
// metadata names for that, and its token is bound to the certificate.
func TestMutualTLS(t *testing.T) {
	w := begin(t, mutual)
	key := newKey(t, "ES256")
	certificate := selfSigned(t, key)
	metadata := machineClient(flows.AuthMethodSelfSignedTLS)
	metadata.JWKS = publicKeys(t, key)
	metadata.JWKS.Keys[0].X5C = []string{base64.StdEncoding.EncodeToString(certificate.Certificate[0])}
	metadata.TLSClientCertificateBoundAccessTokens = true
	known := w.register(metadata)

	client := w.client(func(c *sdk.Config) {
		w.machine(known, nil)(c)
		c.ClientCertificate, c.HTTPClient = true, trusting(t, certificate)
	})
	w.call(client, http.MethodGet, scopeRead)
	request := w.sent(1, "token")[0]
	request.sent(t, "client_id", "grant_type", "resource", "scope")
	if !request.Certificate || request.Authorization != "" {
		t.Error(request)
	}
	thumbprint := sha256.Sum256(certificate.Certificate[0])
	said, err := w.resource.introspect(w.ctx(), w.resource.last(t).Reveal())
	if err != nil || said.Cnf.X5T != base64.RawURLEncoding.EncodeToString(thumbprint[:]) {
		t.Errorf("the token is bound to %+v (%v)", said, err)
	}

	stranger := w.client(func(c *sdk.Config) {
		w.machine(known, nil)(c)
		c.Subject = "another"
		c.ClientCertificate, c.HTTPClient = true, trusting(t, selfSigned(t, newKey(t, "ES256")))
	})
	_, err = w.try(stranger, http.MethodGet)
	refused(t, err, "invalid_client")
}

// selfSigned is a client's certificate.
func selfSigned(t *testing.T, key *flows.ClientKey) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: t.Name()},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Signer.Public(), key.Signer)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key.Signer}
}

// trusting is a client with a certificate that trusts httptest's.
func trusting(t *testing.T, certificate tls.Certificate) *http.Client {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.Certificates = []tls.Certificate{certificate}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}
