// Flight: the one acquisition under way for a session.

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
}

// flight is one acquisition. Its result fields are written before done is
// closed and read after.
type flight struct {
	need       need
	done       chan struct{}
	snap       *snapshot
	refreshed  bool
	asked      bool // a new grant was tried
	authorized bool
	err        error
}

// failure is a terminal failure that is given again without a new attempt
// (AUTHZ-14).
type failure struct {
	err        error
	until      time.Time
	generation int64
	challenge  string
	next       *failure // one of another challenge
}

// failureMemory is how long a terminal failure is remembered: long enough for a
// client library's own retries, short enough for a human's.
const failureMemory = 30 * time.Second

// maxFailures is how many challenges a session's failures are remembered for: a
// resource that asks for another scope at each operation has a few.
const maxFailures = 8

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
		if mine || f.serves(n) {
			return f, f.err
		}
	}
}

// board returns the flight under way, or a new one.
func (s *session) board(n need) (f *flight, mine bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight != nil {
		return s.flight, false, nil
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
	s.flight = f
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
	s.flight = nil
	if f.err == nil {
		s.failed = nil
	} else if failed := s.remember(f); failed != nil {
		failed.next = s.failed.others(failed.challenge, maxFailures-1)
		s.failed = failed
	}
	close(f.done)
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
	if s.meets(f.need, rec) {
		s.decided(ctx, "stored token", "another flight or process has got it")
		return s.publish(rec), nil
	}
	// 2. A refresh needs no human. It never stands in for a step-up (STEP-6).
	if rec != nil && rec.RefreshToken != "" && !f.need.stepUp && !f.need.noRefresh && !f.need.login {
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
	// 3. A new grant: with a human, unless the caller forbids it.
	acquire := s.authorize
	if s.cfg.Grant != nil {
		acquire = s.runGrant
	}
	if f.need.silent && (s.cfg.Grant == nil || s.cfg.Grant.asksHuman()) {
		return nil, ErrNotAuthorized
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

// remember keeps a terminal failure; a passing one is worth another try, and
// the failure of a flight that could not ask a human says nothing.
func (s *session) remember(f *flight) *failure {
	if f.err == nil || f.need.silent || !NeedsHuman(f.err) {
		return nil
	}
	out := &failure{err: f.err, until: time.Now().Add(failureMemory), challenge: fingerprint(f.need)}
	if consent, ok := errors.AsType[*ConsentRequiredError](f.err); ok {
		out.until = consent.Consent.ExpiresAt
	}
	if snap := s.snap.Load(); snap != nil {
		out.generation = snap.generation
	}
	return out
}

// remembered returns the failure that still holds for n: not for a login that
// the caller asked for, not for another challenge, and not once the store
// holds something newer.
func (s *session) remembered(ctx context.Context, n need) error {
	s.mu.Lock()
	latest := s.failed
	s.mu.Unlock()
	if latest == nil || n.login || n.silent {
		return nil
	}
	failed := latest.about(fingerprint(n))
	if failed == nil || time.Now().After(failed.until) {
		return nil
	}
	if rec, err := s.load(ctx); err == nil && rec != nil && rec.Generation > failed.generation {
		s.publish(rec)
		s.forget(latest)
		return nil
	}
	return failed.err
}

func (s *session) forget(failed *failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed == nil || s.failed == failed {
		s.failed = nil
	}
}

// about returns the failure that followed a challenge, nil without one.
func (f *failure) about(challenge string) *failure {
	for ; f != nil; f = f.next {
		if f.challenge == challenge {
			return f
		}
	}
	return nil
}

// others returns a copy of the failures that still hold for other challenges,
// the latest ones.
func (f *failure) others(challenge string, most int) *failure {
	if f == nil || most == 0 {
		return nil
	}
	if f.challenge == challenge || time.Now().After(f.until) {
		return f.next.others(challenge, most)
	}
	kept := *f
	kept.next = f.next.others(challenge, most-1)
	return &kept
}

// fingerprint tells one challenge from another.
func fingerprint(n need) string {
	if n.challenge == nil {
		return ""
	}
	return hash(n.challenge.ErrorCode(), n.challenge.ResourceMetadata(), n.challenge.Params["scope"])
}
