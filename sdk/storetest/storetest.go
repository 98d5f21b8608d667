// Package storetest is the conformance test for implementations of sdk.Store. A test of a store is
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) sdk.Store { return newStore(t) })
//	}
//
// It tests records always, and locks, generations and the list of keys where the store is an sdk.Locker, an sdk.Fencer
// and an sdk.Lister. What the store lacks, or answers with errors.ErrUnsupported, is skipped with that reason.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// Run tests a store. open returns an empty one; it is called once for each subtest and may register a cleanup.
func Run(t *testing.T, open func(t *testing.T) sdk.Store) {
	t.Helper()
	RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		t.Helper()
		store := open(t)
		return store, store
	})
}

// RunShared is Run for a store that several processes or machines share. open returns two stores over the same empty
// records, such as two clients of one server: what one writes the other reads, and their locks and generations exclude
// each other.
func RunShared(t *testing.T, open func(t *testing.T) (a, b sdk.Store)) {
	t.Helper()
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			a, b := open(t)
			c.run(t, a, b)
		})
	}
}

// check is one property. a and b are the same store or share their records.
type check struct {
	name string
	run  func(tb testing.TB, a, b sdk.Store)
}

var checks = []check{
	{"Record/Missing", recordMissing},
	{"Record/Overwrite", recordOverwrite},
	{"Record/Delete", recordDelete},
	{"Record/Values", recordValues},
	{"Record/Ownership", recordOwnership},
	{"Record/Keys", recordKeys},
	{"Record/Concurrent", recordConcurrent},
	{"Lock/Waits", lockWaits},
	{"Lock/Excludes", lockExcludes},
	{"Lock/Cancel", lockCancel},
	{"Lock/UnlockTwice", lockUnlockTwice},
	{"Lock/Keys", lockKeys},
	{"Lock/Lease", lockLease},
	{"PutIf/Order", putIfOrder},
	{"PutIf/Tombstone", putIfTombstone},
	{"PutIf/Put", putIfPut},
	{"PutIf/Delete", putIfDelete},
	{"PutIf/Negative", putIfNegative},
	{"PutIf/SameGeneration", putIfSameGeneration},
	{"PutIf/AnyOrder", putIfAnyOrder},
	{"Keys/Prefix", keysPrefix},
	{"Keys/Records", keysRecords},
	{"Keys/Refused", keysRefused},
	{"Keys/Many", keysMany},
	{"Keys/Concurrent", keysConcurrent},
	{"Keys/Cancel", keysCancel},
	{"Keys/Loop", keysLoop},
}

var (
	// patience is how long something that must happen may take before the test calls it hanging.
	patience = 10 * time.Second

	// glance is how long something that must not happen is watched for.
	glance = 50 * time.Millisecond
)

const key = "session/0a/1b"

func put(tb testing.TB, store sdk.Store, key string, value []byte) {
	tb.Helper()
	if err := store.Put(tb.Context(), key, value); err != nil {
		tb.Fatalf("Put(%q): %v", key, err)
	}
}

// want fails unless value is at key.
func want(tb testing.TB, store sdk.Store, key string, value []byte) {
	tb.Helper()
	got, err := store.Get(tb.Context(), key)
	if err != nil {
		tb.Fatalf("Get(%q): %v", key, err)
	}
	if !bytes.Equal(got, value) {
		tb.Fatalf("Get(%q) = %s, want %s", key, brief(got), brief(value))
	}
}

// wantMissing fails unless there is no record at key.
func wantMissing(tb testing.TB, store sdk.Store, key string) {
	tb.Helper()
	got, err := store.Get(tb.Context(), key)
	if !errors.Is(err, sdk.ErrNotFound) {
		tb.Fatalf("Get(%q) = %s, error %v, want an error that is sdk.ErrNotFound", key, brief(got), err)
	}
	if got != nil {
		tb.Fatalf("Get(%q) = %s beside sdk.ErrNotFound, want nil", key, brief(got))
	}
}

func brief(value []byte) string {
	const limit = 40
	if len(value) > limit {
		return string(bytes.ToValidUTF8(value[:limit], []byte("?"))) + "…"
	}
	return string(bytes.ToValidUTF8(value, []byte("?")))
}

// within returns a context for what must happen.
func within(tb testing.TB) (context.Context, context.CancelFunc) {
	tb.Helper()
	return context.WithTimeout(tb.Context(), patience)
}
