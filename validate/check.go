// A check: one document being judged, and what was found so far.

package validate

import "bytes"

// maxPerRule bounds the violations of one rule in one document, so that a
// hostile list of a million entries does not become a million violations.
const maxPerRule = 100

// maxJudged bounds the entries of a list that are looked at, as gen bounds lists
// of objects. Real servers list hundreds of scopes at most.
const maxJudged = 4096

// head returns the entries of a list that are looked at.
func head[T any](list []T) []T { return list[:min(len(list), maxJudged)] }

// check collects the violations of one document.
type check struct {
	*options
	document string
	expected string // the URL or issuer that was asked for, "" when unknown
	found    Violations
}

func newCheck(document string, opts []Option) *check {
	return &check{options: gather(opts), document: document}
}

// add records a violation of a rule of the table, with the severity of the
// profile in use.
func (c *check) add(rule Rule, pointer, detail string) {
	c.addAt(rule, pointer, detail, 0)
}

func (c *check) addAt(rule Rule, pointer, detail string, offset int) {
	row, ok := rowOf(rule)
	if !ok {
		return // every rule has a row: TestTableMatchesConstants
	}
	severity := row.In(c.profile)
	if severity == SeverityOff || c.full(rule) {
		return
	}
	use := row.Use
	if severity < SeverityRefuse {
		use = ""
	}
	c.found = append(c.found, Violation{
		Document: c.document, Pointer: pointer, Rule: rule, Severity: severity,
		Use: use, Section: row.Section, Detail: detail, offset: offset,
	})
}

func (c *check) full(rule Rule) bool {
	if len(c.found) < maxPerRule {
		return false
	}
	n := 0
	for i := range c.found {
		if c.found[i].Rule == rule {
			n++
		}
	}
	return n >= maxPerRule
}

// run applies the rules of a document, then adds what the decoder reported and
// what the derived tags say, where no rule of the table has said it already.
func run[T any](c *check, doc *T, rules []func(*check, *T)) Violations {
	if doc == nil {
		c.add(RuleMissingDocument, "", "there is no document")
		return c.done()
	}
	for _, rule := range rules {
		rule(c, doc)
	}
	if bytes.HasPrefix(c.source, byteOrderMark) {
		c.addAt(RuleByteOrderMark, "", "a byte order mark stands before the document", 1)
	}
	specific := len(c.found)
	for _, p := range c.problems {
		if !c.found[:specific].covers(p.pointer) {
			c.addAt(p.rule, p.pointer, p.detail, p.offset)
		}
	}
	c.tags(doc)
	return c.done()
}

// covers reports whether an error is known at a pointer, so that a general
// finding there would only repeat it.
func (v Violations) covers(pointer string) bool {
	for i := range v {
		if v[i].Pointer == pointer && v[i].Severity >= SeverityError {
			return true
		}
	}
	return false
}

// undecoded is done for a document whose other rules cannot be applied.
func (c *check) undecoded() Violations {
	for i := range c.found {
		c.found[i].Undecoded = true
	}
	return c.done()
}

// done gives the violations their positions.
func (c *check) done() Violations {
	if len(c.found) > 0 && c.source != nil {
		c.found.Locate(c.source)
	}
	return c.found
}
