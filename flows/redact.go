// Redaction: how values that hold secrets print.

package flows

import (
	"fmt"

	"github.com/mcpoauth/mcpoauth/gen"
)

// A [gen.Secret] redacts itself wherever fmt asks it how to print. It is not
// asked below a pointer inside another value under a verb that does not fit,
// such as %s for a list of tokens: there fmt prints the bare fields. Types with
// secrets therefore have a Format method of their own, which fmt finds first.

// printAs prints value, which must have no Format method, as f and verb ask.
func printAs(f fmt.State, verb rune, value any) {
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), value)
}

// Format prints t redacted under every verb.
func (t Token) Format(f fmt.State, verb rune) {
	type plain Token
	printAs(f, verb, plain(t))
}

// Format prints in redacted under every verb.
func (in TokenRequest) Format(f fmt.State, verb rune) {
	type plain TokenRequest
	printAs(f, verb, plain(in))
}

// Format prints in redacted under every verb.
func (in CodeRequest) Format(f fmt.State, verb rune) {
	printAs(f, verb, struct {
		TokenRequest   TokenRequest
		Code, Verifier gen.Secret
		RedirectURI    string
	}{in.TokenRequest, in.Code, in.Verifier, in.RedirectURI})
}

// Format prints in redacted under every verb.
func (in RefreshRequest) Format(f fmt.State, verb rune) {
	printAs(f, verb, struct {
		TokenRequest TokenRequest
		RefreshToken gen.Secret
		SendScope    bool
	}{in.TokenRequest, in.RefreshToken, in.SendScope})
}
