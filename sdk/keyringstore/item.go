// Item: the place of the key in the keyring.

package keyringstore

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/sealed"

	// One interface to the keyrings of all systems, without cgo. Zalando's: maintained, MIT, 1,500 lines with D-Bus and
	// wincred behind them; 0.8 MB in a program.
	"github.com/zalando/go-keyring"
)

// itemVersion is that of the record; another one is refused.
const itemVersion = 1

// nameLimit bounds the names: Windows takes 512 bytes for both.
const nameLimit = 200

// item names a secret of the keyring. It is stored, so that a directory that was moved finds its key.
type item struct {
	Version int    `json:"version"`
	Service string `json:"service"`
	Account string `json:"account"`
}

// newItem returns an item that no keyring has.
func newItem(service string) *item {
	if service == "" {
		service = defaultService
	}
	return &item{Version: itemVersion, Service: service, Account: "key-" + strings.ToLower(rand.Text())}
}

// parseItem reads the stored record.
func parseItem(data []byte) (*item, error) {
	var it item
	if err := json.Unmarshal(data, &it); err != nil {
		return nil, errors.New("not the JSON object that was written")
	}
	if it.Version != itemVersion {
		return nil, fmt.Errorf("%w: version %d, this module reads %d", sdk.ErrRecordVersion, it.Version, itemVersion)
	}
	if !isName(it.Service) || !isName(it.Account) {
		return nil, errors.New("service or account is no name")
	}
	return &it, nil
}

// isName: the names go to a program's command line on macOS.
func isName(s string) bool {
	return s != "" && len(s) <= nameLimit && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

func (it *item) encode() []byte {
	data, _ := json.Marshal(it) // strings and a number
	return data
}

// read returns the secret, or a *KeyLostError.
func (it *item) read(ctx context.Context, directory string) (string, error) {
	secret, err := asking(ctx, func() (string, error) { return keyring.Get(it.Service, it.Account) })
	if errors.Is(err, keyring.ErrNotFound) {
		return "", &KeyLostError{Directory: directory, Service: it.Service, Account: it.Account}
	}
	return secret, err
}

// errNotKept: some keyrings report no error and keep nothing. What is sealed then would be lost with this process.
var errNotKept = errors.New("it did not keep what it was given")

// fill puts a new keyset into the keyring and returns it.
func (it *item) fill(ctx context.Context) (string, error) {
	if !isName(it.Service) {
		return "", fmt.Errorf("keyringstore: config: Service %.40q: not of 1 to %d printable bytes", it.Service, nameLimit)
	}
	handle, err := sealed.NewKeyset()
	if err != nil {
		return "", err
	}
	data, err := sealed.MarshalKeyset(handle)
	if err != nil {
		return "", err
	}
	return asking(ctx, func() (string, error) {
		if err := keyring.Set(it.Service, it.Account, string(data)); err != nil {
			return "", err
		}
		kept, err := keyring.Get(it.Service, it.Account)
		return kept, checkKept(string(data), kept, err)
	})
}

// checkKept judges what the keyring gives back of what it was given.
func checkKept(given, kept string, err error) error {
	if errors.Is(err, keyring.ErrNotFound) || err == nil && kept != given {
		return errNotKept
	}
	return err
}

// asking waits for the keyring, which knows no contexts and may wait for the user. The error of a keyring that does not
// work is an *UnavailableError.
func asking(ctx context.Context, ask func() (string, error)) (string, error) {
	type answer struct {
		secret string
		err    error
	}
	answered := make(chan answer, 1)
	go func() {
		secret, err := ask()
		answered <- answer{secret, err}
	}()
	select {
	case a := <-answered:
		if a.err != nil && !errors.Is(a.err, keyring.ErrNotFound) {
			return "", &UnavailableError{Err: a.err}
		}
		return a.secret, a.err
	case <-ctx.Done():
		return "", fmt.Errorf("keyringstore: keyring: %w", ctx.Err())
	}
}
