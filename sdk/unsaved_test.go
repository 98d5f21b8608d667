package sdk

import (
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// HTTP-5, REF-9: what the store did not take holds a session in a pool's memory
// until the store has something newer, and no longer.
func TestUnsavedUntilOvertaken(t *testing.T) {
	const url = "https://mcp.example.com/mcp"
	pool, err := NewPool(Config{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	client, err := pool.Client("alice", url)
	if err != nil {
		t.Fatal(err)
	}
	s := client.session
	s.unsaved = &gen.SessionRecord{Version: recordVersion, Generation: 2, AccessToken: "unsaved"}
	for _, tt := range []struct {
		generation int64
		idle       bool
	}{{1, false}, {2, true}} {
		rec := &gen.SessionRecord{
			Version: recordVersion, Generation: tt.generation, ResourceURL: url, Subject: "alice", AccessToken: "stored",
		}
		if err := put(t.Context(), s.store, s.key(), rec.Generation, rec); err != nil {
			t.Fatal(err)
		}
		if _, err := s.load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.idle() != tt.idle {
			t.Errorf("with generation %d in the store: idle %t, want %t", tt.generation, !tt.idle, tt.idle)
		}
	}
}
