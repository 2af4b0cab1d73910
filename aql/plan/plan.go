// Package plan makes the logical plan of an analysed query: where the
// candidates come from, which objects are searched inside which, at which
// points paths with several values expand the rows, and what is filtered,
// sorted and returned. The plan is what every physical strategy implements;
// its print is part of EXPLAIN.
//
// # Expansion
//
// The paths of a query form a tree per variable, in which paths share the
// nodes of their common prefix. Each step through a container is an expansion:
// a row for every member, and one row with nothing where there are none. So
// two paths with a common prefix always speak of the same member, and the
// number of rows does not depend on what is selected of a member. EXISTS is a
// test and does not expand; it shares the nodes that other paths expand.
package plan

import (
	"slices"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
)

// Plan is the logical plan of a query.
type Plan struct {
	Query *analyze.Query
	// From is what the EHR must contain; nil for FROM EHR alone. If the query has
	// no EHR it is the combination of several, *Repository.
	From Node
	// Expands are the expansions, each after the one it builds on.
	Expands []*Expand
	// Refs say where each path of SELECT, WHERE and ORDER BY is found.
	Refs map[*analyze.Path]Ref
}

// Node is a part of the FROM clause: *Repository, *Object, *Versioned, *Descend,
// *All, *Any or *Not.
type Node interface{ node() }

// Repository is one of several EHRs, or the demographic repository among them.
type Repository struct {
	Source *analyze.Source
	Child  Node // nil without
}

// Object is the versions of versioned objects in the EHR.
type Object struct {
	// Version is the VERSION expression that ranges over them, if there is one.
	Version *analyze.Source
	// Source is the class expression of the content, if it is a class whose
	// instances are the content of versioned objects.
	Source *analyze.Source
	Roots  []analyze.Root // none: any
	Scope  ast.VersionScope
	// Archetype is the archetype that the content as a whole must have.
	Archetype analyze.Expr
	// Archetypes must all occur in the content.
	Archetypes []analyze.Expr
	// Of is the versioned object whose versions they are; nil for any.
	Of *analyze.Source
	// Folder is the FOLDER whose items, or those of its folders, refer to the
	// objects; nil for any.
	Folder *analyze.Source
	Child  Node // nil without
}

// Versioned is versioned objects in the EHR, whatever versions they have.
type Versioned struct {
	Source *analyze.Source
	Child  Node // of *Object with Of; nil without
}

// Descend searches an object for others at any depth.
type Descend struct {
	Source *analyze.Source
	// Outer is the source to search in; nil for the content of the enclosing
	// Object, which may then itself be found.
	Outer *analyze.Source
	// Local tells that the node code that the source demands is one of the
	// archetype that Outer is in, so that the search does not enter other
	// archetypes. If NodeID is a parameter this applies if its value is a node
	// code.
	Local bool
	// Search says where to look; nil for everywhere.
	Search *Search
	Child  Node // nil without
}

// All is nodes that must all be found, every combination giving a row.
type All struct{ Nodes []Node }

// Any is nodes of which at least one must be found; those that are not give
// nothing.
type Any struct{ Nodes []Node }

// Not is a node that must not be found.
type Not struct{ Node Node }

func (*Repository) node() {}
func (*Object) node()     {}
func (*Versioned) node()  {}
func (*Descend) node()    {}
func (*All) node()        {}
func (*Any) node()        {}
func (*Not) node()        {}

// Expand gives a row for every object that its steps lead to from its base, or
// one row with nothing.
type Expand struct {
	ID     int // from 1
	Source *analyze.Source
	Base   *Expand // nil: the source itself
	Pred   analyze.Cond
	Steps  []*analyze.Step
}

// Ref is where a path is found: the remaining steps from a source or an
// expansion. Only the path of an EXISTS has containers among them.
type Ref struct {
	Source *analyze.Source
	Expand *Expand // nil: the source itself
	Tail   []*analyze.Step
	// Pred is the predicate on the variable that no expansion carries.
	Pred analyze.Cond
}

// Make plans a query.
func Make(q *analyze.Query) *Plan {
	p := &Plan{Query: q, Refs: map[*analyze.Path]Ref{}}
	if q.EHR == nil {
		p.From = each(q.From, func(s *analyze.Source) Node { return &Repository{Source: s, Child: within(s)} })
	} else {
		p.From = within(q.EHR)
	}
	p.expand()
	return p
}

// within plans what an EHR contains.
func within(ehr *analyze.Source) Node {
	if ehr.Contains == nil {
		return nil
	}
	n := top(ehr.Contains)
	if ehr.Negated {
		return &Not{Node: n}
	}
	return n
}

// top plans what stands directly under EHR.
func top(c analyze.Containment) Node {
	return each(c, func(s *analyze.Source) Node {
		if s.Kind != analyze.SourceVersioned {
			return object(s)
		}
		n := &Versioned{Source: s}
		if s.Contains != nil {
			n.Child = each(s.Contains, func(inner *analyze.Source) Node {
				o := object(inner)
				o.Of = s
				return o
			})
			if s.Negated {
				n.Child = &Not{Node: n.Child}
			}
		}
		return n
	})
}

// each plans the class expressions of a containment.
func each(c analyze.Containment, plan func(*analyze.Source) Node) Node {
	many := func(list []analyze.Containment) []Node {
		var nodes []Node
		for _, o := range list {
			nodes = append(nodes, each(o, plan))
		}
		return nodes
	}
	switch c := c.(type) {
	case *analyze.AllOf:
		return &All{Nodes: many(c.Operands)}
	case *analyze.AnyOf:
		return &Any{Nodes: many(c.Operands)}
	}
	return plan(c.(*analyze.Source))
}

// object plans versions or their content.
func object(s *analyze.Source) *Object {
	o := &Object{Scope: s.Scope}
	if s.Kind == analyze.SourceVersion {
		o.Version = s
		if s.Contains == nil {
			return o
		}
		child, single := s.Contains.(*analyze.Source)
		if !single || s.Negated {
			o.Child = mixture(s, o)
			o.Archetypes = required(o.Child, o.Archetypes)
			return o
		}
		s = child
	}
	o.Child = content(s, o)
	o.Archetypes = required(o.Child, o.Archetypes)
	return o
}

// mixture plans the class expressions that a VERSION combines or excludes, all
// of which are searched for in its content.
func mixture(v *analyze.Source, o *Object) Node {
	if !v.Negated {
		each(v.Contains, func(s *analyze.Source) Node {
			for _, r := range s.Roots {
				if !slices.Contains(o.Roots, r) {
					o.Roots = append(o.Roots, r)
				}
			}
			return nil
		})
		slices.Sort(o.Roots)
	}
	n := each(v.Contains, func(s *analyze.Source) Node {
		d := &Descend{Source: s, Child: below(s)}
		if !v.Negated {
			d.Search = Within(classes(o.Roots), s.Types, true)
		}
		return d
	})
	if v.Negated {
		return &Not{Node: n}
	}
	return n
}

func classes(roots []analyze.Root) analyze.Types {
	var types analyze.Types
	for _, r := range roots {
		types = append(types, r.Class())
	}
	return types
}

// content plans a class expression of which the content of a versioned object
// is, or holds, an instance, and says so in the object.
func content(s *analyze.Source, o *Object) Node {
	o.Roots = s.Roots
	if s.Kind == analyze.SourceRoot {
		o.Source, o.Archetype = s, s.Archetype
		return below(s)
	}
	return &Descend{Source: s, Search: Within(classes(s.Roots), s.Types, true), Child: below(s)}
}

// below plans what a source contains.
func below(s *analyze.Source) Node {
	if s.Contains == nil {
		return nil
	}
	n := inner(s.Contains, s)
	if s.Negated {
		return &Not{Node: n}
	}
	return n
}

func inner(c analyze.Containment, outer *analyze.Source) Node {
	return each(c, func(s *analyze.Source) Node {
		if s.Roots != nil || s.Kind == analyze.SourceVersion { // the items of a folder refer to it
			o := object(s)
			o.Folder = outer
			return o
		}
		local := outer.NodeID != nil && s.NodeID != nil
		if lit, ok := s.NodeID.(*analyze.Literal); ok && local {
			local = !analyze.IsArchetypeID(lit.Value.(string))
		}
		d := &Descend{Source: s, Outer: outer, Local: local, Child: below(s)}
		if !local {
			d.Search = Within(outer.Types, s.Types, false)
		}
		return d
	})
}

// required adds the archetypes that must occur wherever the node is found.
func required(n Node, list []analyze.Expr) []analyze.Expr {
	switch n := n.(type) {
	case *Descend:
		if n.Source.Archetype != nil {
			list = append(list, n.Source.Archetype)
		}
		return required(n.Child, list)
	case *All:
		for _, m := range n.Nodes {
			list = required(m, list)
		}
	}
	return list
}
