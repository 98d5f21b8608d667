package sdk

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// STORE-1: an answer that comes late does not take the place of a later record.
func TestPublishKeepsTheNewest(t *testing.T) {
	s := &session{core: newCore(&Config{}), target: &target{}}
	record := func(generation int64, token gen.Secret) *gen.SessionRecord {
		return &gen.SessionRecord{Generation: generation, TokenType: "Bearer", AccessToken: token}
	}
	s.publish(record(2, "new"))
	if snap := s.publish(record(1, "old")); snap.authorization() != "Bearer new" || s.snap.Load().authorization() != "Bearer new" {
		t.Errorf("generation 1 took the place of generation 2: %q", snap.authorization())
	}
	if snap := s.publish(&gen.SessionRecord{Generation: 3, Deleted: true, TokenType: "Bearer", AccessToken: "gone"}); snap.authorization() != "" {
		t.Errorf("a tombstone holds %q", snap.authorization())
	}
}
