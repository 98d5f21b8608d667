// Server: the generated operations, bound to one authorization server.

package flows

import (
	"cmp"
	"context"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// ServerRequest says which authorization server is meant, and who asks it.
type ServerRequest struct {
	// Metadata is that of the server. Required.
	Metadata *gen.AuthorizationServerMetadata
	// Resource is the URL of the resource for whose sake the server is asked;
	// see [WithResource].
	Resource string
	// Auth is the client's authentication. Nil has none.
	Auth *ClientAuth
	// DPoP proves possession of its key with token requests and pushed
	// authorization requests. Whether the answer is a token that is bound to
	// it, and no bearer token, is the caller's to see. Nil sends no proofs.
	DPoP *DPoP
}

// Server binds the generated operations to the endpoints of metadata, behind
// this client's door and with the client's authentication, at the revocation
// and introspection endpoints by [ClientAuth.AtRevocation] and
// [ClientAuth.AtIntrospection]. Endpoints that must not be given secrets are
// left out: the operation then says that there is none. An error is a
// [*ClientAuthError], or that of a DPoP without a key.
func (c *Client) Server(in ServerRequest) (*gen.Server, error) {
	if in.DPoP != nil && in.DPoP.Key == nil {
		return nil, errNoDPoPKey
	}
	server := &gen.Server{Metadata: c.fitEndpoints(in.Metadata, Endpoints(in.Metadata, in.Auth != nil && in.Auth.MutualTLS()))}
	if err := in.authenticate(server); err != nil {
		return nil, err
	}
	server.Client = &gen.Client{Doer: boundOperations{
		client: c, resource: in.Resource, dpop: in.DPoP,
		authenticate: server.Authenticate, authenticateAt: server.AuthenticateAt,
	}}
	return server, nil
}

// authenticate sets the client's authentication. Operations are called at any
// time: a signer gets no context of theirs.
func (in *ServerRequest) authenticate(server *gen.Server) error {
	if in.Auth == nil {
		return nil
	}
	var token, revocation, introspection error
	ctx := context.Background()
	server.Authenticate, token = in.Auth.edit(ctx)
	server.AuthenticateAt = make(map[string]gen.Edit, 2)
	server.AuthenticateAt["revokeToken"], revocation = in.Auth.AtRevocation(in.Metadata).edit(ctx)
	server.AuthenticateAt["introspectToken"], introspection = in.Auth.AtIntrospection(in.Metadata).edit(ctx)
	return cmp.Or(token, revocation, introspection)
}

// fitEndpoints returns metadata with the endpoints of set, without those that
// must not be given secrets.
func (c *Client) fitEndpoints(metadata *gen.AuthorizationServerMetadata, set EndpointSet) *gen.AuthorizationServerMetadata {
	fit := *metadata
	fit.TokenEndpoint, fit.RegistrationEndpoint, fit.IntrospectionEndpoint = set.Token, set.Registration, set.Introspection
	fit.RevocationEndpoint, fit.DeviceAuthorizationEndpoint = set.Revocation, set.DeviceAuthorization
	fit.PushedAuthorizationRequestEndpoint = set.PushedAuthorizationRequest
	for _, endpoint := range []*string{
		&fit.TokenEndpoint, &fit.RegistrationEndpoint, &fit.IntrospectionEndpoint, &fit.RevocationEndpoint,
		&fit.PushedAuthorizationRequestEndpoint, &fit.DeviceAuthorizationEndpoint, &fit.JWKSURI,
	} {
		if validate.Endpoint(*endpoint, c.rules()...) != nil {
			*endpoint = ""
		}
	}
	return &fit
}
