// Error: an OAuth error as a fake answers it.

package flowstest

import (
	"net/http"
	"strings"
)

// The error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 7591 §3.2.2, RFC 8707 §2,
// RFC 8628 §3.5 and RFC 9449 §5 and §8 that the fakes answer.
const (
	errInvalidRequest      = "invalid_request"
	errInvalidClient       = "invalid_client"
	errInvalidGrant        = "invalid_grant"
	errUnauthorizedClient  = "unauthorized_client"
	errUnsupportedGrant    = "unsupported_grant_type"
	errUnsupportedResponse = "unsupported_response_type"
	errInvalidScope        = "invalid_scope"
	errInvalidTarget       = "invalid_target"
	errInvalidRedirectURI  = "invalid_redirect_uri"
	errInvalidMetadata     = "invalid_client_metadata"
	errAccessDenied        = "access_denied"
	errInvalidToken        = "invalid_token"
	errInsufficientScope   = "insufficient_scope"
	errInvalidProof        = "invalid_dpop_proof"
	errUseNonce            = "use_dpop_nonce"
	errPending             = "authorization_pending"
	errSlowDown            = "slow_down"
	errExpired             = "expired_token"
)

// An Error is an OAuth error object. A nil *Error is no error.
type Error struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitzero"`
	URI         string `json:"error_uri,omitzero"`
	// Status is the status of the answer; 0 is 400, or 401 for
	// invalid_client.
	Status int `json:"-"`
}

// Error returns code and description.
func (e *Error) Error() string { return e.Code + ": " + e.Description }

// refuse returns an error whose description holds the characters that
// RFC 6749 §5.2 allows.
func refuse(code, description string) *Error {
	return &Error{Code: code, Description: strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ', r > '~', r == '\\':
			return '?'
		}
		return r
	}, description)}
}

func (e *Error) status() int {
	if e.Status == 0 && e.Code == errInvalidClient {
		return http.StatusUnauthorized
	}
	return or(e.Status, http.StatusBadRequest)
}

func (e *Error) members() map[string]any {
	members := map[string]any{"error": e.Code}
	if e.Description != "" {
		members["error_description"] = e.Description
	}
	if e.URI != "" {
		members["error_uri"] = e.URI
	}
	return members
}
