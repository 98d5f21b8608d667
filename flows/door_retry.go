// Repetition: after which failures a leg may be sent again, and when.

package flows

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// Bounds of repetition. A Retry-After beyond maxRetryAfter goes to the caller
// with the answer: a human or a flow may be waiting.
const (
	maxAttempts   = 3
	minRetryWait  = 200 * time.Millisecond
	maxRetryWait  = 2 * time.Second
	maxRetryAfter = 10 * time.Second
)

// retryClass says what a leg may be sent again after.
type retryClass uint8

const (
	retryUnsent     retryClass = iota // a dial error: the server cannot have seen the request
	retryNever                        // nothing
	retryLimited                      // a dial error, 429
	retryIdempotent                   // a dial error, a lost connection, 429, 502, 503, 504
)

// legRule is what the door knows about an operation.
type legRule struct {
	again retryClass
	limit time.Duration
}

// Time limits of a leg with all its attempts. Those that spend a grant have
// half of a store lock's lease (30 s): a flight that holds the lock can always
// send one, and write the answer while the lease lasts.
const (
	grantLimit   = 15 * time.Second
	defaultLimit = 30 * time.Second
)

// legRules is the table of operations. A code or a rotated refresh token is
// spent by the first request that arrives, and a registration made twice leaves
// an orphan: those go out again only when they certainly never arrived. What
// reads, and what has the same effect twice (revocation), may be repeated.
// Polling for a device token has a rhythm of its own, which is the flow's.
// What is not in the table counts as the most delicate kind that is sent at all.
var legRules = map[string]legRule{
	"exchangeAuthorizationCode": {retryUnsent, grantLimit},
	"refreshAccessToken":        {retryUnsent, grantLimit},
	"requestClientCredentials":  {retryUnsent, grantLimit},
	"exchangeJWTBearer":         {retryUnsent, grantLimit},
	"exchangeToken":             {retryUnsent, grantLimit},
	"pollDeviceToken":           {retryNever, grantLimit},

	"registerClient":           {retryUnsent, defaultLimit},
	"updateClient":             {retryUnsent, defaultLimit},
	"deleteClient":             {retryUnsent, defaultLimit},
	"pushAuthorizationRequest": {retryUnsent, defaultLimit},
	"authorizeDevice":          {retryLimited, defaultLimit},

	"getProtectedResourceMetadata":   {retryIdempotent, defaultLimit},
	"getAuthorizationServerMetadata": {retryIdempotent, defaultLimit},
	"getJWKSet":                      {retryIdempotent, defaultLimit},
	"getClientIDMetadataDocument":    {retryIdempotent, defaultLimit},
	"readClient":                     {retryIdempotent, defaultLimit},
	"introspectToken":                {retryIdempotent, defaultLimit},
	"revokeToken":                    {retryIdempotent, defaultLimit},
}

func ruleOf(operation string) legRule {
	if rule, ok := legRules[operation]; ok {
		return rule
	}
	return legRule{retryUnsent, defaultLimit}
}

// checkRetry is the leg's [retryablehttp.CheckRetry]. It never returns an
// error: what the caller gets is the answer, or the error, of the last attempt.
func (l *leg) checkRetry(_ context.Context, res *http.Response, err error) (bool, error) {
	l.attempts++
	if l.attempts >= maxAttempts || l.ctx.Err() != nil || !ruleOf(l.info.Operation).again.allows(res, err) {
		return false, nil //nolint:nilerr // the answer or error of the last attempt goes to the caller
	}
	wait, ok := l.nextWait(res)
	if !ok {
		return false, nil
	}
	l.wait = wait
	retry := LegRetry{LegInfo: l.info, Attempt: l.attempts + 1, Wait: wait}
	if err != nil {
		retry.Err = l.explain(err)
	} else {
		retry.StatusCode = res.StatusCode
		// retryablehttp would read on before it closes; a server that drips
		// could take the leg's whole time with an answer nobody wants.
		_ = res.Body.Close()
		res.Body = http.NoBody
	}
	l.door.trace.legRetry(l.ctx, retry)
	return true, nil
}

// backoff is the leg's [retryablehttp.Backoff]: what checkRetry decided on.
func (l *leg) backoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return l.wait }

// nextWait returns how long to wait before the next attempt; ok is false when
// the server asks for too much, or when the leg would be over by then.
func (l *leg) nextWait(res *http.Response) (wait time.Duration, ok bool) {
	wait = min(minRetryWait<<(l.attempts-1), maxRetryWait)
	wait = min(wait+jitter(wait/2), maxRetryWait)
	if res != nil {
		wait = max(wait, askedWait(res.Header.Get("Retry-After"), time.Now()))
	}
	return wait, wait <= maxRetryAfter && time.Now().Add(wait).Before(l.deadline)
}

// longestWait stands for every longer one: eleven days.
const longestWait = 1_000_000 * time.Second

// askedWait reads Retry-After (RFC 9110, section 10.2.3): seconds, or a date.
// What is neither counts as absent; a larger number than
// longestWait counts as that.
func askedWait(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if strings.Trim(value, "0123456789") == "" {
		digits := strings.TrimLeft(value, "0")
		if len(digits) > 6 {
			return longestWait
		}
		seconds := 0
		for _, digit := range digits {
			seconds = seconds*10 + int(digit-'0')
		}
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now)) // Sub saturates
	}
	return 0
}

// jitter returns a random duration below limit.
func jitter(limit time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(max(limit, 1)))
}

// allows reports whether the outcome of an attempt permits another.
func (c retryClass) allows(res *http.Response, err error) bool {
	if c == retryNever {
		return false
	}
	if err != nil {
		return certainlyUnsent(err) || c == retryIdempotent && lostConnection(err)
	}
	switch res.StatusCode {
	case http.StatusTooManyRequests:
		return c == retryLimited || c == retryIdempotent
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return c == retryIdempotent
	}
	return false
}

// certainlyUnsent reports whether err means that no connection was made, so
// that the server cannot have seen the request. A refusal of the guard, a name
// that does not exist and an address that is none would only be repeated.
func certainlyUnsent(err error) bool {
	var (
		refusal *GuardError
		dns     *net.DNSError
		address *net.AddrError
	)
	if errors.As(err, &refusal) || errors.As(err, &dns) && dns.IsNotFound || errors.As(err, &address) {
		return false
	}
	// A proxy's dial error is inside another OpError ("proxyconnect").
	for op := (*net.OpError)(nil); errors.As(err, &op); err = op.Err {
		if op.Op == "dial" {
			return true
		}
	}
	return false
}

// lostConnection reports whether err means that a connection broke before the
// answer was there. Timeouts, and certificates and handshakes that failed, are
// not lost connections.
func lostConnection(err error) bool {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return false
	}
	for _, lost := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE} {
		if errors.Is(err, lost) {
			return true
		}
	}
	// net/http has no exported values for these.
	text := err.Error()
	for _, lost := range []string{"server closed idle connection", "http2: server sent GOAWAY", "http2: client connection lost", "stream error: stream ID"} {
		if strings.Contains(text, lost) {
			return true
		}
	}
	return false
}
