package oidclogin_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// EXT-8: the revocation endpoint's own list of methods is held to.
func TestLogoutAuthentication(t *testing.T) {
	w := refreshing(t, flowstest.ServerConfig{
		AuthMethods: []string{"client_secret_basic"}, Revocation: flowstest.EndpointAuth{Methods: []string{"client_secret_post"}},
	})
	source := w.source(t)
	wantToken(t, source)
	if err := source.Logout(t.Context()); err != nil {
		t.Error(err)
	}
	if sent := w.idp.RequestsOf("revoke"); len(sent) != 1 || sent[0].Form.Get("client_secret") != "at the idp" {
		t.Errorf("%v", sent)
	}
}
