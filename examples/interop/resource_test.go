// Resource: a protected server in front of a provider, which it asks about
// every token.

package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

const (
	scopeRead  = "notes:read"  // what a GET needs
	scopeWrite = "notes:write" // what a POST needs
)

// resourceOptions say what is unusual. The zero value takes bearer tokens.
type resourceOptions struct {
	dpop  bool // demands tokens bound to a key
	nonce bool // and a nonce in each proof
}

// resource is a protected server. What it asks the provider is asked by hand
// and not through the library.
type resource struct {
	resourceOptions
	server *httptest.Server
	url    string
	issuer string
	secret gen.Secret
	proofs proofs

	mu       sync.Mutex      // guards what follows
	rejected map[string]bool // tokens that it no longer takes
	served   []gen.Secret    // the tokens of the requests that were granted
}

func newResource(t *testing.T, p *provider, profile string, options resourceOptions) *resource {
	t.Helper()
	r := &resource{resourceOptions: options, issuer: p.urls[profile], secret: p.secret, rejected: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/oauth-protected-resource/mcp", r.metadata)
	mux.HandleFunc("/mcp", r.serve)
	r.server = httptest.NewServer(mux)
	t.Cleanup(r.server.Close)
	r.url = r.server.URL + "/mcp"
	return r
}

func (r *resource) metadata(w http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{
		"resource": r.url, "authorization_servers": []string{r.issuer},
		"scopes_supported": []string{scopeRead}, "bearer_methods_supported": []string{"header"},
	}
	if r.dpop {
		doc["dpop_bound_access_tokens_required"] = true
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(doc)
}

// serve grants a request with a good token, and challenges the others.
func (r *resource) serve(w http.ResponseWriter, req *http.Request) {
	scheme, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if token == "" {
		r.challenge(w, http.StatusUnauthorized, "", "")
		return
	}
	said, err := r.admit(req.Context(), scheme, token)
	if err != nil {
		r.challenge(w, http.StatusUnauthorized, "invalid_token", "")
		return
	}
	if said.Cnf.JKT != "" {
		if code := r.proofs.check(w.Header(), req, token, said.Cnf.JKT, r.nonce); code != "" {
			r.challenge(w, http.StatusUnauthorized, code, "")
			return
		}
	}
	needed := scopeRead
	if req.Method == http.MethodPost {
		needed = scopeWrite
	}
	if !slices.Contains(strings.Fields(said.Scope), needed) {
		r.challenge(w, http.StatusForbidden, "insufficient_scope", needed)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served = append(r.served, gen.Secret(token))
	fmt.Fprintf(w, "%s with %s", req.Method, said.Scope)
}

// introspected is what the resource reads of an answer.
type introspected struct {
	Active bool   `json:"active"`
	Aud    string `json:"aud"`
	Sub    string `json:"sub"`
	Scope  string `json:"scope"`
	Cnf    struct {
		JKT string `json:"jkt"`
		X5T string `json:"x5t#S256"`
	} `json:"cnf"`
}

func (r *resource) introspect(ctx context.Context, token string) (*introspected, error) {
	form := url.Values{"token": {token}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.issuer+"/token/introspection", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "resource")
	req.SetBasicAuth("resource", r.secret.Reveal())
	res, err := plain.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("introspection: %s", res.Status)
	}
	said := new(introspected)
	return said, json.NewDecoder(res.Body).Decode(said)
}

// admit judges a token without its proof and scope.
func (r *resource) admit(ctx context.Context, scheme, token string) (*introspected, error) {
	r.mu.Lock()
	rejected := r.rejected[token]
	r.mu.Unlock()
	if rejected {
		return nil, errors.New("rejected")
	}
	said, err := r.introspect(ctx, token)
	if err != nil {
		return nil, err
	}
	bound := said.Cnf.JKT != ""
	switch {
	case !said.Active:
		err = errors.New("not active")
	case said.Aud != r.url:
		err = fmt.Errorf("meant for %s", said.Aud)
	case r.dpop && !bound:
		err = errors.New("not bound to a key")
	case bound != strings.EqualFold(scheme, "DPoP"):
		err = errors.New("shown in the wrong scheme")
	}
	return said, err
}

func (r *resource) challenge(w http.ResponseWriter, status int, code, scope string) {
	scheme := "Bearer"
	if r.dpop {
		scheme = "DPoP"
	}
	params := []string{fmt.Sprintf("resource_metadata=%q", r.server.URL+"/.well-known/oauth-protected-resource/mcp")}
	if code != "" {
		params = append(params, fmt.Sprintf("error=%q", code))
	}
	if scope != "" {
		params = append(params, fmt.Sprintf("scope=%q", scope))
	}
	if r.dpop {
		params = append(params, `algs="ES256"`)
	}
	w.Header().Set("WWW-Authenticate", scheme+" "+strings.Join(params, ", "))
	w.WriteHeader(status)
}

// reject makes the resource answer 401 to the last token that it took, as if it
// had expired.
func (r *resource) reject(t *testing.T) {
	t.Helper()
	last := r.last(t).Reveal()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rejected[last] = true
}

// last returns the last token that was good.
func (r *resource) last(t *testing.T) gen.Secret {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.served) == 0 {
		t.Fatal("the resource has granted no request")
	}
	return r.served[len(r.served)-1]
}
