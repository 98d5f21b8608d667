// Logout again: a logout that the store did not take is made up for.

package sdk_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// STORE-1, REF-9: as long as the tombstone is not in the store, another process
// goes on with the tokens, and Logout says so.
func TestLogoutAgain(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{Metadata: flowstest.Without("revocation_endpoint")}, flowstest.ResourceConfig{})
	store := newFaulty()
	auth := w.client(t, stored(store))
	wantStatus(t, auth.HTTPClient(), w.rs.URL(), 200)
	store.set(func(op, _ string) error {
		if op == "putif" {
			return errStoreDown
		}
		return nil
	})
	for range 2 {
		if err := auth.Logout(t.Context()); !errors.Is(err, errStoreDown) {
			t.Errorf("Logout without the store: %v", err)
		}
	}
	store.set(func(string, string) error { return nil })
	if err := auth.Logout(t.Context()); err != nil {
		t.Errorf("Logout, once the store is back: %v", err)
	}
	if token, err := w.client(t, stored(store)).Token(t.Context()); err == nil {
		t.Errorf("another process has %v", token)
	} else if !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Error(err)
	}
}
