package redisstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/redis/go-redis/v9"
)

// A lock that is not renewed ends with its lease, and its holder learns of it, whether or not somebody else took it.
func TestLeasePasses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a, b := s.openShort(t, 200*time.Millisecond), s.openShort(t, time.Minute)
	for _, taken := range []bool{false, true} {
		held := lockOf(t, a)
		until := held.Expires()
		if until.IsZero() || until.After(time.Now().Add(200*time.Millisecond)) {
			t.Errorf("Expires = %v", until)
		}
		var next sdk.Lock
		if taken {
			next = lockOf(t, b)
			if time.Now().Before(until) {
				t.Error("the lock was given to another while it was held for certain")
			}
		} else {
			eventually(t, "the lock ends", func() bool {
				return s.client(t).Exists(t.Context(), "mcpoauth:{"+key+"}:lock").Val() == 0
			})
		}
		for range 2 {
			if err := held.Renew(t.Context()); !errors.Is(err, sdk.ErrLockLost) {
				t.Errorf("Renew: error %v, want ErrLockLost", err)
			}
		}
		if err := held.Unlock(t.Context()); !errors.Is(err, sdk.ErrLockLost) {
			t.Errorf("Unlock: error %v, want ErrLockLost", err)
		}
		if err := held.Unlock(t.Context()); err != nil {
			t.Errorf("second Unlock: %v", err)
		}
		if taken {
			if err := next.Renew(t.Context()); err != nil {
				t.Errorf("the next holder has lost it: %v", err)
			}
			_ = next.Unlock(t.Context())
		}
	}
}

// A lock that is renewed outlasts its lease.
func TestRenewKeeps(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a, b := s.openShort(t, time.Second), s.openShort(t, time.Second)
	held := lockOf(t, a)
	before := held.Expires()
	for range 6 {
		time.Sleep(200 * time.Millisecond)
		if err := held.Renew(t.Context()); err != nil {
			t.Fatalf("Renew: %v", err)
		}
	}
	if !held.Expires().After(before) {
		t.Error("Renew left Expires where it was")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := b.Lock(ctx, key); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock of a renewed lock: error %v, want context.DeadlineExceeded", err)
	}
}

// REF-5: the kill of a holder frees its lock when the lease has passed.
func TestHolderKilled(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	const lease = 500 * time.Millisecond
	start := time.Now()
	killHolder(t, s, key, lease)
	held := lockOf(t, s.openShort(t, lease))
	if took := time.Since(start); took < lease {
		t.Errorf("the lock was free after %v, before its lease", took)
	}
	_ = held.Unlock(t.Context())
}

// TestHolderChild is the process that is killed.
func TestHolderChild(t *testing.T) {
	addr, lease := os.Getenv("MCPOAUTH_TEST_HOLDER"), os.Getenv("MCPOAUTH_TEST_LEASE")
	if addr == "" {
		t.Skip("runs only as the child of another test")
	}
	d, err := time.ParseDuration(lease)
	if err != nil {
		t.Fatal(err)
	}
	store := (&server{addr: addr}).openShort(t, d)
	if _, err := store.Lock(t.Context(), os.Getenv("MCPOAUTH_TEST_KEY")); err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked")
	select {}
}

// killHolder kills a process that holds a lock.
func killHolder(t *testing.T, s *server, key string, lease time.Duration) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "-test.run=^TestHolderChild$", "-test.v")
	command.Env = append(os.Environ(),
		"MCPOAUTH_TEST_HOLDER="+s.addr, "MCPOAUTH_TEST_LEASE="+lease.String(), "MCPOAUTH_TEST_KEY="+key)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Text() != "locked"; {
		if !lines.Scan() {
			t.Fatal("the holder ended by itself")
		}
	}
	_ = command.Process.Kill()
	_ = command.Wait()
}

// REF-4: the lock of a caller who left while Redis did not answer is given back, and not kept for a lease.
func TestAbandonedLock(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	a, b := s.open(t, Options{}), s.open(t, Options{})
	_ = lockOf(t, a).Unlock(t.Context()) // so that there is a connection, and Redis has the script
	resume := s.pause(t)
	defer resume()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := a.Lock(ctx, key)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Lock: error %v, want context.DeadlineExceeded", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the caller left after %v", took)
	}
	resume()
	start = time.Now()
	_ = lockOf(t, b).Unlock(t.Context())
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("the lock was kept for %v", took)
	}
}

// A failover that loses the lock: the holder learns of it, another gets it, and of both writes the first stays.
func TestFailoverLosesLock(t *testing.T) {
	t.Parallel()
	primary := newServer(t, "--repl-diskless-sync-delay", "0")
	replica := newServer(t, "--repl-diskless-load", "disabled")
	admin := replica.client(t)
	_, port, _ := net.SplitHostPort(primary.addr)
	if err := admin.ReplicaOf(t.Context(), "127.0.0.1", port).Err(); err != nil {
		t.Fatal(err)
	}
	// The clients find the primary at one address, as behind Sentinel.
	var current atomic.Value
	current.Store(primary.addr)
	open := func() *Store {
		client := redis.NewClient(&redis.Options{Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", current.Load().(string))
		}})
		t.Cleanup(func() { _ = client.Close() })
		store, err := New(client, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	a, b := open(), open()
	putIf(t, a, 1, "one")
	eventually(t, "the record is replicated", func() bool {
		return admin.HGet(t.Context(), "mcpoauth:{"+key+"}", "generation").Val() == "1"
	})
	// The replica keeps what it has and gets no more.
	if err := admin.ReplicaOf(t.Context(), "127.0.0.1", "1").Err(); err != nil {
		t.Fatal(err)
	}
	held := lockOf(t, a)
	primary.stop(t)
	if err := admin.ReplicaOf(t.Context(), "no", "one").Err(); err != nil {
		t.Fatal(err)
	}
	current.Store(replica.addr)

	second := lockOf(t, b)
	if err := held.Renew(t.Context()); !errors.Is(err, sdk.ErrLockLost) {
		t.Errorf("Renew of the first holder: error %v, want ErrLockLost", err)
	}
	want(t, b, key, "one")
	putIf(t, b, 2, "of the second holder")
	if err := a.PutIf(t.Context(), key, 2, []byte("of the first")); !errors.Is(err, sdk.ErrStale) {
		t.Errorf("PutIf of the first holder: error %v, want ErrStale", err)
	}
	want(t, a, key, "of the second holder")
	if err := held.Unlock(t.Context()); !errors.Is(err, sdk.ErrLockLost) {
		t.Errorf("Unlock of the first holder: error %v, want ErrLockLost", err)
	}
	if err := second.Renew(t.Context()); err != nil {
		t.Errorf("the second holder has lost it: %v", err)
	}
}
