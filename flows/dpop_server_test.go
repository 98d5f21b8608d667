// A server that judges DPoP proofs with a JOSE library, in memory.

package flows_test

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

const (
	proofEndpoint = "https://as.example.com/token"
	proofResource = "https://rs.example.com/mcp"
)

// proof is what a request proved.
type proof struct {
	JTI   string          `json:"jti"`
	HTM   string          `json:"htm"`
	HTU   string          `json:"htu"`
	IAT   int64           `json:"iat"`
	ATH   string          `json:"ath"`
	Nonce string          `json:"nonce"`
	Alg   string          `json:"-"`
	JKT   string          `json:"-"`
	JWK   json.RawMessage `json:"-"`
}

// readProof verifies the signature and returns the claims.
func readProof(header http.Header) (proof, error) {
	var p proof
	values := header["Dpop"]
	if len(values) != 1 {
		return p, fmt.Errorf("%d proofs", len(values))
	}
	signed, err := jose.ParseSignedCompact(values[0], []jose.SignatureAlgorithm{jose.ES256, jose.ES384, jose.ES512, jose.EdDSA, jose.PS256, jose.RS256})
	if err != nil {
		return p, err
	}
	protected := signed.Signatures[0].Protected
	if protected.ExtraHeaders["typ"] != "dpop+jwt" || protected.JSONWebKey == nil || !protected.JSONWebKey.IsPublic() {
		return p, fmt.Errorf("header %+v", protected)
	}
	payload, err := signed.Verify(protected.JSONWebKey)
	if err != nil {
		return p, err
	}
	thumbprint, _ := protected.JSONWebKey.Thumbprint(crypto.SHA256)
	p.Alg, p.JKT = protected.Algorithm, base64.RawURLEncoding.EncodeToString(thumbprint)
	first, _, _ := strings.Cut(values[0], ".")
	p.JWK, _ = base64.RawURLEncoding.DecodeString(first)
	return p, json.Unmarshal(payload, &p)
}

// proofServer is a token endpoint and a resource that take nothing without a
// proof. Its fields may be changed between requests.
type proofServer struct {
	nonce     string            // demanded if it is not empty
	next      string            // sent along with successful answers
	clock     time.Duration     // ahead of ours
	tokenType string            // "" is DPoP; "-" is none
	refuse    map[string]any    // the answer to every token request
	header    http.Header       // sent with every answer
	before    func(n int) error // instead of sending number n, from 1

	mu    sync.Mutex
	seen  map[string]bool
	log   []proof
	forms []string
}

func (s *proofServer) client() *flows.Client { return &flows.Client{HTTP: s.http()} }

func (s *proofServer) http() *http.Client { return &http.Client{Transport: s} }

// RoundTrip is the network.
func (s *proofServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = req.ParseForm()
	s.forms = append(s.forms, req.PostForm.Encode())
	p, proofErr := readProof(req.Header)
	s.log = append(s.log, p)
	if s.before != nil {
		if err := s.before(len(s.log)); err != nil {
			return nil, err
		}
	}
	w := httptest.NewRecorder()
	maps.Copy(w.Header(), s.header)
	w.Header().Set("Date", time.Now().Add(s.clock).UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	s.answer(w, req, s.judge(req, p, proofErr), p)
	res := w.Result()
	res.Request = req
	return res, nil
}

// judge holds RFC 9449 §4.3.
func (s *proofServer) judge(req *http.Request, p proof, err error) string {
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	token, bound := strings.CutPrefix(req.Header.Get("Authorization"), "DPoP ")
	hash := sha256.Sum256([]byte(token))
	age := time.Since(time.Unix(p.IAT, 0)) + s.clock
	switch {
	case err != nil, p.HTM != req.Method, p.HTU != "https://"+req.URL.Host+req.URL.Path:
		return "invalid_dpop_proof"
	case bound && p.ATH != base64.RawURLEncoding.EncodeToString(hash[:]), !bound && p.ATH != "":
		return "invalid_dpop_proof"
	case len(p.JTI) < 16 || s.seen[p.JTI], age.Abs() > time.Minute:
		return "invalid_dpop_proof"
	case s.nonce != p.Nonce && s.nonce != "":
		return "use_dpop_nonce"
	}
	s.seen[p.JTI] = true
	return ""
}

func (s *proofServer) answer(w *httptest.ResponseRecorder, req *http.Request, code string, p proof) {
	if code == "use_dpop_nonce" && s.header["Dpop-Nonce"] == nil {
		w.Header().Set("DPoP-Nonce", s.nonce)
	}
	resource := req.URL.String() != proofEndpoint
	switch {
	case code != "" && resource:
		w.Header().Set("WWW-Authenticate", `DPoP algs="ES256", error="`+code+`"`)
		w.WriteHeader(http.StatusUnauthorized)
		return
	case code != "":
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{"error": code})
		return
	}
	if s.next != "" {
		w.Header().Set("DPoP-Nonce", s.next)
		s.nonce = s.next
	}
	body := s.refuse
	if body == nil {
		body = map[string]any{"access_token": "at-" + p.JKT, "refresh_token": "rt", "token_type": "DPoP", "expires_in": 60}
	} else {
		w.WriteHeader(http.StatusBadRequest)
	}
	switch s.tokenType {
	case "":
	case "-":
		delete(body, "token_type")
	default:
		body["token_type"] = s.tokenType
	}
	_ = json.NewEncoder(w).Encode(body)
}

// unique fails the test if a proof was used twice.
func (s *proofServer) unique(t *testing.T) {
	t.Helper()
	ids := make([]string, 0, len(s.log))
	for _, p := range s.log {
		ids = append(ids, p.JTI)
	}
	slices.Sort(ids)
	if slices.Contains(ids, "") || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Errorf("jti %q", ids)
	}
}

func newKey(t testing.TB, algorithm string) *flows.DPoPKey {
	t.Helper()
	key, err := flows.NewDPoPKey(algorithm)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// refreshWith is a token request that needs nothing but a proof.
func refreshWith(d *flows.DPoP) flows.RefreshRequest {
	return flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: proofEndpoint, Auth: flows.ClientAuth{ClientID: "c", Method: flows.AuthMethodNone}, DPoP: d,
		},
		RefreshToken: gen.Secret("rt"),
	}
}
