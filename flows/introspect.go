// Introspection: what the server says about a token.

package flows

import (
	"context"

	"github.com/mcpoauth/mcpoauth/gen"
)

// IntrospectRequest says which token to ask about, and where.
type IntrospectRequest struct {
	// Endpoint is the introspection endpoint of the token's issuer. Required.
	Endpoint string
	// Auth is who asks, as it authenticates at this endpoint: see
	// [ClientAuth.AtIntrospection]. Most servers answer only those who
	// authenticate. Required.
	Auth ClientAuth
	// Resource is the resource that the token is for: servers on this machine
	// or network are asked for its sake only; see [WithResource].
	Resource string
	// Token is the token. Required.
	Token gen.Secret
	// TokenTypeHint is "access_token" or "refresh_token". Empty sends none.
	TokenTypeHint string
}

// Introspect asks about a token. An answer that is not active is no error, and
// says nothing of why. Neither the token nor what is said of it is kept. An
// error is an [*EndpointError].
//
// https://www.rfc-editor.org/rfc/rfc7662.html#section-2
func (c *Client) Introspect(ctx context.Context, in IntrospectRequest) (*gen.IntrospectionResponse, error) {
	request := &gen.IntrospectionRequest{Token: in.Token, TokenTypeHint: in.TokenTypeHint}
	call := endpointCall{name: "introspection_endpoint", url: in.Endpoint, auth: in.Auth, resource: in.Resource}
	res, err := at(ctx, c, call, func(ctx context.Context, url string, edit ...gen.Edit) (*gen.Response[gen.IntrospectionResponse], error) {
		return c.Operations().IntrospectToken(ctx, url, request, edit...)
	})
	if err != nil {
		return nil, err
	}
	return res.Document, nil
}
