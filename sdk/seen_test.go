// Seen: what a flight went by says how long its failure holds.

package sdk_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// AUTHZ-14: a login that was declined does not stand in the way of a token that
// another process had got before.
func TestRefusalBesideTokenOfAnother(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{NoRefreshTokens: true}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	one, other := w.client(t, stored(store)), w.client(t, stored(store))
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
	w.as.RevokeAccessTokens()
	wantStatus(t, other.HTTPClient(), w.rs.URL(), 200)
	w.human.browse = sayNo
	if err := one.Login(t.Context()); !errors.Is(err, sdk.ErrNoCallback) {
		t.Fatalf("Login: %v, want the human's no", err)
	}
	wantStatus(t, one.HTTPClient(), w.rs.URL(), 200)
}
