// Client authentication at the endpoints of the back channel.

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
	method    string
	id        string
	secret    string
	assertion *signedJWT // of the JWT methods
}

// authenticate finds the client of a request and checks that it authenticated
// by the one method it is registered for, or where the endpoint has methods of
// its own, by one of these.
// RFC 6749 §2.3: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
func (x *exchange) authenticate(form url.Values) (Client, *Error) {
	presented, err := x.credentials(form)
	if err != nil {
		return Client{}, err
	}
	client, err := x.presentedClient(presented.id)
	if err != nil {
		return Client{}, err
	}
	if presented.method == methodNone && x.certificate() != nil && client.usesTLS() {
		presented.method = client.authMethod()
	}
	if x.config.authAt(x.kind).Methods == nil && presented.method != client.authMethod() {
		return Client{}, refuse(errInvalidClient, "the client is registered for "+client.authMethod()+", not "+presented.method)
	}
	if !slices.Contains(x.config.methodsAt(x.kind), presented.method) {
		return Client{}, refuse(errInvalidClient, presented.method+" is not supported here")
	}
	return client, x.checkCredentials(client, presented)
}

// presentedClient finds the client of a request; one that its metadata
// document describes need not have authorized before.
func (x *exchange) presentedClient(id string) (Client, *Error) {
	if client, ok := x.store.client(id); ok {
		return client, nil
	}
	if isClientIDURL(id) && !x.config.DisableClientIDDocuments {
		if client, err := x.documentClient(id); err == nil {
			return client, nil
		}
	}
	return Client{}, refuse(errInvalidClient, "the client is unknown")
}

func (x *exchange) checkCredentials(client Client, presented credentials) *Error {
	switch presented.method {
	case methodNone:
		return nil
	case methodTLS, methodSelfSigned:
		return x.checkCertificate(client)
	case methodPrivateKey, methodSecretJWT:
		if err := x.checkAssertion(client, presented); err != nil {
			return refuse(errInvalidClient, "the client assertion is refused: "+err.Error())
		}
	default:
		if subtle.ConstantTimeCompare([]byte(presented.secret), []byte(client.Secret)) != 1 {
			return refuse(errInvalidClient, "the secret is wrong")
		}
	}
	if presented.method != methodPrivateKey && !client.SecretExpires.IsZero() && !x.now.Before(client.SecretExpires) {
		return refuse(errInvalidClient, "the secret has expired")
	}
	return nil
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
		asserted, err := x.assertion(form)
		if err != nil {
			return credentials{}, err
		}
		found = append(found, asserted)
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
		return credentials{method: methodBasic, id: id, secret: secret}, nil
	}
	if id, err = url.QueryUnescape(id); err != nil {
		return credentials{}, malformed
	}
	if secret, err = url.QueryUnescape(secret); err != nil {
		return credentials{}, malformed
	}
	return credentials{method: methodBasic, id: id, secret: secret}, nil
}
