//go:build unix

// Stall: a process that is stopped between a refresh and its write.

package storetest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// Stall stops a real process after the server has answered its refresh and
// before the process has written the answer, logs the session out, and lets the
// process go on: the session must stay logged out. wait is how long the process
// stays stopped: for a store whose locks have a lease, longer than that.
// As with [Share], the calling test is run again in the process.
func Stall(t *testing.T, s Sharing, wait time.Duration) {
	t.Helper()
	if os.Getenv(shareResource) != "" {
		stallChild(t, s)
		return
	}
	answering, release := make(chan struct{}), make(chan struct{})
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{Refresh: func(map[string]any) {
		close(answering)
		<-release
	}})
	defer as.Close()
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{as}})
	defer rs.Close()
	shareLogin(t, s, as, rs)
	as.RevokeAccessTokens()

	process, out := stallProcess(t, s, rs.URL())
	select {
	case <-answering:
	case <-time.After(time.Minute):
		t.Fatalf("process did not refresh:\n%s", out)
	}
	stop(t, process.Process)
	close(release)
	time.Sleep(wait)
	logout(t, s, rs.URL())
	if err := process.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil || !strings.Contains(out.String(), shareReport+"logged out") {
		t.Errorf("process did not see the logout: %v\n%s", err, out)
	}
	logout(t, s, rs.URL()) // and nothing has come back
	if n := as.Count("token:refresh_token"); n != 1 {
		t.Errorf("%d refreshes, want 1", n)
	}
}

func stallProcess(t *testing.T, s Sharing, resource string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	command := exec.CommandContext(t.Context(), program, "-test.run=^"+name+"$", "-test.v") //nolint:gosec // the test's own binary
	command.Env = append(append(os.Environ(), s.Env...), shareResource+"="+resource)
	var out strings.Builder
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, &out
}

// stop returns when all threads of the process have stopped.
func stop(t *testing.T, process *os.Process) {
	t.Helper()
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(process.Pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("process did not stop: %v, status %v", err, status)
	}
}

// logout ends the session from another client, and checks that it is over.
func logout(t *testing.T, s Sharing, resource string) {
	t.Helper()
	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	auth, err := sdk.New(sdk.Config{Resource: resource, Store: store, Authorizer: browser(nobody)})
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	if err := auth.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Token(t.Context()); !errors.Is(err, sdk.ErrNotAuthorized) {
		t.Errorf("Token after logout: %v, want ErrNotAuthorized", err)
	}
}

// stallChild asks for a token of the session, which takes a refresh.
func stallChild(t *testing.T, s Sharing) {
	t.Helper()
	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	auth, err := sdk.New(sdk.Config{Resource: os.Getenv(shareResource), Store: store, Authorizer: browser(denied)})
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	_ = shareRequest(t.Context(), auth.HTTPClient()) // it ends without a token: nobody logs in
	if _, err := auth.Token(t.Context()); errors.Is(err, sdk.ErrNotAuthorized) {
		t.Log(shareReport + "logged out")
	}
}

func denied(context.Context, string) (string, error) { return "", sdk.ErrNoCallback }
