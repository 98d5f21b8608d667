package flows_test

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// TOK-2: the bound operations sign each attempt anew too, and a document that is
// fetched again is not shown any credentials.
func TestServerRenewsAssertions(t *testing.T) {
	busyOnce := func() flowstest.Fault { return flowstest.Times(1, flowstest.Unavailable(0)) }
	as := tokenServer(t, func(c *flowstest.ServerConfig) {
		c.AuthMethods = append(c.AuthMethods, "client_secret_basic")
		c.Clients = append(c.Clients, flowstest.Client{ID: "secret", Secret: longSecret})
		c.Fault = flowstest.Faults(flowstest.On("introspect", busyOnce()), flowstest.On("jwks", busyOnce()))
	})
	found := discovered(t, as)
	token := as.IssueToken(flowstest.Grant{ClientID: "me"})

	auth := keyAuth(as, "ES256")
	server, err := loopbackClient().Server(flows.ServerRequest{Metadata: found.Server, Resource: as.URL(), Auth: &auth})
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.IntrospectToken(t.Context(), &gen.IntrospectionRequest{Token: gen.Secret(token.AccessToken)})
	if err != nil || !res.Document.Active || as.Count("introspect") != 2 {
		t.Errorf("%d requests: %v", as.Count("introspect"), err)
	}
	if asked := as.RequestsOf("introspect"); len(asked) == 2 && asked[0].Form.Get("client_assertion") == asked[1].Form.Get("client_assertion") {
		t.Error("an assertion was sent twice")
	}

	basic := flows.ClientAuth{ClientID: "secret", Secret: secret(longSecret), Method: flows.AuthMethodBasic}
	if server, err = loopbackClient().Server(flows.ServerRequest{Metadata: found.Server, Resource: as.URL(), Auth: &basic}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.GetJWKSet(t.Context()); err != nil {
		t.Error(err)
	}
	sent := as.RequestsOf("jwks")
	for _, request := range sent {
		if request.Header.Get("Authorization") != "" || len(request.Body) != 0 {
			t.Errorf("%v", request.Header)
		}
	}
	if len(sent) != 2 {
		t.Errorf("%d requests", len(sent))
	}
}
