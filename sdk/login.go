// Login: a new authorization, with a human in it.

package sdk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// login is one acquisition of a new grant under way: filled from top to bottom.
type login struct {
	*session
	flight *flight
	old    *gen.SessionRecord // the record so far, nil without one

	found       *flows.Discovery
	redirectURI string // of the authorization code grant
	identity    *flows.ClientIdentity
	auth        flows.ClientAuth
	dpop        *flows.DPoP // nil for bearer tokens
	scope       []string
	pending     *flows.Pending // of the authorization code grant
}

// authorize gets a new grant by an authorization code. rec is the session's
// record so far, nil without one: its client, its issuer and the scopes it
// accumulated are kept.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-flow-steps
func (s *session) authorize(ctx context.Context, f *flight, rec *gen.SessionRecord) (*gen.SessionRecord, error) {
	// 1. One login at a time; another process may have done it meanwhile.
	l, lock, err := s.startLogin(ctx, f, rec)
	if err != nil {
		return nil, err
	}
	defer lock.Release(ctx)
	if s.meets(f.need, l.old) {
		return l.old, nil
	}
	// 2. Which authorization server, and may it be asked again?
	if err := l.locate(ctx); err != nil {
		return nil, err
	}
	// 3. Without an authorizer somebody else brings the human.
	if s.cfg.Authorizer == nil {
		return nil, l.requireConsent(ctx)
	}
	// 4. The human; once more with a new client if the server forgot the old one.
	next, err := l.run(ctx)
	if l.clientForgotten(err) {
		if err := l.forgetClient(ctx); err != nil {
			return nil, err
		}
		next, err = l.run(ctx)
	}
	if contradicts(err) {
		s.docs.drop(ctx, l.found)
	}
	return next, err
}

// startLogin takes the lock that all processes with this store share, and reads
// the record again under it. The caller releases the lock.
func (s *session) startLogin(ctx context.Context, f *flight, rec *gen.SessionRecord) (*login, *Held, error) {
	// Whoever holds it may be waiting for a human.
	s.waitsForHuman(f, s.cfg.Grant == nil || s.cfg.Grant.asksHuman())
	lock, err := s.hold(ctx, "login/"+hash(s.key()))
	s.waitsForHuman(f, false)
	if err != nil {
		return nil, nil, err
	}
	newer, err := s.load(ctx)
	if err != nil {
		lock.Release(ctx)
		return nil, nil, err
	}
	if newer == nil {
		newer = rec
	}
	f.saw(newer)
	return &login{session: s, flight: f, old: newer}, lock, nil
}

// run is one login from the receiver of the answer to the stored token.
func (l *login) run(ctx context.Context) (*gen.SessionRecord, error) {
	// 1. The receiver stands before its URI is registered.
	attempt, err := l.cfg.Authorizer.Prepare(ctx, l.registeredURIs(ctx))
	if err != nil {
		return nil, err
	}
	defer attempt.Close()
	// 2. Who asks, and what for.
	if err := l.begin(ctx, attempt.RedirectURI()); err != nil {
		return nil, err
	}
	// 3. The human.
	l.waitsForHuman(l.flight, true)
	callback, err := attempt.Authorize(ctx, l.pending.URL)
	l.waitsForHuman(l.flight, false)
	if err != nil {
		return nil, err
	}
	// 4. The answer is checked before its code is sent anywhere, then redeemed.
	a, err := l.answer()
	if err != nil {
		return nil, err
	}
	return a.finish(ctx, l.session, callback)
}

// begin gets a client id and prepares the authorization request.
func (l *login) begin(ctx context.Context, redirectURI string) error {
	l.redirectURI = redirectURI
	var err error
	if l.identity, err = l.obtainClient(ctx); err != nil {
		return err
	}
	if err := l.prepare(); err != nil {
		return err
	}
	request := flows.AuthorizeRequest{
		Discovery: l.found, Client: l.identity.Information, RedirectURI: redirectURI,
		Resource: l.cfg.resourceParameter(l.found.Server.Issuer, l.found.Resource),
		Scope:    l.scope,
		Prompt:   l.cfg.Prompt, Params: l.cfg.AuthorizationParams,
		Auth: l.auth, Push: l.cfg.PushAuthorization,
	}
	if l.dpop != nil {
		request.DPoPKey = l.dpop.Key
	}
	l.pending, err = l.flows.AuthorizePushed(ctx, request)
	return err
}

// selectScope chooses what to ask for; the caller's function has the last word.
func (l *login) selectScope() []string {
	in := flows.ScopeRequest{
		Challenge: l.flight.need.challenge.Scope(), ResourceMetadata: l.found.ResourceMetadata, Server: l.found.Server,
		Refreshes: l.cfg.refreshes(), OfflineAccess: l.cfg.OfflineAccess,
	}
	if l.old != nil {
		in.Requested, in.Granted = flows.SplitScope(l.old.RequestedScope), flows.SplitScope(l.old.Scope)
	}
	in.Selected = flows.SelectScope(in)
	if l.cfg.Scope != nil {
		return l.cfg.Scope(in)
	}
	return in.Selected
}

// refreshes: client metadata of the caller's own may leave the grant out, and a
// grant without a human is repeated rather than refreshed (RFC 6749 §4.4.3).
func (c *Config) refreshes() bool {
	if c.Grant != nil && !c.Grant.asksHuman() {
		return false
	}
	m := c.ClientMetadata
	return m == nil || m.GrantTypes == nil || slices.Contains(m.GrantTypes, flows.GrantRefreshToken)
}

// locate finds the authorization server, and ends a step-up that is not to be.
func (l *login) locate(ctx context.Context) error {
	var err error
	if l.found, err = l.discover(ctx, l.flight, l.old); err != nil {
		return err
	}
	return l.mayStepUp()
}

// discover finds the authorization server.
func (s *session) discover(ctx context.Context, f *flight, rec *gen.SessionRecord) (*flows.Discovery, error) {
	found, err := s.flows.Discover(ctx, s.discoverRequest(f, rec))
	if err != nil {
		return nil, err
	}
	for _, warning := range found.Warnings {
		if warning.Severity >= validate.SeverityWarning && !s.expects(warning.Rule) {
			s.log("authorization metadata breaks a rule", "resource", s.target.url, "issuer", found.Server.Issuer,
				"rule", string(warning.Rule), "member", warning.Pointer, "detail", warning.Detail)
		}
	}
	return found, nil
}

// expects says that a violation is no news: without AllowInsecureHTTP plain http
// is accepted on loopback hosts only, which is what a test server is.
func (c *core) expects(rule validate.Rule) bool {
	return len(c.cfg.AllowInsecureHTTP) == 0 && (rule == validate.RuleInsecureHTTP || rule == validate.RulePRMInsecureHTTP)
}

// discoverRequest: after a 401 to a token the resource is asked again which
// servers it trusts; a token's end and a step-up are no news of another one.
func (s *session) discoverRequest(f *flight, rec *gen.SessionRecord) flows.DiscoverRequest {
	in := flows.DiscoverRequest{
		URL: s.target.url, RequestURL: f.need.requestURL, Challenge: f.need.challenge,
		Reload:       f.need.rejected != "" && f.need.requestURL != "" && !f.need.stepUp,
		SelectIssuer: s.cfg.SelectIssuer, Issuer: s.cfg.Issuer, Metadata: s.cfg.Metadata,
		IssuerAliases: s.cfg.IssuerAliases, Covers: s.cfg.Covers, NoLegacy: s.cfg.NoLegacy,
	}
	if rec != nil {
		in.BoundIssuer = rec.Issuer
	}
	if s.cfg.Credentials != nil && s.cfg.Credentials.Issuer != "" {
		in.BoundIssuer = s.cfg.Credentials.Issuer
	}
	return in
}

// contradicts: the server's answers do not fit its metadata; what is cached of
// it may be out of date. A human's no, and a network's, say nothing about it.
func contradicts(err error) bool {
	var denied *flows.AuthorizationError
	var store *StoreError
	switch {
	case nothingThere(err):
		return true
	case err == nil, errors.As(err, &store), errors.Is(err, ErrNoCallback), flows.IsTemporary(err):
		return false
	case errors.As(err, &denied):
		return denied.Code != "access_denied"
	}
	return true
}

// nothingThere: an endpoint has gone from where the metadata says it is.
func nothingThere(err error) bool {
	var token *flows.TokenError
	var registration *flows.RegistrationError
	var endpoint *flows.EndpointError
	status := 0
	switch {
	case errors.As(err, &token):
		status = token.StatusCode
	case errors.As(err, &registration):
		status = registration.StatusCode
	case errors.As(err, &endpoint):
		status = endpoint.StatusCode
	}
	return status == http.StatusNotFound || status == http.StatusMethodNotAllowed || status == http.StatusGone
}

// tokenRequest is what the token requests of this login share.
func (l *login) tokenRequest() flows.TokenRequest {
	return flows.TokenRequest{
		Endpoint: l.endpoints().Token, Auth: l.auth, DPoP: l.dpop,
		Resource: l.cfg.resourceParameter(l.found.Server.Issuer, l.found.Resource),
		Scope:    l.scope, Params: l.cfg.TokenParams,
	}
}

// record is the session's next record, without tokens. Members of the present
// one that a newer version of this module wrote are kept.
func (l *login) record() (*gen.SessionRecord, error) {
	server, endpoints := l.found.Server, l.endpoints()
	key, err := l.cfg.storedKey(l.dpop)
	if err != nil {
		return nil, err
	}
	rec := &gen.SessionRecord{
		ResourceURL: l.target.url, Resource: l.found.Resource,
		Subject: l.subject, ClientName: l.cfg.clientName(),
		Issuer: server.Issuer, IssParameterSupported: server.AuthorizationResponseIssParameterSupported,
		AuthorizationEndpoint: server.AuthorizationEndpoint, TokenEndpoint: endpoints.Token,
		RevocationEndpoint: endpoints.Revocation, RegistrationEndpoint: endpoints.Registration,
		TokenEndpointAuthMethod: l.auth.Method, Client: l.identity.Information,
		RequestedScope: strings.Join(l.scope, " "), DPoPKey: key,
	}
	if method := l.auth.AtRevocation(server).Method; method != l.auth.Method {
		rec.RevocationEndpointAuthMethod = method
	}
	if l.old != nil {
		rec.Extra = l.old.Extra
	}
	return rec, nil
}

// generation is that of the record so far.
func (l *login) generation() int64 {
	if l.old == nil {
		return 0
	}
	return l.old.Generation
}

// answer is what a login becomes when its answer comes.
func (l *login) answer() (*answer, error) {
	rec, err := l.record()
	if err != nil {
		return nil, err
	}
	return &answer{pending: l.pending, rec: rec, old: l.generation()}, nil
}

// answer redeems an authorization response, in this process or another.
type answer struct {
	pending *flows.Pending
	rec     *gen.SessionRecord // the session's next record, without tokens
	old     int64              // the generation it succeeds
}

// finish checks the answer, redeems its code and stores the token.
func (a *answer) finish(ctx context.Context, s *session, callback string) (*gen.SessionRecord, error) {
	code, err := a.pending.Code(callback)
	if err != nil {
		return nil, err
	}
	var token *flows.Token
	a.rec, err = s.asClient(ctx, a.rec, func(rec *gen.SessionRecord) error {
		request, err := s.tokenRequest(rec, a.pending.Resource, a.pending.Scope)
		if err != nil {
			return err
		}
		token, err = s.flows.ExchangeCode(ctx, flows.CodeRequest{
			TokenRequest: request,
			Code:         code, Verifier: a.pending.Verifier, RedirectURI: a.pending.RedirectURI,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	setToken(a.rec, token)
	return s.saveGrant(ctx, a.rec, a.old)
}

// tokenRequest is a request to the token endpoint of the issuer to which rec
// belongs.
func (s *session) tokenRequest(rec *gen.SessionRecord, resource string, scope []string) (flows.TokenRequest, error) {
	proof, err := s.proofOf(rec)
	return flows.TokenRequest{
		Endpoint: rec.TokenEndpoint, Auth: s.authOf(rec), DPoP: proof,
		Resource: resource, Scope: scope, Params: s.cfg.TokenParams,
	}, err
}
