// Authorizer: what brings a person to the authorization server and the answer back.

package sdk

import (
	"context"
	"errors"
)

// ErrNoCallback means that the person did not finish: the time limit passed, or the input ended, before an answer came.
// Nothing is lost; a new login may be begun.
var ErrNoCallback = errors.New("sdk: authorizer: no callback arrived")

// Authorizer carries out the part of the authorization code grant that needs a person and a user agent
// (https://www.rfc-editor.org/rfc/rfc6749#section-4.1). [Loopback] and [Paste] are the ones this package has.
//
// An Authorizer is safe for concurrent use: one serves all sessions of a program.
type Authorizer interface {
	// Prepare makes ready to receive an answer, before the client is registered, because the registration names the
	// redirect URI and a native application learns its port only by binding it
	// (https://www.rfc-editor.org/rfc/rfc8252#section-7.3).
	//
	// registered holds the redirect URIs of the registration that is stored or configured, and is nil when there is
	// none. An implementation uses one of them, byte for byte, when it can; when it cannot, it returns an attempt with
	// another redirect URI, and the caller registers that one before it is sent.
	//
	// The attempt must be closed by the caller. ctx bounds Prepare alone and not the attempt.
	Prepare(ctx context.Context, registered []string) (Attempt, error)
}

// Attempt is one authorization under way. Its methods are called from one goroutine, except Close, which may be called
// at any time and ends a waiting Authorize.
type Attempt interface {
	// RedirectURI returns the redirect URI to register and to send, the same at each call.
	RedirectURI() string

	// Authorize brings the person to authorizationURL and waits for the answer. It returns the URL to which the user
	// agent was sent, or that URL's raw query, as received: order and repeated parameters kept.
	//
	// The answer is not verified: the caller compares state and iss, and only then looks at code and error. An
	// implementation may compare state with that of authorizationURL to leave requests aside that are no answer; when
	// authorizationURL has none (RFC 9126 allows to leave it to the pushed request), any state passes.
	//
	// It returns ctx's error when ctx ends and [ErrNoCallback] when the person did not finish. It is called once.
	Authorize(ctx context.Context, authorizationURL string) (callback string, err error)

	// Close frees what the attempt holds, such as a listener. It may be called more than once and without Authorize.
	Close() error
}
