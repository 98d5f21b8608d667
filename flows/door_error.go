// Errors of the door: what a leg that brought no answer says, and does not say.

package flows

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// TimeoutError reports that a leg took longer than its limit. It is a
// [context.DeadlineExceeded] for errors.Is, as a caller's own deadline is; the
// type tells them apart.
type TimeoutError struct {
	// Operation is the operation's id; empty if there is none.
	Operation string
	// Limit is the limit that was reached, all attempts included.
	Limit time.Duration
}

// Error gives the limit.
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("flows: no complete answer within %s", e.Limit)
}

// Timeout returns true: it makes the error a timeout for [net.Error].
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns true.
func (e *TimeoutError) Temporary() bool { return true }

// Unwrap returns [context.DeadlineExceeded].
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// explain turns what net/http and retryablehttp report into one [*url.Error]
// that prints no query. Causes stay reachable by errors.Is and errors.As.
func (l *leg) explain(err error) error {
	for {
		outer, ok := err.(*url.Error) //nolint:errorlint // the outermost only: a round tripper with a client of its own adds another
		if !ok {
			break
		}
		err = outer.Err
	}
	err = l.explainRead(err)
	switch {
	case strings.HasPrefix(err.Error(), "failed to parse Location header"):
		err = &RedirectError{StatusCode: l.status, From: l.info.URL, Reason: "it names no URL"}
	case l.query != "" && strings.Contains(err.Error(), l.query):
		err = &queryCutError{query: l.query, error: err}
	}
	method := l.info.Method
	if method == "" {
		method = http.MethodGet
	}
	return &url.Error{Op: method[:1] + strings.ToLower(method[1:]), URL: l.info.URL, Err: err}
}

// explainRead names whose time was up: the caller's, or the leg's.
func (l *leg) explainRead(err error) error {
	switch {
	case l.caller.Err() != nil:
		return l.caller.Err()
	case errors.Is(l.ctx.Err(), context.DeadlineExceeded):
		return &TimeoutError{Operation: l.info.Operation, Limit: l.info.Limit}
	}
	return err
}

// queryCutError prints a foreign error without the URL's query, in which an
// endpoint may carry a key.
type queryCutError struct {
	query string
	error
}

func (e *queryCutError) Error() string {
	return strings.ReplaceAll(e.error.Error(), e.query, "[cut]")
}

func (e *queryCutError) Unwrap() error { return e.error }

// isNetworkError reports whether err means that an answer is missing, or broke
// off, and so says nothing about what the server would have answered. A refusal
// of the door's own (guard, redirect, size) is none: it would be the same again.
func isNetworkError(err error) bool {
	var (
		guard    *GuardError
		redirect *RedirectError
		network  net.Error
	)
	if errors.As(err, &guard) || errors.As(err, &redirect) {
		return false
	}
	return errors.As(err, &network) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || lostConnection(err)
}
