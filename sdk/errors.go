// Errors: what a request or a login can end with, one type per remedy.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/mcpoauth/mcpoauth/flows"
)

var (
	// ErrClosed means that the Client, or its Pool, was closed.
	ErrClosed = errors.New("sdk: client is closed")
	// ErrNotAuthorized means that there is no token and nothing to get one
	// with but a human: call Login, or send a request.
	ErrNotAuthorized = errors.New("sdk: not authorized: log in first")
	// ErrStaticRejected means that the resource does not take the configured
	// StaticBearer token. Configure another one.
	ErrStaticRejected = errors.New("sdk: the resource rejected the static token: configure another one")
	// ErrNotReplayable means that a request's body could not be sent a second
	// time because it has no GetBody. The session is authorized now: send the
	// request again.
	ErrNotReplayable = errors.New("sdk: request body cannot be sent again: set GetBody, or repeat the request")
	// ErrLoginOver means that the login of an answer was finished already, or
	// that the time for its answer is over. After a second click or a reload the
	// session may be there: send a request. It comes in a *flows.CallbackError.
	ErrLoginOver = errors.New("sdk: login of this answer is over")
	// ErrOtherSubject means that an answer is of a login that was begun for
	// another subject: somebody may have been sent here with it. It comes in a
	// *flows.CallbackError.
	ErrOtherSubject = errors.New("sdk: login of this answer was begun for another subject")
)

// ConsentRequiredError says that a human must be brought to a URL, and that the
// program has no Authorizer for it. All requests of a session get the same one
// until it expires. Give the redirect's URL to Client.Finish.
type ConsentRequiredError struct {
	// Consent is the login that was begun, never nil.
	Consent *Consent
}

// URL is where the human goes; see [Consent.URL].
func (e *ConsentRequiredError) URL() string { return e.Consent.URL() }

// Error names resource and issuer, not the URL.
func (e *ConsentRequiredError) Error() string {
	return fmt.Sprintf("sdk: %s: consent required at %s: open the URL of this error in a browser", e.Consent.Resource, e.Consent.Issuer)
}

// PendingError says that a caller left before the session was authorized. The
// flight goes on, its result is kept, and the next request joins it.
type PendingError struct {
	// Resource is what the flight is for.
	Resource string
	// Err is the context's error.
	Err error
}

// Error names the resource.
func (e *PendingError) Error() string {
	return fmt.Sprintf("sdk: %s: authorization still under way: %v", e.Resource, e.Err)
}

// Unwrap returns the context's error.
func (e *PendingError) Unwrap() error { return e.Err }

// Timeout says that the caller's deadline had passed, as a [net.Error] does.
func (e *PendingError) Timeout() bool { return isTimeout(e.Err) }

// RequestError is a request that the resource rejected and that could not be
// authorized. It stands for the response, whose body has been read and closed.
type RequestError struct {
	// StatusCode and Header are the response's.
	StatusCode int
	Header     http.Header
	// Snippet is the start of its body, at most 1 KiB.
	Snippet []byte
	// Err is why the session could not be authorized.
	Err error
}

// Error gives status and cause.
func (e *RequestError) Error() string {
	return fmt.Sprintf("sdk: the resource answered %d: %v", e.StatusCode, e.Err)
}

// Unwrap returns the cause.
func (e *RequestError) Unwrap() error { return e.Err }

// Timeout says that the cause is a timeout, as a [net.Error] does.
func (e *RequestError) Timeout() bool { return isTimeout(e.Err) }

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// NeedsHuman says whether only a person can mend it; see the function of the
// same name.
func (e *RequestError) NeedsHuman() bool { return NeedsHuman(e.Err) }

// StepUpError says that the resource wants scope that will not be asked for.
type StepUpError struct {
	// Scope is what the resource wants.
	Scope []string
	// Reason says why no authorization was started.
	Reason string
}

// Error names scope and reason.
func (e *StepUpError) Error() string {
	return fmt.Sprintf("sdk: step-up to scope %q: %s", strings.Join(e.Scope, " "), e.Reason)
}

// StoreError says that a record could not be read or written. After a failed
// write the new token stays usable in this process.
type StoreError struct {
	// Op is "read", "write" or "lock".
	Op string
	// Err is the store's.
	Err error
}

// Error names the operation.
func (e *StoreError) Error() string { return fmt.Sprintf("sdk: store: %s: %v", e.Op, e.Err) }

// Unwrap returns the store's error.
func (e *StoreError) Unwrap() error { return e.Err }

// forCaller is the error of a read of the store: the context's when that has
// ended, since the store is not to blame for a caller who left. A flight has
// nobody else to blame for a store that hangs, and keeps its error.
func forCaller(ctx context.Context, err error) error {
	if storeAway(err) && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// NeedsHuman says whether err can only be mended by a person: logging in,
// consenting, or correcting the configuration. Otherwise a later try may do, or
// the program has the remedy itself: with ErrClosed a new client.
func NeedsHuman(err error) bool {
	// An http.Client wraps what its transport returned in an error of its own
	// that calls itself a network error.
	if rejected := (*RequestError)(nil); errors.As(err, &rejected) {
		err = rejected.Err
	}
	var store *StoreError
	switch {
	case err == nil, errors.As(err, &store), errors.Is(err, ErrNotReplayable), errors.Is(err, ErrClosed):
		return false
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return false
	}
	return !flows.IsTemporary(err)
}
