// Steps: what a client would do with the documents of a resource and its
// server, and where it would stop.

package validate

import (
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Step is one thing that a client does on its way from a URL to a token.
type Step struct {
	// Name is resource, server, registration, authorization or token.
	Name string `json:"name"`
	// Does says what the client does, in one sentence without a full stop.
	Does string `json:"does"`
	// Stops are the violations that keep the client from it; nil when it goes on.
	Stops Violations `json:"stops,omitempty"`
}

// Journey is what Steps looks at. Only Resource and Server are needed.
type Journey struct {
	// URL is the one in use; "" means the resource's own.
	URL string
	// Resource is the metadata of the protected resource. Nil stops at once.
	Resource *gen.ProtectedResourceMetadata
	// Server is the metadata of the authorization server. Nil stops there.
	Server *gen.AuthorizationServerMetadata
	// ClientID is the client's metadata document; nil for a client without one.
	ClientID *gen.ClientIDMetadataDocument
	// Client is what the client would register; nil for a public native client.
	Client *gen.ClientMetadata
}

// Steps walks the way of a client that has not met the server before: it takes
// the resource's metadata, finds the server, gets an identifier, sends the user
// there, redeems the code. All steps are returned, those after a stop too, so
// that one look shows everything that has to be mended. Nothing is fetched.
//
// DISC-8, DISC-9, DISC-14, META-1, REG-1
func Steps(j Journey, opts ...Option) []Step {
	return []Step{
		j.resourceStep(opts),
		j.serverStep(opts),
		j.registrationStep(opts),
		j.authorizationStep(opts),
		j.tokenStep(opts),
	}
}

func (j *Journey) resourceStep(opts []Option) Step {
	does := "takes the resource's metadata"
	if j.Resource != nil {
		does += " for " + quoteURL(j.Resource.Resource)
	}
	return Step{"resource", does, stops(ProtectedResource(j.Resource, j.URL, opts...), UseDocument)}
}

func (j *Journey) serverStep(opts []Option) Step {
	if j.Server == nil || j.Resource == nil {
		return Step{"server", "asks for the metadata of the authorization server", stops(AuthorizationServer(j.Server, "", opts...), UseDocument)}
	}
	found := append(AuthorizationServer(j.Server, "", opts...), ProtectedResourceWithServer(j.Resource, j.Server, opts...)...)
	return Step{"server", "takes " + quoteURL(j.Server.Issuer) + " as its authorization server", stops(found, UseDocument)}
}

// REG-1: metadata document, then registration, then whatever the user brings.
func (j *Journey) registrationStep(opts []Option) Step {
	const name = "registration"
	switch {
	case j.Server == nil:
		return Step{name, "needs a client identifier", stops(AuthorizationServer(nil, "", opts...), UseDocument)}
	case j.ClientID != nil && j.Server.ClientIDMetadataDocumentSupported:
		found := append(ClientIDDocument(j.ClientID, "", opts...), ClientIDDocumentWithServer(j.ClientID, j.Server, opts...)...)
		return Step{name, "is known by its metadata document " + quoteURL(j.ClientID.ClientID), stops(found, UseRegistration)}
	case j.Server.RegistrationEndpoint != "":
		found := AuthorizationServer(j.Server, "", opts...)
		if j.Client != nil {
			found = append(found, ClientMetadata(j.Client, opts...)...)
		}
		return Step{name, "registers at " + quoteURL(j.Server.RegistrationEndpoint), stops(found, UseRegistration)}
	}
	c := newCheck(documentServer, opts)
	c.add(RulePairRegistration, "/registration_endpoint", "the server takes neither registrations nor this client's metadata document")
	return Step{name, "needs an identifier that was registered beforehand", c.found}
}

func (j *Journey) authorizationStep(opts []Option) Step {
	does := "sends the user to the authorization endpoint"
	if j.Server != nil {
		does += " " + quoteURL(j.Server.AuthorizationEndpoint) + ", with S256"
	}
	if j.Resource != nil && len(j.Resource.ScopesSupported) > 0 {
		does += " and the scope " + quote(strings.Join(j.Resource.ScopesSupported, " "))
	}
	found := append(AuthorizationServer(j.Server, "", opts...), j.clientFindings(opts)...)
	return Step{"authorization", does, stops(found, UseAuthorizationCode)}
}

func (j *Journey) tokenStep(opts []Option) Step {
	does := "redeems the code"
	if j.Server != nil {
		does += " at " + quoteURL(j.Server.TokenEndpoint)
		if slices.Contains(j.Server.GrantTypesSupported, grantRefresh) {
			does += ", and refreshes the token later"
		}
	}
	found := append(AuthorizationServer(j.Server, "", opts...), j.clientFindings(opts)...)
	return Step{"token", does, stops(found, UseToken)}
}

// clientFindings are those of the client's document with the server.
func (j *Journey) clientFindings(opts []Option) Violations {
	switch {
	case j.Server == nil:
	case j.ClientID != nil && j.Server.ClientIDMetadataDocumentSupported:
		return ClientIDDocumentWithServer(j.ClientID, j.Server, opts...)
	case j.Client != nil:
		return ClientMetadataWithServer(j.Client, j.Server, opts...)
	}
	return nil
}

// stops keeps what refuses a use.
func stops(found Violations, use Use) Violations {
	return slices.DeleteFunc(found, func(v Violation) bool {
		return v.Severity < SeverityRefuse || !v.Use.refuses(use)
	})
}
