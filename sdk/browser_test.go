package sdk

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// refusedURLs are what no browser gets from us.
var refusedURLs = []string{
	"", "authorize", "//as.example/authorize", "http://as.example/authorize", "javascript:alert(1)", "file:///etc/passwd",
	"data:text/html,x", "vscode://x", "-x", "--help", "https:as.example", "https://", "https://user:secret@as.example/",
	"https://as.example/\x1b]0;title\x07", "https://as.example/a b", "https://as.example/\n", "https://as.example/é",
	"https://as.example/\"", "https://as.example/`id`", "http://localhost.evil.example/", "http://127.0.0.1.evil.example/",
}

// AUTHZ-10
func TestCheckBrowserURL(t *testing.T) {
	for _, raw := range refusedURLs {
		err := checkBrowserURL(raw)
		if err == nil {
			t.Errorf("%q is taken", raw)
			continue
		}
		if strings.Contains(err.Error(), "secret") || strings.ContainsAny(err.Error(), "\x1b\a\n") {
			t.Errorf("error %q", err)
		}
	}
	for _, raw := range []string{"https://as.example/authorize?a=b&c=%20", "http://127.0.0.1:8080/a", "http://localhost/a", "http://[::1]:1/"} {
		if err := checkBrowserURL(raw); err != nil {
			t.Errorf("%q: %v", raw, err)
		}
	}
}

func TestBrowserCommand(t *testing.T) {
	const raw = "https://as.example/?a=b&c=d"
	for _, c := range []struct {
		system string
		env    map[string]string
		want   []string
	}{
		{"linux", map[string]string{"DISPLAY": ":0"}, []string{"xdg-open", raw}},
		{"linux", map[string]string{"WAYLAND_DISPLAY": "wayland-0"}, []string{"xdg-open", raw}},
		{"freebsd", map[string]string{"BROWSER": "w3m"}, []string{"xdg-open", raw}},
		{"linux", nil, nil},
		{"darwin", nil, []string{"/usr/bin/open", raw}},
		{"windows", map[string]string{"SystemRoot": `D:\Win`}, []string{`D:\Win\System32\rundll32.exe`, "url.dll,FileProtocolHandler", raw}},
		{"windows", nil, []string{`C:\Windows\System32\rundll32.exe`, "url.dll,FileProtocolHandler", raw}},
		{"js", nil, nil},
	} {
		got, err := browserCommand(c.system, func(name string) string { return c.env[name] }, raw)
		if !slices.Equal(got, c.want) || (err != nil) != (c.want == nil) || err != nil && !errors.Is(err, ErrNoBrowser) {
			t.Errorf("%s %v: %q, error %v, want %q", c.system, c.env, got, err, c.want)
		}
	}
}

// AUTHZ-10: no shell sees the URL.
func TestOpenBrowserWithoutShell(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a program that stands in for xdg-open")
	}
	directory := t.TempDir()
	opened := filepath.Join(directory, "opened")
	script := "#!/bin/sh\nprintf '%s|' \"$@\" > " + opened + "\n"
	if err := os.WriteFile(filepath.Join(directory, "xdg-open"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory)
	t.Setenv("BROWSER", "any")
	const raw = "https://as.example/a;id?a=$(id)&b=';touch+x;'&c=*&d=!&e=%0A"
	if err := openBrowser(t.Context(), raw); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(opened); err != nil || string(got) != raw+"|" {
		t.Errorf("opened %q, error %v, want %q", got, err, raw+"|")
	}
	if err := openBrowser(t.Context(), "file:///etc/passwd"); err == nil {
		t.Error("a file is opened")
	}
}

func TestLaunch(t *testing.T) {
	for _, program := range []string{"true", "false", "sleep"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	if err := launch(t.Context(), []string{"true"}); err != nil {
		t.Error(err)
	}
	if err := launch(t.Context(), []string{"false"}); !errors.Is(err, ErrNoBrowser) {
		t.Errorf("a launcher that says no: error %v", err)
	}
	if err := launch(t.Context(), []string{"no-such-program-of-ours"}); !errors.Is(err, ErrNoBrowser) {
		t.Errorf("no launcher: error %v", err)
	}
	// A launcher that lasts as long as the browser is left alone.
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := launch(ctx, []string{"sleep", "5"}); err != nil || time.Since(start) > 4*time.Second {
		t.Errorf("a launcher that lasts: error %v after %v", err, time.Since(start))
	}
}
