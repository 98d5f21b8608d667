// The trace: what an observer of the flows is told, and when.

package flows

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Trace is a set of hooks in the manner of [net/http/httptrace.ClientTrace].
// Any hook may be nil, and a nil *Trace observes nothing.
//
// A leg is one HTTP exchange with an OAuth endpoint, including its repetitions
// and the redirects that were followed: LegStart, then LegRetry before each
// repetition, then LegDone exactly once, after the body of the answer has been
// read or closed, or after the error. Decision reports what a flow, or the
// HTTP door, concluded from what it saw.
//
// LegStart may return a context derived from the one it is given, which the
// leg then uses and the leg's other hooks receive: a span started there is
// found again in LegDone, and its parent is whatever the caller's context
// holds. Returning nil keeps the context. A context that is not derived from
// the one given loses the caller's cancellation.
//
// Hooks are called from the goroutines that do the work; legs that are under
// way together call them concurrently, so they must be safe for that. They run
// on the path of the request and should return quickly. They must not call
// back into the flow that they observe.
//
// No value that a hook receives holds a token, a code, a verifier, a client
// secret, a header or a body; URLs come without query, fragment and userinfo,
// and texts that a server wrote are escaped and bounded.
type Trace struct {
	// LegStart is called before the first byte of a leg is sent.
	LegStart func(ctx context.Context, info LegInfo) context.Context
	// LegRetry is called when a leg is going to be sent again, before the wait.
	LegRetry func(ctx context.Context, retry LegRetry)
	// LegDone is called at the end of a leg.
	LegDone func(ctx context.Context, result LegResult)
	// Decision is called when something was accepted, passed over or refused.
	Decision func(ctx context.Context, decision Decision)
}

// LegInfo describes a leg that is about to start.
type LegInfo struct {
	// Operation is the operation's id, such as "exchangeAuthorizationCode";
	// empty for a request that no generated operation made.
	Operation string
	// Method is the HTTP method.
	Method string
	// URL is the endpoint without query, fragment and userinfo.
	URL string
	// Limit is the time within which the leg ends, repetitions and body included.
	Limit time.Duration
}

// LegRetry describes a repetition that is about to happen.
type LegRetry struct {
	LegInfo
	// Attempt is the number of the attempt to come; the first repetition is 2.
	Attempt int
	// Wait is how long the leg waits before it.
	Wait time.Duration
	// StatusCode is the answer that is not taken, 0 when there was none.
	StatusCode int
	// Err is why there was no answer, nil when there was one.
	Err error
}

// LegResult describes a leg that has ended.
type LegResult struct {
	LegInfo
	// StatusCode is the answer's, 0 when there was none.
	StatusCode int
	// Err is what ended the leg: no answer, or a body that could not be read
	// to its end. Nil does not mean success: see StatusCode.
	Err error
	// Duration is the time from LegStart to now.
	Duration time.Duration
	// Attempts counts how often the leg was sent, 1 without a repetition.
	Attempts int
	// RoundTrips counts the HTTP exchanges, followed redirects included.
	RoundTrips int
	// BodyBytes counts what was read of the body, decompressed.
	BodyBytes int64
	// Connection describes the connection of the last round trip.
	Connection ConnectionInfo
}

// ConnectionInfo describes the connection that a leg used and where its time
// went. Durations are zero for what did not happen, such as a handshake on a
// connection that was reused, and for what the transport does not report.
type ConnectionInfo struct {
	// Reused says that the connection had been used before.
	Reused bool
	// RemoteAddr is the peer's IP address and port, a proxy's if there is one.
	RemoteAddr string
	// Proto is the protocol of the answer, such as "HTTP/2.0".
	Proto string
	// TLSVersion is one of crypto/tls's Version constants, 0 without TLS.
	TLSVersion uint16
	// DNS, Connect and TLS are the durations of the look-up, of the TCP
	// connection and of the handshake.
	DNS, Connect, TLS time.Duration
	// FirstByte is the time from the last byte sent to the first received.
	FirstByte time.Duration
}

// The outcomes of a [Decision] that the HTTP door reports itself. Flows use
// words of their own.
const (
	OutcomeFollowed = "followed"
	OutcomeRefused  = "refused"
)

// Decision is something that a flow or the HTTP door concluded.
type Decision struct {
	// Step names where: "discover", "metadata", "client", "register", ...;
	// the door's own are "redirect" and "dial".
	Step string
	// Subject is what was judged: a URL without query, an issuer, a host.
	Subject string
	// Outcome is what was concluded, in a word or two.
	Outcome string
	// Reason says why; it may be empty.
	Reason string
}

// decided reports a decision to t and to the context's trace. It takes the
// texts as they are and makes them fit for printing.
func (t *Trace) decided(ctx context.Context, step, subject, outcome, reason string) {
	decision := Decision{Step: step, Subject: withoutQuery(subject), Outcome: outcome, Reason: bounded(reason)}
	t.each(ctx, func(one *Trace) {
		if one.Decision != nil {
			one.Decision(ctx, decision)
		}
	})
}

// legStart reports the start of a leg and returns the context to use for it.
func (t *Trace) legStart(ctx context.Context, info LegInfo) context.Context {
	started := ctx
	t.each(ctx, func(one *Trace) {
		if one.LegStart == nil {
			return
		}
		if derived := one.LegStart(started, info); derived != nil {
			started = derived
		}
	})
	return started
}

func (t *Trace) legRetry(ctx context.Context, retry LegRetry) {
	t.each(ctx, func(one *Trace) {
		if one.LegRetry != nil {
			one.LegRetry(ctx, retry)
		}
	})
}

func (t *Trace) legDone(ctx context.Context, result LegResult) {
	t.each(ctx, func(one *Trace) {
		if one.LegDone != nil {
			one.LegDone(ctx, result)
		}
	})
}

// observed reports whether anybody wants to know about the ends of legs.
func (t *Trace) observed(ctx context.Context) bool {
	seen := false
	t.each(ctx, func(one *Trace) { seen = seen || one.LegDone != nil })
	return seen
}

// each calls f for t, then for the traces of the context, the outermost first.
func (t *Trace) each(ctx context.Context, f func(*Trace)) {
	if t != nil {
		f(t)
	}
	list, _ := ctx.Value(traceKey{}).([]*Trace)
	for _, one := range list {
		if one != t {
			f(one)
		}
	}
}

type traceKey struct{}

// WithTrace returns a context whose legs and decisions are reported to trace
// too, beside [Client.Trace] and the traces that ctx already holds. A nil trace
// changes nothing.
func WithTrace(ctx context.Context, trace *Trace) context.Context {
	list, _ := ctx.Value(traceKey{}).([]*Trace)
	if trace == nil || slices.Contains(list, trace) {
		return ctx
	}
	return context.WithValue(ctx, traceKey{}, append(slices.Clip(list), trace))
}

// withoutQuery cuts query, fragment and userinfo off what may be a URL, and
// makes the rest fit for printing: query and userinfo are where secrets are.
func withoutQuery(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		raw, _, _ = strings.Cut(raw, "?")
		raw, _, _ = strings.Cut(raw, "#")
		return bounded(raw)
	}
	return bounded(displayURL(u))
}

func displayURL(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}
