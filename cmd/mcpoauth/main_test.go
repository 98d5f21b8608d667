// Whole command lines: what they print and how they end.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/validate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// result is what a command line left behind.
type result struct {
	code        int
	out, errors string
}

// command runs a command line in testdata.
func command(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errors bytes.Buffer
	code := run(t.Context(), args, strings.NewReader(stdin), &out, &errors)
	return result{code, out.String(), errors.String()}
}

// golden compares a result with a file of testdata/golden.
func golden(t *testing.T, name string, r result) {
	t.Helper()
	got := r.out
	if r.errors != "" {
		got += "--- standard error\n" + r.errors
	}
	got += fmt.Sprintf("--- exit status %d\n", r.code)
	file := filepath.Join("golden", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./cmd/mcpoauth -update writes it anew):\n%s", file, got)
	}
}

// CLI-1, META-7
func TestGolden(t *testing.T) {
	t.Chdir("testdata")
	const server = "https://mcp.example.com/mcp"
	for _, tc := range []struct{ name, args string }{
		{"prm", "prm.json --for " + server},
		{"prm-other-url", "prm.json --for https://mcp.example.com/other"},
		{"prm-faulty", "prm-faulty.json"},
		{"prm-with", "prm.json --with asm.json"},
		{"prm-with-other", "prm.json --with asm-minified.json"},
		{"asm", "asm.json --for https://as.example.com"},
		{"asm-minified", "asm-minified.json --for https://as.example.com"},
		{"cimd", "cimd.json --for https://client.example.com/oauth/other.json"},
		{"client", "client.json"},
		{"dcr-with", "dcr.json --with client.json"},
		{"token", "token.json"},
		{"error", "error.json --fail-on warning"},
		{"callback", "callback.txt"},
		{"challenge", "challenge.txt --for " + server},
		{"state", "state.json"},
		{"broken", "broken.json"},
		{"hostile", "hostile.json"},
		{"site", "site"},
		{"several", "prm.json broken.json absent.json notes.txt empty.json"},
		{"github", "prm-faulty.json broken.json notes.txt hostile.json --format github"},
		{"json", "prm-faulty.json prm.json notes.txt --format json"},
		{"json-with", "prm.json --with asm-minified.json --json"},
		{"rfc", "prm-faulty.json asm-minified.json --profile rfc"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			golden(t, tc.name+".txt", command(t, "", append([]string{"validate"}, strings.Fields(tc.args)...)...))
		})
	}
}

func TestGoldenSARIF(t *testing.T) {
	t.Chdir("testdata")
	r := command(t, "", "validate", "prm-faulty.json", "notes.txt", "--format", "sarif")
	// The list of rules is the table of package validate, which has tests of its own.
	head, rest, _ := strings.Cut(r.out, `"rules": [`)
	_, tail, found := strings.Cut(rest, `"columnKind"`)
	if !found {
		t.Fatal(r.out)
	}
	r.out = head + "...\n    " + `"columnKind"` + tail
	golden(t, "sarif.txt", r)
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"--help", "validate --help", "rules --help", "version --help"} {
		r := command(t, "", strings.Fields(args)...)
		if r.code != exitClean || r.errors != "" {
			t.Errorf("%s: %+v", args, r)
		}
		for line := range strings.Lines(r.out) {
			if strings.HasPrefix(line, "   ") && strings.Contains(line, "--") {
				continue // cobra puts a flag and its text into one line
			}
			if len(line) > 100 {
				t.Errorf("%s: a line of %d columns: %s", args, len(line), line)
			}
		}
	}
}

// Each status has its meaning; a script depends on it. CLI-1
func TestExitStatus(t *testing.T) {
	t.Chdir("testdata")
	for _, tc := range []struct {
		args string
		want int
	}{
		{"validate prm.json", 0},
		{"validate prm-faulty.json", 1},
		{"validate prm-faulty.json --fail-on refuse", 1},
		{"validate error.json --fail-on refuse", 0},
		{"validate error.json --fail-on error", 1},
		{"validate broken.json", 1},
		{"validate broken.json absent.json", 2},
		{"validate absent.json", 2},
		{"validate notes.txt", 2},
		{"validate empty.json", 2},
		{"validate empty.json --kind prm", 2},
		{"validate no*match.json", 2},
		{"validate [", 2},
		{"validate", 2},
		{"validate prm.json --kind nonsense", 2},
		{"validate prm.json --format yaml", 2},
		{"validate prm.json --fail-on info", 2},
		{"validate prm.json --profile mcp-1", 2},
		{"validate prm.json --for mcp.example.com", 2},
		{"validate prm.json --for ftp://mcp.example.com", 2},
		{"validate token.json --kind token --for https://mcp.example.com", 2},
		{"validate prm.json --with absent.json", 2},
		{"validate prm.json --with notes.txt", 2},
		{"validate prm.json --with token.json", 1},
		{"validate callback.txt --with prm.json", 2},
		{"validate challenge.txt --with asm.json", 2},
		{"validate prm.json --json --format sarif", 2},
		{"validate prm.json --json", 0},
		{"validate prm.json --nonsense", 2},
		{"validate - -", 2},
		{"validate - --with -", 2},
		{"rules", 0},
		{"rules asm-pkce-missing", 0},
		{"rules pkce", 2},
		{"rules --profile none", 2},
		{"version", 0},
		{"version now", 2},
		{"--version", 0},
		{"nonsense", 2},
		{"completion", 0},
		{"completion bash", 0},
		{"completion tcsh", 2},
		{"help", 0},
		{"help validate", 0},
		{"help completion bash", 0},
		{"help frob", 2},
		{"help validate frob", 2},
		{"", 0},
	} {
		r := command(t, "", strings.Fields(tc.args)...)
		if r.code != tc.want {
			t.Errorf("%s: status %d, want %d\n%s%s", tc.args, r.code, tc.want, r.out, r.errors)
		}
		if (r.code == exitUnusable) != (r.errors != "") && !strings.Contains(tc.args, "--format json") {
			t.Errorf("%s: status %d and standard error %q", tc.args, r.code, r.errors)
		}
		if strings.Contains(r.errors, "Usage:") {
			t.Errorf("%s: the usage hides the error", tc.args)
		}
	}
}

func TestStandardInput(t *testing.T) {
	document, err := os.ReadFile("testdata/prm-faulty.json")
	if err != nil {
		t.Fatal(err)
	}
	r := command(t, string(document), "validate", "-")
	if r.code != exitFindings || !strings.Contains(r.out, `"<stdin>":4:5: refuse: `) && !strings.Contains(r.out, "<stdin>:4:5: refuse: ") {
		t.Errorf("%+v", r)
	}
	if r := command(t, string(document), "validate", "-", "--for", ""); r.code != exitUnusable || !strings.Contains(r.errors, `--for: "" is no`) {
		t.Errorf("an empty URL: %+v", r)
	}
	if r := command(t, string(document), "validate", "-", "--with", ""); r.code != exitUnusable || !strings.Contains(r.errors, `--with: "": `) {
		t.Errorf("an empty name: %+v", r)
	}
	if r := command(t, "", "validate", "-"); r.code != exitUnusable {
		t.Errorf("nothing to read: %+v", r)
	}
	partner, err := os.ReadFile("testdata/asm.json")
	if err != nil {
		t.Fatal(err)
	}
	if r := command(t, string(partner), "validate", "testdata/prm.json", "--with", "-"); r.code != exitClean || !strings.Contains(r.out, "2 documents") {
		t.Errorf("partner from standard input: %+v", r)
	}
}

// A redirect is judged by the record of its login, or by the metadata of its
// server. AUTHZ-6
func TestCallbackPairs(t *testing.T) {
	t.Chdir("testdata")
	for _, tc := range []struct {
		query, with string
		rule        validate.Rule // "" when nothing is wrong with the redirect
	}{
		{"code=x&state=af0ifjsldkj&iss=https%3A%2F%2Fas.example.com", "pending.json", ""},
		{"code=x&state=other&iss=https%3A%2F%2Fas.example.com", "pending.json", validate.RuleStateMatch},
		{"code=x&state=af0ifjsldkj", "pending.json", validate.RuleIssMissing},
		{"code=x&state=any&iss=https%3A%2F%2Fas.example.com", "asm.json", ""},
		{"code=x&state=any&iss=https%3A%2F%2Fevil.example.com", "asm.json", validate.RuleIssMatch},
		{"code=x&iss=https%3A%2F%2Fas.example.com", "asm.json", validate.RuleStateMatch},
	} {
		r := command(t, "https://c.example.com/cb?"+tc.query, "validate", "-", "--with", tc.with)
		wrong := strings.Contains(r.out, "<stdin>:1:")
		if wrong != (tc.rule != "") || !strings.Contains(r.out, string(tc.rule)) {
			t.Errorf("%s with %s: want %q in\n%s", tc.query, tc.with, tc.rule, r.out)
		}
	}
}

// A run that is interrupted says so and does not look clean.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errors bytes.Buffer
	if code := run(ctx, []string{"validate", "testdata/prm.json"}, strings.NewReader(""), &out, &errors); code != exitUnusable {
		t.Errorf("status %d\n%s%s", code, out.String(), errors.String())
	}
}

// Standard input that never comes does not hold the command.
func TestInterruptedRead(t *testing.T) {
	for _, args := range [][]string{{"-"}, {"testdata/prm.json", "--with", "-"}} {
		ctx, cancel := context.WithCancel(t.Context())
		stdin, stop := io.Pipe()
		t.Cleanup(func() { stop.Close() })
		var out, errors bytes.Buffer
		code := run(ctx, append([]string{"validate"}, args...), readHook{stdin, cancel}, &out, &errors)
		if code != exitUnusable || !strings.Contains(errors.String(), "interrupted") {
			t.Errorf("%v: status %d\n%s%s", args, code, out.String(), errors.String())
		}
	}
}

// readHook calls a function before each read.
type readHook struct {
	io.Reader
	before func()
}

func (r readHook) Read(p []byte) (int, error) {
	r.before()
	return r.Reader.Read(p)
}

// A reader that goes away, as head does, is an error and no panic.
func TestWriteErrors(t *testing.T) {
	for _, args := range [][]string{
		{"validate", "testdata/prm-faulty.json"}, {"validate", "--format", "json", "testdata/prm-faulty.json"},
		{"validate", "--format", "sarif", "testdata/prm-faulty.json"}, {"validate", "--format", "github", "testdata/prm-faulty.json"},
		{"rules"}, {"rules", "prm-"}, {"rules", "--json"}, {"version"},
	} {
		var errors bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), closedPipe{}, &errors); code != exitUnusable || errors.Len() == 0 {
			t.Errorf("%v: status %d, %q", args, code, errors.String())
		}
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestVersion(t *testing.T) {
	r := command(t, "", "version", "--json")
	var v version
	if err := json.Unmarshal([]byte(r.out), &v); err != nil || v.Version == "" || v.Go == "" || v.Platform == "" {
		t.Errorf("%v: %s", err, r.out)
	}
	if r := command(t, "", "version"); !strings.HasPrefix(r.out, "mcpoauth "+v.Version) || strings.Count(r.out, "\n") != 1 {
		t.Errorf("%q", r.out)
	}
}

// Every rule can be explained, listed and completed.
func TestRules(t *testing.T) {
	list := command(t, "", "rules").out
	for _, row := range validate.Rules() {
		if !strings.Contains(list, string(row.ID)) {
			t.Errorf("%s is not listed", row.ID)
		}
		r := command(t, "", "rules", string(row.ID))
		for _, part := range []string{string(row.ID), row.Sentence, row.Mend, row.Section, row.URL, row.Severity.String()} {
			if !strings.Contains(r.out, part) {
				t.Errorf("%s: %q is not in\n%s", row.ID, part, r.out)
			}
		}
	}
	var entries []struct {
		ID        string `json:"id"`
		Severity  string `json:"severity"`
		Effective string `json:"effective"`
		Section   string `json:"section"`
	}
	r := command(t, "", "rules", "--json", "--profile", "rfc")
	if err := json.Unmarshal([]byte(r.out), &entries); err != nil || len(entries) != len(validate.Rules()) {
		t.Fatalf("%v: %d rules", err, len(entries))
	}
	off := 0
	for _, entry := range entries {
		if entry.ID == "" || entry.Severity == "" || entry.Section == "" {
			t.Errorf("%+v", entry)
		}
		if entry.Effective == "off" {
			off++
		}
	}
	if off == 0 {
		t.Error("the profile rfc switches no rule off")
	}
	if r := command(t, "", "rules", "asm-pkce-nothing"); !strings.Contains(r.errors, "asm-pkce-missing") {
		t.Errorf("an unknown rule names near ones: %s", r.errors)
	}
}

func TestGoldenRules(t *testing.T) {
	t.Chdir("testdata")
	golden(t, "rules.txt", command(t, "", "rules", "asm-pkce-missing", "callback-state", "pair-issuer"))
}

func TestDifference(t *testing.T) {
	for _, tc := range []struct{ bad, good, want string }{
		{"a,b,c", "a,c", "  a|- b|  c"},
		{"a,c", "a,b,c", "  a|+ b|  c"},
		{"a", "b", "- a|+ b"},
		{"", "b", "+ b"},
		{"a", "", "- a"},
		{"{|x|}", "{|x,|y|}", "  {|  x,|+ y|  }"},
	} {
		separator := ","
		if strings.Contains(tc.bad, "|") {
			separator = "|"
		}
		split := func(s string) []string {
			return strings.FieldsFunc(s, func(r rune) bool { return string(r) == separator })
		}
		if got := strings.Join(difference(split(tc.bad), split(tc.good)), "|"); got != tc.want {
			t.Errorf("%s to %s: %s, want %s", tc.bad, tc.good, got, tc.want)
		}
	}
}

func TestCompletion(t *testing.T) {
	for args, want := range map[string]string{
		"validate --kind ":    "challenge",
		"validate --format ":  "sarif",
		"validate --fail-on ": "warning",
		"validate --profile ": "mcp-2025-11-25",
		"rules ":              "asm-pkce-missing",
		"":                    "validate",
	} {
		if r := command(t, "", append([]string{"__complete"}, strings.Split(args, " ")...)...); !strings.Contains(r.out, want) {
			t.Errorf("%q: no %s in\n%s", args, want, r.out)
		}
	}
}
