package flows_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// exampleService is a confidential client that a fake server knows.
var exampleService = flows.ClientAuth{ClientID: "gateway", Secret: "s3cret", Method: flows.AuthMethodBasic}

func exampleServer(config flowstest.ServerConfig) *flowstest.AuthorizationServer {
	config.Clients = append(config.Clients, flowstest.Client{ID: "gateway", Secret: "s3cret"})
	return flowstest.NewAuthorizationServer(config)
}

// A gateway trades the token that it was shown for one that is good for the
// service behind it.
func ExampleClient_ExchangeToken() {
	as := exampleServer(flowstest.ServerConfig{GrantTypes: []string{flowstest.GrantTokenExchange}})
	defer as.Close()
	shown := as.IssueToken(flowstest.Grant{ClientID: "app", Subject: "alice", Resource: []string{as.URL() + "/gateway"}, Scope: "read"})

	var client flows.Client
	token, err := client.ExchangeToken(context.Background(), flows.ExchangeRequest{
		TokenRequest: flows.TokenRequest{Endpoint: as.Endpoint("token"), Auth: exampleService, Resource: as.URL() + "/behind"},
		SubjectToken: gen.Secret(shown.AccessToken), SubjectTokenType: flows.TypeAccessToken,
		RequestedTokenType: flows.TypeAccessToken,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(token.TokenType, token.IssuedTokenType, token.AccessToken)
	// Output:
	// Bearer urn:ietf:params:oauth:token-type:access_token REDACTED
}

// A resource server asks what a token is good for; a client that is done says so.
func ExampleClient_Introspect() {
	as := exampleServer(flowstest.ServerConfig{})
	defer as.Close()
	token := as.IssueToken(flowstest.Grant{ClientID: "gateway", Subject: "alice", Resource: []string{as.URL() + "/mcp"}, Scope: "read"})

	ctx, client := context.Background(), &flows.Client{}
	ask := func() {
		answer, err := client.Introspect(ctx, flows.IntrospectRequest{
			Endpoint: as.Endpoint("introspect"), Auth: exampleService, Resource: as.URL(), Token: gen.Secret(token.AccessToken),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(answer.Active, answer.Sub, answer.Scope)
	}
	ask()
	err := client.Revoke(ctx, flows.RevokeRequest{
		Endpoint: as.Endpoint("revoke"), Auth: exampleService, Resource: as.URL(), AccessToken: gen.Secret(token.AccessToken),
	})
	fmt.Println(err)
	ask()
	// Output:
	// true alice read
	// <nil>
	// false
}

// The browser carries a reference; the request itself went to the server
// directly.
func ExampleClient_AuthorizePushed() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		PAR:     flowstest.PARConfig{Policy: flowstest.PARRequired},
		Clients: []flowstest.Client{{ID: "app", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}}},
	})
	defer as.Close()
	ctx, client := context.Background(), &flows.Client{}
	found, err := client.Discover(ctx, flows.DiscoverRequest{URL: as.URL() + "/mcp", Issuer: as.Issuer()})
	if err != nil {
		fmt.Println(err)
		return
	}
	pending, err := client.AuthorizePushed(ctx, flows.AuthorizeRequest{
		Discovery: found, Client: &gen.ClientInformation{ClientID: "app"},
		RedirectURI: "http://127.0.0.1:7777/callback", Resource: found.Resource,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.Contains(pending.URL, "request_uri="), strings.Contains(pending.URL, "code_challenge="))
	callback, err := as.Authorize(ctx, pending.URL)
	if err != nil {
		fmt.Println(err)
		return
	}
	code, err := pending.Code(callback)
	fmt.Println(code, err)
	// Output:
	// true false
	// REDACTED <nil>
}

// A registration is read, changed and deleted by the client that made it.
func ExampleClient_UpdateClient() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		InitialAccessToken: "from the operator", Management: flowstest.ManagementConfig{Enabled: true},
	})
	defer as.Close()
	ctx, client := flows.WithResource(context.Background(), as.URL()), &flows.Client{}
	metadata := &gen.ClientMetadata{ClientName: "Notes", RedirectURIs: []string{"http://127.0.0.1:7777/callback"}, TokenEndpointAuthMethod: "none"}
	registered, err := client.RegisterClient(ctx, flows.RegisterRequest{
		Endpoint: as.Endpoint("register"), Metadata: metadata, InitialAccessToken: "from the operator",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	metadata.ClientName = "Notes for Ada"
	updated, err := client.UpdateClient(ctx, flows.ManageRequest{Client: registered, Resource: as.URL()}, metadata)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(updated.ClientName, updated.ClientID == registered.ClientID)
	fmt.Println(client.DeleteClient(ctx, flows.ManageRequest{Client: updated, Resource: as.URL()}))
	// Output:
	// Notes for Ada true
	// <nil>
}

// A program without a server's registration publishes who it is, at the URL
// that is its client id.
func ExampleNewClientIDDocument() {
	const url = "https://app.example.com/oauth/client.json"
	doc, err := flows.NewClientIDDocument(url, &gen.ClientMetadata{
		ClientName: "Notes", RedirectURIs: []string{"http://127.0.0.1/callback", "http://localhost/callback"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler, err := flows.NewClientIDDocumentHandler(doc, flows.ClientIDDocumentOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/oauth/client.json", nil))
	fmt.Println(answer.Code, answer.Header().Get("Content-Type"))
	fmt.Println(answer.Body)
	// Output:
	// 200 application/json
	// {"client_name":"Notes","redirect_uris":["http://127.0.0.1/callback","http://localhost/callback"],"token_endpoint_auth_method":"none","client_id":"https://app.example.com/oauth/client.json"}
}

// The server knows the client by the certificate of its connection, at
// endpoints of its own.
func ExampleEndpoints() {
	certificate := flowstest.NewSelfSignedCertificate("gateway")
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		TLS: true, MTLS: flowstest.MTLSConfig{Enabled: true}, GrantTypes: []string{flowstest.GrantClientCredentials},
		AuthMethods: []string{flows.AuthMethodSelfSignedTLS},
		Clients: []flowstest.Client{{
			ID: "gateway", AuthMethod: flows.AuthMethodSelfSignedTLS, JWKS: flowstest.CertificateKeySet(certificate),
		}},
	})
	defer as.Close()
	transport := as.Client().Transport.(*http.Transport).Clone()
	transport.TLSClientConfig.Certificates = []tls.Certificate{certificate}

	client := &flows.Client{HTTP: &http.Client{Transport: transport}}
	ctx := context.Background()
	found, err := client.Discover(ctx, flows.DiscoverRequest{URL: as.URL() + "/mcp", Issuer: as.Issuer()})
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{
		Client: &gen.ClientInformation{ClientID: "gateway"}, Server: found.Server, Certificate: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := client.ClientCredentials(ctx, flows.ClientCredentialsRequest{TokenRequest: flows.TokenRequest{
		Endpoint: flows.Endpoints(found.Server, auth.MutualTLS()).Token, Auth: auth, Resource: found.Resource,
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(auth, token.TokenType, token.AccessToken)
	// Output:
	// client gateway (self_signed_tls_client_auth) Bearer REDACTED
}
