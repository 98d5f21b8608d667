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
		Sentence: "A resource identifier is an absolute http or https URL without user information, dot segments and encoded slashes"},
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
		Sentence: "There is a document"},
	{ID: RuleUnknownKind, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "4"),
		Sentence: "The kind of the document is given, or its members tell it"},
	{ID: RuleByteOrderMark, Severity: SeverityWarning, Citation: rfc(8259, "8.1"),
		Sentence: "No byte order mark stands before a document"},
	{ID: RuleSyntax, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "2"),
		Sentence: "A document is one JSON object and nothing after it"},
	{ID: RuleDuplicateMember, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "4"),
		Sentence: "Member names within an object are unique"},
	{ID: RuleMissingMember, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "4"),
		Sentence: "Members that the document cannot do without are there and have their type"},
	{ID: RuleBounds, Severity: SeverityRefuse, Use: UseDocument, Citation: rfc(8259, "9"),
		Sentence: "A document is at most 1 MiB long and 64 levels deep"},
	{ID: RuleAbsentMember, Severity: SeverityError, Citation: rfc(8259, "4"),
		Sentence: "Members that the specification requires are there"},
	{ID: RuleNullMember, Severity: SeverityError, Citation: rfc(8259, "3"),
		Sentence: "A member without a value is left out: null is not a value of its type"},
	{ID: RuleEmptyMember, Severity: SeverityError, Citation: rfc(8414, "3.2"),
		Sentence: "A member without a value is left out: it is neither an empty string nor an empty array"},
	{ID: RuleMemberType, Severity: SeverityError, Citation: rfc(8259, "3"),
		Sentence: "A member has the JSON type that its specification gives it"},
	{ID: RuleMemberValue, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "A member has a value that its specification allows"},
	{ID: RuleSchema, Severity: SeverityError, Citation: rfc(8414, "2"),
		Sentence: "A member has a value that its schema allows"},
}
