// Resource identifiers: which URLs one covers, and the canonical one.

package validate

import "strings"

// Covers reports whether a protected resource that calls itself resource may
// stand for requests to url. It returns nil when it does, else a *URLError of
// RuleResourceCovers that names both strings and the reason.
//
// RFC 9728 §3.3 asks for identity of resource and the URL the metadata was
// derived from; MCP servers publish one document for many URLs, so the MCP
// implementations take a parent too. What is relaxed is that, and nothing else:
//
//   - Scheme, host and port agree; host case and default ports are folded,
//     nothing else is (RFC 3986 §6.2.2.1, §6.2.3).
//   - The path of resource equals that of url or is its parent on a segment
//     boundary; one trailing slash is ignored on either side, and an empty
//     path is "/". /mcp covers /mcp/ and /mcp/a, not /mcp-evil.
//   - Percent escapes are compared as they are spelled: a server that decodes
//     them late could tell /%6dcp from /mcp.
//   - Dot segments and encoded slashes, on either side, are refused: they mean
//     one path here and another behind a proxy.
//   - User information is refused on either side.
//   - A fragment in resource is refused (RFC 8707 §2); one in url is ignored,
//     because it is never sent.
//   - A query in url is ignored when resource has none: it selects within the
//     resource. A resource with a query (RFC 9728 §1.2 advises against it) names
//     one thing, so path and query must then be equal.
//
// Host names are compared as ASCII; both sides write an internationalized one
// in punycode, as RFC 3986 demands.
//
// DISC-9
func Covers(resource, url string) error {
	if reason := coverReason(resource, url); reason != "" {
		return &URLError{Rule: RuleResourceCovers, URL: resource, Other: url, Reason: reason}
	}
	return nil
}

func coverReason(resource, url string) string {
	r, reason := splitURL(resource)
	if reason != "" {
		return "the resource " + reason
	}
	u, reason := splitURL(url)
	if reason != "" {
		return "the URL in use " + reason
	}
	if r.hasFragment {
		return "the resource contains a fragment"
	}
	if reason := originReason(&r, &u); reason != "" {
		return reason
	}
	return pathReason(&r, &u)
}

func originReason(r, u *urlParts) string {
	switch {
	case !equalFold(r.scheme, u.scheme):
		return "the schemes differ"
	case !equalFold(r.host, u.host):
		return "the hosts differ"
	case r.effectivePort() != u.effectivePort():
		return "the ports differ"
	}
	return ""
}

func pathReason(r, u *urlParts) string {
	if reason := ambiguousPath(r.path); reason != "" {
		return "in the resource, " + reason
	}
	if reason := ambiguousPath(u.path); reason != "" {
		return "in the URL in use, " + reason
	}
	parent, child := strings.TrimSuffix(r.path, "/"), strings.TrimSuffix(u.path, "/")
	if r.hasQuery {
		if parent != child || !u.hasQuery || r.query != u.query {
			return "the resource has a query, so path and query have to be equal"
		}
		return ""
	}
	if rest, ok := strings.CutPrefix(child, parent); ok && (rest == "" || rest[0] == '/') {
		return ""
	}
	if equalFold(parent, child) {
		return "the paths differ in case"
	}
	return "the path of the resource is neither that of the URL nor a parent of it"
}

// CanonicalURL returns the resource identifier of an MCP server that has no
// protected resource metadata: scheme and host in lower case, no fragment, no
// trailing slash on an otherwise empty path, and every other byte as it is
// (a port stays as written, a query stays). It refuses what RFC 8707 §2 does
// not allow or Covers would refuse: anything but an absolute http or https URL,
// user information, dot segments, encoded slashes. The error is a *URLError of
// RuleCanonicalURL.
//
// See the canonical server URI of the MCP specification:
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#canonical-server-uri
//
// DISC-10
func CanonicalURL(raw string) (string, error) {
	u, reason := splitURL(raw)
	if reason == "" {
		reason = ambiguousPath(u.path)
	}
	if reason != "" {
		return "", &URLError{Rule: RuleCanonicalURL, URL: raw, Reason: reason}
	}
	canonical, _, _ := strings.Cut(raw, "#")
	authority := len(u.scheme) + len("://")
	rest := canonical[authority:]
	end := len(rest)
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		end = i
	}
	tail := rest[end:]
	if u.path == "/" {
		tail = tail[1:]
	}
	return strings.ToLower(canonical[:authority+end]) + tail, nil
}
