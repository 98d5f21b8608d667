// Kinds of documents, and how to tell them apart.

package validate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
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

// maxDetected bounds what DetectKind reads. Real documents have all their
// members within a few KiB.
const maxDetected = 64 << 10

// DetectKind tells the kind of a document from its first 64 KiB: a JSON object
// by the names of its members, and else the redirect or the header that the
// text looks like. It returns false when nothing fits. Broken documents are
// recognized too, as far as they can be read.
//
// A client identifier beside client metadata is a Client ID Metadata Document
// when it is an https URL, and the answer to a registration otherwise.
// Authorization server metadata with all that OpenID Connect requires is taken
// for OpenID Provider metadata, of which more is asked.
func DetectKind(data []byte) (Kind, bool) {
	data = data[:min(len(data), maxDetected)]
	text := bytes.TrimLeft(data[documentStart(data):], " \t\r\n")
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

// detectObject goes from the rarest names to the commonest.
func detectObject(text []byte) (Kind, bool) {
	clientID := ""
	names := topNames(text, func(name, value string) {
		if name == "client_id" {
			clientID = value
		}
	})
	has := func(some ...string) bool {
		return slices.ContainsFunc(some, func(name string) bool { return slices.Contains(names, name) })
	}
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
	case has("client_id") && strings.HasPrefix(clientID, "https://") && !has("client_secret", "registration_access_token", "client_id_issued_at"):
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

// topNames returns the member names of an object, up to the first syntax error,
// and shows each member that is a string.
func topNames(text []byte, show func(name, value string)) []string {
	var names []string
	decoder := json.NewDecoder(bytes.NewReader(text))
	depth, isName := 0, false
	for {
		token, err := decoder.Token()
		if err != nil {
			return names
		}
		if delim, ok := token.(json.Delim); ok {
			if delim == '{' || delim == '[' {
				depth++
			} else {
				depth--
			}
			isName = depth == 1
			continue
		}
		switch word, _ := token.(string); {
		case depth != 1:
		case isName:
			names, isName = append(names, word), false
		default:
			show(names[len(names)-1], word)
			isName = true
		}
	}
}

// isHeader looks for the field's name, or for a scheme that a resource offers.
func isHeader(text []byte) bool {
	start := strings.ToLower(string(text[:min(len(text), 4096)]))
	scheme, _, _ := strings.Cut(start, " ")
	return strings.Contains(start, challengeField) || scheme == "bearer" || scheme == "dpop" || scheme == "basic"
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
