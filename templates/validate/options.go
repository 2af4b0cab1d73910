package validate

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Options adjust validation. The zero value is right for a complete instance
// that stands alone.
type Options struct {
	// Incomplete relaxes lower bounds only: existence, cardinality and
	// occurrences may fall short, but nothing that is there may be wrong
	// (RM common, "Incomplete Content").
	Incomplete bool
	// PathPrefix precedes the paths of problems, for an instance that is part
	// of a larger document.
	PathPrefix string
	// MaxProblems is the greatest number of problems listed; 0 means
	// rm.DefaultProblems.
	MaxProblems int
	// Policy says how findings are treated on which practice differs from the
	// letter of the specification.
	Policy Policy
	// ValueSet answers whether a code belongs to an external value set that a
	// template refers to; nil means that none can be asked.
	ValueSet ValueSet
}

// ValueSet decides whether a code belongs to the value set that a template
// names, such as terminology:SNOMED-CT?subset=problems. known is false when the
// value set cannot be decided now; the code is then accepted with a warning.
type ValueSet func(reference string, code templates.Code) (member, known bool)

// Level is how a finding is treated. The zero value is the default of the rule.
type Level uint8

// The levels.
const (
	Default Level = iota
	AsError
	AsWarning
	Off
)

// Policy sets the level of findings that deployments judge differently.
type Policy struct {
	// Rubric: the value of a text coded in the openEHR terminology is not the
	// rubric of its code. Default AsWarning: no invariant demands it.
	Rubric Level
	// CodeSet: a media type or character set that the openEHR code set does not
	// list, although it is formed like one. Default AsWarning: the openEHR
	// lists are extracts of IANA registries that have grown since.
	CodeSet Level
	// CodeSetName: a code set is named by a terminology id that tools wrote for
	// years in place of the specified one ("Unicode" for character sets).
	// Default AsWarning.
	CodeSetName Level
	// Property: the unit of a quantity belongs to another physical property
	// than the template names, where the template lists no units. Default
	// AsError.
	Property Level
	// AbsentContainer: a container that is absent, as its existence of 0..1
	// allows, although its cardinality or the occurrences of its children demand
	// members. Default AsError, as the openEHR conformance schedule has it; the
	// AOM by itself would let existence decide, which is what Off does.
	AbsentContainer Level
	// ValueSet: a code whose external value set could not be asked. Default
	// AsWarning.
	ValueSet Level
}

func (l Level) or(def Level) Level {
	if l == Default {
		return def
	}
	return l
}

// Template checks an instance against a template, and nothing else.
func Template(tpl *templates.Template, root *rm.Node, opt Options) []rm.Problem {
	v := newValidator(tpl, opt)
	v.root(root)
	return v.finish()
}

// Terminology checks the coded attributes of an instance against the openEHR
// terminology, and nothing else.
func Terminology(root *rm.Node, opt Options) []rm.Problem {
	v := newValidator(nil, opt)
	v.terminology(root)
	return v.finish()
}
