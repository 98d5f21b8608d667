// Envelope: what the inner store gets in place of a value.

package sealed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/mcpoauth/mcpoauth/sdk"
)

// A sealed value is one line of text and a Tink ciphertext:
//
//	mcpoauth-sealed 1\n<ciphertext>
//
// The associated data is the line and the record's key.
const (
	envelopeWord = "mcpoauth-sealed "
	envelopeLine = envelopeWord + "1\n"

	// versionLimit is the longest version that is read as one: "4294967295\n".
	versionLimit = 11
)

var (
	errUnsealed = errors.New("it was not sealed")
	errVersion  = errors.New("its version is not a number")
	errChanged  = errors.New("it was changed, or is that of another key")
)

// seal returns value as the inner store keeps it at key.
func (s *Store) seal(key string, value []byte) ([]byte, error) {
	ciphertext, err := s.aead.Encrypt(value, associatedData(key))
	if err != nil {
		return nil, fmt.Errorf("sealed: record %s: seal: %w", key, err)
	}
	return append([]byte(envelopeLine), ciphertext...), nil
}

// open returns the value in data, which is at key. Its errors tell nothing of the content.
func (s *Store) open(key string, data []byte) ([]byte, error) {
	ciphertext, err := parseEnvelope(data)
	if err != nil {
		return nil, err
	}
	value, err := s.aead.Decrypt(ciphertext, associatedData(key))
	if err != nil {
		if id, ok := keyID(ciphertext); ok && !s.keys[id] {
			return nil, fmt.Errorf("it was sealed with key %d, which the keyset lacks", id)
		}
		return nil, errChanged
	}
	return value, nil
}

// parseEnvelope returns the ciphertext in data. It returns sdk.ErrRecordVersion when the line names another version.
func parseEnvelope(data []byte) ([]byte, error) {
	rest, ok := bytes.CutPrefix(data, []byte(envelopeWord))
	if !ok {
		return nil, errUnsealed
	}
	version, _, ok := bytes.Cut(rest[:min(len(rest), versionLimit)], []byte("\n"))
	if !ok {
		return nil, errVersion
	}
	number, err := strconv.ParseUint(string(version), 10, 32)
	switch {
	case err != nil || strconv.FormatUint(number, 10) != string(version):
		return nil, errVersion
	case number != 1:
		return nil, sdk.ErrRecordVersion
	}
	return rest[len(version)+1:], nil
}

// keyID reads which key made a ciphertext, if it is of a kind that says so: a one and four bytes of the key's id.
//
// https://developers.google.com/tink/wire-format
func keyID(ciphertext []byte) (uint32, bool) {
	if len(ciphertext) < 5 || ciphertext[0] != 1 {
		return 0, false
	}
	return binary.BigEndian.Uint32(ciphertext[1:5]), true
}

func associatedData(key string) []byte {
	return []byte(envelopeLine + key)
}
