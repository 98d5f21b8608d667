// Key locks: one mutex for each key in use, with waiting that ends with a context.

package sdk

import (
	"context"
	"sync"
)

// keyLocks is a set of mutexes by key. A mutex exists while somebody holds it or waits for it, so that the set is no
// larger than what is under way. The zero value is ready for use.
type keyLocks struct {
	mu   sync.Mutex
	keys map[string]*keyLock
}

// keyLock is one mutex: who has put something into turn holds it.
type keyLock struct {
	turn  chan struct{}
	users int // holders and waiters, guarded by keyLocks.mu
}

// lock waits for key. A context that has ended never gets the lock, even when it is free.
func (k *keyLocks) lock(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l := k.join(key)
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		k.leave(key, l)
		return ctx.Err()
	}
}

// unlock frees key, which the caller holds.
func (k *keyLocks) unlock(key string) {
	k.mu.Lock()
	l := k.keys[key]
	k.mu.Unlock()
	<-l.turn
	k.leave(key, l)
}

func (k *keyLocks) join(key string) *keyLock {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.keys[key]
	if l == nil {
		if k.keys == nil {
			k.keys = make(map[string]*keyLock)
		}
		l = &keyLock{turn: make(chan struct{}, 1)}
		k.keys[key] = l
	}
	l.users++
	return l
}

func (k *keyLocks) leave(key string, l *keyLock) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l.users--
	if l.users == 0 {
		delete(k.keys, key)
	}
}
