//go:build tools || generate

// Package tools holds the generate directives: go generate ./... turns spec/ into gen/,
// and the rule table of validate/ into RULES.md.
// The tool directive of go.mod pins the generator. The go command sets the generate tag
// while it runs go generate, so that no build compiles this file.
package tools

//go:generate go tool oapi-codegen -config spec/oapi-codegen.yaml spec/openapi.yaml
//go:generate go tool oapi-codegen -config spec/oapi-codegen-codecs.yaml spec/openapi.yaml
//go:generate go tool oapi-codegen -config spec/oapi-codegen-operations.yaml spec/openapi.yaml
//go:generate go test ./validate -run TestRulesDocument -update
