// Typed operations at the discovered endpoints.

package sdk_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// META-2, META-3: an operation per endpoint, with the client's authentication;
// an endpoint that is not fit for secrets is none.
func TestServer(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	auth := w.client(t)
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
	token, err := auth.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	server, err := auth.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.RevokeToken(t.Context(), &gen.RevocationRequest{Token: token.AccessToken}); err != nil {
		t.Fatal(err)
	}
	if info, ok := w.as.Token(token.AccessToken.Reveal()); ok && !info.Revoked {
		t.Errorf("the token is alive after its revocation: %+v", info)
	}
	if _, err := server.AuthorizeDevice(t.Context(), &gen.DeviceAuthorizationRequest{}); !errors.Is(err, gen.ErrNoEndpoint) {
		t.Errorf("no device endpoint: error %v, want ErrNoEndpoint", err)
	}

	w = newWorld(t, flowstest.ServerConfig{Metadata: flowstest.With("revocation_endpoint", "http://as.example.com/revoke")}, flowstest.ResourceConfig{})
	server, err = w.client(t).Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.RevokeToken(t.Context(), &gen.RevocationRequest{Token: "x"}); !errors.Is(err, gen.ErrNoEndpoint) {
		t.Errorf("insecure endpoint: error %v, want ErrNoEndpoint", err)
	}
}
