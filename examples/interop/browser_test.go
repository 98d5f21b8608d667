// Browser: what a person does with a browser, without either.

package interop

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// browser follows redirects and keeps cookies. Its user agrees to everything.
type browser struct {
	agent  string
	client *http.Client

	mu        sync.Mutex // guards what follows
	visits    int        // of authorization URLs
	callbacks []*url.URL // the last URL of each visit
}

func newBrowser(t *testing.T, agent string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{agent: agent, client: &http.Client{Jar: jar, Transport: network}}
}

// open visits an authorization URL, to the end of its redirects.
func (b *browser) open(ctx context.Context, authorizationURL string) error {
	b.mu.Lock()
	b.visits++
	b.mu.Unlock()
	_, err := b.visit(ctx, authorizationURL)
	return err
}

// visit returns the page at the end.
func (b *browser) visit(ctx context.Context, page string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return "", err
	}
	return b.do(req)
}

func (b *browser) do(req *http.Request) (string, error) {
	req.Header.Set("User-Agent", b.agent)
	res, err := b.client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	b.callbacks = append(b.callbacks, res.Request.URL)
	b.mu.Unlock()
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the browser ended at %s: %s", res.Request.URL.Path, res.Status)
	}
	return string(body), nil
}

// logins tells how often a person was asked.
func (b *browser) logins() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.visits
}

// callback returns the last answer that came to the client.
func (b *browser) callback(t *testing.T) url.Values {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.callbacks) == 0 {
		t.Fatal("the browser was never sent back")
	}
	return b.callbacks[len(b.callbacks)-1].Query()
}

// hidden are the fields that a page of the provider sends back.
var hidden = regexp.MustCompile(`<input type="hidden" name="(\w+)" value="([^"]*)"`)

// enter types a user code into the verification page and answers what it asks.
func (b *browser) enter(ctx context.Context, verification, code string, abort bool) error {
	page, err := b.visit(ctx, verification)
	if err != nil {
		return err
	}
	form := fields(page)
	form.Set("user_code", code)
	if page, err = b.post(ctx, verification, form); err != nil {
		return err
	}
	form = fields(page)
	if abort {
		form.Del("confirm")
		form.Set("abort", "yes")
	}
	_, err = b.post(ctx, verification, form)
	return err
}

func fields(page string) url.Values {
	form := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(page, -1) {
		form.Set(field[1], field[2])
	}
	return form
}

func (b *browser) post(ctx context.Context, page string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(req)
}

// stopAt visits an authorization URL up to the redirect to where nobody
// listens, and returns that.
func (b *browser) stopAt(t *testing.T, redirectURI, authorizationURL string) string {
	t.Helper()
	callback := ""
	stopping := *b.client
	stopping.CheckRedirect = func(req *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(req.URL.String(), redirectURI+"?") {
			callback = req.URL.String()
			return http.ErrUseLastResponse
		}
		return nil
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, authorizationURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", b.agent)
	res, err := stopping.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if callback == "" {
		t.Fatalf("the browser ended at %s: %s", res.Request.URL.Path, res.Status)
	}
	return callback
}
