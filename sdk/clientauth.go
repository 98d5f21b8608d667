// Client authentication: how the session's client shows who it is.

package sdk

import (
	"cmp"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// prepare chooses authentication, proof and scope for the client at hand.
func (l *login) prepare() error {
	var err error
	if l.auth, err = l.selectAuth(); err != nil {
		return err
	}
	if l.dpop, err = l.newProof(); err != nil {
		return err
	}
	l.scope = l.selectScope()
	return nil
}

// selectAuth chooses the method.
func (l *login) selectAuth() (flows.ClientAuth, error) {
	if l.identity.Information.ClientID == "" {
		return flows.ClientAuth{Method: flows.AuthMethodNone, NoClientIDParam: true}, nil
	}
	return flows.SelectClientAuth(flows.ClientAuthRequest{
		Client: l.identity.Information, Server: l.found.Server,
		Key: l.cfg.ClientKey, Certificate: l.cfg.ClientCertificate, Audience: l.cfg.ClientAssertionAudience,
	})
}

// authOf is the authentication that a record was made with.
func (s *session) authOf(rec *gen.SessionRecord) flows.ClientAuth {
	secret, method := rec.Client.ClientSecret, rec.TokenEndpointAuthMethod
	if c := s.cfg.Credentials; c != nil && c.ClientID == rec.Client.ClientID && (c.Issuer == "" || c.Issuer == rec.Issuer) {
		// The user may have changed the secret since (REG-8).
		secret, method = c.ClientSecret, cmp.Or(c.TokenEndpointAuthMethod, method)
	}
	return flows.ClientAuth{
		ClientID: rec.Client.ClientID, Secret: secret, Method: method,
		NoClientIDParam: rec.Client.ClientID == "",
		Key:             s.cfg.ClientKey, Issuer: rec.Issuer, Audience: s.cfg.ClientAssertionAudience,
	}
}

// revocationAuthOf is the authentication at the revocation endpoint, which may
// want another method. What was chosen for a method that is no longer the
// client's does not count.
func (s *session) revocationAuthOf(rec *gen.SessionRecord) flows.ClientAuth {
	auth := s.authOf(rec)
	if auth.Method == rec.TokenEndpointAuthMethod {
		auth.Method = cmp.Or(rec.RevocationEndpointAuthMethod, auth.Method)
	}
	return auth
}

// endpoints are those of the server for this client: mutual TLS may have its own.
func (l *login) endpoints() flows.EndpointSet {
	return flows.Endpoints(l.found.Server, l.auth.MutualTLS())
}
