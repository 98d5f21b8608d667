package interop

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// platform issues assertions to workloads, and publishes its key.
type platform struct {
	key *flows.ClientKey
	url string
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	p := &platform{key: newKey(t, "ES256")}
	keys := publicKeys(t, p.key)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(keys)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// assertion is a JWT for the audience; claims change it.
func (p *platform) assertion(t *testing.T, audience string, claims map[string]any) string {
	t.Helper()
	now := time.Now()
	all := map[string]any{
		"iss": p.url, "sub": "system:serviceaccount:agents:a", "aud": audience, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	maps.Copy(all, claims)
	header, err := json.Marshal(map[string]string{"alg": "ES256", "kid": p.key.KeyID, "typ": "JWT"})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, p.key.Signer.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// workload turns a configuration into that of a workload whose assertion is in
// a file. Its client has no secret.
func (w *world) workload(file string) func(*sdk.Config) {
	known := w.register(gen.ClientMetadata{
		RedirectURIs: []string{}, ResponseTypes: []string{}, TokenEndpointAuthMethod: flows.AuthMethodNone,
		GrantTypes: []string{flows.GrantJWTBearer},
	})
	return func(c *sdk.Config) {
		c.Authorizer, c.Grant, c.Credentials = nil, sdk.WorkloadIdentity{Assertion: flows.AssertionFile(file)}, w.credentials(known)
	}
}

// EXT-4: the assertion is read anew for each token.
func TestWorkloadIdentity(t *testing.T) {
	w, p := begin(t, open), newPlatform(t)
	file := filepath.Join(t.TempDir(), "token")
	write(t, file, p.assertion(t, w.issuer, nil))
	client := w.client(w.workload(file))
	w.call(client, http.MethodGet, scopeRead)
	write(t, file, p.assertion(t, w.issuer, nil))
	w.resource.reject(t)
	w.call(client, http.MethodGet, scopeRead)
	for _, request := range w.sent(2, "token") {
		request.sent(t, "assertion", "client_id", "grant_type", "resource", "scope")
		request.had(t, "grant_type", flows.GrantJWTBearer)
		request.had(t, "resource", w.resource.url)
	}
	w.logins(0)
}

func write(t *testing.T, file, assertion string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(assertion+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// EXT-4: a rejection is the end: no second request, no other grant, nothing
// stored.
func TestWorkloadIdentityRefused(t *testing.T) {
	for name, claim := range map[string]func(w *world) (string, any){
		"expired":         func(*world) (string, any) { return "exp", time.Now().Add(-10 * time.Minute).Unix() },
		"not yet":         func(*world) (string, any) { return "nbf", time.Now().Add(10 * time.Minute).Unix() },
		"for another":     func(*world) (string, any) { return "aud", "https://elsewhere.example" },
		"from another":    func(*world) (string, any) { return "iss", "https://elsewhere.example" },
		"somebody's keys": func(w *world) (string, any) { return "iss", w.issuer },
	} {
		t.Run(name, func(t *testing.T) {
			w, p := begin(t, open), newPlatform(t)
			file := filepath.Join(t.TempDir(), "token")
			member, value := claim(w)
			write(t, file, p.assertion(t, w.issuer, map[string]any{member: value}))
			_, err := w.try(w.client(w.workload(file)), http.MethodGet)
			refused(t, err, "invalid_grant")
			w.sent(1, "token")
			w.written(0)
		})
	}
	t.Run("shown again", func(t *testing.T) {
		w, p := begin(t, open), newPlatform(t)
		file := filepath.Join(t.TempDir(), "token")
		write(t, file, p.assertion(t, w.issuer, nil))
		client := w.client(w.workload(file))
		w.call(client, http.MethodGet, scopeRead)
		w.resource.reject(t)
		_, err := w.try(client, http.MethodGet)
		refused(t, err, "invalid_grant")
		w.sent(2, "token")
	})
}

// signOn is the user's ID token from the enterprise's identity provider.
func (w *world) signOn(t *testing.T, agent flows.ClientAuth) gen.Secret {
	t.Helper()
	const redirectURI = "http://127.0.0.1/callback"
	issuer := w.provider.urls[enterprise]
	found, err := w.flows.Discover(w.here(), flows.DiscoverRequest{URL: issuer, Issuer: issuer})
	if err != nil {
		t.Fatal(err)
	}
	pending, err := w.flows.Authorize(flows.AuthorizeRequest{
		Discovery: found, Client: &gen.ClientInformation{ClientID: agent.ClientID}, RedirectURI: redirectURI, Scope: []string{"openid"},
	})
	if err != nil {
		t.Fatal(err)
	}
	code, err := pending.Code(w.browser.stopAt(t, redirectURI, pending.URL))
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.flows.ExchangeCode(w.here(), flows.CodeRequest{
		TokenRequest: flows.TokenRequest{Endpoint: found.Server.TokenEndpoint, Auth: agent, Scope: pending.Scope},
		Code:         code, Verifier: pending.Verifier, RedirectURI: redirectURI,
	})
	if err != nil || token.IDToken == "" {
		t.Fatalf("no ID token: %v", err)
	}
	return token.IDToken
}

// EXT-2, EXT-3: the sign-on at one provider is exchanged there for an assertion,
// and the assertion at the other for a token; each time anew.
func TestEnterpriseManaged(t *testing.T) {
	w := begin(t, open)
	agent := flows.ClientAuth{ClientID: "agent", Secret: w.provider.secret, Method: flows.AuthMethodBasic}
	idToken := w.signOn(t, agent)
	grant := sdk.EnterpriseManaged{
		IdentityProvider: w.provider.urls[enterprise] + "/token", Auth: agent,
		Subject: func(context.Context) (flows.SubjectToken, error) { return flows.SubjectToken{Token: idToken}, nil },
	}
	client := w.client(func(c *sdk.Config) {
		c.Authorizer, c.Grant = nil, grant
		c.Credentials = &sdk.Credentials{ClientID: "agent", ClientSecret: w.provider.secret, Issuer: w.issuer}
	})
	w.call(client, http.MethodGet, scopeRead)
	w.call(client, http.MethodPost, scopeRead, scopeWrite) // by policy, not by a person
	var exchanges, redemptions []entry
	for _, request := range w.sent(5, "token")[1:] { // after the sign-on
		if request.Profile == enterprise {
			exchanges = append(exchanges, request)
		} else {
			redemptions = append(redemptions, request)
		}
	}
	if len(exchanges) != 2 || len(redemptions) != 2 {
		t.Fatalf("%d exchanges and %d redemptions, want 2 and 2", len(exchanges), len(redemptions))
	}
	exchanges[0].sent(t, "audience", "grant_type", "requested_token_type", "resource", "scope", "subject_token", "subject_token_type")
	exchanges[0].had(t, "resource", w.resource.url)
	exchanges[1].had(t, "scope", scopeRead+" "+scopeWrite)
	redemptions[0].sent(t, "assertion", "grant_type", "resource", "scope")
	if redemptions[0].Authorization != "Basic" {
		t.Error(redemptions[0])
	}
	if said, err := w.resource.introspect(w.ctx(), w.resource.last(t).Reveal()); err != nil || said.Sub != "alice" {
		t.Errorf("the token is for %+v (%v)", said, err)
	}
}

// EXT-3: a policy that does not allow it, and a sign-on that is none, are typed
// errors of one request; the other server is not asked.
func TestEnterpriseManagedRefused(t *testing.T) {
	w := begin(t, open)
	agent := flows.ClientAuth{ClientID: "agent", Secret: w.provider.secret, Method: flows.AuthMethodBasic}
	idToken := w.signOn(t, agent)
	request := flows.IDJAGRequest{
		TokenRequest: flows.TokenRequest{
			Endpoint: w.provider.urls[enterprise] + "/token", Auth: agent, Resource: w.resource.url, Scope: []string{scopeRead},
		},
		Subject: flows.SubjectToken{Token: idToken}, Audience: "https://elsewhere.example",
	}
	_, err := w.flows.RequestIDJAG(w.here(), request)
	if _, ok := errors.AsType[*flows.PolicyError](err); !ok {
		t.Errorf("error = %v, want a *flows.PolicyError", err)
	}
	refused(t, err, "invalid_target")
	request.Audience, request.Subject.Token = w.issuer, idToken+"x"
	_, err = w.flows.RequestIDJAG(w.here(), request)
	refused(t, err, "invalid_grant")
	w.sent(3, "token") // with that of the sign-on
}
