// Flight: the one acquisition under way for a session, and the refresh that may go beside it.

package sdk

import (
	"context"
	"errors"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// need is what a request wants of a flight.
type need struct {
	rejected   string           // the Authorization value to be replaced; "" for none
	challenge  *flows.Challenge // of the response, nil without one
	requestURL string           // the URL that was challenged
	stepUp     bool             // the token lacks scope
	operation  string           // of the step-up
	noRefresh  bool             // this request has had its refresh
	login      bool             // the caller asked for a human
	silent     bool             // the caller does not want a human
	ahead      bool             // nobody waits: the present token still works
	dpop       bool             // the resource offers nothing but DPoP
	beside     bool             // a human is busy with another flight already
}

// flight is one acquisition. Its result fields are written before done is
// closed and read after.
type flight struct {
	need       need
	done       chan struct{}
	human      bool // it waits for a human; its session's mutex guards it
	snap       *snapshot
	refreshed  bool
	seen       int64    // the latest generation that it read
	asked      bool     // a new grant was tried
	recalled   *failure // the flight ended with it
	authorized bool
	err        error
}

// errHumanBusy ends a flight beside another one that a human is busy with: what
// it needs is what that one is going to bring.
var errHumanBusy = errors.New("sdk: a human is busy with a login already")

// acquire waits for a flight that serves n, and starts one if none is under
// way. The flight does not end with ctx: its result is kept, and the next
// request joins it.
func (s *session) acquire(ctx context.Context, n need) (*flight, error) {
	for {
		if err := s.remembered(ctx, n); err != nil {
			return nil, err
		}
		f, mine, err := s.board(n)
		if err != nil {
			return nil, err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, &PendingError{Resource: s.target.url, Err: ctx.Err()}
		}
		if errors.Is(f.err, errHumanBusy) {
			n.noRefresh = true // so wait for the human
			continue
		}
		if mine || f.serves(n) {
			return f, f.err
		}
	}
}

// board returns the flight under way, or a new one. While one waits for a human,
// who may take longer than the token lasts, a refresh goes beside it: it needs
// neither the human nor the lock of the login. What it writes does not stand in
// the way of what the human grants (saveGrant).
func (s *session) board(n need) (f *flight, mine bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slot := &s.flight
	if s.flight != nil && s.flight.human && !n.login && !n.stepUp && !n.noRefresh {
		slot, n.beside = &s.beside, true
	}
	if *slot != nil {
		return *slot, false, nil
	}
	if n.stepUp {
		if err := s.bookStepUp(n); err != nil {
			return nil, false, err
		}
	}
	f = &flight{need: n, done: make(chan struct{})}
	if err := s.start(func() { s.run(f) }); err != nil {
		return nil, false, err
	}
	*slot = f
	return f, true, nil
}

func (s *session) run(f *flight) {
	ctx, cancel := context.WithTimeout(s.life, s.cfg.loginTimeout())
	defer cancel()
	f.snap, f.err = s.fly(flows.WithResource(ctx, s.target.url), f)
	if s.life.Err() != nil && errors.Is(f.err, context.Canceled) {
		f.err = ErrClosed // no waiter's own context has ended
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == f {
		s.flight = s.beside // it is under way alone now
	}
	s.beside = nil
	s.countStore(f.err)
	if f.err == nil {
		s.failed = nil
	} else {
		s.remember(f)
	}
	close(f.done)
}

// saw notes what the flight has gone by.
func (f *flight) saw(rec *gen.SessionRecord) {
	if rec != nil {
		f.seen = max(f.seen, rec.Generation)
	}
}

// waitsForHuman notes that a flight begins to wait for a human, or ends it.
func (s *session) waitsForHuman(f *flight, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.human = waits
}

// asksHuman: the flight under way is one that the present token need not wait for.
func (s *session) asksHuman() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flight != nil && (s.flight.need.login || s.flight.need.stepUp)
}

// serves tells a waiter whether the flight was about what it needs.
func (f *flight) serves(n need) bool {
	switch {
	case f.err != nil && f.need.silent && !n.silent:
		return false // that one was not allowed to ask a human
	case f.err != nil:
		// A login that the caller asked for is not over because a refresh is.
		return f.need.stepUp == n.stepUp && (f.asked || !n.login)
	case n.stepUp:
		return f.need.stepUp && flows.CoversScope(f.need.challenge.Scope(), n.challenge.Scope())
	case n.login:
		return f.authorized
	}
	return f.snap.authorization() != n.rejected
}

// fly is the ladder of an acquisition: what another has got, a refresh, a human.
func (s *session) fly(ctx context.Context, f *flight) (*snapshot, error) {
	// 1. Another process, or a flight that just ended, may have it already.
	rec, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	f.saw(rec)
	if s.meets(f.need, rec) {
		s.decided(ctx, "stored token", "another flight or process has got it")
		return s.publish(rec), nil
	}
	// 2. A refresh needs no human.
	if f.need.refreshes(rec) {
		s.decided(ctx, "refresh", f.need.reason())
		rec, err = s.renew(ctx, f, rec)
		if err == nil {
			return s.publish(rec), nil
		}
		if !errors.Is(err, errGrantEnded) {
			return nil, err
		}
	}
	if _, ok := s.cfg.Grant.(StaticBearer); ok {
		return nil, ErrStaticRejected
	}
	if f.need.beside {
		return nil, errHumanBusy
	}
	// 3. A new grant: with a human, unless the caller forbids it.
	acquire := s.authorize
	if s.cfg.Grant != nil {
		acquire = s.runGrant
	}
	if f.need.silent && (s.cfg.Grant == nil || s.cfg.Grant.asksHuman()) {
		return nil, ErrNotAuthorized
	}
	if f.recalled = s.recall(f.need); f.recalled != nil {
		return nil, f.recalled.err
	}
	s.decided(ctx, "login", f.need.reason())
	f.asked = true
	rec, err = acquire(ctx, f, rec)
	if rec == nil {
		return nil, err
	}
	f.authorized = true
	return s.publish(rec), err
}

// refreshes tells whether a refresh of rec may serve n. It never stands in for a
// step-up (STEP-6).
func (n need) refreshes(rec *gen.SessionRecord) bool {
	return rec != nil && rec.RefreshToken != "" && !n.stepUp && !n.noRefresh && !n.login
}

// meets tells whether a stored record already is what the flight is for. One
// that is older than what this process has seen, in a store that was rolled
// back, is not.
func (s *session) meets(n need, rec *gen.SessionRecord) bool {
	if snap := s.snap.Load(); rec != nil && snap != nil && rec.Generation < snap.generation {
		return false
	}
	have := authorizationOf(rec)
	if have == "" || have == n.rejected || n.login {
		return false
	}
	if !rec.ExpiresAt.IsZero() && !time.Now().Before(rec.ExpiresAt) {
		return false
	}
	return !n.stepUp || flows.CoversScope(flows.SplitScope(rec.RequestedScope), n.challenge.Scope())
}

// reason says in a few words why a flight is under way.
func (n need) reason() string {
	switch {
	case n.login:
		return "the caller asked for it"
	case n.stepUp:
		return "the resource wants more scope"
	case n.rejected == "":
		return "there is no token"
	case n.requestURL != "":
		return "the resource rejected the token"
	}
	return "the token is due"
}

// decided reports what the session does next.
func (s *session) decided(ctx context.Context, outcome, reason string) {
	s.flows.Decided(ctx, "session", s.target.url, outcome, reason)
}
