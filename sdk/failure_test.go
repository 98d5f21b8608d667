package sdk

import (
	"testing"
	"time"
)

// AUTHZ-14: a failure that is given again is not remembered for longer, and
// holds for the challenge that it was given to.
func TestRecalledFailureDoesNotLast(t *testing.T) {
	s := &session{}
	first := &failure{err: ErrNoCallback, until: time.Now().Add(time.Second), asked: true}
	s.failed = first
	s.remember(&flight{err: ErrNoCallback, recalled: s.recall(need{})})
	if s.failed == first || !s.failed.until.Equal(first.until) || !s.failed.asked {
		t.Errorf("remembered until %v, want %v", s.failed.until, first.until)
	}
	s.failed = &failure{err: ErrNoCallback, until: time.Now().Add(-time.Second)}
	if s.recall(need{}) != nil {
		t.Error("recalled after its time")
	}
}
