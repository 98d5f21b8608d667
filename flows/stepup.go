// Step-up: what a 403 asks for, and whether asking the human can help.

package flows

import "net/http"

// InsufficientScope returns the challenge of a 403 that says that the token's
// scope is too small. Any other 403 is none of ours (STEP-2).
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#runtime-insufficient-scope-errors
func InsufficientScope(res *http.Response) (*Challenge, bool) {
	if res.StatusCode != http.StatusForbidden {
		return nil, false
	}
	challenge, ok := BearerChallenge(ParseChallenges(res.Header))
	if !ok || challenge.ErrorCode() != "insufficient_scope" {
		return nil, false
	}
	return challenge, true
}

// StepUpHelps tells whether a new authorization could satisfy a challenge that
// wants these scopes: not if all of them were already requested for the present
// token, for then the server gave what it would give.
func StepUpHelps(requested, wanted []string) bool { return !CoversScope(requested, wanted) }
