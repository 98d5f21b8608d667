// Authorization server metadata: its rules at work.

package validate

import (
	"slices"
	"strconv"

	"github.com/mcpoauth/mcpoauth/gen"
)

// Grant types and the code challenge method that rules ask for by name.
const (
	grantCode      = "authorization_code"
	grantImplicit  = "implicit"
	grantRefresh   = "refresh_token"
	challengeS256  = "S256"
	challengePlain = "plain"
	deviceGrantURN = "urn:ietf:params:oauth:grant-type:device_code"
)

// AuthorizationServer judges the metadata of an authorization server: RFC 8414
// (https://www.rfc-editor.org/rfc/rfc8414) and, for what a client needs of it,
// OpenID Connect Discovery. The issuer is the one that was asked for; "" means
// that it is not known, and the rules about it are passed over. A nil doc is
// refused.
//
// Flows stop when Refuses(UseDocument) is not nil, and before each use when
// Refuses of that use is not nil. An endpoint that is "" is no violation where
// no grant of the server needs it: Endpoint refuses it when a flow wants it.
func AuthorizationServer(doc *gen.AuthorizationServerMetadata, issuer string, opts ...Option) Violations {
	c := newCheck(documentServer, opts)
	c.expected = issuer
	return run(c, doc, serverRules)
}

var serverRules = []func(*check, *gen.AuthorizationServerMetadata){
	checkIssuer,
	checkIssuerMatch,
	checkIssuerNormal,
	checkGrantEndpoints,
	checkServerEndpoints,
	checkMTLSEndpoints,
	checkResponseTypes,
	checkResponseModes,
	checkPKCE,
	checkServerGrants,
	checkServerAuthentication,
	checkServerScopes,
	checkServerHosts,
	checkIssParameter,
	checkServerRequests,
	checkServerValues,
	checkServerAlgorithms,
	checkServerSlips,
	checkOpenID,
	func(c *check, doc *gen.AuthorizationServerMetadata) { c.names(doc, doc.Extra, true) },
}

// RFC 8414 §2: issuer is REQUIRED, a URL with the https scheme and neither
// query nor fragment.
func checkIssuer(c *check, doc *gen.AuthorizationServerMetadata) {
	const pointer = "/issuer"
	switch reason := issuerURLReason(doc.Issuer, c.options); {
	case doc.Issuer == "":
		c.add(RuleIssuer, pointer, "the issuer is absent")
	case reason != "":
		c.add(RuleIssuerURL, pointer, quoteURL(doc.Issuer)+": "+reason)
	case isPlainHTTP(doc.Issuer):
		c.add(RuleInsecureHTTP, pointer, quoteURL(doc.Issuer)+" is plain http")
	}
}

// RFC 8414 §3.3: the issuer MUST be identical to the one that was asked for; if
// they differ, the metadata MUST NOT be used. SameIssuer argues the one
// deviation.
//
// DISC-14
func checkIssuerMatch(c *check, doc *gen.AuthorizationServerMetadata) {
	const pointer = "/issuer"
	if c.expected == "" || doc.Issuer == "" || doc.Issuer == c.expected {
		return
	}
	rule := RuleIssuerSpelling
	if !SameIssuer(doc.Issuer, c.expected) {
		rule = RuleIssuerMatch
	}
	c.add(rule, pointer, quoteURL(doc.Issuer)+" is not "+quoteURL(c.expected)+": "+issuerReason(doc.Issuer, c.expected))
}

// RFC 8414 §4 compares issuers code point by code point, so that every spelling
// but the normal one waits for somebody to get it wrong.
func checkIssuerNormal(c *check, doc *gen.AuthorizationServerMetadata) {
	if u, reason := splitURL(doc.Issuer); reason == "" && !c.found.covers("/issuer") {
		c.require(RuleIssuerNormal, "/issuer", doc.Issuer, u.abnormal())
	}
}

// RFC 8414 §2: authorization_endpoint is REQUIRED unless no grant type uses it,
// token_endpoint unless only the implicit grant is supported. An absent
// grant_types_supported means authorization_code and implicit.
//
// META-2, META-3
func checkGrantEndpoints(c *check, doc *gen.AuthorizationServerMetadata) {
	grants := grantTypes(doc)
	redirects := slices.Contains(grants, grantCode) || slices.Contains(grants, grantImplicit)
	c.grantEndpoint(RuleAuthorizationEndpoint, "/authorization_endpoint", doc.AuthorizationEndpoint, redirects)
	implicitOnly := len(grants) == 1 && grants[0] == grantImplicit
	c.grantEndpoint(RuleTokenEndpoint, "/token_endpoint", doc.TokenEndpoint, !implicitOnly)
}

func (c *check) grantEndpoint(rule Rule, pointer, value string, needed bool) {
	if c.endpoint(rule, RuleInsecureHTTP, pointer, value) && value == "" && needed {
		c.add(rule, pointer, "the endpoint is absent, and the server's grant types need it")
	}
}

// grantTypes returns what grant_types_supported says or means.
func grantTypes(doc *gen.AuthorizationServerMetadata) []string {
	if len(doc.GrantTypesSupported) == 0 {
		return []string{grantCode, grantImplicit}
	}
	return doc.GrantTypesSupported
}

// META-3
func checkServerEndpoints(c *check, doc *gen.AuthorizationServerMetadata) {
	c.endpoint(RuleRegistrationEndpoint, RuleInsecureHTTP, "/registration_endpoint", doc.RegistrationEndpoint)
	c.endpoint(RulePushedAuthorizationEndpoint, RuleInsecureHTTP,
		"/pushed_authorization_request_endpoint", doc.PushedAuthorizationRequestEndpoint)
	c.endpoint(RuleDeviceAuthorizationEndpoint, RuleInsecureHTTP,
		"/device_authorization_endpoint", doc.DeviceAuthorizationEndpoint)
	c.endpoint(RuleRevocationEndpoint, RuleInsecureHTTP, "/revocation_endpoint", doc.RevocationEndpoint)
	c.endpoint(RuleIntrospectionEndpoint, RuleInsecureHTTP, "/introspection_endpoint", doc.IntrospectionEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, "/jwks_uri", doc.JWKSURI)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, "/userinfo_endpoint", doc.UserinfoEndpoint)
}

// RFC 8705 §5: the aliases are endpoints like the others.
//
// META-3
func checkMTLSEndpoints(c *check, doc *gen.AuthorizationServerMetadata) {
	a := doc.MTLSEndpointAliases
	if a == nil {
		return
	}
	const at = "/mtls_endpoint_aliases/"
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, at+"token_endpoint", a.TokenEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, at+"revocation_endpoint", a.RevocationEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, at+"introspection_endpoint", a.IntrospectionEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, at+"device_authorization_endpoint", a.DeviceAuthorizationEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP,
		at+"pushed_authorization_request_endpoint", a.PushedAuthorizationRequestEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, at+"registration_endpoint", a.RegistrationEndpoint)
	c.endpoint(RuleEndpoint, RuleInsecureHTTP, at+"userinfo_endpoint", a.UserinfoEndpoint)
}

// RFC 8414 §2: response_types_supported is REQUIRED. Token-only servers leave
// it out, so that its absence breaks a MUST and nothing else; a list without
// code takes the code flow away.
//
// META-5
func checkResponseTypes(c *check, doc *gen.AuthorizationServerMetadata) {
	const pointer = "/response_types_supported"
	types := doc.ResponseTypesSupported
	if types == nil {
		c.add(RuleResponseTypes, pointer, "the response types are absent"+c.why(pointer))
		return
	}
	if doc.AuthorizationEndpoint != "" && !slices.Contains(types, "code") {
		c.add(RuleResponseTypeCode, pointer, "code is not among the response types")
	}
}

// RFC 8414 §2: absent means query and fragment.
func checkResponseModes(c *check, doc *gen.AuthorizationServerMetadata) {
	modes := doc.ResponseModesSupported
	if len(modes) > 0 && !slices.Contains(modes, "query") {
		c.add(RuleResponseModeQuery, "/response_modes_supported", "query is not among the response modes")
	}
}

// MCP, Authorization Code Protection: clients refuse to proceed when
// code_challenge_methods_supported is absent. Only servers with an
// authorization endpoint are asked. plain is registered, and never sent.
//
// META-1
func checkPKCE(c *check, doc *gen.AuthorizationServerMetadata) {
	const pointer = "/code_challenge_methods_supported"
	methods := doc.CodeChallengeMethodsSupported
	switch {
	case doc.AuthorizationEndpoint == "":
	case methods == nil:
		c.add(RulePKCEMissing, pointer, "the code challenge methods are absent"+c.why(pointer))
	case !slices.Contains(methods, challengeS256):
		c.add(RulePKCEUnsupported, pointer, "S256 is not among the code challenge methods")
	}
	for i, method := range head(methods) {
		switch at := pointer + "/" + strconv.Itoa(i); method {
		case challengeS256:
		case challengePlain:
			if slices.Contains(methods, challengeS256) {
				c.add(RulePKCEPlain, at, "plain is among the code challenge methods")
			}
		default:
			c.add(RulePKCEMethod, at, quote(method)+" is no code challenge method")
		}
	}
}

// RFC 6749 §3.3
func checkServerScopes(c *check, doc *gen.AuthorizationServerMetadata) {
	c.scopes(RuleScopeSyntax, "/scopes_supported", doc.ScopesSupported)
}
