// Client authentication at the token endpoint and the endpoints that follow it.

package flows

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The client authentication methods of the "OAuth Token Endpoint
// Authentication Methods" registry that the flows carry out.
const (
	AuthMethodNone          = "none"
	AuthMethodBasic         = "client_secret_basic"
	AuthMethodPost          = "client_secret_post"
	AuthMethodPrivateKeyJWT = "private_key_jwt"
	AuthMethodSecretJWT     = "client_secret_jwt"
	AuthMethodTLS           = "tls_client_auth"
	AuthMethodSelfSignedTLS = "self_signed_tls_client_auth"
)

// ClientAuth is a client and the way in which it authenticates. It prints
// client id and method only. It may be used by several goroutines at once.
type ClientAuth struct {
	// ClientID is sent byte for byte. It may be empty for grants that need no
	// client, such as [Client.JWTBearer].
	ClientID string
	// Secret is empty for a client without one.
	Secret gen.Secret
	// Method is one of the AuthMethod constants; see [SelectClientAuth].
	Method string
	// NoClientIDParam leaves client_id out of the body of a public client's
	// request, for servers that reject it there. Basic never has it.
	NoClientIDParam bool
	// Key signs the assertions of private_key_jwt. Nil has none.
	Key *ClientKey
	// Issuer is the authorization server, byte for byte, and the audience of
	// assertions. The two JWT methods need it, or Audience.
	Issuer string
	// Audience takes the place of Issuer in assertions, for servers that want
	// to read the URL of their token endpoint there. Empty means Issuer.
	Audience string
}

// String returns the client id and the method.
func (a ClientAuth) String() string {
	return fmt.Sprintf("client %s (%s)", bounded(a.ClientID), bounded(a.Method))
}

// Format writes String under every verb.
func (a ClientAuth) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, a.String()) }

// LogValue returns String.
func (a ClientAuth) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText returns String.
func (a ClientAuth) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// MutualTLS says that the client certificate of [Client.HTTP] is what
// authenticates, so that the server's mtls_endpoint_aliases are to be used;
// see [Endpoints].
func (a ClientAuth) MutualTLS() bool {
	return a.Method == AuthMethodTLS || a.Method == AuthMethodSelfSignedTLS
}

// ClientAuthError reports a client authentication that cannot be carried out
// with the credentials at hand. Nothing was sent. The remedy is configuration.
type ClientAuthError struct {
	// Method is the client authentication method; empty if none was found.
	Method string
	// Algorithm is the JWS algorithm, if that is the trouble.
	Algorithm string
	// Reason says what is wrong. It may quote the server, escaped and bounded.
	Reason string
	// Err is the cause, such as what the signer returned; nil without one.
	Err error
}

// Error names method, algorithm and reason.
func (e *ClientAuthError) Error() string {
	text := "flows: client authentication: "
	if e.Method != "" {
		text += bounded(e.Method) + ": "
	}
	if e.Algorithm != "" {
		text += "algorithm " + bounded(e.Algorithm) + ": "
	}
	text += e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *ClientAuthError) Unwrap() error { return e.Err }

// edit returns what puts the authentication into a request. Each call of it
// makes a new assertion: one serves once (TOK-2). ctx is for the signer.
func (a ClientAuth) edit(ctx context.Context) (gen.Edit, error) {
	if err := a.holds().allow(a.Method); err != nil {
		return nil, err
	}
	switch a.Method {
	case AuthMethodPrivateKeyJWT, AuthMethodSecretJWT:
		if err := a.canAssert(); err != nil {
			return nil, err
		}
		return func(_ http.Header, form url.Values) error { return a.assert(ctx, form) }, nil
	case AuthMethodBasic:
		return func(header http.Header, _ url.Values) error { a.basic(header); return nil }, nil
	}
	return func(_ http.Header, form url.Values) error { a.identify(form); return nil }, nil
}

// basic: both parts are form-encoded before they are joined.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-2.3.1
func (a ClientAuth) basic(header http.Header) {
	pair := url.QueryEscape(a.ClientID) + ":" + url.QueryEscape(a.Secret.Reveal())
	header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
}

// identify names the client in the body. With mutual TLS the certificate
// authenticates it, and client_id says whose it is (RFC 8705 §2).
//
// https://www.rfc-editor.org/rfc/rfc8705.html#section-2
func (a ClientAuth) identify(form url.Values) {
	if a.ClientID == "" || a.NoClientIDParam && a.Method == AuthMethodNone {
		return
	}
	form.Set("client_id", a.ClientID)
	if a.Method == AuthMethodPost {
		form.Set("client_secret", a.Secret.Reveal())
	}
}

// holds are the credentials that a has. Whether the caller's http.Client
// presents a certificate cannot be seen; naming the method says so.
func (a ClientAuth) holds() credentials {
	return credentialsOf(a.Secret, a.Key != nil, true)
}
