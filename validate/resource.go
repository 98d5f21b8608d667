// Protected resource metadata: its rules at work.

package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ProtectedResource judges protected resource metadata (RFC 9728,
// https://www.rfc-editor.org/rfc/rfc9728). The url is the one in use, which the
// resource has to cover; "" means that it is not known, and the rule about it
// is passed over. A nil doc is refused.
//
// Flows stop when Refuses(UseDocument) is not nil; an entry of
// authorization_servers that breaks RulePRMAuthorizationServerURL is passed over.
func ProtectedResource(doc *gen.ProtectedResourceMetadata, url string, opts ...Option) Violations {
	c := newCheck(documentResource, opts)
	c.expected = url
	return run(c, doc, resourceRules)
}

var resourceRules = []func(*check, *gen.ProtectedResourceMetadata){
	checkResource,
	checkResourceCovers,
	checkAuthorizationServers,
	checkResourceKeys,
	checkBearerMethods,
	checkResourceScopes,
	checkResourceSigning,
	checkResourceName,
	func(c *check, doc *gen.ProtectedResourceMetadata) { c.names(doc, doc.Extra, true) },
}

// RFC 9728 §2: resource is REQUIRED, a URL as §1.2 defines it: https, no
// fragment, and better no query.
//
// DISC-8
func checkResource(c *check, doc *gen.ProtectedResourceMetadata) {
	const pointer = "/resource"
	if doc.Resource == "" {
		c.add(RulePRMResource, pointer, "the resource is absent")
		return
	}
	u, reason := splitURL(doc.Resource)
	switch {
	case reason != "":
	case u.hasFragment:
		reason = "contains a fragment"
	case !c.allowsHTTP(&u):
		reason = "the scheme is http on a host that is not loopback"
	default:
		reason = ambiguousPath(u.path)
	}
	if reason != "" {
		c.add(RulePRMResourceURL, pointer, quoteURL(doc.Resource)+": "+reason)
		return
	}
	if !u.secure() {
		c.add(RulePRMInsecureHTTP, pointer, quoteURL(doc.Resource)+" is plain http")
	}
	if u.hasQuery {
		c.add(RulePRMResourceQuery, pointer, quoteURL(doc.Resource)+" has a query")
	}
	c.require(RulePRMResourceNormal, pointer, doc.Resource, u.abnormal())
	if u.path == "/" && !u.hasQuery {
		c.add(RulePRMResourceSlash, pointer, quoteURL(doc.Resource)+" ends in a slash")
	}
}

// RFC 9728 §3.3: the resource has to be the one that was asked for.
//
// DISC-9
func checkResourceCovers(c *check, doc *gen.ProtectedResourceMetadata) {
	const pointer = "/resource"
	if c.expected == "" || doc.Resource == "" || c.found.Has(RulePRMResourceURL) {
		return
	}
	if reason := coverReason(doc.Resource, c.expected); reason != "" {
		c.add(RuleResourceCovers, pointer,
			quoteURL(doc.Resource)+" does not cover "+quoteURL(c.expected)+": "+reason)
		return
	}
	if doc.Resource != c.expected {
		c.add(RulePRMResourceExact, pointer,
			quoteURL(doc.Resource)+" covers "+quoteURL(c.expected)+" without being identical to it")
	}
}

// MCP, Authorization Server Location: at least one authorization server.
// RFC 9728 §2: each entry is an issuer identifier as RFC 8414 defines it.
//
// DISC-8
func checkAuthorizationServers(c *check, doc *gen.ProtectedResourceMetadata) {
	const pointer = "/authorization_servers"
	if len(doc.AuthorizationServers) == 0 {
		c.add(RulePRMAuthorizationServers, pointer, "no authorization server is named"+c.why(pointer))
		return
	}
	for i, issuer := range head(doc.AuthorizationServers) {
		at := pointer + "/" + strconv.Itoa(i)
		if i < maxPerRule && slices.Contains(doc.AuthorizationServers[:i], issuer) {
			c.add(RulePRMAuthorizationServerTwice, at, quoteURL(issuer)+" stands twice")
		}
		switch reason := issuerURLReason(issuer, c.options); {
		case reason != "":
			c.add(RulePRMAuthorizationServerURL, at, quoteURL(issuer)+": "+reason)
		case isWellKnown(issuer):
			c.add(RulePRMAuthorizationServerWellKnown, at, quoteURL(issuer)+" is the URL of a metadata document")
		case isPlainHTTP(issuer):
			c.add(RulePRMInsecureHTTP, at, quoteURL(issuer)+" is plain http")
		}
	}
}

// RFC 9728 §2: jwks_uri uses the https scheme.
func checkResourceKeys(c *check, doc *gen.ProtectedResourceMetadata) {
	c.endpoint(RulePRMJWKSURI, RulePRMInsecureHTTP, "/jwks_uri", doc.JWKSURI)
}

// RFC 9728 §2: the defined values are header, body and query; an empty array
// says that no bearer method is supported. MCP, Token Requirements: clients
// use the header and nothing else.
func checkBearerMethods(c *check, doc *gen.ProtectedResourceMetadata) {
	const pointer = "/bearer_methods_supported"
	methods := doc.BearerMethodsSupported
	for i, method := range head(methods) {
		if method != "header" && method != "body" && method != "query" {
			c.add(RulePRMBearerMethod, pointer+"/"+strconv.Itoa(i), quote(method)+" is no bearer method")
		}
	}
	if i := slices.Index(methods, "query"); i >= 0 && slices.Contains(methods, "header") {
		c.add(RulePRMBearerQuery, pointer+"/"+strconv.Itoa(i), "query is among the bearer methods")
	}
	p, taken := c.takeEmpty(pointer)
	empty := taken || methods != nil && len(methods) == 0
	switch {
	case empty:
		c.addAt(RulePRMBearerHeader, pointer, "the resource takes no bearer token", p.offset)
	case methods != nil && !slices.Contains(methods, "header"):
		c.add(RulePRMBearerHeader, pointer, "header is not among the bearer methods")
	}
}

// RFC 9728 §2: resource_name is RECOMMENDED, in any language.
func checkResourceName(c *check, doc *gen.ProtectedResourceMetadata) {
	const pointer = "/resource_name"
	if doc.ResourceName != "" || c.reported(pointer) {
		return
	}
	for name := range doc.Extra {
		if strings.HasPrefix(name, "resource_name#") {
			return
		}
	}
	c.add(RulePRMResourceName, pointer, "the name is absent")
}

// RFC 6749 §3.3 for the syntax. MCP, Refresh Tokens: servers SHOULD NOT list
// offline_access, because refresh tokens are not a requirement of a resource.
func checkResourceScopes(c *check, doc *gen.ProtectedResourceMetadata) {
	const pointer = "/scopes_supported"
	c.scopes(RulePRMScopeSyntax, pointer, doc.ScopesSupported)
	if doc.ScopesSupported == nil && !c.reported(pointer) {
		c.add(RulePRMScopes, pointer, "the scopes are absent")
	}
	if i := slices.Index(doc.ScopesSupported, "offline_access"); i >= 0 {
		c.add(RulePRMOfflineAccess, pointer+"/"+strconv.Itoa(i), "offline_access is among the scopes")
	}
}

// RFC 9728 §2: the value none MUST NOT be used for signed answers. RFC 9449
// §4.2: proofs are signed with asymmetric algorithms.
func checkResourceSigning(c *check, doc *gen.ProtectedResourceMetadata) {
	if i := slices.Index(doc.ResourceSigningAlgValuesSupported, "none"); i >= 0 {
		c.add(RulePRMSigningAlgorithmNone,
			"/resource_signing_alg_values_supported/"+strconv.Itoa(i), "none is among the algorithms")
	}
	c.proofAlgorithms(RulePRMDPoPAlgorithm, doc.DPoPSigningAlgValuesSupported)
	c.values(RulePRMAlgorithmKnown, "/resource_signing_alg_values_supported", doc.ResourceSigningAlgValuesSupported, isAlgorithm, "is no signature algorithm")
	c.values(RulePRMAlgorithmKnown, "/dpop_signing_alg_values_supported", doc.DPoPSigningAlgValuesSupported, isAlgorithm, "is no signature algorithm")
	if doc.SignedMetadata != "" {
		c.statement(RulePRMSignedMetadata, "/signed_metadata", doc.SignedMetadata)
	}
}
