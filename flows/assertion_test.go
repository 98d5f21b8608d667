package flows_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// assertionOf takes the assertion of a request apart, verified.
func assertionOf(t *testing.T, form map[string][]string, alg string, key any) (header map[string]any, claims map[string]any) {
	t.Helper()
	if kind := form["client_assertion_type"]; !slices.Equal(kind, []string{"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}) {
		t.Errorf("client_assertion_type %q", kind)
	}
	if len(form["client_assertion"]) != 1 {
		t.Fatalf("%d assertions", len(form["client_assertion"]))
	}
	compact := form["client_assertion"][0]
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := signed.Verify(key)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(compact, ".")
	protected, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(json.Unmarshal(protected, &header), json.Unmarshal(payload, &claims)); err != nil {
		t.Fatal(err)
	}
	return header, claims
}

// TOK-2: what is in an assertion, and that no two are alike.
func TestAssertion(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Answer(200, "application/json", `{"access_token":"a","token_type":"Bearer"}`))})
	key := clientKey("ES256")
	key.X5T, key.X5TS256 = "dGh1bWI", "dGh1bWJwcmludA"
	for _, tt := range []struct {
		name     string
		auth     flows.ClientAuth
		alg      string
		key      any
		audience string
		header   map[string]any
	}{
		{"private_key_jwt", flows.ClientAuth{ClientID: "client ü", Method: flows.AuthMethodPrivateKeyJWT, Key: key, Issuer: as.Issuer()},
			"ES256", key.Signer.Public(), as.Issuer(),
			map[string]any{"alg": "ES256", "typ": "JWT", "kid": key.KeyID, "x5t": "dGh1bWI", "x5t#S256": "dGh1bWJwcmludA"}},
		{"another audience", flows.ClientAuth{ClientID: "client ü", Method: flows.AuthMethodPrivateKeyJWT, Key: &flows.ClientKey{Signer: key.Signer}, Issuer: as.Issuer(), Audience: as.Endpoint("token")},
			"ES256", key.Signer.Public(), as.Endpoint("token"), map[string]any{"alg": "ES256", "typ": "JWT"}},
		{"client_secret_jwt", flows.ClientAuth{ClientID: "client ü", Secret: secret(longSecret), Method: flows.AuthMethodSecretJWT, Issuer: as.Issuer()},
			"HS256", []byte(longSecret), as.Issuer(), map[string]any{"alg": "HS256", "typ": "JWT"}},
	} {
		var ids []any
		for range 2 {
			before := time.Now()
			_, err := loopbackClient().ExchangeCode(t.Context(), flows.CodeRequest{TokenRequest: requestTo(as, tt.auth), Code: "c", Verifier: "v"})
			if err != nil {
				t.Fatal(err)
			}
			sent := as.RequestsOf("token")
			form := sent[len(sent)-1].Form
			header, claims := assertionOf(t, form, tt.alg, tt.key)
			if encode(t, header) != encode(t, tt.header) {
				t.Errorf("%s: header %v", tt.name, header)
			}
			if claims["iss"] != "client ü" || claims["sub"] != "client ü" || claims["aud"] != tt.audience || form.Has("client_id") || form.Has("client_secret") {
				t.Errorf("%s: claims %v, form %v", tt.name, claims, form)
			}
			now := float64(before.Unix())
			issued, notBefore, expires := claims["iat"].(float64), claims["nbf"].(float64), claims["exp"].(float64)
			if issued > now || issued < now-10 || notBefore > now || expires <= now || expires-issued != 60 {
				t.Errorf("%s: at %v: %v", tt.name, now, claims)
			}
			id, _ := claims["jti"].(string)
			if len(id) < 16 || slices.Contains(ids, any(id)) {
				t.Errorf("%s: jti %q", tt.name, id)
			}
			ids = append(ids, id)
		}
	}
}

// TOK-2: the salt of PS256 has the length of the hash (RFC 7518 section 3.5):
// verifiers that hold to it exist, and the JOSE library here is none.
func TestAssertionSaltLength(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Answer(200, "application/json", `{"access_token":"a"}`))})
	if _, err := loopbackClient().ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, keyAuth(as, "PS256"))}); err != nil {
		t.Fatal(err)
	}
	compact := as.RequestsOf("token")[0].Form.Get("client_assertion")
	at := strings.LastIndex(compact, ".")
	signature, err := base64.RawURLEncoding.DecodeString(compact[at+1:])
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte(compact[:at]))
	public, ok := signingKey("PS256").Signer().Public().(*rsa.PublicKey)
	if !ok {
		t.Fatal("no RSA key")
	}
	if err := rsa.VerifyPSS(public, crypto.SHA256, digest[:], signature, &rsa.PSSOptions{SaltLength: sha256.Size}); err != nil {
		t.Error(err)
	}
}

// TOK-2: also in the code and refresh grants.
func TestAssertionInOtherGrants(t *testing.T) {
	key, method := clientKey("ES256"), flows.AuthMethodPrivateKeyJWT
	w := newWorld(t, flowstest.ServerConfig{
		AuthMethods: []string{method},
		Clients:     []flowstest.Client{{ID: "me", AuthMethod: method, JWKS: flowstest.KeySet(signingKey("ES256")), RedirectURIs: []string{loopbackRedirect}}},
	}, flowstest.ResourceConfig{})
	auth := flows.ClientAuth{ClientID: "me", Method: method, Key: key, Issuer: w.as.Issuer()}
	l := w.login(t, func(request any) {
		switch request := request.(type) {
		case *flows.ClientRequest:
			request.PreRegistered = preRegistered("me")
		case *flows.CodeRequest:
			request.Auth = auth
		}
	})
	l.auth = auth
	if _, err := w.refresh(t.Context(), l); err != nil {
		t.Error(err)
	}
	for _, request := range w.as.RequestsOf("token") {
		assertionOf(t, request.Form, "ES256", key.Signer.Public())
	}
}

// TOK-2: a request that is sent again carries a new assertion: the server here
// takes each jti once.
func TestAssertionForEachAttempt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault flowstest.Fault
	}{
		{"unavailable", flowstest.Times(1, flowstest.Unavailable(0))},
		{"the answer is lost", flowstest.Times(1, flowstest.LoseAnswer())},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{
				AuthMethods: []string{"private_key_jwt"}, Clients: []flowstest.Client{keyClient("ES256")}, Fault: flowstest.On("introspect", tt.fault),
			})
			token := as.IssueToken(flowstest.Grant{ClientID: "me"})
			found, err := loopbackClient().Introspect(t.Context(), flows.IntrospectRequest{
				Endpoint: as.Endpoint("introspect"), Auth: keyAuth(as, "ES256"), Resource: as.URL(), Token: secret(token.AccessToken),
			})
			if err != nil || !found.Active {
				t.Fatalf("%v, %v", found, err)
			}
			sent := as.RequestsOf("introspect")
			if len(sent) != 2 {
				t.Fatalf("%d requests", len(sent))
			}
			_, first := assertionOf(t, sent[0].Form, "ES256", signingKey("ES256").Signer().Public())
			_, second := assertionOf(t, sent[1].Form, "ES256", signingKey("ES256").Signer().Public())
			if first["jti"] == second["jti"] || sent[1].Form.Get("token") != token.AccessToken {
				t.Errorf("%v, %v", first, second)
			}
		})
	}
}

// TOK-2, TOK-7: a token request that never left is signed anew too, and one
// that did leave is not sent again.
func TestAssertionAfterDialError(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{
		GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{"private_key_jwt"}, Clients: []flowstest.Client{keyClient("ES256")},
	})
	var assertions []string
	c := &flows.Client{HTTP: &http.Client{Transport: tripFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		form, err := url.ParseQuery(string(body))
		if err != nil || r.ContentLength != int64(len(body)) {
			t.Errorf("%d bytes, length %d: %v", len(body), r.ContentLength, err)
		}
		assertions = append(assertions, form.Get("client_assertion"))
		if len(assertions) == 1 {
			return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
		}
		forwarded := r.Clone(r.Context())
		forwarded.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultTransport.RoundTrip(forwarded)
	})}}
	_, err := c.ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, keyAuth(as, "ES256"))})
	if err != nil || len(assertions) != 2 || assertions[0] == assertions[1] || assertions[1] == "" {
		t.Errorf("%v: %q", err, assertions)
	}
}

// TOK-2: a key with leading zeros in its signatures has no effect on their
// length.
func TestAssertionSignatureLength(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Fault: flowstest.On("token:*", flowstest.Answer(200, "application/json", `{"access_token":"a"}`))})
	for range 300 { // one in 128 has a short R or S
		if _, err := inProcess(as).ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, keyAuth(as, "ES256"))}); err != nil {
			t.Fatal(err)
		}
	}
	public, ok := signingKey("ES256").Signer().Public().(*ecdsa.PublicKey)
	if !ok {
		t.Fatal("no ECDSA key")
	}
	for _, request := range as.RequestsOf("token") {
		assertionOf(t, request.Form, "ES256", public)
	}
}
