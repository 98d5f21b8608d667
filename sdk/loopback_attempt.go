// Loopback attempt: one server for one answer.

package sdk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// loopbackPatience bounds the reading of a request and the writing of a page, both of a few KiB on one machine.
	loopbackPatience = 10 * time.Second

	// loopbackHeader bounds a request. Codes are of 4 KiB at most in practice, and browsers send the cookies of all
	// programs that ever listened on the host.
	loopbackHeader = 64 << 10
)

// loopbackAttempt implements [Attempt].
type loopbackAttempt struct {
	loopback *Loopback
	bound    *loopbackBound
	server   *http.Server
	answers  chan string // the first answer; later ones are dropped
	used     atomic.Bool
	closed   chan struct{}
	close    func()
}

func newLoopbackAttempt(l *Loopback, bound *loopbackBound) *loopbackAttempt {
	server := &http.Server{
		ReadHeaderTimeout: loopbackPatience,
		ReadTimeout:       loopbackPatience,
		WriteTimeout:      loopbackPatience,
		MaxHeaderBytes:    loopbackHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // strays are of no interest to the user of the program
	}
	server.SetKeepAlivesEnabled(false)
	closed := make(chan struct{})
	return &loopbackAttempt{
		loopback: l,
		bound:    bound,
		server:   server,
		answers:  make(chan string, 1),
		closed:   closed,
		close:    sync.OnceFunc(func() { close(closed) }),
	}
}

// RedirectURI implements [Attempt].
func (a *loopbackAttempt) RedirectURI() string { return a.bound.uri }

// Authorize implements [Attempt]. The listener is closed when it returns.
//
// AUTHZ-9
func (a *loopbackAttempt) Authorize(ctx context.Context, authorizationURL string) (string, error) {
	if a.used.Swap(true) {
		return "", errors.New("sdk: loopback: an attempt serves one authorization")
	}
	defer a.stopListening()
	if err := checkBrowserURL(authorizationURL); err != nil {
		return "", err
	}
	target, err := url.Parse(authorizationURL)
	if err != nil {
		return "", errors.New("sdk: loopback: authorization URL cannot be parsed")
	}
	served := a.serve(target.Query().Get("state"))
	shown := a.loopback.show(authorizationURL)
	return a.wait(ctx, shown, a.open(ctx, authorizationURL), served)
}

// Close implements [Attempt].
func (a *loopbackAttempt) Close() error {
	a.close()
	a.stopListening()
	return nil
}

// stopListening ends the server, and the listeners also if it never served.
func (a *loopbackAttempt) stopListening() {
	_ = a.server.Close()
	for _, listener := range a.bound.listeners {
		_ = listener.Close()
	}
}

// serve answers requests, and delivers the error that ends a listener.
func (a *loopbackAttempt) serve(state string) <-chan error {
	a.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.receive(w, r, state) })
	served := make(chan error, len(a.bound.listeners))
	for _, listener := range a.bound.listeners {
		go func() { served <- a.server.Serve(listener) }()
	}
	return served
}

// open opens the browser beside the waiting and delivers what came of it. Its context ends with ctx or when the
// attempt is closed, so that what plays the browser can still read the page when Authorize has returned.
func (a *loopbackAttempt) open(ctx context.Context, authorizationURL string) <-chan error {
	ctx, cancel := context.WithCancel(ctx)
	opened := make(chan error, 1)
	go func() {
		defer cancel()
		select {
		case <-a.closed:
		case <-ctx.Done():
		}
	}()
	go func() { opened <- a.loopback.open(ctx, authorizationURL) }()
	return opened
}

// wait returns the answer or what ends the waiting for it. shown means that the person has the URL without a browser
// that this program opens.
func (a *loopbackAttempt) wait(ctx context.Context, shown bool, opened, served <-chan error) (string, error) {
	expired, stop := a.loopback.timeout()
	defer stop()
	var err error
	for err == nil {
		select {
		case answer := <-a.answers:
			return answer, nil
		case err = <-opened:
			opened, err = nil, a.notOpened(shown, err)
		case err = <-served:
			err = fmt.Errorf("sdk: loopback: listener ended: %w", err)
		case <-expired:
			err = fmt.Errorf("%w in time: was the sign-in finished in the browser?", ErrNoCallback)
		case <-ctx.Done():
			err = fmt.Errorf("sdk: loopback: waiting for the browser: %w", ctx.Err())
		case <-a.closed:
			err = errors.New("sdk: loopback: closed while waiting for the browser")
		}
	}
	select {
	case answer := <-a.answers: // it came at the same time
		return answer, nil
	default:
		return "", err
	}
}

// notOpened judges the end of the browser's launcher: an error only if the person has no other way to the URL.
func (a *loopbackAttempt) notOpened(shown bool, err error) error {
	if err == nil {
		return nil
	}
	if !shown {
		return fmt.Errorf("sdk: loopback: %w; set Loopback.Out or Notify to show the URL, or use sdk.Paste", err)
	}
	if a.loopback.Out != nil {
		_, _ = fmt.Fprint(a.loopback.Out, "The browser did not open: please visit the URL above.\n")
	}
	return nil
}

// receive answers one request. Only an answer to this authorization ends the waiting: a browser asks for icons, other
// pages and programs of this machine may ask for anything.
func (a *loopbackAttempt) receive(w http.ResponseWriter, r *http.Request, state string) {
	path := a.bound.path
	if path == "" {
		path = "/"
	}
	switch {
	case !a.bound.serves(r.Host):
		loopbackForbidden.write(w)
		return
	case r.URL.EscapedPath() != path:
		loopbackNotFound.write(w)
		return
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", http.MethodGet)
		loopbackNotAllowed.write(w)
		return
	}
	query := r.URL.Query()
	if !isAnswer(query, state) {
		loopbackStray.write(w)
		return
	}
	// The page is with the browser before the waiting ends and the connection with it.
	if query.Has("code") && !query.Has("error") {
		loopbackReceived.write(w)
	} else {
		loopbackRefused.write(w)
	}
	select {
	case a.answers <- a.bound.uri + "?" + r.URL.RawQuery:
	default:
	}
}

// isAnswer reports whether query answers the request with this state. The caller of Authorize verifies it again; here
// it tells an answer from a stray. With an empty state, as after a pushed request, whatever looks like an answer is one.
func isAnswer(query url.Values, state string) bool {
	if state == "" {
		return query.Has("code") || query.Has("error")
	}
	return slices.ContainsFunc(query["state"], func(got string) bool {
		return subtle.ConstantTimeCompare([]byte(got), []byte(state)) == 1
	})
}
