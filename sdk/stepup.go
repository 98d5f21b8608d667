// Step-up: when the resource wants more scope than the token has.

package sdk

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
)

// The bounds of step-ups (STEP-4): a resource that keeps asking must not keep a
// human clicking.
const (
	stepUpsPerOperation = 2
	stepUpsPerWindow    = 3
	stepUpWindow        = 10 * time.Minute
)

// stepUpLog counts step-ups of one session. Its owner's mutex guards it.
type stepUpLog struct {
	operations map[string]map[string]int // by operation and scope, since its last success
	times      []time.Time               // within the window
}

// take books one more step-up for operation, or says why not.
func (l *stepUpLog) take(operation, scope string, now time.Time) (reason string) {
	l.times = slices.DeleteFunc(l.times, func(t time.Time) bool { return now.Sub(t) > stepUpWindow })
	switch {
	case l.operations[operation][scope] >= stepUpsPerOperation:
		return "this operation has been stepped up twice without success"
	case len(l.times) >= stepUpsPerWindow:
		return "too many step-ups in ten minutes"
	}
	if l.operations == nil {
		l.operations = make(map[string]map[string]int)
	}
	if l.operations[operation] == nil {
		l.operations[operation] = make(map[string]int)
	}
	l.operations[operation][scope]++
	l.times = append(l.times, now)
	return ""
}

type operationKey struct{}

// WithOperation names the operation that requests of ctx carry out, such as a
// tool's name: repeated step-ups are bounded per operation. Without it the
// Mcp-Method and Mcp-Name headers name it, else method and path.
func WithOperation(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, operationKey{}, name)
}

func operationOf(req *http.Request) string {
	if name, ok := req.Context().Value(operationKey{}).(string); ok {
		return name
	}
	if method := req.Header.Get("Mcp-Method"); method != "" {
		return method + " " + req.Header.Get("Mcp-Name")
	}
	return req.Method + " " + req.URL.Path
}

// forbidden answers a 403 that asks for scope with a new authorization for the
// union of what was requested, granted and challenged. Any other 403 goes to
// the caller.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#step-up-authorization-flow
func (s *session) forbidden(ctx context.Context, sent *http.Request, res *http.Response, round *Round) (*snapshot, error) {
	challenge, ok := flows.InsufficientScope(res)
	if !ok {
		return nil, nil
	}
	wanted := challenge.Scope()
	// Somebody may have stepped up while this request was on its way.
	sentWith := sent.Header.Get("Authorization")
	if snap := s.snap.Load(); snap.authorization() != sentWith && snap.authorization() != "" && !round.steppedUp {
		return snap, nil
	}
	if round.steppedUp {
		return nil, &StepUpError{Scope: wanted, Reason: "the new token was rejected as well"}
	}
	if err := s.stepUpForbidden(wanted); err != nil {
		return nil, err
	}
	f, err := s.acquire(ctx, need{
		rejected: sentWith, challenge: challenge, requestURL: sent.URL.String(), stepUp: true, operation: operationOf(sent),
	})
	if err != nil {
		return nil, err
	}
	round.steppedUp = true
	return f.snap, nil
}

// stepUpForbidden applies the policy that needs nobody's answer.
func (s *session) stepUpForbidden(wanted []string) error {
	switch {
	case s.cfg.StepUp == StepUpFail:
		return &StepUpError{Scope: wanted, Reason: "the configuration forbids it"}
	case s.cfg.Grant != nil && s.cfg.StepUp == StepUpAutomatic && !s.cfg.Grant.stepsUp():
		return &StepUpError{Scope: wanted, Reason: "a machine client does not ask for more"}
	}
	return nil
}

// bookStepUp counts a step-up that is about to start: a flight and not each of
// the requests that wait for it. The caller holds the mutex.
func (s *session) bookStepUp(n need) error {
	if s.stepUps == nil {
		s.stepUps = new(stepUpLog)
	}
	wanted := n.challenge.Scope()
	if reason := s.stepUps.take(n.operation, strings.Join(wanted, " "), time.Now()); reason != "" {
		return &StepUpError{Scope: wanted, Reason: reason}
	}
	s.stepped.Store(true)
	return nil
}

// mayStepUp ends a step-up that would ask for nothing new (the scope was
// requested for the present token already, and the server gave what it gives),
// or that the caller declines. It is asked once for all requests that wait.
func (l *login) mayStepUp() error {
	if !l.flight.need.stepUp {
		return nil
	}
	wanted := l.flight.need.challenge.Scope()
	if len(wanted) == 0 && l.found.ResourceMetadata != nil {
		wanted = l.found.ResourceMetadata.ScopesSupported
	}
	if l.old != nil && !flows.StepUpHelps(flows.SplitScope(l.old.RequestedScope), wanted) {
		return &StepUpError{Scope: wanted, Reason: "the scope was already requested for the present token"}
	}
	if l.cfg.StepUp == StepUpAsk && !l.allowsStepUp(wanted) {
		return &StepUpError{Scope: wanted, Reason: "it was declined"}
	}
	return nil
}

// allowsStepUp asks the caller, who may ask a human.
func (l *login) allowsStepUp(wanted []string) bool {
	l.waitsForHuman(l.flight, true)
	defer l.waitsForHuman(l.flight, false)
	return l.cfg.AllowStepUp(wanted)
}

// succeeded starts the count of an operation's step-ups anew once a request of
// it went through. Sessions that never stepped up pay one atomic load.
func (s *session) succeeded(req *http.Request, res *http.Response) {
	if !s.stepped.Load() || res.StatusCode >= http.StatusBadRequest {
		return
	}
	operation := operationOf(req)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.stepUps.operations, operation)
	s.stepped.Store(len(s.stepUps.operations) > 0)
}
