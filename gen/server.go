// Server: the operations, bound to the endpoints of one authorization server.

package gen

import (
	"errors"
	"slices"
)

// ErrNoEndpoint means that the metadata names no endpoint for an operation. It comes in a *RequestError.
var ErrNoEndpoint = errors.New("the metadata names no endpoint for it")

// Server is an authorization server and a client of it. Its methods are those of [Client], at the endpoints that the
// metadata names. They are safe for concurrent use as long as the fields are not changed. The endpoints are taken as
// they stand: whoever fills Metadata has judged them, as the sdk does.
type Server struct {
	// Client sends the operations. Nil is ready for use, see [Client].
	Client *Client
	// Metadata names the endpoints. It must not be nil.
	Metadata *AuthorizationServerMetadata
	// Authenticate adds the client's authentication to the operations with a form. Nil adds none.
	Authenticate Edit
	// AuthenticateAt takes the place of Authenticate at single operations, by their operationId such as "revokeToken":
	// an endpoint may want another method than the token endpoint, RFC 8414 section 2. Nil takes the place of none.
	AuthenticateAt map[string]Edit
}

// authenticated puts the client's authentication before the caller's edits.
func (s *Server) authenticated(operation string, edit []Edit) []Edit {
	authenticate := s.Authenticate
	if own, ok := s.AuthenticateAt[operation]; ok {
		authenticate = own
	}
	if authenticate == nil {
		return edit
	}
	return slices.Insert(slices.Clone(edit), 0, authenticate)
}

// at calls an operation at an endpoint, if there is one.
func at[T any](operation, endpoint string, send func(endpoint string) (*Response[T], error)) (*Response[T], error) {
	if endpoint == "" {
		return nil, &RequestError{Operation: operation, Err: ErrNoEndpoint}
	}
	return send(endpoint)
}
