// DPoP key: the key pair that tokens are bound to.

package flows

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	// JWK encoding and thumbprints have corners (leading zeros, member order)
	// that a well-kept JOSE library has been through.
	"github.com/go-jose/go-jose/v4"

	"github.com/mcpoauth/mcpoauth/gen"
)

// DPoPKey is a private key for proofs, made for one grant by [NewDPoPKey] or
// given as a signer by [NewDPoPKeyFromSigner]. It is immutable, may be used by
// several goroutines at once, and prints as its thumbprint.
type DPoPKey struct {
	algorithm proofAlgorithm
	signer    crypto.Signer
	// protected is the first part of every proof with its dot: typ, alg and
	// the public key never change.
	protected  string
	thumbprint string
	// signatureLen is the length of a proof's last part with its dot.
	signatureLen int
}

// NewDPoPKey makes a key for ES256, ES384, ES512, EdDSA, PS256 or RS256; empty
// means ES256. RSA keys have 2048 bits and take a tenth of a second.
func NewDPoPKey(algorithm string) (*DPoPKey, error) {
	if algorithm == "" {
		algorithm = proofAlgorithms[0].name
	}
	var signer crypto.Signer
	var err error
	switch algorithm {
	case "ES256":
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		signer, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		signer, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case "PS256", "RS256":
		signer, err = rsa.GenerateKey(rand.Reader, minRSABits)
	}
	if err != nil {
		return nil, fmt.Errorf("flows: DPoP key: %w", err)
	}
	return NewDPoPKeyFromSigner(signer, algorithm)
}

// NewDPoPKeyFromSigner takes a key from elsewhere: a KMS, a TPM, a file. Its
// Sign is called for each request, at times by several goroutines at once.
// Empty means the preferred algorithm of the key's kind: for RSA that is PS256.
// The key must be ECDSA on P-256, P-384 or P-521, Ed25519, or RSA of 2048 to
// 8192 bits.
func NewDPoPKeyFromSigner(signer crypto.Signer, algorithm string) (*DPoPKey, error) {
	if signer == nil {
		return nil, fmt.Errorf("flows: DPoP key: no key for algorithm %q", bounded(algorithm))
	}
	found, ok := algorithmFor(signer.Public(), algorithm)
	if !ok {
		return nil, fmt.Errorf("flows: DPoP key: a key of type %T cannot sign with algorithm %q", signer.Public(), bounded(algorithm))
	}
	public := jose.JSONWebKey{Key: signer.Public()}
	encoded, err := public.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("flows: DPoP key: %w", err)
	}
	thumbprint, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("flows: DPoP key: %w", err)
	}
	header, err := json.Marshal(proofHeader{Type: "dpop+jwt", Algorithm: found.name, Key: encoded})
	if err != nil {
		return nil, fmt.Errorf("flows: DPoP key: %w", err)
	}
	return &DPoPKey{
		algorithm: found, signer: signer,
		protected:  base64.RawURLEncoding.EncodeToString(header) + ".",
		thumbprint: base64.RawURLEncoding.EncodeToString(thumbprint),

		signatureLen: 1 + base64.RawURLEncoding.EncodedLen(signatureBytes(signer.Public())),
	}, nil
}

// proofHeader is the JOSE header of a proof: RFC 9449 §4.2.
type proofHeader struct {
	Type      string          `json:"typ"`
	Algorithm string          `json:"alg"`
	Key       json.RawMessage `json:"jwk"`
}

// Algorithm returns the JWS algorithm, such as "ES256".
func (k *DPoPKey) Algorithm() string { return k.algorithm.name }

// Thumbprint returns the SHA-256 thumbprint of the public key: what dpop_jkt
// and a token's cnf.jkt hold.
//
// https://www.rfc-editor.org/rfc/rfc7638.html
func (k *DPoPKey) Thumbprint() string { return k.thumbprint }

// maxKeyBytes bounds a stored key: RSA with 8192 bits takes 6 KiB.
const maxKeyBytes = 16 << 10

// Encode returns the key as a private JWK, to be stored with the token. For a
// signer whose private key cannot be had the error is errors.ErrUnsupported:
// its owner hands it in again.
func (k *DPoPKey) Encode() (gen.Secret, error) {
	switch k.signer.(type) {
	case *ecdsa.PrivateKey, ed25519.PrivateKey, *rsa.PrivateKey:
	default:
		return "", fmt.Errorf("flows: DPoP key: the signer keeps its private key: %w", errors.ErrUnsupported)
	}
	encoded, err := (jose.JSONWebKey{Key: k.signer, Algorithm: k.algorithm.name}).MarshalJSON()
	if err != nil {
		return "", fmt.Errorf("flows: DPoP key: %w", err)
	}
	return gen.Secret(encoded), nil
}

// DecodeDPoPKey returns the key that Encode wrote. Public halves that do not
// belong to the private one are refused. Errors tell nothing of the key.
func DecodeDPoPKey(jwk gen.Secret) (*DPoPKey, error) {
	var stored jose.JSONWebKey
	if len(jwk) > maxKeyBytes || stored.UnmarshalJSON([]byte(jwk.Reveal())) != nil {
		return nil, errStoredKey
	}
	signer, ok := stored.Key.(crypto.Signer)
	if !ok || !consistent(signer) {
		return nil, errStoredKey
	}
	return NewDPoPKeyFromSigner(signer, stored.Algorithm)
}

var errStoredKey = errors.New("flows: DPoP key: what was stored is no private JWK")

// consistent says that the public key is that of the private one. The decoder
// has made sure of it for Ed25519 and RSA.
func consistent(signer crypto.Signer) bool {
	key, ok := signer.(*ecdsa.PrivateKey)
	if !ok {
		return true
	}
	scalar, err := key.Bytes()
	if err != nil {
		return false
	}
	derived, err := ecdsa.ParseRawPrivateKey(key.Curve, scalar)
	return err == nil && key.PublicKey.Equal(&derived.PublicKey)
}

// String names algorithm and thumbprint.
func (k DPoPKey) String() string { return "DPoP key " + k.algorithm.name + " " + k.thumbprint }

// Format writes String under every verb.
func (k DPoPKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// LogValue returns String.
func (k DPoPKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText returns String: JSON shows no key.
func (k DPoPKey) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
