package sdk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"time"
)

const pasteURL = "https://as.example/authorize?client_id=c&state=the-state"

func preparePaste(t *testing.T, p *Paste, registered ...string) Attempt {
	t.Helper()
	attempt, err := p.Prepare(t.Context(), registered)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attempt.Close() })
	return attempt
}

// pasteCases are what people paste.
var pasteCases = map[string]struct{ text, want string }{
	"URL":                 {"http://127.0.0.1:42813/callback?code=s3cret&state=the-state", "http://127.0.0.1:42813/callback?code=s3cret&state=the-state"},
	"another base":        {"https://app.example/cb?state=the-state&code=s3cret", "https://app.example/cb?state=the-state&code=s3cret"},
	"query":               {"code=s3cret&state=the-state", pasteRedirectURI + "?code=s3cret&state=the-state"},
	"query with its mark": {"?code=s3cret&state=the-state", pasteRedirectURI + "?code=s3cret&state=the-state"},
	"repeated":            {"?state=the-state&code=s3cret&code=2&iss=https://as.example", pasteRedirectURI + "?state=the-state&code=s3cret&code=2&iss=https://as.example"},
	"error":               {"?error=access_denied&state=the-state", pasteRedirectURI + "?error=access_denied&state=the-state"},
	"quotes and space":    {"  '<?code=s3cret&state=the-state>' \t", pasteRedirectURI + "?code=s3cret&state=the-state"},
	"fragment":            {"?code=s3cret&state=the-state#_=_", pasteRedirectURI + "?code=s3cret&state=the-state"},
	"authorization URL":   {pasteURL, ""},
	"code alone":          {"s3cret", ""},
	"other state":         {"?code=s3cret&state=other", ""},
	"cut off":             {"http://127.0.0.1:42813/callback?code=s3cret&sta", ""},
	"no answer":           {"http://127.0.0.1:42813/callback", ""},
	"control sequence":    {"?code=s3cret&state=the-state&\x1b[2J", ""},
	"bad escape":          {"?code=s3cret%zz&state=the-state", ""},
	"space inside":        {"?code=s3cret &state=the-state", ""},
	"no scheme":           {"127.0.0.1:42813/callback?code=s3cret&state=the-state", ""},
}

// AUTHZ-10: the answer is read from what was pasted; what is none is asked for again, and never repeated.
func TestPaste(t *testing.T) {
	for name, c := range pasteCases {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			in := strings.NewReader("\r\n" + c.text + "\r\nnext line")
			got, err := preparePaste(t, &Paste{In: in, Out: &out}).Authorize(t.Context(), pasteURL)
			if got != c.want || (err == nil) != (c.want != "") || c.want == "" && !errors.Is(err, ErrNoCallback) {
				t.Errorf("Authorize = %q, error %v, want %q", got, err, c.want)
			}
			if c.want != "" && in.Len() != len("next line") {
				t.Errorf("%d bytes are left, want those of the next line", in.Len())
			}
			printed := out.String()
			if err != nil {
				printed += err.Error()
			}
			if !strings.Contains(printed, "\n  "+pasteURL+"\n") || strings.Contains(printed, "s3cret") || strings.Contains(printed, "\x1b") {
				t.Errorf("printed %q", printed)
			}
		})
	}
}

func TestPasteAsksAgain(t *testing.T) {
	var out bytes.Buffer
	long := "?code=1&state=the-state&pad=" + strings.Repeat("x", 10*pasteLimit)
	in := strings.NewReader("what?\n?code=1&state=old\n" + long + "\n" + long + "?code=1&state=the-state\n?code=2&state=the-state")
	got, err := preparePaste(t, &Paste{In: in, Out: &out}).Authorize(t.Context(), pasteURL)
	if want := pasteRedirectURI + "?code=2&state=the-state"; got != want || err != nil {
		t.Errorf("Authorize = %q, error %v, want %q", got, err, want)
	}
	// It does not ask for ever.
	in = strings.NewReader(strings.Repeat("no\n", 1000))
	if _, err := preparePaste(t, &Paste{In: in, Out: &out}).Authorize(t.Context(), pasteURL); !errors.Is(err, ErrNoCallback) {
		t.Errorf("a thousand wrong lines: error %v, want ErrNoCallback", err)
	}
}

func TestPasteRedirectURI(t *testing.T) {
	for name, c := range map[string]struct {
		paste      *Paste
		registered []string
		want       string
	}{
		"zero value":    {&Paste{}, nil, pasteRedirectURI},
		"registered":    {&Paste{}, []string{"http://localhost:1/cb", "https://app.example/cb"}, "http://localhost:1/cb"},
		"set":           {&Paste{RedirectURI: "https://app.example/cb"}, []string{"http://localhost:1/cb"}, "https://app.example/cb"},
		"not for us":    {&Paste{}, []string{"com.example:/cb", "http://192.0.2.1/"}, pasteRedirectURI},
		"not a web URL": {&Paste{RedirectURI: "urn:ietf:wg:oauth:2.0:oob"}, nil, ""},
	} {
		attempt, err := c.paste.Prepare(t.Context(), c.registered)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			continue
		}
		if err != nil || attempt.RedirectURI() != c.want {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}

// AUTHZ-10, SEC-5
func TestPasteRefusesURL(t *testing.T) {
	for _, raw := range refusedURLs {
		var out bytes.Buffer
		attempt := preparePaste(t, &Paste{In: strings.NewReader("?code=1&state="), Out: &out})
		if _, err := attempt.Authorize(t.Context(), raw); err == nil || out.Len() != 0 {
			t.Errorf("%q: error %v, printed %q", raw, err, out.String())
		}
	}
}

// A waiter leaves on its context; the line that comes later serves the next attempt, and no line is lost.
func TestPasteCancel(t *testing.T) {
	in, keyboard := io.Pipe()
	p := &Paste{In: in, Out: io.Discard}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := preparePaste(t, p).Authorize(ctx, pasteURL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want context.DeadlineExceeded", err)
	}
	closed := preparePaste(t, p)
	go func() { _ = closed.Close() }()
	if _, err := closed.Authorize(t.Context(), pasteURL); err == nil {
		t.Error("a closed attempt waits on")
	}
	go func() { _, _ = io.WriteString(keyboard, "?code=1&state=the-state\n?code=2&state=the-state\n") }()
	for _, want := range []string{"?code=1&state=the-state", "?code=2&state=the-state"} {
		got, err := preparePaste(t, p).Authorize(t.Context(), pasteURL)
		if err != nil || !strings.HasSuffix(got, want) {
			t.Errorf("Authorize = %q, error %v, want %s", got, err, want)
		}
	}
}

// One attempt reads at a time; who waits for its turn leaves on its own context.
func TestPasteTakesTurns(t *testing.T) {
	in, keyboard := io.Pipe()
	p := &Paste{In: in, Out: io.Discard}
	first := preparePaste(t, p)
	p.turn <- struct{}{} // another attempt reads
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := first.Authorize(ctx, pasteURL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want context.DeadlineExceeded", err)
	}
	second := preparePaste(t, p)
	go func() { _ = second.Close() }()
	if _, err := second.Authorize(t.Context(), pasteURL); err == nil {
		t.Error("a closed attempt waits on")
	}
	<-p.turn
	go func() { _, _ = io.WriteString(keyboard, "?code=1&state=the-state\n") }()
	if _, err := preparePaste(t, p).Authorize(t.Context(), pasteURL); err != nil {
		t.Error(err)
	}
}

// brokenStream fails at each use.
type brokenStream struct{}

var errBrokenStream = errors.New("broken stream")

func (brokenStream) Read([]byte) (int, error)  { return 0, errBrokenStream }
func (brokenStream) Write([]byte) (int, error) { return 0, errBrokenStream }

func TestPasteBrokenStreams(t *testing.T) {
	if _, err := preparePaste(t, &Paste{In: brokenStream{}, Out: io.Discard}).Authorize(t.Context(), pasteURL); !errors.Is(err, errBrokenStream) {
		t.Errorf("In: error %v", err)
	}
	if _, err := preparePaste(t, &Paste{In: strings.NewReader(""), Out: brokenStream{}}).Authorize(t.Context(), pasteURL); !errors.Is(err, errBrokenStream) {
		t.Errorf("Out: error %v", err)
	}
}

// What is accepted is a URL in plain ASCII whose query has the state and an answer.
func FuzzPaste(f *testing.F) {
	for _, c := range pasteCases {
		f.Add(c.text, "the-state")
	}
	f.Add("?code=1", "")
	f.Fuzz(func(t *testing.T, text, state string) {
		callback, hint := parsePasted(text, pasteRedirectURI, state)
		if (callback == "") == (hint == "") {
			t.Fatalf("callback %q and hint %q", callback, hint)
		}
		if hint != "" {
			return
		}
		_, query, _ := strings.Cut(callback, "?")
		values, err := url.ParseQuery(query)
		if err != nil || !isAnswer(values, state) || !values.Has("code") && !values.Has("error") {
			t.Errorf("%q is accepted as %q: %v", text, callback, err)
		}
		if strings.ContainsFunc(callback, func(r rune) bool { return r <= ' ' || r > '~' }) || strings.Contains(callback, "#") {
			t.Errorf("%q is accepted as %q", text, callback)
		}
	})
}
