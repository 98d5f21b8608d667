// Registration: dynamic client registration.

package flowstest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// RefuseApplicationType returns a ServerConfig.Register hook that refuses
// registrations with an application_type, which is web when none is sent.
func RefuseApplicationType(applicationType string) func(map[string]any) *Error {
	return func(request map[string]any) *Error {
		if or(stringOf(request["application_type"]), "web") != applicationType {
			return nil
		}
		return refuse(errInvalidRedirectURI, "redirect_uris do not go with application_type "+applicationType)
	}
}

// RefuseScope returns a ServerConfig.Register hook that refuses registrations
// with a scope.
func RefuseScope() func(map[string]any) *Error {
	return func(request map[string]any) *Error {
		if request["scope"] == nil {
			return nil
		}
		return refuse(errInvalidMetadata, "scope is not allowed")
	}
}

// register answers a registration request.
// RFC 7591 §3: https://www.rfc-editor.org/rfc/rfc7591#section-3
func (x *exchange) register() {
	if x.config.DisableRegistration {
		http.NotFound(x.w, x.r)
		return
	}
	if !x.allow(http.MethodPost) {
		return
	}
	request, err := x.registration()
	if err != nil {
		x.refuse(err)
		return
	}
	x.answerClient(or(x.config.RegistrationStatus, http.StatusCreated), x.newClient(request))
}

// answerClient stores a client and answers with its information, both after
// the Registration hook has changed it.
func (x *exchange) answerClient(status int, members map[string]any) {
	if x.config.Registration != nil {
		x.config.Registration(members)
	}
	x.store.addClient(clientOf(members))
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Pragma", "no-cache")
	document{status: status, body: members, bytes: x.config.RegistrationBytes}.write(x.w)
}

// registration reads and judges a registration request.
func (x *exchange) registration() (map[string]any, *Error) {
	if token := x.config.InitialAccessToken; token != "" && x.r.Header.Get("Authorization") != "Bearer "+token {
		return nil, &Error{Code: errInvalidToken, Description: "the initial access token is wrong", Status: http.StatusUnauthorized}
	}
	request, err := x.readMetadata()
	if err != nil {
		return nil, err
	}
	return x.checkMetadata(request)
}

// readMetadata reads the JSON object of a registration or an update.
func (x *exchange) readMetadata() (map[string]any, *Error) {
	if mediaType(x.r.Header) != "application/json" {
		return nil, refuse(errInvalidMetadata, "the body is not application/json")
	}
	request, err := readObject(x.r.Body)
	if err != nil {
		return nil, refuse(errInvalidMetadata, "the body is not a JSON object: "+err.Error())
	}
	return request, nil
}

// checkMetadata judges the metadata of a client.
func (x *exchange) checkMetadata(request map[string]any) (map[string]any, *Error) {
	for name, value := range request {
		// A member without a value says nothing: RFC 7591 §2 leaves it out.
		if value == nil || value == "" {
			return nil, refuse(errInvalidMetadata, name+" has no value")
		}
	}
	if err := x.applyStatement(request); err != nil {
		return nil, err
	}
	for _, check := range []func(map[string]any) *Error{x.checkShape, x.checkGrants, checkRedirects, x.checkMethod} {
		if err := check(request); err != nil {
			return nil, err
		}
	}
	if err := x.checkScope(stringOf(request["scope"]), ""); err != nil {
		return nil, refuse(errInvalidMetadata, err.Description)
	}
	if x.config.Register != nil {
		return request, x.config.Register(maps.Clone(request))
	}
	return request, nil
}

// The types of the members that RFC 7591 §2 defines.
var (
	stringMembers = []string{
		"client_name", "client_uri", "logo_uri", "scope", "tos_uri", "policy_uri", "jwks_uri", "software_id",
		"software_version", "software_statement", "token_endpoint_auth_method", "application_type",
		"token_endpoint_auth_signing_alg", "tls_client_auth_subject_dn", "tls_client_auth_san_dns",
		"tls_client_auth_san_uri", "tls_client_auth_san_ip", "tls_client_auth_san_email",
	}
	listMembers = []string{"redirect_uris", "grant_types", "response_types", "contacts"}
	uriMembers  = []string{"client_uri", "logo_uri", "tos_uri", "policy_uri", "jwks_uri"}
)

func (x *exchange) checkShape(request map[string]any) *Error {
	for name, value := range request {
		if _, ok := value.(string); !ok && slices.Contains(stringMembers, name) {
			return refuse(errInvalidMetadata, name+" is not a string")
		}
		if _, ok := stringsOf(value); !ok && slices.Contains(listMembers, name) {
			return refuse(errInvalidMetadata, name+" is not a list of strings")
		}
	}
	for _, name := range uriMembers {
		if value := stringOf(request[name]); value != "" && !isWebURL(value) {
			return refuse(errInvalidMetadata, name+" is not a web URL")
		}
	}
	if request["jwks"] != nil && request["jwks_uri"] != nil {
		return refuse(errInvalidMetadata, "jwks and jwks_uri exclude each other")
	}
	for _, name := range []string{"client_id", "client_secret", "client_id_issued_at", "client_secret_expires_at"} {
		if request[name] != nil {
			return refuse(errInvalidMetadata, name+" is the server's to choose")
		}
	}
	return nil
}

// checkGrants checks that grant and response types go together.
// RFC 7591 §2.1: https://www.rfc-editor.org/rfc/rfc7591#section-2.1
func (x *exchange) checkGrants(request map[string]any) *Error {
	types, _ := stringsOf(request["grant_types"])
	for _, grant := range types {
		if !slices.Contains(x.config.grantTypes(), grant) {
			return refuse(errInvalidMetadata, "grant type "+grant+" is not supported")
		}
	}
	responses, _ := stringsOf(request["response_types"])
	for _, response := range responses {
		if response != "code" {
			return refuse(errInvalidMetadata, "response type "+response+" is not supported")
		}
	}
	if types != nil && !slices.Contains(types, GrantAuthorizationCode) && len(responses) > 0 {
		return refuse(errInvalidMetadata, "response_types without the authorization_code grant")
	}
	if slices.Contains(types, GrantAuthorizationCode) && responses != nil && len(responses) == 0 {
		return refuse(errInvalidMetadata, "the authorization_code grant without response_types")
	}
	return nil
}

// checkRedirects checks redirect URIs by application type. OpenID Connect
// Dynamic Client Registration 1.0 §2: web clients (the default) have https
// URIs and not localhost, native ones have private-use schemes or loopback
// URIs; RFC 8252 §7.2 adds claimed https URIs.
func checkRedirects(request map[string]any) *Error {
	uris, _ := stringsOf(request["redirect_uris"])
	types, _ := stringsOf(request["grant_types"])
	if len(uris) == 0 && (types == nil || slices.Contains(types, GrantAuthorizationCode)) {
		return refuse(errInvalidRedirectURI, "redirect_uris is missing")
	}
	applicationType := or(stringOf(request["application_type"]), "web")
	if applicationType != "web" && applicationType != "native" {
		return refuse(errInvalidMetadata, "application_type is neither web nor native")
	}
	for _, uri := range uris {
		if reason := refuseRedirect(uri, applicationType); reason != "" {
			return refuse(errInvalidRedirectURI, fmt.Sprintf("redirect URI %s %s", uri, reason))
		}
	}
	return nil
}

func refuseRedirect(uri, applicationType string) string {
	u, err := url.Parse(uri)
	if err != nil || !u.IsAbs() || strings.Contains(uri, "#") || u.User != nil {
		return "is not an absolute URI without fragment and user"
	}
	local := varies(u.Hostname(), true)
	switch {
	case u.Scheme == "https" && u.Host == "":
		return "has no host"
	case u.Scheme == "https" && local && applicationType == "web":
		return "is a loopback address of a web client"
	case u.Scheme == "https":
		return ""
	case applicationType == "web":
		return "is not https, which web clients need"
	case u.Scheme == "http" && local:
		return ""
	case strings.Contains(u.Scheme, "."):
		return "" // RFC 8252 §7.1: a private-use scheme is a reversed domain name
	}
	return "is neither https, nor loopback, nor has it a private-use scheme"
}

func (x *exchange) checkMethod(request map[string]any) *Error {
	method := or(stringOf(request["token_endpoint_auth_method"]), methodBasic)
	if !slices.Contains(x.config.authMethods(), method) {
		return refuse(errInvalidMetadata, "token_endpoint_auth_method "+method+" is not supported")
	}
	alg := stringOf(request["token_endpoint_auth_signing_alg"])
	if alg != "" && (jwtMethod(alg) != method || !slices.Contains(x.config.algsAt(kindToken), alg)) {
		return refuse(errInvalidMetadata, "token_endpoint_auth_signing_alg "+alg+" does not go with "+method)
	}
	return checkKeys(request, method, errInvalidMetadata)
}

// sanMembers name the subject alternative name that a certificate needs.
// RFC 8705 §2.1.2: https://www.rfc-editor.org/rfc/rfc8705#section-2.1.2
var sanMembers = []string{
	"tls_client_auth_san_dns", "tls_client_auth_san_uri", "tls_client_auth_san_ip", "tls_client_auth_san_email",
}

// checkKeys demands what a method needs beside its name: a key set for
// signatures and self-signed certificates, one name for other certificates.
func checkKeys(members map[string]any, method, code string) *Error {
	if members["jwks"] != nil {
		if _, err := publicKeys(encodeJSON(members["jwks"])); err != nil {
			return refuse(code, err.Error())
		}
	}
	switch method {
	case methodPrivateKey, methodSelfSigned:
		if members["jwks"] == nil && members["jwks_uri"] == nil {
			return refuse(code, method+" without jwks or jwks_uri")
		}
	case methodTLS:
		names := 0
		for _, name := range append(slices.Clone(sanMembers), "tls_client_auth_subject_dn") {
			if members[name] != nil {
				names++
			}
		}
		if names != 1 {
			return refuse(code, method+" needs exactly one name of the certificate")
		}
	}
	return nil
}

// newClient returns the registration answer: what was asked, the defaults of
// RFC 7591 §2, and the credentials.
func (x *exchange) newClient(request map[string]any) map[string]any {
	answer := withDefaults(request)
	answer["client_id"] = randomString("client-")
	answer["client_id_issued_at"] = x.now.Unix()
	if x.config.Management.Enabled {
		answer["registration_access_token"] = randomString("rat-")
		answer["registration_client_uri"] = x.endpoint(x.config, kindManage) + "/" + stringOf(answer["client_id"])
	}
	x.newSecret(answer)
	return answer
}

// withDefaults returns client metadata with the defaults of RFC 7591 §2.
func withDefaults(request map[string]any) map[string]any {
	answer := maps.Clone(request)
	defaults := map[string]any{
		"token_endpoint_auth_method": methodBasic, "application_type": "web", "grant_types": []any{GrantAuthorizationCode},
	}
	if types, _ := stringsOf(answer["grant_types"]); types == nil || slices.Contains(types, GrantAuthorizationCode) {
		defaults["response_types"] = []any{"code"}
	}
	for name, value := range defaults {
		if answer[name] == nil {
			answer[name] = value
		}
	}
	return answer
}

// newSecret gives a client with a secret method a secret.
func (x *exchange) newSecret(answer map[string]any) {
	switch answer["token_endpoint_auth_method"] {
	case methodBasic, methodPost, methodSecretJWT:
		// Characters that show whether a client form-encodes Basic credentials.
		answer["client_secret"] = randomString("secret+%/: ")
		answer["client_secret_expires_at"] = int64(0)
		if x.config.RegistrationSecretLife > 0 {
			answer["client_secret_expires_at"] = x.now.Add(x.config.RegistrationSecretLife).Unix()
		}
	}
}

// applyStatement lets the claims of a software statement take the place of
// what the client says. RFC 7591 §3.1.1:
// https://www.rfc-editor.org/rfc/rfc7591#section-3.1.1
func (x *exchange) applyStatement(request map[string]any) *Error {
	statement, ok := request["software_statement"].(string)
	if !ok || x.config.SoftwareStatement == nil {
		return nil // a wrong type is refused with all others
	}
	claims, err := x.config.SoftwareStatement(statement)
	if err != nil {
		return err
	}
	maps.Copy(request, claims)
	return nil
}
