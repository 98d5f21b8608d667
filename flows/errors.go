// Errors: one type per remedy, fields rather than prose.

package flows

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// Attempt is one try to fetch a metadata document.
type Attempt struct {
	// URL that was asked. Its query, if any, is cut.
	URL string
	// Status is the HTTP status of the answer, 0 if there was none.
	Status int
	// Reason says in a few words why the answer was passed over; empty for
	// the answer that was used.
	Reason string
	// Err is the cause; nil for the answer that was used.
	Err error
}

// DiscoveryError reports that no usable authorization server was found. The
// remedy is on the server's side, or a pinned issuer or metadata in the
// configuration.
type DiscoveryError struct {
	// URL is the resource that discovery was for, without query and userinfo.
	URL string
	// Attempts are all documents asked for, in the order of the answers' rank.
	Attempts []Attempt
	// Err is what ended the discovery.
	Err error
	// Temporary says that an answer was missing rather than wrong (a network
	// error, 429 or 5xx): the same discovery may succeed later.
	Temporary bool
}

// Error lists each URL that was tried, its status and why it was passed over.
func (e *DiscoveryError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flows: discovery for %s: %v", bounded(e.URL), e.Err)
	if errors.Is(e.Err, validate.RuleResourceCovers) {
		b.WriteString(": configure the URL that the document names, or correct the document")
	}
	for _, a := range e.Attempts {
		if a.Reason == "" {
			continue
		}
		reason := a.Reason
		if a.Err != nil && errors.Is(e.Err, a.Err) {
			reason = "see above" // the cause, which the first words give uncut
		}
		status := ""
		if a.Status != 0 {
			status = strconv.Itoa(a.Status) + " "
		}
		fmt.Fprintf(&b, "; %s: %s%s", bounded(a.URL), status, reason)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *DiscoveryError) Unwrap() error { return e.Err }

// MissingEndpointError reports that the metadata names no endpoint for what
// was asked (META-2: endpoints are needed per grant, not all at once).
type MissingEndpointError struct {
	// Endpoint is the metadata member, such as "token_endpoint".
	Endpoint string
}

// Error names the member.
func (e *MissingEndpointError) Error() string {
	return "flows: authorization server metadata: no usable " + e.Endpoint
}

// ClientError reports that no client id can be had for an issuer, or that the
// one at hand belongs to another issuer. The remedy is configuration.
type ClientError struct {
	// Issuer is the authorization server that discovery found.
	Issuer string
	// BoundIssuer is the issuer that the credentials belong to, when that is
	// the trouble.
	BoundIssuer string
	// Reason says what is wrong and what the user can do.
	Reason string
}

// Error says what can be done.
func (e *ClientError) Error() string {
	if e.BoundIssuer != "" {
		return fmt.Sprintf("flows: client for issuer %s: credentials belong to issuer %s: %s",
			bounded(e.Issuer), bounded(e.BoundIssuer), e.Reason)
	}
	return fmt.Sprintf("flows: client for issuer %s: %s", bounded(e.Issuer), e.Reason)
}

// RegistrationError reports a dynamic registration that was rejected or whose
// answer cannot be used. Nothing has been stored.
type RegistrationError struct {
	// Request is what was sent; client metadata holds no secret.
	Request *gen.ClientMetadata
	// StatusCode is the answer's, 0 if there was none.
	StatusCode int
	// Code and Description are the server's, empty if it sent none.
	Code, Description string
	// Err is the cause.
	Err error
}

// Error tells what was sent and what came back.
func (e *RegistrationError) Error() string {
	var b strings.Builder
	b.WriteString("flows: registration")
	if sent := e.sent(); sent != "" {
		b.WriteString(" (" + sent + ")")
	}
	if e.StatusCode != 0 {
		fmt.Fprintf(&b, ": status %d", e.StatusCode)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ": %s", describe(e.Code, e.Description))
	} else if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// sent is what servers refuse most, empty parts left out.
func (e *RegistrationError) sent() string {
	if e.Request == nil {
		return ""
	}
	var parts []string
	if e.Request.ApplicationType != "" {
		parts = append(parts, "application_type "+bounded(e.Request.ApplicationType))
	}
	if len(e.Request.RedirectURIs) > 0 {
		parts = append(parts, "redirect_uris "+bounded(strings.Join(e.Request.RedirectURIs, " ")))
	}
	return strings.Join(parts, ", ")
}

// Unwrap returns the cause.
func (e *RegistrationError) Unwrap() error { return e.Err }

// AuthorizationError is an error redirect: the authorization server, or the
// human, said no. It has passed the state and iss checks.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-4.1.2.1
type AuthorizationError struct {
	// Code is the error, such as "access_denied".
	Code string
	// Description and URI are the server's words: untrusted, unescaped here,
	// escaped and bounded by Error.
	Description, URI string
}

// Error gives code and description.
func (e *AuthorizationError) Error() string {
	return "flows: authorization: " + describe(e.Code, e.Description)
}

// CallbackError reports an authorization response that must not be acted on:
// wrong state, wrong or missing iss, no code. Of the response nothing but a
// wrong iss is repeated in it. The code, if there was one, has not been sent
// anywhere.
type CallbackError struct {
	// Err is a *validate.Error whose rule tells which check failed.
	Err error
}

// Error names the failed check.
func (e *CallbackError) Error() string { return fmt.Sprintf("flows: callback: %v", e.Err) }

// Unwrap returns the cause.
func (e *CallbackError) Unwrap() error { return e.Err }

// TokenError reports a token request that brought no usable token. It never
// means that anything stored was deleted.
//
// https://www.rfc-editor.org/rfc/rfc6749.html#section-5.2
type TokenError struct {
	// Grant is the grant_type that was sent.
	Grant string
	// StatusCode is the answer's, 0 if there was none.
	StatusCode int
	// Code, Description and URI are the OAuth error, empty when the answer
	// was none (a proxy's page, a network error).
	Code, Description, URI string
	// RetryAfter is what the server asked for, 0 if it did not.
	RetryAfter time.Duration
	// Snippet is the start of an answer that was no OAuth answer: printable,
	// at most 200 bytes, with everything that looks like a token cut.
	Snippet string
	// Err is the cause, nil for a plain OAuth error; a [*DPoPError] for one
	// about the proof.
	Err error
}

// Error gives the OAuth error, or the status and cause.
func (e *TokenError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "flows: token request (%s)", bounded(e.Grant))
	if e.StatusCode != 0 && !errors.As(e.Err, new(*gen.ResponseError)) {
		b.WriteString(": status " + strconv.Itoa(e.StatusCode))
	}
	switch {
	case e.Code != "":
		b.WriteString(": " + describe(e.Code, e.Description))
		if e.Err != nil {
			fmt.Fprintf(&b, ": %v", e.Err)
		}
	case e.Err != nil:
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	if e.Snippet != "" {
		fmt.Fprintf(&b, ": %q", e.Snippet)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *TokenError) Unwrap() error { return e.Err }

// Final says that this very grant (the code, the refresh token) is spent: the
// server gave an OAuth error of the 4xx class other than 408, 425 and 429, or
// one with 2xx as some do (REF-6). Everything else may pass: a 5xx, a firewall's page, the network,
// and a DPoP proof that was refused before anyone looked at the grant.
func (e *TokenError) Final() bool {
	if e.Code == "" || isProofError(e.Code) {
		return false
	}
	redirected := e.StatusCode >= 300 && e.StatusCode < 400
	return !redirected && !mayPass(e.StatusCode) && e.Code != "temporarily_unavailable" && e.Code != "server_error"
}

// ClientRejected says that the server does not know the client (any more), or
// not for this grant (REG-8).
func (e *TokenError) ClientRejected() bool {
	return e.Final() && (e.Code == "invalid_client" || e.Code == "unauthorized_client")
}

func describe(code, description string) string {
	if description == "" {
		return bounded(code)
	}
	return fmt.Sprintf("%s: %q", bounded(code), bounded(description))
}

// bounded makes a string from a server fit for an error, a log or a terminal
// (SEC-5): control characters are escaped and 200 bytes are enough.
func bounded(s string) string {
	const most = 200
	cut := len(s) > most
	if cut {
		s = s[:most]
	}
	q := strconv.QuoteToGraphic(s)
	q = strings.ReplaceAll(q[1:len(q)-1], `\"`, `"`)
	if cut {
		q += "…"
	}
	return q
}
