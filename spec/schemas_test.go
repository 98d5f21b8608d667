// The schemas: what every one of them keeps to.

package spec_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/spec"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Neither oapi-codegen nor a JSON Schema compiler reports an unknown keyword: these are the ones in use, by place.
var (
	documentKeywords = []string{"$schema", "$id", "title", "description", "type", "allOf", "required", "properties", "x-form", "x-secret", "x-lenient"}
	memberKeywords   = []string{
		"$ref", "description", "type", "format", "minLength", "enum", "const", "minimum", "default", "items", "minItems", "uniqueItems", "anyOf",
		"x-order", "x-go-name", "x-go-type", "x-go-type-skip-optional-pointer", "x-words",
	}
	nestedKeywords = []string{"$ref", "type", "format", "minLength", "items", "x-go-type"}
)

// formats are names of validator's builtin tags, and date-time.
var formats = []string{"uri", "http_url", "https_url", "date-time"}

var (
	predicate = regexp.MustCompile(`^[a-z]+s [a-z0-9]`)
	section   = regexp.MustCompile(`(RFC \d+ (sections? [\d.]+|appendix [A-Z])|\d\.0 section [\d.]+|Practices section [\d.]+|\(draft\) section [\d.]+|spec/README.md section [A-Z])`)
)

type object = map[string]any

func readSchemas(t *testing.T) map[string]object {
	t.Helper()
	schemas := map[string]object{}
	names, err := fs.Glob(spec.Schemas(), "*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(spec.Schemas(), name)
		if err != nil {
			t.Fatal(err)
		}
		var schema object
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		schemas[name] = schema
	}
	return schemas
}

func members(schema object) map[string]object {
	found := map[string]object{}
	properties, _ := schema["properties"].(object)
	for name, member := range properties {
		found[name], _ = member.(object)
	}
	return found
}

// bases are the files that the schema includes by allOf.
func bases(schema object) []string {
	var names []string
	list, _ := schema["allOf"].([]any)
	for _, base := range list {
		b, _ := base.(object)
		name, _ := b["$ref"].(string)
		names = append(names, name)
	}
	return names
}

func checkKeywords(t *testing.T, where string, schema object, allowed []string) {
	t.Helper()
	for keyword, value := range schema {
		if !slices.Contains(allowed, keyword) {
			t.Errorf("%s: keyword %s is not in the list: misspelt?", where, keyword)
		}
		if number, _ := value.(float64); strings.HasPrefix(keyword, "min") && keyword != "minimum" && number != 1 {
			t.Errorf("%s: %s %v: the decoders know empty and not empty only", where, keyword, value)
		}
		if keyword == "format" && !slices.Contains(formats, value.(string)) {
			t.Errorf("%s: format %v", where, value)
		}
	}
}

func TestSchemaKeywords(t *testing.T) {
	for file, schema := range readSchemas(t) {
		checkKeywords(t, file, schema, documentKeywords)
		for name, member := range members(schema) {
			checkKeywords(t, file+" "+name, member, memberKeywords)
			if items, ok := member["items"].(object); ok {
				checkKeywords(t, file+" "+name+" items", items, nestedKeywords)
			}
			branches, _ := member["anyOf"].([]any)
			for _, branch := range branches {
				checkKeywords(t, file+" "+name+" anyOf", branch.(object), nestedKeywords)
			}
		}
	}
}

func TestSchemaNames(t *testing.T) {
	openAPI := string(spec.OpenAPI())
	for file, schema := range readSchemas(t) {
		title, _ := schema["title"].(string)
		if plain := strings.ToLower(title); plain+".json" != strings.ReplaceAll(file, "-", "") {
			t.Errorf("%s: title %s", file, title)
		}
		if schema["$id"] != spec.BaseID+file {
			t.Errorf("%s: $id %v", file, schema["$id"])
		}
		if !strings.Contains(openAPI, "\n    "+title+": {$ref: schemas/"+file+"}") {
			t.Errorf("openapi.yaml has no alias for %s", file)
		}
	}
}

func TestSchemaDescriptions(t *testing.T) {
	for file, schema := range readSchemas(t) {
		if text, _ := schema["description"].(string); !predicate.MatchString(text) {
			t.Errorf("%s: description does not read on after the name: %q", file, text)
		}
		for name, member := range members(schema) {
			text, _ := member["description"].(string)
			if !predicate.MatchString(text) || !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %s: description does not read on after the name: %q", file, name, text)
			}
			if !section.MatchString(text) {
				t.Errorf("%s: %s: description names no section: %q", file, name, text)
			}
		}
	}
}

// An empty string counts as absent everywhere, so each schema of a string says that it is not empty.
func TestSchemaStringsAreNotEmpty(t *testing.T) {
	for file, schema := range readSchemas(t) {
		for name, member := range members(schema) {
			if member["type"] == "string" && member["minLength"] == nil && member["format"] == nil && member["enum"] == nil && member["const"] == nil {
				t.Errorf("%s: %s: a string without minLength, format, enum or const", file, name)
			}
		}
	}
}

// Two members with the same x-order would come in random order.
func TestSchemaOrder(t *testing.T) {
	schemas := readSchemas(t)
	for file, schema := range schemas {
		seen := map[any]string{}
		collect := func(part object) {
			for name, member := range members(part) {
				order := member["x-order"]
				if order == nil || seen[order] != "" {
					t.Errorf("%s: %s: x-order %v is missing or taken by %s", file, name, order, seen[order])
				}
				seen[order] = name
			}
		}
		collect(schema)
		for _, base := range bases(schema) {
			collect(schemas[base])
		}
	}
}

// A document holds a secret if a member of it, of a base or of a nested document is one.
func TestSchemaSecrets(t *testing.T) {
	schemas := readSchemas(t)
	var holds func(file string) bool
	holds = func(file string) bool {
		for _, member := range members(schemas[file]) {
			ref, _ := member["$ref"].(string)
			if items, ok := member["items"].(object); ok && ref == "" {
				ref, _ = items["$ref"].(string)
			}
			if member["x-go-type"] == "Secret" || ref != "" && holds(ref) {
				return true
			}
		}
		return slices.ContainsFunc(bases(schemas[file]), holds)
	}
	for file, schema := range schemas {
		if marked := schema["x-secret"] == true; marked != holds(file) {
			t.Errorf("%s: x-secret is %v, a secret inside is %v", file, marked, !marked)
		}
	}
}

func TestSchemaRequiredMembersExist(t *testing.T) {
	schemas := readSchemas(t)
	for file, schema := range schemas {
		known := slices.Collect(maps.Keys(members(schema)))
		for _, base := range bases(schema) {
			known = slices.AppendSeq(known, maps.Keys(members(schemas[base])))
		}
		required, _ := schema["required"].([]any)
		lenient, _ := schema["x-lenient"].([]any)
		for _, name := range slices.Concat(required, lenient) {
			if !slices.Contains(known, name.(string)) {
				t.Errorf("%s: %v is required and not a member", file, name)
			}
		}
		for _, name := range lenient {
			if !slices.Contains(required, name) {
				t.Errorf("%s: %v is in x-lenient and not required", file, name)
			}
		}
	}
}

func TestSchemasCompile(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(jsonschema.SchemeURLLoader{})
	compiler.AssertFormat()
	for file, schema := range readSchemas(t) {
		if err := compiler.AddResource(spec.BaseID+file, schema); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	for file := range readSchemas(t) {
		if _, err := compiler.Compile(spec.BaseID + file); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
