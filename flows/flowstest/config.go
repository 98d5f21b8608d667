// ServerConfig: how a fake authorization server behaves, knob by knob.

package flowstest

import (
	"context"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
)

// ServerConfig says how an [AuthorizationServer] behaves. The zero value is a
// modern server that does everything right and refuses everything wrong:
// metadata at each well-known URL, PKCE with S256 and resource indicators
// required, iss in the authorization response, pushed authorization requests,
// dynamic registration and Client ID Metadata Documents, refresh tokens that
// rotate and are revoked on reuse. Other grants than those of a browser have to
// be listed in GrantTypes, and DPoP, mutual TLS and registration management
// have a configuration of their own.
//
// All hooks may be called by several goroutines at once.
type ServerConfig struct {
	// TLS serves https with the certificate that [Certificate] returns.
	// It is read once, by NewAuthorizationServer.
	TLS bool
	// Hostname is the host in the server's URL: "" is 127.0.0.1; "localhost",
	// "::1" and names below example.com can be had. The client of
	// [AuthorizationServer.Client] reaches all of them. Read once.
	Hostname string
	// Listener is used instead of a free port. It has to be on a loopback
	// address. Close closes it. Read once.
	Listener net.Listener
	// Path is the path of the issuer, such as "/tenant"; "" is an issuer
	// without a path. Endpoints lie below it. Read once.
	Path string
	// IssuerURL returns the issuer that the server claims, given its URL with
	// Path. nil claims the URL itself. Use it for issuers with a slash at the
	// end or of somebody else.
	IssuerURL func(url string) string
	// Endpoints moves endpoints to other paths below Path. Its keys are
	// "authorize", "token", "register", "manage", "revoke", "introspect",
	// "jwks", "par", "device" and "verify".
	Endpoints map[string]string

	// Clients are registered beforehand. See also AddClient.
	Clients []Client
	// Scopes are the scopes that the server knows and lists in its metadata.
	// nil lists none and grants any.
	Scopes []string
	// DefaultScope is granted when a request names no scope.
	DefaultScope string
	// GrantTypes are allowed and listed, such as [GrantClientCredentials]. nil:
	// authorization_code and refresh_token.
	GrantTypes []string
	// AuthMethods are the client authentication methods at the token endpoint
	// and the other endpoints of the back channel that are allowed and listed.
	// nil: client_secret_basic, client_secret_post, none. private_key_jwt,
	// client_secret_jwt and, with MTLS, tls_client_auth and
	// self_signed_tls_client_auth can be had too.
	AuthMethods []string
	// Assertions says how JWTs that authenticate clients are judged.
	Assertions AssertionConfig
	// Revocation and Introspection say how clients authenticate at these
	// endpoints, if otherwise than at the token endpoint.
	Revocation, Introspection EndpointAuth
	// MTLS asks for client certificates and offers endpoint aliases for them
	// (RFC 8705). It needs TLS. Whether it does is read once.
	MTLS MTLSConfig
	// SigningKeys sign id_tokens and ID-JAGs, the first one, and are published
	// in the key set, all. nil is one ES256 key of the server's own. See
	// [AuthorizationServer.SigningKey].
	SigningKeys []*SigningKey
	// BasicVerbatim takes Basic credentials as they are, without the
	// form-decoding of RFC 6749 §2.3.1, as many servers do.
	BasicVerbatim bool
	// Resource says how resource indicators (RFC 8707) are treated.
	Resource ResourcePolicy
	// Resources are the only resource indicators accepted; nil accepts any
	// absolute URL without fragment.
	Resources []string

	// MetadataStatus sets the status of single well-known URLs: 0 serves those
	// that belong to the issuer with 200 and the root ones of an issuer with a
	// path not at all. 200 serves one that would not be served.
	MetadataStatus map[WellKnown]int
	// Metadata changes a metadata document before it is encoded. See [With]
	// and [Without].
	Metadata func(document map[string]any)
	// MetadataBytes changes the encoded metadata document.
	MetadataBytes func(document []byte) []byte
	// MetadataHeader is set on metadata answers, over the defaults. Use it for
	// Content-Type and Cache-Control.
	MetadataHeader http.Header

	// DisableRegistration removes the registration endpoint (RFC 7591).
	DisableRegistration bool
	// InitialAccessToken is demanded at the registration endpoint unless it
	// is "".
	InitialAccessToken string
	// Register may refuse a registration request that is otherwise right, by
	// returning an error that is answered with status 400. See also
	// [RefuseApplicationType] and [RefuseScope].
	Register func(request map[string]any) *Error
	// RegistrationStatus is the status of a successful registration; 0 is 201.
	RegistrationStatus int
	// RegistrationSecretLife lets client secrets expire; 0 never.
	RegistrationSecretLife time.Duration
	// Registration changes the registration answer before it is encoded. What
	// it puts into redirect_uris, token_endpoint_auth_method, client_id and
	// client_secret, the server holds to.
	Registration func(document map[string]any)
	// RegistrationBytes changes the encoded registration answer.
	RegistrationBytes func(document []byte) []byte
	// SoftwareStatement judges the software statement of a registration
	// (RFC 7591 §2.3) and returns the claims that take the place of what the
	// client says, or an error such as invalid_software_statement. nil ignores
	// software statements, as servers that know none do.
	SoftwareStatement func(statement string) (claims map[string]any, err *Error)
	// Management lets clients read, update and delete their registrations
	// (RFC 7592).
	Management ManagementConfig

	// DisableClientIDDocuments refuses client ids that are URLs and does not
	// advertise them.
	DisableClientIDDocuments bool
	// ClientIDDocuments are Client ID Metadata Documents by URL, and the key
	// sets that their jwks_uri names. What is not found here is fetched.
	ClientIDDocuments map[string]string
	// ClientIDDocumentClient fetches the other documents and key sets. nil is a client that
	// reaches servers of this package only.
	ClientIDDocumentClient *http.Client

	// Decide is the user at the authorization endpoint. nil approves all.
	Decide func(AuthorizationRequest) Decision
	// LoginPage answers an authorization request with a page and a form
	// instead of a redirect. Authorize presses its button.
	LoginPage bool
	// LoopbackPort says which ports a loopback redirect URI may have.
	LoopbackPort LoopbackPolicy
	// AllowNoPKCE accepts authorization requests without code_challenge.
	AllowNoPKCE bool
	// AllowPlainPKCE accepts, but does not list, the plain method.
	AllowPlainPKCE bool
	// HideIss leaves authorization_response_iss_parameter_supported out of
	// the metadata.
	HideIss bool
	// OmitIss sends no iss in the authorization response (RFC 9207).
	OmitIss bool
	// Iss is sent as iss instead of the issuer unless it is "".
	Iss string
	// CodeLife is the life of a code; 0 is one minute.
	CodeLife time.Duration
	// PAR says how authorization requests are pushed (RFC 9126).
	PAR PARConfig
	// IDToken changes the claims of each id_token before it is signed. The code
	// and device grants issue one when openid was granted.
	IDToken func(claims map[string]any)

	// TrustedIssuers are those whose assertions [GrantJWTBearer] takes.
	TrustedIssuers []TrustedIssuer
	// Exchange decides what [GrantTokenExchange] gives. nil approves all that
	// is right in itself.
	Exchange func(ExchangeRequest) ExchangeDecision
	// Device says how [GrantDeviceCode] goes (RFC 8628).
	Device DeviceConfig
	// DPoP says how proofs of possession are treated (RFC 9449). Its zero value
	// takes no notice of them.
	DPoP DPoPConfig

	// TokenLife is the life of an access token; 0 is one hour. It may be as
	// short as milliseconds: expires_in is rounded down to seconds.
	TokenLife time.Duration
	// TokenStatus is the status of a successful token answer; 0 is 200.
	TokenStatus int
	// Token changes each successful token answer before it is encoded.
	Token func(document map[string]any)
	// TokenBytes changes the encoded token answer.
	TokenBytes func(document []byte) []byte
	// TokenHeader is set on token answers, over the defaults.
	TokenHeader http.Header
	// TokenForm encodes token answers, errors too, as
	// application/x-www-form-urlencoded, and answers errors with 200, as
	// GitHub does.
	TokenForm bool

	// NoRefreshTokens issues none.
	NoRefreshTokens bool
	// RefreshNeedsOfflineAccess issues refresh tokens only with the scope
	// offline_access.
	RefreshNeedsOfflineAccess bool
	// Rotation says what a refresh does with the refresh token.
	Rotation RotationPolicy
	// RefreshNeedsScope refuses refresh requests without scope.
	RefreshNeedsScope bool
	// RefreshGrace is how long a rotated refresh token still works without
	// counting as reuse; 0 is not at all.
	RefreshGrace time.Duration
	// RefreshLife is the life of a refresh token; 0 has no end.
	RefreshLife time.Duration
	// Refresh changes each successful answer to a refresh, after Token.
	Refresh func(document map[string]any)

	// Latency delays every answer.
	Latency time.Duration
	// Fault may answer in place of the server. kind is the request's kind (see
	// [Request]), n counts the requests of this kind from 1.
	Fault Fault
	// Now is the server's clock; nil is time.Now.
	Now func() time.Time
}

// A Fault may answer a request in place of the fake; it returns whether it
// did. kind is the kind of the request (see [Request]) and n counts the
// requests of this kind from 1. A fault may read the request's body, and may be
// called by several goroutines at once.
type Fault func(kind string, n int, w http.ResponseWriter, r *http.Request) (handled bool)

// clone returns a copy whose slices and maps can be changed freely.
func (c *ServerConfig) clone() *ServerConfig {
	d := *c
	d.Endpoints = maps.Clone(c.Endpoints)
	d.Clients = slices.Clone(c.Clients)
	d.Scopes = slices.Clone(c.Scopes)
	d.GrantTypes = slices.Clone(c.GrantTypes)
	d.AuthMethods = slices.Clone(c.AuthMethods)
	d.Resources = slices.Clone(c.Resources)
	d.MetadataStatus = maps.Clone(c.MetadataStatus)
	d.MetadataHeader = c.MetadataHeader.Clone()
	d.ClientIDDocuments = maps.Clone(c.ClientIDDocuments)
	d.TokenHeader = c.TokenHeader.Clone()
	d.SigningKeys = slices.Clone(c.SigningKeys)
	d.TrustedIssuers = slices.Clone(c.TrustedIssuers)
	d.Assertions.Algs = slices.Clone(c.Assertions.Algs)
	d.Revocation, d.Introspection = c.Revocation.clone(), c.Introspection.clone()
	d.DPoP.Algs = slices.Clone(c.DPoP.Algs)
	return &d
}

func (c *ServerConfig) grantTypes() []string {
	if c.GrantTypes != nil {
		return c.GrantTypes
	}
	return []string{GrantAuthorizationCode, GrantRefreshToken}
}

func (c *ServerConfig) authMethods() []string {
	if c.AuthMethods != nil {
		return c.AuthMethods
	}
	return []string{methodBasic, methodPost, methodNone}
}

func (c *ServerConfig) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *ServerConfig) decide(request AuthorizationRequest) Decision {
	if c.Decide != nil {
		return c.Decide(request)
	}
	return Decision{}
}

func (c *ServerConfig) documentClient() *http.Client {
	if c.ClientIDDocumentClient != nil {
		return c.ClientIDDocumentClient
	}
	return sharedClient()
}

// or returns value, or fallback when value is zero.
func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// wait waits for d, or until ctx ends, and reports whether d passed.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
