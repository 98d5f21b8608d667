package flowstest_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// pushedForm is the authorization request that is left after a push.
func pushedForm(a answer, changes ...string) url.Values {
	return change(url.Values{"client_id": {"public"}, "request_uri": {a.text("request_uri")}}, changes)
}

// refusedPage expects that an authorization request ends on a page.
func refusedPage(t *testing.T, as *flowstest.AuthorizationServer, form url.Values, want string) {
	t.Helper()
	_, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+form.Encode())
	var page *flowstest.PageError
	if !errors.As(err, &page) || !strings.Contains(page.Body, want) {
		t.Errorf("%v, want a page with %q", err, want)
	}
}

// AUTHZ-11: a pushed request is good once and not for long.
func TestPAR(t *testing.T) {
	now := time.Now()
	as := newServer(t, flowstest.ServerConfig{Clients: []flowstest.Client{public, {ID: "second"}}, Now: func() time.Time { return now }})
	a := post(t, as, "par", authorizationForm()).expect(t, 201, "")
	if !strings.HasPrefix(a.text("request_uri"), "urn:ietf:params:oauth:request_uri:") || a.json["expires_in"] != 60.0 ||
		a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("answer %v %s", a.header, a.body)
	}
	refusedPage(t, as, pushedForm(a, "client_id", "second"), "invalid_request_uri")
	refusedPage(t, as, pushedForm(a, "state", "x"), "state does not go with request_uri")
	location, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+pushedForm(a).Encode())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(location)
	if err != nil || u.Query().Get("state") != "st ate&" {
		t.Fatalf("location %s, %v", location, err)
	}
	post(t, as, "token", codeForm(u.Query().Get("code"))).expect(t, 200, "")
	refusedPage(t, as, pushedForm(a), "invalid_request_uri")
	refusedPage(t, as, pushedForm(a, "request_uri", "https://x.example.com"), "invalid_request_uri")
	a = post(t, as, "par", authorizationForm()).expect(t, 201, "")
	as.Configure(func(c *flowstest.ServerConfig) { c.Now = func() time.Time { return now.Add(time.Minute) } })
	refusedPage(t, as, pushedForm(a), "has expired")
	if as.Count("par") != 2 {
		t.Errorf("%d requests", as.Count("par"))
	}
}

// AUTHZ-11: what may not be pushed.
func TestPARRefused(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Clients: []flowstest.Client{public, {ID: "second", RedirectURIs: public.RedirectURIs, Secret: "s"}}})
	tests := map[string]struct {
		changes []string
		status  int
		want    string
	}{
		"no client":          {[]string{"client_id", ""}, 401, "invalid_client"},
		"no authentication":  {[]string{"client_id", "second"}, 401, "invalid_client"},
		"request_uri":        {[]string{"request_uri", "urn:x"}, 400, "invalid_request"},
		"no redirect URI":    {[]string{"redirect_uri", ""}, 400, "invalid_request"},
		"other redirect URI": {[]string{"redirect_uri", "https://x.example.com"}, 400, "invalid_request"},
		"no challenge":       {[]string{"code_challenge", ""}, 400, "invalid_request"},
		"no resource":        {[]string{"resource", ""}, 400, "invalid_target"},
		"other type":         {[]string{"response_type", "token"}, 400, "unsupported_response_type"},
		"thumbprint":         {[]string{"dpop_jkt", "x"}, 400, "invalid_request"},
		"code":               {[]string{"code", "x"}, 400, "invalid_request"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			post(t, as, "par", authorizationForm(test.changes...)).expect(t, test.status, test.want)
		})
	}
	form := authorizationForm("client_id", "")
	postBasic(t, as, "par", "second:s", form).expect(t, 400, "invalid_request") // client_id is one of the parameters
	form.Set("client_id", "second")
	postBasic(t, as, "par", "second:s", form).expect(t, 201, "")
	get(t, as.Client(), as.Endpoint("par")).expect(t, 405, "")
}

// AUTHZ-11: required, by the server or the client, or absent.
func TestPARPolicies(t *testing.T) {
	pushing := public
	pushing.RequirePAR = true
	for _, config := range []flowstest.ServerConfig{
		{PAR: flowstest.PARConfig{Policy: flowstest.PARRequired}}, {Clients: []flowstest.Client{pushing}},
	} {
		as := newServer(t, config)
		if got := callback(t, as, authorizationForm()); got.Get("error") != "invalid_request" {
			t.Errorf("an unpushed request got %v", got)
		}
		a := post(t, as, "par", authorizationForm()).expect(t, 201, "")
		if _, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+pushedForm(a).Encode()); err != nil {
			t.Error(err)
		}
		required := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server").json["require_pushed_authorization_requests"]
		if (required == true) != (config.PAR.Policy == flowstest.PARRequired) {
			t.Errorf("require_pushed_authorization_requests %v", required)
		}
	}
	as := newServer(t, flowstest.ServerConfig{PAR: flowstest.PARConfig{Policy: flowstest.PARDisabled}})
	post(t, as, "par", authorizationForm()).expect(t, 404, "")
	if a := get(t, as.Client(), as.URL()+"/.well-known/oauth-authorization-server"); a.json["pushed_authorization_request_endpoint"] != nil {
		t.Errorf("metadata %s", a.body)
	}
	as.Configure(func(c *flowstest.ServerConfig) {
		c.PAR = flowstest.PARConfig{Answer: flowstest.Without("request_uri"), Life: time.Second}
	})
	if a := post(t, as, "par", authorizationForm()).expect(t, 201, ""); a.body != `{"expires_in":1}` {
		t.Errorf("answer %s", a.body)
	}
}
