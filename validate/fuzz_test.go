// Fuzz targets: decoding and judging foreign bytes.

package validate

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// fuzzKind judges any bytes as one kind of document: no panic, and whatever is
// found is complete, bounded and printable.
func fuzzKind(f *testing.F, s subject, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Add([]byte("{}"))
	f.Add([]byte("\ufeff{\"issuer\":\"https://h\",\"x\":[1,{\"a\":null}]}"))
	if good, ok := goodSubjects[s.kind]; ok {
		f.Add([]byte(good.document.text()))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		found := s.judge(data)
		if len(found) > maxPerRule*len(table) {
			t.Fatalf("%d violations", len(found))
		}
		for _, v := range found {
			checkViolation(t, v, data)
		}
		if err := found.Err(SeverityOff); err != nil {
			if text := err.Error(); len(text) > 10_000 || strings.ContainsAny(text, "\n\r\x1b") || !utf8.ValidString(text) {
				t.Fatalf("message %q", text)
			}
		}
	})
}

func checkViolation(t *testing.T, v Violation, data []byte) {
	t.Helper()
	row, ok := Lookup(v.Rule)
	if !ok || v.Severity != row.Severity || v.Section != row.Section || v.Document == "" || v.Detail == "" {
		t.Fatalf("incomplete: %+v", v)
	}
	if v.Line < 1 || v.Column < 1 || v.Line > strings.Count(string(data), "\n")+1 {
		t.Fatalf("position %d:%d in %q", v.Line, v.Column, data)
	}
}

func FuzzProtectedResource(f *testing.F) {
	fuzzKind(f, subject{kind: "prm", expected: "https://mcp.example.com/mcp"})
}

func FuzzAuthorizationServer(f *testing.F) {
	fuzzKind(f, subject{kind: "asm", expected: "https://as.example.com"})
}

func FuzzClientMetadata(f *testing.F) { fuzzKind(f, subject{kind: "client"}) }

func FuzzClientInformation(f *testing.F) { fuzzKind(f, goodSubjects["dcr"].subject) }

func FuzzClientIDDocument(f *testing.F) {
	fuzzKind(f, subject{kind: "cimd", expected: "https://app.example.com/client.json"})
}

func FuzzToken(f *testing.F) { fuzzKind(f, subject{kind: "token", opts: []Option{InTokenExchange()}}) }

func FuzzErrorResponse(f *testing.F) { fuzzKind(f, subject{kind: "error"}) }

func FuzzCallback(f *testing.F) {
	fuzzKind(f, subject{kind: "callback", want: CallbackExpectation{State: testState, Issuer: testIssuer, IssParameterSupported: true}},
		"code=a&state="+testState+"&iss=https%3A%2F%2Fas.example.com", "error=x&state=%00", "state=a&state=b", "%zz=&;")
}
