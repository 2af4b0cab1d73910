package analyze

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// selection resolves the columns.
func (a *analyzer) selection(columns []*ast.Column) {
	aliases := map[string]bool{}
	a.aggregating = true
	defer func() { a.aggregating = false }()
	for i, c := range columns {
		col := Column{Name: c.Alias}
		if c.Alias == "" {
			col.Name = fmt.Sprintf("#%d", i)
		} else if key := strings.ToLower(c.Alias); aliases[key] {
			a.fail(c.Pos, "name.duplicate", "the column name %s is already used; names do not distinguish case", c.Alias)
		} else {
			aliases[key] = true
		}
		col.Expr = a.operand(c.Value, nil)
		if v, ok := c.Value.(*ast.Path); ok {
			col.Path = v.Tail()
		}
		if t, ok := col.Expr.(*Terminology); ok && t.Operation == OperationExpand {
			a.fail(c.Value.At(), "terminology.column", "the codes of a value set are no value of a column; they stand after MATCHES")
		}
		a.q.Columns = append(a.q.Columns, col)
	}
}

func (a *analyzer) aggregate(n *ast.Call) *Aggregate {
	g := &Aggregate{Function: strings.ToUpper(n.Function), Distinct: n.Distinct, AST: n}
	if n.Star {
		if g.Function != "COUNT" {
			a.fail(n.Pos, "function.arguments", "%s takes a path, only COUNT takes *", g.Function)
		}
		return g
	}
	if len(n.Args) != 1 {
		a.fail(n.Pos, "function.arguments", "%s takes one argument", g.Function)
		return nil
	}
	if n.Distinct && g.Function != "COUNT" {
		a.fail(n.Pos, "function.arguments", "DISTINCT stands only in COUNT")
	}
	a.aggregating = false
	arg := a.operand(n.Args[0], nil)
	a.aggregating = true
	if arg == nil {
		return nil
	}
	g.Path, g.Expr = pathOrOther(arg)
	kinds, given := KindsOf(arg), given(arg)
	switch g.Function {
	case "SUM", "AVG":
		if kinds&KindNumber == 0 && !given || given && kinds != KindNumber && kinds != 0 || isNull(arg) {
			a.fail(n.Args[0].At(), "function.type", "%s takes numbers; %s is %s", g.Function, n.Args[0], a.typeText(arg))
		}
	case "MIN", "MAX":
		if kinds&kindsOrdered == 0 && !given || kinds == KindCode || isNull(arg) {
			a.fail(n.Args[0].At(), "function.type", "%s takes values that have an order; %s is %s", g.Function, n.Args[0], a.typeText(arg))
		}
	}
	return g
}

// alias gives the expression of the column that a bare name names.
func (a *analyzer) alias(n *ast.Path) (Expr, bool) {
	if len(n.Steps) > 0 || n.Predicate != nil {
		return nil, false
	}
	for i, c := range a.q.AST.Columns {
		if c.Alias != "" && strings.EqualFold(c.Alias, n.Name) && i < len(a.q.Columns) {
			return a.q.Columns[i].Expr, true
		}
	}
	return nil, false
}

// groups resolves GROUP BY and HAVING, and checks that everything beside the
// aggregates is the same throughout a group.
func (a *analyzer) groups(tree *ast.Query) {
	a.aliases = true
	defer func() { a.aliases, a.aggregating = false, false }()
	for _, n := range tree.GroupBy {
		e := a.operand(n, nil)
		if e == nil {
			continue
		}
		if containsAggregate(e) {
			a.fail(n.At(), "group.aggregate", "%s is an aggregate and cannot make groups", n)
			continue
		}
		a.q.GroupBy = append(a.q.GroupBy, e)
	}
	a.aggregating = true
	if tree.Having != nil {
		a.q.Having = a.condition(tree.Having, nil)
	}
	a.q.Aggregated = len(tree.GroupBy) > 0 || tree.Having != nil ||
		slices.ContainsFunc(a.q.Columns, func(c Column) bool { return containsAggregate(c.Expr) })
	for _, item := range tree.OrderBy {
		a.q.Aggregated = a.q.Aggregated || astAggregate(item.Value)
	}
	if !a.q.Aggregated {
		return
	}
	for i, c := range a.q.Columns {
		a.uniform(c.Expr, tree.Columns[i].Value.At())
	}
	if tree.Having != nil {
		Walk(a.q.Having, func(e Expr, exists bool) {
			if p, ok := e.(*Path); ok && exists {
				a.uniform(p, p.AST.Pos)
			}
		})
		a.uniformCond(a.q.Having, tree.Having.At())
	}
}

func astAggregate(o ast.Operand) bool {
	c, ok := o.(*ast.Call)
	return ok && aggregates[strings.ToUpper(c.Function)]
}

func containsAggregate(e Expr) bool {
	found := false
	WalkExpr(e, func(e Expr) {
		_, ok := e.(*Aggregate)
		found = found || ok
	})
	return found
}

// uniform demands that an expression has one value in a group.
func (a *analyzer) uniform(e Expr, pos ast.Pos) {
	if e == nil || slices.ContainsFunc(a.q.GroupBy, func(k Expr) bool { return k != nil && Key(k) == Key(e) }) {
		return
	}
	switch e := e.(type) {
	case *Path:
		if e.AST.End > 0 {
			pos = e.AST.Pos
		}
		a.fail(pos, "group_by", "%s differs between the rows that the aggregates summarise; name it in GROUP BY", e.AST)
	case *Call:
		for _, arg := range e.Args {
			a.uniform(arg, pos)
		}
	case *Terminology:
		a.uniform(e.Params, pos)
	}
}

// uniformCond demands the same of a condition.
func (a *analyzer) uniformCond(c Cond, pos ast.Pos) {
	each := func(list ...Cond) {
		for _, o := range list {
			a.uniformCond(o, pos)
		}
	}
	switch c := c.(type) {
	case *And:
		each(c.Operands...)
	case *Or:
		each(c.Operands...)
	case *Not:
		each(c.Operand)
	case *Compare:
		a.uniform(c.Left, pos)
		a.uniform(c.Right, pos)
	case *Like:
		a.uniform(c.Value(), pos)
		a.uniform(c.Pattern, pos)
	case *In:
		a.uniform(c.Value(), pos)
	case *Regex:
		a.uniform(c.Left, pos)
	case *Holds:
		a.uniform(c.Expr, pos)
	}
}

// Key is equal for expressions that have the same value in every row.
func Key(e Expr) string {
	switch e := e.(type) {
	case *Path:
		var b strings.Builder
		if e.Source != nil {
			fmt.Fprintf(&b, "%d", e.Source.Index)
		}
		b.WriteString("[" + predText(e.AST) + "]")
		for _, s := range e.Steps {
			b.WriteString("/" + s.Key)
		}
		return b.String()
	case *Call:
		parts := []string{e.Function}
		for _, arg := range e.Args {
			parts = append(parts, Key(arg))
		}
		return "(" + strings.Join(parts, " ") + ")"
	case *Terminology:
		return "(" + e.Operation + " " + Key(e.Service) + " " + Key(e.Params) + ")"
	}
	return ExprText(e)
}

// order resolves the sorting expressions. A bare name is a column's alias if
// there is one of that name.
func (a *analyzer) order(items []*ast.OrderItem) {
	a.aggregating = a.q.Aggregated
	defer func() { a.aggregating = false }()
	for _, item := range items {
		o := Order{Column: -1, Desc: item.Desc}
		var e Expr
		n, isPath := item.Value.(*ast.Path)
		aliased := false
		if isPath {
			if e, aliased = a.alias(n); aliased {
				a.extension(n.Pos, "order_alias", "ordering by the name of a column")
			}
		} else {
			a.extension(item.Value.At(), "order_expression", "ordering by anything but a path")
		}
		if !aliased {
			e = a.operand(item.Value, nil)
		}
		pos := item.Value.At()
		switch e.(type) {
		case nil:
			continue
		case *Literal, *Param:
			if !aliased {
				a.fail(pos, "order.constant", "ORDER BY takes a path, a calculated value or the name of a column")
				continue
			}
			o.Column = slices.IndexFunc(a.q.Columns, func(c Column) bool { return c.Expr == e })
			a.q.OrderBy = append(a.q.OrderBy, o)
			continue
		}
		o.Path, o.Expr = pathOrOther(e)
		if KindsOf(e)&kindsOrdered == 0 {
			a.fail(pos, "order.type", "%s is %s, which has no order", item.Value, a.typeText(e))
		}
		if a.q.Distinct && !aliased && !a.selects(e) {
			a.fail(pos, "order.distinct", "%s must be selected, or be part of what is selected, because of DISTINCT", item.Value)
		}
		if a.q.Aggregated {
			a.uniform(e, pos)
		}
		a.q.OrderBy = append(a.q.OrderBy, o)
	}
}

// selects reports whether a column is the expression or, of a path, an object
// that it leads through.
func (a *analyzer) selects(e Expr) bool {
	p, isPath := e.(*Path)
	for _, c := range a.q.Columns {
		if !isPath {
			if c.Expr != nil && Key(c.Expr) == Key(e) {
				return true
			}
			continue
		}
		have, ok := c.Expr.(*Path)
		if !ok || have.Source != p.Source || len(have.Steps) > len(p.Steps) || predText(have.AST) != predText(p.AST) {
			continue
		}
		same := true
		for i, s := range have.Steps {
			// A container that goes on may expand to more rows than the column.
			same = same && s.Key == p.Steps[i].Key
		}
		for _, s := range p.Steps[len(have.Steps):] {
			same = same && !s.Container
		}
		if same {
			return true
		}
	}
	return false
}

func predText(p *ast.Path) string {
	if p.Predicate == nil {
		return ""
	}
	return p.Predicate.String()
}
