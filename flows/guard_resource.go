// The resource of a flow, as the guard sees it: where it is decides where its servers may be.

package flows

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"
)

// guardedResource is the resource that a context's legs are for. Its class is
// known from the URL when the host is an IP address or localhost; that of
// another name is found out when a leg is refused, and then remembered.
type guardedResource struct {
	raw   string
	url   *url.URL
	class atomic.Uint32 // 1 + addressClass; 0 while unknown
}

type resourceKey struct{}

// WithResource returns a context whose legs may connect to addresses of the
// same class (loopback, private, shared) as the host of resourceURL: a server
// on this machine may name an authorization server on this machine. The flows
// that are given a resource do this themselves; it is for calls of
// [Client.Operations]. Without a resource, or with a URL that is none, only
// public addresses are permitted. A context that is already for resourceURL is
// returned as it is, with what was found out about it.
func WithResource(ctx context.Context, resourceURL string) context.Context {
	return withResource(ctx, resourceURL)
}

func withResource(ctx context.Context, resourceURL string) context.Context {
	if r := resourceFrom(ctx); r != nil && r.raw == resourceURL {
		return ctx
	}
	u, err := url.Parse(resourceURL)
	if err != nil || u.Hostname() == "" {
		return context.WithValue(ctx, resourceKey{}, (*guardedResource)(nil))
	}
	r := &guardedResource{raw: resourceURL, url: u}
	if class, ok := classOfHost(u.Hostname()); ok {
		r.learn(class)
	}
	return context.WithValue(ctx, resourceKey{}, r)
}

func resourceFrom(ctx context.Context) *guardedResource {
	r, _ := ctx.Value(resourceKey{}).(*guardedResource)
	return r
}

// learn records where the resource is. A class that is never permitted for a
// resource's sake counts as public: it permits nothing.
func (r *guardedResource) learn(class addressClass) {
	if !class.local() {
		class = classPublic
	}
	r.class.Store(1 + uint32(class))
}

// known returns the class without any I/O; classPublic while it is unknown.
func (r *guardedResource) known() addressClass {
	if r == nil {
		return classPublic
	}
	if stored := r.class.Load(); stored != 0 {
		return addressClass(stored - 1)
	}
	return classPublic
}

// locate returns the class of the address at which the resource really is. It
// connects to it, and for https completes a verified handshake: a DNS answer
// proves nothing, since it is the resource's owner who gives it, and a hostile
// one would point to a private address just to have the guard open that
// network. Two legs that ask at once both connect; nothing waits for a lock.
func (r *guardedResource) locate(ctx context.Context, base *dialFuncs) addressClass {
	if r == nil || r.class.Load() != 0 {
		return r.known()
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := r.connect(ctx, base)
	if err != nil {
		return classPublic
	}
	defer conn.Close()
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return classPublic
	}
	r.learn(classOf(remote.Addr()))
	return r.known()
}

func (r *guardedResource) connect(ctx context.Context, base *dialFuncs) (net.Conn, error) {
	anyLocal := guardPolicy{private: true}
	address := net.JoinHostPort(r.url.Hostname(), portOf(r.url))
	if r.url.Scheme != "https" {
		return base.dial(anyLocal)(ctx, "tcp", address)
	}
	if dialTLS := base.dialTLS(anyLocal); dialTLS != nil {
		return dialTLS(ctx, "tcp", address)
	}
	conn, err := base.dial(anyLocal)(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	config := base.config.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = r.url.Hostname()
	}
	secured := tls.Client(conn, config)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// portOf returns the URL's port, or that of its scheme.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
