// Judging bytes: any kind of document, by all its rules, in one call.

package validate

import (
	"bytes"
	"errors"
	"slices"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Bytes decodes one document and judges it by all rules of its kind. The kind
// "" is the one that DetectKind tells. Violations carry line and column in
// data; a document that cannot be decoded gives the one violation that says
// why. Longer input than 1 MiB is refused before it is read.
//
// What a document is compared with is given by For, With and Expecting, and by
// the options of each kind (InTokenExchange, RequestedScope, ...); rules
// whose comparison is missing are passed over.
//
//	found := validate.Bytes("", data, validate.For("https://mcp.example.com/mcp"))
//	if err := found.Err(validate.SeverityError); err != nil {
//		return err
//	}
//
// It is safe for concurrent use, and keeps nothing of data.
func Bytes(kind Kind, data []byte, opts ...Option) Violations {
	if kind == "" {
		kind, _ = DetectKind(data)
	}
	return bytesAs(kind, data, gather(opts), opts)
}

// For names the URL that Bytes judges a document by: for protected resource
// metadata and challenges the URL in use, for authorization server metadata the
// issuer that was asked for, for a Client ID Metadata Document its own URL, for
// an authorization response the issuer. "" means that it is not known.
func For(url string) Option { return func(o *options) { o.url = url } }

// Expecting gives what a client recorded before the redirect; Bytes compares an
// authorization response with it. Without it a response is judged alone.
func Expecting(want CallbackExpectation) Option { return func(o *options) { o.expecting = &want } }

func bytesAs(kind Kind, data []byte, o *options, opts []Option) Violations {
	switch kind {
	case KindResource:
		return judge(data, opts, func(doc *gen.ProtectedResourceMetadata, opts ...Option) Violations {
			return withPartners(kind, doc, ProtectedResource(doc, o.url, opts...), opts)
		})
	case KindServer, KindOpenID:
		if kind == KindOpenID {
			opts = append(slices.Clip(opts), AsOpenIDProvider())
		}
		return judge(data, opts, func(doc *gen.AuthorizationServerMetadata, opts ...Option) Violations {
			return withPartners(kind, doc, AuthorizationServer(doc, o.url, opts...), opts)
		})
	case KindClientID:
		return judge(data, opts, func(doc *gen.ClientIDMetadataDocument, opts ...Option) Violations {
			return withPartners(kind, doc, ClientIDDocument(doc, o.url, opts...), opts)
		})
	case KindClient:
		return judge(data, opts, func(doc *gen.ClientMetadata, opts ...Option) Violations {
			return withPartners(kind, doc, ClientMetadata(doc, opts...), opts)
		})
	case KindInformation:
		return judge(data, opts, func(doc *gen.ClientInformation, opts ...Option) Violations {
			return withPartners(kind, doc, ClientInformation(doc, o.requested(), opts...), opts)
		})
	case KindToken:
		return judge(data, opts, func(doc *gen.TokenResponse, opts ...Option) Violations {
			return withPartners(kind, doc, Token(doc, opts...), opts)
		})
	case KindError:
		return judge(data, opts, func(doc *gen.ErrorResponse, opts ...Option) Violations {
			return withPartners(kind, doc, ErrorResponse(doc, opts...), opts)
		})
	case KindCallback:
		return judgeCallback(data, o, opts)
	case KindChallenge:
		return withPartners(kind, nil, ChallengeField(data, o.url, opts...), append(slices.Clip(opts), WithSource(data)))
	case KindState:
		return withPartners(kind, nil, judgeState(data, opts), append(slices.Clip(opts), WithSource(data)))
	}
	c := newCheck(documentUnknown, append(slices.Clip(opts), WithSource(data)))
	c.add(RuleUnknownKind, "", unknownReason(kind, data))
	return c.done()
}

// judge decodes a document and hands it to the function that judges it.
func judge[T Document](data []byte, opts []Option, rules func(*T, ...Option) Violations) Violations {
	var report gen.Report
	doc, err := Decode[T](data, &report)
	if failure := (*Error)(nil); errors.As(err, &failure) {
		return failure.Violations
	}
	return rules(doc, append(slices.Clip(opts), WithReport(report), WithSource(data))...)
}

// documentStart returns how many bytes come before a JSON document: a byte
// order mark, or the line that the directory store writes before a record.
func documentStart(data []byte) int {
	if bytes.HasPrefix(data, byteOrderMark) {
		return len(byteOrderMark)
	}
	if bytes.HasPrefix(data, []byte(recordLine)) {
		return bytes.IndexByte(data, '\n') + 1
	}
	return 0
}
