// Directory lock: the operating system's lock on a file, and a mutex for the goroutines of this process before it.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	// One interface to flock and LockFileEx, maintained, BSD-3-Clause; the standard library keeps its own internal.
	"github.com/gofrs/flock"
)

// The system's lock cannot be waited for with a context, so it is tried again: soon at first, because writers hold it
// for an fsync, and ever less often, because a person holds it for minutes.
const (
	directoryLockFirstDelay = time.Millisecond
	directoryLockLastDelay  = 50 * time.Millisecond
)

// directoryLock is a lock that is held on a file under locks/.
type directoryLock struct {
	file  *flock.Flock
	freed atomic.Bool
	local func() // frees the mutex of this process
}

// Lock implements [Locker].
func (d *DirectoryStore) Lock(ctx context.Context, key string) (Lock, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	return d.lockFile(ctx, directoryName(key))
}

// lockStripe locks out other writers of key. It is taken last and freed before anything else is waited for.
func (d *DirectoryStore) lockStripe(ctx context.Context, key string) (*directoryLock, error) {
	return d.lockFile(ctx, directoryStripe(key))
}

// lockFile waits for the lock with this name.
func (d *DirectoryStore) lockFile(ctx context.Context, name string) (*directoryLock, error) {
	if err := d.locks.lock(ctx, name); err != nil {
		return nil, err
	}
	file, err := d.waitFile(ctx, name)
	if err != nil {
		d.locks.unlock(name)
		return nil, err
	}
	return &directoryLock{file: file, local: func() { d.locks.unlock(name) }}, nil
}

// waitFile waits for the system's lock. The mutex of this process is held.
func (d *DirectoryStore) waitFile(ctx context.Context, name string) (*flock.Flock, error) {
	// Somebody may have removed the directory since the store was made, to log out from everything.
	if err := d.prepare(); err != nil {
		return nil, err
	}
	path, err := d.lockPath(name)
	if err != nil {
		return nil, err
	}
	file := flock.New(path)
	for delay := directoryLockFirstDelay; ; delay = min(2*delay, directoryLockLastDelay) {
		held, err := file.TryLock()
		if err != nil {
			return nil, fmt.Errorf("sdk: directory store: lock: %w", err)
		}
		if held {
			return file, nil
		}
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryLock returns the lock with this name if it is free, else nil.
func (d *DirectoryStore) tryLock(name string) *directoryLock {
	path, err := d.lockPath(name)
	if err != nil {
		return nil
	}
	file := flock.New(path)
	if held, err := file.TryLock(); !held || err != nil {
		return nil
	}
	return &directoryLock{file: file, local: func() {}}
}

// lockPath returns the path of a lock file and refuses what is there if it is no regular file.
func (d *DirectoryStore) lockPath(name string) (string, error) {
	path := filepath.Join(d.path, directoryLocks, name+".lock")
	info, err := os.Lstat(path)
	if err == nil {
		err = checkRegular(info)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("sdk: directory store: lock %s: %w", path, err)
	}
	return path, nil
}

// Expires implements [Lock]: there is no lease.
func (l *directoryLock) Expires() time.Time { return time.Time{} }

// Renew implements [Lock]. The lock is lost when its file is no longer the one that others would open.
func (l *directoryLock) Renew(context.Context) error {
	if l.freed.Load() {
		return ErrLockLost
	}
	held, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("sdk: directory store: lock: %w", err)
	}
	present, err := os.Stat(l.file.Path())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(held, present) {
		return ErrLockLost
	}
	if err != nil {
		return fmt.Errorf("sdk: directory store: lock: %w", err)
	}
	return nil
}

// Unlock implements [Lock].
func (l *directoryLock) Unlock(context.Context) error {
	if l.freed.Swap(true) {
		return nil
	}
	// First the system's lock, then the mutex: the next goroutine must not find the former taken by this one.
	defer l.local()
	if err := l.file.Unlock(); err != nil {
		return fmt.Errorf("sdk: directory store: unlock: %w", err)
	}
	return nil
}

// release is Unlock for locks that the store takes for itself: the work under it is done, and the system frees what
// could not be freed when the process ends.
func (l *directoryLock) release() { _ = l.Unlock(context.Background()) }
