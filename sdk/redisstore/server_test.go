// The Redis servers of the tests.

package redisstore

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"

	// A Redis in the process, for machines without one: maintained, MIT; tests only.
	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	redis.SetLogger(quiet{log.New(io.Discard, "", 0)}) // servers are stopped on purpose here
	os.Exit(m.Run())
}

type quiet struct{ *log.Logger }

func (q quiet) Printf(_ context.Context, format string, v ...any) { q.Logger.Printf(format, v...) }

// server is a redis-server of the test's own on a loopback port, or an in-process one where none is installed.
type server struct {
	addr string
	mini *miniredis.Miniredis // nil for a real one

	program string
	args    []string
	process *exec.Cmd
}

// newServer starts a server that keeps nothing on the disk, unless args say so.
func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	program, err := exec.LookPath("redis-server")
	if err != nil {
		if len(args) > 0 {
			t.Skipf("no redis-server is installed (Debian: redis-server), and the in-process one has no %v", args)
		}
		return newMini(t)
	}
	port := freePort(t)
	s := &server{addr: net.JoinHostPort("127.0.0.1", port), program: program}
	s.args = append([]string{
		"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "no",
	}, args...)
	s.start(t)
	t.Cleanup(func() { s.stop(t) })
	t.Logf("%s, process %d", program, s.process.Process.Pid)
	return s
}

func newMini(t *testing.T) *server {
	t.Helper()
	s := &server{mini: miniredis.RunT(t)}
	s.addr = s.mini.Addr()
	t.Log("no redis-server is installed (Debian: redis-server): the test uses miniredis, in this process")
	// Its clock stands still unless it is moved.
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() {
		for ctx.Err() == nil {
			time.Sleep(20 * time.Millisecond)
			s.mini.FastForward(20 * time.Millisecond)
		}
	}()
	return s
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// start starts a server that does not run.
func (s *server) start(t *testing.T) {
	t.Helper()
	if s.mini != nil {
		if err := s.mini.Restart(); err != nil {
			t.Fatal(err)
		}
		return
	}
	var out strings.Builder
	s.process = exec.Command(s.program, s.args...) // not with the test's context: stop ends it
	s.process.Stdout, s.process.Stderr = &out, &out
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", s.addr, time.Second)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(deadline) {
			s.stop(t)
			t.Fatalf("redis-server does not start: %v\n%s", err, &out)
		}
	}
}

// stop kills the server by its process id. What is not on its disk is lost; the in-process one keeps everything.
func (s *server) stop(*testing.T) {
	if s.mini != nil {
		s.mini.Close()
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

// empty restarts a server that does not run, without its data.
func (s *server) empty(t *testing.T) {
	t.Helper()
	s.start(t)
	client := s.client(t)
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
}

// client returns a client for what a test does beside the store.
func (s *server) client(t *testing.T) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.addr})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// open returns a store over a client of its own.
func (s *server) open(t *testing.T, options Options) *Store {
	t.Helper()
	store, err := Open("redis://"+s.addr, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// openShort returns a store whose locks have a short lease.
func (s *server) openShort(t *testing.T, lease time.Duration) *Store {
	t.Helper()
	store := s.open(t, Options{})
	store.lease = lease
	return store
}

// prefixes tells the stores of one server apart.
var prefixes atomic.Int64

func nextPrefix() Options {
	return Options{Prefix: fmt.Sprintf("test-%d:", prefixes.Add(1))}
}

const key = "session/0a/1b"

func put(t *testing.T, store sdk.Store, key, value string) {
	t.Helper()
	if err := store.Put(t.Context(), key, []byte(value)); err != nil {
		t.Fatal(err)
	}
}

func putIf(t *testing.T, store sdk.Fencer, generation int64, value string) {
	t.Helper()
	if err := store.PutIf(t.Context(), key, generation, []byte(value)); err != nil {
		t.Fatalf("PutIf(%d): %v", generation, err)
	}
}

func want(t *testing.T, store sdk.Store, key, value string) {
	t.Helper()
	if got, err := store.Get(t.Context(), key); err != nil || string(got) != value {
		t.Fatalf("Get = %q, error %v, want %q", got, err, value)
	}
}

func lockOf(t *testing.T, store sdk.Locker) sdk.Lock {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	held, err := store.Lock(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// proxy stands between a client and a server, and loses answers.
type proxy struct {
	addr string
	lose atomic.Int32 // how many answers are lost next, with their connections
}

func newProxy(t *testing.T, s *server) *proxy {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &proxy{addr: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			backend, err := net.DialTimeout("tcp", s.addr, time.Second)
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() { _, _ = io.Copy(backend, client); _ = backend.Close() }()
			go p.answers(client, backend)
		}
	}()
	return p
}

func (p *proxy) answers(client, backend net.Conn) {
	defer client.Close()
	defer backend.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := backend.Read(buffer)
		if err != nil || p.lose.Load() > 0 && p.lose.Add(-1) >= 0 {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
