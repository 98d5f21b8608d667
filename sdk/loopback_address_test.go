package sdk

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// REG-11: which redirect URI an attempt has. %d is a free port, %t one that is taken, and ? any other.
func TestLoopbackRedirectURI(t *testing.T) {
	for name, c := range map[string]struct {
		loopback   Loopback
		registered []string
		want       string
	}{
		"zero value":               {Loopback{}, nil, "http://127.0.0.1:?/callback"},
		"registered":               {Loopback{}, []string{"http://127.0.0.1:%d/callback"}, "http://127.0.0.1:%d/callback"},
		"registered, other shape":  {Loopback{}, []string{"http://localhost:%d/a/b%%20c"}, "http://localhost:%d/a/b%%20c"},
		"bytes are kept":           {Loopback{}, []string{"http://LOCALHOST:%d"}, "http://LOCALHOST:%d"},
		"taken":                    {Loopback{}, []string{"http://127.0.0.1:%t/cb"}, "http://127.0.0.1:?/cb"},
		"first taken, second free": {Loopback{}, []string{"http://127.0.0.1:%t/cb", "http://127.0.0.1:%d/cb"}, "http://127.0.0.1:%d/cb"},
		"no port registered":       {Loopback{}, []string{"http://127.0.0.1/cb"}, "http://127.0.0.1:?/cb"},
		"not for this machine":     {Loopback{}, []string{"https://app.example/cb", "http://127.0.0.2:%d/cb", "com.example:/cb"}, "http://127.0.0.1:?/callback"},
		"query, fragment, user": {Loopback{}, []string{"http://127.0.0.1:%d/cb?a=b", "http://127.0.0.1:%d/cb?", "http://127.0.0.1:%d/cb#a",
			"http://u@127.0.0.1:%d/cb"}, "http://127.0.0.1:?/callback"},
		"garbage":                    {Loopback{}, []string{"", "::", "http://127.0.0.1:99999/cb", "http://127.0.0.1:0/cb"}, "http://127.0.0.1:?/callback"},
		"host agrees":                {Loopback{Host: "localhost"}, []string{"http://127.0.0.1:%d/a", "http://localhost:%d/b"}, "http://localhost:%d/b"},
		"host differs":               {Loopback{Host: "localhost"}, []string{"http://127.0.0.1:%d/a"}, "http://localhost:?/callback"},
		"path differs":               {Loopback{Path: "/mine"}, []string{"http://127.0.0.1:%d/a"}, "http://127.0.0.1:?/mine"},
		"host set, path registered":  {Loopback{Host: "127.0.0.1"}, []string{"http://127.0.0.1:%d/a"}, "http://127.0.0.1:%d/a"},
		"https first":                {Loopback{}, []string{"https://app.example/cb", "http://localhost:%d/cb"}, "http://localhost:%d/cb"},
		"localhost":                  {Loopback{Host: "localhost"}, nil, "http://localhost:?/callback"},
		"path needs to be escaped":   {Loopback{Path: "/a%20b"}, nil, "http://127.0.0.1:?/a%%20b"},
		"registered for another use": {Loopback{Path: "/a"}, []string{"http://127.0.0.1:%t/a"}, "http://127.0.0.1:?/a"},
	} {
		t.Run(name, func(t *testing.T) {
			taken := strconv.Itoa(portOf(occupy(t, 0)))
			for {
				free := freePort(t)
				fill := strings.NewReplacer("%d", strconv.Itoa(free), "%t", taken, "%%", "%")
				var registered []string
				for _, uri := range c.registered {
					registered = append(registered, fill.Replace(uri))
				}
				attempt := prepare(t, &c.loopback, registered...)
				got, want := attempt.RedirectURI(), fill.Replace(c.want)
				_ = attempt.Close()
				if strings.Contains(want, "?") {
					u, err := url.Parse(got)
					if err != nil || u.Port() == "" || u.Port() == taken {
						t.Fatalf("RedirectURI() = %q", got)
					}
					want = strings.Replace(want, "?", u.Port(), 1)
				}
				if got == want {
					return
				}
				if isFree(t, free) {
					t.Fatalf("RedirectURI() = %q, want %q", got, want)
				}
				// Another program has taken the port meanwhile.
			}
		})
	}
}

// A fixed port is that port or an error.
func TestLoopbackFixedPort(t *testing.T) {
	port := freePort(t)
	l := &Loopback{Port: port}
	first := prepare(t, l, fmt.Sprintf("http://127.0.0.1:%d/callback", freePort(t)))
	if want := fmt.Sprintf("http://127.0.0.1:%d/callback", port); first.RedirectURI() != want {
		t.Errorf("RedirectURI() = %q, want %q", first.RedirectURI(), want)
	}
	if attempt, err := l.Prepare(t.Context(), nil); err == nil {
		t.Errorf("a taken port: %q and no error", attempt.RedirectURI())
	}
	_ = first.Close()
	if got := prepare(t, l, fmt.Sprintf("http://127.0.0.1:%d/registered", port)).RedirectURI(); !strings.HasSuffix(got, "/registered") {
		t.Errorf("RedirectURI() = %q, want the registered one", got)
	}
}

func TestLoopbackRefusesConfig(t *testing.T) {
	for _, l := range []Loopback{
		{Host: "0.0.0.0"}, {Host: "192.0.2.1"}, {Host: "example.com"}, {Host: "127.0.0.2"}, {Host: "LOCALHOST.evil.example"},
		{Port: -1}, {Port: 65536},
		{Path: "callback"}, {Path: "/a?b"}, {Path: "/a#b"}, {Path: "/a b"}, {Path: "/a%zz"}, {Path: "/é"},
	} {
		if attempt, err := l.Prepare(t.Context(), nil); err == nil {
			t.Errorf("%+v: %q and no error", l, attempt.RedirectURI())
			_ = attempt.Close()
		}
	}
}

// AUTHZ-9: no other machine reaches the listener.
func TestLoopbackBindsLoopbackOnly(t *testing.T) {
	for _, host := range []string{"", "127.0.0.1", "localhost", "::1", "[::1]"} {
		l := &Loopback{Host: host}
		if strings.Contains(host, "::1") && !hasAddress(t.Context(), "::1") {
			t.Logf("this machine has no ::1: host %s is not tested", host)
			continue
		}
		attempt, ok := prepare(t, l).(*loopbackAttempt)
		if !ok {
			t.Fatal("not a loopback attempt")
		}
		for _, listener := range attempt.bound.listeners {
			address, ok := listener.Addr().(*net.TCPAddr)
			if !ok || !address.IP.IsLoopback() {
				t.Errorf("host %q listens at %v", host, listener.Addr())
			}
		}
	}
}

// For localhost the port is ours on both addresses: a browser may try either.
func TestLoopbackLocalhostBindsBoth(t *testing.T) {
	if !hasAddress(t.Context(), "::1") || !hasAddress(t.Context(), "127.0.0.1") {
		t.Skip("this machine has only one of 127.0.0.1 and ::1")
	}
	attempt := prepare(t, &Loopback{Host: "localhost"})
	u, err := url.Parse(attempt.RedirectURI())
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	for _, address := range []string{"127.0.0.1", "::1"} {
		if listener, err := listenAt(t.Context(), address, port); err == nil {
			t.Errorf("another program can have %v", listener.Addr())
			_ = listener.Close()
		}
	}
	other, err := listenAt(t.Context(), "::1", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if attempt, err := (&Loopback{Host: "localhost", Port: portOf(other)}).Prepare(t.Context(), nil); err == nil {
		t.Errorf("%s is half another program's", attempt.RedirectURI())
		_ = attempt.Close()
	}
}

func TestLoopbackHostHeader(t *testing.T) {
	for _, c := range []struct {
		host string
		port int
		got  string
		want bool
	}{
		{"127.0.0.1", 80, "127.0.0.1", true},
		{"127.0.0.1", 80, "127.0.0.1:80", true},
		{"127.0.0.1", 81, "127.0.0.1", false},
		{"::1", 3000, "[::1]:3000", true},
		{"::1", 3000, "::1:3000", false},
		{"localhost", 3000, "LocalHost:3000", true},
		{"localhost", 3000, "localhost.:3000", false},
		{"localhost", 3000, "", false},
	} {
		bound := &loopbackBound{loopbackAddress: loopbackAddress{host: c.host, port: c.port}}
		if got := bound.serves(c.got); got != c.want {
			t.Errorf("%s:%d serves %q = %v, want %v", c.host, c.port, c.got, got, c.want)
		}
	}
}
