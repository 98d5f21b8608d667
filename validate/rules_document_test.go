// RULES.md: the rule table for people, written from the table itself.

package validate

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write RULES.md")

const rulesDocument = "RULES.md"

// The document is what the table says. To write it again:
//
//	go test ./validate -run TestRulesDocument -update
func TestRulesDocument(t *testing.T) {
	want := renderRules(Rules())
	if *update {
		if err := os.WriteFile(rulesDocument, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(rulesDocument)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error(rulesDocument + " is not what the table says: go test ./validate -run TestRulesDocument -update")
	}
}

// ruleGroups are the sections of the document, by the first words of the ids.
var ruleGroups = []struct{ title, kinds, prefixes string }{
	{"Every document", "", "decode member schema url"},
	{"Protected resource metadata", "prm", "prm"},
	{"Authorization server metadata", "asm oidc", "asm"},
	{"Client metadata and client information", "client dcr", "client"},
	{"Client ID Metadata Document", "cimd", "cimd"},
	{"Token response", "token", "token"},
	{"Error response", "error", "error"},
	{"Authorization response", "callback", "callback"},
	{"Challenge", "challenge", "challenge"},
	{"Persisted state", "state", "state"},
	{"Pairs", "", "pair"},
}

func renderRules(rows []Row) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<!-- Written from the rule table by go test ./validate -run TestRulesDocument -update. DO NOT EDIT. -->

# Rules

%d rules. A client stops at **refuse**: it must not use the document, or the use that stands beside the word. An **error**
breaks a MUST in a document that stays usable, a **warning** breaks a SHOULD or is known to cause trouble, an **info** is
worth knowing. The severity is that of the profile mcp-2026-07-28; where another profile differs, its own stands beside it.
The examples show what to take out (-) and what to write instead (+).
`+"`mcpoauth rules ID`"+` explains one rule.

`, len(rows))
	for _, group := range ruleGroups {
		fmt.Fprintf(&b, "- [%s](#%s)\n", group.title, strings.ReplaceAll(strings.ToLower(group.title), " ", "-"))
	}
	for _, group := range ruleGroups {
		fmt.Fprintf(&b, "\n## %s\n", group.title)
		for i := range rows {
			prefix, _, _ := strings.Cut(string(rows[i].ID), "-")
			if strings.Contains(" "+group.prefixes+" ", " "+prefix+" ") {
				renderRule(&b, &rows[i])
			}
		}
	}
	return b.String()
}

func renderRule(b *strings.Builder, row *Row) {
	fmt.Fprintf(b, "\n### <a id=%q></a>%s\n\n%s. ([%s](%s))\n\n**Mend:** %s.\n\n", string(row.ID), string(row.ID), row.Sentence, row.Section, row.URL, row.Mend)
	fmt.Fprintf(b, "**%s**", row.Severity)
	if row.Use != "" {
		fmt.Fprintf(b, " of: %s", row.Use)
	}
	for _, profile := range []Profile{ProfileMCP20251125, ProfileRFC} {
		if severity, ok := row.Profiles[profile]; ok {
			fmt.Fprintf(b, "; %s in %s", severity, profile)
		}
	}
	if row.Bad.Given != "" {
		fmt.Fprintf(b, ". Example, given: %s", row.Bad.Given)
	}
	b.WriteString("\n\n```diff\n")
	renderLines(b, "- ", row.Bad.Text, row.Good.Text)
	renderLines(b, "+ ", row.Good.Text, row.Bad.Text)
	b.WriteString("```\n")
	if row.Bad.With != row.Good.With {
		b.WriteString("\nin the other document\n\n```diff\n")
		renderLines(b, "- ", row.Bad.With, row.Good.With)
		renderLines(b, "+ ", row.Good.With, row.Bad.With)
		b.WriteString("```\n")
	}
}

// maxRendered bounds a line: one example is about length.
const maxRendered = 200

// renderLines writes the lines of text that other does not have.
func renderLines(b *strings.Builder, sign, text, other string) {
	known := map[string]bool{}
	for line := range strings.SplitSeq(other, "\n") {
		known[plainLine(line)] = true
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line = plainLine(line); line != "" && !known[line] {
			b.WriteString(sign + line + "\n")
		}
	}
}

func plainLine(line string) string {
	line = strings.TrimSuffix(strings.TrimSpace(strings.ReplaceAll(line, "\ufeff", "(U+FEFF)")), ",")
	if len(line) > maxRendered {
		line = line[:80] + " ... " + line[len(line)-40:]
	}
	return line
}

func TestEveryRuleIsInAGroup(t *testing.T) {
	document := renderRules(Rules())
	for _, row := range Rules() {
		if !strings.Contains(document, fmt.Sprintf("<a id=%q></a>", string(row.ID))) {
			t.Errorf("%s is in no group", row.ID)
		}
	}
}
