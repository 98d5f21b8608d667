// Keys: what records a Redis has.

package redisstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/redis/go-redis/v9"
)

// scanCount is how many names a node looks at in one step: some 0.1 ms, in which it does nothing else.
//
// https://redis.io/docs/latest/commands/scan/#the-count-option
const scanCount = 512

// Keys implements [sdk.Lister]. Redis looks at the names of all that is in its database, also of other programs, in many
// small steps; the keys that were listed are remembered until the end, since it may give a name twice. In a cluster all
// primaries are asked, one after the other: while slots move from one to another, a record in them may be missed.
//
// A client that is neither a [*redis.Client] nor a [*redis.ClusterClient], nor embeds one, does not say which nodes there
// are: its error is one for which errors.Is(err, errors.ErrUnsupported) holds.
func (s *Store) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		err := ctx.Err()
		if err == nil {
			err = sdk.CheckPrefix(prefix)
		}
		var nodes []redis.Cmdable
		if err == nil {
			nodes, err = s.primaries(ctx, prefix)
		}
		l := listing{store: s, prefix: prefix, seen: map[string]bool{}, yield: yield}
		for i := 0; i < len(nodes) && err == nil && !l.left; i++ {
			err = l.node(ctx, nodes[i])
		}
		if err != nil {
			yield("", err)
		}
	}
}

// primaries returns the nodes that have all records between them.
func (s *Store) primaries(ctx context.Context, prefix string) ([]redis.Cmdable, error) {
	switch client := s.client.(type) {
	case interface {
		ForEachMaster(ctx context.Context, f func(ctx context.Context, node *redis.Client) error) error
	}:
		return answer(ctx, prefix, func() (nodes []redis.Cmdable, err error) {
			var mu sync.Mutex
			err = client.ForEachMaster(ctx, func(_ context.Context, node *redis.Client) error {
				mu.Lock()
				defer mu.Unlock()
				nodes = append(nodes, node)
				return nil
			})
			return nodes, err
		})
	case interface{ Options() *redis.Options }:
		return []redis.Cmdable{s.client}, nil
	}
	return nil, fmt.Errorf("redisstore: keys: a client of type %T does not name its nodes: %w", s.client, errors.ErrUnsupported)
}

// listing is one iteration under way.
type listing struct {
	store  *Store
	prefix string
	seen   map[string]bool
	yield  func(string, error) bool
	left   bool // by the caller
}

// page is one step of a scan.
type page struct {
	names  []string
	cursor uint64
}

// node lists what one node has.
func (l *listing) node(ctx context.Context, node redis.Cmdable) error {
	pattern := l.store.pattern(l.prefix)
	for cursor := uint64(0); ; {
		next, err := answer(ctx, l.prefix, func() (p page, err error) {
			p.names, p.cursor, err = node.Scan(ctx, cursor, pattern, scanCount).Result()
			return p, err
		})
		if err != nil {
			return err
		}
		for _, name := range next.names {
			if err := l.give(ctx, name); err != nil || l.left {
				return err
			}
		}
		if cursor = next.cursor; cursor == 0 {
			return nil
		}
	}
}

// give passes on the key of a record, once. A name of this form that is none of ours was written by somebody else.
func (l *listing) give(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	key, ok := l.store.keyOf(name)
	if !ok || l.seen[key] {
		return nil
	}
	l.seen[key] = true
	l.left = !l.yield(key, nil)
	return nil
}

// pattern returns the glob of the records whose keys begin with prefix. Options.Prefix is taken literally.
//
// https://redis.io/docs/latest/commands/keys/
func (s *Store) pattern(prefix string) string {
	literal := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s.prefix)
	return literal + "{" + prefix + "*}"
}

// keyOf is the inverse of recordName.
func (s *Store) keyOf(name string) (string, bool) {
	key, begins := strings.CutPrefix(name, s.prefix+"{")
	key, ends := strings.CutSuffix(key, "}")
	return key, begins && ends && sdk.CheckKey(key) == nil
}

// answer asks on its own, as run does: the client waits for its own timeouts and not for ctx.
func answer[T any](ctx context.Context, prefix string, ask func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	answered := make(chan result, 1)
	go func() {
		value, err := ask()
		answered <- result{value, err}
	}()
	var none T
	select {
	case r := <-answered:
		if r.err != nil && ctx.Err() != nil {
			return none, ctx.Err()
		}
		return r.value, failure("keys", prefix, r.err)
	case <-ctx.Done():
		return none, ctx.Err()
	}
}
