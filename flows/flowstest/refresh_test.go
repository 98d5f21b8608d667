package flowstest_test

import (
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// REF-3: each refresh rotates; a rotated token that comes again revokes the
// family.
func TestRotation(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	first := login(t, as)
	second := post(t, as, "token", refreshForm(first.text("refresh_token"))).expect(t, 200, "")
	third := post(t, as, "token", refreshForm(second.text("refresh_token"))).expect(t, 200, "")
	if first.text("refresh_token") == second.text("refresh_token") || second.text("access_token") == third.text("access_token") {
		t.Error("a token came twice")
	}
	if f := as.Families(); len(f) != 1 || f[0].Refreshes != 2 || f[0].Reuses != 0 || f[0].Revoked {
		t.Errorf("families %+v", f)
	}
	post(t, as, "token", refreshForm(first.text("refresh_token"))).expect(t, 400, "invalid_grant")
	if f := as.Families(); f[0].Reuses != 1 || !f[0].Revoked {
		t.Errorf("families %+v", f)
	}
	post(t, as, "token", refreshForm(third.text("refresh_token"))).expect(t, 400, "invalid_grant")
	if info, _ := as.Token(third.text("access_token")); !info.Revoked {
		t.Error("an access token outlived its family")
	}
}

func TestRotationGrace(t *testing.T) {
	now := time.Now()
	as := newServer(t, flowstest.ServerConfig{RefreshGrace: time.Minute, Now: func() time.Time { return now }})
	first := login(t, as)
	post(t, as, "token", refreshForm(first.text("refresh_token"))).expect(t, 200, "")
	post(t, as, "token", refreshForm(first.text("refresh_token"))).expect(t, 200, "")
	as.Configure(func(c *flowstest.ServerConfig) { c.Now = func() time.Time { return now.Add(time.Minute) } })
	post(t, as, "token", refreshForm(first.text("refresh_token"))).expect(t, 400, "invalid_grant")
	if f := as.Families(); f[0].Reuses != 1 || f[0].Refreshes != 2 {
		t.Errorf("families %+v", f)
	}
}

func TestRotationPolicies(t *testing.T) {
	for policy, want := range map[flowstest.RotationPolicy]func(string) string{
		flowstest.RepeatRefreshToken: func(token string) string { return token },
		flowstest.OmitRefreshToken:   func(string) string { return "" },
	} {
		as := newServer(t, flowstest.ServerConfig{Rotation: policy})
		token := login(t, as).text("refresh_token")
		for range 2 {
			a := post(t, as, "token", refreshForm(token)).expect(t, 200, "")
			if got := a.text("refresh_token"); got != want(token) {
				t.Errorf("policy %d: refresh token %q", policy, got)
			}
		}
	}
}

func TestRefreshRefused(t *testing.T) {
	clients := []flowstest.Client{public, {ID: "second"}, {ID: "machine", GrantTypes: []string{"client_credentials"}}}
	tests := map[string]struct {
		config  flowstest.ServerConfig
		changes []string
		status  int
		code    string
	}{
		"no token":       {changes: []string{"refresh_token", ""}, status: 400, code: "invalid_request"},
		"unknown":        {changes: []string{"refresh_token", "x"}, status: 400, code: "invalid_grant"},
		"other client":   {changes: []string{"client_id", "second"}, status: 400, code: "invalid_grant"},
		"no grant":       {changes: []string{"client_id", "machine"}, status: 400, code: "unauthorized_client"},
		"no resource":    {changes: []string{"resource", ""}, status: 400, code: "invalid_target"},
		"other resource": {changes: []string{"resource", "https://other.example.com"}, status: 400, code: "invalid_target"},
		"more scope":     {changes: []string{"scope", "a b c"}, status: 400, code: "invalid_scope"},
		"scope needed":   {config: flowstest.ServerConfig{RefreshNeedsScope: true}, status: 400, code: "invalid_scope"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.config.Clients = clients
			as := newServer(t, test.config)
			form := refreshForm(login(t, as).text("refresh_token"), test.changes...)
			post(t, as, "token", form).expect(t, test.status, test.code)
			if f := as.Families(); f[0].Revoked {
				t.Error("the family was revoked")
			}
		})
	}
}

func TestRefreshLife(t *testing.T) {
	now := time.Now()
	as := newServer(t, flowstest.ServerConfig{RefreshLife: time.Hour, Now: func() time.Time { return now }})
	token := login(t, as).text("refresh_token")
	as.Configure(func(c *flowstest.ServerConfig) { c.Now = func() time.Time { return now.Add(time.Hour) } })
	post(t, as, "token", refreshForm(token)).expect(t, 400, "invalid_grant")
}

// A narrower scope is for the access token alone.
func TestRefreshScope(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	narrow := post(t, as, "token", refreshForm(login(t, as).text("refresh_token"), "scope", "a")).expect(t, 200, "")
	wide := post(t, as, "token", refreshForm(narrow.text("refresh_token"))).expect(t, 200, "")
	if narrow.text("scope") != "a" || wide.text("scope") != "a b" {
		t.Errorf("scopes %q, %q", narrow.text("scope"), wide.text("scope"))
	}
}

// The Refresh hook changes answers to refreshes and no others.
func TestRefreshHook(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Refresh: flowstest.Without("scope")})
	first := login(t, as)
	second := post(t, as, "token", refreshForm(first.text("refresh_token"))).expect(t, 200, "")
	if first.text("scope") != "a b" || second.json["scope"] != nil {
		t.Errorf("answers %v, %v", first.json, second.json)
	}
}

// What a test can do to tokens behind the client's back.
func TestTokenControl(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	token := as.IssueToken(flowstest.Grant{ClientID: public.ID, Subject: "bob", Scope: "a", Resource: []string{resource}})
	as.RevokeAccessToken(token.AccessToken)
	if info, ok := as.Token(token.AccessToken); !ok || !info.Revoked || info.Subject != "bob" {
		t.Errorf("token %+v", info)
	}
	next := post(t, as, "token", refreshForm(token.RefreshToken)).expect(t, 200, "")
	as.ExpireAccessTokens()
	if info, _ := as.Token(next.text("access_token")); info.ExpiresAt.After(time.Now()) {
		t.Errorf("token %+v", info)
	}
	as.RevokeRefreshToken(next.text("refresh_token"))
	post(t, as, "token", refreshForm(next.text("refresh_token"))).expect(t, 400, "invalid_grant")
	other := login(t, as)
	as.RevokeFamily(as.Families()[1].ID)
	post(t, as, "token", refreshForm(other.text("refresh_token"))).expect(t, 400, "invalid_grant")
	if f := as.Families(); f[0].Revoked || !f[1].Revoked || f[1].Reuses != 0 {
		t.Errorf("families %+v", f)
	}
}
