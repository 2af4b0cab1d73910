package analyze

import (
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// scope is the object that a predicate is about.
type scope struct {
	source *Source // the class expression, when the predicate is on one
	types  Types
}

// path resolves a path: in a predicate (at is set) it is relative to the
// object, elsewhere it begins with a variable. It gives nil after a problem.
func (a *analyzer) path(n *ast.Path, at *scope) *Path {
	if a.paths++; a.paths > a.limits.Paths {
		if a.paths == a.limits.Paths+1 {
			a.fail(n.Pos, "limit.paths", "the query has more paths than the limit of %d", a.limits.Paths)
		}
		return nil
	}
	p := &Path{AST: n}
	var types Types
	if at != nil {
		// The predicate of a class expression that has no JSON of its own is
		// evaluated on the expression itself.
		if at.source != nil && at.source.Kind != SourceInside {
			p.Source = at.source
		}
		types = at.types
	} else {
		s := a.variable(n)
		if s == nil {
			return nil
		}
		p.Source, types = s, s.Types
		if n.Predicate != nil {
			if s.Kind == SourceEHR || s.Kind == SourceVersion {
				a.unsupported(n.Predicate.At(), "variable_predicate", "a predicate on a variable of %s in a path; put it into FROM or WHERE", a.describe(s))
				return nil
			}
			p.Pred = a.condition(n.Predicate, &scope{types: types})
			if narrowed := a.narrow(types, n.Predicate, n.Name); narrowed != nil {
				types = narrowed
			}
		}
	}
	owners := types
	for i, step := range n.Steps {
		to, container := types.Follow(step.Attribute)
		if p.Source != nil && p.Source.Kind == SourceEHR && i == 0 {
			to = a.ehrAttribute(n, step)
			if to == nil {
				return nil
			}
			container = false
		}
		if len(to) == 0 {
			a.fail(step.Pos, "path.unknown", "%s has no attribute %s%s", types, step.Attribute, didYouMean(step.Attribute, types.attributes()))
			return nil
		}
		rs := &Step{Attribute: step.Attribute, Container: container, Key: step.String(), Types: to}
		if step.Predicate != nil {
			rs.Pred = a.condition(step.Predicate, &scope{types: to})
			if narrowed := a.narrow(to, step.Predicate, step.Attribute); narrowed != nil {
				rs.Types = narrowed
			}
		}
		owners, types = types, rs.Types
		p.Steps = append(p.Steps, rs)
	}
	p.Types = types
	p.classify(owners)
	if p.Source != nil && p.Source.Kind == SourceVersion && !a.versionPath(p) {
		return nil
	}
	return p
}

// variable finds the source of an identified path.
func (a *analyzer) variable(n *ast.Path) *Source {
	s := a.names[strings.ToLower(n.Name)]
	if s == nil {
		var names []string
		for _, have := range a.q.Sources {
			if have.Name != "" {
				names = append(names, have.Name)
			}
		}
		a.fail(n.Pos, "name.unknown", "FROM defines no variable %s%s", n.Name, didYouMean(n.Name, names))
		return nil
	}
	if s.Hidden {
		a.fail(n.Pos, "name.hidden", "the variable %s stands inside NOT CONTAINS and has no value outside of it", n.Name)
		return nil
	}
	return s
}

// ehrAttribute gives the types of the attributes of EHR that can be queried.
// ehr_status leads to the latest EHR_STATUS itself rather than to a reference.
func (a *analyzer) ehrAttribute(n *ast.Path, step *ast.Step) Types {
	if step.Predicate != nil {
		a.unsupported(step.Predicate.At(), "ehr_predicate", "a predicate on %s of EHR", step.Attribute)
		return nil
	}
	switch step.Attribute {
	case "ehr_id", "system_id", "time_created":
		to, _ := typesOf(rm.Lookup("EHR")).Follow(step.Attribute)
		return to
	case "ehr_status":
		return Types{rm.ClassEHRStatus}
	case "ehr_access", "directory", "folders", "compositions", "contributions", "tags":
		a.unsupported(step.Pos, "ehr_"+step.Attribute, "paths through %s of EHR", step.Attribute)
		return nil
	}
	a.fail(step.Pos, "path.unknown", "EHR has no attribute %s%s", step.Attribute,
		didYouMean(step.Attribute, typesOf(rm.Lookup("EHR")).attributes()))
	return nil
}

// versionPath refuses the paths of VERSION that are not stored.
func (a *analyzer) versionPath(p *Path) bool {
	if len(p.Steps) == 0 {
		a.unsupported(p.AST.Pos, "whole_version", "a whole VERSION as a value; name the attributes you need")
		return false
	}
	switch first := p.Steps[0].Attribute; first {
	case "uid", "contribution", "commit_audit", "lifecycle_state", "signature":
		return true
	default:
		a.unsupported(p.AST.Steps[0].Pos, "version_"+first, "paths through %s of VERSION", first)
		return false
	}
}

// narrow gives the types that remain when a predicate demands an archetype id,
// which names the class; nil when it demands none. An id of another class than
// the path can lead to is a problem.
func (a *analyzer) narrow(types Types, pred ast.Condition, what string) Types {
	id, pos := demandedID(pred)
	name := archetypeClass(id)
	if name == "" {
		return nil
	}
	class := rm.Lookup(name)
	if class == nil {
		a.fail(pos, "archetype.class", "the archetype %s is of a class %s that the Reference Model does not have", id, name)
		return nil
	}
	narrowed := types.only(class)
	if len(narrowed) == 0 {
		a.fail(pos, "archetype.class", "%s (%s) cannot be of the archetype %s", what, types, id)
		return nil
	}
	return narrowed
}

func demandedID(c ast.Condition) (string, ast.Pos) {
	switch c := c.(type) {
	case *ast.And:
		for _, o := range c.Operands {
			if id, pos := demandedID(o); id != "" {
				return id, pos
			}
		}
	case *ast.NodeTest:
		if code, ok := c.ID.(*ast.Code); ok {
			return code.Text, code.Pos
		}
	}
	return "", ast.Pos{}
}
