// Callback: the authorization response, judged before anything of it is used.

package flows

import (
	"errors"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// Code checks the authorization response in callback, a full redirect URL or
// its query, and returns the code in it. State comes first, then iss, then
// error, then code. A response that fails a check is a [*CallbackError] and
// nothing in it is shown; an error redirect is an [*AuthorizationError].
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#authorization-response-validation
func (p *Pending) Code(callback string) (gen.Secret, error) {
	// 1. Parameters that are missing, doubled or unreadable are no answer.
	response, err := parseCallback(callback)
	if err != nil {
		return "", &CallbackError{Err: err}
	}
	// 2. Is it the answer to this request, from the recorded issuer?
	err = validate.Callback(response, validate.CallbackExpectation{
		State: p.State, Issuer: p.Issuer,
		IssParameterSupported: p.IssParameterSupported,
		NoMetadata:            p.Undocumented,
	}).Refuses(validate.UseDocument)
	if err != nil {
		return "", &CallbackError{Err: err}
	}
	// 3. The server's no.
	if response.ErrorCode != "" {
		return "", &AuthorizationError{
			Code: response.ErrorCode, Description: response.ErrorDescription, URI: response.ErrorURI,
		}
	}
	return response.Code, nil
}

// errEmptyIssuer: an empty iss is not an absent one.
var errEmptyIssuer = errors.New("its iss is empty")

// parseCallback reads the query of a redirect URL, or a bare query.
func parseCallback(callback string) (*gen.AuthorizationResponse, error) {
	query := strings.TrimSpace(callback)
	if isURL(query) {
		_, query, _ = strings.Cut(query, "?")
	}
	// Some servers append "#_=_" or the like; a fragment is not part of the
	// query response mode.
	query, _, _ = strings.Cut(query, "#")
	var report gen.Report
	response, err := gen.DecodeAuthorizationResponse([]byte(query), &report)
	if err != nil {
		return nil, err
	}
	for _, problem := range report.Problems {
		if problem.Pointer == "/iss" {
			return nil, errEmptyIssuer
		}
	}
	return response, nil
}

// isURL tells a redirect URL or its path from a bare query, in which a question
// mark may stand for itself.
func isURL(callback string) bool {
	for _, prefix := range []string{"https://", "http://", "/", "?"} {
		if len(callback) >= len(prefix) && strings.EqualFold(callback[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}
