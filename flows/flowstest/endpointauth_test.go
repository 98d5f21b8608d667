package flowstest_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// TOK-1, EXT-8, EXT-9: an endpoint with methods of its own lists them, takes
// them whatever the client is registered for, and takes no other; the token
// endpoint goes on as it does.
func TestEndpointAuth(t *testing.T) {
	own := flowstest.EndpointAuth{Methods: []string{"client_secret_post", "private_key_jwt"}, Algs: []string{"ES256"}}
	as := newServer(t, flowstest.ServerConfig{
		AuthMethods: []string{"client_secret_basic"}, Revocation: own, Introspection: own,
		Clients:    []flowstest.Client{{ID: "c", Secret: longSecret, JWKS: flowstest.KeySet(es256(), rs256())}},
		GrantTypes: []string{flowstest.GrantClientCredentials},
	})
	machine := url.Values{"grant_type": {flowstest.GrantClientCredentials}, "resource": {resource}}
	token := postBasic(t, as, "token", "c:"+longSecret, machine).expect(t, 200, "").text("access_token")
	form := func(changes ...string) url.Values { return change(url.Values{"token": {token}}, changes) }
	signed := func(key *flowstest.SigningKey) url.Values {
		return form("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
			"client_assertion", key.Sign(nil, claimsFor("c", "c", as.Issuer(), nil)))
	}
	for _, endpoint := range []string{"introspect", "revoke"} {
		post(t, as, endpoint, form("client_id", "c", "client_secret", longSecret)).expect(t, 200, "")
		post(t, as, endpoint, form("client_id", "c", "client_secret", "wrong")).expect(t, 401, "invalid_client")
		post(t, as, endpoint, signed(es256())).expect(t, 200, "")
		post(t, as, endpoint, signed(rs256())).expect(t, 401, "invalid_client")
		postBasic(t, as, endpoint, "c:"+longSecret, form()).expect(t, 401, "invalid_client")
		post(t, as, endpoint, form("client_id", "c")).expect(t, 401, "invalid_client")
	}
	machine.Set("client_id", "c")
	machine.Set("client_secret", longSecret)
	post(t, as, "token", machine).expect(t, 401, "invalid_client")

	metadata := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server").body
	for _, member := range []string{
		`"token_endpoint_auth_methods_supported":["client_secret_basic"]`,
		`"revocation_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt"]`,
		`"revocation_endpoint_auth_signing_alg_values_supported":["ES256"]`,
		`"introspection_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt"]`,
		`"introspection_endpoint_auth_signing_alg_values_supported":["ES256"]`,
	} {
		if !strings.Contains(metadata, member) {
			t.Errorf("no %s in %s", member, metadata)
		}
	}
	if strings.Contains(metadata, "token_endpoint_auth_signing_alg") {
		t.Errorf("algorithms of no method in %s", metadata)
	}
}
