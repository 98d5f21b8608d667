// What the examples share: servers in place of the real ones.

package sdk_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// newFakes starts an authorization server and an MCP server that trusts it.
func newFakes(config flowstest.ServerConfig) (issuer *flowstest.AuthorizationServer, server *flowstest.Resource, stop func()) {
	issuer = flowstest.NewAuthorizationServer(config)
	server = flowstest.NewResource(flowstest.ResourceConfig{
		Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{issuer}, DPoP: config.DPoP,
	})
	return issuer, server, func() { server.Close(); issuer.Close() }
}

// ping is what an MCP client sends first.
func ping(client *http.Client, url string) {
	res, err := client.Post(url, "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"ping"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = res.Body.Close()
	fmt.Println(res.Status)
}

// browser plays the browser and the person in it, to the end of the redirects.
func browser(issuer *flowstest.AuthorizationServer) func(ctx context.Context, url string) error {
	return func(ctx context.Context, url string) error {
		callback, err := issuer.Authorize(ctx, url)
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
