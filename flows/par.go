// Pushed authorization requests: what is asked goes to the server first, the browser carries a reference.

package flows

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// errMustPush: the URL of a request that was not pushed would be refused.
var errMustPush = errors.New("flows: authorize: the request must be pushed: use AuthorizePushed")

// maxRequestURI bounds the reference, which stands in a URL. RFC 9126 §2.2
// shows some 60 bytes.
const maxRequestURI = 2 << 10

// AuthorizePushed is [Client.Authorize] for every server: the request is pushed
// if the server requires it or in.Push asks for it, and otherwise nothing is
// sent. The answer is checked and redeemed as ever. A pushed request that was
// refused is an [*EndpointError].
//
// https://www.rfc-editor.org/rfc/rfc9126.html#section-2
func (c *Client) AuthorizePushed(ctx context.Context, in AuthorizeRequest) (*Pending, error) {
	if !in.pushes() {
		return c.Authorize(in)
	}
	// 1. The request, as it would stand in the URL.
	p, err := c.prepare(in)
	if err != nil {
		return nil, err
	}
	// 2. It goes to the server, which knows the client from the start.
	sent := time.Now().Round(0)
	pushed, err := c.push(ctx, in, in.values(p))
	if err != nil {
		return nil, err
	}
	// 3. RFC 9126 §4: the browser carries the reference and the client id.
	p.URLExpiresAt = sent.Add(lifetime(pushed.ExpiresIn))
	p.URL, err = withQuery(in.Discovery.Server.AuthorizationEndpoint, url.Values{
		"client_id": {in.Client.ClientID}, "request_uri": {pushed.RequestURI},
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (in *AuthorizeRequest) pushes() bool {
	return in.Push || in.Discovery.Server.RequirePushedAuthorizationRequests
}

// push sends the parameters and returns the reference to them.
func (c *Client) push(ctx context.Context, in AuthorizeRequest, parameters url.Values) (*gen.PushedAuthorizationResponse, error) {
	call := endpointCall{
		name: "pushed_authorization_request_endpoint",
		url:  Endpoints(in.Discovery.Server, in.Auth.MutualTLS()).PushedAuthorizationRequest,
		auth: in.Auth, resource: in.Discovery.URL,
	}
	if call.auth.Method == "" {
		call.auth = ClientAuth{ClientID: in.Client.ClientID, Method: AuthMethodNone}
	}
	res, err := at(ctx, c, call, func(ctx context.Context, url string, edit ...gen.Edit) (*gen.Response[gen.PushedAuthorizationResponse], error) {
		// The authentication comes last: no parameter takes its place.
		return c.Operations().PushAuthorizationRequest(ctx, url, new(gen.AuthorizationRequest), append([]gen.Edit{copyInto(parameters)}, edit...)...)
	})
	if err != nil {
		return nil, err
	}
	if reference := res.Document.RequestURI; len(reference) > maxRequestURI || !isPlain(reference) {
		return nil, &EndpointError{Endpoint: call.name, StatusCode: res.StatusCode,
			Err: errors.New("request_uri is too long, or has characters that no URI has")}
	}
	return res.Document, nil
}

func copyInto(parameters url.Values) gen.Edit {
	return func(_ http.Header, form url.Values) error {
		maps.Copy(form, parameters)
		return nil
	}
}
