//go:build unix

// Kill: processes that die at any moment of a refresh or a write.

package storetest

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// Killed is what happened to the sessions of [Kill].
type Killed struct {
	// Kept counts the rounds after which the session went on without a human.
	Kept int
	// Lost counts those in which the server had rotated the refresh token and
	// the new one had not been written: nothing can be done about these.
	Lost int
}

// Kill starts a process that refreshes as often as it can, kills it at a random
// moment, and looks at what it left: the session must go on, unless the server
// had rotated the refresh token and the process died before it wrote the new
// one. As with [Share], the calling test is run again in the process.
func Kill(t *testing.T, s Sharing, rounds int) Killed {
	t.Helper()
	if os.Getenv(shareResource) != "" {
		shareChild(t, s)
		return Killed{}
	}
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{TokenLife: time.Millisecond})
	defer as.Close()
	rs := flowstest.NewResource(flowstest.ResourceConfig{
		Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{as}, AcceptToken: anyToken,
	})
	defer rs.Close()
	shareLogin(t, s, as, rs)
	var out Killed
	for range rounds {
		killProcess(t, s, rs.URL())
		before := as.Count("authorize")
		resume(t, s, as, rs.URL())
		if as.Count("authorize") == before {
			out.Kept++
			continue
		}
		out.Lost++
		reused := false
		for _, family := range as.Families() {
			reused = reused || family.Reuses > 0
		}
		if !reused {
			t.Fatal("a session was lost although its refresh token had not been rotated")
		}
	}
	return out
}

func anyToken(string) (flowstest.TokenInfo, bool) { return flowstest.TokenInfo{}, true }

// killProcess runs a process for some milliseconds after its first refresh.
func killProcess(t *testing.T, s Sharing, resource string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, program, "-test.run=^"+name+"$", "-test.v") //nolint:gosec // the test's own binary
	command.Env = append(append(os.Environ(), s.Env...), shareResource+"="+resource, shareDuration+"=1m")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20*time.Millisecond + rand.N(60*time.Millisecond)) //nolint:gosec // a moment, not a secret
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // it was killed
}

// resume sends one request with a session as a new process would.
func resume(t *testing.T, s Sharing, as *flowstest.AuthorizationServer, resource string) {
	t.Helper()
	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	auth, err := sdk.New(sdk.Config{Resource: resource, Store: store, Authorizer: browser(as.Authorize)})
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	if _, err := auth.Token(t.Context()); err != nil && !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Fatalf("the record is neither the old nor the new one: %v", err)
	} else if err != nil {
		if err := auth.Login(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
