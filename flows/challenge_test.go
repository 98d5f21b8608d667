package flows

import (
	"bufio"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func challengeHeader(lines ...string) http.Header {
	return http.Header{"Www-Authenticate": lines}
}

// DISC-2
func TestParseChallenges(t *testing.T) {
	type params = map[string]string
	tests := []struct {
		name  string
		lines []string
		want  []Challenge
	}{
		{"no header", nil, nil},
		{"empty line", []string{""}, nil},
		{"scheme alone", []string{"Negotiate"}, []Challenge{{Scheme: "Negotiate"}}},
		{"one", []string{`Bearer realm="OAuth", scope="a b"`}, []Challenge{{Scheme: "Bearer", Params: params{"realm": "OAuth", "scope": "a b"}}}},
		{"any case", []string{`bEARER Scope="a"`}, []Challenge{{Scheme: "bEARER", Params: params{"scope": "a"}}}},
		{"spaces round equals", []string{"Bearer realm = \"x\" ,\tscope\t=\ta"}, []Challenge{{Scheme: "Bearer", Params: params{"realm": "x", "scope": "a"}}}},
		{"escapes", []string{`Bearer realm="a \"b\" \\ c, d=\"e"`}, []Challenge{{Scheme: "Bearer", Params: params{"realm": `a "b" \ c, d="e`}}}},
		{"a name that ends in another", []string{`Bearer error_scope="x", scope="a b"`}, []Challenge{{Scheme: "Bearer", Params: params{"error_scope": "x", "scope": "a b"}}}},
		{"a parameter inside a string", []string{`Bearer realm="scope=\"evil\", resource_metadata=https://evil", scope=a`},
			[]Challenge{{Scheme: "Bearer", Params: params{"realm": `scope="evil", resource_metadata=https://evil`, "scope": "a"}}}},
		{"several lines", []string{`Basic realm="r"`, `Bearer scope=a`}, []Challenge{{Scheme: "Basic", Params: params{"realm": "r"}}, {Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"a line ends its challenge", []string{`Bearer scope=a`, `error="x"`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"several in a line", []string{`Digest realm="d", nonce="n", Bearer scope="a", error="e", Negotiate`},
			[]Challenge{{Scheme: "Digest", Params: params{"realm": "d", "nonce": "n"}}, {Scheme: "Bearer", Params: params{"scope": "a", "error": "e"}}, {Scheme: "Negotiate"}}},
		{"token68", []string{`Negotiate YII+/abc==, Bearer scope=a`}, []Challenge{{Scheme: "Negotiate", Token68: "YII+/abc=="}, {Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"token68 alone", []string{`NTLM TlRMTVNTUAAB=`}, []Challenge{{Scheme: "NTLM", Token68: "TlRMTVNTUAAB="}}},
		{"missing commas", []string{`Bearer realm="x" scope="a b" error=invalid_token Basic realm="y"`},
			[]Challenge{{Scheme: "Bearer", Params: params{"realm": "x", "scope": "a b", "error": "invalid_token"}}, {Scheme: "Basic", Params: params{"realm": "y"}}}},
		{"missing comma before a bare scheme", []string{`Bearer realm="x" Negotiate`}, []Challenge{{Scheme: "Bearer", Params: params{"realm": "x"}}, {Scheme: "Negotiate"}}},
		{"doubled commas", []string{`,, Bearer ,, realm="x",,,scope=a,`}, []Challenge{{Scheme: "Bearer", Params: params{"realm": "x", "scope": "a"}}}},
		{"no space after comma", []string{`Bearer resource_metadata="https://h/p",scope="s",authorization_uri="https://h/a"`},
			[]Challenge{{Scheme: "Bearer", Params: params{"resource_metadata": "https://h/p", "scope": "s", "authorization_uri": "https://h/a"}}}},
		{"semicolons", []string{`Bearer realm="x"; error=invalid_token; scope=a`}, []Challenge{{Scheme: "Bearer", Params: params{"realm": "x", "error": "invalid_token", "scope": "a"}}}},
		{"bare URL", []string{`Bearer resource_metadata=https://h.example/.well-known/x?y=z, scope=a`},
			[]Challenge{{Scheme: "Bearer", Params: params{"resource_metadata": "https://h.example/.well-known/x?y=z", "scope": "a"}}}},
		{"bare scope with spaces", []string{`Bearer scope=read write, error=invalid_token`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "read", "error": "invalid_token"}}}},
		{"first of a repeated parameter", []string{`Bearer scope="a", SCOPE="b", scope=c`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"empty values", []string{`Bearer scope="", error=, realm=x`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "", "realm": "x"}}}},
		{"unterminated string", []string{`Bearer scope=a, resource_metadata="https://evil`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"ends in a backslash", []string{`Bearer scope=a, realm="x\`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"control character in a string", []string{"Bearer realm=\"a\x1bb\", scope=a"}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "a"}}}},
		{"parameters without a scheme", []string{`realm="x", scope=a`}, nil},
		{"garbage", []string{`@@ "Bearer scope=a" (){} =,= Bearer scope=b`}, []Challenge{{Scheme: "Bearer", Params: params{"scope": "b"}}}},
		{"text after a string", []string{`Bearer realm="x"junk, scope=a`}, []Challenge{{Scheme: "Bearer", Params: params{"realm": "x", "scope": "a"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := ParseChallenges(challengeHeader(tt.lines...)); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("ParseChallenges(%q)\n got %+v\nwant %+v", tt.lines, got, tt.want)
			}
		})
	}
	if got := ParseChallenges(nil); got != nil {
		t.Errorf("ParseChallenges(nil) = %v", got)
	}
}

// DISC-2, SEC-3
func TestParseChallengesIsBounded(t *testing.T) {
	many := ParseChallenges(challengeHeader(strings.Repeat("Basic realm=x, ", 1000)))
	if len(many) != maxChallenges {
		t.Errorf("%d challenges, want %d", len(many), maxChallenges)
	}
	var lines []string
	for range 1000 {
		lines = append(lines, "Basic realm=x")
	}
	if many = ParseChallenges(challengeHeader(lines...)); len(many) != maxChallenges {
		t.Errorf("%d challenges of 1000 lines, want %d", len(many), maxChallenges)
	}
	wide := ParseChallenges(challengeHeader("Bearer " + strings.Repeat("a", 15<<10) + "=1" + strings.Repeat(`, p=x`, 1<<20)))
	if len(wide) != 1 {
		t.Fatalf("%d challenges", len(wide))
	}
	// What the cut falls into does not count, whether quoted or bare.
	long := `Bearer scope=a, realm="` + strings.Repeat("x", maxChallengeBytes) + `", error=e`
	cut := ParseChallenges(challengeHeader(long))
	if len(cut) != 1 || cut[0].Params["scope"] != "a" || len(cut[0].Params) != 1 {
		t.Errorf("cut in a string: %d challenges, parameters %d", len(cut), len(cut[0].Params))
	}
	long = "Bearer scope=a, resource_metadata=https://h/" + strings.Repeat("x", maxChallengeBytes)
	if cut = ParseChallenges(challengeHeader(long)); cut[0].ResourceMetadata() != "" {
		t.Error("a shortened URL counts")
	}
}

// DISC-3
func TestBearerChallenge(t *testing.T) {
	const gateway, app = `Bearer error="invalid_token", error_description="expired"`, `Bearer scope="a b", resource_metadata="https://h/prm", error_uri="https://h/e"`
	tests := []struct {
		name                         string
		lines                        []string
		ok                           bool
		scheme, scope, err, metadata string
		others                       []string
	}{
		{name: "none"},
		{name: "other schemes only", lines: []string{`Basic realm="r", scope="x", resource_metadata="https://evil", error="invalid_token"`, "Negotiate", "basic"}, others: []string{"Basic", "Negotiate"}},
		{name: "Bearer after others", lines: []string{`Basic scope="x"`, `Bearer scope="a"`}, ok: true, scheme: "Bearer", scope: "a", others: []string{"Basic"}},
		{name: "DPoP", lines: []string{`dpop algs="ES256", scope="a"`}, ok: true, scheme: "dpop", scope: "a"},
		{name: "the error leads, the rest is filled in", lines: []string{app, gateway}, ok: true, scheme: "Bearer", scope: "a b", err: "invalid_token", metadata: "https://h/prm"},
		{name: "the leading challenge's own scope wins", lines: []string{`Bearer scope="x"`, `DPoP error="insufficient_scope", scope="y"`}, ok: true, scheme: "DPoP", scope: "y", err: "insufficient_scope"},
		{name: "metadata leads without an error", lines: []string{`Bearer scope="x"`, `DPoP resource_metadata="https://h/prm", scope="y"`}, ok: true, scheme: "DPoP", scope: "y", metadata: "https://h/prm"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			challenges := ParseChallenges(challengeHeader(tt.lines...))
			c, ok := BearerChallenge(challenges)
			if ok != tt.ok || ok != (c != nil) {
				t.Fatalf("ok = %v, challenge %v", ok, c)
			}
			if got := strings.Join(c.Scope(), " "); got != tt.scope || c.ErrorCode() != tt.err || c.ResourceMetadata() != tt.metadata || ok && c.Scheme != tt.scheme {
				t.Errorf("got %+v", c)
			}
			if got := OtherSchemes(challenges); !reflect.DeepEqual(got, tt.others) {
				t.Errorf("OtherSchemes = %v, want %v", got, tt.others)
			}
		})
	}
	both := ParseChallenges(challengeHeader(app, gateway))
	merged, _ := BearerChallenge(both)
	merged.Params["scope"] = "changed"
	if both[0].Params["scope"] != "a b" || both[1].Params["scope"] != "" {
		t.Error("the result shares its parameters with the challenges")
	}
	if merged.Params["error_uri"] != "" {
		t.Error("error parameters of two challenges are mixed")
	}
}

// TOK-6
func TestDPoPOnly(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, `Bearer scope=a`: false, `DPoP algs="ES256"`: true, `dpop a=b, bearer a=b`: false, `Basic a=b, DPoP algs="ES256"`: true,
	} {
		if got := DPoPOnly(ParseChallenges(challengeHeader(header))); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// SEC-5, AUTHZ-3
func TestChallengeAccessors(t *testing.T) {
	c := &Challenge{Params: map[string]string{
		"scope":             "b a  b \"x\" ok\u00e9 c",
		"error_description": "line\u202e\n" + strings.Repeat("x", 1000),
	}}
	if got := c.Scope(); !reflect.DeepEqual(got, []string{"b", "a", "c"}) {
		t.Errorf("Scope = %q", got)
	}
	if got := c.ErrorDescription(); strings.ContainsAny(got, "\n\u202e") || len(got) > 300 {
		t.Errorf("ErrorDescription = %q", got)
	}
	var none *Challenge
	if none.Scope() != nil || none.ErrorCode() != "" || none.ErrorDescription() != "" || none.ResourceMetadata() != "" || none.Is("Bearer") {
		t.Error("a nil challenge has parameters")
	}
	if _, isError := any(none).(error); isError {
		t.Error("a challenge is an error value")
	}
}

// DISC-2, DISC-4: what servers of the field send.
func TestChallengesOfRealServers(t *testing.T) {
	file, err := os.Open(filepath.Join("..", "..", "shared", "corpus", "challenges.tsv"))
	if err != nil {
		t.Skip("the corpus of recorded challenges is not part of the repository: ", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		// name, mcp_url, status, www_authenticate, prm_url, as_metadata_url
		column := strings.Split(lines.Text(), "\t")
		if len(column) < 5 || column[0] == "name" || column[3] == "" {
			continue
		}
		t.Run(column[0], func(t *testing.T) {
			challenges := ParseChallenges(challengeHeader(column[3]))
			c, ok := BearerChallenge(challenges)
			if !ok || len(challenges) != 1 {
				t.Fatalf("challenges %v", challenges)
			}
			named := strings.Contains(column[3], "resource_metadata")
			if got := c.ResourceMetadata(); named && got != column[4] || !named && got != "" {
				t.Errorf("resource_metadata = %q, want %q", got, column[4])
			}
			if (len(c.Scope()) > 0) != strings.Contains(column[3], "scope=") {
				t.Errorf("scope = %q", c.Scope())
			}
			if strings.Contains(column[3], "error=") && c.ErrorCode() == "" {
				t.Error("the error is lost")
			}
		})
	}
}

// DISC-2: never fatal, never a panic, bounded.
func FuzzParseChallenges(f *testing.F) {
	for _, seed := range []string{"", "Bearer", `Bearer realm="x", scope="a b"`, `Negotiate abc==`, `Bearer a = "b\"c" , , Basic x=y`, "Bearer \"", `Bearer a="\`, "=,=", "\x00\xff"} {
		f.Add(seed, "Basic realm=x")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		challenges := ParseChallenges(challengeHeader(first, second))
		if len(challenges) > maxChallenges {
			t.Fatalf("%d challenges", len(challenges))
		}
		for i := range challenges {
			c := &challenges[i]
			if c.Scheme == "" || len(c.Params) > 64 {
				t.Fatalf("%+v", c)
			}
			for name, value := range c.Params {
				if name == "" || name != strings.ToLower(name) || strings.ContainsAny(value, "\x00\n\r\x1b") {
					t.Fatalf("%q = %q", name, value)
				}
			}
			_, _ = c.Scope(), c.ErrorDescription()
		}
		if c, ok := BearerChallenge(challenges); ok && !c.feedsOAuth() {
			t.Fatalf("%+v", c)
		}
		_ = OtherSchemes(challenges)
	})
}

func BenchmarkParseChallenges(b *testing.B) {
	h := challengeHeader(`Bearer realm="OAuth", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp", error="invalid_token", error_description="Missing or invalid access token"`)
	b.ReportAllocs()
	for b.Loop() {
		if len(ParseChallenges(h)) != 1 {
			b.Fatal("not parsed")
		}
	}
}
