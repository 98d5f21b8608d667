// Files of the directory store: what makes them private and durable.

package sdk

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// directoryOthersWrite are the mode bits that let somebody else write.
const directoryOthersWrite = 0o022

// prepare makes the directories if they are not there and refuses them if they are not private.
func (d *DirectoryStore) prepare() error {
	locks := filepath.Join(d.path, directoryLocks)
	if err := os.MkdirAll(locks, 0o700); err != nil {
		return fmt.Errorf("sdk: directory store: %w", err)
	}
	// The user may have put a link at the path itself, as managers of configuration files do; the store makes none.
	info, err := os.Stat(d.path)
	if err != nil {
		return fmt.Errorf("sdk: directory store: %w", err)
	}
	if err := checkPrivate(info); err != nil {
		return fmt.Errorf("sdk: directory store: %s: %w", d.path, err)
	}
	info, err = os.Lstat(locks)
	if err == nil && !info.IsDir() {
		err = errors.New("not a directory")
	}
	if err == nil {
		err = checkPrivate(info)
	}
	if err != nil {
		return fmt.Errorf("sdk: directory store: %s: %w", locks, err)
	}
	return nil
}

// checkPrivate refuses a file or directory that somebody else may write. Modes say nothing on Windows.
func checkPrivate(info fs.FileInfo) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if info.Mode().Perm()&directoryOthersWrite != 0 {
		return fmt.Errorf("mode %04o lets others write: remove that permission (chmod go-w) or use another directory", info.Mode().Perm())
	}
	return checkOwner(info)
}

// readRegular returns the content of the file at path, which must be private and no link, pipe or device.
func readRegular(path string, limit int64) ([]byte, error) {
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if err := checkRegular(before); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	// The file may have been replaced since Lstat, by a writer with a regular one: what was opened counts.
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := checkRegular(info); err != nil {
		return nil, err
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("file of %d bytes: the limit is %d", info.Size(), limit)
	}
	return io.ReadAll(io.LimitReader(file, limit))
}

func checkRegular(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("not a regular file (%s)", info.Mode().Type())
	}
	return checkPrivate(info)
}

// writeSynced writes a new file at path and flushes it to the disk. What a killed writer left there is removed first.
func writeSynced(path string, data []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// syncDirectory flushes the names in a directory to the disk. Systems and file systems that cannot do so for a
// directory keep renames in order by themselves or not at all: nothing more can be done there.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	defer directory.Close()
	err = directory.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

// sweep removes temporary files of writers that were killed. A file whose stripe is locked belongs to a living writer.
func (d *DirectoryStore) sweep() {
	for n := range uint32(directoryStripes) {
		stripe := stripeName(n)
		if _, err := os.Lstat(d.temporary(stripe)); err != nil {
			continue
		}
		if lock := d.tryLock(stripe); lock != nil {
			_ = os.Remove(d.temporary(stripe))
			lock.release()
		}
	}
}
