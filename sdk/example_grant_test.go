package sdk_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// A program that acts for itself, with a secret. With a key it is ClientKey in
// Config, and no secret.
func ExampleClientCredentials() {
	_, server, stop := newFakes(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{{ID: "nightly", Secret: "kept elsewhere"}},
	})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource:    server.URL(),
		Grant:       sdk.ClientCredentials{},
		Credentials: &sdk.Credentials{ClientID: "nightly", ClientSecret: "kept elsewhere"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}

// A client that signs: with a key in memory, in a token, or in a key management
// service, whose signer is a crypto.Signer or a function.
func ExampleConfig_clientKey() {
	key := flowstest.NewSigningKey("ES256") // yours comes from a file or a service
	_, server, stop := newFakes(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{"private_key_jwt"},
		Clients: []flowstest.Client{{ID: "nightly", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(key)}},
	})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource:    server.URL(),
		Grant:       sdk.ClientCredentials{},
		Credentials: &sdk.Credentials{ClientID: "nightly"},
		ClientKey:   &flows.ClientKey{Signer: key.Signer(), KeyID: key.KeyID()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}

// A workload whose platform writes its identity into a file, as Kubernetes does.
func ExampleWorkloadIdentity() {
	platform := flowstest.NewSigningKey("ES256")
	issuer, server, stop := newFakes(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: "https://cluster.example.com", JWKS: flowstest.KeySet(platform), Workloads: true}},
	})
	defer stop()
	token := filepath.Join(os.TempDir(), fmt.Sprintf("token-%d", os.Getpid())) // /var/run/secrets/.../token
	defer os.Remove(token)
	_ = os.WriteFile(token, []byte(platform.Sign(nil, map[string]any{
		"iss": "https://cluster.example.com", "sub": "system:serviceaccount:agents:notes", "aud": issuer.Issuer(),
		"jti": "1", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	})), 0o600)

	auth, err := sdk.New(sdk.Config{
		Resource:    server.URL(),
		Grant:       sdk.WorkloadIdentity{Assertion: flows.AssertionFile(token)}, // read anew for each token
		Credentials: &sdk.Credentials{ClientID: "agent"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}

// The enterprise's identity provider says what its user may do. Package
// oidclogin makes the whole grant of a login there.
func ExampleEnterpriseManaged() {
	provider := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantTokenExchange}, Clients: []flowstest.Client{{ID: "notes", Secret: "at the provider"}},
	})
	defer provider.Close()
	_, server, stop := newFakes(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "notes", Secret: "at the server"}},
		TrustedIssuers: []flowstest.TrustedIssuer{{Server: provider}},
	})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource: server.URL(),
		Grant: sdk.EnterpriseManaged{
			IdentityProvider: provider.Endpoint("token"),
			Auth:             flows.ClientAuth{ClientID: "notes", Secret: "at the provider", Method: flows.AuthMethodBasic},
			Subject: func(context.Context) (flows.SubjectToken, error) { // the ID token of the user's sign-on
				return flows.SubjectToken{Token: gen.Secret(provider.IssueIDToken("notes", "ada"))}, nil
			},
		},
		Credentials: &sdk.Credentials{ClientID: "notes", ClientSecret: "at the server"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}

// A program without a browser shows a code, and the person enters it on another
// device.
func ExampleDeviceAuthorization() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantDeviceCode, flowstest.GrantRefreshToken},
		Device:     flowstest.DeviceConfig{Interval: time.Second},
	})
	defer stop()

	auth, err := sdk.New(sdk.Config{
		Resource: server.URL(),
		Grant: sdk.DeviceAuthorization{Show: func(_ context.Context, device *flows.DeviceAuthorization) error {
			fmt.Println("Enter the code that you see at the address that you see.") // UserCode, VerificationURI
			return issuer.ApproveDevice(device.UserCode)                            // what the person does
		}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output:
	// Enter the code that you see at the address that you see.
	// 200 OK
}

// A token that was issued by hand is sent as it is. When the server rejects it,
// nothing else is tried.
func ExampleStaticBearer() {
	issuer, server, stop := newFakes(flowstest.ServerConfig{})
	defer stop()
	issued := issuer.IssueToken(flowstest.Grant{ClientID: "by hand", Resource: []string{server.URL()}})

	auth, err := sdk.New(sdk.Config{
		Resource: server.URL(),
		Grant:    sdk.StaticBearer{Token: gen.Secret(issued.AccessToken)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer auth.Close()
	ping(auth.HTTPClient(), server.URL())
	// Output: 200 OK
}
