// An absolute http or https URL, taken apart without allocating.

package validate

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
)

// maxURL bounds a URL. Browsers and servers stop at 8 KiB of request line, so
// a longer one cannot be used anyway.
const maxURL = 8 << 10

// A URLError says why a URL was refused. It unwraps to Rule, so that
// errors.Is(err, validate.RuleEndpoint) holds. Printing it shows neither user
// information nor query of a URL.
type URLError struct {
	// Rule is the rule that refused.
	Rule Rule
	// URL is the URL that was judged, unescaped and complete.
	URL string
	// Other is the URL that it was compared with, or "".
	Other string
	// Reason says what is wrong, in words of this package.
	Reason string
}

// Error returns one bounded line.
func (e *URLError) Error() string { return "validate: " + e.message() }

// Unwrap returns e.Rule.
func (e *URLError) Unwrap() error { return e.Rule }

// Format writes Error under every verb.
func (e *URLError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// MarshalText returns Error, for JSON and slog.
func (e *URLError) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

func (e *URLError) message() string {
	if e.Other == "" {
		return quoteURL(e.URL) + ": " + e.Reason
	}
	return quoteURL(e.URL) + " and " + quoteURL(e.Other) + ": " + e.Reason
}

// urlParts are slices of one URL, exactly as it spells them.
type urlParts struct {
	scheme, host, port, path string
	query, fragment          string
	hasQuery, hasFragment    bool // a "?" or "#", even if nothing follows it
}

// splitURL takes an absolute http or https URL apart by RFC 3986. It is
// stricter than net/url where a lenient reader could see another host or path:
// only the characters of RFC 3986 appendix A, complete percent escapes, no user
// information, host names without escapes, IPv6 without zone. What it accepts, net/url reads the
// same way (FuzzCovers holds that). The reason is "" for a good URL.
func splitURL(raw string) (u urlParts, reason string) {
	if raw == "" {
		return u, "is absent"
	}
	if len(raw) > maxURL {
		return u, "is longer than " + strconv.Itoa(maxURL) + " bytes"
	}
	if reason := badCharacter(raw); reason != "" {
		return u, reason
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok || !isScheme(scheme) {
		return u, schemeReason(raw)
	}
	if !equalFold(scheme, "https") && !equalFold(scheme, "http") {
		return u, "the scheme is neither https nor http"
	}
	u.scheme = scheme
	rest, u.fragment, u.hasFragment = strings.Cut(rest, "#")
	rest, u.query, u.hasQuery = strings.Cut(rest, "?")
	authority := rest
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		authority, u.path = rest[:i], rest[i:]
	}
	if strings.ContainsAny(u.path, "[]") {
		return u, "the path contains a bracket that is not percent-encoded"
	}
	return u, u.splitAuthority(authority)
}

// splitAuthority fills host and port. User information is refused everywhere:
// no identifier and no endpoint has it (RFC 9110 §4.2.4), it makes URLs look
// like those of another host, and net/http would send it as credentials.
func (u *urlParts) splitAuthority(authority string) (reason string) {
	if strings.Contains(authority, "@") {
		return "contains user information"
	}
	var host, port string
	var hasPort bool
	if strings.HasPrefix(authority, "[") {
		end := strings.IndexByte(authority, ']')
		if end < 0 || !isIPv6(authority[1:end]) {
			return "the host is no IPv6 address"
		}
		host = authority[:end+1]
		port, hasPort = strings.CutPrefix(authority[end+1:], ":")
		if !hasPort && port != "" {
			return "the port is no number"
		}
	} else {
		host, port, hasPort = strings.Cut(authority, ":")
		if reason := badHostName(host); reason != "" {
			return reason
		}
	}
	if hasPort && !isPort(port) {
		return "the port is no number below 65536"
	}
	u.host, u.port = host, port
	return ""
}

// effectivePort folds the default port of the scheme into "".
// RFC 3986 §6.2.3: an empty or default port is equivalent to none.
func (u *urlParts) effectivePort() string {
	if u.port == "443" && equalFold(u.scheme, "https") || u.port == "80" && equalFold(u.scheme, "http") {
		return ""
	}
	return u.port
}

// abnormal says how the origin differs from its normal form, or "".
// RFC 3986 §6.2.2.1, §6.2.3
func (u *urlParts) abnormal() string {
	for _, part := range []string{u.scheme, u.host} {
		for i := 0; i < len(part); i++ {
			if lower(part[i]) != part[i] {
				return "scheme or host is not in lower case"
			}
		}
	}
	if u.port != u.effectivePort() {
		return "spells out the default port"
	}
	return ""
}

// secure reports whether the scheme is https.
func (u *urlParts) secure() bool { return equalFold(u.scheme, "https") }

// sameOrigin reports whether scheme, host and port agree, default ports and
// host case folded.
func (u *urlParts) sameOrigin(other *urlParts) bool {
	return equalFold(u.scheme, other.scheme) && equalFold(u.host, other.host) &&
		u.effectivePort() == other.effectivePort()
}

func schemeReason(raw string) string {
	if i := strings.IndexByte(raw, ':'); i > 0 && isScheme(raw[:i]) && !strings.Contains(raw[:i], ".") {
		return "the scheme is neither https nor http, or no host follows it"
	}
	return "is no absolute URL"
}

// uriByte marks the bytes that RFC 3986 appendix A allows somewhere in a URI.
var uriByte = func() (table [256]bool) {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&'()*+,;=%"
	for _, c := range []byte(allowed) {
		table[c] = true
	}
	return table
}()

func badCharacter(raw string) string {
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case c == '%':
			if i+2 >= len(raw) || !isHex(raw[i+1]) || !isHex(raw[i+2]) {
				return "contains an incomplete percent escape"
			}
		case uriByte[c]:
		case c == '{' || c == '}':
			return "contains braces: a template that was never filled in?"
		case c == ' ':
			return "contains a space"
		case c == '\\':
			return "contains a backslash"
		case c < ' ' || c == 0x7f:
			return "contains a control character"
		case c >= 0x80:
			return "contains a character outside ASCII: write host names in punycode and percent-encode the rest"
		default:
			return "contains a character that must be percent-encoded"
		}
	}
	return ""
}

func badHostName(host string) string {
	if host == "" {
		return "has no host"
	}
	if len(host) > 253 {
		return "the host name is longer than 253 bytes"
	}
	for i := 0; i < len(host); i++ {
		if c := host[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' {
			return "the host contains a character that host names do not have"
		}
	}
	return ""
}

func isScheme(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !isAlphanumeric(c) && (i == 0 || c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return s != "" && (s[0] < '0' || s[0] > '9')
}

func isIPv6(s string) bool {
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && !addr.Is4In6() && addr.Zone() == ""
}

func isPort(s string) bool {
	if s == "" {
		return true // RFC 3986 §3.2.3: the port may be empty.
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		if n = n*10 + int(s[i]-'0'); n > 65535 {
			return false
		}
	}
	return true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func isAlphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// equalFold folds ASCII letters only. strings.EqualFold would take U+212A
// (Kelvin sign) for k, which is another host.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i < len(a); i++ {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
