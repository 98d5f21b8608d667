// Client assertion: a JWT by which a client authenticates.

package flowstest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// AssertionConfig says how JWTs that authenticate clients are judged
// (RFC 7523 §3, RFC 7521 §5.2). The zero value takes all algorithms of this
// package, the issuer or the endpoint as audience, a life of five minutes at
// most, and each jti once.
type AssertionConfig struct {
	// Audience says what aud has to be.
	Audience AudiencePolicy
	// Algs are the algorithms that are allowed and listed. nil: ES256, ES384,
	// RS256, PS256 and EdDSA for private_key_jwt, HS256 for client_secret_jwt.
	Algs []string
	// MaxLife bounds how far ahead exp may be; 0 is five minutes.
	MaxLife time.Duration
}

// AudiencePolicy says which audience a client assertion has to have.
type AudiencePolicy int

// The audience policies.
const (
	// AudienceAny takes the issuer, the token endpoint, and the endpoint that
	// the request is for (RFC 9126 §2).
	AudienceAny AudiencePolicy = iota
	// AudienceIssuer takes the issuer only, as the update of RFC 7523 demands.
	AudienceIssuer
	// AudienceTokenEndpoint takes the token endpoint only, as many servers do.
	AudienceTokenEndpoint
)

const (
	assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// assertionTyp is the type that the update of RFC 7523 gives client
	// assertions; none and JWT are older.
	assertionTyp = "client-authentication+jwt"
)

// jwtMethod returns the method that assertions of an algorithm belong to.
func jwtMethod(alg string) string {
	if strings.HasPrefix(alg, "HS") {
		return methodSecretJWT
	}
	return methodPrivateKey
}

// assertion reads the client assertion of a request. The client is the
// assertion's subject; client_id may be left out.
// RFC 7521 §4.2: https://www.rfc-editor.org/rfc/rfc7521#section-4.2
func (x *exchange) assertion(form url.Values) (credentials, *Error) {
	algs := x.config.algsAt(x.kind)
	switch {
	case len(algs) == 0:
		return credentials{}, refuse(errInvalidClient, "client assertions are not supported")
	case form.Get("client_assertion_type") != assertionType:
		return credentials{}, refuse(errInvalidClient, "client_assertion_type is not "+assertionType)
	case !form.Has("client_assertion"):
		return credentials{}, refuse(errInvalidClient, "client_assertion is missing")
	}
	token, err := parseJWT(form.Get("client_assertion"), algs)
	if err != nil {
		return credentials{}, refuse(errInvalidClient, "the client assertion is no JWT of "+strings.Join(algs, ", ")+": "+err.Error())
	}
	subject := token.claims.text("sub")
	if subject == "" {
		return credentials{}, refuse(errInvalidClient, "the client assertion has no sub")
	}
	return credentials{method: jwtMethod(token.header.Algorithm), id: subject, assertion: token}, nil
}

// checkAssertion judges the assertion of a client.
// RFC 7523 §3: https://www.rfc-editor.org/rfc/rfc7523#section-3
func (x *exchange) checkAssertion(client Client, presented credentials) error {
	token := presented.assertion
	if alg := token.header.Algorithm; client.SigningAlg != "" && client.SigningAlg != alg {
		return errors.New("the client is registered for " + client.SigningAlg + ", not " + alg)
	}
	if err := x.verifyAssertion(client, presented); err != nil {
		return err
	}
	if typ := token.headerText("typ"); typ != "" && !strings.EqualFold(typ, "JWT") && typ != assertionTyp {
		return fmt.Errorf("typ is %q", typ)
	}
	if token.claims.text("iss") != client.ID {
		return errors.New("iss is not the client")
	}
	if err := x.checkAssertionAudience(token.claims.audience()); err != nil {
		return err
	}
	if err := token.claims.checkTimes(x.now, or(x.config.Assertions.MaxLife, 5*time.Minute)); err != nil {
		return err
	}
	id := token.claims.text("jti")
	if id == "" {
		return errors.New("jti is missing")
	}
	expires, _ := token.claims.time("exp")
	if !x.assertions.first(client.ID+" "+id, x.now, expires) {
		return errors.New("its jti was used before")
	}
	return nil
}

func (x *exchange) verifyAssertion(client Client, presented credentials) error {
	if presented.method == methodSecretJWT {
		return presented.assertion.verify([]byte(client.Secret))
	}
	set, err := x.keySetOf(client)
	if err != nil {
		return err
	}
	return presented.assertion.verifyIn(set)
}

// keySetOf returns the key set of a client, fetched if need be.
func (x *exchange) keySetOf(client Client) (json.RawMessage, error) {
	if client.JWKSURI == "" {
		if client.JWKS == nil {
			return nil, errors.New("the client has no keys")
		}
		return client.JWKS, nil
	}
	body, err := x.fetch(client.JWKSURI)
	return json.RawMessage(body), err
}

// checkAssertionAudience demands that an assertion is for this server alone.
func (x *exchange) checkAssertionAudience(audience []string) error {
	issuer, token := x.issuer(x.config), x.endpoint(x.config, kindToken)
	accepted := []string{issuer, token, x.base + x.r.URL.Path}
	switch x.config.Assertions.Audience {
	case AudienceIssuer:
		accepted = []string{issuer}
	case AudienceTokenEndpoint:
		accepted = []string{token}
	case AudienceAny:
	}
	if len(audience) == 0 {
		return errors.New("aud is missing")
	}
	for _, value := range audience {
		if !slices.Contains(accepted, value) {
			return fmt.Errorf("aud %q is none of %q", value, accepted)
		}
	}
	return nil
}
