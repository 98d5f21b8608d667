// Directory list: the keys of the records in a directory.

package sdk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
)

// directoryBatch is how many names are read at once; those with the prefix are kept.
const directoryBatch = 512

// Keys implements [Lister]. Writers wait while the names are read, less than 0.2 s for 100,000 records, and it waits for
// the ones that are at work: file systems do not promise that a name is seen, or seen once, while another file is renamed
// to it, and tmpfs is one on which it is not.
func (d *DirectoryStore) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return listed(ctx, prefix, func() ([]string, error) {
		if _, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
			return nil, nil // removed with all that was in it
		}
		unlock, err := d.lockStripes(ctx)
		if err != nil {
			return nil, err
		}
		defer unlock()
		keys, err := d.readKeys(ctx, prefix)
		if err != nil {
			return nil, fmt.Errorf("sdk: directory store: keys %s: %w", prefix, err)
		}
		return keys, nil
	})
}

// lockStripes locks out all writers. Each of them holds one stripe and waits for nothing, and listings take the stripes
// in the same order, so that nobody waits for ever.
func (d *DirectoryStore) lockStripes(ctx context.Context) (unlock func(), err error) {
	var held []*directoryLock
	unlock = func() {
		for _, lock := range held {
			lock.release()
		}
	}
	for n := range uint32(directoryStripes) {
		lock, err := d.lockFile(ctx, stripeName(n))
		if err != nil {
			unlock()
			return nil, err
		}
		held = append(held, lock)
	}
	return unlock, nil
}

// readKeys reads the names in the directory. The stripes are locked.
func (d *DirectoryStore) readKeys(ctx context.Context, prefix string) ([]string, error) {
	directory, err := os.Open(d.path)
	if err != nil {
		return nil, err
	}
	defer directory.Close()
	var keys []string
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := directory.ReadDir(directoryBatch)
		for _, entry := range entries {
			if key, ok := directoryEntryKey(entry); ok && strings.HasPrefix(key, prefix) {
				keys = append(keys, key)
			}
		}
		if errors.Is(err, io.EOF) {
			return keys, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// directoryEntryKey is the inverse of [DirectoryStore.file]. Links, directories and devices are no records.
func directoryEntryKey(entry fs.DirEntry) (string, bool) {
	name, ok := strings.CutSuffix(entry.Name(), directorySuffix)
	if !ok || !entry.Type().IsRegular() {
		return "", false
	}
	key := strings.ReplaceAll(name, "+", "/")
	return key, CheckKey(key) == nil
}
