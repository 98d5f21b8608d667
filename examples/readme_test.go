package examples_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

const readme = "../README.md"

// block is a piece of code in the README: a comment that names its source, then
// the fence. The source is a file, from its package clause on; a region of a
// file between "// README: begin NAME" and "// README: end NAME"; or, for text,
// what the Example of that name prints.
var block = regexp.MustCompile("(?s)(?:<!-- from ([^\\s#]+)(?:#(\\S+))? -->\n)?```(\\w*)\n(.*?)```\n")

// The README's Go code is cut from files that are compiled and run by the
// tests of this module, and so is what it says that they print.
func TestReadmeBlocksAreCutFromCode(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, found := range block.FindAllStringSubmatch(string(text), -1) {
		file, region, language, got := found[1], found[2], found[3], found[4]
		if file == "" {
			if language != "sh" {
				t.Errorf("a %s block does not say where it is from:\n%s", language, got)
			}
			continue
		}
		if want := cut(t, file, region, language); got != want {
			t.Errorf("%s#%s has changed; the README has\n%s\nand should have\n%s", file, region, got, want)
		}
		compared++
	}
	if fences := strings.Count(string(text), "\n```go\n") + strings.Count(string(text), "\n```text\n"); compared != fences || compared == 0 {
		t.Errorf("%d blocks compared, the README has %d", compared, fences)
	}
}

// A reader sees code at once.
func TestReadmeBeginsWithCode(t *testing.T) {
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	if start := strings.Join(lines[:20], "\n"); !strings.Contains(start, "\n```go\n") {
		t.Errorf("no code in the first 20 lines:\n%s", start)
	}
}

// cut returns the piece of a file that a block shows.
func cut(t *testing.T, file, region, language string) string {
	t.Helper()
	data, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	source := string(data)
	switch {
	case region == "":
		_, program, _ := strings.Cut(source, "\npackage ")
		return "package " + program
	case language == "text":
		function := between(t, source, "\nfunc "+region+"(", "\n}\n")
		_, output, _ := strings.Cut(function, "// Output:\n")
		return strings.ReplaceAll(unindent(output), "// ", "")
	}
	return unindent(between(t, source, "// README: begin "+region+"\n", "// README: end "+region+"\n"))
}

func between(t *testing.T, text, begin, end string) string {
	t.Helper()
	_, after, begins := strings.Cut(text, begin)
	inside, _, ends := strings.Cut(after, end)
	if !begins || !ends {
		t.Fatalf("nothing between %q and %q", begin, end)
	}
	return inside
}

// unindent takes the indentation of the first line off all lines.
func unindent(text string) string {
	text = strings.TrimRight(text, "\t\n ")
	indent := text[:len(text)-len(strings.TrimLeft(text, "\t"))]
	return strings.ReplaceAll(strings.TrimPrefix(text, indent), "\n"+indent, "\n") + "\n"
}
