// Signing key: a private key, its key set, and the JWTs that it signs.

package flowstest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	// The standard library has no JOSE, and one written here would share its
	// author's misreadings with the clients under test.
	"github.com/go-jose/go-jose/v4"
)

// The signature algorithms of RFC 7518 §3.1 and RFC 8037 §3.1 that the fakes
// know.
const (
	algES256 = "ES256"
	algES384 = "ES384"
	algRS256 = "RS256"
	algPS256 = "PS256"
	algEdDSA = "EdDSA"
	algHS256 = "HS256"
)

// asymmetric are the algorithms with a public key.
var asymmetric = []string{algES256, algES384, algRS256, algPS256, algEdDSA}

// A SigningKey is a private key with its algorithm: a client's, an identity
// provider's, or a workload platform's. It is immutable.
type SigningKey struct {
	alg    string
	id     string
	signer crypto.Signer
}

// SigningKeyOf returns the key of a certificate, such as one for x5t headers.
// It panics for other algorithms than those of NewSigningKey and when the
// private key cannot sign.
func SigningKeyOf(alg string, certificate tls.Certificate) *SigningKey {
	signer, ok := certificate.PrivateKey.(crypto.Signer)
	if !ok || !slices.Contains(asymmetric, alg) {
		panic("flowstest: key: the certificate's key cannot sign with " + alg)
	}
	return newSigningKey(alg, signer)
}

func newSigningKey(alg string, signer crypto.Signer) *SigningKey {
	return &SigningKey{alg: alg, id: thumbprint(&jose.JSONWebKey{Key: signer.Public()}), signer: signer}
}

// NewSigningKey makes a key for ES256, ES384, RS256, PS256 or EdDSA; it panics
// for other algorithms. Its key ID is its thumbprint (RFC 7638). RSA keys of
// 2048 bits take a tenth of a second.
func NewSigningKey(alg string) *SigningKey {
	var signer crypto.Signer
	var err error
	switch alg {
	case algES256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case algES384:
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case algRS256, algPS256:
		signer, err = rsa.GenerateKey(rand.Reader, 2048)
	case algEdDSA:
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	default:
		panic("flowstest: key: unknown algorithm " + alg)
	}
	if err != nil {
		panic("flowstest: key: " + err.Error())
	}
	return newSigningKey(alg, signer)
}

// Alg returns the key's algorithm.
func (k *SigningKey) Alg() string { return k.alg }

// KeyID returns the kid that the key set lists.
func (k *SigningKey) KeyID() string { return k.id }

// Signer returns the private key: an *ecdsa.PrivateKey, an *rsa.PrivateKey or
// an ed25519.PrivateKey.
func (k *SigningKey) Signer() crypto.Signer { return k.signer }

// Thumbprint returns the SHA-256 thumbprint of the public key, base64url
// (RFC 7638).
func (k *SigningKey) Thumbprint() string {
	return thumbprint(&jose.JSONWebKey{Key: k.signer.Public()})
}

// JWK returns the members of the public key (RFC 7517 §4).
func (k *SigningKey) JWK() map[string]any {
	encoded, err := jose.JSONWebKey{Key: k.signer.Public(), KeyID: k.id, Algorithm: k.alg, Use: "sig"}.MarshalJSON()
	var members map[string]any
	if err == nil {
		err = json.Unmarshal(encoded, &members)
	}
	if err != nil {
		panic("flowstest: key: " + err.Error())
	}
	return members
}

// KeySet returns the JWK set of public keys (RFC 7517 §5).
func KeySet(keys ...*SigningKey) json.RawMessage {
	list := []any{}
	for _, key := range keys {
		list = append(list, key.JWK())
	}
	return encodeJSON(map[string]any{"keys": list})
}

// Sign returns a JWT in compact form. Its header holds alg, kid and what
// header adds; a nil value in header leaves a member out. It panics when the
// claims cannot be encoded.
func (k *SigningKey) Sign(header, claims map[string]any) string {
	members := map[string]any{"kid": k.id}
	maps.Copy(members, header)
	return signJWT(k.alg, k.signer, members, claims)
}

// SignSecret returns a JWT that is signed with HS256 and a secret of at least
// 32 bytes (RFC 7518 §3.2), in the manner of [SigningKey.Sign].
func SignSecret(secret string, header, claims map[string]any) string {
	return signJWT(algHS256, []byte(secret), header, claims)
}

func signJWT(alg string, key any, header, claims map[string]any) string {
	options := (&jose.SignerOptions{})
	for name, value := range header {
		if value != nil {
			options = options.WithHeader(jose.HeaderKey(name), value)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, options)
	if err != nil {
		panic("flowstest: sign: " + err.Error())
	}
	signed, err := signer.Sign(encodeJSON(claims))
	if err != nil {
		panic("flowstest: sign: " + err.Error())
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		panic("flowstest: sign: " + err.Error())
	}
	return compact
}

func thumbprint(key *jose.JSONWebKey) string {
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		panic("flowstest: key: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}
