// Token requests with proofs: the proof, the nonce, the downgrade, the clock.

package flows_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// EXT-5: a proof at the token endpoint and at the refresh, in each algorithm.
func TestDPoPTokenRequest(t *testing.T) {
	for _, algorithm := range []string{"", "ES256", "ES384", "ES512", "EdDSA", "PS256", "RS256"} {
		t.Run("alg "+algorithm, func(t *testing.T) {
			t.Parallel()
			s, key := &proofServer{}, newKey(t, algorithm)
			in := refreshWith(flows.NewDPoP(key))
			token, err := s.client().ExchangeCode(t.Context(), flows.CodeRequest{TokenRequest: in.TokenRequest, Code: "c", Verifier: "v", RedirectURI: "http://127.0.0.1/cb"})
			if err != nil || token.TokenType != "DPoP" || token.AccessToken.Reveal() != "at-"+key.Thumbprint() {
				t.Fatal(token, err)
			}
			if _, err = s.client().Refresh(t.Context(), in); err != nil {
				t.Fatal(err)
			}
			s.unique(t)
			for _, p := range s.log {
				if p.ATH != "" || p.Nonce != "" || p.HTM != http.MethodPost || p.HTU != proofEndpoint || p.Alg != key.Algorithm() {
					t.Errorf("proof %+v", p)
				}
				if strings.Contains(string(p.JWK), `"d":`) {
					t.Error("the proof has the private key")
				}
			}
		})
	}
}

// EXT-5: the nonce is demanded once, remembered, and replaced by any answer's.
func TestDPoPTokenNonce(t *testing.T) {
	s, trace := &proofServer{nonce: "n1"}, ""
	c := s.client()
	c.Trace = &flows.Trace{Decision: func(_ context.Context, d flows.Decision) { trace += d.Step + " " + d.Outcome + ";" }}
	in := refreshWith(flows.NewDPoP(newKey(t, "")))
	nonces := func() (list string) {
		for _, p := range s.log {
			list += p.Nonce + ","
		}
		s.log = nil
		return list
	}
	steps := []struct{ demand, next, want string }{
		{"n1", "", ",n1,"},     // asked for
		{"n1", "n2", "n1,"},    // remembered
		{"n2", "", "n2,"},      // taken from a success
		{"n3", "", "n2,n3,"},   // gone stale
		{"", "n4", "n3,"},      // no longer demanded
		{"n4", "n5", "n4,"},    // but sent all the same
		{"n5", "", "n5,"},      //
		{"n6", "n7", "n5,n6,"}, // both in one
		{"n7", "", "n7,"},
	}
	for i, step := range steps {
		s.nonce, s.next = step.demand, step.next
		if _, err := c.Refresh(t.Context(), in); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		s.unique(t)
		if got := nonces(); got != step.want {
			t.Errorf("step %d: nonces %q, want %q", i, got, step.want)
		}
	}
	if want := strings.Repeat("dpop repeated;", 3); trace != want {
		t.Errorf("decisions %q", trace)
	}
	// Without a memory each request is sent twice.
	s.nonce, s.next = "n8", ""
	for range 2 {
		if _, err := c.Refresh(t.Context(), refreshWith(&flows.DPoP{Key: in.DPoP.Key})); err != nil {
			t.Fatal(err)
		}
	}
	if got := nonces(); got != ",n8,,n8," {
		t.Errorf("without a memory: %q", got)
	}
	// An error brings a nonce too.
	s.header, s.refuse = http.Header{"Dpop-Nonce": {"n9"}}, map[string]any{"error": "invalid_grant"}
	if _, err := c.Refresh(t.Context(), in); err == nil {
		t.Fatal("no error")
	}
	s.header, s.refuse, s.nonce, s.log = nil, nil, "n9", nil
	if _, err := c.Refresh(t.Context(), in); err != nil || len(s.log) != 1 {
		t.Error(err, len(s.log))
	}
}

// TOK-7: one repetition for the nonce, none without a usable one; nothing is
// final about it.
func TestDPoPTokenNonceRefused(t *testing.T) {
	tests := map[string]struct {
		nonces []string
		sends  int
		bad    bool
	}{
		"another each time":  {[]string{"other"}, 2, false},
		"none":               {[]string{}, 1, true},
		"two":                {[]string{"a", "b"}, 1, true},
		"a list":             {[]string{"a, b"}, 1, true},
		"empty":              {[]string{""}, 1, true},
		"quote":              {[]string{`a","ath":"x`}, 1, true},
		"backslash":          {[]string{`a\u0022`}, 1, true},
		"line break":         {[]string{"a\r\nX-Evil: 1"}, 1, true},
		"not ASCII":          {[]string{"nonçe"}, 1, true},
		"control characters": {[]string{"a\x00b\x7f"}, 1, true},
		"too long":           {[]string{strings.Repeat("n", 1025)}, 1, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &proofServer{nonce: "never", header: http.Header{"Dpop-Nonce": test.nonces}}
			_, err := s.client().Refresh(t.Context(), refreshWith(flows.NewDPoP(newKey(t, ""))))
			var token *flows.TokenError
			var refused *flows.DPoPError
			if !errors.As(err, &token) || token.Code != "use_dpop_nonce" || token.Final() || !flows.IsTemporary(err) || !errors.As(err, &refused) {
				t.Fatalf("%#v", err)
			}
			if len(s.log) != test.sends || refused.BadNonce != test.bad {
				t.Errorf("%d sendings, bad nonce %t", len(s.log), refused.BadNonce)
			}
			s.unique(t)
			for _, p := range s.log {
				if p.Nonce != "" && p.Nonce != "other" {
					t.Errorf("nonce %q", p.Nonce)
				}
			}
		})
	}
}

// TOK-6: a bearer token is no answer to a proof, a bound one none to its absence.
func TestDPoPDowngrade(t *testing.T) {
	key := newKey(t, "")
	tests := []struct {
		dpop      *flows.DPoP
		tokenType string
		want      string // token type, or the error's
	}{
		{flows.NewDPoP(key), "DPoP", "DPoP"},
		{flows.NewDPoP(key), "dpop", "DPoP"},
		{flows.NewDPoP(key), "Bearer", "downgrade"},
		{flows.NewDPoP(key), "-", "downgrade"},
		{flows.NewDPoP(key), "mac", "downgrade"},
		{&flows.DPoP{Key: key, AllowBearer: true}, "Bearer", "Bearer"},
		{&flows.DPoP{Key: key, AllowBearer: true}, "-", "Bearer"},
		{&flows.DPoP{Key: key, AllowBearer: true}, "DPoP", "DPoP"},
		{&flows.DPoP{Key: key, AllowBearer: true}, "mac", "refused"},
	}
	for _, test := range tests {
		s := &proofServer{tokenType: test.tokenType}
		token, err := s.client().Refresh(t.Context(), refreshWith(test.dpop))
		got := ""
		var downgrade *flows.DowngradeError
		switch {
		case errors.As(err, &downgrade):
			got = "downgrade"
		case errors.Is(err, validate.RuleTokenType):
			got = "refused"
		case err == nil:
			got = token.TokenType
		}
		if got != test.want || err != nil && (!errors.Is(err, validate.RuleTokenType) || flows.IsTemporary(err) || len(s.log) != 1) {
			t.Errorf("%q with %+v: %s, %v", test.tokenType, test.dpop, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "at-") {
			t.Errorf("the token is in %q", err)
		}
	}
	// Without a proof a bound token is of no use.
	c := &flows.Client{HTTP: &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.WriteString(`{"access_token":"at-x","token_type":"DPoP"}`)
		return w.Result(), nil
	})}}
	if _, err := c.Refresh(t.Context(), refreshWith(nil)); !errors.Is(err, validate.RuleTokenType) || errors.As(err, new(*flows.DowngradeError)) {
		t.Error(err)
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TOK-7: what never arrived goes out with a proof of its own.
func TestDPoPProofPerSending(t *testing.T) {
	s := &proofServer{nonce: "n", before: func(n int) error {
		if n == 1 || n == 3 {
			return &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return nil
	}}
	if _, err := s.client().Refresh(t.Context(), refreshWith(flows.NewDPoP(newKey(t, "")))); err != nil {
		t.Fatal(err)
	}
	if len(s.log) != 4 || s.log[3].Nonce != "n" {
		t.Errorf("%d sendings", len(s.log))
	}
	s.unique(t)
	for _, form := range s.forms {
		if form != s.forms[0] || !strings.Contains(form, "refresh_token=rt") {
			t.Errorf("forms %q", s.forms)
		}
	}
	// What may have arrived does not go out again.
	s = &proofServer{before: func(int) error { return syscall.ECONNRESET }}
	if _, err := s.client().Refresh(t.Context(), refreshWith(flows.NewDPoP(newKey(t, "")))); err == nil || len(s.log) != 1 {
		t.Error(err, len(s.log))
	}
}

// EXT-5: clocks ten minutes apart give an error that says so, and no repetition.
func TestDPoPClockSkew(t *testing.T) {
	for _, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		s := &proofServer{clock: skew}
		_, err := s.client().Refresh(t.Context(), refreshWith(flows.NewDPoP(newKey(t, ""))))
		var refused *flows.DPoPError
		var token *flows.TokenError
		if !errors.As(err, &refused) || (refused.ClockSkew-skew).Abs() > 5*time.Second || refused.BadNonce {
			t.Fatalf("%+v", err)
		}
		if !errors.As(err, &token) || token.Final() || token.Code != "invalid_dpop_proof" || len(s.log) != 1 {
			t.Error(err, len(s.log))
		}
		word := map[bool]string{true: "behind", false: "ahead of"}[skew > 0]
		if !strings.Contains(err.Error(), "the clock here is ") || !strings.Contains(err.Error(), word+" the server's") {
			t.Error(err)
		}
	}
}

// EXT-5: a key that does not sign, and no key at all, send nothing.
func TestDPoPNothingSent(t *testing.T) {
	broken := errors.New("the key service is away")
	key, err := flows.NewDPoPKeyFromSigner(&remoteSigner{Signer: p256(t), err: broken}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		dpop *flows.DPoP
		want error
	}{{flows.NewDPoP(key), broken}, {&flows.DPoP{}, nil}} {
		s := &proofServer{}
		_, err := s.client().Refresh(t.Context(), refreshWith(test.dpop))
		var token *flows.TokenError
		if !errors.As(err, &token) || token.Final() || len(s.log) != 0 || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%v, %d sendings", err, len(s.log))
		}
	}
}

// The nonce and its repetition take no longer than one token request may.
func TestDPoPTokenTime(t *testing.T) {
	s := &proofServer{nonce: "n"}
	var left []time.Duration
	c := &flows.Client{Timeout: time.Hour, HTTP: &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
		deadline, _ := req.Context().Deadline()
		left = append(left, time.Until(deadline))
		time.Sleep(time.Millisecond)
		return s.RoundTrip(req)
	})}}
	started := time.Now()
	if _, err := c.Refresh(t.Context(), refreshWith(flows.NewDPoP(newKey(t, "")))); err != nil {
		t.Fatal(err)
	}
	if len(left) != 2 || left[1] > time.Hour-time.Millisecond || time.Since(started) > time.Minute {
		t.Errorf("left %v", left)
	}
}

// EXT-5: the authorization request names the key.
func TestDPoPAuthorize(t *testing.T) {
	key := newKey(t, "")
	in := flows.AuthorizeRequest{
		Discovery: &flows.Discovery{Server: &gen.AuthorizationServerMetadata{
			Issuer: "https://as.example.com", AuthorizationEndpoint: "https://as.example.com/authorize", TokenEndpoint: proofEndpoint,
			ResponseTypesSupported: []string{"code"}, CodeChallengeMethodsSupported: []string{"S256"},
		}},
		Client: &gen.ClientInformation{ClientID: "c"}, RedirectURI: "http://127.0.0.1/cb",
		Params: url.Values{"dpop_jkt": {"forged"}},
	}
	for _, test := range []struct {
		key  *flows.DPoPKey
		want string
	}{{key, key.Thumbprint()}, {nil, "forged"}} {
		in.DPoPKey = test.key
		pending, err := new(flows.Client).Authorize(in)
		if err != nil {
			t.Fatal(err)
		}
		u, _ := url.Parse(pending.URL)
		if got := u.Query()["dpop_jkt"]; len(got) != 1 || got[0] != test.want {
			t.Errorf("dpop_jkt %q", got)
		}
	}
}
