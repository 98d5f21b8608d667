// Decoding for people who have bytes and want to know what is wrong with them.

package validate

import (
	"errors"
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Document is a document that this package judges.
type Document interface {
	gen.ProtectedResourceMetadata | gen.AuthorizationServerMetadata |
		gen.ClientMetadata | gen.ClientInformation | gen.ClientIDMetadataDocument |
		gen.TokenResponse | gen.ErrorResponse | gen.AuthorizationResponse |
		gen.SessionRecord | gen.ClientRecord | gen.MetadataRecord | gen.PendingRecord
}

// Decode reads one document strictly: exact member names, no duplicates,
// bounded size and depth. What is wrong with optional members goes to report,
// which may be nil; hand it and the bytes to the function that judges the
// document:
//
//	var report gen.Report
//	doc, err := validate.Decode[gen.ProtectedResourceMetadata](data, &report)
//	if err != nil {
//		return err
//	}
//	found := validate.ProtectedResource(doc, url, validate.WithReport(report), validate.WithSource(data))
//
// The error is an *Error with one violation, which carries its position and
// refuses the document; it unwraps to the *gen.DecodeError. Documents are JSON
// objects, except AuthorizationResponse, which is the query of the redirect.
//
// SEC-3, SEC-4
func Decode[T Document](data []byte, report *gen.Report) (*T, error) {
	d := decoderOf[T]()
	doc, err := d.decode(data, report)
	if err != nil {
		return nil, decodeFailure(d.name, data, err)
	}
	return doc, nil
}

// decoder is how one document is decoded, and its name.
type decoder[T Document] struct {
	name   string
	decode func([]byte, *gen.Report) (*T, error)
}

// decoders has one for each type of Document.
var decoders = []any{
	decoder[gen.ProtectedResourceMetadata]{documentResource, gen.DecodeProtectedResourceMetadata},
	decoder[gen.AuthorizationServerMetadata]{documentServer, gen.DecodeAuthorizationServerMetadata},
	decoder[gen.ClientMetadata]{documentClient, gen.DecodeClientMetadata},
	decoder[gen.ClientInformation]{documentInformation, gen.DecodeClientInformation},
	decoder[gen.ClientIDMetadataDocument]{documentClientID, gen.DecodeClientIDMetadataDocument},
	decoder[gen.TokenResponse]{documentToken, gen.DecodeTokenResponse},
	decoder[gen.ErrorResponse]{documentError, gen.DecodeErrorResponse},
	decoder[gen.AuthorizationResponse]{documentCallback, gen.DecodeAuthorizationResponse},
	decoder[gen.SessionRecord]{documentSession, gen.DecodeSessionRecord},
	decoder[gen.ClientRecord]{documentRegistration, gen.DecodeClientRecord},
	decoder[gen.MetadataRecord]{documentMetadata, gen.DecodeMetadataRecord},
	decoder[gen.PendingRecord]{documentPending, gen.DecodePendingRecord},
}

func decoderOf[T Document]() decoder[T] {
	i := slices.IndexFunc(decoders, func(d any) bool { _, ok := d.(decoder[T]); return ok })
	return decoders[i].(decoder[T]) // each type has one: TestDecoders
}

func decodeFailure(kind string, data []byte, err error) error {
	failure := gen.DecodeError{Kind: gen.ProblemSyntax}
	if decodeError := (*gen.DecodeError)(nil); errors.As(err, &decodeError) {
		failure = *decodeError
	}
	c := newCheck(kind, []Option{WithSource(data)})
	c.addAt(failureRule(kind, &failure), failure.Pointer, problemDetail(failure.Kind, failure.Detail), failure.Offset+1)
	return &Error{Document: kind, Violations: c.undecoded(), cause: err}
}

// The names of the documents in messages.
const (
	documentResource    = "protected resource metadata"
	documentServer      = "authorization server metadata"
	documentClient      = "client metadata"
	documentInformation = "client information"
	documentClientID    = "client ID metadata document"
	documentToken       = "token response"
	documentError       = "error response"
	documentCallback    = "authorization response"
	documentChallenge   = "challenge"

	documentSession      = "session record"
	documentRegistration = "client record"
	documentMetadata     = "metadata record"
	documentPending      = "pending record"

	documentUnknown = "document"
)
