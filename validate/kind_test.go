// Tests of the dispatcher: kinds, their detection, and texts that are no JSON.

package validate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The kinds of real documents. A document that lacks what makes its kind is
// taken for its nearest neighbour.
func TestDetectCorpus(t *testing.T) {
	unlike := map[string]Kind{
		"cimd/skylight-no-client-id":   KindClient,
		"cimd/fusion-cli-no-client-id": KindClient,
		"dcr/identityserver-error":     KindError,
		"oidc/top-level-array":         "",
	}
	for _, e := range corpus(t) {
		name := e.kind + "/" + e.name
		kind, ok := DetectKind(e.data)
		want, listed := unlike[name]
		if !listed {
			want = Kind(e.kind)
		}
		// Both well-known URLs often serve one document.
		same := kind == want || e.kind == "asm" && kind == KindOpenID || e.kind == "oidc" && kind == KindServer
		if !same || ok != (want != "") {
			t.Errorf("%s is detected as %q, want %q", name, kind, want)
		}
	}
}

func TestDetectKind(t *testing.T) {
	tests := []struct {
		text string
		want Kind
	}{
		{"", ""},
		{"{}", ""},
		{"[]", ""},
		{"<html>", ""},
		{"hello", ""},
		{`{"resource":"https://h"`, KindResource},
		{"\ufeff \n{\"issuer\":1}", KindServer},
		{`{"x":{"issuer":1},"resource":["issuer"]}`, KindResource},
		{`{"client_id":"https://h/c"}`, KindClientID},
		{`{"client_id":"https://h/c","client_secret":"x"}`, KindInformation},
		{`{"token_type":"Bearer"}`, KindToken},
		{`{"error":"x"}`, KindError},
		{"?code=1&state=2", KindCallback},
		{"https://app.example.com/cb?state=1&error=x#", KindCallback},
		{"http://127.0.0.1:1/cb#code=1", KindCallback},
		{"HTTP/1.1 401 Unauthorized\r\nServer: x\r\nWWW-Authenticate: Bearer\r\n", KindChallenge},
		{"Bearer realm=x", KindChallenge},
		{"Basic realm=x", KindChallenge},
		{"mcpoauth-record 1 2 3 key hash\n{\"version\":1,\"generation\":2}", KindState},
	}
	for _, test := range tests {
		if kind, ok := DetectKind([]byte(test.text)); kind != test.want || ok != (test.want != "") {
			t.Errorf("%q is detected as %q, want %q", test.text, kind, test.want)
		}
	}
	for _, kind := range Kinds() {
		if documentNames[kind] == "" {
			t.Errorf("%s has no name", kind)
		}
	}
}

// Line and column of texts that are no JSON, and of records in their files.
func TestTextPositions(t *testing.T) {
	tests := []struct {
		kind         Kind
		text         string
		rule         Rule
		line, column int
	}{
		{KindCallback, "http://127.0.0.1/cb?code=a&state=b&iss=x", RuleIssURL, 1, 40},
		{KindCallback, "code=a&state=b&iss=x\n", RuleIssURL, 1, 20},
		{KindCallback, "http://127.0.0.1/cb?code=a&code=b", RuleDuplicateMember, 1, 28},
		{KindCallback, "http://127.0.0.1/cb?code=a&state=%zz", RuleSyntax, 1, 28},
		{KindCallback, "http://127.0.0.1/cb?code=a", RuleStateMatch, 1, 1},
		{KindCallback, "http://127.0.0.1/cb#code=a&state=b", RuleCallbackFragment, 1, 20},
		{KindChallenge, "Bearer error=\"x\", scope=\"a\", resource_metadata=\"https://h/\"", RuleChallengeError, 1, 14},
		{KindChallenge, "HTTP/2 401\r\nWWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: Bearer\r\n", RuleChallengeScope, 3, 19},
		{KindChallenge, "Bearer scope=\"a\"; realm=x", RuleChallengeSyntax, 1, 17},
		{KindChallenge, "Bearer scope=\"a", RuleChallengeSyntax, 1, 14},
		{KindState, "mcpoauth-record 1 2 3 key hash\n{\"version\":1,\n\"generation\":2,\"access_token\":\"x\"}", RuleStateIssuer, 2, 1},
		{KindState, "mcpoauth-record 1 2 3 key hash\n{\"version\":1,\n \"generation\":null}", RuleMissingMember, 3, 15},
	}
	for _, test := range tests {
		found := Bytes(test.kind, []byte(test.text))
		i := slices.IndexFunc(found, func(v Violation) bool { return v.Rule == test.rule })
		if i < 0 {
			t.Errorf("%q: %v, want %s", test.text, found, string(test.rule))
			continue
		}
		if found[i].Line != test.line || found[i].Column != test.column {
			t.Errorf("%q: %s at %d:%d, want %d:%d", test.text, string(test.rule), found[i].Line, found[i].Column, test.line, test.column)
		}
	}
}

// Secrets of any kind stay out of what is printed. STORE-4
func TestBytesShowNoSecrets(t *testing.T) {
	const secret = "hunter2"
	texts := map[Kind][]string{
		KindToken:       {`{"access_token":"hunter2 hunter2","refresh_token":"hunter2\u0001","id_token":"hunter2"}`},
		KindInformation: {`{"client_id":"x","client_secret":"hunter2","registration_access_token":"hunter2"}`},
		KindCallback:    {"code=hunter2%01&state=s", "code=hunter2&error=x&state=s", "code=hunter2&code=hunter2"},
		KindState: {
			models["session"].text[:len(models["session"].text)-1] + `,"deleted":true,"id_token":"hunter2"}`,
			strings.Replace(models["pending"].text, "example-verifier-of-at-least-forty-three-characters", secret, 1),
			strings.Replace(models["session"].text, "example-access-token", "hunter2 x", 1),
		},
		KindClient: {`{"client_secret":"hunter2","jwks":{"keys":[{"kty":"EC","d":"hunter2"}]}}`},
	}
	for kind, some := range texts {
		for _, text := range some {
			found := Bytes(kind, []byte(text))
			if shown := found.Err(SeverityOff); shown == nil || strings.Contains(shown.Error(), secret) {
				t.Errorf("%s: %v", kind, shown)
			}
			for _, v := range found {
				if strings.Contains(v.Detail+v.Pointer, secret) {
					t.Errorf("%s: %v", kind, v)
				}
			}
		}
	}
}

// Real challenges are usable, whatever their style. DISC-2, DISC-3
func TestCorpusChallenges(t *testing.T) {
	corpus(t)
	table, err := os.ReadFile(filepath.Join(corpusDir, "challenges.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for line := range strings.Lines(string(table)) {
		f := strings.Split(line, "\t")
		if len(f) < 4 || f[0] == "name" || f[3] == "" {
			continue
		}
		judged++
		found := Bytes("", []byte(f[3]), For(f[1]))
		if err := found.Err(SeverityError); err != nil {
			t.Errorf("%s: %v", f[0], err)
		}
		t.Logf("%-12s %s", f[0], summary(found))
	}
	if judged < 25 {
		t.Errorf("%d challenges", judged)
	}
}
