// Requests to a resource with proofs: what is signed, and whose nonce it is.

package flows_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
)

func unbase64(t testing.TB, s string) []byte {
	t.Helper()
	decoded, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

func newRequest(t testing.TB, method, rawURL string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, rawURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// call signs, sends and observes a request, and once more if that is due.
func call(t testing.TB, s http.RoundTripper, d *flows.DPoP, bound *flows.DPoPToken, rawURL string) (status, sends int, err error) {
	t.Helper()
	for sends = 1; ; sends++ {
		req := newRequest(t, http.MethodPost, rawURL)
		if err := bound.Sign(req); err != nil {
			t.Fatal(err)
		}
		res, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.Observe(res)
		if !again || sends == 2 {
			return res.StatusCode, sends, err
		}
	}
}

// EXT-5: a request carries the token under the scheme DPoP, and a proof of its own.
func TestDPoPSign(t *testing.T) {
	key := newKey(t, "")
	d := flows.NewDPoP(key)
	// Token and hash are those of RFC 9449 §7.1.
	const token, ath = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU", "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
	bound := d.Bind(token)
	req := newRequest(t, http.MethodDelete, "https://rs.example.com/mcp?session=1")
	req.Header.Set("Authorization", "Bearer old")
	req.Header.Set("DPoP", "old")
	if err := bound.Sign(req); err != nil {
		t.Fatal(err)
	}
	p, err := readProof(req.Header)
	if err != nil {
		t.Fatal(err)
	}
	if p.HTM != http.MethodDelete || p.HTU != "https://rs.example.com/mcp" || p.ATH != ath || p.JKT != key.Thumbprint() || p.Nonce != "" {
		t.Errorf("%+v", p)
	}
	if at := time.Unix(p.IAT, 0); time.Since(at).Abs() > 5*time.Second {
		t.Errorf("iat %v", at)
	}
	if got := req.Header["Authorization"]; len(got) != 1 || got[0] != "DPoP "+token {
		t.Errorf("authorization %q", got)
	}
}

// RFC 9449 §4.2, §4.3: htu has neither query nor fragment, and is normalised.
func TestDPoPTarget(t *testing.T) {
	bound := flows.NewDPoP(newKey(t, "")).Bind("t")
	for raw, want := range map[string]string{
		"https://rs.example.com/mcp?a=b&c=d#e":  "https://rs.example.com/mcp",
		"HTTPS://RS.Example.COM/MCP":            "https://rs.example.com/MCP",
		"https://rs.example.com":                "https://rs.example.com/",
		"https://rs.example.com?q":              "https://rs.example.com/",
		"https://rs.example.com:443/":           "https://rs.example.com/",
		"https://rs.example.com:/":              "https://rs.example.com/",
		"https://rs.example.com:8443/":          "https://rs.example.com:8443/",
		"https://rs.example.com:80/":            "https://rs.example.com:80/",
		"http://127.0.0.1:80/x":                 "http://127.0.0.1/x",
		"http://[::1]:8080/x":                   "http://[::1]:8080/x",
		"https://rs.example.com/a%2Fb/%C3%A9":   "https://rs.example.com/a%2Fb/%C3%A9",
		"https://rs.example.com/é x\"\\":        "https://rs.example.com/%C3%A9%20x%22%5C",
		"https://rs.example.com/a/../b":         "https://rs.example.com/a/../b",
		"https://user:pw@rs.example.com/mcp//x": "https://rs.example.com/mcp//x",
	} {
		req := newRequest(t, "", raw)
		req.Method = ""
		if err := bound.Sign(req); err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if p, err := readProof(req.Header); err != nil || p.HTU != want || p.HTM != "GET" {
			t.Errorf("%s: %+v, %v", raw, p, err)
		}
	}
	// The server knows itself by the Host field.
	req := newRequest(t, "GET", "https://10.0.0.1/mcp")
	req.Host = "RS.example.com:443"
	if err := bound.Sign(req); err != nil {
		t.Fatal(err)
	}
	if p, _ := readProof(req.Header); p.HTU != "https://rs.example.com/mcp" {
		t.Error(p.HTU)
	}
}

// Nothing that a URL or a method holds can add a claim; the request stays as it is.
func TestDPoPSignRefuses(t *testing.T) {
	bound := flows.NewDPoP(newKey(t, "")).Bind("t")
	for name, req := range map[string]*http.Request{
		"quote in host":       {URL: &url.URL{Scheme: "https", Host: `a","ath":"b`}},
		"quote in Host":       {URL: &url.URL{Scheme: "https", Host: "a"}, Host: `a"b`},
		"break in host":       {URL: &url.URL{Scheme: "https", Host: "a\r\nb"}},
		"not ASCII":           {URL: &url.URL{Scheme: "https", Host: "bücher.example"}},
		"no host":             {URL: &url.URL{Scheme: "https", Path: "/"}},
		"port only":           {URL: &url.URL{Scheme: "https", Host: ":443"}},
		"no URL":              {},
		"opaque":              {URL: &url.URL{Scheme: "https", Opaque: "//a/b"}},
		"scheme":              {URL: &url.URL{Scheme: "ftp", Host: "a"}},
		"quote in method":     {Method: `GET","x":"`, URL: &url.URL{Scheme: "https", Host: "a"}},
		"backslash in method": {Method: `GET\`, URL: &url.URL{Scheme: "https", Host: "a"}},
	} {
		req.Header = http.Header{}
		if err := bound.Sign(req); err == nil || len(req.Header) != 0 {
			t.Errorf("%s: %v, %v", name, err, req.Header)
		}
	}
	broken := errors.New("away")
	key, _ := flows.NewDPoPKeyFromSigner(&remoteSigner{Signer: p256(t), err: broken}, "")
	req := newRequest(t, "GET", proofResource)
	if err := flows.NewDPoP(key).Bind("t").Sign(req); !errors.Is(err, broken) || len(req.Header) != 0 {
		t.Error(err, req.Header)
	}
}

// DISC-1, EXT-5: the resource's nonce costs one request, and then none.
func TestDPoPObserve(t *testing.T) {
	s, d := &proofServer{nonce: "n1"}, flows.NewDPoP(newKey(t, ""))
	bound := d.Bind("t")
	for i, step := range []struct {
		demand, next string
		sends        int
	}{{"n1", "", 2}, {"n1", "n2", 1}, {"n2", "", 1}, {"n3", "n4", 2}, {"n4", "", 1}} {
		s.nonce, s.next = step.demand, step.next
		if status, sends, err := call(t, s, d, bound, proofResource); status != 200 || sends != step.sends || err != nil {
			t.Errorf("step %d: %d after %d sendings, %v", i, status, sends, err)
		}
	}
	s.unique(t)
}

// What a response means, and what it does not.
func TestDPoPObserveAnswers(t *testing.T) {
	nonce := []string{"n"}
	tests := map[string]struct {
		status    int
		nonce     []string
		challenge string
		again     bool
		code      string // of the error
		kept      bool
	}{
		"nothing":               {status: 200},
		"nonce with success":    {status: 200, nonce: nonce, kept: true},
		"nonce with a 500":      {status: 500, nonce: nonce, kept: true},
		"demand":                {status: 401, nonce: nonce, challenge: `DPoP error="use_dpop_nonce"`, again: true, kept: true},
		"demand among others":   {status: 401, nonce: nonce, challenge: `Basic realm="x", Bearer, dpop algs="ES256", error="use_dpop_nonce"`, again: true, kept: true},
		"demand without nonce":  {status: 401, challenge: `DPoP error="use_dpop_nonce"`, code: "use_dpop_nonce"},
		"demand with two":       {status: 401, nonce: []string{"a", "b"}, challenge: `DPoP error="use_dpop_nonce"`, code: "use_dpop_nonce"},
		"demand with injection": {status: 401, nonce: []string{`a","htu":"x`}, challenge: `DPoP error="use_dpop_nonce"`, code: "use_dpop_nonce"},
		"demand in a 400":       {status: 400, nonce: nonce, challenge: `DPoP error="use_dpop_nonce"`, kept: true},
		"demand of another":     {status: 401, nonce: nonce, challenge: `Negotiate error="use_dpop_nonce"`, kept: true},
		"proof refused":         {status: 401, challenge: `DPoP error="invalid_dpop_proof"`, code: "invalid_dpop_proof"},
		"token refused":         {status: 401, nonce: nonce, challenge: `DPoP error="invalid_token"`, kept: true},
		"bare 401":              {status: 401},
		"nonce in quotes":       {status: 200, nonce: []string{`"n"`}},
		"nonce too long":        {status: 200, nonce: []string{strings.Repeat("n", 1025)}},
		"nonce at the bound":    {status: 200, nonce: []string{strings.Repeat("n", 1024)}, kept: true},
	}
	for name, test := range tests {
		d := flows.NewDPoP(newKey(t, ""))
		res := &http.Response{StatusCode: test.status, Header: http.Header{}, Request: newRequest(t, "POST", proofResource)}
		if test.nonce != nil {
			res.Header["Dpop-Nonce"] = test.nonce
		}
		if test.challenge != "" {
			res.Header.Set("WWW-Authenticate", test.challenge)
		}
		again, err := d.Observe(res)
		code := ""
		if refused, ok := errors.AsType[*flows.DPoPError](err); ok {
			code = refused.Code
		}
		if again != test.again || code != test.code || (err != nil) != (code != "") {
			t.Errorf("%s: %t, %v", name, again, err)
		}
		req := newRequest(t, "POST", proofResource)
		_ = d.Bind("t").Sign(req)
		if p, _ := readProof(req.Header); (p.Nonce != "") != test.kept {
			t.Errorf("%s: the next proof has nonce %q", name, p.Nonce)
		}
		// Without a memory nothing is due, and nothing breaks.
		res.Header.Del("WWW-Authenticate")
		if again, err := (&flows.DPoP{Key: d.Key}).Observe(res); again || err != nil {
			t.Errorf("%s without a memory: %t, %v", name, again, err)
		}
	}
	res := &http.Response{StatusCode: 200, Header: http.Header{"Dpop-Nonce": nonce}}
	if again, err := flows.NewDPoP(newKey(t, "")).Observe(res); again || err != nil {
		t.Error("a response without its request:", again, err)
	}
}

// RFC 9449 §9: a nonce goes to the server that issued it, and to no other.
func TestDPoPNonceStaysHome(t *testing.T) {
	d := flows.NewDPoP(newKey(t, ""))
	bound := d.Bind("t")
	nonceAt := func(rawURL string) string {
		req := newRequest(t, "GET", rawURL)
		if err := bound.Sign(req); err != nil {
			t.Fatal(err)
		}
		p, _ := readProof(req.Header)
		return p.Nonce
	}
	issue := func(rawURL, nonce string) {
		_, _ = d.Observe(&http.Response{StatusCode: 200, Header: http.Header{"Dpop-Nonce": {nonce}}, Request: newRequest(t, "GET", rawURL)})
	}
	issue("https://rs.example.com/mcp", "home")
	for raw, want := range map[string]string{
		"https://rs.example.com/other":    "home",
		"https://RS.example.com:443/":     "home",
		"http://rs.example.com/mcp":       "",
		"https://rs.example.com:8443/mcp": "",
		"https://evil.example/mcp":        "",
		"https://s.example.com/mcp":       "",
		"https://rs.example.com.evil/mcp": "",
	} {
		if got := nonceAt(raw); got != want {
			t.Errorf("%s: %q", raw, got)
		}
	}
	// An authorization server at the resource's origin has nonces of its own.
	s := &proofServer{}
	issue(proofEndpoint, "of-the-resource")
	if _, err := s.client().Refresh(t.Context(), refreshWith(d)); err != nil || s.log[0].Nonce != "" {
		t.Error(err, s.log)
	}
	s.next = "of-the-authorization-server"
	if _, err := s.client().Refresh(t.Context(), refreshWith(d)); err != nil {
		t.Fatal(err)
	}
	if got := nonceAt(proofEndpoint); got != "of-the-resource" {
		t.Errorf("the resource gets %q", got)
	}
	// Servers come and go: the oldest make room.
	for i := range 20 {
		issue("https://h"+string(rune('a'+i))+".example/", "n")
	}
	if nonceAt("https://rs.example.com/mcp") != "" || nonceAt("https://ht.example/") != "n" {
		t.Error("the bound does not hold")
	}
}

// A proof that was overheard is of no use: not again, not elsewhere, not for
// another method or token, not later.
func TestDPoPStolenProof(t *testing.T) {
	s, d := &proofServer{}, flows.NewDPoP(newKey(t, ""))
	bound := d.Bind("t")
	send := func(req *http.Request) int {
		res, err := s.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	signed := func() *http.Request {
		req := newRequest(t, "POST", proofResource)
		if err := bound.Sign(req); err != nil {
			t.Fatal(err)
		}
		return req
	}
	thief := func(change func(*http.Request)) *http.Request {
		req := signed().Clone(context.Background())
		change(req)
		return req
	}
	used := signed()
	if send(used) != 200 || send(used.Clone(context.Background())) != 401 {
		t.Error("replay")
	}
	for name, req := range map[string]*http.Request{
		"other URL":    thief(func(r *http.Request) { r.URL.Path = "/admin" }),
		"other host":   thief(func(r *http.Request) { r.URL.Host = "evil.example" }),
		"other method": thief(func(r *http.Request) { r.Method = "DELETE" }),
		"other token":  thief(func(r *http.Request) { r.Header.Set("Authorization", "DPoP other") }),
		"as bearer":    thief(func(r *http.Request) { r.Header.Set("Authorization", "Bearer t") }),
		"no proof":     thief(func(r *http.Request) { r.Header.Del("DPoP") }),
		"at the token endpoint": thief(func(r *http.Request) {
			r.URL, _ = url.Parse(proofEndpoint)
			r.Header.Del("Authorization")
		}),
	} {
		if send(req) == 200 {
			t.Error(name)
		}
	}
	late := signed()
	s.clock = 10 * time.Minute
	if send(late) == 200 {
		t.Error("ten minutes later")
	}
}

// One key serves many requests at once, and no proof comes twice.
func TestDPoPConcurrent(t *testing.T) {
	s, d := &proofServer{nonce: "n0"}, flows.NewDPoP(newKey(t, ""))
	bound := d.Bind("t")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				status, _, err := call(t, s, d, bound, proofResource)
				if status != 200 || err != nil {
					t.Error(status, err)
				}
			}
		})
	}
	wg.Go(func() {
		if _, err := s.client().Refresh(t.Context(), refreshWith(d)); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	s.unique(t)
}

// Bind without a key is a mistake of the program.
func TestDPoPBindWithoutKey(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	new(flows.DPoP).Bind("t")
}
