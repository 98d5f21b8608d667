// Fences: sdk.Fencer.

package storetest

import (
	"errors"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// fencer returns store as an sdk.Fencer, or skips.
func fencer(tb testing.TB, store sdk.Store) sdk.Fencer {
	tb.Helper()
	f, ok := store.(sdk.Fencer)
	if !ok {
		tb.Skip("the store is no sdk.Fencer")
	}
	return f
}

// putIf writes, or skips where the store says that it has no generations.
func putIf(tb testing.TB, store sdk.Store, generation int64, value string) {
	tb.Helper()
	err := fencer(tb, store).PutIf(tb.Context(), key, generation, []byte(value))
	if errors.Is(err, errors.ErrUnsupported) {
		tb.Skipf("the store has no generations: %v", err)
	}
	if err != nil {
		tb.Fatalf("PutIf(generation %d): %v", generation, err)
	}
}

// wantStale fails unless the store refuses generation.
func wantStale(tb testing.TB, store sdk.Store, generation int64) {
	tb.Helper()
	err := fencer(tb, store).PutIf(tb.Context(), key, generation, []byte("stale"))
	if !errors.Is(err, sdk.ErrStale) {
		tb.Fatalf("PutIf(generation %d): error %v, want one that is sdk.ErrStale", generation, err)
	}
}

// STORE-1: only a lower generation is overwritten. Numbers are compared as numbers.
func putIfOrder(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	putIf(tb, a, 0, "zero")
	wantStale(tb, b, 0)
	putIf(tb, b, 1, "one")
	wantStale(tb, a, 1)
	wantStale(tb, b, 0)
	want(tb, a, key, []byte("one"))
	putIf(tb, a, 9, "nine")
	putIf(tb, b, 10, "ten")
	wantStale(tb, a, 9)
	want(tb, b, key, []byte("ten"))
	putIf(tb, b, 1<<53, "two to the 53")
	putIf(tb, a, 1<<53+1, "and one")
	wantStale(tb, b, 1<<53)
	putIf(tb, b, math.MaxInt64, "last")
	wantStale(tb, a, math.MaxInt64)
	want(tb, a, key, []byte("last"))
}

// STORE-1: what a tombstone has replaced does not come back with a holder that was stopped.
func putIfTombstone(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	putIf(tb, a, 1, "tokens")
	putIf(tb, b, 2, "")
	wantStale(tb, a, 2)
	wantStale(tb, a, 1)
	want(tb, a, key, nil)
	putIf(tb, a, 3, "tokens of a new login")
	want(tb, b, key, []byte("tokens of a new login"))
}

// Put is unconditional and keeps the generation.
func putIfPut(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	putIf(tb, a, 5, "five")
	put(tb, b, key, []byte("put"))
	want(tb, a, key, []byte("put"))
	wantStale(tb, a, 5)
	wantStale(tb, a, 4)
	want(tb, b, key, []byte("put"))
	putIf(tb, a, 6, "six")
	want(tb, b, key, []byte("six"))
	if err := a.Delete(tb.Context(), key); err != nil {
		tb.Fatalf("Delete: %v", err)
	}
	put(tb, b, key, []byte("new"))
	wantStale(tb, a, 0) // a new record has generation 0
	putIf(tb, a, 1, "one")
	want(tb, b, key, []byte("one"))
}

// Delete forgets the generation.
func putIfDelete(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	putIf(tb, a, 7, "seven")
	if err := b.Delete(tb.Context(), key); err != nil {
		tb.Fatalf("Delete: %v", err)
	}
	wantMissing(tb, a, key)
	putIf(tb, a, 0, "zero")
	want(tb, b, key, []byte("zero"))
}

func putIfNegative(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	putIf(tb, a, 0, "zero")
	if err := b.Delete(tb.Context(), key); err != nil {
		tb.Fatalf("Delete: %v", err)
	}
	for _, generation := range []int64{-1, math.MinInt64} {
		if err := fencer(tb, a).PutIf(tb.Context(), key, generation, nil); err == nil {
			tb.Errorf("PutIf(generation %d): no error", generation)
		}
	}
	wantMissing(tb, b, key)
}

// STORE-1: of several writers of one generation one wins, and its value stays.
func putIfSameGeneration(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	const racers, rounds = 6, 5
	putIf(tb, a, 0, "start")
	for generation := int64(1); generation <= rounds; generation++ {
		var winner atomic.Value
		race(racers, func(n int) {
			value := strconv.Itoa(n)
			err := fencer(tb, []sdk.Store{a, b}[n%2]).PutIf(tb.Context(), key, generation, []byte(value))
			switch {
			case err == nil:
				if former := winner.Swap(value); former != nil {
					tb.Errorf("PutIf(generation %d): %v and %v both won", generation, former, value)
				}
			case !errors.Is(err, sdk.ErrStale):
				tb.Errorf("PutIf(generation %d): %v", generation, err)
			}
		})
		value, ok := winner.Load().(string)
		if !ok {
			tb.Fatalf("PutIf(generation %d): nobody won", generation)
		}
		want(tb, b, key, []byte(value))
	}
}

// STORE-1: in whatever order generations arrive, the highest stays.
func putIfAnyOrder(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	const racers, rounds = 6, 4
	putIf(tb, a, 0, "start")
	for round := range int64(rounds) {
		race(racers, func(n int) {
			generation := round*racers + int64(n) + 1
			err := fencer(tb, []sdk.Store{a, b}[n%2]).PutIf(tb.Context(), key, generation, strconv.AppendInt(nil, generation, 10))
			if err != nil && (n == racers-1 || !errors.Is(err, sdk.ErrStale)) {
				tb.Errorf("PutIf(generation %d): %v", generation, err)
			}
		})
		want(tb, a, key, strconv.AppendInt(nil, (round+1)*racers, 10))
	}
}

// race runs f(0) … f(n-1) at once.
func race(n int, f func(n int)) {
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	group.Wait()
}
