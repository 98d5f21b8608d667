// Reports of the decoder, as violations.

package validate

import "github.com/mcpoauth/mcpoauth/gen"

// WithReport adds what the decoder reported about members that it could not
// use. The problems become violations of severity error, unless a rule of the
// table has more to say about the same member. It can be given more than once.
//
// META-4, META-6
func WithReport(report gen.Report) Option {
	return func(o *options) {
		for _, p := range report.Problems {
			o.problems = append(o.problems, problem{
				rule: reportRule(p.Kind), pointer: p.Pointer, detail: problemDetail(p.Kind, p.Detail), offset: p.Offset + 1,
			})
		}
	}
}

// reportRule maps problems that leave the document usable.
func reportRule(kind gen.ProblemKind) Rule {
	switch kind {
	case gen.ProblemNull:
		return RuleNullMember
	case gen.ProblemEmpty:
		return RuleEmptyMember
	case gen.ProblemType:
		return RuleMemberType
	case gen.ProblemMissing:
		return RuleAbsentMember
	}
	return RuleMemberValue
}

// refusalRule maps the problems that end decoding.
func refusalRule(kind gen.ProblemKind) Rule {
	switch kind {
	case gen.ProblemDuplicate:
		return RuleDuplicateMember
	case gen.ProblemDepth, gen.ProblemSize:
		return RuleBounds
	case gen.ProblemSyntax, gen.ProblemTrailing:
		return RuleSyntax
	}
	return RuleMissingMember
}

func problemDetail(kind gen.ProblemKind, detail string) string {
	text := map[gen.ProblemKind]string{
		gen.ProblemNull:      "the member is null",
		gen.ProblemEmpty:     "the member is empty",
		gen.ProblemType:      "the member has the wrong type",
		gen.ProblemValue:     "the member has no usable value",
		gen.ProblemMissing:   "the member is absent",
		gen.ProblemDuplicate: "the member stands twice",
		gen.ProblemSyntax:    "the text is malformed",
		gen.ProblemTrailing:  "more data follows the document",
		gen.ProblemDepth:     "the document is nested too deeply",
		gen.ProblemSize:      "the document is too long",
	}[kind]
	if detail == "" || detail == "null" {
		return text
	}
	return text + " (" + detail + ")"
}
