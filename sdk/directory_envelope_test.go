package sdk

import (
	"bytes"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
)

// directoryDamages turn a good file into a damaged one.
var directoryDamages = map[string]func(data []byte) []byte{
	"empty":        func([]byte) []byte { return nil },
	"one byte":     func(data []byte) []byte { return data[:1] },
	"half a line":  func(data []byte) []byte { return data[:len(envelopeMagic)+4] },
	"line only":    func(data []byte) []byte { return data[:bytes.IndexByte(data, '\n')+1] },
	"cut off":      func(data []byte) []byte { return data[:len(data)-1] },
	"longer":       func(data []byte) []byte { return append(data, 0) },
	"zeros":        func(data []byte) []byte { return make([]byte, len(data)) },
	"bit in value": func(data []byte) []byte { data[len(data)-1] ^= 1; return data },
	"bit in hash":  func(data []byte) []byte { data[bytes.IndexByte(data, '\n')-1] ^= 1; return data },
	"generation":   func(data []byte) []byte { return bytes.Replace(data, []byte(" 1 3 "), []byte(" 1 4 "), 1) },
	"generation 03": func([]byte) []byte {
		line, value := envelopeMagic+" 1 03 5 "+directoryKey+" ", "value"
		return []byte(line + envelopeSum(line, []byte(value)) + "\n" + value)
	},
	"another length": func([]byte) []byte {
		line, value := envelopeMagic+" 1 3 9 "+directoryKey+" ", "value"
		return []byte(line + envelopeSum(line, []byte(value)) + "\n" + value)
	},
	"negative":  func(data []byte) []byte { return bytes.Replace(data, []byte(" 1 3 "), []byte(" 1 -3 "), 1) },
	"no number": func(data []byte) []byte { return bytes.Replace(data, []byte(" 1 3 "), []byte(" 1 x "), 1) },
	"version no number": func(data []byte) []byte {
		return bytes.Replace(data, []byte(" 1 3 "), []byte(" one 3 "), 1)
	},
	"another key":     func([]byte) []byte { return (&envelope{3, "session/0a/1c", []byte("value")}).encode() },
	"no key":          func([]byte) []byte { return (&envelope{3, "session", []byte("value")}).encode() },
	"another program": func([]byte) []byte { return []byte("{\"access_token\": \"a s3cret value\"}\n") },
	"long line":       func([]byte) []byte { return []byte(strings.Repeat("a s3cret value ", 1000) + "\n") },
}

func damage(t *testing.T, store *DirectoryStore, how func([]byte) []byte) {
	t.Helper()
	file := putRecord(t, store)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, how(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// STORE-3, STORE-4: a damaged record is named, set aside and never printed; then the key is free.
func TestDirectoryDamage(t *testing.T) {
	for name, how := range directoryDamages {
		t.Run(name, func(t *testing.T) {
			store := openDirectory(t)
			damage(t, store, how)
			bad, _ := os.ReadFile(store.file(directoryKey))
			value, err := store.Get(t.Context(), directoryKey)
			var damaged *DamagedError
			if !errors.As(err, &damaged) || value != nil {
				t.Fatalf("Get = %q, error %v, want a *DamagedError", value, err)
			}
			if damaged.Key != directoryKey || strings.Contains(err.Error(), "s3cret") || !strings.HasSuffix(err.Error(), "; the session needs a new login") {
				t.Errorf("error %v", err)
			}
			if aside, err := os.ReadFile(damaged.Path); err != nil || !bytes.Equal(aside, bad) {
				t.Errorf("set aside as %q: error %v", damaged.Path, err)
			}
			if _, err := store.Get(t.Context(), directoryKey); !errors.Is(err, ErrNotFound) {
				t.Errorf("second Get: error %v, want ErrNotFound", err)
			}
			if err := store.PutIf(t.Context(), directoryKey, 1, []byte("new")); err != nil {
				t.Errorf("PutIf afterwards: %v", err)
			}
		})
	}
}

// A writer that meets damage sets it aside too. The generation of what was there is not known: PutIf does not guess.
func TestDirectoryDamageBeforeWrite(t *testing.T) {
	cutOff := directoryDamages["cut off"]
	t.Run("Put", func(t *testing.T) {
		store := openDirectory(t)
		damage(t, store, cutOff)
		if err := store.Put(t.Context(), directoryKey, []byte("new")); err != nil {
			t.Fatal(err)
		}
		if value, err := store.Get(t.Context(), directoryKey); string(value) != "new" {
			t.Errorf("Get = %q, error %v", value, err)
		}
		if _, err := os.Lstat(store.file(directoryKey) + ".damaged"); err != nil {
			t.Errorf("not set aside: %v", err)
		}
	})
	t.Run("PutIf", func(t *testing.T) {
		store := openDirectory(t)
		damage(t, store, cutOff)
		var damaged *DamagedError
		if err := store.PutIf(t.Context(), directoryKey, 9, []byte("new")); !errors.As(err, &damaged) {
			t.Errorf("PutIf: error %v, want a *DamagedError", err)
		}
		if err := store.PutIf(t.Context(), directoryKey, 9, []byte("new")); err != nil {
			t.Errorf("second PutIf: %v", err)
		}
	})
	t.Run("Delete", func(t *testing.T) {
		store := openDirectory(t)
		damage(t, store, cutOff)
		if err := store.Delete(t.Context(), directoryKey); err != nil {
			t.Error(err)
		}
	})
	t.Run("where nothing can be renamed", func(t *testing.T) {
		store := openDirectory(t)
		damage(t, store, cutOff)
		mkdir(t, store.file(directoryKey)+".damaged")
		_, err := store.Get(t.Context(), directoryKey)
		var damaged *DamagedError
		if !errors.As(err, &damaged) || damaged.Path != "" {
			t.Errorf("Get: error %v, want a *DamagedError without path", err)
		}
		if err := store.Put(t.Context(), directoryKey, []byte("new")); !errors.As(err, &damaged) {
			t.Errorf("Put: error %v: what is not set aside is not overwritten", err)
		}
	})
}

// STORE-1: a version that is not known is refused and left as it is.
func TestDirectoryNewerFormat(t *testing.T) {
	store := openDirectory(t)
	file := putRecord(t, store)
	newer := []byte("mcpoauth-record 2 in a format of its own\n\x00\x01")
	if err := os.WriteFile(file, newer, 0o600); err != nil {
		t.Fatal(err)
	}
	_, getErr := store.Get(t.Context(), directoryKey)
	for method, err := range map[string]error{
		"Get":   getErr,
		"Put":   store.Put(t.Context(), directoryKey, nil),
		"PutIf": store.PutIf(t.Context(), directoryKey, 99, nil),
	} {
		if !errors.Is(err, ErrRecordVersion) {
			t.Errorf("%s: error %v, want ErrRecordVersion", method, err)
		}
	}
	if data, err := os.ReadFile(file); err != nil || !bytes.Equal(data, newer) {
		t.Errorf("the file is now %q, error %v", data, err)
	}
	if err := store.Delete(t.Context(), directoryKey); err != nil {
		t.Errorf("Delete: %v", err)
	}
}

func TestEnvelopeRoundTrip(t *testing.T) {
	for _, e := range []*envelope{
		{0, "a/b", nil},
		{1, "session/0a/1b", []byte("{}")},
		{math.MaxInt64, "x/" + strings.Repeat("y", 198), bytes.Repeat([]byte{'\n', 0, 0xff}, 1000)},
	} {
		got, err := decodeEnvelope(e.encode())
		if err != nil {
			t.Errorf("generation %d: %v", e.generation, err)
			continue
		}
		if got.generation != e.generation || got.key != e.key || !bytes.Equal(got.value, e.value) {
			t.Errorf("decodeEnvelope = %v, want %v", got, e)
		}
	}
}

// What is accepted is what encode writes, byte for byte: no two files mean the same record.
func FuzzEnvelope(f *testing.F) {
	good := (&envelope{3, directoryKey, []byte("value\nof two lines")}).encode()
	f.Add(good)
	for _, how := range directoryDamages {
		f.Add(how(bytes.Clone(good)))
	}
	f.Add([]byte("mcpoauth-record 2 \n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := decodeEnvelope(data)
		if err != nil {
			return
		}
		if again := e.encode(); !bytes.Equal(again, data) {
			t.Errorf("decodeEnvelope accepts %q and encode writes %q", data, again)
		}
	})
}
