// Package sdk gives a Go program an HTTP client that is authorized for a
// protected MCP server, and keeps it authorized.
//
//	auth, err := sdk.New(sdk.Config{Resource: "https://mcp.example.com/mcp", Authorizer: &sdk.Loopback{}})
//	client := auth.HTTPClient() // any MCP library takes it
//
// The first 401 starts discovery, registration and a login in the browser; the
// token is kept in the configured [Store], refreshed before it ends, and
// extended when a 403 asks for more scope. The token goes to the resource and
// nowhere else.
//
// Package sdk adds state to package flows: sessions, stores, and one
// acquisition at a time. Requests that hold a working token take no lock and
// never wait.
//
// Ids such as DISC-9 in these comments name behaviours, and the tests that prove
// them; CONTRIBUTING.md has their areas.
package sdk
