// Client: a registered OAuth client, and the store of everything the fake
// authorization server knows.

package flowstest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net"
	"net/url"
	"slices"
	"sync"
	"time"
)

// The client authentication methods of RFC 7591 §2, OpenID Connect Core 1.0 §9
// and RFC 8705 §2.
const (
	methodNone       = "none"
	methodBasic      = "client_secret_basic"
	methodPost       = "client_secret_post"
	methodSecretJWT  = "client_secret_jwt"
	methodPrivateKey = "private_key_jwt"
	methodTLS        = "tls_client_auth"
	methodSelfSigned = "self_signed_tls_client_auth"
)

// A Client is a client that the authorization server knows.
type Client struct {
	ID string
	// Secret is demanded by the secret methods.
	Secret string
	// SecretExpires is when the secret stops working; zero is never.
	SecretExpires time.Time
	// RedirectURIs are those that an authorization request may name.
	RedirectURIs []string
	// AuthMethod is the one method by which the client may authenticate. ""
	// is client_secret_basic for a client with a secret and none for others.
	AuthMethod string
	// GrantTypes that the client may use; nil allows all of the server's.
	GrantTypes []string
	// Scope bounds what the client may ask for; "" does not.
	Scope string
	// JWKS is the client's key set, for methods with keys. See [KeySet].
	JWKS json.RawMessage
	// JWKSURI is where the key set is instead; it is fetched for each use.
	JWKSURI string
	// SigningAlg is the one algorithm that the client may sign its assertions
	// with; "" allows all of the server's.
	SigningAlg string
	// CertificateSubject is the subject's distinguished name that
	// tls_client_auth demands, in the form of RFC 4514; "" demands none.
	CertificateSubject string
	// CertificateSAN is a subject alternative name, a DNS name, URI, IP or
	// e-mail address, that tls_client_auth demands; "" demands none.
	CertificateSAN string
	// DPoPBound demands a proof with each of the client's token requests
	// (RFC 9449 §5.2).
	DPoPBound bool
	// RequirePAR refuses authorization requests that were not pushed
	// (RFC 9126 §6).
	RequirePAR bool
	// Name is the client's name.
	Name string
	// Dynamic is true for clients of the registration endpoint.
	Dynamic bool
	// Document is true for clients that a Client ID Metadata Document
	// describes.
	Document bool
	// Metadata is the registration request or the metadata document that made
	// the client, nil for others.
	Metadata map[string]any
	// RegistrationToken is the registration access token (RFC 7592 §3); "" is
	// none.
	RegistrationToken string
}

func (c Client) authMethod() string {
	switch {
	case c.AuthMethod != "":
		return c.AuthMethod
	case c.Secret != "":
		return methodBasic
	}
	return methodNone
}

func (c Client) mayUse(grant string) bool {
	return c.GrantTypes == nil || slices.Contains(c.GrantTypes, grant)
}

// redirects reports whether a redirect URI is one of the client's: byte for
// byte (RFC 6749 §3.1.2.3), except for the port of a loopback address, which
// the operating system chooses (RFC 8252 §7.3).
func (c Client) redirects(uri string, policy LoopbackPolicy) bool {
	if slices.Contains(c.RedirectURIs, uri) {
		return true
	}
	if policy == LoopbackExactPort {
		return false
	}
	return slices.ContainsFunc(c.RedirectURIs, func(registered string) bool {
		return samePortless(registered, uri, policy == LoopbackAnyPort)
	})
}

func samePortless(registered, uri string, localhost bool) bool {
	a, err := url.Parse(registered)
	if err != nil || a.Scheme != "http" {
		return false
	}
	b, err := url.Parse(uri)
	if err != nil || a.Hostname() != b.Hostname() || !varies(a.Hostname(), localhost) {
		return false
	}
	a.Host, b.Host = "", ""
	return a.String() == b.String()
}

func varies(hostname string, localhost bool) bool {
	ip := net.ParseIP(hostname)
	return ip != nil && ip.IsLoopback() || localhost && hostname == "localhost"
}

// A store holds clients, codes, tokens and logins under way.
type store struct {
	mu       sync.Mutex
	clients  map[string]Client
	codes    map[string]*code
	access   map[string]*TokenInfo
	refresh  map[string]*refreshToken
	families map[string]*Family
	order    []string // of families
	logins   map[string]url.Values
	devices  map[string]*device // by device code
	pushed   map[string]pushed  // by request URI
	saml     map[string]samlAssertion
}

func newStore() *store {
	return &store{
		clients: map[string]Client{}, codes: map[string]*code{}, access: map[string]*TokenInfo{},
		refresh: map[string]*refreshToken{}, families: map[string]*Family{}, logins: map[string]url.Values{},
		devices: map[string]*device{}, pushed: map[string]pushed{}, saml: map[string]samlAssertion{},
	}
}

func (s *store) addClient(client Client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients[client.ID] = client
}

func (s *store) client(id string) (Client, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	client, ok := s.clients[id]
	return client, ok
}

// AddClient registers a client, or replaces the one with the same ID.
func (s *AuthorizationServer) AddClient(client Client) { s.store.addClient(client) }

// RemoveClient forgets a client, so that it is answered with invalid_client.
// Its tokens stay good.
func (s *AuthorizationServer) RemoveClient(id string) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	delete(s.store.clients, id)
}

// Clients returns all clients, ordered by ID.
func (s *AuthorizationServer) Clients() []Client {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	var list []Client
	for _, id := range slices.Sorted(maps.Keys(s.store.clients)) {
		list = append(list, s.store.clients[id])
	}
	return list
}

// randomString returns a value that cannot be guessed.
func randomString(prefix string) string {
	var random [24]byte
	_, _ = rand.Read(random[:]) // never fails
	return prefix + base64.RawURLEncoding.EncodeToString(random[:])
}
