// Package flows holds the sequences of OAuth for the Model Context Protocol:
// discovery, registration, authorization, token requests, refresh and step-up,
// the grants of machines, devices and enterprises, and what else an
// authorization server can be asked: revocation, introspection, management of a
// registration.
//
// A flow composes the generated operations of package gen with the rules of
// package validate. It returns plain values and keeps nothing: state (stores,
// sessions, one acquisition at a time) is package sdk. Methods of [Client] do
// I/O and take the context first; package functions are pure.
//
// The sequences follow the MCP authorization specification, revision
// 2026-07-28, with the older wires it names:
// https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
//
// Ids such as DISC-9 in these comments name behaviours, and the tests that prove
// them; CONTRIBUTING.md has their areas.
//
// Errors have one type per remedy: [DiscoveryError], [ClientError],
// [RegistrationError], [AuthorizationError], [CallbackError], [TokenError], and
// [EndpointError] for the other endpoints; inside these, what a caller may want
// to tell apart: [ClientAuthError], [AssertionError], [ClockError],
// [PolicyError], [DeviceError] and more. All unwrap, and none of them prints a
// secret or the query of a URL.
package flows
