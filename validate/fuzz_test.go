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
	f.Fuzz(func(t *testing.T, data []byte) { checkFound(t, s.judge(data), data) })
}

func checkFound(t *testing.T, found Violations, data []byte) {
	t.Helper()
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

func FuzzChallengeField(f *testing.F) {
	fuzzBytes(f, KindChallenge, models["challenge"].text, "HTTP/1.1 401 x\r\nwww-authenticate: Basic, DPoP algs=none, Bearer scope=\"a\\\"\"\r\n")
}

func FuzzState(f *testing.F) {
	fuzzBytes(f, KindState, models["session"].text, models["pending"].text, models["document"].text,
		`{"version":1,"generation":1,"registered_at":"2026-08-01T12:00:00Z"}`, "mcpoauth-record 1 2 3 k h\n{\"version\":1}")
}

// fuzzBytes judges any bytes as one kind, through the dispatcher.
func fuzzBytes(f *testing.F, kind Kind, seeds ...string) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkBytes(t, kind, data) })
}

// FuzzBytes judges any bytes as what they look like, with any partner.
func FuzzBytes(f *testing.F) {
	for name := range models {
		for other := range models {
			f.Add([]byte(models[name].text), []byte(models[other].text))
		}
	}
	f.Fuzz(func(t *testing.T, data, other []byte) {
		checkBytes(t, "", data, For("https://as.example.com"), With("", other))
	})
}

func checkBytes(t *testing.T, kind Kind, data []byte, opts ...Option) {
	checkFound(t, Bytes(kind, data, opts...), data)
}

// FuzzLocate walks over any text; the positions are within it.
func FuzzLocate(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"\"}"}],"c":null}`), "/a/1/b")
	f.Add([]byte("\ufeff{\"a\\u002fb\":[[]]"), "/a~1b/0")
	f.Fuzz(func(t *testing.T, data []byte, pointer string) {
		for _, document := range []string{documentServer, documentCallback, documentChallenge} {
			found := Violations{{Document: document, Pointer: pointer}, {Document: document}}
			found.Locate(data)
			for _, v := range found {
				if v.Line < 1 || v.Column < 1 || v.Line > strings.Count(string(data), "\n")+1 {
					t.Fatalf("position %d:%d in %q", v.Line, v.Column, data)
				}
			}
		}
	})
}
