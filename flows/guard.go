// The guard: to which addresses an OAuth leg may connect.

package flows

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// GuardError reports a connection that was refused because of where it would
// lead. URLs of OAuth endpoints come from documents that a stranger may have
// written; without the guard they could name machines that only this process
// can reach (server-side request forgery). Nothing has been sent.
//
// The remedy, when the server is meant to be there, is [Client.AllowPrivateNetworks].
type GuardError struct {
	// Host is the host that was asked for, as the URL spells it.
	Host string
	// Addr is the address it led to; invalid when the name alone was refused.
	Addr netip.Addr
	// Class is the address's class: "loopback", "private", "shared",
	// "benchmarking", "link-local", "cloud metadata", "multicast",
	// "unspecified" or "reserved".
	Class string

	class addressClass
}

// Error names the host, the address and its class, and the remedy if there is one.
func (e *GuardError) Error() string {
	if !e.Addr.IsValid() {
		return fmt.Sprintf("flows: guard: %s: %s address refused", bounded(e.Host), e.Class)
	}
	hint := ""
	if e.class.local() {
		hint = " (AllowPrivateNetworks permits it)"
	}
	return fmt.Sprintf("flows: guard: %s: %s address %s refused%s", bounded(e.Host), e.Class, e.Addr, hint)
}

func newGuardError(host string, addr netip.Addr, class addressClass) *GuardError {
	return &GuardError{Host: host, Addr: addr, Class: class.String(), class: class}
}

// GuardDialer dials like its Dialer, except that it refuses, with a
// [*GuardError], addresses of private, loopback, link-local, shared (RFC 6598),
// multicast and reserved ranges and those of cloud metadata services, in all
// the forms in which IPv6 carries an IPv4 address. The address is judged after
// the name was resolved, for each one tried, and before the connection is made,
// so that a name that resolves differently the second time gains nothing.
//
// It is for programs that own their transport:
//
//	transport := &http.Transport{DialContext: (&flows.GuardDialer{}).DialContext}
//
// [Client] guards an [http.Transport] that it is given itself. The zero value
// is usable; many goroutines may use a GuardDialer at once as long as its
// fields are not changed.
type GuardDialer struct {
	// Dialer dials. It is copied for each call; its Control function is called
	// after the guard's. Nil means 10 s for a connection.
	Dialer *net.Dialer
	// AllowPrivateNetworks permits loopback, private, shared and benchmarking addresses.
	AllowPrivateNetworks bool
	// AllowNetworks permits the addresses of these networks whatever their
	// class. An address of a cloud metadata service needs an entry for itself
	// (/32 or /128).
	AllowNetworks []netip.Prefix
}

// DialContext connects to address, as [net.Dialer.DialContext] does.
func (d *GuardDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	policy := guardPolicy{private: d.AllowPrivateNetworks, networks: d.AllowNetworks}
	return policy.dial(ctx, d.Dialer, network, address)
}

// defaultDialer gives a host that does not answer less time than a leg has, so
// that a second address, or a second attempt, gets its turn.
var defaultDialer = net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}

// guardPolicy says which addresses are permitted beside the public ones.
type guardPolicy struct {
	private  bool           // all classes that are local
	networks []netip.Prefix // the caller's own list
	class    addressClass   // the class of the resource, if that is local
}

// check refuses the address that host led to, or permits it with nil.
func (p guardPolicy) check(host string, addr netip.Addr) error {
	addr = addr.Unmap().WithZone("")
	class := classOf(addr)
	if p.permitsClass(class) || p.lists(addr, class) {
		return nil
	}
	return newGuardError(host, addr, class)
}

// permitsClass: a resource of a local class may have its servers in that same
// class and no other. A loopback resource does not open the private network:
// a development server on this machine is no reason to probe the office.
func (p guardPolicy) permitsClass(class addressClass) bool {
	return class == classPublic || class.local() && (p.private || class == p.class)
}

// checkHost judges a URL's host where the connection cannot be seen. Names that
// need a look-up pass.
func (p guardPolicy) checkHost(host string) error {
	class, known := classOfHost(host)
	if !known {
		return nil
	}
	addr, err := netip.ParseAddr(host)
	if err == nil {
		return p.check(host, addr)
	}
	if class == classLoopback && p.lists(netip.AddrFrom4([4]byte{127, 0, 0, 1}), class) || p.permitsClass(class) {
		return nil
	}
	return newGuardError(host, netip.Addr{}, class)
}

func (p guardPolicy) lists(addr netip.Addr, class addressClass) bool {
	for _, network := range p.networks {
		if network.Contains(addr) && (class != classMetadata || network.IsSingleIP()) {
			return true
		}
	}
	return false
}

// dial connects with a copy of base, judging each address before the
// connection is made. A nil base means defaultDialer.
func (p guardPolicy) dial(ctx context.Context, base *net.Dialer, network, address string) (net.Conn, error) {
	if base == nil {
		base = &defaultDialer
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	dialer := *base
	dialer.ControlContext = func(ctx context.Context, network, resolved string, c syscall.RawConn) error {
		// Only networks of IP addresses come here with an address and port;
		// what cannot be read cannot be judged.
		to, _ := netip.ParseAddrPort(resolved)
		if err := p.check(host, to.Addr()); err != nil {
			return err
		}
		switch {
		case base.ControlContext != nil:
			return base.ControlContext(ctx, network, resolved, c)
		case base.Control != nil:
			return base.Control(network, resolved, c)
		}
		return nil
	}
	return dialer.DialContext(ctx, network, address)
}

// checkConn judges a connection that a dialer of the caller has made, before
// anything is written to it, and closes it when it is refused. A connection
// without an IP address (a Unix socket, a pipe in a test) leads where the
// caller's code decided and is permitted.
func (p guardPolicy) checkConn(address string, conn net.Conn) error {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return nil //nolint:nilerr // no IP address: see above
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if err := p.check(host, remote.Addr()); err != nil {
		_ = conn.Close() // nothing was written; the refusal is what counts
		return err
	}
	return nil
}
