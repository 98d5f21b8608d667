// DPoP algorithms: which signature a proof has.

package flows

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// maxRSABits: beyond, one signature takes a tenth of a second and more.
const maxRSABits = 8192

// proofAlgorithm is a JWS algorithm of RFC 7518 or RFC 8037.
type proofAlgorithm struct {
	name  string
	hash  crypto.Hash    // of the signing input; 0 for EdDSA, which takes it whole
	curve elliptic.Curve // nil for EdDSA and RSA
	pss   bool
}

// proofAlgorithms are in the order of preference: what every server knows
// first, then by the price of a signature.
var proofAlgorithms = []proofAlgorithm{
	{name: "ES256", hash: crypto.SHA256, curve: elliptic.P256()},
	{name: "EdDSA"},
	{name: "ES384", hash: crypto.SHA384, curve: elliptic.P384()},
	{name: "ES512", hash: crypto.SHA512, curve: elliptic.P521()},
	{name: "PS256", hash: crypto.SHA256, pss: true},
	{name: "RS256", hash: crypto.SHA256},
}

// SelectDPoPAlgorithm chooses the algorithm of a new key: the preferred one
// that is in all lists. They are the dpop_signing_alg_values_supported of the
// authorization server and of the resource, and the algs of its challenge (see
// [DPoPAlgorithms]); an empty list says nothing and allows all.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-5.1
func SelectDPoPAlgorithm(lists ...[]string) (string, error) {
	for _, a := range proofAlgorithms {
		if acceptedBy(a.name, lists) {
			return a.name, nil
		}
	}
	return "", fmt.Errorf("flows: DPoP: no algorithm that the servers and this library share (they list %s)", bounded(fmt.Sprint(lists)))
}

// AcceptedBy is the same question for a key that is there already: nil, or an
// error that names its algorithm.
func (k *DPoPKey) AcceptedBy(lists ...[]string) error {
	if acceptedBy(k.algorithm.name, lists) {
		return nil
	}
	return fmt.Errorf("flows: DPoP: the key signs with %s, which not all servers take (they list %s)", k.algorithm.name, bounded(fmt.Sprint(lists)))
}

func acceptedBy(algorithm string, lists [][]string) bool {
	return !slices.ContainsFunc(lists, func(list []string) bool {
		return len(list) > 0 && !slices.Contains(list, algorithm)
	})
}

// DPoPAlgorithms returns the algs parameter of a challenge (RFC 9449 §7.1);
// empty when it has none, or challenge is nil.
func DPoPAlgorithms(challenge *Challenge) []string {
	return strings.Fields(challenge.param("algs"))
}

// DPoPDemanded reports whether a resource takes bound tokens only: its metadata
// says so, or it offers DPoP and no Bearer. A nil resource says nothing.
func DPoPDemanded(resource *gen.ProtectedResourceMetadata, challenges []Challenge) bool {
	return resource != nil && resource.DPoPBoundAccessTokensRequired || DPoPOnly(challenges)
}

// algorithmFor finds the named algorithm if the key can sign with it; without
// a name, the preferred one.
func algorithmFor(key crypto.PublicKey, name string) (proofAlgorithm, bool) {
	at := slices.IndexFunc(proofAlgorithms, func(a proofAlgorithm) bool {
		return (name == "" || a.name == name) && a.fits(key)
	})
	if at < 0 {
		return proofAlgorithm{}, false
	}
	return proofAlgorithms[at], true
}

func (a proofAlgorithm) fits(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return key != nil && a.curve != nil && key.Curve == a.curve
	case ed25519.PublicKey:
		return a.hash == 0
	case *rsa.PublicKey:
		return key != nil && a.curve == nil && a.hash != 0 &&
			key.N.BitLen() >= minRSABits && key.N.BitLen() <= maxRSABits
	}
	return false
}

// signatureBytes is the length of a JWS signature by a key.
func signatureBytes(key crypto.PublicKey) int {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return 2 * curveBytes(key.Curve)
	case *rsa.PublicKey:
		return key.Size()
	}
	return ed25519.SignatureSize
}

// curveBytes is the length of each of the two numbers of a signature.
func curveBytes(curve elliptic.Curve) int { return (curve.Params().BitSize + 7) / 8 }
