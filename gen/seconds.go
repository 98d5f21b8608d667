// Seconds: a lifetime as OAuth writes it.

package gen

import (
	"math"
	"time"
)

// Seconds is a lifetime in whole seconds. Decoders take it from a number, a fraction (rounded toward zero) or a
// numeric string (RFC 6749 section 5.1 wants a number). 0 and less mean expired.
type Seconds int64

// Duration returns s as a time.Duration, at most the longest there is and at least 0.
func (s Seconds) Duration() time.Duration {
	if s <= 0 {
		return 0
	}
	if int64(s) > math.MaxInt64/int64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(s) * time.Second
}
