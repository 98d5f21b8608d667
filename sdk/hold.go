// Hold: a store's lock for as long as a flight needs it.

package sdk

import (
	"context"
	"errors"
	"sync"
	"time"
)

// unlockTimeout bounds the return of a lock; after its lease it is free anyway.
const unlockTimeout = 5 * time.Second

// Held is a store's lock that renews itself until it is released, for adapters
// that keep state of their own in a [Store]. Its methods are for one goroutine.
type Held struct {
	lock Lock // nil without locks
	stop context.CancelFunc
	done sync.WaitGroup
}

// Hold takes the store's lock at key and waits for it as long as ctx lasts. A
// store without locks gives one that excludes nobody. The caller releases it. An
// error is a [*StoreError].
func Hold(ctx context.Context, store Store, key string) (*Held, error) {
	locker, ok := store.(Locker)
	if !ok {
		return &Held{}, nil
	}
	lock, err := locker.Lock(ctx, key)
	if errors.Is(err, errors.ErrUnsupported) {
		return &Held{}, nil
	}
	if err != nil {
		return nil, &StoreError{Op: "lock", Err: err}
	}
	h := &Held{lock: lock}
	if !lock.Expires().IsZero() {
		var renewing context.Context
		renewing, h.stop = context.WithCancel(context.WithoutCancel(ctx))
		h.done.Go(func() { h.renew(renewing) })
	}
	return h, nil
}

// renew keeps a lease alive while a human reads a consent page. It gives up
// when the lock is lost: what is written then is fenced by its generation.
func (h *Held) renew(ctx context.Context) {
	ticker := time.NewTicker(LockLease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := h.lock.Renew(ctx); errors.Is(err, ErrLockLost) {
			return
		}
	}
}

// Lasts makes sure that the lock outlasts d: nothing is started under it that
// may end after it.
func (h *Held) Lasts(ctx context.Context, d time.Duration) error {
	if h.lock == nil {
		return nil
	}
	if until := h.lock.Expires(); until.IsZero() || time.Until(until) > d {
		return nil
	}
	if err := h.lock.Renew(ctx); err != nil {
		return &StoreError{Op: "lock", Err: err}
	}
	return nil
}

// Release frees the lock, also when ctx has ended.
func (h *Held) Release(ctx context.Context) {
	if h.lock == nil {
		return
	}
	if h.stop != nil {
		h.stop()
		h.done.Wait()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTimeout)
	defer cancel()
	_ = h.lock.Unlock(ctx) // a lost lock is free already
}

// hold takes a lock of this core's store.
func (c *core) hold(ctx context.Context, key string) (*Held, error) { return Hold(ctx, c.store, key) }
