package redisstore

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
	"github.com/redis/go-redis/v9"
)

// STORE-1, STORE-2: a cluster of two nodes. Records of different keys are on both, and a record and its lock on one.
func TestCluster(t *testing.T) {
	t.Parallel()
	busOne, busTwo := freePort(t), freePort(t)
	one, two := newNode(t, busOne), newNode(t, busTwo)
	const half, slots = 8191, 16383
	first, second := one.client(t), two.client(t)
	host, port, _ := net.SplitHostPort(two.addr)
	for _, err := range []error{
		first.ClusterAddSlotsRange(t.Context(), 0, half).Err(),
		second.ClusterAddSlotsRange(t.Context(), half+1, slots).Err(),
		second.Do(t.Context(), "cluster", "set-config-epoch", 2).Err(),
		first.Do(t.Context(), "cluster", "meet", host, port, busTwo).Err(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, node := range []*redis.Client{first, second} {
		eventually(t, "the cluster is one", func() bool {
			info := node.ClusterInfo(t.Context()).Val()
			return strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_slots_ok:16384")
		})
	}
	// Reads of replicas, and by latency, would be stale: the store's are not.
	open := func(t *testing.T, options Options) *Store {
		t.Helper()
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{one.addr}, RouteRandomly: true})
		t.Cleanup(func() { _ = client.Close() })
		store, err := New(client, options)
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
	storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
		options := nextPrefix()
		return open(t, options), open(t, options)
	})
	store := open(t, Options{})
	for n := range 20 {
		put(t, store, fmt.Sprintf("client/%02d", n), "value")
	}
	if keys, err := keysOf(t.Context(), store, "client/"); err != nil || len(keys) != 20 {
		t.Errorf("Keys = %q, error %v, want those of both nodes", keys, err)
	}
	for name, node := range map[string]*redis.Client{"one": first, "two": second} {
		if n := node.DBSize(t.Context()).Val(); n == 0 {
			t.Errorf("node %s has no record", name)
		}
	}
	record, err := first.ClusterKeySlot(t.Context(), store.recordName(key)).Result()
	lock, err2 := first.ClusterKeySlot(t.Context(), store.lockName(key)).Result()
	other, err3 := first.ClusterKeySlot(t.Context(), store.recordName("session/0a/1c")).Result()
	if err != nil || err2 != nil || err3 != nil || record != lock || record == other {
		t.Errorf("slots %d, %d and %d, errors %v, %v, %v", record, lock, other, err, err2, err3)
	}
}

func newNode(t *testing.T, bus string) *server {
	t.Helper()
	return newServer(t, "--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-port", bus)
}
