// Hold: the store's lock while a token is renewed or a human signs on.

package oidclogin

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

const unlockTimeout = 5 * time.Second

// hold is a store's lock that renews itself until it is released. A store
// without locks gives one that excludes nobody.
type hold struct {
	lock sdk.Lock // nil without locks
	stop context.CancelFunc
	done sync.WaitGroup
}

// hold takes the lock that all processes with this store share.
func (s *Source) hold(ctx context.Context) (*hold, error) {
	locker, ok := s.store.(sdk.Locker)
	if !ok {
		return &hold{}, nil
	}
	lock, err := locker.Lock(ctx, s.key())
	if errors.Is(err, errors.ErrUnsupported) {
		return &hold{}, nil
	}
	if err != nil {
		return nil, &sdk.StoreError{Op: "lock", Err: err}
	}
	h := &hold{lock: lock}
	if !lock.Expires().IsZero() {
		var renewing context.Context
		renewing, h.stop = context.WithCancel(context.WithoutCancel(ctx))
		h.done.Go(func() { h.renew(renewing) })
	}
	return h, nil
}

// renew keeps a lease alive while a human signs on. It gives up when the lock is
// lost: what is written then is fenced by its generation.
func (h *hold) renew(ctx context.Context) {
	ticker := time.NewTicker(sdk.LockLease / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := h.lock.Renew(ctx); errors.Is(err, sdk.ErrLockLost) {
			return
		}
	}
}

// lasts makes sure that the lock outlasts d.
func (h *hold) lasts(ctx context.Context, d time.Duration) error {
	if h.lock == nil {
		return nil
	}
	if until := h.lock.Expires(); until.IsZero() || time.Until(until) > d {
		return nil
	}
	if err := h.lock.Renew(ctx); err != nil {
		return &sdk.StoreError{Op: "lock", Err: err}
	}
	return nil
}

// release frees the lock, also when the flight's time is up.
func (h *hold) release(ctx context.Context) {
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
