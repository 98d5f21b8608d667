// Package redisstore keeps records in Redis, for programs that run on several machines: they share sessions, refresh a
// rotating token once for all, and finish each other's logins.
//
//	store, err := redisstore.Open("rediss://user:password@redis.example.com:6379/0", redisstore.Options{})
//	pool, err := sdk.NewPool(sdk.Config{Store: store, RedirectURI: callbackURL}, 0)
//	defer store.Close() // after the pool
//
// It runs on Redis 4 and up, and on servers that speak its protocol and run Lua scripts, such as Valkey: one server,
// Sentinel, or a cluster. Values are not encrypted: put package sealed around the store where others can read Redis.
//
// # What Redis holds
//
//	mcpoauth:{<key>}        hash: the record's value and its generation
//	mcpoauth:{<key>}:lock   string with a lease: the token of the lock's holder
//
// Record, generation and lock of a key are on the same node of a cluster. Everything but the list of keys is one script
// of one name, so that a write compares and replaces in one step, and a read asks the primary and not a replica or a
// cache. Logins that nobody finished go after an hour ([Options].PendingTTL); nothing else expires.
//
// The list of keys, by which an [sdk.Pool] logs a subject out everywhere, is a SCAN over the names of the whole database:
// it is short where no other program has millions of them.
//
// Redis must not evict: set maxmemory-policy to noeviction, since all others remove records or locks. How much a restart
// or a failover loses is set in Redis as well: appendonly and appendfsync, min-replicas-to-write.
//
// # Locks
//
// A lock has a lease of [sdk.LockLease] by the clock of Redis, and [sdk.Lock] Expires counts it from before the command
// was sent. Renew and Unlock compare the holder's token first. Waiting is asking again, each 5 to 250 ms with jitter.
// Replication in Redis is asynchronous, so that a failover may lose a lock and a second holder may get it: what is
// written then is fenced by its generation, see [sdk.Fencer].
//
// # When Redis fails
//
// What a user of [sdk.Client] sees, with the client's default timeouts; each row is a test.
//
//	Redis                  token valid   token to be refreshed, or program just started      afterwards
//	stopped                no change     after 2 s an *sdk.StoreError with an                no login
//	                                     *UnavailableError; NeedsHuman says no; a token
//	                                     that is due and not expired serves on
//	paused 5 s             no change     the request waits for 5 s, or until its context     no login
//	                                     ends; then one refresh
//	restarted empty        no change     one login for each session                          as ever
//	last write lost        no change     one login, since the server refuses a refresh       as ever
//	                                     token that was used before
//	lock holder killed     no change     the refresh waits for the lease, 30 s at most       no login
//	failover, lock lost    no change     two holders may refresh at once, and a server       as ever
//	                                     that detects the reuse ends the session: one
//	                                     login. Nothing older overwrites anything newer:
//	                                     a logout stays
//
// "No change" means that the request does not touch Redis. Errors of the configuration, such as a wrong password or a
// full memory, are a [*RefusedError] at once.
package redisstore
