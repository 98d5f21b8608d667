// Member names that a document's type does not know: what they may have been
// meant to be.

package validate

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/mcpoauth/mcpoauth/gen"
)

// secretNames are members that only the two ends of a registration or a token
// request may see.
var secretNames = []string{
	"access_token", "client_secret", "id_token", "private_key", "refresh_token", "registration_access_token",
}

// typedDocuments are the documents whose members are told apart, with a word
// for each.
var typedDocuments = []struct {
	name string
	doc  any
}{
	{documentResource, gen.ProtectedResourceMetadata{}},
	{documentServer, gen.AuthorizationServerMetadata{}},
	{documentClient, gen.ClientMetadata{}},
	{documentInformation, gen.ClientInformation{}},
	{documentToken, gen.TokenResponse{}},
}

// memberNames maps each known name to the first document that has it.
var memberNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for _, typed := range typedDocuments {
		for _, name := range namesOf(reflect.TypeOf(typed.doc)) {
			if _, known := names[name]; !known {
				names[name] = typed.name
			}
		}
	}
	return names
})

// namesOf returns the JSON names of a type's fields, sorted.
func namesOf(t reflect.Type) []string {
	if names, ok := namesByType.Load(t); ok {
		return names.([]string)
	}
	var names []string
	for field := range t.Fields() {
		if name := memberName(field); name != "" && name != "-" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	namesByType.Store(t, names)
	return names
}

var namesByType sync.Map // reflect.Type to []string

// names judges the members that the type of doc does not know. Secrets matter
// in public documents only.
func (c *check) names(doc any, extra map[string]json.RawMessage, public bool) {
	if len(extra) == 0 {
		return
	}
	known := namesOf(reflect.TypeOf(doc).Elem())
	names := make([]string, 0, len(extra))
	for name := range extra {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), maxNames)] {
		c.name(name, known, public)
	}
}

func (c *check) name(name string, known []string, public bool) {
	pointer := "/" + escapePointer(name)
	base, _, _ := strings.Cut(name, "#") // RFC 7591 §2.2: a language tag may follow
	switch {
	case len(name) > maxQuoted || c.found.covers(pointer):
	case slices.Contains(known, base):
		if tag := name[len(base):]; tag != "" && !isLanguageTag(tag[1:]) {
			c.add(RuleNameLanguage, pointer, quote(tag[1:])+" is no language tag")
		}
	case public && slices.Contains(secretNames, base):
		c.add(RuleNameSecret, pointer, quote(name)+" is a secret, and everyone can read it")
	case slices.ContainsFunc(known, func(other string) bool { return equalFold(base, other) }):
		c.add(RuleNameCase, pointer, quote(name)+" is ignored: names of members are lower case")
	case memberNames()[base] != "":
		c.add(RuleNameForeign, pointer, quote(name)+" does nothing here: it is a member of "+memberNames()[base])
	default:
		if other := nearest(base, known); other != "" {
			c.add(RuleNameTypo, pointer, quote(name)+" is ignored: was "+quote(other)+" meant?")
		}
	}
}

// maxName bounds the names that are compared letter by letter; the longest
// registered one has 57 letters. maxNames bounds how many of them are.
const (
	maxName  = 64
	maxNames = 100
)

// nearest returns the known name that a name is a likely misspelling of, or "".
// Short names need to be nearer: x5t and x5u are both right.
func nearest(name string, known []string) string {
	if len(name) < 5 || len(name) > maxName {
		return ""
	}
	limit := 1
	if len(name) >= 12 {
		limit = 2
	}
	for _, other := range known {
		if len(other) <= maxName && abs(len(name)-len(other)) <= limit && distance(name, other) <= limit {
			return other
		}
	}
	return ""
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour to make b of a. Both are at most maxName long.
func distance(a, b string) int {
	var rows [3][maxName + 1]int
	before, previous, current := rows[0][:], rows[1][:], rows[2][:]
	for j := range len(b) + 1 {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		current[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			current[j] = min(current[j-1]+1, previous[j]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				current[j] = min(current[j], before[j-2]+1)
			}
		}
		before, previous, current = previous, current, before
	}
	return previous[len(b)]
}

func abs(n int) int { return max(n, -n) }
