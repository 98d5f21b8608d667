package flows_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// TOK-1, TOK-2, EXT-11: the order of the methods, with keys and certificates.
func TestSelectClientAuth(t *testing.T) {
	all := []string{"self_signed_tls_client_auth", "tls_client_auth", "client_secret_jwt", "private_key_jwt", "client_secret_post", "client_secret_basic", "none"}
	for _, tt := range []struct {
		name             string
		method, recorded string
		secret           string
		key, certificate bool
		listed, algs     []string
		want             string // "" is an error
	}{
		{"nothing at hand", "", "", "", false, false, all, nil, "none"},
		{"all", "", "", longSecret, true, true, all, nil, "client_secret_basic"},
		{"all, basic not listed", "", "", longSecret, true, true, all[:5], nil, "client_secret_post"},
		{"a key", "", "", "", true, false, all, nil, "private_key_jwt"},
		{"a key, no list", "", "", "", true, false, nil, nil, "private_key_jwt"},
		{"a key, not listed", "", "", "", true, false, all[4:], nil, ""},
		{"key and secret, key listed", "", "", longSecret, true, false, []string{"private_key_jwt"}, nil, "private_key_jwt"},
		{"key and secret, no list", "", "", longSecret, true, false, nil, nil, "client_secret_basic"},
		{"a secret for signing", "", "", longSecret, false, false, []string{"client_secret_jwt"}, nil, "client_secret_jwt"},
		{"a secret too short for signing", "", "", "short", false, false, []string{"client_secret_jwt"}, nil, ""},
		{"a certificate", "", "", "", false, true, all, nil, "tls_client_auth"},
		{"a certificate, self-signed", "", "", "", false, true, all[:1], nil, "self_signed_tls_client_auth"},
		{"a certificate, not listed", "", "", "", false, true, all[2:], nil, ""},
		{"the caller's", "private_key_jwt", "client_secret_basic", longSecret, true, false, nil, nil, "private_key_jwt"},
		{"the caller's without a key", "private_key_jwt", "", longSecret, false, false, all, nil, ""},
		{"the record's", "", "private_key_jwt", longSecret, true, false, all, nil, "private_key_jwt"},
		{"the record's certificate", "", "tls_client_auth", "", false, true, nil, nil, "tls_client_auth"},
		{"the record's certificate, missing", "", "tls_client_auth", "", false, false, nil, nil, ""},
		{"algorithm listed", "", "", "", true, false, all, []string{"RS256", "ES256"}, "private_key_jwt"},
		{"algorithm not listed", "", "", "", true, false, all, []string{"RS256"}, ""},
		{"HS256 not listed", "client_secret_jwt", "", longSecret, false, false, all, []string{"RS256"}, ""},
		{"the list says nothing of Basic", "", "", longSecret, false, false, all, []string{"RS256"}, "client_secret_basic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := flows.ClientAuthRequest{
				Client: &gen.ClientInformation{ClientID: "me", ClientSecret: secret(tt.secret), TokenEndpointAuthMethod: tt.recorded},
				Server: &gen.AuthorizationServerMetadata{Issuer: asIssuer, TokenEndpointAuthMethodsSupported: tt.listed, TokenEndpointAuthSigningAlgValuesSupported: tt.algs},
				Method: tt.method, Certificate: tt.certificate, Audience: "https://other.example.com",
			}
			if tt.key {
				in.Key = clientKey("ES256")
			}
			auth, err := flows.SelectClientAuth(in)
			if tt.want == "" {
				if _, ok := errors.AsType[*flows.ClientAuthError](err); !ok {
					t.Errorf("%v, %v", auth, err)
				}
				return
			}
			if err != nil || auth.Method != tt.want || auth.ClientID != "me" || auth.Issuer != asIssuer || auth.Audience != in.Audience {
				t.Errorf("%v, %v", auth, err)
			}
		})
	}
}

// EXT-11: an alias takes the place of an endpoint, with mutual TLS only.
func TestEndpoints(t *testing.T) {
	server := &gen.AuthorizationServerMetadata{
		TokenEndpoint: "t", RevocationEndpoint: "r", IntrospectionEndpoint: "i", DeviceAuthorizationEndpoint: "d",
		PushedAuthorizationRequestEndpoint: "p", RegistrationEndpoint: "g",
	}
	plain := flows.EndpointSet{Token: "t", Revocation: "r", Introspection: "i", DeviceAuthorization: "d", PushedAuthorizationRequest: "p", Registration: "g"}
	for _, mutual := range []bool{false, true} {
		if got := flows.Endpoints(server, mutual); got != plain {
			t.Errorf("%+v", got)
		}
	}
	server.MTLSEndpointAliases = &gen.MTLSEndpointAliases{TokenEndpoint: "T", RevocationEndpoint: "R", PushedAuthorizationRequestEndpoint: "P"}
	if got := flows.Endpoints(server, false); got != plain {
		t.Errorf("%+v", got)
	}
	want := plain
	want.Token, want.Revocation, want.PushedAuthorizationRequest = "T", "R", "P"
	if got := flows.Endpoints(server, true); got != want {
		t.Errorf("%+v", got)
	}
}
