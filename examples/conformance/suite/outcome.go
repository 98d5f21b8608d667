// The outcome of a run, and what makes it a pass.

package main

import (
	"fmt"
	"strings"
	"time"
)

// check is what the suite observed, an entry of checks.json.
type check struct {
	ID           string `json:"id"`
	Description  string `json:"description"`
	Status       string `json:"status"` // SUCCESS, FAILURE, WARNING, SKIPPED, INFO
	ErrorMessage string `json:"errorMessage"`
}

// evidence is what a run left behind.
type evidence struct {
	checks []check
	exit   error         // of the suite
	stderr string        // of the driver
	took   time.Duration // of both
}

// outcome is the verdict on a run; without problems it passed.
type outcome struct {
	run
	successes int
	refusal   string
	took      time.Duration
	problems  []string
}

// refused is how the driver begins the line that says what its library
// refused; a crash says something else.
const refused = "refused: "

// deadline is the driver's own. A run that needed it did not end by a decision
// of the client, whatever the checks say.
const deadline = 20 * time.Second

// judge does not trust the suite's exit status alone: it passes a scenario
// that checked nothing, and a driver that crashed where an error is allowed.
func judge(r run, e evidence) outcome {
	o := outcome{run: r, took: e.took, refusal: refusalIn(e.stderr)}
	for _, c := range e.checks {
		switch c.Status {
		case "SUCCESS":
			o.successes++
		case "FAILURE", "WARNING":
			o.problems = append(o.problems, problem("%s %s: %s %s", c.Status, c.ID, c.Description, c.ErrorMessage))
		}
	}
	if e.exit != nil {
		o.problems = append(o.problems, problem("the suite: %v", e.exit))
	}
	if o.successes == 0 {
		o.problems = append(o.problems, problem("nothing was checked"))
	}
	if e.took >= deadline {
		o.problems = append(o.problems, problem("the driver came to its deadline"))
	}
	if refusals[r.scenario] && o.refusal == "" {
		o.problems = append(o.problems, problem("the driver refused nothing"))
	}
	if len(o.problems) > 0 && e.stderr != "" {
		o.problems = append(o.problems, problem("driver: %s", tail(e.stderr, 2000)))
	}
	return o
}

func problem(format string, args ...any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}

// String is the outcome's line, with its problems below.
func (o outcome) String() string {
	verdict := "pass"
	if len(o.problems) > 0 {
		verdict = "FAIL"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %-42s %s  %2d checks %5.1fs", verdict, o.scenario, o.wire, o.successes, o.took.Seconds())
	if o.refusal != "" {
		fmt.Fprintf(&b, "  %s%s", refused, head(o.refusal, 160))
	}
	for _, problem := range o.problems {
		fmt.Fprintf(&b, "\n     %s", strings.ReplaceAll(problem, "\n", "\n     "))
	}
	return b.String()
}

func refusalIn(stderr string) string {
	for line := range strings.Lines(stderr) {
		if rest, found := strings.CutPrefix(line, refused); found {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// head returns the start of s, at most limit bytes of it.
func head(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "..."
}

// tail returns the end of s, at most limit bytes of it.
func tail(s string, limit int) string {
	return strings.TrimSpace(s[max(0, len(s)-limit):])
}
