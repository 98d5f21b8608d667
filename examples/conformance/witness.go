// The witness: remembers what the library refused.

package main

import (
	"net/http"
	"sync"
)

// witness stands between the MCP client and the library. The official SDK
// follows a failed server/discover with an initialize, whose own failure would
// be all that is left of the library's error.
type witness struct {
	base http.RoundTripper

	mu  sync.Mutex
	err error // the first
}

// RoundTrip implements [http.RoundTripper].
func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := w.base.RoundTrip(req)
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.err == nil {
			w.err = err
		}
	}
	return resp, err
}

// first returns the first error, or nil.
func (w *witness) first() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
