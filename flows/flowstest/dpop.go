// DPoP: what a proof of possession has to be.

package flowstest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// DPoPConfig says how an authorization server or a resource treats proofs of
// possession (RFC 9449). The zero value takes no notice of them.
type DPoPConfig struct {
	Policy DPoPPolicy
	// Algs are allowed and listed. nil: ES256, ES384, RS256, PS256, EdDSA.
	Algs []string
	// Nonce says which proofs need a nonce.
	Nonce DPoPNonce
	// Window is how old a proof may be; 0 is one minute.
	Window time.Duration
}

// DPoPPolicy says what is done with proofs.
type DPoPPolicy int

// The policies of proofs.
const (
	// DPoPOff takes no notice of proofs. A resource refuses tokens that are
	// bound to a key: it could not tell who sends them.
	DPoPOff DPoPPolicy = iota
	// DPoPOptional lists the algorithms. An authorization server binds tokens
	// to the key of the request's proof, if it has one; a resource challenges
	// with DPoP and Bearer, and takes both.
	DPoPOptional
	// DPoPRequired refuses requests without a proof; a resource challenges with
	// DPoP only and lists dpop_bound_access_tokens_required.
	DPoPRequired
	// DPoPDowngrade is an authorization server that checks proofs and answers
	// with Bearer tokens all the same; for a resource it is DPoPOptional.
	DPoPDowngrade
)

// DPoPNonce says which proofs need a nonce of the server's (RFC 9449 §8, §9).
type DPoPNonce int

// The nonce policies.
const (
	// NonceOff needs none.
	NonceOff DPoPNonce = iota
	// NonceRequired needs the present nonce, which the answer to a proof
	// without it holds, and which changes when RotateDPoPNonce is called.
	NonceRequired
	// NonceEachAnswer takes each nonce once; every answer, that of success
	// too, holds the next.
	NonceEachAnswer
	// NonceInsatiable answers every proof with use_dpop_nonce and a new nonce.
	NonceInsatiable
)

const (
	headerDPoP      = "DPoP"
	headerDPoPNonce = "DPoP-Nonce"
)

func (c DPoPConfig) algs() []string {
	if c.Algs != nil {
		return c.Algs
	}
	return asymmetric
}

// A proofGuard checks the proofs that one server receives. The zero value is
// ready.
type proofGuard struct {
	used   replays
	nonces nonces
}

// A proofRequest is a request with what its proof has to be for.
type proofRequest struct {
	*http.Request
	target string // the URL without query
	token  string // that the request carries; "" at the token endpoint
	now    time.Time
}

// check judges the one proof of a request and returns the thumbprint of its
// key. RFC 9449 §4.3: https://www.rfc-editor.org/rfc/rfc9449#section-4.3
func (g *proofGuard) check(config DPoPConfig, request proofRequest) (jkt string, err *Error) {
	jkt, token, reason := readProof(config, request)
	if reason == nil {
		reason = checkProofClaims(config, request, token.claims)
	}
	if reason != nil {
		return "", refuse(errInvalidProof, "the DPoP proof is refused: "+reason.Error())
	}
	until := request.now.Add(2*or(config.Window, time.Minute) + clockSkew)
	if !g.used.first(jkt+" "+token.claims.text("jti"), request.now, until) {
		return "", refuse(errInvalidProof, "the DPoP proof is refused: its jti was used before")
	}
	if !g.nonces.accept(config.Nonce, token.claims.text("nonce")) {
		return "", refuse(errUseNonce, "the DPoP proof needs the server's nonce")
	}
	return jkt, nil
}

// readProof reads the proof of a request and verifies its signature with the
// key in its header.
func readProof(config DPoPConfig, request proofRequest) (jkt string, token *signedJWT, err error) {
	values := request.Header.Values(headerDPoP)
	if len(values) != 1 {
		return "", nil, fmt.Errorf("there are %d of them", len(values))
	}
	if token, err = parseJWT(values[0], config.algs()); err != nil {
		return "", nil, err
	}
	key := token.header.JSONWebKey
	switch {
	case token.headerText("typ") != "dpop+jwt":
		return "", nil, fmt.Errorf("typ is %q", token.headerText("typ"))
	case key == nil:
		return "", nil, errors.New("jwk is missing")
	case !key.Valid() || !key.IsPublic():
		return "", nil, errors.New("jwk is no public key")
	}
	return thumbprint(key), token, token.verify(key.Key)
}

func checkProofClaims(config DPoPConfig, request proofRequest, claims claims) error {
	if claims.text("jti") == "" {
		return errors.New("jti is missing")
	}
	if claims.text("htm") != request.Method {
		return fmt.Errorf("htm is %q", claims.text("htm"))
	}
	if !sameTarget(claims.text("htu"), request.target) {
		return fmt.Errorf("htu is %q, not %q", claims.text("htu"), request.target)
	}
	issued, ok := claims.time("iat")
	age := request.now.Sub(issued)
	switch {
	case !ok:
		return errors.New("iat is missing or no number")
	case age > or(config.Window, time.Minute), age < -clockSkew:
		return fmt.Errorf("it was made %v ago", age.Round(time.Second))
	}
	if request.token == "" {
		return nil
	}
	sum := sha256.Sum256([]byte(request.token))
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(claims.text("ath")), []byte(hash)) != 1 {
		return errors.New("ath is missing or of another token")
	}
	return nil
}

// sameTarget compares htu with a URL after the normalization of RFC 3986 §6.2.2
// and §6.2.3. htu has neither query nor fragment: RFC 9449 §4.2.
func sameTarget(htu, target string) bool {
	a, err := url.Parse(htu)
	if err != nil || strings.ContainsAny(htu, "?#") || a.User != nil {
		return false
	}
	b, err := url.Parse(target)
	return err == nil && normalTarget(a) == normalTarget(b)
}

func normalTarget(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if scheme == "https" {
		host = strings.TrimSuffix(host, ":443")
	} else {
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host + or(u.EscapedPath(), "/")
}

// proof checks the proof of a back-channel request and returns the thumbprint
// of its key; "" when there is none and none is needed.
// RFC 9449 §5: https://www.rfc-editor.org/rfc/rfc9449#section-5
func (x *exchange) proof(client Client) (jkt string, err *Error) {
	config := x.config.DPoP
	if config.Policy == DPoPOff {
		return "", nil
	}
	if len(x.r.Header.Values(headerDPoP)) == 0 {
		if config.Policy == DPoPRequired || client.DPoPBound {
			return "", refuse(errInvalidProof, "the DPoP proof is missing")
		}
		return "", nil
	}
	jkt, err = x.proofs.check(config, proofRequest{Request: x.r, target: x.base + x.r.URL.EscapedPath(), now: x.now})
	if err != nil && err.Code == errUseNonce {
		x.w.Header().Set(headerDPoPNonce, x.proofs.nonces.next(config.Nonce))
	}
	return jkt, err
}

// offerNonce puts the next nonce into an answer, whatever it will be.
// RFC 9449 §8.2: https://www.rfc-editor.org/rfc/rfc9449#section-8.2
func (x *exchange) offerNonce() { x.proofs.offer(x.config.DPoP, x.w) }

func (g *proofGuard) offer(config DPoPConfig, w http.ResponseWriter) {
	if config.Policy != DPoPOff && config.Nonce == NonceEachAnswer {
		w.Header().Set(headerDPoPNonce, g.nonces.next(config.Nonce))
	}
}

// RotateDPoPNonce lets the present nonce of the token endpoint no longer work.
func (s *AuthorizationServer) RotateDPoPNonce() { s.proofs.nonces.rotate() }

// RotateDPoPNonce lets the present nonce of the resource no longer work.
func (s *Resource) RotateDPoPNonce() { s.proofs.nonces.rotate() }

// proofAlgs returns the algs parameter of a challenge: RFC 9449 §7.1.
func proofAlgs(config DPoPConfig) string {
	return `algs="` + strings.Join(config.algs(), " ") + `"`
}
