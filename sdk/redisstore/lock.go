// Lock: a name in Redis that expires.

package redisstore

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// A lock that is held is tried again: soon at first, because a refresh holds it for the time of one request, and ever
// less often, because a person holds it for minutes.
const (
	firstLockDelay = 5 * time.Millisecond
	lastLockDelay  = 250 * time.Millisecond
)

// abandonTimeout bounds the return of a lock that nobody waits for any more; after its lease it is free anyway.
const abandonTimeout = 10 * time.Second

// lock is a lock that is held, or was.
type lock struct {
	store *Store
	key   string
	token string // tells this holder from all others

	mu    sync.Mutex // guards what follows; never held over the network
	until time.Time
	over  bool // freed or lost
	freed bool
}

// Lock implements [sdk.Locker]. The lock has a lease of [sdk.LockLease].
func (s *Store) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	l := &lock{store: s, key: key, token: rand.Text()}
	for delay := firstLockDelay; ; delay = min(2*delay, lastLockDelay) {
		held, err := l.take(ctx)
		if err != nil {
			return nil, err
		}
		if held {
			return l, nil
		}
		wait := delay/2 + mathrand.N(delay/2) //nolint:gosec // jitter is no secret
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take tries once. The lock is not held when the answer came so late that the lease is over.
func (l *lock) take(ctx context.Context) (bool, error) {
	held, err := l.extend(ctx, command{op: "lock", script: lockScript, late: l.abandon})
	return held && time.Now().Before(l.Expires()), err
}

// abandon gives back a lock that may have been taken by a command without an answer.
func (l *lock) abandon() {
	ctx, cancel := context.WithTimeout(context.Background(), abandonTimeout)
	defer cancel()
	_ = l.Unlock(ctx) // after its lease it is free anyway
}

// Expires implements [sdk.Lock].
func (l *lock) Expires() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// Renew implements [sdk.Lock].
func (l *lock) Renew(ctx context.Context) error {
	l.mu.Lock()
	over := l.over
	l.mu.Unlock()
	if over {
		return sdk.ErrLockLost
	}
	held, err := l.extend(ctx, command{op: "renew", script: renewScript})
	if err != nil {
		return err
	}
	if !held {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.over = true
		return sdk.ErrLockLost
	}
	return nil
}

// Unlock implements [sdk.Lock].
func (l *lock) Unlock(ctx context.Context) error {
	l.mu.Lock()
	freed := l.freed
	l.freed, l.over = true, true
	l.mu.Unlock()
	if freed {
		return nil
	}
	reply, err := l.store.run(ctx, command{
		op: "unlock", key: l.key, script: unlockScript, name: l.store.lockName(l.key), args: []any{l.token},
	})
	if err == nil && reply != done {
		return sdk.ErrLockLost
	}
	return err
}

// extend begins the lease, or begins it anew, from the time before Redis is asked.
func (l *lock) extend(ctx context.Context, c command) (bool, error) {
	before := time.Now().Round(0) // without monotonic reading: a suspended machine counts
	s := l.store
	c.key, c.name, c.args = l.key, s.lockName(l.key), []any{l.token, s.lease.Milliseconds()}
	reply, err := s.run(ctx, c)
	if err != nil || reply != done {
		return false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := before.Add(s.lease); until.After(l.until) {
		l.until = until
	}
	return true, nil
}
