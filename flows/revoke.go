// Revocation: telling the server that tokens are no longer wanted.

package flows

import (
	"context"
	"errors"

	"github.com/mcpoauth/mcpoauth/gen"
)

// RevokeRequest says what to revoke, and where.
type RevokeRequest struct {
	// Endpoint is the revocation endpoint of the issuer of the tokens. Required.
	Endpoint string
	// Auth is the client that the tokens were issued to, as it authenticates at
	// this endpoint: see [ClientAuth.AtRevocation]. Required.
	Auth ClientAuth
	// Resource is the resource that the tokens are for: servers on this
	// machine or network are asked for its sake only; see [WithResource].
	Resource string
	// RefreshToken and AccessToken are revoked in this order; an empty one is
	// left out.
	RefreshToken, AccessToken gen.Secret
}

// Revoke revokes the tokens, the refresh token first: with it servers should
// end the whole grant, and should only one request get through, it is the one
// that counts. A token that the server does not know is no error. Both
// requests together take no longer than [Client.TokenTimeout]. Whatever the
// outcome, forget the tokens. An error joins one or two [*EndpointError].
//
// https://www.rfc-editor.org/rfc/rfc7009.html#section-2
func (c *Client) Revoke(ctx context.Context, in RevokeRequest) error {
	ctx, cancel := context.WithTimeout(ctx, c.TokenTimeout())
	defer cancel()
	return errors.Join(
		c.revoke(ctx, in, in.RefreshToken, "refresh_token"),
		c.revoke(ctx, in, in.AccessToken, "access_token"),
	)
}

func (c *Client) revoke(ctx context.Context, in RevokeRequest, token gen.Secret, kind string) error {
	if token == "" {
		return nil
	}
	request := &gen.RevocationRequest{Token: token, TokenTypeHint: kind}
	call := endpointCall{name: "revocation_endpoint", url: in.Endpoint, auth: in.Auth, resource: in.Resource}
	_, err := at(ctx, c, call, func(ctx context.Context, url string, edit ...gen.Edit) (*gen.Response[struct{}], error) {
		return c.Operations().RevokeToken(ctx, url, request, edit...)
	})
	// RFC 7009 §2.2.1: servers need not revoke access tokens.
	var failed *EndpointError
	if errors.As(err, &failed) && failed.Code == "unsupported_token_type" && kind == "access_token" {
		return nil
	}
	return err
}
