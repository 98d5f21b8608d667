// Operations over loopback: what is sent, and what becomes of each answer.

package gen_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

const tokenJSON = `{"access_token":"new","token_type":"Bearer","expires_in":60}`

// recorded is what a test server saw.
type recorded struct {
	method, uri, host, body string
	header                  http.Header
}

// serve answers every request alike and keeps the last one.
func serve(t *testing.T, status int, mediaType, body string) (endpoint string, seen *recorded) {
	t.Helper()
	seen = new(recorded)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		*seen = recorded{r.Method, r.RequestURI, r.Host, string(text), r.Header.Clone()}
		if mediaType != "" {
			w.Header().Set("Content-Type", mediaType)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL, seen
}

func responseError(t *testing.T, err error) *gen.ResponseError {
	t.Helper()
	refusal := new(gen.ResponseError)
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v, want a *ResponseError", err)
	}
	return refusal
}

// The endpoint is used as it is, query included; Host follows it; lists are repeated keys (AUTHZ-2, AUTHZ-5).
func TestFormOperation(t *testing.T) {
	server, seen := serve(t, 201, "application/json; charset=utf-8", tokenJSON)
	client := &gen.Client{Header: http.Header{"User-Agent": {"test/1"}, "Mcp-Protocol-Version": {"2026-07-28"}}}
	request := &gen.RefreshTokenRequest{RefreshToken: "old", Resource: []string{"https://a.example/mcp", "https://b.example"}}
	got, err := client.RefreshAccessToken(t.Context(), server+"/t/token?tenant=1&x=%2f#fragment", request,
		func(header http.Header, form url.Values) error {
			header.Set("Authorization", "Basic eDp5")
			form.Set("audience", "z")
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if got.StatusCode != 201 || got.Document.AccessToken != "new" || string(got.Body) != tokenJSON || got.URL != server+"/t/token?tenant=1&x=%2f" {
		t.Errorf("%+v %s", got, got.Body)
	}
	want := recorded{method: "POST", uri: "/t/token?tenant=1&x=%2f", host: strings.TrimPrefix(server, "http://"),
		body: "audience=z&grant_type=refresh_token&refresh_token=old&resource=https%3A%2F%2Fa.example%2Fmcp&resource=https%3A%2F%2Fb.example"}
	header := seen.header
	seen.header = nil
	if fmt.Sprint(*seen) != fmt.Sprint(want) {
		t.Errorf("sent %+v, want %+v", *seen, want)
	}
	for name, value := range map[string]string{ // DISC-15
		"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded", "User-Agent": "test/1",
		"Mcp-Protocol-Version": "2026-07-28", "Authorization": "Basic eDp5",
	} {
		if got := header[name]; len(got) != 1 || got[0] != value {
			t.Errorf("%s: %q, want %q", name, got, value)
		}
	}
	if len(client.Header) != 2 {
		t.Error("the client's header was changed")
	}
}

func TestJSONOperation(t *testing.T) {
	server, seen := serve(t, 201, "application/json", `{"client_id":"abc","client_name":null}`)
	var client *gen.Client // nil is ready for use
	got, err := client.RegisterClient(t.Context(), server, &gen.ClientMetadata{ClientName: "n", RedirectURIs: []string{"http://127.0.0.1/cb"}},
		func(header http.Header, form url.Values) error {
			if form != nil {
				t.Error("a form in a JSON operation")
			}
			header.Set("Authorization", "Bearer initial")
			return nil
		})
	if err != nil || got.Document.ClientID != "abc" || len(got.Report.Problems) != 1 {
		t.Fatal(err, got)
	}
	if seen.body != `{"client_name":"n","redirect_uris":["http://127.0.0.1/cb"]}` || seen.header.Get("Content-Type") != "application/json" {
		t.Errorf("%+v", seen) // REG-4: no nulls
	}
	if _, err := client.DeleteClient(t.Context(), server); responseError(t, err).StatusCode != 201 || seen.method != "DELETE" || seen.header.Get("Content-Type") != "" {
		t.Errorf("%v %+v", err, seen)
	}
	if _, err := client.UpdateClient(t.Context(), server, &gen.ClientUpdateRequest{ClientID: "abc"}); responseError(t, err) == nil || seen.method != "PUT" {
		t.Errorf("%+v", seen)
	}
}

// TOK-3: 200 and 201; the media type decides whether a body is read as JSON (TOK-4 is for the caller, who has the body).
func TestAnswers(t *testing.T) {
	const oauthError = `{"error":"invalid_grant","error_description":"gone\n\u001b[31m"}`
	tests := []struct {
		status          int
		mediaType, body string
		want            string // of the error, without operation and URL; "" for success
		oauth           string
	}{
		{200, "application/json", tokenJSON, "", ""},
		{201, "APPLICATION/JSON;charset=UTF-8", tokenJSON, "", ""},
		{200, "application/token+json", tokenJSON, "", ""},
		{200, "application/json; charset=utf-8; =", tokenJSON, "", ""},
		{202, "application/json", tokenJSON, "status 202", ""},
		{200, "text/plain", tokenJSON, `status 200: media type "text/plain"`, ""},
		{200, "application/x-www-form-urlencoded", "access_token=gho_secret", `status 200: media type "application/x-www-form-urlencoded"`, ""},
		{502, "text/html", "<html>new bad gateway</html>", "status 502", ""},
		{400, "application/json", oauthError, `status 400: invalid_grant: gone\n\x1b[31m`, "invalid_grant"},
		{400, "text/plain", oauthError, `status 400: invalid_grant: gone\n\x1b[31m`, "invalid_grant"},
		{200, "application/json", `{"ok":false,"error":"invalid_code"}`, "status 200: TokenResponse: /access_token: missing (offset 35): invalid_code", "invalid_code"},
		{200, "application/json", `{"access_token":"a","access_token":"b"}`, "status 200: TokenResponse: /access_token: duplicate member (offset 35)", ""},
		{200, "application/json", "[]", "status 200: TokenResponse: type: want an object, got an array (offset 0)", ""},
		{200, "application/json", "", "status 200: TokenResponse: syntax: unexpected end (offset 0)", ""},
		{302, "text/html", "", "status 302", ""},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status, test.mediaType, test.body), func(t *testing.T) {
			server, _ := serve(t, test.status, test.mediaType, test.body)
			got, err := new(gen.Client).ExchangeToken(t.Context(), server+"/t?key=value", &gen.TokenExchangeRequest{SubjectToken: "subject"})
			if test.want == "" {
				if err != nil || got.Document.AccessToken != "new" {
					t.Error(err, got)
				}
				return
			}
			refusal := responseError(t, err)
			if want := "gen: exchangeToken: " + server + "/t: " + test.want; err.Error() != want {
				t.Errorf("%s, want %s", err, want)
			}
			if refusal.StatusCode != test.status || string(refusal.Body) != test.body || refusal.Header.Get("Content-Type") != test.mediaType {
				t.Errorf("%+v", *refusal)
			}
			if code := refusal.OAuth; (code == nil) != (test.oauth == "") || code != nil && code.Code != test.oauth {
				t.Errorf("OAuth error %+v", code)
			}
		})
	}
}

func TestMissingMediaType(t *testing.T) {
	doer := doerFunc(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Request: r, Body: io.NopCloser(strings.NewReader(tokenJSON))}, nil
	})
	_, err := (&gen.Client{Doer: doer}).ExchangeToken(t.Context(), "https://as.example/t", &gen.TokenExchangeRequest{})
	if refusal := responseError(t, err); string(refusal.Body) != tokenJSON {
		t.Error(err)
	}
}

func TestIgnoredBody(t *testing.T) {
	server, seen := serve(t, 200, "text/html", "whatever")
	got, err := new(gen.Client).RevokeToken(t.Context(), server, &gen.RevocationRequest{Token: "t"})
	if err != nil || got.Document != nil || seen.body != "token=t" {
		t.Error(err, got, seen)
	}
}

// SEC-3: a body of 100 MB ends quickly, before anything else looks at it.
func TestLongBody(t *testing.T) {
	var written atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		chunk := make([]byte, 64<<10)
		for range 100 << 20 / len(chunk) {
			n, err := w.Write(chunk)
			written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}))
	_, err := new(gen.Client).GetJWKSet(t.Context(), server.URL)
	server.Close()
	refusal := responseError(t, err)
	if tooBig := (*http.MaxBytesError)(nil); !errors.As(err, &tooBig) || tooBig.Limit != gen.MaxSize {
		t.Error(err)
	}
	if len(refusal.Body) > 4<<10 || written.Load() > 50<<20 {
		t.Errorf("%d bytes kept, %d written", len(refusal.Body), written.Load())
	}
	short, _ := serve(t, 200, "application/json", tokenJSON)
	_, err = (&gen.Client{MaxBody: 10}).ExchangeToken(t.Context(), short, &gen.TokenExchangeRequest{})
	if tooBig := (*http.MaxBytesError)(nil); !errors.As(err, &tooBig) || tooBig.Limit != 10 {
		t.Error(err)
	}
}

// SEC-1: no redirect of a POST; a GET stays within its origin, for a few hops.
func TestRedirects(t *testing.T) {
	var stolen atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { stolen.Add(1) }))
	t.Cleanup(thief.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"keys":[]}`)
		case "/away":
			http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		default:
			http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
		}
	}))
	t.Cleanup(server.Close)
	client := new(gen.Client)
	for _, path := range []string{"/away", "/near"} {
		_, err := client.ExchangeAuthorizationCode(t.Context(), server.URL+path, &gen.AuthorizationCodeTokenRequest{Code: "c"})
		if responseError(t, err).StatusCode != http.StatusTemporaryRedirect {
			t.Error(path, err)
		}
		_, err = client.RegisterClient(t.Context(), server.URL+path, &gen.ClientMetadata{})
		if responseError(t, err).StatusCode != http.StatusTemporaryRedirect {
			t.Error(path, err)
		}
	}
	if got, err := client.GetJWKSet(t.Context(), server.URL+"/near"); err != nil || got.URL != server.URL+"/here" {
		t.Error(err, got)
	}
	for path, status := range map[string]int{"/away": http.StatusTemporaryRedirect, "/loop": http.StatusFound} {
		if _, err := client.GetJWKSet(t.Context(), server.URL+path); responseError(t, err).StatusCode != status {
			t.Error(path, err)
		}
	}
	if stolen.Load() != 0 {
		t.Errorf("%d requests went to another origin", stolen.Load())
	}
}

type doerFunc func(*http.Request) (*http.Response, error)

func (f doerFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestOperationFromContext(t *testing.T) {
	var operation string
	var replayable bool
	doer := doerFunc(func(r *http.Request) (*http.Response, error) {
		operation, replayable = gen.OperationFromContext(r.Context()), r.GetBody != nil
		return nil, context.Canceled
	})
	_, err := (&gen.Client{Doer: doer}).PollDeviceToken(t.Context(), "https://as.example/token", &gen.DeviceTokenRequest{})
	if operation != "pollDeviceToken" || !replayable || !errors.Is(err, context.Canceled) {
		t.Errorf("%q %v %v", operation, replayable, err)
	}
	if got := gen.OperationFromContext(t.Context()); got != "" {
		t.Error(got)
	}
}

// SEC-5, STORE-4: errors hold neither query nor secrets, whatever the server or the transport says.
func TestErrorsHoldNoSecrets(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_request","error_description":"bad code %s, %s, query %s"}`,
			r.PostForm.Get("code"), r.Header.Get("Authorization"), r.URL.RawQuery)
	}))
	t.Cleanup(server.Close)
	request := &gen.AuthorizationCodeTokenRequest{Code: marker}
	authenticate := func(header http.Header, _ url.Values) error {
		header.Set("Authorization", "Basic "+marker)
		return nil
	}
	client := new(gen.Client)
	_, err := client.ExchangeAuthorizationCode(t.Context(), server.URL+"?key="+marker, request, authenticate)
	if text := responseError(t, err).Error(); leaks(text) || !strings.Contains(text, "invalid_request: bad code REDACTED, Basic REDACTED, query REDACTED") {
		t.Error(text)
	}
	server.Close()
	_, err = client.ExchangeAuthorizationCode(t.Context(), server.URL+"?key="+marker, request, authenticate)
	unsent := new(gen.RequestError)
	if !errors.As(err, &unsent) || leaks(fmt.Sprintf("%v %+v %#v", err, err, err)) || strings.Contains(err.Error(), "?") {
		t.Error(err)
	}
	wrapping := doerFunc(func(r *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("POST %s giving up after 3 attempts: %w", r.URL, io.ErrUnexpectedEOF)
	})
	_, err = (&gen.Client{Doer: wrapping}).ExchangeAuthorizationCode(t.Context(), "https://as.example/t?key="+marker, request)
	if !errors.Is(err, io.ErrUnexpectedEOF) || leaks(err.Error()) {
		t.Error(err)
	}
}

func TestRequestErrors(t *testing.T) {
	failing := errors.New("no key")
	tests := []struct {
		endpoint, want string
		edit           gen.Edit
	}{
		{endpoint: "", want: "not an absolute http or https URL"},
		{endpoint: "/token", want: "not an absolute http or https URL"},
		{endpoint: "file:///token", want: "not an absolute http or https URL"},
		{endpoint: "https:token", want: "not an absolute http or https URL"},
		{endpoint: "https://user:" + marker + "@as.example/", want: "has user information"},
		{endpoint: "https://as.example/%zz?" + marker, want: "not a URL"},
		{endpoint: "https://as.example/", want: "no key", edit: func(http.Header, url.Values) error { return failing }},
	}
	for _, test := range tests {
		var edits []gen.Edit
		if test.edit != nil {
			edits = append(edits, test.edit)
		}
		_, err := new(gen.Client).IntrospectToken(t.Context(), test.endpoint, &gen.IntrospectionRequest{Token: "t"}, edits...)
		refusal := new(gen.RequestError)
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), test.want) || leaks(err.Error()) {
			t.Errorf("%s: %v", test.endpoint, err)
		}
		if test.edit != nil && !errors.Is(err, failing) {
			t.Error(err)
		}
	}
	broken := &gen.ClientMetadata{Extra: map[string]json.RawMessage{"x": json.RawMessage("{")}}
	if _, err := new(gen.Client).RegisterClient(t.Context(), "https://as.example/", broken); err == nil || !strings.Contains(err.Error(), "member x: not valid JSON") {
		t.Error(err)
	}
}
