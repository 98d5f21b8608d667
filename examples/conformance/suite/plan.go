// The plan: which scenario runs on which wire, read from the suite's own list.

package main

import (
	"regexp"
	"strings"
)

// run is one scenario on one revision of the protocol.
type run struct {
	scenario string // "auth/iss-supported"
	wire     string // "2026-07-28"
}

// listed is a line of "conformance list --client".
var listed = regexp.MustCompile(`^\s*- (auth/\S+) \[([^\]]*)\]`)

// extensionWires are the revisions that have extensions: their scenarios are on
// no wire's list.
var extensionWires = []string{"2025-11-25", "2026-07-28"}

// parseListing returns the runs of the authorization scenarios.
func parseListing(listing string) []run {
	var plan []run
	for line := range strings.Lines(listing) {
		match := listed.FindStringSubmatch(line)
		if match == nil {
			continue
		}
		scenario, wires := match[1], strings.Split(match[2], ",")
		if match[2] == "extension" {
			wires = extensionWires
		}
		for _, wire := range wires {
			plan = append(plan, run{scenario, strings.TrimSpace(wire)})
		}
	}
	return plan
}

// refusals are the scenarios whose server misbehaves: a right client ends with
// an error, and the driver must say which.
var refusals = map[string]bool{
	"auth/scope-retry-limit":        true,
	"auth/resource-mismatch":        true,
	"auth/iss-supported-missing":    true,
	"auth/iss-wrong-issuer":         true,
	"auth/iss-unexpected":           true,
	"auth/iss-normalized":           true,
	"auth/metadata-issuer-mismatch": true,
}
