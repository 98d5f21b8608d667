// Waves: impatient callers, a slow human, short tokens.

package sdk_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// REF-4, AUTHZ-12, DISC-1 (test 2 of the design): one prompt, refreshes =
// rotations, no hook of a departed caller runs, Close leaves nothing behind.
func TestWaves(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	t.Run("waves", waves)
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > goroutines; {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("%d goroutines before, %d after\n%s", goroutines, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		runtime.Gosched()
	}
}

func waves(t *testing.T) {
	w := newWorld(t, flowstest.ServerConfig{TokenLife: time.Second}, flowstest.ResourceConfig{})
	w.human.browse = func(ctx context.Context, url string) (string, error) {
		select {
		case <-time.After(time.Second):
			return w.as.Authorize(ctx, url)
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
	auth := w.client(t)
	client := auth.HTTPClient()
	var departed atomic.Bool
	impatient := func() error {
		trace := &flows.Trace{LegDone: func(context.Context, flows.LegResult) {
			if departed.Load() {
				t.Error("a hook of a departed caller ran")
			}
		}}
		ctx, cancel := context.WithTimeout(flows.WithTrace(t.Context(), trace), 100*time.Millisecond)
		defer cancel()
		return post(ctx, client, w.rs.URL())
	}
	var group sync.WaitGroup
	for range 5 {
		for range 10 {
			group.Go(func() {
				var pending *sdk.PendingError
				if err := impatient(); err != nil && !errors.As(err, &pending) {
					t.Errorf("impatient caller: %v", err)
				}
			})
		}
		group.Wait()
	}
	departed.Store(true)
	// The first token is here, or about to be; from now on callers are patient.
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); {
		for range 10 {
			group.Go(func() {
				if err := post(t.Context(), client, w.rs.URL()); err != nil {
					t.Errorf("patient caller: %v", err)
				}
			})
		}
		group.Wait()
	}
	if err := auth.Close(); err != nil {
		t.Error(err)
	}
	wantCounts(t, w.as, map[string]int{"authorize": 1, "register": 1})
	families := w.as.Families()
	if len(families) != 1 || families[0].Revoked || families[0].Refreshes != w.as.Count("token:refresh_token") {
		t.Errorf("%d refresh requests, families %+v", w.as.Count("token:refresh_token"), families)
	}
}

func post(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return errors.New(res.Status)
	}
	return nil
}
