// Tally: what the servers have been asked, as they counted it.

package main

import (
	"fmt"
	"net/http"
)

// tally holds one number for each of the names.
type tally [len(names)]int

// What is counted, in the order in which it comes up in a login.
const (
	unauthorized = iota
	metadata
	registrations
	prompts
	codes
	refreshes
	forbidden
	calls
)

var names = [...]string{
	unauthorized:  "401 challenges",
	metadata:      "metadata documents",
	registrations: "registrations",
	prompts:       "prompts",
	codes:         "code exchanges",
	refreshes:     "refreshes",
	forbidden:     "403 challenges",
	calls:         "tool calls",
}

func (w *world) tally() tally {
	t := tally{
		metadata:      w.server.Count("prm") + w.issuer.Count("asm"),
		registrations: w.issuer.Count("register"),
		prompts:       w.issuer.Count("authorize"),
		codes:         w.issuer.Count("token:authorization_code"),
		refreshes:     w.issuer.Count("token:refresh_token"),
	}
	for _, r := range w.server.RequestsOf("mcp") {
		switch {
		case r.Status == http.StatusUnauthorized:
			t[unauthorized]++
		case r.Status == http.StatusForbidden:
			t[forbidden]++
		case messageOf(r.Body).Method == methodCall:
			t[calls]++
		}
	}
	return t
}

// since returns what came on top of an earlier tally.
func (t tally) since(earlier tally) tally {
	for i := range t {
		t[i] -= earlier[i]
	}
	return t
}

// differs says where t is not as wanted, nil if nowhere.
func (t tally) differs(want tally) error {
	for i, name := range names {
		if t[i] != want[i] {
			return fmt.Errorf("%s: the servers counted %d, there should be %d", name, t[i], want[i])
		}
	}
	return nil
}
