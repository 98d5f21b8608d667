// Store: where sessions, registrations, metadata and pending logins are kept between requests, restarts and machines.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
)

var (
	// ErrNotFound is what Get returns when there is no record at a key. Compare with errors.Is.
	ErrNotFound = errors.New("sdk: store: no such record")

	// ErrStale is what PutIf returns when the store holds a record of the same or of a higher generation. The record
	// is left as it is: read it again. Compare with errors.Is.
	ErrStale = errors.New("sdk: store: a record of this generation or a newer one is there")

	// ErrLockLost is what Renew and Unlock return when the lock is no longer held: its lease has passed, or the place
	// that kept it is gone. Another holder may exist by then. Compare with errors.Is.
	ErrLockLost = errors.New("sdk: store: lock is no longer held")

	// ErrRecordVersion means that a record is in a format of a newer version of this module. It is neither read nor
	// overwritten. Compare with errors.Is.
	ErrRecordVersion = errors.New("sdk: store: record has a newer format")
)

// LockLease is how long a lock with a lease lasts without being renewed. A store that cannot see the death of a holder
// gives its locks this lease; shorter ones leave too little time for a token request.
const LockLease = 30 * time.Second

// keyLimit is the longest key: two SHA-256 in hex with a word before them need 137 bytes.
const keyLimit = 200

// Store keeps opaque bytes by key. It is the least a place of storage must do; [Locker] and [Fencer] are what it should
// do besides when several processes share it, and [Lister] is for administration. Package storetest holds the
// conformance test.
//
// Concurrency: all methods are safe for concurrent use. A Get that runs beside a Put returns the whole old value or the
// whole new one. A value is stored when Put has returned nil; after an error the old or the new value is there.
//
// Ownership: a store retains no slice that it was given and returns slices that the caller may change.
//
// Keys: see [CheckKey]. A store may refuse other keys. Keys carry no secret and no name of a person: what identifies a
// session is hashed by the caller.
//
// Values hold secrets. A store writes none of them to an error or a log. It takes values of at least 1 MiB, and tells
// an empty value from none.
//
// A wrapper around another store has the methods of Locker, Fencer and Lister and passes them on; where the inner store
// lacks them it returns an error for which errors.Is(err, errors.ErrUnsupported) holds, and the caller goes on as if the
// wrapper had no such method.
type Store interface {
	// Get returns the value at key, or an error for which errors.Is(err, ErrNotFound) holds.
	Get(ctx context.Context, key string) ([]byte, error)

	// Put writes value at key, whatever is there. In a store that is a Fencer it leaves the record's generation as it
	// is (0 for a new record), so that no Put lets a stalled PutIf back in.
	Put(ctx context.Context, key string, value []byte) error

	// Delete removes the record with its generation. It returns nil when there is none.
	Delete(ctx context.Context, key string) error
}

// Locker is an optional interface of a [Store]: locks that exclude each other in all processes that use the store.
type Locker interface {
	// Lock waits until no other holder has the lock at key and takes it. It returns ctx's error when ctx ends first.
	//
	// Locks have a name space of their own: a lock at a key needs no record there, and keeps nobody from reading or
	// writing it. A lock is not reentrant: its holder waits for itself. ctx bounds the waiting and not the lock.
	Lock(ctx context.Context, key string) (Lock, error)
}

// Lock is a lock that is held. Its methods are safe for concurrent use, so that one goroutine renews it while another
// works under it.
//
// The death of the holding process frees the lock: at once where the operating system sees it (a lock without lease),
// else when the lease has passed. A lock with a lease therefore protects against waste and not against a holder that
// was stopped and woken late: that is what [Fencer] is for.
type Lock interface {
	// Expires returns the wall-clock time, without monotonic reading so that a suspended machine counts, until which
	// the lock is certainly held. The zero time means that the lock has no lease and is held until Unlock.
	//
	// It is measured from before the store was asked, so that it errs on the early side. A holder starts nothing that
	// may take longer than what is left.
	Expires() time.Time

	// Renew begins the lease anew, or confirms a lock that has none. It returns an error for which
	// errors.Is(err, ErrLockLost) holds when the lock is lost, and any other error when that is not known; the lease
	// stays as it was then.
	Renew(ctx context.Context) error

	// Unlock frees the lock. Call it with a context that is not cancelled together with the work. A second call does
	// nothing and returns nil. Unlock never frees a lock that another holder has taken after this one was lost; it
	// may return ErrLockLost then.
	Unlock(ctx context.Context) error
}

// Fencer is an optional interface of a [Store]: writes that a stalled process cannot undo. Each record has a
// generation, a number that its writers raise by one at each write, also when they write a record that only says that
// the former one is deleted (a tombstone). The store keeps the generation beside the value, not in it, so that wrappers
// which seal values leave it readable.
type Fencer interface {
	// PutIf writes value and generation at key if there is no record or one of a lower generation, as one atomic
	// step. Otherwise it changes nothing and returns an error for which errors.Is(err, ErrStale) holds. Of several
	// callers with the same generation at most one succeeds.
	//
	// generation is not negative. A Delete forgets the generation: what must stay deleted is overwritten by a
	// tombstone.
	PutIf(ctx context.Context, key string, generation int64, value []byte) error
}

// Lister is an optional interface of a [Store]: the keys of its records. With it a [Pool] logs a subject out of all its
// sessions and shows what is stored, and records of logins that are over are removed.
type Lister interface {
	// Keys iterates over the keys of all records whose key begins with prefix: one or more whole segments with the "/"
	// behind each, such as "session/" or "session/<hash>/"; see [CheckPrefix]. The order is unspecified. It is no
	// snapshot: records that are there all the while, overwritten or not, are each listed exactly once; one that is
	// written for the first time or deleted meanwhile is listed once or not at all.
	//
	// What has been written and not deleted is a record: a tombstone, an empty value, one of a newer format or one that
	// a wrapper cannot open are listed. Locks, and what the store keeps for itself or has set aside, are not.
	//
	// The first error ends the iteration, and comes with an empty key: ctx's own as soon as ctx has ended, one for a
	// prefix that CheckPrefix refuses, or the store's. What came before it stands.
	//
	// Nothing is read before the iteration begins; each range over the result is a new one, also in several goroutines
	// at once. The loop may call all methods of the store, on any key, and may leave at any time.
	Keys(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// CheckKey returns an error unless key has the form that every [Store] takes: at most 200 bytes, two or more segments
// joined by "/", each of one or more lower-case letters, digits, "-" and "_". The keys of this package are
//
//	session/<hash>/<hash>   tokens with issuer, endpoints and client
//	client/<hash>           a registration
//	metadata/<hash>         a metadata document with its freshness
//	pending/<hash>          a login that was begun and not finished
//
// where a hash is 64 hexadecimal digits. The alphabet is safe in file names, also where case does not count, in URLs
// and in the keys of other databases.
func CheckKey(key string) error {
	if len(key) > keyLimit {
		return fmt.Errorf("sdk: store: key of %d bytes: the limit is %d", len(key), keyLimit)
	}
	segments := strings.Split(key, "/")
	if len(segments) < 2 {
		return fmt.Errorf("sdk: store: key %q: not of the form kind/name", key)
	}
	if !areSegments(segments) {
		return fmt.Errorf("sdk: store: key %q: a segment is not of lower-case letters, digits, - and _", key)
	}
	return nil
}

// CheckPrefix returns an error unless prefix is one with which a key may begin, for [Lister]: one or more segments as
// [CheckKey] has them, each with a "/" behind it.
func CheckPrefix(prefix string) error {
	if len(prefix) > keyLimit {
		return fmt.Errorf("sdk: store: prefix of %d bytes: the limit is %d", len(prefix), keyLimit)
	}
	whole, ok := strings.CutSuffix(prefix, "/")
	if !ok || !areSegments(strings.Split(whole, "/")) {
		return fmt.Errorf("sdk: store: prefix %q: not of whole segments of a key with a / behind each", prefix)
	}
	return nil
}

func areSegments(segments []string) bool {
	for _, segment := range segments {
		if segment == "" || strings.Trim(segment, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

// checkGeneration refuses what no counter of writes can be.
func checkGeneration(generation int64) error {
	if generation < 0 {
		return fmt.Errorf("sdk: store: generation %d is negative", generation)
	}
	return nil
}
