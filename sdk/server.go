// Server: typed operations for services that want one of them and not a flow.

package sdk

import (
	"context"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// Server returns the generated operations bound to the discovered endpoints of
// the resource's authorization server: introspection, revocation, registration,
// pushed authorization requests and the token grants. They authenticate as the
// session's client, else as the configured or stored one; without any of these
// they do not authenticate. While the session's tokens are bound to a key, or
// Config.DPoPKey is set, token requests and pushed requests prove possession of
// it, with the server's nonce where it wants one; operations do not refuse a
// bearer token in answer to that, as the session does. Nobody is asked and
// nothing is registered. The result may be kept; metadata, client and key are
// those of this call.
func (c *Client) Server(ctx context.Context) (*gen.Server, error) {
	s := c.session
	if err := s.usable(); err != nil {
		return nil, err
	}
	rec, err := s.load(ctx)
	if err != nil {
		return nil, forCaller(ctx, err)
	}
	l := &login{session: s, flight: &flight{}, old: rec}
	if l.found, err = s.discover(ctx, l.flight, rec); err != nil {
		return nil, err
	}
	auth, err := l.clientAuth(ctx)
	if err != nil {
		return nil, err
	}
	proof, err := l.serverProof()
	if err != nil {
		return nil, err
	}
	return s.flows.Server(flows.ServerRequest{Metadata: l.found.Server, Resource: s.target.url, Auth: auth, DPoP: proof})
}

// serverProof is the DPoP of the session at the discovered issuer, nil for
// bearer tokens. A key that was made for another issuer is not shown to it.
func (l *login) serverProof() (*flows.DPoP, error) {
	rec := l.old
	if rec == nil || rec.Issuer != l.found.Server.Issuer {
		rec = new(gen.SessionRecord)
	}
	return l.proofOf(rec)
}

// clientAuth is the authentication of the client at hand, nil without one. It
// belongs to the discovered issuer or to none (BIND-1).
func (l *login) clientAuth(ctx context.Context) (*flows.ClientAuth, error) {
	client := l.cfg.preRegistered()
	if client == nil {
		client = l.storedClient(ctx)
	} else if bound := l.boundIssuer(); bound != "" && bound != l.found.Server.Issuer {
		return nil, &flows.ClientError{Issuer: l.found.Server.Issuer, BoundIssuer: bound, Reason: "correct the configured issuer"}
	}
	if client == nil {
		return nil, nil
	}
	l.identity = &flows.ClientIdentity{Issuer: l.found.Server.Issuer, Information: client}
	auth, err := l.selectAuth()
	return &auth, err
}
