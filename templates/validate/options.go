package validate

import (
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
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
	// Decide answers which codes belong to the external value sets that a
	// template refers to. It is called with all questions at once, each of them
	// once, and only if there are any; the answers are in their order. nil means
	// that nobody can be asked.
	Decide func([]terminology.Question) []terminology.Answer
	// Archetypes gives the archetypes themselves: what fills a slot is checked
	// against its archetype, and the invariants of archetypes have to hold. nil
	// leaves both out.
	Archetypes Archetypes
}

// Archetypes finds archetypes by exact id. It is used by many goroutines.
type Archetypes interface {
	// Archetype is nil for an archetype that is not known.
	Archetype(id string) *Archetype
}

// Archetype is an archetype on its own.
type Archetype struct {
	// Template has the constraints of the archetype and no others.
	Template *templates.Template
	// Invariants are its assertions.
	Invariants []archetypes.Assertion
}

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
	// ValueSet: a code of which nobody could tell whether it belongs to its
	// external value set, and nobody demands that. Default AsWarning.
	ValueSet Level
	// SlotContent: what is wrong in a slot by the archetype that fills it, of
	// which the template says nothing. Default AsError.
	SlotContent Level
	// Invariant: an invariant of an archetype does not hold. Default AsError.
	Invariant Level
	// Link: a reference within the EHR that leads nowhere. Default AsWarning:
	// what is referred to may arrive later. The use cases look after it, because
	// it needs the record.
	Link Level
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
	v.template(root)
	return v.finish()
}

// ParsePolicy reads a list of FIELD=LEVEL, as Rubric=off, where FIELD is one of
// Policy, without regard to case, and LEVEL is error, warning or off. Errors are
// of kind Invalid.
func ParsePolicy(list []string) (Policy, error) {
	var p Policy
	fields := map[string]*Level{
		"rubric": &p.Rubric, "codeset": &p.CodeSet, "codesetname": &p.CodeSetName, "property": &p.Property,
		"absentcontainer": &p.AbsentContainer, "valueset": &p.ValueSet, "slotcontent": &p.SlotContent, "invariant": &p.Invariant, "link": &p.Link,
	}
	levels := map[string]Level{"error": AsError, "warning": AsWarning, "warn": AsWarning, "off": Off}
	for _, item := range list {
		name, level, _ := strings.Cut(item, "=")
		field := fields[strings.ToLower(strings.TrimSpace(name))]
		l, ok := levels[strings.ToLower(strings.TrimSpace(level))]
		if field == nil || !ok {
			return p, errs.New(errs.Invalid, "validate.ParsePolicy", "a validation policy has the form FIELD=error|warning|off with a FIELD of docs/conformance/validation-rules.md, not "+item)
		}
		*field = l
	}
	return p, nil
}
