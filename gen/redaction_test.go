// Redaction: no secret is printed, however it is asked for (STORE-4).

package gen_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

const marker = "s3cr3t-of-the-test"

var verbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3v", "%U", "%e", "% x"}

// printed returns value under every verb, in slog and in JSON, on its own and inside other values.
func printed(t *testing.T, value any) string {
	t.Helper()
	pointer := reflect.New(reflect.TypeOf(value))
	pointer.Elem().Set(reflect.ValueOf(value))
	inside := struct {
		Name  string
		Value any
		List  []any
		Map   map[string]any
	}{"outer", value, []any{value, pointer.Interface()}, map[string]any{"k": value}}
	var b bytes.Buffer
	for _, v := range []any{value, pointer.Interface(), inside, &inside} {
		for _, verb := range verbs {
			fmt.Fprintf(&b, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&b, nil)).Info("text", "value", v, slog.Group("g", "value", v))
		slog.New(slog.NewJSONHandler(&b, nil)).Info("json", "value", v, slog.Group("g", "value", v))
		text, err := json.Marshal(v)
		if err != nil {
			t.Errorf("%T: %v", v, err)
		}
		b.Write(text)
	}
	fmt.Fprintln(&b, value, pointer.Interface(), errors.Join(fmt.Errorf("wrapped: %v", value)))
	return b.String()
}

func leaks(text string) bool {
	for _, form := range []string{marker, hex.EncodeToString([]byte(marker)), strings.ToUpper(hex.EncodeToString([]byte(marker))), "U+0073", "[115 51"} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

// full returns a document with marker in every secret, in an unknown member and in a bad one.
func full(schemas map[string]*schema, s *schema) map[string]any {
	doc := map[string]any{}
	for name, m := range s.Properties {
		switch {
		case m.GoType == "Secret":
			doc[name] = marker
		case m.Ref != "":
			doc[name] = full(schemas, schemas[m.Ref])
		case m.Type == "array" && m.Items.Ref != "":
			doc[name] = []any{full(schemas, schemas[m.Items.Ref])}
		default:
			doc[name] = good(schemas, m)
		}
	}
	return doc
}

func TestSecretsNeverPrint(t *testing.T) {
	schemas := readSchemas(t)
	for _, s := range schemas {
		if !s.Secret {
			continue
		}
		t.Run(s.Title, func(t *testing.T) {
			doc := full(schemas, s)
			direct := strings.Contains(fmt.Sprint(doc), marker)
			for name, m := range s.Properties {
				if m.GoType == "Secret" && !s.refuses(name) && !s.Form && name != "refresh_token" && name != "k" {
					doc[name] = []any{marker} // the wrong type: kept as it came
				}
			}
			holdsSecret := false
			for _, m := range s.Properties {
				holdsSecret = holdsSecret || m.GoType == "Secret"
			}
			if holdsSecret {
				doc["unknown"] = map[string]any{"deep": marker}
			}
			var data []byte
			if s.Form {
				data = []byte(formText(doc))
			} else {
				data, _ = json.Marshal(doc)
			}
			decoded, err := decoders[s.Title](data, nil)
			if err != nil || !direct {
				t.Fatal(err, doc)
			}
			text := printed(t, reflect.ValueOf(decoded).Elem().Interface())
			if leaks(text) {
				t.Errorf("%.3000s", text)
			}
			if !strings.Contains(text, "REDACTED") {
				t.Error("nothing was redacted")
			}
			if text, err := decoded.Encode(); err != nil || !bytes.Contains(text, []byte(marker)) {
				t.Errorf("Encode wrote no secret: %s %v", text, err)
			}
		})
	}
}

func formText(doc map[string]any) string {
	values := url.Values{}
	for name, value := range doc {
		if list, ok := value.([]any); ok {
			for _, element := range list {
				values.Add(name, fmt.Sprint(element))
			}
			continue
		}
		values.Set(name, fmt.Sprint(value))
	}
	return values.Encode()
}

func TestSecret(t *testing.T) {
	if text := printed(t, gen.Secret(marker)); leaks(text) || !strings.Contains(text, "REDACTED") {
		t.Error(text)
	}
	if got := fmt.Sprintf("%v|%q|%#v|%s", gen.Secret(""), gen.Secret(""), gen.Secret(""), gen.Secret("x")); got != "|||REDACTED" {
		t.Error(got)
	}
	if gen.Secret(marker).Reveal() != marker {
		t.Error("Reveal does not")
	}
	type element struct{ S gen.Secret }
	if text, err := xml.Marshal(element{marker}); err != nil || leaks(string(text)) {
		t.Errorf("%s %v", text, err)
	}
	var s gen.Secret
	if err := json.Unmarshal([]byte(`"x"`), &s); err != nil || s != "x" {
		t.Error(err, s.Reveal())
	}
}

// Control characters of a server reach no terminal through a redacted document.
func TestRedactedTextIsPrintable(t *testing.T) {
	doc := gen.TokenResponse{AccessToken: marker, Scope: "\x1b[31m\u202e\x7f é 😀"}
	if text := doc.String(); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		t.Errorf("%q", text)
	}
	if want := `TokenResponse{"access_token":"REDACTED","scope":"\u001b[31m\u202e\u007f \u00e9 \ud83d\ude00"}`; doc.String() != want {
		t.Errorf("%s, want %s", doc, want)
	}
}

func TestAnswersNeverPrintSecrets(t *testing.T) {
	header := http.Header{"Set-Cookie": {marker}}
	token := &gen.TokenResponse{AccessToken: marker}
	values := []any{
		gen.Response[gen.TokenResponse]{StatusCode: 200, URL: "https://as.example/t?q=" + marker, Header: header, Body: []byte(marker), Document: token},
		gen.ResponseError{Operation: "op", URL: "https://as.example/t", StatusCode: 400, Header: header, Body: []byte(marker), Err: errors.New("status")},
	}
	for _, value := range values {
		if text := printed(t, value); leaks(text) {
			t.Errorf("%T: %.2000s", value, text)
		}
	}
}
