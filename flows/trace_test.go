package flows

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// recorder is a trace that writes down what it is told.
type recorder struct {
	lines   []string
	results []LegResult
}

func (r *recorder) trace() *Trace {
	add := func(format string, args ...any) { r.lines = append(r.lines, fmt.Sprintf(format, args...)) }
	return &Trace{
		LegStart: func(ctx context.Context, i LegInfo) context.Context {
			add("start %s %s %s", i.Operation, i.Method, i.URL)
			return nil
		},
		LegRetry: func(_ context.Context, e LegRetry) { add("retry %d %d %v", e.Attempt, e.StatusCode, e.Err != nil) },
		LegDone: func(_ context.Context, e LegResult) {
			add("done %d %v", e.StatusCode, e.Err != nil)
			r.results = append(r.results, e)
		},
		Decision: func(_ context.Context, d Decision) { add("%s %s %s", d.Step, d.Subject, d.Outcome) },
	}
}

// OBS-1: each leg reports its start, decision and end.
func TestTraceOfLegs(t *testing.T) {
	var failures atomic.Int32
	server, _ := countingServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/flaky" && failures.Add(1) == 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/moved":
			w.Header().Set("Location", "/end?code=s3cret")
			w.WriteHeader(http.StatusFound)
		case r.URL.Path == "/away":
			w.Header().Set("Location", "https://other.example/x?code=s3cret")
			w.WriteHeader(http.StatusFound)
		default:
			fmt.Fprint(w, "{}")
		}
	})
	start := func(operation, method, path string) string {
		return "start " + operation + " " + method + " " + server.URL + path
	}
	tests := []struct {
		operation, url string
		want           []string
		trips          int
	}{
		{"getJWKSet", server.URL + "/?key=s3cret", []string{start("getJWKSet", "GET", "/"), "done 200 false"}, 1},
		{"getJWKSet", server.URL + "/flaky", []string{start("getJWKSet", "GET", "/flaky"), "retry 2 503 false", "done 200 false"}, 2},
		{"getJWKSet", server.URL + "/moved", []string{start("getJWKSet", "GET", "/moved"), "redirect " + server.URL + "/end followed", "done 200 false"}, 2},
		{"getJWKSet", server.URL + "/away", []string{start("getJWKSet", "GET", "/away"), "redirect https://other.example/x refused", "done 0 true"}, 1},
		{"refreshAccessToken", server.URL + "/moved", []string{start("refreshAccessToken", "POST", "/moved"), "redirect " + server.URL + "/end refused", "done 302 false"}, 1},
		{"refreshAccessToken", "http://10.0.0.1/token?key=s3cret", []string{"start refreshAccessToken POST http://10.0.0.1/token", "dial 10.0.0.1 refused", "done 0 true"}, 1},
	}
	for _, tt := range tests {
		r := &recorder{}
		_, _ = send(t, testDoor(t, doorOptions{Trace: r.trace()}), tt.operation, tt.url)
		if !reflect.DeepEqual(r.lines, tt.want) {
			t.Errorf("%s %s\n got %q\nwant %q", tt.operation, tt.url, r.lines, tt.want)
			continue
		}
		if got := r.results[0].RoundTrips; got != tt.trips {
			t.Errorf("%s: %d round trips, want %d", tt.url, got, tt.trips)
		}
		if text := fmt.Sprintf("%+v %+v", r.lines, r.results); strings.Contains(text, "s3cret") {
			t.Errorf("the trace tells secrets: %s", text)
		}
	}
}

// OBS-1: what a report of a leg needs.
func TestTraceResult(t *testing.T) {
	server, _ := countingServer(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"keys":[]}`) })
	r := &recorder{}
	d := testDoor(t, doorOptions{Trace: r.trace()})
	for range 2 {
		if _, err := send(t, d, "getJWKSet", server.URL); err != nil {
			t.Fatal(err)
		}
	}
	first, second := r.results[0], r.results[1]
	addr := server.Listener.Addr().String()
	if first.Connection.Reused || !second.Connection.Reused || second.Connection.RemoteAddr != addr || first.Connection.Proto != "HTTP/1.1" {
		t.Errorf("connections %+v, %+v", first.Connection, second.Connection)
	}
	if first.BodyBytes != 11 || first.Duration <= 0 || first.Attempts != 1 || first.Limit != defaultLimit {
		t.Errorf("result %+v", first)
	}
	// An answer that nobody reads ends with Close, once.
	res, err := d.Do(operationRequest(t, "getJWKSet", server.URL))
	if err != nil || len(r.results) != 2 {
		t.Fatalf("%v, %d results", err, len(r.results))
	}
	res.Body.Close()
	res.Body.Close()
	if len(r.results) != 3 {
		t.Errorf("%d results", len(r.results))
	}
}

// OBS-1: a span that LegStart opens is found by the other hooks and the transport.
func TestTraceContext(t *testing.T) {
	type span struct{}
	var ended, carried any
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		carried = r.Context().Value(span{})
		return nil, errors.New("broken")
	})
	trace := &Trace{
		LegStart: func(ctx context.Context, _ LegInfo) context.Context { return context.WithValue(ctx, span{}, "s1") },
		LegDone:  func(ctx context.Context, _ LegResult) { ended = ctx.Value(span{}) },
	}
	_, _ = send(t, testDoor(t, doorOptions{Trace: trace, HTTP: &http.Client{Transport: rt}}), "getJWKSet", "https://as.example.com")
	if ended != "s1" || carried != "s1" {
		t.Errorf("LegDone saw %v, the transport %v", ended, carried)
	}
}

// OBS-1, STORE-4, SEC-5
func TestWithTrace(t *testing.T) {
	var a, b, c recorder
	outer, inner := a.trace(), b.trace()
	ctx := WithTrace(WithTrace(WithTrace(WithTrace(t.Context(), outer), inner), inner), nil)
	c.trace().decided(ctx, "step", "https://u:pw@h.example/p?code=x#f", "used", "line\nbreak\x1b[31m")
	outer.decided(ctx, "step", "://?code=x", "again", strings.Repeat("x", 10_000))
	var none *Trace
	none.decided(ctx, "step", "issuer", "used", "")
	none.decided(context.Background(), "step", "issuer", "unseen", "")
	(&Trace{}).decided(context.Background(), "step", "issuer", "unseen", "")
	want := []string{"step https://h.example/p used", "step :// again", "step issuer used"}
	if !reflect.DeepEqual(a.lines, want) || !reflect.DeepEqual(b.lines, want) || len(c.lines) != 1 {
		t.Errorf("outer %q, inner %q, own %q", a.lines, b.lines, c.lines)
	}
	var reason string
	one := &Trace{Decision: func(_ context.Context, d Decision) { reason = d.Reason }}
	one.decided(t.Context(), "s", "s", "o", "a\x1b[31m"+strings.Repeat("y", 10_000))
	if strings.Contains(reason, "\x1b") || len(reason) > 300 {
		t.Errorf("reason %q", reason)
	}
}

// OBS-1: a nil trace and empty hooks cost nothing and break nothing.
func TestNoTrace(t *testing.T) {
	server, _ := countingServer(t, nil)
	for _, trace := range []*Trace{nil, {}} {
		res, err := send(t, testDoor(t, doorOptions{Trace: trace, Timeout: time.Minute}), "revokeToken", server.URL)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Error(err)
		}
	}
}
