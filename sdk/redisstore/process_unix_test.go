//go:build unix

// Processes that share a Redis and a session.

package redisstore

import (
	"encoding/base64"
	"os"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
)

const sharedAddress = "MCPOAUTH_TEST_SHARED"

// sharing is a server that all processes of a test have. lease is that of their locks.
func sharing(t *testing.T, lease time.Duration) storetest.Sharing {
	t.Helper()
	addr := os.Getenv(sharedAddress)
	if addr == "" {
		addr = newServer(t).addr
	}
	return storetest.Sharing{
		Open: func() (sdk.Store, error) {
			store, err := Open("redis://"+addr, Options{})
			if err == nil {
				store.lease = lease
			}
			return store, err
		},
		Env:      []string{sharedAddress + "=" + addr},
		Duration: soak(2 * time.Second),
	}
}

// soak is how long real processes send requests: what MCPOAUTH_SOAK says, else the given time.
func soak(short time.Duration) time.Duration {
	if d, err := time.ParseDuration(os.Getenv("MCPOAUTH_SOAK")); err == nil {
		return d
	}
	return short
}

// REF-5: eight processes with one Redis make exactly one refresh per rotation; no family is revoked and nobody is asked.
func TestProcessesShareRedis(t *testing.T) {
	out := storetest.Share(t, sharing(t, sdk.LockLease))
	t.Logf("%d requests, %d refreshes", out.Requests, out.Refreshes)
}

// STORE-1 (test 1 of the design): a holder that is stopped after its refresh, past the lease, and continued after a
// logout, resurrects nothing.
func TestStalledProcess(t *testing.T) {
	const lease = 250 * time.Millisecond
	storetest.Stall(t, sharing(t, lease), 2*lease)
}

// STORE-1: the same, sealed.
func TestStalledProcessSealed(t *testing.T) {
	const lease = 250 * time.Millisecond
	keys := os.Getenv("MCPOAUTH_TEST_KEYSET")
	if keys == "" {
		handle, err := sealed.NewKeyset()
		if err != nil {
			t.Fatal(err)
		}
		data, err := sealed.MarshalKeyset(handle)
		if err != nil {
			t.Fatal(err)
		}
		keys = base64.StdEncoding.EncodeToString(data)
	}
	s := sharing(t, lease)
	open := s.Open
	s.Env = append(s.Env, "MCPOAUTH_TEST_KEYSET="+keys)
	s.Open = func() (sdk.Store, error) {
		data, err := base64.StdEncoding.DecodeString(keys)
		if err != nil {
			return nil, err
		}
		handle, err := sealed.ParseKeyset(data)
		if err != nil {
			return nil, err
		}
		inner, err := open()
		if err != nil {
			return nil, err
		}
		return sealed.New(inner, handle)
	}
	storetest.Stall(t, s, 2*lease)
}
