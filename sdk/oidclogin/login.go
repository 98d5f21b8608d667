// Login: from what is stored to a fresh ID token.

package oidclogin

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// errGrantEnded means that the refresh token is of no use any more.
var errGrantEnded = errors.New("oidclogin: the refresh token no longer serves")

// fly is the ladder of an acquisition: what is stored, a refresh, a human.
// forced goes to the human at once.
func (s *Source) fly(ctx context.Context, forced bool) (*gen.SessionRecord, error) {
	// 1. Another process may have signed on already.
	rec, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if !forced && s.fresh(rec) {
		return s.publish(rec), nil
	}
	// 2. Where to ask, as which client, and by which keys to judge the answer.
	p, err := s.discover(ctx)
	if err != nil {
		return nil, err
	}
	// 3. One process at a time. Whoever had the lock before may have done it.
	held, err := sdk.Hold(ctx, s.store, s.key())
	if err != nil {
		return nil, err
	}
	defer held.Release(ctx)
	if rec, err = s.load(ctx); err != nil {
		return nil, err
	}
	if !forced && s.fresh(rec) {
		return s.publish(rec), nil
	}
	// 4. A refresh needs no human.
	if !forced && p.ownsRefreshToken(rec) {
		next, err := s.refresh(ctx, p, held, rec)
		if !errors.Is(err, errGrantEnded) {
			return next, err
		}
		rec = next
	}
	// 5. The human.
	return s.login(ctx, p, rec)
}

// login is the authorization code flow of OpenID Connect. old is the record so
// far, nil without one.
//
// https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowSteps
func (s *Source) login(ctx context.Context, p *provider, old *gen.SessionRecord) (*gen.SessionRecord, error) {
	// 1. Nobody is asked in vain: without keys no answer could be judged.
	keys := p.keys(s.life)
	if err := keys.fetch(ctx); err != nil {
		return nil, err
	}
	// 2. The receiver stands, at a redirect URI that is registered.
	attempt, err := s.cfg.Authorizer.Prepare(ctx, s.cfg.RedirectURIs)
	if err != nil {
		return nil, err
	}
	defer attempt.Close()
	client, err := s.flows.ObtainClient(ctx, flows.ClientRequest{
		Discovery: p.found, RedirectURI: attempt.RedirectURI(),
		PreRegistered: s.cfg.client(), PreRegisteredIssuer: s.cfg.Issuer,
	})
	if err != nil {
		return nil, err
	}
	// 3. The request. The nonce ties the ID token to it as the state does the
	// callback.
	nonce := rand.Text()
	pending, err := s.flows.AuthorizePushed(ctx, flows.AuthorizeRequest{
		Discovery: p.found, Client: client.Information, RedirectURI: attempt.RedirectURI(),
		Scope: s.cfg.scope(), Prompt: s.cfg.Prompt, Params: s.cfg.params(nonce), Auth: p.auth,
	})
	if err != nil {
		return nil, err
	}
	// 4. The human.
	callback, err := attempt.Authorize(ctx, pending.URL)
	if err != nil {
		return nil, err
	}
	// 5. The answer is checked before its code is sent anywhere, then redeemed.
	code, err := pending.Code(callback)
	if err != nil {
		return nil, err
	}
	token, err := s.flows.ExchangeCode(ctx, flows.CodeRequest{
		TokenRequest: flows.TokenRequest{Endpoint: p.endpoints.Token, Auth: p.auth, Scope: pending.Scope},
		Code:         code, Verifier: pending.Verifier, RedirectURI: pending.RedirectURI,
	})
	if err != nil {
		return nil, err
	}
	// 6. Who is it? Nothing is kept of an answer that does not prove it.
	id, err := p.verify(ctx, keys, token, expectation{nonce: nonce, nonceRequired: true})
	if err != nil {
		return nil, err
	}
	return s.save(ctx, s.record(p, old, token, id), generation(old))
}

// refresh trades the refresh token. With errGrantEnded the record that is left
// is returned too: the provider refused it, or gave no ID token for it, which
// OpenID Connect allows.
//
// https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokens
func (s *Source) refresh(ctx context.Context, p *provider, held *sdk.Held, old *gen.SessionRecord) (*gen.SessionRecord, error) {
	want, ok := renewalOf(old.IDToken)
	if !ok {
		return old, errGrantEnded
	}
	// 1. The answer must be written while the lock lasts.
	if err := held.Lasts(ctx, s.flows.TokenTimeout()); err != nil {
		return nil, err
	}
	token, err := s.flows.Refresh(ctx, flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{Endpoint: p.endpoints.Token, Auth: p.auth, Scope: flows.SplitScope(old.Scope)},
		RefreshToken: old.RefreshToken,
	})
	var refusal *flows.TokenError
	switch {
	case errors.As(err, &refusal) && refusal.Final() && refusal.Code != "invalid_client":
		return s.refused(ctx, old)
	case err != nil:
		return nil, err
	}
	// 2. The new ID token must be about the same user, and from the same login.
	id, failure := p.verify(ctx, p.keys(s.life), token, want)
	if failure == nil {
		return s.save(ctx, s.record(p, old, token, id), old.Generation)
	}
	// 3. The old refresh token is spent. Its successor is kept, unless it came
	// with an ID token that was refused.
	left := *old
	left.RefreshToken = token.RefreshToken
	if errors.As(failure, new(*IDTokenError)) && token.IDToken != "" {
		left.RefreshToken = ""
	}
	kept, err := s.save(ctx, &left, old.Generation)
	if err == nil && errors.Is(failure, errNoIDToken) {
		return kept, errGrantEnded
	}
	return nil, errors.Join(failure, err)
}

// refused: in a store without locks another process may have been faster with
// the same refresh token.
func (s *Source) refused(ctx context.Context, old *gen.SessionRecord) (*gen.SessionRecord, error) {
	newer, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if generation(newer) > old.Generation && s.fresh(newer) {
		return s.publish(newer), nil
	}
	return newer, errGrantEnded
}

// record is the successor of old with what an answer brought. Members that a
// newer version of this module wrote are kept.
func (s *Source) record(p *provider, old *gen.SessionRecord, token *flows.Token, id *identity) *gen.SessionRecord {
	rec := &gen.SessionRecord{
		Issuer: p.found.Server.Issuer, Subject: s.cfg.Subject, Client: &gen.ClientInformation{ClientID: s.cfg.ClientID},
		IDToken: token.IDToken, RefreshToken: token.RefreshToken,
		Scope: strings.Join(token.Scope, " "), RequestedScope: strings.Join(s.cfg.scope(), " "),
		IssuedAt: token.IssuedAt.UTC(), ExpiresAt: id.expiry.UTC(),
	}
	if old != nil {
		rec.Extra = old.Extra
	}
	return rec
}

func generation(rec *gen.SessionRecord) int64 {
	if rec == nil {
		return 0
	}
	return rec.Generation
}
