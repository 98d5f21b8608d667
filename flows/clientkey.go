// Client key: the private key of a client, wherever it is kept.

package flows

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // RFC 7515 §4.1.7 defines x5t by it; it names a certificate and proves nothing
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	// A well-kept JOSE library: signature encodings are not for hand-writing.
	"github.com/go-jose/go-jose/v4"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ClientKey is the private key with which a client signs its assertions: one
// in memory, in a token, or in a key management service. It prints its key id
// and nothing of the key. Its fields must not be changed after first use; it
// may be used by several goroutines at once if its signer may.
type ClientKey struct {
	// Signer is the key: an *ecdsa.PrivateKey, *rsa.PrivateKey,
	// ed25519.PrivateKey, or any other signer with such a public key. Nil if
	// Sign is set.
	Signer crypto.Signer
	// Sign signs in place of Signer, for services that are asked over the
	// network. It returns the signature of input in the form of JWS (RFC 7518
	// §3; for ECDSA that is R and S joined, not ASN.1). ctx is the flow's.
	Sign func(ctx context.Context, algorithm string, input []byte) ([]byte, error)
	// Public is the public key of Sign; Signer knows its own. Nil means that
	// Algorithm cannot be checked, and that there is no [ClientKey.JSONWebKey].
	Public crypto.PublicKey
	// Algorithm is ES256, ES384, ES512, RS256, PS256 or EdDSA. Empty means the
	// one of the key's curve, EdDSA for Ed25519, RS256 for RSA.
	Algorithm string
	// KeyID is the kid by which the server finds the public key. Empty sends
	// none.
	KeyID string
	// X5T and X5TS256 are the thumbprints of the key's certificate, sent as
	// x5t and x5t#S256; see [CertificateThumbprints]. Empty sends none.
	X5T, X5TS256 string
}

// minRSABits: "A key of size 2048 bits or larger MUST be used" (RFC 7518 §3.3).
const minRSABits = 2048

// String returns the key id and the algorithm.
func (k ClientKey) String() string {
	return fmt.Sprintf("client key %q (%s)", bounded(k.KeyID), bounded(k.Algorithm))
}

// Format writes String under every verb.
func (k ClientKey) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.String()) }

// LogValue returns String.
func (k ClientKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns String.
func (k ClientKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// CertificateThumbprints returns the values of x5t and x5t#S256 for a
// certificate, which must not be nil.
//
// https://www.rfc-editor.org/rfc/rfc7515.html#section-4.1.7
func CertificateThumbprints(certificate *x509.Certificate) (x5t, x5tS256 string) {
	short, long := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw) //nolint:gosec // see the import
	return base64.RawURLEncoding.EncodeToString(short[:]), base64.RawURLEncoding.EncodeToString(long[:])
}

// JSONWebKey returns the public half of the key, with kid, alg and use, as it
// is registered or published. It needs Signer or Public.
//
// https://www.rfc-editor.org/rfc/rfc7517.html#section-4
func (k *ClientKey) JSONWebKey() (*gen.JSONWebKey, error) {
	algorithm, err := k.algorithm()
	if err != nil {
		return nil, err
	}
	public := k.public()
	if public == nil {
		return nil, &ClientAuthError{Method: AuthMethodPrivateKeyJWT, Reason: "the public key is not known: set ClientKey.Public"}
	}
	text, err := (&jose.JSONWebKey{Key: public, KeyID: k.KeyID, Algorithm: algorithm, Use: "sig"}).MarshalJSON()
	if err != nil {
		return nil, err
	}
	key, err := gen.DecodeJSONWebKey(text, nil)
	if err != nil {
		return nil, err
	}
	key.X5T, key.X5TS256 = k.X5T, k.X5TS256
	return key, nil
}

// PublicKeySet returns the JWK set of the public halves of keys, to be
// registered as jwks or published at jwks_uri. A key that is being replaced
// stays in it until no server can hold an old copy.
func PublicKeySet(keys ...*ClientKey) (*gen.JSONWebKeySet, error) {
	set := &gen.JSONWebKeySet{Keys: []gen.JSONWebKey{}}
	for _, key := range keys {
		public, err := key.JSONWebKey()
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, *public)
	}
	return set, nil
}

func (k *ClientKey) public() crypto.PublicKey {
	if k.Public == nil && k.Signer != nil {
		return k.Signer.Public()
	}
	return k.Public
}

// algorithm returns the algorithm to sign with. One that does not fit the key
// would give a signature that nobody can verify, so it is refused here; "none"
// is no algorithm.
func (k *ClientKey) algorithm() (string, error) {
	refuse := func(reason string) (string, error) {
		return "", &ClientAuthError{Method: AuthMethodPrivateKeyJWT, Algorithm: k.Algorithm, Reason: reason}
	}
	public := k.public()
	known := slices.ContainsFunc(proofAlgorithms, func(a proofAlgorithm) bool { return a.name == k.Algorithm })
	switch {
	case k.Signer == nil && k.Sign == nil:
		return refuse("the key has no signer")
	case k.Algorithm != "" && !known:
		return refuse("it is none for signing with a private key")
	case public == nil && known:
		return k.Algorithm, nil
	case public == nil:
		return refuse("a key without a public half needs an algorithm")
	}
	name := k.Algorithm
	if _, isRSA := public.(*rsa.PublicKey); isRSA && name == "" {
		name = "RS256" // which every server has
	}
	found, ok := algorithmFor(public, name)
	if !ok {
		return refuse(fmt.Sprintf("it does not fit a key of type %T, or the key is too short", public))
	}
	return found.name, nil
}

// opaque is the key as the JOSE library sees it, for one signature.
func (k *ClientKey) opaque(ctx context.Context) jose.OpaqueSigner {
	return opaqueKey(func(payload []byte, algorithm jose.SignatureAlgorithm) ([]byte, error) {
		if k.Sign != nil {
			return k.Sign(ctx, string(algorithm), payload)
		}
		found, ok := algorithmFor(k.public(), string(algorithm))
		if !ok {
			return nil, jose.ErrUnsupportedAlgorithm
		}
		return found.sign(k.Signer, payload)
	})
}

// opaqueKey signs one payload with an algorithm that was checked before.
type opaqueKey func(payload []byte, algorithm jose.SignatureAlgorithm) ([]byte, error)

// Public returns nil: the public key does not go into the header.
func (opaqueKey) Public() *jose.JSONWebKey { return nil }

// Algs returns all: see [ClientKey.Algorithm].
func (opaqueKey) Algs() []jose.SignatureAlgorithm {
	algorithms := make([]jose.SignatureAlgorithm, len(proofAlgorithms))
	for i, a := range proofAlgorithms {
		algorithms[i] = jose.SignatureAlgorithm(a.name)
	}
	return algorithms
}

// SignPayload signs, and refuses a signer that returns nothing.
func (sign opaqueKey) SignPayload(payload []byte, algorithm jose.SignatureAlgorithm) ([]byte, error) {
	signature, err := sign(payload, algorithm)
	if err == nil && len(signature) == 0 {
		return nil, errors.New("the signer returned no signature")
	}
	return signature, err
}
