// Authentication method: which of a server's methods a client uses.

package flows

import (
	"fmt"
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ClientAuthRequest says what is at hand to authenticate at a server.
type ClientAuthRequest struct {
	// Client is the registration or the caller's own credentials. Required.
	Client *gen.ClientInformation
	// Server is the authorization server's metadata. Required.
	Server *gen.AuthorizationServerMetadata
	// Method is the caller's choice, which has the first word. Empty means
	// none.
	Method string
	// Key signs assertions. Nil means that the client has no key.
	Key *ClientKey
	// Certificate says that [Client.HTTP] presents a client certificate by
	// which the server knows this client (RFC 8705).
	Certificate bool
	// Audience is the audience of assertions. Empty means the issuer.
	Audience string
}

// SelectClientAuth chooses how a client authenticates: the caller's method,
// else the one that the registration recorded, else the first of Basic, post,
// private_key_jwt, client_secret_jwt and mutual TLS that the server lists and
// the credentials allow. A server without a list means Basic (RFC 8414 §2);
// credentials that leave no choice are used all the same. Without any
// credentials it is "none". What cannot be carried out, a signing algorithm
// that does not fit the key or that the server does not list included, is a
// [*ClientAuthError] before anything is sent.
func SelectClientAuth(in ClientAuthRequest) (ClientAuth, error) {
	auth := ClientAuth{
		ClientID: in.Client.ClientID, Secret: in.Client.ClientSecret, Key: in.Key,
		Issuer: in.Server.Issuer, Audience: in.Audience,
	}
	var err error
	if auth.Method, err = in.method(); err != nil {
		return ClientAuth{}, err
	}
	return auth, auth.canSign(in.Server.TokenEndpointAuthSigningAlgValuesSupported)
}

// SelectAuthMethod is [SelectClientAuth] for a client without key and
// certificate, and returns the method alone.
func SelectAuthMethod(override string, client *gen.ClientInformation, server *gen.AuthorizationServerMetadata) (string, error) {
	auth, err := SelectClientAuth(ClientAuthRequest{Client: client, Server: server, Method: override})
	return auth.Method, err
}

// methodsByPreference is the order of TOK-1, and after it what else the
// credentials may allow.
var methodsByPreference = []string{
	AuthMethodBasic, AuthMethodPost, AuthMethodPrivateKeyJWT, AuthMethodSecretJWT, AuthMethodTLS, AuthMethodSelfSignedTLS,
}

func (in *ClientAuthRequest) method() (string, error) {
	have := credentialsOf(in.Client.ClientSecret, in.Key != nil, in.Certificate)
	for _, method := range []string{in.Method, in.Client.TokenEndpointAuthMethod} {
		if method != "" {
			return method, have.allow(method)
		}
	}
	if have == (credentials{}) {
		return AuthMethodNone, nil
	}
	listed := in.Server.TokenEndpointAuthMethodsSupported
	for _, method := range methodsByPreference {
		if (len(listed) == 0 || slices.Contains(listed, method)) && have.allow(method) == nil {
			return method, nil
		}
	}
	if slices.Contains(listed, AuthMethodNone) && !have.key && !have.certificate {
		// It handed out a secret that it does not want to see.
		return AuthMethodNone, nil
	}
	return "", &ClientAuthError{Reason: "the server takes none of the methods that the client's credentials allow (it lists " +
		bounded(fmt.Sprint(listed)) + ")"}
}

// credentials are what a client can authenticate with.
type credentials struct{ secret, longSecret, key, certificate bool }

// minSecretBytes: "A key of the same size as the hash output [...] or larger
// MUST be used" (RFC 7518 §3.2).
const minSecretBytes = 32

func credentialsOf(secret gen.Secret, key, certificate bool) credentials {
	return credentials{secret: secret != "", longSecret: len(secret) >= minSecretBytes, key: key, certificate: certificate}
}

// allow says whether the credentials suffice for a method.
func (c credentials) allow(method string) error {
	reason := ""
	switch method {
	case AuthMethodNone:
	case AuthMethodBasic, AuthMethodPost:
		if !c.secret {
			reason = "it needs a client secret"
		}
	case AuthMethodSecretJWT:
		if !c.longSecret {
			reason = "it needs a client secret of 32 bytes or more"
		}
	case AuthMethodPrivateKeyJWT:
		if !c.key {
			reason = "it needs a key"
		}
	case AuthMethodTLS, AuthMethodSelfSignedTLS:
		if !c.certificate {
			reason = "it needs a client certificate"
		}
	default:
		reason = "unknown method"
	}
	if reason == "" {
		return nil
	}
	return &ClientAuthError{Method: method, Reason: reason}
}

// EndpointSet are the endpoints of an authorization server; empty means that
// it has none of the kind.
type EndpointSet struct {
	Token, Revocation, Introspection, DeviceAuthorization, PushedAuthorizationRequest, Registration string
}

// Endpoints returns the endpoints that metadata names. With mutualTLS those in
// mtls_endpoint_aliases take precedence: a server may ask for certificates at
// other hosts than the ordinary ones. See [ClientAuth.MutualTLS]; clients that
// want certificate-bound tokens use them whatever their method.
//
// https://www.rfc-editor.org/rfc/rfc8705.html#section-5
func Endpoints(server *gen.AuthorizationServerMetadata, mutualTLS bool) EndpointSet {
	set := EndpointSet{
		Token: server.TokenEndpoint, Revocation: server.RevocationEndpoint, Introspection: server.IntrospectionEndpoint,
		DeviceAuthorization:        server.DeviceAuthorizationEndpoint,
		PushedAuthorizationRequest: server.PushedAuthorizationRequestEndpoint, Registration: server.RegistrationEndpoint,
	}
	alias := server.MTLSEndpointAliases
	if !mutualTLS || alias == nil {
		return set
	}
	prefer(&set.Token, alias.TokenEndpoint)
	prefer(&set.Revocation, alias.RevocationEndpoint)
	prefer(&set.Introspection, alias.IntrospectionEndpoint)
	prefer(&set.DeviceAuthorization, alias.DeviceAuthorizationEndpoint)
	prefer(&set.PushedAuthorizationRequest, alias.PushedAuthorizationRequestEndpoint)
	prefer(&set.Registration, alias.RegistrationEndpoint)
	return set
}

func prefer(endpoint *string, alias string) {
	if alias != "" {
		*endpoint = alias
	}
}
