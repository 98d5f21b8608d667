package oidclogin_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/oidclogin"
)

// An employee signs on at the company's identity provider once. What its policy
// allows at the MCP server is then had without asking.
func Example() {
	// The identity provider, the MCP server's authorization server, which trusts
	// it, and the MCP server. Here they are fakes.
	idp := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantAuthorizationCode, flowstest.GrantTokenExchange},
		Clients:    []flowstest.Client{{ID: "agent", RedirectURIs: []string{"http://127.0.0.1/callback"}}},
		Resource:   flowstest.ResourceOptional,
	})
	defer idp.Close()
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent", Secret: "hush"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Server: idp}},
	})
	defer as.Close()
	server := flowstest.NewResource(flowstest.ResourceConfig{AuthorizationServers: []*flowstest.AuthorizationServer{as}, Path: "/mcp"})
	defer server.Close()

	ctx := context.Background()
	source, err := oidclogin.New(oidclogin.Config{
		Issuer: idp.Issuer(), ClientID: "agent",
		Authorizer: &sdk.Loopback{Open: browser(idp)}, // without Open: the user's own browser
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	grant, err := source.EnterpriseManaged(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := sdk.New(sdk.Config{
		Resource: server.URL(), Grant: grant,
		Credentials: &sdk.Credentials{ClientID: "agent", ClientSecret: "hush"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	for range 2 {
		res, err := auth.HTTPClient().Post(server.URL(), "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		fmt.Println(res.Status)
		as.RevokeAccessTokens()
	}
	fmt.Println("logins:", idp.Count("authorize"), "identity assertions:", idp.Count("token:"+flowstest.GrantTokenExchange))
	// Output:
	// 200 OK
	// 200 OK
	// logins: 1 identity assertions: 2
}

// browser returns what opens a URL in the browser of a user who agrees.
func browser(idp *flowstest.AuthorizationServer) func(context.Context, string) error {
	return func(ctx context.Context, url string) error {
		callback, err := idp.Authorize(ctx, url)
		if err != nil {
			return err
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, callback, nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
}
