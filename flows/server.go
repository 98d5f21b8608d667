// Server: the generated operations, bound to one authorization server.

package flows

import (
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
	for _, endpoint := range []*string{
		&fit.TokenEndpoint, &fit.RegistrationEndpoint, &fit.IntrospectionEndpoint, &fit.RevocationEndpoint,
		&fit.PushedAuthorizationRequestEndpoint, &fit.DeviceAuthorizationEndpoint, &fit.JWKSURI,
	} {
		if validate.Endpoint(*endpoint, c.rules()...) != nil {
			*endpoint = ""
		}
	}
	server := &gen.Server{
		Client:   &gen.Client{Doer: resourceDoer{c.Operations().Doer, resourceURL}},
		Metadata: &fit,
	}
	if auth == nil {
		return server, nil
	}
	var err error
	server.Authenticate, err = auth.edit()
	return server, err
}

// resourceDoer sends each request for the sake of one resource.
type resourceDoer struct {
	gen.Doer
	resource string
}

// Do sends req.
func (d resourceDoer) Do(req *http.Request) (*http.Response, error) {
	return d.Doer.Do(req.WithContext(withResource(req.Context(), d.resource)))
}
