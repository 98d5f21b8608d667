// Directory store: one file a record, shared by all processes of a user.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	// directoryRecordLimit bounds what is read into memory: records are a few KiB, a wrapper may make them larger.
	directoryRecordLimit = 16 << 20

	// directoryStripes is the number of locks that writers share. Writers of different stripes do not wait for each
	// other's fsync.
	directoryStripes = 16

	directoryLocks  = "locks"
	directorySuffix = ".record"
)

// DirectoryStore is a [Store], [Locker], [Fencer] and [Lister] in a directory of the local machine. It is safe for use by many
// goroutines and many processes at once.
//
// The directory has mode 0700 and the files 0600. A directory that others may write, or that belongs to somebody else,
// is refused, and so is a file that is a symbolic link. A write goes to a temporary file, is flushed to the disk and
// renamed: a crash, a kill or a full disk at any moment leaves the old record or the new one. A damaged file is set
// aside by renaming it to *.damaged (see [DamagedError]), and one of a newer format is left as it is
// ([ErrRecordVersion]).
//
// Locks are those of the operating system on files under locks/: they have no lease, end with the process, and hold
// while a process is stopped. The lock files stay; they are empty. Network file systems are only as good as their
// locks.
//
// There is nothing to close.
type DirectoryStore struct {
	path  string
	locks keyLocks
}

var (
	_ Store  = (*DirectoryStore)(nil)
	_ Locker = (*DirectoryStore)(nil)
	_ Fencer = (*DirectoryStore)(nil)
	_ Lister = (*DirectoryStore)(nil)
)

// DamagedError tells that the file of a record is not what was written: cut off, changed or put under another's name.
// The record counts as absent from then on, so the user logs in again. errors.As finds it.
type DamagedError struct {
	Key  string // key of the record
	Path string // file to which it was set aside; empty if that could not be done
	Err  error  // what is wrong, never a part of the content
}

// Error implements error.
func (e *DamagedError) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("sdk: directory store: record %s is damaged: %v", e.Key, e.Err)
	}
	remedy := ""
	if strings.HasPrefix(e.Key, "session/") {
		remedy = "; the session needs a new login"
	}
	return fmt.Sprintf("sdk: directory store: record %s is damaged and set aside as %s: %v%s", e.Key, e.Path, e.Err, remedy)
}

// Unwrap returns Err.
func (e *DamagedError) Unwrap() error { return e.Err }

// DefaultDirectory returns the directory mcpoauth in the user's configuration directory ([os.UserConfigDir]). It
// creates nothing.
func DefaultDirectory() (string, error) {
	parent, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("sdk: directory store: no configuration directory: %w", err)
	}
	return filepath.Join(parent, "mcpoauth"), nil
}

// NewDirectoryStore returns the store in the directory at path, which it creates with its parents if they are not
// there, and removes what killed writers left. An empty path is an error; see [DefaultDirectory].
func NewDirectoryStore(path string) (*DirectoryStore, error) {
	if path == "" {
		return nil, errors.New("sdk: directory store: empty path")
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sdk: directory store: %w", err)
	}
	d := &DirectoryStore{path: absolute}
	if err := d.prepare(); err != nil {
		return nil, err
	}
	d.sweep()
	return d, nil
}

// Get implements [Store]. It returns a [*DamagedError] once for a damaged record and ErrNotFound from then on.
func (d *DirectoryStore) Get(ctx context.Context, key string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	if !directoryReadsNeedLock {
		record, err := d.read(key)
		if err == nil {
			return record.value, nil
		}
		if damaged := (*DamagedError)(nil); !errors.As(err, &damaged) {
			return nil, err
		}
	}
	// What was seen without the lock may be gone: only what is damaged under the lock is set aside.
	var value []byte
	err := d.change(ctx, key, func(record *envelope, err error) error {
		if err == nil {
			value = record.value
		}
		return err
	})
	return value, err
}

// Put implements [Store]. A damaged record at key is set aside; one of a newer format is not overwritten.
func (d *DirectoryStore) Put(ctx context.Context, key string, value []byte) error {
	return d.change(ctx, key, func(record *envelope, err error) error {
		damaged := (*DamagedError)(nil)
		switch {
		case err == nil:
			return d.write(&envelope{generation: record.generation, key: key, value: value})
		case errors.Is(err, ErrNotFound), errors.As(err, &damaged) && damaged.Path != "":
			return d.write(&envelope{key: key, value: value})
		}
		return err
	})
}

// PutIf implements [Fencer]. When it meets a damaged record it sets it aside and returns the [*DamagedError] without
// writing, because the generation is not known; a second call finds no record.
func (d *DirectoryStore) PutIf(ctx context.Context, key string, generation int64, value []byte) error {
	if err := checkGeneration(generation); err != nil {
		return err
	}
	return d.change(ctx, key, func(record *envelope, err error) error {
		if err == nil && record.generation >= generation {
			return ErrStale
		}
		if err == nil || errors.Is(err, ErrNotFound) {
			return d.write(&envelope{generation: generation, key: key, value: value})
		}
		return err
	})
}

// Delete implements [Store]. It removes a record of any format, and none that was set aside.
func (d *DirectoryStore) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	lock, err := d.lockStripe(ctx, key)
	if err != nil {
		return err
	}
	defer lock.release()
	err = os.Remove(d.file(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = syncDirectory(d.path)
	}
	return directoryError(key, err)
}

// change runs f on the record at key, or on the error of reading it, while no other writer is at work there. A damaged
// record has been set aside before.
func (d *DirectoryStore) change(ctx context.Context, key string, f func(record *envelope, err error) error) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	lock, err := d.lockStripe(ctx, key)
	if err != nil {
		return err
	}
	defer lock.release()
	record, err := d.read(key)
	damaged := (*DamagedError)(nil)
	if errors.As(err, &damaged) {
		damaged.Path = d.setAside(key)
	}
	return f(record, err)
}

// read returns the record at key, ErrNotFound, ErrRecordVersion, a *DamagedError, or an error of the file system.
func (d *DirectoryStore) read(key string) (*envelope, error) {
	data, err := readRegular(d.file(key), directoryRecordLimit+envelopeLineLimit)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, directoryError(key, err)
	}
	record, err := decodeEnvelope(data)
	switch {
	case errors.Is(err, ErrRecordVersion):
		return nil, directoryError(key, err)
	case err != nil:
		return nil, &DamagedError{Key: key, Err: err}
	case record.key != key:
		return nil, &DamagedError{Key: key, Err: errors.New("file is that of another key")}
	}
	return record, nil
}

// setAside renames the file of a damaged record and returns its new path, or "" when that could not be done. There is
// one such file for each record, the latest. The stripe of key is locked.
func (d *DirectoryStore) setAside(key string) string {
	aside := d.file(key) + ".damaged"
	if err := os.Rename(d.file(key), aside); err != nil {
		return ""
	}
	return aside
}

// write makes record the content of its file. The stripe of its key is locked, so that the temporary file is this
// writer's own.
func (d *DirectoryStore) write(record *envelope) error {
	if len(record.value) > directoryRecordLimit {
		return directoryError(record.key, fmt.Errorf("value of %d bytes: the limit is %d", len(record.value), directoryRecordLimit))
	}
	temporary := d.temporary(directoryStripe(record.key))
	err := writeSynced(temporary, record.encode())
	if err == nil {
		err = os.Rename(temporary, d.file(record.key))
	}
	if err != nil {
		_ = os.Remove(temporary)
		return directoryError(record.key, err)
	}
	// The rename is on the disk only when the directory is.
	return directoryError(record.key, syncDirectory(d.path))
}

// file returns the path of a record. A key has neither "+" nor upper-case letters, so that no two keys share a name,
// also where case does not count, and no name is one that Windows reserves.
func (d *DirectoryStore) file(key string) string {
	return filepath.Join(d.path, directoryName(key)+directorySuffix)
}

func directoryName(key string) string {
	return strings.ReplaceAll(key, "/", "+")
}

// temporary returns the path at which writers of a stripe prepare a file.
func (d *DirectoryStore) temporary(stripe string) string {
	return filepath.Join(d.path, stripe+".tmp")
}

// directoryStripe returns the name of the lock under which key is written.
func directoryStripe(key string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(key))
	return stripeName(hash.Sum32() % directoryStripes)
}

func stripeName(n uint32) string {
	return fmt.Sprintf("write-%02d", n)
}

// directoryError adds to err what it is about; nil stays nil.
func directoryError(key string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("sdk: directory store: record %s: %w", key, err)
}

// directoryReadsNeedLock: Windows does not rename onto a file that is open, so there readers and writers take turns.
const directoryReadsNeedLock = runtime.GOOS == "windows"
