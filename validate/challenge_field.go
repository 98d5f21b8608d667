// Challenges as text: the fields of a header, and the challenge in them that a
// client acts on.

package validate

import (
	"bytes"
	"slices"
	"strings"
)

// challengeField is the name of the field, in lower case.
const challengeField = "www-authenticate"

// ChallengeField judges the text of WWW-Authenticate fields: one field value a
// line, or the header section of a response, whose other lines are passed over.
// Of the challenges it judges what a client acts on: the Bearer and DPoP ones,
// as one. The one that carries an error leads, and what it lacks of
// resource_metadata, scope and algs is taken from the others. The url and the
// rules are those of Challenge; violations carry positions in text.
//
// DISC-2, DISC-3
func ChallengeField(text []byte, url string, opts ...Option) Violations {
	c := newCheck(documentChallenge, append(slices.Clip(opts), WithSource(text)))
	if len(text) > maxChallengeText {
		c.addAt(RuleBounds, "", "the text is longer than 64 KiB", 1)
		return c.undecoded()
	}
	found := readFields(c, string(text))
	params := c.challengeParams(found)
	if len(c.found) == 0 || params != nil {
		c.challenge(params, url)
	}
	return c.done()
}

// maxChallengeText bounds a header section; common servers accept 16 KiB.
const maxChallengeText = 64 << 10

// readFields parses each field and reports its faults.
func readFields(c *check, text string) (found []ParsedChallenge) {
	for start, value := range challengeFields(text) {
		challenges, faults := ParseChallenges(value)
		for _, fault := range faults {
			c.addAt(RuleChallengeSyntax, "", fault.Detail, start+fault.Offset+1)
		}
		for _, challenge := range challenges {
			challenge.Offset += start
			for i := range challenge.Params {
				challenge.Params[i].Offset += start
			}
			found = append(found, challenge)
		}
	}
	return found
}

// challengeFields yields the values of the fields with their offsets. When a
// line has the field's name, lines without it are other fields.
func challengeFields(text string) func(func(int, string) bool) {
	named := isResponse(text) || strings.Contains(strings.ToLower(text), challengeField+":")
	return func(yield func(int, string) bool) {
		for offset := 0; offset < len(text); {
			line, _, _ := strings.Cut(text[offset:], "\n")
			start := offset
			offset += len(line) + 1
			line = strings.TrimRight(line, "\r")
			if name, value, ok := strings.Cut(line, ":"); named {
				if !ok || !equalFold(strings.TrimSpace(name), challengeField) {
					continue
				}
				start, line = start+len(name)+1, value
			}
			if strings.TrimSpace(line) != "" && !yield(start, line) {
				return
			}
		}
	}
}

// isResponse looks for the status line of a response.
func isResponse(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, "\ufeff \t\r\n"), "HTTP/")
}

// challengeParams merges the Bearer and DPoP challenges into the parameters a
// client acts on; nil when there is no such challenge. Of a repeated parameter
// the first counts: what a proxy or a reflected value adds comes later.
func (c *check) challengeParams(found []ParsedChallenge) map[string]string {
	lead := -1
	for i := range found {
		if isTokenScheme(found[i].Scheme) && (lead < 0 || found[lead].leadRank() < found[i].leadRank()) {
			lead = i
		}
	}
	if lead < 0 {
		detail, at := "there is no WWW-Authenticate field", 0
		if len(found) > 0 {
			detail = "no challenge has the scheme Bearer or DPoP: " + quote(found[0].Scheme) + " is offered"
			at = found[0].Offset
		}
		c.addAt(RuleChallengeScheme, "", detail, at+1)
		return nil
	}
	params := map[string]string{}
	for _, p := range found[lead].Params {
		if _, twice := params[p.Name]; twice {
			c.addAt(RuleChallengeParameterTwice, "/"+escapePointer(p.Name), quote(p.Name)+" stands twice", p.Offset+1)
		} else {
			params[p.Name] = p.Value
		}
	}
	for i := range found {
		for _, p := range found[i].Params {
			shared := p.Name == "resource_metadata" || p.Name == "scope" || p.Name == "algs"
			if _, known := params[p.Name]; shared && !known && isTokenScheme(found[i].Scheme) {
				params[p.Name] = p.Value
			}
		}
	}
	return params
}

// leadRank orders challenges: the first with an error leads, then the first
// with metadata, then the first.
func (p *ParsedChallenge) leadRank() int {
	rank := 0
	for i := range p.Params {
		switch {
		case p.Params[i].Name == "error" && p.Params[i].Value != "":
			return 2
		case p.Params[i].Name == "resource_metadata" && p.Params[i].Value != "":
			rank = 1
		}
	}
	return rank
}

func isTokenScheme(scheme string) bool {
	return equalFold(scheme, "Bearer") || equalFold(scheme, "DPoP")
}

// findParams fills in where the value of each parameter of a token challenge
// begins. wanted has the pointers of parameters as its keys.
func findParams(data []byte, wanted map[string]int) {
	text := string(data[:min(len(data), maxChallengeText)])
	for start, value := range challengeFields(text) {
		challenges, _ := ParseChallenges(value)
		for _, challenge := range challenges {
			if !isTokenScheme(challenge.Scheme) {
				continue
			}
			note(wanted, "", start+challenge.Offset)
			for _, p := range challenge.Params {
				note(wanted, "/"+escapePointer(p.Name), start+p.Offset)
			}
		}
	}
}

// findQuery fills in where the value of each parameter of a query begins.
func findQuery(data []byte, wanted map[string]int) {
	at := queryStart(data)
	for pair := range bytes.SplitSeq(data[at:], []byte("&")) {
		name, _, _ := bytes.Cut(pair, []byte("="))
		note(wanted, "/"+escapePointer(string(name)), at+min(len(name)+1, len(pair)))
		at += len(pair) + 1
	}
}

func note(wanted map[string]int, pointer string, offset int) {
	if old, ok := wanted[pointer]; ok && old < 0 {
		wanted[pointer] = offset
	}
}
