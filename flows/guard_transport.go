// The guarded transport: the caller's, with the guard where it dials.

package flows

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// Bounds of connections on a transport of our own making. 64 KiB is more than
// common servers send in a header section; the standard library allows 10 MiB.
const (
	maxResponseHeader = 64 << 10
	idleConnections   = 32
	idleTimeout       = 90 * time.Second
)

// guardTransport sends requests through the caller's transport under the guard.
// An [http.Transport] is cloned, once for public addresses and once for each
// class of address that a resource's own class permits: an idle connection
// into a private network must not serve a leg that may not open one. Other
// round trippers dial out of sight; they, and requests that go through a
// proxy, which dials in our place, get only the check of the URL's host.
type guardTransport struct {
	policy guardPolicy
	other  http.RoundTripper // not an *http.Transport; nil if base is set
	base   *http.Transport   // a clone of the caller's, never used but to be cloned
	dials  dialFuncs         // the caller's

	mu     sync.Mutex
	clones map[addressClass]*http.Transport
}

// newGuardTransport wraps rt; nil means [http.DefaultTransport].
func newGuardTransport(rt http.RoundTripper, policy guardPolicy) *guardTransport {
	ours := rt == nil || rt == http.DefaultTransport
	if rt == nil {
		rt = http.DefaultTransport
	}
	given, ok := rt.(*http.Transport)
	if !ok || given == nil {
		return &guardTransport{policy: policy, other: rt}
	}
	base := given.Clone()
	keepHTTP2(base, given)
	boundTransport(base)
	t := &guardTransport{policy: policy, base: base, dials: dialFuncsOf(base), clones: make(map[addressClass]*http.Transport)}
	if ours {
		t.dials.plain = nil // the default transport's dialer is no choice of the caller
	}
	return t
}

// RoundTrip implements [http.RoundTripper].
func (t *guardTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.base == nil {
		if err := t.checkURL(req); err != nil {
			closeBody(req)
			return nil, err
		}
		return t.other.RoundTrip(req)
	}
	proxy, err := t.proxyFor(req)
	if err == nil && proxy != nil {
		err = t.checkURL(req)
	}
	if err != nil {
		closeBody(req)
		return nil, err
	}
	routed := req.WithContext(context.WithValue(req.Context(), routeKey{}, route{proxy}))
	if proxy != nil {
		return t.clone(classPublic).RoundTrip(routed)
	}
	return t.direct(routed)
}

// direct sends a request that no proxy serves. If the guard refuses, and the
// resource turns out to be of the class refused, it goes out once more: the
// refusal came before a connection was usable, so nothing has been sent.
func (t *guardTransport) direct(req *http.Request) (*http.Response, error) {
	resource := resourceFrom(req.Context())
	class := resource.known()
	res, err := t.clone(class).RoundTrip(req)
	var refusal *GuardError
	if err == nil || !errors.As(err, &refusal) || !refusal.class.local() || refusal.class == class {
		return res, err
	}
	if resource.locate(req.Context(), &t.dials) != refusal.class {
		return nil, err
	}
	again := req.WithContext(req.Context())
	if req.Body != nil && req.Body != http.NoBody {
		if req.GetBody == nil {
			return nil, err
		}
		body, bodyErr := req.GetBody()
		if bodyErr != nil {
			return nil, err
		}
		again.Body = body
	}
	return t.clone(refusal.class).RoundTrip(again)
}

// checkURL judges the host of a request whose connection the guard does not
// see: IP addresses and the names of this machine.
func (t *guardTransport) checkURL(req *http.Request) error {
	policy := t.policy
	policy.class = resourceFrom(req.Context()).known()
	return policy.checkHost(req.URL.Hostname())
}

func (t *guardTransport) proxyFor(req *http.Request) (*url.URL, error) {
	if t.base.Proxy == nil {
		return nil, nil
	}
	return t.base.Proxy(req)
}

// clone returns the transport for legs that may connect to class, beside
// public addresses and those that the caller allows.
func (t *guardTransport) clone(class addressClass) *http.Transport {
	t.mu.Lock()
	defer t.mu.Unlock()
	if made := t.clones[class]; made != nil {
		return made
	}
	policy := t.policy
	policy.class = class
	made := t.base.Clone()
	//lint:ignore SA1019 a dialer of the old kind would go round the guard
	made.DialContext, made.Dial = t.dials.dial(policy), nil
	//lint:ignore SA1019 likewise
	made.DialTLSContext, made.DialTLS = t.dials.dialTLS(policy), nil
	if t.base.Proxy != nil {
		made.Proxy = func(req *http.Request) (*url.URL, error) { return routeFrom(req.Context()).proxy, nil }
	}
	t.clones[class] = made
	return made
}

func (t *guardTransport) closeIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, made := range t.clones {
		made.CloseIdleConnections()
	}
}

// keepHTTP2 leaves HTTP/2 as the caller's transport has it: a dial function
// would turn it off, and an implementation from outside the standard library
// would share its connections, unguarded ones included, with the clone.
func keepHTTP2(made, given *http.Transport) {
	if given.TLSNextProto["h2"] == nil { // Clone has set it, if HTTP/2 is wanted
		return
	}
	made.TLSNextProto = nil
	made.ForceAttemptHTTP2 = true
}

func boundTransport(t *http.Transport) {
	if t.MaxResponseHeaderBytes == 0 {
		t.MaxResponseHeaderBytes = maxResponseHeader
	}
	if t.MaxIdleConns == 0 {
		t.MaxIdleConns = idleConnections
	}
	if t.IdleConnTimeout == 0 {
		t.IdleConnTimeout = idleTimeout
	}
	if t.TLSHandshakeTimeout == 0 {
		t.TLSHandshakeTimeout = 10 * time.Second
	}
}

// route carries the decision of the Proxy function from RoundTrip to the dial
// function: what is dialed for a proxied request is the proxy, which the
// caller chose and which often is in a private network.
type route struct{ proxy *url.URL }

type routeKey struct{}

func routeFrom(ctx context.Context) route {
	r, _ := ctx.Value(routeKey{}).(route)
	return r
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// dialFuncs are the dial functions of a transport; nil ones are not set.
type dialFuncs struct {
	plain, secured dialFunc
	config         *tls.Config
}

func dialFuncsOf(t *http.Transport) dialFuncs {
	d := dialFuncs{plain: t.DialContext, secured: t.DialTLSContext, config: t.TLSClientConfig}
	//lint:ignore SA1019 callers still set it
	if old := t.Dial; d.plain == nil && old != nil {
		d.plain = func(_ context.Context, network, address string) (net.Conn, error) { return old(network, address) }
	}
	//lint:ignore SA1019 callers still set it
	if old := t.DialTLS; d.secured == nil && old != nil {
		d.secured = func(_ context.Context, network, address string) (net.Conn, error) { return old(network, address) }
	}
	return d
}

// dial returns a guarded function for plain connections.
func (d *dialFuncs) dial(policy guardPolicy) dialFunc {
	if d.plain != nil {
		return checked(policy, d.plain)
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if routeFrom(ctx).proxy != nil {
			return defaultDialer.DialContext(ctx, network, address)
		}
		return policy.dial(ctx, nil, network, address)
	}
}

// dialTLS returns a guarded function for TLS connections, nil if the transport
// makes them from plain ones. The handshake of a refused one has taken place;
// no request has.
func (d *dialFuncs) dialTLS(policy guardPolicy) dialFunc {
	if d.secured == nil {
		return nil
	}
	return checked(policy, d.secured)
}

// checked wraps a dial function of the caller. What it connects to is judged
// afterwards, since only it knows what an address means to it.
func checked(policy guardPolicy, dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil || conn == nil || routeFrom(ctx).proxy != nil {
			return conn, err
		}
		if err := policy.checkConn(address, conn); err != nil {
			return nil, err
		}
		return conn, nil
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
