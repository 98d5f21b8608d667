// ResourceConfig: how a fake protected resource behaves, knob by knob.

package flowstest

import (
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
)

// ResourceConfig says how a [Resource] behaves. The zero value, with an
// authorization server, does everything right: metadata (RFC 9728) at the
// well-known URL of its path, challenges (RFC 6750 §3) that name it, tokens
// accepted only for this audience, alive, and with the scopes needed.
//
// All hooks may be called by several goroutines at once.
type ResourceConfig struct {
	// AuthorizationServers are listed in the metadata, and their tokens are
	// accepted.
	AuthorizationServers []*AuthorizationServer
	// SameOrigin serves the resource on the listener of the first
	// authorization server, as servers of MCP revision 2025-03-26 do. TLS,
	// Hostname and Listener have no effect then, and requests are recorded by
	// both. Read once.
	SameOrigin bool
	// TLS serves https with the certificate that [Certificate] returns. Read
	// once.
	TLS bool
	// Hostname is the host in the URL; see ServerConfig. Read once.
	Hostname string
	// Listener is used instead of a free port; see ServerConfig. Read once.
	Listener net.Listener
	// Path is the path of the MCP endpoint, such as "/mcp"; "" is "/". Read
	// once.
	Path string

	// RequiredScopes are needed for every request. They are listed in
	// challenges and, unless ScopesSupported is set, in the metadata.
	RequiredScopes []string
	// ScopesSupported is listed in the metadata.
	ScopesSupported []string
	// ToolScopes are needed, by tool name, for an MCP tools/call, beside
	// RequiredScopes.
	ToolScopes map[string][]string
	// ScopesFor returns the scopes that a request needs, beside all others. It
	// may read the body.
	ScopesFor func(*http.Request) []string
	// Handler stands behind the bearer check; nil answers with a JSON object
	// that echoes method, path, query, body, subject, client_id and scope. See
	// [TokenFromContext].
	Handler http.Handler
	// AnyAudience accepts tokens that were issued for other resources.
	AnyAudience bool
	// AcceptToken accepts static tokens that no authorization server issued.
	AcceptToken func(token string) (TokenInfo, bool)

	// PRMStatus sets the status of single metadata URLs: 0 serves the one with
	// the path with 200 and the root one of a resource with a path not at all.
	// 200 serves one that would not be served.
	PRMStatus map[Place]int
	// PRMLocation serves the metadata at this path too, such as "/prm.json",
	// and names it in challenges.
	PRMLocation string
	// PRM changes the metadata document before it is encoded. It runs for the
	// audience check too, which takes the resource that the document names.
	PRM func(document map[string]any)
	// PRMBytes changes the encoded metadata document.
	PRMBytes func(document []byte) []byte
	// PRMHeader is set on metadata answers, over the defaults.
	PRMHeader http.Header

	// Challenge changes the WWW-Authenticate header: it gets the lines that
	// would be sent and returns those that are. See [NoChallenge].
	Challenge func(r *http.Request, reason Reason, lines []string) []string
	// HideMetadataURL leaves resource_metadata out of challenges.
	HideMetadataURL bool
	// MetadataURL is sent as resource_metadata instead of the true URL unless
	// it is "". It may be relative.
	MetadataURL string
	// HideScope leaves scope out of 401 challenges.
	HideScope bool
	// HideStepUpScope leaves scope out of 403 challenges.
	HideStepUpScope bool
	// StepUpScope returns the scope of a 403 challenge; nil is all that the
	// request needs.
	StepUpScope func(needed, granted []string) []string
	// RefuseAlways answers 401 to every token.
	RefuseAlways bool
	// DPoP says how proofs of possession are treated (RFC 9449). Its zero
	// value challenges with Bearer and takes bearer tokens only.
	DPoP DPoPConfig
	// MTLS asks clients for a certificate, which tokens may be bound to
	// (RFC 8705 §3). It needs TLS. Read once.
	MTLS bool

	// Latency delays every answer.
	Latency time.Duration
	// Fault may answer in place of the resource; its kinds are "prm", "mcp"
	// and those of requests that lost their way (see [Request]). With
	// SameOrigin it sees the resource's own paths only.
	Fault Fault
	// Now is the clock; nil is that of the token's authorization server.
	Now func() time.Time
}

// Place names one well-known URL of protected resource metadata.
type Place string

// The places of protected resource metadata. A resource without a path has
// only the first.
const (
	// PRMPath is /.well-known/oauth-protected-resource{path}.
	PRMPath Place = "path"
	// PRMRoot is /.well-known/oauth-protected-resource of a resource with a
	// path.
	PRMRoot Place = "root"
)

// Reason says why a request is challenged.
type Reason string

// The reasons for a challenge.
const (
	// ReasonNoToken: the request carried none (401).
	ReasonNoToken Reason = "no_token"
	// ReasonInvalidToken: unknown, expired, revoked or for others (401).
	ReasonInvalidToken Reason = "invalid_token"
	// ReasonInvalidProof: the DPoP proof is missing or wrong (401).
	ReasonInvalidProof Reason = errInvalidProof
	// ReasonUseNonce: the DPoP proof needs another nonce (401).
	ReasonUseNonce Reason = errUseNonce
	// ReasonInsufficientScope: the token lacks scopes (403).
	ReasonInsufficientScope Reason = "insufficient_scope"
)

// NoChallenge is a ResourceConfig.Challenge hook that sends no
// WWW-Authenticate.
func NoChallenge(*http.Request, Reason, []string) []string { return nil }

// ChallengeLines returns a ResourceConfig.Challenge hook that sends fixed
// lines.
func ChallengeLines(lines ...string) func(*http.Request, Reason, []string) []string {
	return func(*http.Request, Reason, []string) []string { return lines }
}

// clone returns a copy whose slices and maps can be changed freely.
func (c *ResourceConfig) clone() *ResourceConfig {
	d := *c
	d.AuthorizationServers = slices.Clone(c.AuthorizationServers)
	d.RequiredScopes = slices.Clone(c.RequiredScopes)
	d.ScopesSupported = slices.Clone(c.ScopesSupported)
	d.ToolScopes = maps.Clone(c.ToolScopes)
	d.PRMStatus = maps.Clone(c.PRMStatus)
	d.PRMHeader = c.PRMHeader.Clone()
	d.DPoP.Algs = slices.Clone(c.DPoP.Algs)
	return &d
}

// schemes returns the authentication schemes that the resource takes, the one
// that it likes best first.
func (c *ResourceConfig) schemes() []string {
	switch c.DPoP.Policy {
	case DPoPRequired:
		return []string{schemeDPoP}
	case DPoPOptional, DPoPDowngrade:
		return []string{schemeDPoP, schemeBearer}
	case DPoPOff:
	}
	return []string{schemeBearer}
}

func (c *ResourceConfig) scopesSupported() []string {
	if c.ScopesSupported != nil {
		return c.ScopesSupported
	}
	return c.RequiredScopes
}
