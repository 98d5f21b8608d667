// Rounds: what one request may cost, with what it does before it is sent.

package sdk_test

import (
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// DISC-1: one refresh and one authorization per request, those before it is
// sent included.
func TestOneOfEachPerRequest(t *testing.T) {
	for name, dead := range map[string]bool{"refresh": false, "login": true} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			auth := w.client(t, func(c *sdk.Config) { alwaysDue(c) })
			if err := auth.Login(t.Context()); err != nil {
				t.Fatal(err)
			}
			if dead {
				w.as.RevokeAccessTokens()
				w.as.RevokeRefreshTokens()
			}
			w.rs.Configure(func(c *flowstest.ResourceConfig) {
				c.Fault = flowstest.On("mcp", func(_ string, _ int, out http.ResponseWriter, _ *http.Request) bool {
					out.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
					out.WriteHeader(401)
					return true
				})
			})
			w.human.prompts.Store(0)
			before := w.as.Count("token:refresh_token")
			st, _, err := try(t, auth.HTTPClient(), w.rs.URL(), "{}")
			t.Log(st, err, "sends", w.rs.Count("mcp"))
			if n := w.human.prompts.Load(); n > 1 {
				t.Errorf("%d prompts for one request", n)
			}
			if n := w.as.Count("token:refresh_token") - before; n > 1 {
				t.Errorf("%d refreshes for one request", n)
			}
		})
	}
}
