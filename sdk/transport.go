// Transport: the round tripper that authorizes requests to the resource.

package sdk

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
)

// Transport is an http.RoundTripper that puts the session's token on requests
// to the resource, and answers 401 and 403 with what they ask for. It changes
// no request and closes each body, as http.RoundTripper demands; streams pass
// untouched. It may be used by several goroutines at once and needs no closing.
type Transport struct {
	// Client is the session. Required.
	Client *Client
	// Base sends the requests. Nil means the transport of Config.HTTPClient,
	// or http.DefaultTransport.
	Base http.RoundTripper
}

// maxSends bounds how often one request is sent: bare, after a refresh, after a
// login, after a step-up (DISC-1).
const maxSends = 4

// snippetLimit is how much of a rejected response an error keeps.
const snippetLimit = 1 << 10

// drainLimit is how much of a rejected response is read to keep its connection.
const drainLimit = 64 << 10

// RoundTrip sends one request. It returns a response or an error, never both.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	s := t.Client.session
	if !s.ours(req) {
		return t.base().RoundTrip(req)
	}
	var round Round
	snap, err := s.ready(req.Context(), false, &round)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	out, err := authorized(req, snap)
	if err != nil {
		closeBody(req)
		return nil, err
	}
	res, err := t.base().RoundTrip(out)
	if err != nil {
		return nil, err
	}
	if snap.dpop != nil || res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden {
		return t.challenged(req, out, res, snap, &round)
	}
	s.succeeded(req, res)
	return res, nil
}

// challenged goes on from a 401 or 403, or from any answer to a proof: get what
// it asks for, send the request again, a few times at most.
func (t *Transport) challenged(req, out *http.Request, res *http.Response, snap *snapshot, round *Round) (*http.Response, error) {
	s := t.Client.session
	round.sends = 1
	for {
		var err error
		if snap, err = s.observe(out, res, snap, round); err != nil {
			return nil, rejected(res, err)
		}
		if snap == nil {
			return res, nil // a success, or not ours to handle
		}
		next, err := again(req)
		if err != nil {
			return nil, rejected(res, err)
		}
		drain(res)
		if out, err = authorized(next, snap); err != nil {
			closeBody(next)
			return nil, err
		}
		round.sends++
		res, err = t.base().RoundTrip(out)
		if err != nil {
			return nil, err
		}
	}
}

func (t *Transport) base() http.RoundTripper {
	if t.Base != nil {
		return t.Base
	}
	if own := t.Client.session.cfg.HTTPClient; own != nil && own.Transport != nil {
		return own.Transport
	}
	return http.DefaultTransport
}

// ours: covered by the resource, and not authorized by the caller already.
func (s *session) ours(req *http.Request) bool {
	_, own := req.Header["Authorization"]
	return !own && s.target.covers.covers(req)
}

// authorized returns a copy of req with the token, and with a proof for a token
// that is bound to a key: the caller's request stays as it is. Only the header
// map is copied; its values are shared and not written to.
func authorized(req *http.Request, snap *snapshot) (*http.Request, error) {
	out := new(http.Request)
	*out = *req
	if len(snap.header) == 0 {
		return out, nil
	}
	out.Header = make(http.Header, len(req.Header)+1)
	maps.Copy(out.Header, req.Header)
	if snap.dpop != nil {
		return watched(out), snap.dpop.Sign(out)
	}
	out.Header["Authorization"] = snap.header
	return out, nil
}

// again returns req with a fresh body, to be sent once more.
func again(req *http.Request) (*http.Request, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return req, nil
	}
	if req.GetBody == nil {
		return nil, ErrNotReplayable
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, errors.Join(ErrNotReplayable, err)
	}
	out := new(http.Request)
	*out = *req
	out.Body = body
	return out, nil
}

// rejected turns a response that is ours, and could not be helped, into an
// error that tells as much.
func rejected(res *http.Response, err error) error {
	snippet, _ := io.ReadAll(io.LimitReader(res.Body, snippetLimit))
	drain(res)
	return &RequestError{StatusCode: res.StatusCode, Header: res.Header, Snippet: snippet, Err: err}
}

func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, drainLimit)
	_ = res.Body.Close()
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// Round counts what one request has cost so far. The zero value is a fresh
// request. It is for one goroutine.
type Round struct {
	sends      int
	refreshed  bool
	authorized bool
	steppedUp  bool
	nonces     bool // the proof had its second try
	resent     bool // so had one that net/http sent twice
}

// Authorize puts the session's token on req, for libraries that own their
// requests; [Transport] does the same to a copy. A request that is not for the
// resource, or has an Authorization header, stays as it is. Without a token
// req stays bare: its 401 tells what is needed.
func (c *Client) Authorize(req *http.Request) error {
	if !c.session.ours(req) {
		return nil
	}
	snap, err := c.session.ready(req.Context(), false, new(Round))
	if err != nil {
		return err
	}
	switch {
	case snap.dpop != nil:
		return snap.dpop.Sign(req)
	case len(snap.header) > 0:
		if req.Header == nil {
			req.Header = make(http.Header)
		}
		req.Header["Authorization"] = slices.Clone(snap.header)
	}
	return nil
}

// Observe judges the response to a request that Authorize was called for, and
// gets what it asks for. again says that the same request is to be sent once
// more, with its Authorization and DPoP headers removed, its body rewound and Authorize
// called anew; the response's body is then the caller's to close. An error is
// a [*RequestError] for a response that was ours and could not be helped; its
// body has been closed. round is the same for all sends of a request.
func (c *Client) Observe(req *http.Request, res *http.Response, round *Round) (again bool, err error) {
	s := c.session
	if !s.target.covers.covers(req) {
		return false, nil
	}
	round.sends++
	snap, err := s.observe(req, res, s.snap.Load(), round)
	if err != nil {
		return false, rejected(res, err)
	}
	return snap != nil, nil
}

// observe returns the snapshot with which sent is to be sent again; nil when
// the response is a success, or not ours to handle. snap is what it was sent
// with.
func (s *session) observe(sent *http.Request, res *http.Response, snap *snapshot, round *Round) (*snapshot, error) {
	ctx := sent.Context()
	nonce, err := s.proven(snap, sent, res, round)
	if err != nil || round.sends >= maxSends {
		return nil, err
	}
	if nonce {
		return snap, nil
	}
	switch res.StatusCode {
	case http.StatusUnauthorized:
		return s.unauthorized(ctx, sent, res, round)
	case http.StatusForbidden:
		return s.forbidden(ctx, sent, res, round)
	}
	s.succeeded(sent, res)
	return nil, nil
}

// unauthorized answers a 401: with the token that the session has by now, with
// a refresh, or with a login.
func (s *session) unauthorized(ctx context.Context, sent *http.Request, res *http.Response, round *Round) (*snapshot, error) {
	challenges := flows.ParseChallenges(res.Header)
	challenge, ok := flows.BearerChallenge(challenges)
	if !ok && len(challenges) > 0 {
		// DISC-3: it wants something that is no business of ours.
		s.log("the resource offers no Bearer challenge", "resource", s.target.url, "schemes", flows.OtherSchemes(challenges))
		return nil, nil
	}
	// The token that was rejected is the one the request carried. If the
	// session has another by now, that one is tried first.
	rejected := sent.Header.Get("Authorization")
	if snap := s.snap.Load(); snap.authorization() != rejected && snap.authorization() != "" && !snap.expired(time.Now().UnixNano()) {
		return snap, nil
	}
	if round.authorized {
		return nil, nil
	}
	f, err := s.acquire(ctx, need{
		rejected: rejected, challenge: challenge, requestURL: sent.URL.String(), noRefresh: round.refreshed,
		dpop: flows.DPoPOnly(challenges),
	})
	if err != nil {
		return nil, err
	}
	round.refreshed = round.refreshed || f.refreshed
	round.authorized = round.authorized || f.authorized
	return f.snap, nil
}
