// Coverage: which requests get the token. Everything else goes out bare.

package sdk

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// coverage is the part of the web that belongs to one resource. It is immutable.
type coverage struct {
	scheme string
	host   string // lower case, without the scheme's default port
	paths  []string
}

func newCoverage(resource string, more []string) (*coverage, error) {
	u, err := url.Parse(resource)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("sdk: config: Resource: not an absolute URL")
	}
	c := &coverage{scheme: u.Scheme, host: withoutDefaultPort(u.Scheme, strings.ToLower(u.Host))}
	for _, path := range append([]string{u.EscapedPath()}, more...) {
		if path != "" && !strings.HasPrefix(path, "/") {
			return nil, fmt.Errorf("sdk: config: Paths: %q does not start with a slash", path)
		}
		if !plainPath(path) {
			return nil, fmt.Errorf("sdk: config: path %q has dot segments or escaped separators", path)
		}
		c.paths = append(c.paths, strings.TrimSuffix(path, "/"))
	}
	return c, nil
}

// covers judges one request, at each redirect hop anew: same origin, Host equal
// to the URL's, and an escaped path that is, or lies on a segment boundary
// below, one of the paths. A path that a server could read in two ways (dot
// segments, escaped slashes) is not covered (HTTP-2).
func (c *coverage) covers(req *http.Request) bool {
	u := req.URL
	if u == nil || u.User != nil || u.Opaque != "" || u.Scheme != c.scheme || !c.sameHost(u.Host) {
		return false
	}
	if req.Host != "" && req.Host != u.Host {
		return false
	}
	path := u.EscapedPath()
	for _, under := range c.paths {
		if strings.HasPrefix(path, under) && (len(path) == len(under) || path[len(under)] == '/') {
			return plainPath(path)
		}
	}
	return false
}

func (c *coverage) sameHost(host string) bool {
	return strings.EqualFold(withoutDefaultPort(c.scheme, host), c.host)
}

func withoutDefaultPort(scheme, host string) string {
	if scheme == "https" {
		return strings.TrimSuffix(host, ":443")
	}
	return strings.TrimSuffix(host, ":80")
}

// plainPath says that a path reads the same for everyone.
func plainPath(path string) bool {
	if strings.IndexByte(path, '%') >= 0 {
		lower := strings.ToLower(path)
		if strings.Contains(lower, "%2f") || strings.Contains(lower, "%5c") || strings.Contains(lower, "%2e") {
			return false
		}
	}
	if strings.IndexByte(path, '\\') >= 0 || strings.Contains(path, "//") {
		return false
	}
	if strings.Contains(path, "/.") {
		for segment := range strings.SplitSeq(path, "/") {
			if segment == "." || segment == ".." {
				return false
			}
		}
	}
	return true
}
