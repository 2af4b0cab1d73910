package aql_test

import (
	"time"

	"github.com/cairn-ehr/cairn/aql/aqltest"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// This file evaluates FROM.

// from gives the bindings of a containment under the EHR.
func (r *reference) from(c ast.Containment) []row {
	if r.asOf.Before(refCreated) {
		return nil
	}
	if s, ok := c.(*ast.Source); ok && s.Class == "EHR" {
		if s.Contains == nil {
			return []row{{}}
		}
		in := r.under(s.Contains)
		if s.Negated {
			if len(in) > 0 {
				return nil
			}
			return []row{{}}
		}
		return in
	}
	return r.under(c)
}

func (r *reference) under(c ast.Containment) []row {
	return combine(c, func(s *ast.Source) []row {
		if s.Version {
			at := r.asOf
			if c, ok := s.Predicate.(*ast.Compare); ok {
				t, err := time.Parse(time.RFC3339, c.Right.(*ast.String).Value())
				if err != nil {
					panic(err)
				}
				if t.Before(at) {
					at = t
				}
			}
			return r.objects(s.Contains.(*ast.Source), s.Scope == ast.AllVersions, at)
		}
		return r.objects(s, false, r.asOf)
	})
}

// objects binds a class expression directly under EHR or VERSION.
func (r *reference) objects(s *ast.Source, all bool, at time.Time) []row {
	var out []row
	for _, v := range append([]refVersion{{content: r.status, from: refCreated}}, r.versions...) {
		if !v.at(at) && (!all || v.from.After(at)) {
			continue
		}
		out = append(out, r.match(s, append([]*rm.Node{v.content}, descendants(v.content)...))...)
	}
	return out
}

func descendants(n *rm.Node) []*rm.Node {
	var out []*rm.Node
	for _, a := range n.Attrs {
		for _, m := range a.Items {
			if m.Class.Primitive == rm.NotPrimitive {
				out = append(append(out, m), descendants(m)...)
			}
		}
	}
	return out
}

// local is the descendants that are in no other archetype.
func local(n *rm.Node) []*rm.Node {
	var out []*rm.Node
	for _, a := range n.Attrs {
		for _, m := range a.Items {
			if m.Class.Primitive == rm.NotPrimitive && !aqltest.IsArchetypeID(m.NodeID()) {
				out = append(append(out, m), local(m)...)
			}
		}
	}
	return out
}

// match binds a class expression to those of the nodes that fit it.
func (r *reference) match(s *ast.Source, nodes []*rm.Node) []row {
	var out []row
	for _, n := range nodes {
		if !n.Is(s.Class) || s.Predicate != nil && r.predicate(s.Predicate, n) != yes {
			continue
		}
		inner := []row{{}}
		if s.Contains != nil {
			inner = combine(s.Contains, func(i *ast.Source) []row {
				within := descendants(n)
				if code := r.nodeID(i); r.nodeID(s) != "" && code != "" && !aqltest.IsArchetypeID(code) {
					within = local(n)
				}
				return r.match(i, within)
			})
			if s.Negated {
				if len(inner) > 0 {
					continue
				}
				inner = []row{{}}
			}
		}
		for _, b := range inner {
			bound := row{s.Name: n}
			for k, v := range b {
				bound[k] = v
			}
			out = append(out, bound)
		}
	}
	return out
}

func (r *reference) nodeID(s *ast.Source) string {
	if t, ok := s.Predicate.(*ast.NodeTest); ok {
		switch id := t.ID.(type) {
		case *ast.Code:
			return id.Text
		case *ast.Param:
			return r.params[id.Name].(string)
		}
	}
	return ""
}

func combine(c ast.Containment, source func(*ast.Source) []row) []row {
	merge := func(a, b row) row {
		m := row{}
		for k, v := range a {
			m[k] = v
		}
		for k, v := range b {
			m[k] = v
		}
		return m
	}
	switch c := c.(type) {
	case *ast.AllOf:
		out := []row{{}}
		for _, o := range c.Operands {
			var next []row
			for _, a := range out {
				for _, b := range combine(o, source) {
					next = append(next, merge(a, b))
				}
			}
			out = next
		}
		return out
	case *ast.AnyOf:
		out, any := []row{{}}, false
		for _, o := range c.Operands {
			found := combine(o, source)
			if len(found) == 0 {
				continue
			}
			any = true
			var next []row
			for _, a := range out {
				for _, b := range found {
					next = append(next, merge(a, b))
				}
			}
			out = next
		}
		if !any {
			return nil
		}
		return out
	}
	return source(c.(*ast.Source))
}
