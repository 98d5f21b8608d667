// Scripts: what Redis does in one step.

package redisstore

import (
	"context"
	"errors"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/redis/go-redis/v9"
)

// A record is a hash with the fields value, generation and, after a PutIf, writer; a lock is a string with its holder's
// token. Each script is about one name, and all that the store does to a record is a script: commands that only read may
// be answered by a replica or by a cache in the client, scripts are not, and who has just been given a lock must see the
// last write.
//
// Numbers in Lua are floating, exact to 2^53 only, so that generations are compared as strings of digits.
var (
	getScript = redis.NewScript(`return redis.call('HGET', KEYS[1], 'value')`)

	putScript = redis.NewScript(`
redis.call('HSETNX', KEYS[1], 'generation', '0')
redis.call('HSET', KEYS[1], 'value', ARGV[2])
if ARGV[1] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`)

	putIfScript = redis.NewScript(`
local function reached(old, new)
  if #old ~= #new then return #old > #new end
  for i = 1, #old do
    local a, b = string.byte(old, i), string.byte(new, i)
    if a ~= b then return a > b end
  end
  return true
end
local old = redis.call('HMGET', KEYS[1], 'generation', 'writer')
if old[1] and old[1] == ARGV[3] and old[2] == ARGV[4] then return 1 end
if old[1] and reached(old[1], ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[2], 'generation', ARGV[3], 'writer', ARGV[4])
if ARGV[1] ~= '0' then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`)

	deleteScript = redis.NewScript(`return redis.call('DEL', KEYS[1])`)

	// A lock that has the caller's own token was taken by a command whose answer was lost.
	lockScript = redis.NewScript(`
if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`)

	renewScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`)

	unlockScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`)
)

// done is a script's answer when it did what it is for.
const done = int64(1)

// command is one script to run.
type command struct {
	op, key string
	script  *redis.Script
	name    string // in Redis
	args    []any
	late    func() // runs after the command's end when the caller has no answer; nil for nothing
}

// run sends a command. The client waits for its own timeouts and not for ctx, so that the command runs on its own: when
// the caller leaves, it goes on for as long as the client's timeouts say.
func (s *Store) run(ctx context.Context, c command) (any, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := sdk.CheckKey(c.key); err != nil {
		return nil, err
	}
	answered := make(chan *redis.Cmd, 1)
	go func() { answered <- c.script.Run(ctx, s.client, []string{c.name}, c.args...) }()
	select {
	case reply := <-answered:
		value, err := reply.Result()
		if err == nil || errors.Is(err, redis.Nil) {
			return value, err
		}
		if c.late != nil {
			go c.late()
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, failure(c.op, c.key, err)
	case <-ctx.Done():
		if c.late != nil {
			go func() {
				<-answered
				c.late()
			}()
		}
		return nil, ctx.Err()
	}
}
