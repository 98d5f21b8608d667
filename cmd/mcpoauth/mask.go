// Masks: the secrets of a document are not shown with its offending lines.

package main

import (
	"bytes"
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mcpoauth/mcpoauth/gen"
)

// secretNames are members that hold a secret even in a document that is meant
// for everyone: those of tokens and registrations, and the private members of a
// key (RFC 7518 §6).
var secretNames = []string{
	"access_token", "assertion", "client_assertion", "client_secret", "code", "code_verifier", "d", "device_code", "dp", "dq",
	"id_token", "k", "p", "private_key", "q", "qi", "refresh_token", "registration_access_token", "state",
}

// masked returns data with one asterisk for each character of a secret, so that
// lines and columns stay. In documents made of secrets (secretive) every string
// is one unless its member is known to hold none; in others, the secretNames
// are. The text may be broken: what cannot be told apart is masked.
//
// STORE-4
func masked(data []byte, secretive bool) []byte {
	m := masker{data: data, secretive: secretive, out: make([]byte, 0, len(data))}
	lexemes(data, m.visit)
	m.show(len(data))
	return m.out
}

type masker struct {
	data, out []byte
	secretive bool
	last      int    // what comes before is in out
	name      string // the member whose value comes, "" when that is not clear
	pending   string // a string that a colon makes a name
	open      []byte // the brackets around
}

func (m *masker) visit(l lexeme) bool {
	raw := m.data[l.start:l.end]
	switch l.kind {
	case '"':
		m.text(l, raw)
	case ':':
		m.name = m.pending
	case '{', '[':
		m.open = append(m.open, l.kind)
	case '}', ']':
		m.open = m.open[:max(0, len(m.open)-1)]
	case 'w':
		m.word(l, raw)
	}
	if l.kind != ':' && l.kind != '[' && !m.inArray() {
		m.name = ""
	}
	return true
}

func (m *masker) text(l lexeme, raw []byte) {
	if isName(m.data[l.end:]) {
		m.pending = unquoted(raw)
		return
	}
	m.pending = ""
	if len(raw) > 2 && !public(m.name, m.secretive) {
		m.hide(l.start+1, l.start+closing(raw))
	}
}

// word hides what may be a secret without its quotes. The name of a member that
// lacks them is none, and says whether its value is one.
func (m *masker) word(l lexeme, raw []byte) {
	m.pending = strings.Trim(string(raw), "'`")
	isMember := isName(m.data[l.end:]) && memberNames()[m.pending]
	if !isMember && !isLiteral(raw) && !bytes.Equal(raw, byteOrderMark) {
		m.hide(l.start, l.end)
	}
}

func (m *masker) inArray() bool { return len(m.open) > 0 && m.open[len(m.open)-1] == '[' }

func (m *masker) show(end int) {
	m.out = append(m.out, m.data[m.last:end]...)
	m.last = end
}

func (m *masker) hide(start, end int) {
	m.show(start)
	m.out = append(m.out, asterisks(m.data[start:end])...)
	m.last = end
}

// isName reports whether what follows a string makes it the name of a member.
func isName(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// closing returns the length of a string lexeme without its closing quote.
func closing(raw []byte) int {
	if raw[len(raw)-1] == '"' {
		return len(raw) - 1
	}
	return len(raw)
}

// isLiteral reports whether raw is a number, true, false or null.
func isLiteral(raw []byte) bool {
	switch string(raw) {
	case "true", "false", "null":
		return true
	}
	return len(bytes.Trim(raw, "0123456789+-.eE")) == 0 && len(raw) <= 32
}

// public reports whether the strings of a member may be shown.
func public(name string, secretive bool) bool {
	if secretive {
		return publicNames()[name]
	}
	return !slices.Contains(secretNames, strings.ToLower(name))
}

// secretiveDocuments are those that are made of secrets.
var secretiveDocuments = []any{
	gen.TokenResponse{}, gen.ClientInformation{}, gen.SessionRecord{}, gen.ClientRecord{}, gen.PendingRecord{}, gen.MetadataRecord{},
}

// publicNames are the members of secretive documents that are known to hold no
// secret: package gen gives secrets a type of their own.
var publicNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for name, t := range membersOf(secretiveDocuments) {
		names[name] = isPublicType(t) && !slices.Contains(secretNames, name)
	}
	return names
})

// memberNames are the names of members that specifications define.
var memberNames = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for name := range membersOf(append(slices.Clip(secretiveDocuments), gen.ProtectedResourceMetadata{},
		gen.AuthorizationServerMetadata{}, gen.ClientMetadata{}, gen.ClientIDMetadataDocument{}, gen.ErrorResponse{})) {
		names[name] = true
	}
	return names
})

// membersOf yields the members of documents by their names.
func membersOf(documents []any) iter.Seq2[string, reflect.Type] {
	return func(yield func(string, reflect.Type) bool) {
		for _, document := range documents {
			for field := range reflect.TypeOf(document).Fields() {
				name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
				if !yield(name, field.Type) {
					return
				}
			}
		}
	}
}

// isPublicType reports whether a field holds text, a number or a flag that is no
// secret, or a list of such.
func isPublicType(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int64:
		return t != reflect.TypeFor[gen.Secret]()
	}
	return t == reflect.TypeFor[time.Time]()
}

// maskedQuery is masked for the parameters of a redirect.
func maskedQuery(text []byte) []byte {
	shown := []string{"iss", "error", "error_description", "error_uri"}
	out := make([]byte, 0, len(text))
	for i, part := range bytes.SplitAfter(text, []byte("&")) {
		start := 0
		if i == 0 { // the redirect URI, up to its query
			start = bytes.IndexByte(part, '?') + 1
		}
		name, value, found := bytes.Cut(part[start:], []byte("="))
		out = append(out, part[:start]...)
		switch {
		case !found:
			bare := bytes.TrimRight(name, "&\r\n")
			out = append(append(out, asterisks(bare)...), name[len(bare):]...)
		case slices.Contains(shown, string(name)):
			out = append(out, part[start:]...)
		default:
			out = append(append(out, name...), '=')
			out = append(out, asterisks(bytes.TrimRight(value, "&\r\n"))...)
			out = append(out, value[len(bytes.TrimRight(value, "&\r\n")):]...)
		}
	}
	return out
}

func asterisks(text []byte) []byte { return bytes.Repeat([]byte{'*'}, utf8.RuneCount(text)) }
