// Client metadata and client information: their rules at work.

package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// ClientMetadata judges what a client is about to register: RFC 7591 §2
// (https://www.rfc-editor.org/rfc/rfc7591#section-2). A nil doc is refused.
//
// REG-4, REG-11
func ClientMetadata(doc *gen.ClientMetadata, opts ...Option) Violations {
	return run(newCheck(documentClient, opts), doc, []func(*check, *gen.ClientMetadata){checkClientMetadata})
}

func checkClientMetadata(c *check, doc *gen.ClientMetadata) {
	v := client{
		redirectURIs: doc.RedirectURIs, grantTypes: doc.GrantTypes, responseTypes: doc.ResponseTypes,
		method: doc.TokenEndpointAuthMethod, signingAlgorithm: doc.TokenEndpointAuthSigningAlg,
		applicationType: doc.ApplicationType, scope: doc.Scope, keysURI: doc.JWKSURI, keys: doc.JWKS,
	}
	for _, rule := range clientRules {
		rule(c, &v)
	}
	checkClientRedirects(c, &v)
	checkApplicationType(c, &v)
	checkClientKeys(c, &v)
	if doc.ClientName == "" {
		c.add(RuleClientName, "/client_name", "the name is absent"+c.why("/client_name"))
	}
	c.names(doc, doc.Extra, true)
}

// ClientInformation judges the answer to a registration: RFC 7591 §3.2.1
// (https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1). The metadata that was
// requested tells whether the server dropped a redirect URI; nil means that it
// is not known. A nil doc is refused. An issuer member, which some servers add,
// is not looked at.
//
// A flow stores nothing and opens no browser unless Refuses(UseRegistration) is
// nil.
//
// REG-5, REG-6
func ClientInformation(doc *gen.ClientInformation, requested *gen.ClientMetadata, opts ...Option) Violations {
	c := newCheck(documentInformation, opts)
	return run(c, doc, []func(*check, *gen.ClientInformation){
		checkClientInformation,
		checkClientSecret,
		func(c *check, doc *gen.ClientInformation) { checkDropped(c, doc, requested) },
		func(c *check, doc *gen.ClientInformation) { checkSubstituted(c, doc, requested) },
		checkClientConfiguration,
		func(c *check, doc *gen.ClientInformation) { c.names(doc, doc.Extra, false) },
	})
}

func checkClientInformation(c *check, doc *gen.ClientInformation) {
	if doc.ClientID == "" {
		c.add(RuleClientID, "/client_id", "the client identifier is absent"+c.why("/client_id"))
	}
	v := client{
		redirectURIs: doc.RedirectURIs, grantTypes: doc.GrantTypes, responseTypes: doc.ResponseTypes,
		method: doc.TokenEndpointAuthMethod, signingAlgorithm: doc.TokenEndpointAuthSigningAlg,
		applicationType: doc.ApplicationType, scope: doc.Scope, keysURI: doc.JWKSURI, keys: doc.JWKS,
	}
	for _, rule := range clientRules {
		rule(c, &v)
	}
}

// RFC 7591 §3.2.1: client_secret_expires_at is REQUIRED if a secret was issued.
// A method that the server names and that needs a secret is useless without
// one; a method that it does not name is for the client to choose.
//
// REG-6
func checkClientSecret(c *check, doc *gen.ClientInformation) {
	hasSecret := doc.ClientSecret != ""
	if sharesSecret(doc.TokenEndpointAuthMethod) && !hasSecret {
		c.add(RuleClientSecretMissing, "/client_secret",
			"the secret is absent, and the method is "+quote(doc.TokenEndpointAuthMethod)+c.why("/client_secret"))
	}
	if hasSecret && doc.ClientSecretExpiresAt == nil {
		c.add(RuleClientSecretExpiry, "/client_secret_expires_at", "the expiry is absent"+c.why("/client_secret_expires_at"))
	}
	if issued, expires := doc.ClientIDIssuedAt, doc.ClientSecretExpiresAt; issued != nil && expires != nil && *expires != 0 && *expires <= *issued {
		c.add(RuleClientSecretTimes, "/client_secret_expires_at", "the secret expires before it is issued")
	}
}

// RFC 7591 §3.2.1: the server may replace any requested value, and the client
// has to look at what it got.
//
// REG-5
func checkSubstituted(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if requested == nil {
		return
	}
	for _, member := range []struct{ pointer, asked, got string }{
		{"/token_endpoint_auth_method", requested.TokenEndpointAuthMethod, doc.TokenEndpointAuthMethod},
		{"/application_type", requested.ApplicationType, doc.ApplicationType},
		{"/scope", requested.Scope, doc.Scope},
		{"/grant_types", strings.Join(requested.GrantTypes, " "), strings.Join(doc.GrantTypes, " ")},
		{"/response_types", strings.Join(requested.ResponseTypes, " "), strings.Join(doc.ResponseTypes, " ")},
	} {
		if member.asked != "" && member.got != "" && member.asked != member.got {
			c.add(RuleClientSubstituted, member.pointer, quote(member.got)+" was registered for "+quote(member.asked))
		}
	}
}

// RFC 7591 §3.2.1: the answer has the metadata as registered; without
// redirect_uris in it, the server kept what was sent. RFC 8252 §7.3: a loopback
// redirect URI that is registered without a port stands for every port.
//
// REG-6
func checkDropped(c *check, doc *gen.ClientInformation, requested *gen.ClientMetadata) {
	if requested == nil || len(doc.RedirectURIs) == 0 {
		return
	}
	for _, uri := range requested.RedirectURIs {
		if !slices.ContainsFunc(doc.RedirectURIs, func(kept string) bool { return keepsRedirect(kept, uri) }) {
			c.add(RuleRedirectURIDropped, "/redirect_uris", quoteURL(uri)+" was asked for and is not registered")
		}
	}
}

func keepsRedirect(kept, uri string) bool {
	if kept == uri {
		return true
	}
	k, reason := splitURL(kept)
	if reason != "" || k.port != "" || !isLoopbackRedirect(k.host) {
		return false
	}
	u, reason := splitURL(uri)
	return reason == "" && k.scheme == u.scheme && k.host == u.host && k.path == u.path && k.query == u.query && !k.secure()
}

// RFC 7592 §3: the two members come together; the token goes to that URL.
func checkClientConfiguration(c *check, doc *gen.ClientInformation) {
	const pointer = "/registration_client_uri"
	usable := c.endpoint(RuleRegistrationClientURI, RuleRegistrationClientURI, pointer, doc.RegistrationClientURI)
	if usable && (doc.RegistrationClientURI != "") != (doc.RegistrationAccessToken != "") {
		c.add(RuleRegistrationClientURI, pointer, "only one of registration_client_uri and registration_access_token is there")
	}
}

// client is what the three client documents have in common.
type client struct {
	redirectURIs, grantTypes, responseTypes          []string
	method, signingAlgorithm, applicationType, scope string
	keysURI                                          string
	keys                                             *gen.JSONWebKeySet
}

var clientRules = []func(*check, *client){
	checkRedirectURIs,
	checkAuthMethod,
	checkSigningAlgorithm,
	checkPrivateKeys,
	checkGrantResponse,
	checkApplicationRedirects,
	checkClientScope,
}

// REG-11
func checkRedirectURIs(c *check, v *client) {
	for i, uri := range v.redirectURIs {
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

// OpenID Connect Registration §2: none MUST NOT be used.
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

// RFC 7591 §2: jwks and jwks_uri MUST NOT both be there; private_key_jwt needs
// one of them.
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

// A key set that leaves the client has public keys only: whoever reads the
// others can be this client.
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
	for i, uri := range v.redirectURIs {
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
	c.scopeWords(RuleClientScopeSyntax, "/scope", v.scope)
}
