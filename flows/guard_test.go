package flows

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

// SEC-2
func TestClassOf(t *testing.T) {
	tests := map[addressClass]string{
		classPublic:      "8.8.8.8 1.1.1.1 172.15.255.255 172.32.0.1 100.63.255.255 100.128.0.1 192.0.1.1 198.20.0.1 223.255.255.255 2606:4700::1111 64:ff9b::8.8.8.8 2002:808:808::1 2001:4860::8888 ::ffff:8.8.8.8",
		classLoopback:    "127.0.0.1 127.255.255.254 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1::",
		classPrivate:     "10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fc00::1 fdff::1 fec0::1 ::ffff:10.1.2.3 64:ff9b::a00:1 2002:c0a8:101::1 2606:4700::5efe:10.0.0.1 2606:4700::200:5efe:10.0.0.1",
		classShared:      "100.64.0.1 100.127.255.254 ::ffff:100.64.0.1",
		classBenchmark:   "198.18.0.1 198.19.255.255",
		classLinkLocal:   "169.254.0.1 fe80::1 fe80::1%eth0 fe80::5efe:10.0.0.1 ::ffff:169.254.1.1 64:ff9b::169.254.1.1",
		classMetadata:    "169.254.169.254 169.254.170.2 100.100.100.200 192.0.0.192 168.63.129.16 fd00:ec2::254 fd20:ce::254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe 2002:a9fe:a9fe::",
		classMulticast:   "224.0.0.1 239.255.255.255 ff02::1",
		classUnspecified: "0.0.0.0 :: ::ffff:0.0.0.0 64:ff9b::",
		classReserved:    "0.1.2.3 192.0.0.1 192.0.2.1 192.88.99.1 198.51.100.1 203.0.113.1 240.0.0.1 255.255.255.255 2001::1 2001:db8::1 3fff::1 100::1 64:ff9b:1::1 ::8.8.8.8 4000::1",
	}
	for class, addresses := range tests {
		for address := range strings.FieldsSeq(addresses) {
			if got := classOf(netip.MustParseAddr(address)); got != class {
				t.Errorf("%s is %s, want %s", address, got, class)
			}
		}
	}
	if classOf(netip.Addr{}) != classReserved {
		t.Error("no address is permitted")
	}
}

// SEC-2
func TestClassOfHost(t *testing.T) {
	for host, want := range map[string]addressClass{
		"localhost": classLoopback, "LOCALHOST.": classLoopback, "a.localhost": classLoopback, "127.0.0.1": classLoopback, "::1": classLoopback,
		"metadata.google.internal": classMetadata, "169.254.169.254": classMetadata, "10.0.0.1": classPrivate, "8.8.8.8": classPublic,
		"2130706433": classReserved, "127.1": classReserved, "0x7f.1": classReserved, "0x7f000001": classReserved, "0177.0.0.1": classReserved, "1.2.3.4.5": classReserved, "a.0x": classReserved,
	} {
		if got, ok := classOfHost(host); !ok || got != want {
			t.Errorf("%s: %s %v, want %s", host, got, ok, want)
		}
	}
	for _, host := range []string{"example.com", "localhost.example.com", "1.example", "x1", "0x7f.example"} {
		if _, ok := classOfHost(host); ok {
			t.Errorf("%s has a class without a look-up", host)
		}
	}
}

// SEC-2
func TestGuardPolicy(t *testing.T) {
	prefixes := func(list ...string) (out []netip.Prefix) {
		for _, p := range list {
			out = append(out, netip.MustParsePrefix(p))
		}
		return out
	}
	tests := []struct {
		name            string
		policy          guardPolicy
		permits, denies string
	}{
		{"public resource", guardPolicy{}, "8.8.8.8", "127.0.0.1 10.0.0.1 100.64.0.1 198.18.0.1 169.254.169.254 fe80::1 0.0.0.0 224.0.0.1"},
		{"loopback resource", guardPolicy{class: classLoopback}, "8.8.8.8 127.0.0.1 ::1", "10.0.0.1 100.64.0.1 169.254.169.254"},
		{"private resource", guardPolicy{class: classPrivate}, "10.0.0.1 fd01::1 192.168.0.1", "127.0.0.1 100.64.0.1 fd00:ec2::254"},
		{"link-local resource", guardPolicy{class: classLinkLocal}, "8.8.8.8", "169.254.1.1 fe80::1 169.254.169.254"},
		{"metadata resource", guardPolicy{class: classMetadata}, "8.8.8.8", "169.254.169.254"},
		{"private networks", guardPolicy{private: true}, "127.0.0.1 10.0.0.1 100.64.0.1 198.18.0.1", "169.254.1.1 169.254.169.254 100.100.100.200 fd00:ec2::254 0.0.0.0 224.0.0.1 240.0.0.1"},
		{"a network", guardPolicy{networks: prefixes("10.1.0.0/16", "169.254.0.0/16")}, "10.1.2.3 ::ffff:10.1.2.3 169.254.7.7", "10.2.0.1 169.254.169.254"},
		{"every network", guardPolicy{networks: prefixes("0.0.0.0/0", "::/0")}, "10.1.2.3 127.0.0.1 fe80::1 240.0.0.1", "169.254.169.254 fd00:ec2::254"},
		{"a metadata address by itself", guardPolicy{networks: prefixes("169.254.169.254/32")}, "169.254.169.254", "169.254.170.2"},
	}
	for _, tt := range tests {
		for address := range strings.FieldsSeq(tt.permits) {
			if err := tt.policy.check("h", netip.MustParseAddr(address)); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		for address := range strings.FieldsSeq(tt.denies) {
			var refusal *GuardError
			if err := tt.policy.check("h", netip.MustParseAddr(address)); !errors.As(err, &refusal) || refusal.Class == "" {
				t.Errorf("%s: %s: %v", tt.name, address, err)
			}
		}
	}
}

// SEC-2: a name that looks public and resolves to this machine.
func TestGuardDialerJudgesTheResolvedAddress(t *testing.T) {
	server, hits := countingServer(t, nil)
	dialer := &GuardDialer{Dialer: &net.Dialer{Resolver: resolverTo(t, netip.MustParseAddr("127.0.0.1"))}}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}}
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	_, err := client.Get("http://as.example.com:" + port)
	var refusal *GuardError
	if !errors.As(err, &refusal) || refusal.Host != "as.example.com" || refusal.Addr != netip.MustParseAddr("127.0.0.1") || refusal.Class != "loopback" {
		t.Errorf("error %v", err)
	}
	if hits.Load() != 0 {
		t.Error("the request was sent")
	}
	dialer.AllowNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	res, err := client.Get("http://as.example.com:" + port)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

// SEC-2, HTTP-4: a dialer of the caller connects first; not a byte goes out.
func TestGuardJudgesTheCallersDialer(t *testing.T) {
	server, hits := countingServer(t, nil)
	transport := &http.Transport{DialContext: dialAlways(server)}
	d := testDoor(t, doorOptions{HTTP: &http.Client{Transport: transport}})
	for _, resource := range []string{"", "https://mcp.example.com/mcp", "http://10.0.0.1/mcp", "http://169.254.1.1/"} {
		_, err := get(withResource(t.Context(), resource), t, d, "http://as.example.com/metadata")
		if _, ok := errors.AsType[*GuardError](err); !ok {
			t.Errorf("resource %q: %v", resource, err)
		}
	}
	if hits.Load() != 0 {
		t.Errorf("%d requests arrived", hits.Load())
	}
	// A resource of the same class permits it.
	res, err := get(withResource(t.Context(), "http://localhost/mcp"), t, d, "http://as.example.com/metadata")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(err)
	}
	// The connection that this leg left idle serves no leg of a public resource.
	var refusal *GuardError
	if _, err := get(withResource(t.Context(), "https://mcp.example.com/"), t, d, "http://as.example.com/metadata"); !errors.As(err, &refusal) {
		t.Errorf("a public resource uses the idle connection: %v", err)
	}
	if transport.DialContext == nil || transport.MaxResponseHeaderBytes != 0 {
		t.Error("the caller's transport was changed")
	}
}

// SEC-2: the resource's owner cannot open the private network by DNS alone.
func TestGuardLocatesTheResource(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	transport := server.Client().Transport.(*http.Transport).Clone()
	transport.DialContext = dialAlways(server) // all names are at 127.0.0.1, says DNS
	d := testDoor(t, doorOptions{HTTP: &http.Client{Transport: transport}})

	// The test server's certificate is for *.example.com.
	ctx := withResource(t.Context(), "https://mcp.example.com/mcp")
	if _, err := get(ctx, t, d, "https://as.example.com/metadata"); err != nil {
		t.Errorf("resource and server on this machine: %v", err)
	}
	if resourceFrom(ctx).known() != classLoopback {
		t.Error("what was found out is forgotten")
	}
	ctx = withResource(t.Context(), "https://evil.test/mcp")
	var refusal *GuardError
	if _, err := get(ctx, t, d, "https://as.example.com/metadata"); !errors.As(err, &refusal) {
		t.Errorf("a resource without a valid certificate opens the loopback: %v", err)
	}
}

// SEC-2, HTTP-4: a proxy may be anywhere; what it is asked for may not.
func TestGuardAndProxies(t *testing.T) {
	var asked atomic.Value
	proxy, hits := countingServer(t, func(_ http.ResponseWriter, r *http.Request) { asked.Store(r.URL.String()) })
	proxyURL, _ := url.Parse(proxy.URL)
	d := testDoor(t, doorOptions{HTTP: &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxyURL)}}})
	ctx := withResource(t.Context(), "https://mcp.example.com/mcp")
	if _, err := get(ctx, t, d, "http://as.example.com/metadata"); err != nil || asked.Load() != "http://as.example.com/metadata" {
		t.Fatalf("proxied: %v, asked %v", err, asked.Load())
	}
	for _, target := range []string{"http://10.0.0.1/", "http://localhost/", "http://2130706433/", "http://[::1]/", "http://metadata.google.internal/"} {
		var refusal *GuardError
		if _, err := get(ctx, t, d, target); !errors.As(err, &refusal) {
			t.Errorf("%s: %v", target, err)
		}
	}
	// The proxy is where the caller's own dial function finds it.
	byHand := &http.Transport{Proxy: http.ProxyURL(proxyURL), DialContext: dialAlways(proxy)}
	if _, err := get(ctx, t, testDoor(t, doorOptions{HTTP: &http.Client{Transport: byHand}}), "http://as.example.com/metadata"); err != nil {
		t.Errorf("with a dialer: %v", err)
	}
	if hits.Load() != 2 {
		t.Errorf("%d requests arrived at the proxy", hits.Load())
	}
}

// SEC-2, HTTP-4
func TestGuardAndOtherRoundTrippers(t *testing.T) {
	var asked []string
	rt := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Host)
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("{}")), Header: http.Header{}, Request: r}, nil
	})
	d := testDoor(t, doorOptions{HTTP: &http.Client{Transport: rt}})
	if _, err := get(withResource(t.Context(), "https://mcp.example.com"), t, d, "https://as.example.com/x"); err != nil {
		t.Error(err)
	}
	if _, err := get(withResource(t.Context(), "http://127.0.0.1:1/mcp"), t, d, "http://localhost:2/x"); err != nil {
		t.Error(err)
	}
	var refusal *GuardError
	if _, err := get(withResource(t.Context(), "https://mcp.example.com"), t, d, "https://192.168.0.1/x?secret=1"); !errors.As(err, &refusal) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if strings.Join(asked, " ") != "as.example.com localhost:2" {
		t.Errorf("asked %v", asked)
	}
}

// HTTP-4: HTTP/2, limits and time-outs are as the caller's transport has them.
func TestGuardKeepsTheTransport(t *testing.T) {
	if base := newGuardTransport(&http.Transport{}, guardPolicy{}).base; !base.ForceAttemptHTTP2 {
		t.Error("the dial function of the guard turns HTTP/2 off")
	}
	off := &http.Transport{TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{}, MaxResponseHeaderBytes: 7, IdleConnTimeout: 8}
	if base := newGuardTransport(off, guardPolicy{}).base; base.ForceAttemptHTTP2 || base.TLSNextProto == nil || base.MaxResponseHeaderBytes != 7 || base.IdleConnTimeout != 8 {
		t.Errorf("transport %+v", base)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	res, err := get(onLoopback(t.Context()), t, testDoor(t, doorOptions{HTTP: server.Client()}), server.URL)
	if err != nil || res.ProtoMajor != 2 {
		t.Errorf("response %v, error %v", res, err)
	}
}

// SEC-2
func TestDoorAllowsNetworks(t *testing.T) {
	server, _ := countingServer(t, nil)
	ctx := withResource(t.Context(), "https://8.8.8.8/mcp") // no look-up
	for _, opts := range []doorOptions{{AllowPrivateNetworks: true}, {AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}} {
		if _, err := get(ctx, t, testDoor(t, opts), server.URL); err != nil {
			t.Error(err)
		}
	}
	var refusal *GuardError
	if _, err := get(ctx, t, testDoor(t, doorOptions{}), server.URL); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "AllowPrivateNetworks") {
		t.Error(err)
	}
}

// SEC-2
func TestWithResource(t *testing.T) {
	ctx := WithResource(t.Context(), "http://127.0.0.1/mcp")
	if resourceFrom(ctx).known() != classLoopback || withResource(ctx, "http://127.0.0.1/mcp") != ctx {
		t.Error("the resource is not kept")
	}
	for _, other := range []string{"https://mcp.example.com", "://", ""} {
		if resourceFrom(withResource(ctx, other)).known() != classPublic {
			t.Errorf("%q inherits the outer resource's class", other)
		}
	}
}

// resolverTo answers every question for an IPv4 address with addr.
func resolverTo(t *testing.T, addr netip.Addr) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe() // a stream: messages have their length before them
		t.Cleanup(func() { server.Close() })
		go func() {
			for {
				var size [2]byte
				if _, err := io.ReadFull(server, size[:]); err != nil {
					return
				}
				question := make([]byte, binary.BigEndian.Uint16(size[:]))
				if _, err := io.ReadFull(server, question); err != nil {
					return
				}
				answer := dnsAnswer(question, addr)
				_, _ = server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...))
			}
		}()
		return client, nil
	}}
}

func dnsAnswer(question []byte, addr netip.Addr) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the root label, type and class
	isA := binary.BigEndian.Uint16(question[end-4:]) == 1
	answer := append([]byte{}, question[:2]...)
	answer = append(answer, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0)
	answer = append(answer, question[12:end]...)
	if isA {
		answer[7] = 1
		answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		answer = append(answer, addr.AsSlice()...)
	}
	return answer
}
