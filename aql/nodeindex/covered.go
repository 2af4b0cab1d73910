package nodeindex

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Form is how a value attribute is kept.
type Form uint8

// The forms.
const (
	Number Form = iota // as a JSON number, or in a numeric column
	Text               // as a JSON string, or in a text column
	Boolean
	Temporal // as its lexical form; of dates and date-times the instant in a column too
)

// Attribute is a primitive attribute of a data value that the index keeps.
type Attribute struct {
	// Path leads to it from the data value.
	Path []string
	Form Form
	// Suffix follows the number of the Value in the key of the row's JSON; ""
	// for the first attribute, which may have a column of its own.
	Suffix string
	// Usual tells that the attribute is left out where it equals Value.Usual.
	Usual bool
}

// covered is the attributes that are kept, by class. The first of a class is
// mandatory in the Reference Model.
var covered = map[*rm.Class][]Attribute{}

// Covered lists the attributes of a class of data value that the index keeps,
// the first being the one that may have a column; nil if it keeps none.
func Covered(c *rm.Class) []Attribute { return covered[c] }

func init() {
	add := func(class string, attributes ...Attribute) {
		covered[rm.Lookup(class)] = attributes
	}
	at := func(path string, form Form, suffix string) Attribute {
		return Attribute{Path: strings.Split(path, "/"), Form: form, Suffix: suffix}
	}
	usual := func(path, suffix string) Attribute {
		a := at(path, Text, suffix)
		a.Usual = true
		return a
	}
	add("DV_QUANTITY", at("magnitude", Number, ""), usual("units", "u"))
	add("DV_COUNT", at("magnitude", Number, ""))
	for _, c := range []string{"DV_ORDINAL", "DV_SCALE"} {
		add(c, at("value", Number, ""), at("symbol/value", Text, "t"), at("symbol/defining_code/code_string", Text, "c"))
	}
	add("DV_PROPORTION", at("numerator", Number, ""), at("denominator", Number, "d"))
	add("DV_CODED_TEXT", at("defining_code/code_string", Text, ""), at("value", Text, "t"), usual("defining_code/terminology_id/value", "y"))
	add("DV_TEXT", at("value", Text, ""))
	add("DV_BOOLEAN", at("value", Boolean, ""))
	for _, c := range []string{"DV_DATE", "DV_DATE_TIME", "DV_TIME", "DV_DURATION"} {
		add(c, at("value", Temporal, ""))
	}
	for _, c := range []string{"DV_URI", "DV_EHR_URI", "DV_PARSABLE"} {
		add(c, at("value", Text, ""))
	}
	add("DV_IDENTIFIER", at("id", Text, ""))
	for _, c := range []string{"PARTY_IDENTIFIED", "PARTY_RELATED"} {
		add(c, at("name", Text, ""))
	}
	for _, name := range []string{"EVENT_CONTEXT", "FEEDER_AUDIT", "FEEDER_AUDIT_DETAILS", "ISM_TRANSITION", "INSTRUCTION_DETAILS"} {
		walked[rm.Lookup(name)] = true
	}
	for _, c := range rm.Classes() {
		if c.IsA(rm.ClassLocatable) {
			walked[c] = true
		}
	}
}

// walked is the declared types of attributes that the index follows.
var walked = map[*rm.Class]bool{}

// Follows reports whether the index knows what an attribute of the classes it
// follows leads to: other objects that it follows (Values false), or data
// values that it keeps. Anything else is not in the index.
func Follows(a *rm.Attribute) (values, ok bool) {
	if isValue(a.Name) {
		return true, true
	}
	return false, a.Type != nil && walked[a.Type] && a.Name != "archetype_details"
}

// isValue reports whether an attribute of the classes followed holds a value
// that the index keeps.
func isValue(name string) bool {
	switch name {
	case "value", "null_flavour", "time", "origin", "start_time", "current_state", "careflow_step", "narrative", "composer":
		return true
	}
	return false
}

// IsRoot reports whether a node id is that of an archetype root.
func IsRoot(nodeID string) bool {
	for i := range len(nodeID) {
		switch nodeID[i] {
		case '-':
			return true
		case '.':
			return false
		}
	}
	return false
}

// IsFrame reports whether all instances of a class are frames.
func IsFrame(c *rm.Class) bool {
	switch c.Name {
	case "COMPOSITION", "SECTION", "OBSERVATION", "EVALUATION", "INSTRUCTION", "ACTION", "ADMIN_ENTRY", "GENERIC_ENTRY",
		"POINT_EVENT", "INTERVAL_EVENT", "ACTIVITY", "CLUSTER":
		return true
	}
	return false
}
