// Tests of bounds: hostile input ends at once, with a clear error, in little memory.

package validate

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes a function allocates in all.
func allocated(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Input beyond the bounds is refused before it is read. SEC-3
func TestHostileInput(t *testing.T) {
	const limit = 8 << 20
	var members bytes.Buffer
	members.WriteString(`{"resource":"https://h/mcp"`)
	for i := range 1_000_000 {
		fmt.Fprintf(&members, `,"m%d":1`, i)
	}
	members.WriteString("}")
	inputs := map[string][]byte{
		"100 MB":            append([]byte(`{"issuer":"`), bytes.Repeat([]byte("x"), 100<<20)...),
		"1,000,000 members": members.Bytes(),
		"depth 10,000":      []byte(`{"issuer":` + strings.Repeat("[", 10_000)),
		"objects in depth":  []byte(strings.Repeat(`{"issuer":`, 10_000)),
	}
	for name, data := range inputs {
		for _, kind := range append(Kinds(), "") {
			var found Violations
			if n := allocated(func() { found = Bytes(kind, data, With(kind, data)) }); n > limit {
				t.Errorf("%s as %q: %d bytes allocated", name, kind, n)
			}
			text := found.Err(SeverityRefuse)
			if text == nil || len(text.Error()) > 2000 || found.Refuses(UseDocument) == nil {
				t.Errorf("%s as %q: %v", name, kind, text)
			}
			isJSON := kind != KindCallback && kind != KindChallenge
			if isJSON && !found.Has(RuleBounds) && !found.Has(RuleMissingMember) && !found.Has(RuleUnknownKind) && !found.Has(RuleIssuer) {
				t.Errorf("%s as %q: %v", name, kind, text)
			}
		}
	}
}

// Input just within the bounds, with as many faults as fit: the violations and
// the memory are bounded.
func TestWorstInput(t *testing.T) {
	const limit = 96 << 20 // in all, not at once
	fill := func(head, item, tail string) []byte {
		n := (1<<20 - len(head) - len(tail)) / len(item)
		return []byte(head + strings.TrimSuffix(strings.Repeat(item, n), ",") + tail)
	}
	var distinct bytes.Buffer
	distinct.WriteString(`{"issuer":"https://h"`)
	for i := 0; distinct.Len() < 1<<20-32; i++ {
		fmt.Fprintf(&distinct, `,"scopes_%d":1`, i)
	}
	distinct.WriteString("}")
	worst := map[string]struct {
		kind Kind
		data []byte
	}{
		"scopes":     {KindServer, fill(`{"issuer":"https://h","scopes_supported":[`, `" ",`, `]}`)},
		"grants":     {KindServer, fill(`{"issuer":"https://h","grant_types_supported":[`, `"x",`, `]}`)},
		"servers":    {KindResource, fill(`{"resource":"https://h","authorization_servers":[`, `"http://x",`, `]}`)},
		"nulls":      {KindResource, fill(`{"resource":"https://h","authorization_servers":[`, `null,`, `]}`)},
		"members":    {KindServer, distinct.Bytes()},
		"redirects":  {KindClient, fill(`{"redirect_uris":[`, `"http://x",`, `]}`)},
		"keys":       {KindClient, fill(`{"jwks":{"keys":[`, `{"kty":"EC"},`, `]}}`)},
		"scope":      {KindToken, fill(`{"access_token":"x","scope":"`, `" `, `"}`)},
		"parameters": {KindCallback, fill("state=x", "&code", "")},
		"words":      {KindChallenge, fill("Bearer ", `x="`, "")},
		"lines":      {KindChallenge, fill("Bearer", "\nBearer x", "")[:64<<10]},
		"commas":     {KindChallenge, fill("Bearer", "\n,,", "")[:64<<10]},
		"pairs":      {KindResource, fill(`{"resource":"https://h","scopes_supported":[`, `"y",`, `]}`)},
	}
	partner := fill(`{"issuer":"https://h","scopes_supported":[`, `"x",`, `]}`)
	for name, w := range worst {
		var found Violations
		var opts []Option
		if name == "pairs" {
			opts = []Option{With(KindServer, partner)}
		}
		if n := allocated(func() { found = Bytes(w.kind, w.data, opts...) }); n > limit {
			t.Errorf("%s: %d bytes allocated", name, n)
		}
		if len(found) == 0 || len(found) > 10*maxPerRule {
			t.Errorf("%s: %d violations", name, len(found))
		}
		if text := found.Err(SeverityOff).Error(); len(text) > 10_000 {
			t.Errorf("%s: a message of %d bytes", name, len(text))
		}
	}
}
