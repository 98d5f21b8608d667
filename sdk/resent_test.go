// Requests with a proof that net/http sends again on its own.

package sdk_test

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// get sends a request without a body, as a client that opens a stream does.
func get(t *testing.T, client *http.Client, url string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body) // or the connection is not kept
	return res.StatusCode, err
}

// EXT-5, DISC-1: a connection that was kept is lost after the resource has acted
// on a GET; net/http sends the GET again with the proof that the resource has
// seen, and the refusal of that is answered with a fresh one.
func TestProofSentTwice(t *testing.T) {
	for name, nonce := range map[string]flowstest.DPoPNonce{"no nonces": flowstest.NonceOff, "nonces": flowstest.NonceEachAnswer} {
		t.Run(name, func(t *testing.T) {
			dpop := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired, Nonce: nonce}
			w := newWorld(t, flowstest.ServerConfig{DPoP: dpop}, flowstest.ResourceConfig{DPoP: dpop})
			client := w.client(t).HTTPClient()
			if status, err := get(t, client, w.rs.URL()); status != 200 {
				t.Fatalf("%d, %v", status, err)
			}
			w.rs.ForgetRequests()
			w.rs.Configure(func(c *flowstest.ResourceConfig) {
				c.Fault = flowstest.On("mcp", flowstest.Times(1, flowstest.LoseAnswer()))
			})
			if status, err := get(t, client, w.rs.URL()); status != 200 {
				t.Fatalf("%d, %v", status, err)
			}
			sent := w.rs.RequestsOf("mcp")
			if len(sent) != 3 {
				t.Fatalf("%d requests, want 3: lost, repeated by net/http, signed anew", len(sent))
			}
			if first, second, third := sent[0].Header.Get("DPoP"), sent[1].Header.Get("DPoP"), sent[2].Header.Get("DPoP"); first != second || third == first {
				t.Error("the proofs are not the same, the same, and another")
			}
			wantCounts(t, w.as, map[string]int{"authorize": 1, "token:refresh_token": 0})
		})
	}
}

// EXT-5: a proof that is refused although it was sent once is not made anew,
// nor is one that is refused again.
func TestProofRefusedOnce(t *testing.T) {
	dpop := flowstest.DPoPConfig{Policy: flowstest.DPoPRequired}
	for name, tt := range map[string]struct {
		lost []int // which of the requests
		sent int
	}{
		"sent once":  {nil, 1},
		"sent twice": {[]int{1}, 3},
		"and again":  {[]int{1, 3}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, flowstest.ServerConfig{DPoP: dpop}, flowstest.ResourceConfig{DPoP: dpop})
			client := w.client(t).HTTPClient()
			if status, err := get(t, client, w.rs.URL()); status != 200 {
				t.Fatalf("%d, %v", status, err)
			}
			w.rs.ForgetRequests()
			lose := flowstest.LoseAnswer()
			w.rs.Configure(func(c *flowstest.ResourceConfig) {
				c.Fault = func(kind string, n int, out http.ResponseWriter, r *http.Request) bool {
					return slices.Contains(tt.lost, len(w.rs.RequestsOf("mcp"))) && lose(kind, n, out, r)
				}
				c.Now = func() time.Time { return time.Now().Add(10 * time.Minute) }
			})
			_, err := get(t, client, w.rs.URL())
			var refused *flows.DPoPError
			if !errors.As(err, &refused) || refused.Code != "invalid_dpop_proof" || !errors.As(err, new(*sdk.RequestError)) {
				t.Errorf("error %v, want a *flows.DPoPError", err)
			}
			if n := w.rs.Count("mcp"); n != tt.sent {
				t.Errorf("%d requests, want %d", n, tt.sent)
			}
		})
	}
}
