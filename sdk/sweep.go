// Sweep: records of logins that are over go, where the store keeps them for ever.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

const (
	// sweepInterval is the time between two sweeps of a core.
	sweepInterval = 10 * time.Minute
	// sweepGrace is how long the record of a login outlasts its end: a process
	// that was stopped in the middle of a Finish finds that its answer was taken,
	// and clocks may differ.
	sweepGrace = time.Hour
	// sweepLimit bounds what one sweep deletes. After as many the next login
	// sweeps again, so that any rate of logins is kept up with.
	sweepLimit = 256
	// sweepTimeout bounds a sweep.
	sweepTimeout = 10 * time.Second
)

// sweepLater removes records of logins that are over, on its own: the login that
// begins does not wait for it.
func (c *core) sweepLater() {
	now, last := time.Now().Unix(), c.swept.Load()
	if now-last < int64(sweepInterval/time.Second) || !c.swept.CompareAndSwap(last, now) {
		return
	}
	_ = c.start(c.sweep) // a core that is closed has nothing to sweep for
}

// sweep is one sweep. What it cannot do another one will.
func (c *core) sweep() {
	ctx, cancel := context.WithTimeout(c.life, sweepTimeout)
	defer cancel()
	n, err := c.deletePending(ctx, time.Now().Add(-sweepGrace))
	if n > 0 {
		c.flows.Decided(ctx, "store", "pending", "deleted", fmt.Sprintf("%d logins are over", n))
	}
	if err != nil && c.life.Err() == nil && !errors.Is(err, errors.ErrUnsupported) {
		c.log("records of logins that are over could not be deleted", "error", err)
	}
	if n == sweepLimit {
		c.swept.Store(0)
	}
}

// deletePending deletes records of logins that ended before a time, some of them
// when there are many, and returns how many. A replay of such a login's answer
// is refused as before: its state is unknown.
func (c *core) deletePending(ctx context.Context, before time.Time) (n int, err error) {
	for key, err := range keysOf(ctx, c.store, "pending/") {
		if err != nil {
			return n, err
		}
		if !c.endedBefore(ctx, key, before) {
			continue
		}
		if err := c.store.Delete(ctx, key); err != nil {
			return n, err
		}
		if n++; n == sweepLimit {
			break
		}
	}
	return n, nil
}

// endedBefore: a record that cannot be read, or does not say when the login
// ends, is left as it is.
func (c *core) endedBefore(ctx context.Context, key string, before time.Time) bool {
	value, err := c.store.Get(ctx, key)
	if err != nil {
		return false
	}
	rec, err := decodeRecord(value, gen.DecodePendingRecord)
	return err == nil && !rec.ExpiresAt.IsZero() && rec.ExpiresAt.Before(before)
}
