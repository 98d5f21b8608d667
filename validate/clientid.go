// Client ID Metadata Documents: their rules at work.

package validate

import (
	"strconv"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ClientIDDocument judges a Client ID Metadata Document, as its owner before
// publishing it or as a server that fetched it from url:
// https://www.ietf.org/archive/id/draft-ietf-oauth-client-id-metadata-document-00.html#section-4.1.
// The url "" means that it is not known; client_id is then judged alone. A nil
// doc is refused.
//
// REG-2
func ClientIDDocument(doc *gen.ClientIDMetadataDocument, url string, opts ...Option) Violations {
	c := newCheck(documentClientID, opts)
	c.expected = url
	return run(c, doc, clientIDRules)
}

var clientIDRules = []func(*check, *gen.ClientIDMetadataDocument){
	checkDocumentID,
	checkDocumentMembers,
	checkDocumentSecret,
	checkDocumentAuthentication,
	checkDocumentOrigin,
	checkDocumentSize,
	func(c *check, doc *gen.ClientIDMetadataDocument) { c.names(doc, doc.Extra, true) },
}

// Draft §3 and §4.1: client_id is the URL of the document by simple string
// comparison.
func checkDocumentID(c *check, doc *gen.ClientIDMetadataDocument) {
	const pointer = "/client_id"
	if doc.ClientID == "" {
		c.add(RuleClientIDDocumentID, pointer, "client_id is absent"+c.why(pointer))
		return
	}
	if reason := clientIDReason(doc.ClientID); reason != "" {
		c.add(RuleClientIDURL, pointer, quoteURL(doc.ClientID)+": "+reason)
		return
	}
	if u, _ := splitURL(doc.ClientID); u.hasQuery {
		c.add(RuleClientIDURLQuery, pointer, quoteURL(doc.ClientID)+" has a query")
	}
	if c.expected != "" && doc.ClientID != c.expected {
		c.add(RuleClientIDDocumentID, pointer,
			quoteURL(doc.ClientID)+" is not "+quoteURL(c.expected)+": "+issuerReason(doc.ClientID, c.expected))
	}
}

// MCP, Implementation Requirements: client_id, client_name and redirect_uris.
func checkDocumentMembers(c *check, doc *gen.ClientIDMetadataDocument) {
	if doc.ClientName == "" {
		c.add(RuleClientIDDocumentName, "/client_name", "client_name is absent"+c.why("/client_name"))
	}
	if len(doc.RedirectURIs) == 0 {
		c.add(RuleClientIDDocumentRedirectURIs, "/redirect_uris", "the redirect URIs are absent"+c.why("/redirect_uris"))
	}
}

// Draft §4.1: client_secret and client_secret_expires_at MUST NOT be used.
// A registration access token has no business here either.
func checkDocumentSecret(c *check, doc *gen.ClientIDMetadataDocument) {
	for _, name := range []string{"client_secret", "client_secret_expires_at", "registration_access_token"} {
		if _, ok := doc.Extra[name]; ok {
			c.add(RuleClientIDDocumentSecret, "/"+name, name+" stands in a public document")
		}
	}
}

// Draft §4.1: no method with a shared secret, which is what an absent one means
// (RFC 7591 §2). §6.2: a key for private_key_jwt.
func checkDocumentAuthentication(c *check, doc *gen.ClientIDMetadataDocument) {
	v := viewDocument(doc)
	const pointer = "/token_endpoint_auth_method"
	switch {
	case v.method == "":
		c.add(RuleClientIDDocumentMethod, pointer, "the method is absent, which means client_secret_basic"+c.why(pointer))
	case sharesSecret(v.method):
		c.add(RuleClientIDDocumentMethod, pointer, quote(v.method)+" needs a shared secret")
	case v.method == "private_key_jwt" && v.keys == nil && v.keysURI == "":
		c.add(RuleClientIDDocumentKeys, "/jwks", "the method is private_key_jwt, and there is neither jwks nor jwks_uri"+c.why("/jwks"))
	default:
		checkClientKeys(c, v)
	}
	for _, rule := range clientRules {
		rule(c, v)
	}
}

// Draft §6.1: a server may want redirect URIs on the origin of the client.
func checkDocumentOrigin(c *check, doc *gen.ClientIDMetadataDocument) {
	id, reason := splitURL(doc.ClientID)
	if reason != "" {
		return
	}
	for i, uri := range head(doc.RedirectURIs) {
		if u, reason := splitURL(uri); reason == "" && u.secure() && !u.sameOrigin(&id) {
			c.add(RuleClientIDDocumentOrigin, "/redirect_uris/"+strconv.Itoa(i), quoteURL(uri)+" is not on the origin of "+quoteURL(doc.ClientID))
		}
	}
}

// maxDocumentSize is what the draft advises servers to read, in bytes (§6.6).
const maxDocumentSize = 5 << 10

func checkDocumentSize(c *check, _ *gen.ClientIDMetadataDocument) {
	if len(c.source) > maxDocumentSize {
		c.add(RuleClientIDDocumentSize, "", "the document is "+strconv.Itoa(len(c.source))+" bytes long")
	}
}
