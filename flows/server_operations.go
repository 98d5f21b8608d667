// Bound operations: how the generated operations of a server leave the process.

package flows

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"

	"github.com/mcpoauth/mcpoauth/gen"
)

// boundOperations sends each request for the sake of one resource.
type boundOperations struct {
	client         *Client
	resource       string
	authenticate   gen.Edit            // nil without authentication
	authenticateAt map[string]gen.Edit // by operation, before authenticate
	dpop           *DPoP               // nil without proofs
}

var _ gen.Doer = boundOperations{}

// provenOperations have a proof: token requests (RFC 9449 §5), and
// pushed requests, whose proof binds the code (§10.1).
var provenOperations = map[string]bool{
	"exchangeAuthorizationCode": true, "refreshAccessToken": true, "requestClientCredentials": true,
	"exchangeJWTBearer": true, "exchangeToken": true, "pollDeviceToken": true, "pushAuthorizationRequest": true,
}

// Do sends req.
func (b boundOperations) Do(req *http.Request) (*http.Response, error) {
	operation := gen.OperationFromContext(req.Context())
	renew := b.authenticate
	if own, ok := b.authenticateAt[operation]; ok {
		renew = own
	}
	ctx := withResource(req.Context(), b.resource)
	if renew != nil {
		ctx = withRenewal(ctx, renew)
	}
	if b.dpop == nil || !provenOperations[operation] {
		return b.client.Operations().Doer.Do(req.WithContext(ctx))
	}
	return b.prove(req.WithContext(ctx), renew)
}

// prove sends req with a proof, and once more if the server wants its nonce in
// it, which says that it has not looked at the rest.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-8
func (b boundOperations) prove(req *http.Request, renew gen.Edit) (*http.Response, error) {
	p, err := b.dpop.proving()
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return nil, err
	}
	ctx := context.WithValue(req.Context(), provingKey{}, p)
	doer := b.client.Operations().Doer
	res, err := doer.Do(withBody(req.WithContext(ctx), body))
	if err != nil || !p.nonce || !wantsNonce(res) {
		return res, err
	}
	b.client.Trace.decided(ctx, "dpop", displayURL(req.URL), "repeated", "the server wants its nonce in the proof")
	_ = res.Body.Close()
	again := req.WithContext(ctx)
	again.Header = maps.Clone(req.Header)
	if renew != nil {
		// A client assertion serves once (TOK-2).
		if body, err = renewForm(renew, again.Header, body); err != nil {
			return nil, err
		}
	}
	return doer.Do(withBody(again, body))
}

// withBody gives req, which is a copy of ours, a body.
func withBody(req *http.Request, body []byte) *http.Request {
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return req
}

// wantsNonceLimit is how much of an answer is read for its error. What an OAuth
// error says fits in.
const wantsNonceLimit = 4 << 10

// wantsNonce reports whether an answer is the demand for a nonce. Its body can
// be read as before.
func wantsNonce(res *http.Response) bool {
	if res.StatusCode != http.StatusBadRequest && res.StatusCode != http.StatusUnauthorized {
		return false
	}
	start, _ := io.ReadAll(io.LimitReader(res.Body, wantsNonceLimit)) // an error comes again to whoever reads on
	res.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), res.Body), res.Body}
	oauth := errorIn(start)
	return oauth != nil && oauth.Code == errorUseDPoPNonce
}
