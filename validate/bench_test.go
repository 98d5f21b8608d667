// Benchmarks: decoding with all rules, against encoding/json with validator.

package validate

import (
	"encoding/json"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/gen"
)

// largeResource is about 1 KB, largeServer about 7 KB: the sizes of what real
// servers publish at the upper end. Both conform.
var (
	largeResource = goodResource.with(object{
		"scopes_supported":                           scopeNames(22),
		"resource_documentation":                     "https://docs.example.com/products/mcp/authorization/getting-started",
		"resource_policy_uri":                        "https://www.example.com/legal/policy",
		"resource_tos_uri":                           "https://www.example.com/legal/terms",
		"dpop_signing_alg_values_supported":          list{"ES256", "EdDSA", "PS256"},
		"tls_client_certificate_bound_access_tokens": true,
		"x-vendor": object{"build": "2026-08-01", "flags": list{1, 2, 3}},
	})
	largeServer = goodServer.with(object{
		"scopes_supported":                                         append(list{"openid", "offline_access"}, scopeNames(80)...),
		"claims_supported":                                         scopeNames(60),
		"acr_values_supported":                                     scopeNames(10),
		"ui_locales_supported":                                     list{"en", "de-DE", "fr-FR", "pt-BR", "zh-Hans-CN", "ja", "ko", "it", "es", "nl"},
		"response_modes_supported":                                 list{"query", "fragment", "form_post", "query.jwt", "jwt"},
		"response_types_supported":                                 list{"code", "none", "id_token", "code id_token"},
		"token_endpoint_auth_signing_alg_values_supported":         algorithmNames,
		"id_token_signing_alg_values_supported":                    algorithmNames,
		"userinfo_signing_alg_values_supported":                    algorithmNames,
		"request_object_signing_alg_values_supported":              algorithmNames,
		"revocation_endpoint_auth_methods_supported":               list{"none", "client_secret_basic", "private_key_jwt"},
		"revocation_endpoint_auth_signing_alg_values_supported":    algorithmNames,
		"introspection_endpoint_auth_methods_supported":            list{"client_secret_basic", "private_key_jwt"},
		"introspection_endpoint_auth_signing_alg_values_supported": algorithmNames,
		"id_token_encryption_alg_values_supported":                 list{"RSA-OAEP", "RSA-OAEP-256", "RSA1_5", "ECDH-ES"},
		"id_token_encryption_enc_values_supported":                 list{"A256GCM", "A192GCM", "A128GCM", "A128CBC-HS256", "A192CBC-HS384", "A256CBC-HS512"},
		"service_documentation":                                    "https://docs.example.com/",
		"op_policy_uri":                                            "https://www.example.com/legal/policy",
		"op_tos_uri":                                               "https://www.example.com/legal/terms",
		"display_values_supported":                                 list{"page", "popup"},
		"claim_types_supported":                                    list{"normal", "aggregated"},
		"claims_parameter_supported":                               true,
		"request_parameter_supported":                              true,
		"request_uri_parameter_supported":                          true,
		"mtls_endpoint_aliases": object{
			"token_endpoint": "https://mtls.as.example.com/token", "revocation_endpoint": "https://mtls.as.example.com/revoke",
			"introspection_endpoint": "https://mtls.as.example.com/introspect", "userinfo_endpoint": "https://mtls.as.example.com/userinfo",
		},
		"check_session_iframe": "https://as.example.com/session", "frontchannel_logout_supported": true,
		"x-vendor": object{"build": "2026-08-01", "flags": list{1, 2, 3}},
	})
	algorithmNames = list{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA"}
)

func scopeNames(n int) list {
	var names list
	for i := range n {
		names = append(names, "product"+strconv.Itoa(i)+":resource:read")
	}
	return names
}

func BenchmarkResource(b *testing.B) {
	data := []byte(largeResource.text())
	b.Logf("%d bytes", len(data))
	b.Run("rules", func(b *testing.B) {
		benchmarkRules(b, KindResource, data, "https://mcp.example.com/mcp")
	})
	b.Run("encoding-json", func(b *testing.B) { benchmarkPlain[plainResource](b, data) })
}

func BenchmarkServer(b *testing.B) {
	data := []byte(largeServer.text())
	b.Logf("%d bytes", len(data))
	b.Run("rules", func(b *testing.B) { benchmarkRules(b, KindServer, data, "https://as.example.com") })
	b.Run("encoding-json", func(b *testing.B) { benchmarkPlain[plainServer](b, data) })
}

func benchmarkRules(b *testing.B, kind Kind, data []byte, expected string) {
	b.ReportAllocs()
	for b.Loop() {
		if found := Bytes(kind, data, For(expected)); found != nil {
			b.Fatal(found)
		}
	}
}

// A directory of documents, as they are: documents per second on one core, and
// the memory that is in use after each thousand.
func BenchmarkDirectory(b *testing.B) {
	var documents [][]byte
	for name := range models {
		documents = append(documents, []byte(models[name].text))
	}
	for i := range examples() {
		documents = append(documents, []byte(examples()[i].bad.Text))
	}
	documents = append(documents, []byte(largeResource.text()), []byte(largeServer.text()))
	b.ReportAllocs()
	var least, most uint64 = 1 << 62, 0
	n := 0
	for b.Loop() {
		for i := range 10_000 {
			if Bytes("", documents[i%len(documents)]).Err(SeverityRefuse) != nil {
				n++
			}
			if i%1000 == 999 {
				inUse := heapInUse()
				least, most = min(least, inUse), max(most, inUse)
			}
		}
	}
	b.ReportMetric(10_000*float64(b.N)/b.Elapsed().Seconds(), "documents/s")
	b.ReportMetric(float64(least)/1024, "KiB-least")
	b.ReportMetric(float64(most)/1024, "KiB-most")
}

// heapInUse returns the bytes that live after a collection.
func heapInUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// The same fields and tags, without the generated methods.
type (
	plainResource gen.ProtectedResourceMetadata
	plainServer   gen.AuthorizationServerMetadata
)

func benchmarkPlain[T any](b *testing.B, data []byte) {
	b.ReportAllocs()
	for b.Loop() {
		doc := new(T)
		if err := json.Unmarshal(data, doc); err != nil {
			b.Fatal(err)
		}
		if err := tagValidator().Struct(doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCovers(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if Covers("https://mcp.example.com/mcp", "https://mcp.example.com/mcp/tools?x=1") != nil {
			b.Fatal("refused")
		}
	}
}

// Decoding with all rules allocates no more often than encoding/json with
// validator does.
func TestAllocations(t *testing.T) {
	tests := []struct {
		name         string
		rules, plain func()
	}{
		{"resource", rulesOver(t, KindResource, largeResource, "https://mcp.example.com/mcp"), plainOver[plainResource](t, largeResource)},
		{"server", rulesOver(t, KindServer, largeServer, "https://as.example.com"), plainOver[plainServer](t, largeServer)},
	}
	for _, test := range tests {
		rules, plain := testing.AllocsPerRun(50, test.rules), testing.AllocsPerRun(50, test.plain)
		if rules > plain {
			t.Errorf("%s: %v allocations, encoding/json with validator has %v", test.name, rules, plain)
		}
	}
	for want, doc := range map[int]object{1: largeResource, 7: largeServer} {
		if n := len(doc.text()); n < want*1000 || n > want*1200 {
			t.Errorf("the document is %d bytes long, want %d KB", n, want)
		}
	}
}

func rulesOver(t testing.TB, kind Kind, doc object, expected string) func() {
	data := []byte(doc.text())
	return func() {
		if found := Bytes(kind, data, For(expected)); found != nil {
			t.Fatal(found)
		}
	}
}

func plainOver[T any](t testing.TB, doc object) func() {
	data := []byte(doc.text())
	return func() {
		into := new(T)
		if err := json.Unmarshal(data, into); err != nil {
			t.Fatal(err)
		}
		if err := tagValidator().Struct(into); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkRatio alternates both ways in small batches and compares the fastest
// of each, so that other work on the machine does not decide.
func BenchmarkRatio(b *testing.B) {
	b.Run("resource", func(b *testing.B) {
		benchmarkRatio(b, rulesOver(b, KindResource, largeResource, "https://mcp.example.com/mcp"), plainOver[plainResource](b, largeResource))
	})
	b.Run("server", func(b *testing.B) {
		benchmarkRatio(b, rulesOver(b, KindServer, largeServer, "https://as.example.com"), plainOver[plainServer](b, largeServer))
	})
}

func benchmarkRatio(b *testing.B, rules, plain func()) {
	fastest := func(best time.Duration, run func()) time.Duration {
		start := time.Now()
		for range 10 {
			run()
		}
		return min(best, time.Since(start)/10)
	}
	ours, theirs := time.Hour, time.Hour
	for b.Loop() {
		ours, theirs = fastest(ours, rules), fastest(theirs, plain)
	}
	b.ReportMetric(float64(ours.Nanoseconds()), "ns-rules")
	b.ReportMetric(float64(theirs.Nanoseconds()), "ns-plain")
	b.ReportMetric(float64(ours)/float64(theirs), "ratio")
}
