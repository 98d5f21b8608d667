// Benchmarks: decoding and encoding beside encoding/json into the same struct without its methods.

package gen_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

// The plain types have the fields and no methods: encoding/json fills them by reflection and drops unknown members.
type (
	plainServer   gen.AuthorizationServerMetadata
	plainResource gen.ProtectedResourceMetadata
	plainToken    struct {
		AccessToken  string `json:"access_token"`
		TokenType    string `json:"token_type"`
		ExpiresIn    *int64 `json:"expires_in"`
		RefreshToken string `json:"refresh_token"`
		Scope        string `json:"scope"`
	}
)

// benchResource is 1 KB, benchServer 7 KB, as large as metadata gets in practice.
func benchResource() []byte {
	return mustJSON(map[string]any{
		"resource": "https://mcp.example.com/mcp", "authorization_servers": []string{"https://as.example.com/tenant"},
		"scopes_supported": strings.Fields(strings.Repeat("files:read files:write calendar:read ", 15)), "bearer_methods_supported": []string{"header"},
		"resource_name": "Example", "resource_documentation": "https://mcp.example.com/docs", "x-vendor": map[string]any{"tier": 1},
	})
}

func benchServer() []byte {
	algorithms := strings.Fields(strings.Repeat("RS256 ES256 PS256 EdDSA RS512 ES512 ", 5))
	doc := map[string]any{
		"issuer": "https://as.example.com", "authorization_endpoint": "https://as.example.com/authorize", "token_endpoint": "https://as.example.com/token",
		"jwks_uri": "https://as.example.com/jwks", "registration_endpoint": "https://as.example.com/register",
		"scopes_supported": algorithms, "response_types_supported": []string{"code"}, "grant_types_supported": []string{"authorization_code", "refresh_token"},
		"token_endpoint_auth_methods_supported": []string{"none", "client_secret_basic"}, "code_challenge_methods_supported": []string{"S256"},
		"authorization_response_iss_parameter_supported": true, "require_pushed_authorization_requests": false,
		"claims_supported": strings.Fields(strings.Repeat("sub name given_name family_name picture email email_verified locale ", 8)),
	}
	for _, part := range []string{"id_token", "userinfo", "request_object"} {
		for _, kind := range []string{"signing_alg", "encryption_alg", "encryption_enc"} {
			doc[part+"_"+kind+"_values_supported"] = algorithms
		}
	}
	for _, part := range []string{"token", "revocation", "introspection"} {
		doc[part+"_endpoint_auth_signing_alg_values_supported"] = algorithms
	}
	return mustJSON(doc)
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

const benchToken = `{"access_token":"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl","token_type":"Bearer","expires_in":3600,"refresh_token":"r1-8xLOxBtZp8","scope":"read write"}`

var benchmarks = []struct {
	name         string
	data         []byte
	decode       func([]byte) error
	encodingJSON func([]byte) error
}{
	{"resource", benchResource(),
		func(data []byte) error { _, err := gen.DecodeProtectedResourceMetadata(data, nil); return err },
		func(data []byte) error { return json.Unmarshal(data, new(plainResource)) }},
	{"server", benchServer(),
		func(data []byte) error { _, err := gen.DecodeAuthorizationServerMetadata(data, nil); return err },
		func(data []byte) error { return json.Unmarshal(data, new(plainServer)) }},
	{"token", []byte(benchToken),
		func(data []byte) error { _, err := gen.DecodeTokenResponse(data, nil); return err },
		func(data []byte) error { return json.Unmarshal(data, new(plainToken)) }},
}

func BenchmarkDecode(b *testing.B) {
	for _, bench := range benchmarks {
		for _, way := range []struct {
			name   string
			decode func([]byte) error
		}{{"gen", bench.decode}, {"encoding-json", bench.encodingJSON}} {
			b.Run(bench.name+"/"+way.name, func(b *testing.B) {
				b.SetBytes(int64(len(bench.data)))
				b.ReportAllocs()
				for b.Loop() {
					if err := way.decode(bench.data); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	doc, err := gen.DecodeAuthorizationServerMetadata(benchServer(), nil)
	if err != nil {
		b.Fatal(err)
	}
	plain := plainServer(*doc)
	b.Run("gen", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := doc.Encode(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&plain); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// Decoding allocates no more than encoding/json does.
func TestDecodeAllocations(t *testing.T) {
	for _, bench := range benchmarks {
		count := func(decode func([]byte) error) float64 {
			return testing.AllocsPerRun(100, func() {
				if err := decode(bench.data); err != nil {
					t.Error(err)
				}
			})
		}
		if ours, theirs := count(bench.decode), count(bench.encodingJSON); ours > theirs {
			t.Errorf("%s: %v allocations, encoding/json makes %v", bench.name, ours, theirs)
		}
	}
}
