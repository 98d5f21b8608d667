// The derived tags, the decoder and the rule table never disagree.

package validate

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// boundary are values on both sides of the constraints that schemas have.
var boundary = map[reflect.Kind][]any{
	reflect.String: {
		"x", "web", "native", "https://h", "https://h/p?q", "http://h", "HTTPS://H", "https://", "https:///p", "https://:80", "//h/p", "/p",
		"ftp://h", "com.example.app:/cb", "urn:x:y", "https://h h", "https://h/\"", "https://h/%zz", "https://[::1]", "https://[::1",
		"https://u:p@h/x", "https://h#f", "https://bücher.example/", "https://h:99999/", "javascript:alert(1)",
	},
	reflect.Int64: {-1, 0, 1, 1 << 40},
	reflect.Slice: {[]string{}, []string{"x"}, []string{"https://h"}, []string{"x", "https://h"}},
}

// A value that the decoder keeps passes the tags, and one that it refuses or
// throws away fails them. META-4, META-7
func TestTagsAgreeWithDecoder(t *testing.T) {
	agree[gen.ProtectedResourceMetadata](t, "prm")
	agree[gen.AuthorizationServerMetadata](t, "asm")
	agree[gen.ClientMetadata](t, "client")
	agree[gen.ClientInformation](t, "dcr")
	agree[gen.ClientIDMetadataDocument](t, "cimd")
	agree[gen.TokenResponse](t, "token")
	agree[gen.ErrorResponse](t, "error")
	agree[gen.SessionRecord](t, "session")
	agree[gen.PendingRecord](t, "pending")
	agree[gen.MetadataRecord](t, "document")
	agree[gen.ClientRecord](t, "record")
}

func agree[T Document](t *testing.T, kind string) {
	t.Helper()
	compared := 0
	shape := reflect.TypeFor[T]()
	for i := range shape.NumField() {
		field := shape.Field(i)
		name := memberName(field)
		if name == "" || name == "-" || field.Type == reflect.TypeFor[json.RawMessage]() {
			continue
		}
		values := boundary[field.Type.Kind()]
		if field.Type.Kind() == reflect.Pointer {
			values = boundary[field.Type.Elem().Kind()]
		}
		for _, value := range values {
			compared++
			data := goodSubjects[kind].document.with(object{name: value}).bytes(t)
			decoded := decoderAccepts[T](data, name)
			passes := tagsAccept[T](t, i, value)
			// The decoder keeps a list with a bad entry, so that the others stay
			// usable; the tags name the entry.
			if decoded != passes && !(decoded && isList(value)) {
				t.Errorf("%s: %s = %q: the decoder says %v, the tags %q say %v",
					kind, name, value, decoded, field.Tag.Get("validate"), passes)
			}
		}
	}
	if compared < 3 {
		t.Errorf("%s: only %d comparisons", kind, compared)
	}
}

func isList(value any) bool { _, ok := value.([]string); return ok }

// decoderAccepts: the document decodes, and nothing is reported about the member.
func decoderAccepts[T Document](data []byte, name string) bool {
	var report gen.Report
	if _, err := Decode[T](data, &report); err != nil {
		return false
	}
	for _, p := range report.Problems {
		if p.Pointer == "/"+name {
			return false
		}
	}
	return true
}

// tagsAccept sets the field by hand, and asks validator.
func tagsAccept[T Document](t *testing.T, field int, value any) bool {
	t.Helper()
	doc := new(T)
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	target := reflect.ValueOf(doc).Elem().Field(field)
	if err := json.Unmarshal(data, target.Addr().Interface()); err != nil {
		t.Fatal(err)
	}
	name := memberName(reflect.TypeFor[T]().Field(field))
	c := newCheck("test", nil)
	c.tags(doc)
	for _, v := range c.found {
		if v.Severity > SeverityError {
			t.Errorf("a tag has severity %v", v.Severity)
		}
		if v.Pointer == "/"+name || strings.HasPrefix(v.Pointer, "/"+name+"/") {
			return false
		}
	}
	return true
}
