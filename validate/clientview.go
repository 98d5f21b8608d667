// What the three client documents have in common, and its rules at work.

package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// client is what the three client documents have in common.
type client struct {
	redirectURIs, grantTypes, responseTypes          []string
	method, signingAlgorithm, applicationType, scope string
	keysURI                                          string
	keys                                             *gen.JSONWebKeySet
	requirePushed                                    bool
	statement                                        string
	subjects                                         [5]string // RFC 8705 §2.1.2
}

func viewMetadata(doc *gen.ClientMetadata) *client {
	return &client{
		redirectURIs: doc.RedirectURIs, grantTypes: doc.GrantTypes, responseTypes: doc.ResponseTypes,
		method: doc.TokenEndpointAuthMethod, signingAlgorithm: doc.TokenEndpointAuthSigningAlg,
		applicationType: doc.ApplicationType, scope: doc.Scope, keysURI: doc.JWKSURI, keys: doc.JWKS,
		requirePushed: doc.RequirePushedAuthorizationRequests, statement: doc.SoftwareStatement,
		subjects: [...]string{doc.TLSClientAuthSubjectDN, doc.TLSClientAuthSANDNS, doc.TLSClientAuthSANURI, doc.TLSClientAuthSANIP, doc.TLSClientAuthSANEmail},
	}
}

func viewInformation(doc *gen.ClientInformation) *client {
	return &client{
		redirectURIs: doc.RedirectURIs, grantTypes: doc.GrantTypes, responseTypes: doc.ResponseTypes,
		method: doc.TokenEndpointAuthMethod, signingAlgorithm: doc.TokenEndpointAuthSigningAlg,
		applicationType: doc.ApplicationType, scope: doc.Scope, keysURI: doc.JWKSURI, keys: doc.JWKS,
		requirePushed: doc.RequirePushedAuthorizationRequests, statement: doc.SoftwareStatement,
		subjects: [...]string{doc.TLSClientAuthSubjectDN, doc.TLSClientAuthSANDNS, doc.TLSClientAuthSANURI, doc.TLSClientAuthSANIP, doc.TLSClientAuthSANEmail},
	}
}

func viewDocument(doc *gen.ClientIDMetadataDocument) *client {
	return &client{
		redirectURIs: doc.RedirectURIs, grantTypes: doc.GrantTypes, responseTypes: doc.ResponseTypes,
		method: doc.TokenEndpointAuthMethod, signingAlgorithm: doc.TokenEndpointAuthSigningAlg,
		applicationType: doc.ApplicationType, scope: doc.Scope, keysURI: doc.JWKSURI, keys: doc.JWKS,
		requirePushed: doc.RequirePushedAuthorizationRequests, statement: doc.SoftwareStatement,
		subjects: [...]string{doc.TLSClientAuthSubjectDN, doc.TLSClientAuthSANDNS, doc.TLSClientAuthSANURI, doc.TLSClientAuthSANIP, doc.TLSClientAuthSANEmail},
	}
}

var clientRules = []func(*check, *client){
	checkRedirectURIs,
	checkAuthMethod,
	checkSigningAlgorithm,
	checkPrivateKeys,
	checkGrantResponse,
	checkApplicationRedirects,
	checkClientScope,
	checkKeyMembers,
	checkClientGrants,
	checkSoftwareStatement,
	checkCertificates,
}

// REG-11
func checkRedirectURIs(c *check, v *client) {
	for i, uri := range head(v.redirectURIs) {
		at := "/redirect_uris/" + strconv.Itoa(i)
		if reason := redirectReason(uri); reason != "" {
			c.add(RuleRedirectURI, at, quoteURL(uri)+": "+reason)
		} else if u, _ := splitURL(uri); equalFold(u.host, "localhost") {
			c.add(RuleRedirectLocalhost, at, quoteURL(uri)+" has the name localhost")
		}
		if i < maxPerRule && slices.Contains(v.redirectURIs[:i], uri) {
			c.add(RuleRedirectURITwice, at, quoteURL(uri)+" stands twice")
		}
	}
}

// RFC 7591 §2: clients of redirecting grants MUST register redirect URIs; an
// absent grant_types means authorization_code.
func checkClientRedirects(c *check, v *client) {
	redirects := len(v.grantTypes) == 0 || slices.Contains(v.grantTypes, grantCode) || slices.Contains(v.grantTypes, grantImplicit)
	if redirects && len(v.redirectURIs) == 0 {
		c.add(RuleClientRedirectURIs, "/redirect_uris", "the redirect URIs are absent"+c.why("/redirect_uris"))
	}
}

// MCP, Application Type: clients MUST specify it when they register.
//
// REG-4
func checkApplicationType(c *check, v *client) {
	if v.applicationType == "" {
		c.add(RuleApplicationType, "/application_type", "the application type is absent"+c.why("/application_type"))
	}
}

// RFC 7591 §2 and RFC 8705 §2 register the methods.
//
// REG-6
func checkAuthMethod(c *check, v *client) {
	if v.method != "" && !isAuthMethod(v.method) {
		c.add(RuleClientAuthMethod, "/token_endpoint_auth_method", quote(v.method)+" is no authentication method")
	}
}

// isAuthMethod knows the IANA registry of token endpoint authentication methods.
func isAuthMethod(method string) bool {
	switch method {
	case "none", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth":
		return true
	}
	return sharesSecret(method)
}

// sharesSecret reports whether a method needs a client secret.
func sharesSecret(method string) bool {
	return method == "client_secret_basic" || method == "client_secret_post" || method == "client_secret_jwt"
}

// signingAlgorithms are the JWS algorithms of the IANA registry that sign.
var signingAlgorithms = []string{
	"HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512",
	"EdDSA", "ES256K", "Ed25519", "Ed448", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87",
}

// OpenID Connect Registration §2: none MUST NOT be used. Core §9: a shared
// secret makes a MAC, a private key a signature.
func checkSigningAlgorithm(c *check, v *client) {
	const pointer = "/token_endpoint_auth_signing_alg"
	symmetric := strings.HasPrefix(v.signingAlgorithm, "HS")
	switch {
	case v.signingAlgorithm == "":
	case !slices.Contains(signingAlgorithms, v.signingAlgorithm):
		c.add(RuleClientSigningAlgorithm, pointer, quote(v.signingAlgorithm)+" is no signature algorithm")
	case v.method == "private_key_jwt" && symmetric, v.method == "client_secret_jwt" && !symmetric:
		c.add(RuleClientAlgorithmMethod, pointer, quote(v.signingAlgorithm)+" does not belong to "+quote(v.method))
	}
}

// RFC 7591 §2: jwks and jwks_uri MUST NOT both be there. OpenID Connect Core §9:
// private_key_jwt is for clients that registered a key.
func checkClientKeys(c *check, v *client) {
	hasKeys := v.keys != nil || v.keysURI != ""
	switch {
	case v.keys != nil && v.keysURI != "":
		c.add(RuleClientKeysTwice, "/jwks", "jwks stands beside jwks_uri")
	case v.method == "private_key_jwt" && !hasKeys:
		c.add(RuleClientKeys, "/jwks", "the method is private_key_jwt, and there is neither jwks nor jwks_uri"+c.why("/jwks"))
	case v.method == "none" && hasKeys:
		c.add(RuleClientKeysUnused, "/token_endpoint_auth_method", "the method is none, and there are keys")
	}
	if v.keysURI != "" {
		c.endpoint(RuleClientKeysURI, RuleClientKeysURI, "/jwks_uri", v.keysURI)
	}
}

// OpenID Connect Registration §2: no private and no symmetric keys. Whoever reads
// them can be this client.
func checkPrivateKeys(c *check, v *client) {
	if v.keys == nil {
		return
	}
	for i := range v.keys.Keys {
		k := &v.keys.Keys[i]
		if k.D+k.P+k.Q+k.DP+k.DQ+k.QI+k.K != "" {
			c.add(RuleClientPrivateKey, "/jwks/keys/"+strconv.Itoa(i), "the key has private members")
		}
	}
}

// RFC 7591 §2.1. Only what both members say is judged: clients of other grants
// leave response_types out, although its default is code.
func checkGrantResponse(c *check, v *client) {
	if slices.Contains(v.grantTypes, grantImplicit) {
		c.add(RuleClientGrantImplicit, "/grant_types", "implicit is among the grant types")
	}
	if len(v.grantTypes) == 0 || len(v.responseTypes) == 0 {
		return
	}
	grant, response := slices.Contains(v.grantTypes, grantCode), slices.Contains(v.responseTypes, "code")
	if grant != response {
		c.add(RuleClientGrantResponse, "/response_types", "one of authorization_code and code is there without the other")
	}
	if grant && !slices.Contains(v.grantTypes, grantRefresh) {
		c.add(RuleClientRefreshGrant, "/grant_types", "refresh_token is not among the grant types")
	}
}

// OpenID Connect Registration §2: native clients use loopback or a scheme of
// their own, web clients https.
func checkApplicationRedirects(c *check, v *client) {
	if v.applicationType == "" {
		return
	}
	for i, uri := range head(v.redirectURIs) {
		u, reason := splitURL(uri)
		if reason != "" || u.hasFragment {
			continue
		}
		if native := !u.secure(); native != (v.applicationType == "native") {
			c.add(RuleApplicationTypeRedirect, "/redirect_uris/"+strconv.Itoa(i),
				quoteURL(uri)+" does not fit the application type "+quote(v.applicationType))
		}
	}
}

// RFC 7591 §2, RFC 6749 §3.3
func checkClientScope(c *check, v *client) {
	c.scopeWords(RuleClientScopeSyntax, v.scope)
}
