// Foreign bytes on their way into a proof: nonces, URLs, stored keys.

package flows_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// claimsOf returns the claims of a signed request by name. A name that comes
// twice counts once, as it does for a server: the count is checked apart.
func claimsOf(t *testing.T, req *http.Request) map[string]any {
	t.Helper()
	if _, err := readProof(req.Header); err != nil {
		t.Fatal(err)
	}
	payload := unbase64(t, strings.Split(req.Header.Get("DPoP"), ".")[1])
	claims := make(map[string]any)
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatalf("%q: %v", payload, err)
	}
	written := 0
	for decoder, depth := json.NewDecoder(strings.NewReader(string(payload))), 0; ; {
		token, err := decoder.Token()
		if err != nil {
			break
		}
		if delim, ok := token.(json.Delim); ok {
			depth += map[json.Delim]int{'{': 1, '}': -1}[delim]
			continue
		}
		written++
	}
	if written != 2*len(claims) {
		t.Fatalf("%q has a claim twice", payload)
	}
	return claims
}

// SEC: whatever a server sends as nonce, a proof has it as it is or not at all.
func FuzzDPoPNonce(f *testing.F) {
	for _, seed := range []string{"", "n", "eyJ7S_zG.eyJH0-Z.HX4w-7v", `a","ath":"x`, `\u0022`, "a b", "é", "\x00", " n ", strings.Repeat("n", 1025)} {
		f.Add(seed)
	}
	key, err := flows.NewDPoPKey("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, nonce string) {
		d, req := flows.NewDPoP(key), newRequest(t, "POST", proofResource)
		if _, err := d.Observe(&http.Response{StatusCode: 200, Request: req, Header: http.Header{"Dpop-Nonce": {nonce}}}); err != nil {
			t.Fatal(err)
		}
		if err := d.Bind("t").Sign(req); err != nil {
			t.Fatal(err)
		}
		claims := claimsOf(t, req)
		got, ok := claims["nonce"]
		if ok && (got != strings.Trim(nonce, " \t") || len(claims) != 6) || !ok && len(claims) != 5 {
			t.Errorf("%q became %v", nonce, claims)
		}
	})
}

// SEC: whatever the URL, the proof has the claims it should and no others, or
// there is none.
func FuzzDPoPTarget(f *testing.F) {
	for _, seed := range []string{proofResource, "http://[::1]:80", `https://a"b/c`, "https://a/\"\\?x#y", "https://a:443", "mailto:x", "https://é/é", "//a", "https://a/%22%5c%00"} {
		f.Add("POST", seed, "")
		f.Add("", seed, `h","htu":"x`)
	}
	key, err := flows.NewDPoPKey("")
	if err != nil {
		f.Fatal(err)
	}
	bound := flows.NewDPoP(key).Bind("t")
	f.Fuzz(func(t *testing.T, method, raw, host string) {
		u, err := url.Parse(raw)
		if err != nil {
			return
		}
		req := &http.Request{Method: method, URL: u, Host: host, Header: http.Header{}}
		if bound.Sign(req) != nil {
			return
		}
		claims := claimsOf(t, req)
		htu, _ := claims["htu"].(string)
		if len(claims) != 5 || strings.ContainsAny(htu, "?# \"\\") || !strings.HasPrefix(htu, "http") {
			// A path or host with a raw ? or # would have been cut or escaped.
			t.Errorf("%q (Host %q) became %v", raw, host, claims)
		}
	})
}

// SEC: what is no key is refused, what is one works.
func FuzzDecodeDPoPKey(f *testing.F) {
	for _, stored := range storedKeys(f) {
		f.Add(stored.Reveal())
	}
	for _, algorithm := range []string{"ES256", "ES512", "EdDSA", "RS256"} {
		stored, err := newKey(f, algorithm).Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(stored.Reveal())
	}
	f.Fuzz(func(t *testing.T, stored string) {
		key, err := flows.DecodeDPoPKey(gen.Secret(stored))
		if err != nil {
			if key != nil {
				t.Error("a key beside an error")
			}
			return
		}
		if p, err := proofOf(t, key); err != nil || p.JKT != key.Thumbprint() {
			t.Errorf("%q: %v", stored, err)
		}
		again, err := key.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := flows.DecodeDPoPKey(again); err != nil || back.Thumbprint() != key.Thumbprint() || back.Algorithm() != key.Algorithm() {
			t.Error(back, err)
		}
	})
}
