// What the tests of the grants share.

package flows_test

import (
	"context"
	"crypto"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

// tripFunc is a transport.
type tripFunc func(*http.Request) (*http.Response, error)

func (f tripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// discovered is the metadata of a fake, as a flow finds it.
func discovered(t testing.TB, as *flowstest.AuthorizationServer) *flows.Discovery {
	t.Helper()
	found, err := (&flows.Client{HTTP: as.Client()}).Discover(t.Context(), flows.DiscoverRequest{URL: as.URL() + "/mcp", Issuer: as.Issuer()})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// signingKeys makes each key once: RSA keys take a while.
var signingKeys sync.Map

func signingKey(alg string) *flowstest.SigningKey {
	if key, ok := signingKeys.Load(alg); ok {
		return key.(*flowstest.SigningKey)
	}
	key, _ := signingKeys.LoadOrStore(alg, flowstest.NewSigningKey(alg))
	return key.(*flowstest.SigningKey)
}

func clientKey(alg string) *flows.ClientKey {
	key := signingKey(alg)
	return &flows.ClientKey{Signer: key.Signer(), Algorithm: key.Alg(), KeyID: key.KeyID()}
}

// keyAuth authenticates "me" with a key at a server.
func keyAuth(as *flowstest.AuthorizationServer, alg string) flows.ClientAuth {
	return flows.ClientAuth{ClientID: "me", Method: flows.AuthMethodPrivateKeyJWT, Key: clientKey(alg), Issuer: as.Issuer()}
}

// keyClient is the client of keyAuth.
func keyClient(alg string) flowstest.Client {
	return flowstest.Client{ID: "me", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(signingKey(alg))}
}

// requestTo is a request to the token endpoint of a fake for its own sake.
func requestTo(as *flowstest.AuthorizationServer, auth flows.ClientAuth) flows.TokenRequest {
	return flows.TokenRequest{Endpoint: as.Endpoint("token"), Auth: auth, Resource: as.URL() + "/mcp", Scope: []string{"a", "b"}}
}

// expectRefusal checks what holds for every refusal of a grant: it is typed,
// final and has the code, exactly n requests of the kind were made, and nothing
// secret is printed.
func expectRefusal(t *testing.T, err error, code string, as *flowstest.AuthorizationServer, kind string, n int) *flows.TokenError {
	t.Helper()
	var refused *flows.TokenError
	if !errors.As(err, &refused) || refused.Code != code {
		t.Fatalf("%v, want %s", err, code)
	}
	if got := as.Count(kind); got != n {
		t.Errorf("%d requests, want %d", got, n)
	}
	if flows.IsTemporary(err) || (n > 0) != refused.Final() {
		t.Errorf("temporary %t, final %t: %v", flows.IsTemporary(err), refused.Final(), err)
	}
	expectNoSecrets(t, err, sentSecrets(as))
	return refused
}

// sentSecrets are the secret parameters that a fake has seen.
func sentSecrets(as *flowstest.AuthorizationServer) []string {
	var list []string
	for _, request := range as.Requests() {
		for _, name := range []string{"client_secret", "client_assertion", "assertion", "subject_token", "actor_token", "device_code", "token", "refresh_token"} {
			list = append(list, request.Form[name]...)
		}
	}
	return list
}

// clockOf returns a client that reads a wrong Date in every answer.
func clockOf(offset time.Duration) *flows.Client {
	return &flows.Client{HTTP: &http.Client{Transport: tripFunc(func(r *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			res.Header.Set("Date", time.Now().Add(offset).UTC().Format(http.TimeFormat))
		}
		return res, err
	})}}
}

// inProcess reaches a fake without a network, for tests with a clock of their
// own.
func inProcess(as *flowstest.AuthorizationServer) *flows.Client {
	return &flows.Client{HTTP: &http.Client{Transport: tripFunc(func(r *http.Request) (*http.Response, error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		w := httptest.NewRecorder()
		as.Handler().ServeHTTP(w, r)
		return w.Result(), nil
	})}}
}

// remoteKey signs as a key management service does, whose caller has no key.
func remoteKey(key *flows.ClientKey, sign func(ctx context.Context, algorithm string, input []byte) ([]byte, error)) *flows.ClientKey {
	return &flows.ClientKey{Sign: sign, Public: key.Signer.Public(), Algorithm: key.Algorithm, KeyID: key.KeyID}
}

// oddSigner is a signer that the standard library does not know.
type oddSigner struct{ crypto.Signer }

// failingSigner has a public key and no private one.
type failingSigner struct{ crypto.Signer }

var errNoHSM = errors.New("the token was pulled out")

func (failingSigner) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errNoHSM
}

func secret(s string) gen.Secret { return gen.Secret(s) }

func preRegistered(id string) *gen.ClientInformation {
	return &gen.ClientInformation{ClientID: id, RedirectURIs: []string{loopbackRedirect}}
}

func answerOf(body []byte) *http.Response {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
	return w.Result()
}

// client returns a client of f; a nil f never answers.
func (f tripFunc) client() *http.Client {
	if f == nil {
		f = func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
	}
	return &http.Client{Transport: f}
}
