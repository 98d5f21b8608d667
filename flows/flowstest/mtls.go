// Mutual TLS: client certificates, endpoint aliases, and bound tokens.

package flowstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// MTLSConfig says how client certificates are treated (RFC 8705).
type MTLSConfig struct {
	// Enabled asks clients for a certificate and lists an alias below /mtls
	// for each endpoint of the back channel (RFC 8705 §5). Certificates count
	// at the aliases only.
	Enabled bool
	// BindTokens binds tokens that are issued at the alias of the token
	// endpoint to the client's certificate (RFC 8705 §3).
	BindTokens bool
}

// aliasPath stands before the path of an endpoint that has an alias.
const aliasPath = "/mtls"

// aliased are the metadata members of the endpoints with aliases.
var aliased = map[string]string{
	"token_endpoint": kindToken, "revocation_endpoint": kindRevoke, "introspection_endpoint": kindIntrospect,
	"pushed_authorization_request_endpoint": kindPAR, "device_authorization_endpoint": kindDevice,
}

// Alias returns the URL of an endpoint for requests with a client certificate.
// It is listed if ServerConfig.MTLS is enabled.
func (s *AuthorizationServer) Alias(name string) string {
	return s.alias(s.config.Load(), name)
}

func (s *AuthorizationServer) alias(config *ServerConfig, name string) string {
	return s.URL() + aliasPath + strings.TrimPrefix(s.endpoint(config, name), s.URL())
}

func (x *exchange) aliases() map[string]any {
	members := map[string]any{}
	for member, kind := range aliased {
		if kind == kindPAR && x.config.PAR.Policy == PARDisabled ||
			kind == kindDevice && !slices.Contains(x.config.grantTypes(), GrantDeviceCode) {
			continue
		}
		members[member] = x.alias(x.config, kind)
	}
	return members
}

// unalias returns the endpoint that an alias stands for, and other URLs as
// they are.
func (s *AuthorizationServer) unalias(config *ServerConfig, target string) string {
	rest, ok := strings.CutPrefix(target, s.URL()+aliasPath)
	if !ok || !config.MTLS.Enabled {
		return target
	}
	for _, kind := range aliased {
		if s.URL()+rest == s.endpoint(config, kind) {
			return s.URL() + rest
		}
	}
	return target
}

// certificate returns the certificate that a client showed at an alias; nil
// when it showed none.
func (x *exchange) certificate() *x509.Certificate {
	target := x.base + x.r.URL.Path
	if x.unalias(x.config, target) == target {
		return nil
	}
	return shownCertificate(x.r.TLS)
}

func shownCertificate(state *tls.ConnectionState) *x509.Certificate {
	if state == nil || len(state.PeerCertificates) == 0 {
		return nil
	}
	return state.PeerCertificates[0]
}

// boundCertificate returns the thumbprint that tokens of this request are to
// be bound to; "" is none.
func (x *exchange) boundCertificate() string {
	if !x.config.MTLS.BindTokens {
		return ""
	}
	return certificateThumbprint(x.certificate())
}

// certificateThumbprint returns x5t#S256: RFC 8705 §3.1.
func certificateThumbprint(certificate *x509.Certificate) string {
	if certificate == nil {
		return ""
	}
	sum := sha256.Sum256(certificate.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (c Client) usesTLS() bool { return c.AuthMethod == methodTLS || c.AuthMethod == methodSelfSigned }

// checkCertificate authenticates a client by its certificate.
// RFC 8705 §2: https://www.rfc-editor.org/rfc/rfc8705#section-2
func (x *exchange) checkCertificate(client Client) *Error {
	shown := x.certificate()
	if shown == nil {
		return refuse(errInvalidClient, "there is no client certificate")
	}
	if x.now.Before(shown.NotBefore) || x.now.After(shown.NotAfter) {
		return refuse(errInvalidClient, "the client certificate is not valid now")
	}
	if client.AuthMethod == methodSelfSigned {
		if !x.registered(client, shown) {
			return refuse(errInvalidClient, "the client certificate is not in the client's key set")
		}
		return nil
	}
	authorities := x509.NewCertPool()
	authorities.AddCert(Certificate())
	options := x509.VerifyOptions{
		Roots: authorities, CurrentTime: x.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if _, err := shown.Verify(options); err != nil {
		return refuse(errInvalidClient, "the client certificate is of an unknown authority")
	}
	if !named(client, shown) {
		return refuse(errInvalidClient, "the client certificate is in another name")
	}
	return nil
}

// registered reports whether a certificate is in the client's key set:
// RFC 8705 §2.2.2.
func (x *exchange) registered(client Client, shown *x509.Certificate) bool {
	set, err := x.keySetOf(client)
	if err != nil {
		return false
	}
	keys, err := publicKeys(set)
	return err == nil && slices.ContainsFunc(keys, func(key jose.JSONWebKey) bool {
		return len(key.Certificates) > 0 && key.Certificates[0].Equal(shown)
	})
}

// named reports whether a certificate has the one name that the client is
// registered with: RFC 8705 §2.1.2.
func named(client Client, shown *x509.Certificate) bool {
	if client.CertificateSubject != "" {
		return client.CertificateSubject == shown.Subject.String()
	}
	names := slices.Concat(shown.DNSNames, shown.EmailAddresses)
	for _, uri := range shown.URIs {
		names = append(names, uri.String())
	}
	for _, ip := range shown.IPAddresses {
		names = append(names, ip.String())
	}
	return client.CertificateSAN != "" && slices.Contains(names, client.CertificateSAN)
}

// NewClientCertificate returns a certificate for clients of tls_client_auth,
// issued by the authority that the fakes trust. Its subject is
// "CN=<name>,O=flowstest", and its subject alternative name is the name: a DNS
// name, a URI or an IP address.
func NewClientCertificate(name string) tls.Certificate {
	authority := certificate()
	signer, ok := authority.PrivateKey.(crypto.Signer)
	if !ok {
		panic("flowstest: certificate: the authority cannot sign")
	}
	return newClientCertificate(name, authority.Leaf, signer)
}

// NewSelfSignedCertificate returns a certificate for clients of
// self_signed_tls_client_auth; see [CertificateKeySet].
func NewSelfSignedCertificate(name string) tls.Certificate {
	return newClientCertificate(name, nil, nil)
}

// newClientCertificate returns a certificate issued by parent, or by itself.
func newClientCertificate(name string, parent *x509.Certificate, signer crypto.Signer) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name, Organization: []string{"flowstest"}},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(10 * 365 * 24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if uri, err := url.Parse(name); err == nil && uri.Scheme != "" {
		template.URIs = []*url.URL{uri}
	} else if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// CertificateKeySet returns the JWK set with a certificate that a client of
// self_signed_tls_client_auth registers (RFC 8705 §2.2.2).
func CertificateKeySet(certificate tls.Certificate) json.RawMessage {
	key := jose.JSONWebKey{Key: certificate.Leaf.PublicKey, Certificates: []*x509.Certificate{certificate.Leaf}}
	encoded, err := key.MarshalJSON()
	if err != nil {
		panic("flowstest: certificate: " + err.Error())
	}
	return json.RawMessage(fmt.Sprintf(`{"keys":[%s]}`, encoded))
}
