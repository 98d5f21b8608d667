// Flight: the one renewal or login that is under way for a source.

package oidclogin

import (
	"context"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// flight is one acquisition. Its result fields are written before done is
// closed and read after.
type flight struct {
	forced bool // the caller asked for a login
	done   chan struct{}
	rec    *gen.SessionRecord
	err    error
}

// failure is one that only a human can mend. It is given again for a while: a
// client library's own retries must not open one browser after the other.
type failure struct {
	err   error
	until time.Time
}

const failureMemory = 30 * time.Second

// acquire returns a fresh record, or waits for the flight that gets one, and
// starts it if none is under way. The flight does not end with ctx.
func (s *Source) acquire(ctx context.Context, forced bool) (*gen.SessionRecord, error) {
	for {
		rec, f, mine, err := s.board(forced)
		if rec != nil || err != nil {
			return rec, err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, &sdk.PendingError{Resource: s.cfg.Issuer, Err: ctx.Err()}
		}
		if mine || f.forced || !forced {
			return s.result(f, forced)
		}
	}
}

// result: when a renewal did not work out for now, the token may still do.
func (s *Source) result(f *flight, forced bool) (*gen.SessionRecord, error) {
	if f.err == nil || forced || !flows.IsTemporary(f.err) {
		return f.rec, f.err
	}
	s.mu.Lock()
	current := s.current
	s.mu.Unlock()
	if s.usable(current) {
		return current, nil
	}
	return nil, f.err
}

// board returns a fresh record, or the flight under way, or a new one.
func (s *Source) board(forced bool) (rec *gen.SessionRecord, f *flight, mine bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !forced && s.fresh(s.current):
		return s.current, nil, false, nil
	case s.flight != nil:
		return nil, s.flight, false, nil
	case s.closed:
		return nil, nil, false, sdk.ErrClosed
	case !forced && s.failed.err != nil && time.Now().Before(s.failed.until):
		return nil, nil, false, s.failed.err
	}
	f = &flight{forced: forced, done: make(chan struct{})}
	s.flight = f
	s.flights.Go(func() { s.run(f) })
	return nil, f, true, nil
}

func (s *Source) run(f *flight) {
	ctx, cancel := context.WithTimeout(s.life, s.cfg.loginTimeout())
	defer cancel()
	f.rec, f.err = s.fly(flows.WithResource(ctx, s.cfg.Issuer), f.forced)
	if f.err != nil {
		s.provider.Store(nil) // what is remembered of it may be out of date
	}
	if f.err != nil && s.life.Err() != nil {
		f.err = sdk.ErrClosed
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flight, s.failed = nil, failure{}
	if sdk.NeedsHuman(f.err) {
		s.failed = failure{err: f.err, until: time.Now().Add(failureMemory)}
	}
	close(f.done)
}
