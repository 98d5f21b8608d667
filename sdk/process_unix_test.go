//go:build unix

package sdk_test

import (
	"os"
	"strconv"
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

// STORE-3: a process that is killed at any moment of a refresh leaves the old
// or the new record. MCPOAUTH_KILLS sets the number of rounds.
func TestKilledProcess(t *testing.T) {
	path := os.Getenv("MCPOAUTH_TEST_SHARED")
	if path == "" {
		path = t.TempDir() + "/state"
	}
	rounds, err := strconv.Atoi(os.Getenv("MCPOAUTH_KILLS"))
	if err != nil {
		rounds = 25
	}
	out := storetest.Kill(t, storetest.Sharing{
		Open: func() (sdk.Store, error) { return sdk.NewDirectoryStore(path) },
		Env:  []string{"MCPOAUTH_TEST_SHARED=" + path},
	}, rounds)
	t.Logf("%d sessions went on, %d were lost with a rotated refresh token", out.Kept, out.Lost)
}
