// Partners: the second document of a pair, as Bytes takes it.

package validate

import (
	"errors"

	"github.com/mcpoauth/mcpoauth/gen"
)

// With gives Bytes another document to judge the first one with, such as the
// metadata of an authorization server beside that of a resource, or the request
// beside the answer to a registration. The kind "" is the one that DetectKind
// tells. What is wrong with the other document alone is not reported: judge it
// by itself. It can be given more than once.
//
// The pairs are: prm with asm or oidc; client, dcr and cimd with asm or oidc;
// client with dcr; each in either order. An authorization response goes with the
// record of the login under way (state), or with the server's metadata; of both,
// the record counts, which knows more, and Expecting counts before either.
// Where there are no rules for the two, or the other document cannot be read,
// RulePartner says so: nothing was compared then.
func With(kind Kind, data []byte) Option {
	return func(o *options) {
		if kind == "" {
			kind, _ = DetectKind(data)
		}
		o.partners = append(o.partners, partner{kind, data})
	}
}

type partner struct {
	kind Kind
	data []byte
}

// requested returns the partner that is a registration request, or nil.
func (o *options) requested() *gen.ClientMetadata {
	for _, p := range o.partners {
		if p.kind == KindClient {
			doc, err := gen.DecodeClientMetadata(p.data, nil)
			if err == nil {
				return doc
			}
		}
	}
	return nil
}

// withPartners adds what the document and each of its partners break together.
// Kinds that go with no other have the doc nil.
func withPartners(kind Kind, doc any, found Violations, opts []Option) Violations {
	o := gather(opts)
	if len(o.partners) == 0 {
		return found
	}
	p := newPair(documentNames[kind], opts)
	for _, other := range o.partners {
		decoded, err := other.decode()
		switch {
		case err != nil:
			p.unread(err)
		case !p.judge(doc, decoded):
			p.second = true
			if !p.judge(decoded, doc) {
				p.unrelated(kind, other.kind)
			}
			p.second = false
		}
	}
	return append(found, p.done()...)
}

// unread says that a partner cannot be read.
func (p *pair) unread(err error) {
	p.add(RulePartner, "", "the other document cannot be read: "+err.Error())
}

// unrelated says that there is nothing to compare in two kinds.
func (p *pair) unrelated(kind, other Kind) {
	p.add(RulePartner, "", "there are no rules for "+documentNames[kind]+" with "+documentNames[other])
}

// decode returns nil for kinds that go with no other, and an error when the
// document is of no kind or cannot be read.
func (p partner) decode() (any, error) {
	switch p.kind {
	case KindResource:
		return Decode[gen.ProtectedResourceMetadata](p.data, nil)
	case KindServer, KindOpenID:
		return Decode[gen.AuthorizationServerMetadata](p.data, nil)
	case KindClientID:
		return Decode[gen.ClientIDMetadataDocument](p.data, nil)
	case KindClient:
		return Decode[gen.ClientMetadata](p.data, nil)
	case KindInformation:
		return Decode[gen.ClientInformation](p.data, nil)
	}
	if documentNames[p.kind] == "" {
		return nil, errors.New(unknownReason(p.kind, p.data))
	}
	return nil, nil
}

// judge reports whether there are rules for the two documents in this order.
func (p *pair) judge(first, second any) bool {
	if answer, ok := first.(*gen.ClientInformation); ok {
		if request, ok := second.(*gen.ClientMetadata); ok {
			p.answer(answer, request)
			return true
		}
	}
	server, ok := second.(*gen.AuthorizationServerMetadata)
	if !ok {
		return false
	}
	switch doc := first.(type) {
	case *gen.ProtectedResourceMetadata:
		p.resource(doc, server)
	case *gen.ClientMetadata:
		p.registration(server)
		p.client(viewMetadata(doc), server)
	case *gen.ClientInformation:
		p.client(viewInformation(doc), server)
	case *gen.ClientIDMetadataDocument:
		p.clientID(server)
		p.client(viewDocument(doc), server)
	default:
		return false
	}
	return true
}

// answer judges a registration by its request. ClientInformation does it when
// the answer is the document at hand.
func (p *pair) answer(doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if p.second {
		checkAnswer(p.check, doc, requested)
	}
}

// documentNames are the words for kinds in messages.
var documentNames = map[Kind]string{
	KindResource: documentResource, KindServer: documentServer, KindOpenID: documentServer, KindClientID: documentClientID,
	KindClient: documentClient, KindInformation: documentInformation, KindToken: documentToken, KindError: documentError,
	KindCallback: documentCallback, KindChallenge: documentChallenge, KindState: documentSession,
}
