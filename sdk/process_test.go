// Processes that share a directory and a session.

package sdk_test

import (
	"os"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
)

// soak is how long the tests with real processes run: 5 s, or what
// MCPOAUTH_SOAK says.
func soak(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(os.Getenv("MCPOAUTH_SOAK"))
	if err != nil {
		return 5 * time.Second
	}
	return d
}

// REF-5: eight processes with one directory make exactly one refresh per
// rotation; no family is revoked and nobody is asked.
func TestProcessesShareDirectory(t *testing.T) {
	path := os.Getenv("MCPOAUTH_TEST_SHARED")
	if path == "" {
		path = t.TempDir() + "/state"
	}
	out := storetest.Share(t, storetest.Sharing{
		Open:     func() (sdk.Store, error) { return sdk.NewDirectoryStore(path) },
		Env:      []string{"MCPOAUTH_TEST_SHARED=" + path},
		Duration: soak(t),
	})
	t.Logf("%d requests, %d refreshes", out.Requests, out.Refreshes)
}
