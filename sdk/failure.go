// Failure: a terminal failure that is given again without a new attempt.

package sdk

import (
	"context"
	"errors"
	"time"
)

// failure is the end of a flight that only a human can mend (AUTHZ-14). It is
// immutable; the pointer to the latest is guarded by its owner's mutex.
type failure struct {
	err        error
	until      time.Time
	generation int64
	challenge  string // its fingerprint, "" for none
	stepUp     bool
	asked      bool     // a new grant was tried
	next       *failure // one of another challenge
}

// failureMemory is how long a terminal failure is remembered: long enough for a
// client library's own retries, short enough for a human's.
const failureMemory = 30 * time.Second

// maxFailures is how many challenges a session's failures are remembered for: a
// resource that asks for another scope at each operation has a few.
const maxFailures = 8

// remember keeps a terminal failure; a passing one is worth another try, and
// the failure of a flight that could not ask a human says nothing. One that was
// recalled does not last longer for that. The caller holds the mutex.
func (s *session) remember(f *flight) {
	if f.need.silent || f.need.beside || !NeedsHuman(f.err) {
		return
	}
	out := &failure{
		err: f.err, until: time.Now().Add(failureMemory), challenge: fingerprint(f.need),
		generation: f.seen, stepUp: f.need.stepUp, asked: f.asked,
	}
	if consent, ok := errors.AsType[*ConsentRequiredError](f.err); ok {
		out.until = consent.Consent.ExpiresAt
	}
	if f.recalled != nil {
		out.until, out.asked = f.recalled.until, f.recalled.asked
	}
	if snap := s.snap.Load(); snap != nil {
		out.generation = max(out.generation, snap.generation)
	}
	out.next = s.failed.kept(maxFailures-1, func(old *failure) bool {
		return old.challenge != out.challenge && time.Now().Before(old.until)
	})
	s.failed = out
}

// remembered returns the failure that still holds for n: not once the store
// holds something newer, and not while a refresh may do without the human who
// said no.
func (s *session) remembered(ctx context.Context, n need) error {
	failed := s.recall(n)
	if failed == nil {
		return nil
	}
	rec, err := s.load(ctx)
	switch {
	case err == nil && rec != nil && rec.Generation > failed.generation:
		s.publish(rec)
		s.forget(rec.Generation)
		return nil
	case err == nil && (s.meets(n, rec) || failed.asked && n.refreshes(rec)):
		return nil
	}
	return failed.err
}

// recall returns the latest failure that answers n; none answers a login that
// the caller asked for, nor a caller that wants no human.
func (s *session) recall(n need) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n.login || n.silent {
		return nil
	}
	for f := s.failed; f != nil; f = f.next {
		if f.answers(n) && time.Now().Before(f.until) {
			return f
		}
	}
	return nil
}

// answers tells whether n asks for nothing but what has failed. A login is
// asked for by the end of a token as well as by a 401, with a challenge or
// without: only a challenge that differs from another is a new one. A step-up is
// always asked for by its challenge.
func (f *failure) answers(n need) bool {
	challenge := fingerprint(n)
	return f.challenge == challenge || f.stepUp == n.stepUp && (f.challenge == "" || challenge == "")
}

// forget drops the failures that are older than generation.
func (s *session) forget(generation int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = s.failed.kept(maxFailures, func(f *failure) bool { return f.generation >= generation })
}

// kept returns a copy of those that keep chooses, the latest ones.
func (f *failure) kept(most int, keep func(*failure) bool) *failure {
	switch {
	case f == nil || most == 0:
		return nil
	case !keep(f):
		return f.next.kept(most, keep)
	}
	out := *f
	out.next = f.next.kept(most-1, keep)
	return &out
}

// fingerprint tells one challenge from another by what it asks for; "" is none.
// That a token was not good is no demand: a request without one gets no error
// code (RFC 6750 §3.1) and needs the same login.
//
// https://www.rfc-editor.org/rfc/rfc6750.html#section-3.1
func fingerprint(n need) string {
	if n.challenge == nil {
		return ""
	}
	code := n.challenge.ErrorCode()
	if code == "invalid_token" {
		code = ""
	}
	return hash(code, n.challenge.ResourceMetadata(), n.challenge.Params["scope"])
}
