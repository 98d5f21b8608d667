// SARIF: the report that code scanning takes, SARIF 2.1.0.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

package main

import (
	"net/url"
	"path/filepath"
	"strings"

	"github.com/mcpoauth/mcpoauth/validate"
)

const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

// The objects of SARIF that the report uses, in the words of its specification.
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string             `json:"id"`
		ShortDescription     sarifText          `json:"shortDescription"`
		HelpURI              string             `json:"helpUri"`
		Help                 sarifText          `json:"help"`
		DefaultConfiguration sarifConfiguration `json:"defaultConfiguration"`
	}
	sarifConfiguration struct {
		Enabled bool   `json:"enabled"`
		Level   string `json:"level"`
	}
	sarifResult struct {
		RuleID     string          `json:"ruleId"`
		RuleIndex  int             `json:"ruleIndex"`
		Level      string          `json:"level"`
		Message    sarifText       `json:"message"`
		Locations  []sarifLocation `json:"locations"`
		Properties sarifProperties `json:"properties"`
	}
	// sarifProperties is the property bag of a result: what SARIF has no word for.
	sarifProperties struct {
		Severity validate.Severity `json:"severity"`
		Use      validate.Use      `json:"use,omitempty"`
		Kind     validate.Kind     `json:"kind"`
	}
	sarifLocation struct {
		PhysicalLocation sarifPlace   `json:"physicalLocation"`
		LogicalLocations []sarifNamed `json:"logicalLocations,omitempty"`
	}
	sarifPlace struct {
		ArtifactLocation sarifFile    `json:"artifactLocation"`
		Region           *sarifRegion `json:"region,omitempty"`
	}
	sarifFile struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifNamed struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
	}
	sarifInvocation struct {
		ExecutionSuccessful        bool                `json:"executionSuccessful"`
		ExitCode                   int                 `json:"exitCode"`
		ToolExecutionNotifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
)

// maxNotifications bounds what is kept of unusable inputs until the end; the
// last one says how many more there were.
const maxNotifications = 1000

type sarifReporter struct {
	stream
	unusables []sarifNotification
	left      int                   // notifications beyond the bound
	places    map[validate.Rule]int // of the rules in the driver's list
}

func newSARIFReporter(c *console, profile validate.Profile) reporter {
	r := &sarifReporter{stream: newStream(c.out), places: map[validate.Rule]int{}}
	tool := sarifTool{Driver: sarifDriver{
		Name: "mcpoauth", Version: currentVersion().Version, InformationURI: "https://github.com/mcpoauth/mcpoauth",
	}}
	for i, row := range validate.Rules() {
		r.places[row.ID] = i
		severity := row.In(profile)
		tool.Driver.Rules = append(tool.Driver.Rules, sarifRule{
			ID: string(row.ID), ShortDescription: sarifText{row.Sentence}, HelpURI: row.URL,
			Help:                 sarifText{mend(row) + " (" + row.Section + ", " + row.URL + ")"},
			DefaultConfiguration: sarifConfiguration{Enabled: severity != validate.SeverityOff, Level: sarifLevel(severity)},
		})
	}
	r.printf("{\n  \"$schema\": %q,\n  \"version\": %q,\n  \"runs\": [{\n    \"tool\": %s,\n    \"columnKind\": \"unicodeCodePoints\",\n    \"results\": [",
		sarifSchema, sarifVersion, asciiJSON(tool, "    "))
	return r
}

func sarifLevel(severity validate.Severity) string {
	switch severity {
	case validate.SeverityRefuse, validate.SeverityError:
		return "error"
	case validate.SeverityWarning:
		return "warning"
	}
	return "note"
}

func (r *sarifReporter) judged(d *document) error {
	for i := range d.violations {
		v := &d.violations[i]
		result := sarifResult{
			RuleID: string(v.Rule), Level: sarifLevel(v.Severity), Message: sarifText{sarifMessage(v)},
			RuleIndex:  r.places[v.Rule],
			Locations:  []sarifLocation{{PhysicalLocation: sarifPlace{ArtifactLocation: sarifFile{artifactURI(d.file)}, Region: regionOf(d, v)}}},
			Properties: sarifProperties{Severity: v.Severity, Use: v.Use, Kind: d.kind},
		}
		if v.Pointer != "" {
			result.Locations[0].LogicalLocations = []sarifNamed{{v.Pointer}}
		}
		if err := r.element(result, "      "); err != nil {
			return err
		}
	}
	return nil
}

// sarifMessage: §3.11.6 lets plain text have links, [text](target); what comes
// from a document must not become one.
func sarifMessage(v *validate.Violation) string {
	text := v.Detail
	if v.Pointer != "" {
		text = v.Pointer + ": " + text
	}
	if what := consequence(v); what != "" {
		text += "; " + what
	}
	return strings.ReplaceAll(printable(text), "](", "] (")
}

func regionOf(d *document, v *validate.Violation) *sarifRegion {
	if v.Line == 0 {
		return nil
	}
	region := &sarifRegion{StartLine: v.Line, StartColumn: v.Column}
	if size := valueRunes(d.data, v.Line, v.Column); size > 0 {
		region.EndColumn = v.Column + size
	}
	return region
}

// artifactURI: §3.4.3, a URI reference, relative to the place of the run unless
// the file's name is absolute.
func artifactURI(file string) string {
	if file == stdinName {
		return "stdin"
	}
	name := filepath.ToSlash(file)
	if !filepath.IsAbs(file) {
		return (&url.URL{Path: name}).String()
	}
	if !strings.HasPrefix(name, "/") {
		name = "/" + name // a drive
	}
	return (&url.URL{Scheme: "file", Path: name}).String()
}

func (r *sarifReporter) unusable(file string, reason error) error {
	if len(r.unusables) == maxNotifications {
		r.left++
		return nil
	}
	r.unusables = append(r.unusables, sarifNotification{
		Level: "error", Message: sarifText{strings.ReplaceAll(printable(reason.Error()), "](", "] (")},
		Locations: []sarifLocation{{PhysicalLocation: sarifPlace{ArtifactLocation: sarifFile{artifactURI(file)}}}},
	})
	return nil
}

func (r *sarifReporter) end(_ *summary, _ []journey, exit int) error {
	if r.left > 0 {
		r.unusables = append(r.unusables, sarifNotification{
			Level: "error", Message: sarifText{count(r.left, "more input", "more inputs") + " could not be used"},
		})
	}
	r.endList("    ")
	invocation := sarifInvocation{ExecutionSuccessful: exit != exitUnusable, ExitCode: exit, ToolExecutionNotifications: r.unusables}
	r.printf(",\n    \"invocations\": %s\n  }]\n}\n", asciiJSON([]sarifInvocation{invocation}, "    "))
	return r.flush()
}
