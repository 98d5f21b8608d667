// Freshness: how long a metadata document may be used again.

package flows

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// DocumentCache keeps metadata documents between discoveries. Its methods may
// be called by several goroutines at once. It holds bytes, not verdicts: a
// document from the cache is judged like one from the network.
type DocumentCache interface {
	// Load returns the document of url, if there is a fresh one.
	Load(ctx context.Context, url string) (document []byte, ok bool)
	// Save offers a document that was found usable. lifetime is positive.
	Save(ctx context.Context, url string, document []byte, lifetime time.Duration)
}

// The bounds of what HTTP caching may say of a metadata document. Servers send
// max-age=0 out of habit, and a year out of another; both would hurt: discovery
// at each login, and a moved endpoint that is never found again.
const (
	minFreshness     = time.Minute
	defaultFreshness = 10 * time.Minute
	maxFreshness     = 24 * time.Hour
)

// freshness returns the lifetime of an answer within those bounds; 0 when it
// must not be stored.
//
// https://www.rfc-editor.org/rfc/rfc9111.html#section-4.2.1
func freshness(h http.Header, now time.Time) time.Duration {
	lifetime, stated := time.Duration(0), false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(directive)), "=")
		switch name {
		case "no-store":
			return 0
		case "no-cache":
			return minFreshness
		case "max-age":
			if seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 32); err == nil {
				lifetime, stated = time.Duration(seconds)*time.Second, true
			}
		}
	}
	if age, err := strconv.ParseUint(h.Get("Age"), 10, 32); err == nil && stated {
		lifetime -= time.Duration(age) * time.Second
	}
	if expires, err := http.ParseTime(h.Get("Expires")); err == nil && !stated {
		lifetime, stated = expires.Sub(now), true
	}
	if !stated {
		return defaultFreshness
	}
	return min(max(lifetime, minFreshness), maxFreshness)
}
