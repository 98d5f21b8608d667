// Stored: the sessions that are in a pool's store, whoever put them there.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// StoredSession is what an administrator may know of a session in a store. It
// holds no secret.
type StoredSession struct {
	// Subject and Resource are those of [Pool.Client].
	Subject, Resource string
	// Issuer is the authorization server that gave the tokens.
	Issuer string
	// Scope is what was granted; nil when that is unknown.
	Scope []string
	// ExpiresAt is the end of the access token; zero when it is unknown.
	ExpiresAt time.Time
	// Refreshable says that there is a refresh token, so that the session may
	// outlast ExpiresAt.
	Refreshable bool
}

// RecordError says that one record of a store cannot be read: it is damaged, of
// a newer format, sealed with another key, or not the one that was written at
// its key. It is left as the store leaves it; to give it up, delete it from the
// store.
type RecordError struct {
	// Key is where the record is.
	Key string
	// Err is what is wrong, never a part of the content.
	Err error
}

// Error names the key.
func (e *RecordError) Error() string {
	return fmt.Sprintf("sdk: record %s cannot be read: %v", e.Key, e.Err)
}

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// Stored iterates over the sessions in the store that have a token, of all
// subjects and resources, whichever pool or client with this ClientName logged
// them in: those that ended with a logout are left out. The order is
// unspecified, and it is no snapshot: what changes meanwhile may be listed as it
// was or as it is. Each range over the result is a new one; the loop may use the
// pool. A token that could not be written to the store is not there.
//
// An error comes with the zero session. After a [*RecordError] the iteration
// goes on; any other one ends it: a [*StoreError] when the keys cannot be
// listed, also when ctx has ended. With a store that is no [Lister], or wraps
// one that is none, errors.Is(err, errors.ErrUnsupported) holds for it.
func (p *Pool) Stored(ctx context.Context) iter.Seq2[StoredSession, error] {
	return func(yield func(StoredSession, error) bool) {
		for rec, err := range p.core.sessions(ctx, "session/") {
			if err == nil && rec.AccessToken == "" && rec.RefreshToken == "" {
				continue // its grant ended; the record keeps the client
			}
			if !yield(storedSession(rec), err) {
				return
			}
		}
	}
}

// storedSession is the zero value for nil.
func storedSession(rec *gen.SessionRecord) StoredSession {
	if rec == nil {
		return StoredSession{}
	}
	return StoredSession{
		Subject: rec.Subject, Resource: rec.ResourceURL, Issuer: rec.Issuer,
		Scope: flows.SplitScope(rec.Scope), ExpiresAt: rec.ExpiresAt, Refreshable: rec.RefreshToken != "",
	}
}

// sessions iterates over the session records of this ClientName whose keys begin
// with prefix, without tombstones. A *RecordError is about one of them; any
// other error is the last one.
func (c *core) sessions(ctx context.Context, prefix string) iter.Seq2[*gen.SessionRecord, error] {
	return func(yield func(*gen.SessionRecord, error) bool) {
		for key, err := range keysOf(ctx, c.store, prefix) {
			if err != nil {
				yield(nil, &StoreError{Op: "read", Err: fmt.Errorf("keys %s: %w", prefix, err)})
				return
			}
			rec, err := c.sessionAt(ctx, key)
			switch {
			case err != nil && ctx.Err() != nil:
				yield(nil, &StoreError{Op: "read", Err: ctx.Err()})
				return
			case rec == nil && err == nil:
				continue
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// sessionAt reads a session's record; nil for a tombstone, for another
// ClientName's, and for one that was deleted meanwhile.
func (c *core) sessionAt(ctx context.Context, key string) (*gen.SessionRecord, error) {
	value, err := c.store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, &RecordError{Key: key, Err: err}
	}
	rec, err := decodeRecord(value, gen.DecodeSessionRecord)
	switch {
	case err != nil:
		return nil, &RecordError{Key: key, Err: err}
	case rec.Deleted:
		return nil, nil
	case sessionKey(rec.Subject, rec.ResourceURL, rec.ClientName) != key:
		return nil, &RecordError{Key: key, Err: errors.New("it is that of another key")}
	case rec.ClientName != c.cfg.clientName():
		return nil, nil
	}
	return rec, nil
}

// keysOf lists keys of a store, or gives errors.ErrUnsupported. What is done to
// the records depends on their kind: a key without the prefix is an error. The
// caller leaves at the first one.
func keysOf(ctx context.Context, store Store, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		lister, ok := store.(Lister)
		if !ok {
			yield("", fmt.Errorf("the store does not list them: %w", errors.ErrUnsupported))
			return
		}
		for key, err := range lister.Keys(ctx, prefix) {
			if err == nil && !strings.HasPrefix(key, prefix) {
				key, err = "", fmt.Errorf("the store lists %q too", key)
			}
			if !yield(key, err) {
				return
			}
		}
	}
}
