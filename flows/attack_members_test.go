// Each member of each document, bad in each way: a login works, or is refused
// for a reason that is written down.

package flows_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// schema is what this test reads of a JSON Schema.
type schema struct {
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Minimum    *int              `json:"minimum"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	AllOf      []struct {
		Ref string `json:"$ref"`
	} `json:"allOf"`
	Ref string `json:"$ref"`
}

func readSchema(t testing.TB, name string) schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "spec", "schemas", name))
	if err != nil {
		t.Fatal(err)
	}
	var s schema
	if err := json.Unmarshal(data, &s); err != nil {
		t.Fatal(err)
	}
	for _, part := range s.AllOf {
		base := readSchema(t, part.Ref)
		s.Required = append(s.Required, base.Required...)
		for name, property := range base.Properties {
			if _, own := s.Properties[name]; !own {
				s.Properties[name] = property
			}
		}
	}
	return s
}

// badValue is a value that a member must not have. Some are taken all the same:
// a numeric string is a number to a lenient reader (TOK-3).
type badValue struct{ name, json string }

func (s schema) badValues() []badValue {
	list := []badValue{{"null", "null"}, {"empty", `""`}}
	switch kind := s.Type; {
	case kind == "array":
		list = append(list, badValue{"wrong type", `"x"`}, badValue{"wrong items", `["x",5]`}, badValue{"empty list", "[]"})
		if s.Items != nil && s.Items.Format != "" {
			list = append(list, badValue{"bad items", `["javascript:alert(1)","not a url",""]`})
		}
	case kind == "boolean":
		list = append(list, badValue{"wrong type", `"true"`}, badValue{"a number", "1"})
	case kind == "integer":
		list = append(list, badValue{"wrong type", `{"n":1}`}, badValue{"no number", `"soon"`}, badValue{"bad value", "1e400"})
		if s.Minimum != nil {
			list = append(list, badValue{"too small", "-5"})
		}
	case kind == "object" || s.Ref != "":
		list = append(list, badValue{"wrong type", `"x"`}, badValue{"bad value", `{"keys":5,"token_endpoint":"javascript:alert(1)"}`})
	default:
		list = append(list, badValue{"wrong type", "5"})
		if s.Format != "" {
			list = append(list, badValue{"bad value", `"javascript:alert(1)"`})
		}
	}
	return list
}

// document is one of the four documents of a login.
type document struct {
	name, schema string
	// set installs a byte hook in the world.
	set func(*world, func([]byte) []byte)
	// decoded returns what the login made of the document.
	decoded func(login) (encoded []byte, err error)
	// warned returns the pointers of the warnings; nil where there are none.
	warned func(login) []string
	// refusal says which error a bad value may end in; nil means the login works.
	refusal func(member string, bad badValue) func(error) bool
}

func is(rules ...validate.Rule) func(error) bool {
	return func(err error) bool {
		return slices.ContainsFunc(rules, func(rule validate.Rule) bool { return errors.Is(err, rule) })
	}
}

func missing(endpoint string) func(error) bool {
	return func(err error) bool {
		var e *flows.MissingEndpointError
		return errors.As(err, &e) && e.Endpoint == endpoint
	}
}

func as[T error](err error) bool { return errors.As(err, new(T)) }

func warnings(l login) []string {
	pointers := []string{}
	for _, w := range l.found.Warnings {
		pointers = append(pointers, w.Pointer)
	}
	return pointers
}

var loginDocuments = []document{
	{
		name: "protected resource metadata", schema: "protected-resource-metadata.json",
		set: func(w *world, edit func([]byte) []byte) {
			w.rs.Configure(func(c *flowstest.ResourceConfig) { c.PRMBytes = edit })
		},
		decoded: func(l login) ([]byte, error) { return l.found.ResourceMetadata.Encode() },
		warned:  warnings,
		refusal: func(member string, _ badValue) func(error) bool {
			switch member {
			case "resource", "authorization_servers": // DISC-8, DISC-9
				return as[*flows.DiscoveryError]
			}
			return nil
		},
	},
	{
		name: "authorization server metadata", schema: "authorization-server-metadata.json",
		set: func(w *world, edit func([]byte) []byte) {
			w.as.Configure(func(c *flowstest.ServerConfig) { c.MetadataBytes = edit })
		},
		decoded: func(l login) ([]byte, error) { return l.found.Server.Encode() },
		warned:  warnings,
		refusal: func(member string, bad badValue) func(error) bool {
			switch member {
			case "issuer": // DISC-14
				return as[*flows.DiscoveryError]
			case "authorization_endpoint", "token_endpoint": // META-2, META-3
				return missing(member)
			case "registration_endpoint": // REG-1
				return as[*flows.ClientError]
			case "code_challenge_methods_supported": // META-1
				return is(validate.RulePKCEMissing, validate.RulePKCEUnsupported)
			case "response_types_supported": // META-5: a list that is there says what there is
				if bad.name == "empty list" {
					return is(validate.RuleResponseTypeCode)
				}
			}
			return nil
		},
	},
	{
		name: "client information", schema: "client-information.json",
		set: func(w *world, edit func([]byte) []byte) {
			w.as.Configure(func(c *flowstest.ServerConfig) { c.RegistrationBytes = edit })
		},
		decoded: func(l login) ([]byte, error) { return l.identity.Information.Encode() },
		refusal: func(member string, bad badValue) func(error) bool {
			switch {
			case member == "client_id": // REG-5
				return as[*flows.RegistrationError]
			case member == "redirect_uris" && bad.name == "bad items": // REG-6
				return is(validate.RuleRedirectURIDropped)
			}
			return nil
		},
	},
	{
		name: "token response", schema: "token-response.json",
		set: func(w *world, edit func([]byte) []byte) {
			w.as.Configure(func(c *flowstest.ServerConfig) { c.TokenBytes = edit })
		},
		decoded: func(l login) ([]byte, error) { return l.token.Response.Encode() },
		refusal: func(member string, _ badValue) func(error) bool {
			if member == "access_token" { // TOK-6
				return as[*flows.TokenError]
			}
			return nil
		},
	},
}

// changedByFlow are members that the flow itself completes in what it returns.
var changedByFlow = []string{"token_endpoint_auth_method", "redirect_uris"}

// META-4, META-6, REG-5, TOK-3, STORE-4: each optional member x {null, "",
// wrong type, bad value}: the login works, warned, and the member is encoded
// again unchanged. Each required one refuses.
func TestMembersBad(t *testing.T) {
	for _, d := range loginDocuments {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			properties := readSchema(t, d.schema).Properties
			for member, property := range properties {
				for _, bad := range property.badValues() {
					d.set(w, replaced(member, bad.json))
					l, err := w.attempt(t.Context())
					if err == nil && l.token.AccessToken == "" {
						t.Fatal("no token")
					}
					d.judge(t, w, l, err, member, bad)
				}
			}
			if len(properties) < 7 {
				t.Errorf("only %d members", len(properties))
			}
		})
	}
}

func (d document) judge(t *testing.T, w *world, l login, err error, member string, bad badValue) {
	t.Helper()
	where := member + " " + bad.name
	secrets := w.secrets(l)
	if err != nil {
		expectNoSecrets(t, err, secrets)
	} else if bad.name == "wrong type" { // printing all takes longer than the login
		expectNoSecrets(t, []any{l.found, l.identity, l.token}, secrets)
	}
	if refusal := d.refusal(member, bad); refusal != nil {
		if err == nil || !refusal(err) {
			t.Errorf("%s: %v, want the documented refusal", where, err)
		}
		return
	}
	if err != nil {
		t.Errorf("%s: %v, want a login", where, err)
		return
	}
	if d.warned != nil && !slices.ContainsFunc(d.warned(l), func(p string) bool {
		return p == "/"+member || strings.HasPrefix(p, "/"+member+"/")
	}) {
		t.Errorf("%s: no warning in %q", where, d.warned(l))
	}
	if slices.Contains(changedByFlow, member) {
		return
	}
	encoded, err := d.decoded(l)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	var again map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &again); err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	if !sameJSON(again[member], []byte(bad.json)) {
		t.Errorf("%s: encoded as %s, want %s", where, again[member], bad.json)
	}
}

// sameJSON compares two values; the order of members does not count, and a
// number that no float can hold is compared as text.
func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return string(a) == string(b)
	}
	return reflect.DeepEqual(x, y)
}

// SEC-4: each member twice refuses its document, even with the same value.
func TestMembersDoubled(t *testing.T) {
	for _, d := range loginDocuments {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
			for member := range readSchema(t, d.schema).Properties {
				d.set(w, func(document []byte) []byte { return doubled(document, member) })
				l, err := w.attempt(t.Context())
				if err == nil || l.token != nil || !strings.Contains(err.Error(), string(gen.ProblemDuplicate)) {
					t.Errorf("%s: %v, want a doubled member", member, err)
				}
				expectNoSecrets(t, err, w.secrets(l))
			}
		})
	}
}

// doubled writes a member once more, or twice when it is not there.
func doubled(document []byte, member string) []byte {
	var all map[string]json.RawMessage
	if json.Unmarshal(document, &all) != nil {
		return document
	}
	if value, ok := all[member]; ok {
		return flowstest.Append(member, string(value))(document)
	}
	return flowstest.Append(member, "null")(flowstest.Prepend(member, "null")(document))
}

// META-3, META-5, REG-6, TOK-6: values of the right type that are refused all
// the same, each for its documented reason.
func TestMembersRefused(t *testing.T) {
	for _, tt := range []struct {
		document, member, value string
		refusal                 func(error) bool
	}{
		{"protected resource metadata", "resource", `"https://evil.example.com/mcp"`, is(validate.RuleResourceCovers)},
		{"protected resource metadata", "authorization_servers", `["https://evil.example.com/?x"]`, as[*flows.DiscoveryError]},
		{"authorization server metadata", "issuer", `"https://evil.example.com"`, is(validate.RuleIssuerMatch)},
		{"authorization server metadata", "authorization_endpoint", `"http://as.example.com/authorize"`, is(validate.RuleEndpoint)},
		{"authorization server metadata", "token_endpoint", `"https://u:p@as.example.com/token"`, is(validate.RuleEndpoint)},
		{"authorization server metadata", "token_endpoint", `"https://as.example.com/token#x"`, is(validate.RuleEndpoint)},
		{"authorization server metadata", "registration_endpoint", `"http://as.example.com/register"`, as[*flows.RegistrationError]},
		{"authorization server metadata", "response_types_supported", `["token"]`, is(validate.RuleResponseTypeCode)},
		{"authorization server metadata", "code_challenge_methods_supported", `["plain"]`, is(validate.RulePKCEUnsupported)},
		{"client information", "token_endpoint_auth_method", `"magic"`, is(validate.RuleClientAuthMethod)},
		{"client information", "token_endpoint_auth_method", `"client_secret_basic"`, is(validate.RuleClientSecretMissing)},
		{"client information", "redirect_uris", `["http://127.0.0.1:1/other"]`, is(validate.RuleRedirectURIDropped)},
		{"client information", "jwks", `{"keys":[{"kty":"oct","k":"AAAA"}]}`, is(validate.RuleClientPrivateKey)},
		{"token response", "token_type", `"DPoP"`, is(validate.RuleTokenType)},
		{"token response", "token_type", `"mac"`, is(validate.RuleTokenType)},
		{"token response", "access_token", `"a b"`, is(validate.RuleAccessTokenSyntax)},
	} {
		i := slices.IndexFunc(loginDocuments, func(d document) bool { return d.name == tt.document })
		w := newWorld(t, flowstest.ServerConfig{}, flowstest.ResourceConfig{})
		loginDocuments[i].set(w, replaced(tt.member, tt.value))
		l, err := w.attempt(t.Context())
		if err == nil || !tt.refusal(err) {
			t.Errorf("%s %s: %v, want the documented refusal", tt.member, tt.value, err)
		}
		expectNoSecrets(t, err, w.secrets(l))
	}
}
