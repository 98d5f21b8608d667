// What a proof costs: nothing to speak of beyond its signature.

package flows

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// BenchmarkDPoPSign compares, for each algorithm, a signed request with the
// signature alone, and for ES256 with a proof that the JOSE library makes.
func BenchmarkDPoPSign(b *testing.B) {
	for _, algorithm := range []string{"ES256", "EdDSA", "ES384", "PS256", "RS256"} {
		key, err := NewDPoPKey(algorithm)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(algorithm+"/request", func(b *testing.B) {
			d := NewDPoP(key)
			token := d.Bind("an-access-token")
			req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://mcp.example.com/mcp?x=y", nil)
			_, _ = d.Observe(&http.Response{StatusCode: 200, Request: req, Header: http.Header{headerDPoPNonce: {"eyJ7S_zG.eyJH0-Z.HX4w-7v"}}})
			b.ReportAllocs()
			for b.Loop() {
				if err := token.Sign(req); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(algorithm+"/signature", func(b *testing.B) {
			input := make([]byte, 400)
			var opts crypto.SignerOpts = key.algorithm.hash
			b.ReportAllocs()
			for b.Loop() {
				if _, err := key.signer.Sign(rand.Reader, key.algorithm.digest(input), opts); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("ES256/jose", benchmarkJOSE)
}

// benchmarkJOSE makes the same proof by the library, signer made beforehand.
func benchmarkJOSE(b *testing.B) {
	key, err := NewDPoPKey("ES256")
	if err != nil {
		b.Fatal(err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: cryptosigner.Opaque(key.signer)},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		claims, err := json.Marshal(map[string]any{
			"jti": rand.Text(), "htm": "POST", "htu": "https://mcp.example.com/mcp", "iat": time.Now().Unix(),
			"ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo", "nonce": "eyJ7S_zG.eyJH0-Z.HX4w-7v",
		})
		if err != nil {
			b.Fatal(err)
		}
		signed, err := signer.Sign(claims)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := signed.CompactSerialize(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDPoPObserve is what a response costs.
func BenchmarkDPoPObserve(b *testing.B) {
	key, err := NewDPoPKey("")
	if err != nil {
		b.Fatal(err)
	}
	req, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://mcp.example.com/mcp", nil)
	for name, header := range map[string]http.Header{"plain": {}, "nonce": {headerDPoPNonce: {"eyJ7S_zG.eyJH0-Z.HX4w-7v"}}} {
		b.Run(name, func(b *testing.B) {
			d, res := NewDPoP(key), &http.Response{StatusCode: 200, Request: req, Header: header}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.Observe(res); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// EXT-5: beside those of the signature, a proof makes a dozen allocations at
// most.
func TestDPoPSignAllocations(t *testing.T) {
	key, err := NewDPoPKey("")
	if err != nil {
		t.Fatal(err)
	}
	token := NewDPoP(key).Bind("an-access-token")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://mcp.example.com/mcp", nil)
	digest := sha256.Sum256(nil)
	floor := testing.AllocsPerRun(100, func() {
		_, _ = key.signer.(*ecdsa.PrivateKey).Sign(rand.Reader, digest[:], crypto.SHA256)
	})
	got := testing.AllocsPerRun(100, func() { _ = token.Sign(req) })
	if got > floor+12 {
		t.Errorf("%v allocations, %v of them the signature's", got, floor)
	}
}
