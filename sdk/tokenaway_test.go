// Token, while the store is away: what this process knows of it.

package sdk_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// REF-6, REF-9: a store that is away keeps nobody from a token that works.
func TestTokenWithoutStore(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := newFaulty()
	auth := w.client(t, stored(store))
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	want, err := auth.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store.set(func(string, string) error { return errStoreDown })
	got, err := auth.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.AccessToken != want.AccessToken || got.TokenType != want.TokenType || !got.ExpiresAt.Equal(want.ExpiresAt) || got.Scope != nil {
		t.Errorf("%v until %v, want %v until %v", got, got.ExpiresAt, want, want.ExpiresAt)
	}
	// A program that starts now knows of no token.
	var failed *sdk.StoreError
	if _, err := w.client(t, stored(store)).Token(t.Context()); !errors.As(err, &failed) {
		t.Errorf("error %v, want a *sdk.StoreError", err)
	}
}
