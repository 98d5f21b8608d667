// Fuzz targets: what a decoder accepts it can write and read again; what it refuses it refuses with a DecodeError.

package gen_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// fuzzDecoder runs one decoder over data.
func fuzzDecoder(t *testing.T, title string, form bool, data []byte) {
	var report gen.Report
	doc, err := decoders[title](data, &report)
	if err != nil {
		refusal := new(gen.DecodeError)
		if !errors.As(err, &refusal) || refusal.Offset < 0 || refusal.Offset > len(data) || len(err.Error()) > 700 {
			t.Fatalf("%s: %v", title, err)
		}
		return
	}
	for _, p := range report.Problems {
		if p.Offset < 0 || p.Offset > len(data) || p.Kind == "" {
			t.Fatalf("%s: %+v", title, p)
		}
	}
	first, err := doc.Encode()
	if err != nil {
		t.Fatalf("%s: %v", title, err)
	}
	if !form && (!json.Valid(bytes.TrimPrefix(data, []byte("\ufeff"))) || !json.Valid(first)) {
		t.Fatalf("%s: %q was accepted, %q encoded", title, data, first)
	}
	if len(first) > gen.MaxSize {
		return // escapes can make it longer than a decoder takes
	}
	again, err := decoders[title](first, nil)
	if err != nil {
		t.Fatalf("%s: %q was encoded from %q: %v", title, first, data, err)
	}
	if second, err := again.Encode(); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%s: %q, then %q (%v)", title, first, second, err)
	}
}

func fuzz(f *testing.F, form bool, seeds ...string) {
	schemas := readSchemas(f)
	var titles []string
	for s := range maps.Values(schemas) {
		if s.Form == form {
			titles = append(titles, s.Title)
		}
	}
	slices.Sort(titles)
	for i := range titles {
		for _, seed := range seeds {
			f.Add(byte(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, data []byte) {
		fuzzDecoder(t, titles[int(which)%len(titles)], form, data)
	})
}

// SEC-3, SEC-4, SEC-5.
func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	seeds := []string{"{}", `{"a":1e999,"a\ud83d":"\ud83d\ude00"}`, "[]", "null", strings.Repeat(`{"a":[`, 40)}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, string(text))
	}
	fuzz(f, false, seeds...)
}

func FuzzDecodeForm(f *testing.F) {
	fuzz(f, true, "", "code=a&state=b&iss=https%3A%2F%2Fas.example", "grant_type=refresh_token&refresh_token=r&resource=a:b&resource=c:d",
		"max_age=-1&redirect_uri=%zz", "a=1&a=2&%61=3&;=&&=x")
}
