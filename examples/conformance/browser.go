// The browser: a user who approves everything, without a window.

package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// redirectURI is where nobody listens: the browser reads the redirect instead
// of following it.
const redirectURI = "http://localhost:3000/callback"

// browser is an Authorizer for servers that redirect at once.
type browser struct{}

// Prepare implements [sdk.Authorizer].
func (browser) Prepare(context.Context, []string) (sdk.Attempt, error) {
	return visit{}, nil
}

type visit struct{}

// RedirectURI implements [sdk.Attempt].
func (visit) RedirectURI() string { return redirectURI }

// Authorize implements [sdk.Attempt]. The redirect goes to the library whole:
// what is dropped here, it could not check.
func (visit) Authorize(ctx context.Context, authorizationURL string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, authorizationURL, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	if err := resp.Body.Close(); err != nil {
		return "", err
	}
	callback := resp.Header.Get("Location")
	if callback == "" {
		return "", fmt.Errorf("the authorization endpoint answered %s without a redirect", resp.Status)
	}
	return callback, nil
}

// Close implements [sdk.Attempt].
func (visit) Close() error { return nil }
