package validate_test

import (
	"errors"
	"fmt"

	"github.com/mcpoauth/mcpoauth/gen"
	"github.com/mcpoauth/mcpoauth/validate"
)

// A client judges metadata by the issuer it asked for.
func ExampleAuthorizationServer() {
	doc := &gen.AuthorizationServerMetadata{
		Issuer:                        "https://as.example.com",
		AuthorizationEndpoint:         "https://as.example.com/authorize",
		TokenEndpoint:                 "https://as.example.com/token",
		ResponseTypesSupported:        []string{"code"},
		CodeChallengeMethodsSupported: []string{"plain"},
	}
	found := validate.AuthorizationServer(doc, "https://as.example.com")
	fmt.Println(found.Refuses(validate.UseDocument))
	err := found.Refuses(validate.UseAuthorizationCode)
	fmt.Println(errors.Is(err, validate.RulePKCEUnsupported))
	// Output:
	// <nil>
	// true
}

// A person finds out what is wrong with a file, and where.
func ExampleDecode() {
	data := []byte(`{
  "resource": "https://mcp.example.com/mcp",
  "authorization_servers": ["http://as.example.com"],
  "scopes_supported": ["files:read"],
  "resource_name": "Example Files"
}`)
	var report gen.Report
	doc, err := validate.Decode[gen.ProtectedResourceMetadata](data, &report)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, v := range validate.ProtectedResource(doc, "https://mcp.example.com/mcp",
		validate.WithReport(report), validate.WithSource(data)) {
		fmt.Println(v.Severity, v)
	}
	// Output:
	// refuse 3:29: /authorization_servers/0: "http://as.example.com": the scheme is http on a host that is not loopback (prm-authorization-server-url, RFC 9728 §2)
}

func ExampleCovers() {
	fmt.Println(validate.Covers("https://mcp.example.com/mcp", "https://mcp.example.com/mcp/tools"))
	fmt.Println(validate.Covers("https://mcp.example.com/mcp", "https://mcp.example.com/mcp-evil"))
	// Output:
	// <nil>
	// validate: "https://mcp.example.com/mcp" and "https://mcp.example.com/mcp-evil": the path of the resource is neither that of the URL nor a parent of it
}

// Bytes tells the kind itself; With adds what only the pair shows.
func ExampleBytes() {
	resource := []byte(`{
  "resource": "https://mcp.example.com/mcp",
  "authorization_servers": ["https://as.example.com/"],
  "scopes_supported": ["files:read"],
  "resource_name": "Example Files"
}`)
	server := []byte(`{"issuer": "https://as.example.com", "token_endpoint": "https://as.example.com/token"}`)
	found := validate.Bytes("", resource, validate.For("https://mcp.example.com/mcp"), validate.With("", server))
	for _, v := range found {
		fmt.Println(v.Severity, v.Line, v.Rule == validate.RulePairIssuerSpelling)
	}
	// Output:
	// error 3 true
}

// Where would a client stop?
func ExampleSteps() {
	steps := validate.Steps(validate.Journey{
		URL: "https://mcp.example.com/mcp",
		Resource: &gen.ProtectedResourceMetadata{
			Resource: "https://mcp.example.com/mcp", AuthorizationServers: []string{"https://as.example.com"},
		},
		Server: &gen.AuthorizationServerMetadata{
			Issuer: "https://as.example.com", RegistrationEndpoint: "https://as.example.com/register",
			AuthorizationEndpoint: "https://as.example.com/authorize", TokenEndpoint: "https://as.example.com/token",
			ResponseTypesSupported: []string{"code"},
		},
	})
	for _, step := range steps {
		fmt.Println(step.Name, len(step.Stops) == 0)
	}
	// Output:
	// resource true
	// server true
	// registration true
	// authorization false
	// token true
}

func ExampleLookup() {
	row, _ := validate.Lookup(validate.RulePKCEUnsupported)
	fmt.Println(row.Severity, row.Section)
	found := validate.Bytes(row.Bad.Kind, []byte(row.Bad.Text), validate.For(row.Bad.For))
	fmt.Println(errors.Is(found.Refuses(validate.UseAuthorizationCode), row.ID))
	// Output:
	// refuse MCP 2026-07-28, Authorization Code Protection
	// true
}
