// Browser: as.Authorize and the login page that it fills in.

package flowstest

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// A PageError says that the authorization endpoint showed a page instead of
// redirecting to the client.
type PageError struct {
	Status int
	Body   string
}

// Error returns the status and the beginning of the page.
func (e *PageError) Error() string {
	return fmt.Sprintf("flowstest: authorize: no redirect but status %d: %.200s", e.Status, e.Body)
}

var loginAction = regexp.MustCompile(`<form method="post" action="([^"]*)"><input type="hidden" name="login" value="([^"]*)">`)

// Authorize plays the browser and its user: it opens an authorization URL,
// which may be that of any server, presses the button of a [ServerConfig]
// LoginPage, and returns the redirect URL byte for byte, without visiting it.
// When there is no redirect the error is a [*PageError].
func (s *AuthorizationServer) Authorize(ctx context.Context, authorizationURL string) (callback string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, authorizationURL, nil)
	if err != nil {
		return "", fmt.Errorf("flowstest: authorize: %w", err)
	}
	status, location, page, err := s.visit(request)
	if err != nil || location != "" {
		return location, err
	}
	form := loginAction.FindStringSubmatch(page)
	if form == nil {
		return "", &PageError{Status: status, Body: page}
	}
	body := url.Values{"login": {html.UnescapeString(form[2])}}.Encode()
	request, err = http.NewRequestWithContext(ctx, http.MethodPost, html.UnescapeString(form[1]), strings.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("flowstest: authorize: %w", err)
	}
	request.Header.Set("Content-Type", mediaForm)
	status, location, page, err = s.visit(request)
	if err == nil && location == "" {
		err = &PageError{Status: status, Body: page}
	}
	return location, err
}

// visit sends a request without following redirects.
func (s *AuthorizationServer) visit(request *http.Request) (status int, location, page string, err error) {
	response, err := s.client.Transport.RoundTrip(request)
	if err != nil {
		return 0, "", "", fmt.Errorf("flowstest: authorize: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode/100 == 3 {
		location = response.Header.Get("Location")
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxRecorded))
	if err != nil {
		return 0, "", "", fmt.Errorf("flowstest: authorize: %w", err)
	}
	return response.StatusCode, location, string(body), nil
}

// loginPage shows a page with a button.
func (x *exchange) loginPage(form url.Values) {
	id := randomString("login-")
	x.store.mu.Lock()
	x.store.logins[id] = cloneValues(form)
	x.store.mu.Unlock()
	x.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	x.w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprintf(x.w, `<!DOCTYPE html><title>Log in</title><h1>Allow %s?</h1>`+
		`<form method="post" action="%s"><input type="hidden" name="login" value="%s"><button>Allow</button></form>`,
		html.EscapeString(form.Get("client_id")), html.EscapeString(x.endpoint(x.config, kindLogin)), html.EscapeString(id))
}

// login goes on when the button was pressed.
func (x *exchange) login() {
	if !x.allow(http.MethodPost) {
		return
	}
	id := x.r.PostFormValue("login")
	x.store.mu.Lock()
	form, ok := x.store.logins[id]
	delete(x.store.logins, id)
	x.store.mu.Unlock()
	if !ok {
		x.page(refuse(errInvalidRequest, "the login is unknown"))
		return
	}
	x.conclude(form)
}
