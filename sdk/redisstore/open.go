// Open: a store from a URL.

package redisstore

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Open returns a store over a client of its own, which [Store.Close] closes. It sends nothing.
//
//	redis://user:password@host:6379/0    one server; rediss:// is the same over TLS 1.2 and up
//	unix:///run/redis.sock               one server on this machine
//	rediss://host:6379?addr=host2:6379   a cluster, of which at least two nodes are named
//	redis://host:26379?master_name=main  Sentinel, by one of its addresses; user and password of the servers
//	                                     behind it are the parameters username and password
//
// Timeouts and the like are further parameters: see [redis.ParseURL], [redis.ParseClusterURL] and
// [redis.ParseFailoverURL]. For a CA or a client certificate of one's own, and for a cluster behind one address, make a
// client with [redis.NewUniversalClient] and give it to [New].
//
// Its errors do not quote the URL, which may hold a password.
func Open(rawURL string, options Options) (*Store, error) {
	dial, err := parse(rawURL)
	if err != nil {
		return nil, err
	}
	client := dial()
	s, err := New(client, options)
	if err != nil {
		return nil, errors.Join(err, client.Close())
	}
	s.owned = true
	return s, nil
}

// parse returns what makes the kind of client that the URL is for.
func parse(rawURL string) (func() redis.UniversalClient, error) {
	parsed, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("redisstore: not a URL") // the cause quotes it
	}
	query := parsed.Query()
	if err := checkPool(query); err != nil {
		return nil, err
	}
	switch {
	case query.Has("master_name"):
		options, err := redis.ParseFailoverURL(rawURL)
		if err != nil {
			return nil, urlError(err)
		}
		return func() redis.UniversalClient { return redis.NewFailoverClient(options) }, nil
	case query.Has("addr"):
		options, err := redis.ParseClusterURL(rawURL)
		if err != nil {
			return nil, urlError(err)
		}
		return func() redis.UniversalClient { return redis.NewClusterClient(options) }, nil
	}
	options, err := redis.ParseURL(rawURL)
	if err != nil {
		return nil, urlError(err)
	}
	return func() redis.UniversalClient { return redis.NewClient(options) }, nil
}

// poolLimit bounds what a URL may say of connections.
const poolLimit = 1 << 16

// checkPool refuses sizes of the connection pool for which the client would panic or take all memory.
func checkPool(query url.Values) error {
	for _, name := range []string{"pool_size", "min_idle_conns", "max_idle_conns", "max_active_conns"} {
		for _, value := range query[name] {
			if n, err := strconv.Atoi(value); value != "" && (err != nil || n < 0 || n > poolLimit) {
				return fmt.Errorf("redisstore: URL: %s is not a number up to %d", name, poolLimit)
			}
		}
	}
	return nil
}

// urlError keeps what is wrong and leaves out the part that quotes: a password with a slash in it is taken for a path.
func urlError(err error) error {
	what, _, _ := strings.Cut(strings.TrimPrefix(err.Error(), "redis: "), ":")
	return errors.New("redisstore: URL: " + what)
}
