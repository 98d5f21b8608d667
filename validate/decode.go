// Decoding for people who have bytes and want to know what is wrong with them.

package validate

import (
	"errors"

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
	kind, doc, err := decodeAs[T](data, report)
	if err != nil {
		return nil, decodeFailure(kind, data, err)
	}
	return doc.(*T), nil
}

// decodeAs picks the decoder and the name of a document.
func decodeAs[T Document](data []byte, report *gen.Report) (kind string, doc any, err error) {
	switch any((*T)(nil)).(type) {
	case *gen.ProtectedResourceMetadata:
		kind = documentResource
		doc, err = gen.DecodeProtectedResourceMetadata(data, report)
	case *gen.AuthorizationServerMetadata:
		kind = documentServer
		doc, err = gen.DecodeAuthorizationServerMetadata(data, report)
	case *gen.ClientMetadata:
		kind = documentClient
		doc, err = gen.DecodeClientMetadata(data, report)
	case *gen.ClientInformation:
		kind = documentInformation
		doc, err = gen.DecodeClientInformation(data, report)
	case *gen.ClientIDMetadataDocument:
		kind = documentClientID
		doc, err = gen.DecodeClientIDMetadataDocument(data, report)
	case *gen.TokenResponse:
		kind = documentToken
		doc, err = gen.DecodeTokenResponse(data, report)
	case *gen.ErrorResponse:
		kind = documentError
		doc, err = gen.DecodeErrorResponse(data, report)
	case *gen.AuthorizationResponse:
		kind = documentCallback
		doc, err = gen.DecodeAuthorizationResponse(data, report)
	default:
		return decodeRecordAs[T](data, report)
	}
	return kind, doc, err
}

func decodeRecordAs[T Document](data []byte, report *gen.Report) (kind string, doc any, err error) {
	switch any((*T)(nil)).(type) {
	case *gen.SessionRecord:
		kind = documentSession
		doc, err = gen.DecodeSessionRecord(data, report)
	case *gen.ClientRecord:
		kind = documentRegistration
		doc, err = gen.DecodeClientRecord(data, report)
	case *gen.MetadataRecord:
		kind = documentMetadata
		doc, err = gen.DecodeMetadataRecord(data, report)
	case *gen.PendingRecord:
		kind = documentPending
		doc, err = gen.DecodePendingRecord(data, report)
	}
	return kind, doc, err
}

func decodeFailure(kind string, data []byte, err error) error {
	failure := gen.DecodeError{Kind: gen.ProblemSyntax}
	if decodeError := (*gen.DecodeError)(nil); errors.As(err, &decodeError) {
		failure = *decodeError
	}
	c := newCheck(kind, []Option{WithSource(data)})
	c.addAt(failureRule(kind, &failure), failure.Pointer, problemDetail(failure.Kind, failure.Detail), failure.Offset+1)
	return &Error{Document: kind, Violations: c.done(), cause: err}
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
