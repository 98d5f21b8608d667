package storetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// brokenStores have one fault each, and the checks that see it.
var brokenStores = []struct {
	name  string
	open  func() sdk.Store
	fails []string
}{
	{"a miss without its name", func() sdk.Store { return namelessMiss{newFull()} }, []string{"Record/Missing"}},
	{"a miss that is an empty value", func() sdk.Store { return emptyMiss{newFull()} }, []string{"Record/Missing", "Record/Delete", "PutIf/Negative"}},
	{"a missing record cannot be deleted", func() sdk.Store { return strictDelete{newFull()} }, []string{"Record/Missing", "Record/Delete"}},
	{"the first value stays", func() sdk.Store { return firstStays{newFull()} }, []string{"Record/Overwrite"}},
	{"text, not bytes", func() sdk.Store { return textOnly{newFull()} }, []string{"Record/Values"}},
	{"an empty value is none", func() sdk.Store { return emptyIsNone{newFull()} }, []string{"Record/Values"}},
	{"small values only", func() sdk.Store { return truncating{newFull()} }, []string{"Record/Values"}},
	{"shares slices", func() sdk.Store { return &sharing{full: newFull()} }, []string{"Record/Ownership"}},
	{"separators dropped", func() sdk.Store { return flatKeys{newFull()} }, []string{"Record/Keys"}},
	{"long keys cut", func() sdk.Store { return shortKeys{newFull()} }, []string{"Record/Keys"}},
	{"written in two halves", func() sdk.Store { return halves{newFull()} }, []string{"Record/Concurrent"}},
	{"locks nothing", func() sdk.Store { return noLock{newFull()} }, []string{"Lock/Waits", "Lock/Excludes", "Lock/Cancel", "Lock/UnlockTwice", "Lock/Keys", "Lock/Lease"}},
	{"never unlocks", func() sdk.Store { return neverUnlocks{newFull()} }, []string{"Lock/Waits", "Lock/Cancel"}},
	{"waits without regard to the context", func() sdk.Store { return deafLock{newFull()} }, []string{"Lock/Cancel"}},
	{"one lock for all keys", func() sdk.Store { return oneLock{newFull()} }, []string{"Lock/Keys"}},
	{"unlocks another's lock", func() sdk.Store { return newForgetful() }, []string{"Lock/UnlockTwice"}},
	{"a lease of no use", func() sdk.Store { return shortLease{newFull()} }, []string{"Lock/Lease"}},
	{"overwrites always", func() sdk.Store { return noFence{newFull()} }, []string{"PutIf/Order", "PutIf/Tombstone", "PutIf/Put", "PutIf/SameGeneration"}},
	{"overwrites the same generation", func() sdk.Store { return &fenced{full: newFull(), fences: map[string]int64{}, tolerance: 1} }, []string{"PutIf/Order", "PutIf/Tombstone", "PutIf/SameGeneration"}},
	{"Put sets the generation to 0", func() sdk.Store { return forgetsOnPut{newFull()} }, []string{"PutIf/Put"}},
	{"Delete keeps the generation", func() sdk.Store { return &fenced{full: newFull(), fences: map[string]int64{}} }, []string{"PutIf/Delete"}},
	{"takes negative generations", func() sdk.Store { return takesNegative{newFull()} }, []string{"PutIf/Negative"}},
	{"compares, then writes", func() sdk.Store { return &twoSteps{full: newFull(), fences: map[string]int64{}} }, []string{"PutIf/SameGeneration", "PutIf/AnyOrder"}},
	{"a prefix of half a segment", func() sdk.Store { return listedBy(halfSegment) }, []string{"Keys/Prefix"}},
	{"a prefix that is a pattern", func() sdk.Store { return listedBy(likePattern) }, []string{"Keys/Prefix"}},
	{"a prefix of one segment only", func() sdk.Store { return listedBy(firstSegment) }, []string{"Keys/Prefix", "Keys/Many"}},
	{"lists no tombstones", func() sdk.Store { return hidesEmpty{newFull()} }, []string{"Keys/Records"}},
	{"lists locks", func() sdk.Store { return &listsLocks{full: newFull()} }, []string{"Keys/Records"}},
	{"lists what was deleted", func() sdk.Store { return &listsDeleted{full: newFull()} }, []string{"Keys/Records", "Keys/Loop"}},
	{"takes any prefix", func() sdk.Store { return listedBy(strings.HasPrefix) }, []string{"Keys/Refused"}},
	{"lists a page", func() sdk.Store { return listsPage{newFull()} }, []string{"Keys/Many"}},
	{"lists twice", func() sdk.Store { return listsTwice{newFull()} }, []string{"Keys/Prefix", "Keys/Records", "Keys/Many", "Keys/Concurrent"}},
	{"goes on after an error", func() sdk.Store { return goesOn{newFull()} }, []string{"Keys/Cancel"}},
	{"lists without regard to the context", func() sdk.Store { return deafList{newFull()} }, []string{"Keys/Cancel"}},
	{"lists while names are replaced", func() sdk.Store { return &replaces{full: newFull()} }, []string{"Keys/Concurrent"}},
	{"locked during the loop", func() sdk.Store { return &loopLocks{full: newFull()} }, []string{"Keys/Loop"}},
}

type namelessMiss struct{ full }

func (s namelessMiss) Get(ctx context.Context, key string) ([]byte, error) {
	value, err := s.full.Get(ctx, key)
	if err != nil {
		err = errors.New("nothing there")
	}
	return value, err
}

type emptyMiss struct{ full }

func (s emptyMiss) Get(ctx context.Context, key string) ([]byte, error) {
	value, _ := s.full.Get(ctx, key)
	return value, nil
}

type strictDelete struct{ full }

func (s strictDelete) Delete(ctx context.Context, key string) error {
	if _, err := s.Get(ctx, key); err != nil {
		return err
	}
	return s.full.Delete(ctx, key)
}

type firstStays struct{ full }

func (s firstStays) Put(ctx context.Context, key string, value []byte) error {
	if _, err := s.Get(ctx, key); err == nil {
		return nil
	}
	return s.full.Put(ctx, key, value)
}

type textOnly struct{ full }

func (s textOnly) Put(ctx context.Context, key string, value []byte) error {
	return s.full.Put(ctx, key, bytes.ToValidUTF8(value, []byte("\uFFFD")))
}

type emptyIsNone struct{ full }

func (s emptyIsNone) Put(ctx context.Context, key string, value []byte) error {
	if len(value) == 0 {
		return s.Delete(ctx, key)
	}
	return s.full.Put(ctx, key, value)
}

type truncating struct{ full }

func (s truncating) Put(ctx context.Context, key string, value []byte) error {
	return s.full.Put(ctx, key, value[:min(len(value), 64<<10)])
}

type sharing struct {
	full
	value []byte
}

func (s *sharing) Put(_ context.Context, _ string, value []byte) error {
	s.value = value
	return nil
}

func (s *sharing) Get(context.Context, string) ([]byte, error) { return s.value, nil }

type flatKeys struct{ full }

func (s flatKeys) Put(ctx context.Context, key string, value []byte) error {
	return s.full.Put(ctx, "k/"+strings.ReplaceAll(key, "/", ""), value)
}

func (s flatKeys) Get(ctx context.Context, key string) ([]byte, error) {
	return s.full.Get(ctx, "k/"+strings.ReplaceAll(key, "/", ""))
}

type shortKeys struct{ full }

func (s shortKeys) Put(ctx context.Context, key string, value []byte) error {
	return s.full.Put(ctx, key[:min(len(key), 150)], value)
}

func (s shortKeys) Get(ctx context.Context, key string) ([]byte, error) {
	return s.full.Get(ctx, key[:min(len(key), 150)])
}

type halves struct{ full }

func (s halves) Put(ctx context.Context, key string, value []byte) error {
	if err := s.full.Put(ctx, key, value[:len(value)/2]); err != nil {
		return err
	}
	time.Sleep(time.Millisecond)
	return s.full.Put(ctx, key, value)
}

// freeLock is held by nobody.
type freeLock struct{ sdk.Lock }

func (freeLock) Expires() time.Time           { return time.Time{} }
func (freeLock) Renew(context.Context) error  { return nil }
func (freeLock) Unlock(context.Context) error { return nil }

type noLock struct{ full }

func (noLock) Lock(context.Context, string) (sdk.Lock, error) { return freeLock{}, nil }

type neverUnlocks struct{ full }

func (s neverUnlocks) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	if _, err := s.full.Lock(ctx, key); err != nil {
		return nil, err
	}
	return freeLock{}, nil
}

type deafLock struct{ full }

func (s deafLock) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	return s.full.Lock(context.WithoutCancel(ctx), key)
}

type oneLock struct{ full }

func (s oneLock) Lock(ctx context.Context, _ string) (sdk.Lock, error) {
	return s.full.Lock(ctx, "one/lock")
}

// forgetful frees the lock of a key, whoever holds it.
type forgetful struct {
	full
	turn chan struct{}
}

func newForgetful() *forgetful { return &forgetful{full: newFull(), turn: make(chan struct{}, 1)} }

func (s *forgetful) Lock(ctx context.Context, _ string) (sdk.Lock, error) {
	select {
	case s.turn <- struct{}{}:
		return forgetfulLock{s: s}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type forgetfulLock struct {
	freeLock
	s *forgetful
}

func (forgetfulLock) Renew(context.Context) error { return sdk.ErrLockLost }

func (l forgetfulLock) Unlock(context.Context) error {
	select {
	case <-l.s.turn:
	default:
	}
	return nil
}

type shortLease struct{ full }

func (s shortLease) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	held, err := s.full.Lock(ctx, key)
	return shortLock{held}, err
}

type shortLock struct{ sdk.Lock }

func (shortLock) Expires() time.Time { return time.Now().Add(time.Second) }

type noFence struct{ full }

func (s noFence) PutIf(ctx context.Context, key string, _ int64, value []byte) error {
	return s.Put(ctx, key, value)
}

type forgetsOnPut struct{ full }

func (s forgetsOnPut) Put(ctx context.Context, key string, value []byte) error {
	if err := s.Delete(ctx, key); err != nil {
		return err
	}
	return s.full.Put(ctx, key, value)
}

// fenced keeps generations apart from the records, so that Delete leaves them, and may overwrite the same one.
type fenced struct {
	full
	mu        sync.Mutex
	fences    map[string]int64
	tolerance int64
}

func (s *fenced) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if former, ok := s.fences[key]; ok && former >= generation+s.tolerance {
		return sdk.ErrStale
	}
	s.fences[key] = generation
	return s.Put(ctx, key, value)
}

type takesNegative struct{ full }

func (s takesNegative) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	return s.full.PutIf(ctx, key, max(generation, 0), value)
}

// twoSteps lets others in between its comparison and its write.
type twoSteps struct {
	full
	mu     sync.Mutex
	fences map[string]int64
}

func (s *twoSteps) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	s.mu.Lock()
	former, ok := s.fences[key]
	s.mu.Unlock()
	if ok && former >= generation {
		return sdk.ErrStale
	}
	time.Sleep(time.Duration(16-generation%16) * time.Millisecond / 8)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fences[key] = generation
	return s.Put(ctx, key, value)
}

// everyKind are the first segments of the keys that the checks use.
var everyKind = []string{"session/", "sessions/", "session-/", "client/", "aa/", "x/"}

// byMatch lists all keys that match says have the prefix.
type byMatch struct {
	full
	match func(key, prefix string) bool
}

func listedBy(match func(key, prefix string) bool) byMatch { return byMatch{newFull(), match} }

func (s byMatch) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, kind := range everyKind {
			for key, err := range s.full.Keys(ctx, kind) {
				if (err != nil || s.match(key, prefix)) && !yield(key, err) {
					return
				}
			}
		}
	}
}

func halfSegment(key, prefix string) bool {
	return strings.HasPrefix(key, strings.TrimSuffix(prefix, "/"))
}

func firstSegment(key, prefix string) bool {
	kind, _, _ := strings.Cut(prefix, "/")
	return strings.HasPrefix(key, kind+"/")
}

// likePattern takes "_" for any letter.
func likePattern(key, prefix string) bool {
	if len(key) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		if prefix[i] != '_' && prefix[i] != key[i] {
			return false
		}
	}
	return true
}

type hidesEmpty struct{ full }

func (s hidesEmpty) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range s.full.Keys(ctx, prefix) {
			if value, _ := s.Get(ctx, key); (err != nil || len(value) > 0) && !yield(key, err) {
				return
			}
		}
	}
}

type listsLocks struct {
	full
	locked atomic.Pointer[string]
}

func (s *listsLocks) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	s.locked.Store(&key)
	return s.full.Lock(ctx, key)
}

func (s *listsLocks) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return also(s.full.Keys(ctx, prefix), s.locked.Load())
}

type listsDeleted struct {
	full
	deleted atomic.Pointer[string]
}

func (s *listsDeleted) Delete(ctx context.Context, key string) error {
	s.deleted.Store(&key)
	return s.full.Delete(ctx, key)
}

func (s *listsDeleted) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return also(s.full.Keys(ctx, prefix), s.deleted.Load())
}

// also adds a key to the end of a list; nil adds none.
func also(keys iter.Seq2[string, error], key *string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range keys {
			if !yield(key, err) {
				return
			}
		}
		if key != nil {
			yield(*key, nil)
		}
	}
}

type listsPage struct{ full }

func (s listsPage) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		n := 0
		for key, err := range s.full.Keys(ctx, prefix) {
			if n == 500 || !yield(key, err) {
				return
			}
			n++
		}
	}
}

type listsTwice struct{ full }

func (s listsTwice) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range s.full.Keys(ctx, prefix) {
			if !yield(key, err) || err == nil && !yield(key, nil) {
				return
			}
		}
	}
}

type goesOn struct{ full }

func (s goesOn) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for key, err := range s.full.Keys(ctx, prefix) {
			if !yield(key, err) || err != nil && !yield("session/0", nil) {
				return
			}
		}
	}
}

type deafList struct{ full }

func (s deafList) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return s.full.Keys(context.WithoutCancel(ctx), prefix)
}

// replaces takes a record away before it writes it.
type replaces struct {
	full
	mu sync.Mutex
}

func (s *replaces) Put(ctx context.Context, key string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.Delete(ctx, key); err != nil {
		return err
	}
	time.Sleep(time.Millisecond)
	return s.full.Put(ctx, key, value)
}

// loopLocks holds its lock while the caller has a key.
type loopLocks struct {
	full
	mu sync.RWMutex
}

func (s *loopLocks) Put(ctx context.Context, key string, value []byte) error {
	for !s.mu.TryLock() {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(time.Millisecond)
	}
	defer s.mu.Unlock()
	return s.full.Put(ctx, key, value)
}

func (s *loopLocks) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		s.mu.RLock()
		defer s.mu.RUnlock()
		s.full.Keys(ctx, prefix)(yield)
	}
}
