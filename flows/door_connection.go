// The connection of a round trip, as net/http/httptrace reports it.

package flows

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// connectionTrace collects a [ConnectionInfo]. Its hooks may run after the
// round trip is over and beside each other: two addresses of a host are dialed
// at once. A nil one collects nothing.
type connectionTrace struct {
	mu                       sync.Mutex
	found                    ConnectionInfo
	dns, connect, tls, wrote time.Time
}

// watch returns a context whose round trip reports to c, beside the hooks that
// the context already has.
func (c *connectionTrace) watch(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			c.set(func() { c.found.Reused, c.found.RemoteAddr = info.Reused, info.Conn.RemoteAddr().String() })
		},
		DNSStart:          func(httptrace.DNSStartInfo) { c.set(func() { c.dns = time.Now() }) },
		DNSDone:           func(httptrace.DNSDoneInfo) { c.set(func() { c.found.DNS = since(c.dns) }) },
		ConnectStart:      func(string, string) { c.set(func() { c.connect = time.Now() }) },
		TLSHandshakeStart: func() { c.set(func() { c.tls = time.Now() }) },
		ConnectDone: func(_, _ string, err error) {
			c.set(func() {
				if err == nil {
					c.found.Connect = since(c.connect)
				}
			})
		},
		TLSHandshakeDone: func(tls.ConnectionState, error) { c.set(func() { c.found.TLS = since(c.tls) }) },
		WroteRequest:     func(httptrace.WroteRequestInfo) { c.set(func() { c.wrote = time.Now() }) },
		GotFirstResponseByte: func() {
			c.set(func() {
				if !c.wrote.IsZero() {
					c.found.FirstByte = since(c.wrote)
				}
			})
		},
	})
}

func (c *connectionTrace) set(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

// answered adds what only the response knows.
func (c *connectionTrace) answered(res *http.Response) {
	if c == nil {
		return
	}
	c.set(func() {
		c.found.Proto = res.Proto
		if res.TLS != nil {
			c.found.TLSVersion = res.TLS.Version
		}
	})
}

func (c *connectionTrace) info() ConnectionInfo {
	if c == nil {
		return ConnectionInfo{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.found
}

func since(start time.Time) time.Duration {
	if start.IsZero() {
		return 0
	}
	return time.Since(start)
}
