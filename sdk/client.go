// The client: one subject at one resource.

package sdk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// Client keeps one subject authorized at one resource. All its methods may be
// called by several goroutines at once. Close it when it is no longer used.
type Client struct {
	session *session
	owner   bool // of the core; a pool's clients are not
}

// New checks the configuration and returns a client. It sends nothing and reads
// nothing: the first request does.
//
// An error names the field that is to be mended. For a URL that package validate
// refuses it is a [*validate.URLError]; the others have no type.
func New(cfg Config) (*Client, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	t, err := newTarget(&cfg, cfg.Resource)
	if err != nil {
		return nil, err
	}
	return &Client{session: &session{core: newCore(&cfg), target: t, subject: cfg.Subject}, owner: true}, nil
}

func newTarget(cfg *Config, resource string) (*target, error) {
	covers, err := newCoverage(resource, cfg.Paths)
	if err != nil {
		return nil, err
	}
	return &target{url: resource, covers: covers}, nil
}

// HTTPClient returns an HTTP client whose requests to the resource are
// authorized. Other requests pass bare. It has no timeout, since MCP streams
// are long: bound requests with their context. Each call returns a new one
// with the same session.
func (c *Client) HTTPClient() *http.Client {
	client := &http.Client{}
	if own := c.session.cfg.HTTPClient; own != nil {
		client.Jar, client.CheckRedirect = own.Jar, own.CheckRedirect
	}
	client.Transport = &Transport{Client: c}
	return client
}

// Token is an access token to be shown to the resource. It prints redacted.
type Token struct {
	// AccessToken is the bare token.
	AccessToken gen.Secret
	// TokenType is the scheme of the Authorization header.
	TokenType string
	// ExpiresAt is zero when the server did not say.
	ExpiresAt time.Time
	// Scope is what was granted; nil when that is not known.
	Scope []string
}

// Token returns a token that is good for the configured resource, refreshed if
// it is due. It never asks a human: without a session it is ErrNotAuthorized.
// While the store is away it is the token that requests go on with.
func (c *Client) Token(ctx context.Context) (*Token, error) {
	snap, err := c.session.ready(ctx, true, new(Round))
	if err != nil {
		return nil, err
	}
	if snap.authorization() == "" || snap.expired(time.Now().UnixNano()) {
		// Another process may have logged in since.
		f, err := c.session.acquire(ctx, need{rejected: snap.authorization(), silent: true})
		if err != nil {
			return nil, err
		}
		snap = f.snap
	}
	rec, err := c.session.load(ctx)
	if storeAway(err) && snap.authorization() != "" {
		return snap.token(), nil
	}
	if err != nil {
		return nil, forCaller(ctx, err)
	}
	switch authorizationOf(rec) {
	case "":
		return nil, ErrNotAuthorized // logged out meanwhile
	case snap.authorization():
	default:
		c.session.publish(rec) // another process has got a newer one
	}
	return &Token{
		AccessToken: rec.AccessToken, TokenType: rec.TokenType,
		ExpiresAt: rec.ExpiresAt, Scope: flows.SplitScope(rec.Scope),
	}, nil
}

// Login authorizes anew, with a human, whatever the session holds. It waits
// until that is done or ctx ends; a login then goes on, and the next request
// joins it. The error of a failed login is not remembered against a new one.
func (c *Client) Login(ctx context.Context) error {
	snap, err := c.session.current(ctx)
	if err != nil {
		return err
	}
	_, err = c.session.acquire(ctx, need{login: true, rejected: snap.authorization()})
	return err
}

// Logout revokes the session's tokens where the server offers that (RFC 7009),
// and forgets them here and in the store whether or not it worked; its error
// then says what did not. What is left is a tombstone of a higher generation,
// so that a process that was stalled in the middle of a refresh cannot bring
// the tokens back; nor does Logout wait for it, but for a write of the record
// that has begun, some seconds at most. When the record cannot be read nothing
// is done, and when the tombstone cannot be written the tokens are forgotten
// here only: the error is a [*StoreError], and Logout is to be called again. The
// registration is kept.
func (c *Client) Logout(ctx context.Context) error {
	s := c.session
	if _, ok := s.cfg.Grant.(StaticBearer); ok {
		return errors.New("sdk: logout: a static token is the configuration's to take back")
	}
	first, err := s.load(ctx)
	if err != nil {
		return forCaller(ctx, err)
	}
	revoked := s.revoke(ctx, first)
	for rec := first; rec != nil && (!rec.Deleted || s.isUnsaved(rec)); {
		// A record that another process wrote meanwhile goes as well, and a
		// tombstone that the store did not take is written again.
		before := rec.Generation
		if rec, err = s.save(ctx, tombstone(rec), before); err != nil {
			break
		}
		if !rec.Deleted && rec.Generation <= before {
			err = &StoreError{Op: "write", Err: ErrStale} // it takes nothing that follows what it has
			break
		}
	}
	if first != nil && first.Deleted {
		s.publish(first) // another process logged out before
	}
	return errors.Join(err, revoked)
}

// revoke ends the tokens of rec at their server, if it has an endpoint for it.
func (s *session) revoke(ctx context.Context, rec *gen.SessionRecord) error {
	if rec == nil || rec.Deleted || rec.RevocationEndpoint == "" || rec.Client == nil {
		return nil
	}
	ctx = flows.WithResource(ctx, s.target.url)
	_, err := s.asClient(ctx, rec, func(rec *gen.SessionRecord) error {
		return s.flows.Revoke(ctx, flows.RevokeRequest{
			Endpoint: rec.RevocationEndpoint, Auth: s.revocationAuthOf(rec), Resource: s.target.url,
			RefreshToken: rec.RefreshToken, AccessToken: rec.AccessToken,
		})
	})
	return err
}

// tombstone keeps what is no secret: whose session it was, and the issuer that
// its client id is bound to (BIND-2).
func tombstone(rec *gen.SessionRecord) *gen.SessionRecord {
	gone := &gen.SessionRecord{
		Deleted: true, Issuer: rec.Issuer, ResourceURL: rec.ResourceURL,
		Subject: rec.Subject, ClientName: rec.ClientName,
	}
	if rec.Client != nil {
		gone.Client = &gen.ClientInformation{ClientID: rec.Client.ClientID}
	}
	return gone
}

// Close ends what is under way and waits for it; a refresh that the server may
// have acted on already is finished. Requests fail with ErrClosed
// when they would need a new token; the store is the caller's to close. For a
// client of a [Pool] it does nothing: close the pool. After it Login, Begin,
// Finish and Server return ErrClosed; Logout and the methods about the
// registration work as before.
func (c *Client) Close() error {
	if c.owner {
		c.session.close()
	}
	return nil
}

// refreshBeside starts a refresh and does not wait for it: the request at hand
// has a working token (REF-8). A failure is the business of the request that
// finds the token due.
func (s *session) refreshBeside(snap *snapshot) {
	if _, early := s.failing(); !early {
		_, _, _ = s.board(need{rejected: snap.authorization(), silent: true, ahead: true})
	}
}

// mayWait says that a request whose token is due waits for the refresh: not
// while a human is busy, who may take longer than the token lasts (AUTHZ-12),
// and not for a server or a store that was away the last time (REF-6).
func (s *session) mayWait() bool {
	failing, _ := s.failing()
	return !failing && !s.asksHuman()
}

// ready returns a snapshot that is fit to be sent: the fast path is one atomic
// load and one reading of the clock. What it takes to get one counts in round.
func (s *session) ready(ctx context.Context, silent bool, round *Round) (*snapshot, error) {
	snap, err := s.current(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now().UnixNano()
	if !snap.due(now) && !snap.ahead(now) {
		return snap, nil
	}
	expired := snap.expired(now)
	if !expired && (!snap.due(now) || !s.mayWait()) {
		s.refreshBeside(snap)
		return snap, nil
	}
	f, err := s.acquire(ctx, need{rejected: snap.authorization(), silent: silent})
	if err == nil {
		round.refreshed, round.authorized = f.refreshed, f.authorized
		return f.snap, nil
	}
	// The refresh did not work out, and the token still does: a server or a
	// store that is away is no reason to fail. A token that was got and not
	// written is (REF-9).
	var store *StoreError
	away := storeAway(err) || !errors.As(err, &store) && flows.IsTemporary(err)
	if !away || expired {
		return nil, err
	}
	return snap, nil
}
