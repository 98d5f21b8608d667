// Kinds of documents, and how to tell them apart.

package validate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Kind names a kind of document that Bytes judges. The zero value means that
// the document itself tells: see DetectKind.
type Kind string

const (
	// KindResource is protected resource metadata (RFC 9728).
	KindResource Kind = "prm"
	// KindServer is authorization server metadata (RFC 8414).
	KindServer Kind = "asm"
	// KindOpenID is authorization server metadata that was served as OpenID
	// Provider metadata (OpenID Connect Discovery).
	KindOpenID Kind = "oidc"
	// KindClientID is a Client ID Metadata Document.
	KindClientID Kind = "cimd"
	// KindClient is client metadata: a registration request (RFC 7591 §3.1).
	KindClient Kind = "client"
	// KindInformation is client information: the answer to a registration (RFC 7591 §3.2.1).
	KindInformation Kind = "dcr"
	// KindToken is a token response (RFC 6749 §5.1).
	KindToken Kind = "token"
	// KindError is an error response (RFC 6749 §5.2).
	KindError Kind = "error"
	// KindCallback is an authorization response: the URL of the redirect, or
	// its query (RFC 6749 §4.1.2).
	KindCallback Kind = "callback"
	// KindChallenge is the value of a WWW-Authenticate field, or the header
	// that holds it (RFC 6750 §3, RFC 9728 §5.1).
	KindChallenge Kind = "challenge"
	// KindState is a record of this module's store: a session, a client, a
	// metadata document or an authorization under way.
	KindState Kind = "state"
)

// Kinds returns all kinds, in a fixed order. The slice is the caller's.
func Kinds() []Kind {
	return []Kind{
		KindResource, KindServer, KindOpenID, KindClientID, KindClient, KindInformation,
		KindToken, KindError, KindCallback, KindChallenge, KindState,
	}
}

// DetectKind tells the kind of a document from what is in it: a JSON object by
// the names of its members, and else the redirect or the header that the text
// looks like. It returns false when nothing fits. Broken documents are
// recognized too, as far as they can be read; no more than gen.MaxSize and 4096
// members are.
//
// Some things content alone cannot tell, and are taken like this:
//
//   - Authorization server metadata with all that OpenID Connect requires is
//     OpenID Provider metadata, of which more is asked. Many servers publish one
//     document at both well-known URLs: DetectKindOf looks at where it came from.
//   - A client identifier beside client metadata makes a Client ID Metadata
//     Document when it is an https URL, and the answer to a registration
//     otherwise. Without an identifier it is a registration request.
func DetectKind(data []byte) (Kind, bool) {
	return DetectKindOf("", data)
}

// DetectKindOf is DetectKind for a document that came from name, a URL or the
// path of a file. Where clients take a document from decides what they take it
// for, whatever is in it:
//
//   - A segment after .well-known, or the last segment of any path, that has
//     oauth-protected-resource, oauth-authorization-server or
//     openid-configuration in it makes it that metadata (RFC 9728 §3, RFC 8414
//     §3, OpenID Connect Discovery §4). Other directories decide nothing.
//   - Client metadata at an https URL is a Client ID Metadata Document: nobody
//     publishes registration requests.
//
// Other names, and "", say nothing.
func DetectKindOf(name string, data []byte) (Kind, bool) {
	if kind, ok := kindOfPlace(name); ok {
		return kind, true
	}
	kind, ok := detectContent(data[:min(len(data), gen.MaxSize)])
	if kind == KindClient && strings.HasPrefix(name, "https://") {
		kind = KindClientID
	}
	return kind, ok
}

// wellKnown are the names of metadata in URLs.
var wellKnown = []struct {
	part string
	kind Kind
}{
	{"oauth-protected-resource", KindResource},
	{"oauth-authorization-server", KindServer},
	{"openid-configuration", KindOpenID},
}

// kindOfPlace tells the kind of metadata from its URL or path.
func kindOfPlace(name string) (Kind, bool) {
	if _, rest, ok := strings.Cut(name, "://"); ok {
		name, _, _ = strings.Cut(rest, "#")
		name, _, _ = strings.Cut(name, "?")
	}
	segments := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' })
	for i, segment := range segments {
		if i < len(segments)-1 && (i == 0 || segments[i-1] != ".well-known") {
			continue
		}
		for _, place := range wellKnown {
			if strings.Contains(segment, place.part) {
				return place.kind, true
			}
		}
	}
	return "", false
}

func detectContent(data []byte) (Kind, bool) {
	text := documentText(data)
	switch {
	case len(text) == 0:
		return "", false
	case text[0] == '{':
		return detectObject(text)
	case isHeader(text):
		return KindChallenge, true
	case isRedirect(text):
		return KindCallback, true
	}
	return "", false
}

// documentText returns a document without what may stand before it.
func documentText(data []byte) []byte {
	return bytes.TrimLeft(data[documentStart(data):], " \t\r\n")
}

// detectObject goes from the rarest names to the commonest.
func detectObject(text []byte) (Kind, bool) {
	names := readNames(text)
	has := names.has
	switch {
	case has("version") && has("generation"):
		return KindState, true
	case has("authorization_endpoint", "token_endpoint", "issuer", "response_types_supported"):
		if has("subject_types_supported") && has("id_token_signing_alg_values_supported") {
			return KindOpenID, true
		}
		return KindServer, true
	case has("resource", "authorization_servers", "bearer_methods_supported"):
		return KindResource, true
	case has("access_token"):
		return KindToken, true
	case has("error"):
		return KindError, true
	case strings.HasPrefix(names.text("client_id"), "https://") && !has("client_secret", "registration_access_token", "client_id_issued_at"):
		return KindClientID, true
	case has("client_id", "client_secret", "registration_access_token"):
		return KindInformation, true
	case has("redirect_uris", "grant_types", "client_name", "token_endpoint_auth_method"):
		return KindClient, true
	case has("token_type", "expires_in"):
		return KindToken, true
	}
	return "", false
}

// topNames are the members of an object, with their values as they are spelled.
type topNames map[string][]byte

// readNames reads an object up to its first syntax error; a value that breaks
// off is nil.
func readNames(text []byte) topNames {
	names := topNames{}
	w := walker{data: text}
	for w.next('{'); len(names) < maxJudged && !w.at('}'); w.next(',') {
		name, ok := w.text()
		if !ok || !w.next(':') {
			break
		}
		w.space()
		start := w.pos
		if !w.value(1) {
			names[unquote(name)] = nil
			break
		}
		names[unquote(name)] = text[start:w.pos]
	}
	return names
}

// has reports whether one of some is there.
func (n topNames) has(some ...string) bool {
	return slices.ContainsFunc(some, func(name string) bool { _, ok := n[name]; return ok })
}

// text returns a member that is a string, else "".
func (n topNames) text(name string) string {
	if value := n[name]; len(value) > 1 && value[0] == '"' {
		return unquote(value)
	}
	return ""
}

// isHeader looks for the field's name at the beginning of a line, or for a
// scheme that a resource offers.
func isHeader(text []byte) bool {
	head := string(text[:min(len(text), maxChallengeText)])
	if isResponse(head) {
		return true
	}
	scheme, _, _ := strings.Cut(head, " ")
	if isTokenScheme(scheme) || equalFold(scheme, "Basic") {
		return true
	}
	for line := range strings.Lines(head) {
		if name, _, ok := strings.Cut(line, ":"); ok && equalFold(strings.TrimSpace(name), challengeField) {
			return true
		}
	}
	return false
}

// isRedirect looks for a parameter that every authorization response has.
func isRedirect(text []byte) bool {
	query := text[queryStart(text):]
	words := strings.FieldsFuncSeq(string(query), func(r rune) bool { return r == '&' || r == '#' })
	for name := range words {
		name, _, ok := strings.Cut(strings.TrimSpace(name), "=")
		if ok && (name == "code" || name == "error" || name == "state") {
			return true
		}
	}
	return false
}

// unknownReason says why a text is of no kind, or that there is no such kind.
func unknownReason(kind Kind, data []byte) string {
	text := documentText(data)
	switch {
	case kind != "":
		return quote(string(kind)) + " is no kind of document"
	case len(text) == 0:
		return "there is nothing in it"
	case text[0] == '{' && len(data) <= gen.MaxSize && !json.Valid(text):
		return "the text begins like a JSON object and is not valid JSON"
	case text[0] == '{':
		return "the object has no member that tells what it is"
	case text[0] == '[':
		return "the text is a JSON array, and a document is a JSON object: judge its elements one by one"
	case text[0] == '<':
		return "the text is HTML or XML, and a document is a JSON object"
	case len(data) <= gen.MaxSize && json.Valid(text):
		return "the text is a JSON value that is no object"
	}
	return "the text is no JSON object, no redirect and no WWW-Authenticate field"
}
