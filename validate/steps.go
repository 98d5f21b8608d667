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
	// Sources are the bytes of these documents, as far as they are known.
	Sources Sources
}

// Sources are the bytes that the documents of a Journey were decoded from.
// Violations of a document whose bytes are there carry Line and Column in them,
// and say what the decoder found; without bytes that can be decoded, nil too,
// they are 0.
type Sources struct {
	Resource, Server, ClientID, Client []byte
}

// Steps walks the way of a client that has not met the server before: it takes
// the resource's metadata, finds the server, gets an identifier, sends the user
// there, redeems the code. All steps are returned, those after a stop too, so
// that one look shows everything that has to be mended. Nothing is fetched.
//
// Violations point into the document that they name. The options are those of
// the functions that judge each document, without WithSource and WithReport:
// see Sources.
//
// DISC-8, DISC-9, DISC-14, META-1, REG-1
func Steps(j Journey, opts ...Option) []Step {
	w := way{
		Journey:  &j,
		resource: sourced[gen.ProtectedResourceMetadata](j.Sources.Resource, opts),
		server:   sourced[gen.AuthorizationServerMetadata](j.Sources.Server, opts),
		clientID: sourced[gen.ClientIDMetadataDocument](j.Sources.ClientID, opts),
		client:   sourced[gen.ClientMetadata](j.Sources.Client, opts),
	}
	return []Step{w.resourceStep(), w.serverStep(), w.registrationStep(), w.authorizationStep(), w.tokenStep()}
}

// way is a Journey with the options of each of its documents.
type way struct {
	*Journey
	resource, server, clientID, client []Option
}

// sourced adds what the bytes of a document tell about it. Bytes that cannot be
// decoded are not those that it came from.
func sourced[T Document](source []byte, opts []Option) []Option {
	var report gen.Report
	if _, err := Decode[T](source, &report); err != nil {
		return opts
	}
	return append(slices.Clip(opts), WithReport(report), WithSource(source))
}

func (w *way) resourceStep() Step {
	does := "takes the resource's metadata"
	if w.Resource != nil {
		does += " for " + quoteURL(w.Resource.Resource)
	}
	return Step{"resource", does, stops(ProtectedResource(w.Resource, w.URL, w.resource...), UseDocument)}
}

func (w *way) serverStep() Step {
	found := w.serverFindings()
	if w.Server == nil || w.Resource == nil {
		return Step{"server", "asks for the metadata of the authorization server", stops(found, UseDocument)}
	}
	found = append(found, ProtectedResourceWithServer(w.Resource, w.Server, w.resource...)...)
	return Step{"server", "takes " + quoteURL(w.Server.Issuer) + " as its authorization server", stops(found, UseDocument)}
}

// REG-1: metadata document, then registration, then whatever the user brings.
func (w *way) registrationStep() Step {
	const name = "registration"
	switch {
	case w.Server == nil:
		return Step{name, "needs a client identifier", stops(w.serverFindings(), UseDocument)}
	case w.ClientID != nil && w.Server.ClientIDMetadataDocumentSupported:
		found := append(ClientIDDocument(w.ClientID, "", w.clientID...), w.clientFindings()...)
		return Step{name, "is known by its metadata document " + quoteURL(w.ClientID.ClientID), stops(found, UseRegistration)}
	case w.Server.RegistrationEndpoint != "":
		found := w.serverFindings()
		if w.Client != nil {
			found = append(found, ClientMetadata(w.Client, w.client...)...)
		}
		return Step{name, "registers at " + quoteURL(w.Server.RegistrationEndpoint), stops(found, UseRegistration)}
	}
	c := newCheck(documentServer, w.server)
	c.add(RulePairRegistration, "/registration_endpoint", "the server takes neither registrations nor this client's metadata document")
	return Step{name, "needs an identifier that was registered beforehand", c.done()}
}

func (w *way) authorizationStep() Step {
	does := "sends the user to the authorization endpoint"
	if w.Server != nil {
		does += " " + quoteURL(w.Server.AuthorizationEndpoint) + ", with S256"
	}
	if w.Resource != nil && len(w.Resource.ScopesSupported) > 0 {
		does += " and the scope " + quote(strings.Join(w.Resource.ScopesSupported, " "))
	}
	return Step{"authorization", does, stops(append(w.serverFindings(), w.clientFindings()...), UseAuthorizationCode)}
}

func (w *way) tokenStep() Step {
	does := "redeems the code"
	if w.Server != nil && w.Server.TokenEndpoint != "" {
		does += " at " + quoteURL(w.Server.TokenEndpoint)
		if slices.Contains(w.Server.GrantTypesSupported, grantRefresh) {
			does += ", and refreshes the token later"
		}
	}
	return Step{"token", does, stops(append(w.serverFindings(), w.clientFindings()...), UseToken)}
}

// serverFindings are those of the server's metadata alone.
func (w *way) serverFindings() Violations {
	return AuthorizationServer(w.Server, "", w.server...)
}

// clientFindings are those of the client's document with the server.
func (w *way) clientFindings() Violations {
	switch {
	case w.Server == nil:
	case w.ClientID != nil && w.Server.ClientIDMetadataDocumentSupported:
		return ClientIDDocumentWithServer(w.ClientID, w.Server, w.clientID...)
	case w.Client != nil:
		return ClientMetadataWithServer(w.Client, w.Server, w.client...)
	}
	return nil
}

// stops keeps what refuses a use.
func stops(found Violations, use Use) Violations {
	return slices.DeleteFunc(found, func(v Violation) bool {
		return v.Severity < SeverityRefuse || !v.Use.refuses(use)
	})
}
