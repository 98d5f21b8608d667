package interop

import (
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// EXT-1
func TestClientCredentials(t *testing.T) {
	for method, params := range map[string][]string{
		flows.AuthMethodBasic:     {"grant_type", "resource", "scope"},
		flows.AuthMethodPost:      {"client_id", "client_secret", "grant_type", "resource", "scope"},
		flows.AuthMethodSecretJWT: {"client_assertion", "client_assertion_type", "grant_type", "resource", "scope"},
	} {
		t.Run(method, func(t *testing.T) {
			w := begin(t, open)
			known := w.register(machineClient(method))
			w.call(w.client(w.machine(known, nil)), http.MethodGet, scopeRead)
			request := w.sent(1, "token")[0]
			request.sent(t, params...)
			request.had(t, "resource", w.resource.url)
			request.had(t, "scope", scopeRead)
			if (request.Authorization == "Basic") != (method == flows.AuthMethodBasic) {
				t.Error(request)
			}
			w.logins(0)
		})
	}
}

// TOK-2: each request has an assertion of its own, for the issuer.
func TestPrivateKeyJWT(t *testing.T) {
	for _, algorithm := range algorithms {
		t.Run(algorithm, func(t *testing.T) {
			w := begin(t, open)
			key := newKey(t, algorithm)
			known := w.register(keyClient(t, key))
			client := w.client(w.machine(known, key))
			w.call(client, http.MethodGet, scopeRead)
			w.resource.reject(t)
			w.call(client, http.MethodGet, scopeRead)
			for _, request := range w.sent(2, "token") {
				request.sent(t, "client_assertion", "client_assertion_type", "grant_type", "resource", "scope")
				request.had(t, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
				got := request.Assertion
				if got.Alg != algorithm || got.Kid != key.KeyID || got.Aud != w.issuer ||
					got.Iss != known.ClientID || got.Sub != known.ClientID || len(got.Has) != 4 {
					t.Errorf("the assertion was %+v", *got)
				}
			}
		})
	}
}

// TOK-2: the assertion stands in the code and refresh grants as well, and the
// key goes into the registration.
func TestPrivateKeyJWTWithCode(t *testing.T) {
	w := begin(t, open)
	key := newKey(t, "ES256")
	client := w.client(func(c *sdk.Config) {
		always(c)
		metadata := gen.ClientMetadata{ClientName: "signs", JWKS: publicKeys(t, key)}
		c.ClientKey, c.ClientMetadata = key, &metadata
	})
	w.call(client, http.MethodGet, scopeRead)
	w.call(client, http.MethodGet, scopeRead)
	w.sent(1, "registration")[0].had(t, "token_endpoint_auth_method", "private_key_jwt")
	tokens := w.sent(2, "token")
	tokens[0].sent(t, "client_assertion", "client_assertion_type", "code", "code_verifier", "grant_type", "redirect_uri", "resource")
	tokens[1].sent(t, "client_assertion", "client_assertion_type", "grant_type", "refresh_token", "resource")
}

// EXT-9: as the resource asks, and as the client's own typed operation.
func TestIntrospection(t *testing.T) {
	w := begin(t, open)
	client := w.client(nil)
	w.call(client, http.MethodGet, scopeRead)
	record, token := w.written(1)[0], w.resource.last(t)
	ask := flows.IntrospectRequest{
		Endpoint: w.metadata().IntrospectionEndpoint, Resource: w.resource.url, Token: token, TokenTypeHint: "access_token",
		Auth: flows.ClientAuth{ClientID: "resource", Secret: w.provider.secret, Method: flows.AuthMethodBasic},
	}
	said, err := w.flows.Introspect(w.ctx(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if !said.Active || said.Scope != scopeRead || said.ClientID != record.Client.ClientID || said.Sub != "alice" ||
		said.Iss != w.issuer || len(said.Aud) != 1 || said.Aud[0] != w.resource.url || said.Exp == nil {
		t.Errorf("the provider said %+v", *said)
	}
	ask.Token = "no token of this provider"
	if said, err = w.flows.Introspect(w.ctx(), ask); err != nil || said.Active {
		t.Errorf("an unknown token: %+v, %v", said, err)
	}

	server, err := client.Server(w.ctx())
	if err != nil {
		t.Fatal(err)
	}
	own, err := server.IntrospectToken(w.ctx(), &gen.IntrospectionRequest{Token: token})
	if err != nil || !own.Document.Active {
		t.Errorf("the client about its own token: %+v, %v", own, err)
	}
	asked := w.sent(3, "introspection")
	asked[0].sent(t, "token", "token_type_hint")
	asked[2].sent(t, "client_id", "token")
}
