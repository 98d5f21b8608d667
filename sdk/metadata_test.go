// Metadata that is kept, and metadata that is out of date.

package sdk_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// DISC-17: metadata that an answer has contradicted is not used again.
func TestContradictedMetadata(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	store := sdk.NewMemoryStore()
	as := func(subject string) *sdk.Client {
		return w.client(t, func(c *sdk.Config) { c.Store, c.Subject = store, subject })
	}
	wantStatus(t, as("alice").HTTPClient(), w.rs.URL(), 200)
	w.as.Configure(func(c *flowstest.ServerConfig) { c.Endpoints = map[string]string{"token": "/elsewhere"} })
	w.as.ForgetRequests()
	if err := as("bob").Login(t.Context()); err == nil {
		t.Fatal("a login at an endpoint that has gone went through")
	}
	if err := as("bob").Login(t.Context()); err != nil {
		t.Errorf("the metadata was not asked for again: %v", err)
	}
	wantCounts(t, w.as, map[string]int{"asm": 1, "register": 0})
}
