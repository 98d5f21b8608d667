// Validate: the command that judges documents.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

const autoKind = "auto"

// validateFlags are the flags of validate as they were given.
type validateFlags struct {
	kind, expected, profile, format, failOn string
	with                                    []string
	json                                    bool
}

const validateLong = `Judge OAuth documents: metadata of MCP servers and authorization servers, client
registrations, tokens, redirects, challenges, stored records. Each finding says
what is wrong and where, which section is broken, and how to mend it.

A FILE is a document, a directory (its *.json files, and all below .well-known),
a quoted pattern (** stands for any number of directories), or - for standard
input. Nothing is fetched from the network.

Kinds of documents:

%s
Severities: refuse (a client must not use the document, a member, or one use of
it), error (breaks a MUST), warning (breaks a SHOULD, or is known to cause
trouble), info.

Exit status: 0 no findings at the level of --fail-on, 1 findings, 2 input or
arguments that cannot be used.`

const validateExample = `  mcpoauth validate prm.json --for https://mcp.example.com/mcp
  mcpoauth validate prm.json --with as.json
  mcpoauth validate .well-known/
  mcpoauth validate 'testdata/**/*.json' --fail-on warning --format github
  curl -s https://as.example.com/.well-known/oauth-authorization-server |
    mcpoauth validate --for https://as.example.com -
  curl -si https://mcp.example.com/mcp | mcpoauth validate --kind challenge -`

func newValidate(c *console) *cobra.Command {
	var flags validateFlags
	command := &cobra.Command{
		Use:     "validate [flags] FILE...|-",
		Short:   "Judge OAuth documents",
		Long:    fmt.Sprintf(validateLong, kindTable()),
		Example: validateExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			v, err := flags.resolve(args, cmd.Flags().Changed)
			if err != nil {
				return err
			}
			return v.run(cmd.Context(), c, args)
		},
	}
	f := command.Flags()
	f.StringVar(&flags.kind, "kind", autoKind, "judge the documents as `KIND`: auto, or one of those above")
	f.StringArrayVar(&flags.with, "with", nil, "judge together with the document in `FILE`, and that one too (repeatable)")
	f.StringVar(&flags.expected, "for", "", "`URL` that the document has to be right for: server, issuer, or its own")
	f.StringVar(&flags.profile, "profile", string(validate.ProfileMCP20260728), "judge by `PROFILE`: "+strings.Join(profiles(), ", "))
	f.StringVar(&flags.format, "format", "text", "print findings as `FORMAT`: "+strings.Join(formatNames, ", "))
	f.StringVar(&flags.failOn, "fail-on", validate.SeverityError.String(), "end with status 1 from severity `LEVEL` on: "+strings.Join(levels(), ", "))
	f.BoolVar(&flags.json, "json", false, "the same as --format json")
	for name, values := range map[string][]string{
		"kind": append([]string{autoKind}, kindNames()...), "profile": profiles(), "format": formatNames, "fail-on": levels(),
	} {
		must(command.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	return command
}

// must stops at a mistake of this program's own, which every run would meet.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

func kindTable() string {
	var b strings.Builder
	for _, k := range validate.Kinds() {
		line := titleOf(k)
		if what := expects[k]; what != "" {
			line += "; --for is " + what
		}
		fmt.Fprintf(&b, "  %-10s %s\n", k, line)
	}
	return b.String()
}

func kindNames() []string {
	var names []string
	for _, k := range validate.Kinds() {
		names = append(names, string(k))
	}
	return names
}

func profiles() []string {
	return []string{string(validate.ProfileMCP20260728), string(validate.ProfileMCP20251125), string(validate.ProfileRFC)}
}

func levels() []string {
	return []string{validate.SeverityRefuse.String(), validate.SeverityError.String(), validate.SeverityWarning.String()}
}

// validation is a run of validate whose arguments are in order.
type validation struct {
	kind    validate.Kind // "" for auto
	flags   *validateFlags
	failOn  validate.Severity
	options []validate.Option
	with    []input
	pairs   journeys
	notes   writer // standard error
}

// resolve checks the flags against each other and against what there is.
func (f *validateFlags) resolve(args []string, given func(flag string) bool) (*validation, error) {
	if f.json {
		if given("format") && f.format != "json" {
			return nil, errors.New("--json and --format " + f.format + " contradict each other")
		}
		f.format = "json"
	}
	for _, flag := range []struct {
		name, value string
		allowed     []string
	}{
		{"kind", f.kind, append([]string{autoKind}, kindNames()...)},
		{"profile", f.profile, profiles()},
		{"format", f.format, formatNames},
		{"fail-on", f.failOn, levels()},
	} {
		if !slices.Contains(flag.allowed, flag.value) {
			return nil, fmt.Errorf("--%s: %q is none of %s", flag.name, flag.value, strings.Join(flag.allowed, ", "))
		}
	}
	if len(args) == 0 {
		return nil, errors.New("validate: name a file, a directory, a pattern, or - for standard input")
	}
	if stdin := slices.Concat(args, f.with); len(stdin)-len(slices.DeleteFunc(slices.Clone(stdin), isStdin)) > 1 {
		return nil, errors.New("validate: standard input can be read once")
	}
	v := &validation{flags: f, options: []validate.Option{validate.WithProfile(validate.Profile(f.profile))}}
	if f.kind != autoKind {
		v.kind = validate.Kind(f.kind)
	}
	must(v.failOn.UnmarshalText([]byte(f.failOn)))
	return v, f.checkURL(given("for"))
}

func isStdin(arg string) bool { return arg == stdinArg }

// checkURL refuses a --for that no document could be right for.
func (f *validateFlags) checkURL(given bool) error {
	if !given {
		return nil
	}
	if f.kind != autoKind && expects[validate.Kind(f.kind)] == "" {
		return fmt.Errorf("--for means nothing for --kind %s", f.kind)
	}
	u, err := url.Parse(f.expected)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return fmt.Errorf("--for: %q is no absolute http or https URL", f.expected)
	}
	return nil
}

// run judges one document after the other, and reports each before the next.
func (v *validation) run(ctx context.Context, c *console, args []string) error {
	if err := v.readPartners(ctx, c); err != nil {
		return err
	}
	v.notes.to = c.err
	report := formats[v.flags.format](c, validate.Profile(v.flags.profile))
	var s summary
	for in := range inputs(ctx, args, c.in) {
		if err := v.one(report, &s, in, v.with); err != nil {
			return err
		}
	}
	for _, in := range v.with {
		if slices.Contains(args, in.name) {
			continue // was judged already
		}
		if err := v.one(report, &s, in, nil); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return interrupted(err)
	}
	if s.Documents+s.Unusable == 0 {
		s.Unusable++
		if err := report.unusable(strings.Join(args, " "), errors.New("no document of a known kind; --kind says what the files are")); err != nil {
			return err
		}
	}
	exit, result := v.outcome(&s)
	if err := report.end(&s, v.pairs.walk(v.options), exit); err != nil {
		return err
	}
	return result
}

func interrupted(err error) error { return fmt.Errorf("validate: interrupted: %w", err) }

// outcome: input that could not be used outweighs findings in the rest, which
// are not the whole truth then.
func (v *validation) outcome(s *summary) (exit int, result error) {
	switch {
	case s.Unusable > 0:
		return exitUnusable, errReported
	case s.reaches(v.failOn):
		return exitFindings, errFindings
	}
	return exitClean, nil
}

// one judges one input, unless there is nothing to judge.
func (v *validation) one(report reporter, s *summary, in input, partners []input) error {
	d, reason := v.judge(in, partners)
	switch {
	case reason != nil && in.found && errors.Is(reason, errUnknownKind):
		s.Skipped++
		if isBrokenObject(in.data) {
			v.notes.printf("mcpoauth: %s: passed over: not valid JSON\n", printableName(in.name))
		}
		return v.notes.err
	case reason != nil:
		s.Unusable++
		return report.unusable(in.name, reason)
	}
	s.add(d)
	if len(v.with) > 0 {
		v.pairs.add(d)
	}
	return report.judged(d)
}

var (
	errUnknownKind = errors.New("the kind of the document cannot be told; --kind says it")
	errEmpty       = errors.New("there is nothing in it")
)

// judge applies the rules to one input. The documents of --with are its
// partners where there are rules for the pair; --for is not about them.
func (v *validation) judge(in input, partners []input) (*document, error) {
	d, err := v.recognize(in)
	if err != nil {
		return nil, err
	}
	options := slices.Clip(v.options)
	if expects[d.kind] != "" && !in.partner {
		d.expected = v.flags.expected
		options = append(options, validate.For(d.expected))
	}
	for _, other := range partners {
		option, err := pairing(d, other)
		switch {
		case other.name == in.name || err != nil && d.found:
		case err != nil:
			return nil, err
		default:
			options = append(options, option)
		}
	}
	d.violations = validate.Bytes(d.kind, d.data, options...)
	if d.found { // a directory may hold more than what --with is about
		d.violations = slices.DeleteFunc(d.violations, func(v validate.Violation) bool { return v.Rule == validate.RulePartner })
	}
	byPlace(d.violations)
	return d, nil
}

// recognize says what an input is, or why it cannot be judged.
func (v *validation) recognize(in input) (*document, error) {
	if in.err != nil {
		return nil, in.err
	}
	if len(in.data) == 0 {
		return nil, errEmpty
	}
	d := &document{file: in.name, data: in.data, kind: v.kind, found: in.found}
	if d.kind == "" || in.partner {
		d.kind = detect(in.name, in.data)
	}
	if d.kind == "" {
		return nil, unknownKind(in.data)
	}
	return d, nil
}

// isBrokenObject reports whether data is meant to be a JSON object and is none.
// Of longer data than gen.MaxSize the end is missing.
func isBrokenObject(data []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(data, byteOrderMark), " \t\r\n")
	return len(data) <= gen.MaxSize && bytes.HasPrefix(text, []byte("{")) && !json.Valid(text)
}

// unknownKind says what a text of no kind is.
func unknownKind(data []byte) error {
	if len(data) > gen.MaxSize {
		return fmt.Errorf("longer than 1 MiB, which is more than clients read; %w", errUnknownKind)
	}
	return fmt.Errorf("%w: %s", errUnknownKind, validate.Bytes("", data)[0].Detail)
}

// readPartners reads the documents of --with. One that cannot be used is a
// mistake in the arguments: without it, nothing would be judged as was asked.
func (v *validation) readPartners(ctx context.Context, c *console) error {
	for _, arg := range v.flags.with {
		for in := range expand(ctx, arg, c.in) {
			if in.err == nil && detect(in.name, in.data) == "" {
				in.err = unknownKind(in.data)
			}
			if err := ctx.Err(); err != nil {
				return interrupted(err)
			}
			if in.err != nil {
				return fmt.Errorf("--with: %s: %w", printableName(in.name), in.err)
			}
			in.partner, in.found = true, false
			v.with = append(v.with, in)
		}
	}
	return nil
}
