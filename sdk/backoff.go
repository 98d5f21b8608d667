// Back-off: a server or a store that does not answer is not asked by every request.

package sdk

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
)

// The bounds of the wait after a failed refresh: the first repetition is nearly
// free, a server that stays down is asked twice a minute.
const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// backoff is the wait after failures that may pass. It is immutable; the
// pointer to it is guarded by its owner's mutex, and nil without a failure.
type backoff struct {
	failures int
	until    time.Time
	err      error
}

// waits says that it is too early for another try.
func (b *backoff) waits() bool { return b != nil && time.Now().Before(b.until) }

// after returns the wait that follows one more failure. Waits are jittered by
// half, so that a fleet does not come back at once; what the server asked for is
// the least.
func (b *backoff) after(err error) *backoff {
	next := &backoff{failures: 1, err: err}
	if b != nil {
		next.failures = b.failures + 1
	}
	wait := min(minBackoff<<min(next.failures-1, 10), maxBackoff)
	wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // jitter is no secret
	next.until = time.Now().Add(max(wait, min(flows.RetryAfter(err), maxBackoff)))
	return next
}

// backingOff returns the server's last failure while its wait lasts.
func (s *session) backingOff() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retry.waits() {
		return s.retry.err
	}
	return nil
}

// countFailure starts or lengthens the wait after a failure that leaves the
// refresh token as it is, and ends it after anything else.
func (s *session) countFailure(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || s.endsGrant(err) {
		s.retry = nil
		return
	}
	s.retry = s.retry.after(err)
}

// countStore does the same for the store that a flight found away. Requests
// whose token works do not wait for it then; the others do, since they have
// nothing to go on with and cost no server a request. The caller holds the mutex.
func (s *session) countStore(err error) {
	switch {
	case err == nil:
		s.away, s.retry = nil, nil
	case storeAway(err):
		s.away = s.away.after(err)
	}
}

// storeAway: the store could not be read or locked. A token that was got and
// not written is another matter (REF-9).
func storeAway(err error) bool {
	failed, ok := errors.AsType[*StoreError](err)
	return ok && failed.Op != "write"
}

// failing says that the last refresh did not work out, and early that it is too
// early for another.
func (s *session) failing() (failing, early bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retry != nil || s.away != nil, s.retry.waits() || s.away.waits()
}
