// The suite: runs the official MCP conformance suite against the driver.
//
// It runs every authorization scenario on every wire it exists on, those of the
// extensions on both wires that have them, then lets the suite's referee judge the authorization
// server of flows/flowstest. It prints a line per run, and last
// "N passed, M failed"; it exits with 1 if anything failed or fewer runs took
// place than there should be. Full results are left in results/.
//
//	cd examples && go run ./conformance/suite [-run REGEXP]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
)

// What the pinned suite holds. A new version that brings more, or a filter
// that loses some, must not pass unseen.
const wantRuns = 56

func main() {
	folder := flag.String("dir", "conformance", "the folder that holds node_modules and the driver")
	filter := flag.String("run", "", "run only the scenarios that match this `regexp`, and no referee")
	flag.Parse()
	if err := conform(*folder, *filter); err != nil {
		if !errors.Is(err, errFailed) {
			fmt.Fprintln(os.Stderr, "conformance:", err)
		}
		os.Exit(1)
	}
}

// errFailed ends a suite that ran and has said what failed.
var errFailed = errors.New("not everything passed")

func conform(folder, filter string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	only, err := regexp.Compile(filter)
	if err != nil {
		return err
	}
	tool, err := newTool(ctx, folder)
	if err != nil {
		return err
	}
	defer tool.close()
	listing, err := tool.list(ctx)
	if err != nil {
		return err
	}
	plan := parseListing(listing)
	if len(plan) != wantRuns {
		return fmt.Errorf("the suite offers %d runs, want %d: look at what changed", len(plan), wantRuns)
	}

	passed, failed := report(tool.runAll(ctx, matching(plan, only)))
	if filter == "" {
		if err := tool.referee(ctx, filepath.Join(folder, "..", "..")); err != nil {
			fmt.Printf("FAIL referee of the authorization server: %v\n", err)
			failed++
		} else {
			fmt.Println("pass referee of the authorization server in flows/flowstest")
		}
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || filter == "" && passed != wantRuns {
		return errFailed
	}
	return nil
}

func matching(plan []run, only *regexp.Regexp) []run {
	var out []run
	for _, r := range plan {
		if only.MatchString(r.scenario) {
			out = append(out, r)
		}
	}
	return out
}

// report prints the outcomes in the order of the plan, each as soon as it is
// known.
func report(outcomes []<-chan outcome) (passed, failed int) {
	for _, pending := range outcomes {
		o := <-pending
		fmt.Println(o)
		if len(o.problems) == 0 {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed
}
