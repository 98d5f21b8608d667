package flows_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// enterprise is an identity provider and an authorization server that trusts it.
type enterprise struct {
	idp, as *flowstest.AuthorizationServer
}

func newEnterprise(t testing.TB, change ...func(idp, as *flowstest.ServerConfig)) enterprise {
	t.Helper()
	idpConfig := flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantTokenExchange}, Clients: []flowstest.Client{{ID: "me", Secret: "idp-t0ps3cret"}},
	}
	asConfig := flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, AuthMethods: []string{"private_key_jwt"}, Clients: []flowstest.Client{keyClient("ES256")},
	}
	for _, f := range change {
		f(&idpConfig, &asConfig)
	}
	e := enterprise{idp: newServer(t, idpConfig)}
	asConfig.TrustedIssuers = []flowstest.TrustedIssuer{{Server: e.idp}}
	e.as = newServer(t, asConfig)
	return e
}

func (e enterprise) request(subject flows.SubjectToken) flows.EnterpriseRequest {
	return flows.EnterpriseRequest{
		TokenRequest: requestTo(e.as, keyAuth(e.as, "ES256")), Issuer: e.as.Issuer(),
		IdentityProvider:     e.idp.Endpoint("token"),
		IdentityProviderAuth: flows.ClientAuth{ClientID: "me", Secret: "idp-t0ps3cret", Method: flows.AuthMethodBasic},
		Subject:              func(context.Context) (flows.SubjectToken, error) { return subject, nil },
	}
}

func (e enterprise) signedOn() flows.SubjectToken {
	return flows.SubjectToken{Token: secret(e.idp.IssueIDToken("me", "alice"))}
}

// EXT-2, EXT-3: both legs, with an ID token and with SAML, and a fresh
// assertion each time.
func TestEnterprise(t *testing.T) {
	e := newEnterprise(t)
	for _, subject := range []flows.SubjectToken{
		e.signedOn(), {Token: e.signedOn().Token, Type: flows.TypeIDToken},
		{Token: secret(e.idp.IssueSAML("me", "alice")), Type: flows.TypeSAML2},
	} {
		token, err := loopbackClient().Enterprise(t.Context(), e.request(subject))
		if err != nil {
			t.Fatal(err)
		}
		if info, ok := e.as.Token(token.AccessToken.Reveal()); !ok || info.Subject != "alice" || token.TokenType != "Bearer" || info.Scope != "a b" {
			t.Errorf("%+v, %v", info, token)
		}
	}
	form := e.idp.RequestsOf("token")[2].Form
	if form.Get("audience") != e.as.Issuer() || form.Get("resource") != e.as.URL()+"/mcp" || form.Get("requested_token_type") != flows.TypeIDJAG ||
		form.Get("subject_token_type") != flows.TypeSAML2 || form.Get("scope") != "a b" || form.Has("actor_token") {
		t.Errorf("%v", form)
	}
	seen := map[string]bool{}
	for _, request := range e.as.RequestsOf("token") {
		seen[request.Form.Get("assertion")] = true
	}
	if len(seen) != 3 || e.as.Count("register") != 0 {
		t.Errorf("%d assertions", len(seen))
	}
}

// EXT-3: what the identity provider makes of it.
func TestRequestIDJAGRefused(t *testing.T) {
	deny := func(code string) func(idp, _ *flowstest.ServerConfig) {
		return func(idp, _ *flowstest.ServerConfig) {
			idp.Exchange = flowstest.DenyExchange(code, "the administrator says no")
		}
	}
	for _, tt := range []struct {
		name    string
		change  func(idp, as *flowstest.ServerConfig)
		subject func(e enterprise) flows.SubjectToken
		code    string
		policy  bool
	}{
		{"the policy denies", deny("access_denied"), enterprise.signedOn, "access_denied", true},
		{"not this server", deny("invalid_target"), enterprise.signedOn, "invalid_target", true},
		{"not these scopes", deny("invalid_scope"), enterprise.signedOn, "invalid_scope", true},
		{"a stronger sign-on", deny("insufficient_user_authentication"), enterprise.signedOn, "insufficient_user_authentication", true},
		{"not this grant for this client", func(idp, _ *flowstest.ServerConfig) { idp.Clients[0].GrantTypes = []string{"refresh_token"} }, enterprise.signedOn, "unauthorized_client", true},
		{"the subject token is refused", deny("invalid_grant"), enterprise.signedOn, "invalid_grant", false},
		{"the sign-on has expired", nil, func(e enterprise) flows.SubjectToken {
			return flows.SubjectToken{Token: secret(e.idp.IssueIDToken("me", "alice", func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() }))}
		}, "", false},
		{"the sign-on was for another client", nil, func(e enterprise) flows.SubjectToken {
			return flows.SubjectToken{Token: secret(e.idp.IssueIDToken("you", "alice"))}
		}, "", false},
		{"not the type it is", nil, func(e enterprise) flows.SubjectToken {
			return flows.SubjectToken{Token: e.signedOn().Token, Type: flows.TypeSAML2}
		}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(_, _ *flowstest.ServerConfig) {}
			}
			e := newEnterprise(t, tt.change)
			_, err := loopbackClient().Enterprise(t.Context(), e.request(tt.subject(e)))
			var refused *flows.TokenError
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			if tt.code == "" {
				tt.code = refused.Code
			}
			expectRefusal(t, err, tt.code, e.idp, "token", 1)
			var policy *flows.PolicyError
			if errors.As(err, &policy) != tt.policy || tt.policy && policy.Party != "identity provider" {
				t.Errorf("%v", err)
			}
			if e.as.Count("token") != 0 {
				t.Error("the second leg was sent")
			}
		})
	}
}

// EXT-3: only an ID-JAG will do, and it is no access token.
func TestRequestIDJAGOtherType(t *testing.T) {
	for _, answer := range []string{
		`{"access_token":"t0ps3cret","token_type":"Bearer","issued_token_type":"` + flows.TypeAccessToken + `"}`,
		`{"access_token":"t0ps3cret","token_type":"N_A","issued_token_type":"` + flows.TypeJWT + `"}`,
		`{"access_token":"t0ps3cret","token_type":"Bearer","issued_token_type":"` + flows.TypeIDJAG + `"}`,
		`{"access_token":"t0ps3cret","issued_token_type":"` + flows.TypeIDJAG + `"}`,
	} {
		e := newEnterprise(t, func(idp, _ *flowstest.ServerConfig) {
			idp.Fault = flowstest.On("token:*", flowstest.Answer(200, "application/json", answer))
		})
		_, err := loopbackClient().Enterprise(t.Context(), e.request(e.signedOn()))
		if !errors.As(err, new(*flows.IssuedTypeError)) || e.as.Count("token") != 0 {
			t.Errorf("%s: %v", answer, err)
		}
		expectNoSecrets(t, err, []string{"t0ps3cret"})
	}
}

// EXT-3: what is missing is refused before anything is sent.
func TestRequestIDJAGIncomplete(t *testing.T) {
	e := newEnterprise(t)
	errSignOn := errors.New("the user went home")
	for name, change := range map[string]func(*flows.EnterpriseRequest){
		"no subject token": func(in *flows.EnterpriseRequest) {
			in.Subject = func(context.Context) (flows.SubjectToken, error) { return flows.SubjectToken{}, nil }
		},
		"another type of it": func(in *flows.EnterpriseRequest) {
			in.Subject = func(context.Context) (flows.SubjectToken, error) {
				return flows.SubjectToken{Token: "a", Type: flows.TypeAccessToken}, nil
			}
		},
		"no sign-on": func(in *flows.EnterpriseRequest) {
			in.Subject = func(context.Context) (flows.SubjectToken, error) { return flows.SubjectToken{}, errSignOn }
		},
		"no resource":          func(in *flows.EnterpriseRequest) { in.Resource = "" },
		"no issuer":            func(in *flows.EnterpriseRequest) { in.Issuer = "" },
		"no identity provider": func(in *flows.EnterpriseRequest) { in.IdentityProvider = "" },
		"plain http":           func(in *flows.EnterpriseRequest) { in.IdentityProvider = "http://idp.example.com/token" },
	} {
		in := e.request(e.signedOn())
		change(&in)
		if _, err := loopbackClient().Enterprise(t.Context(), in); err == nil || name == "no sign-on" && !errors.Is(err, errSignOn) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if e.idp.Count("token")+e.as.Count("token") != 0 {
		t.Error("something was sent")
	}
}

// EXT-2: the assertion goes to the issuer's own origin and nowhere else.
func TestRedeemIDJAGForeignEndpoint(t *testing.T) {
	e := newEnterprise(t)
	for _, endpoint := range []string{
		e.idp.Endpoint("token"), strings.Replace(e.as.Endpoint("token"), "127.0.0.1", "localhost", 1),
		"https://as.example.com/token", "https://127.0.0.1/token", "%zz",
	} {
		in := e.request(e.signedOn())
		in.Endpoint = endpoint + "?key=t0ps3cret"
		_, err := loopbackClient().Enterprise(t.Context(), in)
		var foreign *flows.ForeignEndpointError
		if !errors.As(err, &foreign) || foreign.Issuer != e.as.Issuer() {
			t.Errorf("%s: %v", endpoint, err)
		}
		expectNoSecrets(t, err, []string{"t0ps3cret"})
	}
	if e.idp.Count("token")+e.as.Count("token") != 0 {
		t.Error("something was sent")
	}
}

// EXT-2: what the authorization server makes of an assertion.
func TestRedeemIDJAGRefused(t *testing.T) {
	e := newEnterprise(t)
	for i, tt := range []struct{ name, assertion, code string }{
		{"another audience", e.idp.IssueIDJAG(flowstest.IDJAG{ClientID: "me", Subject: "alice", Audience: "https://other.example.com", Resource: []string{e.as.URL() + "/mcp"}}), "invalid_grant"},
		{"another client", e.idp.IssueIDJAG(flowstest.IDJAG{ClientID: "you", Subject: "alice", Audience: e.as.Issuer(), Resource: []string{e.as.URL() + "/mcp"}}), "invalid_grant"},
		{"an ID token in its place", e.idp.IssueIDToken("me", "alice"), "invalid_grant"},
		{"expired", e.idp.IssueIDJAG(flowstest.IDJAG{ClientID: "me", Audience: e.as.Issuer(), Resource: []string{e.as.URL() + "/mcp"}, Life: -time.Minute}), "invalid_grant"},
		{"ten minutes early", e.idp.IssueIDJAG(flowstest.IDJAG{ClientID: "me", Audience: e.as.Issuer(), Resource: []string{e.as.URL() + "/mcp"}}, func(c map[string]any) {
			c["iat"], c["nbf"] = time.Now().Add(10*time.Minute).Unix(), time.Now().Add(10*time.Minute).Unix()
		}), "invalid_grant"},
		{"of somebody else", newEnterprise(t).idp.IssueIDJAG(flowstest.IDJAG{ClientID: "me", Audience: e.as.Issuer(), Resource: []string{e.as.URL() + "/mcp"}}), "invalid_grant"},
	} {
		_, err := loopbackClient().RedeemIDJAG(t.Context(), flows.IDJAGTokenRequest{
			TokenRequest: requestTo(e.as, keyAuth(e.as, "ES256")), Issuer: e.as.Issuer(), Grant: &flows.IDJAG{Assertion: secret(tt.assertion)},
		})
		if refused := expectRefusal(t, err, tt.code, e.as, "token", i+1); errors.As(err, new(*flows.PolicyError)) {
			t.Errorf("%s: %v", tt.name, refused)
		}
	}
	_, err := loopbackClient().RedeemIDJAG(t.Context(), flows.IDJAGTokenRequest{
		TokenRequest: requestTo(e.as, keyAuth(e.as, "ES256")), Issuer: e.as.Issuer(), Grant: &flows.IDJAG{Assertion: "<saml/>"},
	})
	if !errors.As(err, new(*flows.AssertionError)) || e.as.Count("token") != 6 {
		t.Error(err)
	}
	e = newEnterprise(t, func(_, as *flowstest.ServerConfig) {
		as.Fault = flowstest.On("token:*", flowstest.OAuthError(400, "access_denied", "this tenant may not"))
	})
	_, err = loopbackClient().Enterprise(t.Context(), e.request(e.signedOn()))
	var policy *flows.PolicyError
	if !errors.As(err, &policy) || policy.Party != "authorization server" {
		t.Error(err)
	}
}
