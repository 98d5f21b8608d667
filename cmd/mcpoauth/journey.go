// Journeys: what a client would do with the documents of a pair, and where it
// would stop.

package main

import (
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// journey is the way of a client through the documents of a resource and one
// authorization server. The JSON report has it as it is.
type journey struct {
	// Resource and Server are the files.
	Resource string          `json:"resource"`
	Server   string          `json:"server"`
	Steps    []validate.Step `json:"steps"`
}

// maxJourneys bounds the documents that are kept until the end of a run; a
// pattern may name any number. Real resources name one server or two.
const maxJourneys = 16

// journeys collects the documents of a run with --with. A directory may hold
// any number of documents, so that those found in one take no part.
type journeys struct {
	resource        *document
	several         bool // more than one resource: no telling which is meant
	servers         []*document
	clientID, asked *document
}

func (js *journeys) add(d *document) {
	if d.found {
		return
	}
	switch d.kind {
	case validate.KindResource:
		js.several = js.resource != nil
		js.resource = d
	case validate.KindServer, validate.KindOpenID:
		if len(js.servers) < maxJourneys {
			js.servers = append(js.servers, d)
		}
	case validate.KindClientID:
		js.clientID = d
	case validate.KindClient:
		js.asked = d
	}
}

// walk returns the way with each server, none without a resource that can be read.
func (js *journeys) walk(options []validate.Option) []journey {
	if js.resource == nil || js.several {
		return nil
	}
	base := validate.Journey{
		URL: js.resource.expected, Resource: decoded[gen.ProtectedResourceMetadata](js.resource),
		ClientID: decoded[gen.ClientIDMetadataDocument](js.clientID), Client: decoded[gen.ClientMetadata](js.asked),
		Sources: validate.Sources{Resource: js.resource.data, ClientID: js.clientID.bytes(), Client: js.asked.bytes()},
	}
	var all []journey
	for _, server := range js.servers {
		j := base
		j.Server, j.Sources.Server = decoded[gen.AuthorizationServerMetadata](server), server.data
		if j.Resource != nil && j.Server != nil {
			all = append(all, journey{js.resource.file, server.file, validate.Steps(j, options...)})
		}
	}
	return all
}

// decoded returns the document, or nil when there is none that can be read.
func decoded[T validate.Document](d *document) *T {
	if d == nil {
		return nil
	}
	doc, err := validate.Decode[T](d.data, nil)
	if err != nil {
		return nil
	}
	return doc
}

// bytes returns those of the document, none when there is none.
func (d *document) bytes() []byte {
	if d == nil {
		return nil
	}
	return d.data
}
