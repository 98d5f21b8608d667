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
		Sentence: "Member names have the case of their specification: another case is another name, and is ignored"},
	{ID: RuleNameTypo, Severity: SeverityWarning, Citation: rfc(8414, "2"),
		Sentence: "Member names are spelled as their specification spells them: other names are ignored"},
	{ID: RuleNameForeign, Severity: SeverityInfo, Citation: rfc(8414, "2"),
		Sentence: "A member stands in the document that its specification puts it in: elsewhere it is ignored"},
	{ID: RuleNameSecret, Severity: SeverityError, Citation: rfc(6819, "4.1.1"),
		Sentence: "A document that everyone can read has no secrets in it"},
	{ID: RuleNameLanguage, Severity: SeverityWarning, Citation: rfc(5646, "2.1"),
		Sentence: "What follows a # in the name of a member is a language tag"},
}
