// Package oidclogin signs a user on at the enterprise's identity provider with
// OpenID Connect, and gives the ID token to [sdk.EnterpriseManaged], which
// trades it for tokens of MCP servers.
//
//	source, err := oidclogin.New(oidclogin.Config{
//		Issuer: "https://idp.example.com", ClientID: "agent", Authorizer: &sdk.Loopback{},
//	})
//	grant, err := source.EnterpriseManaged(ctx)
//	auth, err := sdk.New(sdk.Config{Resource: "https://mcp.example.com/mcp", Grant: grant, ...})
//
// The first token opens the user's browser, once: authorization code, PKCE with
// S256, state, nonce, and the iss parameter where the provider sends it. An ID
// token is used only after its signature, issuer, audience, expiry and nonce
// were verified. It is kept until shortly before its end, and then renewed with
// the refresh token, or else in the browser.
package oidclogin
