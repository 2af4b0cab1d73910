package mutate

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// Mutation is one violating edit.
type Mutation struct {
	// Code is the rule that is violated, Path where it has to be reported.
	Code, Path string
	// Also are further codes of the same family with which the violation may be
	// reported; Below allows the report at an attribute of the place.
	Also  []string
	Below bool
	// Edit says what was done.
	Edit string
	// JSON is the mutant.
	JSON []byte
	// Warning marks rules that only warn.
	Warning bool
}

// Family lists the codes that count.
func (m *Mutation) Family() []string { return append([]string{m.Code}, m.Also...) }

// Killed reports whether the problems name the violation.
func (m *Mutation) Killed(problems []rm.Problem) bool {
	for i := range problems {
		p := &problems[i]
		if p.Severity == rm.Warning && !m.Warning {
			continue
		}
		at := p.Path == m.Path
		if m.Below && !at {
			rest, ok := strings.CutPrefix(p.Path, strings.TrimSuffix(m.Path, "/")+"/")
			at = ok && !strings.Contains(rest, "/")
		}
		if !at {
			continue
		}
		for _, code := range m.Family() {
			if p.Code == code {
				return true
			}
		}
	}
	return false
}

// Check decodes and validates a mutant in every layer.
func (m *Mutation) Check(tpl *templates.Template) []rm.Problem {
	return check(tpl, m.JSON, noValueSet)
}

func check(tpl *templates.Template, data []byte, decide func([]terminology.Question) []terminology.Answer) []rm.Problem {
	root, problems := rm.DecodeJSON(data, tpl.Root.Class, rm.JSONOptions{})
	if root != nil {
		problems = append(problems, validate.All(tpl, root, validate.Options{Decide: decide, Archetypes: versioned{}, MaxProblems: 1000})...)
	}
	return problems
}

// foreignCode is in no value set; of obscureCode nobody can tell.
const (
	foreignCode = "no-such-code"
	obscureCode = "obscure-code"
)

// noValueSet stands for a terminology service that knows every value set, none
// of which has foreignCode, and demands to be told of obscureCode.
func noValueSet(questions []terminology.Question) []terminology.Answer {
	out := make([]terminology.Answer, len(questions))
	for i, q := range questions {
		out[i].Status = terminology.Member
		switch q.Code {
		case foreignCode:
			out[i].Status = terminology.NotMember
		case obscureCode:
			out[i].Status, out[i].Reason = terminology.Refused, "nobody knows"
		}
	}
	return out
}

// maker collects the mutations of one pair of template and composition.
type maker struct {
	tpl  *templates.Template
	root *rm.Node
	// seen has the constraints that were violated already, with the edit.
	seen map[string]bool
	out  []Mutation
}

// Make gives the mutations of a composition that is valid against the template:
// one for each constraint and kind of edit, at the first node that shows it.
func Make(tpl *templates.Template, root *rm.Node) []Mutation {
	m := &maker{tpl: tpl, root: root, seen: map[string]bool{}}
	m.rootEdits()
	m.object(tpl.Root, root, nil)
	m.model(root, nil)
	m.coded(root, nil)
	m.decoding()
	return m.out
}

// first reports whether the key is new.
func (m *maker) first(key string) bool {
	if m.seen[key] {
		return false
	}
	m.seen[key] = true
	return true
}

// key names a constraint of the template and a kind of edit.
func key(constraint any, edit string) string { return fmt.Sprintf("%p %s", constraint, edit) }

// add takes the mutation in which the node at a place is replaced.
func (m *maker) add(x Mutation, at place, with *rm.Node) {
	x.JSON = rm.AppendJSON(nil, edit(m.root, at, with))
	m.out = append(m.out, x)
}

// rootEdits break the identity of the whole.
func (m *maker) rootEdits() {
	other := setDeep(m.root, "openEHR-EHR-"+m.root.Class.Name+".no_such.v1", "archetype_node_id")
	m.add(Mutation{Code: validate.CodeRoot, Path: "/", Edit: "archetype of the root"}, nil,
		setDeep(other, "openEHR-EHR-"+m.root.Class.Name+".no_such.v1", "archetype_details", "archetype_id", "value"))
	if m.root.String("archetype_details", "template_id", "value") != "" {
		m.add(Mutation{Code: validate.CodeTemplateID, Path: "/", Edit: "template id"}, nil,
			setDeep(m.root, "No such template", "archetype_details", "template_id", "value"))
	}
	if m.root.String("archetype_details", "rm_version") != "" {
		m.add(Mutation{Code: validate.CodeInvariant, Path: "/", Edit: "against an invariant of the archetype"}, nil,
			setDeep(m.root, brokenVersion, "archetype_details", "rm_version"))
	}
}

// brokenVersion is an rm_version that the invariant of every archetype forbids.
const brokenVersion = "0.0.0"

// versioned knows every archetype, with the one invariant that its release of
// the RM is not brokenVersion.
type versioned struct{}

var forbidden = &validate.Archetype{Invariants: []archetypes.Assertion{{Tag: "version", Expr: &archetypes.Binary{
	Op: "!=", Left: &archetypes.PathExpr{Path: "/archetype_details/rm_version"},
	Right: &archetypes.Constant{Kind: archetypes.StringKind, Text: brokenVersion},
}}}}

func (versioned) Archetype(string) *validate.Archetype { return forbidden }
