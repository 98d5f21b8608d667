// Source: the sign-on of one user, always fresh.

package oidclogin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// Source keeps one user signed on at one identity provider. All its methods may
// be called by several goroutines at once. Close it when it is no longer used.
type Source struct {
	cfg      Config
	flows    *flows.Client
	store    sdk.Store
	provider atomic.Pointer[provider] // nil until it was discovered

	life context.Context //nolint:containedctx // the life of flights, which ends with Close
	end  context.CancelFunc

	mu      sync.Mutex // guards what follows; never held over I/O
	closed  bool
	flights sync.WaitGroup
	flight  *flight
	failed  failure
	current *gen.SessionRecord // immutable; nil before the first flight
	unsaved *gen.SessionRecord // one that the store did not take
}

// New checks the configuration and returns a source. It sends nothing and reads
// nothing: the first Subject does.
func New(cfg Config) (*Source, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s := &Source{cfg: cfg, store: cfg.Store}
	if s.store == nil {
		s.store = sdk.NewMemoryStore()
	}
	s.flows = &flows.Client{
		HTTP: cfg.HTTPClient, Trace: cfg.Trace,
		AllowInsecureHTTP: cfg.AllowInsecureHTTP, AllowPrivateNetworks: cfg.AllowPrivateNetworks, AllowNetworks: cfg.AllowNetworks,
	}
	if cfg.PKCEUnadvertised {
		s.flows.PKCEUnadvertised = []string{cfg.Issuer}
	}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Subject returns the user's ID token, for [sdk.EnterpriseManaged]. A token that
// is kept is returned at once; one that is due is renewed with the refresh
// token; without one the user signs on in the browser. That happens once for all
// callers, and, with a Store that has locks, for all processes: a caller whose
// ctx ends leaves with a [*sdk.PendingError], and the next one joins.
//
// Other errors are an [*IDTokenError]; those of package flows; what the
// Authorizer returned; an [*sdk.StoreError], after which the token is usable in
// this process. One that only a human can mend ([sdk.NeedsHuman]) is given again
// for 30 s without another prompt, unless [Source.Login] is called.
func (s *Source) Subject(ctx context.Context) (flows.SubjectToken, error) {
	rec, err := s.acquire(ctx, false)
	if err != nil {
		return flows.SubjectToken{}, err
	}
	return flows.SubjectToken{Token: rec.IDToken, Type: flows.TypeIDToken}, nil
}

// Login signs the user on in the browser, whatever is kept: after the provider
// no longer takes the ID token, or to change the user. It waits as Subject does.
func (s *Source) Login(ctx context.Context) error {
	_, err := s.acquire(ctx, true)
	return err
}

// Logout revokes the refresh token where the provider offers that (RFC 7009),
// and forgets the sign-on here and in the store whether or not it worked; its
// error then says what did not. It does not end the user's session at the
// provider, nor tokens that MCP servers issued: see sdk.Client.Logout.
func (s *Source) Logout(ctx context.Context) error {
	ctx = flows.WithResource(ctx, s.cfg.Issuer)
	rec, err := s.load(ctx)
	if err != nil {
		return err
	}
	revoked := s.revoke(ctx, rec)
	for err == nil && rec != nil && !rec.Deleted {
		// A record that another process wrote meanwhile goes as well.
		rec, err = s.save(ctx, &gen.SessionRecord{Deleted: true, Issuer: rec.Issuer, Subject: rec.Subject}, rec.Generation)
	}
	return errors.Join(err, revoked)
}

func (s *Source) revoke(ctx context.Context, rec *gen.SessionRecord) error {
	if rec == nil || rec.RefreshToken == "" {
		return nil
	}
	p, err := s.discover(ctx)
	if err != nil || p.endpoints.Revocation == "" {
		return err
	}
	return s.flows.Revoke(ctx, flows.RevokeRequest{
		Endpoint: p.endpoints.Revocation, Auth: p.auth.AtRevocation(p.found.Server),
		Resource: s.cfg.Issuer, RefreshToken: rec.RefreshToken,
	})
}

// EnterpriseManaged returns the grant for sdk.Config.Grant: the provider's token
// endpoint, which is discovered, the client there, and this source's Subject.
// Nobody is asked yet. An error is that of the discovery.
func (s *Source) EnterpriseManaged(ctx context.Context) (sdk.EnterpriseManaged, error) {
	p, err := s.discover(flows.WithResource(ctx, s.cfg.Issuer))
	if err != nil {
		return sdk.EnterpriseManaged{}, err
	}
	return sdk.EnterpriseManaged{IdentityProvider: p.endpoints.Token, Auth: p.auth, Subject: s.Subject, Interactive: true}, nil
}

// Close ends what is under way and waits for it. Subject then fails with
// [sdk.ErrClosed] when it would need a new token. The store is the caller's to
// close.
func (s *Source) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.flights.Wait()
	s.flows.CloseIdleConnections()
	return nil
}

// Format prints issuer and client, and no token, under every verb.
func (s *Source) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "oidclogin source for client %s at %s", printable(s.cfg.ClientID), printable(s.cfg.Issuer))
}

// fresh says that a record's ID token can be used and is not due.
func (s *Source) fresh(rec *gen.SessionRecord) bool {
	return s.usable(rec) && time.Now().Before(s.cfg.renewAt(rec.IssuedAt, rec.ExpiresAt))
}

// usable says that a record's ID token is this client's and has not ended.
func (s *Source) usable(rec *gen.SessionRecord) bool {
	return rec != nil && !rec.Deleted && rec.IDToken != "" && time.Now().Before(rec.ExpiresAt)
}
