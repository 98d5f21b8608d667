// Back-off: a server that does not answer is not asked by every request.

package sdk

import (
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

// backoff is the wait after failures that may pass. Its owner's mutex guards it.
type backoff struct {
	failures int
	until    time.Time
	err      error
}

// backingOff returns the last failure while its wait lasts.
func (s *session) backingOff() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retry != nil && time.Now().Before(s.retry.until) {
		return s.retry.err
	}
	return nil
}

// countFailure starts or lengthens the wait after a failure that leaves the
// refresh token as it is, and ends it after anything else. Waits are jittered
// by half, so that a fleet does not come back at once; what the server asked
// for is the least.
func (s *session) countFailure(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || s.endsGrant(err) {
		s.retry = nil
		return
	}
	next := &backoff{failures: 1, err: err}
	if s.retry != nil {
		next.failures = s.retry.failures + 1
	}
	wait := min(minBackoff<<min(next.failures-1, 10), maxBackoff)
	wait = wait/2 + rand.N(wait/2+1) //nolint:gosec // jitter is no secret
	next.until = time.Now().Add(max(wait, min(flows.RetryAfter(err), maxBackoff)))
	s.retry = next
}
