package flowstest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// A protected resource with its authorization server. The client under test
// would get rs.URL() and let as.Authorize play the browser.
func Example() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	defer as.Close()
	rs := flowstest.NewResource(flowstest.ResourceConfig{
		AuthorizationServers: []*flowstest.AuthorizationServer{as},
		Path:                 "/mcp",
		RequiredScopes:       []string{"tools:read"},
	})
	defer rs.Close()

	response, err := rs.Client().Get(rs.URL())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	fmt.Println(response.Status)
	fmt.Println(strings.ReplaceAll(response.Header.Get("WWW-Authenticate"), rs.Origin(), "http://host"))
	fmt.Println(rs.Count("mcp"), "request,", as.Count("authorize"), "authorizations")
	// Output:
	// 401 Unauthorized
	// Bearer scope="tools:read", resource_metadata="http://host/.well-known/oauth-protected-resource/mcp"
	// 1 request, 0 authorizations
}

// The user refuses once and then agrees; the server claims the wrong iss.
func ExampleAuthorizationServer_Configure() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		Clients: []flowstest.Client{{ID: "me", RedirectURIs: []string{"https://client.example.com/cb"}}},
		Decide:  flowstest.Deny(),
	})
	defer as.Close()
	open := func() {
		callback, err := as.Authorize(context.Background(), as.Endpoint("authorize")+"?"+url.Values{
			"response_type": {"code"}, "client_id": {"me"}, "redirect_uri": {"https://client.example.com/cb"},
			"code_challenge": {strings.Repeat("A", 43)}, "code_challenge_method": {"S256"},
			"resource": {"https://mcp.example.com/mcp"},
		}.Encode())
		if err != nil {
			fmt.Println(err)
			return
		}
		u, err := url.Parse(callback)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("error=%q iss is the issuer: %v\n", u.Query().Get("error"), u.Query().Get("iss") == as.Issuer())
	}
	open()
	as.Configure(func(config *flowstest.ServerConfig) {
		config.Decide = nil
		config.Iss = "https://evil.example.com"
	})
	open()
	// Output:
	// error="access_denied" iss is the issuer: true
	// error="" iss is the issuer: false
}

// The first two refreshes meet a busy server, and every answer claims a token
// of no known lifetime.
func ExampleFault() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		Token: flowstest.Without("expires_in"),
		Fault: flowstest.On("token:refresh_token", flowstest.Times(2, flowstest.Unavailable(1))),
	})
	defer as.Close()
	as.AddClient(flowstest.Client{ID: "me"})
	token := as.IssueToken(flowstest.Grant{ClientID: "me", Resource: []string{"https://mcp.example.com/mcp"}})
	for range 3 {
		form := url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {token.RefreshToken}, "client_id": {"me"},
			"resource": {"https://mcp.example.com/mcp"},
		}
		request := httptest.NewRequest(http.MethodPost, as.Endpoint("token"), strings.NewReader(form.Encode()))
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		answer := httptest.NewRecorder()
		as.Handler().ServeHTTP(answer, request)
		fmt.Println(answer.Code, strings.Contains(answer.Body.String(), "expires_in"))
	}
	// Output:
	// 503 false
	// 503 false
	// 200 false
}
