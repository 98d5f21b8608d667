// The class of an address: which network it can belong to.

package flows

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// addressClass says what kind of network an IP address belongs to. The zero
// value is the public internet.
type addressClass uint8

const (
	classPublic addressClass = iota
	classLoopback
	classPrivate
	classShared    // RFC 6598: carrier-grade NAT, overlay networks
	classBenchmark // RFC 2544: in practice the fake addresses of local VPN clients
	// The classes from here on are never permitted for a resource's sake.
	classLinkLocal
	classMetadata
	classMulticast
	classUnspecified
	classReserved
)

var classNames = [...]string{"public", "loopback", "private", "shared", "benchmarking",
	"link-local", "cloud metadata", "multicast", "unspecified", "reserved"}

func (c addressClass) String() string { return classNames[c] }

// local reports whether a resource can be of the class, so that its servers may be too.
func (c addressClass) local() bool { return c > classPublic && c < classLinkLocal }

// metadataAddresses are those at which clouds hand credentials to the machine.
// Most are link-local; these lie in ranges that can be permitted, or are public.
var metadataAddresses = map[netip.Addr]bool{
	netip.MustParseAddr("169.254.169.254"): true,
	netip.MustParseAddr("169.254.170.2"):   true, // container credentials
	netip.MustParseAddr("169.254.170.23"):  true,
	netip.MustParseAddr("100.100.100.200"): true,
	netip.MustParseAddr("192.0.0.192"):     true,
	netip.MustParseAddr("168.63.129.16"):   true,
	netip.MustParseAddr("fd00:ec2::254"):   true,
	netip.MustParseAddr("fd00:ec2::23"):    true,
	netip.MustParseAddr("fd20:ce::254"):    true,
	netip.MustParseAddr("fd00:42::42"):     true,
}

// addressRanges are the special-purpose ranges of the IANA registries; the
// first that contains an address decides.
//
// https://www.iana.org/assignments/iana-ipv4-special-registry
// https://www.iana.org/assignments/iana-ipv6-special-registry
var addressRanges = []struct {
	prefix netip.Prefix
	class  addressClass
}{
	{netip.MustParsePrefix("0.0.0.0/32"), classUnspecified},
	{netip.MustParsePrefix("0.0.0.0/8"), classReserved},
	{netip.MustParsePrefix("10.0.0.0/8"), classPrivate},
	{netip.MustParsePrefix("100.64.0.0/10"), classShared},
	{netip.MustParsePrefix("127.0.0.0/8"), classLoopback},
	{netip.MustParsePrefix("169.254.0.0/16"), classLinkLocal},
	{netip.MustParsePrefix("172.16.0.0/12"), classPrivate},
	{netip.MustParsePrefix("192.0.0.0/24"), classReserved},
	{netip.MustParsePrefix("192.0.2.0/24"), classReserved},
	{netip.MustParsePrefix("192.88.99.0/24"), classReserved},
	{netip.MustParsePrefix("192.168.0.0/16"), classPrivate},
	{netip.MustParsePrefix("198.18.0.0/15"), classBenchmark},
	{netip.MustParsePrefix("198.51.100.0/24"), classReserved},
	{netip.MustParsePrefix("203.0.113.0/24"), classReserved},
	{netip.MustParsePrefix("224.0.0.0/4"), classMulticast},
	{netip.MustParsePrefix("240.0.0.0/4"), classReserved},
	{netip.MustParsePrefix("::/128"), classUnspecified},
	{netip.MustParsePrefix("::1/128"), classLoopback},
	{netip.MustParsePrefix("fc00::/7"), classPrivate},
	{netip.MustParsePrefix("fe80::/10"), classLinkLocal},
	{netip.MustParsePrefix("fec0::/10"), classPrivate},
	{netip.MustParsePrefix("ff00::/8"), classMulticast},
	{netip.MustParsePrefix("2001::/23"), classReserved}, // Teredo, benchmarking, ORCHID
	{netip.MustParsePrefix("2001:db8::/32"), classReserved},
	{netip.MustParsePrefix("3fff::/20"), classReserved},
	{netip.MustParsePrefix("2000::/3"), classPublic},
	{nat64Prefix, classPublic},
}

// Ranges whose addresses carry an IPv4 address, to which a gateway or the
// kernel delivers: the address inside decides.
var (
	nat64Prefix = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour   = netip.MustParsePrefix("2002::/16")    // RFC 3056
	isatapMarks = [...]uint32{0x00005efe, 0x02005efe}   // RFC 5214, section 6.1
)

// classOf returns the class of an address. IPv4-mapped, NAT64, 6to4 and ISATAP
// forms have the class of the IPv4 address inside them. What the registries
// leave unassigned is reserved: nothing public is there.
func classOf(addr netip.Addr) addressClass {
	addr = addr.Unmap().WithZone("")
	if metadataAddresses[addr] {
		return classMetadata
	}
	class := classOfRange(addr)
	if inner, ok := embeddedIPv4(addr); ok && class == classPublic {
		return classOf(inner)
	}
	return class
}

func classOfRange(addr netip.Addr) addressClass {
	for _, r := range addressRanges {
		if r.prefix.Contains(addr) {
			return r.class
		}
	}
	if addr.Is4() {
		return classPublic
	}
	return classReserved
}

func embeddedIPv4(addr netip.Addr) (netip.Addr, bool) {
	if !addr.Is6() {
		return netip.Addr{}, false
	}
	b := addr.As16()
	switch mark := binary.BigEndian.Uint32(b[8:12]); {
	case nat64Prefix.Contains(addr), mark == isatapMarks[0], mark == isatapMarks[1]:
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	}
	return netip.Addr{}, false
}

// classOfHost returns the class that a URL's host has without any look-up:
// that of an IP literal, or of a name that always means this machine. ok is
// false for other names, whose class only resolution tells. Hosts that some
// resolver or proxy reads as a number ("2130706433", "127.1", "0x7f.1") are
// no names: they are reserved.
func classOfHost(host string) (class addressClass, ok bool) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if addr, err := netip.ParseAddr(host); err == nil {
		return classOf(addr), true
	}
	switch host {
	case "localhost", "localhost.localdomain", "localhost6", "localhost6.localdomain6", "ip6-localhost", "ip6-loopback":
		return classLoopback, true
	case "metadata", "metadata.google.internal", "metadata.goog", "instance-data":
		return classMetadata, true
	}
	if strings.HasSuffix(host, ".localhost") { // RFC 6761, section 6.3
		return classLoopback, true
	}
	if endsInNumber(host) {
		return classReserved, true
	}
	return classPublic, false
}

// endsInNumber holds the URL Standard's "ends in a number" test
// (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func endsInNumber(host string) bool {
	last := host[strings.LastIndexByte(host, '.')+1:]
	if hex, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
