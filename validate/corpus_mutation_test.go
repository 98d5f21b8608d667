// Mutations of real documents: break one rule of a conforming document of the
// corpus, get that violation.

package validate

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// mutated names, for each model, the real document that takes its place, and
// what of the model's URLs becomes what of the document's.
var mutated = map[string]struct {
	entry, origin string
	judged        string // how the model spells what the document is judged by
}{
	"prm":  {"prm/notion", "https://mcp.example.com", "https://mcp.example.com/mcp"},
	"asm":  {"asm/sentry", "https://as.example.com", "https://as.example.com"},
	"oidc": {"oidc/openai", "https://op.example.com", "https://op.example.com"},
	"cimd": {"cimd/statusphere", "https://app.example.com", "https://app.example.com/client.json"},
}

// Each rule of the metadata documents, broken alone in a real one. The others
// have no conforming document in the corpus: their model is the one that
// TestExamples breaks.
func TestCorpusMutations(t *testing.T) {
	entries := map[string]corpusEntry{}
	for _, e := range corpus(t) {
		entries[e.kind+"/"+e.name] = e
	}
	broken := 0
	for _, group := range [][]example{documentExamples, nameExamples, resourceExamples, serverExamples, serverValueExamples, clientExamples, clientValueExamples} {
		for i := range group {
			e := &group[i]
			place, ok := mutated[e.model]
			if !ok || e.text != "" {
				continue
			}
			broken++
			got := e.breakReal(entries[place.entry], place.origin, place.judged)
			want := append([]Rule{e.rule}, e.besides...)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s of %s: %v, want %v", string(e.rule), place.entry, got, want)
			}
		}
	}
	t.Logf("%d rules were broken", broken)
}

// breakReal changes a real document as an example changes its model, and
// returns the rules that it breaks now and did not break before.
func (e *example) breakReal(entry corpusEntry, origin, judged string) []Rule {
	kind := models[e.model].kind
	own := entry.validFor
	translate := strings.NewReplacer(judged, own, origin, originOf(own)).Replace
	expected := own
	if e.forURL != "" {
		expected = translate(e.forURL)
	}
	before := map[Violation]bool{}
	for _, v := range Bytes(kind, entry.data, For(own)) {
		before[key(v)] = true
	}
	text := change(string(entry.data), e.drop, translate(e.bad))
	after := map[Rule]bool{}
	for _, v := range Bytes(kind, []byte(text), append([]Option{For(expected)}, e.opts...)...) {
		if !before[key(v)] {
			after[v.Rule] = true
		}
	}
	return slices.Sorted(maps.Keys(after))
}

func key(v Violation) Violation { return Violation{Rule: v.Rule, Pointer: v.Pointer} }

func originOf(url string) string {
	u, _ := splitURL(url)
	return url[:strings.Index(url, "://")+3] + u.host
}
