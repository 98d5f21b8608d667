// Provider: the process of server.mjs, and its log.

package interop

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The profiles of server.mjs.
const (
	open   = "open"
	pushed = "pushed"
	nonces = "nonces"
	closed = "closed"
	brief  = "brief"
	mutual = "mutual"
	paced  = "paced"

	enterprise = "enterprise"
)

// provider is one process with a provider for each profile.
type provider struct {
	urls   map[string]string // the issuers by profile
	secret gen.Secret        // of the resource, and the initial access token

	authority *authority // of client certificates

	cmd     *exec.Cmd
	stdin   io.Closer
	scratch string
	ended   chan struct{} // closed after the log's last line

	mu    sync.Mutex // guards what follows
	log   []entry
	marks map[string]chan struct{}
}

// entry is a line of the log: one request and what became of it.
type entry struct {
	Profile       string              `json:"profile"`
	Agent         string              `json:"agent"`
	Method        string              `json:"method"`
	Path          string              `json:"path"`
	Route         string              `json:"route"`
	Params        []string            `json:"params"` // names
	Values        map[string][]string `json:"values"` // of those that are no secret
	Authorization string              `json:"authorization"`
	Certificate   bool                `json:"certificate"`
	DPoP          *jwt                `json:"dpop"`
	Assertion     *jwt                `json:"assertion"`
	Status        int                 `json:"status"`
	Error         string              `json:"error"`

	Mark      string            `json:"mark"`
	Listening map[string]string `json:"listening"`
}

// jwt is what the log tells of one.
type jwt struct {
	Alg, Typ, Kid string
	Iss, Sub, Aud string
	Htm, Htu      string
	Has           []string // further claims
}

// startProvider starts Node with the clock moved. It trusts the certificate of
// httptest's servers, where the documents of clients are.
func startProvider(ctx context.Context, node string, clock time.Duration) (*provider, error) {
	scratch, err := os.MkdirTemp("", "interop")
	if err != nil {
		return nil, err
	}
	p := &provider{
		secret: gen.Secret(rand.Text()), scratch: scratch,
		ended: make(chan struct{}), marks: map[string]chan struct{}{},
	}
	certificate, key, err := writeCertificate(scratch)
	if err != nil {
		return nil, err
	}
	if p.authority, err = newAuthority(scratch); err != nil {
		return nil, err
	}
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), node, "--import", "./clock.mjs", "server.mjs")
	p.cmd.Env = append(os.Environ(), "INTEROP_SECRET="+p.secret.Reveal(), "NODE_EXTRA_CA_CERTS="+certificate,
		"INTEROP_CERT="+certificate, "INTEROP_KEY="+key, "INTEROP_AUTHORITY="+p.authority.file, fmt.Sprintf("CLOCK_AHEAD=%d", int(clock.Seconds())))
	complaints, err := os.Create(filepath.Join(scratch, "stderr"))
	if err != nil {
		return nil, err
	}
	defer complaints.Close()
	p.cmd.Stderr = complaints
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan map[string]string, 1)
	go p.read(stdout, listening)
	select {
	case p.urls = <-listening:
		return p, nil
	case <-p.ended:
	case <-ctx.Done():
	}
	said, _ := os.ReadFile(filepath.Join(scratch, "stderr"))
	p.stop()
	return nil, fmt.Errorf("the server did not start: %s", said)
}

// writeCertificate writes the certificate of httptest's servers, which is its
// own authority, and its key.
func writeCertificate(dir string) (certificate, key string, err error) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	private, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		return "", "", err
	}
	certificate, key = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	for name, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: server.Certificate().Raw},
		key:         {Type: "PRIVATE KEY", Bytes: private},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			return "", "", err
		}
	}
	return certificate, key, nil
}

// stop ends the process by its standard input, and waits for it. A nil provider
// was never started.
func (p *provider) stop() {
	if p == nil {
		return
	}
	p.stdin.Close()
	<-p.ended
	_ = p.cmd.Wait()
	_ = os.RemoveAll(p.scratch)
}

// read keeps the log until the process ends.
func (p *provider) read(stdout io.Reader, listening chan<- map[string]string) {
	defer close(p.ended)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // what Node says on its own account
		}
		if e.Listening != nil {
			listening <- e.Listening
			continue
		}
		p.mu.Lock()
		if e.Mark == "" {
			p.log = append(p.log, e)
		} else if mark := p.marks[e.Mark]; mark != nil {
			close(mark)
		}
		p.mu.Unlock()
	}
}

// asked returns the requests of one user agent so far. A mark in the log says
// that all lines before it have been read.
func (p *provider) asked(ctx context.Context, agent string) ([]entry, error) {
	name, mark := rand.Text(), make(chan struct{})
	p.mu.Lock()
	p.marks[name] = mark
	p.mu.Unlock()
	if _, err := get(ctx, p.urls[open]+"/mark/"+name); err != nil {
		return nil, err
	}
	select {
	case <-mark:
	case <-p.ended:
		return nil, errors.New("the server has ended")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.log), func(e entry) bool { return e.Agent != agent }), nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := plain.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// String is the line in a test's failure.
func (e entry) String() string {
	line := fmt.Sprintf("%s %s -> %d %s: %s %v", e.Method, e.Path, e.Status, e.Error, strings.Join(e.Params, " "), e.Values)
	if e.Authorization != "" {
		line += " Authorization: " + e.Authorization
	}
	if e.DPoP != nil {
		line += fmt.Sprintf(" DPoP: %+v", *e.DPoP)
	}
	return line
}

// sent fails the test unless the request had these parameters, each once.
func (e entry) sent(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	if !slices.Equal(e.Params, want) {
		t.Errorf("%s %s had the parameters %v, want %v", e.Method, e.Path, e.Params, want)
	}
	for name, values := range e.Values {
		if len(values) != 1 && !strings.HasPrefix(e.Path, "/reg") { // where lists are
			t.Errorf("%s %s had %s %d times", e.Method, e.Path, name, len(values))
		}
	}
}

// had fails the test unless the parameter had this value.
func (e entry) had(t *testing.T, name string, want ...string) {
	t.Helper()
	if !slices.Equal(e.Values[name], want) {
		t.Errorf("%s %s had %s = %q, want %q", e.Method, e.Path, name, e.Values[name], want)
	}
}
