// Rules: their names, and the rows of the one table that describes them.

package validate

import (
	"slices"
	"strconv"
)

// Rule names one rule. Rules are stable: an id is never given to another rule.
// The first word is the document: prm, asm, client, cimd, token, callback; url
// for the pure URL rules; decode, member and schema for what holds of every
// document.
//
// A Rule is an error, so that errors.Is(err, validate.RuleIssuerMatch) asks
// whether an error of this package is about that rule.
type Rule string

// Error returns the id and the rule's sentence.
func (r Rule) Error() string {
	if row, ok := rowOf(r); ok {
		return "validate: rule " + string(r) + ": " + row.Sentence
	}
	return "validate: rule " + string(r)
}

// Row describes one rule.
type Row struct {
	// ID is the rule.
	ID Rule `json:"id"`
	// Severity is that of the default profile. See In.
	Severity Severity `json:"severity"`
	// Use is what a refusal takes away; "" when Severity is below refuse.
	Use Use `json:"use,omitempty"`
	// Citation says where the rule is written down.
	Citation
	// Sentence states the rule, without a full stop.
	Sentence string `json:"sentence"`
	// Mend says what to do about a violation, without a full stop.
	Mend string `json:"mend"`
	// Profiles holds the severities of profiles that differ from Severity.
	Profiles map[Profile]Severity `json:"profiles,omitempty"`
	// Bad breaks the rule, and no other but those that it names.
	Bad Example `json:"bad"`
	// Good does not break the rule.
	Good Example `json:"good"`
}

// In returns the severity of the row in a profile; "" is the default profile.
func (r Row) In(p Profile) Severity {
	if severity, ok := r.Profiles[p]; ok {
		return severity
	}
	return r.Severity
}

// Citation is a section of a specification.
type Citation struct {
	// Section is the section as a person cites it: "RFC 9728 §3.3".
	Section string `json:"section"`
	// URL leads to it.
	URL string `json:"url"`
}

// Rules returns the table of all rules, grouped by document, in a fixed order.
// The slice is the caller's; the rows' maps are not to be written to.
func Rules() []Row {
	rows := append([]Row(nil), table...)
	for i := range rows {
		rows[i].illustrate()
	}
	return rows
}

// Lookup returns the row of a rule.
func Lookup(rule Rule) (Row, bool) {
	row, ok := rowOf(rule)
	if !ok {
		return Row{}, false
	}
	found := *row
	found.illustrate()
	return found, true
}

// rowOf is Lookup without examples, which cost more than a judgement.
func rowOf(rule Rule) (*Row, bool) {
	i, ok := tableIndex[rule]
	if !ok {
		return nil, false
	}
	return &table[i], true
}

// illustrate fills in the examples.
func (r *Row) illustrate() {
	pair := examples()[r.ID]
	r.Bad, r.Good = pair.bad, pair.good
}

// table is the one rule table: the rows of each document's file, in order.
var table = join(
	urlRows,
	documentRows,
	nameRows,
	resourceRows,
	serverRows,
	clientRows,
	clientIDRows,
	tokenRows,
	errorRows,
	callbackRows,
	challengeRows,
	stateRows,
	pairRows,
)

var tableIndex = func() map[Rule]int {
	index := make(map[Rule]int, len(table))
	for i := range table {
		index[table[i].ID] = i
	}
	return index
}()

func join(groups ...[]Row) []Row {
	return slices.Concat(groups...)
}

// rfc cites a section of an RFC, or of an appendix: those begin with a letter.
func rfc(number int, section string) Citation {
	n, sign, anchor := strconv.Itoa(number), "§", "section-"
	if section[0] >= 'A' {
		sign, anchor = "appendix ", "appendix-"
	}
	return Citation{"RFC " + n + " " + sign + section, "https://www.rfc-editor.org/rfc/rfc" + n + "#" + anchor + section}
}

// mcp cites the MCP authorization specification, revision 2026-07-28. The page
// is "" for its overview.
func mcp(page, anchor, title string) Citation {
	url := "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"
	if page != "" {
		url += "/" + page
	}
	return Citation{"MCP 2026-07-28, " + title, url + "#" + anchor}
}

// cimd cites the draft on Client ID Metadata Documents that MCP builds on.
func cimd(section string) Citation {
	return draft("draft-ietf-oauth-client-id-metadata-document-00", section)
}

// draft cites an Internet-Draft, in the version that its name ends with.
func draft(name, section string) Citation {
	return Citation{name + " §" + section, "https://www.ietf.org/archive/id/" + name + ".html#section-" + section}
}

// oidc cites an OpenID Connect specification.
func oidc(spec, anchor, section string) Citation {
	name := map[string]string{
		"core": "OpenID Connect Core", "discovery": "OpenID Connect Discovery", "registration": "OpenID Connect Registration",
	}[spec]
	return Citation{name + " §" + section, "https://openid.net/specs/openid-connect-" + spec + "-1_0.html#" + anchor}
}
