// Tests of citations: links that lead to what they name.

package validate

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mcpHeadings are the headings of each page of the MCP authorization
// specification, revision 2026-07-28. The overview is "".
var mcpHeadings = map[string][]string{
	"": {
		"Introduction", "Purpose and Scope", "Protocol Requirements", "Standards Compliance", "Roles", "Overview",
		"Authorization Server Discovery", "Client Registration", "Scope Selection Strategy", "Authorization Flow Steps",
		"Authorization Response Validation", "Resource Parameter Implementation", "Canonical Server URI", "Access Token Usage",
		"Token Requirements", "Token Handling", "Refresh Tokens", "Error Handling", "Scope Challenge Handling",
		"Runtime Insufficient Scope Errors", "Step-Up Authorization Flow", "Security Considerations", "MCP Authorization Extensions",
	},
	"authorization-server-discovery": {
		"Authorization Server Location", "Protected Resource Metadata Discovery Requirements",
		"Authorization Server Metadata Discovery", "Sequence Diagram",
	},
	"client-registration": {
		"Client ID Metadata Documents", "Implementation Requirements", "Example Metadata Document",
		"Client ID Metadata Documents Flow", "Advertising CIMD Support", "Pre-registration", "Dynamic Client Registration",
		"Application Type and Redirect URI Constraints", "Authorization Server Binding",
	},
	"security-considerations": {
		"Token Audience Binding and Validation", "Token Theft", "Communication Security", "Authorization Code Protection",
		"Mix-Up Attacks", "Open Redirection", "Client ID Metadata Document Security", "Authorization Server Abuse Protection",
		"Localhost Redirect URI Risks", "Trust Policies", "Confused Deputy Problem", "Access Token Privilege Restriction",
	},
}

func TestMCPCitations(t *testing.T) {
	cited := 0
	for _, row := range Rules() {
		title, ok := strings.CutPrefix(row.Section, "MCP 2026-07-28, ")
		if !ok {
			continue
		}
		cited++
		anchor := strings.ReplaceAll(strings.ToLower(title), " ", "-")
		found := false
		for page, headings := range mcpHeadings {
			found = found || row.Citation == mcp(page, anchor, title) && slices.Contains(headings, title)
		}
		if !found {
			t.Errorf("%s: %+v is no heading of that page", row.ID, row.Citation)
		}
	}
	if cited < 10 {
		t.Errorf("%d rules cite the specification", cited)
	}
}

var sectionForm = regexp.MustCompile(`^(RFC [0-9]+ (§[0-9]+(\.[0-9]+)*|appendix [A-Z](\.[0-9]+)*)|draft-[a-z0-9-]+-[0-9]{2} §[0-9]+(\.[0-9]+)*|OpenID Connect [A-Z][a-z]+ §[0-9]+(\.[0-9]+)*|MCP 2026-07-28, .+|mcpoauth, spec/README.md, .+)$`)

func TestCitationsHaveOneForm(t *testing.T) {
	for _, row := range Rules() {
		if !sectionForm.MatchString(row.Section) || strings.HasSuffix(row.URL, "#") || !strings.Contains(row.URL, "#") {
			t.Errorf("%s: %+v", row.ID, row.Citation)
		}
	}
}
