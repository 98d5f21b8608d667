// Tests of the examples: each breaks its rule and nothing else.

package validate

import (
	"slices"
	"strings"
	"testing"
)

// broken returns the rules that an example breaks, sorted, each once.
func (e *Example) broken() []Rule {
	var rules []Rule
	for _, v := range Bytes(e.Kind, []byte(e.Text), e.options()...) {
		rules = append(rules, v.Rule)
	}
	slices.Sort(rules)
	return slices.Compact(rules)
}

// notFromBytes are the rules of functions that take no document.
var notFromBytes = map[Rule]func(text string) bool{
	RuleCanonicalURL:    func(text string) bool { _, err := CanonicalURL(text); return err != nil },
	RuleMissingDocument: func(text string) bool { return text == "Token(nil)" && Token(nil).Has(RuleMissingDocument) },
}

func TestExamples(t *testing.T) {
	for _, row := range Rules() {
		if row.Bad.Text == "" || row.Good.Text == "" {
			t.Errorf("%s has no examples", row.ID)
			continue
		}
		if breaks, ok := notFromBytes[row.ID]; ok {
			if !breaks(row.Bad.Text) || breaks(row.Good.Text) {
				t.Errorf("%s: the examples are wrong", row.ID)
			}
			continue
		}
		want := append([]Rule{row.ID}, row.Bad.Besides...)
		slices.Sort(want)
		if got := row.Bad.broken(); !slices.Equal(got, want) {
			t.Errorf("%s: bad example breaks %v, want %v\n%s", row.ID, got, want, row.Bad.Text)
		}
		if got := row.Good.broken(); len(got) != 0 {
			t.Errorf("%s: good example breaks %v\n%s", row.ID, got, row.Good.Text)
		}
	}
	for rule := range examples() {
		if _, ok := Lookup(rule); !ok {
			t.Errorf("an example of %s, which is no rule", rule)
		}
	}
}

// The examples that Bytes can judge are of the kind that DetectKind tells,
// where nothing essential is missing.
func TestExamplesAreDetected(t *testing.T) {
	for name, m := range models {
		if kind, ok := DetectKind([]byte(m.text)); !ok || kind != m.kind {
			t.Errorf("%s is detected as %q", name, kind)
		}
		if got := (&Example{Kind: m.kind, Text: m.text, For: m.forURL}).broken(); len(got) != 0 {
			t.Errorf("%s breaks %v", name, got)
		}
	}
}

// Every violation of every example has its place in the text: on the line of its
// member where the text has it.
func TestExamplesHavePositions(t *testing.T) {
	placed := 0
	for _, row := range Rules() {
		if _, ok := notFromBytes[row.ID]; ok {
			continue
		}
		for _, v := range Bytes(row.Bad.Kind, []byte(row.Bad.Text), row.Bad.options()...) {
			lines := strings.Split(row.Bad.Text, "\n")
			if v.Line < 1 || v.Line > len(lines) || v.Column < 1 || v.Column > len([]rune(lines[v.Line-1]))+1 {
				t.Errorf("%s: %d:%d of %s", row.ID, v.Line, v.Column, row.Bad.Text)
				continue
			}
			member, _, _ := strings.Cut(strings.TrimPrefix(v.Pointer, "/"), "/")
			at := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, `  "`+member+`": `) })
			if member == "" || at < 0 {
				continue // the document, or a member that is not there
			}
			if placed++; v.Line != at+1 && !strings.Contains(string(v.Rule), "twice") && v.Rule != RuleDuplicateMember {
				t.Errorf("%s: %s is on line %d, not on %d", string(row.ID), v.Pointer, at+1, v.Line)
			}
		}
	}
	if placed < 100 {
		t.Errorf("only %d members had a place", placed)
	}
}
