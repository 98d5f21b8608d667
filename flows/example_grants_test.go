package flows_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// A service gets a token for itself and authenticates with a key. The key may
// as well be in a key management service: see ClientKey.Sign.
func ExampleClient_ClientCredentials() {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	key := &flows.ClientKey{Signer: private, KeyID: "2026-07"}
	published, err := flows.PublicKeySet(key) // goes to the operator of the server
	if err != nil {
		fmt.Println(err)
		return
	}
	as := registeredService(published)
	defer as.Close()

	ctx, resource := context.Background(), as.URL()+"/mcp"
	var client flows.Client
	found, err := client.Discover(ctx, flows.DiscoverRequest{URL: resource, Issuer: as.Issuer()})
	if err != nil {
		fmt.Println(err)
		return
	}
	auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{
		Client: &gen.ClientInformation{ClientID: "billing"}, Server: found.Server, Key: key,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, err := client.ClientCredentials(ctx, flows.ClientCredentialsRequest{TokenRequest: flows.TokenRequest{
		Endpoint: found.Server.TokenEndpoint, Auth: auth, Resource: found.Resource, Scope: []string{"invoices:read"},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(auth)
	fmt.Println(token.TokenType, token.AccessToken, token.Scope)
	// Output:
	// client billing (private_key_jwt)
	// Bearer REDACTED [invoices:read]
}

// registeredService is a server that knows the client "billing".
func registeredService(keys *gen.JSONWebKeySet) *flowstest.AuthorizationServer {
	jwks, err := keys.Encode()
	if err != nil {
		panic(err)
	}
	return flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{"private_key_jwt"},
		Clients: []flowstest.Client{{ID: "billing", AuthMethod: "private_key_jwt", JWKS: jwks}},
	})
}

// A workload shows the token that its platform projects into a file and
// replaces there.
func ExampleClient_JWTBearer() {
	platform := flowstest.NewSigningKey("ES256")
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes:     []string{flowstest.GrantJWTBearer},
		Clients:        []flowstest.Client{{ID: "agent"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: "https://platform.example.com", JWKS: flowstest.KeySet(platform), Workloads: true}},
	})
	defer as.Close()
	path, remove := projectedToken(platform.Sign(nil, map[string]any{
		"iss": "https://platform.example.com", "sub": "system:serviceaccount:agents:crawler", "aud": as.Issuer(), "jti": "1",
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}))
	defer remove()

	var client flows.Client
	token, err := client.JWTBearer(context.Background(), flows.JWTBearerRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: as.Endpoint("token"), Resource: as.URL() + "/mcp",
			Auth: flows.ClientAuth{ClientID: "agent", Method: flows.AuthMethodNone},
		},
		Assertion: flows.AssertionFile(path), Audience: as.Issuer(),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, _ := as.Token(token.AccessToken.Reveal())
	fmt.Println(info.Subject)
	// Output: system:serviceaccount:agents:crawler
}

func projectedToken(token string) (path string, remove func()) {
	dir, err := os.MkdirTemp("", "projected")
	if err != nil {
		panic(err)
	}
	path = filepath.Join(dir, "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		panic(err)
	}
	return path, func() { _ = os.RemoveAll(dir) }
}

// A program without a browser: the human logs in on another device.
func ExampleClient_DeviceToken() {
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantDeviceCode}, Clients: []flowstest.Client{{ID: "terminal"}},
		Device: flowstest.DeviceConfig{Interval: time.Millisecond, Answer: flowstest.With("interval", 1)},
	})
	defer as.Close()

	ctx := context.Background()
	var client flows.Client
	request := flows.TokenRequest{
		Endpoint: as.Endpoint("token"), Resource: as.URL() + "/mcp",
		Auth: flows.ClientAuth{ClientID: "terminal", Method: flows.AuthMethodNone},
	}
	device, err := client.AuthorizeDevice(ctx, flows.DeviceRequest{TokenRequest: request, DeviceEndpoint: as.Endpoint("device")})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Show device.VerificationURI and device.UserCode; here is the human:
	_ = as.ApproveDevice(device.UserCode)

	token, err := client.DeviceToken(ctx, flows.DeviceTokenRequest{TokenRequest: request, Device: device})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(token.TokenType, token.AccessToken)
	// Output: Bearer REDACTED
}

// Enterprise-managed authorization: the identity provider's policy says what a
// user who has signed on may do at an MCP server.
func ExampleClient_Enterprise() {
	idp := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantTokenExchange},
		Clients:    []flowstest.Client{{ID: "assistant-sso"}},
		Exchange: func(flowstest.ExchangeRequest) flowstest.ExchangeDecision {
			return flowstest.ExchangeDecision{ClientID: "assistant"}
		},
	})
	defer idp.Close()
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes:     []string{flowstest.GrantJWTBearer},
		Clients:        []flowstest.Client{{ID: "assistant", Secret: "a-secret"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Server: idp}},
	})
	defer as.Close()

	var client flows.Client
	token, err := client.Enterprise(context.Background(), flows.EnterpriseRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: as.Endpoint("token"), Resource: as.URL() + "/mcp", Scope: []string{"files:read"},
			Auth: flows.ClientAuth{ClientID: "assistant", Secret: "a-secret", Method: flows.AuthMethodBasic},
		},
		Issuer:               as.Issuer(),
		IdentityProvider:     idp.Endpoint("token"),
		IdentityProviderAuth: flows.ClientAuth{ClientID: "assistant-sso", Method: flows.AuthMethodNone},
		Subject: func(context.Context) (flows.SubjectToken, error) {
			return flows.SubjectToken{Token: gen.Secret(idp.IssueIDToken("assistant-sso", "alice"))}, nil
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	info, _ := as.Token(token.AccessToken.Reveal())
	fmt.Println(info.Subject, token.Scope)
	// Output: alice [files:read]
}
