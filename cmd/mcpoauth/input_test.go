// Files, patterns and directories; and that nothing else is read.

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// tree makes files below a new directory and goes there.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInputs(t *testing.T) {
	tree(t, map[string]string{
		"a.json": "a", "b.txt": "b", "[x].json": "x",
		"d/e.JSON": "e", "d/f/g.json": "g", "d/.well-known/oauth-protected-resource/mcp": "w",
		"d/.hidden/h.json": "h", "d/node_modules/m.json": "m", "none/readme.txt": "r",
	})
	if err := os.Symlink("../a.json", "d/link.json"); err != nil {
		t.Skip("no symbolic links here: ", err)
	}
	if err := os.Symlink("d", "linked"); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"a.json b.txt":   "a.json b.txt",
		"- a.json":       "<stdin> a.json",
		"d":              "d/.well-known/oauth-protected-resource/mcp d/e.JSON d/f/g.json d/link.json",
		"linked":         "linked/.well-known/oauth-protected-resource/mcp linked/e.JSON linked/f/g.json linked/link.json",
		"*.json":         "[x].json a.json",
		"[x].json":       "[x].json",
		"**/*.json":      "[x].json a.json d/f/g.json d/link.json",
		"d/**/g.json":    "d/f/g.json",
		"d/*":            "d/e.JSON d/f/g.json d/link.json d/node_modules/m.json",
		"none":           "none!",
		"absent":         "absent!",
		"no*":            "!none",
		"[":              "[!",
		"**/nothing.txt": "**/nothing.txt!",
	} {
		var got []string
		for in := range inputs(t.Context(), strings.Fields(args), strings.NewReader("s")) {
			if in.err != nil {
				got = append(got, in.name+"!")
			} else {
				got = append(got, filepath.ToSlash(in.name))
			}
		}
		if args == "no*" {
			want = "none!"
		}
		if args == "d/*" { // hidden directories are named by the pattern
			got = slices.DeleteFunc(got, func(name string) bool { return strings.HasPrefix(name, "d/.") })
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", args, strings.Join(got, " "), want)
		}
	}
}

// A file of a directory that is meant to be a document is named when it is none;
// what can be told of no kind is counted only.
func TestBrokenFileOfDirectory(t *testing.T) {
	tree(t, map[string]string{
		"d/as.json": "\ufeff\n{ hello: 1 }", "d/other.json": `{"hello": 1}`, "d/list.json": "[", "d/prm.json": `{"resource": "https://mcp.example.com/mcp"`,
		"d/long.json": `{"hello": "` + strings.Repeat("x", gen.MaxSize) + `"}`, "d/\n.json": "{ hello: 1 }",
	})
	const want = "mcpoauth: \"d/\\x0a.json\": passed over: not valid JSON\nmcpoauth: d/as.json: passed over: not valid JSON\n"
	for format := range formats {
		r := command(t, "", "validate", "d", "--format", format)
		if r.code != exitFindings || filepath.ToSlash(r.errors) != want {
			t.Errorf("%s: status %d, %q", format, r.code, r.errors)
		}
	}
	if r := command(t, "", "validate", "d/as.json"); r.code != exitUnusable || !strings.Contains(r.errors, "is not valid JSON") {
		t.Errorf("the file itself: %+v", r)
	}
}

// endless is a reader without an end.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '['
	}
	e.read += len(p)
	return len(p), nil
}

// SEC-3
func TestLongInputEndsAtOnce(t *testing.T) {
	for _, kind := range []string{"auto", "prm", "token", "challenge"} {
		var out, errors strings.Builder
		source := &endless{}
		code := run(t.Context(), []string{"validate", "--kind", kind, "-"}, source, &out, &errors)
		if code == exitClean || !strings.Contains(out.String()+errors.String(), "1 MiB") && kind != "challenge" {
			t.Errorf("%s: status %d\n%s%s", kind, code, out.String(), errors.String())
		}
		if source.read > 2*gen.MaxSize {
			t.Errorf("%s: %d bytes were read", kind, source.read)
		}
		if out.Len() > 4096 {
			t.Errorf("%s: %d bytes of output", kind, out.Len())
		}
	}
}

// The memory of a run is that of one document, whatever the number of files.
func TestManyFiles(t *testing.T) {
	document, err := os.ReadFile("testdata/prm-faulty.json")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	const n = 500
	for i := range n {
		files[fmt.Sprintf("site/%02d/%04d.json", i%50, i)] = string(document)
	}
	tree(t, files)
	for format := range formats {
		probe := &heapProbe{}
		code := run(t.Context(), []string{"validate", "site", "--format", format}, strings.NewReader(""), probe, io.Discard)
		if code != exitFindings || probe.written == 0 {
			t.Errorf("%s: status %d, %d bytes", format, code, probe.written)
		}
		if growth := int64(probe.last) - int64(probe.first); growth > 4<<20 {
			t.Errorf("%s: the heap grew by %d KiB over %d files", format, growth>>10, n)
		}
	}
}

// heapProbe is a writer that measures the live heap now and then.
type heapProbe struct {
	writes, written int
	first, last     uint64
}

func (p *heapProbe) Write(b []byte) (int, error) {
	p.written += len(b)
	if p.writes++; p.writes%100 == 50 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		if p.last = stats.HeapAlloc; p.first == 0 {
			p.first = p.last
		}
	}
	return len(b), nil
}

// Nothing is fetched: the command has no code that could, and nothing that it
// calls uses the client that all of net/http shares.
func TestNothingIsFetched(t *testing.T) {
	before := http.DefaultTransport
	http.DefaultTransport = refusing{t}
	t.Cleanup(func() { http.DefaultTransport = before })
	t.Chdir("testdata")
	for format := range formats {
		command(t, `{"resource": 1}`, append(everything, "--format", format, "--for", "https://mcp.example.com/mcp")...)
	}
	command(t, "", "validate", "prm.json", "--with", "asm.json")
	command(t, "", "rules", "prm-")
}

type refusing struct{ t *testing.T }

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	r.t.Errorf("%s %s was asked for", req.Method, req.URL)
	return nil, http.ErrNotSupported
}

// The files of validate and rules import no package that opens a connection.
func TestNoNetworkImports(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{join .Imports "\n"}}`, "../../validate").Output()
	if err != nil {
		t.Skip("no go command: ", err)
	}
	offline := []string{"input.go", "journey.go", "kind.go", "mask.go", "pairing.go", "report*.go", "example.go", "rules.go", "scan.go", "snippet.go", "terminal.go", "validate.go", "version.go"}
	imports := map[string]string{}
	for line := range strings.Lines(string(out)) {
		imports[strings.TrimSpace(line)] = "package validate"
	}
	for _, pattern := range offline {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			for _, name := range importsOf(t, file) {
				imports[name] = file
			}
		}
	}
	for _, name := range []string{"net", "net/http", "os/exec", "syscall", "github.com/mcpoauth/mcpoauth/flows", "github.com/mcpoauth/mcpoauth/sdk"} {
		if file, found := imports[name]; found {
			t.Errorf("%s imports %s", file, name)
		}
	}
}
