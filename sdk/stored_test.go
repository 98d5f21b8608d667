// Stored: what several pools with one store know of each other's sessions.

package sdk_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// listing is a store that lists its keys.
type listing interface {
	sdk.Store
	sdk.Lister
}

// hashed is a segment of a key.
func hashed(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// sessionsOf are the keys of a subject's sessions.
func sessionsOf(subject string) string { return "session/" + hashed(subject) + "/" }

// recordsOf returns the records of a store by key.
func recordsOf(t *testing.T, store listing, prefix string) map[string][]byte {
	t.Helper()
	records := map[string][]byte{}
	for key, err := range store.Keys(t.Context(), prefix) {
		if err == nil {
			records[key], err = store.Get(t.Context(), key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return records
}

func count(t *testing.T, store sdk.Lister, prefix string) int {
	t.Helper()
	n := 0
	for _, err := range store.Keys(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// second adds another resource to the world, with the same authorization server.
func (w *world) second(t *testing.T) *flowstest.Resource {
	t.Helper()
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/second", AuthorizationServers: []*flowstest.AuthorizationServer{w.as}})
	t.Cleanup(rs.Close)
	return rs
}

// request sends a request of a subject of a pool.
func request(t *testing.T, pool *sdk.Pool, subject, url string) error {
	t.Helper()
	client, err := pool.Client(subject, url)
	if err != nil {
		t.Fatal(err)
	}
	status, _, err := try(t, client.HTTPClient(), url, "{}")
	if err == nil && status != 200 {
		err = fmt.Errorf("status %d", status)
	}
	return err
}

func named(name string) func(*sdk.Config) { return func(c *sdk.Config) { c.ClientName = name } }

// storedIn returns all that a pool's store has, by subject and resource, and the
// errors.
func storedIn(t *testing.T, pool *sdk.Pool) (map[string]sdk.StoredSession, []error) {
	t.Helper()
	sessions, errs := map[string]sdk.StoredSession{}, []error(nil)
	for s, err := range pool.Stored(t.Context()) {
		if err != nil {
			if s.Subject+s.Resource != "" {
				t.Errorf("session %v beside an error", s)
			}
			errs = append(errs, err)
			continue
		}
		if _, twice := sessions[s.Subject+" "+s.Resource]; twice {
			t.Errorf("session %v twice", s)
		}
		sessions[s.Subject+" "+s.Resource] = s
	}
	return sessions, errs
}

// HTTP-5: an administrator sees all sessions that have a token, whoever logged
// them in.
func TestPoolStored(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp", "files"}})
	first, second := w.rs.URL(), w.second(t).URL()
	store := sdk.NewMemoryStore()
	one := w.pool(t, 0, stored(store))
	single := w.client(t, stored(store), func(c *sdk.Config) { c.Subject = "carol" })
	other := w.pool(t, 0, stored(store), named("another program"))
	if err := errors.Join(
		request(t, one, "alice", first), request(t, one, "alice", second), request(t, one, "bob", first),
		single.Login(t.Context()), request(t, other, "dave", first),
	); err != nil {
		t.Fatal(err)
	}
	admin := w.pool(t, 0, stored(store))
	got, errs := storedIn(t, admin)
	if want := []string{"alice " + first, "alice " + second, "bob " + first, "carol " + first}; len(errs) > 0 || !sameKeys(got, want) {
		t.Fatalf("stored: %v, errors %v, want %q", got, errs, want)
	}
	token, err := single.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	carol := got["carol "+first]
	if carol.Issuer != w.as.Issuer() || !carol.Refreshable || !carol.ExpiresAt.Equal(token.ExpiresAt) || !slices.Equal(carol.Scope, []string{"mcp", "files"}) {
		t.Errorf("carol's session is %+v, her token expires at %v with scope %q", carol, token.ExpiresAt, token.Scope)
	}
	for range admin.Sessions() {
		t.Error("Stored has put a session into memory")
	}
	// Sessions that are over are none: bob's by a logout, carol's by the server.
	w.human.browse = func(context.Context, string) (string, error) { return "", sdk.ErrNoCallback }
	if err := one.Logout(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	w.as.RevokeRefreshTokens()
	w.as.RevokeAccessTokens()
	if _, _, err := try(t, single.HTTPClient(), first, "{}"); !errors.Is(err, sdk.ErrNoCallback) {
		t.Fatal(err)
	}
	if got, errs := storedIn(t, admin); len(errs) > 0 || !sameKeys(got, []string{"alice " + first, "alice " + second}) {
		t.Errorf("stored at last: %v, errors %v", got, errs)
	}
}

func sameKeys(got map[string]sdk.StoredSession, want []string) bool {
	slices.Sort(want)
	return slices.Equal(slices.Sorted(maps.Keys(got)), want)
}

// HTTP-5, STORE-1: a record that cannot be read is named, left as it is, and in
// nobody's way.
func TestPoolWithUnreadableRecords(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	first, second := w.rs.URL(), w.second(t).URL()
	store := sdk.NewMemoryStore()
	one, two := w.pool(t, 0, stored(store)), w.pool(t, 0, stored(store))
	if err := errors.Join(request(t, one, "alice", first), request(t, one, "alice", second), request(t, one, "bob", first)); err != nil {
		t.Fatal(err)
	}
	bobs, err := store.Get(t.Context(), sessionsOf("bob")+hashed(first, "mcpoauth"))
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		sessionsOf("alice") + "damaged":   "{",
		sessionsOf("alice") + "newer":     `{"version":2}`,
		sessionsOf("alice") + "another":   string(bobs),
		sessionsOf("alice") + "tombstone": `{"version":1,"generation":3,"deleted":true}`, // none that has to be named
	}
	for key, value := range bad {
		if err := store.Put(t.Context(), key, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	wantNamed := func(what string, errs ...error) {
		t.Helper()
		var names []string
		for _, err := range errs {
			var broken *sdk.RecordError
			if !errors.As(err, &broken) {
				t.Errorf("%s: error %v, want an *sdk.RecordError", what, err)
				continue
			}
			names = append(names, strings.TrimPrefix(broken.Key, sessionsOf("alice")))
			if errors.Is(err, sdk.ErrRecordVersion) != strings.HasSuffix(broken.Key, "newer") || !strings.Contains(err.Error(), broken.Key) {
				t.Errorf("%s: error %v for %s", what, err, broken.Key)
			}
		}
		if slices.Sort(names); !slices.Equal(names, []string{"another", "damaged", "newer"}) {
			t.Errorf("%s: errors about %q", what, names)
		}
	}
	got, errs := storedIn(t, two)
	wantNamed("Stored", errs...)
	if !sameKeys(got, []string{"alice " + first, "alice " + second, "bob " + first}) {
		t.Errorf("stored: %v", got)
	}
	joined, ok := two.Logout(t.Context(), "alice").(interface{ Unwrap() []error })
	if !ok {
		t.Fatal("Logout has seen nothing")
	}
	wantNamed("Logout", joined.Unwrap()...)
	if got, _ := storedIn(t, two); !sameKeys(got, []string{"bob " + first}) {
		t.Errorf("stored after the logout: %v", got)
	}
	for key, value := range bad {
		if now, err := store.Get(t.Context(), key); err != nil || string(now) != value {
			t.Errorf("record %s was changed: %v", key, err)
		}
	}
}

// What fails fails once, and a record that goes meanwhile is none.
func TestPoolWithFailingStore(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := newFaulty()
	one := w.pool(t, 0, stored(store))
	if err := errors.Join(request(t, one, "alice", w.rs.URL()), request(t, one, "bob", w.rs.URL())); err != nil {
		t.Fatal(err)
	}
	store.set(func(op, key string) error {
		switch {
		case op == "get" && strings.HasPrefix(key, sessionsOf("bob")):
			return sdk.ErrNotFound
		case op == "putif":
			return errStoreDown
		}
		return nil
	})
	if got, errs := storedIn(t, one); len(errs) != 0 || !sameKeys(got, []string{"alice " + w.rs.URL()}) {
		t.Errorf("stored: %v, errors %v", got, errs)
	}
	err := one.Logout(t.Context(), "alice")
	if joined, ok := err.(interface{ Unwrap() []error }); !errors.Is(err, errStoreDown) || !ok || len(joined.Unwrap()) != 1 {
		t.Errorf("Logout that could not be written: %v, want that once", err)
	}
	wantCounts(t, w.as, map[string]int{"revoke": 2})
	kept := false // with what was not written
	for subject := range one.Sessions() {
		kept = kept || subject == "alice"
	}
	if !kept {
		t.Error("a session that could not be logged out is forgotten")
	}
	store.set(func(string, string) error { return nil })
	if err := one.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if got, errs := storedIn(t, one); len(errs) != 0 || !sameKeys(got, []string{"bob " + w.rs.URL()}) {
		t.Errorf("stored after a second Logout: %v, errors %v", got, errs)
	}
}

// The iteration ends with its context, also when that ends while a record is
// read; Logout says that it has not seen all.
func TestPoolStoredCancel(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := newFaulty()
	one := w.pool(t, 0, stored(store))
	if err := errors.Join(request(t, one, "alice", w.rs.URL()), request(t, one, "bob", w.rs.URL())); err != nil {
		t.Fatal(err)
	}
	for _, alone := range []string{"", "alice"} {
		if alone != "" {
			if err := store.Delete(t.Context(), sessionsOf("bob")+hashed(w.rs.URL(), "mcpoauth")); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		store.set(func(op, _ string) error {
			if op == "get" {
				cancel()
				return ctx.Err()
			}
			return nil
		})
		n := 0
		for s, err := range one.Stored(ctx) {
			var failed *sdk.StoreError
			if n++; !errors.Is(err, context.Canceled) || !errors.As(err, &failed) {
				t.Errorf("session %v, error %v, want context.Canceled in a *sdk.StoreError", s, err)
			}
		}
		if n != 1 {
			t.Errorf("%d errors, want one", n)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Nanosecond)
	defer cancel()
	<-ctx.Done()
	if err := w.pool(t, 0, stored(store)).Logout(ctx, "alice"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Logout with a context that has ended: %v", err)
	}
}

// AUTHZ-8: a login that begins removes what others have left, long after their
// end; an answer that was taken is refused before and after.
func TestBeginSweeps(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) listing{
		"memory":    func(*testing.T) listing { return sdk.NewMemoryStore() },
		"directory": func(t *testing.T) listing { return newDirectoryStore(t, t.TempDir()) },
	} {
		t.Run(name, func(t *testing.T) { beginSweeps(t, open(t)) })
	}
}

func beginSweeps(t *testing.T, store listing) {
	t.Helper()
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	begin := func() (*sdk.Client, string) {
		t.Helper()
		auth := w.client(t, twoLegged(store, "alice"))
		begun, err := auth.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		callback, err := w.as.Authorize(t.Context(), begun.URL())
		if err != nil {
			t.Fatal(err)
		}
		return auth, callback
	}
	auth, taken := begin()
	if err := auth.Finish(t.Context(), "alice", taken); err != nil {
		t.Fatal(err)
	}
	_, abandoned := begin()
	old := recordsOf(t, store, "pending/")
	if len(old) != 2 {
		t.Fatalf("%d records, want one that was taken and one that waits", len(old))
	}
	refused := func(when string) {
		t.Helper()
		for name, callback := range map[string]string{"taken": taken, "abandoned": abandoned} {
			var refusal *flows.CallbackError
			if err := auth.Finish(t.Context(), "alice", callback); !errors.As(err, &refusal) {
				t.Errorf("%s: answer that was %s: %v, want a *flows.CallbackError", when, name, err)
			}
		}
	}
	for key, value := range old {
		rec, err := gen.DecodePendingRecord(value, nil)
		if err != nil {
			t.Fatal(err)
		}
		rec.ExpiresAt = time.Now().Add(-61 * time.Minute).UTC()
		if value, err = rec.Encode(); err == nil {
			err = store.Put(t.Context(), key, value)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	refused("before the sweep")
	_, fresh := begin()
	for deadline := time.Now().Add(10 * time.Second); count(t, store, "pending/") != 1; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the records are still there after 10 s")
		}
	}
	refused("after the sweep")
	if err := auth.Finish(t.Context(), "alice", fresh); err != nil {
		t.Errorf("the new login: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"token:authorization_code": 2})
}
