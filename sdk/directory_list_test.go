package sdk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// keysWith returns the keys of a store with a prefix, in order.
func keysWith(t *testing.T, store Lister, prefix string) []string {
	t.Helper()
	var keys []string
	for key, err := range store.Keys(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// STORE-2: what is in the directory beside records is not listed, and no link is followed.
func TestDirectoryListsRecordsOnly(t *testing.T) {
	needsModes(t)
	store := openDirectory(t)
	file := putRecord(t, store)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(store.path, name) }
	for name, mode := range map[string]fs.FileMode{
		"session+0a+newer.record":      0o600,
		"session+0a+others.record":     0o666, // Get refuses it and says so
		"session+0a+1b.record.damaged": 0o600,
		"session+0a+1b.record~":        0o600,
		"session+0a+UPPER.record":      0o600,
		"session+0a+.record":           0o600,
		"session+0a+a b.record":        0o600,
		"session.record":               0o600,
		".record":                      0o600,
		"session+0a+1c.tmp":            0o600,
		stripeName(3) + ".tmp":         0o600,
		"locks/session+0a+lock.record": 0o600,
		"session+0a+é.record":          0o600,
		"session+0a+x++y.record":       0o600,
	} {
		if err := os.WriteFile(at(name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		chmod(t, at(name), mode)
	}
	newer := strings.Replace(string(content), envelopeMagic+" 1 ", envelopeMagic+" 2 ", 1)
	if err := os.WriteFile(at("session+0a+newer.record"), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	mkdir(t, at("session+0a+directory.record"))
	for name, target := range map[string]string{"link": file, "broken": at("nowhere"), "todir": filepath.Dir(store.path)} {
		if err := os.Symlink(target, at("session+0a+"+name+".record")); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"session/0a/1b", "session/0a/newer", "session/0a/others"}
	if got := keysWith(t, store, "session/"); !slices.Equal(got, want) {
		t.Errorf("Keys = %q, want %q", got, want)
	}
}

// A directory that was removed has no records, and is not made for being asked.
func TestDirectoryListsNothingWhenRemoved(t *testing.T) {
	store := openDirectory(t)
	putRecord(t, store)
	if err := os.RemoveAll(store.path); err != nil {
		t.Skipf("files in use cannot be removed here: %v", err)
	}
	if keys := keysWith(t, store, "session/"); len(keys) != 0 {
		t.Errorf("Keys = %q", keys)
	}
	if _, err := os.Lstat(store.path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there again: %v", err)
	}
}

// STORE-2: a directory that others write is not listed.
func TestDirectoryRefusesToList(t *testing.T) {
	needsModes(t)
	store := openDirectory(t)
	putRecord(t, store)
	chmod(t, store.path, 0o777)
	for key, err := range store.Keys(t.Context(), "session/") {
		if err == nil {
			t.Errorf("Keys lists %q", key)
		}
	}
}

// The names are read while nobody writes. Whoever waits for a writer leaves with its context, and holds nothing.
func TestDirectoryListWaitsForWriters(t *testing.T) {
	store := openDirectory(t)
	putRecord(t, store)
	other, err := NewDirectoryStore(store.path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint32(directoryStripes) {
		busy, err := store.lockFile(t.Context(), stripeName(n))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []*DirectoryStore{store, other} {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			for key, err := range s.Keys(ctx, "session/") {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Keys beside a writer of stripe %d: key %q, error %v", n, key, err)
				}
			}
			cancel()
		}
		busy.release()
	}
	if got := keysWith(t, other, "session/"); !slices.Equal(got, []string{directoryKey}) {
		t.Errorf("Keys = %q", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := store.Put(ctx, directoryKey, nil); err != nil {
		t.Errorf("Put after Keys: %v", err)
	}
}

// On tmpfs a name that is renamed to moves to another place of its directory, and a reader misses it or sees it twice.
func TestDirectoryListOnTmpfs(t *testing.T) {
	path, err := os.MkdirTemp("/dev/shm", "mcpoauth") //nolint:usetesting // the file system is what this is about
	if err != nil {
		t.Skipf("no tmpfs at /dev/shm: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	store, err := NewDirectoryStore(path)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for i := range 300 {
		want = append(want, fmt.Sprintf("session/%060d/%064d", i, i))
		if err := store.Put(t.Context(), want[i], nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	defer writers.Wait()
	defer stop()
	for n := range 4 {
		writers.Go(func() {
			for i := n; ctx.Err() == nil; i += 4 {
				if err := store.Put(t.Context(), want[i%len(want)], nil); err != nil {
					t.Errorf("Put: %v", err)
					return
				}
			}
		})
	}
	for range 40 {
		if got := keysWith(t, store, "session/"); !slices.Equal(got, want) {
			t.Errorf("%d keys, of which %d are different, want %d", len(got), len(slices.Compact(slices.Clone(got))), len(want))
			return
		}
	}
}

// fakeEntry is a regular file of a directory.
type fakeEntry struct {
	fs.DirEntry
	name string
}

func (e fakeEntry) Name() string    { return e.name }
func (fakeEntry) Type() fs.FileMode { return 0 }

// Names are what others may have written.
func FuzzDirectoryEntryKey(f *testing.F) {
	for _, name := range []string{"session+0a+1b.record", "a+b.record.record", "+.record", ".record", "A+b.record", ""} {
		f.Add(name)
	}
	store := &DirectoryStore{path: "/p"}
	f.Fuzz(func(t *testing.T, name string) {
		key, ok := directoryEntryKey(fakeEntry{name: name})
		if ok && !strings.Contains(name, "/") && // no name of a file has one
			(CheckKey(key) != nil || filepath.Base(store.file(key)) != name) {
			t.Errorf("key of %q is %q", name, key)
		}
	})
}

// BenchmarkDirectoryKeys shows how long a listing makes writers wait.
func BenchmarkDirectoryKeys(b *testing.B) {
	const records = 100_000
	store, err := NewDirectoryStore(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	for i := range records {
		name := fmt.Sprintf("session+%064d+%064d.record", i, i)
		if err := os.WriteFile(filepath.Join(store.path, name), nil, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		n := 0
		for _, err := range store.Keys(b.Context(), "session/") {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != records {
			b.Fatalf("%d keys", n)
		}
	}
}
