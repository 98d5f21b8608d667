// Keys: sdk.Lister.

package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// lister returns store as an sdk.Lister, or skips.
func lister(tb testing.TB, store sdk.Store) sdk.Lister {
	tb.Helper()
	l, ok := store.(sdk.Lister)
	if !ok {
		tb.Skip("the store is no sdk.Lister")
	}
	return l
}

// list returns the keys with a prefix in order, or skips where the store says that it has no list.
func list(tb testing.TB, store sdk.Store, prefix string) []string {
	tb.Helper()
	keys, err := collect(tb.Context(), lister(tb, store), prefix)
	if errors.Is(err, errors.ErrUnsupported) {
		tb.Skipf("the store has no list of its keys: %v", err)
	}
	if err != nil {
		tb.Fatalf("Keys(%q): %v", prefix, err)
	}
	return keys
}

// collect returns the keys of one iteration in order, and its error. It goes on after an error, to see that nothing
// comes.
func collect(ctx context.Context, l sdk.Lister, prefix string) (keys []string, failed error) {
	for key, err := range l.Keys(ctx, prefix) {
		switch {
		case failed != nil:
			return keys, fmt.Errorf("the iteration went on after an error (%v)", failed) //nolint:errorlint // that error must not be found
		case err != nil && key != "":
			return keys, fmt.Errorf("key %q beside an error (%v)", key, err) //nolint:errorlint // that error must not be found
		case err != nil:
			failed = err
		default:
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, failed
}

// wantKeys fails unless exactly these keys have the prefix.
func wantKeys(tb testing.TB, store sdk.Store, prefix string, keys ...string) {
	tb.Helper()
	slices.Sort(keys)
	if got := list(tb, store, prefix); !slices.Equal(got, keys) {
		tb.Errorf("Keys(%q) = %s, want %s", prefix, some(got), some(keys))
	}
}

// some shows the first of many keys.
func some(keys []string) string {
	const limit = 20
	if len(keys) > limit {
		return fmt.Sprintf("%d keys %q…", len(keys), keys[:limit])
	}
	return fmt.Sprintf("%q", keys)
}

// A prefix is of whole segments, and taken literally.
func keysPrefix(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	wantKeys(tb, a, "session/")
	hash := strings.Repeat("0123456789abcdef", 4)
	deep := "session/" + hash + "/" + hash
	sessions := []string{
		"session/a", "session/aa", "session/aa/bb", "session/aa/bc", "session/aa/bb/cc", "session/aab/b", "session/aa-bb/c",
		"session/aa_b/c", "session/aaxb/c", deep,
	}
	others := []string{"sessions/aa/bb", "session-/aa", "client/aa", "aa/bb", "x/session/aa", "x/" + strings.Repeat("y", 198)}
	for _, k := range slices.Concat(sessions, others) {
		put(tb, a, k, []byte(k))
	}
	for prefix, keys := range map[string][]string{
		"session/":                     sessions,
		"session/aa/":                  {"session/aa/bb", "session/aa/bc", "session/aa/bb/cc"},
		"session/aa/bb/":               {"session/aa/bb/cc"},
		"session/aa_b/":                {"session/aa_b/c"}, // "_" is any letter to SQL's LIKE
		"session/" + hash + "/":        {deep},
		"session/b/":                   nil,
		"x/":                           {"x/session/aa", others[len(others)-1]},
		"nothing/":                     nil,
		strings.Repeat("n", 199) + "/": nil,
	} {
		wantKeys(tb, b, prefix, keys...)
	}
}

// What was written is listed, a tombstone too, and what was deleted is not; a lock is no record.
func keysRecords(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	wantKeys(tb, a, "session/")
	put(tb, a, "session/aa/1", []byte("value"))
	put(tb, b, "session/aa/2", nil)
	want := []string{"session/aa/1", "session/aa/2"}
	if f, ok := a.(sdk.Fencer); ok {
		err := f.PutIf(tb.Context(), "session/aa/3", 7, nil)
		if err == nil {
			want = append(want, "session/aa/3")
		} else if !errors.Is(err, errors.ErrUnsupported) {
			tb.Fatalf("PutIf: %v", err)
		}
	}
	if l, ok := a.(sdk.Locker); ok {
		for _, k := range []string{"session/aa/1", "session/aa/lock"} {
			held, err := l.Lock(tb.Context(), k)
			if err == nil {
				defer unlock(tb, held)
			} else if !errors.Is(err, errors.ErrUnsupported) {
				tb.Fatalf("Lock: %v", err)
			}
		}
	}
	wantKeys(tb, b, "session/aa/", want...)
	put(tb, b, "session/aa/1", []byte("again"))
	if err := a.Delete(tb.Context(), "session/aa/2"); err != nil {
		tb.Fatalf("Delete: %v", err)
	}
	wantKeys(tb, a, "session/", slices.DeleteFunc(want, func(k string) bool { return k == "session/aa/2" })...)
}

// What is no prefix gets an error: half a segment would list what the caller does not mean.
func keysRefused(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	put(tb, a, key, nil)
	list(tb, a, "session/") // skips where there is none
	for _, prefix := range []string{
		"", "/", "session", "session/0a/1b", "session/0a/1", "session//", "/session/", "Session/", "session/*/", "s*/", "../", "session/0a/../",
		"session/\x00/", "{session/", strings.Repeat("n", 200) + "/",
	} {
		if keys, err := collect(tb.Context(), lister(tb, b), prefix); err == nil || len(keys) > 0 {
			tb.Errorf("Keys(%q) = %q, error %v, want an error alone", prefix, keys, err)
		}
	}
}

// However many there are, each is listed once.
func keysMany(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	wantKeys(tb, a, "session/")
	const subjects, sessions = 100, 10
	all := make([]string, subjects*sessions)
	for i := range all {
		all[i] = fmt.Sprintf("session/%02d/%d", i/sessions, i%sessions)
	}
	const writers = 10
	race(writers, func(n int) {
		for i := n; i < len(all); i += writers {
			if err := []sdk.Store{a, b}[i%2].Put(tb.Context(), all[i], []byte("value")); err != nil {
				tb.Errorf("Put(%q): %v", all[i], err)
				return
			}
		}
	})
	wantKeys(tb, a, "session/", all...)
	wantKeys(tb, b, "session/42/", all[420:430]...)
}

// A record that is there all the while is listed once, also while it is overwritten and others come and go.
func keysConcurrent(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	wantKeys(tb, a, "session/")
	const standing, rounds = 40, 20
	stay := make([]string, standing)
	for i := range stay {
		stay[i] = fmt.Sprintf("session/stay/%02d", i)
		put(tb, a, stay[i], []byte("value"))
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		race(2, func(n int) {
			if err := comeAndGo(tb.Context(), []sdk.Store{a, b}[n], n, stay, rounds); err != nil {
				tb.Errorf("a writer beside Keys: %v", err)
			}
		})
	}()
	defer func() { <-written }()
	for ended := false; !ended; time.Sleep(time.Millisecond) { // room for the writers
		select {
		case <-written:
			ended = true
		default:
		}
		keys := slices.DeleteFunc(list(tb, b, "session/"), func(k string) bool { return strings.HasPrefix(k, "session/come/") })
		if !slices.Equal(keys, stay) {
			tb.Errorf("Keys beside writers = %s, want all %d that stay, once, and none else", some(keys), standing)
			return
		}
	}
}

// comeAndGo overwrites the records that stay, and makes and deletes others.
func comeAndGo(ctx context.Context, store sdk.Store, n int, stay []string, rounds int) error {
	for i := range rounds {
		come := fmt.Sprintf("session/come/%d-%d", n, i)
		err := errors.Join(store.Put(ctx, come, nil), store.Put(ctx, stay[(2*i+n)%len(stay)], nil), store.Delete(ctx, come))
		if err != nil {
			return err
		}
	}
	return nil
}

// The iteration ends with its context, before and in the middle.
func keysCancel(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	const records = 20
	for i := range records {
		put(tb, a, fmt.Sprintf("session/%d", i), nil)
	}
	list(tb, a, "session/") // skips where there is none
	ctx, cancel := context.WithCancel(tb.Context())
	cancel()
	for _, prefix := range []string{"session/", "nothing/"} {
		if keys, err := collect(ctx, lister(tb, b), prefix); !errors.Is(err, context.Canceled) || len(keys) > 0 {
			tb.Errorf("Keys(%q) with a context that has ended = %s, error %v, want context.Canceled alone", prefix, some(keys), err)
		}
	}
	ctx, cancel = context.WithCancel(tb.Context())
	defer cancel()
	n := 0
	for _, err := range lister(tb, b).Keys(ctx, "session/") {
		if err != nil {
			if n != 1 || !errors.Is(err, context.Canceled) {
				tb.Errorf("Keys whose context ended after the first key: %d keys, error %v, want context.Canceled", n, err)
			}
			return
		}
		n++
		cancel()
	}
	tb.Errorf("Keys whose context ended after the first key: %d keys and no error", n)
}

// The loop may use the store, leave, and begin again.
func keysLoop(tb testing.TB, a, b sdk.Store) {
	tb.Helper()
	const records = 20
	for i := range records {
		put(tb, a, fmt.Sprintf("session/%d", i), nil)
	}
	list(tb, a, "session/") // skips where there is none
	done := make(chan error, 1)
	go func() { done <- loop(tb.Context(), a, lister(tb, b)) }()
	select {
	case err := <-done:
		if err != nil {
			tb.Error(err)
		}
	case <-time.After(patience):
		tb.Fatal("Keys and the loop over it wait for each other")
	}
	wantKeys(tb, b, "session/", "session/new")
}

// loop replaces all records by one, in the loops over them.
func loop(ctx context.Context, store sdk.Store, l sdk.Lister) error {
	sequence := l.Keys(ctx, "session/")
	for key, err := range sequence {
		if err != nil {
			return fmt.Errorf("the first iteration: %w", err)
		}
		if err := errors.Join(store.Put(ctx, key, nil), store.Delete(ctx, key)); err != nil {
			return fmt.Errorf("in the loop: %w", err)
		}
		break
	}
	n := 0
	for key, err := range sequence {
		if err != nil {
			return fmt.Errorf("the second iteration: %w", err)
		}
		if err := errors.Join(store.Delete(ctx, key), store.Put(ctx, "session/new", nil)); err != nil {
			return fmt.Errorf("in the loop: %w", err)
		}
		n++
	}
	if n < 19 || n > 20 { // the one that is new may be among them
		return fmt.Errorf("the second iteration had %d keys, want the 19 that the first one left", n)
	}
	return store.Put(ctx, "session/new", nil)
}
