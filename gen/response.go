// Response, ResponseError, RequestError: how an operation ends.

package gen

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Response is an accepted answer. It prints without its header, body and document, which may hold secrets.
type Response[T any] struct {
	// StatusCode is the HTTP status.
	StatusCode int
	// Header is the header of the answer.
	Header http.Header
	// URL is where the answer came from, after redirects, with its query.
	URL string
	// Document is the decoded body; nil for operations whose body is ignored.
	Document *T
	// Body is the body as received.
	Body []byte
	// Report tells what was wrong with optional members.
	Report Report
}

// String returns the status and the URL without its query.
func (r Response[T]) String() string {
	return fmt.Sprintf("status %d from %s", r.StatusCode, withoutQuery(r.URL))
}

// Format writes String under every verb.
func (r Response[T]) Format(f fmt.State, _ rune) { writeString(f, r.String()) }

// LogValue returns String.
func (r Response[T]) LogValue() slog.Value { return slog.StringValue(r.String()) }

// MarshalText returns String.
func (r Response[T]) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

var (
	errStatus    = errors.New("status")
	errMediaType = errors.New("media type")
)

// errorBody is how much of a body that was too long an error keeps.
const errorBody = 4 << 10

// ResponseError is an answer that an operation does not accept: another status, another media type, a body that is too
// long (Err is a *http.MaxBytesError) or that cannot be decoded (Err is a *DecodeError). It prints as Error under every verb.
type ResponseError struct {
	// Operation is the operationId.
	Operation string
	// URL is where the answer came from, without its query.
	URL string
	// StatusCode is the HTTP status. It may be 200.
	StatusCode int
	// Header is the header of the answer.
	Header http.Header
	// Body is the body: all of it, or the first 4 KiB if it was too long. It may hold secrets.
	Body []byte
	// OAuth is the body as an OAuth error, nil if it is none. Its text is the server's: escape it before showing it.
	OAuth *ErrorResponse
	// Err says why the answer was not accepted.
	Err error

	secrets []string // what the request sent, to be cut from texts
}

// Error returns one line: operation, URL without query, status, and the OAuth error, escaped and bounded. The body and
// whatever was sent as a secret are not in it.
func (e ResponseError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gen: %s: %s: status %d", e.Operation, e.URL, e.StatusCode)
	if e.Err != nil && !errors.Is(e.Err, errStatus) {
		b.WriteString(": " + strings.TrimPrefix(e.Err.Error(), "gen: "))
	}
	if e.OAuth != nil {
		b.WriteString(": " + e.clean(e.OAuth.Code, 60))
		if e.OAuth.ErrorDescription != "" {
			b.WriteString(": " + e.clean(e.OAuth.ErrorDescription, 200))
		}
	}
	return b.String()
}

func (e ResponseError) clean(text string, limit int) string {
	return printable(cut(text, e.secrets), limit)
}

// cut replaces each of the secrets in text.
func cut(text string, secrets []string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, redacted)
	}
	return text
}

// Unwrap returns Err.
func (e ResponseError) Unwrap() error { return e.Err }

// Format writes Error under every verb.
func (e ResponseError) Format(f fmt.State, _ rune) { writeString(f, e.Error()) }

// LogValue returns Error.
func (e ResponseError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalText returns Error.
func (e ResponseError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// RequestError is an operation without an answer: the request could not be made or sent, or the answer broke off.
type RequestError struct {
	// Operation is the operationId.
	Operation string
	// URL is the endpoint without its query.
	URL string
	// Err is the cause, without the *url.Error of net/http, whose text has the whole URL. It may be a context's error or
	// what an Edit returned.
	Err error

	secrets []string // to be cut from the text of Err
}

// Error returns one line without the query of the endpoint.
func (e RequestError) Error() string {
	return fmt.Sprintf("gen: %s: %s: %s", e.Operation, e.URL, printable(cut(e.Err.Error(), e.secrets), 300))
}

// Unwrap returns Err.
func (e RequestError) Unwrap() error { return e.Err }

func (l *call) noDocument() bool { return slices.Contains(l.accept, http.StatusNoContent) }

func (l *call) requestError(err error) error {
	for {
		u, ok := err.(*url.Error) //nolint:errorlint // what a Doer wraps itself stays
		if !ok {
			break
		}
		err = u.Err
	}
	return &RequestError{Operation: l.operation, URL: withoutQuery(l.endpoint), Err: err, secrets: l.secrets(nil)}
}

func (l *call) responseError(from string, resp *http.Response, body []byte, err error) error {
	e := &ResponseError{Operation: l.operation, URL: withoutQuery(from), StatusCode: resp.StatusCode,
		Header: resp.Header, Body: body, Err: err, secrets: l.secrets(resp)}
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		e.Body = slices.Clone(body[:min(len(body), errorBody)])
		return e
	}
	// Many servers label an error, or a refusal with status 200, as text: the body decides.
	if oauth, err := DecodeErrorResponse(body, nil); err == nil {
		e.OAuth = oauth
	}
	return e
}

// secrets lists what the request sent and the text of an error might repeat: secret parameters, credentials of the
// header, the query of the endpoint.
func (l *call) secrets(resp *http.Response) []string {
	var list []string
	for name, values := range l.form {
		if isSecretParameter(name) {
			list = append(list, values...)
		}
	}
	if _, query, found := strings.Cut(l.endpoint, "?"); found {
		list = append(list, query)
	}
	if resp != nil && resp.Request != nil {
		for _, value := range resp.Request.Header["Authorization"] {
			_, credentials, _ := strings.Cut(value, " ")
			list = append(list, credentials)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return len(b) - len(a) })
	return slices.DeleteFunc(list, func(s string) bool { return len(s) < 4 })
}

// withoutQuery returns the URL for messages: no user information, query or fragment; escaped and bounded.
func withoutQuery(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		text, _, _ = strings.Cut(text, "?")
		return printable(text, 200)
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return printable(u.String(), 200)
}

// Format writes Error under every verb.
func (e RequestError) Format(f fmt.State, _ rune) { writeString(f, e.Error()) }

// LogValue returns Error.
func (e RequestError) LogValue() slog.Value { return slog.StringValue(e.Error()) }

// MarshalText returns Error.
func (e RequestError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }
