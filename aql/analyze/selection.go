package analyze

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/ast"
)

// selection resolves the columns.
func (a *analyzer) selection(columns []*ast.Column) {
	aliases := map[string]bool{}
	var firstPath, firstAggregate ast.Node
	for i, c := range columns {
		col := Column{Name: c.Alias}
		if c.Alias == "" {
			col.Name = fmt.Sprintf("#%d", i)
		} else if key := strings.ToLower(c.Alias); aliases[key] {
			a.fail(c.Pos, "name.duplicate", "the column name %s is already used; names do not distinguish case", c.Alias)
		} else {
			aliases[key] = true
		}
		switch v := c.Value.(type) {
		case *ast.Path:
			if firstPath == nil {
				firstPath = c.Value
			}
			p := a.path(v, nil)
			if p == nil {
				break
			}
			if len(p.Steps) == 0 && p.Source.Kind == SourceEHR {
				a.unsupported(v.Pos, "whole_ehr", "a whole EHR as a value; name the attributes you need")
			}
			col.Path, col.Expr = v.Tail(), p
		case *ast.Call:
			if !aggregates[strings.ToUpper(v.Function)] {
				a.call(v)
				break
			}
			if firstAggregate == nil {
				firstAggregate = c.Value
			}
			if g := a.aggregate(v); g != nil {
				col.Expr = g
			}
		default:
			col.Expr = a.operand(v, nil)
		}
		a.q.Columns = append(a.q.Columns, col)
	}
	if firstAggregate != nil {
		a.q.Aggregated = true
		if firstPath != nil {
			a.unsupported(firstPath.At(), "group_by", "the path %s beside the aggregate %s, which would need a GROUP BY", firstPath, firstAggregate)
		}
	}
}

func (a *analyzer) aggregate(n *ast.Call) *Aggregate {
	g := &Aggregate{Function: strings.ToUpper(n.Function), Distinct: n.Distinct}
	if n.Star {
		if g.Function != "COUNT" {
			a.fail(n.Pos, "function.arguments", "%s takes a path, only COUNT takes *", g.Function)
		}
		return g
	}
	if len(n.Args) != 1 {
		a.fail(n.Pos, "function.arguments", "%s takes one path", g.Function)
		return nil
	}
	arg, ok := n.Args[0].(*ast.Path)
	if !ok {
		a.unsupported(n.Args[0].At(), "aggregate_argument", "%s of anything but a path", g.Function)
		return nil
	}
	if n.Distinct && g.Function != "COUNT" {
		a.fail(n.Pos, "function.arguments", "DISTINCT stands only in COUNT")
	}
	p := a.path(arg, nil)
	if p == nil {
		return nil
	}
	g.Path = p
	switch g.Function {
	case "SUM", "AVG":
		if p.Kinds&KindNumber == 0 {
			a.fail(arg.Pos, "function.type", "%s takes numbers; %s is %s", g.Function, arg, p.Types)
		}
	case "MIN", "MAX":
		if p.Kinds&kindsOrdered == 0 || p.Kinds == KindCode {
			a.fail(arg.Pos, "function.type", "%s takes values that have an order; %s is %s", g.Function, arg, p.Types)
		}
	case "COUNT":
		if len(p.Steps) == 0 && p.Source.Kind == SourceEHR {
			a.unsupported(arg.Pos, "whole_ehr", "a whole EHR as a value; use its ehr_id")
		}
	}
	return g
}

// order resolves the sorting expressions. A bare name is a column's alias if
// there is one of that name.
func (a *analyzer) order(items []*ast.OrderItem) {
	for _, item := range items {
		o := Order{Column: -1, Desc: item.Desc}
		n, ok := item.Value.(*ast.Path)
		if !ok {
			if call, ok := item.Value.(*ast.Call); ok {
				a.call(call)
			} else {
				a.fail(item.Value.At(), "order.constant", "ORDER BY takes a path or the name of a column")
			}
			continue
		}
		if len(n.Steps) == 0 && n.Predicate == nil {
			for i, c := range a.q.AST.Columns {
				if c.Alias != "" && strings.EqualFold(c.Alias, n.Name) {
					o.Column = i
				}
			}
		}
		if o.Column < 0 {
			if a.q.Aggregated {
				a.unsupported(n.Pos, "group_by", "ordering aggregates by a path, which would need a GROUP BY")
				continue
			}
			if o.Path = a.path(n, nil); o.Path == nil {
				continue
			}
		} else if p, ok := a.q.Columns[o.Column].Expr.(*Path); ok {
			o.Path, o.Column = p, -1
		}
		if p := o.Path; p != nil {
			if p.Kinds&kindsOrdered == 0 {
				a.fail(n.Pos, "order.type", "%s is %s, which has no order", n, p.Types)
			}
			if a.q.Distinct && !a.selects(p) {
				a.fail(n.Pos, "order.distinct", "%s must be selected, or be part of what is selected, because of DISTINCT", n)
			}
		}
		a.q.OrderBy = append(a.q.OrderBy, o)
	}
}

// selects reports whether a column is the path or an object that it leads
// through.
func (a *analyzer) selects(p *Path) bool {
	for _, c := range a.q.Columns {
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
