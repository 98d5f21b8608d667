// Session: what is known of one subject at one resource.

package sdk

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// saveTimeout bounds the writing of a record.
const saveTimeout = 10 * time.Second

// recordVersion is the major version of the persisted records. A record of
// another one is refused and left as it is.
const recordVersion = 1

// session is one subject at one resource. What a request needs is in the
// snapshot; the rest stays in the store.
type session struct {
	*core
	target  *target
	subject string
	snap    atomic.Pointer[snapshot]
	used    atomic.Int64 // Unix seconds of the last hand-out by a pool
	stepped atomic.Bool  // stepUps has counts; read without the mutex
	nonces  flows.DPoPNonces

	mu      sync.Mutex // guards what follows; never held over I/O
	flight  *flight
	beside  *flight // a refresh while flight, then not nil, waits for a human
	failed  *failure
	retry   *backoff           // of the authorization server
	away    *backoff           // of the store
	unsaved *gen.SessionRecord // what the store did not take: a token, or a tombstone
	stepUps *stepUpLog
}

// key is where the session's record is.
func (s *session) key() string { return sessionKey(s.subject, s.target.url, s.cfg.clientName()) }

// snapshot is what a request needs of a session: immutable, loaded by one
// atomic read.
type snapshot struct {
	header     []string         // the Authorization value, ready made; nil without a token
	dpop       *flows.DPoPToken // signs requests; nil for bearer tokens
	aheadAt    int64            // Unix ns from which a refresh may run beside requests; 0 = never
	refreshAt  int64            // Unix ns from which a refresh is due; 0 = never
	expiresAt  int64            // Unix ns; 0 = unknown
	generation int64
}

// storedGeneration is the latest one that this process knows the store to have
// had; 0 when it knows none.
func (s *snapshot) storedGeneration() int64 {
	if s == nil {
		return 0
	}
	return s.generation
}

func (s *snapshot) authorization() string {
	if s == nil || len(s.header) == 0 {
		return ""
	}
	return s.header[0]
}

// token is what is known of the token without the store.
func (s *snapshot) token() *Token {
	scheme, token, _ := strings.Cut(s.authorization(), " ")
	out := &Token{AccessToken: gen.Secret(token), TokenType: scheme}
	if s.expiresAt != 0 {
		out.ExpiresAt = time.Unix(0, s.expiresAt)
	}
	return out
}

// due says that the token should not be used without trying a refresh.
func (s *snapshot) due(now int64) bool { return s.refreshAt != 0 && now >= s.refreshAt }

// ahead says that a refresh may run while requests go on with the token.
func (s *snapshot) ahead(now int64) bool { return s.aheadAt != 0 && now >= s.aheadAt }

func (s *snapshot) expired(now int64) bool { return s.expiresAt != 0 && now >= s.expiresAt }

func (s *session) snapshotOf(rec *gen.SessionRecord) *snapshot {
	if rec == nil {
		return &snapshot{}
	}
	snap := &snapshot{generation: rec.Generation}
	if rec.Deleted || rec.AccessToken == "" {
		return snap
	}
	proof, err := s.proofOf(rec)
	if err != nil {
		s.log("the session's DPoP key cannot be read", "resource", s.target.url, "error", err)
		return snap
	}
	snap.header = []string{authorizationOf(rec)}
	if proof != nil {
		snap.dpop = proof.Bind(rec.AccessToken)
	}
	if !rec.ExpiresAt.IsZero() {
		snap.expiresAt = rec.ExpiresAt.UnixNano()
		if rec.RefreshToken != "" || s.cfg.Grant != nil && !s.cfg.Grant.asksHuman() {
			at := s.cfg.refreshAt(rec.IssuedAt, rec.ExpiresAt)
			snap.refreshAt, snap.aheadAt = at.UnixNano(), s.cfg.aheadAt(rec.IssuedAt, rec.ExpiresAt, at)
		}
	}
	return snap
}

func authorizationOf(rec *gen.SessionRecord) string {
	if rec == nil || rec.Deleted || rec.AccessToken == "" {
		return ""
	}
	return rec.TokenType + " " + rec.AccessToken.Reveal()
}

// publish makes a record the session's present one, unless a later one is.
func (s *session) publish(rec *gen.SessionRecord) *snapshot {
	next := s.snapshotOf(rec)
	for {
		old := s.snap.Load()
		if old != nil && old.generation > next.generation {
			return old
		}
		if s.snap.CompareAndSwap(old, next) {
			return next
		}
	}
}

// current returns the snapshot; the first call reads the store.
func (s *session) current(ctx context.Context) (*snapshot, error) {
	if snap := s.snap.Load(); snap != nil {
		return snap, nil
	}
	rec, err := s.load(ctx)
	if err != nil {
		return nil, forCaller(ctx, err)
	}
	return s.publish(rec), nil
}

// load reads the session's record; nil when there is none. A token that could
// not be written is newer than what the store has.
func (s *session) load(ctx context.Context) (*gen.SessionRecord, error) {
	if static, ok := s.cfg.Grant.(StaticBearer); ok {
		return static.record(), nil
	}
	s.mu.Lock()
	unsaved := s.unsaved
	s.mu.Unlock()
	stored := s.snap.Load().storedGeneration() // before the store is read
	value, err := s.store.Get(ctx, s.key())
	switch {
	case errors.Is(err, ErrNotFound) && unsaved == nil && stored > 0:
		return &gen.SessionRecord{Deleted: true, Generation: stored}, nil
	case errors.Is(err, ErrNotFound):
		return unsaved, nil
	case err != nil:
		if unsaved != nil {
			return unsaved, nil
		}
		return nil, &StoreError{Op: "read", Err: err}
	}
	rec, err := decodeRecord(value, gen.DecodeSessionRecord)
	if err != nil {
		return nil, err
	}
	if unsaved != nil && unsaved.Generation > rec.Generation {
		return unsaved, nil
	}
	s.overtaken(unsaved)
	// A store that has less than it had before lost its last writes: in a
	// failover, a restart or a restore. What it has now counts as the latest,
	// so that what follows overwrites it, here and there.
	rec.Generation = max(rec.Generation, stored)
	return rec, nil
}

// save writes rec as the successor of the record of generation old, and makes
// it the present one. The new token is usable in this process even when the
// write fails (REF-9). When another writer was faster, its record stands.
func (s *session) save(ctx context.Context, rec *gen.SessionRecord, old int64) (*gen.SessionRecord, error) {
	rec.Version, rec.Generation = recordVersion, old+1
	// An answer in hand is written whatever happened to whoever asked for it.
	ctx = context.WithoutCancel(ctx)
	err := s.write(ctx, rec, old)
	switch {
	case errors.Is(err, ErrStale):
	case err != nil:
		return rec, &StoreError{Op: "write", Err: err}
	default:
		return rec, nil
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	newer, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if newer == nil {
		newer = &gen.SessionRecord{Deleted: true}
	}
	s.publish(newer)
	return newer, nil
}

// write is save, or ErrStale. A flight, a refresh beside it and a logout write
// one after the other. What the store did not take stands in the way as what it
// did take: a logout is not undone, nor a grant lost, by whoever was slower.
func (s *session) write(ctx context.Context, rec *gen.SessionRecord, old int64) error {
	// Whoever is before us takes saveTimeout at most.
	if err := s.writing.lock(ctx, s.key()); err != nil {
		return err
	}
	defer s.writing.unlock(s.key())
	s.mu.Lock()
	overtaken := s.unsaved != nil && s.unsaved.Generation > old
	s.mu.Unlock()
	if overtaken {
		return ErrStale
	}
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	err := s.put(ctx, rec, old)
	if errors.Is(err, ErrStale) {
		return err
	}
	s.publish(rec)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsaved = nil
	if err != nil {
		s.unsaved = rec
	}
	return err
}

// overtaken forgets what the store did not take: it has something newer.
func (s *session) overtaken(unsaved *gen.SessionRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unsaved == unsaved {
		s.unsaved = nil
	}
}

func (s *session) isUnsaved(rec *gen.SessionRecord) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved == rec
}

// saveGrant is save for a new grant. A refresh of the former grant, made while
// the human was busy, does not stand in its way; a logout does.
func (s *session) saveGrant(ctx context.Context, rec *gen.SessionRecord, old int64) (*gen.SessionRecord, error) {
	if snap := s.snap.Load(); snap.authorization() != "" {
		old = max(old, snap.generation)
	}
	for {
		left, err := s.save(ctx, rec, old)
		if err != nil || left == rec || left.Deleted || left.Generation <= old {
			return left, err
		}
		old = left.Generation
	}
}

// put writes the successor of the record of generation old. In a store that
// cannot fence, what this process has written since counts as what is there.
func (s *session) put(ctx context.Context, rec *gen.SessionRecord, old int64) error {
	value, err := rec.Encode()
	if err != nil {
		return err
	}
	err = fenced(ctx, s.store, s.key(), rec.Generation, value)
	switch {
	case !errors.Is(err, errors.ErrUnsupported):
		return err
	case s.snap.Load().storedGeneration() > old:
		return ErrStale
	}
	return s.store.Put(ctx, s.key(), value)
}

type record interface{ Encode() ([]byte, error) }

// put writes a record: fenced by its generation where the store can do that.
func put(ctx context.Context, store Store, key string, generation int64, rec record) error {
	value, err := rec.Encode()
	if err != nil {
		return err
	}
	if err := fenced(ctx, store, key, generation, value); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return store.Put(ctx, key, value)
}

// fenced is PutIf, or errors.ErrUnsupported in a store without it.
func fenced(ctx context.Context, store Store, key string, generation int64, value []byte) error {
	if fencer, ok := store.(Fencer); ok {
		return fencer.PutIf(ctx, key, generation, value)
	}
	return errors.ErrUnsupported
}

// decodeRecord refuses a record of another major version before it reads it.
func decodeRecord[T any](value []byte, decode func([]byte, *gen.Report) (*T, error)) (*T, error) {
	if err := checkRecordVersion(value); err != nil {
		return nil, &StoreError{Op: "read", Err: err}
	}
	rec, err := decode(value, nil)
	if err != nil {
		return nil, &StoreError{Op: "read", Err: err}
	}
	return rec, nil
}

// hash makes a store key of values that may be private or long.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

func sessionKey(subject, resource, clientName string) string {
	return fmt.Sprintf("session/%s/%s", hash(subject), hash(resource, clientName))
}

func clientKey(issuer, clientName string) string { return "client/" + hash(issuer, clientName) }

func pendingKey(state string) string { return "pending/" + hash(state) }
