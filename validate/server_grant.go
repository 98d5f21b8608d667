// Authorization server metadata: grants, client authentication, registration.

package validate

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/mcpoauth/mcpoauth/gen"
)

// RFC 8414 §2: the values are those of RFC 7591 §2, or absolute URIs. What an
// absent member means is the specification's choice and not judged.
func checkServerGrants(c *check, doc *gen.AuthorizationServerMetadata) {
	const pointer = "/grant_types_supported"
	grants := doc.GrantTypesSupported
	for i, grant := range head(grants) {
		at := pointer + "/" + strconv.Itoa(i)
		switch grant {
		case "device_code", "urn:ietf:params:oauth:grant-type:device-code":
			c.add(RuleGrantTypeDevice, at, quote(grant)+" stands for "+deviceGrantURN)
		case grantImplicit:
			c.add(RuleGrantTypeImplicit, at, "implicit is among the grant types")
		case "password":
			c.add(RuleGrantTypePassword, at, "password is among the grant types")
		}
	}
	if len(grants) == 0 {
		return
	}
	code := slices.Contains(grants, grantCode)
	switch {
	case !code && doc.AuthorizationEndpoint != "" && !slices.Contains(grants, grantImplicit):
		c.add(RuleGrantTypeCode, pointer, "neither authorization_code nor implicit is among the grant types")
	case code && !slices.Contains(grants, grantRefresh):
		c.add(RuleGrantTypeRefresh, pointer, "refresh_token is not among the grant types")
	}
	checkDeviceGrant(c, doc)
}

// RFC 8628 §4
func checkDeviceGrant(c *check, doc *gen.AuthorizationServerMetadata) {
	grant, endpoint := slices.Contains(doc.GrantTypesSupported, deviceGrantURN), doc.DeviceAuthorizationEndpoint != ""
	switch {
	case grant && !endpoint && !c.found.Has(RuleDeviceAuthorizationEndpoint):
		c.add(RuleDeviceGrant, "/device_authorization_endpoint", "the endpoint of the device grant is absent")
	case endpoint && !grant && !c.found.Has(RuleGrantTypeDevice):
		c.add(RuleDeviceGrant, "/grant_types_supported", "the device grant is not among the grant types")
	}
}

// RFC 8414 §2: the algorithms MUST be there with private_key_jwt and
// client_secret_jwt, and none MUST NOT be among them. A client with a metadata
// document has no shared secret, so it needs none or private_key_jwt.
func checkServerAuthentication(c *check, doc *gen.AuthorizationServerMetadata) {
	methods := doc.TokenEndpointAuthMethodsSupported
	const detail = "is no registered method"
	c.values(RuleAuthMethod, "/token_endpoint_auth_methods_supported", methods, isServerMethod, detail)
	c.values(RuleAuthMethod, "/revocation_endpoint_auth_methods_supported", doc.RevocationEndpointAuthMethodsSupported, isServerMethod, detail)
	c.values(RuleAuthMethod, "/introspection_endpoint_auth_methods_supported",
		doc.IntrospectionEndpointAuthMethodsSupported, isIntrospectionMethod, detail+" or token type")
	checkAuthAlgorithms(c, "/token_endpoint_auth_signing_alg_values_supported",
		methods, doc.TokenEndpointAuthSigningAlgValuesSupported)
	checkAuthAlgorithms(c, "/revocation_endpoint_auth_signing_alg_values_supported",
		doc.RevocationEndpointAuthMethodsSupported, doc.RevocationEndpointAuthSigningAlgValuesSupported)
	checkAuthAlgorithms(c, "/introspection_endpoint_auth_signing_alg_values_supported",
		doc.IntrospectionEndpointAuthMethodsSupported, doc.IntrospectionEndpointAuthSigningAlgValuesSupported)
	secretless := slices.Contains(methods, "none") || slices.Contains(methods, "private_key_jwt")
	if doc.ClientIDMetadataDocumentSupported && !secretless {
		c.add(RuleClientIDDocumentAuth, "/token_endpoint_auth_methods_supported",
			"neither none nor private_key_jwt is among the methods")
	}
}

// isServerMethod: RFC 7591 §2 lets a server name a method of its own by an
// absolute URI. A client that does not know it takes another.
func isServerMethod(method string) bool {
	u, err := url.Parse(method)
	return isAuthMethod(method) || err == nil && u.IsAbs()
}

// isIntrospectionMethod: RFC 8414 §2 takes access token types too.
func isIntrospectionMethod(method string) bool {
	return isServerMethod(method) || equalFold(method, "Bearer") || equalFold(method, "DPoP") || method == "N_A"
}

func checkAuthAlgorithms(c *check, pointer string, methods, algorithms []string) {
	signed := slices.Contains(methods, "private_key_jwt") || slices.Contains(methods, "client_secret_jwt")
	if signed && len(algorithms) == 0 {
		c.add(RuleAuthSigningAlgorithms, pointer, "the algorithms are absent beside a method that signs"+c.why(pointer))
	}
	if i := slices.Index(algorithms, "none"); i >= 0 {
		c.add(RuleAuthSigningAlgorithmNone, pointer+"/"+strconv.Itoa(i), "none is among the algorithms")
	}
}

// RFC 9700 §4.4.2: another host is another party to trust. It is common and legal.
func checkServerHosts(c *check, doc *gen.AuthorizationServerMetadata) {
	issuer, reason := splitURL(doc.Issuer)
	if reason != "" || c.found.Has(RuleIssuerMatch) {
		return
	}
	for _, e := range []struct{ pointer, url string }{
		{"/authorization_endpoint", doc.AuthorizationEndpoint},
		{"/token_endpoint", doc.TokenEndpoint},
		{"/registration_endpoint", doc.RegistrationEndpoint},
	} {
		if u, reason := splitURL(e.url); reason == "" && !equalFold(u.host, issuer.host) && !c.found.covers(e.pointer) {
			c.add(RuleEndpointHost, e.pointer, quoteURL(e.url)+" is not on "+quote(issuer.host))
		}
	}
}

// MCP, Authorization Response Validation: servers SHOULD include iss, and MUST
// then advertise it.
func checkIssParameter(c *check, doc *gen.AuthorizationServerMetadata) {
	const pointer = "/authorization_response_iss_parameter_supported"
	if doc.AuthorizationEndpoint != "" && !doc.AuthorizationResponseIssParameterSupported && !c.reported(pointer) {
		c.add(RuleIssParameter, pointer, "the server does not say that it sends iss")
	}
}

// What a client needs to make requests: a client identifier, and a request in a
// form that it can build. RFC 9126 §5, RFC 9101 §10.5
func checkServerRequests(c *check, doc *gen.AuthorizationServerMetadata) {
	if doc.AuthorizationEndpoint != "" && doc.RegistrationEndpoint == "" && !doc.ClientIDMetadataDocumentSupported && !c.found.Has(RuleRegistrationEndpoint) &&
		!c.reported("/registration_endpoint") && !c.reported("/client_id_metadata_document_supported") {
		c.add(RuleClientRegistration, "/client_id_metadata_document_supported",
			"there is neither a registration endpoint nor support for metadata documents")
	}
	if doc.RequirePushedAuthorizationRequests && doc.PushedAuthorizationRequestEndpoint == "" &&
		!c.found.Has(RulePushedAuthorizationEndpoint) {
		c.add(RulePushedAuthorizationRequired, "/pushed_authorization_request_endpoint", "the endpoint is absent, and requests have to be pushed")
	}
	if doc.RequireSignedRequestObject {
		c.add(RuleRequestObjectRequired, "/require_signed_request_object", "authorization requests have to be signed")
	}
	c.proofAlgorithms(RuleDPoPAlgorithm, doc.DPoPSigningAlgValuesSupported)
}
