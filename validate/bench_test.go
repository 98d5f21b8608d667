// Benchmarks: decoding with all rules, against encoding/json with validator.

package validate

import (
	"encoding/json"
	"testing"

	"github.com/mcpoauth/mcpoauth/gen"
)

func BenchmarkResource(b *testing.B) {
	data := []byte(goodResource.text())
	b.Run("rules", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var report gen.Report
			doc, err := Decode[gen.ProtectedResourceMetadata](data, &report)
			if err != nil || ProtectedResource(doc, "https://mcp.example.com/mcp", WithReport(report), WithSource(data)) != nil {
				b.Fatal("not conforming")
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) { benchmarkPlain[plainResource](b, data) })
}

func BenchmarkServer(b *testing.B) {
	data := []byte(goodServer.text())
	b.Run("rules", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var report gen.Report
			doc, err := Decode[gen.AuthorizationServerMetadata](data, &report)
			if err != nil || AuthorizationServer(doc, "https://as.example.com", WithReport(report), WithSource(data)) != nil {
				b.Fatal("not conforming")
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) { benchmarkPlain[plainServer](b, data) })
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
