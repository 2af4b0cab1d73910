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
	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
)

// Plan is the logical plan of a query.
type Plan struct {
	Query *analyze.Query
	// From is what the EHR must contain; nil for FROM EHR alone.
	From Node
	// Expands are the expansions, each after the one it builds on.
	Expands []*Expand
	// Refs say where each path of SELECT, WHERE and ORDER BY is found.
	Refs map[*analyze.Path]Ref
}

// Node is a part of the FROM clause: *Object, *Descend, *All, *Any or *Not.
type Node interface{ node() }

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
	Child      Node // nil without
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

func (*Object) node()  {}
func (*Descend) node() {}
func (*All) node()     {}
func (*Any) node()     {}
func (*Not) node()     {}

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
	if q.From != nil {
		p.From = top(q.From)
		if q.EHR.Negated {
			p.From = &Not{Node: p.From}
		}
	}
	p.expand()
	return p
}

// top plans what stands directly under EHR.
func top(c analyze.Containment) Node {
	switch c := c.(type) {
	case *analyze.AllOf:
		n := &All{}
		for _, o := range c.Operands {
			n.Nodes = append(n.Nodes, top(o))
		}
		return n
	case *analyze.AnyOf:
		n := &Any{}
		for _, o := range c.Operands {
			n.Nodes = append(n.Nodes, top(o))
		}
		return n
	}
	s := c.(*analyze.Source)
	o := &Object{Scope: s.Scope}
	if s.Kind == analyze.SourceVersion {
		o.Version = s
		child, ok := s.Contains.(*analyze.Source)
		if !ok {
			return o // VERSION alone: AND and OR inside it are refused
		}
		s = child
	}
	o.Child = content(s, o)
	o.Archetypes = required(o.Child, o.Archetypes)
	return o
}

// content plans a class expression of which the content of a versioned object
// is, or holds, an instance, and says so in the object.
func content(s *analyze.Source, o *Object) Node {
	o.Roots = s.Roots
	if s.Kind == analyze.SourceRoot {
		o.Source, o.Archetype = s, s.Archetype
		return below(s)
	}
	var roots analyze.Types
	for _, r := range s.Roots {
		roots = append(roots, r.Class())
	}
	return &Descend{Source: s, Search: Within(roots, s.Types, true), Child: below(s)}
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
	switch c := c.(type) {
	case *analyze.AllOf:
		n := &All{}
		for _, o := range c.Operands {
			n.Nodes = append(n.Nodes, inner(o, outer))
		}
		return n
	case *analyze.AnyOf:
		n := &Any{}
		for _, o := range c.Operands {
			n.Nodes = append(n.Nodes, inner(o, outer))
		}
		return n
	}
	s := c.(*analyze.Source)
	local := outer.NodeID != nil && s.NodeID != nil
	if lit, ok := s.NodeID.(*analyze.Literal); ok && local {
		local = !analyze.IsArchetypeID(lit.Value.(string))
	}
	d := &Descend{Source: s, Outer: outer, Local: local, Child: below(s)}
	if !local {
		d.Search = Within(outer.Types, s.Types, false)
	}
	return d
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
