package analyze

// Walk visits the values that a condition is about, outermost first, but not
// those inside the predicates of paths. A path that is tested for existence is
// given with exists set.
func Walk(c Cond, visit func(e Expr, exists bool)) {
	value := func(e Expr) {
		WalkExpr(e, func(e Expr) { visit(e, false) })
	}
	switch c := c.(type) {
	case *And:
		for _, o := range c.Operands {
			Walk(o, visit)
		}
	case *Or:
		for _, o := range c.Operands {
			Walk(o, visit)
		}
	case *Not:
		Walk(c.Operand, visit)
	case *Exists:
		visit(c.Path, true)
	case *Compare:
		value(c.Left)
		value(c.Right)
	case *Like:
		value(c.Value())
		value(c.Pattern)
	case *In:
		value(c.Value())
		for _, i := range c.Items {
			value(i)
		}
	case *Regex:
		value(c.Left)
	case *Holds:
		value(c.Expr)
	case *AtTime:
		value(c.Instant)
	}
}

// WalkExpr visits an expression and those that it is made of, outermost first.
// A nil expression is none.
func WalkExpr(e Expr, visit func(Expr)) {
	if e == nil {
		return
	}
	visit(e)
	switch e := e.(type) {
	case *Call:
		for _, a := range e.Args {
			WalkExpr(a, visit)
		}
	case *Terminology:
		WalkExpr(e.Service, visit)
		WalkExpr(e.Params, visit)
	case *Aggregate:
		WalkExpr(e.Arg(), visit)
	}
}

// Paths visits the paths of a condition, but not those inside predicates.
func Paths(c Cond, visit func(p *Path, exists bool)) {
	Walk(c, func(e Expr, exists bool) {
		if p, ok := e.(*Path); ok {
			visit(p, exists)
		}
	})
}

// Constant reports whether an expression has the same value in every row.
func Constant(e Expr) bool {
	constant := true
	WalkExpr(e, func(e Expr) {
		switch e.(type) {
		case *Path, *Aggregate:
			constant = false
		}
	})
	return constant
}

// Exprs visits all values of the query, those of conditions and of the
// predicates of class expressions included, but not those inside the
// predicates of paths.
func (q *Query) Exprs(visit func(Expr)) {
	for _, c := range q.Columns {
		WalkExpr(c.Expr, visit)
	}
	conds := []Cond{q.Where, q.Having}
	for _, s := range q.Sources {
		conds = append(conds, s.Pred)
	}
	for _, c := range conds {
		Walk(c, func(e Expr, _ bool) { visit(e) })
	}
	for _, e := range q.GroupBy {
		WalkExpr(e, visit)
	}
	for _, o := range q.OrderBy {
		WalkExpr(o.Value(), visit)
	}
}
