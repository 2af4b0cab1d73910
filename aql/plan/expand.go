package plan

import (
	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
)

// trie is a node of the tree of paths of one source.
type trie struct {
	step     *analyze.Step // nil at the root and at a predicate on the variable
	pred     analyze.Cond
	children map[string]*trie
	order    []*trie
	expand   *Expand
	pending  []*analyze.Step // since the expansion, this step included
}

func (t *trie) child(key string, step *analyze.Step, pred analyze.Cond) *trie {
	if c := t.children[key]; c != nil {
		return c
	}
	c := &trie{step: step, pred: pred}
	if t.children == nil {
		t.children = map[string]*trie{}
	}
	t.children[key] = c
	t.order = append(t.order, c)
	return c
}

// variableKey is the key of the node for a predicate on the variable; no step
// has such a key.
func variableKey(p *analyze.Path) string { return "[" + p.AST.Predicate.String() + "]" }

// expand finds the expansions and where each path is.
func (p *Plan) expand() {
	roots := map[*analyze.Source]*trie{}
	root := func(s *analyze.Source) *trie {
		if roots[s] == nil {
			roots[s] = &trie{}
		}
		return roots[s]
	}
	var expanding, testing []*analyze.Path
	q := p.Query
	value := func(e analyze.Expr) {
		analyze.WalkExpr(e, func(e analyze.Expr) {
			if path, ok := e.(*analyze.Path); ok {
				expanding = append(expanding, path)
			}
		})
	}
	for _, c := range q.Columns {
		value(c.Expr)
	}
	for _, c := range []analyze.Cond{q.Where, q.Having} {
		analyze.Paths(c, func(path *analyze.Path, exists bool) {
			if exists {
				testing = append(testing, path)
			} else {
				expanding = append(expanding, path)
			}
		})
	}
	for _, e := range q.GroupBy {
		value(e)
	}
	for _, o := range q.OrderBy {
		value(o.Value())
	}
	for _, path := range expanding {
		t := root(path.Source)
		if path.Pred != nil {
			t = t.child(variableKey(path), nil, path.Pred)
		}
		for _, s := range path.Steps {
			t = t.child(s.Key, s, nil)
		}
	}
	for _, s := range q.Sources {
		if t := roots[s]; t != nil {
			p.assign(s, t)
		}
	}
	for _, path := range append(expanding, testing...) {
		p.Refs[path] = locate(path, roots[path.Source])
	}
}

// assign gives the expansions of a source's paths, parents first.
func (p *Plan) assign(s *analyze.Source, t *trie) {
	for _, c := range t.order {
		c.expand, c.pending = t.expand, t.pending[:len(t.pending):len(t.pending)]
		var pred analyze.Cond
		if c.step == nil {
			pred = c.pred
		} else {
			c.pending = append(c.pending, c.step)
		}
		if c.step == nil || c.step.Container || c.step.Pred != nil && !InPath(c.step.Pred, false) {
			e := &Expand{ID: len(p.Expands) + 1, Source: s, Base: t.expand, Pred: pred, Steps: c.pending}
			p.Expands = append(p.Expands, e)
			c.expand, c.pending = e, nil
		}
		p.assign(s, c)
	}
}

// locate follows a path as far as other paths expand it.
func locate(path *analyze.Path, t *trie) Ref {
	r := Ref{Source: path.Source, Tail: path.Steps, Pred: path.Pred}
	if t == nil {
		return r
	}
	if path.Pred != nil {
		c := t.children[variableKey(path)]
		if c == nil {
			return r
		}
		t, r.Pred, r.Expand = c, nil, c.expand
	}
	for i, s := range path.Steps {
		c := t.children[s.Key]
		if c == nil {
			break
		}
		if t = c; c.expand != r.Expand {
			r.Expand, r.Tail = c.expand, path.Steps[i+1:]
		}
	}
	return r
}

// InPath reports whether a predicate can be written as a filter inside a
// JSON path. In strict mode, which a recursive search needs, a path with
// several values cannot: one missing attribute would spoil the others.
func InPath(c analyze.Cond, strict bool) bool {
	switch c := c.(type) {
	case *analyze.And:
		return allInPath(c.Operands, strict)
	case *analyze.Or:
		return allInPath(c.Operands, strict)
	case *analyze.Compare:
		left, ok := c.Left.(*analyze.Path)
		if !ok || !plain(left, strict) {
			return false
		}
		if right, ok := c.Right.(*analyze.Path); ok && !plain(right, strict) {
			return false
		}
		switch c.Mode {
		case analyze.ModeNumber:
			return true
		case analyze.ModeText, analyze.ModeBoolean:
			return c.Op == ast.EQ || c.Op == ast.NE
		}
	}
	return false
}

func allInPath(list []analyze.Cond, strict bool) bool {
	for _, c := range list {
		if !InPath(c, strict) {
			return false
		}
	}
	return true
}

func plain(p *analyze.Path, strict bool) bool {
	for _, s := range p.Steps {
		if s.Pred != nil && !InPath(s.Pred, strict) || strict && s.Container {
			return false
		}
	}
	return true
}
