// DPoP keys: made, given, stored, printed.

package flows_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// remoteSigner hides the private key, as a KMS does.
type remoteSigner struct {
	crypto.Signer
	err  error
	sign func(digest []byte) ([]byte, error)
}

// Sign signs, or fails.
func (s *remoteSigner) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	if s.sign != nil {
		return s.sign(digest)
	}
	return s.Signer.Sign(random, digest, opts)
}

func p256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// proofOf has the key sign a request.
func proofOf(t testing.TB, key *flows.DPoPKey) (proof, error) {
	t.Helper()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, proofResource, nil)
	if err := flows.NewDPoP(key).Bind("at").Sign(req); err != nil {
		return proof{}, err
	}
	return readProof(req.Header)
}

// EXT-5: a stored key is the same key.
func TestDPoPKeyStored(t *testing.T) {
	for _, algorithm := range []string{"ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			key := newKey(t, algorithm)
			stored, err := key.Encode()
			if err != nil {
				t.Fatal(err)
			}
			back, err := flows.DecodeDPoPKey(stored)
			if err != nil || back.Thumbprint() != key.Thumbprint() || back.Algorithm() != algorithm {
				t.Fatal(back, err)
			}
			if p, err := proofOf(t, back); err != nil || p.JKT != key.Thumbprint() || p.Alg != algorithm {
				t.Error(p, err)
			}
			if again, err := back.Encode(); err != nil || again != stored {
				t.Error("encoded in another way", err)
			}
		})
	}
}

// RFC 7638 gives thumbprints by example; this is that of RFC 9449's own key.
func TestDPoPThumbprint(t *testing.T) {
	public := `"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"`
	var jwk struct{ Crv, X, Y string }
	if err := json.Unmarshal([]byte("{"+public+"}"), &jwk); err != nil {
		t.Fatal(err)
	}
	point := append([]byte{4}, append(unbase64(t, jwk.X), unbase64(t, jwk.Y)...)...)
	known, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	key, err := flows.NewDPoPKeyFromSigner(publicOnly{known}, "")
	if err != nil || key.Thumbprint() != "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" {
		t.Error(key, err)
	}
}

// publicOnly is a signer that cannot sign.
type publicOnly struct{ key crypto.PublicKey }

// Public returns the key.
func (s publicOnly) Public() crypto.PublicKey { return s.key }

// Sign never does.
func (publicOnly) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("no private key")
}

// A signer in a KMS signs as any other and cannot be stored.
func TestDPoPKeyFromSigner(t *testing.T) {
	key, err := flows.NewDPoPKeyFromSigner(&remoteSigner{Signer: p256(t)}, "ES256")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := proofOf(t, key); err != nil || p.JKT != key.Thumbprint() {
		t.Error(p, err)
	}
	if _, err := key.Encode(); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	// Signatures that are none, a short one that is padded among them, are
	// never sent.
	for name, answer := range map[string]string{
		"empty": "", "raw": strings.Repeat("x", 64), "trailing": "\x30\x06\x02\x01\x01\x02\x01\x01\x00",
		"zero": "\x30\x06\x02\x01\x00\x02\x01\x01", "negative": "\x30\x06\x02\x01\x01\x02\x01\xff",
		"too large": "\x30\x26\x02\x21\x01" + strings.Repeat("\x00", 32) + "\x02\x01\x01",
	} {
		key, err := flows.NewDPoPKeyFromSigner(&remoteSigner{Signer: p256(t), sign: func([]byte) ([]byte, error) { return []byte(answer), nil }}, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := proofOf(t, key); err == nil || !strings.HasPrefix(err.Error(), "flows: DPoP proof: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Keys and algorithms that do not go together are refused before anything is signed.
func TestDPoPKeyRefused(t *testing.T) {
	p224, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	_, edwards, _ := ed25519.GenerateKey(rand.Reader)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		signer    crypto.Signer
		algorithm string
	}{
		{nil, ""}, {nil, "ES256"}, {p224, ""}, {p256(t), "ES384"}, {p256(t), "EdDSA"}, {p256(t), "RS256"}, {p256(t), "none"}, {p256(t), "HS256"},
		{edwards, "ES256"}, {weak, "RS256"}, {weak, ""}, {publicOnly{(*ecdsa.PublicKey)(nil)}, ""}, {publicOnly{nil}, ""},
	} {
		if key, err := flows.NewDPoPKeyFromSigner(test.signer, test.algorithm); err == nil || key != nil {
			t.Errorf("%T with %q: %v", test.signer, test.algorithm, key)
		}
	}
	for _, algorithm := range []string{"none", "HS256", "es256", "ES256K"} {
		if key, err := flows.NewDPoPKey(algorithm); err == nil || key != nil {
			t.Errorf("made a key for %q", algorithm)
		}
	}
}

// RFC 7518 §3.5: the salt of PS256 is as long as its hash; strict servers take
// no other.
func TestDPoPSalt(t *testing.T) {
	signer, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	key, err := flows.NewDPoPKeyFromSigner(signer, "PS256")
	if err != nil {
		t.Fatal(err)
	}
	req := newRequest(t, "POST", proofResource)
	if err := flows.NewDPoP(key).Bind("t").Sign(req); err != nil {
		t.Fatal(err)
	}
	compact := req.Header.Get("DPoP")
	dot := strings.LastIndexByte(compact, '.')
	digest := sha256.Sum256([]byte(compact[:dot]))
	if err := rsa.VerifyPSS(&signer.PublicKey, crypto.SHA256, digest[:], unbase64(t, compact[dot+1:]), &rsa.PSSOptions{SaltLength: sha256.Size}); err != nil {
		t.Error(err)
	}
}

// storedKeys are not keys: public ones, mixed ones, others.
func storedKeys(t testing.TB) map[string]gen.Secret {
	member := func(stored gen.Secret, name string) json.RawMessage {
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(stored.Reveal()), &m); err != nil {
			t.Fatal(err)
		}
		return m[name]
	}
	encode := func(algorithm string) gen.Secret {
		stored, err := newKey(t, algorithm).Encode()
		if err != nil {
			t.Fatal(err)
		}
		return stored
	}
	swap := func(into, from gen.Secret) gen.Secret {
		return gen.Secret(strings.Replace(into.Reveal(), string(member(into, "d")), string(member(from, "d")), 1))
	}
	ec := encode("ES256")
	return map[string]gen.Secret{
		"empty": "", "no JSON": "x", "null": "null", "object": "{}",
		"public":    gen.Secret(strings.Replace(ec.Reveal(), `,"d":`+string(member(ec, "d")), "", 1)),
		"symmetric": `{"kty":"oct","k":"c2VjcmV0"}`,
		"mixed EC":  swap(ec, encode("ES256")), "mixed Ed25519": swap(encode("EdDSA"), encode("EdDSA")),
		"other algorithm": gen.Secret(strings.Replace(ec.Reveal(), "ES256", "RS256", 1)),
		"too long":        gen.Secret(ec.Reveal() + strings.Repeat(" ", 16<<10)),
		"cut":             ec[:len(ec)-10],
	}
}

func TestDPoPKeyDecodeRefuses(t *testing.T) {
	for name, stored := range storedKeys(t) {
		key, err := flows.DecodeDPoPKey(stored)
		if err == nil || key != nil {
			t.Errorf("%s: %v", name, key)
		} else if len(stored) > 20 && strings.Contains(err.Error(), stored.Reveal()[:20]) {
			t.Errorf("%s: the key is in %q", name, err)
		}
	}
}

// SEC: neither key nor token prints.
func TestDPoPPrintsRedacted(t *testing.T) {
	key := newKey(t, "")
	stored, _ := key.Encode()
	var jwk struct{ D string }
	_ = json.Unmarshal([]byte(stored.Reveal()), &jwk)
	dpop := flows.NewDPoP(key)
	bound := dpop.Bind("the-access-token")
	request := refreshWith(dpop)
	for _, v := range []any{key, *key, stored, dpop, *dpop, bound, *bound, request, &request, bound.Authorization()} {
		text, _ := json.Marshal(v)
		var b strings.Builder
		slog.New(slog.NewTextHandler(&b, nil)).InfoContext(context.Background(), "x", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&b, verb, v)
		}
		for _, secret := range []string{jwk.D, fmt.Sprint(unbase64(t, jwk.D)), "the-access-token", fmt.Sprintf("%x", "the-access-token")} {
			if strings.Contains(b.String()+string(text), secret) {
				t.Errorf("%T shows %q", v, secret)
			}
		}
	}
	if got := key.String(); got != "DPoP key ES256 "+key.Thumbprint() {
		t.Error(got)
	}
	if fmt.Sprint((*flows.DPoPKey)(nil)) != "<nil>" {
		t.Error("nil key")
	}
	if bound.Authorization().Reveal() != "DPoP the-access-token" {
		t.Error("authorization")
	}
}

// EXT-5: the algorithm is one that all servers list.
func TestSelectDPoPAlgorithm(t *testing.T) {
	for _, test := range []struct {
		lists [][]string
		want  string
	}{
		{nil, "ES256"}, {[][]string{nil, {}}, "ES256"},
		{[][]string{{"RS256", "ES256"}}, "ES256"}, {[][]string{{"RS256", "PS256"}, {"RS256"}}, "RS256"},
		{[][]string{{"ES384", "EdDSA"}, nil}, "EdDSA"}, {[][]string{{"ES256"}, {"ES384"}}, ""}, {[][]string{{"none", "HS256", "ES256K"}}, ""},
	} {
		got, err := flows.SelectDPoPAlgorithm(test.lists...)
		if got != test.want || (err == nil) != (got != "") {
			t.Errorf("%v: %q, %v", test.lists, got, err)
		}
		if got == "" || strings.HasSuffix(got, "S256") && got[0] != 'E' {
			continue
		}
		if err := newKey(t, got).AcceptedBy(test.lists...); err != nil {
			t.Error(err)
		}
	}
	if err := newKey(t, "").AcceptedBy([]string{"RS256\x1b[2J"}); err == nil || strings.ContainsRune(err.Error(), '\x1b') {
		t.Error(err)
	}
	challenges := flows.ParseChallenges(http.Header{"Www-Authenticate": {`DPoP algs="ES256 PS256", error="invalid_token"`}})
	if got := flows.DPoPAlgorithms(&challenges[0]); fmt.Sprint(got) != "[ES256 PS256]" || len(flows.DPoPAlgorithms(nil)) != 0 {
		t.Error(got)
	}
	for _, test := range []struct {
		resource   *gen.ProtectedResourceMetadata
		challenges []flows.Challenge
		want       bool
	}{{nil, nil, false}, {nil, challenges, true}, {&gen.ProtectedResourceMetadata{}, nil, false}, {&gen.ProtectedResourceMetadata{DPoPBoundAccessTokensRequired: true}, nil, true}} {
		if flows.DPoPDemanded(test.resource, test.challenges) != test.want {
			t.Errorf("%+v", test)
		}
	}
}
