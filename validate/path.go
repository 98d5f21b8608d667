// Paths that two readers may understand differently.

package validate

import "strings"

// ambiguousPath says why a path cannot be compared safely, or "". A server or
// proxy in front of it may resolve dot segments and decode slashes before it
// routes, so /mcp/..%2fadmin is under /mcp for one reader and /admin for
// another. Path parameters count too: some servers read "..;x" as "..".
func ambiguousPath(path string) string {
	if hasEncodedSlash(path) {
		return "the path contains an encoded slash or backslash"
	}
	if hasDotSegment(path) {
		return "the path contains a dot segment"
	}
	return ""
}

func hasEncodedSlash(path string) bool {
	for i := strings.IndexByte(path, '%'); i >= 0 && i+2 < len(path); {
		switch path[i+1 : i+3] {
		case "2f", "2F", "5c", "5C":
			return true
		}
		next := strings.IndexByte(path[i+1:], '%')
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

func hasDotSegment(path string) bool {
	for path != "" {
		var segment string
		segment, path, _ = strings.Cut(path, "/")
		segment, _, _ = strings.Cut(segment, ";")
		if isDots(segment) {
			return true
		}
	}
	return false
}

// isDots reports whether a segment is "." or "..", each dot plain or as %2e.
func isDots(segment string) bool {
	dots := 0
	for segment != "" {
		switch {
		case segment[0] == '.':
			segment = segment[1:]
		case len(segment) >= 3 && segment[:2] == "%2" && segment[2]|0x20 == 'e':
			segment = segment[3:]
		default:
			return false
		}
		dots++
	}
	return dots == 1 || dots == 2
}
