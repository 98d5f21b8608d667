// Members made from the schemas: each with each bad value (test 5 of the design, as far as gen goes).

package gen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

func eachJSON(t *testing.T, run func(t *testing.T, schemas map[string]*schema, s *schema, decode decoder)) {
	t.Helper()
	schemas := readSchemas(t)
	for _, s := range schemas {
		if !s.Form {
			t.Run(s.Title, func(t *testing.T) { run(t, schemas, s, decoders[s.Title]) })
		}
	}
}

func refused(t *testing.T, err error) *gen.DecodeError {
	t.Helper()
	refusal := new(gen.DecodeError)
	if !errors.As(err, &refusal) {
		t.Fatalf("error %v, want a *DecodeError", err)
	}
	return refusal
}

func pointer(name string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// META-4: a bad optional member counts as absent, is reported, and is encoded again unchanged.
// META-6, REG-5, SEC-4 for the lines below.
func TestBadOptionalMember(t *testing.T) {
	eachJSON(t, func(t *testing.T, schemas map[string]*schema, s *schema, decode decoder) {
		for name, m := range s.Properties {
			if s.refuses(name) {
				continue
			}
			for text, kind := range bad(m) {
				data := with(t, schemas, s, name, text)
				var report gen.Report
				doc, err := decode(data, &report)
				if err != nil {
					t.Errorf("%s: %s: %v", name, text, err)
					continue
				}
				if len(report.Problems) != 1 || report.Problems[0].Pointer != pointer(name) || report.Problems[0].Kind != kind {
					t.Errorf("%s: %s: reported %+v, want %s", name, text, report.Problems, kind)
				} else if at := report.Problems[0].Offset; !strings.HasPrefix(string(data[at:]), text) {
					t.Errorf("%s: %s: offset %d", name, text, at)
				}
				roundTrip(t, decode, data, doc)
			}
		}
	})
}

func TestGoodMember(t *testing.T) {
	eachJSON(t, func(t *testing.T, schemas map[string]*schema, s *schema, decode decoder) {
		for name, m := range s.Properties {
			text, err := json.Marshal(good(schemas, m))
			if err != nil {
				t.Fatal(err)
			}
			data := with(t, schemas, s, name, string(text))
			var report gen.Report
			doc, err := decode(data, &report)
			if err != nil || len(report.Problems) > 0 {
				t.Errorf("%s: %s: %v %+v", name, text, err, report.Problems)
				continue
			}
			roundTrip(t, decode, data, doc)
		}
	})
}

// A required member that is bad or missing refuses the document.
func TestBadRequiredMember(t *testing.T) {
	eachJSON(t, func(t *testing.T, schemas map[string]*schema, s *schema, decode decoder) {
		for name, m := range s.Properties {
			if !s.refuses(name) {
				continue
			}
			for text, kind := range bad(m) {
				_, err := decode(with(t, schemas, s, name, text), nil)
				if refusal := refused(t, err); refusal.Kind != kind && m.Items == nil || !strings.HasPrefix(refusal.Pointer, pointer(name)) {
					t.Errorf("%s: %s: %v", name, text, err)
				}
			}
			doc := minimal(schemas, s)
			delete(doc, name)
			data, _ := json.Marshal(doc)
			_, err := decode(data, nil)
			if refusal := refused(t, err); refusal.Kind != gen.ProblemMissing || refusal.Pointer != pointer(name) {
				t.Errorf("%s missing: %v", name, err)
			}
		}
	})
}

// SEC-4: no duplicate members, known or not; another case of a name is another name.
func TestDuplicateMember(t *testing.T) {
	eachJSON(t, func(t *testing.T, schemas map[string]*schema, s *schema, decode decoder) {
		rest, _ := json.Marshal(minimal(schemas, s))
		for _, name := range append(slices.Collect(maps.Keys(s.Properties)), "unknown", "") {
			value := any("x")
			if m := s.Properties[name]; m != nil {
				value = good(schemas, m)
			}
			text, _ := json.Marshal(value)
			inner := strings.TrimSuffix(string(rest), "}")
			if inner != "{" {
				inner += ","
			}
			inner += fmt.Sprintf("%q:%s,%q:%s}", name, text, name, text)
			if name != "" { // the same name, written with an escape
				inner = strings.Replace(inner, fmt.Sprintf("%q:", name), fmt.Sprintf("\"\\u%04x%s\":", name[0], name[1:]), 1)
			}
			_, err := decode([]byte(inner), nil)
			if refusal := refused(t, err); refusal.Kind != gen.ProblemDuplicate || refusal.Pointer != pointer(name) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// SEC-4: "Issuer" never sets issuer.
func TestMemberNamesAreExact(t *testing.T) {
	eachJSON(t, func(t *testing.T, schemas map[string]*schema, s *schema, decode decoder) {
		doc := minimal(schemas, s)
		for name := range s.Properties {
			doc[strings.ToUpper(name)] = "evil"
		}
		data, _ := json.Marshal(doc)
		var report gen.Report
		got, err := decode(data, &report)
		if err != nil || len(report.Problems) > 0 {
			t.Fatal(err, report)
		}
		roundTrip(t, decode, data, got)
	})
	asm, err := gen.DecodeAuthorizationServerMetadata([]byte(`{"issuer":"https://good.example","Issuer":"https://evil.example"}`), nil)
	if err != nil || asm.Issuer != "https://good.example" || string(asm.Extra["Issuer"]) != `"https://evil.example"` {
		t.Errorf("%v %+v", err, asm)
	}
}
