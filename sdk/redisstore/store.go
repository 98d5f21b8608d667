// Store: records and their generations in Redis.

package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"

	// Redis Ltd.'s own client: maintained, BSD-2-Clause, four small modules; 11 MB in a program, only where this package
	// is imported. Cluster, Sentinel, TLS and repetition are not to be written anew.
	"github.com/redis/go-redis/v9"
)

const (
	defaultPrefix     = "mcpoauth:"
	defaultPendingTTL = time.Hour
	pendingKind       = "pending/"
)

// Options are what a store may do otherwise. The zero value is right for most programs.
type Options struct {
	// Prefix begins the name of everything that the store keeps in Redis. Stores with different prefixes share nothing.
	// It must not have braces, which mark the part of a name by which a cluster chooses the node. Empty means
	// "mcpoauth:".
	Prefix string
	// PendingTTL is how long Redis keeps a record under pending/, a login that was begun, after its last write. An
	// answer is taken for 10 minutes, so less makes logins fail. Zero means one hour; a negative duration, for ever.
	PendingTTL time.Duration
}

// Store is an [sdk.Store], [sdk.Locker], [sdk.Fencer] and [sdk.Lister] in Redis. Make one with [New] or [Open]; the zero
// value is not usable. It is safe for use by many goroutines, processes and machines at once. Close it after the clients
// and pools that use it.
//
// Each of its methods returns when its context ends, whatever the timeouts of the client. A command that was sent then
// may still be carried out.
//
// It prints as its name under every verb.
type Store struct {
	client     redis.UniversalClient
	owned      bool // by the store, which closes it
	prefix     string
	pendingTTL time.Duration
	lease      time.Duration
}

var (
	_ sdk.Store  = (*Store)(nil)
	_ sdk.Locker = (*Store)(nil)
	_ sdk.Fencer = (*Store)(nil)
	_ sdk.Lister = (*Store)(nil)
)

// New returns a store over a client, which stays the caller's to close. nil is an error, and so is a [*redis.Ring]: it
// moves keys to another node when one does not answer, which takes locks and generations away from those who hold them.
// New sends nothing.
func New(client redis.UniversalClient, options Options) (*Store, error) {
	if client == nil {
		return nil, errors.New("redisstore: client is nil")
	}
	if _, ring := client.(*redis.Ring); ring {
		return nil, errors.New("redisstore: a Ring keeps neither locks nor generations: use a cluster or Sentinel")
	}
	if strings.ContainsAny(options.Prefix, "{}") {
		return nil, fmt.Errorf("redisstore: options: Prefix %q has a brace", options.Prefix)
	}
	s := &Store{client: client, prefix: defaultPrefix, pendingTTL: defaultPendingTTL, lease: sdk.LockLease}
	if options.Prefix != "" {
		s.prefix = options.Prefix
	}
	if options.PendingTTL != 0 {
		s.pendingTTL = max(options.PendingTTL, 0)
	}
	return s, nil
}

// Get implements [sdk.Store].
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	reply, err := s.run(ctx, command{op: "get", key: key, script: getScript, name: s.recordName(key)})
	if errors.Is(err, redis.Nil) {
		return nil, sdk.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	value, ok := reply.(string)
	if !ok {
		return nil, fmt.Errorf("redisstore: get: record %s: Redis answered with a %T", key, reply)
	}
	return []byte(value), nil
}

// Put implements [sdk.Store].
func (s *Store) Put(ctx context.Context, key string, value []byte) error {
	_, err := s.run(ctx, command{
		op: "put", key: key, script: putScript, name: s.recordName(key),
		args: []any{s.ttl(key), string(value)},
	})
	return err
}

// PutIf implements [sdk.Fencer]. A command that the client repeats, because the answer to it was lost, succeeds if it
// did the first time.
func (s *Store) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	if generation < 0 {
		return fmt.Errorf("redisstore: put: record %s: generation %d is negative", key, generation)
	}
	reply, err := s.run(ctx, command{
		op: "put", key: key, script: putIfScript, name: s.recordName(key),
		args: []any{s.ttl(key), string(value), strconv.FormatInt(generation, 10), rand.Text()},
	})
	if err != nil {
		return err
	}
	if reply != done {
		return sdk.ErrStale
	}
	return nil
}

// Delete implements [sdk.Store].
func (s *Store) Delete(ctx context.Context, key string) error {
	_, err := s.run(ctx, command{op: "delete", key: key, script: deleteScript, name: s.recordName(key)})
	return err
}

// Close closes the client if [Open] made it; else it does nothing. A second call does nothing.
func (s *Store) Close() error {
	if !s.owned {
		return nil
	}
	if err := s.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return fmt.Errorf("redisstore: close: %w", err)
	}
	return nil
}

// Format implements [fmt.Formatter].
func (s *Store) Format(state fmt.State, _ rune) {
	_, _ = state.Write([]byte("redisstore.Store"))
}

// recordName and lockName are names in Redis. The braces put record and lock of a key on one node of a cluster, which
// fails over with both or neither.
func (s *Store) recordName(key string) string { return s.prefix + "{" + key + "}" }
func (s *Store) lockName(key string) string   { return s.prefix + "{" + key + "}:lock" }

// ttl returns the milliseconds for which a record is kept after a write; 0 means for ever.
func (s *Store) ttl(key string) int64 {
	if strings.HasPrefix(key, pendingKind) {
		return s.pendingTTL.Milliseconds()
	}
	return 0
}
