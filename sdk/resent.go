// Resent requests: what net/http sends again on its own.

package sdk

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
)

// departures counts how often a request has left.
type departures struct{ atomic.Int32 }

type departuresKey struct{}

// watched returns a request whose departures are counted, if net/http may send
// it again on its own: so it does with what is idempotent when a connection
// that was kept is lost before the answer. The second copy has the proof of the
// first, and a server that has seen that one refuses it (RFC 9449 §11.1).
func watched(req *http.Request) *http.Request {
	if !idempotent(req) {
		return req
	}
	left := new(departures)
	ctx := context.WithValue(req.Context(), departuresKey{}, left)
	return req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteHeaders: func() { left.Add(1) },
	}))
}

// resent reports whether a watched request left more than once.
func resent(req *http.Request) bool {
	left, ok := req.Context().Value(departuresKey{}).(*departures)
	return ok && left.Load() > 1
}

// idempotent is the rule of net/http, see its Transport.
func idempotent(req *http.Request) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	_, one := req.Header["Idempotency-Key"]
	_, other := req.Header["X-Idempotency-Key"]
	return one || other
}
