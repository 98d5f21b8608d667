// Examples: what breaks a rule, and what mends it, as a difference of lines.

package main

import (
	"slices"
	"strings"

	"github.com/mcpoauth/mcpoauth/validate"
)

// maxExampleLine bounds a line of an example: some rules are about length.
const maxExampleLine = 160

// example prints the bad document of a rule with the lines to take out (-) and
// those to write instead (+).
func (w *ruleWriter) example(row validate.Row) {
	if row.Bad.Text == "" && row.Good.Text == "" {
		return
	}
	heading := "example"
	if row.Bad.Kind != "" {
		heading += ", " + titleOf(row.Bad.Kind)
	}
	if row.Bad.For != "" {
		heading += " for " + row.Bad.For
	}
	if row.Bad.Given != "" {
		heading += ", given: " + row.Bad.Given
	}
	w.printf("\n  %s\n", w.colour.paint(faint, heading))
	for _, line := range difference(exampleLines(row.Bad.Text), exampleLines(row.Good.Text)) {
		w.printf("  %s\n", w.colour.paint(changeStyles[line[0]], line))
	}
	if row.Bad.With != "" {
		w.printf("\n  %s\n", w.colour.paint(faint, "together with"))
		for _, line := range exampleLines(row.Bad.With) {
			w.printf("    %s\n", line)
		}
	}
}

// changeStyles are the styles of lines by their first byte.
var changeStyles = map[byte]style{'-': red, '+': green, ' ': faint}

func exampleLines(text string) []string {
	if text == "" {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if lines[i] = printable(line); len(lines[i]) > maxExampleLine {
			lines[i] = lines[i][:maxExampleLine] + "..."
		}
	}
	return lines
}

// difference returns the lines of both documents, each behind "- " when it is
// only in bad, "+ " when it is only in good, and two spaces when it is in both.
// A comma at the end makes no difference: it comes and goes with the next line.
func difference(bad, good []string) []string {
	same := func(i, j int) bool { return strings.TrimSuffix(bad[i], ",") == strings.TrimSuffix(good[j], ",") }
	common := make([][]int, len(bad)+1) // lengths of the longest common rest
	for i := range common {
		common[i] = make([]int, len(good)+1)
	}
	for i := range slices.Backward(bad) {
		for j := range slices.Backward(good) {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if same(i, j) {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var lines []string
	i, j := 0, 0
	for i < len(bad) || j < len(good) {
		switch {
		case i < len(bad) && j < len(good) && same(i, j):
			lines = append(lines, "  "+good[j])
			i, j = i+1, j+1
		case i < len(bad) && (j == len(good) || common[i+1][j] >= common[i][j+1]):
			lines = append(lines, "- "+bad[i])
			i++
		default:
			lines = append(lines, "+ "+good[j])
			j++
		}
	}
	return lines
}
