// Loopback: an Authorizer that opens a browser on this machine and listens for the answer on it.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	loopbackTimeout = 5 * time.Minute
	loopbackHost    = "127.0.0.1"
	loopbackPath    = "/callback"
)

// Loopback is the [Authorizer] of native applications (https://www.rfc-editor.org/rfc/rfc8252#section-7.3): it opens
// the browser and receives the answer on the loopback interface. The zero value is ready for use.
//
// It must not be changed after first use; all methods are then safe for concurrent use, and each attempt has a port of
// its own.
type Loopback struct {
	// Host is the host of the redirect URI: "127.0.0.1", "::1" or "localhost". Empty means that of the registration,
	// else 127.0.0.1. For localhost both addresses are bound, where the machine has both, because browsers try either.
	Host string

	// Port is the port to listen on. 0 means the registered one, or a free one when there is none or it is taken: the
	// client is registered again then. With a fixed port that is taken Prepare returns an error.
	Port int

	// Path is the path of the redirect URI, with a leading slash and percent-encoded where needed. Empty means that of
	// the registration, else /callback.
	Path string

	// Timeout bounds the waiting for the person. 0 means five minutes; negative means no limit but that of the
	// context.
	Timeout time.Duration

	// Open brings the person's browser to url. nil means the operating system's way of doing so. It runs beside the
	// waiting and must return when ctx ends, which it does when the attempt is closed. Its error ends the login only
	// when the URL was shown nowhere: with Out or Notify the person may still open it by hand.
	Open func(ctx context.Context, url string) error

	// Out is where the URL is printed before the browser is opened, for the case that it does not open. nil prints
	// nothing. os.Stderr is a good choice for a command.
	Out io.Writer

	// Notify is called with the URL before the browser is opened, for programs with another surface than a terminal.
	// nil means no call.
	Notify func(url string)
}

var _ Authorizer = (*Loopback)(nil)

// Prepare implements [Authorizer]. It listens when it returns; requests are answered from Authorize on.
//
// A registered redirect URI that is http on a loopback host, and agrees with the fields that are set, is used as it is
// if its port can be bound. One without a port gives host and path to a URI with a free port, which servers accept by
// RFC 8252 section 7.3.
//
// REG-11
func (l *Loopback) Prepare(ctx context.Context, registered []string) (Attempt, error) {
	addresses, err := l.addresses(registered)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, address := range addresses {
		bound, err := address.listen(ctx)
		if err == nil {
			return newLoopbackAttempt(l, bound), nil
		}
		failures = append(failures, err)
	}
	return nil, fmt.Errorf("sdk: loopback: cannot listen: %w", errors.Join(failures...))
}

// show tells the person the URL, and reports whether there was a way to.
func (l *Loopback) show(url string) bool {
	if l.Notify != nil {
		l.Notify(url)
	}
	if l.Out == nil {
		return l.Notify != nil
	}
	_, err := fmt.Fprintf(l.Out, "Opening your browser to sign in. If it does not open, visit:\n\n  %s\n\n", url)
	return err == nil || l.Notify != nil
}

// open brings the browser to url.
func (l *Loopback) open(ctx context.Context, url string) error {
	if l.Open != nil {
		return l.Open(ctx, url)
	}
	return openBrowser(ctx, url)
}

// timeout returns a channel that delivers when the person has had enough time, and what stops its clock.
func (l *Loopback) timeout() (<-chan time.Time, func() bool) {
	limit := l.Timeout
	switch {
	case limit < 0:
		return nil, func() bool { return false }
	case limit == 0:
		limit = loopbackTimeout
	}
	timer := time.NewTimer(limit)
	return timer.C, timer.Stop
}
