package sdk

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const directoryKey = "session/0a/1b"

func openDirectory(t *testing.T) *DirectoryStore {
	t.Helper()
	store, err := NewDirectoryStore(filepath.Join(t.TempDir(), "new", "store"))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// putRecord writes a record of generation 3 and returns its file.
func putRecord(t *testing.T, store *DirectoryStore) string {
	t.Helper()
	if err := store.PutIf(t.Context(), directoryKey, 3, []byte("a s3cret value")); err != nil {
		t.Fatal(err)
	}
	return store.file(directoryKey)
}

func needsModes(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("files have no modes here")
	}
}

// STORE-2: 0700 and 0600.
func TestDirectoryModes(t *testing.T) {
	needsModes(t)
	store := openDirectory(t)
	putRecord(t, store)
	lock, err := store.Lock(t.Context(), directoryKey)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock(t.Context())
	err = filepath.WalkDir(store.path, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", path, info.Mode().Perm(), want)
		}
		if strings.HasSuffix(path, ".tmp") {
			t.Errorf("%s is left over", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// STORE-2: a place where others write is refused, at the start and later.
func TestDirectoryRefusesOthers(t *testing.T) {
	needsModes(t)
	for name, spoil := range map[string]func(t *testing.T, store *DirectoryStore){
		"group writes":        func(t *testing.T, s *DirectoryStore) { chmod(t, s.path, 0o720) },
		"everybody writes":    func(t *testing.T, s *DirectoryStore) { chmod(t, s.path, 0o777) },
		"group writes locks":  func(t *testing.T, s *DirectoryStore) { chmod(t, filepath.Join(s.path, "locks"), 0o770) },
		"locks are a link":    func(t *testing.T, s *DirectoryStore) { link(t, filepath.Join(s.path, "locks")) },
		"somebody else's":     func(t *testing.T, s *DirectoryStore) { chown(t, s.path) },
		"somebody's lock dir": func(t *testing.T, s *DirectoryStore) { chown(t, filepath.Join(s.path, "locks")) },
	} {
		t.Run(name, func(t *testing.T) {
			store := openDirectory(t)
			spoil(t, store)
			if _, err := NewDirectoryStore(store.path); err == nil {
				t.Error("NewDirectoryStore takes it")
			}
			if err := store.Put(t.Context(), directoryKey, nil); err == nil {
				t.Error("Put writes there")
			}
			if _, err := store.Lock(t.Context(), directoryKey); err == nil {
				t.Error("Lock locks there")
			}
		})
	}
}

// STORE-2: a link, a directory, or a file that others write is no record. It is left as it is.
func TestDirectoryRefusesFiles(t *testing.T) {
	needsModes(t)
	for name, spoil := range map[string]func(t *testing.T, file string){
		"link":             link,
		"directory":        func(t *testing.T, file string) { remove(t, file); mkdir(t, file) },
		"everybody writes": func(t *testing.T, file string) { chmod(t, file, 0o602) },
		"somebody else's":  chown,
		"larger than any": func(t *testing.T, file string) {
			if err := os.Truncate(file, directoryRecordLimit+envelopeLineLimit+1); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := openDirectory(t)
			file := putRecord(t, store)
			spoil(t, file)
			before, err := os.Lstat(file)
			if err != nil {
				t.Fatal(err)
			}
			_, getErr := store.Get(t.Context(), directoryKey)
			for method, err := range map[string]error{
				"Get":   getErr,
				"Put":   store.Put(t.Context(), directoryKey, []byte("new")),
				"PutIf": store.PutIf(t.Context(), directoryKey, 9, []byte("new")),
			} {
				if err == nil || errors.Is(err, ErrNotFound) {
					t.Errorf("%s: error %v, want another", method, err)
				}
			}
			after, err := os.Lstat(file)
			if err != nil || !os.SameFile(before, after) || before.Mode() != after.Mode() {
				t.Errorf("file was changed: %v", err)
			}
		})
	}
}

// What stands where a temporary file goes is not written through.
func TestDirectoryTemporaryIsNoLink(t *testing.T) {
	needsModes(t)
	store := openDirectory(t)
	target := filepath.Join(t.TempDir(), "target")
	for n := range uint32(directoryStripes) {
		if err := os.Symlink(target, store.temporary(stripeName(n))); err != nil {
			t.Fatal(err)
		}
	}
	putRecord(t, store)
	if _, err := os.Lstat(target); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the target of a link was written: %v", err)
	}
}

func TestDirectoryPaths(t *testing.T) {
	if _, err := NewDirectoryStore(""); err == nil {
		t.Error("an empty path is taken")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDirectoryStore(file); err == nil {
		t.Error("a file is taken for a directory")
	}
	// A relative path means the directory of the moment.
	t.Chdir(t.TempDir())
	store, err := NewDirectoryStore("store")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	putRecord(t, store)
	if _, err := os.Lstat("store"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the store moved with the working directory: %v", err)
	}
}

// The user may keep the directory elsewhere behind a link.
func TestDirectoryBehindLink(t *testing.T) {
	needsModes(t)
	store := openDirectory(t)
	path := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(store.path, path); err != nil {
		t.Fatal(err)
	}
	if _, err := NewDirectoryStore(path); err != nil {
		t.Error(err)
	}
}

func TestDefaultDirectory(t *testing.T) {
	path, err := DefaultDirectory()
	if err != nil {
		t.Skip("this user has no configuration directory")
	}
	if filepath.Base(path) != "mcpoauth" || !filepath.IsAbs(path) {
		t.Errorf("DefaultDirectory() = %q", path)
	}
}

// Somebody removes the directory to log out of everything, while programs run.
func TestDirectoryRemoved(t *testing.T) {
	store := openDirectory(t)
	putRecord(t, store)
	lock, err := store.Lock(t.Context(), directoryKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Renew(t.Context()); err != nil {
		t.Errorf("Renew of a lock that is held: %v", err)
	}
	if err := os.RemoveAll(store.path); err != nil {
		t.Skipf("files in use cannot be removed here: %v", err)
	}
	if _, err := store.Get(t.Context(), directoryKey); !errors.Is(err, ErrNotFound) {
		t.Errorf("Get: error %v, want ErrNotFound", err)
	}
	if err := lock.Renew(t.Context()); !errors.Is(err, ErrLockLost) {
		t.Errorf("Renew of a lock whose file is gone: error %v, want ErrLockLost", err)
	}
	putRecord(t, store)
	other, err := NewDirectoryStore(store.path)
	if err != nil {
		t.Fatal(err)
	}
	next, err := other.Lock(t.Context(), directoryKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Renew(t.Context()); !errors.Is(err, ErrLockLost) {
		t.Errorf("Renew of a lock whose file is another: error %v, want ErrLockLost", err)
	}
	_ = lock.Unlock(t.Context())
	if err := next.Renew(t.Context()); err != nil {
		t.Errorf("Renew of the lock that is held: %v", err)
	}
	_ = next.Unlock(t.Context())
}

// STORE-3: what killed writers leave is removed, what living ones write is not.
func TestDirectorySweep(t *testing.T) {
	store := openDirectory(t)
	busy, err := store.lockFile(t.Context(), stripeName(1))
	if err != nil {
		t.Fatal(err)
	}
	defer busy.release()
	for n := range uint32(2) {
		if err := os.WriteFile(store.temporary(stripeName(n)), []byte("half a rec"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := NewDirectoryStore(store.path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(store.temporary(stripeName(0))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that a killed writer left: %v, want it removed", err)
	}
	if _, err := os.Lstat(store.temporary(stripeName(1))); err != nil {
		t.Errorf("the file of a living writer: %v", err)
	}
}

// A writer that waits for another leaves with its context.
func TestDirectoryWriteWaits(t *testing.T) {
	store := openDirectory(t)
	file := putRecord(t, store)
	before, _ := os.ReadFile(file)
	busy, err := store.lockStripe(t.Context(), directoryKey)
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewDirectoryStore(store.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*DirectoryStore{store, other} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		if err := s.Put(ctx, directoryKey, []byte("new")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Put beside a writer that stands: %v", err)
		}
		cancel()
	}
	if _, err := other.Get(t.Context(), directoryKey); err != nil && !directoryReadsNeedLock {
		t.Errorf("Get beside a writer that stands: %v", err)
	}
	busy.release()
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the record was changed")
	}
}

// Names of files are different for different keys, also where case does not count, and allowed everywhere.
func TestDirectoryNames(t *testing.T) {
	store := &DirectoryStore{path: "/p"}
	names := map[string]string{}
	for _, key := range []string{"con/a", "nul/nul", "a/b", "a/b/c", "a-b/c", "a_b/c", "ab/c", "a/bc", "write-00/a", "locks/a",
		"session/" + strings.Repeat("f", 64) + "/" + strings.Repeat("0", 64), "x/" + strings.Repeat("y", 198)} {
		name := filepath.Base(store.file(key))
		if other, ok := names[name]; ok {
			t.Errorf("%q and %q share the file %q", key, other, name)
		}
		names[name] = key
		if len(name)+len(".damaged") > 255 || strings.ToLower(name) != name || strings.ContainsAny(name, `/\:*?"<>| `) || !strings.Contains(name, "+") {
			t.Errorf("file name %q", name)
		}
	}
}

func chmod(t *testing.T, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func chown(t *testing.T, path string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	if err := os.Chown(path, 54321, -1); err != nil {
		t.Skip(err)
	}
}

// link moves what is at path and puts a symbolic link to it there.
func link(t *testing.T, path string) {
	t.Helper()
	target := filepath.Join(t.TempDir(), "target")
	if err := os.Rename(path, target); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
}
