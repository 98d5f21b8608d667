// Proofs: DPoP as a resource checks it, by the standard library alone.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-4.3

package interop

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"
)

// proofs remembers which proofs were shown and which nonce is due.
type proofs struct {
	mu    sync.Mutex
	seen  map[string]bool
	nonce string
}

type proofHeader struct {
	Typ, Alg string
	JWK      struct{ Kty, Crv, X, Y string }
}

type proofClaims struct {
	Htm, Htu, Jti, Ath, Nonce string
	Iat                       int64
}

var encoding = base64.RawURLEncoding

// check returns the error code of a bad proof, "" for a good one. With nonces
// each serves once, and the answer brings the next.
func (p *proofs) check(out http.Header, req *http.Request, token, thumbprint string, nonces bool) string {
	claims, err := readProof(req, token, thumbprint)
	p.mu.Lock()
	defer p.mu.Unlock()
	expected := p.nonce
	if nonces {
		p.nonce = rand.Text()
		out.Set("DPoP-Nonce", p.nonce)
	}
	switch {
	case err != nil || p.seen[claims.Jti]:
		return "invalid_dpop_proof"
	case nonces && (expected == "" || claims.Nonce != expected):
		return "use_dpop_nonce"
	}
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	p.seen[claims.Jti] = true
	return ""
}

func readProof(req *http.Request, token, thumbprint string) (*proofClaims, error) {
	parts := strings.Split(req.Header.Get("DPoP"), ".")
	if len(req.Header["Dpop"]) != 1 || len(parts) != 3 {
		return nil, errors.New("no proof, or several")
	}
	var header proofHeader
	var claims proofClaims
	if err := errors.Join(decode(parts[0], &header), decode(parts[1], &claims)); err != nil {
		return nil, err
	}
	if err := header.verify(parts); err != nil {
		return nil, err
	}
	hash := sha256.Sum256([]byte(token))
	switch {
	case header.thumbprint() != thumbprint:
		return nil, errors.New("another key's")
	case claims.Htm != req.Method || claims.Htu != "http://"+req.Host+req.URL.Path:
		return nil, errors.New("another request's")
	case claims.Ath != encoding.EncodeToString(hash[:]):
		return nil, errors.New("another token's")
	case time.Since(time.Unix(claims.Iat, 0)).Abs() > time.Minute:
		return nil, errors.New("from another time")
	}
	return &claims, nil
}

func (h *proofHeader) verify(parts []string) error {
	x, errX := encoding.DecodeString(h.JWK.X)
	y, errY := encoding.DecodeString(h.JWK.Y)
	signature, errS := encoding.DecodeString(parts[2])
	if err := errors.Join(errX, errY, errS); err != nil {
		return err
	}
	if h.Typ != "dpop+jwt" || h.Alg != "ES256" || h.JWK.Crv != "P-256" || len(x) != 32 || len(y) != 32 || len(signature) != 64 {
		return errors.New("no ES256 proof")
	}
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return errors.New("the signature is wrong")
	}
	return nil
}

// thumbprint is that of RFC 7638.
func (h *proofHeader) thumbprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, h.JWK.Crv, h.JWK.Kty, h.JWK.X, h.JWK.Y))
	return encoding.EncodeToString(sum[:])
}

func decode(part string, into any) error {
	text, err := encoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
