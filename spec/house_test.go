// The house rules that a machine can check; CONTRIBUTING.md says them in words.

package spec_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root         = ".."
	maxFileLines = 400
	maxFuncLines = 60
)

// topLevel is what the root holds beside dot-files and what a build leaves.
var topLevel = []string{
	"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile", "README.md", "SECURITY.md",
	"cmd", "examples", "flows", "gen", "go.mod", "go.sum", "sdk", "spec", "tools.go", "validate",
}

// leftByBuilds is ignored at the root, as .gitignore does.
var leftByBuilds = regexp.MustCompile(`^\.|^bin$|\.out$|\.prof$|\.test$`)

// shapelessNames are directories that say nothing about what is in them, or
// that hide it from users.
var shapelessNames = []string{"internal", "pkg", "util", "utils", "helpers", "common", "misc"}

// generatedHeader is the line by which tools know generated code:
// https://go.dev/s/generatedcode
var generatedHeader = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// goFile is a Go file of either module.
type goFile struct {
	name      string // slash-separated, from the root
	disk      string
	test      bool
	generated bool // by its name
}

// goFiles lists the Go files below the root, leaving out what the go command
// leaves out.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	walk(t, func(name string, entry fs.DirEntry) {
		if !entry.IsDir() && strings.HasSuffix(name, ".go") {
			files = append(files, goFile{
				name:      name,
				disk:      filepath.Join(root, filepath.FromSlash(name)),
				test:      strings.HasSuffix(name, "_test.go"),
				generated: strings.HasSuffix(name, ".gen.go"),
			})
		}
	})
	if len(files) == 0 {
		t.Fatal("no Go files below " + root)
	}
	return files
}

func walk(t *testing.T, visit func(name string, entry fs.DirEntry)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() && name != "." &&
			(strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules") {
			return fs.SkipDir
		}
		visit(name, entry)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestHouseTopLevel(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !leftByBuilds.MatchString(name) && !slices.Contains(topLevel, name) {
			t.Errorf("%s does not belong at the top level", name)
		}
	}
}

func TestHouseDirectoryNames(t *testing.T) {
	walk(t, func(name string, entry fs.DirEntry) {
		if entry.IsDir() && slices.Contains(shapelessNames, entry.Name()) {
			t.Errorf("%s: no directory is called %s", name, strings.Join(shapelessNames, ", "))
		}
	})
}

func TestHouseRootModule(t *testing.T) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"replace ", "replace(", "modelcontextprotocol/go-sdk", "mark3labs/mcp-go"} {
		if bytes.Contains(mod, []byte(word)) {
			t.Errorf("go.mod: %q belongs into examples/go.mod", word)
		}
	}
}

func TestHouseFiles(t *testing.T) {
	for _, file := range goFiles(t) {
		src, err := os.ReadFile(file.disk)
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range complaints(file, src) {
			t.Error(complaint)
		}
	}
}

// complaints says which rules the file breaks. Tests may be as long as their
// tables; generated code answers to its generator only.
func complaints(file goFile, src []byte) []string {
	if file.generated {
		if !generatedHeader.Match(src) {
			return []string{file.name + ": a generated file says so in the standard words"}
		}
		return nil
	}
	if file.test {
		return nil
	}
	var out []string
	if lines := bytes.Count(src, []byte("\n")); lines >= maxFileLines {
		out = append(out, fmt.Sprintf("%s: %d lines, under %d are wanted", file.name, lines, maxFileLines))
	}
	if !bytes.HasPrefix(src, []byte("//")) {
		out = append(out, file.name+":1: the first line says what the file is about")
	}
	return append(out, longFunctions(file, src)...)
}

func longFunctions(file goFile, src []byte) []string {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, file.name, src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	var out []string
	for _, decl := range parsed.Decls {
		fn, isFunc := decl.(*ast.FuncDecl)
		if !isFunc {
			continue
		}
		first, last := fset.Position(fn.Pos()), fset.Position(fn.End())
		if lines := last.Line - first.Line + 1; lines >= maxFuncLines {
			out = append(out, fmt.Sprintf("%s:%d: %s has %d lines, under %d are wanted", file.name, first.Line, fn.Name.Name, lines, maxFuncLines))
		}
	}
	return out
}

// Every package says in one place what it is.
func TestHousePackageDocs(t *testing.T) {
	docs := map[string]int{}
	for _, file := range goFiles(t) {
		if file.test {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.disk, nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Error(err)
			continue
		}
		dir := path.Dir(file.name)
		docs[dir] += 0
		if parsed.Doc != nil {
			docs[dir]++
		}
	}
	for dir, n := range docs {
		if n != 1 {
			t.Errorf("%s: %d files have a package comment, one is wanted", dir, n)
		}
	}
}

func TestHouseComplaints(t *testing.T) {
	body := func(lines int) string { return strings.Repeat("\t_ = 0\n", lines) }
	for _, tc := range []struct {
		name, file, src string
		want            int
	}{
		{"tidy", "gen/a.go", "// A noun.\n\npackage gen\n\nfunc f() {\n" + body(maxFuncLines-3) + "}\n", 0},
		{"long function", "gen/a.go", "// A noun.\n\npackage gen\n\nfunc f() {\n" + body(maxFuncLines-2) + "}\n", 1},
		{"long file", "gen/a.go", "// A noun.\n\npackage gen\n" + strings.Repeat("\n", maxFileLines), 1},
		{"silent first line", "gen/a.go", "package gen\n", 1},
		{"long test", "gen/a_test.go", "package gen\n" + strings.Repeat("\n", maxFileLines), 0},
		{"generated", "gen/a.gen.go", "// Code generated by x DO NOT EDIT.\n\npackage gen\n", 0},
		{"generated without its header", "gen/a.gen.go", "// Code generated by x.\n\npackage gen\n", 1},
		{"broken", "gen/a.go", "// A noun.\n\npackage gen\n\nfunc {", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := goFile{name: tc.file, test: strings.HasSuffix(tc.file, "_test.go"), generated: strings.HasSuffix(tc.file, ".gen.go")}
			if got := complaints(file, []byte(tc.src)); len(got) != tc.want {
				t.Errorf("%d complaints, want %d: %q", len(got), tc.want, got)
			}
		})
	}
}
