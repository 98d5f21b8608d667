// Tests of the dispatcher: kinds, their detection, and texts that are no JSON.

package validate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The kinds of real documents: nearly all by their content, and all by the place
// they come from. A document that lacks what makes its kind is taken for its
// nearest neighbour.
func TestDetectCorpus(t *testing.T) {
	unlike := map[string]Kind{
		"cimd/skylight-no-client-id":   KindClient,
		"cimd/fusion-cli-no-client-id": KindClient,
		"dcr/identityserver-error":     KindError,
		"oidc/top-level-array":         "",
	}
	// What an authorization server serves at both well-known URLs, or at the
	// other one than its members suggest.
	neighbour := map[Kind]Kind{KindServer: KindOpenID, KindOpenID: KindServer}
	told, placed := 0, 0
	for _, e := range corpus(t) {
		name, want := e.kind+"/"+e.name, Kind(e.kind)
		content := want
		if other, listed := unlike[name]; listed {
			content = other
		}
		kind, ok := DetectKind(e.data)
		if kind != content && kind != neighbour[want] || ok != (content != "") {
			t.Errorf("%s is detected as %q, want %q", name, kind, content)
		}
		if kind == want {
			told++
		}
		if place := e.place(); strings.HasPrefix(place, "https://") || strings.Contains(place, ".well-known") {
			placed++
			if kind, ok := DetectKindOf(place, e.data); kind != want || !ok {
				t.Errorf("%s from %s is detected as %q", name, place, kind)
			}
		}
	}
	t.Logf("%d told by their content, %d by their place", told, placed)
	if told < 90 || placed < 90 {
		t.Errorf("%d are told by their content, %d by their place", told, placed)
	}
}

// place returns the URL that a document was fetched from, or the path of its file
// in the repository that has it.
func (e corpusEntry) place() string {
	if strings.HasPrefix(e.fetchedFrom, "https://") {
		return e.fetchedFrom
	}
	return e.source[strings.LastIndexByte(e.source, ':')+1:]
}

func TestDetectKindOf(t *testing.T) {
	const (
		server   = `{"issuer":"https://as.example.com","token_endpoint":"https://as.example.com/token"}`
		metadata = `{"client_name":"Example","redirect_uris":["https://app.example.com/callback"]}`
	)
	tests := []struct {
		name, text string
		want       Kind
	}{
		{"", server, KindServer},
		{"as.json", server, KindServer},
		{"https://as.example.com/.well-known/openid-configuration", server, KindOpenID},
		{"https://as.example.com/.well-known/openid-configuration/tenant", server, KindOpenID},
		{"https://as.example.com/tenant/.well-known/openid-configuration", server, KindOpenID},
		{"https://as.example.com/.well-known/oauth-authorization-server?x=openid-configuration", server, KindServer},
		{"https://as.example.com/x?y=/.well-known/openid-configuration", server, KindServer},
		{"https://mcp.example.com/.well-known/oauth-protected-resource/mcp", server, KindResource},
		{"example-openid-configuration.json", server, KindOpenID},
		{`C:\sites\as\.well-known\openid-configuration`, server, KindOpenID},
		{"site/.well-known/oauth-protected-resource.json", "<html>", KindResource},
		// A checkout of that name says nothing about the files in it.
		{"openid-configuration/as.json", server, KindServer},
		{`C:\openid-configuration\as.json`, server, KindServer},
		{"/src/oauth-authorization-server/testdata/token.json", `{"access_token":"x"}`, KindToken},

		{"client-metadata.json", metadata, KindClient},
		{"https://app.example.com/client-metadata.json", metadata, KindClientID},
		{"http://app.example.com/client-metadata.json", metadata, KindClient},
		{"https://as.example.com/register/1", `{"client_id":"1","client_secret":"x"}`, KindInformation},
		{"https://as.example.com/token", `{"access_token":"x"}`, KindToken},
		{"https://app.example.com/client.json", "[]", ""},
	}
	for _, test := range tests {
		if kind, ok := DetectKindOf(test.name, []byte(test.text)); kind != test.want || ok != (test.want != "") {
			t.Errorf("%s: %s is detected as %q, want %q", test.name, test.text, kind, test.want)
		}
	}
}

// What tells the kind may come late.
func TestDetectKindLate(t *testing.T) {
	filler := strings.Repeat("x", 512<<10)
	tests := []struct {
		name, text string
		want       Kind
	}{
		{"member", `{"about":"` + filler + `","resource":"https://mcp.example.com/mcp"}`, KindResource},
		{"record", `{"version":1,"about":"` + filler + `","generation":1}`, KindState},
		{"field", "HTTP/2 401\r\ncontent-security-policy: " + filler[:32<<10] + "\r\nwww-authenticate: Bearer\r\n", KindChallenge},
		{"parameter", "https://app.example.com/callback?x=" + filler + "&code=1", KindCallback},
		{"member beyond the bound", `{"about":"` + filler + filler + `","resource":"https://mcp.example.com/mcp"}`, ""},
	}
	for _, test := range tests {
		if kind, _ := DetectKind([]byte(test.text)); kind != test.want {
			t.Errorf("%s: detected as %q, want %q", test.name, kind, test.want)
		}
	}
	var found Violations
	late := `{"version":1,"generation":1,"about":"` + filler + `","code_verifier":"short"}`
	if found = Bytes("", []byte(late)); !found.Has(RuleStateVerifier) {
		t.Errorf("a late code_verifier: %v", found)
	}
}

// A text of no kind is told what it is, and so is a kind that there is not.
func TestUnknownKind(t *testing.T) {
	tests := []struct {
		kind       Kind
		text, want string
	}{
		{"", "", "nothing in it"},
		{"", " \n", "nothing in it"},
		{"", `[{"issuer":"https://as.example.com"}]`, "JSON array"},
		{"", `{"hello":"world"}`, "no member that tells"},
		{"", `{ hello: "world" }`, "not valid JSON"},
		{"", `{"hello":"` + strings.Repeat("x", 1<<20) + `"}`, "no member that tells"},
		{"", "<!DOCTYPE html>", "HTML"},
		{"", `"hello"`, "no object"},
		{"", "hello", "no JSON object, no redirect and no WWW-Authenticate field"},
		{"jwks", `{"keys":[]}`, `"jwks" is no kind`},
	}
	for _, test := range tests {
		found := Bytes(test.kind, []byte(test.text))
		if len(found) != 1 || found[0].Rule != RuleUnknownKind || !strings.Contains(found[0].Detail, test.want) || found[0].Line != 1 {
			t.Errorf("%q as %q: %v, want %q", test.text, test.kind, found, test.want)
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
		{"HTTP/2 200\r\nServer: x\r\n", KindChallenge},
		{"\ufeff\r\nHTTP/1.1 401\r\nLocation: https://app.example.com/cb?code=1\r\n", KindChallenge},
		{"HTTP", ""},
		{"Bearer realm=x", KindChallenge},
		{"Basic realm=x", KindChallenge},
		{"<p>\nWWW-Authenticate is a field</p>", ""},
		{`{"resource":"https://h`, KindResource},
		{`{"client_id":"https:\/\/h\/c"}`, KindClientID},
		{`{"client_id":"`, KindInformation},
		{`{"client_id"`, ""},
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
		{KindChallenge, "HTTP/2 401\r\nWWW-Authenticate: Basic realm=\"x\"\r\n", RuleChallengeScheme, 2, 19},
		{KindChallenge, "HTTP/2 200\r\nServer: x\r\n", RuleChallengeScheme, 1, 1},
		{KindChallenge, "\r\nHTTP/2 200\r\nServer: x\r\n", RuleChallengeScheme, 1, 1},
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

// A header section without the field has one finding, which says so.
func TestResponseWithoutChallenge(t *testing.T) {
	found := Bytes("", []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"))
	if len(found) != 1 || found[0].Rule != RuleChallengeScheme || !strings.Contains(found[0].Detail, "no WWW-Authenticate field") {
		t.Error(found)
	}
}

// Undecoded tells one finding from all findings.
func TestUndecoded(t *testing.T) {
	tests := []struct {
		kind Kind
		text string
		want bool
	}{
		{KindResource, `{"resource":`, true},
		{KindResource, `{"resource":"a","resource":"b"}`, true},
		{KindResource, `{"scopes_supported":["a b"]}`, true},
		{KindResource, `{"resource":"https://mcp.example.com"}`, false},
		{KindResource, `{"resource":"x"}`, true},
		{KindToken, `[]`, true},
		{KindState, `{"version":1,"generation":1,"access_token":5,"expires_at":"x"`, true},
		{KindCallback, "code=%zz", true},
		{KindCallback, "code=x", false},
		{KindChallenge, strings.Repeat(" ", 65<<10) + "Bearer", true},
		{KindChallenge, "Basic", false},
		{"", "hello", false},
	}
	for _, test := range tests {
		found := Bytes(test.kind, []byte(test.text))
		if len(found) == 0 {
			t.Errorf("%q: nothing is found", test.text)
		}
		for _, v := range found {
			if v.Undecoded != test.want {
				t.Errorf("%.40q: %t in %v", test.text, v.Undecoded, v)
			}
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
