// Rows: what holds of every document, and of the URLs a caller gives.

package validate

// Rules of the pure URL functions that belong to no document.
const (
	// RuleCanonicalURL is the rule of CanonicalURL.
	RuleCanonicalURL Rule = "url-canonical"
)

var urlRows = []Row{
	{ID: RuleCanonicalURL, Severity: SeverityRefuse, Use: UseMember,
		Citation: mcp("", "canonical-server-uri", "Canonical Server URI"),
		Sentence: "A resource identifier is an absolute http or https URL without user information, dot segments and encoded slashes",
		Mend:     "Write the URL of the MCP server as scheme, host and path: no user@, no . or .. segments, no %2F or %5C in the path"},
}

// Rules of decoding. The ones that refuse end decoding; the others are about
// optional members, which then count as absent.
const (
	// RuleMissingDocument is broken by a nil document.
	RuleMissingDocument Rule = "decode-missing-document"
	// RuleUnknownKind is broken by a document of which nobody can tell what it is.
	RuleUnknownKind Rule = "decode-unknown-kind"
	// RuleByteOrderMark is broken by a byte order mark before the document.
	RuleByteOrderMark Rule = "decode-byte-order-mark"
	// RuleSyntax is broken by bytes that are no JSON object, or are followed by more.
	RuleSyntax Rule = "decode-syntax"
	// RuleDuplicateMember is broken by a member that stands twice in an object.
	RuleDuplicateMember Rule = "decode-duplicate-member"
	// RuleMissingMember is broken by a required member that is absent, null or ill typed.
	RuleMissingMember Rule = "decode-missing-member"
	// RuleBounds is broken by a document that is too large or too deep.
	RuleBounds Rule = "decode-bounds"
	// RuleAbsentMember is broken by a member that its specification requires, and
	// that clients can do without.
	RuleAbsentMember Rule = "decode-absent-member"
	// RuleNullMember is broken by an optional member that is null.
	RuleNullMember Rule = "decode-null-member"
	// RuleEmptyMember is broken by an optional member that is "" or [].
	RuleEmptyMember Rule = "decode-empty-member"
	// RuleMemberType is broken by an optional member of another JSON type.
	RuleMemberType Rule = "decode-member-type"
	// RuleMemberValue is broken by an optional member with a value that its schema does not allow.
	RuleMemberValue Rule = "decode-member-value"
	// RuleSchema is broken by a Go value that its schema does not allow: the
	// constraint that failed is a derived validator tag, which Detail names.
	RuleSchema Rule = "schema-constraint"
)

var documentRows = []Row{
	{ID: RuleMissingDocument, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "2"),
		Sentence: "There is a document",
		Mend:     "Pass the decoded document instead of nil; a pair needs both documents"},
	{ID: RuleUnknownKind, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "4"),
		Sentence: "The kind of the document is given, or its members tell it",
		Mend:     "Name the kind (--kind on the command line, a Kind in Go), or add the members that its specification requires"},
	{ID: RuleByteOrderMark, Severity: SeverityError, Citation: rfc(8259, "8.1"),
		Sentence: "No byte order mark stands before a document",
		Mend:     "Save the document as UTF-8 without byte order mark: remove the bytes EF BB BF at its beginning"},
	{ID: RuleSyntax, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "2"),
		Sentence: "A document is one JSON object and nothing after it",
		Mend:     "Correct the text at the place shown: JSON is one object without comments and trailing commas; every % of a redirect has two hex digits"},
	{ID: RuleDuplicateMember, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "4"),
		Sentence: "Member names within an object are unique",
		Mend:     "Delete all but one of the members with that name: readers differ in the one that they take"},
	{ID: RuleMissingMember, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "4"),
		Sentence: "Members that the document cannot do without are there and have their type",
		Mend:     "Write the member with a value of its type; the document around it is one JSON object in braces"},
	{ID: RuleBounds, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "9"),
		Sentence: "A document is at most 1 MiB long and 64 levels deep",
		Mend:     "Cut the document down to 1 MiB and 64 levels: take out large or deep members that no specification asks for"},
	{ID: RuleAbsentMember, Severity: SeverityError, Citation: rfc(7517, "5"),
		Sentence: "Members that the specification requires are there",
		Mend:     "Write the member, or delete the object that cannot do without it, such as `jwks` without `keys`"},
	{ID: RuleNullMember, Severity: SeverityError, Citation: rfc(8259, "3"),
		Sentence: "A member without a value is left out: null is not a value of its type",
		Mend:     "Leave the member out instead of writing null (omitempty or its like in the serializer), or give it a value"},
	{ID: RuleEmptyMember, Severity: SeverityError, Citation: rfc(8414, "3.2"),
		Sentence: "A member without a value is left out: it is neither an empty string nor an empty array",
		Mend:     "Leave the member out while there is nothing to put into it, or write its value"},
	{ID: RuleMemberType, Severity: SeverityError, Citation: rfc(8259, "3"),
		Sentence: "A member has the JSON type that its specification gives it",
		Mend:     "Write the value in its own JSON type: true and 3600 without quotes, a list as [\"...\"] even for one entry"},
	{ID: RuleMemberValue, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "A member has a value that its specification allows",
		Mend:     "Replace the value by one of the form asked for, such as an absolute URL with its scheme, or delete the member"},
	{ID: RuleSchema, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "A member has a value that its schema allows",
		Mend:     "Change the member so that it meets the constraint that the finding names, or delete it"},
}
