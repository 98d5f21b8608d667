// The documents of the tests: each type by name, and what its schema says.

package gen_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/spec"
)

type document interface{ Encode() ([]byte, error) }

type decoder func(data []byte, report *gen.Report) (document, error)

func of[T any, P interface {
	*T
	document
}](decode func([]byte, *gen.Report) (*T, error)) decoder {
	return func(data []byte, report *gen.Report) (document, error) {
		doc, err := decode(data, report)
		if err != nil {
			return nil, err
		}
		return P(doc), nil
	}
}

// decoders has one row per schema.
var decoders = map[string]decoder{
	"AuthorizationCodeTokenRequest": of(gen.DecodeAuthorizationCodeTokenRequest),
	"AuthorizationRequest":          of(gen.DecodeAuthorizationRequest),
	"AuthorizationResponse":         of(gen.DecodeAuthorizationResponse),
	"AuthorizationServerMetadata":   of(gen.DecodeAuthorizationServerMetadata),
	"ClientAuthentication":          of(gen.DecodeClientAuthentication),
	"ClientCredentialsTokenRequest": of(gen.DecodeClientCredentialsTokenRequest),
	"ClientIDMetadataDocument":      of(gen.DecodeClientIDMetadataDocument),
	"ClientInformation":             of(gen.DecodeClientInformation),
	"ClientMetadata":                of(gen.DecodeClientMetadata),
	"ClientRecord":                  of(gen.DecodeClientRecord),
	"ClientUpdateRequest":           of(gen.DecodeClientUpdateRequest),
	"DeviceAuthorizationRequest":    of(gen.DecodeDeviceAuthorizationRequest),
	"DeviceAuthorizationResponse":   of(gen.DecodeDeviceAuthorizationResponse),
	"DeviceTokenRequest":            of(gen.DecodeDeviceTokenRequest),
	"ErrorResponse":                 of(gen.DecodeErrorResponse),
	"IntrospectionRequest":          of(gen.DecodeIntrospectionRequest),
	"IntrospectionResponse":         of(gen.DecodeIntrospectionResponse),
	"JSONWebKey":                    of(gen.DecodeJSONWebKey),
	"JSONWebKeySet":                 of(gen.DecodeJSONWebKeySet),
	"JWTBearerTokenRequest":         of(gen.DecodeJWTBearerTokenRequest),
	"MTLSEndpointAliases":           of(gen.DecodeMTLSEndpointAliases),
	"MetadataRecord":                of(gen.DecodeMetadataRecord),
	"PendingRecord":                 of(gen.DecodePendingRecord),
	"ProtectedResourceMetadata":     of(gen.DecodeProtectedResourceMetadata),
	"PushedAuthorizationResponse":   of(gen.DecodePushedAuthorizationResponse),
	"RefreshTokenRequest":           of(gen.DecodeRefreshTokenRequest),
	"RevocationRequest":             of(gen.DecodeRevocationRequest),
	"SessionRecord":                 of(gen.DecodeSessionRecord),
	"TokenExchangeRequest":          of(gen.DecodeTokenExchangeRequest),
	"TokenResponse":                 of(gen.DecodeTokenResponse),
}

// schema is what the tests need to know of a schema file, members of allOf included.
type schema struct {
	Title      string             `json:"title"`
	Form       bool               `json:"x-form"`
	Secret     bool               `json:"x-secret"`
	Lenient    []string           `json:"x-lenient"`
	Required   []string           `json:"required"`
	AllOf      []member           `json:"allOf"`
	Properties map[string]*member `json:"properties"`
}

type member struct {
	Ref      string   `json:"$ref"`
	Type     string   `json:"type"`
	Format   string   `json:"format"`
	Const    string   `json:"const"`
	Enum     []string `json:"enum"`
	Minimum  *int     `json:"minimum"`
	MinItems int      `json:"minItems"`
	Items    *member  `json:"items"`
	AnyOf    []member `json:"anyOf"`
	GoType   string   `json:"x-go-type"`
}

func (s *schema) refuses(name string) bool {
	return slices.Contains(s.Required, name) && !slices.Contains(s.Lenient, name)
}

// readSchemas returns the schemas by file name.
func readSchemas(t testing.TB) map[string]*schema {
	t.Helper()
	names, err := fs.Glob(spec.Schemas(), "*.json")
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]*schema{}
	for _, name := range names {
		text, err := fs.ReadFile(spec.Schemas(), name)
		if err != nil {
			t.Fatal(err)
		}
		s := new(schema)
		if err := json.Unmarshal(text, s); err != nil {
			t.Fatal(err)
		}
		schemas[name] = s
	}
	for _, s := range schemas {
		for _, base := range s.AllOf {
			maps.Copy(s.Properties, schemas[base.Ref].Properties)
		}
	}
	return schemas
}

func TestDecodersHasEveryDocument(t *testing.T) {
	schemas := readSchemas(t)
	for file, s := range schemas {
		if decoders[s.Title] == nil {
			t.Errorf("%s: %s has no row in the table of this test", file, s.Title)
		}
	}
	if len(schemas) != len(decoders) {
		t.Errorf("%d schemas, %d decoders", len(schemas), len(decoders))
	}
}

const goodURL = "https://example.com/x"

// good returns a value of the member that nothing is wrong with.
func good(schemas map[string]*schema, m *member) any {
	switch {
	case m.Ref != "":
		return minimal(schemas, schemas[m.Ref])
	case m.Const != "":
		return m.Const
	case m.Enum != nil:
		return m.Enum[0]
	case m.AnyOf != nil:
		return []any{"a", "b"}
	}
	switch m.Type {
	case "string":
		switch m.Format {
		case "":
			return "a"
		case "date-time":
			return "2026-01-02T03:04:05Z"
		}
		return goodURL
	case "integer":
		return 7
	case "boolean":
		return true
	case "array":
		return []any{good(schemas, m.Items)}
	}
	return map[string]any{"a": 1}
}

// minimal returns a document of the required members.
func minimal(schemas map[string]*schema, s *schema) map[string]any {
	doc := map[string]any{}
	for _, name := range s.Required {
		doc[name] = good(schemas, s.Properties[name])
	}
	return doc
}

// bad returns JSON texts that the member must not accept, with the kind of problem.
func bad(m *member) map[string]gen.ProblemKind {
	texts := map[string]gen.ProblemKind{"null": gen.ProblemNull}
	switch {
	case m.Ref != "" || m.GoType == "json.RawMessage":
		texts[`""`], texts["12"], texts["[]"] = gen.ProblemType, gen.ProblemType, gen.ProblemType
	case m.AnyOf != nil:
		texts[`""`], texts["12"], texts["[1]"] = gen.ProblemEmpty, gen.ProblemType, gen.ProblemType
	case m.Type == "string":
		texts[`""`], texts["12"], texts["{}"], texts["true"] = gen.ProblemEmpty, gen.ProblemType, gen.ProblemType, gen.ProblemType
		texts["\"\\ud800\""] = gen.ProblemValue
		if m.Format != "" || m.Enum != nil {
			texts[`"not one"`] = gen.ProblemValue
		}
		if m.Format == "http_url" || m.Format == "https_url" {
			texts[`"javascript:alert(1)"`] = gen.ProblemValue
		}
	case m.Type == "integer":
		texts[`""`], texts["true"], texts[`"x"`], texts["1e300"] = gen.ProblemEmpty, gen.ProblemType, gen.ProblemType, gen.ProblemValue
		if m.Minimum != nil {
			texts[fmt.Sprint(*m.Minimum-1)] = gen.ProblemValue
		}
	case m.Type == "boolean":
		texts[`""`], texts["1"], texts[`"true"`] = gen.ProblemType, gen.ProblemType, gen.ProblemType
	case m.Type == "array":
		texts[`""`], texts[`"a"`], texts["{}"], texts[`["a",1]`] = gen.ProblemType, gen.ProblemType, gen.ProblemType, gen.ProblemType
		if m.MinItems > 0 {
			texts["[]"] = gen.ProblemEmpty
		}
	}
	return texts
}

// with returns the minimal document with one more member, given as JSON text.
func with(t *testing.T, schemas map[string]*schema, s *schema, name, text string) []byte {
	t.Helper()
	doc := minimal(schemas, s)
	doc[name] = json.RawMessage(text)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// sameJSON compares two JSON texts as values, numbers by their literals.
func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	return canonical(t, a) == canonical(t, b)
}

func canonical(t *testing.T, text []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// roundTrip encodes, compares with the input, and decodes again.
func roundTrip(t *testing.T, decode decoder, data []byte, doc document) {
	t.Helper()
	first, err := doc.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if data != nil && !sameJSON(t, data, first) {
		t.Errorf("encoded\n%s\nfrom\n%s", first, data)
	}
	again, err := decode(first, nil)
	if err != nil {
		t.Fatalf("decoding what was encoded: %v", err)
	}
	second, err := again.Encode()
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("encoded\n%s\nthen\n%s (%v)", first, second, err)
	}
}
