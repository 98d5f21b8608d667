// Tests of the rule table itself.

package validate

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// META-7: one table; every Rule constant has one row, and every row a constant.
func TestTableMatchesConstants(t *testing.T) {
	constants := ruleConstants(t)
	rows := map[string]int{}
	for _, row := range Rules() {
		rows[string(row.ID)]++
	}
	for name, id := range constants {
		if rows[id] != 1 {
			t.Errorf("%s: %q has %d rows, want 1", name, id, rows[id])
		}
		delete(rows, id)
	}
	for id := range rows {
		t.Errorf("row %q has no constant", id)
	}
}

// ruleConstants reads the documented constants of type Rule from the source.
func ruleConstants(t *testing.T) map[string]string {
	t.Helper()
	constants := map[string]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Rule" || len(spec.Values) != 1 {
				return true
			}
			literal, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			name := spec.Names[0].Name
			if !strings.HasPrefix(spec.Doc.Text(), name+" ") {
				t.Errorf("%s: %s is not documented", file.Name(), name)
			}
			constants[name], _ = strconv.Unquote(literal.Value)
			return true
		})
	}
	if len(constants) < 50 {
		t.Fatalf("found %d constants of type Rule; is the reader broken?", len(constants))
	}
	return constants
}

var ruleID = regexp.MustCompile(`^(url|decode|member|schema|prm|asm|client|cimd|token|error|callback|challenge|state|pair)(-[a-z0-9]+)+$`)

func TestRows(t *testing.T) {
	for _, row := range Rules() {
		if !ruleID.MatchString(string(row.ID)) {
			t.Errorf("%s: not kebab case with the prefix of a document", row.ID)
		}
		if row.Section == "" || !strings.HasPrefix(row.URL, "https://") {
			t.Errorf("%s: citation %+v", row.ID, row.Citation)
		}
		if row.Sentence == "" || strings.HasSuffix(row.Sentence, ".") {
			t.Errorf("%s: sentence %q", row.ID, row.Sentence)
		}
		if row.Severity < SeverityInfo || row.Severity > SeverityRefuse {
			t.Errorf("%s: severity %v", row.ID, row.Severity)
		}
		if refuses := row.Severity == SeverityRefuse; refuses != (row.Use != "") {
			t.Errorf("%s: severity %v with use %q", row.ID, row.Severity, row.Use)
		}
		for profile, severity := range row.Profiles {
			if severity == row.Severity || severity == SeverityRefuse {
				t.Errorf("%s: profile %s has severity %v", row.ID, profile, severity)
			}
		}
	}
}

// An instruction is another thing than the rule, and fits on a line of any
// terminal and log.
func TestMends(t *testing.T) {
	for _, row := range Rules() {
		switch mend := row.Mend; {
		case mend == "":
			t.Errorf("%s: no mend", row.ID)
		case strings.Contains(mend, row.Sentence), strings.Contains(row.Sentence, mend):
			t.Errorf("%s: the mend repeats the sentence: %q", row.ID, mend)
		case strings.HasSuffix(mend, "."), strings.TrimSpace(mend) != mend, !unicode.IsUpper(rune(mend[0])):
			t.Errorf("%s: the mend is no sentence without its full stop: %q", row.ID, mend)
		case len(mend) > 160, !isPrintableASCII(mend):
			t.Errorf("%s: the mend is no line of 160 printable ASCII characters: %q has %d", row.ID, mend, len(mend))
		case strings.Count(mend, "`")%2 != 0:
			t.Errorf("%s: a backtick stands alone in %q", row.ID, mend)
		}
	}
}

// The ids are a promise to users, who write them into scripts and baselines:
// one that is renamed or removed has to be changed here too.
func TestRuleIDsAreStable(t *testing.T) {
	want := strings.Fields(stableRules)
	var got []string
	for _, row := range Rules() {
		got = append(got, string(row.ID))
	}
	slices.Sort(want)
	slices.Sort(got)
	for _, id := range want {
		if !slices.Contains(got, id) {
			t.Errorf("%s is gone", id)
		}
	}
	for _, id := range got {
		if !slices.Contains(want, id) {
			t.Errorf("%s is new: add it to stableRules", id)
		}
	}
}

func TestRuleIsError(t *testing.T) {
	found := Violations{{Document: "d", Rule: RuleIssuerMatch, Severity: SeverityRefuse, Use: UseDocument}}
	err := found.Err(SeverityError)
	if !errors.Is(err, RuleIssuerMatch) || errors.Is(err, RuleIssuer) {
		t.Errorf("errors.Is is wrong about %v", err)
	}
	if got := RuleIssuerMatch.Error(); !strings.HasPrefix(got, "validate: rule asm-issuer-match: ") {
		t.Errorf("got %q", got)
	}
	if got := Rule("no-such").Error(); got != "validate: rule no-such" {
		t.Errorf("got %q", got)
	}
}

func TestRulesReturnsACopy(t *testing.T) {
	Rules()[0].ID = "changed"
	if Rules()[0].ID == "changed" {
		t.Error("the caller changed the table")
	}
}

func TestSeverityText(t *testing.T) {
	for severity := SeverityOff; severity <= SeverityRefuse; severity++ {
		text, err := severity.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back Severity
		if err := back.UnmarshalText(text); err != nil || back != severity {
			t.Errorf("%v: got %v, %v", severity, back, err)
		}
	}
	if err := new(Severity).UnmarshalText([]byte("fatal")); err == nil {
		t.Error("an unknown severity was read")
	}
	if got := Severity(9).String(); got != "severity(9)" {
		t.Errorf("got %q", got)
	}
}
