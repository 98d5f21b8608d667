// Endpoints, redirect URIs and client identifier URLs: what a URL must be
// before a client sends or opens anything there.

package validate

import (
	"net/netip"
	"strings"
)

// Endpoint reports whether raw may be used as an endpoint of an authorization
// server: an absolute URL with https, or with http on a loopback host or an
// origin that AllowInsecureHTTP names; no user information, no fragment. It
// returns nil or a *URLError of RuleEndpoint. An empty string is refused: the
// server has no such endpoint.
//
// RFC 6749 §3.1, §3.2 (https://www.rfc-editor.org/rfc/rfc6749#section-3.1): an
// endpoint may have a query, which a client keeps, and must not have a fragment.
//
// META-3
func Endpoint(raw string, opts ...Option) error {
	return refused(RuleEndpoint, raw, endpointReason(raw, gather(opts)))
}

// refused returns nil without a reason.
func refused(rule Rule, url, reason string) error {
	if reason == "" {
		return nil
	}
	return &URLError{Rule: rule, URL: url, Reason: reason}
}

func endpointReason(raw string, o *options) string {
	u, reason := splitURL(raw)
	switch {
	case reason != "":
		return reason
	case u.hasFragment:
		return "contains a fragment"
	case !o.allowsHTTP(&u):
		return "the scheme is http on a host that is not loopback"
	}
	return ""
}

// IsLoopbackHost reports whether host, without port and with or without the
// brackets of an IPv6 literal, is this machine beyond doubt: "localhost" in any
// case, an address in 127.0.0.0/8, or ::1. Names under .localhost and other
// spellings of an address are not: what they resolve to is the resolver's choice.
func IsLoopbackHost(host string) bool {
	if equalFold(host, "localhost") {
		return true
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback() && addr.Zone() == ""
}

// RedirectURI reports whether raw may be registered and used as a redirect URI
// by an MCP client: https, or http on localhost, 127.0.0.1 or [::1] with any
// port but 0; no user information, no fragment. It returns nil or a *URLError
// of RuleRedirectURI. Private-use schemes (RFC 8252 §7.1) are refused: MCP
// allows localhost and https only.
//
// RFC 6749 §3.1.2 (https://www.rfc-editor.org/rfc/rfc6749#section-3.1.2): an
// absolute URI without fragment.
//
// REG-11
func RedirectURI(raw string) error {
	return refused(RuleRedirectURI, raw, redirectReason(raw))
}

func redirectReason(raw string) string {
	u, reason := splitURL(raw)
	switch {
	case reason != "":
		return reason
	case u.hasFragment:
		return "contains a fragment"
	case strings.Trim(u.port, "0") == "" && u.port != "":
		return "port 0 is no port to come back to"
	case !u.secure() && !isLoopbackRedirect(u.host):
		return "the scheme is http on a host that is not localhost, 127.0.0.1 or [::1]"
	}
	return ""
}

func isLoopbackRedirect(host string) bool {
	return equalFold(host, "localhost") || host == "127.0.0.1" || host == "[::1]"
}

// ClientIDURL reports whether raw may be the identifier of a client that
// publishes a Client ID Metadata Document: https, a path that is neither empty
// nor "/", no user information, no fragment, no dot segments. It returns nil or
// a *URLError of RuleClientIDURL. A query is allowed, though the draft advises
// against it.
//
// See section 3 of draft-ietf-oauth-client-id-metadata-document-00:
// https://www.ietf.org/archive/id/draft-ietf-oauth-client-id-metadata-document-00.html#section-3
//
// REG-2
func ClientIDURL(raw string) error {
	return refused(RuleClientIDURL, raw, clientIDReason(raw))
}

func clientIDReason(raw string) string {
	u, reason := splitURL(raw)
	switch {
	case reason != "":
		return reason
	case !u.secure():
		return "the scheme is not https"
	case u.hasFragment:
		return "contains a fragment"
	case u.path == "" || u.path == "/":
		return "has no path"
	case hasDotSegment(u.path):
		return "the path contains a dot segment"
	}
	return ""
}
