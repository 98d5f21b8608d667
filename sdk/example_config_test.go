package sdk_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// Tokens bound to a key are of no use to a thief. Servers that demand it are
// obeyed without configuration; this program insists.
func ExampleDPoPPolicy() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{DPoP: flowstest.DPoPConfig{Policy: flowstest.DPoPOptional}})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource:   server.URL(),
		Authorizer: &sdk.Loopback{Open: browser(issuer)},
		DPoP:       sdk.DPoPAlways, // with a key for each grant; DPoPKey is one of your own
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	token, err := auth.Token(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(token.TokenType)
	// Output:
	// 200 OK
	// DPoP
}

// Authorization requests are pushed where the server requires it; this program
// pushes them wherever it can, so that the browser carries a reference only.
func ExampleConfig_pushAuthorization() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource:          server.URL(),
		Authorizer:        &sdk.Loopback{Open: browser(issuer)},
		PushAuthorization: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	fmt.Println(issuer.Count("par"), "pushed request")
	// Output:
	// 200 OK
	// 1 pushed request
}

// A program with a Client ID Metadata Document needs no registration.
func ExampleConfig_clientIDMetadataURL() {
	const document = "https://app.example.com/client.json" // served by flows.ClientIDDocumentHandler
	issuer, server, stop := newFakes(flowstest.ServerConfig{ClientIDDocuments: map[string]string{
		document: `{"client_id":"` + document + `","client_name":"Notes","redirect_uris":["http://127.0.0.1/callback"],"token_endpoint_auth_method":"none"}`,
	}})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource:            server.URL(),
		Authorizer:          &sdk.Loopback{Open: browser(issuer)},
		ClientIDMetadataURL: document,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	fmt.Println(issuer.Count("register"), "registrations")
	// Output:
	// 200 OK
	// 0 registrations
}

// A client that is known by its certificate presents it in its HTTPClient. Where
// the server has other endpoints for that, they are used.
func ExampleConfig_clientCertificate() {
	certificate := flowstest.NewClientCertificate("notes.example.com") // yours comes from your authority
	issuer, server, stop := newFakes(flowstest.ServerConfig{
		TLS: true, MTLS: flowstest.MTLSConfig{Enabled: true}, AuthMethods: []string{"tls_client_auth"},
		GrantTypes: []string{flowstest.GrantClientCredentials},
		Clients:    []flowstest.Client{{ID: "nightly", AuthMethod: "tls_client_auth", CertificateSAN: "notes.example.com"}},
	})
	defer stop()
	transport := issuer.Client().Transport.(*http.Transport).Clone() // trusts the server
	transport.TLSClientConfig.Certificates = []tls.Certificate{certificate}

	auth, err := sdk.New(sdk.Config{
		Resource:          server.URL(),
		Grant:             sdk.ClientCredentials{},
		Credentials:       &sdk.Credentials{ClientID: "nightly"},
		HTTPClient:        &http.Client{Transport: transport},
		ClientCertificate: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}

// One operation of the authorization server, and not a flow: what does it say
// about the session's token?
func ExampleClient_Server() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{
		AuthMethods: []string{"client_secret_basic"},
	})
	defer stop()
	ctx := context.Background()

	auth, err := sdk.New(sdk.Config{Resource: server.URL(), Authorizer: &sdk.Loopback{Open: browser(issuer)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	if err := auth.Login(ctx); err != nil {
		fmt.Println(err)
		return
	}
	token, err := auth.Token(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	operations, err := auth.Server(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := operations.IntrospectToken(ctx, &gen.IntrospectionRequest{Token: token.AccessToken})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(answer.Document.Active, answer.Document.Sub)
	// Output: true user
}

// The dynamic registration belongs to the program, which may change it.
func ExampleClient_UpdateRegistration() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{Management: flowstest.ManagementConfig{Enabled: true}})
	defer stop()
	ctx := context.Background()

	auth, err := sdk.New(sdk.Config{Resource: server.URL(), Authorizer: &sdk.Loopback{Open: browser(issuer)}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	client, err := auth.UpdateRegistration(ctx, &gen.ClientMetadata{ClientName: "Notes for Ada"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.ClientName)
	// Output:
	// 200 OK
	// Notes for Ada
}
