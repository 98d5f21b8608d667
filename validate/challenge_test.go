// Tests of the rules for challenges.

package validate

import (
	"maps"
	"testing"
)

// Each rule is broken alone. DISC-4
func TestChallenge(t *testing.T) {
	good := map[string]string{
		"realm": "x", "error": "invalid_token", "error_description": "expired", "scope": "files:read files:write",
		"resource_metadata": "https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
	}
	const url = "https://mcp.example.com/mcp"
	if found := Challenge(good, url); len(found) != 0 {
		t.Fatal(found)
	}
	tests := []struct {
		name, value string // "" takes the parameter away
		rule        Rule
	}{
		{"resource_metadata", "", RuleChallengeMetadata},
		{"resource_metadata", "http://mcp.example.com/x", RuleChallengeMetadataURL},
		{"resource_metadata", "/.well-known/oauth-protected-resource", RuleChallengeMetadataURL},
		{"resource_metadata", "https://other.example.com/x", RuleChallengeMetadataOrigin},
		{"error", "expired", RuleChallengeError},
		{"error", "invalid_\x00", RuleChallengeText},
		{"error_description", "abgelaufen, für immer", RuleChallengeText},
		{"scope", "", RuleChallengeScope},
		{"scope", "a  b", RuleChallengeScopeSyntax},
		{"scope", "a offline_access", RuleChallengeOfflineAccess},
	}
	for _, test := range tests {
		params := maps.Clone(good)
		if params[test.name] = test.value; test.value == "" {
			delete(params, test.name)
		}
		found := Challenge(params, url)
		if len(found) != 1 || found[0].Rule != test.rule || found[0].Pointer != "/"+test.name || found[0].Document == "" {
			t.Errorf("%s=%q: %v, want %s", test.name, test.value, found, test.rule)
		}
	}
	if found := Challenge(nil, ""); found.Err(SeverityError) != nil {
		t.Error(found)
	}
}
