package flows_test

import (
	"errors"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/validate"
)

func exchangeServer(t testing.TB, change ...func(*flowstest.ServerConfig)) *flowstest.AuthorizationServer {
	t.Helper()
	config := flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantTokenExchange, flowstest.GrantRefreshToken}, AuthMethods: []string{"private_key_jwt", "none"},
		Clients: []flowstest.Client{keyClient("ES256")},
	}
	for _, f := range change {
		f(&config)
	}
	return newServer(t, config)
}

// EXT-7: the parameters of RFC 8693, and what comes back.
func TestExchangeToken(t *testing.T) {
	as := exchangeServer(t)
	mine := as.IssueToken(flowstest.Grant{ClientID: "me", Subject: "alice", Scope: "a b"})
	token, err := loopbackClient().ExchangeToken(t.Context(), flows.ExchangeRequest{
		TokenRequest: requestTo(as, keyAuth(as, "ES256")), Audience: []string{"backend", "other"},
		SubjectToken: secret(mine.AccessToken), SubjectTokenType: flows.TypeAccessToken,
		ActorToken: secret(mine.AccessToken), ActorTokenType: flows.TypeAccessToken,
		RequestedTokenType: flows.TypeAccessToken,
	})
	if err != nil {
		t.Fatal(err)
	}
	info, ok := as.Token(token.AccessToken.Reveal())
	if !ok || info.Subject != "alice" || token.TokenType != "Bearer" || token.IssuedTokenType != flows.TypeAccessToken || token.AccessToken == secret(mine.AccessToken) {
		t.Errorf("%+v, %v", info, token)
	}
	form := as.RequestsOf("token")[0].Form
	if len(form["audience"]) != 2 || form.Get("resource") != as.URL()+"/mcp" || form.Get("scope") != "a b" || form.Get("actor_token_type") != flows.TypeAccessToken {
		t.Errorf("%v", form)
	}
}

// EXT-7, TOK-6: what was issued is said, and is what was asked for.
func TestExchangeTokenIssuedType(t *testing.T) {
	for _, tt := range []struct {
		name      string
		requested string
		answer    string
		want      string // token_type; "" is an error
		rule      validate.Rule
	}{
		{"as asked", flows.TypeJWT, `{"access_token":"a","token_type":"N_A","issued_token_type":"` + flows.TypeJWT + `"}`, "N_A", ""},
		{"in another case", flows.TypeJWT, `{"access_token":"a","token_type":"n_a","issued_token_type":"` + flows.TypeJWT + `"}`, "N_A", ""},
		{"left to the server", "", `{"access_token":"a","token_type":"bearer","issued_token_type":"` + flows.TypeJWT + `"}`, "Bearer", ""},
		{"another type", flows.TypeAccessToken, `{"access_token":"t0ps3cret","token_type":"Bearer","issued_token_type":"` + flows.TypeRefreshToken + `"}`, "", ""},
		{"not said", "", `{"access_token":"t0ps3cret","token_type":"Bearer"}`, "", validate.RuleIssuedTokenType},
		{"another token_type", "", `{"access_token":"t0ps3cret","token_type":"mac","issued_token_type":"` + flows.TypeJWT + `"}`, "", validate.RuleTokenType},
		{"error beside", "", `{"access_token":"t0ps3cret","error":"x","token_type":"N_A","issued_token_type":"` + flows.TypeJWT + `"}`, "", validate.RuleTokenAndError},
	} {
		as := exchangeServer(t, func(c *flowstest.ServerConfig) {
			c.Fault = flowstest.On("token:*", flowstest.Answer(200, "application/json", tt.answer))
		})
		token, err := loopbackClient().ExchangeToken(t.Context(), flows.ExchangeRequest{
			TokenRequest: requestTo(as, keyAuth(as, "ES256")), SubjectToken: "s", SubjectTokenType: flows.TypeJWT, RequestedTokenType: tt.requested,
		})
		var refused *flows.TokenError
		switch {
		case tt.want != "" && (err != nil || token.TokenType != tt.want):
			t.Errorf("%s: %v, %v", tt.name, token, err)
		case tt.want == "" && (!errors.As(err, &refused) || token != nil || refused.Final()):
			t.Errorf("%s: %v, %v", tt.name, token, err)
		case tt.rule != "" && !errors.Is(err, tt.rule):
			t.Errorf("%s: %v", tt.name, err)
		}
		if tt.name == "another type" && !errors.As(err, new(*flows.IssuedTypeError)) {
			t.Errorf("%s: %v", tt.name, err)
		}
		expectNoSecrets(t, err, []string{"t0ps3cret"})
	}
}

// TOK-6: N_A belongs to a token exchange and to no other grant.
func TestNotApplicableElsewhere(t *testing.T) {
	as := exchangeServer(t, func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:*", flowstest.Answer(200, "application/json", `{"access_token":"a","token_type":"N_A","issued_token_type":"`+flows.TypeJWT+`"}`))
	})
	_, err := loopbackClient().ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, keyAuth(as, "ES256"))})
	if !errors.Is(err, validate.RuleTokenType) {
		t.Error(err)
	}
}

// EXT-7: refusals.
func TestExchangeTokenRefused(t *testing.T) {
	as := exchangeServer(t)
	expired := as.IssueToken(flowstest.Grant{ClientID: "me"})
	as.ExpireAccessTokens()
	for i, subject := range []string{"nobody-knows-this-one", expired.AccessToken} {
		_, err := loopbackClient().ExchangeToken(t.Context(), flows.ExchangeRequest{
			TokenRequest: requestTo(as, keyAuth(as, "ES256")), SubjectToken: secret(subject), SubjectTokenType: flows.TypeAccessToken,
		})
		var refused *flows.TokenError
		if !errors.As(err, &refused) {
			t.Fatal(err)
		}
		expectRefusal(t, err, refused.Code, as, "token", i+1)
	}
}
