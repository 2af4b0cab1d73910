package fhirconnect

import (
	"fmt"
	"sort"
	"strings"
)

// Position is a place in a mapping file; lines and columns count from 1.
type Position struct {
	File         string
	Line, Column int
}

// String is file:line:column.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// The codes of problems in mapping files.
const (
	CodeYAML        = "yaml"        // not a YAML document, or beyond the limits
	CodeStructure   = "structure"   // a key or value FHIR Connect does not define
	CodeUnsupported = "unsupported" // FHIR Connect that this engine does not have
	CodeDangling    = "dangling"    // a name that no file has
	CodeDuplicate   = "duplicate"   // a name that two files or methods have
	CodeOpenEHRPath = "openehr-path"
	CodeFHIRPath    = "fhir-path"
	CodeType        = "type"  // two types that do not convert into each other
	CodeValue       = "value" // a constant that its target does not take
	CodeSafety      = "safety"
)

// Problem is one defect of a mapping file.
type Problem struct {
	Position
	Code    string
	Message string
}

// Error is the problem with its place first.
func (p Problem) Error() string { return p.Position.String() + ": " + p.Message }

// Problems is everything wrong with mapping files, as an error.
type Problems []Problem

// Error lists all problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Sort orders the problems by file and place.
func (p Problems) Sort() {
	sort.SliceStable(p, func(i, j int) bool {
		a, b := p[i], p[j]
		switch {
		case a.File != b.File:
			return a.File < b.File
		case a.Line != b.Line:
			return a.Line < b.Line
		default:
			return a.Column < b.Column
		}
	})
}
