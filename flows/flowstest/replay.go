// Replays: identifiers of JWTs that may come once.

package flowstest

import (
	"sync"
	"time"
)

// maxReplays is the number of identifiers at which expired ones are dropped:
// some megabytes.
const maxReplays = 1 << 16

// A replays remembers identifiers until they expire. The zero value is ready.
type replays struct {
	mu   sync.Mutex
	seen map[string]time.Time // until when it has to be remembered
}

// first reports whether an identifier comes for the first time, and remembers
// it.
func (r *replays) first(id string, now, until time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.seen[id]; ok {
		return false
	}
	if r.seen == nil {
		r.seen = map[string]time.Time{}
	}
	if len(r.seen) >= maxReplays {
		for id, until := range r.seen {
			if !now.Before(until) {
				delete(r.seen, id)
			}
		}
	}
	r.seen[id] = until
	return true
}
