// Well-known URLs: where metadata documents are looked for, in order.

package flows

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

const (
	wellKnownPRM   = "/.well-known/oauth-protected-resource"
	wellKnownOAuth = "/.well-known/oauth-authorization-server"
	wellKnownOIDC  = "/.well-known/openid-configuration"
)

// ProtectedResourceMetadataURLs returns where the metadata of the resource
// behind rawURL may be: the well-known URL with the resource's path inserted,
// then the one at the root. For a resource without path there is only the
// latter. A trailing slash of the path stays; query and fragment go.
//
// https://www.rfc-editor.org/rfc/rfc9728.html#section-3.1
func ProtectedResourceMetadataURLs(rawURL string) ([]string, error) {
	u, err := parseHTTPURL("resource", rawURL)
	if err != nil {
		return nil, err
	}
	origin := u.Scheme + "://" + u.Host
	path := u.EscapedPath()
	if path == "" || path == "/" {
		return []string{origin + wellKnownPRM}, nil
	}
	return []string{origin + wellKnownPRM + path, origin + wellKnownPRM}, nil
}

// AuthorizationServerMetadataURLs returns where the metadata of issuer may be,
// in the order of the MCP specification: for an issuer with a path RFC 8414
// inserted, OpenID inserted, OpenID appended; without one RFC 8414, OpenID.
// "https://host/" is an issuer without path.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery
func AuthorizationServerMetadataURLs(issuer string) ([]string, error) {
	u, err := parseHTTPURL("issuer", issuer)
	if err != nil {
		return nil, err
	}
	if u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#") {
		// RFC 8414 §2: an issuer has no query and no fragment.
		return nil, fmt.Errorf("flows: issuer %q: has a query or fragment", withoutQuery(issuer))
	}
	origin := u.Scheme + "://" + u.Host
	// RFC 8414 §3.1: a terminating "/" goes before the well-known is inserted.
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	if path == "" {
		return []string{origin + wellKnownOAuth, origin + wellKnownOIDC}, nil
	}
	return []string{
		origin + wellKnownOAuth + path,
		origin + wellKnownOIDC + path,
		origin + path + wellKnownOIDC,
	}, nil
}

// metadataURL resolves the resource_metadata parameter of a challenge against
// the URL that was challenged.
func metadataURL(ref, requestURL string) (string, error) {
	base, err := parseHTTPURL("resource", requestURL)
	if err != nil {
		return "", err
	}
	u, err := base.Parse(ref)
	if err != nil {
		return "", fmt.Errorf("flows: resource_metadata: not a URL")
	}
	u.Fragment, u.RawFragment = "", ""
	if _, err := parseHTTPURL("resource_metadata", u.String()); err != nil {
		return "", err
	}
	return u.String(), nil
}

// originOf returns scheme://host[:port] of an absolute URL.
func originOf(rawURL string) (string, error) {
	u, err := parseHTTPURL("resource", rawURL)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}

func parseHTTPURL(noun, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, fmt.Errorf("flows: %s: not a URL", noun)
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("flows: %s %q: not an http or https URL", noun, withoutQuery(raw))
	case u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("flows: %s %q: needs a host and no userinfo", noun, withoutQuery(raw))
	}
	return u, nil
}

// unique drops repetitions and keeps the order: equal URLs are tried once.
func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
