// EndpointAuth: client authentication at an endpoint that has a way of its own.

package flowstest

import "slices"

// An EndpointAuth says how clients authenticate at the revocation or the
// introspection endpoint, which may be otherwise than at the token endpoint
// (RFC 8414 §2). The zero value is as there.
type EndpointAuth struct {
	// Methods are allowed and listed. A client may authenticate by each of them
	// that it has credentials for, whatever it is registered for. nil: those of
	// ServerConfig.AuthMethods, and each client by the one that it is
	// registered for.
	Methods []string
	// Algs are the algorithms of client assertions that are allowed and listed.
	// nil: those of ServerConfig.Assertions.
	Algs []string
}

func (a EndpointAuth) clone() EndpointAuth {
	return EndpointAuth{Methods: slices.Clone(a.Methods), Algs: slices.Clone(a.Algs)}
}

// authAt returns how clients authenticate at an endpoint.
func (c *ServerConfig) authAt(kind string) EndpointAuth {
	switch kind {
	case kindRevoke:
		return c.Revocation
	case kindIntrospect:
		return c.Introspection
	}
	return EndpointAuth{}
}

// methodsAt returns the methods of an endpoint.
func (c *ServerConfig) methodsAt(kind string) []string {
	if own := c.authAt(kind).Methods; own != nil {
		return own
	}
	return c.authMethods()
}

// algsAt returns the algorithms of client assertions at an endpoint.
func (c *ServerConfig) algsAt(kind string) []string {
	algs := c.Assertions.Algs
	if own := c.authAt(kind).Algs; own != nil {
		algs = own
	}
	if algs == nil {
		algs = append(slices.Clone(asymmetric), algHS256)
	}
	methods := c.methodsAt(kind)
	return slices.DeleteFunc(slices.Clone(algs), func(alg string) bool {
		return !slices.Contains(methods, jwtMethod(alg))
	})
}
