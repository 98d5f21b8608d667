// Share: one session in many processes, over a server that punishes mistakes.

package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// Sharing says how [Share] tests a store.
type Sharing struct {
	// Open opens the store that all processes share. It is called once in each
	// process; Env tells it where. Required.
	Open func() (sdk.Store, error)
	// Env is added to the environment of the processes, as "NAME=value".
	Env []string
	// Processes is their number; 0 means 8.
	Processes int
	// Duration is how long they send requests; 0 means 5 s.
	Duration time.Duration
	// TokenLife is the life of an access token; 0 means 1 s.
	TokenLife time.Duration
}

// Shared is what happened.
type Shared struct {
	// Requests and Refreshes are the counts at the resource and the server.
	Requests, Refreshes int
}

const (
	shareResource = "MCPOAUTH_SHARE_RESOURCE"
	shareDuration = "MCPOAUTH_SHARE_DURATION"
	shareReport   = "share report: "
)

// Share runs one session in several real processes, started from the test's own
// binary with the name of the calling test, which therefore must call Share with
// the same store and nothing else that matters. The server rotates refresh
// tokens and revokes a family when an old one comes again. It is an error if
// that happens, if a process needs a human, or if a request fails.
func Share(t *testing.T, s Sharing) Shared {
	t.Helper()
	if os.Getenv(shareResource) != "" {
		shareChild(t, s)
		return Shared{}
	}
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{TokenLife: or(s.TokenLife, time.Second)})
	defer as.Close()
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{as}})
	defer rs.Close()
	shareLogin(t, s, as, rs)
	rs.ForgetRequests()

	duration := or(s.Duration, 5*time.Second)
	var group sync.WaitGroup
	for range or(s.Processes, 8) {
		group.Go(func() { shareProcess(t, s, rs.URL(), duration) })
	}
	group.Wait()

	out := Shared{Requests: rs.Count("mcp"), Refreshes: as.Count("token:refresh_token")}
	if n := as.Count("authorize"); n != 1 {
		t.Errorf("%d logins, want the first one only", n)
	}
	for _, family := range as.Families() {
		if family.Revoked || family.Reuses > 0 || family.Refreshes != out.Refreshes {
			t.Errorf("%d refresh requests, %d of them good; reused %d times, revoked: %t",
				out.Refreshes, family.Refreshes, family.Reuses, family.Revoked)
		}
	}
	return out
}

// shareLogin makes the session that the processes share.
func shareLogin(t *testing.T, s Sharing, as *flowstest.AuthorizationServer, rs *flowstest.Resource) {
	t.Helper()
	for _, pair := range s.Env {
		name, value, _ := strings.Cut(pair, "=")
		t.Setenv(name, value)
	}
	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	auth, err := sdk.New(sdk.Config{Resource: rs.URL(), Store: store, Authorizer: browser(as.Authorize)})
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	if err := auth.Login(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// shareProcess runs one process to its end.
func shareProcess(t *testing.T, s Sharing, resource string, duration time.Duration) {
	program, err := os.Executable()
	if err != nil {
		t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), duration+time.Minute)
	defer cancel()
	name, _, _ := strings.Cut(t.Name(), "/")
	command := exec.CommandContext(ctx, program, "-test.run=^"+name+"$", "-test.v") //nolint:gosec // the test's own binary
	command.Env = append(os.Environ(), s.Env...)
	command.Env = append(command.Env, shareResource+"="+resource, shareDuration+"="+duration.String())
	out, err := command.CombinedOutput()
	_, report, ok := bytes.Cut(out, []byte(shareReport))
	if err != nil || !ok {
		t.Errorf("process: %v\n%s", err, out)
		return
	}
	var counts struct{ Requests int }
	if err := json.NewDecoder(bytes.NewReader(report)).Decode(&counts); err != nil || counts.Requests == 0 {
		t.Errorf("process sent no request: %v\n%s", err, out)
	}
}

// shareChild sends requests one after the other.
func shareChild(t *testing.T, s Sharing) {
	t.Helper()
	store, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(store)
	auth, err := sdk.New(sdk.Config{Resource: os.Getenv(shareResource), Store: store, Authorizer: browser(nobody)})
	if err != nil {
		t.Fatal(err)
	}
	defer auth.Close()
	duration, err := time.ParseDuration(os.Getenv(shareDuration))
	if err != nil {
		t.Fatal(err)
	}
	client, requests := auth.HTTPClient(), 0
	for end := time.Now().Add(duration); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err := shareRequest(t.Context(), client); err != nil {
			t.Fatal(err)
		}
		requests++
	}
	fmt.Printf("%s{\"Requests\":%d}\n", shareReport, requests)
}

func shareRequest(ctx context.Context, client *http.Client) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv(shareResource), strings.NewReader("{}"))
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}

func nobody(context.Context, string) (string, error) {
	return "", errors.New("a process asked for a human")
}

// browser is an authorizer that plays the human.
type browser func(ctx context.Context, url string) (string, error)

func (b browser) Prepare(context.Context, []string) (sdk.Attempt, error) { return b, nil }
func (b browser) RedirectURI() string                                    { return "http://127.0.0.1:7777/callback" }
func (b browser) Authorize(ctx context.Context, url string) (string, error) {
	return b(ctx, url)
}
func (b browser) Close() error { return nil }

func closeStore(store sdk.Store) {
	if closer, ok := store.(io.Closer); ok {
		_ = closer.Close()
	}
}

func or[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
