// Examples: for each rule a document that breaks it, and one that does not.

package validate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
)

// Example is a document that shows a rule. Bytes(e.Kind, []byte(e.Text)) with
// For(e.For), and With("", []byte(e.With)) when that is set, finds what the
// example is about.
type Example struct {
	// Kind is the kind of the document; "" when the rule is about no document.
	Kind Kind `json:"kind,omitempty"`
	// Text is the document.
	Text string `json:"text"`
	// For is what it is judged by; "" when nothing is known.
	For string `json:"for,omitempty"`
	// With is the other document of a pair, or "".
	With string `json:"with,omitempty"`
	// Given says in words what else is known, or "".
	Given string `json:"given,omitempty"`
	// Besides are the other rules that the document cannot help breaking.
	Besides []Rule `json:"besides,omitempty"`

	opts []Option // what Given says
}

// options returns what the example is judged with.
func (e *Example) options() []Option {
	opts := append([]Option{For(e.For)}, e.opts...)
	if e.With != "" {
		opts = append(opts, With("", []byte(e.With)))
	}
	return opts
}

// example is a row of the tables that examples are made of: the model document
// of a kind, with members changed. Without any change for good, the model
// itself is the good one.
type example struct {
	rule      Rule
	model     string   // a key of models
	drop      string   // the names of members that the bad document leaves out
	bad, good string   // members instead of, or beside, those of the model
	text      string   // the whole bad document, where members cannot say it
	goodText  string   // the whole good one
	forURL    string   // what the bad document is judged by, instead of the model's
	goodFor   string   // the same for the good one
	with      string   // the model of the other document
	withDrop  string   // the members that it leaves out for the bad document
	withBad   string   // its other members for the bad document
	withGood  string   // its other members for the good document
	given     string   // what opts means
	opts      []Option // for both documents
	besides   []Rule
}

// shown is a pair of examples.
type shown struct{ bad, good Example }

// examples makes the documents when somebody asks for the first one.
var examples = sync.OnceValue(func() map[Rule]shown {
	all := map[Rule]shown{}
	for _, group := range [][]example{
		documentExamples, nameExamples, resourceExamples, serverExamples, serverValueExamples, clientExamples, clientValueExamples,
		tokenExamples, textExamples, stateExamples, pairExamples,
	} {
		for i := range group {
			all[group[i].rule] = group[i].show()
		}
	}
	return all
})

func (e *example) show() shown {
	m := models[e.model]
	bad := Example{Kind: m.kind, Text: e.text, For: m.forURL, Given: e.given, opts: e.opts}
	good := bad
	bad.For, good.For = defaultTo(e.forURL, m.forURL), defaultTo(e.goodFor, m.forURL)
	if bad.Besides = e.besides; e.text == "" {
		bad.Text = change(m.text, e.drop, e.bad)
	}
	if good.Text = e.goodText; e.goodText == "" {
		good.Text = change(m.text, "", e.good)
	}
	if e.with != "" {
		other := models[e.with].text
		bad.With, good.With = change(other, e.withDrop, e.withBad), change(other, "", e.withGood)
	}
	return shown{bad, good}
}

// change leaves members out of a JSON object, and puts others in. An object
// that nothing changes stays as it is.
func change(text, drop, members string) string {
	if drop == "" && members == "" {
		return text
	}
	object := objectMembers(text)
	for name := range strings.FieldsSeq(drop) {
		object = slices.DeleteFunc(object, func(m objectMember) bool { return m.name == name })
	}
	for _, m := range objectMembers("{" + members + "}") {
		if i := slices.IndexFunc(object, func(old objectMember) bool { return old.name == m.name }); i >= 0 {
			object[i] = m
		} else {
			object = append(object, m)
		}
	}
	return writeObject(object)
}

type objectMember struct{ name, value string }

// objectMembers returns the members of a JSON object in their order. The tables
// hold good JSON, which their test asserts.
func objectMembers(text string) []objectMember {
	var members []objectMember
	decoder := json.NewDecoder(strings.NewReader(text))
	for start, err := decoder.Token(); err == nil && start == json.Delim('{') || decoder.More(); {
		name, err := decoder.Token()
		word, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || decoder.Decode(&value) != nil {
			break
		}
		members = append(members, objectMember{word, string(value)})
	}
	return members
}

func writeObject(members []objectMember) string {
	var b bytes.Buffer
	b.WriteString("{")
	for i, m := range members {
		if i > 0 {
			b.WriteString(",")
		}
		name, _ := json.Marshal(m.name) // a string always marshals
		b.WriteString("\n  " + string(name) + ": " + m.value)
	}
	b.WriteString("\n}")
	return b.String()
}
