// The door: the one way by which OAuth legs leave the process.

package flows

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/mcpoauth/mcpoauth/gen"
)

// maxBody bounds the body of an answer, decompressed. The largest metadata
// documents and key sets in use have some 30 KiB.
const maxBody = 1 << 20

// doorOptions says how a door sends. The zero value is usable.
type doorOptions struct {
	// HTTP is the caller's client; nil means the default transport. Its
	// transport and its Timeout, if shorter than a leg's limit, are used; its
	// Jar and CheckRedirect are not. It is never changed.
	HTTP *http.Client
	// Trace observes; nil does not.
	Trace *Trace
	// Header holds what every request carries unless it has that field itself.
	Header http.Header
	// Timeout is the time limit of every leg; zero means that of its operation.
	Timeout time.Duration
	// AllowPrivateNetworks and AllowNetworks relax the guard as in [GuardDialer].
	AllowPrivateNetworks bool
	AllowNetworks        []netip.Prefix
}

// door sends OAuth legs: without cookies, without redirects that could carry a
// secret away, under the guard, bounded in time and size, repeated only where a
// repetition cannot do harm, and observed. It is safe for concurrent use.
type door struct {
	client  *http.Client
	guard   *guardTransport
	trace   *Trace
	header  http.Header
	timeout time.Duration // of every leg; 0: by operation
	ceiling time.Duration // the caller's own client Timeout; 0: none
}

var _ gen.Doer = (*door)(nil)

func newDoor(opts doorOptions) *door {
	d := &door{trace: opts.Trace, header: opts.Header.Clone(), timeout: opts.Timeout}
	if d.header == nil {
		d.header = make(http.Header)
	}
	if d.header.Get("User-Agent") == "" {
		d.header.Set("User-Agent", defaultUserAgent())
	}
	client := http.Client{}
	if opts.HTTP != nil {
		client = *opts.HTTP
	}
	d.guard = newGuardTransport(client.Transport, guardPolicy{private: opts.AllowPrivateNetworks, networks: opts.AllowNetworks})
	// A leg has one limit for all its attempts; the client's would start anew with each.
	d.ceiling, client.Timeout = client.Timeout, 0
	client.Jar = nil
	client.CheckRedirect = d.checkRedirect
	client.Transport = legTransport{dpopTransport{d.guard}}
	d.client = &client
	return d
}

// Do sends req as one leg. The request is not changed; its body is read into
// memory and closed. A non-GET answer of the 3xx class is returned as it is.
// An error is a [*url.Error] whose URL has no query; with it there is no
// response. The caller closes the body of the response, which ends the leg.
func (d *door) Do(req *http.Request) (*http.Response, error) {
	leg := d.startLeg(req)
	prepared, err := leg.prepare(req)
	if err != nil {
		return leg.failed(err)
	}
	// A client per leg costs little and lets CheckRetry and Backoff, which see
	// neither the request nor each other, share what the leg knows.
	sender := retryablehttp.Client{
		HTTPClient:   d.client,
		RetryMax:     maxAttempts - 1,
		CheckRetry:   leg.checkRetry,
		Backoff:      leg.backoff,
		PrepareRetry: leg.renew,
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}
	res, err := sender.Do(prepared)
	if err != nil {
		return leg.failed(err)
	}
	return leg.answered(res), nil
}

// CloseIdleConnections closes the connections that no leg is using. The
// caller's own transport is not touched: its clones are the door's.
func (d *door) CloseIdleConnections() { d.guard.closeIdleConnections() }

// limitOf is the time a leg of the operation may take: repetitions, waits and
// the body included.
func (d *door) limitOf(operation string) time.Duration {
	limit := ruleOf(operation).limit
	if d.timeout > 0 {
		limit = d.timeout
	}
	if d.ceiling > 0 && d.ceiling < limit {
		limit = d.ceiling
	}
	return limit
}

// prepare returns a copy of req, under the leg's context and with the door's
// header, that can be sent more than once.
func (l *leg) prepare(req *http.Request) (*retryablehttp.Request, error) {
	own := req.Clone(l.ctx)
	if own.Header == nil {
		own.Header = make(http.Header)
	}
	for name, values := range l.door.header {
		if _, set := own.Header[name]; !set {
			own.Header[name] = values
		}
	}
	prepared := &retryablehttp.Request{Request: own}
	if req.Body == nil || req.Body == http.NoBody {
		return prepared, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close() // read to its end, or the error is the one that counts
	if err != nil {
		return nil, err
	}
	return prepared, l.setBody(prepared, body)
}

// legTransport counts and observes round trips. It has no CloseIdleConnections
// method on purpose: retryablehttp calls that after a failed request, and it
// would take the connections of other legs along.
type legTransport struct{ next http.RoundTripper }

func (t legTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	leg := legFrom(req.Context())
	if leg == nil {
		return t.next.RoundTrip(req)
	}
	leg.trips++
	if leg.observed {
		leg.connection = new(connectionTrace)
		req = req.WithContext(leg.connection.watch(req.Context()))
	}
	res, err := t.next.RoundTrip(req)
	if err == nil {
		leg.status = res.StatusCode
		leg.connection.answered(res)
	}
	return res, err
}

// defaultUserAgent names the library and its version, as the build knows it.
var defaultUserAgent = sync.OnceValue(func() string {
	const module = "github.com/mcpoauth/mcpoauth"
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range append(info.Deps, &info.Main) {
			if dep.Path == module && dep.Version != "" && dep.Version != "(devel)" {
				version = dep.Version
			}
		}
	}
	return "mcpoauth/" + version
})

func legFrom(ctx context.Context) *leg {
	l, _ := ctx.Value(legKey{}).(*leg)
	return l
}

type legKey struct{}
