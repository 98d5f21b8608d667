// Memory store: records that live as long as the process.

package sdk

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// MemoryStore is a [Store], [Locker], [Fencer] and [Lister] in memory. It suits tests and programs whose users log in anew after
// a restart. The zero value is an empty store; it must not be copied after first use.
//
// Its locks have no lease. It prints as its name under every verb: the records hold secrets.
type MemoryStore struct {
	locks keyLocks

	mu      sync.RWMutex
	records map[string]memoryRecord
}

var (
	_ Store  = (*MemoryStore)(nil)
	_ Locker = (*MemoryStore)(nil)
	_ Fencer = (*MemoryStore)(nil)
	_ Lister = (*MemoryStore)(nil)
)

type memoryRecord struct {
	generation int64
	value      []byte
}

// NewMemoryStore returns an empty store.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{}
}

// Get implements [Store].
func (m *MemoryStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := memoryCheck(ctx, key); err != nil {
		return nil, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	record, ok := m.records[key]
	if !ok {
		return nil, ErrNotFound
	}
	return bytes.Clone(record.value), nil
}

// Put implements [Store].
func (m *MemoryStore) Put(ctx context.Context, key string, value []byte) error {
	if err := memoryCheck(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.set(key, m.records[key].generation, value)
	return nil
}

// PutIf implements [Fencer].
func (m *MemoryStore) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	if err := memoryCheck(ctx, key); err != nil {
		return err
	}
	if err := checkGeneration(generation); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if record, ok := m.records[key]; ok && record.generation >= generation {
		return ErrStale
	}
	m.set(key, generation, value)
	return nil
}

// Delete implements [Store].
func (m *MemoryStore) Delete(ctx context.Context, key string) error {
	if err := memoryCheck(ctx, key); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.records, key)
	return nil
}

// Lock implements [Locker].
func (m *MemoryStore) Lock(ctx context.Context, key string) (Lock, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if err := m.locks.lock(ctx, key); err != nil {
		return nil, err
	}
	return &memoryLock{free: func() { m.locks.unlock(key) }}, nil
}

// Keys implements [Lister].
func (m *MemoryStore) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return listed(ctx, prefix, func() ([]string, error) {
		m.mu.RLock()
		defer m.mu.RUnlock()
		var keys []string
		for key := range m.records {
			if strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
		return keys, nil
	})
}

// listed iterates over what list returns, as [Lister] says.
func listed(ctx context.Context, prefix string, list func() ([]string, error)) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		keys, err := []string(nil), ctx.Err()
		if err == nil {
			err = CheckPrefix(prefix)
		}
		if err == nil {
			keys, err = list()
		}
		for _, key := range keys {
			if err = ctx.Err(); err != nil || !yield(key, nil) {
				break
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// Format implements [fmt.Formatter].
func (m *MemoryStore) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("sdk.MemoryStore"))
}

// set keeps a copy of value. m.mu is held for writing.
func (m *MemoryStore) set(key string, generation int64, value []byte) {
	if m.records == nil {
		m.records = make(map[string]memoryRecord)
	}
	m.records[key] = memoryRecord{generation: generation, value: append([]byte{}, value...)}
}

func memoryCheck(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return CheckKey(key)
}

// memoryLock is a lock within the process.
type memoryLock struct {
	freed atomic.Bool
	free  func()
}

func (l *memoryLock) Expires() time.Time { return time.Time{} }

func (l *memoryLock) Renew(context.Context) error {
	if l.freed.Load() {
		return ErrLockLost
	}
	return nil
}

func (l *memoryLock) Unlock(context.Context) error {
	if !l.freed.Swap(true) {
		l.free()
	}
	return nil
}
