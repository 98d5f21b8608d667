// Package gen holds the documents of OAuth 2.0 as an MCP client meets them, and the operations that exchange them.
//
// Everything in the *.gen.go files is generated from the schemas in spec/ by "make generate"; the other files
// hold what the generated code calls. The package imports the standard library only.
//
// # Documents
//
// Each document is a struct with a decoder (DecodeTokenResponse, ...) and an Encode method. Decoding is strict where
// leniency is a risk and lenient where servers are careless:
//
//   - Member names are exact: "Issuer" never sets Issuer, it is an unknown member. Duplicates are refused at every
//     level that is decoded into a type. Input is at most 1 MiB and 64 levels deep.
//   - An optional member that is null, "", of the wrong type or ill-valued leaves its field zero, is added to the
//     Report, and is encoded again as it was. A required member refuses the document. An empty list where the
//     specification wants at least one element stays an empty list, and is reported.
//   - Unknown members are kept in Extra, byte for byte.
//   - Numbers of seconds and dates may come as strings or fractions, a scope as a list: the value is taken and reported.
//
// Strings of a decoded document are parts of one copy of the input. Clone a string that outlives its document by far.
//
// Documents that can carry a secret print as REDACTED under every verb of fmt, in slog and in json.Marshal. Only Encode,
// Values and Secret.Reveal give real secrets. Two limits of Go: fmt reads unexported fields of other structs without
// calling methods, so do not put a Secret in one that is printed; and encoding/gob knows nothing of redaction.
//
// # Operations
//
// Client has one method per operation. Each takes its endpoint as an absolute URL, because in OAuth every endpoint is
// discovered. A Client never retries, and follows no redirect of a POST, PUT or DELETE.
package gen
