package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// The test binary is also the browser, under the name by which the library
// starts one.
const browser = "xdg-open"

func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == browser {
		res, err := http.Get(os.Args[1])
		if err != nil || res.StatusCode != http.StatusOK {
			os.Exit(1)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// slowLife is a token life that a slow machine finishes the first step in.
const slowLife = 4 * time.Second

func demoOutput(ctx context.Context, t *testing.T, w *world) (string, error) {
	t.Helper()
	t.Cleanup(w.close)
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	err := runDemo(ctx, &screen{out: &out}, w)
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return out.String(), err
}

// From a 401 to a tool call, then refresh, step-up and restart: each as one
// line, without a secret, and the servers agree.
func TestDemo(t *testing.T) {
	w := newWorld(slowLife)
	out, err := demoOutput(t.Context(), t, w)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantLines(t, out)
	_, restart, _ := strings.Cut(out, "4  A restart")
	if restart, _, _ = strings.Cut(restart, "What the servers counted"); strings.Contains(restart, actorIssuer) {
		t.Errorf("the restart asked the authorization server for something:%s", restart)
	}
	for _, r := range append(w.issuer.Requests(), w.server.Requests()...) {
		_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		for _, secret := range []string{token, r.Param("code"), r.Param("code_verifier"), r.Param("refresh_token"), r.Param("state")} {
			if secret != "" && strings.Contains(out, secret) {
				t.Errorf("a secret of a %s request was printed", r.Kind)
			}
		}
	}
}

func wantLines(t *testing.T, out string) {
	t.Helper()
	rest := out
	for _, want := range []string{
		`server +POST +/mcp +server/discover +401 +wants a token: "notes:read"`,
		`server +GET +/.well-known/oauth-protected-resource/mcp +200`,
		`issuer +GET +/.well-known/oauth-authorization-server +200`,
		`decided +issuer http://127\.0\.0\.1:\d+, named by protected resource metadata`,
		`issuer +POST +/register +201`,
		`decided +client id by dynamic client registration`,
		`browser +GET +/authorize +allow "notes:read"\? \(PKCE S256\)`,
		`issuer +POST +/token +authorization_code +200`,
		`server +POST +/mcp +tools/call list_notes +200 +token accepted`,
		`tool +1: buy milk`,
		`issuer +POST +/token +refresh_token +200`,
		`tool +1: buy milk`,
		`server +POST +/mcp +tools/call add_note +403 +insufficient_scope: "notes:read notes:write"`,
		`browser +GET +/authorize +allow "notes:read notes:write"\?`,
		`tool +added "water the plants"`,
		`4  A restart`,
		`tool +2: buy milk, water the plants`,
		`401 challenges +1 +· +· +·\n`,
		`registrations +1 +· +· +·\n`,
		`prompts +1 +· +1 +·\n`,
		`refreshes +· +1 +· +·\n`,
		`✓ all as it should be\n$`,
	} {
		at := regexp.MustCompile(want).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("no line like %q where it belongs:\n%s", want, out)
		}
		rest = rest[at[1]:]
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colours where nobody looks")
	}
}

// A challenge without resource_metadata costs one more document: the demo says
// so and fails.
func TestDemoFailsWhenAStepIsNotAsItShouldBe(t *testing.T) {
	w := newWorld(slowLife)
	w.server.Configure(func(c *flowstest.ResourceConfig) { c.HideMetadataURL = true })
	out, err := demoOutput(t.Context(), t, w)
	if err == nil || !strings.Contains(err.Error(), "metadata documents: the servers counted 3, there should be 2") {
		t.Errorf("error %v\n%s", err, out)
	}
	if strings.Contains(out, "✓") {
		t.Errorf("it claims success:\n%s", out)
	}
}

func TestDemoEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := demoOutput(ctx, t, newWorld(slowLife)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// -server: the real Loopback, its own browser, the directory that the user has.
func TestRemote(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the browser of the test is started by the name xdg-open")
	}
	w := newWorld(time.Hour)
	t.Cleanup(w.close)
	installBrowser(t)

	out := remoteOutput(t, 0, "-server", w.server.URL(), "-tool", toolAdd, "-args", `{"text":"call home"}`)
	for _, want := range []string{"Opening your browser", `browser +GET +`, `list_notes +lists the notes`, `✓ 2 tools`, `added "call home"`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	// The second program finds what the first one left.
	before := w.tally()
	remoteOutput(t, 0, "-server", w.server.URL(), "-tool", toolList)
	if err := w.tally().since(before).differs(tally{calls: 1}); err != nil {
		t.Error(err)
	}
	remoteOutput(t, 1, "-server", w.server.URL(), "-tool", "no_such_tool")
}

// installBrowser puts the test binary where the library looks for a browser,
// and the user's configuration where nobody has one.
func installBrowser(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	if err := os.Symlink(self, filepath.Join(path, browser)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path)
	t.Setenv("DISPLAY", ":0")
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
}

func remoteOutput(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, complaints bytes.Buffer
	if got := run(t.Context(), args, &screen{out: &out}, &complaints); got != want {
		t.Fatalf("exit status %d, want %d: %s\n%s", got, want, &complaints, &out)
	}
	return out.String()
}

func TestArguments(t *testing.T) {
	installBrowser(t)
	for _, args := range [][]string{
		{"-tool", "x"}, {"extra"}, {"-nonsense"},
	} {
		remoteOutput(t, 2, args...)
	}
	for _, args := range [][]string{
		{"-server", "http://example.com/mcp"}, {"-server", "http://127.0.0.1:1/mcp", "-args", "[]"},
	} {
		remoteOutput(t, 1, args...)
	}
}

func TestScreen(t *testing.T) {
	var out bytes.Buffer
	(&screen{out: &out, colour: true}).ok("fine")
	if !strings.Contains(out.String(), "\x1b[32m✓ fine\x1b[0m") {
		t.Errorf("no colour: %q", out.String())
	}
	out.Reset()
	(&screen{out: &out}).remark(actorTool, "two\nlines\x1b[2J")
	if got, want := out.String(), "   tool     two\n            lines\uFFFD[2J\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	if newScreen(file).colour {
		t.Error("a file is painted")
	}
}
