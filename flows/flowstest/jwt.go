// JWT: strict reading of a signed JWT, its header, claims and signature.

package flowstest

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // x5t is SHA-1 by definition
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// clockSkew is how far a client's clock may be ahead of the server's.
const clockSkew = 5 * time.Second

// A signedJWT is a JWT in compact form whose signature has yet to be verified.
type signedJWT struct {
	jws    *jose.JSONWebSignature
	header jose.Header
	claims claims
}

// parseJWT reads a JWT whose algorithm is one of algs.
// RFC 7519 §7.2: https://www.rfc-editor.org/rfc/rfc7519#section-7.2
func parseJWT(value string, algs []string) (*signedJWT, error) {
	allowed := make([]jose.SignatureAlgorithm, len(algs))
	for i, alg := range algs {
		allowed[i] = jose.SignatureAlgorithm(alg)
	}
	jws, err := jose.ParseSignedCompact(value, allowed)
	if err != nil {
		return nil, err
	}
	members, err := readObject(bytes.NewReader(jws.UnsafePayloadWithoutVerification()))
	if err != nil {
		return nil, fmt.Errorf("the claims are no JSON object: %w", err)
	}
	return &signedJWT{jws: jws, header: jws.Signatures[0].Header, claims: members}, nil
}

// headerText returns a string member of the header, "" when there is none.
func (j *signedJWT) headerText(name string) string {
	return stringOf(j.header.ExtraHeaders[jose.HeaderKey(name)])
}

// verify checks the signature with a public key or a secret.
func (j *signedJWT) verify(key any) error {
	if _, err := j.jws.Verify(key); err != nil {
		return errors.New("the signature does not verify")
	}
	return nil
}

// verifyIn checks the signature with the key of a key set that the header
// names by kid, x5t or x5t#S256 (RFC 7515 §4.1), or that is the only one of
// the right kind.
func (j *signedJWT) verifyIn(set json.RawMessage) error {
	keys, err := publicKeys(set)
	if err != nil {
		return err
	}
	fits := slices.DeleteFunc(keys, func(key jose.JSONWebKey) bool { return !j.names(key) })
	switch len(fits) {
	case 0:
		return errors.New("no key of the key set fits kid, x5t and alg")
	case 1:
		return j.verify(fits[0].Key)
	}
	return errors.New("several keys of the key set fit, and the header names none")
}

// names reports whether the header and a key go together.
func (j *signedJWT) names(key jose.JSONWebKey) bool {
	if j.header.KeyID != "" && j.header.KeyID != key.KeyID {
		return false
	}
	if x5t := j.headerText("x5t"); x5t != "" && x5t != encodeThumbprint(key.CertificateThumbprintSHA1) {
		return false
	}
	if x5t := j.headerText("x5t#S256"); x5t != "" && x5t != encodeThumbprint(key.CertificateThumbprintSHA256) {
		return false
	}
	return (key.Algorithm == "" || key.Algorithm == j.header.Algorithm) && (key.Use == "" || key.Use == "sig")
}

func encodeThumbprint(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum) }

// publicKeys reads a key set. Keys of unknown kinds are passed over
// (RFC 7517 §5); private and symmetric ones are an error.
func publicKeys(set json.RawMessage) ([]jose.JSONWebKey, error) {
	var document struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(set, &document); err != nil {
		return nil, fmt.Errorf("the key set is malformed: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, member := range document.Keys {
		var key jose.JSONWebKey
		err := key.UnmarshalJSON(member)
		if errors.Is(err, jose.ErrUnsupportedKeyType) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the key set is malformed: %w", err)
		}
		if !key.Valid() || !key.IsPublic() {
			return nil, errors.New("the key set holds a key that is not public")
		}
		if len(key.Certificates) > 0 {
			old, sum := sha1.Sum(key.Certificates[0].Raw), sha256.Sum256(key.Certificates[0].Raw) //nolint:gosec // x5t is SHA-1 by definition
			key.CertificateThumbprintSHA1, key.CertificateThumbprintSHA256 = old[:], sum[:]
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// claims are the claims of a JWT (RFC 7519 §4).
type claims map[string]any

func (c claims) text(name string) string { return stringOf(c[name]) }

// audience returns aud, which is a string or a list of them.
func (c claims) audience() []string {
	if one := c.text("aud"); one != "" {
		return []string{one}
	}
	list, _ := stringsOf(c["aud"])
	return list
}

// time returns a NumericDate claim and whether there is one.
func (c claims) time(name string) (time.Time, bool) {
	seconds, ok := c[name].(float64)
	if !ok || math.Abs(seconds) > math.MaxInt32*4 {
		return time.Time{}, false
	}
	return time.Unix(0, 0).Add(time.Duration(seconds * float64(time.Second))), true
}

// checkTimes demands an exp that is to come, within life unless it is 0, and
// neither iat nor nbf to come. RFC 7523 §3:
// https://www.rfc-editor.org/rfc/rfc7523#section-3
func (c claims) checkTimes(now time.Time, life time.Duration) error {
	expires, ok := c.time("exp")
	switch {
	case !ok:
		return errors.New("exp is missing or no number")
	case !now.Before(expires):
		return errors.New("it has expired")
	case life > 0 && expires.Sub(now) > life+clockSkew:
		return fmt.Errorf("exp is more than %v ahead", life)
	}
	for _, name := range []string{"iat", "nbf"} {
		at, ok := c.time(name)
		if c[name] != nil && !ok {
			return errors.New(name + " is no number")
		}
		if ok && at.Sub(now) > clockSkew {
			return errors.New(name + " is to come")
		}
	}
	return nil
}
