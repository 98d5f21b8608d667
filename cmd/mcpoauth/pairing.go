// Pairing: what the other document of --with says about the first.

package main

import (
	"fmt"

	"github.com/mcpoauth/mcpoauth/validate"
)

// pairing makes an option of a document of --with. Challenges and records go
// with nothing, and a redirect with the record of its login or the metadata of
// its server: to ask for more is a mistake that must not pass for a comparison.
// For all else package validate knows the pairs.
func pairing(d *document, other input) (validate.Option, error) {
	k := detect(other.name, other.data)
	related := true
	switch d.kind {
	case validate.KindChallenge, validate.KindState:
		related = false
	case validate.KindCallback:
		related = k == validate.KindState || k == validate.KindServer || k == validate.KindOpenID
	}
	if !related {
		return nil, fmt.Errorf("there are no rules for %s with %s", titleOf(d.kind), titleOf(k))
	}
	return validate.With(k, other.data), nil
}
