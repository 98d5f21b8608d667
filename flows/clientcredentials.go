// Client credentials: a token for the client itself, without a human.

package flows

import (
	"context"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// GrantClientCredentials is the grant type of [Client.ClientCredentials].
const GrantClientCredentials = "client_credentials"

// CheckIssuer refuses to use credentials at another issuer than the one that
// they are bound to (BIND-2, BIND-4): a [*ClientError]. An empty issuer is not
// bound yet: the caller records the first one and stays there. Flows that obtain
// a client do this themselves; it is for grants without a registration.
func CheckIssuer(server *gen.AuthorizationServerMetadata, bound string) error {
	if bound == "" || validate.SameIssuer(server.Issuer, bound) {
		return nil
	}
	return &ClientError{Issuer: server.Issuer, BoundIssuer: bound,
		Reason: "register a client with the new authorization server, or correct the configured issuer"}
}

// ClientCredentialsRequest asks for a token for the client itself. Scope is
// sent if there is any.
type ClientCredentialsRequest struct {
	TokenRequest
}

// ClientCredentials gets a token for the client itself, which must have been
// registered beforehand and authenticate: a public client is refused before
// anything is sent. When the token has expired, ask again; a refresh token is
// not to be expected (RFC 6749 §4.4.3). An error is a [*TokenError].
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-4.4
func (c *Client) ClientCredentials(ctx context.Context, in ClientCredentialsRequest) (*Token, error) {
	// RFC 6749 §4.4: this grant "MUST only be used by confidential clients".
	if in.Auth.Method == AuthMethodNone {
		return nil, &TokenError{Grant: GrantClientCredentials, Err: &ClientAuthError{
			Method: AuthMethodNone, Reason: "a client that asks for itself must authenticate",
		}}
	}
	request := &gen.ClientCredentialsTokenRequest{
		Scope: strings.Join(in.Scope, " "), Resource: in.resource(), Params: in.Params,
	}
	return c.token(ctx, GrantClientCredentials, in.TokenRequest, func(ctx context.Context, edit gen.Edit) (*gen.Response[gen.TokenResponse], error) {
		return c.Operations().RequestClientCredentials(ctx, in.Endpoint, request, edit)
	})
}
