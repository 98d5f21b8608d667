package sdk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

const loopbackURL = "https://as.example/authorize?client_id=c&state=the-state"

// prepare returns an attempt of l that is closed at the end of the test.
func prepare(t *testing.T, l *Loopback, registered ...string) Attempt {
	t.Helper()
	attempt, err := l.Prepare(t.Context(), registered)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attempt.Close() })
	return attempt
}

// freePort returns a port that was free on all addresses of localhost a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	bound, err := loopbackAddress{host: "localhost"}.listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, listener := range bound.listeners {
		_ = listener.Close()
	}
	return bound.port
}

// isFree tells whether the port is free on all addresses of localhost still.
func isFree(t *testing.T, port int) bool {
	t.Helper()
	bound, err := loopbackAddress{host: "localhost", port: port}.listen(t.Context())
	if err != nil {
		return false
	}
	for _, listener := range bound.listeners {
		_ = listener.Close()
	}
	return true
}

func occupy(t *testing.T, port int) net.Listener {
	t.Helper()
	listener, err := listenAt(t.Context(), "127.0.0.1", port)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

// visit sends a request as a browser does and returns status, header and page.
func visit(method, target, host string) (*http.Response, string, error) {
	req, err := http.NewRequest(method, target, nil)
	if err != nil {
		return nil, "", err
	}
	req.Host = host
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	return resp, string(page), err
}

// AUTHZ-9: the answer comes back as it was received, and the person sees a page of fixed text.
func TestLoopbackReceives(t *testing.T) {
	for name, c := range map[string]struct{ query, title string }{
		"code":              {"code=<script>&state=the-state&iss=https%3A%2F%2Fas.example", "Sign-in received"},
		"repeated":          {"state=the-state&code=1&code=2&x=%zz&state=other", "Sign-in received"},
		"error":             {"error=access_denied&error_description=<b>no&state=the-state", "Sign-in not completed"},
		"code and error":    {"code=1&error=access_denied&state=the-state", "Sign-in not completed"},
		"state and no more": {"state=the-state", "Sign-in not completed"},
	} {
		t.Run(name, func(t *testing.T) {
			var attempt Attempt
			seen := make(chan error, 1)
			attempt = prepare(t, &Loopback{Open: func(_ context.Context, target string) error {
				if target != loopbackURL {
					t.Errorf("opened %q", target)
				}
				resp, page, err := visit("GET", attempt.RedirectURI()+"?"+c.query, "")
				if err == nil {
					err = checkPage(resp, page, 200, c.title)
				}
				seen <- err
				return nil
			}})
			got, err := attempt.Authorize(t.Context(), loopbackURL)
			if want := attempt.RedirectURI() + "?" + c.query; got != want || err != nil {
				t.Errorf("Authorize = %q, error %v, want %q", got, err, want)
			}
			if err := <-seen; err != nil {
				t.Errorf("page: %v", err)
			}
			if _, _, err := visit("GET", attempt.RedirectURI(), ""); err == nil {
				t.Error("the listener is open after the answer")
			}
		})
	}
}

// checkPage returns an error unless the page is private, loads nothing and repeats nothing of the request.
func checkPage(resp *http.Response, page string, status int, title string) error {
	var errs []error
	if resp.StatusCode != status || !strings.Contains(page, "<h1>"+title+"</h1>") {
		errs = append(errs, fmt.Errorf("status %d, page %s", resp.StatusCode, page))
	}
	for name, want := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; ",
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "no-referrer",
		"X-Content-Type-Options":  "nosniff",
	} {
		if got := resp.Header.Get(name); !strings.HasPrefix(got, want) {
			errs = append(errs, fmt.Errorf("%s: %q, want %q", name, got, want))
		}
	}
	for _, foreign := range []string{"script", "src=", "href=", "url(", "://", "access_denied", "<b>", "the-state"} {
		if strings.Contains(page, foreign) {
			errs = append(errs, fmt.Errorf("page contains %q: %s", foreign, page))
		}
	}
	return errors.Join(errs...)
}

// AUTHZ-9: strays get an answer and do not end the wait.
func TestLoopbackStrays(t *testing.T) {
	const good = "?code=c&state=the-state"
	port := strconv.Itoa(freePort(t))
	l := &Loopback{Path: "/cb/x"}
	l.Port, _ = strconv.Atoi(port)
	strays := map[string]struct {
		method, target, host string
		status               int
	}{
		"icon":              {"GET", "/favicon.ico", "", 404},
		"root":              {"GET", "/" + good, "", 404},
		"path below":        {"GET", "/cb/x/y" + good, "", 404},
		"slash":             {"GET", "/cb/x/" + good, "", 404},
		"escaped path":      {"GET", "/cb%2Fx" + good, "", 404},
		"other state":       {"GET", "/cb/x?code=c&state=the-state2", "", 400},
		"prefix of state":   {"GET", "/cb/x?code=c&state=the", "", 400},
		"empty state":       {"GET", "/cb/x?code=c&state=", "", 400},
		"no state":          {"GET", "/cb/x?error=access_denied", "", 400},
		"nothing":           {"GET", "/cb/x", "", 400},
		"POST":              {"POST", "/cb/x" + good, "", 405},
		"HEAD":              {"HEAD", "/cb/x" + good, "", 405},
		"DNS rebinding":     {"GET", "/cb/x" + good, "evil.example:" + port, 403},
		"other name of us":  {"GET", "/cb/x" + good, "localhost:" + port, 403},
		"other port":        {"GET", "/cb/x" + good, "127.0.0.1:1", 403},
		"no port":           {"GET", "/cb/x" + good, "127.0.0.1", 403},
		"header of 100 KiB": {"GET", "/cb/x" + good + strings.Repeat("&a=b", 25<<10), "", 431},
	}
	visited := make(chan struct{})
	l.Open = func(context.Context, string) error {
		defer close(visited)
		origin := "http://127.0.0.1:" + port
		for name, stray := range strays {
			resp, page, err := visit(stray.method, origin+stray.target, stray.host)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if resp.StatusCode != stray.status || strings.Contains(page, "the-state") {
				t.Errorf("%s: status %d, want %d; page %s", name, resp.StatusCode, stray.status, page)
			}
		}
		_, _, err := visit("GET", origin+"/cb/x"+good, "")
		return err
	}
	got, err := prepare(t, l).Authorize(t.Context(), loopbackURL)
	<-visited
	if want := "http://127.0.0.1:" + port + "/cb/x" + good; got != want || err != nil {
		t.Errorf("Authorize = %q, error %v, want %q", got, err, want)
	}
}

// flushed is a ResponseWriter that tells what its Flush finds.
type flushed struct {
	*httptest.ResponseRecorder
	flush func(page string)
}

func (f flushed) Flush() { f.flush(f.Body.String()) }

// AUTHZ-9: the page is with the browser before the answer ends the wait, and the connection with it.
func TestLoopbackPageGoesFirst(t *testing.T) {
	attempt := newLoopbackAttempt(&Loopback{}, &loopbackBound{loopbackAddress: loopbackAddress{host: "localhost", port: 80}})
	var flushes int
	w := flushed{httptest.NewRecorder(), func(page string) {
		flushes++
		if !strings.HasSuffix(page, "</html>\n") || len(attempt.answers) != 0 {
			t.Errorf("flushed %q with %d answers delivered", page, len(attempt.answers))
		}
	}}
	attempt.receive(w, httptest.NewRequest(http.MethodGet, "http://localhost/?code=c&state=s", nil), "s")
	if flushes != 1 || len(attempt.answers) != 1 {
		t.Errorf("%d flushes, %d answers, want one of each", flushes, len(attempt.answers))
	}
}

// With a pushed request the URL has no state, and what looks like an answer is one.
func TestLoopbackWithoutState(t *testing.T) {
	var attempt Attempt
	attempt = prepare(t, &Loopback{Open: func(context.Context, string) error {
		if resp, _, err := visit("GET", attempt.RedirectURI()+"?state=s", ""); err != nil || resp.StatusCode != 400 {
			t.Errorf("neither code nor error: %v", err)
		}
		_, _, err := visit("GET", attempt.RedirectURI()+"?code=c&state=s", "")
		return err
	}})
	got, err := attempt.Authorize(t.Context(), "https://as.example/authorize?client_id=c&request_uri=urn:x")
	if err != nil || !strings.HasSuffix(got, "?code=c&state=s") {
		t.Errorf("Authorize = %q, error %v", got, err)
	}
}

// What ends the wait without an answer, each with its error, and the listener with it.
func TestLoopbackEnds(t *testing.T) {
	nothing := func(context.Context, string) error { return nil }
	broken := errors.New("no browser here")
	for name, c := range map[string]struct {
		loopback *Loopback
		end      func(cancel context.CancelFunc, attempt Attempt)
		want     error
	}{
		"time":       {&Loopback{Open: nothing, Timeout: time.Millisecond}, nil, ErrNoCallback},
		"cancel":     {&Loopback{Open: nothing}, func(cancel context.CancelFunc, _ Attempt) { cancel() }, context.Canceled},
		"no limit":   {&Loopback{Open: nothing, Timeout: -1}, func(cancel context.CancelFunc, _ Attempt) { cancel() }, context.Canceled},
		"close":      {&Loopback{Open: nothing}, func(_ context.CancelFunc, a Attempt) { _ = a.Close() }, nil},
		"no browser": {&Loopback{Open: func(context.Context, string) error { return broken }}, nil, broken},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			attempt := prepare(t, c.loopback)
			if c.end != nil {
				go c.end(cancel, attempt)
			}
			got, err := attempt.Authorize(ctx, loopbackURL)
			if got != "" || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("Authorize = %q, error %v, want %v", got, err, c.want)
			}
			if strings.Contains(err.Error(), "the-state") {
				t.Errorf("error %v shows the URL", err)
			}
			if _, _, err := visit("GET", attempt.RedirectURI(), ""); err == nil {
				t.Error("the listener is open")
			}
			if _, err := attempt.Authorize(ctx, loopbackURL); err == nil {
				t.Error("a second Authorize begins")
			}
		})
	}
}

// AUTHZ-10: where no browser opens, a person who was shown the URL goes on.
func TestLoopbackShowsURL(t *testing.T) {
	var attempt Attempt
	var out bytes.Buffer
	failed := make(chan struct{})
	l := &Loopback{
		Out:  &out,
		Open: func(context.Context, string) error { close(failed); return errors.New("no browser") },
	}
	l.Notify = func(target string) {
		if target != loopbackURL {
			t.Errorf("Notify(%q)", target)
		}
		go func() {
			<-failed
			_, _, _ = visit("GET", attempt.RedirectURI()+"?code=c&state=the-state", "")
		}()
	}
	attempt = prepare(t, l)
	if _, err := attempt.Authorize(t.Context(), loopbackURL); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\n  "+loopbackURL+"\n") {
		t.Errorf("printed %q", out.String())
	}
}

// AUTHZ-10, SEC-5: a URL that no browser should get is neither opened nor shown.
func TestLoopbackRefusesURL(t *testing.T) {
	for _, raw := range refusedURLs {
		var out bytes.Buffer
		l := &Loopback{Out: &out, Timeout: time.Millisecond, Open: func(_ context.Context, target string) error {
			t.Errorf("opened %q", target)
			return nil
		}}
		if _, err := prepare(t, l).Authorize(t.Context(), raw); err == nil {
			t.Errorf("Authorize(%q): no error", raw)
		}
		if out.Len() != 0 {
			t.Errorf("printed %q", out.String())
		}
	}
}

// What plays the browser has time to read the page: its context ends with the attempt.
func TestLoopbackOpenContext(t *testing.T) {
	var attempt Attempt
	inAuthorize, ended := make(chan struct{}), make(chan error, 1)
	attempt = prepare(t, &Loopback{Open: func(ctx context.Context, _ string) error {
		_, _, err := visit("GET", attempt.RedirectURI()+"?code=c&state=the-state", "")
		if err != nil {
			t.Error(err)
		}
		<-inAuthorize
		if ctx.Err() != nil {
			t.Error("the context of Open ended before the attempt was closed")
		}
		_ = attempt.Close()
		<-ctx.Done()
		ended <- ctx.Err()
		return nil
	}})
	if _, err := attempt.Authorize(t.Context(), loopbackURL); err != nil {
		t.Fatal(err)
	}
	close(inAuthorize)
	<-ended
}

func TestLoopbackCloseTwice(t *testing.T) {
	attempt := prepare(t, &Loopback{})
	target, err := url.Parse(attempt.RedirectURI())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := attempt.Close(); err != nil {
			t.Error(err)
		}
	}
	port, _ := strconv.Atoi(target.Port())
	occupy(t, port)
}
