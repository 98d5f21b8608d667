// Helpers: an OAuth client of a few lines over net/http.

package flowstest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

const (
	redirectURI = "https://client.example.com/callback?tenant=1"
	resource    = "https://mcp.example.com/mcp"
	verifier    = "0123456789abcdefghijklmnopqrstuvwxyz-._~ABCDEF"
)

var public = flowstest.Client{ID: "public", RedirectURIs: []string{redirectURI}}

func newServer(t *testing.T, config flowstest.ServerConfig) *flowstest.AuthorizationServer {
	t.Helper()
	if config.Clients == nil {
		config.Clients = []flowstest.Client{public}
	}
	as := flowstest.NewAuthorizationServer(config)
	t.Cleanup(as.Close)
	return as
}

// authorizationForm is a right authorization request of the public client,
// with changes: pairs of name and value, where "" removes.
func authorizationForm(changes ...string) url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return change(url.Values{
		"response_type": {"code"}, "client_id": {public.ID}, "redirect_uri": {redirectURI}, "state": {"st ate&"},
		"scope": {"a b"}, "resource": {resource}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])},
	}, changes)
}

func codeForm(code string, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {redirectURI},
		"client_id": {public.ID}, "code_verifier": {verifier}, "resource": {resource},
	}, changes)
}

func refreshForm(token string, changes ...string) url.Values {
	return change(url.Values{
		"grant_type": {"refresh_token"}, "refresh_token": {token}, "client_id": {public.ID}, "resource": {resource},
	}, changes)
}

func change(form url.Values, changes []string) url.Values {
	for i := 0; i < len(changes); i += 2 {
		if changes[i+1] == "" {
			form.Del(changes[i])
		} else {
			form.Set(changes[i], changes[i+1])
		}
	}
	return form
}

// callback authorizes and returns the parameters of the redirect.
func callback(t *testing.T, as *flowstest.AuthorizationServer, form url.Values) url.Values {
	t.Helper()
	location, err := as.Authorize(t.Context(), as.Endpoint("authorize")+"?"+form.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if want := form.Get("redirect_uri"); !strings.HasPrefix(location, want) {
		t.Fatalf("redirected to %s, want %s", location, want)
	}
	u, err := url.Parse(location)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}

func newCode(t *testing.T, as *flowstest.AuthorizationServer) string {
	t.Helper()
	code := callback(t, as, authorizationForm()).Get("code")
	if code == "" {
		t.Fatal("no code")
	}
	return code
}

// An answer is an HTTP answer with its JSON object, if it has one.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

// expect fails unless the answer has the status and the OAuth error ("" for
// none).
func (a answer) expect(t *testing.T, status int, code string) answer {
	t.Helper()
	got, _ := a.json["error"].(string)
	if a.status != status || got != code {
		t.Fatalf("answer %d %s, want %d and error %q", a.status, a.body, status, code)
	}
	return a
}

func (a answer) text(name string) string {
	text, _ := a.json[name].(string)
	return text
}

func send(t *testing.T, client *http.Client, method, target, contentType, body string, header http.Header) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(request.Header, header)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := client.Transport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	return readAnswer(response)
}

func readAnswer(response *http.Response) answer {
	data, err := io.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: string(data)}
	_ = json.Unmarshal(data, &a.json)
	return a
}

func post(t *testing.T, as *flowstest.AuthorizationServer, endpoint string, form url.Values) answer {
	t.Helper()
	return send(t, as.Client(), http.MethodPost, as.Endpoint(endpoint), "application/x-www-form-urlencoded", form.Encode(), nil)
}

func postBasic(t *testing.T, as *flowstest.AuthorizationServer, endpoint, pair string, form url.Values) answer {
	t.Helper()
	header := http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(pair))}}
	return send(t, as.Client(), http.MethodPost, as.Endpoint(endpoint), "application/x-www-form-urlencoded", form.Encode(), header)
}

func get(t *testing.T, client *http.Client, target string) answer {
	t.Helper()
	return send(t, client, http.MethodGet, target, "", "", nil)
}

// login runs the code grant and returns the token answer.
func login(t *testing.T, as *flowstest.AuthorizationServer) answer {
	t.Helper()
	return post(t, as, "token", codeForm(newCode(t, as))).expect(t, http.StatusOK, "")
}
