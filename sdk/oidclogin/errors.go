// Errors: what only a sign-on can end with; the others are those of packages flows and sdk.

package oidclogin

import (
	"errors"
	"fmt"
	"strconv"
)

// IDTokenError reports an ID token that failed verification. It has been thrown
// away, with everything that came in the same answer. Asking again does not
// help: the provider, or the configuration of this client there, is wrong, or
// somebody attacks. If Err is an [*oidc.TokenExpiredError] of go-oidc, the clock
// here may be fast.
//
// https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
type IDTokenError struct {
	// Issuer is the identity provider that was asked.
	Issuer string
	// Err is what is wrong. It may quote the token's claims, escaped and bounded
	// by Error; it never has the token.
	Err error
}

// Error names the issuer and what is wrong.
func (e *IDTokenError) Error() string {
	return fmt.Sprintf("oidclogin: id token of %s: %s", printable(e.Issuer), printable(e.Err.Error()))
}

// Unwrap returns the cause.
func (e *IDTokenError) Unwrap() error { return e.Err }

// What go-oidc leaves to its user to check.
var (
	errNoIDToken = errors.New("the token answer has none: the provider does not speak OpenID Connect, or did not grant the scope openid")
	errNonce     = errors.New("its nonce is not the one that was sent")
	errSubject   = errors.New("it names no subject")
	errOther     = errors.New("it is about another subject than the one that it renews")
	errParty     = errors.New("it was issued to another client, or to several")
)

// printable makes a text with a server's words in it fit for an error, a log or
// a terminal (SEC-5): control characters are escaped, 300 bytes are enough.
func printable(s string) string {
	const most = 300
	if len(s) > most {
		s = s[:most] + "…"
	}
	quoted := strconv.QuoteToGraphic(s)
	return quoted[1 : len(quoted)-1]
}
