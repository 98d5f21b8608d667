// Certificate: the one that every fake with TLS shows, and the client that
// trusts it.

package flowstest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Certificate returns the self-signed certificate of all fakes with TLS in
// this process. It is made anew in each process and is good for 127.0.0.1,
// ::1, localhost, example.com and all names one label below it. Write it as
// PEM for a program that is started by the test (SSL_CERT_FILE).
func Certificate() *x509.Certificate { return certificate().Leaf }

var certificate = sync.OnceValue(func() tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{Organization: []string{"flowstest"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(10 * 365 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		// Also that of the client certificates it issues.
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		DNSNames:              []string{"localhost", "example.com", "*.example.com"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
})

func serverTLS(certificates bool) *tls.Config {
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate()},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"}, // faults cut connections, which HTTP/2 shares
	}
	if certificates {
		// Which ones are good is the endpoint's to say: RFC 8705 §2.2 has
		// self-signed ones.
		config.ClientAuth = tls.RequestClientCert
	}
	return config
}

// sharedClient fetches documents from other fakes.
var sharedClient = sync.OnceValue(newClient)

// newClient returns a client that reaches fakes and nothing else.
func newClient() *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(Certificate())
	return &http.Client{
		Transport: &http.Transport{
			DialContext:         dialLoopback,
			TLSClientConfig:     &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			MaxIdleConnsPerHost: 100,
		},
	}
}

// dialLoopback resolves example.com and the names below it to 127.0.0.1.
func dialLoopback(ctx context.Context, network, address string) (net.Conn, error) {
	name, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if name = strings.ToLower(name); name == "example.com" || strings.HasSuffix(name, ".example.com") {
		address = net.JoinHostPort("127.0.0.1", port)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}
