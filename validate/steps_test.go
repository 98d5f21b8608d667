// Tests of steps, and of pairs in either order.

package validate

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

func decodeModel[T Document](t *testing.T, name, drop, members string) *T {
	t.Helper()
	return decoded[T](t, []byte(change(models[name].text, drop, members)))
}

// Where a client stops. DISC-8, DISC-9, DISC-14, META-1, REG-1
func TestSteps(t *testing.T) {
	tests := []struct {
		name                                   string
		resourceDrop, resource, server, client string
		serverDrop, url                        string
		noClient                               bool
		want                                   string // the steps that stop
	}{
		{name: "nothing"},
		{name: "another URL", url: "https://mcp.example.com/other", want: "resource"},
		{name: "no servers", resourceDrop: "authorization_servers", want: "resource"},
		{name: "another issuer", server: `"issuer": "https://as.example.org"`, want: "server"},
		{name: "no PKCE", serverDrop: "code_challenge_methods_supported", want: "authorization"},
		{name: "no registration", noClient: true, want: "registration"},
		{name: "registration", noClient: true, server: `"registration_endpoint": "https://as.example.com/register"`},
		{name: "evil registration", noClient: true, server: `"registration_endpoint": "http://as.example.com/register"`, want: "registration"},
		{name: "no public clients", server: `"token_endpoint_auth_methods_supported": ["client_secret_basic"]`, want: "authorization token"},
		{name: "no code", server: `"grant_types_supported": ["client_credentials"]`, want: "authorization"},
		{name: "no token endpoint", serverDrop: "token_endpoint", want: "authorization token"},
	}
	for _, test := range tests {
		j := Journey{
			URL:      defaultTo(test.url, "https://mcp.example.com/mcp"),
			Resource: decodeModel[gen.ProtectedResourceMetadata](t, "prm", test.resourceDrop, test.resource),
			Server:   decodeModel[gen.AuthorizationServerMetadata](t, "asm", test.serverDrop, test.server),
		}
		if !test.noClient {
			j.ClientID = decodeModel[gen.ClientIDMetadataDocument](t, "cimd", "", test.client)
		}
		var stopped []string
		for _, step := range Steps(j) {
			if step.Does == "" || strings.Contains(step.Does, `""`) {
				t.Errorf("%s: %s does %q", test.name, step.Name, step.Does)
			}
			if len(step.Stops) > 0 {
				stopped = append(stopped, step.Name)
			}
		}
		if got := strings.Join(stopped, " "); got != test.want {
			t.Errorf("%s: stops at %q, want %q: %v", test.name, got, test.want, Steps(j))
		}
	}
	for i, step := range Steps(Journey{}) {
		if len(step.Stops) == 0 {
			t.Errorf("%d: %s goes on with nothing", i, step.Name)
		}
	}
}

// What stops a client has its place in the bytes of the document that it points
// into, and says what the decoder found there.
func TestStepsPositions(t *testing.T) {
	const faultyServer = `"token_endpoint": 7, "registration_endpoint": "https://as.example.com/register",
		"token_endpoint_auth_methods_supported": ["client_secret_post"]`
	text := func(name, drop, members string) []byte { return []byte(change(models[name].text, drop, members)) }
	tests := []struct {
		name    string
		url     string
		sources Sources
		rules   map[Rule]string // each stops a client, in this document
	}{
		{"documents", "https://mcp.example.com/other", Sources{
			Resource: text("prm", "", ""), Server: text("asm", "", faultyServer), ClientID: text("cimd", "", `"client_secret": "x"`),
		}, map[Rule]string{
			RuleResourceCovers: documentResource, RuleTokenEndpoint: documentServer,
			RuleClientIDDocumentSecret: documentClientID, RulePairAuthMethod: documentClientID,
		}},
		{"pair", "", Sources{
			Resource: text("prm", "", ""), Server: text("asm", "", `"issuer": "https://as.example.org"`),
		}, map[Rule]string{RulePairIssuer: documentResource, RulePairRegistration: documentServer}},
		{"registration", "", Sources{
			Resource: text("prm", "", ""), Server: text("asm", "", faultyServer),
			Client: text("client", "", `"token_endpoint_auth_method": "none", "jwks": {"keys": [{"kty": "EC", "d": "x"}]}`),
		}, map[Rule]string{
			RuleClientPrivateKey: documentClient, RulePairAuthMethod: documentClient, RuleTokenEndpoint: documentServer,
		}},
		{"no registration", "", Sources{
			Resource: text("prm", "", ""), Server: text("asm", "registration_endpoint", ""),
		}, map[Rule]string{RulePairRegistration: documentServer}},
	}
	for _, test := range tests {
		j := journeyOf(t, test.url, test.sources)
		for _, v := range allStops(j) {
			if v.Line != 0 || v.Column != 0 {
				t.Errorf("%s: without bytes %v", test.name, v)
			}
		}
		j.Sources = test.sources
		stopped := map[Rule]string{}
		for _, v := range allStops(j) {
			stopped[v.Rule] = v.Document
			want := Violations{{Document: v.Document, Pointer: v.Pointer, offset: v.offset}}
			want.Locate(test.sources.of(v.Document))
			if v.Line < 1 || v.Line != want[0].Line || v.Column != want[0].Column {
				t.Errorf("%s: %v, want %d:%d", test.name, v, want[0].Line, want[0].Column)
			}
			if v.Rule == RuleTokenEndpoint && !strings.Contains(v.Detail, "number") {
				t.Errorf("%s: %q does not say what the decoder found", test.name, v.Detail)
			}
		}
		if !maps.Equal(stopped, test.rules) {
			t.Errorf("%s: stops are %v, want %v", test.name, stopped, test.rules)
		}
		// Bytes that are no such document explain nothing.
		j.Sources = Sources{[]byte("[]"), []byte("{"), nil, []byte(`"x"`)}
		for _, v := range allStops(j) {
			if v.Line != 0 || v.Column != 0 {
				t.Errorf("%s: with other bytes %v", test.name, v)
			}
		}
	}
}

// journeyOf decodes the documents of a journey and forgets their bytes.
func journeyOf(t *testing.T, url string, s Sources) Journey {
	t.Helper()
	j := Journey{URL: url, Resource: decoded[gen.ProtectedResourceMetadata](t, s.Resource), Server: decoded[gen.AuthorizationServerMetadata](t, s.Server)}
	if s.ClientID != nil {
		j.ClientID = decoded[gen.ClientIDMetadataDocument](t, s.ClientID)
	}
	if s.Client != nil {
		j.Client = decoded[gen.ClientMetadata](t, s.Client)
	}
	return j
}

func decoded[T Document](t *testing.T, data []byte) *T {
	t.Helper()
	doc, err := Decode[T](data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func allStops(j Journey) (all Violations) {
	for _, step := range Steps(j) {
		all = append(all, step.Stops...)
	}
	return all
}

func (s Sources) of(document string) []byte {
	return map[string][]byte{
		documentResource: s.Resource, documentServer: s.Server, documentClientID: s.ClientID, documentClient: s.Client,
	}[document]
}

// A pair is the same in either order; only the places differ.
func TestPairsInEitherOrder(t *testing.T) {
	for _, e := range pairExamples {
		shown := e.show().bad
		if e.rule == RulePartner {
			continue
		}
		other := models[e.with].kind
		var found Violations
		for _, v := range Bytes(other, []byte(shown.With), With(shown.Kind, []byte(shown.Text))) {
			if strings.HasPrefix(string(v.Rule), "pair-") {
				found = append(found, v)
			}
		}
		if len(found) != 1 || found[0].Rule != e.rule || found[0].Line < 1 || found[0].Document != documentNames[other] {
			t.Errorf("%s: %v", string(e.rule), found)
		}
	}
}

// The answer to a registration beside its request, in either order.
func TestAnswerWithRequest(t *testing.T) {
	request, answer := models["client"].text, change(models["dcr"].text, "", `"redirect_uris": ["https://app.example.com/cb"]`)
	for _, found := range []Violations{
		Bytes(KindInformation, []byte(answer), With("", []byte(request))),
		Bytes(KindClient, []byte(request), With("", []byte(answer))),
	} {
		if len(found) != 1 || found[0].Rule != RuleRedirectURIDropped || found[0].Pointer != "/redirect_uris" || found[0].Line < 2 {
			t.Errorf("got %v", found)
		}
	}
}

// A comparison that cannot be made is no comparison that was passed.
func TestPartners(t *testing.T) {
	prm := []byte(models["prm"].text)
	text := func(name string) []byte { return []byte(models[name].text) }
	const callback = "code=x&state=s"
	tests := []struct {
		kind, other  Kind
		data, with   []byte
		want         string
		line, column int
	}{
		{KindResource, "", prm, text("token"), "no rules for protected resource metadata with token response", 1, 1},
		{KindResource, "", prm, nil, "nothing in it", 1, 1},
		{KindResource, "", prm, []byte("[]"), "JSON array", 1, 1},
		{KindResource, "jwks", prm, []byte("{}"), `"jwks" is no kind`, 1, 1},
		{KindResource, KindServer, prm, []byte(`{"issuer":`), "cannot be read", 1, 1},
		{KindResource, "", prm, prm, "no rules", 1, 1},
		{KindResource, KindState, prm, text("session"), "no rules", 1, 1},
		{KindToken, "", text("token"), text("asm"), "no rules for token response with", 1, 1},
		{KindError, "", text("error"), text("asm"), "no rules for error response with", 1, 1},
		{KindChallenge, "", text("challenge"), prm, "no rules for challenge with protected resource metadata", 1, 19},
		{KindChallenge, "", []byte("HTTP/1.1 401 x\r\n" + models["challenge"].text), prm, "no rules", 2, 19},
		{KindState, "", text("session"), text("asm"), "no rules for session record with", 1, 1},
		{KindState, "", []byte("mcpoauth-record 1 2 3 k h\n" + models["session"].text), text("asm"), "no rules", 2, 1},
		{KindCallback, "", []byte(callback), prm, "no rules for authorization response with", 1, 1},
		{KindCallback, "", []byte(callback), []byte("hello"), "no JSON object", 1, 1},
		{KindCallback, KindServer, []byte(callback), []byte("{"), "cannot be read", 1, 1},
		{KindCallback, KindState, []byte(callback), []byte("{"), "cannot be read", 1, 1},
		{KindCallback, KindState, []byte(callback), text("session"), "no login under way", 1, 1},
	}
	for _, test := range tests {
		found := Bytes(test.kind, test.data, With(test.other, test.with))
		if len(found) != 1 || found[0].Rule != RulePartner || !strings.Contains(found[0].Detail, test.want) {
			t.Errorf("%s with %q: %v, want %q", test.kind, test.with, found, test.want)
		} else if found[0].Line != test.line || found[0].Column != test.column {
			t.Errorf("%s with %q: at %d:%d, want %d:%d", test.kind, test.with, found[0].Line, found[0].Column, test.line, test.column)
		}
	}
	if found := Bytes(KindResource, prm, With("", []byte(models["asm"].text)), With("", []byte(models["asm"].text))); len(found) != 0 {
		t.Errorf("got %v", found)
	}
	nothing := []Violations{
		ProtectedResourceWithServer(nil, nil), ClientMetadataWithServer(nil, nil),
		ClientInformationWithServer(nil, nil), ClientIDDocumentWithServer(nil, nil),
		ProtectedResourceWithServer(&gen.ProtectedResourceMetadata{}, nil), ProtectedResourceWithServer(nil, &gen.AuthorizationServerMetadata{}),
		SessionRecord(nil), ClientRecord(nil), MetadataRecord(nil), PendingRecord(nil),
	}
	for i, found := range nothing {
		if !found.Has(RuleMissingDocument) {
			t.Errorf("%d: %v", i, found)
		}
	}
}

// The documents of one service belong together.
func TestCorpusPairs(t *testing.T) {
	servers := map[string]corpusEntry{}
	entries := corpus(t)
	for _, e := range entries {
		if _, known := servers[e.name]; e.kind == "asm" || e.kind == "oidc" && !known {
			servers[e.name] = e
		}
	}
	known := []string{"close", "box", "google-calendar"} // the index says so
	paired := 0
	for _, e := range entries {
		server, ok := servers[e.name]
		if e.kind != "prm" || !ok || e.verdict == "nonconforming" && !slices.Contains(known, e.name) {
			continue
		}
		paired++
		found := Bytes(KindResource, e.data, For(e.validFor), With(KindServer, server.data))
		if spelled := found.Has(RulePairIssuerSpelling); spelled != slices.Contains(known, e.name) || found.Has(RulePairIssuer) {
			t.Errorf("%s: %v", e.name, found)
		}
	}
	t.Logf("%d pairs", paired)
}

// both is With of two documents.
func both(first, second string) Option {
	return func(o *options) {
		With("", []byte(first))(o)
		With("", []byte(second))(o)
	}
}

// What is expected of a response, from each who can know it. AUTHZ-6
func TestCallbackPartners(t *testing.T) {
	const right, wrong = "code=x&state=example-state&iss=https%3A%2F%2Fas.example.com", "code=x&state=example-state&iss=https%3A%2F%2Fas.example.org"
	pending := models["pending"].text
	tests := []struct {
		query string
		opt   Option
		want  Rule
	}{
		{right, nil, ""},
		{right, For("https://as.example.com"), ""},
		{wrong, For("https://as.example.com"), RuleIssMatch},
		{right, With("", []byte(models["asm"].text)), ""},
		{wrong, With("", []byte(models["asm"].text)), RuleIssMatch},
		{"code=x&state=example-state", With("", []byte(models["asm"].text)), RuleIssMissing},
		{right, With("", []byte(pending)), ""},
		{wrong, With("", []byte(pending)), RuleIssMatch},
		{right, With("", []byte("mcpoauth-record 1 2 3 k h\n"+change(pending, "", `"state": "other"`))), RuleStateMatch},
		{right, With("", []byte(change(pending, "", `"undocumented": true`))), RuleIssUnexpected},
		{"code=x", For("https://as.example.com"), RuleStateMatch},
		// The record knows more than the metadata, in either order.
		{strings.Replace(right, "example-state", "s", 1), both(models["asm"].text, pending), RuleStateMatch},
		{strings.Replace(right, "example-state", "s", 1), both(pending, models["asm"].text), RuleStateMatch},
	}
	for i, test := range tests {
		found := Bytes(KindCallback, []byte(test.query), test.opt)
		if test.want == "" && len(found) != 0 || test.want != "" && (len(found) != 1 || found[0].Rule != test.want) {
			t.Errorf("%d: %v, want %s", i, found, string(test.want))
		}
	}
	found := Bytes(KindCallback, []byte(wrong), both(models["prm"].text, pending))
	if len(found) != 2 || !found.Has(RuleIssMatch) || !found.Has(RulePartner) {
		t.Errorf("with a record and a useless document: %v", found)
	}
}
