// AuthorizationServer: the fake authorization server and its endpoints.

package flowstest

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The kinds of requests. See Request.
const (
	kindMetadata   = "asm"
	kindResource   = "prm"
	kindAuthorize  = "authorize"
	kindLogin      = "login"
	kindToken      = "token"
	kindRegister   = "register"
	kindRevoke     = "revoke"
	kindIntrospect = "introspect"
	kindJWKS       = "jwks"
	kindPAR        = "par"
	kindDevice     = "device"
	kindVerify     = "verify"
	kindManage     = "manage"
	kindMCP        = "mcp"
	kindOther      = "other"
)

// endpoints are the kinds of requests that have a URL of their own.
var endpoints = []string{
	kindAuthorize, kindLogin, kindToken, kindRegister, kindRevoke, kindIntrospect, kindJWKS, kindPAR, kindDevice, kindVerify,
}

// An AuthorizationServer is a fake OAuth authorization server on a loopback
// address. Make one with [NewAuthorizationServer] and close it. All methods
// may be called by several goroutines at once.
type AuthorizationServer struct {
	*host
	path   string // of the issuer
	config atomic.Pointer[ServerConfig]
	change sync.Mutex // serializes Configure
	store  *store
	key    func() *SigningKey // the server's own
	// assertions are those of clients and of grants.
	assertions replays
	proofs     proofGuard
}

// NewAuthorizationServer starts a fake authorization server. It panics when it
// cannot listen, and when Hostname or Path is malformed.
func NewAuthorizationServer(config ServerConfig) *AuthorizationServer {
	if config.Path != "" && !strings.HasPrefix(config.Path, "/") {
		panic("flowstest: path: " + config.Path + " does not begin with a slash")
	}
	s := &AuthorizationServer{
		host:  newHost(config.Hostname, config.TLS, config.MTLS.Enabled, config.Listener),
		path:  strings.TrimSuffix(config.Path, "/"),
		store: newStore(),
		key:   sync.OnceValue(func() *SigningKey { return NewSigningKey(algES256) }),
	}
	s.config.Store(config.clone())
	for _, client := range config.Clients {
		s.store.addClient(client)
	}
	s.mount(s)
	return s
}

// Configure changes the configuration while the server runs. Requests that
// have begun keep the old one. The fields that are read once, and Clients, have
// no further effect.
func (s *AuthorizationServer) Configure(change func(*ServerConfig)) {
	s.change.Lock()
	defer s.change.Unlock()
	config := s.config.Load().clone()
	change(config)
	s.config.Store(config)
}

// URL returns the server's URL with the path of the issuer and without a slash
// at the end.
func (s *AuthorizationServer) URL() string { return s.base + s.path }

// Issuer returns the issuer that the server claims: its URL, unless
// ServerConfig.IssuerURL says otherwise.
func (s *AuthorizationServer) Issuer() string { return s.issuer(s.config.Load()) }

func (s *AuthorizationServer) issuer(config *ServerConfig) string {
	if config.IssuerURL != nil {
		return config.IssuerURL(s.URL())
	}
	return s.URL()
}

// Endpoint returns the URL of an endpoint: "authorize", "token", "register",
// "manage" (to which a slash and a client id are added), "revoke",
// "introspect", "jwks", "par", "device" (device authorization) or "verify" (the
// page for user codes). See also [AuthorizationServer.Alias].
func (s *AuthorizationServer) Endpoint(name string) string {
	return s.endpoint(s.config.Load(), name)
}

func (s *AuthorizationServer) endpoint(config *ServerConfig, name string) string {
	return s.URL() + or(config.Endpoints[name], "/"+name)
}

// The methods of part.

func (s *AuthorizationServer) owns(string) bool { return true }

func (s *AuthorizationServer) fault() Fault { return s.config.Load().Fault }

func (s *AuthorizationServer) latency() time.Duration { return s.config.Load().Latency }

func (s *AuthorizationServer) kind(r *http.Request, form url.Values) string {
	if kind := wellKnownKind(r.URL.Path); kind != "" {
		return kind
	}
	config := s.config.Load()
	target := s.unalias(config, s.base+r.URL.Path)
	if strings.HasPrefix(target, s.endpoint(config, kindManage)+"/") {
		return kindManage
	}
	for _, kind := range endpoints {
		if target != s.endpoint(config, kind) {
			continue
		}
		if kind == kindToken {
			return kindToken + ":" + form.Get("grant_type")
		}
		return kind
	}
	return kindOther
}

// wellKnownKind tells metadata requests from others by the path alone, so that
// probes of places without a document are counted too.
func wellKnownKind(path string) string {
	switch {
	case strings.Contains(path, pathResource):
		return kindResource
	case strings.Contains(path, pathOAuth), strings.Contains(path, pathOIDC):
		return kindMetadata
	}
	return ""
}

// An exchange is one request to an endpoint of the authorization server.
type exchange struct {
	*AuthorizationServer
	config *ServerConfig
	kind   string // of the request
	w      http.ResponseWriter
	r      *http.Request
	now    time.Time
}

func (s *AuthorizationServer) serve(kind string, w http.ResponseWriter, r *http.Request) {
	config := s.config.Load()
	x := &exchange{AuthorizationServer: s, config: config, kind: kind, w: w, r: r, now: config.now()}
	noun, _, _ := strings.Cut(kind, ":")
	switch noun {
	case kindMetadata:
		x.metadata()
	case kindAuthorize:
		x.authorize()
	case kindLogin:
		x.login()
	case kindToken:
		x.token()
	case kindRegister:
		x.register()
	case kindRevoke:
		x.revoke()
	case kindIntrospect:
		x.introspect()
	case kindJWKS:
		x.jwks()
	case kindManage:
		x.manage()
	case kindPAR:
		x.push()
	case kindDevice:
		x.authorizeDevice()
	case kindVerify:
		x.verify()
	default:
		http.NotFound(w, r)
	}
}

// refuse answers with an OAuth error object.
func (x *exchange) refuse(err *Error) {
	x.w.Header().Set("Cache-Control", "no-store")
	if err.status() == http.StatusUnauthorized && x.r.Header.Get("Authorization") != "" && x.w.Header().Get("WWW-Authenticate") == "" {
		x.w.Header().Set("WWW-Authenticate", `Basic realm="flowstest"`)
	}
	document{status: err.status(), body: err.members()}.write(x.w)
}

// allow answers 405 unless the request has the method.
func (x *exchange) allow(method string) bool {
	if x.r.Method == method {
		return true
	}
	x.w.Header().Set("Allow", method)
	http.Error(x.w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}
