// The real keyring: gnome-keyring on a bus of its own.

package keyringstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mcpoauth/mcpoauth/sdk"
	"github.com/mcpoauth/mcpoauth/sdk/storetest"
	"github.com/zalando/go-keyring"
)

const realRole = "MCPOAUTH_TEST_KEYRING"

// TestRealChild is the program of the processes below: they have a keyring that is no mock, or none.
func TestRealChild(t *testing.T) {
	path := os.Getenv("MCPOAUTH_TEST_DIRECTORY")
	switch os.Getenv(realRole) {
	case "await":
		for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			_, err := keyring.Get("mcpoauth test", "nobody")
			if errors.Is(err, keyring.ErrNotFound) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
	case "write":
		put(t, open(t, path), strings.Repeat("written by another process ", 1000))
	case "read":
		want(t, open(t, path), strings.Repeat("written by another process ", 1000))
	case "conform":
		storetest.RunShared(t, func(t *testing.T) (sdk.Store, sdk.Store) {
			path := t.TempDir()
			return open(t, path), open(t, path)
		})
	case "without":
		var unavailable *UnavailableError
		if _, err := Open(t.Context(), Config{Directory: path}); !errors.As(err, &unavailable) {
			t.Errorf("Open: error %v, want an *UnavailableError", err)
		}
	case "hung":
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := Open(ctx, Config{Directory: path}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open: error %v, want context.DeadlineExceeded", err)
		}
	default:
		t.Skip("runs only as the child of another test")
	}
}

// STORE-2: a key that one process puts into gnome-keyring opens the records for the next.
func TestRealKeyring(t *testing.T) {
	env := startKeyring(t)
	path := t.TempDir()
	for _, role := range []string{"write", "read", "conform"} {
		runChild(t, role, path, env)
	}
}

// STORE-2: no bus at all, and a bus without a keyring.
func TestRealWithoutDaemon(t *testing.T) {
	runChild(t, "without", t.TempDir(), []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + t.TempDir() + "/none"})
	t.Run("bus only", func(t *testing.T) {
		home := t.TempDir()
		runChild(t, "without", t.TempDir(), []string{"DBUS_SESSION_BUS_ADDRESS=" + startBus(t, home)})
	})
}

// REF-4: a keyring that never answers is not waited for longer than the context says.
func TestRealHungDaemon(t *testing.T) {
	listener := filepath.Join(t.TempDir(), "bus")
	listen(t, listener)
	runChild(t, "hung", t.TempDir(), []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=" + listener})
}

func runChild(t *testing.T, role, path string, env []string) {
	t.Helper()
	if out, err := child(t, role, path, env); err != nil {
		t.Errorf("%s: %v\n%s", role, err, out)
	}
}

func child(t *testing.T, role, path string, env []string) ([]byte, error) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "-test.run=^TestRealChild$", "-test.v")
	command.Env = append(os.Environ(), realRole+"="+role, "MCPOAUTH_TEST_DIRECTORY="+path, "GORACE=atexit_sleep_ms=0")
	command.Env = append(command.Env, env...)
	return command.CombinedOutput()
}

// startKeyring starts gnome-keyring with an unlocked keyring of its own, or skips. The user's is not touched: the bus,
// the home and the runtime directory are the test's.
func startKeyring(t *testing.T) []string {
	t.Helper()
	program, err := exec.LookPath("gnome-keyring-daemon")
	if err != nil {
		t.Skip("gnome-keyring-daemon is not installed (Debian: gnome-keyring)")
	}
	home := t.TempDir()
	env := []string{
		"DBUS_SESSION_BUS_ADDRESS=" + startBus(t, home), "HOME=" + home,
		"XDG_DATA_HOME=" + home, "XDG_RUNTIME_DIR=" + home, "XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home,
	}
	command := exec.CommandContext(t.Context(), program, "--foreground", "--unlock", "--components=secrets")
	command.Env = append(os.Environ(), env...)
	command.Stdin = strings.NewReader("the password of a test")
	if err := command.Start(); err != nil {
		t.Skipf("gnome-keyring does not start here: %v", err)
	}
	t.Cleanup(func() { stopProcess(command) })
	if out, err := child(t, "await", home, env); err != nil {
		t.Skipf("gnome-keyring does not run here: %v\n%s", err, out)
	}
	return env
}

// startBus starts a message bus, or skips, and returns its address.
func startBus(t *testing.T, home string) string {
	t.Helper()
	program, err := exec.LookPath("dbus-daemon")
	if err != nil {
		t.Skip("dbus-daemon is not installed (Debian: dbus)")
	}
	config := filepath.Join(home, "bus.conf")
	// No service directory: the bus starts nothing by itself, such as the system's keyring.
	content := fmt.Sprintf(`<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>`+
		`<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>`+
		`</busconfig>`, home)
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "--config-file="+config, "--nofork", "--print-address")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Skipf("dbus-daemon does not start here: %v", err)
	}
	t.Cleanup(func() { stopProcess(command) })
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Skip("dbus-daemon does not run here")
	}
	return lines.Text()
}

func stopProcess(command *exec.Cmd) {
	_ = command.Process.Kill()
	_ = command.Wait()
}

// listen takes connections at a path and never answers.
func listen(t *testing.T, path string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
}
