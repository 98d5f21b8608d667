// Endpoint: requests to what an authorization server has beside its token endpoint.

package flows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// EndpointError reports a request to the pushed authorization request, device
// authorization, introspection or revocation endpoint that brought no usable
// answer.
type EndpointError struct {
	// Endpoint is the metadata member that names the endpoint, such as
	// "introspection_endpoint".
	Endpoint string
	// StatusCode is the answer's, 0 if there was none.
	StatusCode int
	// Code, Description and URI are the OAuth error, empty when the answer
	// was none.
	Code, Description, URI string
	// RetryAfter is what the server asked for, 0 if it did not.
	RetryAfter time.Duration
	// Snippet is the start of an answer that was no OAuth answer: printable,
	// at most 200 bytes, with everything that looks like a token cut.
	Snippet string
	// Err is the cause, nil for a plain OAuth error.
	Err error
}

// Error gives the OAuth error, or the status and cause.
func (e *EndpointError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flows: %s", e.Endpoint)
	if e.StatusCode != 0 && !errors.As(e.Err, new(*gen.ResponseError)) {
		b.WriteString(": status " + strconv.Itoa(e.StatusCode))
	}
	if e.Code != "" {
		b.WriteString(": " + describe(e.Code, e.Description))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Snippet != "" {
		fmt.Fprintf(&b, ": %q", e.Snippet)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *EndpointError) Unwrap() error { return e.Err }

// temporary: the same request may succeed later.
func (e *EndpointError) temporary() bool {
	return mayPass(e.StatusCode) || e.Code == "temporarily_unavailable" || e.Code == "server_error"
}

// endpointCall is an authenticated request to an endpoint other than the token
// endpoint.
type endpointCall struct {
	name, url string
	auth      ClientAuth
	resource  string // for whose sake the server is asked
}

// at carries out an endpointCall. An error is an [*EndpointError].
func at[T any](ctx context.Context, c *Client, in endpointCall, send func(ctx context.Context, url string, edit ...gen.Edit) (*gen.Response[T], error)) (*gen.Response[T], error) {
	// 1. The endpoint may be given secrets, and the client can authenticate.
	if err := c.endpoint(in.name, in.url); err != nil {
		return nil, &EndpointError{Endpoint: in.name, Err: err}
	}
	authenticate, err := in.auth.edit(ctx)
	if err != nil {
		return nil, &EndpointError{Endpoint: in.name, Err: err}
	}
	// 2. One request, or as many as the door allows for this operation.
	var secrets spoken
	edit := secrets.heard(authenticate)
	res, err := send(withRenewal(forResource(ctx, in.resource), edit), in.url, edit)
	if err == nil {
		return res, nil
	}
	// 3. Whatever went wrong is a typed error without our secrets in it.
	return nil, secrets.cut(in.auth.blameClock(in.failed(err), err))
}

func (in *endpointCall) failed(err error) error {
	var answer *gen.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode == 0 {
		return &EndpointError{Endpoint: in.name, Err: err}
	}
	failed := &EndpointError{Endpoint: in.name, StatusCode: answer.StatusCode, RetryAfter: retryAfter(answer.Header)}
	if oauth := errorIn(answer.Body); oauth != nil {
		failed.Code, failed.Description, failed.URI = oauth.Code, oauth.ErrorDescription, oauth.ErrorURI
		return failed
	}
	failed.Snippet, failed.Err = snippet(answer.Body), answer
	return failed
}

// ClockError reports that a server refused a client assertion made in this very
// moment, while its clock is far from the one here. The remedy is to set the
// clock. It stands inside a [*TokenError] or [*EndpointError].
type ClockError struct {
	// Skew is how far the server's clock is ahead of the one here, by the Date
	// of its answer.
	Skew time.Duration
}

// Error gives the difference.
func (e *ClockError) Error() string {
	if e.Skew < 0 {
		return fmt.Sprintf("the clock here is %s ahead of the server's", -e.Skew)
	}
	return fmt.Sprintf("the clock here is %s behind the server's", e.Skew)
}

// blameClock adds to the refusal of an assertion what may be the cause of it.
func (a ClientAuth) blameClock(refusal, answered error) error {
	if a.Method != AuthMethodPrivateKeyJWT && a.Method != AuthMethodSecretJWT {
		return refusal
	}
	var answer *gen.ResponseError
	if !errors.As(answered, &answer) || answer.StatusCode >= http.StatusInternalServerError {
		return refusal
	}
	skew := clockSkew(answer.Header, time.Now())
	if skew == 0 {
		return refusal
	}
	var token *TokenError
	var endpoint *EndpointError
	switch {
	case errors.As(refusal, &token) && token.Code == "invalid_client" && token.Err == nil:
		token.Err = &ClockError{Skew: skew}
	case errors.As(refusal, &endpoint) && endpoint.Code == "invalid_client" && endpoint.Err == nil:
		endpoint.Err = &ClockError{Skew: skew}
	}
	return refusal
}
