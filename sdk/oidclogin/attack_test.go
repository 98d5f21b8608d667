// Attacks: ID tokens and callbacks that must not sign anybody on.

package oidclogin_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/oidclogin"
)

// encode makes a JWT of any parts.
func encode(header, claims map[string]any, signature string) string {
	part := func(v map[string]any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	return part(header) + "." + part(claims) + "." + signature
}

// EXT-3: an ID token that fails one check is thrown away with its answer.
func TestIDTokenRefused(t *testing.T) {
	stranger := flowstest.NewSigningKey("ES256")
	var claims map[string]any // of the token at hand, as they would be right
	forge := func(token func(w *world) string) func(*world) {
		return func(w *world) {
			w.idp.Configure(func(c *flowstest.ServerConfig) {
				c.IDToken = func(right map[string]any) { claims = right }
				c.Token = func(answer map[string]any) { answer["id_token"] = token(w) }
			})
		}
	}
	edit := func(change func(map[string]any)) func(*world) {
		return func(w *world) { w.idp.Configure(func(c *flowstest.ServerConfig) { c.IDToken = change }) }
	}
	tests := []struct {
		name  string
		world func(*world)
		want  string // in the error
	}{
		{"another nonce", edit(flowstest.With("nonce", "of another request")), "nonce"},
		{"no nonce", edit(flowstest.Without("nonce")), "nonce"},
		{"another audience", edit(flowstest.With("aud", "somebody else")), "audience"},
		{"no audience", edit(flowstest.Without("aud")), "audience"},
		{"two audiences", edit(flowstest.With("aud", []string{"agent", "somebody else"})), "another client"},
		{"another party", edit(flowstest.With("azp", "somebody else")), "another client"},
		{"expired", edit(lasting(-10)), "expired"},
		{"no expiry", edit(flowstest.Without("exp")), "expired"},
		{"not yet valid", edit(flowstest.With("nbf", time.Now().Add(time.Hour).Unix())), "not before"},
		{"another issuer", edit(flowstest.With("iss", "https://evil.example.com")), "different provider"},
		{"issuer with a slash", edit(func(c map[string]any) { c["iss"] = c["iss"].(string) + "/" }), "different provider"},
		{"no subject", edit(flowstest.Without("sub")), "no subject"},
		{"another access token", edit(flowstest.With("at_hash", "AAAAAAAAAAAAAAAAAAAAAA")), "access token"},
		{"nothing that prints", edit(flowstest.With("iss", "a\x1b[2J\nb")), `different provider`},
		{"wrong key", forge(func(*world) string { return stranger.Sign(nil, claims) }), "signature"},
		{"wrong key under the right name", forge(func(w *world) string {
			return stranger.Sign(map[string]any{"kid": w.idp.SigningKey().KeyID()}, claims)
		}), "signature"},
		{"key of its own", forge(func(*world) string {
			return stranger.Sign(map[string]any{"kid": nil, "jwk": stranger.JWK()}, claims)
		}), "signature"},
		{"signed with the client's secret", forge(func(*world) string {
			return flowstest.SignSecret(strings.Repeat("at the idp", 4), nil, claims)
		}), "signature algorithm"},
		{"alg none", forge(func(*world) string {
			return encode(map[string]any{"alg": "none"}, claims, "")
		}), "malformed"},
		{"alg none with a signature", forge(func(*world) string {
			return encode(map[string]any{"alg": "none"}, claims, "AAAA")
		}), "signature algorithm"},
		{"other claims under the right signature", forge(func(w *world) string {
			parts := strings.Split(w.idp.IssueIDToken("agent", "mallory"), ".")
			return encode(map[string]any{"alg": "ES256", "kid": w.idp.SigningKey().KeyID()}, claims, parts[2])
		}), "signature"},
		{"no JWT", forge(func(*world) string { return "opaque" }), "malformed"},
		{"none", func(w *world) {
			w.idp.Configure(func(c *flowstest.ServerConfig) { c.Token = flowstest.Without("id_token") })
		}, "has none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			store := sdk.NewMemoryStore()
			w := newWorld(t, flowstest.ServerConfig{})
			tt.world(w)
			source := w.source(t, func(c *oidclogin.Config) { c.Store = store })
			_, err := source.Subject(t.Context())
			var refused *oidclogin.IDTokenError
			if !errors.As(err, &refused) || refused.Issuer != w.idp.Issuer() || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want an *IDTokenError with %q", err, tt.want)
			}
			if text := err.Error(); strings.ContainsAny(text, "\x1b\n") || len(text) > 500 || strings.Contains(text, "eyJ") {
				t.Errorf("SEC-5: %q", text)
			}
			if errors.As(err, new(*oidc.TokenExpiredError)) != strings.Contains(tt.name, "exp") {
				t.Errorf("expiry: %v", err)
			}
			// AUTHZ-14: no second prompt, and nothing is kept.
			if _, again := source.Subject(t.Context()); !errors.Is(again, refused) || !sdk.NeedsHuman(again) {
				t.Errorf("again: %v", again)
			}
			w.wantCounts(t, 1, map[string]int{"token": 1})
			if printed := fmt.Sprintf("%v", store); strings.Contains(printed, "eyJ") {
				t.Errorf("stored: %s", printed)
			}
			w.idp.Configure(func(c *flowstest.ServerConfig) { c.IDToken, c.Token = nil, nil })
			if err := w.source(t, func(c *oidclogin.Config) { c.Store = store }).Login(t.Context()); err != nil {
				t.Errorf("a right one: %v", err)
			}
		})
	}
}

// AUTHZ-6: state and iss are checked before the code goes anywhere.
func TestCallbackRefused(t *testing.T) {
	for name, edit := range map[string]func(string) string{
		"another state":  func(s string) string { return strings.Replace(s, "state=", "state=x", 1) },
		"another issuer": func(s string) string { return strings.Replace(s, "iss=", "iss=https%3A%2F%2Fevil.example.com", 1) },
		"no issuer":      func(s string) string { return strings.Replace(s, "iss=", "was=", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{})
			w.human.browse = func(ctx context.Context, url string) (string, error) {
				callback, err := w.idp.Authorize(ctx, url)
				return edit(callback), err
			}
			var refused *flows.CallbackError
			if _, err := w.source(t).Subject(t.Context()); !errors.As(err, &refused) {
				t.Errorf("error %v", err)
			}
			w.wantCounts(t, 1, map[string]int{"token": 0})
		})
	}
}

// EXT-3, REF-6: a refreshed ID token is about the same user, or about nobody.
// The refresh token that came with it goes too.
func TestRefreshedIDTokenRefused(t *testing.T) {
	tests := []struct {
		name, subject string
		edit          func(map[string]any)
	}{
		{"another user", "mallory", func(map[string]any) {}},
		{"another nonce", "user", flowstest.With("nonce", "of another login")},
		{"another audience", "user", flowstest.With("aud", "somebody else")},
		{"expired", "user", lasting(-10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{IDToken: lasting(300)})
			w.idp.Configure(func(c *flowstest.ServerConfig) {
				c.Refresh = func(answer map[string]any) {
					answer["id_token"] = w.idp.IssueIDToken("agent", tt.subject, tt.edit)
				}
			})
			source := w.source(t, func(c *oidclogin.Config) { c.Skew = time.Hour })
			wantToken(t, source)
			var refused *oidclogin.IDTokenError
			if _, err := source.Subject(t.Context()); !errors.As(err, &refused) {
				t.Errorf("error %v", err)
			}
			if err := source.Login(t.Context()); err != nil {
				t.Error(err)
			}
			w.wantCounts(t, 2, map[string]int{"token:refresh_token": 1})
		})
	}
}
