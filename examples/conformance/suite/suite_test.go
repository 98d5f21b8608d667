package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseListing(t *testing.T) {
	plan := parseListing(`Client scenarios (test against a client):
  - initialize [2025-06-18,2025-11-25]
  - auth/metadata-default [2025-11-25,2026-07-28]
  - auth/2025-03-26-oauth-endpoint-fallback [2025-03-26]
  - auth/dpop [extension]
  - sep-2640-client-no-prefetch [extension]
`)
	wantPlan := []run{
		{"auth/metadata-default", "2025-11-25"},
		{"auth/metadata-default", "2026-07-28"},
		{"auth/2025-03-26-oauth-endpoint-fallback", "2025-03-26"},
		{"auth/dpop", "2025-11-25"},
		{"auth/dpop", "2026-07-28"},
	}
	if !slices.Equal(plan, wantPlan) {
		t.Errorf("plan = %v, want %v", plan, wantPlan)
	}
}

func TestJudge(t *testing.T) {
	success, failure := check{ID: "a", Status: "SUCCESS"}, check{ID: "b", Status: "FAILURE"}
	warning, info := check{ID: "c", Status: "WARNING"}, check{ID: "d", Status: "INFO"}
	plain, refusing := run{"auth/basic-cimd", "2026-07-28"}, run{"auth/iss-wrong-issuer", "2026-07-28"}
	for _, tc := range []struct {
		name    string
		run     run
		found   evidence
		problem string // a part of it; "" = the run passed
	}{
		{"success", plain, evidence{checks: []check{info, success}}, ""},
		{"refusal said", refusing, evidence{checks: []check{success}, stderr: "refused: callback: iss\n"}, ""},
		{"failure", plain, evidence{checks: []check{success, failure}}, "FAILURE b"},
		{"warning", plain, evidence{checks: []check{success, warning}}, "WARNING c"},
		{"only info", plain, evidence{checks: []check{info}}, "nothing was checked"},
		{"no checks", plain, evidence{}, "nothing was checked"},
		{"suite failed", plain, evidence{checks: []check{success}, exit: errors.New("exit status 1")}, "exit status 1"},
		{"driver hung", refusing, evidence{checks: []check{success}, stderr: "refused: x\n", took: deadline}, "deadline"},
		{"driver crashed where an error is allowed", refusing, evidence{checks: []check{success}, stderr: "panic: nil\n"}, "refused nothing"},
		{"driver accepted what it must refuse", refusing, evidence{checks: []check{success}}, "refused nothing"},
		{"driver's words are kept", plain, evidence{checks: []check{failure}, stderr: "refused: no metadata\n"}, "no metadata"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := judge(tc.run, tc.found)
			switch problems := strings.Join(got.problems, "\n"); {
			case tc.problem == "" && problems != "":
				t.Errorf("problems: %s", problems)
			case !strings.Contains(problems, tc.problem):
				t.Errorf("problems: %q, want %q in them", problems, tc.problem)
			}
		})
	}
}

func TestOutcomeLine(t *testing.T) {
	r := run{"auth/iss-unexpected", "2026-07-28"}
	good := judge(r, evidence{checks: []check{{Status: "SUCCESS"}}, stderr: "refused: iss\n", took: time.Second}).String()
	if !strings.HasPrefix(good, "pass auth/iss-unexpected ") || !strings.HasSuffix(good, "refused: iss") || strings.Contains(good, "\n") {
		t.Errorf("line = %q", good)
	}
	bad := judge(r, evidence{}).String()
	if !strings.HasPrefix(bad, "FAIL ") || !strings.Contains(bad, "\n     nothing was checked") {
		t.Errorf("line = %q", bad)
	}
}

// A run has one result; a second would be another run's.
func TestOnlyResult(t *testing.T) {
	out := t.TempDir()
	if _, err := onlyResult(out); err == nil {
		t.Error("no result: no error")
	}
	for i, name := range []string{"dpop-1", "dpop-2"} {
		dir := filepath.Join(out, "auth", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "checks.json"), []byte(`[{"id":"a","status":"SUCCESS"}]`), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := onlyResult(out); (err == nil) != (i == 0) {
			t.Errorf("%d results: %q, %v", i+1, got, err)
		}
	}
	checks, err := readChecks(filepath.Join(out, "auth", "dpop-1", "checks.json"))
	if err != nil || len(checks) != 1 || checks[0].Status != "SUCCESS" {
		t.Errorf("checks = %v, %v", checks, err)
	}
}
