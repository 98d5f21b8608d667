// Package interop runs this module's client against an authorization server
// that nobody here wrote: npm oidc-provider, in server.mjs. Its tests are the
// package; each is about one feature, and checks what was sent in the server's
// own log.
//
//	make interop
//
// installs the server with a Node that fits. Without them the tests are skipped,
// unless INTEROP is "required".
package interop
