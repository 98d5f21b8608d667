// Server: the generated operations, bound to one authorization server.

package flows

import (
	"context"
	"net/http"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// Server binds the generated operations to the endpoints of metadata, behind
// this client's door and with the client's authentication; a nil auth has none.
// Endpoints that must not be given secrets are left out: the operation then
// says that there is none. resourceURL is the resource for whose sake the
// server is asked; see [WithResource].
func (c *Client) Server(resourceURL string, metadata *gen.AuthorizationServerMetadata, auth *ClientAuth) (*gen.Server, error) {
	fit := *metadata
	if auth != nil && auth.MutualTLS() {
		set := Endpoints(metadata, true)
		fit.TokenEndpoint, fit.RegistrationEndpoint, fit.IntrospectionEndpoint = set.Token, set.Registration, set.Introspection
		fit.RevocationEndpoint, fit.DeviceAuthorizationEndpoint = set.Revocation, set.DeviceAuthorization
		fit.PushedAuthorizationRequestEndpoint = set.PushedAuthorizationRequest
	}
	for _, endpoint := range []*string{
		&fit.TokenEndpoint, &fit.RegistrationEndpoint, &fit.IntrospectionEndpoint, &fit.RevocationEndpoint,
		&fit.PushedAuthorizationRequestEndpoint, &fit.DeviceAuthorizationEndpoint, &fit.JWKSURI,
	} {
		if validate.Endpoint(*endpoint, c.rules()...) != nil {
			*endpoint = ""
		}
	}
	doer := resourceDoer{Doer: c.Operations().Doer, resource: resourceURL}
	server := &gen.Server{Client: &gen.Client{Doer: doer}, Metadata: &fit}
	if auth == nil {
		return server, nil
	}
	// Operations are called at any time: a signer gets no context of theirs.
	authenticate, err := auth.edit(context.Background())
	if err != nil {
		return nil, err
	}
	doer.renew, server.Authenticate = authenticate, authenticate
	server.Client.Doer = doer
	return server, nil
}

// resourceDoer sends each request for the sake of one resource.
type resourceDoer struct {
	gen.Doer
	resource string
	renew    gen.Edit // nil without authentication
}

// Do sends req.
func (d resourceDoer) Do(req *http.Request) (*http.Response, error) {
	ctx := withResource(req.Context(), d.resource)
	if d.renew != nil {
		ctx = withRenewal(ctx, d.renew)
	}
	return d.Doer.Do(req.WithContext(ctx))
}
