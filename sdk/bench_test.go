// The cost of a request that holds a valid token.

package sdk_test

import (
	"net/http"
	"testing"

	"github.com/mcpoauth/mcpoauth/flows/flowstest"
	"github.com/mcpoauth/mcpoauth/sdk"
)

// nothing is a base transport that costs nothing, so that what is measured is
// what the Transport adds.
type nothing struct{ response *http.Response }

func (n nothing) RoundTrip(*http.Request) (*http.Response, error) { return n.response, nil }

// loggedIn returns a transport with a valid token over a base that costs nothing.
func loggedIn(tb testing.TB) (*sdk.Transport, *http.Request) {
	tb.Helper()
	as := flowstest.NewAuthorizationServer(flowstest.ServerConfig{})
	tb.Cleanup(as.Close)
	rs := flowstest.NewResource(flowstest.ResourceConfig{Path: "/mcp", AuthorizationServers: []*flowstest.AuthorizationServer{as}})
	tb.Cleanup(rs.Close)
	auth, err := sdk.New(sdk.Config{Resource: rs.URL(), Authorizer: &human{browse: as.Authorize}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = auth.Close() })
	if err := auth.Login(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, rs.URL(), http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range []string{"Accept", "Content-Type", "Mcp-Protocol-Version", "Mcp-Session-Id", "User-Agent"} {
		req.Header.Set(name, "x")
	}
	return &sdk.Transport{Client: auth, Base: nothing{&http.Response{StatusCode: 200, Body: http.NoBody}}}, req
}

// A valid token costs at most 3 allocations over the base transport. Bytes are
// shown by BenchmarkRoundTrip: at most 720.
func TestRoundTripAllocations(t *testing.T) {
	transport, req := loggedIn(t)
	if n := testing.AllocsPerRun(100, func() {
		if _, err := transport.RoundTrip(req); err != nil {
			t.Fatal(err)
		}
	}); n > 3 {
		t.Errorf("%v allocations, want at most 3", n)
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	transport, req := loggedIn(b)
	b.Run("base", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = transport.Base.RoundTrip(req)
		}
	})
	b.Run("authorized", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = transport.RoundTrip(req)
		}
	})
	b.Run("authorized parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = transport.RoundTrip(req)
			}
		})
	})
}
