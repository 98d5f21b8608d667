// Keys: the provider's key set, fetched under the same limits as everything else.

package oidclogin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// keySet is the key set of one provider for one answer. go-oidc asks for it when
// it is first used, and again when a token names a key that is not in it. It is
// not kept for the next answer, an hour later: one request more is nothing then,
// and a key that was withdrawn meanwhile counts no longer.
type keySet struct{ *oidc.RemoteKeySet }

// keySource is the HTTP transport by which go-oidc gets the key set: the typed
// operation, behind the door of package flows.
type keySource struct {
	life   context.Context //nolint:containedctx // go-oidc fetches on a context that never ends; this one does with Close
	server *gen.Server
}

func (p *provider) keys(life context.Context) *keySet {
	ctx := oidc.ClientContext(life, &http.Client{Transport: &keySource{life: life, server: p.server}})
	return &keySet{oidc.NewRemoteKeySet(ctx, p.server.Metadata.JWKSURI)}
}

// nobodys is a JWS that no key has signed, {"alg":"ES256"}.{}.0: go-oidc looks
// for its key in vain, and has the provider's keys after that.
const nobodys = "eyJhbGciOiJFUzI1NiJ9.e30.AA"

// fetch gets the keys ahead of their use. An error is a [*flows.EndpointError]
// or ctx's.
func (k *keySet) fetch(ctx context.Context) error {
	_, err := k.VerifySignature(ctx, nobodys)
	return unreachable(err)
}

// unreachable returns why keys could not be had, nil if that is not what err
// says: a signature may be wrong only when there was a key to judge it by.
func unreachable(err error) error {
	if endpoint, ok := errors.AsType[*flows.EndpointError](err); ok {
		return endpoint
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// RoundTrip implements [http.RoundTripper]. An error is a [*flows.EndpointError].
func (s *keySource) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := s.server.GetJWKSet(s.life)
	if err != nil {
		failed := &flows.EndpointError{Endpoint: "jwks_uri", Err: err}
		if answer, ok := errors.AsType[*gen.ResponseError](err); ok {
			failed.StatusCode = answer.StatusCode
		}
		return nil, failed
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(bytes.NewReader(res.Body)), ContentLength: int64(len(res.Body)), Request: req,
	}, nil
}
