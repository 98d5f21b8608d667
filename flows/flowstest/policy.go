// Policy: the choices that a configuration names.

package flowstest

// WellKnown names one place of authorization server metadata.
type WellKnown string

// The places of authorization server metadata. An issuer without a path has
// only the first two, at its root.
const (
	// WellKnownOAuth is /.well-known/oauth-authorization-server{path}.
	WellKnownOAuth WellKnown = "oauth"
	// WellKnownOIDC is /.well-known/openid-configuration{path}.
	WellKnownOIDC WellKnown = "oidc"
	// WellKnownOIDCAppended is {path}/.well-known/openid-configuration.
	WellKnownOIDCAppended WellKnown = "oidc-appended"
	// WellKnownOAuthRoot is /.well-known/oauth-authorization-server of an
	// issuer with a path.
	WellKnownOAuthRoot WellKnown = "oauth-root"
	// WellKnownOIDCRoot is /.well-known/openid-configuration of an issuer with
	// a path.
	WellKnownOIDCRoot WellKnown = "oidc-root"
)

// ResourcePolicy says how an authorization server treats the resource
// parameter of RFC 8707.
type ResourcePolicy int

// The resource policies.
const (
	// ResourceRequired refuses authorization and token requests without it.
	ResourceRequired ResourcePolicy = iota
	// ResourceOptional accepts both; without it the token is good anywhere.
	ResourceOptional
	// ResourceIgnored accepts and forgets it; the token is good anywhere.
	ResourceIgnored
	// ResourceRefused answers requests that carry it with invalid_target.
	ResourceRefused
)

// LoopbackPolicy says which ports of a loopback redirect URI match the
// registered one.
type LoopbackPolicy int

// The loopback policies.
const (
	// LoopbackAnyPortIP lets the port of 127.0.0.1 and [::1] vary, as RFC 8252
	// §7.3 demands, and no other host's.
	LoopbackAnyPortIP LoopbackPolicy = iota
	// LoopbackAnyPort lets the port of localhost vary too.
	LoopbackAnyPort
	// LoopbackExactPort compares the whole string, as some servers do.
	LoopbackExactPort
)

// RotationPolicy says what a refresh does with the refresh token.
type RotationPolicy int

// The rotation policies.
const (
	// RotateRefreshToken answers with a new one. Using the old one again
	// revokes the family.
	RotateRefreshToken RotationPolicy = iota
	// RepeatRefreshToken answers with the same one.
	RepeatRefreshToken
	// OmitRefreshToken answers with none; the old one stays good.
	OmitRefreshToken
)
