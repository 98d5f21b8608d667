// Resource: the fake protected MCP resource and its bearer check.

package flowstest

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Resource is a fake protected resource on a loopback address. Make one with
// [NewResource] and close it. All methods may be called by several goroutines
// at once.
type Resource struct {
	*host
	path   string // "" for the root
	shared bool   // the host is an authorization server's
	config atomic.Pointer[ResourceConfig]
	change sync.Mutex // serializes Configure
	proofs proofGuard
}

// NewResource starts a fake protected resource. It panics when it cannot
// listen, when Path is malformed, and when SameOrigin is set without an
// authorization server.
func NewResource(config ResourceConfig) *Resource {
	if config.Path != "" && !strings.HasPrefix(config.Path, "/") {
		panic("flowstest: path: " + config.Path + " does not begin with a slash")
	}
	s := &Resource{path: config.Path, shared: config.SameOrigin}
	if s.path == "/" {
		s.path = ""
	}
	s.config.Store(config.clone())
	switch {
	case !config.SameOrigin:
		s.host = newHost(config.Hostname, config.TLS, config.MTLS, config.Listener)
	case len(config.AuthorizationServers) > 0:
		s.host = config.AuthorizationServers[0].host
	default:
		panic("flowstest: resource: same origin without an authorization server")
	}
	s.mount(s)
	return s
}

// Configure changes the configuration while the resource runs. Requests that
// have begun keep the old one. The fields that are read once have no further
// effect.
func (s *Resource) Configure(change func(*ResourceConfig)) {
	s.change.Lock()
	defer s.change.Unlock()
	config := s.config.Load().clone()
	change(config)
	s.config.Store(config)
}

// URL returns the URL of the MCP endpoint, without a slash at the end unless
// Path has one.
func (s *Resource) URL() string { return s.base + s.path }

// Origin returns the URL without its path.
func (s *Resource) Origin() string { return s.base }

// Close stops the resource; see [AuthorizationServer.Close]. With SameOrigin
// the authorization server goes on.
func (s *Resource) Close() {
	if s.shared {
		s.unmount(s)
		return
	}
	s.host.Close()
}

// The methods of part.

func (s *Resource) owns(path string) bool {
	return !s.shared || strings.Contains(path, pathResource) || s.covers(path) ||
		path == or(s.config.Load().PRMLocation, pathResource)
}

// covers reports whether a path is the endpoint's or lies below it. The
// origin of a shared host belongs to the authorization server.
func (s *Resource) covers(path string) bool {
	if s.path == "" {
		return path == "/" || !s.shared
	}
	return path == s.path || strings.HasPrefix(path, strings.TrimSuffix(s.path, "/")+"/")
}

func (s *Resource) fault() Fault { return s.config.Load().Fault }

func (s *Resource) latency() time.Duration { return s.config.Load().Latency }

func (s *Resource) kind(r *http.Request, form url.Values) string {
	if kind := wellKnownKind(r.URL.Path); kind != "" {
		return kind
	}
	if r.URL.Path == s.config.Load().PRMLocation {
		return kindResource
	}
	if s.path != "" && s.covers(r.URL.Path) {
		return kindMCP
	}
	// Endpoints that a client guessed at the resource's origin.
	switch r.URL.Path {
	case "/authorize", "/register":
		return r.URL.Path[1:]
	case "/token":
		return kindToken + ":" + form.Get("grant_type")
	}
	if s.covers(r.URL.Path) {
		return kindMCP
	}
	return kindOther
}

func (s *Resource) serve(kind string, w http.ResponseWriter, r *http.Request) {
	config := s.config.Load()
	switch kind {
	case kindResource:
		s.metadata(config, w, r)
	case kindMCP:
		s.protect(config, w, r)
	default:
		http.NotFound(w, r)
	}
}

// protect answers a request to the resource: a challenge, or the handler's
// answer. RFC 6750 §3: https://www.rfc-editor.org/rfc/rfc6750#section-3
func (s *Resource) protect(config *ResourceConfig, w http.ResponseWriter, r *http.Request) {
	needed := s.needed(config, r)
	s.proofs.offer(config.DPoP, w)
	info, reason := s.admit(config, w, r)
	if reason != "" {
		s.challenge(config, w, r, reason, needed, nil)
		return
	}
	granted := info.Scopes()
	if slices.ContainsFunc(needed, func(scope string) bool { return !slices.Contains(granted, scope) }) {
		s.challenge(config, w, r, ReasonInsufficientScope, needed, granted)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), tokenKey{}, info))
	if config.Handler != nil {
		config.Handler.ServeHTTP(w, r)
		return
	}
	echo(w, r, info)
}

// admit judges the token of a request, and who sends it; the reason is "" when
// both are good.
func (s *Resource) admit(config *ResourceConfig, w http.ResponseWriter, r *http.Request) (TokenInfo, Reason) {
	scheme, token, ok := credential(r)
	if !ok || !slices.Contains(config.schemes(), scheme) {
		return TokenInfo{}, ReasonNoToken
	}
	info, ok := s.lookup(config, token)
	if !ok || config.RefuseAlways || r.URL.Query().Has("access_token") {
		return TokenInfo{}, ReasonInvalidToken
	}
	// A token that is bound to a key is good with a proof only, one that is
	// not as a bearer token only: RFC 9449 §7.1, §7.2. One that is bound to a
	// certificate needs that certificate: RFC 8705 §3.
	if (info.JKT != "") != (scheme == schemeDPoP) {
		return TokenInfo{}, ReasonInvalidToken
	}
	if info.CertificateThumbprint != "" && info.CertificateThumbprint != certificateThumbprint(shownCertificate(r.TLS)) {
		return TokenInfo{}, ReasonInvalidToken
	}
	if scheme == schemeDPoP {
		return info, s.prove(config, w, r, token, info)
	}
	return info, ""
}

// prove checks the proof that comes with a token.
// RFC 9449 §7: https://www.rfc-editor.org/rfc/rfc9449#section-7
func (s *Resource) prove(config *ResourceConfig, w http.ResponseWriter, r *http.Request, token string, info TokenInfo) Reason {
	request := proofRequest{Request: r, target: s.base + r.URL.EscapedPath(), token: token, now: s.now(config, info)}
	jkt, err := s.proofs.check(config.DPoP, request)
	switch {
	case err != nil && err.Code == errUseNonce:
		w.Header().Set(headerDPoPNonce, s.proofs.nonces.next(config.DPoP.Nonce))
		return ReasonUseNonce
	case err != nil:
		return ReasonInvalidProof
	case jkt != info.JKT:
		return ReasonInvalidToken
	}
	return ""
}

// The authentication schemes, in lower case.
const (
	schemeBearer = "bearer"
	schemeDPoP   = "dpop"
)

// credential returns the scheme and the token of a request that carries
// exactly one.
func credential(r *http.Request) (scheme, token string, ok bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", "", false
	}
	scheme, token, ok = strings.Cut(values[0], " ")
	return strings.ToLower(scheme), token, ok && token != ""
}

// bearer returns the bearer token of a request.
func bearer(r *http.Request) (string, bool) {
	scheme, token, ok := credential(r)
	return token, ok && scheme == schemeBearer
}

// lookup finds a token that is good here and now.
func (s *Resource) lookup(config *ResourceConfig, token string) (TokenInfo, bool) {
	for _, server := range config.AuthorizationServers {
		info, ok := server.Token(token)
		if !ok {
			continue
		}
		now := s.now(config, info)
		good := !info.Revoked && now.Before(info.ExpiresAt) && s.isAudience(config, info.Resource)
		return info, good
	}
	if config.AcceptToken != nil {
		return config.AcceptToken(token)
	}
	return TokenInfo{}, false
}

// now returns the time by the resource's clock, else by that of the server
// that issued a token.
func (s *Resource) now(config *ResourceConfig, info TokenInfo) time.Time {
	if config.Now != nil {
		return config.Now()
	}
	for _, server := range config.AuthorizationServers {
		if _, ok := server.Token(info.AccessToken); ok {
			return server.config.Load().now()
		}
	}
	return time.Now()
}

// isAudience reports whether a token was issued for this resource: for the
// string that its metadata names, or for its URL where the metadata names
// none. RFC 8707 §2: https://www.rfc-editor.org/rfc/rfc8707#section-2
func (s *Resource) isAudience(config *ResourceConfig, audience []string) bool {
	if len(audience) == 0 || config.AnyAudience {
		return true
	}
	name := or(stringOf(s.document(config)["resource"]), s.URL())
	if s.status(config, PRMPath) != http.StatusOK && s.status(config, PRMRoot) != http.StatusOK && config.PRMLocation == "" {
		name = s.URL()
	}
	return slices.Contains(audience, name)
}

// needed returns the scopes that a request needs.
func (s *Resource) needed(config *ResourceConfig, r *http.Request) []string {
	needed := slices.Clone(config.RequiredScopes)
	if config.ToolScopes != nil {
		needed = append(needed, config.ToolScopes[ToolName(r)]...)
	}
	if config.ScopesFor != nil {
		needed = append(needed, config.ScopesFor(r)...)
	}
	seen := map[string]bool{}
	return slices.DeleteFunc(needed, func(scope string) bool {
		repeated := seen[scope]
		seen[scope] = true
		return repeated
	})
}

// ToolName returns the tool that an MCP request calls, "" for other requests.
// The body can be read again.
func ToolName(r *http.Request) string {
	var call struct {
		Method string `json:"method"`
		Params struct {
			Name string `json:"name"`
		} `json:"params"`
	}
	if r.Method != http.MethodPost || r.Body == nil {
		return ""
	}
	body := readBody(r)
	r.Body = body.replay()
	if json.Unmarshal(body.start, &call) != nil || call.Method != "tools/call" {
		return ""
	}
	return call.Params.Name
}

type tokenKey struct{}

// TokenFromContext returns the token of a request that passed the bearer
// check, for a ResourceConfig.Handler.
func TokenFromContext(ctx context.Context) (TokenInfo, bool) {
	info, ok := ctx.Value(tokenKey{}).(TokenInfo)
	return info, ok
}

// echo answers with what the resource saw, without the token.
func echo(w http.ResponseWriter, r *http.Request, info TokenInfo) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, maxRecorded))
	document{status: http.StatusOK, body: map[string]any{
		"method": r.Method, "path": r.URL.EscapedPath(), "query": r.URL.RawQuery, "body": string(body),
		"subject": info.Subject, "client_id": info.ClientID, "scope": info.Scope,
	}}.write(w)
}
