// Login: a new authorization, with a human in it.

package sdk

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// authorize gets a new grant. rec is the session's record so far, nil without
// one: its client, its issuer and the scopes it accumulated are kept.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-flow-steps
func (s *session) authorize(ctx context.Context, f *flight, rec *gen.SessionRecord) (*gen.SessionRecord, error) {
	// 1. One login at a time among all processes that share the store.
	lock, err := s.lock(ctx, "login/"+hash(s.key))
	if err != nil {
		return nil, err
	}
	defer unlock(ctx, lock)
	if newer, err := s.load(ctx); err != nil {
		return nil, err
	} else if f.need.metBy(newer) {
		return newer, nil
	} else if newer != nil {
		rec = newer
	}
	// 2. Which authorization server, and may it be asked again?
	found, err := s.discover(ctx, f, rec)
	if err != nil {
		return nil, err
	}
	if err := s.mayStepUp(f, found, rec); err != nil {
		return nil, err
	}
	// 3. Without an authorizer somebody else brings the human.
	if s.cfg.Authorizer == nil {
		return nil, s.requireConsent(ctx, f, found, rec)
	}
	// 4. The receiver of the answer stands before its URI is registered.
	stored := s.storedClient(ctx, found.Server.Issuer, rec)
	attempt, err := s.cfg.Authorizer.Prepare(ctx, s.registeredURIs(stored))
	if err != nil {
		return nil, err
	}
	defer attempt.Close() //nolint:errcheck // the answer is in hand or will not come
	// 5. Who asks, and what for.
	l, err := s.begin(ctx, f, found, rec, stored, attempt.RedirectURI())
	if err != nil {
		return nil, err
	}
	// 6. The human.
	callback, err := attempt.Authorize(ctx, l.pending.URL)
	if err != nil {
		return nil, err
	}
	// 7. The answer is checked before its code is sent anywhere, then redeemed.
	return s.finish(ctx, l, callback)
}

// login is an authorization request under way and what its answer becomes.
type login struct {
	pending *flows.Pending
	auth    flows.ClientAuth
	rec     gen.SessionRecord // the successor, without tokens
	old     int64             // the generation it succeeds
}

// discover finds the authorization server. A step-up is no news of another
// one: what discovery found last serves it.
func (s *session) discover(ctx context.Context, f *flight, rec *gen.SessionRecord) (*flows.Discovery, error) {
	s.mu.Lock()
	last := s.discovery
	s.mu.Unlock()
	if f.need.stepUp && last != nil && rec != nil && rec.Issuer == last.Server.Issuer {
		return last, nil
	}
	in := flows.DiscoverRequest{
		URL: s.cfg.Resource, RequestURL: f.need.requestURL, Challenge: f.need.challenge,
		SelectIssuer: s.cfg.SelectIssuer, Issuer: s.cfg.Issuer, Metadata: s.cfg.Metadata,
		IssuerAliases: s.cfg.IssuerAliases, Covers: s.cfg.Covers, NoLegacy: s.cfg.NoLegacy,
	}
	if rec != nil {
		in.BoundIssuer = rec.Issuer
	}
	if s.cfg.Credentials != nil && s.cfg.Credentials.Issuer != "" {
		in.BoundIssuer = s.cfg.Credentials.Issuer
	}
	found, err := s.flows.Discover(ctx, in)
	if err != nil {
		return nil, err
	}
	for _, warning := range found.Warnings {
		s.log("metadata", "rule", string(warning.Rule), "member", warning.Pointer, "detail", warning.Detail)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.discovery = found
	return found, nil
}

// storedClient returns the registration made earlier with issuer, nil without.
func (s *session) storedClient(ctx context.Context, issuer string, rec *gen.SessionRecord) *gen.ClientInformation {
	if rec != nil && rec.Client != nil && rec.Issuer == issuer {
		return rec.Client
	}
	value, err := s.store.Get(ctx, clientKey(issuer, s.cfg.clientName()))
	if err != nil {
		return nil // none, or none to be had: a new registration does no harm
	}
	client, err := decodeRecord(value, gen.DecodeClientRecord)
	if err != nil || client.Deleted || client.Issuer != issuer {
		return nil
	}
	return client.Client
}

func (s *session) registeredURIs(stored *gen.ClientInformation) []string {
	if s.cfg.Credentials != nil {
		return s.cfg.Credentials.RedirectURIs
	}
	if stored != nil {
		return stored.RedirectURIs
	}
	return nil
}

// begin gets a client id, chooses the scope and prepares the request.
func (s *session) begin(ctx context.Context, f *flight, found *flows.Discovery, rec *gen.SessionRecord,
	stored *gen.ClientInformation, redirectURI string,
) (*login, error) {
	identity, err := s.flows.ObtainClient(ctx, flows.ClientRequest{
		Discovery: found, RedirectURI: redirectURI,
		PreRegistered: s.cfg.preRegistered(), PreRegisteredIssuer: s.boundIssuer(rec),
		Stored: stored, StoredIssuer: found.Server.Issuer,
		ClientIDMetadataURL: s.cfg.ClientIDMetadataURL,
		Metadata:            s.cfg.registration(redirectURI),
	})
	if err != nil {
		return nil, err
	}
	if identity.Source == flows.ClientDynamic {
		if err := s.saveClient(ctx, identity.Issuer, identity.Information); err != nil {
			return nil, err
		}
	}
	method, err := flows.SelectAuthMethod("", identity.Information, found.Server)
	if err != nil {
		return nil, err
	}
	pending, err := s.flows.Authorize(flows.AuthorizeRequest{
		Discovery: found, Client: identity.Information, RedirectURI: redirectURI,
		Resource: s.cfg.resourceParameter(found.Server.Issuer, found.Resource),
		Scope:    s.scope(f, found, rec),
		Prompt:   s.cfg.Prompt, Params: s.cfg.AuthorizationParams,
	})
	if err != nil {
		return nil, err
	}
	return s.newLogin(found, identity, method, pending, rec), nil
}

// boundIssuer is the issuer that pre-registered credentials belong to: the
// configured one, else the first that they were used with (BIND-2).
func (s *session) boundIssuer(rec *gen.SessionRecord) string {
	credentials := s.cfg.Credentials
	switch {
	case credentials == nil:
		return ""
	case credentials.Issuer != "":
		return credentials.Issuer
	case rec != nil && rec.Client != nil && rec.Client.ClientID == credentials.ClientID:
		return rec.Issuer
	}
	return ""
}

// scope chooses what to ask for; the caller's function has the last word.
func (s *session) scope(f *flight, found *flows.Discovery, rec *gen.SessionRecord) []string {
	in := flows.ScopeRequest{
		Challenge: f.need.challenge.Scope(), ResourceMetadata: found.ResourceMetadata, Server: found.Server,
		Refreshes: s.refreshes(), OfflineAccess: s.cfg.OfflineAccess,
	}
	if rec != nil {
		in.Requested, in.Granted = flows.SplitScope(rec.RequestedScope), flows.SplitScope(rec.Scope)
	}
	in.Selected = flows.SelectScope(in)
	if s.cfg.Scope != nil {
		return s.cfg.Scope(in)
	}
	return in.Selected
}

// refreshes: client metadata of the caller's own may leave the grant out.
func (s *session) refreshes() bool {
	m := s.cfg.ClientMetadata
	if m == nil || m.GrantTypes == nil {
		return true
	}
	for _, grant := range m.GrantTypes {
		if grant == flows.GrantRefreshToken {
			return true
		}
	}
	return false
}

// saveClient keeps a registration for other sessions and later processes; a nil
// client leaves a tombstone in its place.
func (s *session) saveClient(ctx context.Context, issuer string, client *gen.ClientInformation) error {
	key := clientKey(issuer, s.cfg.clientName())
	generation := int64(1)
	if value, err := s.store.Get(ctx, key); err == nil {
		old, err := decodeRecord(value, gen.DecodeClientRecord)
		if err != nil {
			return err
		}
		generation = old.Generation + 1
	}
	err := put(ctx, s.store, key, generation, &gen.ClientRecord{
		Version: recordVersion, Generation: generation, Deleted: client == nil, Issuer: issuer,
		ClientName: s.cfg.clientName(), RegisteredAt: time.Now().UTC(), Client: client,
	})
	if err != nil && !errors.Is(err, ErrStale) {
		return &StoreError{Op: "write", Err: err}
	}
	return nil
}

// newLogin makes the session record that a successful answer will complete.
func (s *session) newLogin(found *flows.Discovery, identity *flows.ClientIdentity, method string,
	pending *flows.Pending, rec *gen.SessionRecord,
) *login {
	l := &login{pending: pending, auth: flows.ClientAuth{
		ClientID: identity.Information.ClientID, Secret: identity.Information.ClientSecret, Method: method,
	}}
	if rec != nil {
		l.old = rec.Generation
		l.rec.Extra = rec.Extra // members of a newer version of this module
	}
	server := found.Server
	l.rec.ResourceURL, l.rec.Resource = s.cfg.Resource, found.Resource
	l.rec.Subject, l.rec.ClientName = s.cfg.Subject, s.cfg.clientName()
	l.rec.Issuer, l.rec.IssParameterSupported = server.Issuer, server.AuthorizationResponseIssParameterSupported
	l.rec.AuthorizationEndpoint, l.rec.TokenEndpoint = server.AuthorizationEndpoint, server.TokenEndpoint
	l.rec.RevocationEndpoint, l.rec.RegistrationEndpoint = server.RevocationEndpoint, server.RegistrationEndpoint
	l.rec.TokenEndpointAuthMethod, l.rec.Client = method, identity.Information
	l.rec.RequestedScope = strings.Join(pending.Scope, " ")
	return l
}

// finish checks the answer, redeems its code and stores the token.
func (s *session) finish(ctx context.Context, l *login, callback string) (*gen.SessionRecord, error) {
	code, err := l.pending.Code(callback)
	if err != nil {
		return nil, err
	}
	token, err := s.flows.ExchangeCode(ctx, flows.CodeRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: l.rec.TokenEndpoint, Auth: l.auth,
			Resource: l.pending.Resource, Scope: l.pending.Scope, Params: s.cfg.TokenParams,
		},
		Code: code, Verifier: l.pending.Verifier, RedirectURI: l.pending.RedirectURI,
	})
	if err != nil {
		return nil, err
	}
	setToken(&l.rec, token)
	return s.save(ctx, &l.rec, l.old)
}
