package sqlgen

import (
	"fmt"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/plan"
)

// Options choose a variant of a statement.
type Options struct {
	// Scoped restricts the statement to the EHR given in the values.
	Scoped bool
	// AsOf answers as of the instant given in the values.
	AsOf bool
	// Probe asks for what the operation's parameters are in the rows, each
	// once, rather than for the result. The values' limit bounds their number.
	Probe *analyze.Terminology
	// Access is another way than the documents; nil for these.
	Access *Access
	// among writes the condition for the EHRs to look into, in the place of the
	// one for those that may be queried.
	among func(g *gen) string
}

// Generate compiles a plan.
func Generate(p *plan.Plan, opt Options) *Statement {
	g := newGen(p, opt)
	for _, c := range conjuncts(p.Query.Where) {
		if opt.Probe == nil || !asks(c) {
			g.pending = append(g.pending, c)
		}
	}
	var f from
	if opt.Access != nil {
		g.access(&f)
	} else {
		g.top(&f)
		for _, e := range p.Expands {
			g.expand(e, &f)
		}
	}
	for _, c := range g.pending {
		f.and(g.cond(c, env{}))
	}
	if opt.Probe != nil {
		sql := "select distinct to_jsonb(" + g.text(opt.Probe.Params, env{}) + ")::text as k"
		return &Statement{SQL: sql + f.text("") + g.paging(), args: g.args}
	}
	g.groupKeys(&f)
	sql := g.guarded(g.query(&f))
	return &Statement{SQL: sql, args: g.args}
}

// asks reports whether a condition needs answers that are not known while
// probes run.
func asks(c analyze.Cond) bool {
	found := false
	analyze.Walk(c, func(e analyze.Expr, _ bool) {
		t, ok := e.(*analyze.Terminology)
		found = found || ok && !Foldable(t)
	})
	return found
}

// conjuncts splits a condition at its outermost AND.
func conjuncts(c analyze.Cond) []analyze.Cond {
	switch c := c.(type) {
	case nil:
		return nil
	case *analyze.And:
		var list []analyze.Cond
		for _, o := range c.Operands {
			list = append(list, conjuncts(o)...)
		}
		return list
	}
	return []analyze.Cond{c}
}

// gen holds the state of one generation.
type gen struct {
	plan    *plan.Plan
	opt     Options
	args    []argument
	vars    *variables
	varsArg string
	names   int

	ehr     *block                  // the block with the table ehr, of the EHR at hand
	pending []analyze.Cond          // of WHERE, not yet in the statement
	uses    map[*analyze.Source]int // references to the JSON of a source
	bound   map[*analyze.Source]*binding
	expands map[*plan.Expand]string
	keys    map[string]string // the values of GROUP BY as JSON
	grouped []string          // what is grouped by
	asOf    string            // the placeholder of the instant of the request
}

// binding is where the values of a source are. The functions name columns,
// which is done anew at each use.
type binding struct {
	json      func() string // the object
	uid       func() string // the version uid, of objects and versions
	object    func() string // the column object_id that the uid begins with, if at hand
	committed func() string // time_committed, of versions
	// superseded is time_superseded, of versions while their block is made.
	superseded func() string
	number     func() string            // vo_no, of versioned objects
	attribute  func(name string) string // of versions, versioned objects and the EHR: one attribute as JSON
	table      func(name string) string // of the EHR: a column of its table
	optional   bool                     // that the source may be absent
}

func fixed(expr string) func() string { return func() string { return expr } }

// bind adds an argument and gives its placeholder.
func (g *gen) bind(a argument) string {
	g.args = append(g.args, a)
	return fmt.Sprintf("$%d", len(g.args))
}

// variable adds a variable of the JSON paths and gives its name.
func (g *gen) variable(e analyze.Expr, f form) string {
	if g.vars == nil {
		g.vars = &variables{}
		g.varsArg = g.bind(g.vars) + "::jsonb"
	}
	g.vars.entries = append(g.vars.entries, scalar{e, f})
	return "$" + variableName(len(g.vars.entries)-1)
}

// name gives a fresh alias.
func (g *gen) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// countUses counts the places that read the JSON of each source, since content
// that is read more than once is unpacked first.
func (g *gen) countUses() {
	identity := map[*analyze.Path]bool{}
	counted := func(e analyze.Expr) {
		if a, ok := e.(*analyze.Aggregate); ok && a.Function == "COUNT" && a.Path != nil {
			identity[a.Path] = isRoot(a.Path)
		}
	}
	q := g.plan.Query
	for _, c := range q.Columns {
		analyze.WalkExpr(c.Expr, counted)
	}
	for _, o := range q.OrderBy {
		analyze.WalkExpr(o.Value(), counted)
	}
	for _, c := range []analyze.Cond{q.Where, q.Having} {
		analyze.Walk(c, func(e analyze.Expr, exists bool) {
			if p, ok := e.(*analyze.Path); ok && exists {
				identity[p] = isRoot(p)
			}
			counted(e)
		})
	}
	read := func(p *analyze.Path) {
		if p.Source != nil && g.column(p) == nil && !identity[p] {
			g.uses[p.Source]++
		}
	}
	for path, ref := range g.plan.Refs {
		if ref.Expand == nil {
			read(path)
		}
	}
	for _, e := range g.plan.Expands {
		if e.Base == nil {
			g.uses[e.Source]++
		}
	}
	for _, s := range g.plan.Query.Sources {
		if s.Kind == analyze.SourceRoot {
			analyze.Paths(withoutArchetype(s), func(p *analyze.Path, _ bool) { read(p) })
		}
	}
	var visit func(n plan.Node)
	visit = func(n plan.Node) {
		switch n := n.(type) {
		case *plan.All:
			for _, m := range n.Nodes {
				visit(m)
			}
		case *plan.Any:
			for _, m := range n.Nodes {
				visit(m)
			}
		case *plan.Not:
			visit(n.Node)
		case *plan.Repository:
			visit(n.Child)
		case *plan.Versioned:
			visit(n.Child)
		case *plan.Object:
			if n.Folder != nil {
				g.uses[n.Folder]++
			}
			visit(n.Child)
		case *plan.Descend:
			if n.Outer != nil {
				g.uses[n.Outer] += passes(n)
			}
			visit(n.Child)
		}
	}
	visit(g.plan.From)
}
