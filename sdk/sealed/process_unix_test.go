//go:build unix

// Processes that share sealed records.

package sealed

import (
	"encoding/base64"
	"os"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
)

// sharing is a directory and a keyset that all processes of a test have.
func sharing(t *testing.T) storetest.Sharing {
	t.Helper()
	path, keys := os.Getenv("MCPOAUTH_TEST_SHARED"), os.Getenv("MCPOAUTH_TEST_KEYSET")
	if path == "" {
		path, keys = t.TempDir()+"/state", base64.StdEncoding.EncodeToString(marshal(t, newKeyset(t)))
	}
	return storetest.Sharing{
		Open: func() (sdk.Store, error) {
			data, err := base64.StdEncoding.DecodeString(keys)
			if err != nil {
				return nil, err
			}
			handle, err := ParseKeyset(data)
			if err != nil {
				return nil, err
			}
			inner, err := sdk.NewDirectoryStore(path)
			if err != nil {
				return nil, err
			}
			return New(inner, handle)
		},
		Env:       []string{"MCPOAUTH_TEST_SHARED=" + path, "MCPOAUTH_TEST_KEYSET=" + keys},
		Processes: 4,
		Duration:  soak(2 * time.Second),
	}
}

// soak is how long real processes send requests: what MCPOAUTH_SOAK says, else
// the given time.
func soak(short time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv("MCPOAUTH_SOAK")); err == nil {
		return d
	}
	return short
}

// REF-5: locks and generations work through the sealing.
func TestProcessesShareSealed(t *testing.T) {
	out := storetest.Share(t, sharing(t))
	t.Logf("%d requests, %d refreshes", out.Requests, out.Refreshes)
}

// STORE-1 (test 1 of the design, sealed): a holder that was stopped after its
// refresh, and continued after a logout, resurrects nothing.
func TestStalledProcessSealed(t *testing.T) {
	storetest.Stall(t, sharing(t), 100*time.Millisecond)
}
