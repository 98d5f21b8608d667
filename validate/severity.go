// Severities: how much a violation matters, and to whom.

package validate

import (
	"fmt"
	"slices"
)

// Severity orders violations. The zero value is "off": a rule that a profile
// does not apply. Severities compare with < and >.
type Severity int8

const (
	// SeverityOff marks a rule that a profile does not apply; no violation carries it.
	SeverityOff Severity = iota
	// SeverityInfo marks a fact worth knowing; nothing has to change.
	SeverityInfo
	// SeverityWarning marks a broken SHOULD, or what is known to cause trouble.
	SeverityWarning
	// SeverityError marks a broken MUST in a document that stays usable.
	SeverityError
	// SeverityRefuse marks what a client must not use: the document, a member
	// of it, or one use of it. The violation's Use says which.
	SeverityRefuse
)

var severityNames = [...]string{"off", "info", "warning", "error", "refuse"}

// String returns "off", "info", "warning", "error" or "refuse".
func (s Severity) String() string {
	if s < 0 || int(s) >= len(severityNames) {
		return fmt.Sprintf("severity(%d)", int8(s))
	}
	return severityNames[s]
}

// MarshalText writes the name that String returns.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name that String returns.
func (s *Severity) UnmarshalText(text []byte) error {
	for i, name := range severityNames {
		if name == string(text) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("validate: severity: %s is unknown", quote(string(text)))
}

// Use names what a rule of severity refuse takes away.
type Use string

const (
	// UseDocument is the whole document: nothing in it may be acted on.
	UseDocument Use = "document"
	// UseMember is the member the violation points to, and nothing else.
	UseMember Use = "member"
	// UseAuthorizationCode is the authorization code flow.
	UseAuthorizationCode Use = "authorization-code"
	// UseToken is the token endpoint, and with it every grant; the
	// authorization code flow needs it too.
	UseToken Use = "token"
	// UseRegistration is dynamic client registration.
	UseRegistration Use = "registration"
	// UsePushedAuthorization is the pushed authorization request endpoint.
	UsePushedAuthorization Use = "pushed-authorization"
	// UseDeviceAuthorization is the device authorization endpoint.
	UseDeviceAuthorization Use = "device-authorization"
	// UseRevocation is the token revocation endpoint.
	UseRevocation Use = "revocation"
	// UseIntrospection is the token introspection endpoint.
	UseIntrospection Use = "introspection"
)

// needs lists, for a use, the other uses it cannot do without.
var needs = map[Use][]Use{
	UseAuthorizationCode:   {UseToken},
	UseDeviceAuthorization: {UseToken},
}

// refuses reports whether a row that refuses taken also refuses wanted.
func (taken Use) refuses(wanted Use) bool {
	return taken == UseDocument || taken == wanted || slices.Contains(needs[wanted], taken)
}

// Profile selects the specifications a document is judged by.
// The zero value is ProfileMCP20260728.
type Profile string

const (
	// ProfileMCP20260728 is the MCP authorization specification, revision
	// 2026-07-28, with the RFCs it builds on. It is the default.
	ProfileMCP20260728 Profile = "mcp-2026-07-28"
	// ProfileMCP20251125 is the revision 2025-11-25.
	ProfileMCP20251125 Profile = "mcp-2025-11-25"
	// ProfileRFC is the RFCs alone, without what MCP adds to them.
	ProfileRFC Profile = "rfc"
)
