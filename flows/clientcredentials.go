// Client credentials: a token for the client itself, without a human.

package flows

import (
	"context"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// GrantClientCredentials is the grant type of [Client.ClientCredentials].
const GrantClientCredentials = "client_credentials"

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
