// What each grant makes of bad input: a typed error, nothing stored, nothing
// tried again or instead.

package sdk_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// refusal is one thing that goes wrong with a grant.
type refusal struct {
	server func(*flowstest.ServerConfig)
	config func(*sdk.Config)
	typed  func(error) bool
	sent   map[string]int // requests of each kind; other token requests are none
}

// run makes two requests. The second gets the memory of the first's failure.
func (r refusal) run(t *testing.T, w *world, grant func(*sdk.Config)) {
	t.Helper()
	if r.server != nil {
		w.as.Configure(r.server)
	}
	store := &sessionCount{MemoryStore: sdk.NewMemoryStore()}
	client := w.client(t, grant, func(c *sdk.Config) {
		c.Store, c.Authorizer = store, nil
		if r.config != nil {
			r.config(c)
		}
	}).HTTPClient()
	for range 2 {
		if _, _, err := try(t, client, w.rs.URL(), "{}"); err == nil || !r.typed(err) {
			t.Errorf("error %v is not the one wanted", err)
		}
	}
	if store.sessions != 0 {
		t.Errorf("%d session records were written", store.sessions)
	}
	wantCounts(t, w.as, r.sent)
	if _, ok := r.sent["token"]; !ok {
		wantCounts(t, w.as, map[string]int{"token": 0})
	}
	wantCounts(t, w.as, map[string]int{"authorize": 0, "token:refresh_token": 0, "token:authorization_code": 0})
}

// sessionCount counts the sessions that are written.
type sessionCount struct {
	*sdk.MemoryStore
	sessions int
}

func (s *sessionCount) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	if strings.HasPrefix(key, "session/") {
		s.sessions++
	}
	return s.MemoryStore.PutIf(ctx, key, generation, value)
}

func (s *sessionCount) Put(ctx context.Context, key string, value []byte) error {
	if strings.HasPrefix(key, "session/") {
		s.sessions++
	}
	return s.MemoryStore.Put(ctx, key, value)
}

// tokenError wants the token endpoint's refusal.
func tokenError(code string) func(error) bool {
	return func(err error) bool {
		var refused *flows.TokenError
		return errors.As(err, &refused) && refused.Code == code
	}
}

// isA wants an error type.
func isA[E error](err error) bool {
	var want E
	return errors.As(err, &want)
}

func clockAt(offset time.Duration) func(*flowstest.ServerConfig) {
	return func(c *flowstest.ServerConfig) { c.Now = func() time.Time { return time.Now().Add(offset) } }
}

func answering(body string) func(*flowstest.ServerConfig) {
	return func(c *flowstest.ServerConfig) {
		c.Fault = flowstest.On("token:*", flowstest.Answer(200, "application/json", body))
	}
}

var once = map[string]int{"token": 1}

// EXT-1, TOK-2, TOK-6: client_credentials by a key.
func TestClientCredentialsRefused(t *testing.T) {
	key := flowstest.NewSigningKey("ES256")
	old, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]refusal{
		"key that is no longer in the set": {sent: once, typed: tokenError("invalid_client"),
			config: func(c *sdk.Config) { c.ClientKey = &flows.ClientKey{Signer: old, KeyID: "old"} }},
		"wrong algorithm": {sent: map[string]int{}, typed: isA[*flows.ClientAuthError],
			config: func(c *sdk.Config) { c.ClientKey = &flows.ClientKey{Signer: key.Signer(), Algorithm: "RS256"} }},
		"algorithm that the server does not list": {sent: map[string]int{}, typed: isA[*flows.ClientAuthError],
			server: func(c *flowstest.ServerConfig) { c.Assertions.Algs = []string{"RS256"} }},
		"clock ten minutes behind": {server: clockAt(10 * time.Minute), sent: once, typed: tokenError("invalid_client")},
		"clock ten minutes ahead":  {server: clockAt(-10 * time.Minute), sent: once, typed: tokenError("invalid_client")},
		"denied": {sent: once, typed: tokenError("access_denied"),
			server: func(c *flowstest.ServerConfig) {
				c.Fault = flowstest.On("token:*", flowstest.OAuthError(400, "access_denied", "no"))
			}},
		"assertion shown before": {sent: once, typed: tokenError("invalid_client"),
			server: func(c *flowstest.ServerConfig) {
				c.Fault = flowstest.On("token:*", flowstest.OAuthError(401, "invalid_client", "its jti was used before"))
			}},
		"other token type": {server: answering(`{"access_token":"a","token_type":"mac"}`), sent: once, typed: isA[*flows.TokenError]},
		"N_A token":        {server: answering(`{"access_token":"a","token_type":"N_A"}`), sent: once, typed: isA[*flows.TokenError]},
		"DPoP token unasked": {server: answering(`{"access_token":"a","token_type":"DPoP"}`),
			sent: once, typed: isA[*flows.TokenError]},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantClientCredentials}, AuthMethods: []string{"private_key_jwt"},
				Clients: []flowstest.Client{{ID: "m", AuthMethod: "private_key_jwt", JWKS: flowstest.KeySet(key)}},
			}, flowstest.ResourceConfig{})
			r.run(t, w, func(c *sdk.Config) {
				c.Grant, c.Credentials = sdk.ClientCredentials{}, &sdk.Credentials{ClientID: "m"}
				c.ClientKey = &flows.ClientKey{Signer: key.Signer(), KeyID: key.KeyID()}
			})
		})
	}
}

// EXT-4: the assertion of a workload.
func TestWorkloadIdentityRefused(t *testing.T) {
	platform := flowstest.NewSigningKey("ES256")
	for name, r := range map[string]refusal{
		"file missing": {sent: map[string]int{}, typed: func(err error) bool { return isA[*flows.AssertionError](err) && errors.Is(err, fs.ErrNotExist) },
			config: func(c *sdk.Config) {
				c.Grant = sdk.WorkloadIdentity{Assertion: flows.AssertionFile(filepath.Join(t.TempDir(), "missing"))}
			}},
		"expired":                 {server: clockAt(10 * time.Minute), sent: once, typed: tokenError("invalid_grant")},
		"clock ten minutes ahead": {server: clockAt(-10 * time.Minute), sent: once, typed: tokenError("invalid_grant")},
		"wrong algorithm": {sent: once, typed: tokenError("invalid_grant"), config: func(c *sdk.Config) {
			c.Grant = sdk.WorkloadIdentity{Assertion: func(_ context.Context, audience string) (gen.Secret, error) {
				return gen.Secret(flowstest.SignSecret(strings.Repeat("s", 32), nil, workloadClaims(audience))), nil
			}}
		}},
		"denied": {sent: once, typed: tokenError("access_denied"), server: func(c *flowstest.ServerConfig) {
			c.TrustedIssuers[0].Check = func(map[string]any) *flowstest.Error { return &flowstest.Error{Code: "access_denied"} }
		}},
		"other token type": {server: answering(`{"access_token":"a","token_type":"N_A"}`), sent: once, typed: isA[*flows.TokenError]},
		"no other grant": {sent: once, typed: tokenError("unsupported_grant_type"), server: func(c *flowstest.ServerConfig) {
			c.GrantTypes = []string{flowstest.GrantAuthorizationCode, flowstest.GrantClientCredentials}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent"}},
				TrustedIssuers: []flowstest.TrustedIssuer{{Issuer: workloadIssuer, JWKS: flowstest.KeySet(platform), Workloads: true}},
			}, flowstest.ResourceConfig{})
			r.run(t, w, func(c *sdk.Config) {
				c.Credentials = &sdk.Credentials{ClientID: "agent"}
				c.Grant = sdk.WorkloadIdentity{Assertion: func(_ context.Context, audience string) (gen.Secret, error) {
					return gen.Secret(platform.Sign(nil, workloadClaims(audience))), nil
				}}
			})
		})
	}
}

const workloadIssuer = "https://platform.example.com"

func workloadClaims(audience string) map[string]any {
	now := time.Now()
	return map[string]any{
		"iss": workloadIssuer, "sub": "a", "aud": audience, "jti": rand.Text(),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
}

// EXT-2, EXT-3: the identity provider's word. sent counts at the authorization
// server; the identity provider is asked once, or not at all.
func TestEnterpriseManagedRefused(t *testing.T) {
	subject := func(issue func(idp *flowstest.AuthorizationServer) (gen.Secret, error)) func(*flowstest.AuthorizationServer, *sdk.EnterpriseManaged) {
		return func(idp *flowstest.AuthorizationServer, g *sdk.EnterpriseManaged) {
			g.Subject = func(context.Context) (flows.SubjectToken, error) {
				token, err := issue(idp)
				return flows.SubjectToken{Token: token}, err
			}
		}
	}
	for name, tt := range map[string]struct {
		refusal
		idp     func(*flowstest.ServerConfig)
		subject func(*flowstest.AuthorizationServer, *sdk.EnterpriseManaged)
		asked   int // requests at the identity provider
	}{
		"denied": {refusal{typed: isA[*flows.PolicyError]},
			func(c *flowstest.ServerConfig) { c.Exchange = flowstest.DenyExchange("access_denied", "no") }, nil, 1},
		"sign-on expired": {refusal{typed: tokenError("invalid_grant")}, nil,
			subject(func(idp *flowstest.AuthorizationServer) (gen.Secret, error) {
				return gen.Secret(idp.IssueIDToken("agent", "alice", func(c map[string]any) { c["exp"] = time.Now().Add(-time.Hour).Unix() })), nil
			}), 1},
		"no sign-on": {refusal{typed: func(err error) bool { return errors.Is(err, errWentHome) }}, nil,
			subject(func(*flowstest.AuthorizationServer) (gen.Secret, error) { return "", errWentHome }), 0},
		"other token type": {refusal{typed: isA[*flows.IssuedTypeError]},
			answering(`{"access_token":"a","token_type":"Bearer","issued_token_type":"` + flows.TypeAccessToken + `"}`), nil, 1},
		"clock ten minutes ahead": {refusal{server: clockAt(-10 * time.Minute), typed: tokenError("invalid_grant"), sent: once}, nil, nil, 1},
		"wrong client at the server": {refusal{typed: tokenError("invalid_client"), sent: once,
			config: func(c *sdk.Config) { c.Credentials.ClientSecret = "wrong" }}, nil, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			idp := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantTokenExchange}, Clients: []flowstest.Client{{ID: "agent", Secret: "at the idp"}},
			})
			t.Cleanup(idp.Close)
			if tt.idp != nil {
				idp.Configure(tt.idp)
			}
			w := newWorld(t, flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantJWTBearer}, Clients: []flowstest.Client{{ID: "agent", Secret: "at the server"}},
				TrustedIssuers: []flowstest.TrustedIssuer{{Server: idp}},
			}, flowstest.ResourceConfig{})
			grant := sdk.EnterpriseManaged{
				IdentityProvider: idp.Endpoint("token"),
				Auth:             flows.ClientAuth{ClientID: "agent", Secret: "at the idp", Method: flows.AuthMethodBasic},
				Subject: func(context.Context) (flows.SubjectToken, error) {
					return flows.SubjectToken{Token: gen.Secret(idp.IssueIDToken("agent", "alice"))}, nil
				},
			}
			if tt.subject != nil {
				tt.subject(idp, &grant)
			}
			tt.run(t, w, func(c *sdk.Config) {
				c.Grant, c.Credentials = grant, &sdk.Credentials{ClientID: "agent", ClientSecret: "at the server"}
			})
			wantCounts(t, idp, map[string]int{"token": tt.asked})
		})
	}
}

var errWentHome = errors.New("the user went home")

// EXT-6: the human elsewhere. What slow_down does is a matter of time, and in
// the tests of package flows.
func TestDeviceAuthorizationRefused(t *testing.T) {
	denied := func(err error) bool {
		var end *flows.DeviceError
		return errors.As(err, &end) && end.Denied()
	}
	expired := func(err error) bool { return isA[*flows.DeviceError](err) && !denied(err) }
	for name, r := range map[string]refusal{
		"denied":  {server: polled("access_denied"), sent: map[string]int{"device": 1, "token": 1}, typed: denied},
		"expired": {server: polled("expired_token"), sent: map[string]int{"device": 1, "token": 1}, typed: expired},
		"no endpoint": {sent: map[string]int{"device": 0, "register": 0}, typed: isA[*flows.MissingEndpointError],
			server: func(c *flowstest.ServerConfig) { c.Metadata = flowstest.Without("device_authorization_endpoint") },
			config: func(c *sdk.Config) { c.Credentials = nil }},
		"over before the first poll": {sent: map[string]int{"device": 1}, typed: expired,
			server: func(c *flowstest.ServerConfig) { c.Device.Answer = flowstest.With("expires_in", 1) }},
		"not shown": {sent: map[string]int{"device": 1}, typed: func(err error) bool { return errors.Is(err, errWentHome) },
			config: func(c *sdk.Config) {
				c.Grant = sdk.DeviceAuthorization{Show: func(context.Context, *flows.DeviceAuthorization) error { return errWentHome }}
			}},
		"other token type": {sent: map[string]int{"device": 1, "token": 1}, typed: isA[*flows.TokenError],
			server: func(c *flowstest.ServerConfig) {
				answering(`{"access_token":"a","token_type":"N_A"}`)(c)
				c.Device.Interval = time.Second
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, flowstest.ServerConfig{GrantTypes: []string{flowstest.GrantDeviceCode}, Clients: []flowstest.Client{{ID: "tv"}}}, flowstest.ResourceConfig{})
			r.run(t, w, func(c *sdk.Config) {
				c.Credentials = &sdk.Credentials{ClientID: "tv"}
				c.Grant = sdk.DeviceAuthorization{Show: func(context.Context, *flows.DeviceAuthorization) error { return nil }}
			})
		})
	}
}

func polled(code string) func(*flowstest.ServerConfig) {
	return func(c *flowstest.ServerConfig) {
		c.Device.Interval, c.Device.Poll = time.Second, flowstest.ScriptPolls(code)
	}
}

// EXT-5, TOK-6: tokens bound to a key, for a machine.
func TestDPoPRefused(t *testing.T) {
	proofRefused := func(err error) bool {
		var refused *flows.DPoPError
		return errors.As(err, &refused) && refused.Code == "invalid_dpop_proof"
	}
	for name, r := range map[string]refusal{
		"clock ten minutes behind": {server: clockAt(10 * time.Minute), sent: once, typed: proofRefused},
		"clock ten minutes ahead":  {server: clockAt(-10 * time.Minute), sent: once, typed: proofRefused},
		"proof shown before": {sent: once, typed: proofRefused, server: func(c *flowstest.ServerConfig) {
			c.Fault = flowstest.On("token:*", flowstest.OAuthError(400, "invalid_dpop_proof", "its jti was used before"))
		}},
		"wrong algorithm": {sent: map[string]int{}, typed: func(err error) bool { return strings.Contains(err.Error(), "algorithm") },
			server: func(c *flowstest.ServerConfig) { c.DPoP.Algs = []string{"ES256K"} }},
		"never the right nonce": {sent: map[string]int{"token": 2}, typed: isA[*flows.TokenError],
			server: func(c *flowstest.ServerConfig) { c.DPoP.Nonce = flowstest.NonceInsatiable }},
		"other token type": {sent: once, typed: isA[*flows.DowngradeError],
			server: func(c *flowstest.ServerConfig) { c.DPoP.Policy = flowstest.DPoPDowngrade }},
	} {
		t.Run(name, func(t *testing.T) {
			dpop := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}
			w := newWorld(t, flowstest.ServerConfig{
				GrantTypes: []string{flowstest.GrantClientCredentials}, Clients: []flowstest.Client{{ID: "m", Secret: "s"}}, DPoP: dpop,
			}, flowstest.ResourceConfig{DPoP: dpop})
			r.run(t, w, asMachine)
		})
	}
}
