package analyze

import (
	"slices"
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
			if to, container = a.ehrAttribute(step); to == nil {
				return nil
			}
		}
		if p.Source != nil && p.Source.Kind == SourceVersion && i == 0 && step.Attribute == "data" {
			to = nil
			order := rootOrder
			if a.q.EHR != nil && a.q.EHR.Demographic {
				order = partyOrder
			} else if a.q.EHR == nil && a.q.Demographic {
				order = slices.Concat(rootOrder, partyOrder)
			}
			for _, r := range order {
				to = append(to, r.Class())
			}
		}
		if len(to) == 0 {
			a.fail(step.Pos, "path.unknown", "%s has no attribute %s%s", types, step.Attribute, didYouMean(step.Attribute, types.attributes()))
			a.locate(p, n)
			return nil
		}
		rs := &Step{Attribute: step.Attribute, Container: container, Key: step.String(), Types: to}
		if p.Source != nil && p.Source.Kind == SourceEHR && i == 0 && step.Attribute == "uid" {
			rs.Attribute = "ehr_id"
		}
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
	return p
}

// locate tells the last problem in which archetype the path was looked for.
func (a *analyzer) locate(p *Path, n *ast.Path) {
	root := ""
	if p.Source != nil {
		if lit, ok := p.Source.Archetype.(*Literal); ok {
			root, _ = lit.Value.(string)
		}
	}
	last := &a.problems[len(a.problems)-1]
	if last.Archetype, last.Path = ArchetypePath(root, n.Steps); last.Archetype == "" {
		last.Path = ""
	}
}

// ArchetypePath gives the archetype that steps lead into last, beginning at a
// root of an archetype or, if that is "", anywhere, and the path inside of it,
// with node codes and without any other predicates.
func ArchetypePath(root string, steps []*ast.Step) (archetype, path string) {
	var parts []string
	for _, s := range steps {
		id, _ := demandedID(s.Predicate)
		if IsArchetypeID(id) {
			root, parts = id, nil
			continue
		}
		if id != "" {
			id = "[" + id + "]"
		}
		parts = append(parts, s.Attribute+id)
	}
	return root, strings.Join(parts, "/")
}

// NodePath is ArchetypePath up to the last node with a code; the path is "" if
// there is none.
func NodePath(root string, steps []*ast.Step) (archetype, path string) {
	for n := len(steps); n > 0; n-- {
		if id, _ := demandedID(steps[n-1].Predicate); id != "" {
			return ArchetypePath(root, steps[:n])
		}
	}
	return root, ""
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

// ehrAttribute gives the types of the attributes of EHR. Those that refer to
// one object lead to its latest version itself rather than to the reference.
func (a *analyzer) ehrAttribute(step *ast.Step) (to Types, container bool) {
	ehr := typesOf(rm.Lookup("EHR"))
	switch step.Attribute {
	case "ehr_status":
		return Types{rm.ClassEHRStatus}, false
	case "uid": // as examples of the specification call ehr_id
		return ehr.Follow("ehr_id")
	case "directory":
		return Types{RootFolder.Class()}, false
	case "ehr_access":
		return Types{RootEHRAccess.Class()}, false
	case "tags":
		return Types{rm.Lookup("ITEM_TAG")}, true
	}
	if to, container = ehr.Follow(step.Attribute); to == nil {
		a.fail(step.Pos, "path.unknown", "EHR has no attribute %s%s", step.Attribute, didYouMean(step.Attribute, ehr.attributes()))
	}
	return to, container
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
