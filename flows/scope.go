// Scope: what is asked for, and what a step-up adds.

package flows

import (
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/gen"
)

// OfflineAccess is the policy for the offline_access scope, by which OpenID
// servers hand out refresh tokens.
type OfflineAccess int

// The policies.
const (
	// OfflineAccessAuto adds it when the server lists it, the client may
	// refresh, and other scopes are asked for. The zero value.
	OfflineAccessAuto OfflineAccess = iota
	// OfflineAccessNever never adds it.
	OfflineAccessNever
	// OfflineAccessAlways adds it whatever the server lists.
	OfflineAccessAlways
)

const scopeOfflineAccess = "offline_access"

// ScopeRequest is what a scope decision is made from. It is also what a
// caller's own scope function is given.
type ScopeRequest struct {
	// Challenge holds the scopes that the resource's challenge asked for.
	Challenge []string
	// ResourceMetadata is the PRM, nil without one.
	ResourceMetadata *gen.ProtectedResourceMetadata
	// Server is the authorization server's metadata, never nil.
	Server *gen.AuthorizationServerMetadata
	// Requested and Granted are the scopes of the present token: what was
	// asked for and what came. Both are kept in a step-up. Nil without one.
	Requested, Granted []string
	// Refreshes says that the client may use refresh tokens.
	Refreshes bool
	// OfflineAccess is the policy for offline_access.
	OfflineAccess OfflineAccess
	// Selected is the choice of [SelectScope], for a caller's function to
	// keep, cut or replace; nil inside SelectScope.
	Selected []string
}

// SelectScope chooses the scopes of an authorization request: those of the
// challenge, else those that the resource's metadata lists, else none. Never
// the authorization server's whole list: that is what it can do, not what is
// needed. Scopes already requested or granted are kept, in their order.
//
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization#scope-selection-strategy
func SelectScope(in ScopeRequest) []string {
	fresh := in.Challenge
	if len(fresh) == 0 && in.ResourceMetadata != nil {
		fresh = in.ResourceMetadata.ScopesSupported
	}
	scope := UnionScope(in.Requested, in.Granted, fresh)
	if in.addsOfflineAccess(scope) {
		scope = UnionScope(scope, []string{scopeOfflineAccess})
	}
	return scope
}

// addsOfflineAccess: a bare offline_access would lose the server's default
// scopes, so it is only ever added to others (AUTHZ-4).
func (in ScopeRequest) addsOfflineAccess(scope []string) bool {
	if len(scope) == 0 || !in.Refreshes {
		return false
	}
	switch in.OfflineAccess {
	case OfflineAccessNever:
		return false
	case OfflineAccessAlways:
		return true
	}
	return in.Server != nil && slices.Contains(in.Server.ScopesSupported, scopeOfflineAccess)
}

// UnionScope joins scope lists: first come, first kept, each once, order kept.
func UnionScope(lists ...[]string) []string {
	var out []string
	for _, list := range lists {
		for _, s := range list {
			if s != "" && !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	return out
}

// SplitScope takes a scope value of RFC 6749 §3.3 apart.
func SplitScope(scope string) []string { return strings.Fields(scope) }

// CoversScope says that every scope of want is in have.
func CoversScope(have, want []string) bool {
	for _, s := range want {
		if !slices.Contains(have, s) {
			return false
		}
	}
	return true
}
