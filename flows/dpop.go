// DPoP: proof of possession of the key that a token is bound to.

package flows

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The header fields of DPoP, as net/http spells them.
const (
	headerDPoP      = "Dpop"
	headerDPoPNonce = "Dpop-Nonce"
)

// The errors of RFC 9449 that are about the proof and not about what came
// with it: neither the grant nor the token is worse for them.
const (
	errorUseDPoPNonce     = "use_dpop_nonce"
	errorInvalidDPoPProof = "invalid_dpop_proof"
)

// DPoP makes tokens worthless to a thief: each request that carries one also
// carries a proof, signed for that request alone by the key that the token was
// issued for. Given to a [TokenRequest] it obtains such a token; Bind then makes
// requests with it. The fields must not be changed after the first use; the
// methods may be called by several goroutines at once.
//
// https://www.rfc-editor.org/rfc/rfc9449.html
type DPoP struct {
	// Key signs the proofs. Required. The token, and for public clients the
	// refresh token too, works with this key only: keep it with them.
	Key *DPoPKey
	// Nonces remembers what the servers want to find in the next proof; all
	// requests of a session share one. Nil remembers nothing: a token endpoint
	// that wants a nonce is asked twice each time, and of a resource that
	// wants one no request succeeds.
	Nonces *DPoPNonces
	// AllowBearer takes a bearer token from a server that does not bind
	// tokens. Never set it when the resource demands DPoP. The zero value
	// refuses such an answer as a downgrade.
	AllowBearer bool
}

// NewDPoP returns a DPoP with key that remembers nonces and refuses bearer
// tokens.
func NewDPoP(key *DPoPKey) *DPoP { return &DPoP{Key: key, Nonces: new(DPoPNonces)} }

var errNoDPoPKey = errors.New("flows: DPoP: no key")

// Bind prepares requests with an access token that was issued for the key. It
// panics without a key. The result lives as long as the token.
func (d *DPoP) Bind(accessToken gen.Secret) *DPoPToken {
	if d.Key == nil {
		panic(errNoDPoPKey)
	}
	// RFC 9449 §4.2: ath is the hash of the token's ASCII bytes.
	hash := sha256.Sum256([]byte(accessToken.Reveal()))
	return &DPoPToken{
		key: d.Key, nonces: d.Nonces,
		ath:           base64.RawURLEncoding.EncodeToString(hash[:]),
		authorization: []string{"DPoP " + accessToken.Reveal()},
	}
}

// Observe takes the nonce from a response of the resource; show it each one,
// whatever its status, that of an unsigned request too. again says that the
// resource wants this nonce in the proof: the same request, signed anew, may
// succeed. Send it once more and not twice. An error is a [*DPoPError]: the
// proof was refused for another reason, which says nothing against the token.
// The body is not touched.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-9
func (d *DPoP) Observe(res *http.Response) (again bool, err error) {
	values, offered := res.Header[headerDPoPNonce]
	if !offered && res.StatusCode != http.StatusUnauthorized {
		return false, nil
	}
	stored := false
	if nonce, ok := nonceIn(values); ok && d.Nonces != nil && res.Request != nil {
		if t, err := targetOf(res.Request); err == nil {
			d.Nonces.put(roleResource, t, nonce)
			stored = true
		}
	}
	if res.StatusCode != http.StatusUnauthorized {
		return false, nil
	}
	switch code := proofErrorIn(res.Header); {
	case code == errorUseDPoPNonce && stored:
		return true, nil
	case code != "":
		return false, newDPoPError(code, offered, res.Header)
	}
	return false, nil
}

// proofErrorIn returns the error of the challenges that is about the proof;
// empty when there is none.
func proofErrorIn(header http.Header) string {
	challenges := ParseChallenges(header)
	at := slices.IndexFunc(challenges, func(c Challenge) bool {
		return c.feedsOAuth() && (c.ErrorCode() == errorUseDPoPNonce || c.ErrorCode() == errorInvalidDPoPProof)
	})
	if at < 0 {
		return ""
	}
	return challenges[at].ErrorCode()
}

// DPoPToken is an access token together with the key that it is bound to. It is
// immutable, may be used by several goroutines at once, and prints redacted.
type DPoPToken struct {
	key           *DPoPKey
	nonces        *DPoPNonces
	ath           string
	authorization []string
}

// Sign sets the header fields Authorization and DPoP of req, which must be the
// caller's own with a header map that is not nil. The proof is for this method
// and URL, for one sending: sign anew, or copy and sign, to send again. Package
// net/http sends a GET again on its own when a connection that it had kept is
// lost; a resource that has seen the first copy refuses the second with
// invalid_dpop_proof, and a fresh proof serves. An error means that the URL
// cannot stand in a proof or that the key did not sign; req is then unchanged.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-7.1
func (t *DPoPToken) Sign(req *http.Request) error {
	at, err := targetOf(req)
	if err != nil {
		return err
	}
	proof, err := t.key.prove(methodOf(req), at, t.ath, t.nonces.get(roleResource, at))
	if err != nil {
		return err
	}
	req.Header["Authorization"] = t.authorization
	req.Header[headerDPoP] = []string{proof}
	return nil
}

// Authorization is the value of the header field Authorization that Sign sets.
func (t *DPoPToken) Authorization() gen.Secret { return gen.Secret(t.authorization[0]) }

// String names the key and not the token.
func (t DPoPToken) String() string {
	if t.key == nil {
		return "DPoP token"
	}
	return "DPoP token bound to " + t.key.thumbprint
}

// Format writes String under every verb.
func (t DPoPToken) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(t.String())) }

// LogValue returns String.
func (t DPoPToken) LogValue() slog.Value { return slog.StringValue(t.String()) }

// MarshalText returns String.
func (t DPoPToken) MarshalText() ([]byte, error) { return []byte(t.String()), nil }
