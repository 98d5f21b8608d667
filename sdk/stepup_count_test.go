// Step-up counts: what starts them anew.

package sdk_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// STEP-4: an operation's step-ups are counted until it succeeds: an answer of
// 400 and above is no success, whatever it is about.
func TestStepUpCountsUntilSuccess(t *testing.T) {
	for _, tt := range []struct {
		status int
		reset  bool
	}{{200, true}, {204, true}, {303, true}, {400, false}, {403, false}, {404, false}, {429, false}, {500, false}, {503, false}} {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			var status atomic.Int32
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: wantsMoreUnless(&status)})
			client := w.client(t).HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			stepUp := func() string {
				t.Helper()
				_, _, err := try(t, client, w.rs.URL()+"/operation", "{}")
				var stopped *sdk.StepUpError
				if !errors.As(err, &stopped) {
					t.Fatalf("error %v, want a *StepUpError", err)
				}
				return stopped.Reason
			}
			stepUp() // the human agrees, and it does not help
			stepUp() // there is nothing new to ask for
			status.Store(int32(tt.status))
			wantStatus(t, client, w.rs.URL()+"/operation", tt.status)
			status.Store(0)
			if reason := stepUp(); strings.Contains(reason, "twice") == tt.reset {
				t.Errorf("the third refusal after status %d: %s", tt.status, reason)
			}
		})
	}
}

// wantsMoreUnless challenges requests below the resource for more scope as long
// as status is 0, and answers with status then. No two challenges are equal
// byte for byte, so that no failure is given again (AUTHZ-14).
func wantsMoreUnless(status *atomic.Int32) flowstest.Fault {
	return func(kind string, n int, rw http.ResponseWriter, r *http.Request) bool {
		if kind != "mcp" || r.URL.Path == "/mcp" {
			return false
		}
		if code := int(status.Load()); code != 0 {
			rw.WriteHeader(code)
			return true
		}
		rw.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="more`+strings.Repeat(" ", n)+`"`)
		rw.WriteHeader(http.StatusForbidden)
		return true
	}
}
