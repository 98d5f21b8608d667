// Operations at the endpoints of metadata.

package gen_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The client's authentication stands before the caller's edits, single
// operations have their own, and requests without a form have none (META-2).
func TestServer(t *testing.T) {
	endpoint, seen := serve(t, 200, "application/json", `{"active":true,"access_token":"t","keys":[]}`)
	as := func(name string) gen.Edit {
		return func(_ http.Header, form url.Values) error { form.Set("client_id", name); return nil }
	}
	server := &gen.Server{
		Metadata: &gen.AuthorizationServerMetadata{
			TokenEndpoint: endpoint, IntrospectionEndpoint: endpoint, RevocationEndpoint: endpoint, JWKSURI: endpoint,
		},
		Authenticate: as("one"), AuthenticateAt: map[string]gen.Edit{"introspectToken": as("two"), "revokeToken": nil},
	}
	refresh := func(edit ...gen.Edit) error {
		_, err := server.RefreshAccessToken(t.Context(), &gen.RefreshTokenRequest{RefreshToken: "r"}, edit...)
		return err
	}
	for _, test := range []struct {
		name string
		send func() error
		want string // client_id of the form
	}{
		{"Authenticate", func() error { return refresh() }, "one"},
		{"the caller's edit", func() error { return refresh(as("three")) }, "three"},
		{"of the operation", func() error {
			_, err := server.IntrospectToken(t.Context(), &gen.IntrospectionRequest{Token: "t"})
			return err
		}, "two"},
		{"none of the operation", func() error {
			_, err := server.RevokeToken(t.Context(), &gen.RevocationRequest{Token: "t"})
			return err
		}, ""},
		{"no form", func() error { _, err := server.GetJWKSet(t.Context()); return err }, ""},
	} {
		if err := test.send(); err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		form, err := url.ParseQuery(seen.body)
		if err != nil || form.Get("client_id") != test.want {
			t.Errorf("%s: client_id %q, want %q (%v)", test.name, form.Get("client_id"), test.want, err)
		}
	}
	if _, err := server.AuthorizeDevice(t.Context(), new(gen.DeviceAuthorizationRequest)); !errors.Is(err, gen.ErrNoEndpoint) {
		t.Errorf("no endpoint: %v", err)
	}
}
