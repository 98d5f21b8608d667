//go:build unix

package sdk_test

import (
	"os"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
)

// STORE-1 (test 1 of the design): a holder of the lock that is stopped after its
// refresh, and continued after a logout, resurrects nothing.
func TestStalledProcess(t *testing.T) {
	path := os.Getenv("MCPOAUTH_TEST_SHARED")
	if path == "" {
		path = t.TempDir() + "/state"
	}
	storetest.Stall(t, storetest.Sharing{
		Open: func() (sdk.Store, error) { return sdk.NewDirectoryStore(path) },
		Env:  []string{"MCPOAUTH_TEST_SHARED=" + path},
	}, 100*time.Millisecond)
}
