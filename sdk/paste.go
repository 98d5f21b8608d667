// Paste: an Authorizer that prints a URL and reads the answer that the person pastes back.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/mcpoauth/mcpoauth/validate"
)

const (
	// pasteRedirectURI is an address at which nothing listens: the browser shows an error with the answer in its
	// address bar. What should listen there after all gets a code that is worthless without the code_verifier.
	pasteRedirectURI = "http://127.0.0.1:42813/callback"

	// pasteLimit bounds a line: twice what browsers and servers take as a URL.
	pasteLimit = 16 << 10

	// pasteTries bounds the lines that are read for one answer.
	pasteTries = 10
)

// Paste is the [Authorizer] for machines without a browser, such as those at the other end of ssh: it prints the URL,
// the person opens it anywhere, and pastes the address to which the browser was sent at the end. The zero value is
// ready for use with the standard streams.
//
// It must not be copied or changed after first use. Attempts wait for each other: one person pastes one answer at a
// time.
type Paste struct {
	// In is where the answer is read, a line at a time and no byte beyond it. nil means os.Stdin. A read that is under
	// way when an attempt ends goes on, and its line serves the next attempt: a reader cannot be interrupted.
	In io.Reader

	// Out is where the URL and the instructions are printed. nil means os.Stderr.
	Out io.Writer

	// RedirectURI is the redirect URI, https or http on a loopback host. Nothing needs to listen there. Empty means
	// the first registered one, else one of this package on 127.0.0.1.
	RedirectURI string

	once sync.Once
	turn chan struct{} // whoever has put something into it may read
	line chan pasted   // the line of the read under way; nil if none is; of whoever has the turn
}

var _ Authorizer = (*Paste)(nil)

// pasted is one line of input, without its end.
type pasted struct {
	text string
	err  error
}

// Prepare implements [Authorizer].
func (p *Paste) Prepare(_ context.Context, registered []string) (Attempt, error) {
	p.once.Do(func() { p.turn = make(chan struct{}, 1) })
	if p.RedirectURI != "" {
		if err := validate.RedirectURI(p.RedirectURI); err != nil {
			return nil, fmt.Errorf("sdk: paste: %w", err)
		}
		return newPasteAttempt(p, p.RedirectURI), nil
	}
	for _, uri := range registered {
		if validate.RedirectURI(uri) == nil {
			return newPasteAttempt(p, uri), nil
		}
	}
	return newPasteAttempt(p, pasteRedirectURI), nil
}

func (p *Paste) in() io.Reader {
	if p.In == nil {
		return os.Stdin
	}
	return p.In
}

func (p *Paste) out() io.Writer {
	if p.Out == nil {
		return os.Stderr
	}
	return p.Out
}

// next returns the channel with the next line, which a read that is under way already delivers, or a new one. The
// caller has the turn, and calls done when it has taken the line.
func (p *Paste) next() <-chan pasted {
	if p.line == nil {
		line := make(chan pasted, 1)
		p.line = line
		go func() { line <- readPasted(p.in()) }()
	}
	return p.line
}

func (p *Paste) done() { p.line = nil }

// pasteAttempt implements [Attempt].
type pasteAttempt struct {
	paste       *Paste
	redirectURI string
	closed      chan struct{}
	close       func()
}

func newPasteAttempt(p *Paste, redirectURI string) *pasteAttempt {
	closed := make(chan struct{})
	return &pasteAttempt{
		paste:       p,
		redirectURI: redirectURI,
		closed:      closed,
		close:       sync.OnceFunc(func() { close(closed) }),
	}
}

// RedirectURI implements [Attempt].
func (a *pasteAttempt) RedirectURI() string { return a.redirectURI }

// Close implements [Attempt].
func (a *pasteAttempt) Close() error {
	a.close()
	return nil
}

// Authorize implements [Attempt].
//
// AUTHZ-10
func (a *pasteAttempt) Authorize(ctx context.Context, authorizationURL string) (string, error) {
	if err := checkBrowserURL(authorizationURL); err != nil {
		return "", err
	}
	target, err := url.Parse(authorizationURL)
	if err != nil {
		return "", errors.New("sdk: paste: authorization URL cannot be parsed")
	}
	if err := a.takeTurn(ctx); err != nil {
		return "", err
	}
	defer func() { <-a.paste.turn }()
	_, err = fmt.Fprintf(a.paste.out(), "To sign in, open this URL in a browser on any machine:\n\n  %s\n\n"+
		"At the end the browser is sent to an address that it may be unable to show.\n"+
		"Copy that whole address from the address bar, paste it here and press Enter:\n", authorizationURL)
	if err != nil {
		return "", fmt.Errorf("sdk: paste: the URL cannot be shown: %w", err)
	}
	return a.read(ctx, target.Query().Get("state"))
}

// takeTurn waits until no other attempt reads.
func (a *pasteAttempt) takeTurn(ctx context.Context) error {
	select {
	case a.paste.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("sdk: paste: waiting for another sign-in: %w", ctx.Err())
	case <-a.closed:
		return errPasteClosed
	}
}

var errPasteClosed = errors.New("sdk: paste: closed while waiting for the answer")

// read returns the first line that is an answer.
func (a *pasteAttempt) read(ctx context.Context, state string) (string, error) {
	for range pasteTries {
		var line pasted
		select {
		case line = <-a.paste.next():
			a.paste.done()
		case <-ctx.Done():
			return "", fmt.Errorf("sdk: paste: waiting for the answer: %w", ctx.Err())
		case <-a.closed:
			return "", errPasteClosed
		}
		callback, hint := parsePasted(line.text, a.redirectURI, state)
		if hint == "" {
			return callback, nil
		}
		if errors.Is(line.err, io.EOF) {
			return "", fmt.Errorf("%w before the end of the input", ErrNoCallback)
		}
		if line.err != nil {
			return "", fmt.Errorf("sdk: paste: reading the answer: %w", line.err)
		}
		if line.text != "" {
			_, _ = fmt.Fprintln(a.paste.out(), hint)
		}
	}
	return "", fmt.Errorf("%w in %d lines", ErrNoCallback, pasteTries)
}

// parsePasted returns the callback in what was pasted: the URL, or its query alone, perhaps in quotes. Otherwise hint
// tells the person what is wrong, without repeating the text: it may hold a code.
func parsePasted(text, redirectURI, state string) (callback, hint string) {
	text = strings.Trim(text, " \t\"'<>`")
	text, _, _ = strings.Cut(text, "#") // some servers add a fragment, which is no part of the answer
	base, query, found := strings.Cut(text, "?")
	switch {
	case found && base != "":
		if !strings.Contains(base, "://") {
			return "", "That is no URL. Please paste the whole address, beginning with its scheme:"
		}
	case found, strings.Contains(text, "="):
		base, query = redirectURI, strings.TrimPrefix(text, "?")
	default:
		return "", "That address has no answer in it. Please paste the one that the browser shows at the very end:"
	}
	values, err := url.ParseQuery(query)
	switch {
	case err != nil || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", "That address is damaged. Please copy it again:"
	case !values.Has("code") && !values.Has("error"):
		return "", "That address has no answer in it. Please paste the one that the browser shows at the very end:"
	case !isAnswer(values, state):
		return "", "That answer belongs to another sign-in, or is cut off. Please open the URL above and copy again:"
	}
	return base + "?" + query, ""
}

// readPasted reads one line byte by byte: what follows it is not this package's to take. Of a line that is too long
// nothing is kept.
func readPasted(in io.Reader) pasted {
	var line []byte
	for length := 1; ; length++ {
		var next [1]byte
		_, err := io.ReadFull(in, next[:])
		switch {
		case err != nil:
			return pasted{text: string(line), err: err}
		case next[0] == '\n':
			return pasted{text: strings.TrimSuffix(string(line), "\r")}
		case length > pasteLimit:
			line = nil
		default:
			line = append(line, next[0])
		}
	}
}
