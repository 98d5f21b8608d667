// Refresh: a new access token without a human.

package sdk

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// errGrantEnded means that the refresh token is spent and the record without
// tokens written, or that the resource has left the token's issuer.
var errGrantEnded = errors.New("sdk: the refresh token is no longer valid")

// refreshTimeout bounds a refresh, the wait for the store's lock included. A
// holder that hangs is not waited for as long as for a human.
const refreshTimeout = time.Minute

// renew refreshes after a 401, or before the token's end. Beside a 401's refresh
// the resource's metadata is read again: when it names another authorization
// server by now, tokens of the old one are not for it any more (DISC-17, BIND-1).
func (s *session) renew(ctx context.Context, f *flight, rec *gen.SessionRecord) (*gen.SessionRecord, error) {
	if err := s.backingOff(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	answer := make(chan bool, 1)
	s.flights.Go(func() { answer <- s.moved(ctx, f, rec) })
	moved := sync.OnceValue(func() bool { return <-answer })
	next, err := s.refresh(ctx, f, rec, moved)
	if moved() {
		s.log("the resource has moved to another authorization server", "resource", s.target.url)
		return rec, errGrantEnded
	}
	return next, err
}

// moved tells whether the resource's metadata no longer names the issuer of
// rec. A failure to read it says nothing (BIND-5).
func (s *session) moved(ctx context.Context, f *flight, rec *gen.SessionRecord) bool {
	if f.need.rejected == "" || f.need.requestURL == "" || s.cfg.Issuer != "" || s.cfg.Metadata != nil {
		return false
	}
	doc, err := s.flows.ResourceMetadata(ctx, s.discoverRequest(f, rec))
	if err != nil || doc == nil {
		return false
	}
	for _, issuer := range doc.AuthorizationServers {
		if validate.SameIssuer(rec.Issuer, issuer) || s.cfg.IssuerAliases[issuer] == rec.Issuer {
			return false
		}
	}
	return true
}

// refresh trades the refresh token of old for a new token, once among all
// processes that share the store: lock, read again, trade only if nobody else
// has, write, unlock (REF-5). What a server gives that the resource has left is
// not kept. With errGrantEnded the record that is left is returned too.
func (s *session) refresh(ctx context.Context, f *flight, old *gen.SessionRecord, moved func() bool) (*gen.SessionRecord, error) {
	lock, err := s.hold(ctx, s.key())
	if err != nil {
		return nil, err
	}
	defer lock.Release(ctx)

	// Whoever held the lock before may have refreshed or logged out.
	rec, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if rec != nil && rec.Generation != old.Generation && s.meets(f.need, rec) {
		return rec, nil
	}
	if rec == nil || rec.RefreshToken == "" || rec.Client == nil {
		return rec, errGrantEnded
	}
	token, rec, err := s.trade(ctx, f, lock, rec)
	// The refresh token may be spent: neither Close nor the end of the wait for
	// the lock cuts off what follows.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return s.refreshFailed(ctx, f, rec, err)
	}
	if moved() {
		return rec, errGrantEnded
	}
	return s.save(ctx, renewed(rec, token), rec.Generation)
}

// trade sends the refresh token of rec, and returns the record with the client
// that it was sent by.
func (s *session) trade(ctx context.Context, f *flight, lock *Held, rec *gen.SessionRecord) (token *flows.Token, used *gen.SessionRecord, err error) {
	used, err = s.asClient(ctx, rec, func(rec *gen.SessionRecord) error {
		// The answer must be written while the lock lasts.
		if err := lock.Lasts(ctx, s.flows.TokenTimeout()); err != nil {
			return err
		}
		request, err := s.refreshRequest(rec)
		if err != nil {
			return err
		}
		f.refreshed = true
		// Nothing cuts the answer off. It takes TokenTimeout at most.
		token, err = s.flows.Refresh(context.WithoutCancel(ctx), request)
		s.countFailure(err)
		return err
	})
	return token, used, err
}

func (s *session) refreshRequest(rec *gen.SessionRecord) (flows.RefreshRequest, error) {
	request, err := s.tokenRequest(rec, s.cfg.resourceParameter(rec.Issuer, rec.Resource), flows.SplitScope(rec.Scope))
	return flows.RefreshRequest{
		TokenRequest: request, RefreshToken: rec.RefreshToken, SendScope: s.cfg.ScopeOnRefresh,
	}, err
}

// refreshFailed keeps everything unless the server said that this refresh
// token is over (REF-6). Then the store is read once more: in one without locks
// another process may have been faster with the same token.
func (s *session) refreshFailed(ctx context.Context, f *flight, rec *gen.SessionRecord, err error) (*gen.SessionRecord, error) {
	if !s.endsGrant(err) {
		return nil, err
	}
	refusal, _ := errors.AsType[*flows.TokenError](err)
	if newer, err := s.load(ctx); err != nil {
		return nil, err
	} else if newer != nil && newer.Generation > rec.Generation && authorizationOf(newer) != "" {
		return newer, nil
	}
	ended := *rec
	ended.RefreshToken = ""
	if !f.need.ahead {
		ended.AccessToken, ended.IDToken = "", ""
	}
	if refusal.ClientRejected() {
		// The server forgot the client too: register again (REG-8).
		ended.Client = nil
		if err := s.dropClient(ctx, rec.Issuer, rec.Client); err != nil {
			return nil, err
		}
	}
	left, err := s.save(ctx, &ended, rec.Generation)
	if err != nil {
		return nil, err
	}
	if left.RefreshToken != "" {
		return left, nil // somebody else's newer token stood in the way
	}
	s.log("the refresh token was rejected", "resource", s.target.url, "code", refusal.Code)
	return left, errGrantEnded
}

// endsGrant: the server will not take this refresh token again. A rejected
// client says nothing about it when the configured credentials, which are the
// user's to mend, are to blame (REG-8).
func (s *session) endsGrant(err error) bool {
	refusal, ok := errors.AsType[*flows.TokenError](err)
	return ok && refusal.Final() && (!refusal.ClientRejected() || s.cfg.Credentials == nil)
}

// renewed is the successor of rec with a new token. What the answer left out
// carries over (REF-3).
func renewed(rec *gen.SessionRecord, token *flows.Token) *gen.SessionRecord {
	next := *rec
	setToken(&next, token)
	return &next
}

func setToken(rec *gen.SessionRecord, token *flows.Token) {
	rec.Deleted = false
	rec.AccessToken, rec.TokenType = token.AccessToken, token.TokenType
	rec.RefreshToken = token.RefreshToken
	if token.IDToken != "" {
		rec.IDToken = token.IDToken
	}
	rec.Scope = strings.Join(token.Scope, " ")
	rec.IssuedAt, rec.ExpiresAt = token.IssuedAt, token.ExpiresAt
}
