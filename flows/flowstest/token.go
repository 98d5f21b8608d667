// Token endpoint: what every grant has in common.

package flowstest

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The grant types, for ServerConfig.GrantTypes and Client.GrantTypes.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantClientCredentials = "client_credentials"
	// GrantJWTBearer exchanges a JWT of a trusted issuer (RFC 7523 §2.1).
	GrantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	// GrantTokenExchange exchanges one token for another (RFC 8693).
	GrantTokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	// GrantDeviceCode is the grant of devices without browser (RFC 8628).
	GrantDeviceCode = "urn:ietf:params:oauth:grant-type:device_code"
)

// A tokenRequest is a token request of an authenticated client.
type tokenRequest struct {
	*exchange
	client      Client
	form        url.Values // without empty values
	jkt         string     // of the key whose possession the request proves
	certificate string     // x5t#S256 that tokens are to be bound to
}

// grants holds what answers each grant type. A grant returns the members of
// the token answer.
var grants = map[string]func(*tokenRequest) (map[string]any, *Error){
	GrantAuthorizationCode: exchangeCode,
	GrantRefreshToken:      refresh,
	GrantClientCredentials: clientCredentials,
	GrantJWTBearer:         exchangeAssertion,
	GrantTokenExchange:     exchangeToken,
	GrantDeviceCode:        exchangeDeviceCode,
}

// token answers a token request.
// RFC 6749 §3.2: https://www.rfc-editor.org/rfc/rfc6749#section-3.2
func (x *exchange) token() {
	if !x.allow(http.MethodPost) {
		return
	}
	x.offerNonce()
	members, err := x.grant()
	answer := document{
		status: or(x.config.TokenStatus, http.StatusOK), header: x.config.TokenHeader, body: members,
		edit: []func(map[string]any){x.config.Token}, bytes: x.config.TokenBytes, form: x.config.TokenForm,
	}
	if err != nil {
		if !x.config.TokenForm {
			x.refuse(err)
			return
		}
		answer = document{status: http.StatusOK, body: err.members(), form: true}
	} else if x.kind == kindToken+":"+GrantRefreshToken {
		answer.edit = append(answer.edit, x.config.Refresh)
	}
	x.w.Header().Set("Cache-Control", "no-store")
	x.w.Header().Set("Pragma", "no-cache")
	answer.write(x.w)
}

func (x *exchange) grant() (map[string]any, *Error) {
	form, err := x.postForm()
	if err != nil {
		return nil, err
	}
	name := form.Get("grant_type")
	if name == "" {
		return nil, refuse(errInvalidRequest, "grant_type is missing")
	}
	run, ok := grants[name]
	if !ok || !slices.Contains(x.config.grantTypes(), name) {
		return nil, refuse(errUnsupportedGrant, "grant_type is not supported")
	}
	client, err := x.authenticate(form)
	if err != nil {
		return nil, err
	}
	if !client.mayUse(name) {
		return nil, refuse(errUnauthorizedClient, "the client may not use this grant type")
	}
	t := &tokenRequest{exchange: x, client: client, form: form, certificate: x.boundCertificate()}
	if t.jkt, err = x.proof(client); err != nil {
		return nil, err
	}
	return run(t)
}

// bind binds a grant to the keys of this request.
func (t *tokenRequest) bind(grant Grant) Grant {
	grant.JKT, grant.CertificateThumbprint = t.jkt, t.certificate
	if t.config.DPoP.Policy == DPoPDowngrade {
		grant.JKT = ""
	}
	return grant
}

// asked returns what this request asks for, without an authorization before.
func (t *tokenRequest) asked(subject string) Grant {
	grant := Grant{ClientID: t.client.ID, Subject: subject, Scope: or(t.form.Get("scope"), t.config.DefaultScope)}
	return t.bind(t.narrow(grant))
}

// issue issues an access token without a refresh token.
func (t *tokenRequest) issue(grant Grant) map[string]any {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	info := t.newAccessToken(grant, t.addFamily(grant, t.client))
	return info.members(t.now)
}

// postForm reads the form of a back-channel request: in the body only, nothing
// repeated, empty values left out (RFC 6749 §3.2), no secret in the URL
// (OAuth 2.1 §2.4.1).
func (x *exchange) postForm() (url.Values, *Error) {
	for name := range x.r.URL.Query() {
		if slices.Contains(secrets, name) || name == "grant_type" {
			return nil, refuse(errInvalidRequest, name+" does not belong into the URL")
		}
	}
	media, params, err := mime.ParseMediaType(x.r.Header.Get("Content-Type"))
	if err != nil || media != mediaForm || !strings.EqualFold(or(params["charset"], "utf-8"), "utf-8") {
		return nil, refuse(errInvalidRequest, "the body is not "+mediaForm)
	}
	body, err := io.ReadAll(io.LimitReader(x.r.Body, maxRecorded))
	if err != nil {
		return nil, refuse(errInvalidRequest, "the body cannot be read")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, refuse(errInvalidRequest, "the body is malformed")
	}
	if err := checkRepeatedParameters(form); err != nil {
		return nil, err
	}
	for name, values := range form {
		if values[0] == "" {
			delete(form, name)
		}
	}
	return form, nil
}

// narrow bounds the audience of a grant to the resources of this request, if
// it names any (RFC 8707 §2.2).
func (t *tokenRequest) narrow(grant Grant) Grant {
	if named := t.form["resource"]; len(named) > 0 && t.config.Resource != ResourceIgnored {
		grant.Resource = slices.Clone(named)
	}
	return grant
}
