// Store: the wrapper around another store.

package sealed

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/mcpoauth/mcpoauth/sdk"

	// Encryption with key rotation is not to be written by hand. Tink is Google's library for it: maintained, reviewed,
	// Apache-2.0, with the standard library, x/crypto and protobuf behind it; 3.3 MB in a program, only where this
	// package is imported.
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Store is an [sdk.Store], [sdk.Locker], [sdk.Fencer] and [sdk.Lister] that seals what it gives to another store. Make
// one with [New]; the zero value is not usable. It is safe for concurrent use if the inner store is, and needs no closing.
//
// It prints as its name under every verb.
type Store struct {
	inner sdk.Store
	aead  tink.AEAD
	keys  map[uint32]bool // ids of the keyset, to tell a missing key from a changed record
}

var (
	_ sdk.Store  = (*Store)(nil)
	_ sdk.Locker = (*Store)(nil)
	_ sdk.Fencer = (*Store)(nil)
	_ sdk.Lister = (*Store)(nil)
)

// OpenError tells that a record cannot be opened: it was sealed with a key that the keyset lacks, or changed, or moved
// from another key, or was never sealed. It is left as it is, since the right keyset may come back; to give it up,
// delete it, and the user logs in again. errors.As finds it.
type OpenError struct {
	Key string // key of the record
	Err error  // what is wrong, never a part of the content; sdk.ErrRecordVersion for a newer format
}

// Error implements error.
func (e *OpenError) Error() string {
	return fmt.Sprintf("sealed: record %s cannot be opened: %v", e.Key, e.Err)
}

// Unwrap returns Err.
func (e *OpenError) Unwrap() error { return e.Err }

// New returns a store that seals the values in inner with the keys of handle. Neither may be nil, and the keyset's keys
// must be AEAD keys. Records that are in inner unsealed give an [*OpenError].
func New(inner sdk.Store, handle *keyset.Handle) (*Store, error) {
	if inner == nil {
		return nil, errors.New("sealed: inner store is nil")
	}
	if handle == nil {
		return nil, errors.New("sealed: keyset is nil: see NewKeyset and ParseKeyset")
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return nil, fmt.Errorf("sealed: keyset: %w", err)
	}
	s := &Store{inner: inner, aead: primitive, keys: make(map[uint32]bool)}
	for _, info := range handle.KeysetInfo().GetKeyInfo() {
		s.keys[info.GetKeyId()] = true
	}
	return s, nil
}

// Get implements [sdk.Store]. It returns an [*OpenError] for a record that cannot be opened.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	data, err := s.inner.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	value, err := s.open(key, data)
	if err != nil {
		return nil, &OpenError{Key: key, Err: err}
	}
	return value, nil
}

// Put implements [sdk.Store]. It overwrites also what cannot be opened.
func (s *Store) Put(ctx context.Context, key string, value []byte) error {
	data, err := s.seal(key, value)
	if err != nil {
		return err
	}
	return s.inner.Put(ctx, key, data)
}

// Delete implements [sdk.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	return s.inner.Delete(ctx, key)
}

// PutIf implements [sdk.Fencer] by that of the inner store. It overwrites also what cannot be opened, if the
// generation is higher.
func (s *Store) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	fencer, ok := s.inner.(sdk.Fencer)
	if !ok {
		return fmt.Errorf("sealed: the inner store has no generations: %w", errors.ErrUnsupported)
	}
	data, err := s.seal(key, value)
	if err != nil {
		return err
	}
	return fencer.PutIf(ctx, key, generation, data)
}

// Lock implements [sdk.Locker] by that of the inner store.
func (s *Store) Lock(ctx context.Context, key string) (sdk.Lock, error) {
	locker, ok := s.inner.(sdk.Locker)
	if !ok {
		return nil, fmt.Errorf("sealed: the inner store has no locks: %w", errors.ErrUnsupported)
	}
	return locker.Lock(ctx, key)
}

// Keys implements [sdk.Lister] by that of the inner store. Records that cannot be opened are listed too.
func (s *Store) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if lister, ok := s.inner.(sdk.Lister); ok {
		return lister.Keys(ctx, prefix)
	}
	return func(yield func(string, error) bool) {
		yield("", fmt.Errorf("sealed: the inner store does not list its keys: %w", errors.ErrUnsupported))
	}
}

// Format implements [fmt.Formatter].
func (s *Store) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("sealed.Store"))
}
