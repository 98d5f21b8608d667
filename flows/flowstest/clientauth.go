// Client authentication at the token, revocation and introspection endpoints.

package flowstest

import (
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// Credentials are what a request presents of its client.
type credentials struct {
	method string
	id     string
	secret string
}

// authenticate finds the client of a request and checks that it authenticated
// by the one method it is registered for.
// RFC 6749 §2.3: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
func (x *exchange) authenticate(form url.Values) (Client, *Error) {
	presented, err := x.credentials(form)
	if err != nil {
		return Client{}, err
	}
	client, ok := x.store.client(presented.id)
	if !ok {
		return Client{}, refuse(errInvalidClient, "the client is unknown")
	}
	if presented.method != client.authMethod() {
		return Client{}, refuse(errInvalidClient, "the client is registered for "+client.authMethod()+", not "+presented.method)
	}
	if !slices.Contains(x.config.authMethods(), presented.method) {
		return Client{}, refuse(errInvalidClient, presented.method+" is not supported")
	}
	if presented.method == methodNone {
		return client, nil
	}
	if subtle.ConstantTimeCompare([]byte(presented.secret), []byte(client.Secret)) != 1 {
		return Client{}, refuse(errInvalidClient, "the secret is wrong")
	}
	if !client.SecretExpires.IsZero() && !x.now.Before(client.SecretExpires) {
		return Client{}, refuse(errInvalidClient, "the secret has expired")
	}
	return client, nil
}

// credentials reads what a request presents. RFC 6749 §2.3: a client must not
// use more than one method in a request.
func (x *exchange) credentials(form url.Values) (credentials, *Error) {
	var found []credentials
	if len(x.r.Header.Values("Authorization")) > 0 {
		basic, err := x.basic()
		if err != nil {
			return credentials{}, err
		}
		found = append(found, basic)
	}
	id := form.Get("client_id")
	if form.Has("client_secret") {
		found = append(found, credentials{method: methodPost, id: id, secret: form.Get("client_secret")})
	}
	if form.Has("client_assertion") || form.Has("client_assertion_type") {
		return credentials{}, refuse(errInvalidClient, "client assertions are not supported")
	}
	if len(found) > 1 {
		return credentials{}, refuse(errInvalidRequest, "the client authenticates by more than one method")
	}
	if len(found) == 0 {
		found = append(found, credentials{method: methodNone, id: id})
	}
	switch {
	case found[0].id == "":
		return credentials{}, refuse(errInvalidClient, "client_id is missing")
	case id != "" && id != found[0].id:
		return credentials{}, refuse(errInvalidRequest, "client_id differs from the authenticated client")
	}
	return found[0], nil
}

// basic reads HTTP Basic credentials, whose halves are form-encoded first.
// RFC 6749 §2.3.1: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
func (x *exchange) basic() (credentials, *Error) {
	malformed := refuse(errInvalidClient, "the Authorization header is malformed")
	values := x.r.Header.Values("Authorization")
	scheme, encoded, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Basic") {
		return credentials{}, malformed
	}
	pair, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return credentials{}, malformed
	}
	id, secret, ok := strings.Cut(string(pair), ":")
	if !ok {
		return credentials{}, malformed
	}
	if x.config.BasicVerbatim {
		return credentials{methodBasic, id, secret}, nil
	}
	if id, err = url.QueryUnescape(id); err != nil {
		return credentials{}, malformed
	}
	if secret, err = url.QueryUnescape(secret); err != nil {
		return credentials{}, malformed
	}
	return credentials{methodBasic, id, secret}, nil
}
