// Open: the sealed directory and its key.

package keyringstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"
)

// Config says where the records are and how the keyring lists their key. The zero value is right for most programs.
type Config struct {
	// Directory is where the files are. Empty means the directory keyring below [sdk.DefaultDirectory]. It is made, and
	// refused if others may write it, as [sdk.NewDirectoryStore] does.
	Directory string
	// Service is the name under which the keyring shows the key to the user, once it is made. Empty means "mcpoauth".
	Service string
}

const (
	defaultDirectory = "keyring"
	defaultService   = "mcpoauth"
	recordsDirectory = "records"

	// itemKey is the record that names the item of the keyring, and the lock under which it is made.
	itemKey = "keyring/key"
)

// Open returns the store, and makes its directory and its key if they are not there. The store is safe for use by many
// goroutines and processes at once, and needs no closing.
//
// It may wait for the user to unlock the keyring. When ctx ends first its error is returned; a question that is on the
// user's screen stays there.
//
// errors.As finds an [*UnavailableError] when there is no usable keyring, and a [*KeyLostError] when the keyring lacks the
// key of records that are there. Neither changes anything.
func Open(ctx context.Context, cfg Config) (*sealed.Store, error) {
	path, err := cfg.directory()
	if err != nil {
		return nil, err
	}
	home, err := sdk.NewDirectoryStore(path)
	if err != nil {
		return nil, err
	}
	records, err := sdk.NewDirectoryStore(filepath.Join(path, recordsDirectory))
	if err != nil {
		return nil, err
	}
	// Of two processes that start for the first time, one makes the key.
	lock, err := home.Lock(ctx, itemKey)
	if err != nil {
		return nil, err
	}
	defer lock.Unlock(context.WithoutCancel(ctx)) //nolint:errcheck // the system frees it with the process
	secret, err := cfg.secret(ctx, home, path)
	if err != nil {
		return nil, err
	}
	handle, err := sealed.ParseKeyset([]byte(secret))
	if err != nil {
		return nil, fmt.Errorf("keyringstore: the keyring's item is not what was put there: %w", err)
	}
	return sealed.New(records, handle)
}

func (c *Config) directory() (string, error) {
	if c.Directory != "" {
		return filepath.Abs(c.Directory)
	}
	parent, err := sdk.DefaultDirectory()
	if err != nil {
		return "", err
	}
	return filepath.Join(parent, defaultDirectory), nil
}

// secret returns the keyset of the records in path, a new one if there are none.
func (c *Config) secret(ctx context.Context, home *sdk.DirectoryStore, path string) (string, error) {
	value, err := home.Get(ctx, itemKey)
	switch {
	case err == nil:
		it, err := parseItem(value)
		if err != nil {
			return "", fmt.Errorf("keyringstore: %s: record %s: %w", path, itemKey, err)
		}
		return it.read(ctx, path)
	case !errors.Is(err, sdk.ErrNotFound):
		return "", err
	}
	// A new key beside old records would be one that does not open them.
	if there, err := hasRecords(path); err != nil {
		return "", err
	} else if there {
		return "", &KeyLostError{Directory: path}
	}
	it := newItem(c.Service)
	secret, err := it.fill(ctx)
	if err != nil {
		return "", err
	}
	return secret, home.Put(ctx, itemKey, it.encode())
}

// hasRecords tells whether anything was sealed with a key of this directory.
func hasRecords(path string) (bool, error) {
	entries, err := os.ReadDir(filepath.Join(path, recordsDirectory))
	if err != nil {
		return false, fmt.Errorf("keyringstore: %w", err)
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".record") {
			return true, nil
		}
	}
	return false, nil
}
