// Client: one HTTP exchange per operation.

package gen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Doer sends one HTTP request. *http.Client is one. It must not follow redirects of a POST, PUT or DELETE: their bodies
// hold secrets.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// Edit changes a request before it is sent, such as by client authentication. header holds what the operation and the
// Client set. form holds the parameters of a form operation and is nil for others; it is encoded after the last Edit.
// An error ends the operation and comes back in a *RequestError.
type Edit func(header http.Header, form url.Values) error

// Client sends the operations. The zero value and a nil *Client are ready for use. Its methods are safe for concurrent
// use as long as its fields are not changed and the Doer is safe.
type Client struct {
	// Doer sends the requests. Nil means a client of this package with a time limit of 30 s, which follows at most 5
	// redirects of a GET, all within the origin, and none of another method.
	Doer Doer
	// Header is added to every request; it is not changed.
	Header http.Header
	// MaxBody is the longest body that is read, in bytes after decompression. 0 means 1 MiB, which is also the
	// most that a decoder takes.
	MaxBody int64
}

const (
	defaultTimeout = 30 * time.Second
	maxRedirects   = 5
)

var defaultDoer = &http.Client{Timeout: defaultTimeout, CheckRedirect: checkRedirect}

// checkRedirect lets a GET stay within its origin. Any other redirect becomes the answer of the operation, and an error there.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet || len(via) > maxRedirects ||
		req.URL.Scheme != first.URL.Scheme || !strings.EqualFold(req.URL.Host, first.URL.Host) {
		return http.ErrUseLastResponse
	}
	return nil
}

func (c *Client) doer() Doer {
	if c == nil || c.Doer == nil {
		return defaultDoer
	}
	return c.Doer
}

func (c *Client) maxBody() int64 {
	if c == nil || c.MaxBody <= 0 {
		return MaxSize
	}
	return c.MaxBody
}

type operationKey struct{}

// OperationFromContext returns the operationId of the operation that made the request with this context, such as
// "refreshAccessToken", and "" for other requests. A Doer can choose by it what may be sent again.
func OperationFromContext(ctx context.Context) string {
	operation, _ := ctx.Value(operationKey{}).(string)
	return operation
}

// call is one use of an operation.
type call struct {
	operation string
	method    string
	endpoint  string
	edit      []Edit
	accept    []int
	form      url.Values             // of a form operation
	encode    func() ([]byte, error) // of a JSON operation
}

func decodeNothing([]byte, *Report) (*struct{}, error) { return nil, nil }

// send makes the request, sends it, and reads the answer.
func send[T any](ctx context.Context, c *Client, l *call, decode func([]byte, *Report) (*T, error)) (*Response[T], error) {
	req, err := c.request(ctx, l)
	if err != nil {
		return nil, l.requestError(err)
	}
	resp, err := c.doer().Do(req)
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return nil, l.requestError(err)
	}
	body, tooLong, err := readBody(resp.Body, c.maxBody())
	if err != nil {
		return nil, l.requestError(err)
	}
	r := &Response[T]{StatusCode: resp.StatusCode, Header: resp.Header, URL: finalURL(req, resp), Body: body}
	if err := l.judge(resp, tooLong, c.maxBody()); err != nil {
		return nil, l.responseError(r.URL, resp, body, err)
	}
	if r.Document, err = decode(body, &r.Report); err != nil {
		return nil, l.responseError(r.URL, resp, body, err)
	}
	return r, nil
}

// request makes the HTTP request.
func (c *Client) request(ctx context.Context, l *call) (*http.Request, error) {
	u, err := endpointURL(l.endpoint)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Accept": {"application/json"}}
	switch {
	case l.form != nil:
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	case l.encode != nil:
		header.Set("Content-Type", "application/json")
	}
	if c != nil {
		maps.Copy(header, c.Header.Clone())
	}
	for _, edit := range l.edit {
		if err := edit(header, l.form); err != nil {
			return nil, err
		}
	}
	body, err := l.body()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(context.WithValue(ctx, operationKey{}, l.operation), l.method, "", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Host, req.Header = u, u.Host, header
	return req, nil
}

func (l *call) body() (io.Reader, error) {
	switch {
	case l.form != nil:
		return strings.NewReader(l.form.Encode()), nil
	case l.encode != nil:
		text, err := l.encode()
		if err != nil {
			return nil, err
		}
		return bytes.NewReader(text), nil
	}
	return nil, nil
}

// endpointURL takes an absolute URL as it is, query included.
func endpointURL(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil:
		return nil, errors.New("endpoint: not a URL")
	case u.Scheme != "https" && u.Scheme != "http", u.Host == "":
		return nil, errors.New("endpoint: not an absolute http or https URL")
	case u.User != nil:
		return nil, errors.New("endpoint: has user information")
	}
	u.Fragment, u.RawFragment = "", ""
	return u, nil
}

// readBody reads at most limit bytes and closes the body. A longer body is cut.
func readBody(body io.ReadCloser, limit int64) (text []byte, tooLong bool, err error) {
	defer func() { _ = body.Close() }()
	text, err = io.ReadAll(io.LimitReader(body, limit+1))
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return text, true, nil
	}
	if int64(len(text)) > limit {
		return text[:limit], true, nil
	}
	return text, false, err
}

// judge says whether the answer can be decoded: length first, then status, then media type.
func (l *call) judge(resp *http.Response, tooLong bool, limit int64) error {
	switch {
	case tooLong:
		return &http.MaxBytesError{Limit: limit}
	case !slices.Contains(l.accept, resp.StatusCode):
		return errStatus
	case l.noDocument():
		return nil
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if errors.Is(err, mime.ErrInvalidMediaParameter) {
		err = nil // the type itself is readable
	}
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return fmt.Errorf("%w %q", errMediaType, printable(resp.Header.Get("Content-Type"), 60))
	}
	return nil
}

func finalURL(req *http.Request, resp *http.Response) string {
	if resp.Request != nil && resp.Request.URL != nil {
		return resp.Request.URL.String()
	}
	return req.URL.String()
}
