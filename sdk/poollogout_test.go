// Pool logout: the end of all sessions of a subject, wherever they were begun.

package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// EXT-8, HTTP-5, STORE-1: a pool that has seen none of a subject's sessions ends
// all of them, and nobody else's.
func TestPoolLogoutElsewhere(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) (a, b listing){
		"memory": func(*testing.T) (listing, listing) {
			store := sdk.NewMemoryStore()
			return store, store
		},
		"directory": func(t *testing.T) (listing, listing) {
			path := t.TempDir()
			return newDirectoryStore(t, path), newDirectoryStore(t, path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := open(t)
			poolLogoutElsewhere(t, a, b)
		})
	}
}

func poolLogoutElsewhere(t *testing.T, a, b listing) {
	t.Helper()
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	first, second := w.rs.URL(), w.second(t).URL()
	one, two, other := w.pool(t, 0, stored(a)), w.pool(t, 0, stored(b)), w.pool(t, 0, stored(a), named("another program"))
	for _, err := range []error{
		request(t, one, "alice", first), request(t, one, "alice", second), request(t, one, "bob", first), request(t, other, "alice", first),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	w.human.browse = func(context.Context, string) (string, error) { return "", sdk.ErrNoCallback }
	theirs := "session/" + hashed("alice") + "/" + hashed(first, "another program")
	before := recordsOf(t, b, sessionsOf("alice"))

	if err := two.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	for subject, resource := range two.Sessions() {
		t.Errorf("the session of %s at %s is in memory", subject, resource)
	}
	wantCounts(t, w.as, map[string]int{"revoke": 4}) // two tokens of two sessions
	after := recordsOf(t, a, sessionsOf("alice"))
	if len(after) != 3 || !bytes.Equal(before[theirs], after[theirs]) {
		t.Errorf("%d records, want alice's two and the other program's, which is not changed", len(after))
	}
	for key, value := range after {
		if rec, err := gen.DecodeSessionRecord(value, nil); err != nil || key != theirs && (!rec.Deleted || rec.AccessToken+rec.RefreshToken != "") {
			t.Errorf("record %s is no tombstone: %v", key, err)
		}
	}
	for _, resource := range []string{first, second} {
		if err := request(t, one, "alice", resource); !errors.Is(err, sdk.ErrNoCallback) {
			t.Errorf("alice's next request to %s: %v, want that of the human who was asked", resource, err)
		}
		client, _ := w.pool(t, 0, stored(b)).Client("alice", resource)
		if _, err := client.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
			t.Errorf("Token of alice at %s in a third pool: %v", resource, err)
		}
	}
	if err := errors.Join(request(t, one, "bob", first), request(t, other, "alice", first)); err != nil {
		t.Errorf("somebody else's session: %v", err)
	}
	// What is logged out stays as it is.
	if err := two.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	if again := recordsOf(t, a, sessionsOf("alice")); !maps.EqualFunc(after, again, bytes.Equal) {
		t.Error("a second logout wrote something")
	}
	wantCounts(t, w.as, map[string]int{"revoke": 4})
}

// EXT-8, AUTHZ-8: without an authorizer the next request asks for consent.
func TestPoolLogoutAsksForConsent(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.pool(t, 0, twoLegged(store, "")), w.pool(t, 0, twoLegged(store, ""))
	begun, err := w.member(t, one, "alice").Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	callback, err := w.as.Authorize(t.Context(), begun.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.Finish(t.Context(), "alice", callback); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(request(t, one, "alice", w.rs.URL()), two.Logout(t.Context(), "alice")); err != nil {
		t.Fatal(err)
	}
	var consent *sdk.ConsentRequiredError
	if err := request(t, one, "alice", w.rs.URL()); !errors.As(err, &consent) {
		t.Errorf("alice's next request: %v, want a *sdk.ConsentRequiredError", err)
	}
}

// STORE-1: a refresh under way in another pool does not bring the session back.
func TestPoolLogoutDuringRefresh(t *testing.T) {
	answering, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{
		Metadata: flowstest.Without("revocation_endpoint"),
		Refresh:  func(map[string]any) { close(answering); <-release },
	}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, two := w.pool(t, 0, stored(store)), w.pool(t, 0, stored(store))
	if err := request(t, one, "alice", w.rs.URL()); err != nil {
		t.Fatal(err)
	}
	w.as.RevokeAccessTokens()
	w.human.browse = func(context.Context, string) (string, error) { return "", sdk.ErrNoCallback }
	done := make(chan error, 1)
	go func() { done <- request(t, one, "alice", w.rs.URL()) }()
	<-answering
	if err := two.Logout(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-done; !errors.Is(err, sdk.ErrNoCallback) {
		t.Errorf("the request whose refresh came too late: %v", err)
	}
	if got, errs := storedIn(t, two); len(got) != 0 || len(errs) != 0 {
		t.Errorf("stored: %v, errors %v", got, errs)
	}
}

// unlisted is a wrapper around a store without a list.
type unlisted struct{ sdk.Store }

func (unlisted) Keys(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", fmt.Errorf("wrapper: %w", errors.ErrUnsupported)) }
}

// HTTP-5: with a store that has no list, a logout is of what is in memory and of
// what is named.
func TestPoolWithoutList(t *testing.T) {
	for name, wrap := range map[string]func(sdk.Store) sdk.Store{
		"no Lister": func(s sdk.Store) sdk.Store { return plain{s} },
		"a wrapper": func(s sdk.Store) sdk.Store { return unlisted{s} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			store := wrap(sdk.NewMemoryStore())
			one, two := w.pool(t, 0, stored(store)), w.pool(t, 0, stored(store))
			if err := errors.Join(request(t, one, "alice", w.rs.URL()), two.Logout(t.Context(), "alice"), request(t, one, "alice", w.rs.URL())); err != nil {
				t.Fatal(err)
			}
			wantCounts(t, w.as, map[string]int{"authorize": 1})
			got, errs := storedIn(t, two)
			if len(got) != 0 || len(errs) != 1 || !errors.Is(errs[0], errors.ErrUnsupported) {
				t.Errorf("Stored: %v, errors %v, want errors.ErrUnsupported alone", got, errs)
			}
			if err := two.Logout(t.Context(), "alice", w.rs.URL()); err != nil {
				t.Fatal(err)
			}
			if _, err := w.member(t, two, "alice").Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
				t.Errorf("Token after a logout from the named resource: %v", err)
			}
		})
	}
}

// EXT-8: a session at a resource that this pool's configuration does not allow
// ends too.
func TestPoolLogoutFromRefusedResource(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	const resource = "http://plain.example.com/mcp"
	store := sdk.NewMemoryStore()
	rec := gen.SessionRecord{
		Version: 1, Generation: 5, ResourceURL: resource, Resource: resource, Subject: "alice", ClientName: "mcpoauth",
		Issuer: "https://as.example.com", TokenType: "Bearer", AccessToken: "t",
	}
	value, err := rec.Encode()
	if err != nil {
		t.Fatal(err)
	}
	key := sessionsOf("alice") + hashed(resource, "mcpoauth")
	pool := w.pool(t, 0, stored(store))
	if _, err := pool.Client("alice", resource); err == nil {
		t.Fatal("the pool allows the resource")
	}
	for _, names := range [][]string{nil, {resource}} {
		if err := store.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if err := store.PutIf(t.Context(), key, 5, value); err != nil {
			t.Fatal(err)
		}
		if err := pool.Logout(t.Context(), "alice", names...); (err != nil) != (names != nil) {
			t.Errorf("Logout from %q: %v", names, err)
		}
		now, err := store.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if left, err := gen.DecodeSessionRecord(now, nil); err != nil || !left.Deleted || left.Generation != 6 || left.AccessToken != "" {
			t.Errorf("record %v, error %v", left, err)
		}
	}
}

// careless lists all sessions whatever the prefix.
type careless struct{ *sdk.MemoryStore }

func (s careless) Keys(ctx context.Context, _ string) iter.Seq2[string, error] {
	return s.MemoryStore.Keys(ctx, "session/")
}

// EXT-8: a store that lists more than it was asked for ends nobody else's
// session.
func TestPoolWithCarelessStore(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := careless{sdk.NewMemoryStore()}
	one, two := w.pool(t, 0, stored(store)), w.pool(t, 0, stored(store))
	if err := request(t, one, "bob", w.rs.URL()); err != nil {
		t.Fatal(err)
	}
	var failed *sdk.StoreError
	if err := two.Logout(t.Context(), "alice"); !errors.As(err, &failed) {
		t.Errorf("Logout: %v, want a *sdk.StoreError", err)
	}
	if err := request(t, w.pool(t, 0, stored(store)), "bob", w.rs.URL()); err != nil {
		t.Errorf("bob's session: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"authorize": 1, "revoke": 0})
}
