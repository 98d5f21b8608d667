// DPoP proof: the JWT that says who sends which request, and when.

package flows

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// target is where a request goes: htu in its parts, normalised.
type target struct{ scheme, host, path string }

// targetOf returns the target URI without query and fragment (RFC 9449 §4.2).
// Scheme and host are normalised as RFC 3986 §6.2.2 and §6.2.3 have it; so is
// an empty path. The path stays as it goes over the wire: servers that compare
// bytes see just that, and those that normalise (RFC 9449 §4.3) do it to both
// sides.
func targetOf(req *http.Request) (target, error) {
	u := req.URL
	if u == nil || u.Opaque != "" {
		return target{}, errors.New("flows: DPoP proof: the request has no plain URL")
	}
	// The server knows itself by the Host field.
	host := req.Host
	if host == "" {
		host = u.Host
	}
	t := target{scheme: strings.ToLower(u.Scheme), host: strings.ToLower(host), path: u.EscapedPath()}
	switch t.scheme {
	case "https":
		t.host = strings.TrimSuffix(t.host, ":443")
	case "http":
		t.host = strings.TrimSuffix(t.host, ":80")
	default:
		return target{}, errors.New("flows: DPoP proof: the URL is neither https nor http")
	}
	t.host = strings.TrimSuffix(t.host, ":")
	if t.path == "" {
		t.path = "/"
	}
	if t.host == "" || !isPlain(t.host) || !isPlain(t.path) {
		return target{}, errors.New("flows: DPoP proof: the URL has no host, or characters that no URL has")
	}
	return t, nil
}

// isPlain holds NQCHAR of RFC 6749, appendix A: visible ASCII without quote and
// backslash, which stands in a JSON string as it is.
func isPlain(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// prove makes a proof for one sending of one request; an empty ath or nonce is
// left out. Nothing of it is used twice: jti has 128 random bits.
//
// It is written out here rather than by a JOSE library because it is on the
// path of every request, where the library adds nearly the time of a second
// signature and 160 allocations (BenchmarkDPoPSign). What is fixed was encoded
// by the library with the key; all that is added has been checked to need no
// escaping. The tests have the library verify what comes out.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-4.2
func (k *DPoPKey) prove(method string, t target, ath, nonce string) (string, error) {
	if !isPlain(method) {
		return "", errors.New("flows: DPoP proof: the method is none")
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	var scratch [512]byte
	claims := append(scratch[:0], `{"jti":"`...)
	claims = base64.RawURLEncoding.AppendEncode(claims, id[:])
	claims = append(append(claims, `","htm":"`...), method...)
	claims = append(append(claims, `","htu":"`...), t.scheme...)
	claims = append(append(append(claims, "://"...), t.host...), t.path...)
	claims = strconv.AppendInt(append(claims, `","iat":`...), time.Now().Unix(), 10)
	if ath != "" {
		claims = append(append(append(claims, `,"ath":"`...), ath...), '"')
	}
	if nonce != "" {
		claims = append(append(append(claims, `,"nonce":"`...), nonce...), '"')
	}
	claims = append(claims, '}')

	proof := make([]byte, 0, len(k.protected)+base64.RawURLEncoding.EncodedLen(len(claims))+k.signatureLen)
	proof = base64.RawURLEncoding.AppendEncode(append(proof, k.protected...), claims)
	signature, err := k.algorithm.sign(k.signer, proof)
	if err != nil {
		return "", fmt.Errorf("flows: DPoP proof: %w", err)
	}
	proof = base64.RawURLEncoding.AppendEncode(append(proof, '.'), signature)
	return string(proof), nil
}

// sign returns a JWS signature: RFC 7518 §3.
func (a proofAlgorithm) sign(signer crypto.Signer, input []byte) ([]byte, error) {
	var opts crypto.SignerOpts = a.hash
	if a.pss {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
	}
	signature, err := signer.Sign(rand.Reader, a.digest(input), opts)
	if err != nil || a.curve == nil {
		return signature, err
	}
	return rawSignature(signature, curveBytes(a.curve))
}

func (a proofAlgorithm) digest(input []byte) []byte {
	switch a.hash {
	case crypto.SHA256:
		digest := sha256.Sum256(input)
		return digest[:]
	case crypto.SHA384:
		digest := sha512.Sum384(input)
		return digest[:]
	case crypto.SHA512:
		digest := sha512.Sum512(input)
		return digest[:]
	}
	return input
}

// rawSignature turns the ASN.1 form of an ECDSA signature, which signers return, into
// the two numbers of equal length that JWS wants: RFC 7518 §3.4.
func rawSignature(der []byte, size int) ([]byte, error) {
	var pair struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &pair)
	if err != nil || len(rest) > 0 || pair.R.Sign() <= 0 || pair.S.Sign() <= 0 ||
		pair.R.BitLen() > 8*size || pair.S.BitLen() > 8*size {
		return nil, errors.New("the signer returned no ECDSA signature")
	}
	signature := make([]byte, 2*size)
	pair.R.FillBytes(signature[:size])
	pair.S.FillBytes(signature[size:])
	return signature, nil
}
