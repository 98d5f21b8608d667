// Rules: the command that explains what validate judges by.

package main

import (
	"bufio"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcpoauth/mcpoauth/validate"
)

// ruleFlags are the flags of rules.
type ruleFlags struct {
	profile string
	json    bool
}

func newRules(c *console) *cobra.Command {
	var flags ruleFlags
	command := &cobra.Command{
		Use:   "rules [flags] [ID...]",
		Short: "List the rules of validate, or explain some",
		Long: `List the rules that validate judges by, or explain the ones that are named, with
an example of what breaks the rule (-) and what mends it (+). Findings name
their rule.

The first word of an ID (or prefix-) stands for all rules that begin with it.`,
		Example: `  mcpoauth rules
  mcpoauth rules asm-pkce-missing
  mcpoauth rules prm-`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return ruleIDs(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return flags.run(c, args) },
	}
	command.Flags().StringVar(&flags.profile, "profile", string(validate.ProfileMCP20260728), "severities of `PROFILE`: "+strings.Join(profiles(), ", "))
	command.Flags().BoolVar(&flags.json, "json", false, "print JSON")
	must(command.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions(profiles(), cobra.ShellCompDirectiveNoFileComp)))
	return command
}

func ruleIDs() []string {
	var ids []string
	for _, row := range validate.Rules() {
		ids = append(ids, string(row.ID))
	}
	return ids
}

func (f *ruleFlags) run(c *console, args []string) error {
	if !slices.Contains(profiles(), f.profile) {
		return fmt.Errorf("--profile: %q is none of %s", f.profile, strings.Join(profiles(), ", "))
	}
	rows, err := selectRules(args)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(c.out)
	w := &ruleWriter{writer: writer{to: out}, profile: validate.Profile(f.profile), colour: paletteFor(c.out)}
	switch {
	case f.json:
		w.printf("%s\n", asciiJSON(w.entries(rows), ""))
	case len(args) == 0:
		w.list(rows)
	default:
		w.explain(rows)
	}
	if w.err != nil {
		return w.err
	}
	return out.Flush()
}

// selectRules returns the rows of the rules that the arguments name, all
// without arguments.
func selectRules(args []string) ([]validate.Row, error) {
	if len(args) == 0 {
		return validate.Rules(), nil
	}
	var rows []validate.Row
	for _, arg := range args {
		if row, ok := validate.Lookup(validate.Rule(arg)); ok {
			rows = append(rows, row)
			continue
		}
		before := len(rows)
		for _, row := range validate.Rules() {
			if strings.HasPrefix(string(row.ID), strings.TrimSuffix(arg, "-")+"-") {
				rows = append(rows, row)
			}
		}
		if len(rows) == before {
			return nil, unknownRule(arg)
		}
	}
	return rows, nil
}

// unknownRule names the rules that share a word with what was asked for.
func unknownRule(arg string) error {
	var near []string
	for _, id := range ruleIDs() {
		for word := range strings.SplitSeq(arg, "-") {
			if len(word) > 3 && strings.Contains(id, word) && len(near) < 5 {
				near = append(near, id)
				break
			}
		}
	}
	if len(near) == 0 {
		return fmt.Errorf("rules: %q is no rule; mcpoauth rules lists all", arg)
	}
	return fmt.Errorf("rules: %q is no rule; near it: %s", arg, strings.Join(near, ", "))
}

// ruleWriter prints rules with the severities of a profile.
type ruleWriter struct {
	writer
	profile validate.Profile
	colour  palette
}

func (w *ruleWriter) list(rows []validate.Row) {
	width := 0
	for i := range rows {
		width = max(width, len(rows[i].ID))
	}
	for _, row := range rows {
		severity := row.In(w.profile)
		w.printf("%-*s  %s  %s\n", width, string(row.ID),
			w.colour.paint(severityStyles[severity], fmt.Sprintf("%-7s", severity)), row.Sentence)
	}
	w.printf("\n%s. mcpoauth rules ID explains one.\n", count(len(rows), "rule", "rules"))
}

func (w *ruleWriter) explain(rows []validate.Row) {
	for i, row := range rows {
		if i > 0 {
			w.printf("\n")
		}
		severity := row.In(w.profile)
		w.printf("%s\n  %s.\n\n", w.colour.paint(bold, string(row.ID)), row.Sentence)
		w.field("severity", w.colour.paint(severityStyles[severity], severity.String())+refusedBy(row, severity))
		for _, profile := range profiles() {
			if other := row.In(validate.Profile(profile)); other != severity {
				w.field("", other.String()+" in the profile "+profile)
			}
		}
		w.field("mend", mend(row))
		w.field("section", row.Section)
		w.field("", row.URL)
		w.example(row)
	}
}

func refusedBy(row validate.Row, severity validate.Severity) string {
	if what, ok := refusedUses[row.Use]; ok && severity == validate.SeverityRefuse {
		return ": a client must not use " + what
	}
	return ""
}

func (w *ruleWriter) field(label, text string) {
	w.printf("  %s %s\n", w.colour.paint(faint, fmt.Sprintf("%-9s", label)), text)
}

// ruleEntry is a rule of the JSON output: its row, with the severity in the
// profile that was asked for.
type ruleEntry struct {
	validate.Row
	Effective validate.Severity `json:"effective"`
}

func (w *ruleWriter) entries(rows []validate.Row) []ruleEntry {
	entries := make([]ruleEntry, len(rows))
	for i, row := range rows {
		entries[i] = ruleEntry{Row: row, Effective: row.In(w.profile)}
	}
	return entries
}
