// Helpers: JWTs of clients, issuers and holders of keys.

package flowstest_test

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

const (
	clientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	longSecret          = "0123456789abcdef0123456789abcdef"
)

// Keys that tests share: those of RSA take long to make.
var (
	rs256 = sync.OnceValue(func() *flowstest.SigningKey { return flowstest.NewSigningKey("RS256") })
	es256 = sync.OnceValue(func() *flowstest.SigningKey { return flowstest.NewSigningKey("ES256") })
	other = sync.OnceValue(func() *flowstest.SigningKey { return flowstest.NewSigningKey("ES256") })
)

var serial atomic.Int64

// members are changes to a header or to claims; nil removes.
type members = map[string]any

// claimsFor returns the claims of an assertion, good for a minute.
func claimsFor(issuer, subject, audience string, edits members) members {
	now := time.Now()
	return edited(members{
		"iss": issuer, "sub": subject, "aud": audience, "jti": fmt.Sprint("jti-", serial.Add(1)),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}, edits)
}

func edited(claims, edits members) members {
	maps.Copy(claims, edits)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// machineForm is a client credentials request with a client assertion.
func machineForm(assertion string, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {"client_credentials"}, "resource": {resource}, "scope": {"a"},
		"client_assertion_type": {clientAssertionType}, "client_assertion": {assertion},
	}, changes)
}

// proofOf returns a DPoP proof.
func proofOf(key *flowstest.SigningKey, method, target, token string, header, edits members) string {
	claims := members{
		"jti": fmt.Sprint("proof-", serial.Add(1)), "htm": method, "htu": target, "iat": time.Now().Unix(),
	}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	all := members{"typ": "dpop+jwt", "kid": nil, "jwk": key.JWK()}
	maps.Copy(all, header)
	return key.Sign(all, edited(claims, edits))
}

// postProof posts a form with DPoP proofs.
func postProof(t *testing.T, as *flowstest.AuthorizationServer, endpoint string, form url.Values, proofs ...string) answer {
	t.Helper()
	header := http.Header{"Dpop": proofs}
	return send(t, as.Client(), http.MethodPost, as.Endpoint(endpoint), "application/x-www-form-urlencoded", form.Encode(), header)
}

func ago(d time.Duration) int64 { return time.Now().Add(-d).Unix() }

// thumbprints returns x5t and x5t#S256 of a certificate.
func thumbprints(certificate tls.Certificate) (old, sum string) {
	first, second := sha1.Sum(certificate.Leaf.Raw), sha256.Sum256(certificate.Leaf.Raw)
	return base64.RawURLEncoding.EncodeToString(first[:]), base64.RawURLEncoding.EncodeToString(second[:])
}
