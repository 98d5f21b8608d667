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
		for _, p := range report.Problems[:min(len(report.Problems), maxProblems)] {
			o.problems = append(o.problems, problem{
				rule: reportRule(p.Kind), pointer: p.Pointer, detail: problemDetail(p.Kind, p.Detail), offset: p.Offset + 1,
			})
		}
	}
}

// maxProblems bounds what is taken from a report: nobody reads the ten
// thousandth problem of a hostile document.
const maxProblems = 1000

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

// failureRule names what the decoder refused: a required member has a rule of
// its own where the table says more about it.
func failureRule(document string, failure *gen.DecodeError) Rule {
	own, ok := requiredRules[document+failure.Pointer]
	switch {
	case !ok:
	case failure.Kind == gen.ProblemMissing, failure.Kind == gen.ProblemNull, failure.Kind == gen.ProblemEmpty:
		return own.missing
	case failure.Kind == gen.ProblemValue:
		return own.value
	}
	return refusalRule(failure.Kind)
}

var requiredRules = map[string]struct{ missing, value Rule }{
	documentResource + "/resource":     {RulePRMResource, RulePRMResourceURL},
	documentServer + "/issuer":         {RuleIssuer, RuleIssuerURL},
	documentInformation + "/client_id": {RuleClientID, RuleMissingMember},
	documentClientID + "/client_id":    {RuleClientIDDocumentID, RuleClientIDURL},
	documentToken + "/access_token":    {RuleAccessToken, RuleMissingMember},
	documentError + "/error":           {RuleErrorCode, RuleMissingMember},
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
