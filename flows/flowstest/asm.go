// Authorization server metadata: RFC 8414 and OpenID Connect Discovery
// documents at their well-known URLs.

package flowstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
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
		members["id_token_signing_alg_values_supported"] = []string{"ES256"}
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
		"code_challenge_methods_supported":      []string{"S256"},
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
	return members
}

// jwks answers with the server's public keys (RFC 7517 §5).
func (x *exchange) jwks() {
	if !x.allow(http.MethodGet) {
		return
	}
	point, err := signingKey().PublicKey.Bytes()
	if err != nil {
		panic("flowstest: key: " + err.Error())
	}
	// SEC 1 §2.3.3: an uncompressed point is 4, X, Y.
	encode := base64.RawURLEncoding.EncodeToString
	key := map[string]any{
		"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
		"x": encode(point[1:33]), "y": encode(point[33:65]),
	}
	document{status: http.StatusOK, body: map[string]any{"keys": []any{key}}}.write(x.w)
}

// signingKey signs for all fakes of the process.
var signingKey = sync.OnceValue(func() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("flowstest: key: " + err.Error())
	}
	return key
})
