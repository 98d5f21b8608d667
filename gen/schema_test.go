// Schema and decoder: that they judge alike.

package gen_test

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/spec"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

func compile(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	compiler.AssertFormat()
	for _, format := range []string{"uri", "http_url", "https_url"} {
		compiler.RegisterFormat(&jsonschema.Format{Name: format, Validate: func(v any) error {
			if text, ok := v.(string); ok && !gen.ValidFormat(format, text) {
				return jsonschema.LocalizableError("not a valid %s", format)
			}
			return nil
		}})
	}
	names, _ := fs.Glob(spec.Schemas(), "*.json")
	for _, name := range names {
		text, err := fs.ReadFile(spec.Schemas(), name)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := compiler.AddResource(spec.BaseID+name, parsed); err != nil {
			t.Fatal(err)
		}
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, name := range names {
		schema, err := compiler.Compile(spec.BaseID + name)
		if err != nil {
			t.Fatal(err)
		}
		compiled[schema.Title] = schema
	}
	return compiled
}

// META-7: what the decoder refuses or reports breaks the schema, and nothing else does.
func TestDecoderAgreesWithSchema(t *testing.T) {
	compiled := compile(t)
	eachJSON(t, func(t *testing.T, schemas map[string]*schema, s *schema, _ decoder) {
		verdict := func(data []byte) error {
			parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			return compiled[s.Title].Validate(parsed)
		}
		for name, m := range s.Properties {
			text, _ := json.Marshal(good(schemas, m))
			if err := verdict(with(t, schemas, s, name, string(text))); err != nil {
				t.Errorf("%s: the schema refuses %s: %v", name, text, err)
			}
			for text := range bad(m) {
				if text == "1e300" || strings.Contains(text, "ud800") {
					continue // beyond int64 and beyond Unicode: a schema cannot say it
				}
				if verdict(with(t, schemas, s, name, text)) == nil {
					t.Errorf("%s: the schema accepts %s", name, text)
				}
			}
		}
	})
}

// An unknown tag panics in every validator, an importer's too.
func TestValidateTagsAreBuiltIn(t *testing.T) {
	v := validator.New()
	schemas := readSchemas(t)
	for _, s := range schemas {
		data, err := json.Marshal(minimal(schemas, s))
		if err != nil {
			t.Fatal(err)
		}
		if s.Form {
			data = nil
		}
		doc, err := decoders[s.Title](data, nil)
		if err != nil {
			if s.Form {
				continue // its required parameters are missing; the tags are those of the other documents
			}
			t.Fatal(err)
		}
		if err := v.Struct(doc); err != nil {
			t.Errorf("%s: %v", s.Title, err)
		}
	}
}

func TestImportsTheStandardLibraryOnly(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range parsed.Imports {
			path, _ := strconv.Unquote(imported.Path.Value)
			if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
				t.Errorf("%s imports %s", file, path)
			}
		}
	}
}
