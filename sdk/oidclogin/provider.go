// Provider: what is known of the identity provider.

package oidclogin

import (
	"context"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// providerLife is how long metadata serves before it is asked for again.
const providerLife = time.Hour

// provider is the discovered identity provider and the client's way of
// authenticating there. It is immutable.
type provider struct {
	found     *flows.Discovery
	auth      flows.ClientAuth
	endpoints flows.EndpointSet
	server    *gen.Server // its operations, without the client
	until     time.Time
}

// discover returns the provider, from memory if that is recent.
func (s *Source) discover(ctx context.Context) (*provider, error) {
	if p := s.provider.Load(); p != nil && time.Now().Before(p.until) {
		return p, nil
	}
	// The issuer is pinned; no resource is asked who its servers are.
	found, err := s.flows.Discover(ctx, flows.DiscoverRequest{URL: s.cfg.Issuer, Issuer: s.cfg.Issuer})
	if err != nil {
		return nil, err
	}
	auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{Client: s.cfg.client(), Server: found.Server, Key: s.cfg.ClientKey})
	if err != nil {
		return nil, err
	}
	server, err := s.flows.Server(flows.ServerRequest{Metadata: found.Server, Resource: s.cfg.Issuer})
	if err != nil {
		return nil, err
	}
	if server.Metadata.JWKSURI == "" {
		return nil, &flows.MissingEndpointError{Endpoint: "jwks_uri"}
	}
	p := &provider{
		found: found, auth: auth, endpoints: flows.Endpoints(found.Server, auth.MutualTLS()),
		server: server, until: time.Now().Add(providerLife),
	}
	s.provider.Store(p)
	return p, nil
}

// ownsRefreshToken: a refresh token is shown to nobody but its issuer, by the
// client that it was issued to (BIND-1).
func (p *provider) ownsRefreshToken(rec *gen.SessionRecord) bool {
	return rec != nil && !rec.Deleted && rec.RefreshToken != "" &&
		rec.Issuer == p.found.Server.Issuer && rec.Client != nil && rec.Client.ClientID == p.auth.ClientID
}
