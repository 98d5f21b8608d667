package flows

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TOK-7: which operation is repeated after which outcome, the whole table.
func TestRetryClasses(t *testing.T) {
	const (
		unsent     = "dial"
		limited    = "dial 429"
		idempotent = "dial lost 429 502 503 504"
	)
	repeats := map[string]string{
		"exchangeAuthorizationCode": unsent, "refreshAccessToken": unsent, "requestClientCredentials": unsent, "exchangeJWTBearer": unsent, "exchangeToken": unsent,
		"registerClient": unsent, "updateClient": unsent, "deleteClient": unsent, "pushAuthorizationRequest": unsent, "": unsent, "unheardOf": unsent,
		"authorizeDevice": limited, "pollDeviceToken": "",
		"getProtectedResourceMetadata": idempotent, "getAuthorizationServerMetadata": idempotent, "getJWKSet": idempotent,
		"getClientIDMetadataDocument": idempotent, "readClient": idempotent, "introspectToken": idempotent, "revokeToken": idempotent,
	}
	dial := func(err error) error {
		return &url.Error{Op: "Post", URL: "u", Err: &net.OpError{Op: "dial", Net: "tcp", Err: err}}
	}
	outcomes := map[string][]error{
		"dial": {
			dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
			dial(&net.DNSError{Err: "server misbehaving", IsTemporary: true}),
			&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}},
		},
		"lost": {
			&url.Error{Err: io.EOF}, io.ErrUnexpectedEOF, &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
			&net.OpError{Op: "write", Err: syscall.EPIPE}, errors.New("http: server closed idle connection"),
		},
		"never": {
			dial(&net.DNSError{Err: "no such host", IsNotFound: true}), dial(newGuardError("h", netip.Addr{}, classPrivate)), dial(&net.AddrError{Err: "invalid port"}),
			&url.Error{Err: &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}}, &net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")},
			tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, &RedirectError{}, context.Canceled, context.DeadlineExceeded, errors.New("unsupported protocol scheme"),
		},
	}
	for operation, kinds := range repeats {
		class := ruleOf(operation).again
		for kind, errs := range outcomes {
			for _, err := range errs {
				if got, want := class.allows(nil, err), strings.Contains(kinds, kind); got != want {
					t.Errorf("%q after %s (%v): repeated %v, want %v", operation, kind, err, got, want)
				}
			}
		}
		for _, status := range []int{200, 201, 302, 400, 401, 403, 404, 408, 425, 429, 500, 501, 502, 503, 504, 505} {
			if got, want := class.allows(&http.Response{StatusCode: status}, nil), strings.Contains(kinds, fmt.Sprint(status)); got != want {
				t.Errorf("%q after %d: repeated %v, want %v", operation, status, got, want)
			}
		}
	}
}

// TOK-7: the code or refresh token has been read, then the connection breaks.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	server, hits := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = conn.(*net.TCPConn).SetLinger(0) // close by reset
			_ = conn.Close()
		}
	})
	for operation, want := range map[string]int32{"exchangeAuthorizationCode": 1, "refreshAccessToken": 1, "registerClient": 1, "pollDeviceToken": 1, "getJWKSet": maxAttempts, "revokeToken": maxAttempts} {
		hits.Store(0)
		_, err := send(t, testDoor(t, doorOptions{}), operation, server.URL+"/?secret=1")
		if err == nil || hits.Load() != want || strings.Contains(err.Error(), "secret") || strings.Count(err.Error(), server.URL) != 1 {
			t.Errorf("%s: sent %d times, want %d; error %v", operation, hits.Load(), want, err)
		}
	}
}

// TOK-7: a server that cannot have seen the request gets it once.
func TestDialErrorIsRepeated(t *testing.T) {
	t.Parallel()
	var bodies []string
	server, _ := countingServer(t, func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
	})
	var dials atomic.Int32
	connect := dialAlways(server)
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if dials.Add(1) < 3 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
		}
		return connect(ctx, network, address)
	}}
	d := testDoor(t, doorOptions{HTTP: &http.Client{Transport: transport}})
	if _, err := send(t, d, "refreshAccessToken", server.URL); err != nil || dials.Load() != 3 || len(bodies) != 1 || bodies[0] == "" {
		t.Errorf("error %v, %d dials, bodies %q", err, dials.Load(), bodies)
	}
	d.CloseIdleConnections()
	dials.Store(-10)
	if _, err := send(t, d, "refreshAccessToken", server.URL); err == nil || dials.Load() != -10+maxAttempts {
		t.Errorf("error %v, %d attempts", err, dials.Load()+10)
	}
	dials.Store(0)
	if _, err := send(t, d, "pollDeviceToken", server.URL); err == nil || dials.Load() != 1 {
		t.Errorf("polling: error %v, %d attempts", err, dials.Load())
	}
}

// TOK-5: the answers of a limit or an outage: repeated where allowed, and given back.
func TestAnswersThatAreRepeated(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	server, hits := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(int(status.Load()))
		_, _ = io.WriteString(w, `{"error":"temporarily_unavailable"}`)
	})
	tests := []struct {
		operation string
		status    int32
		want      int32
	}{
		{"getAuthorizationServerMetadata", 503, maxAttempts},
		{"getAuthorizationServerMetadata", 500, 1},
		{"authorizeDevice", 429, maxAttempts},
		{"authorizeDevice", 503, 1},
		{"refreshAccessToken", 503, 1},
		{"refreshAccessToken", 429, 1},
	}
	for _, tt := range tests {
		hits.Store(0)
		status.Store(tt.status)
		res, err := testDoor(t, doorOptions{}).Do(operationRequest(t, tt.operation, server.URL))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if hits.Load() != tt.want || res.StatusCode != int(tt.status) || !strings.Contains(string(body), "temporarily") || err != nil {
			t.Errorf("%s after %d: sent %d times, want %d; %d %q %v", tt.operation, tt.status, hits.Load(), tt.want, res.StatusCode, body, err)
		}
	}
}

// TOK-5: a server that asks for a long wait gets no repetition, and the caller its answer.
func TestRetryAfterTooLong(t *testing.T) {
	var header atomic.Value
	server, hits := countingServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", header.Load().(string))
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	for _, value := range []string{"999999", "11", "10000000000", strings.Repeat("9", 400), "Fri, 31 Dec 9999 23:59:59 GMT"} {
		hits.Store(0)
		header.Store(value)
		res, err := send(t, testDoor(t, doorOptions{}), "getJWKSet", server.URL)
		if err != nil || res.StatusCode != http.StatusServiceUnavailable || hits.Load() != 1 || res.Header.Get("Retry-After") != value {
			t.Errorf("%.40s: %v, sent %d times", value, err, hits.Load())
		}
	}
	// Within the cap, but not within the leg's time.
	hits.Store(0)
	header.Store("5")
	if res, err := send(t, testDoor(t, doorOptions{Timeout: 2 * time.Second}), "getJWKSet", server.URL); err != nil || res.StatusCode != 503 || hits.Load() != 1 {
		t.Errorf("beyond the deadline: %v, sent %d times", err, hits.Load())
	}
}

// TOK-5
func TestAskedWait(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "007": 7 * time.Second, "999999": 999999 * time.Second,
		"-5": 0, "1.5": 0, "soon": 0, "1e9": 0, "٣": 0,
		now.Add(4 * time.Second).Format(http.TimeFormat): 4 * time.Second, now.Add(-time.Hour).Format(http.TimeFormat): 0,
	} {
		if got := askedWait(value, now); got != want {
			t.Errorf("%q: %s, want %s", value, got, want)
		}
	}
	for _, value := range []string{"10000000000", strings.Repeat("9", 400), "9223372036854775808", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		if got := askedWait(value, now); got <= maxRetryAfter {
			t.Errorf("%.40s: %s", value, got)
		}
	}
}

// TOK-5
func FuzzAskedWait(f *testing.F) {
	f.Add("5")
	f.Add("Fri, 31 Dec 9999 23:59:59 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		if askedWait(value, time.Unix(0, 0)) < 0 {
			t.Fatal("negative")
		}
	})
}
