// Secret: a string that prints as REDACTED.

package gen

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "REDACTED"

// Secret is a token, a code, a key or a password. It prints as REDACTED under every verb of fmt, in slog, in JSON and in
// text encodings; an empty one prints as nothing. Convert a string with Secret(s); Reveal gives it back.
// Compare secrets with crypto/subtle, not with ==.
//
// fmt does not call methods on unexported fields: a struct that keeps a Secret in one needs a Format method of its own.
type Secret string

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String returns REDACTED, or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// Format writes String under every verb.
func (s Secret) Format(f fmt.State, _ rune) { writeString(f, s.String()) }

// LogValue returns String.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText returns String, so that JSON, XML and text encodings redact.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// writeString writes text and drops the error, as fmt.Formatter has no place for it.
func writeString(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

// redactedText is what String and LogValue print of a redacted document.
func redactedText(text []byte, err error) string {
	if err != nil {
		return "{" + redacted + "}"
	}
	return string(text)
}
