// DPoP errors: a proof that was refused, a token that is not bound.

package flows

import (
	"fmt"
	"net/http"
	"time"
)

// DPoPError reports that a server refused the proof and not the grant or the
// token: both are as good as before, and a new login would not help. The
// remedies are on this machine (its clock, its key) or on the server.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-4.3
type DPoPError struct {
	// Code is "invalid_dpop_proof", or "use_dpop_nonce" from a server that
	// sent no usable nonce or did not take it.
	Code string
	// ClockSkew is how far the server's clock is ahead of the one here, by the
	// Date of its answer; 0 when that is less than 30 s or unknown. Servers
	// accept some minutes.
	ClockSkew time.Duration
	// BadNonce says that the answer had a DPoP-Nonce field without a usable
	// nonce: of no or several values, with characters that no nonce has, or
	// longer than 1 KiB.
	BadNonce bool
}

// Error gives the code and what seems to be the trouble.
func (e *DPoPError) Error() string {
	text := "flows: DPoP proof: the server refused it with " + e.Code
	switch {
	case e.ClockSkew > 0:
		text += fmt.Sprintf("; the clock here is %s behind the server's", e.ClockSkew)
	case e.ClockSkew < 0:
		text += fmt.Sprintf("; the clock here is %s ahead of the server's", -e.ClockSkew)
	}
	if e.BadNonce {
		text += "; its nonce is none"
	}
	return text
}

func isProofError(code string) bool {
	return code == errorUseDPoPNonce || code == errorInvalidDPoPProof
}

// newDPoPError makes the error from the answer's header. offered says that it
// has a nonce field.
func newDPoPError(code string, offered bool, header http.Header) *DPoPError {
	e := &DPoPError{Code: code, ClockSkew: clockSkew(header, time.Now())}
	if offered {
		_, ok := nonceIn(header[headerDPoPNonce])
		e.BadNonce = !ok
	}
	return e
}

// clockSkew compares the Date of an answer that was received just now. Below
// half a minute it may be the network's doing.
func clockSkew(header http.Header, now time.Time) time.Duration {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return 0
	}
	skew := date.Sub(now.Round(0)).Round(time.Second)
	if skew.Abs() < 30*time.Second {
		return 0
	}
	return skew
}

// DowngradeError reports a token that is not bound to the key although a proof
// was sent: whoever steals it can use it. It has been thrown away. The remedy
// is a server that binds tokens, or [DPoP.AllowBearer] where the resource does
// not demand DPoP.
//
// https://www.rfc-editor.org/rfc/rfc9449.html#section-5
type DowngradeError struct {
	// TokenType is the answer's: untrusted.
	TokenType string
	// Err is the violation of [validate.RuleTokenType].
	Err error
}

// Error names the type.
func (e *DowngradeError) Error() string {
	return fmt.Sprintf("flows: DPoP: the token has type %q and is not bound to the key", bounded(e.TokenType))
}

// Unwrap returns the violation.
func (e *DowngradeError) Unwrap() error { return e.Err }
