package flows_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows"
	"github.com/mcpoauth/mcpoauth/gen"
)

// AUTHZ-3, AUTHZ-4, STEP-1, STEP-3: what is asked for.
func TestSelectScope(t *testing.T) {
	prm := func(scopes ...string) *gen.ProtectedResourceMetadata {
		return &gen.ProtectedResourceMetadata{ScopesSupported: scopes}
	}
	server := func(scopes ...string) *gen.AuthorizationServerMetadata {
		return &gen.AuthorizationServerMetadata{ScopesSupported: scopes}
	}
	offline := server("read", "write", "admin", "offline_access")
	for _, tt := range []struct {
		name string
		in   flows.ScopeRequest
		want []string
	}{
		{"nothing known", flows.ScopeRequest{}, nil},
		{"the challenge", flows.ScopeRequest{Challenge: []string{"a", "b"}, ResourceMetadata: prm("c"), Server: server("d")}, []string{"a", "b"}},
		{"else the resource's list", flows.ScopeRequest{ResourceMetadata: prm("c", "d"), Server: server("d", "e")}, []string{"c", "d"}},
		{"never the server's list", flows.ScopeRequest{ResourceMetadata: prm(), Server: server("d", "e")}, nil},
		{"never the server's list without metadata", flows.ScopeRequest{Server: server("d", "e")}, nil},
		{"offline_access", flows.ScopeRequest{Challenge: []string{"a"}, Server: offline, Refreshes: true}, []string{"a", "offline_access"}},
		{"offline_access with the resource's list", flows.ScopeRequest{ResourceMetadata: prm("a"), Server: offline, Refreshes: true}, []string{"a", "offline_access"}},
		{"not when the client does not refresh", flows.ScopeRequest{Challenge: []string{"a"}, Server: offline}, []string{"a"}},
		{"not when the server does not list it", flows.ScopeRequest{Challenge: []string{"a"}, Server: server("a"), Refreshes: true}, []string{"a"}},
		{"not when the server lists nothing", flows.ScopeRequest{Challenge: []string{"a"}, Server: server(), Refreshes: true}, []string{"a"}},
		{"not alone", flows.ScopeRequest{Server: offline, Refreshes: true}, nil},
		{"not alone, even always", flows.ScopeRequest{Server: offline, Refreshes: true, OfflineAccess: flows.OfflineAccessAlways}, nil},
		{"never", flows.ScopeRequest{Challenge: []string{"a"}, Server: offline, Refreshes: true, OfflineAccess: flows.OfflineAccessNever}, []string{"a"}},
		{"always", flows.ScopeRequest{Challenge: []string{"a"}, Server: server("a"), Refreshes: true, OfflineAccess: flows.OfflineAccessAlways}, []string{"a", "offline_access"}},
		{"always, but the client does not refresh", flows.ScopeRequest{Challenge: []string{"a"}, Server: server("a"), OfflineAccess: flows.OfflineAccessAlways}, []string{"a"}},
		{"once", flows.ScopeRequest{Challenge: []string{"a", "offline_access"}, Server: offline, Refreshes: true}, []string{"a", "offline_access"}},
		{"step-up: requested, granted, challenged", flows.ScopeRequest{Challenge: []string{"c", "a"}, Requested: []string{"a", "b"}, Granted: []string{"a", "x"}, ResourceMetadata: prm("z"), Server: server()},
			[]string{"a", "b", "x", "c"}},
		{"step-up without scopes in the challenge", flows.ScopeRequest{Requested: []string{"a"}, ResourceMetadata: prm("z"), Server: server()}, []string{"a", "z"}},
		{"step-up without anything keeps what there was", flows.ScopeRequest{Requested: []string{"a"}, Granted: []string{"a"}}, []string{"a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := flows.SelectScope(tt.in); !slices.Equal(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// STEP-1: the union keeps the order and changes no list.
func TestUnionScope(t *testing.T) {
	base := append(make([]string, 0, 8), "b", "a")
	got := flows.UnionScope(base, nil, []string{"c", "a", "", "d"}, []string{"b"})
	if !slices.Equal(got, []string{"b", "a", "c", "d"}) || !slices.Equal(base, []string{"b", "a"}) || base[:3][2] != "" {
		t.Errorf("%q from %q", got, base[:3])
	}
	if flows.UnionScope() != nil || flows.UnionScope([]string{""}) != nil {
		t.Error("an empty union is not nil")
	}
}

// STEP-1, STEP-2: which answers ask for more scope.
func TestInsufficientScope(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		lines  []string
		scope  []string // nil: none of ours
	}{
		{"ours", 403, []string{`Bearer error="insufficient_scope", scope="a b"`}, []string{"a", "b"}},
		{"DPoP", 403, []string{`DPoP error="insufficient_scope", scope="a"`}, []string{"a"}},
		{"without scope", 403, []string{`Bearer error="insufficient_scope"`}, []string{}},
		{"any other 403", 403, []string{`Bearer error="invalid_token"`}, nil},
		{"a 403 without error", 403, []string{`Bearer scope="a"`}, nil},
		{"a 403 without challenge", 403, nil, nil},
		{"another scheme", 403, []string{`Basic error="insufficient_scope", scope="a"`}, nil},
		{"a 401", 401, []string{`Bearer error="insufficient_scope", scope="a"`}, nil},
		{"a 200", 200, []string{`Bearer error="insufficient_scope", scope="a"`}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res := &http.Response{StatusCode: tt.status, Header: http.Header{"Www-Authenticate": tt.lines}}
			challenge, ok := flows.InsufficientScope(res)
			if ok != (tt.scope != nil) {
				t.Fatalf("ok %t", ok)
			}
			if ok && !slices.Equal(challenge.Scope(), tt.scope) {
				t.Errorf("scope %q, want %q", challenge.Scope(), tt.scope)
			}
		})
	}
}

// STEP-4: what was requested already would not be granted the second time.
func TestStepUpHelps(t *testing.T) {
	for _, tt := range []struct {
		requested, wanted []string
		want              bool
	}{
		{[]string{"a"}, []string{"a", "b"}, true},
		{nil, []string{"a"}, true},
		{[]string{"b", "a"}, []string{"a"}, false},
		{[]string{"a"}, nil, false},
	} {
		if got := flows.StepUpHelps(tt.requested, tt.wanted); got != tt.want {
			t.Errorf("%q wants %q: %t", tt.requested, tt.wanted, got)
		}
	}
}
