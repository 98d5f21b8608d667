// Record: the sign-on as it is stored, fenced against stalled writers.

package oidclogin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/sdk"
)

const (
	// recordVersion is the version of the record: that of a session.
	recordVersion = 1
	saveTimeout   = 10 * time.Second
)

// key is where the record is: one for each user, provider and client.
func (s *Source) key() string {
	return fmt.Sprintf("oidclogin/%s/%s", hash(s.cfg.Subject), hash(s.cfg.Issuer, s.cfg.ClientID))
}

// hash makes a store key of values that may be private or long.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// load reads the record; nil when there is none. One that could not be written
// is newer than what the store has.
func (s *Source) load(ctx context.Context) (*gen.SessionRecord, error) {
	s.mu.Lock()
	unsaved := s.unsaved
	s.mu.Unlock()
	value, err := s.store.Get(ctx, s.key())
	switch {
	case errors.Is(err, sdk.ErrNotFound), err != nil && unsaved != nil:
		return unsaved, nil
	case err != nil:
		return nil, &sdk.StoreError{Op: "read", Err: err}
	}
	rec, err := decode(value)
	if err != nil {
		return nil, &sdk.StoreError{Op: "read", Err: err}
	}
	if unsaved != nil && unsaved.Generation > rec.Generation {
		return unsaved, nil
	}
	return rec, nil
}

// decode refuses a record of another version before it reads it.
func decode(value []byte) (*gen.SessionRecord, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(value, &head); err != nil {
		return nil, fmt.Errorf("record is not readable: %w", err)
	}
	if head.Version != recordVersion {
		return nil, fmt.Errorf("%w: version %d", sdk.ErrRecordVersion, head.Version)
	}
	return gen.DecodeSessionRecord(value, nil)
}

// save writes rec as the successor of the record of generation old. A token is
// usable in this process even when the write fails. When another writer was
// faster its record stands, unless it is a logout: then nobody is signed on.
func (s *Source) save(ctx context.Context, rec *gen.SessionRecord, old int64) (*gen.SessionRecord, error) {
	rec.Version, rec.Generation = recordVersion, old+1
	// An answer in hand is written whatever happened to whoever asked for it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	err := s.put(ctx, rec)
	if errors.Is(err, sdk.ErrStale) {
		newer, err := s.load(ctx)
		if err != nil {
			return nil, err
		}
		s.publish(newer)
		if !rec.Deleted && !s.usable(newer) {
			return nil, sdk.ErrNotAuthorized
		}
		return newer, nil
	}
	s.mu.Lock()
	s.unsaved = nil
	if err != nil {
		s.unsaved = rec
	}
	s.mu.Unlock()
	s.publish(rec)
	if err != nil {
		return rec, &sdk.StoreError{Op: "write", Err: err}
	}
	return rec, nil
}

func (s *Source) put(ctx context.Context, rec *gen.SessionRecord) error {
	value, err := rec.Encode()
	if err != nil {
		return err
	}
	if fencer, ok := s.store.(sdk.Fencer); ok {
		if err := fencer.PutIf(ctx, s.key(), rec.Generation, value); !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return s.store.Put(ctx, s.key(), value)
}

// publish makes a record the present one, unless a later one is.
func (s *Source) publish(rec *gen.SessionRecord) *gen.SessionRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil || rec != nil && rec.Generation >= s.current.Generation {
		s.current = rec
	}
	return rec
}
