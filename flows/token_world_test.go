// A whole login against the fakes, step by step.

package flows_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

func newServer(t testing.TB, config flowstest.ServerConfig) *flowstest.AuthorizationServer {
	t.Helper()
	as := flowstest.NewAuthorizationServer(config)
	t.Cleanup(as.Close)
	return as
}

// loopbackClient reaches the fakes.
func loopbackClient() *flows.Client { return &flows.Client{} }

func decodeBasic(t testing.TB, header string) string {
	t.Helper()
	credentials, ok := strings.CutPrefix(header, "Basic ")
	pair, err := base64.StdEncoding.DecodeString(credentials)
	if !ok || err != nil {
		t.Fatalf("authorization %q", header)
	}
	return string(pair)
}

// world is an authorization server, a resource and a client.
type world struct {
	as *flowstest.AuthorizationServer
	rs *flowstest.Resource
	c  *flows.Client
}

func newWorld(t testing.TB, as flowstest.ServerConfig, rs flowstest.ResourceConfig) *world {
	t.Helper()
	w := &world{as: newServer(t, as), c: loopbackClient()}
	rs.AuthorizationServers = append(rs.AuthorizationServers, w.as)
	if rs.Path == "" {
		rs.Path = "/mcp"
	}
	w.rs = flowstest.NewResource(rs)
	t.Cleanup(w.rs.Close)
	return w
}

// login is what a login came to; the fields are set as far as it got.
type login struct {
	challenge *flows.Challenge
	found     *flows.Discovery
	identity  *flows.ClientIdentity
	pending   *flows.Pending
	callback  string
	code      gen.Secret
	auth      flows.ClientAuth
	token     *flows.Token
}

// attempt carries out the login as a client would, up to the first error.
// edit may change the requests.
func (w *world) attempt(ctx context.Context, edit ...func(any)) (l login, err error) {
	change := func(request any) {
		for _, f := range edit {
			f(request)
		}
	}
	if l.challenge, err = w.ask(ctx); err != nil {
		return l, err
	}
	discover := flows.DiscoverRequest{URL: w.rs.URL(), Challenge: l.challenge}
	change(&discover)
	if l.found, err = w.c.Discover(ctx, discover); err != nil {
		return l, err
	}
	client := flows.ClientRequest{Discovery: l.found, RedirectURI: loopbackRedirect, Metadata: &gen.ClientMetadata{ClientName: "test", RedirectURIs: []string{loopbackRedirect}}}
	change(&client)
	if l.identity, err = w.c.ObtainClient(ctx, client); err != nil {
		return l, err
	}
	method, err := flows.SelectAuthMethod("", l.identity.Information, l.found.Server)
	if err != nil {
		return l, err
	}
	l.auth = flows.ClientAuth{ClientID: l.identity.Information.ClientID, Secret: l.identity.Information.ClientSecret, Method: method}
	authorize := flows.AuthorizeRequest{
		Discovery: l.found, Client: l.identity.Information, RedirectURI: client.RedirectURI, Resource: l.found.Resource,
		Scope: flows.SelectScope(flows.ScopeRequest{Challenge: l.challenge.Scope(), ResourceMetadata: l.found.ResourceMetadata, Server: l.found.Server, Refreshes: true}),
	}
	change(&authorize)
	if l.pending, err = w.c.Authorize(authorize); err != nil {
		return l, err
	}
	if l.callback, err = w.as.Authorize(ctx, l.pending.URL); err != nil {
		return l, err
	}
	if l.code, err = l.pending.Code(l.callback); err != nil {
		return l, err
	}
	exchange := flows.CodeRequest{
		TokenRequest: flows.TokenRequest{Endpoint: l.found.Server.TokenEndpoint, Auth: l.auth, Resource: l.pending.Resource, Scope: l.pending.Scope},
		Code:         l.code, Verifier: l.pending.Verifier, RedirectURI: l.pending.RedirectURI,
	}
	change(&exchange)
	l.token, err = w.c.ExchangeCode(flows.WithResource(ctx, w.rs.URL()), exchange)
	return l, err
}

// ask makes the request that is challenged.
func (w *world) ask(ctx context.Context) (*flows.Challenge, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.rs.URL(), strings.NewReader("{}"))
	if err != nil {
		return nil, err
	}
	res, err := w.rs.Client().Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	challenge, _ := flows.BearerChallenge(flows.ParseChallenges(res.Header))
	return challenge, nil
}

// login fails the test unless it works and the token is good.
func (w *world) login(t *testing.T, edit ...func(any)) login {
	t.Helper()
	l, err := w.attempt(t.Context(), edit...)
	if err != nil {
		t.Fatal(err)
	}
	if info, ok := w.as.Token(l.token.AccessToken.Reveal()); !ok || info.Revoked {
		t.Fatalf("the token %+v is not the server's", info)
	}
	return l
}

// refresh trades the login's refresh token.
func (w *world) refresh(ctx context.Context, l login) (*flows.Token, error) {
	return w.c.Refresh(flows.WithResource(ctx, w.rs.URL()), flows.RefreshRequest{
		TokenRequest: flows.TokenRequest{Endpoint: l.found.Server.TokenEndpoint, Auth: l.auth, Resource: l.pending.Resource, Scope: l.token.Scope},
		RefreshToken: l.token.RefreshToken,
	})
}

// secrets are the values that nothing may print.
func (w *world) secrets(l login) []string {
	var list []string
	add := func(values ...string) {
		for _, value := range values {
			if value != "" {
				list = append(list, value)
			}
		}
	}
	for _, client := range w.as.Clients() {
		add(client.Secret)
	}
	if l.pending != nil {
		add(l.pending.Verifier.Reveal())
	}
	add(l.code.Reveal(), l.auth.Secret.Reveal())
	for _, request := range append(w.as.Requests(), w.rs.Requests()...) {
		for _, name := range []string{"code", "code_verifier", "refresh_token", "client_secret"} {
			add(request.Form[name]...)
		}
	}
	if l.token != nil {
		add(l.token.AccessToken.Reveal(), l.token.RefreshToken.Reveal(), l.token.IDToken.Reveal())
	}
	return list
}

// expectNoSecrets prints v in all ways and looks for what must not be there.
func expectNoSecrets(t testing.TB, v any, secrets []string) {
	t.Helper()
	for _, text := range printed(v) {
		for _, secret := range secrets {
			if len(secret) >= 4 && strings.Contains(text, secret) {
				t.Errorf("secret %.12s... in %s", secret, text)
			}
		}
	}
}
