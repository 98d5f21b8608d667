package flows_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// TOK-1, EXT-8, EXT-9: the registered method, unless the endpoint's list lacks
// it and has another that the credentials allow.
func TestAtEndpoint(t *testing.T) {
	for _, tt := range []struct {
		name         string
		method       string
		secret       string
		key          bool
		listed, algs []string
		want         string
	}{
		{"no list is not Basic", "client_secret_post", longSecret, false, nil, nil, "client_secret_post"},
		{"no list, algorithms", "private_key_jwt", longSecret, true, nil, []string{"RS256"}, "private_key_jwt"},
		{"empty list", "client_secret_post", longSecret, false, []string{}, nil, "client_secret_post"},
		{"listed", "client_secret_post", longSecret, true, []string{"client_secret_basic", "client_secret_post"}, nil, "client_secret_post"},
		{"not listed, preference", "client_secret_post", longSecret, true, []string{"client_secret_jwt", "private_key_jwt", "client_secret_basic"}, nil, "client_secret_basic"},
		{"a key and no secret", "private_key_jwt", "", true, []string{"client_secret_basic"}, nil, "private_key_jwt"},
		{"a secret too short for signing", "client_secret_basic", "short", false, []string{"client_secret_jwt"}, nil, "client_secret_basic"},
		{"a secret for signing", "client_secret_basic", longSecret, false, []string{"client_secret_jwt"}, []string{"HS256"}, "client_secret_jwt"},
		{"HS256 not listed", "client_secret_basic", longSecret, false, []string{"client_secret_jwt"}, []string{"HS512"}, "client_secret_basic"},
		{"algorithm not listed", "private_key_jwt", longSecret, true, []string{"private_key_jwt", "client_secret_post"}, []string{"RS256"}, "client_secret_post"},
		{"algorithm not listed, no choice", "private_key_jwt", "", true, []string{"private_key_jwt"}, []string{"RS256"}, "private_key_jwt"},
		{"public", "none", "", false, []string{"client_secret_basic"}, nil, "none"},
		{"public with a secret", "none", longSecret, false, []string{"client_secret_basic"}, nil, "none"},
		{"it wants to see no secret", "client_secret_basic", longSecret, false, []string{"none"}, nil, "none"},
		{"the secret before none", "client_secret_post", longSecret, false, []string{"none", "client_secret_basic"}, nil, "client_secret_basic"},
		{"a certificate", "tls_client_auth", "", false, []string{"self_signed_tls_client_auth"}, nil, "self_signed_tls_client_auth"},
		{"no certificate", "client_secret_basic", longSecret, false, []string{"tls_client_auth"}, nil, "client_secret_basic"},
		{"token types", "client_secret_basic", longSecret, false, []string{"Bearer", "DPoP"}, nil, "client_secret_basic"},
		{"unknown methods", "client_secret_basic", longSecret, false, []string{"spiffe_jwt"}, nil, "client_secret_basic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			auth := flows.ClientAuth{ClientID: "me", Secret: secret(tt.secret), Method: tt.method, Issuer: asIssuer}
			if tt.key {
				auth.Key = clientKey("ES256")
			}
			for endpoint, got := range map[string]flows.ClientAuth{
				"revocation": auth.AtRevocation(&gen.AuthorizationServerMetadata{
					RevocationEndpointAuthMethodsSupported: tt.listed, RevocationEndpointAuthSigningAlgValuesSupported: tt.algs,
				}),
				"introspection": auth.AtIntrospection(&gen.AuthorizationServerMetadata{
					IntrospectionEndpointAuthMethodsSupported: tt.listed, IntrospectionEndpointAuthSigningAlgValuesSupported: tt.algs,
				}),
				"another endpoint's list": auth.AtRevocation(&gen.AuthorizationServerMetadata{
					TokenEndpointAuthMethodsSupported: []string{"tls_client_auth"}, IntrospectionEndpointAuthMethodsSupported: []string{"tls_client_auth"},
					RevocationEndpointAuthMethodsSupported: tt.listed, RevocationEndpointAuthSigningAlgValuesSupported: tt.algs,
				}),
			} {
				want := auth
				want.Method = tt.want
				if got != want {
					t.Errorf("%s: %v, want %v", endpoint, got, want)
				}
			}
		})
	}
}

// ownMethods is a server with methods of their own at revocation and
// introspection.
func ownMethods(t *testing.T, methods ...string) *flowstest.AuthorizationServer {
	t.Helper()
	own := flowstest.EndpointAuth{Methods: methods}
	return newServer(t, flowstest.ServerConfig{
		AuthMethods: []string{"client_secret_basic", "private_key_jwt"}, Revocation: own, Introspection: own,
		Clients: []flowstest.Client{{ID: "me", Secret: longSecret, JWKS: flowstest.KeySet(signingKey("ES256"))}},
	})
}

// EXT-8, EXT-9: a server that holds to its lists takes what the flows
// send, as requests and as bound operations.
func TestEndpointMethods(t *testing.T) {
	for method, shown := range map[string]string{ // and the parameter that goes with it
		"client_secret_post": "client_secret", "client_secret_jwt": "client_assertion", "private_key_jwt": "client_assertion",
	} {
		t.Run(method, func(t *testing.T) {
			as := ownMethods(t, method)
			found, c := discovered(t, as), loopbackClient()
			auth := flows.ClientAuth{ClientID: "me", Secret: secret(longSecret), Method: "client_secret_basic", Issuer: as.Issuer()}
			if method == "private_key_jwt" {
				auth.Key = clientKey("ES256")
			}
			token := as.IssueToken(flowstest.Grant{ClientID: "me"})
			said, err := c.Introspect(t.Context(), flows.IntrospectRequest{
				Endpoint: as.Endpoint("introspect"), Auth: auth.AtIntrospection(found.Server), Resource: as.URL(), Token: gen.Secret(token.AccessToken),
			})
			if err != nil || !said.Active {
				t.Fatalf("%v, %v", said, err)
			}
			server, err := c.Server(flows.ServerRequest{Metadata: found.Server, Resource: as.URL(), Auth: &auth})
			if err != nil {
				t.Fatal(err)
			}
			if own, err := server.IntrospectToken(t.Context(), &gen.IntrospectionRequest{Token: gen.Secret(token.AccessToken)}); err != nil || !own.Document.Active {
				t.Errorf("bound: %v", err)
			}
			if _, err := server.RevokeToken(t.Context(), &gen.RevocationRequest{Token: gen.Secret(token.AccessToken)}); err != nil {
				t.Errorf("bound: %v", err)
			}
			if err := c.Revoke(t.Context(), flows.RevokeRequest{
				Endpoint: as.Endpoint("revoke"), Auth: auth.AtRevocation(found.Server), Resource: as.URL(), RefreshToken: gen.Secret(token.RefreshToken),
			}); err != nil || !as.Families()[0].Revoked {
				t.Error(err)
			}
			for _, request := range append(as.RequestsOf("introspect"), as.RequestsOf("revoke")...) {
				if !request.Form.Has(shown) || request.Header.Get("Authorization") != "" {
					t.Errorf("%s: %v", request.Kind, request.Form)
				}
			}
			// The token endpoint goes by what is registered.
			as.Configure(func(c *flowstest.ServerConfig) { c.GrantTypes = []string{flowstest.GrantClientCredentials} })
			if _, err := server.RequestClientCredentials(t.Context(), &gen.ClientCredentialsTokenRequest{Resource: []string{as.URL() + "/mcp"}}); err != nil {
				t.Error(err)
			}
		})
	}
}

// EXT-8: what the list does not have is refused by such a server; that is why
// the list is read.
func TestEndpointMethodsIgnored(t *testing.T) {
	as := ownMethods(t, "client_secret_post")
	token := as.IssueToken(flowstest.Grant{ClientID: "me"})
	err := loopbackClient().Revoke(t.Context(), flows.RevokeRequest{
		Endpoint: as.Endpoint("revoke"), Resource: as.URL(), RefreshToken: gen.Secret(token.RefreshToken),
		Auth: flows.ClientAuth{ClientID: "me", Secret: secret(longSecret), Method: "client_secret_basic"},
	})
	if failed, ok := errors.AsType[*flows.EndpointError](err); !ok || failed.Code != "invalid_client" || as.Families()[0].Revoked {
		t.Errorf("%v", err)
	}
}

// EXT-9: a repetition authenticates as the endpoint wants it too.
func TestEndpointMethodsRepeated(t *testing.T) {
	as := ownMethods(t, "client_secret_post")
	auth := flows.ClientAuth{ClientID: "me", Secret: secret(longSecret), Method: "client_secret_basic"}
	server, err := loopbackClient().Server(flows.ServerRequest{Metadata: discovered(t, as).Server, Resource: as.URL(), Auth: &auth})
	if err != nil {
		t.Fatal(err)
	}
	as.Configure(func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("introspect", flowstest.Times(1, flowstest.Unavailable(0)))
	})
	if _, err := server.IntrospectToken(t.Context(), &gen.IntrospectionRequest{Token: "x"}); err != nil || as.Count("introspect") != 2 {
		t.Errorf("%d requests: %v", as.Count("introspect"), err)
	}
}
