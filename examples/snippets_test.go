package examples_test

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/validate"
)

// What the README shows in pieces, run against the fakes of flowstest. The
// first piece of the README is the program in hello.

// newClient configures a client.
func newClient(url, folder string, edit func(*sdk.Config)) (*sdk.Client, error) {
	// README: begin config
	store, err := sdk.NewDirectoryStore(folder) // or anything with Get, Put and Delete
	if err != nil {
		return nil, err
	}
	config := sdk.Config{
		Resource:   url,
		ClientName: "Notes for Ada",
		Store:      store,
		Authorizer: &sdk.Loopback{Out: os.Stderr}, // on a machine without a browser: &sdk.Paste{}
		Logger:     slog.Default(),
	}
	// README: end config
	edit(&config)
	return sdk.New(config)
}

// The session outlives the program.
func TestConfig(t *testing.T) {
	issuer, server := newServers(t)
	folder := t.TempDir()
	for range 2 {
		auth, err := newClient(server.URL(), folder, func(c *sdk.Config) {
			c.Logger = nil
			c.Authorizer = &sdk.Loopback{Open: func(ctx context.Context, url string) error { return browse(ctx, issuer, url) }}
		})
		if err != nil {
			t.Fatal(err)
		}
		wantOK(t, auth.HTTPClient(), server.URL())
		if err := auth.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := issuer.Count("authorize"); got != 1 {
		t.Errorf("%d logins, want 1", got)
	}
}

// handle is the login of a web application.
func handle(mux *http.ServeMux, auth *sdk.Client, subject string) {
	// README: begin web
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		consent, err := auth.Begin(r.Context())
		if err != nil {
			http.Error(w, "the authorization server cannot be used", http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, consent.URL(), http.StatusFound)
	})
	mux.HandleFunc("/callback", func(w http.ResponseWriter, r *http.Request) {
		// The subject is that of the application's own session, never one of the query.
		if err := auth.Finish(r.Context(), subject, r.URL.String()); err != nil {
			http.Error(w, "the login was not completed", http.StatusForbidden)
		}
	})
	// README: end web
}

func TestWeb(t *testing.T) {
	issuer, server := newServers(t)
	mux := http.NewServeMux()
	app := httptest.NewServer(mux)
	t.Cleanup(app.Close)
	auth, err := sdk.New(sdk.Config{Resource: server.URL(), RedirectURI: app.URL + "/callback", Subject: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close() })
	handle(mux, auth, "ada")
	wantOK(t, http.DefaultClient, app.URL+"/login")
	wantOK(t, auth.HTTPClient(), server.URL())
	if got := issuer.Count("authorize"); got != 1 {
		t.Errorf("%d logins, want 1", got)
	}
}

// endpoints asks a server for its endpoints.
func endpoints(ctx context.Context, issuer string) (string, error) {
	// README: begin typed
	var client gen.Client
	answer, err := client.GetAuthorizationServerMetadata(ctx, issuer+"/.well-known/oauth-authorization-server")
	if err != nil {
		return "", err
	}
	found := validate.AuthorizationServer(answer.Document, issuer, validate.WithReport(answer.Report))
	if err := found.Refuses(validate.UseDocument); err != nil {
		return "", err // errors.Is(err, validate.RuleIssuerMatch): somebody else's document
	}
	return answer.Document.TokenEndpoint, nil
	// README: end typed
}

// revoke ends the session at the authorization server too.
func revoke(ctx context.Context, auth *sdk.Client) error {
	// README: begin server
	token, err := auth.Token(ctx) // refreshed if it is due; asks nobody
	if err != nil {
		return err
	}
	server, err := auth.Server(ctx)
	if err != nil {
		return err
	}
	_, err = server.RevokeToken(ctx, &gen.RevocationRequest{Token: token.AccessToken})
	// README: end server
	return err
}

func TestServer(t *testing.T) {
	issuer, server := newServers(t)
	auth, err := newClient(server.URL(), t.TempDir(), func(c *sdk.Config) {
		c.Logger = nil
		c.Authorizer = &sdk.Loopback{Open: func(ctx context.Context, url string) error { return browse(ctx, issuer, url) }}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = auth.Close() })
	wantOK(t, auth.HTTPClient(), server.URL())
	token, err := auth.Token(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := revoke(t.Context(), auth); err != nil {
		t.Fatal(err)
	}
	if info, ok := issuer.Token(token.AccessToken.Reveal()); !ok || !info.Revoked {
		t.Error("the token is still good")
	}
}

func TestTyped(t *testing.T) {
	issuer, _ := newServers(t)
	got, err := endpoints(t.Context(), issuer.Issuer())
	if err != nil || got != issuer.Endpoint("token") {
		t.Errorf("%q, %v", got, err)
	}
}

func Example_violations() {
	const issuer = "https://auth.example.com"
	data := []byte(`{
  "issuer": "https://auth.example.com/",
  "authorization_endpoint": "https://auth.example.com/authorize",
  "token_endpoint": "http://auth.example.com/token",
  "response_types_supported": ["code"]
}`)
	// README: begin validate
	for _, found := range validate.Bytes("", data, validate.For(issuer)) { // "" tells the kind from the content
		if found.Severity >= validate.SeverityError {
			fmt.Println(found.Severity, found)
		}
	}
	// README: end validate

	// Output:
	// error 2:13: /issuer: "https://auth.example.com/" is not "https://auth.example.com": they differ by a trailing slash (asm-issuer-spelling, RFC 8414 §3.3)
	// refuse 4:21: /token_endpoint: "http://auth.example.com/token": the scheme is http on a host that is not loopback (asm-token-endpoint, RFC 6749 §3.2)
	// refuse 1:1: /code_challenge_methods_supported: the code challenge methods are absent (asm-pkce-missing, MCP 2026-07-28, Authorization Code Protection)
}

// machine is a program that acts for itself.
func machine(url string, key crypto.Signer) (*sdk.Client, error) {
	// README: begin machine
	config := sdk.Config{
		Resource:    url,
		Grant:       sdk.ClientCredentials{},
		Credentials: &sdk.Credentials{ClientID: "nightly-report", TokenEndpointAuthMethod: flows.AuthMethodPrivateKeyJWT},
		ClientKey:   &flows.ClientKey{Signer: key, KeyID: "2026-11"}, // any crypto.Signer, a KMS too
	}
	// README: end machine
	return sdk.New(config)
}

func TestMachine(t *testing.T) {
	key := flowstest.NewSigningKey("ES256")
	jwk := key.JWK()
	jwk["kid"] = "2026-11"
	set, err := json.Marshal(map[string]any{"keys": []any{jwk}})
	if err != nil {
		t.Fatal(err)
	}
	issuer, server := newServers(t)
	issuer.Configure(func(c *flowstest.ServerConfig) {
		c.GrantTypes, c.AuthMethods = []string{flowstest.GrantClientCredentials}, []string{"private_key_jwt"}
	})
	issuer.AddClient(flowstest.Client{ID: "nightly-report", AuthMethod: "private_key_jwt", JWKS: set})
	auth, err := machine(server.URL(), key.Signer())
	if err != nil {
		t.Fatal(err)
	}
	wantOK(t, auth.HTTPClient(), server.URL())
	if err := auth.Close(); err != nil {
		t.Error(err)
	}
}

// call makes a request of one user of a gateway.
func call(pool *sdk.Pool, user, server string, r *http.Request) (*http.Response, error) {
	// README: begin pool
	client, err := pool.Client(user, server)
	if err != nil {
		return nil, err
	}
	return client.HTTPClient().Do(r)
	// README: end pool
}

func TestPool(t *testing.T) {
	issuer, server := newServers(t)
	pool, err := sdk.NewPool(sdk.Config{
		Authorizer: &sdk.Loopback{Open: func(ctx context.Context, url string) error { return browse(ctx, issuer, url) }},
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"ada", "grace"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := call(pool, user, server.URL(), r)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, error %v", user, response.StatusCode, err)
		}
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	if got := issuer.Count("authorize"); got != 2 {
		t.Errorf("%d logins, want one for each user", got)
	}
}

func newServers(t *testing.T) (*flowstest.AuthorizationServer, *flowstest.Resource) {
	t.Helper()
	// README: begin flowstest
	issuer := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	t.Cleanup(issuer.Close)
	server := flowstest.NewResource(flowstest.ResourceConfig{
		Path:                 "/mcp",
		AuthorizationServers: []*flowstest.AuthorizationServer{issuer},
	})
	t.Cleanup(server.Close)
	// Point the program at server.URL(); issuer.Authorize plays the browser and its user.
	// README: end flowstest
	return issuer, server
}

// browse follows an authorization URL to where the program listens.
func browse(ctx context.Context, issuer *flowstest.AuthorizationServer, url string) error {
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

func wantOK(t *testing.T, client *http.Client, url string) {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body strings.Builder
	if _, err := io.Copy(&body, res.Body); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v: %s", url, res.StatusCode, err, body.String())
	}
}
