// Locks: sdk.Locker.

package storetest

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// locker returns store as an sdk.Locker, or skips.
func locker(tb testing.TB, store sdk.Store) sdk.Locker {
	tb.Helper()
	l, ok := store.(sdk.Locker)
	if !ok {
		tb.Skip("the store is no sdk.Locker")
	}
	return l
}

// lock takes the lock at key, or skips where the store says that it has none.
func lock(tb testing.TB, store sdk.Store, key string) sdk.Lock {
	tb.Helper()
	l := locker(tb, store)
	ctx, cancel := within(tb)
	defer cancel()
	held, err := l.Lock(ctx, key)
	if errors.Is(err, errors.ErrUnsupported) {
		tb.Skipf("the store has no locks: %v", err)
	}
	if err != nil {
		tb.Fatalf("Lock(%q): %v", key, err)
	}
	return held
}

func unlock(tb testing.TB, held sdk.Lock) {
	tb.Helper()
	ctx, cancel := within(tb)
	defer cancel()
	if err := held.Unlock(ctx); err != nil {
		tb.Fatalf("Unlock: %v", err)
	}
}

// wantHeld fails unless somebody else has the lock at key.
func wantHeld(tb testing.TB, store sdk.Store, key string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), glance)
	defer cancel()
	if _, err := locker(tb, store).Lock(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
		tb.Fatalf("Lock(%q) of a lock that is held: error %v, want context.DeadlineExceeded", key, err)
	}
}

// REF-5: who waits gets the lock when it is freed, and not before.
func lockWaits(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	held := lock(tb, a, key)
	wantHeld(tb, b, key)
	wantHeld(tb, a, key)
	next := make(chan sdk.Lock, 1)
	go func() {
		ctx, cancel := within(tb)
		defer cancel()
		got, err := locker(tb, b).Lock(ctx, key)
		if err != nil {
			tb.Errorf("Lock that waits for Unlock: %v", err)
		}
		next <- got
	}()
	unlock(tb, held)
	if got := <-next; got != nil {
		wantHeld(tb, a, key)
		unlock(tb, got)
	}
	unlock(tb, lock(tb, a, key))
}

// REF-5: read, change and write under the lock lose nothing.
func lockExcludes(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	unlock(tb, lock(tb, a, key)) // skips where there are none
	const workers, rounds = 4, 5
	put(tb, a, key, []byte("0"))
	var inside atomic.Int32
	var group sync.WaitGroup
	for n := range workers {
		store := []sdk.Store{a, b}[n%2]
		group.Go(func() {
			for range rounds {
				if err := increment(tb, store, &inside); err != nil {
					tb.Errorf("under the lock: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
	want(tb, b, key, []byte(strconv.Itoa(workers*rounds)))
}

func increment(tb testing.TB, store sdk.Store, inside *atomic.Int32) (err error) {
	tb.Helper()
	ctx, cancel := within(tb)
	defer cancel()
	held, err := locker(tb, store).Lock(ctx, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Unlock(ctx)) }()
	if inside.Add(1) != 1 {
		err = errors.New("two holders at once")
	}
	defer inside.Add(-1)
	value, getErr := store.Get(ctx, key)
	if getErr != nil {
		return getErr
	}
	count, atoiErr := strconv.Atoi(string(value))
	if atoiErr != nil {
		return atoiErr
	}
	time.Sleep(time.Millisecond) // room for a second holder
	return errors.Join(err, store.Put(ctx, key, []byte(strconv.Itoa(count+1))))
}

// REF-4: a waiter leaves on its own context, and takes nothing with it.
func lockCancel(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	held := lock(tb, a, key)
	ctx, cancel := context.WithCancel(tb.Context())
	left := make(chan error, 1)
	go func() {
		_, err := locker(tb, b).Lock(ctx, key)
		left <- err
	}()
	cancel()
	select {
	case err := <-left:
		if !errors.Is(err, context.Canceled) {
			tb.Errorf("Lock whose context was cancelled: error %v, want context.Canceled", err)
		}
	case <-time.After(patience):
		tb.Fatal("Lock does not return when its context is cancelled")
	}
	unlock(tb, held)
	unlock(tb, lock(tb, a, key))
	if _, err := locker(tb, a).Lock(ctx, key); !errors.Is(err, context.Canceled) {
		tb.Errorf("Lock with a context that has ended: error %v, want context.Canceled", err)
	}
	unlock(tb, lock(tb, b, key))
}

// An Unlock too many does not free the lock of the next holder.
func lockUnlockTwice(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	first := lock(tb, a, key)
	unlock(tb, first)
	second := lock(tb, b, key)
	if err := first.Unlock(tb.Context()); err != nil && !errors.Is(err, sdk.ErrLockLost) {
		tb.Errorf("second Unlock: %v", err)
	}
	if err := first.Renew(tb.Context()); !errors.Is(err, sdk.ErrLockLost) {
		tb.Errorf("Renew after Unlock: error %v, want one that is sdk.ErrLockLost", err)
	}
	wantHeld(tb, a, key)
	unlock(tb, second)
}

// Locks of different keys are independent, and none keeps anybody from the record.
func lockKeys(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	one, two := lock(tb, a, key), lock(tb, a, "session/0a/1c")
	three := lock(tb, b, "login/0a/1b")
	wantMissing(tb, b, key)
	put(tb, b, key, []byte("written beside the lock"))
	want(tb, a, key, []byte("written beside the lock"))
	if err := b.Delete(tb.Context(), key); err != nil {
		tb.Errorf("Delete beside the lock: %v", err)
	}
	wantHeld(tb, b, key)
	unlock(tb, two)
	wantHeld(tb, b, key)
	unlock(tb, one)
	unlock(tb, three)
}

// A lease is long enough to work under, and renewing does not shorten it.
func lockLease(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	held := lock(tb, a, key)
	before := held.Expires()
	if err := held.Renew(tb.Context()); err != nil {
		tb.Fatalf("Renew: %v", err)
	}
	after := held.Expires()
	if before.IsZero() != after.IsZero() {
		tb.Errorf("Expires = %v, and %v after Renew: a lock has a lease or it has none", before, after)
	}
	if !before.IsZero() {
		if left := time.Until(before); left > sdk.LockLease || left < sdk.LockLease/2 {
			tb.Errorf("a new lock has %v left, want about %v", left, sdk.LockLease)
		}
		if after.Before(before) {
			tb.Errorf("Renew set Expires from %v to %v", before, after)
		}
	}
	wantHeld(tb, b, key)
	unlock(tb, held)
}
