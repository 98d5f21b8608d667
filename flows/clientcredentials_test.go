package flows_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
)

var longSecret = strings.Repeat("s3cr3t-", 6)

// EXT-1, TOK-2: every method, judged by a strict server.
func TestClientCredentials(t *testing.T) {
	overNetwork := func(ctx context.Context, algorithm string, input []byte) ([]byte, error) {
		if algorithm != "EdDSA" || ctx.Err() != nil {
			return nil, errors.New("unexpected")
		}
		return signingKey("EdDSA").Signer().Sign(rand.Reader, input, crypto.Hash(0))
	}
	rs256 := clientKey("RS256")
	rs256.Algorithm = ""
	odd := clientKey("PS256")
	odd.Signer = oddSigner{odd.Signer}
	for _, tt := range []struct {
		name   string
		client flowstest.Client
		key    *flows.ClientKey
		method string
	}{
		{"basic", flowstest.Client{ID: "me", Secret: longSecret}, nil, flows.AuthMethodBasic},
		{"post", flowstest.Client{ID: "me", Secret: longSecret, AuthMethod: "client_secret_post"}, nil, flows.AuthMethodPost},
		{"client_secret_jwt", flowstest.Client{ID: "me", Secret: longSecret, AuthMethod: "client_secret_jwt"}, nil, flows.AuthMethodSecretJWT},
		{"ES256", keyClient("ES256"), clientKey("ES256"), flows.AuthMethodPrivateKeyJWT},
		{"ES384", keyClient("ES384"), clientKey("ES384"), flows.AuthMethodPrivateKeyJWT},
		{"RS256", keyClient("RS256"), clientKey("RS256"), flows.AuthMethodPrivateKeyJWT},
		{"PS256", keyClient("PS256"), clientKey("PS256"), flows.AuthMethodPrivateKeyJWT},
		{"EdDSA", keyClient("EdDSA"), clientKey("EdDSA"), flows.AuthMethodPrivateKeyJWT},
		{"RSA without an algorithm", keyClient("RS256"), rs256, flows.AuthMethodPrivateKeyJWT},
		{"a signer of another type", keyClient("PS256"), odd, flows.AuthMethodPrivateKeyJWT},
		{"a callback", keyClient("EdDSA"), remoteKey(clientKey("EdDSA"), overNetwork), flows.AuthMethodPrivateKeyJWT},
	} {
		t.Run(tt.name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{tt.method}, Clients: []flowstest.Client{tt.client},
			})
			auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{
				Client: &gen.ClientInformation{ClientID: "me", ClientSecret: secret(tt.client.Secret)}, Key: tt.key, Server: discovered(t, as).Server,
			})
			if err != nil || auth.Method != tt.method {
				t.Fatalf("%v, %v", auth, err)
			}
			token, err := loopbackClient().ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, auth)})
			if err != nil {
				t.Fatal(err)
			}
			info, ok := as.Token(token.AccessToken.Reveal())
			if !ok || info.ClientID != "me" || info.Scope != "a b" || !slices.Equal(info.Resource, []string{as.URL() + "/mcp"}) {
				t.Errorf("%+v", info)
			}
			sent := as.RequestsOf("token")
			if len(sent) != 1 || sent[0].Form.Has("client_id") != (tt.method == flows.AuthMethodPost) || sent[0].Form.Has("client_secret") != (tt.method == flows.AuthMethodPost) {
				t.Errorf("%d requests, %v", len(sent), sent[0].Form)
			}
			if as.Count("register") != 0 {
				t.Error("it registered")
			}
		})
	}
}

// EXT-11: the certificate of the caller's client, at the alias.
func TestClientCredentialsMutualTLS(t *testing.T) {
	pair := flowstest.NewClientCertificate("me.example.com")
	selfSigned := flowstest.NewSelfSignedCertificate("me")
	for _, tt := range []struct {
		method      string
		client      flowstest.Client
		certificate *tls.Certificate
		age         time.Duration
		fails       bool
	}{
		{flows.AuthMethodTLS, flowstest.Client{ID: "me", AuthMethod: "tls_client_auth", CertificateSAN: "me.example.com"}, &pair, 0, false},
		{flows.AuthMethodSelfSignedTLS, flowstest.Client{ID: "me", AuthMethod: "self_signed_tls_client_auth", JWKS: flowstest.CertificateKeySet(selfSigned)}, &selfSigned, 0, false},
		// None, an expired one, of another name, of no authority, and that of nobody.
		{flows.AuthMethodTLS, flowstest.Client{ID: "me", AuthMethod: "tls_client_auth"}, nil, 0, true},
		{flows.AuthMethodTLS, flowstest.Client{ID: "me", AuthMethod: "tls_client_auth", CertificateSAN: "me.example.com"}, &pair, 11 * 365 * 24 * time.Hour, true},
		{flows.AuthMethodTLS, flowstest.Client{ID: "me", AuthMethod: "tls_client_auth", CertificateSAN: "you.example.com"}, &pair, 0, true},
		{flows.AuthMethodTLS, flowstest.Client{ID: "me", AuthMethod: "tls_client_auth", CertificateSAN: "me"}, &selfSigned, 0, true},
		{flows.AuthMethodSelfSignedTLS, flowstest.Client{ID: "me", AuthMethod: "self_signed_tls_client_auth", JWKS: flowstest.CertificateKeySet(selfSigned)}, &pair, 0, true},
	} {
		as := newServer(t, flowstest.ServerConfig{
			TLS: true, MTLS: flowstest.MTLSConfig{Enabled: true, BindTokens: true},
			GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{tt.method}, Clients: []flowstest.Client{tt.client},
			Now: func() time.Time { return time.Now().Add(tt.age) },
		})
		found := discovered(t, as)
		auth, err := flows.SelectClientAuth(flows.ClientAuthRequest{
			Client: &gen.ClientInformation{ClientID: "me"}, Server: found.Server, Certificate: true,
		})
		if err != nil || auth.Method != tt.method || !auth.MutualTLS() {
			t.Fatalf("%v, %v", auth, err)
		}
		transport, ok := as.Client().Transport.(*http.Transport)
		if !ok {
			t.Fatalf("%T", as.Client().Transport)
		}
		transport = transport.Clone()
		if tt.certificate != nil {
			transport.TLSClientConfig.Certificates = []tls.Certificate{*tt.certificate}
		}
		in := requestTo(as, auth)
		in.Endpoint = flows.Endpoints(found.Server, auth.MutualTLS()).Token
		token, err := (&flows.Client{HTTP: &http.Client{Transport: transport}}).ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: in})
		if tt.fails {
			if refused := expectRefusal(t, err, "invalid_client", as, "token", 1); !refused.ClientRejected() {
				t.Error(refused)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := as.Token(token.AccessToken.Reveal()); !ok || in.Endpoint == as.Endpoint("token") {
			t.Errorf("endpoint %s", in.Endpoint)
		}
		if sent := as.RequestsOf("token")[0]; sent.Form.Get("client_id") != "me" { // RFC 8705 section 2
			t.Errorf("%v", sent.Form)
		}
	}
}

// EXT-1: what a strict server makes of bad credentials: a typed error, after
// one request.
func TestClientCredentialsRefused(t *testing.T) {
	tests := []struct {
		name   string
		config flowstest.ServerConfig
		client flowstest.Client
		auth   func(*flows.ClientAuth)
		code   string
	}{
		{"another key", flowstest.ServerConfig{}, flowstest.Client{ID: "me", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(flowstest.NewSigningKey("ES256"))}, nil, "invalid_client"},
		{"a key that was taken out of the set", flowstest.ServerConfig{}, flowstest.Client{ID: "me", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet()}, nil, "invalid_client"},
		{"an algorithm that the client is not registered for", flowstest.ServerConfig{}, flowstest.Client{ID: "me", AuthMethod: "private_key_jwt", SigningAlg: "ES384", JWKS: flowstest.KeySet(signingKey("ES256"))}, nil, "invalid_client"},
		{"an algorithm that the server does not take", flowstest.ServerConfig{Assertions: flowstest.AssertionConfig{Algs: []string{"RS256"}}}, keyClient("ES256"), nil, "invalid_client"},
		{"another audience", flowstest.ServerConfig{}, keyClient("ES256"), func(a *flows.ClientAuth) { a.Audience = "https://other.example.com" }, "invalid_client"},
		{"an unknown client", flowstest.ServerConfig{}, keyClient("ES256"), func(a *flows.ClientAuth) { a.ClientID = "you" }, "invalid_client"},
		{"the server's clock is ten minutes ahead", flowstest.ServerConfig{Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}, keyClient("ES256"), nil, "invalid_client"},
		{"the server's clock is ten minutes behind", flowstest.ServerConfig{Now: func() time.Time { return time.Now().Add(-10 * time.Minute) }}, keyClient("ES256"), nil, "invalid_client"},
		{"a secret that has expired", flowstest.ServerConfig{}, flowstest.Client{ID: "me", Secret: longSecret, SecretExpires: time.Now().Add(-time.Hour)},
			func(a *flows.ClientAuth) {
				*a = flows.ClientAuth{ClientID: "me", Secret: secret(longSecret), Method: flows.AuthMethodBasic}
			}, "invalid_client"},
		{"another grant", flowstest.ServerConfig{GrantTypes: []string{"refresh_token"}}, keyClient("ES256"), nil, "unsupported_grant_type"},
		{"a grant that the client may not use", flowstest.ServerConfig{}, flowstest.Client{ID: "me", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(signingKey("ES256")), GrantTypes: []string{"refresh_token"}}, nil, "unauthorized_client"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.config.GrantTypes == nil {
				tt.config.GrantTypes = []string{flowstest.GrantClientCredentials}
			}
			tt.config.AuthMethods = []string{"private_key_jwt", "client_secret_basic"}
			tt.config.Clients = []flowstest.Client{tt.client}
			as := newServer(t, tt.config)
			auth := keyAuth(as, "ES256")
			if tt.auth != nil {
				tt.auth(&auth)
			}
			token, err := loopbackClient().ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, auth)})
			expectRefusal(t, err, tt.code, as, "token", 1)
			if token != nil {
				t.Errorf("%v", token)
			}
		})
	}
}

// TOK-2: a clock that is off is named, where the server tells its own.
func TestClientCredentialsClock(t *testing.T) {
	for _, offset := range []time.Duration{10 * time.Minute, -10 * time.Minute, 10 * time.Second} {
		as := newServer(t, flowstest.ServerConfig{
			GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{"private_key_jwt"},
			Clients: []flowstest.Client{keyClient("ES256")}, Now: func() time.Time { return time.Now().Add(-10 * time.Minute) },
		})
		in := flows.ClientCredentialsRequest{TokenRequest: requestTo(as, keyAuth(as, "ES256"))}
		_, err := clockOf(offset).ClientCredentials(t.Context(), in)
		refused := expectRefusal(t, err, "invalid_client", as, "token", 1)
		var clock *flows.ClockError
		switch named := errors.As(err, &clock); {
		case named != (offset.Abs() > time.Minute):
			t.Errorf("%v: %v", offset, err)
		case named && ((clock.Skew-offset).Abs() > 3*time.Second || !strings.Contains(refused.Error(), "the clock here is")):
			t.Errorf("%v: %v", clock.Skew, err)
		}
	}
}

// TOK-1, TOK-2, EXT-1: what cannot be carried out is refused before anything is
// sent.
func TestClientCredentialsRefusedBeforeSending(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{})
	shortEd := &flows.ClientKey{Signer: failingSigner{signingKey("EdDSA").Signer()}}
	for name, change := range map[string]func(*flows.ClientAuth){
		"a public client":          func(a *flows.ClientAuth) { a.Method = flows.AuthMethodNone },
		"no method":                func(a *flows.ClientAuth) { a.Method = "" },
		"no key":                   func(a *flows.ClientAuth) { a.Key = nil },
		"a key without a signer":   func(a *flows.ClientAuth) { a.Key = &flows.ClientKey{} },
		"alg none":                 func(a *flows.ClientAuth) { a.Key.Algorithm = "none" },
		"a symmetric algorithm":    func(a *flows.ClientAuth) { a.Key.Algorithm = "HS256" },
		"an algorithm of RSA keys": func(a *flows.ClientAuth) { a.Key.Algorithm = "RS256" },
		"of another curve":         func(a *flows.ClientAuth) { a.Key.Algorithm = "ES384" },
		"a signer that fails":      func(a *flows.ClientAuth) { a.Key = shortEd },
		"no audience":              func(a *flows.ClientAuth) { a.Issuer = "" },
		"no client id":             func(a *flows.ClientAuth) { a.ClientID = "" },
		"a secret that is too short": func(a *flows.ClientAuth) {
			a.Method, a.Secret = flows.AuthMethodSecretJWT, "short"
		},
	} {
		auth := keyAuth(as, "ES256")
		change(&auth)
		_, err := loopbackClient().ClientCredentials(t.Context(), flows.ClientCredentialsRequest{TokenRequest: requestTo(as, auth)})
		var refused *flows.ClientAuthError
		if !errors.As(err, &refused) || flows.IsTemporary(err) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "a signer that fails" && !errors.Is(err, errNoHSM) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := as.Count("token"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

// TOK-2: a callback that knows its algorithm needs no public key.
func TestClientKeyWithoutPublicKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := &flows.ClientKey{Algorithm: "EdDSA", Sign: func(_ context.Context, _ string, input []byte) ([]byte, error) {
		return ed25519.Sign(private, input), nil
	}}
	if _, err := key.JSONWebKey(); err == nil {
		t.Error("a JWK of nothing")
	}
	key.Public = public
	if jwk, err := key.JSONWebKey(); err != nil || jwk.Alg != "EdDSA" || jwk.D != "" {
		t.Errorf("%v, %v", jwk, err)
	}
}

// BIND-4: credentials stay with their issuer.
func TestCheckIssuer(t *testing.T) {
	server := &gen.AuthorizationServerMetadata{Issuer: asIssuer}
	for bound, ok := range map[string]bool{"": true, asIssuer: true, asIssuer + "/": true, asIssuer + "/tenant": false, "https://other.example.com": false} {
		err := flows.CheckIssuer(server, bound)
		var refused *flows.ClientError
		if ok != (err == nil) || !ok && (!errors.As(err, &refused) || refused.BoundIssuer != bound) {
			t.Errorf("%q: %v", bound, err)
		}
	}
}
