// The formats that programs read, against their schemas and their readers.

package main

import (
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mcpoauth/mcpoauth/validate"
)

// everything is a command line that meets all that a report can hold.
var everything = []string{
	"validate", "prm.json", "prm-faulty.json", "asm-minified.json", "cimd.json", "client.json", "dcr.json", "token.json", "error.json",
	"callback.txt", "challenge.txt", "state.json", "broken.json", "hostile.json", "site", "absent.json", "notes.txt", "-",
}

func conforms(t *testing.T, schemaFile, document string) {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	schema, err := compiler.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(document))
	if err != nil {
		t.Fatalf("%v\n%s", err, document)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: %#v", schemaFile, err)
	}
}

// reports runs a command line that finds something, and one that does not.
func reports(t *testing.T, format string) []result {
	t.Chdir("testdata")
	return []result{
		command(t, `{"resource": 1}`, append(everything, "--format", format)...),
		command(t, "", "validate", "prm.json", "--format", format),
		command(t, "", "validate", "absent.json", "--format", format),
		command(t, "", "validate", "prm.json", "--with", "asm-minified.json", "--with", "asm.json", "--with", "cimd.json", "--format", format),
	}
}

func TestJSONConformsToItsSchema(t *testing.T) {
	for _, r := range reports(t, "json") {
		conforms(t, "../report.schema.json", r.out)
	}
}

func TestSARIFConformsToItsSchema(t *testing.T) {
	for _, r := range reports(t, "sarif") {
		conforms(t, "sarif-subset.schema.json", r.out)
		checkSARIFReferences(t, r.out)
	}
}

// The whole schema of OASIS comes with a module that golangci-lint brings into
// the module cache; nothing is downloaded for this test.
func TestSARIFConformsToTheOfficialSchema(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", "github.com/securego/gosec/v2@v2.29.0")
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod")
	cmd.Dir = t.TempDir() // go.mod of this module is not to be touched
	out, err := cmd.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		t.Skip("the schema is not in the module cache; make check puts it there")
	}
	schema := filepath.Join(module.Dir, "report/sarif/testdata/sarif-schema-2.1.0.json")
	for _, r := range reports(t, "sarif") {
		conforms(t, schema, r.out)
	}
}

// checkSARIFReferences: each rule says how to mend it, each result names its
// rule by id and by place, and results end where they begin or later.
func checkSARIFReferences(t *testing.T, report string) {
	t.Helper()
	var doc struct {
		Runs []struct {
			Tool    sarifTool
			Results []sarifResult
		}
	}
	if err := json.Unmarshal([]byte(report), &doc); err != nil {
		t.Fatal(err)
	}
	run := doc.Runs[0]
	for _, rule := range run.Tool.Driver.Rules {
		if row := rowOf(validate.Rule(rule.ID)); !strings.HasPrefix(rule.Help.Text, row.Mend) || rule.ShortDescription.Text != row.Sentence {
			t.Errorf("%s: %+v", rule.ID, rule)
		}
	}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s is not rule %d", r.RuleID, r.RuleIndex)
		}
		place := r.Locations[0].PhysicalLocation
		if _, err := url.Parse(place.ArtifactLocation.URI); err != nil {
			t.Error(err)
		}
		if place.Region != nil && place.Region.EndColumn != 0 && place.Region.EndColumn <= place.Region.StartColumn {
			t.Errorf("%s: %+v", r.RuleID, place.Region)
		}
	}
}

func TestArtifactURI(t *testing.T) {
	for name, want := range map[string]string{
		"a/b.json":      "a/b.json",
		"a b%20#?.json": "a%20b%2520%23%3F.json",
		"c:d.json":      "./c:d.json",
		"../x.json":     "../x.json",
		stdinName:       "stdin",
		"/a/b.json":     "file:///a/b.json",
		"\x1b[31m":      "%1B%5B31m",
	} {
		if got := artifactURI(name); got != want && filepath.Separator == '/' {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// Links of SARIF are made by us alone.
func TestSARIFMessageHasNoForeignLink(t *testing.T) {
	v := validate.Violation{Detail: `"[here](https://evil.example.com)" is no URL`}
	if got := sarifMessage(&v); strings.Contains(got, "](") {
		t.Error(got)
	}
}

// A command per line, whose parts cannot be forged by file names or documents.
func TestGitHubCommands(t *testing.T) {
	dir := t.TempDir()
	document, err := os.ReadFile("testdata/prm-faulty.json")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	const name = "a,line=1::%0A\n::error::b: é.json"
	if err := os.WriteFile(name, document, 0o600); err != nil {
		t.Skip("no such file name here: ", err)
	}
	r := command(t, "", "validate", "--format", "github", name)
	for line := range strings.Lines(r.out) {
		if strings.HasPrefix(line, "mcpoauth: ") {
			continue
		}
		head, message, _ := strings.Cut(strings.TrimPrefix(line, "::"), "::")
		command, properties, _ := strings.Cut(head, " ")
		if command != "error" && command != "warning" && command != "notice" {
			t.Errorf("command %q in %s", command, line)
		}
		if !strings.HasPrefix(properties, "file=a%2Cline=1%3A%3A%250A\uFFFD%3A%3Aerror%3A%3Ab%3A é.json,") {
			t.Errorf("properties %q", properties)
		}
		if !strings.Contains(message, "%0Awhy: ") {
			t.Errorf("message %q", message)
		}
	}
}

// Nothing of a document or of a name reaches a terminal as it is. SEC-5
func TestReportsArePrintable(t *testing.T) {
	dir := t.TempDir()
	hostile, err := os.ReadFile("testdata/hostile.json")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	name := "\x1b]0;x\x07\u202e\u009b.json"
	if err := os.WriteFile(name, hostile, 0o600); err != nil {
		t.Skip("no such file name here: ", err)
	}
	for format := range formats {
		r := command(t, "", "validate", "--format", format, name, "absent\x1b[2J.json", "no\x1b*match")
		for _, c := range r.out + r.errors {
			if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
				t.Errorf("%s: %q in %q", format, c, r.out+r.errors)
				break
			}
		}
		if format == "text" && strings.Contains(r.out, "##[") {
			t.Errorf("a command for a workflow log in %s", r.out)
		}
	}
}

// Secrets are in no report. STORE-4
func TestReportsHoldNoSecret(t *testing.T) {
	t.Chdir("testdata")
	documents := map[string]string{
		"token":    `{"access_token": "SECRET\u0001", "refresh_token": ["SECRET"], "id_token": "SECRET", "Access_Token": "SECRET", "expires_in": "soon"}`,
		"dcr":      `{"client_id": 5, "client_secret": "SECRET" "registration_access_token": "SECRET"}`,
		"cimd":     `{"client_id": "https://c.example.com/c", "client_name": "c", "client_secret": "SECRET", "jwks": {"keys": [{"kty": "RSA", "d": "SECRET"}]}}`,
		"state":    `{"version": 1, "generation": 1, "access_token": {"x": "SECRET"}, "other": "SECRET", "client": {"client_secret": "SECRET"}}`,
		"callback": `https://c.example.com/cb?code=SECRET&state=SECRET&state=SECRET&error=x&iss=%zz`,
	}
	for kind, document := range documents {
		for format := range formats {
			r := command(t, document, "validate", "--kind", kind, "--format", format, "-")
			if r.code == exitUnusable || strings.Contains(r.out+r.errors, "SECRET") {
				t.Errorf("%s as %s: %+v", kind, format, r)
			}
			if format == "text" && !strings.Contains(r.out, "*") {
				t.Errorf("%s: nothing was masked in\n%s", kind, r.out)
			}
		}
	}
}

// On a terminal no line is longer than it, but for words that are.
func TestFolded(t *testing.T) {
	data, err := os.ReadFile("testdata/asm-minified.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &document{file: "a.json", data: data, kind: validate.KindServer, violations: validate.Bytes(validate.KindServer, data)}
	const width = leastColumns
	var whole, narrow strings.Builder
	for out, columns := range map[*strings.Builder]int{&whole: 0, &narrow: width} {
		r := newTextReporter(&console{out: out}, "").(*textReporter)
		r.width = columns
		if err := r.judged(d); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(narrow.String()) {
		line = strings.TrimSuffix(line, "\n")
		if utf8.RuneCountInString(line) > width && strings.Contains(strings.TrimSpace(line), " ") && !strings.HasPrefix(line, "a.json:") {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
	if !strings.Contains(narrow.String(), "\n         ") || strings.Contains(whole.String(), "\n         ") {
		t.Errorf("folded:\n%s\nwhole:\n%s", narrow.String(), whole.String())
	}
	for _, tc := range []struct {
		text  string
		width int
		want  string
	}{
		{"a bb c", 0, "a bb c"}, {"a bb c", 6, "a bb\n  c"}, {"a bb c", 5, "a\n  bb\n  c"}, {"§ b", 5, "§ b"},
		{"https://h/long b", 5, "https://h/long\n  b"}, {"", 5, ""},
	} {
		if got := folded(tc.text, 2, tc.width); got != tc.want {
			t.Errorf("%q to %d: %q, want %q", tc.text, tc.width, got, tc.want)
		}
	}
	for value, want := range map[string]int{"": usualColumns, "wide": usualColumns, "132": 132, "20": leastColumns, "-1": leastColumns} {
		if got := columns(func(string) string { return value }); got != want {
			t.Errorf("COLUMNS=%q: %d, want %d", value, got, want)
		}
	}
}

func TestColour(t *testing.T) {
	on := palette{on: true}
	if got := on.paint(red, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("%q", got)
	}
	if got := (palette{}).paint(red, "x"); got != "x" {
		t.Errorf("%q", got)
	}
	for _, tc := range []struct {
		noColour, term string
		want           bool
	}{{"", "xterm", true}, {"", "", true}, {"1", "xterm", false}, {"0", "xterm", false}, {"", "dumb", false}} {
		env := map[string]string{"NO_COLOR": tc.noColour, "TERM": tc.term}
		if got := wantsColour(func(name string) string { return env[name] }); got != tc.want {
			t.Errorf("%+v: %t", tc, got)
		}
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if columnsFor(file) != 0 {
		t.Error("lines of a file are folded")
	}
	if paletteFor(file).on || paletteFor(new(strings.Builder)).on {
		t.Error("a file is no terminal")
	}
}
