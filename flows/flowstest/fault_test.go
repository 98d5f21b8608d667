package flowstest_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
)

// tryRefresh sends a refresh request and returns the error of the connection.
func tryRefresh(t *testing.T, as *flowstest.AuthorizationServer, token string) (*http.Response, error) {
	t.Helper()
	body := strings.NewReader(refreshForm(token).Encode())
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, as.Endpoint("token"), body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return as.Client().Transport.RoundTrip(request)
}

func TestFaultAnswers(t *testing.T) {
	tests := map[string]struct {
		fault  flowstest.Fault
		status int
		header map[string]string
		body   string
	}{
		"OAuth error": {flowstest.OAuthError(400, "invalid_grant", "no"), 400, map[string]string{"Content-Type": "application/json"}, `{"error":"invalid_grant","error_description":"no"}`},
		"busy":        {flowstest.Unavailable(7), 503, map[string]string{"Retry-After": "7"}, "<h1>503 Service Unavailable</h1>"},
		"just busy":   {flowstest.Unavailable(-1), 503, map[string]string{"Retry-After": ""}, "<h1>503 Service Unavailable</h1>"},
		"redirect":    {flowstest.RedirectTo(307, "https://evil.example.com/token"), 307, map[string]string{"Location": "https://evil.example.com/token"}, ""},
		"untyped":     {flowstest.Answer(200, "", "x"), 200, map[string]string{"Content-Type": ""}, "x"},
		"large":       {flowstest.Large(100), 200, nil, `{"padding":"` + strings.Repeat("x", 100) + `"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			as := newServer(t, flowstest.ServerConfig{Fault: flowstest.On("token:*", test.fault)})
			a := post(t, as, "token", refreshForm("x"))
			if a.status != test.status || a.body != test.body {
				t.Errorf("answer %d %s", a.status, a.body)
			}
			for name, want := range test.header {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if as.Requests()[0].Status != test.status {
				t.Errorf("status %d was recorded", as.Requests()[0].Status)
			}
		})
	}
}

// A fault may look at the body; the server still gets it.
func TestFaultSelectors(t *testing.T) {
	var seen []string
	as := newServer(t, flowstest.ServerConfig{Fault: flowstest.Faults(
		nil,
		func(kind string, n int, _ http.ResponseWriter, r *http.Request) bool {
			_ = r.ParseForm()
			seen = append(seen, kind+string(rune('0'+n))+r.PostForm.Get("grant_type"))
			return false
		},
		flowstest.On("token:refresh_token", flowstest.Times(2, flowstest.Unavailable(0))),
		flowstest.OnPath("/jwks", flowstest.Answer(418, "", "")),
	)})
	token := login(t, as).text("refresh_token")
	for _, status := range []int{503, 503, 200} {
		if a := post(t, as, "token", refreshForm(token)); a.status != status {
			t.Errorf("answer %d %s, want %d", a.status, a.body, status)
		}
	}
	get(t, as.Client(), as.Endpoint("jwks")).expect(t, 418, "")
	if got := strings.Join(seen, " "); got != "authorize1 token:authorization_code1authorization_code "+
		"token:refresh_token1refresh_token token:refresh_token2refresh_token token:refresh_token3refresh_token jwks1" {
		t.Errorf("seen %s", got)
	}
}

// TOK-7: the connection is reset before the server acts, or its answer lost
// after.
func TestLostAnswers(t *testing.T) {
	for _, secure := range []bool{false, true} {
		as := newServer(t, flowstest.ServerConfig{TLS: secure})
		token := login(t, as).text("refresh_token")
		as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.Reset() })
		if _, err := tryRefresh(t, as, token); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
		if f := as.Families(); f[0].Refreshes != 0 {
			t.Errorf("families %+v", f)
		}
		as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.LoseAnswer() })
		if _, err := tryRefresh(t, as, token); err == nil {
			t.Error("an answer came")
		}
		if f := as.Families(); f[0].Refreshes != 1 {
			t.Errorf("families %+v", f)
		}
		for _, request := range as.RequestsOf("token:refresh_token") {
			if request.Status != 0 {
				t.Errorf("status %d was recorded", request.Status)
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{Fault: flowstest.Truncated("application/json", `{"access_token":"x"}`)})
	response, err := tryRefresh(t, as, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("read %q, %v", body, err)
	}
}

// SEC-3: much that compresses well.
func TestLargeCompressed(t *testing.T) {
	const size = 8 << 20
	as := newServer(t, flowstest.ServerConfig{Fault: flowstest.LargeCompressed(size)})
	response, err := tryRefresh(t, as, "x")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if n, err := io.Copy(io.Discard, response.Body); err != nil || n < size || !response.Uncompressed {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// Slow answers come, before and after the act.
func TestSlow(t *testing.T) {
	as := newServer(t, flowstest.ServerConfig{
		Latency: time.Millisecond, Fault: flowstest.Faults(flowstest.Slow(time.Millisecond), flowstest.SlowAnswer(time.Millisecond)),
	})
	login(t, as)
	if a := post(t, as, "revoke", refreshForm("", "token", "x", "grant_type", "")); a.status != 200 {
		t.Errorf("answer %d %s", a.status, a.body)
	}
	as.Configure(func(c *flowstest.ServerConfig) { c.Fault = flowstest.Firewall() })
	if a := post(t, as, "token", refreshForm("x")); a.status != 403 || a.json != nil {
		t.Errorf("answer %d %s", a.status, a.body)
	}
}
