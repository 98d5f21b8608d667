package flows_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// TOK-1: which method is chosen.
func TestSelectAuthMethod(t *testing.T) {
	for _, tt := range []struct {
		name                       string
		override, recorded, secret string
		listed                     []string
		want                       string // "" is an error
	}{
		{"no secret", "", "", "", nil, "none"},
		{"no secret, whatever the list", "", "", "", []string{"client_secret_basic"}, "none"},
		{"secret, no list", "", "", "s", nil, "client_secret_basic"},
		{"secret, empty list", "", "", "s", []string{}, "client_secret_basic"},
		{"secret, post listed", "", "", "s", []string{"client_secret_post"}, "client_secret_post"},
		{"secret, basic before post whatever the order", "", "", "s", []string{"client_secret_post", "client_secret_basic"}, "client_secret_basic"},
		{"secret, none and post", "", "", "s", []string{"none", "client_secret_post"}, "client_secret_post"},
		{"secret, nothing for it", "", "", "s", []string{"private_key_jwt"}, ""},
		{"secret that nobody wants", "", "", "s", []string{"none"}, "none"},
		{"the record's", "", "client_secret_post", "s", []string{"client_secret_basic"}, "client_secret_post"},
		{"the record's none despite a secret", "", "none", "s", nil, "none"},
		{"the record's without a secret", "", "client_secret_basic", "", nil, ""},
		{"the caller's", "client_secret_post", "client_secret_basic", "s", nil, "client_secret_post"},
		{"the caller's without a secret", "client_secret_post", "", "", nil, ""},
		{"unknown", "", "tls_magic", "s", nil, ""},
		{"unknown by the caller", "magic", "", "s", nil, ""},
		{"in another case", "", "CLIENT_SECRET_BASIC", "s", nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := flows.SelectAuthMethod(tt.override,
				&gen.ClientInformation{ClientID: "c", ClientSecret: gen.Secret(tt.secret), TokenEndpointAuthMethod: tt.recorded},
				&gen.AuthorizationServerMetadata{TokenEndpointAuthMethodsSupported: tt.listed})
			if (err != nil) != (tt.want == "") || err == nil && got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}

// TOK-1: what is sent for each method.
func TestClientAuthentication(t *testing.T) {
	const id, secret = "client +%/: ü", "s3cr3t +%/:=&ü"
	for _, tt := range []struct {
		name  string
		auth  flows.ClientAuth
		basic string // the decoded credentials
		form  []string
	}{
		// RFC 6749 section 2.3.1: both halves are form-encoded first.
		{"basic", flows.ClientAuth{ClientID: id, Secret: secret, Method: flows.AuthMethodBasic}, "client+%2B%25%2F%3A+%C3%BC:s3cr3t+%2B%25%2F%3A%3D%26%C3%BC", nil},
		{"post", flows.ClientAuth{ClientID: id, Secret: secret, Method: flows.AuthMethodPost}, "", []string{"client_id", "client_secret"}},
		{"none", flows.ClientAuth{ClientID: id, Method: flows.AuthMethodNone}, "", []string{"client_id"}},
		{"none with a secret that is not used", flows.ClientAuth{ClientID: id, Secret: secret, Method: flows.AuthMethodNone}, "", []string{"client_id"}},
		{"none without the parameter", flows.ClientAuth{ClientID: id, Method: flows.AuthMethodNone, NoClientIDParam: true}, "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Answer(200, "application/json", `{"access_token":"a","token_type":"Bearer"}`))})
			_, err := loopbackClient().ExchangeCode(t.Context(), flows.CodeRequest{
				TokenRequest: flows.TokenRequest{Endpoint: as.Endpoint("token"), Auth: tt.auth, Resource: as.URL()},
				Code:         "c", Verifier: "v", RedirectURI: loopbackRedirect,
			})
			if err != nil {
				t.Fatal(err)
			}
			sent := as.RequestsOf("token")[0]
			header := sent.Header["Authorization"]
			if tt.basic == "" && header != nil || tt.basic != "" && (len(header) != 1 || decodeBasic(t, header[0]) != tt.basic) {
				t.Errorf("authorization %q, want %q", header, tt.basic)
			}
			for _, name := range []string{"client_id", "client_secret"} {
				want := map[string]string{"client_id": id, "client_secret": secret}[name]
				if slices.Contains(tt.form, name) {
					if got := sent.Form[name]; len(got) != 1 || got[0] != want {
						t.Errorf("%s %q", name, got)
					}
				} else if sent.Form.Has(name) {
					t.Errorf("%s is in the body", name)
				}
			}
			if len(sent.Query) != 0 {
				t.Errorf("query %v", sent.Query)
			}
		})
	}
}

// TOK-1, META-3: what cannot be carried out is refused before sending.
func TestClientAuthenticationRefusedBeforeSending(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	for _, auth := range []flows.ClientAuth{
		{ClientID: "c"},
		{ClientID: "c", Method: "private_key_jwt"},
		{ClientID: "c", Method: flows.AuthMethodBasic},
		{ClientID: "c", Method: flows.AuthMethodPost},
	} {
		_, err := loopbackClient().ExchangeCode(t.Context(), flows.CodeRequest{
			TokenRequest: flows.TokenRequest{Endpoint: as.Endpoint("token"), Auth: auth, Resource: as.URL()}, Code: "c", Verifier: "v",
		})
		if err == nil || flows.IsTemporary(err) {
			t.Errorf("%q: %v", auth.Method, err)
		}
	}
	for _, endpoint := range append([]string{""}, badEndpoints...) {
		_, err := loopbackClient().ExchangeCode(t.Context(), flows.CodeRequest{
			TokenRequest: flows.TokenRequest{Endpoint: endpoint, Auth: flows.ClientAuth{ClientID: "c", Secret: "t0ps3cret", Method: flows.AuthMethodPost}, Resource: as.URL()},
			Code:         "c", Verifier: "v",
		})
		if err == nil || flows.IsTemporary(err) {
			t.Errorf("%q: %v", endpoint, err)
		}
		expectNoSecrets(t, err, []string{"t0ps3cret"})
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("userinfo in %v", err)
		}
	}
	if n := as.Count("token"); n != 0 {
		t.Errorf("%d token requests", n)
	}
}
