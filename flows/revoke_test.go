package flows_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

func tokenServer(t testing.TB, change ...func(*flowstest.ServerConfig)) *flowstest.AuthorizationServer {
	t.Helper()
	config := flowstest.ServerConfig{AuthMethods: []string{"none", "private_key_jwt"}, Clients: []flowstest.Client{keyClient("ES256"), {ID: "public"}}}
	for _, f := range change {
		f(&config)
	}
	return newServer(t, config)
}

func revokeRequest(as *flowstest.AuthorizationServer, token flowstest.TokenInfo) flows.RevokeRequest {
	return flows.RevokeRequest{
		Endpoint: as.Endpoint("revoke"), Auth: keyAuth(as, "ES256"), Resource: as.URL() + "/mcp",
		RefreshToken: gen.Secret(token.RefreshToken), AccessToken: gen.Secret(token.AccessToken),
	}
}

// EXT-8: the refresh token first, then the access token.
func TestRevoke(t *testing.T) {
	as := tokenServer(t)
	token := as.IssueToken(flowstest.Grant{ClientID: "me"})
	if err := loopbackClient().Revoke(t.Context(), revokeRequest(as, token)); err != nil {
		t.Fatal(err)
	}
	sent := as.RequestsOf("revoke")
	if len(sent) != 2 || sent[0].Form.Get("token_type_hint") != "refresh_token" || sent[0].Form.Get("token") != token.RefreshToken ||
		sent[1].Form.Get("token_type_hint") != "access_token" || sent[1].Form.Get("token") != token.AccessToken {
		t.Errorf("%v", sent)
	}
	if info, ok := as.Token(token.AccessToken); ok && !info.Revoked || !as.Families()[0].Revoked {
		t.Errorf("%+v", info)
	}
	// What is not there is not revoked; nothing is nothing.
	only := revokeRequest(as, token)
	only.RefreshToken = ""
	if err := errors.Join(loopbackClient().Revoke(t.Context(), only), loopbackClient().Revoke(t.Context(), flows.RevokeRequest{})); err != nil || as.Count("revoke") != 3 {
		t.Errorf("%d requests: %v", as.Count("revoke"), err)
	}
}

// EXT-8: failures: typed, both tokens tried, nothing printed.
func TestRevokeFails(t *testing.T) {
	for _, tt := range []struct {
		name      string
		fault     flowstest.Fault
		code      string // "-": no error
		temporary bool
		requests  int
	}{
		{"refused", flowstest.OAuthError(400, "invalid_client", "no"), "invalid_client", false, 2},
		{"access tokens are not revoked here", flowstest.Faults(flowstest.Times(1, flowstest.Answer(200, "", "")), flowstest.OAuthError(400, "unsupported_token_type", "no")), "-", false, 2},
		{"refresh tokens are not revoked here", flowstest.Times(1, flowstest.OAuthError(400, "unsupported_token_type", "no")), "unsupported_token_type", false, 2},
		{"the first time it is busy", flowstest.Times(1, flowstest.Unavailable(0)), "-", false, 3},
		{"redirected", flowstest.RedirectTo(307, "https://evil.example.com/"), "", false, 2},
		{"no such endpoint", flowstest.Answer(404, "text/html", "<html>nothing here</html>"), "", false, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := tokenServer(t, func(c *flowstest.ServerConfig) { c.Fault = flowstest.On("revoke", tt.fault) })
			token := as.IssueToken(flowstest.Grant{ClientID: "me"})
			err := loopbackClient().Revoke(t.Context(), revokeRequest(as, token))
			var failed *flows.EndpointError
			if tt.code == "-" {
				if err != nil {
					t.Error(err)
				}
			} else if !errors.As(err, &failed) || failed.Code != tt.code || flows.IsTemporary(err) != tt.temporary {
				t.Error(err)
			}
			if as.Count("revoke") != tt.requests {
				t.Errorf("%d requests", as.Count("revoke"))
			}
			expectNoSecrets(t, err, append(sentSecrets(as), "evil.example.com/x"))
		})
	}
}

// EXT-8: it ends within the time of a token request, whatever the server does.
func TestRevokeBounded(t *testing.T) {
	as := tokenServer(t)
	token := as.IssueToken(flowstest.Grant{ClientID: "me"})
	hanging := tripFunc(nil)
	synctest.Test(t, func(t *testing.T) {
		c := &flows.Client{HTTP: hanging.client()}
		start := time.Now()
		err := c.Revoke(t.Context(), revokeRequest(as, token))
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != c.TokenTimeout() {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// EXT-9: what the server says about a token.
func TestIntrospect(t *testing.T) {
	as := tokenServer(t)
	token := as.IssueToken(flowstest.Grant{ClientID: "me", Subject: "alice", Scope: "a b", Resource: []string{"https://mcp.example.com/mcp"}})
	in := flows.IntrospectRequest{
		Endpoint: as.Endpoint("introspect"), Auth: keyAuth(as, "ES256"), Resource: as.URL(), Token: gen.Secret(token.AccessToken), TokenTypeHint: "access_token",
	}
	found, err := loopbackClient().Introspect(t.Context(), in)
	if err != nil || !found.Active || found.Sub != "alice" || found.Scope != "a b" || found.ClientID != "me" || len(found.Aud) != 1 || found.Exp == nil {
		t.Fatalf("%+v, %v", found, err)
	}
	if hint := as.RequestsOf("introspect")[0].Form.Get("token_type_hint"); hint != "access_token" {
		t.Errorf("%q", hint)
	}
	as.ExpireAccessTokens()
	if found, err := loopbackClient().Introspect(t.Context(), in); err != nil || found.Active {
		t.Errorf("%+v, %v", found, err)
	}
	in.Auth = flows.ClientAuth{ClientID: "public", Method: flows.AuthMethodNone}
	_, err = loopbackClient().Introspect(t.Context(), in)
	var failed *flows.EndpointError
	if !errors.As(err, &failed) || failed.Code != "invalid_client" || failed.Endpoint != "introspection_endpoint" || flows.IsTemporary(err) {
		t.Error(err)
	}
	expectNoSecrets(t, err, []string{token.AccessToken})
}

// EXT-9: answers that are none.
func TestIntrospectOtherAnswers(t *testing.T) {
	for _, body := range []string{``, `{}`, `{"active":"yes"}`, `[]`, `{"active":true,"active":false}`, `{"active":true}trailing`} {
		as := tokenServer(t, func(c *flowstest.ServerConfig) {
			c.Fault = flowstest.On("introspect", flowstest.Answer(200, "application/json", body))
		})
		found, err := loopbackClient().Introspect(t.Context(), flows.IntrospectRequest{
			Endpoint: as.Endpoint("introspect"), Auth: keyAuth(as, "ES256"), Resource: as.URL(), Token: "t0ps3cret-token",
		})
		// META-6: a boolean that is none is false.
		if err == nil && found.Active || err != nil && !errors.As(err, new(*flows.EndpointError)) {
			t.Errorf("%s: %+v, %v", body, found, err)
		}
		if err != nil && strings.Contains(err.Error(), "t0ps3cret") {
			t.Error(err)
		}
	}
}
