package flows

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func testDoor(t *testing.T, opts doorOptions) *door {
	d := newDoor(opts)
	t.Cleanup(d.CloseIdleConnections)
	return d
}

// countingServer counts the requests that arrive. A nil handler answers 200.
func countingServer(t *testing.T, handler http.HandlerFunc) (*httptest.Server, *atomic.Int32) {
	var hits atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		if handler != nil {
			handler(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server, &hits
}

// dialAlways connects to server whatever the address.
func dialAlways(server *httptest.Server) dialFunc {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	}
}

// onLoopback is a context for legs to test servers.
func onLoopback(ctx context.Context) context.Context {
	return withResource(ctx, "http://127.0.0.1/mcp")
}

// get sends a GET without an operation and reads the answer.
func get(ctx context.Context, t *testing.T, d *door, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return finish(d.Do(req))
}

// send sends an operation's request and reads the answer.
func send(t *testing.T, d *door, operation, url string) (*http.Response, error) {
	t.Helper()
	return finish(d.Do(operationRequest(t, operation, url)))
}

func finish(res *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	return res, err
}

// SEC-1: the redirect that carries code and secret to another host.
func TestPostIsNotRedirected(t *testing.T) {
	thief, stolen := countingServer(t, nil)
	for _, status := range []int{301, 302, 303, 307, 308} {
		server, hits := countingServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", thief.URL+"/token")
			w.WriteHeader(status)
		})
		for _, operation := range []string{"exchangeAuthorizationCode", "refreshAccessToken", "registerClient", "revokeToken", "updateClient", "deleteClient"} {
			hits.Store(0)
			res, err := send(t, testDoor(t, doorOptions{}), operation, server.URL)
			if err != nil || res.StatusCode != status || hits.Load() != 1 {
				t.Errorf("%s %d: response %v, error %v, %d requests", operation, status, res, err, hits.Load())
			}
		}
	}
	if stolen.Load() != 0 {
		t.Errorf("%d requests arrived at the other origin", stolen.Load())
	}
	// Nor within the origin.
	server, hits := countingServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Location", "/again"); w.WriteHeader(307) })
	if res, err := send(t, testDoor(t, doorOptions{}), "refreshAccessToken", server.URL); err != nil || res.StatusCode != 307 || hits.Load() != 1 {
		t.Errorf("same origin: %v, %d requests", err, hits.Load())
	}
}

// SEC-1, DISC-5
func TestGetIsRedirectedWithinTheOrigin(t *testing.T) {
	other, strayed := countingServer(t, nil)
	var location func(path string) string
	server, _ := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/end" {
			w.Header().Set("Location", location(r.URL.Path))
			w.WriteHeader(302)
			return
		}
		if r.Referer() != "" {
			t.Error("a Referer is sent")
		}
	})
	tests := []struct {
		name     string
		location func(string) string
		reason   string
	}{
		{"same origin", func(string) string { return "/end" }, ""},
		{"three hops", func(p string) string {
			return map[string]string{"/": "/1", "/1": "/2", "/2": "/end"}[p]
		}, ""},
		{"four hops", func(p string) string {
			return map[string]string{"/": "/1", "/1": "/2", "/2": "/3", "/3": "/end"}[p]
		}, "more than 3"},
		{"other port", func(string) string { return other.URL + "/x?secret=1" }, "another origin"},
		{"other host", func(string) string { return strings.Replace(server.URL, "127.0.0.1", "localhost", 1) }, "another origin"},
		{"other scheme", func(string) string { return strings.Replace(server.URL, "http:", "https:", 1) }, "another origin"},
		{"script", func(string) string { return "javascript:alert(1)" }, "another origin"},
		{"userinfo", func(string) string { return strings.Replace(server.URL, "//", "//u:p@", 1) + "/end" }, "credentials"},
		{"no URL", func(string) string { return "http://[::1" }, "names no URL"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			location = tt.location
			res, err := send(t, testDoor(t, doorOptions{}), "getProtectedResourceMetadata", server.URL+"/")
			var refused *RedirectError
			switch {
			case tt.reason == "" && (err != nil || res.StatusCode != 200):
				t.Errorf("response %v, error %v", res, err)
			case tt.reason != "" && (!errors.As(err, &refused) || !strings.Contains(refused.Reason, tt.reason) || refused.StatusCode != 302):
				t.Errorf("error %v", err)
			case err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "u:p")):
				t.Errorf("the error tells secrets: %v", err)
			}
		})
	}
	if strayed.Load() != 0 {
		t.Error("a request arrived at the other origin")
	}
}

// SEC-3: bodies without end, plain and compressed.
func TestBodyIsBounded(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<16)
	var sent atomic.Int64
	write := func(w io.Writer, size int) {
		for range size / len(zeros) {
			n, err := w.Write(zeros)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}
	server, _ := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gzip" && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			w.Header().Set("Content-Encoding", "gzip")
			compressed := gzip.NewWriter(w)
			defer compressed.Close()
			write(compressed, 8<<20)
			return
		}
		write(w, 100<<20)
	})
	for _, path := range []string{"/plain", "/gzip"} {
		sent.Store(0)
		res, err := testDoor(t, doorOptions{}).Do(operationRequest(t, "getJWKSet", server.URL+path))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		res.Body.Close()
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) || n > maxBody {
			t.Errorf("%s: %d bytes, error %v", path, n, err)
		}
		if path == "/plain" && sent.Load() > 50<<20 {
			t.Errorf("the server could send %d bytes", sent.Load())
		}
	}
}

// SEC-3
func TestHeaderIsBounded(t *testing.T) {
	server, _ := countingServer(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) })
	if _, err := send(t, testDoor(t, doorOptions{}), "refreshAccessToken", server.URL); err == nil {
		t.Error("a header section of 1 MiB is read")
	}
}

// HTTP-4: what the caller's client is given stays, and what could leak is not used.
func TestCallersClientIsWrapped(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) > 0 || len(r.TLS.PeerCertificates) != 1 {
			t.Errorf("cookies %v, %d client certificates", r.Cookies(), len(r.TLS.PeerCertificates))
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		w.Header().Set("Location", "/end")
		if r.URL.Path != "/end" {
			w.WriteHeader(307)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	t.Cleanup(server.Close)
	jar, _ := cookiejar.New(nil)
	origin, _ := url.Parse(server.URL)
	jar.SetCookies(origin, []*http.Cookie{{Name: "login", Value: "mine"}})
	client := server.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		t.Error("the caller's CheckRedirect is called")
		return nil
	}
	transport := client.Transport.(*http.Transport)
	transport.TLSClientConfig.Certificates = server.TLS.Certificates // mTLS
	dial, check := transport.DialContext, client.CheckRedirect

	d := testDoor(t, doorOptions{HTTP: client})
	for _, operation := range []string{"getJWKSet", "refreshAccessToken"} {
		if _, err := send(t, d, operation, server.URL); err != nil {
			t.Error(err)
		}
	}
	if client.Jar != jar || client.Transport != transport || (client.CheckRedirect == nil) != (check == nil) || (transport.DialContext == nil) != (dial == nil) {
		t.Error("the caller's client was changed")
	}
	if cookies := jar.Cookies(origin); len(cookies) != 1 {
		t.Errorf("the caller's jar holds %v", cookies)
	}
	// Without the caller's CA there is no answer, and no second attempt.
	if _, err := send(t, testDoor(t, doorOptions{}), "getJWKSet", server.URL); err == nil {
		t.Error("an unknown CA is accepted")
	}
}

type closingTransport struct {
	roundTripFunc
	closed *atomic.Int32
}

func (c closingTransport) CloseIdleConnections() { c.closed.Add(1) }

// HTTP-4: a failed leg does not close the connections of the caller's other requests.
func TestIdleConnectionsStay(t *testing.T) {
	var closed atomic.Int32
	rt := closingTransport{func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }, &closed}
	if _, err := send(t, testDoor(t, doorOptions{HTTP: &http.Client{Transport: rt}}), "refreshAccessToken", "https://as.example.com/token"); err == nil {
		t.Error("no error")
	}
	if closed.Load() != 0 {
		t.Error("the caller's idle connections are closed")
	}
}

// DISC-15
func TestDoorHeader(t *testing.T) {
	var got http.Header
	server, _ := countingServer(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	d := testDoor(t, doorOptions{Header: http.Header{"Mcp-Protocol-Version": {"2026-07-28"}}})
	req := operationRequest(t, "getJWKSet", server.URL)
	before := req.Header.Clone()
	if _, err := finish(d.Do(req)); err != nil {
		t.Fatal(err)
	}
	if got.Get("MCP-Protocol-Version") != "2026-07-28" || !strings.HasPrefix(got.Get("User-Agent"), "mcpoauth/") {
		t.Errorf("header %v", got)
	}
	if len(before) != len(req.Header) {
		t.Errorf("the caller's request was changed: %v", req.Header)
	}
	req = operationRequest(t, "getJWKSet", server.URL)
	req.Header.Set("User-Agent", "own/1")
	if _, err := finish(d.Do(req)); err != nil || got.Get("User-Agent") != "own/1" {
		t.Errorf("User-Agent %q, %v", got.Get("User-Agent"), err)
	}
}

// SEC-3, DISC-5: who runs out of time is told apart.
func TestLegIsBoundedInTime(t *testing.T) {
	silent, _ := countingServer(t, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body); <-r.Context().Done() })
	drip, _ := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Write([]byte("{"))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	for name, target := range map[string]string{"before the answer": silent.URL, "in the body": drip.URL} {
		_, err := send(t, testDoor(t, doorOptions{Timeout: 50 * time.Millisecond}), "refreshAccessToken", target+"/?secret=1")
		var timeout *TimeoutError
		if !errors.As(err, &timeout) || timeout.Operation != "refreshAccessToken" || !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
		req := operationRequest(t, "refreshAccessToken", target)
		ctx, cancel := context.WithCancel(req.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err = finish(testDoor(t, doorOptions{}).Do(req.WithContext(ctx)))
		if !errors.Is(err, context.Canceled) || errors.As(err, &timeout) {
			t.Errorf("%s, cancelled: %v", name, err)
		}
	}
}

// SEC-3
func TestLimitOf(t *testing.T) {
	tests := []struct {
		opts doorOptions
		op   string
		want time.Duration
	}{
		{doorOptions{}, "refreshAccessToken", grantLimit},
		{doorOptions{}, "getJWKSet", defaultLimit},
		{doorOptions{}, "", defaultLimit},
		{doorOptions{Timeout: time.Minute}, "refreshAccessToken", time.Minute},
		{doorOptions{HTTP: &http.Client{Timeout: time.Second}}, "getJWKSet", time.Second},
		{doorOptions{HTTP: &http.Client{Timeout: time.Hour}}, "getJWKSet", defaultLimit},
	}
	for _, tt := range tests {
		if got := newDoor(tt.opts).limitOf(tt.op); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.op, got, tt.want)
		}
	}
}

// STORE-4: what an error of the network prints.
func TestDoorErrors(t *testing.T) {
	const secret = "key=s3cret%2F"
	nested := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Post", URL: r.URL.String(), Err: errors.New("no way to " + r.URL.String())}
	})
	req := operationRequest(t, "refreshAccessToken", "https://as.example.com/token?"+secret)
	req.URL.User = url.UserPassword("u", "pw")
	_, err := finish(testDoor(t, doorOptions{HTTP: &http.Client{Transport: nested}}).Do(req))
	const want = `Post "https://as.example.com/token": no way to https://`
	if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), secret) {
		t.Errorf("error %v", err)
	}
	var outer *url.Error
	if !errors.As(err, &outer) || strings.Contains(outer.URL, "?") || strings.Contains(outer.URL, "pw") {
		t.Errorf("url.Error %+v", outer)
	}
}

// SEC-3, HTTP-5: no goroutine, no timer and no connection outlives its leg.
func TestDoorLeavesNothingBehind(t *testing.T) {
	before := runtime.NumGoroutine()
	server, _ := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			w.Header().Set("Location", "https://other.example/")
			w.WriteHeader(302)
		}
	})
	d := newDoor(doorOptions{})
	for _, path := range []string{"/", "/redirect"} {
		for range 20 {
			_, _ = send(t, d, "getJWKSet", server.URL+path)
		}
	}
	d.CloseIdleConnections()
	server.Close()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
		}
	}
}
