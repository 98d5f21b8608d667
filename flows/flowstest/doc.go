// Package flowstest is a fake OAuth authorization server and a fake protected
// MCP resource for tests of clients, in the manner of net/http/httptest.
//
// Both are strict: what a specification forbids a client to send is refused,
// and every request is recorded. Their zero configurations behave as a modern
// server should; each deviation that real servers show is a field of
// [ServerConfig] or [ResourceConfig], and what no field covers can be done by
// the Fault hook with the functions of this package ([Answer], [Unavailable],
// [Reset], [RedirectTo], [Slow], ...).
//
//	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
//	defer as.Close()
//	rs := flowstest.NewResource(flowstest.ResourceConfig{
//		AuthorizationServers: []*flowstest.AuthorizationServer{as},
//		Path:                 "/mcp",
//	})
//	defer rs.Close()
//	// Point the client under test at rs.URL(), and let as.Authorize play the
//	// browser and its user.
//
// The same server is an identity provider, for token exchange and OpenID
// Connect, when GrantTypes and the scope openid say so, and another one trusts
// its assertions by [TrustedIssuer]:
//
//	idp := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
//		GrantTypes: []string{flowstest.GrantAuthorizationCode, flowstest.GrantTokenExchange},
//		Resource:   flowstest.ResourceOptional,
//	})
//	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{
//		GrantTypes:     []string{flowstest.GrantJWTBearer},
//		TrustedIssuers: []flowstest.TrustedIssuer{{Server: idp}},
//	})
//
// The servers listen on loopback addresses only. They keep everything in
// memory and print nothing; recorded requests hold the secrets that were sent,
// so they belong in tests and nowhere else.
package flowstest
