// Envelope: what a record's file holds around the opaque value.

package sdk

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A file is one line of text and the value:
//
//	mcpoauth-record 1 <generation> <length of the value> <key> <SHA-256>\n<value>
//
// The hash covers the line before it and the value, so that half a file, a file under another's name and a flipped bit
// are all seen. It guards against accident, not against malice: who can write the directory can write the hash.
const (
	envelopeMagic   = "mcpoauth-record"
	envelopeVersion = "1"
	envelopeFields  = 6

	// envelopeLineLimit holds the magic, two numbers of 20 digits, a key and a hash with room to spare.
	envelopeLineLimit = 512
)

// envelope is the content of a record's file.
type envelope struct {
	generation int64
	key        string
	value      []byte
}

// encode returns the bytes of the file.
func (e *envelope) encode() []byte {
	line := fmt.Sprintf("%s %s %d %d %s ", envelopeMagic, envelopeVersion, e.generation, len(e.value), e.key)
	data := make([]byte, 0, len(line)+2*sha256.Size+1+len(e.value))
	data = append(data, line...)
	data = append(data, envelopeSum(line, e.value)...)
	data = append(data, '\n')
	return append(data, e.value...)
}

// decodeEnvelope reads a file. It returns an error for which errors.Is(err, ErrRecordVersion) holds when the first line
// names another version, and accepts nothing but what encode writes.
func decodeEnvelope(data []byte) (*envelope, error) {
	end := bytes.IndexByte(data[:min(len(data), envelopeLineLimit)], '\n')
	if end < 0 {
		return nil, errors.New("no first line")
	}
	fields := strings.Split(string(data[:end]), " ")
	if fields[0] != envelopeMagic || len(fields) < 2 {
		return nil, errors.New("first line is not that of a record")
	}
	if fields[1] != envelopeVersion {
		if _, err := strconv.ParseUint(fields[1], 10, 32); err == nil {
			return nil, ErrRecordVersion
		}
		return nil, errors.New("version is not a number")
	}
	if len(fields) != envelopeFields {
		return nil, errors.New("first line is not of six fields")
	}
	return envelopeOf(fields, data[end+1:])
}

// envelopeOf reads the fields of version 1.
func envelopeOf(fields []string, value []byte) (*envelope, error) {
	generation, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil || generation < 0 {
		return nil, errors.New("generation is not a count")
	}
	if fields[3] != strconv.Itoa(len(value)) {
		return nil, errors.New("length differs")
	}
	e := &envelope{generation: generation, key: fields[4], value: value}
	if err := CheckKey(e.key); err != nil {
		return nil, errors.New("key is not of the form of a key")
	}
	line := strings.Join(fields[:5], " ") + " "
	if fields[2] != strconv.FormatInt(generation, 10) || fields[5] != envelopeSum(line, value) {
		return nil, errors.New("checksum differs")
	}
	return e, nil
}

func envelopeSum(line string, value []byte) string {
	hash := sha256.New()
	hash.Write([]byte(line))
	hash.Write(value)
	return hex.EncodeToString(hash.Sum(nil))
}
