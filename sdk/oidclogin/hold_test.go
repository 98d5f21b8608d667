// Stores whose locks have a lease, or that have none.

package oidclogin_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/oidclogin"
)

// leaseStore has locks that are nearly over.
type leaseStore struct {
	*sdk.MemoryStore
	locking error
	renewal error

	renewed, unlocked atomic.Int32
}

func (s *leaseStore) Lock(context.Context, string) (sdk.Lock, error) {
	if s.locking != nil {
		return nil, s.locking
	}
	return leaseLock{s}, nil
}

type leaseLock struct{ store *leaseStore }

func (l leaseLock) Expires() time.Time { return time.Now().Add(time.Second) }

func (l leaseLock) Renew(context.Context) error {
	l.store.renewed.Add(1)
	return l.store.renewal
}

func (l leaseLock) Unlock(context.Context) error {
	l.store.unlocked.Add(1)
	return nil
}

// REF-5: no refresh token is spent when the answer could not be written under
// the lock. A login needs none that lasts: its record is fenced.
func TestLease(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{})
	store := &leaseStore{MemoryStore: sdk.NewMemoryStore()}
	keep := func(c *oidclogin.Config) { c.Store = store }
	wantToken(t, w.source(t, keep))
	wantToken(t, w.source(t, keep, due))
	if store.renewed.Load() != 1 || store.unlocked.Load() != 2 {
		t.Errorf("renewed %d times, unlocked %d times", store.renewed.Load(), store.unlocked.Load())
	}
	var lost *sdk.StoreError
	store.renewal = sdk.ErrLockLost
	if _, err := w.source(t, keep, due).Subject(t.Context()); !errors.As(err, &lost) || lost.Op != "lock" || !errors.Is(err, sdk.ErrLockLost) {
		t.Errorf("lost: %v", err)
	}
	store.locking = errors.New("lock service is away")
	if err := w.source(t, keep).Login(t.Context()); !errors.As(err, &lost) {
		t.Errorf("no lock: %v", err)
	}
	w.wantCounts(t, 1, map[string]int{"token:refresh_token": 1})
	store.locking = errors.ErrUnsupported
	wantToken(t, w.source(t, keep, due))
	w.wantCounts(t, 1, map[string]int{"token:refresh_token": 2})
}
