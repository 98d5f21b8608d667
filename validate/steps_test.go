// Tests of steps, and of pairs in either order.

package validate

import (
	"slices"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

func decodeModel[T Document](t *testing.T, name, drop, members string) *T {
	t.Helper()
	doc, err := Decode[T]([]byte(change(models[name].text, drop, members)), nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc
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
			if step.Does == "" {
				t.Errorf("%s: %s does nothing", test.name, step.Name)
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

func TestPartners(t *testing.T) {
	prm, token := []byte(models["prm"].text), []byte(models["token"].text)
	for name, opt := range map[string]Option{
		"a token":       With("", token),
		"nothing":       With("", nil),
		"broken":        With(KindServer, []byte(`{"issuer":`)),
		"another":       With("", prm),
		"not decodable": With(KindState, []byte(models["session"].text)),
	} {
		found := Bytes(KindResource, prm, opt)
		if len(found) != 1 || found[0].Rule != RulePartner {
			t.Errorf("%s: %v", name, found)
		}
	}
	if found := Bytes(KindResource, prm, With("", []byte(models["asm"].text)), With("", []byte(models["asm"].text))); len(found) != 0 {
		t.Errorf("got %v", found)
	}
	nothing := []Violations{
		ProtectedResourceWithServer(nil, nil), ClientMetadataWithServer(nil, nil),
		ClientInformationWithServer(nil, nil), ClientIDDocumentWithServer(nil, nil),
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
	}
	for i, test := range tests {
		found := Bytes(KindCallback, []byte(test.query), test.opt)
		if test.want == "" && len(found) != 0 || test.want != "" && (len(found) != 1 || found[0].Rule != test.want) {
			t.Errorf("%d: %v, want %s", i, found, string(test.want))
		}
	}
}
