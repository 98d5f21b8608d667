// Refresh: a new access token without a human.

package sdk

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// errGrantEnded means that the refresh token is spent, and that the record
// without tokens has been written.
var errGrantEnded = errors.New("sdk: the refresh token is no longer valid")

// refresh trades the refresh token of old for a new token, once among all
// processes that share the store: lock, read again, trade only if nobody else
// has, write, unlock (REF-5). With errGrantEnded the record that is left is
// returned too.
func (s *session) refresh(ctx context.Context, f *flight, old *gen.SessionRecord) (*gen.SessionRecord, error) {
	lock, err := s.lock(ctx, s.key)
	if err != nil {
		return nil, err
	}
	defer unlock(ctx, lock)

	// Whoever held the lock before may have refreshed or logged out.
	rec, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if rec == nil || rec.RefreshToken == "" {
		return rec, errGrantEnded
	}
	if rec.Generation != old.Generation && f.need.metBy(rec) {
		return rec, nil
	}
	// The answer must be written while the lock lasts.
	if err := s.holdFor(ctx, lock); err != nil {
		return nil, err
	}
	f.refreshed = true
	token, err := s.flows.Refresh(ctx, s.refreshRequest(rec))
	if err != nil {
		return s.refreshFailed(ctx, rec, err)
	}
	return s.save(ctx, renewed(rec, token), rec.Generation)
}

// holdFor makes sure that the lock outlasts one token leg.
func (s *session) holdFor(ctx context.Context, lock Lock) error {
	until := lock.Expires()
	if until.IsZero() || time.Until(until) > s.flows.TokenTimeout() {
		return nil
	}
	if err := lock.Renew(ctx); err != nil {
		return &StoreError{Op: "lock", Err: err}
	}
	return nil
}

func (s *session) refreshRequest(rec *gen.SessionRecord) flows.RefreshRequest {
	return flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: rec.TokenEndpoint,
			Auth: flows.ClientAuth{
				ClientID: rec.Client.ClientID, Secret: rec.Client.ClientSecret, Method: rec.TokenEndpointAuthMethod,
			},
			Resource: s.cfg.resourceParameter(rec.Issuer, rec.Resource),
			Scope:    flows.SplitScope(rec.Scope),
			Params:   s.cfg.TokenParams,
		},
		RefreshToken: rec.RefreshToken,
		SendScope:    s.cfg.ScopeOnRefresh,
	}
}

// refreshFailed keeps everything unless the server said that this refresh
// token is over (REF-6).
func (s *session) refreshFailed(ctx context.Context, rec *gen.SessionRecord, err error) (*gen.SessionRecord, error) {
	var refusal *flows.TokenError
	if !errors.As(err, &refusal) || !refusal.Final() {
		return nil, err
	}
	ended := *rec
	ended.AccessToken, ended.RefreshToken, ended.IDToken = "", "", ""
	if refusal.ClientRejected() && s.cfg.Credentials == nil {
		// The server forgot the client too: register again (REG-8).
		ended.Client = nil
		if err := s.saveClient(ctx, rec.Issuer, nil); err != nil {
			return nil, err
		}
	}
	left, err := s.save(ctx, &ended, rec.Generation)
	if err != nil {
		return nil, err
	}
	s.log("the refresh token was rejected", "code", refusal.Code)
	return left, errGrantEnded
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
