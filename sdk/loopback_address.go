// Loopback address: which redirect URIs a Loopback may take, in which order, and the listeners for one.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/validate"
)

// loopbackAddress is a redirect URI to try. Port 0 stands for a free one.
type loopbackAddress struct {
	host string // "127.0.0.1", "::1" or "localhost"
	port int
	path string // as in the URI: escaped, or empty
	uri  string // the registered URI, byte for byte; empty if it is made from the rest
}

// loopbackBound is an address with its listeners.
type loopbackBound struct {
	loopbackAddress
	listeners []net.Listener
}

// addresses returns what to try, the best first.
func (l *Loopback) addresses(registered []string) ([]loopbackAddress, error) {
	own, err := l.address()
	if err != nil {
		return nil, err
	}
	var try []loopbackAddress
	last, shaped := own, false
	for _, raw := range registered {
		address, ok := parseLoopback(raw)
		if !ok || !l.agrees(address, own) {
			continue
		}
		if !shaped {
			last.host, last.path, shaped = address.host, address.path, true
		}
		if address.port != 0 {
			try = append(try, address)
		}
	}
	// The registered port is bound first; if it is taken, the client is registered again with a new one.
	if l.Port == 0 || len(try) == 0 {
		try = append(try, last)
	}
	return try, nil
}

// address returns the address that the fields of l describe.
func (l *Loopback) address() (loopbackAddress, error) {
	own := loopbackAddress{host: strings.Trim(l.Host, "[]"), port: l.Port, path: l.Path}
	if own.host == "" {
		own.host = loopbackHost
	}
	if own.path == "" {
		own.path = loopbackPath
	}
	if !isLoopbackName(own.host) {
		return own, fmt.Errorf("sdk: loopback: host %q is none of 127.0.0.1, ::1 and localhost", l.Host)
	}
	if l.Port < 0 || l.Port > 65535 {
		return own, fmt.Errorf("sdk: loopback: port %d is none", l.Port)
	}
	if !strings.HasPrefix(own.path, "/") || strings.ContainsAny(own.path, "?#") || validate.RedirectURI("http://localhost"+own.path) != nil {
		return own, fmt.Errorf("sdk: loopback: path %q is not the path of a URL, with a leading slash", l.Path)
	}
	return own, nil
}

// agrees reports whether a registered address has what the set fields of l ask for.
func (l *Loopback) agrees(registered, own loopbackAddress) bool {
	return (l.Host == "" || registered.host == own.host) &&
		(l.Path == "" || registered.path == own.path) &&
		(l.Port == 0 || registered.port == 0 || registered.port == own.port)
}

// parseLoopback takes a redirect URI apart, if it is one that a listener of this machine can serve.
func parseLoopback(raw string) (loopbackAddress, bool) {
	if validate.RedirectURI(raw) != nil {
		return loopbackAddress{}, false
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "http" || u.RawQuery != "" || u.ForceQuery || !isLoopbackName(strings.ToLower(u.Hostname())) {
		return loopbackAddress{}, false
	}
	port, _ := strconv.Atoi(u.Port()) // validated; no port is 0
	return loopbackAddress{host: strings.ToLower(u.Hostname()), port: port, path: u.EscapedPath(), uri: raw}, true
}

func isLoopbackName(host string) bool {
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// loopbackTries bounds the search for a port that is free on both addresses of localhost. Each try fails only if
// another program has just that port on the other address.
const loopbackTries = 8

// listen binds the address, and nothing that another machine can reach.
func (a loopbackAddress) listen(ctx context.Context) (*loopbackBound, error) {
	if a.host != "localhost" {
		listener, err := listenAt(ctx, a.host, a.port)
		if err != nil {
			return nil, err
		}
		return a.bound(listener), nil
	}
	var failure error
	for range loopbackTries {
		bound, err := a.listenBoth(ctx)
		if err == nil {
			return bound, nil
		}
		failure = err
		if a.port != 0 {
			break
		}
	}
	return nil, failure
}

// listenBoth binds the port on both addresses of localhost. A machine may lack one of them; but if another program has
// the port there, the browser could bring the code to that program.
func (a loopbackAddress) listenBoth(ctx context.Context) (*loopbackBound, error) {
	first, err := listenAt(ctx, "127.0.0.1", a.port)
	if err != nil {
		if hasAddress(ctx, "127.0.0.1") {
			return nil, err
		}
		only, err := listenAt(ctx, "::1", a.port)
		if err != nil {
			return nil, err
		}
		return a.bound(only), nil
	}
	second, err := listenAt(ctx, "::1", portOf(first))
	if err == nil {
		return a.bound(first, second), nil
	}
	if hasAddress(ctx, "::1") {
		return nil, errors.Join(err, first.Close())
	}
	return a.bound(first), nil
}

// bound fills in what the listeners tell.
func (a loopbackAddress) bound(listeners ...net.Listener) *loopbackBound {
	a.port = portOf(listeners[0])
	if a.uri == "" {
		a.uri = "http://" + net.JoinHostPort(a.host, strconv.Itoa(a.port)) + a.path
	}
	return &loopbackBound{loopbackAddress: a, listeners: listeners}
}

// serves reports whether host, from a Host header, is that of the redirect URI. A page of another site whose name was
// made to resolve to this machine (DNS rebinding) comes with that name.
func (b *loopbackBound) serves(host string) bool {
	name := b.host
	if name == "::1" {
		name = "[::1]"
	}
	host = strings.ToLower(host)
	return host == name+":"+strconv.Itoa(b.port) || b.port == 80 && host == name
}

func listenAt(ctx context.Context, address string, port int) (net.Listener, error) {
	var config net.ListenConfig
	return config.Listen(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
}

// hasAddress reports whether the machine has the address, by binding any port there.
func hasAddress(ctx context.Context, address string) bool {
	listener, err := listenAt(ctx, address, 0)
	if err != nil {
		return false
	}
	return listener.Close() == nil
}

func portOf(listener net.Listener) int {
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return 0
	}
	return int(address.Port())
}
