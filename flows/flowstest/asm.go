// Authorization server metadata: RFC 8414 and OpenID Connect Discovery
// documents at their well-known URLs.

package flowstest

import (
	"net/http"
	"slices"
	"strings"
)

const (
	pathOAuth    = "/.well-known/oauth-authorization-server"
	pathOIDC     = "/.well-known/openid-configuration"
	pathResource = "/.well-known/oauth-protected-resource"
)

// metadata answers a request for a metadata document.
// RFC 8414 §3: https://www.rfc-editor.org/rfc/rfc8414#section-3
func (x *exchange) metadata() {
	place := x.place(x.r.URL.Path)
	status := x.config.MetadataStatus[place]
	if status == 0 {
		status = http.StatusOK
		if place == "" || place == WellKnownOAuthRoot || place == WellKnownOIDCRoot {
			status = http.StatusNotFound
		}
	}
	if status != http.StatusOK {
		http.Error(x.w, http.StatusText(status), status)
		return
	}
	if !x.allow(http.MethodGet) {
		return
	}
	members := x.metadataMembers()
	if strings.HasPrefix(string(place), string(WellKnownOIDC)) {
		members["subject_types_supported"] = []string{"public"}
		members["id_token_signing_alg_values_supported"] = []string{x.signingKeys(x.config)[0].Alg()}
	}
	document{
		status: status, header: x.config.MetadataHeader, body: members,
		edit: []func(map[string]any){x.config.Metadata}, bytes: x.config.MetadataBytes,
	}.write(x.w)
}

// place names the well-known URL of a path; "" when the issuer has none there.
// RFC 8414 §3.1 inserts the well-known segment before the issuer's path,
// OpenID Connect Discovery 1.0 §4.1 appends it.
func (x *exchange) place(path string) WellKnown {
	switch path {
	case pathOAuth + x.path:
		return WellKnownOAuth
	case pathOIDC + x.path:
		return WellKnownOIDC
	case x.path + pathOIDC:
		return WellKnownOIDCAppended
	case pathOAuth:
		return WellKnownOAuthRoot
	case pathOIDC:
		return WellKnownOIDCRoot
	}
	return ""
}

func (x *exchange) metadataMembers() map[string]any {
	c := x.config
	members := map[string]any{
		"issuer":                                x.issuer(c),
		"authorization_endpoint":                x.endpoint(c, kindAuthorize),
		"token_endpoint":                        x.endpoint(c, kindToken),
		"jwks_uri":                              x.endpoint(c, kindJWKS),
		"revocation_endpoint":                   x.endpoint(c, kindRevoke),
		"introspection_endpoint":                x.endpoint(c, kindIntrospect),
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 c.grantTypes(),
		"token_endpoint_auth_methods_supported": c.authMethods(),
		// Absent they would mean client_secret_basic: RFC 8414 §2.
		"revocation_endpoint_auth_methods_supported":    c.methodsAt(kindRevoke),
		"introspection_endpoint_auth_methods_supported": without(c.methodsAt(kindIntrospect), methodNone),
		"code_challenge_methods_supported":              []string{"S256"},
	}
	if !c.DisableRegistration {
		members["registration_endpoint"] = x.endpoint(c, kindRegister)
	}
	if !c.DisableClientIDDocuments {
		members["client_id_metadata_document_supported"] = true
	}
	if !c.HideIss {
		members["authorization_response_iss_parameter_supported"] = true
	}
	if c.Scopes != nil {
		members["scopes_supported"] = c.Scopes
	}
	x.addExtensions(members)
	return members
}

func without(list []string, value string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(v string) bool { return v == value })
}

// addExtensions adds what is offered by configuration.
func (x *exchange) addExtensions(members map[string]any) {
	c := x.config
	for name, kind := range map[string]string{"token": kindToken, "revocation": kindRevoke, "introspection": kindIntrospect} {
		if algs := c.algsAt(kind); len(algs) > 0 {
			members[name+"_endpoint_auth_signing_alg_values_supported"] = algs
		}
	}
	if c.PAR.Policy != PARDisabled {
		members["pushed_authorization_request_endpoint"] = x.endpoint(c, kindPAR)
	}
	if c.PAR.Policy == PARRequired {
		members["require_pushed_authorization_requests"] = true
	}
	if slices.Contains(c.grantTypes(), GrantDeviceCode) {
		members["device_authorization_endpoint"] = x.endpoint(c, kindDevice)
	}
	if c.DPoP.Policy != DPoPOff {
		members["dpop_signing_alg_values_supported"] = c.DPoP.algs()
	}
	if c.takesIDJAG() {
		members["authorization_grant_profiles_supported"] = []string{"urn:ietf:params:oauth:grant-profile:id-jag"}
	}
	if slices.Contains(c.grantTypes(), GrantTokenExchange) {
		members["identity_chaining_requested_token_types_supported"] = []string{TokenTypeIDJAG}
	}
	if c.MTLS.Enabled {
		members["tls_client_certificate_bound_access_tokens"] = c.MTLS.BindTokens
		members["mtls_endpoint_aliases"] = x.aliases()
	}
}

// jwks answers with the server's public keys (RFC 7517 §5).
func (x *exchange) jwks() {
	if !x.allow(http.MethodGet) {
		return
	}
	keys := []any{}
	for _, key := range x.signingKeys(x.config) {
		keys = append(keys, key.JWK())
	}
	document{status: http.StatusOK, body: map[string]any{"keys": keys}}.write(x.w)
}
