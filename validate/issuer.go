// Issuer identifiers, and when two of them are the same.

package validate

import "strings"

// SameIssuer reports whether got is the issuer that was asked for.
//
// RFC 8414 §3.3 (https://www.rfc-editor.org/rfc/rfc8414#section-3.3) and OpenID
// Connect Discovery §4.3 ask for identity, and this compares bytes. One
// deviation is deliberate: https://h and https://h/ are taken as the same.
// Well-known servers are named with the slash by their protected resource and
// without it by their own metadata. The empty path and "/" are the same
// resource on the wire (RFC 9110 §4.2.3) and both spellings give the same
// well-known URLs, so whoever could exploit the difference already controls
// the origin. Nothing else is folded: not case, not a default port, not the
// trailing slash of a longer path, where two tenants may live.
//
// The document's own spelling is the one to record and to compare with iss,
// where no tolerance applies (RFC 9207 §2.4).
//
// DISC-14
func SameIssuer(got, want string) bool {
	if got == want {
		return true
	}
	if len(got) < len(want) {
		got, want = want, got
	}
	if strings.TrimSuffix(got, "/") != want || len(got) != len(want)+1 {
		return false
	}
	_, authority, ok := strings.Cut(want, "://")
	return ok && authority != "" && !strings.ContainsAny(authority, "/?#")
}

// issuerReason says how an issuer differs from the one that was asked for:
// the reason of a near miss helps whoever has to repair the server.
func issuerReason(got, want string) string {
	switch {
	case strings.ContainsAny(got, "{}"):
		return "the issuer is a template that was never filled in"
	case strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/"):
		return "they differ by a trailing slash"
	case equalFold(got, want):
		return "they differ in case"
	}
	g, reason := splitURL(got)
	if reason != "" {
		return "the issuer " + reason
	}
	w, reason := splitURL(want)
	if reason != "" {
		return "they differ"
	}
	switch {
	case !equalFold(g.host, w.host):
		return "the hosts differ"
	case !equalFold(g.scheme, w.scheme):
		return "the schemes differ"
	case g.effectivePort() != w.effectivePort():
		return "the ports differ"
	case g.port != w.port:
		return "one of them spells out the default port"
	}
	return "the paths differ"
}

// issuerURLReason says why a string is no issuer identifier, or "".
// RFC 8414 §2: a URL that uses the https scheme and has no query or fragment.
func issuerURLReason(raw string, o *options) string {
	u, reason := splitURL(raw)
	switch {
	case reason != "":
		return reason
	case u.hasQuery:
		return "contains a query"
	case u.hasFragment:
		return "contains a fragment"
	case !o.allowsHTTP(&u):
		return "the scheme is http on a host that is not loopback"
	}
	return ambiguousPath(u.path)
}
