// Detection, masks and snippets.

package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/mcpoauth/mcpoauth/validate"
)

func importsOf(t *testing.T, file string) []string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, spec := range parsed.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

const corpusDir = "../../../shared/corpus"

// asTold are the documents of the corpus whose members say another kind than
// their place: an index of servers beside it is the only way to know.
var asTold = map[string]string{
	"cimd/fusion-cli-no-client-id": "client",
	"cimd/skylight-no-client-id":   "client",
	"dcr/identityserver-error":     "error",
	"oidc/top-level-array":         "",
}

func TestDetectCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpusDir, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Skip("the corpus of real documents is not beside this repository")
	}
	told := map[string]int{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, name := filepath.Base(filepath.Dir(file)), strings.TrimSuffix(filepath.Base(file), ".json")
		got := string(detect("", data))
		if other, ok := asTold[want+"/"+name]; ok {
			want = other
		}
		told[want+" as "+got]++
		server := func(kind string) bool { return kind == "asm" || kind == "oidc" }
		if got != want && !(server(got) && server(want)) {
			t.Errorf("%s/%s is taken for %q", want, name, got)
		}
	}
	t.Log(told)
}

func TestDetectByPlace(t *testing.T) {
	for name, want := range map[string]validate.Kind{
		"site/.well-known/oauth-protected-resource/mcp": validate.KindResource,
		"oauth-authorization-server.json":               validate.KindServer,
		"as/.well-known/openid-configuration":           validate.KindOpenID,
		"as.json":                                       "",
	} {
		if got := detect(filepath.FromSlash(name), []byte(`{}`)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestMasked(t *testing.T) {
	for _, tc := range []struct {
		name, text, want string
		secretive        bool
	}{
		{"known secret", `{"client_secret": "abc", "client_id": "abc"}`, `{"client_secret": "***", "client_id": "abc"}`, false},
		{"other case", `{"Client_Secret":"abc"}`, `{"Client_Secret":"***"}`, false},
		{"public member", `{"token_type": "mac", "x": "mac"}`, `{"token_type": "mac", "x": "***"}`, true},
		{"numbers stay", `{"expires_in": 12.5, "x": true}`, `{"expires_in": 12.5, "x": true}`, true},
		{"a list", `{"redirect_uris": ["a", "b"], "y": ["a", "b"]}`, `{"redirect_uris": ["a", "b"], "y": ["*", "*"]}`, true},
		{"escapes", `{"access_token": "a\"b\\"}`, `{"access_token": "******"}`, true},
		{"letters", `{"access_token": "äöü"}`, `{"access_token": "***"}`, true},
		{"unquoted", `{"access_token": abc}`, `{"access_token": ***}`, true},
		{"open string", "{\"access_token\": \"abc\n \"scope\": \"s\"}", "{\"access_token\": \"***\n \"scope\": \"s\"}", true},
		{"no colon", `{"scope": "s", "access_token" "abc"}`, `{"scope": "s", "************" "***"}`, true},
		{"no comma", `{"scope": "s" "abc"}`, `{"scope": "s" "***"}`, true},
		{"name without quotes", `{ issuer: "abc", }`, `{ issuer: "abc", }`, false},
		{"name of a secret without quotes", `{client_secret : "abc"}`, `{client_secret : "***"}`, false},
		{"name in other quotes", `{"client_id": 1, 'client_secret': "abc"}`, `{"client_id": 1, 'client_secret': "***"}`, false},
		{"unknown name without quotes", `{"client_id": "a", hunter: "abc"}`, `{"client_id": "a", ******: "abc"}`, false},
		{"secretive names without quotes", `{scope: "s", refresh_token: "abc", x: scope}`, `{scope: "s", refresh_token: "***", *: *****}`, true},
		{"inner object", `{"scope": {"a": "abc"}}`, `{"scope": {"a": "***"}}`, true},
	} {
		if got := string(masked([]byte(tc.text), tc.secretive)); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	const redirect = "https://c.example.com/cb?code=abc&iss=x&state&error=e&n=m\n"
	if got, want := string(maskedQuery([]byte(redirect))), "https://c.example.com/cb?code=***&iss=x&*****&error=e&n=*\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestSnippets(t *testing.T) {
	long := `{"a": "` + strings.Repeat("x", 500) + `", "b": "` + strings.Repeat("y", 500) + `"}`
	for _, tc := range []struct {
		name, text   string
		line, column int
		want, marked string
	}{
		{"a string", "{\n\t\"a\": \"b\", \"c\": 1\n}", 2, 7, `"a": "b", "c": 1`, `"b"`},
		{"a number", "{\r\n  \"a\": 12,\r\n}", 2, 8, `"a": 12,`, `12`},
		{"a list", `{"a": ["b"]}`, 1, 7, `{"a": ["b"]}`, `[`},
		{"behind letters", "{\"ä\": \"ö\"}", 1, 7, `{"\u00e4": "\u00f6"}`, `"\u00f6"`},
		{"behind a byte order mark", "\xef\xbb\xbf{\"a\": 1}", 1, 7, `{"a": 1}`, `1`},
		{"control characters", "{\"a\": \"\x1b[2J\x00\"}", 1, 7, `{"a": "\x1b[2J\x00"}`, `"\x1b[2J\x00"`},
		{"a redirect", "code=a&state=b", 1, 6, "code=a&state=b", "a"},
		{"a challenge", `Bearer scope="a, b", x=y`, 1, 14, `Bearer scope="a, b", x=y`, `"a, b"`},
		{"long before and behind", long, 1, 516, "..." + strings.Repeat("x", 32) + `", "b": "` + strings.Repeat("y", 57), `"` + strings.Repeat("y", 56)},
		{"a bracket alone", "  {\n}", 1, 3, "", ""},
		{"the end of the line", "a\n", 1, 2, "a", ""},
		{"beyond the line", "a", 1, 9, "a", ""},
		{"beyond the text", "{}", 9, 1, "", ""},
		{"no place", "{}", 0, 0, "", ""},
	} {
		s, ok := snippetAt([]byte(tc.text), tc.line, tc.column, maxSnippetWidth)
		if ok != (tc.want != "") {
			t.Errorf("%s: %+v, %t", tc.name, s, ok)
			continue
		}
		if !ok {
			continue
		}
		marked := s.text[s.start : s.start+s.size]
		if tc.name == "long before and behind" {
			if len(s.text) > maxSnippetWidth+3 || !strings.HasPrefix(s.text, "...") || !strings.HasPrefix(marked, `"yyy`) {
				t.Errorf("%s: %+v", tc.name, s)
			}
			continue
		}
		if s.text != tc.want || marked != tc.marked {
			t.Errorf("%s: %q marked %q, want %q and %q", tc.name, s.text, marked, tc.want, tc.marked)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain ~ text\t": "plain ~ text ",
		"\x1b[31m\r\n":   `\x1b[31m\x0d\x0a`,
		"\u202eb\u009b":  `\u202eb\u009b`,
		"\xff\xc3":       `\xff\xc3`,
		"😀":              `\U0001f600`,
		"##[error]":      `##\x5berror]`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	for name, want := range map[string]string{"a.json": "a.json", "a b.json": "a b.json", "::x": `"::x"`, " x": `" x"`, "a\n\"b": `"a\x0a\"b"`, "": `""`} {
		if got := printableName(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

// Whatever the bytes: each is of a known kind or of none, a report of it has
// printable characters only, and masks keep lines and columns.
func FuzzValidate(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file, data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		k := detect(name, data)
		if k != "" && kindTitles[k] == "" {
			t.Errorf("detected as %q, which has no title", k)
		}
		for _, secretive := range []bool{false, true} {
			if got := masked(data, secretive); utf8.RuneCount(got) != utf8.RuneCount(data) || strings.Count(string(got), "\n") != strings.Count(string(data), "\n") {
				t.Errorf("masked to %q", got)
			}
		}
		d, err := (&validation{flags: &validateFlags{}}).judge(input{name: name, data: data}, nil)
		if err != nil {
			return
		}
		var out strings.Builder
		if err := newTextReporter(&console{out: &out}, "").judged(d); err != nil {
			t.Error(err)
		}
		for _, r := range out.String() {
			if r != '\n' && r != '§' && (r > '~' || unicode.IsControl(r)) {
				t.Errorf("%q in %q", r, out.String())
			}
		}
	})
}
