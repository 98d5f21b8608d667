// Authorization server metadata: the values of its lists.

package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The values of RFC 8414 §2 come from registries; a client passes over what it
// does not know, so that an unknown one is a loss and no danger.
func checkServerValues(c *check, doc *gen.AuthorizationServerMetadata) {
	c.values(RuleResponseTypeKnown, "/response_types_supported", doc.ResponseTypesSupported, isResponseType, "is no response type")
	c.values(RuleResponseModeKnown, "/response_modes_supported", doc.ResponseModesSupported, isResponseMode, "is no response mode")
	c.values(RuleGrantTypeKnown, "/grant_types_supported", doc.GrantTypesSupported, isGrantType, "is no grant type and no URI")
	c.values(RuleLanguageTag, "/ui_locales_supported", doc.UILocalesSupported, isLanguageTag, "is no language tag")
	c.values(RuleLanguageTag, "/claims_locales_supported", doc.ClaimsLocalesSupported, isLanguageTag, "is no language tag")
	c.once("/scopes_supported", doc.ScopesSupported)
	c.once("/grant_types_supported", doc.GrantTypesSupported)
	c.once("/response_types_supported", doc.ResponseTypesSupported)
	c.once("/token_endpoint_auth_methods_supported", doc.TokenEndpointAuthMethodsSupported)
	if doc.ScopesSupported == nil && !c.reported("/scopes_supported") {
		c.add(RuleScopes, "/scopes_supported", "the scopes are absent")
	}
	if doc.SignedMetadata != "" {
		c.statement(RuleSignedMetadata, "/signed_metadata", doc.SignedMetadata)
	}
}

// IANA JSON Object Signing and Encryption; none has rules of its own.
func checkServerAlgorithms(c *check, doc *gen.AuthorizationServerMetadata) {
	c.algorithms("/token_endpoint_auth_signing_alg_values_supported", doc.TokenEndpointAuthSigningAlgValuesSupported)
	c.algorithms("/revocation_endpoint_auth_signing_alg_values_supported", doc.RevocationEndpointAuthSigningAlgValuesSupported)
	c.algorithms("/introspection_endpoint_auth_signing_alg_values_supported", doc.IntrospectionEndpointAuthSigningAlgValuesSupported)
	c.algorithms("/id_token_signing_alg_values_supported", doc.IDTokenSigningAlgValuesSupported)
	c.algorithms("/userinfo_signing_alg_values_supported", doc.UserinfoSigningAlgValuesSupported)
	c.algorithms("/request_object_signing_alg_values_supported", doc.RequestObjectSigningAlgValuesSupported)
	c.algorithms("/dpop_signing_alg_values_supported", doc.DPoPSigningAlgValuesSupported)
	// RFC 8414 §2: servers SHOULD support RS256 for client authentication.
	if list := doc.TokenEndpointAuthSigningAlgValuesSupported; len(list) > 0 && !slices.Contains(list, "RS256") {
		c.add(RuleAuthSigningRS256, "/token_endpoint_auth_signing_alg_values_supported", "RS256 is not among the algorithms")
	}
}

func (c *check) algorithms(pointer string, list []string) {
	c.values(RuleAlgorithmKnown, pointer, list, isAlgorithm, "is no signature algorithm")
}

func isAlgorithm(name string) bool { return name == "none" || slices.Contains(signingAlgorithms, name) }

// Mistakes that many servers have made. A well-known URL is where metadata is
// found, never who the issuer is (RFC 8414 §3). A page for people is not a place
// to send codes.
func checkServerSlips(c *check, doc *gen.AuthorizationServerMetadata) {
	if isWellKnown(doc.Issuer) && !c.found.covers("/issuer") {
		c.add(RuleIssuerWellKnown, "/issuer", quoteURL(doc.Issuer)+" is the URL of a metadata document")
	}
	if doc.TokenEndpoint != "" && doc.TokenEndpoint == doc.AuthorizationEndpoint {
		c.add(RuleEndpointShared, "/token_endpoint", "the token endpoint is the authorization endpoint")
	}
	// Identity Assertion JWT Authorization Grant §7: the profile is of the JWT
	// bearer grant.
	const profile, grant = "urn:ietf:params:oauth:grant-profile:id-jag", "urn:ietf:params:oauth:grant-type:jwt-bearer"
	if slices.Contains(doc.AuthorizationGrantProfilesSupported, profile) && !slices.Contains(doc.GrantTypesSupported, grant) {
		c.add(RuleIDJAGGrant, "/grant_types_supported", "the ID-JAG profile is there without "+grant)
	}
}

func isWellKnown(url string) bool { return strings.Contains(url, "/.well-known/") }

// values adds a violation for each value of a list that is not good.
func (c *check) values(rule Rule, pointer string, list []string, good func(string) bool, detail string) {
	for i, value := range head(list) {
		if !good(value) {
			c.add(rule, pointer+"/"+strconv.Itoa(i), quote(value)+" "+detail)
		}
	}
}

// once adds a violation for a value that a list has twice. Only the first
// hundred are compared: see maxPerRule.
func (c *check) once(pointer string, list []string) {
	for i, value := range list[:min(len(list), maxPerRule)] {
		if slices.Contains(list[:i], value) {
			c.add(RuleListTwice, pointer+"/"+strconv.Itoa(i), quote(value)+" stands twice")
		}
	}
}

// isResponseType: RFC 6749 §8.4 and OAuth 2.0 Multiple Response Type Encoding Practices.
func isResponseType(value string) bool {
	if value == "none" {
		return true
	}
	for word := range strings.SplitSeq(value, " ") {
		if word != "code" && word != "token" && word != "id_token" {
			return false
		}
	}
	return true
}

// isResponseMode: the registered modes, those of JARM, and web_message, which
// many servers list.
func isResponseMode(value string) bool {
	switch value {
	case "query", "fragment", "form_post", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt", "web_message":
		return true
	}
	return false
}

// isGrantType: RFC 7591 §2, and absolute URIs for extensions (RFC 6749 §4.5).
func isGrantType(value string) bool {
	switch value {
	case grantCode, grantImplicit, grantRefresh, "password", "client_credentials", "device_code":
		return true
	}
	scheme, rest, ok := strings.Cut(value, ":")
	return ok && isScheme(scheme) && rest != ""
}

// isLanguageTag: the form of RFC 5646 §2.1, subtags of one to eight letters and
// digits. Some servers write an underscore.
func isLanguageTag(value string) bool {
	for i, subtag := range strings.Split(value, "-") {
		if len(subtag) == 0 || len(subtag) > 8 || i == 0 && subtag[0] >= '0' && subtag[0] <= '9' {
			return false
		}
		for j := 0; j < len(subtag); j++ {
			if !isAlphanumeric(subtag[j]) {
				return false
			}
		}
	}
	return true
}
