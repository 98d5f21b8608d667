// The corpus: real documents, with what a person found out about each.

package validate

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

const corpusDir = "../../shared/corpus"

// corpusEntry is one line of the corpus's index.
type corpusEntry struct {
	name, kind, source, validFor, fetchedFrom, verdict, quirk string
	data                                                      []byte
}

// corpus reads the index and the documents, or skips the test.
func corpus(tb testing.TB) []corpusEntry {
	tb.Helper()
	index, err := os.Open(filepath.Join(corpusDir, "index.tsv"))
	if err != nil {
		tb.Skip("the corpus of real documents is not beside this repository: ", err)
	}
	defer index.Close()
	var entries []corpusEntry
	lines := bufio.NewScanner(index)
	for lines.Scan() {
		f := strings.Split(lines.Text(), "\t")
		if len(f) < 7 || f[0] == "name" {
			continue
		}
		e := corpusEntry{name: f[0], kind: f[1], source: f[2], validFor: f[3], fetchedFrom: f[4], verdict: f[5], quirk: f[6]}
		if e.data, err = os.ReadFile(filepath.Join(corpusDir, e.kind, e.name+".json")); err != nil {
			tb.Fatal(err)
		}
		entries = append(entries, e)
	}
	if len(entries) < 100 {
		tb.Fatalf("the corpus has %d entries", len(entries))
	}
	return entries
}

func (e corpusEntry) subject() subject {
	s := subject{kind: e.kind, expected: strings.TrimSuffix(e.validFor, "(none)")}
	if s.kind == "oidc" {
		s.kind, s.opts = "asm", []Option{AsOpenIDProvider()}
		// A document that is served under another issuer than its own is judged
		// by the one a client would have asked for.
		if asked, ok := strings.CutSuffix(e.fetchedFrom, "/.well-known/openid-configuration"); ok &&
			e.verdict == "nonconforming" && strings.HasPrefix(asked, "https://") {
			s.expected = asked
		}
	}
	return s
}

// wrongVerdicts are the recorded verdicts that the specifications contradict.
var wrongVerdicts = map[string]string{
	"asm/bluesky-entryway": "RFC 8414 §3.2: claims with zero elements MUST be omitted (request_object_encryption_*_values_supported)",
	"asm/bluesky-pds":      "RFC 8414 §3.2: claims with zero elements MUST be omitted (request_object_encryption_*_values_supported)",
	"oidc/identitymodel":   "RFC 8259 §8.1: no byte order mark may stand before JSON that is sent over a network",
}

// pairFaults are the nonconforming documents whose fault only the pair shows:
// the protected resource names an issuer that calls itself otherwise.
var pairFaults = map[string]string{
	"prm/close":           "asm/close",
	"prm/box":             "asm/box",
	"prm/google-calendar": "oidc/google",
}

// recordedFaults are the rules that name what the index says about each
// nonconforming document.
var recordedFaults = map[string]Rule{
	"prm/close":                        RuleIssuerSpelling,
	"prm/box":                          RuleIssuerSpelling,
	"prm/google-calendar":              RuleIssuerSpelling,
	"prm/slack":                        RulePRMBearerMethod,
	"prm/stub-holdlens":                RulePRMAuthorizationServers,
	"prm/stub-1200km":                  RulePRMAuthorizationServers,
	"asm/stub-cptdawn":                 RuleResponseTypes,
	"asm/stub-holdlens":                RuleTokenEndpoint,
	"asm/stub-1200km":                  RuleTokenEndpoint,
	"oidc/facebook":                    RuleTokenEndpoint,
	"oidc/outlook":                     RuleIssuerURL,
	"oidc/paypal":                      RulePKCEMethod,
	"oidc/google-2014":                 RuleIssuerURL,
	"oidc/entra-common-v1":             RuleIssuerMatch,
	"oidc/entra-common-v2-windows-net": RuleIssuerMatch,
	"oidc/entra-b2c":                   RuleIssuerMatch,
	"oidc/auth0-template":              RuleIssuerURL,
	"oidc/firefly-jwks-only":           RuleTokenEndpoint,
	"oidc/top-level-array":             RuleMissingMember,
	"oidc/stub-cptdawn":                RuleResponseTypes,
	"cimd/skylight-no-client-id":       RuleClientIDDocumentID,
	"cimd/fusion-cli-no-client-id":     RuleClientIDDocumentID,
	"cimd/mcp-rust-sdk":                RuleClientIDDocumentName,
	"cimd/stibarc":                     RuleClientSigningAlgorithm,
}

func TestCorpus(t *testing.T) {
	entries := corpus(t)
	byName := map[string]corpusEntry{}
	for _, e := range entries {
		byName[e.kind+"/"+e.name] = e
	}
	for _, e := range entries {
		name := e.kind + "/" + e.name
		found := e.subject().judge(e.data)
		if other, ok := pairFaults[name]; ok {
			found = append(found, judgePair(e, byName[other])...)
		}
		faults := found.Err(SeverityError)
		switch e.verdict {
		case "conforming":
			if _, wrong := wrongVerdicts[name]; wrong == (faults == nil) {
				t.Errorf("%s is conforming (wrongly so: %v): %v", name, wrong, faults)
			}
		case "quirk":
			if err := found.Refuses(UseDocument); err != nil {
				t.Errorf("%s is usable (%s): %v", name, e.quirk, err)
			}
		case "nonconforming":
			if !errors.Is(faults, recordedFaults[name]) {
				t.Errorf("%s is nonconforming (%s; want %s): %v", name, e.quirk, recordedFaults[name], found)
			}
		}
		t.Logf("%-13s %-32s %s", e.verdict, name, summary(found))
	}
}

// judgePair judges server metadata by each issuer that a resource names.
func judgePair(resource, server corpusEntry) (found Violations) {
	for _, v := range resource.issuers() {
		s := server.subject()
		s.expected = v
		found = append(found, s.judge(server.data)...)
	}
	return found
}

func summary(found Violations) string {
	var parts []string
	for _, v := range found {
		parts = append(parts, v.Severity.String()[:1]+":"+string(v.Rule)+v.Pointer)
	}
	return strings.Join(parts, " ")
}

func (e corpusEntry) issuers() []string {
	doc, err := Decode[gen.ProtectedResourceMetadata](e.data, nil)
	if err != nil {
		return nil
	}
	return doc.AuthorizationServers
}
