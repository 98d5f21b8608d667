// Format: what the format names of the schemas mean.

package gen

import (
	"net/url"
	"strings"
)

// ValidFormat reports whether value has the named format of the schemas: uri (absolute, any scheme), http_url and
// https_url (absolute, with a host). An unknown format is valid. It is the one meaning of these names: validator and
// JSON Schema tools get it from here.
func ValidFormat(format, value string) bool {
	switch format {
	case "uri":
		return validURI(value)
	case "http_url":
		return validURL(value, true)
	case "https_url":
		return validURL(value, false)
	}
	return true
}

func (c check) format(value string) (name string, ok bool) {
	switch {
	case c&uri != 0:
		return "uri", validURI(value)
	case c&httpURL != 0:
		return "http_url", validURL(value, true)
	case c&httpsURL != 0:
		return "https_url", validURL(value, false)
	}
	return "", true
}

// validURI accepts absolute URIs: RFC 3986 section 4.3 with a fragment allowed.
func validURI(value string) bool {
	u, ok := parseURI(value)
	return ok && u.Scheme != "" && (u.Opaque != "" || u.Host != "" || u.Path != "")
}

func validURL(value string, plain bool) bool {
	u, ok := parseURI(value)
	return ok && (u.Scheme == "https" || plain && u.Scheme == "http") && u.Hostname() != ""
}

func parseURI(value string) (*url.URL, bool) {
	if strings.ContainsAny(value, " \"<>\\^`") {
		return nil, false
	}
	u, err := url.Parse(value)
	return u, err == nil
}
