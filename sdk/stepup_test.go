// Step-ups: what a 403 leads to, and what bounds it.

package sdk_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// scopesByPath needs the scope that a request's last path segment names.
func scopesByPath(r *http.Request) []string {
	_, scope, _ := strings.Cut(r.URL.Path, "/mcp/")
	if scope == "" {
		return nil
	}
	return strings.Split(scope, "+")
}

// STEP-1, STEP-6: the union of what was requested, granted and challenged, in
// order; a refresh keeps it; a later login too.
func TestStepUpAsksForTheUnion(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath,
		StepUpScope: func(needed, _ []string) []string { return needed[len(needed)-1:] }})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	wantStatus(t, client, w.rs.URL()+"/write", 200)
	wantStatus(t, client, w.rs.URL()+"/admin", 200)
	wantScopes(t, w, "mcp", "mcp write", "mcp write admin")
	wantCounts(t, w.as, map[string]int{"register": 1, "asm": 1, "token:refresh_token": 0})
	w.as.RevokeAccessTokens()
	w.as.RevokeRefreshTokens()
	wantStatus(t, client, w.rs.URL(), 200)
	wantScopes(t, w, "mcp", "mcp write", "mcp write admin", "mcp write admin")
}

// wantScopes compares the scopes of all authorization requests so far.
func wantScopes(t *testing.T, w *world, want ...string) {
	t.Helper()
	var got []string
	for _, r := range w.as.RequestsOf("authorize") {
		got = append(got, r.Param("scope"))
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("scopes %q, want %q", got, want)
	}
}

// STEP-2: a 403 that asks for no scope goes to the caller and is sent once.
func TestOtherForbidden(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: func(_ string, _ int, rw http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/mcp/forbidden" {
			return false
		}
		rw.Header().Set("WWW-Authenticate", `Bearer error="invalid_request", scope="more"`)
		rw.WriteHeader(http.StatusForbidden)
		return true
	}})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	w.rs.ForgetRequests()
	wantStatus(t, client, w.rs.URL()+"/forbidden", 403)
	if n := len(w.rs.Requests()); n != 1 {
		t.Errorf("sent %d times, want once", n)
	}
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
}

// STEP-3: without a scope in the challenge the resource's metadata says.
func TestStepUpWithoutScope(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{
		ScopesSupported: []string{"read", "write"}, ScopesFor: scopesByPath, HideStepUpScope: true,
		Challenge: func(_ *http.Request, reason flowstest.Reason, lines []string) []string {
			if reason == flowstest.ReasonInsufficientScope {
				return lines
			}
			return []string{`Bearer scope="read"`}
		}})
	client := w.client(t).HTTPClient()
	wantStatus(t, client, w.rs.URL(), 200)
	wantStatus(t, client, w.rs.URL()+"/write", 200)
	wantScopes(t, w, "read", "read write")
}

// STEP-4: bounds. Nothing new to ask for, one step-up per request, three in ten
// minutes; each ends in a typed error and not in another prompt.
func TestStepUpBounds(t *testing.T) {
	t.Run("nothing new", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{
			RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath,
			StepUpScope: func([]string, []string) []string { return []string{"mcp"} }})
		client := w.client(t).HTTPClient()
		wantStatus(t, client, w.rs.URL(), 200)
		wantStepUpError(t, w, client, "/write", 1)
	})
	t.Run("never enough", func(t *testing.T) {
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{Fault: alwaysMore()})
		client := w.client(t).HTTPClient()
		wantStatus(t, client, w.rs.URL(), 200)
		wantStepUpError(t, w, client, "/a", 2)
		wantStepUpError(t, w, client, "/b", 3)
		wantStepUpError(t, w, client, "/c", 4)
		wantStepUpError(t, w, client, "/d", 4) // three step-ups in ten minutes, and the login
	})
}

// alwaysMore challenges every authorized request below the resource for a scope
// that nobody has asked for yet.
func alwaysMore() flowstest.Fault {
	return func(kind string, n int, rw http.ResponseWriter, r *http.Request) bool {
		if kind != "mcp" || r.URL.Path == "/mcp" || r.Header.Get("Authorization") == "" {
			return false
		}
		rw.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope", scope="s`+strings.Repeat("x", n)+`"`)
		rw.WriteHeader(http.StatusForbidden)
		return true
	}
}

func wantStepUpError(t *testing.T, w *world, client *http.Client, path string, prompts int32) {
	t.Helper()
	_, _, err := try(t, client, w.rs.URL()+path, "{}")
	var stepUp *sdk.StepUpError
	var rejected *sdk.RequestError
	if !errors.As(err, &stepUp) || !errors.As(err, &rejected) || rejected.StatusCode != 403 {
		t.Fatalf("error %v, want a *StepUpError in a *RequestError", err)
	}
	if n := w.human.prompts.Load(); n != prompts {
		t.Errorf("%d prompts, want %d", n, prompts)
	}
}

// STEP-5: the policy comes before the human.
func TestStepUpPolicy(t *testing.T) {
	for name, edit := range map[string]func(*sdk.Config){
		"fail": func(c *sdk.Config) { c.StepUp = sdk.StepUpFail },
		"declined": func(c *sdk.Config) {
			c.StepUp, c.AllowStepUp = sdk.StepUpAsk, func([]string) bool { return false }
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{RequiredScopes: []string{"mcp"}, ScopesFor: scopesByPath})
			client := w.client(t, edit).HTTPClient()
			wantStatus(t, client, w.rs.URL(), 200)
			wantStepUpError(t, w, client, "/write", 1)
		})
	}
}

// STEP-7: a body that cannot be sent again: the flight runs, the request ends
// in a typed error, and the next one is right.
func TestBodyWithoutGetBody(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
	client := w.client(t).HTTPClient()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.rs.URL(), strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.GetBody = nil
	res, err := client.Do(req)
	if res != nil || !errors.Is(err, sdk.ErrNotReplayable) {
		t.Fatalf("response %v, error %v; want ErrNotReplayable alone", res, err)
	}
	var rejected *sdk.RequestError
	if !errors.As(err, &rejected) || rejected.StatusCode != 401 || rejected.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("error %#v lacks the response", err)
	}
	wantStatus(t, client, w.rs.URL(), 200)
	if n := w.human.prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
}
