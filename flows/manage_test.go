package flows_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

func managedMetadata() *gen.ClientMetadata {
	return &gen.ClientMetadata{ClientName: "before", RedirectURIs: []string{loopbackRedirect}, TokenEndpointAuthMethod: "client_secret_basic"}
}

// registeredAt registers a client that may manage itself.
func registeredAt(t testing.TB, as *flowstest.AuthorizationServer) flows.ManageRequest {
	t.Helper()
	ctx := flows.WithResource(t.Context(), as.URL())
	information, err := loopbackClient().RegisterClient(ctx, flows.RegisterRequest{Endpoint: as.Endpoint("register"), Metadata: managedMetadata()})
	if err != nil {
		t.Fatal(err)
	}
	if information.RegistrationAccessToken == "" || information.RegistrationClientURI == "" {
		t.Fatalf("%v", information)
	}
	return flows.ManageRequest{Client: information, Resource: as.URL()}
}

// REG-10: read, update, delete, with and without replaced tokens and secrets.
func TestManageClient(t *testing.T) {
	for _, config := range []flowstest.ManagementConfig{
		{Enabled: true}, {Enabled: true, RotateToken: true}, {Enabled: true, RotateToken: true, RotateSecret: true},
	} {
		as := newServer(t, flowstest.ServerConfig{Management: config})
		c, in := loopbackClient(), registeredAt(t, as)
		before := *in.Client

		read, err := c.ReadClient(t.Context(), in)
		if err != nil || read.ClientID != before.ClientID || read.ClientSecret != before.ClientSecret || read.ClientName != "before" ||
			(read.RegistrationAccessToken != before.RegistrationAccessToken) != config.RotateToken {
			t.Fatalf("%v, %v", read, err)
		}
		in.Client = read
		metadata := managedMetadata()
		metadata.ClientName, metadata.RedirectURIs = "after", []string{"http://127.0.0.1:8888/callback"}
		updated, err := c.UpdateClient(t.Context(), in, metadata)
		if err != nil || updated.ClientName != "after" || updated.RedirectURIs[0] != "http://127.0.0.1:8888/callback" ||
			(updated.ClientSecret != before.ClientSecret) != config.RotateSecret || updated.RegistrationClientURI != before.RegistrationClientURI {
			t.Fatalf("%v, %v", updated, err)
		}
		in.Client = updated
		if err := c.DeleteClient(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		// REG-10: the client is no more, and its token with it.
		_, err = c.ReadClient(t.Context(), in)
		var gone *flows.RegistrationError
		if !errors.As(err, &gone) || gone.StatusCode != 401 || len(as.Clients()) != 0 {
			t.Errorf("%v", err)
		}
		secrets := []string{before.ClientSecret.Reveal(), before.RegistrationAccessToken.Reveal(), updated.RegistrationAccessToken.Reveal()}
		for _, v := range []any{err, in, read, updated} {
			expectNoSecrets(t, v, secrets)
		}
		for _, request := range as.RequestsOf("manage") {
			if len(request.Query) != 0 {
				t.Errorf("%v", request.Query)
			}
		}
	}
}

// REG-10: what is not named again stays as it was.
func TestManageClientKeeps(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true}})
	in := registeredAt(t, as)
	as.Configure(func(c *flowstest.ServerConfig) {
		c.Registration = flowstest.Without("registration_access_token", "registration_client_uri", "client_secret", "client_secret_expires_at", "token_endpoint_auth_method")
	})
	read, err := loopbackClient().ReadClient(t.Context(), in)
	if err != nil || read.ClientSecret != in.Client.ClientSecret || read.RegistrationAccessToken != in.Client.RegistrationAccessToken ||
		read.RegistrationClientURI != in.Client.RegistrationClientURI || read.TokenEndpointAuthMethod != "client_secret_basic" {
		t.Errorf("%v, %v", read, err)
	}
}

// REG-10: refusals: typed, sent once, nothing printed.
func TestManageClientRefused(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(*flowstest.ServerConfig)
		edit     func(*gen.ClientInformation)
		status   int
		requests int
	}{
		{"another token", nil, func(c *gen.ClientInformation) { c.RegistrationAccessToken = "wr0ng-token" }, 401, 1},
		{"no token", nil, func(c *gen.ClientInformation) { c.RegistrationAccessToken = "" }, 0, 0},
		{"no place", nil, func(c *gen.ClientInformation) { c.RegistrationClientURI = "" }, 0, 0},
		{"a place of plain http", nil, func(c *gen.ClientInformation) { c.RegistrationClientURI = "http://as.example.com/me" }, 0, 0},
		{"another client's answer", func(c *flowstest.ServerConfig) { c.Registration = flowstest.With("client_id", "somebody") }, nil, 200, 1},
		{"no client's answer", func(c *flowstest.ServerConfig) { c.Registration = flowstest.Without("client_id") }, nil, 200, 1},
		{"not json", func(c *flowstest.ServerConfig) {
			c.Fault = flowstest.On("manage", flowstest.Answer(200, "text/html", "<html>"))
		}, nil, 200, 1},
		{"forbidden", func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("manage", flowstest.Firewall()) }, nil, 403, 1},
		{"redirected", func(c *flowstest.ServerConfig) {
			c.Fault = flowstest.On("manage", flowstest.RedirectTo(307, "https://evil.example.com/"))
		}, nil, 307, 1},
		{"it repeats the token", func(c *flowstest.ServerConfig) {}, func(c *gen.ClientInformation) { c.RegistrationAccessToken = "ech0ed-token" }, 400, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true}})
			in := registeredAt(t, as)
			if tt.change != nil {
				as.Configure(tt.change)
			}
			if tt.edit != nil {
				changed := *in.Client
				in.Client = &changed
				tt.edit(in.Client)
			}
			if tt.status == 400 {
				as.Configure(func(c *flowstest.ServerConfig) {
					c.Fault = flowstest.On("manage", flowstest.OAuthError(400, "invalid_token", "what is ech0ed-token?"))
				})
			}
			_, err := loopbackClient().UpdateClient(t.Context(), in, managedMetadata())
			var refused *flows.RegistrationError
			if !errors.As(err, &refused) || refused.StatusCode != tt.status || as.Count("manage") != tt.requests {
				t.Fatalf("%d requests: %v", as.Count("manage"), err)
			}
			expectNoSecrets(t, err, []string{"wr0ng-token", "ech0ed-token", in.Client.RegistrationAccessToken.Reveal(), in.Client.ClientSecret.Reveal()})
		})
	}
	as := newServer(t, flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true}})
	in := registeredAt(t, as)
	if err := loopbackClient().DeleteClient(t.Context(), flows.ManageRequest{Client: &gen.ClientInformation{ClientID: "x"}}); !errors.As(err, new(*flows.RegistrationError)) {
		t.Error(err)
	}
	as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("manage", flowstest.Answer(405, "", "")) })
	var refused *flows.RegistrationError
	if err := loopbackClient().DeleteClient(t.Context(), in); !errors.As(err, &refused) || refused.StatusCode != 405 {
		t.Error(err)
	}
}

// REG-10: the operator's permission to register, and its statement about the
// software.
func TestRegisterWithPermission(t *testing.T) {
	var seen string
	as := newServer(t, flowstest.ServerConfig{
		InitialAccessToken: "1nitial-token",
		SoftwareStatement: func(statement string) (map[string]any, *flowstest.Error) {
			seen = statement
			return map[string]any{"client_name": "as the operator says"}, nil
		},
	})
	found := discovered(t, as)
	in := flows.ClientRequest{
		Discovery: found, RedirectURI: loopbackRedirect, Metadata: &gen.ClientMetadata{ClientName: "x"},
		InitialAccessToken: "1nitial-token", SoftwareStatement: "a.statement.x",
	}
	identity, err := loopbackClient().ObtainClient(t.Context(), in)
	if err != nil || identity.Information.ClientName != "as the operator says" || seen != "a.statement.x" || in.Metadata.SoftwareStatement != "" {
		t.Fatalf("%v, %v, %q", identity, err, seen)
	}
	in.Metadata = &gen.ClientMetadata{ClientName: "x", SoftwareStatement: "its.own.x"}
	if _, err := loopbackClient().ObtainClient(t.Context(), in); err != nil || seen != "its.own.x" {
		t.Errorf("%v, %q", err, seen)
	}
	in.InitialAccessToken = "wr0ng-token"
	_, err = loopbackClient().ObtainClient(t.Context(), in)
	var refused *flows.RegistrationError
	if !errors.As(err, &refused) || refused.StatusCode != 401 || as.Count("register") != 3 {
		t.Errorf("%d requests: %v", as.Count("register"), err)
	}
	expectNoSecrets(t, err, []string{"1nitial-token", "wr0ng-token"})
}

// REG-4, TOK-2: a client that brings keys is registered to use them.
func TestRegisterWithKeys(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{AuthMethods: []string{"none", "private_key_jwt"}})
	set, err := flows.PublicKeySet(clientKey("ES256"))
	if err != nil {
		t.Fatal(err)
	}
	found := discovered(t, as)
	identity, err := loopbackClient().ObtainClient(t.Context(), flows.ClientRequest{
		Discovery: found, RedirectURI: loopbackRedirect, Metadata: &gen.ClientMetadata{ClientName: "x", JWKS: set},
	})
	if err != nil || identity.Information.TokenEndpointAuthMethod != "private_key_jwt" {
		t.Fatalf("%v, %v", identity, err)
	}
	auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{Client: identity.Information, Server: found.Server, Key: clientKey("ES256")})
	if err != nil || auth.Method != flows.AuthMethodPrivateKeyJWT {
		t.Errorf("%v, %v", auth, err)
	}
}
