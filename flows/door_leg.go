// A leg: one request through the door, from its start to the end of its answer's body.

package flows

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// leg is the state of one Do. It is used by one goroutine at a time: the one
// in Do, then the one that reads the body.
type leg struct {
	door     *door
	info     LegInfo
	query    string          // of the URL; never printed
	caller   context.Context //nolint:containedctx // the request's own, for the life of the leg
	ctx      context.Context //nolint:containedctx // caller, with the leg's limit and trace
	cancel   context.CancelFunc
	started  time.Time
	deadline time.Time
	observed bool
	body     []byte // of the next attempt

	attempts   int
	trips      int
	status     int
	wait       time.Duration // before the next attempt
	read       int64
	ended      bool
	connection *connectionTrace
}

func (d *door) startLeg(req *http.Request) *leg {
	operation := gen.OperationFromContext(req.Context())
	l := &leg{
		door: d, caller: req.Context(), started: time.Now(), query: req.URL.RawQuery,
		info: LegInfo{
			Operation: operation, Method: req.Method,
			URL: bounded(displayURL(req.URL)), Limit: d.limitOf(operation),
		},
	}
	ctx := d.trace.legStart(l.caller, l.info)
	l.observed = d.trace.observed(ctx)
	l.deadline = l.started.Add(l.info.Limit)
	if earlier, ok := ctx.Deadline(); ok && earlier.Before(l.deadline) {
		l.deadline = earlier
	}
	ctx, l.cancel = context.WithDeadline(ctx, l.started.Add(l.info.Limit))
	l.ctx = context.WithValue(ctx, legKey{}, l)
	return l
}

// failed ends a leg without an answer.
func (l *leg) failed(err error) (*http.Response, error) {
	err = l.explain(err)
	if refusal, ok := errors.AsType[*GuardError](err); ok {
		l.door.trace.decided(l.ctx, "dial", refusal.Host, OutcomeRefused, refusal.Error())
	}
	l.status = 0
	l.end(err)
	return nil, err
}

// answered hands over an answer whose body ends the leg.
func (l *leg) answered(res *http.Response) *http.Response {
	l.status = res.StatusCode
	res.Body = &legBody{leg: l, body: http.MaxBytesReader(nil, res.Body, maxBody)}
	return res
}

// end reports the leg's end, once, and frees its timer.
func (l *leg) end(err error) {
	if l.ended {
		return
	}
	l.ended = true
	l.cancel()
	if !l.observed {
		return
	}
	l.door.trace.legDone(l.ctx, LegResult{
		LegInfo: l.info, StatusCode: l.status, Err: err, Duration: time.Since(l.started),
		Attempts: max(l.attempts, 1), RoundTrips: l.trips, BodyBytes: l.read,
		Connection: l.connection.info(),
	})
}

// legBody is the body of a leg's answer. Reading to the end, an error, or
// Close ends the leg.
type legBody struct {
	leg  *leg
	body io.ReadCloser
}

func (b *legBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.leg.read += int64(n)
	switch {
	case errors.Is(err, io.EOF):
		b.leg.end(nil)
	case err != nil:
		err = b.leg.explainRead(err)
		b.leg.end(err)
	}
	return n, err
}

func (b *legBody) Close() error {
	err := b.body.Close()
	b.leg.end(nil)
	return err
}
