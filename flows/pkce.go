// PKCE: the verifier, its S256 challenge, and the state beside it.

package flows

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"

	"github.com/mcpoauth/mcpoauth/gen"
)

// randomString returns n bytes from crypto/rand in the unreserved alphabet of
// base64url: 32 bytes give the 43 characters that RFC 7636 §4.1 asks for at
// least. crypto/rand.Read never fails.
func randomString(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// newVerifier returns a fresh code verifier of 43 characters.
//
// https://www.rfc-editor.org/rfc/rfc7636.html#section-4.1
func newVerifier() gen.Secret { return gen.Secret(randomString(32)) }

// challengeS256 is BASE64URL(SHA256(verifier)). The plain method is never used.
//
// https://www.rfc-editor.org/rfc/rfc7636.html#section-4.2
func challengeS256(verifier gen.Secret) string {
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// newState returns a fresh state with 32 random bytes.
func newState() string { return randomString(32) }
