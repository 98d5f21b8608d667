// Records: Get, Put and Delete.

package storetest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// STORE-1: a miss is named.
func recordMissing(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	wantMissing(tb, a, key)
	if err := b.Delete(tb.Context(), key); err != nil {
		tb.Errorf("Delete of a missing record: %v", err)
	}
	wantMissing(tb, b, key)
}

func recordOverwrite(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	put(tb, a, key, []byte("first"))
	want(tb, b, key, []byte("first"))
	put(tb, b, key, []byte("a longer second"))
	want(tb, a, key, []byte("a longer second"))
	put(tb, a, key, []byte("3"))
	want(tb, b, key, []byte("3"))
}

func recordDelete(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	put(tb, a, key, []byte("here"))
	put(tb, a, "client/2c", []byte("stays"))
	for range 2 {
		if err := b.Delete(tb.Context(), key); err != nil {
			tb.Fatalf("Delete: %v", err)
		}
		wantMissing(tb, a, key)
	}
	want(tb, b, "client/2c", []byte("stays"))
	put(tb, a, key, []byte("here again"))
	want(tb, b, key, []byte("here again"))
}

// STORE-1: values are opaque bytes.
func recordValues(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, value := range [][]byte{
		every,
		[]byte(`{"version":1}` + "\r\n\n"),
		{0},
		{},
		bytes.Repeat(every, 4096), // 1 MiB
		nil,
	} {
		put(tb, a, key, value)
		want(tb, b, key, value)
	}
}

// A store neither keeps nor shares the slices that pass.
func recordOwnership(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	value := []byte("original")
	put(tb, a, key, value)
	copy(value, "tampered")
	want(tb, b, key, []byte("original"))
	got, err := b.Get(tb.Context(), key)
	if err != nil {
		tb.Fatalf("Get: %v", err)
	}
	copy(got, "tampered")
	want(tb, b, key, []byte("original"))
	want(tb, a, key, []byte("original"))
}

// Different keys are different records, up to the longest.
func recordKeys(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	hash := strings.Repeat("0123456789abcdef", 4)
	keys := []string{
		"session/" + hash + "/" + hash,
		"client/" + hash,
		"metadata/" + hash,
		"pending/" + hash,
		"session/aa/bb", "session/aab/b", "session/aa/b", "session/aa-bb", "session/aa_bb", "session/aa/bb/cc", "aa/bb",
		"-/_", "0/0",
		"x/" + strings.Repeat("y", 197) + "z", "x/" + strings.Repeat("y", 198),
	}
	for _, k := range keys {
		put(tb, a, k, []byte(k))
	}
	for _, k := range keys {
		want(tb, b, k, []byte(k))
	}
}

// A reader sees a whole value, whoever writes.
func recordConcurrent(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	const writers, rounds, size = 4, 6, 64 << 10
	put(tb, a, key, bytes.Repeat([]byte{'0'}, size))
	var group sync.WaitGroup
	for n := range writers {
		store := []sdk.Store{a, b}[n%2]
		group.Go(func() {
			for round := range rounds {
				value := bytes.Repeat([]byte{byte('a' + n)}, size-round)
				if err := store.Put(tb.Context(), key, value); err != nil {
					tb.Errorf("Put beside others: %v", err)
					return
				}
			}
		})
		group.Go(func() {
			for range 4 * rounds {
				got, err := store.Get(tb.Context(), key)
				if err == nil {
					err = whole(got, size, rounds)
				}
				if err != nil {
					tb.Errorf("Get beside Put: %v", err)
					return
				}
			}
		})
	}
	group.Wait()
}

// whole returns an error unless value is one that a writer of recordConcurrent wrote.
func whole(value []byte, size, rounds int) error {
	if len(value) > size || len(value) <= size-rounds {
		return fmt.Errorf("value of %d bytes was never written", len(value))
	}
	if bytes.Count(value, value[:1]) != len(value) {
		return fmt.Errorf("value is of parts of several: %s", brief(value))
	}
	return nil
}
