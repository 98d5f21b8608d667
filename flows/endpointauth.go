// Endpoint authentication: the method at an endpoint that has a list of its own.

package flows

import (
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// AtRevocation returns a as it authenticates at the revocation endpoint of its
// server: by its own method, which is what the client is registered for. Only
// if revocation_endpoint_auth_methods_supported is there without that method,
// or its signing algorithms are there without the key's, it is another: the
// first, in the order of [SelectClientAuth], that is in the list and that a's
// credentials allow. A list that leaves no choice changes nothing, and a client
// of method none shows no secret whatever is listed.
//
// By RFC 8414 §2 an absent list means Basic. Here it changes nothing: servers
// that leave it out take the one method that the client registered (RFC 7591
// §2), and a client that registered another would only be refused.
//
// https://www.rfc-editor.org/rfc/rfc8414.html#section-2
func (a ClientAuth) AtRevocation(server *gen.AuthorizationServerMetadata) ClientAuth {
	return a.among(server.RevocationEndpointAuthMethodsSupported, server.RevocationEndpointAuthSigningAlgValuesSupported)
}

// AtIntrospection is [ClientAuth.AtRevocation] for the introspection endpoint
// and introspection_endpoint_auth_methods_supported. What that list says of
// access tokens in place of client authentication is passed over.
func (a ClientAuth) AtIntrospection(server *gen.AuthorizationServerMetadata) ClientAuth {
	return a.among(server.IntrospectionEndpointAuthMethodsSupported, server.IntrospectionEndpointAuthSigningAlgValuesSupported)
}

// among chooses one of the listed methods, the present one before all others.
func (a ClientAuth) among(methods, algorithms []string) ClientAuth {
	if a.Method == AuthMethodNone {
		return a
	}
	// A certificate is at hand if it authenticates at the token endpoint; then
	// the aliases are in use for all endpoints, whatever the method at one.
	have := credentialsOf(a.Secret, a.Key != nil, a.MutualTLS())
	candidates := slices.Concat([]string{a.Method}, methodsByPreference, []string{AuthMethodNone})
	for _, method := range candidates {
		other := a
		other.Method = method
		if slices.Contains(methods, method) && have.allow(method) == nil && other.canSign(algorithms) == nil {
			return other
		}
	}
	return a
}
