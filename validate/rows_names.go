// Rows: the names of members.

package validate

// Rules of member names. They look at members that the document's type does
// not know; such members are legal, and ignored.
const (
	// RuleNameCase is broken by a known name in another case (SEC-4).
	RuleNameCase Rule = "member-name-case"
	// RuleNameTypo is broken by a name that looks like a known one.
	RuleNameTypo Rule = "member-name-typo"
	// RuleNameForeign is broken by a member of another document.
	RuleNameForeign Rule = "member-foreign"
	// RuleNameSecret is broken by a secret in a document that everyone can read.
	RuleNameSecret Rule = "member-secret"
	// RuleNameLanguage is broken by a name with a # and no language tag after it.
	RuleNameLanguage Rule = "member-language-tag"
)

var nameRows = []Row{
	{ID: RuleNameCase, Severity: SeverityWarning, Citation: rfc(8259, "8.3"),
		Sentence: "Member names have the case of their specification: another case is another name, and is ignored",
		Mend:     "Write the member's name in lower case with underscores, as its specification has it"},
	{ID: RuleNameTypo, Severity: SeverityWarning, Citation: rfc(9728, "3.2"),
		Sentence: "Member names are spelled as their specification spells them: other names are ignored",
		Mend:     "Rename the member to the one that the finding proposes; leave it if it is an extension of your own"},
	{ID: RuleNameForeign, Severity: SeverityInfo, Citation: rfc(9728, "3.2"),
		Sentence: "A member stands in the document that its specification puts it in: elsewhere it is ignored",
		Mend:     "Move the member to the document that the finding names, or delete it here"},
	{ID: RuleNameSecret, Severity: SeverityError, Citation: rfc(6819, "4.1.1"),
		Sentence: "A document that everyone can read has no secrets in it",
		Mend:     "Delete the secret from the document and issue a new one: whoever fetched the document has the old one"},
	{ID: RuleNameLanguage, Severity: SeverityWarning, Citation: rfc(7591, "2.2"),
		Sentence: "What follows a # in the name of a member is a language tag",
		Mend:     "Write a language tag after the #, with hyphens: `client_name#pt-BR` instead of `client_name#pt_BR`"},
}
