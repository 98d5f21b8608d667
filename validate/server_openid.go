// Authorization server metadata as an OpenID Provider publishes it.

package validate

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// AsOpenIDProvider says that authorization server metadata was served as OpenID
// Provider metadata (openid-configuration), where OpenID Connect Discovery §3
// requires more: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata.
func AsOpenIDProvider() Option { return func(o *options) { o.openID = true } }

// OpenID Connect Discovery §3
func checkOpenID(c *check, doc *gen.AuthorizationServerMetadata) {
	for i, kind := range head(doc.SubjectTypesSupported) {
		if kind != "pairwise" && kind != "public" {
			c.add(RuleOpenIDSubjectType, "/subject_types_supported/"+strconv.Itoa(i), quote(kind)+" is no subject type")
		}
	}
	c.values(RuleOpenIDValue, "/display_values_supported", doc.DisplayValuesSupported, isDisplay, "is no display value")
	c.values(RuleOpenIDValue, "/claim_types_supported", doc.ClaimTypesSupported, isClaimType, "is no claim type")
	if !c.openID {
		return
	}
	for _, member := range []struct {
		pointer string
		absent  bool
	}{
		{"/jwks_uri", doc.JWKSURI == ""},
		{"/subject_types_supported", len(doc.SubjectTypesSupported) == 0},
		{"/id_token_signing_alg_values_supported", len(doc.IDTokenSigningAlgValuesSupported) == 0},
	} {
		if member.absent && !c.found.covers(member.pointer) {
			c.add(RuleOpenIDMember, member.pointer, "the member is absent"+c.why(member.pointer))
		}
	}
	if algorithms := doc.IDTokenSigningAlgValuesSupported; len(algorithms) > 0 && !slices.Contains(algorithms, "RS256") {
		c.add(RuleOpenIDSigningAlgorithm, "/id_token_signing_alg_values_supported", "RS256 is not among the algorithms")
	}
	if scopes := doc.ScopesSupported; len(scopes) > 0 && !slices.Contains(scopes, "openid") {
		c.add(RuleOpenIDScope, "/scopes_supported", "openid is not among the scopes")
	}
	checkOpenIDAdvice(c, doc)
}

// OpenID Connect Discovery §3: what is RECOMMENDED. none MUST NOT be offered
// unless no ID token comes from the authorization endpoint.
func checkOpenIDAdvice(c *check, doc *gen.AuthorizationServerMetadata) {
	if doc.UserinfoEndpoint == "" && !c.reported("/userinfo_endpoint") {
		c.add(RuleOpenIDRecommended, "/userinfo_endpoint", "the endpoint is absent")
	}
	if doc.ClaimsSupported == nil && !c.reported("/claims_supported") {
		c.add(RuleOpenIDRecommended, "/claims_supported", "the claims are absent")
	}
	fromBrowser := slices.ContainsFunc(doc.ResponseTypesSupported, func(t string) bool { return strings.Contains(t, "id_token") })
	if i := slices.Index(doc.IDTokenSigningAlgValuesSupported, "none"); i >= 0 && fromBrowser {
		c.add(RuleOpenIDSigningNone, "/id_token_signing_alg_values_supported/"+strconv.Itoa(i), "none is among the algorithms")
	}
}

func isDisplay(value string) bool {
	return value == "page" || value == "popup" || value == "touch" || value == "wap"
}

func isClaimType(value string) bool {
	return value == "normal" || value == "aggregated" || value == "distributed"
}
