// What the user of a client sees when Redis fails: the rows of the table in the package's documentation.

package redisstore

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// world is an authorization server, a resource, a Redis, and a person.
type world struct {
	as      *flowstest.AuthorizationServer
	rs      *flowstest.Resource
	redis   *server
	prompts atomic.Int32
	absent  atomic.Bool // the person is away
}

func newWorld(t *testing.T, cfg flowstest.ServerConfig, args ...string) *world {
	t.Helper()
	w := &world{redis: newServer(t, args...), as: flowstest.NewAuthorizationServer(cfg)}
	t.Cleanup(w.as.Close)
	w.rs = flowstest.NewResource(flowstest.ResourceConfig{
		Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{w.as},
	})
	t.Cleanup(w.rs.Close)
	return w
}

// durable are the arguments of a server that has its data after a restart.
var durable = []string{"--appendonly", "yes", "--appendfsync", "always"}

func (w *world) Prepare(context.Context, []string) (sdk.Attempt, error) { return w, nil }
func (w *world) RedirectURI() string                                    { return "http://127.0.0.1:7777/callback" }
func (w *world) Close() error                                           { return nil }
func (w *world) Authorize(ctx context.Context, url string) (string, error) {
	if w.absent.Load() {
		return "", sdk.ErrNoCallback
	}
	w.prompts.Add(1)
	return w.as.Authorize(ctx, url)
}

// client is one machine: a store and a client of its own.
func (w *world) client(t *testing.T, lease time.Duration) *sdk.Client {
	t.Helper()
	client, err := sdk.New(sdk.Config{Resource: w.rs.URL(), Authorizer: w, Store: w.redis.openShort(t, lease)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// call sends a request and returns how long it took.
func (w *world) call(ctx context.Context, client *sdk.Client) (time.Duration, error) {
	start := time.Now()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.rs.URL(), strings.NewReader("{}"))
	if err != nil {
		return 0, err
	}
	res, err := client.HTTPClient().Do(req)
	if err != nil {
		return time.Since(start), err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return time.Since(start), errors.New(res.Status)
	}
	return time.Since(start), nil
}

// works fails unless a request gets through.
func (w *world) works(t *testing.T, client *sdk.Client) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	took, err := w.call(ctx, client)
	if err != nil {
		t.Fatalf("request: %v", err)
	}
	return took
}

// fails fails unless a request ends with an error that is about the store, tells that Redis is away and that nobody has
// to do anything about the session.
func (w *world) fails(t *testing.T, client *sdk.Client) {
	t.Helper()
	took, err := w.call(t.Context(), client)
	var store *sdk.StoreError
	var away *UnavailableError
	if !errors.As(err, &store) || !errors.As(err, &away) || sdk.NeedsHuman(err) {
		t.Errorf("request: error %v (needs a human: %t), want an *sdk.StoreError with an *UnavailableError", err, sdk.NeedsHuman(err))
	}
	t.Logf("after %.1f s: %v", took.Seconds(), err)
}

func (w *world) wantCounts(t *testing.T, prompts int32, refreshes int) {
	t.Helper()
	if n := w.prompts.Load(); n != prompts {
		t.Errorf("%d prompts, want %d", n, prompts)
	}
	if n := w.as.Count("token:refresh_token"); n != refreshes {
		t.Errorf("%d refreshes, want %d", n, refreshes)
	}
}

// Row "stopped".
func TestRedisStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, flowstest.ServerConfig{}, durable...)
	client := w.client(t, sdk.LockLease)
	w.works(t, client)
	w.redis.stop(t)

	if took := w.works(t, client); took > time.Second {
		t.Errorf("a request with a valid token took %v", took)
	}
	fresh := w.client(t, sdk.LockLease) // a program that starts now
	w.as.RevokeAccessTokens()
	var group sync.WaitGroup
	for _, c := range []*sdk.Client{fresh, client} {
		group.Go(func() { w.fails(t, c) })
	}
	group.Wait()
	w.wantCounts(t, 1, 0)

	w.redis.start(t)
	w.works(t, client)
	w.works(t, fresh)
	w.wantCounts(t, 1, 1)
}

// Row "stopped": the last seconds of a token, when a refresh is due, count as well.
func TestRedisStoppedNearEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, flowstest.ServerConfig{TokenLife: time.Hour}, durable...)
	client, err := sdk.New(sdk.Config{
		Resource: w.rs.URL(), Authorizer: w, Store: w.redis.open(t, Options{}), Skew: time.Hour - time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	w.works(t, client)
	w.redis.stop(t)
	time.Sleep(2 * time.Millisecond)
	t.Logf("the first request whose token is due took %.1f s", w.works(t, client).Seconds())
	t.Logf("the next one %.3f s: it does not wait for the store", w.works(t, client).Seconds())
	w.wantCounts(t, 1, 0)
	w.redis.start(t)
	for deadline := time.Now().Add(20 * time.Second); w.as.Count("token:refresh_token") == 0 && time.Now().Before(deadline); {
		w.works(t, client) // the session tries again when its back-off is over
		time.Sleep(50 * time.Millisecond)
	}
	w.wantCounts(t, 1, max(1, w.as.Count("token:refresh_token"))) // each of its tokens is due at once
}

// Row "restarted empty".
func TestRedisRestartedEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t, flowstest.ServerConfig{})
	client := w.client(t, sdk.LockLease)
	w.works(t, client)
	for range 2 { // so that the session's generation is higher than that of a first record
		w.as.RevokeAccessTokens()
		w.works(t, client)
	}
	w.wantCounts(t, 1, 2)
	w.redis.stop(t)
	w.redis.empty(t)

	w.works(t, client)
	w.wantCounts(t, 1, 2)
	w.as.RevokeAccessTokens()
	w.works(t, client)
	w.wantCounts(t, 2, 2)
	w.works(t, w.client(t, sdk.LockLease)) // another machine has the new session
	w.as.RevokeAccessTokens()
	w.works(t, client)
	w.wantCounts(t, 2, 3)
}

// Row "last write lost": the store has an older record than the client, as after a failover to a replica that lagged.
func TestRedisLostLastWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, flowstest.ServerConfig{})
	client := w.client(t, sdk.LockLease)
	w.works(t, client)
	admin, name := w.redis.client(t), "mcpoauth:{"+w.sessionKey(t)+"}"
	old := admin.HGetAll(t.Context(), name).Val()
	w.as.RevokeAccessTokens()
	w.works(t, client)
	w.wantCounts(t, 1, 1)
	if err := admin.HSet(t.Context(), name, old).Err(); err != nil || len(old) != 3 {
		t.Fatalf("record %d fields, error %v", len(old), err)
	}

	w.works(t, client)
	w.wantCounts(t, 1, 1)
	w.as.RevokeAccessTokens()
	w.works(t, client) // the old refresh token is refused, since it was used
	w.wantCounts(t, 2, 2)
	w.works(t, w.client(t, sdk.LockLease)) // another machine has the new session
	w.as.RevokeAccessTokens()
	w.works(t, client)
	w.wantCounts(t, 2, 3)
}

// Row "paused".
func TestRedisPaused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, flowstest.ServerConfig{}, durable...)
	idle, busy := w.client(t, sdk.LockLease), w.client(t, sdk.LockLease)
	w.works(t, idle)
	w.works(t, busy)
	resume := w.redis.pause(t)
	defer resume()
	time.AfterFunc(5*time.Second, resume)

	if took := w.works(t, idle); took > time.Second {
		t.Errorf("a request with a valid token took %v", took)
	}
	w.as.RevokeAccessTokens()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	took, err := w.call(ctx, busy)
	if !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
		t.Errorf("a caller with 200 ms left after %v with %v", took, err)
	}
	t.Logf("a request that needs a refresh took %.1f s", w.works(t, busy).Seconds())
	w.works(t, idle)
	w.wantCounts(t, 1, 1)
}

// Row "lock holder killed".
func TestLockHolderKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, flowstest.ServerConfig{})
	const lease = time.Second
	client := w.client(t, lease)
	w.works(t, client)
	killHolder(t, w.redis, w.sessionKey(t), lease)

	if took := w.works(t, client); took > time.Second {
		t.Errorf("a request with a valid token took %v", took)
	}
	w.as.RevokeAccessTokens()
	if took := w.works(t, client); took < 10*time.Millisecond {
		t.Errorf("the refresh took %v: nobody held the lock", took)
	}
	w.wantCounts(t, 1, 1)
}

// sessionKey finds the key of the one session.
func (w *world) sessionKey(t *testing.T) string {
	t.Helper()
	names, err := w.redis.client(t).Keys(t.Context(), "mcpoauth:{session/*}").Result()
	if err != nil || len(names) != 1 {
		t.Fatalf("sessions %v, error %v", names, err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(names[0], "mcpoauth:{"), "}")
}

// Row "failover": a refresh loses its lock, and another machine logs out. The answer of the refresh comes too late.
func TestLockLostDuringRefresh(t *testing.T) {
	t.Parallel()
	answering, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, flowstest.ServerConfig{Refresh: func(map[string]any) {
		close(answering)
		<-release
	}})
	client, other := w.client(t, sdk.LockLease), w.client(t, sdk.LockLease)
	w.works(t, client)
	w.absent.Store(true)
	w.as.RevokeAccessTokens()
	done := make(chan error, 1)
	go func() {
		_, err := w.call(t.Context(), client)
		done <- err
	}()
	<-answering
	if n := w.redis.client(t).Del(t.Context(), "mcpoauth:{"+w.sessionKey(t)+"}:lock").Val(); n != 1 {
		t.Fatalf("%d locks lost, want 1", n)
	}
	if err := other.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(release)
	if err := <-done; err == nil {
		t.Error("the request got through after a logout")
	}
	if value, err := w.redis.open(t, Options{}).Get(t.Context(), w.sessionKey(t)); !bytes.Contains(value, []byte(`"deleted":true`)) {
		t.Errorf("the logout is gone: error %v", err)
	}
	w.wantCounts(t, 1, 1)
}
