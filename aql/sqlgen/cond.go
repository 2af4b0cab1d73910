package sqlgen

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/plan"
)

// cond writes a condition. One on values that had to be searched for holds if
// it holds for any of them.
func (g *gen) cond(c analyze.Cond, e env) string {
	switch c := c.(type) {
	case *analyze.And:
		return g.conds(c.Operands, e, " and ")
	case *analyze.Or:
		return g.conds(c.Operands, e, " or ")
	case *analyze.Not:
		return "not " + g.cond(c.Operand, e)
	case *analyze.Exists:
		return g.exists(c.Path, e)
	case *analyze.Compare:
		return g.compare(c, e)
	case *analyze.Like:
		r := g.written(c.Value(), e)
		return r.test(r.value + " like " + g.pattern(c.Pattern, e) + " escape '\\'")
	case *analyze.In:
		return g.in(c, e)
	case *analyze.Regex:
		r := g.written(c.Left, e)
		// Only a line break is not matched by a dot, as elsewhere.
		return r.test(r.value + " ~ " + g.bind(scalar{&analyze.Literal{Value: "(?p)^(?:" + c.Pattern + ")$"}, formText}) + "::text")
	case *analyze.Holds:
		r := g.operand(c.Expr, analyze.ModeBoolean, e)
		return r.test(r.value)
	case *analyze.AtTime:
		return "(" + g.atTime(c) + ")"
	}
	panic(fmt.Sprintf("sqlgen: unknown condition %T", c))
}

func (g *gen) conds(list []analyze.Cond, e env, sep string) string {
	parts := make([]string, len(list))
	for i, c := range list {
		parts[i] = g.cond(c, e)
	}
	return "(" + strings.Join(parts, sep) + ")"
}

// test wraps a condition in the search for its operands.
func (r *rows) test(cond string) string {
	if len(r.joins) == 0 {
		return "(" + cond + ")"
	}
	sub := from{joins: r.joins, where: append(r.where[:len(r.where):len(r.where)], cond)}
	return "exists (select" + strings.ReplaceAll(sub.text(""), "\n", " ") + ")"
}

func (g *gen) exists(p *analyze.Path, e env) string {
	if c := g.column(p); c != nil {
		if c.value != nil {
			return "(" + c.value.JSON() + " is not null)"
		}
		return "(" + c.text() + " is not null)"
	}
	if there := g.present(p); there != "" {
		return "(" + there + " is not null)"
	}
	r := g.locate(p, e, false)
	return r.test(r.value + " is not null")
}

// present is a column that is null if the source that a path is nothing but is
// not there; "" for other paths and for objects inside content.
func (g *gen) present(p *analyze.Path) string {
	if p.Source == nil || len(p.Steps) > 0 || p.Pred != nil {
		return ""
	}
	switch p.Source.Kind {
	case analyze.SourceEHR:
		return g.bound[p.Source].table("ehr_id")
	case analyze.SourceRoot, analyze.SourceVersion, analyze.SourceVersioned:
		return g.bound[p.Source].uid()
	}
	return ""
}

func (g *gen) compare(c *analyze.Compare, e env) string {
	left, isPath := c.Left.(*analyze.Path)
	if c.Mode == analyze.ModeNull {
		test := ""
		if isPath && !g.isGroupKey(left) {
			test = g.exists(left, e)
		} else {
			r := g.operand(c.Left, analyze.ModeOf(c.Left), e)
			test = r.test(r.value + " is not null")
		}
		if c.Op == ast.EQ {
			return "(not " + test + ")"
		}
		return test
	}
	if isPath && given(c.Right) {
		if s := g.compareID(c, left); s != "" {
			return s
		}
	}
	op := opSQL[c.Op]
	l, r := g.operand(c.Left, c.Mode, e), g.operand(c.Right, c.Mode, e)
	both := rows{}
	both.add(&l.from)
	both.add(&r.from)
	if c.Mode == analyze.ModeDynamic {
		return both.test("aql_compare(" + l.value + ", " + r.value + ") " + op + " 0")
	}
	return both.test(l.value + collated(c.Mode, c.Op) + " " + op + " " + r.value)
}

// given reports whether an expression is a literal or parameter.
func given(e analyze.Expr) bool {
	switch e.(type) {
	case *analyze.Literal, *analyze.Param:
		return true
	}
	return false
}

// compareID compares the id of an EHR or a version by the columns that are
// indexed; "" when the path is none.
func (g *gen) compareID(c *analyze.Compare, left *analyze.Path) string {
	if left.IsEHRID() && (c.Op == ast.EQ || c.Op == ast.NE) {
		return "(" + g.bound[left.Source].table("ehr_id") + " " + opSQL[c.Op] + " " + g.bind(scalar{c.Right, formUUID}) + "::uuid)"
	}
	if col := g.column(left); col != nil && col.uid != nil && c.Op == ast.EQ {
		if b := g.bound[col.uid]; b.object != nil {
			// The object id is redundant, and has an index.
			return "(" + b.object() + " = " + g.bind(scalar{c.Right, formObject}) + "::uuid and " +
				b.uid() + " = " + g.constant(c.Right, analyze.ModeText) + ")"
		}
	}
	return ""
}

var opSQL = [...]string{ast.EQ: "=", ast.NE: "<>", ast.LT: "<", ast.LE: "<=", ast.GT: ">", ast.GE: ">="}

// collated orders text by its code points, whatever the database's locale.
func collated(m analyze.Mode, op ast.Op) string {
	if m == analyze.ModeText && op != ast.EQ && op != ast.NE {
		return ` collate "C"`
	}
	return ""
}

// written is the text of a value as LIKE sees it.
func (g *gen) written(v analyze.Expr, e env) rows {
	p, ok := v.(*analyze.Path)
	switch {
	case !ok:
		return rows{value: g.text(v, e)}
	case p.ByOwner || p.Kinds == analyze.KindText:
		return g.operand(p, analyze.ModeText, e)
	}
	if c := g.column(p); c != nil && c.value != nil {
		if c.value.Written != nil {
			return rows{value: c.value.Written()}
		}
		return g.operand(p, analyze.ModeText, e)
	}
	r := g.locate(p, e, false)
	r.value = "aql_string(" + r.value + ")"
	return r
}

// pattern is a pattern of LIKE as SQL has it.
func (g *gen) pattern(v analyze.Expr, e env) string {
	if given(v) {
		return g.bind(scalar{v, formPattern}) + "::text"
	}
	return "aql_pattern(" + g.text(v, e) + ")"
}

func (g *gen) in(c *analyze.In, e env) string {
	left := c.Value()
	if c.Path != nil && c.Path.IsEHRID() {
		return "(" + g.bound[c.Path.Source].table("ehr_id") + " = any(" + g.bind(list{c.Items, formUUID}) + "::text[]::uuid[]))"
	}
	if c.Path != nil && c.Path.Kinds == analyze.KindCode && slices.ContainsFunc(c.Items, isTerminology) {
		// Data name a terminology in several ways, a service by its URI.
		r := g.locate(c.Path, e, false)
		systems := g.bind(systems{c.Items})
		return r.test("coalesce(" + systems + "::jsonb ->> aql_terminology(" + r.value + " -> 'terminology_id' ->> 'value'), " +
			r.value + " -> 'terminology_id' ->> 'value') || '::' || (" + r.value + " ->> 'code_string') = any(" + g.bind(list{c.Items, formCode}) + "::text[])")
	}
	r := g.operand(left, c.Mode, e)
	ph := g.bind(list{c.Items, modeForms[c.Mode]})
	test := ""
	switch c.Mode {
	case analyze.ModeNumber:
		test = r.value + " = any(" + ph + "::text[]::numeric[])"
	case analyze.ModeText:
		test = r.value + " = any(" + ph + "::text[])"
	case analyze.ModeBoolean:
		test = r.value + " = any(" + ph + "::boolean[])"
	case analyze.ModeDynamic:
		test = "(select bool_or(aql_compare(" + r.value + ", i) = 0) from jsonb_array_elements(" + ph + "::jsonb) as i)"
	default:
		test = r.value + " = any(array(select " + temporalFunction[c.Mode] + "(i) from unnest(" + ph + "::text[]) as i))"
	}
	if !slices.ContainsFunc(c.Items, func(e analyze.Expr) bool { _, ok := e.(*analyze.Literal); return ok }) {
		// An empty list matches nothing, but what is missing stays unknown.
		if c.Mode == analyze.ModeDynamic {
			test = "case when jsonb_array_length(" + ph + "::jsonb) = 0 then " + r.value + " is null and null else " + test + " end"
		} else {
			test = "case when " + r.value + " is not null then " + test + " end"
		}
	}
	return r.test(test)
}

func isTerminology(e analyze.Expr) bool {
	_, ok := e.(*analyze.Terminology)
	return ok
}

// pathSteps writes steps as a JSON path. Predicates that cannot be part of one
// are left out when lenient, for the caller to apply to the last step.
func (g *gen) pathSteps(steps []*analyze.Step, lenient bool) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteString("." + s.Attribute)
		if s.Container {
			b.WriteString("[*]")
		}
		if s.Pred != nil && (!lenient || plan.InPath(s.Pred, false)) {
			b.WriteString(" ? (" + g.pathCond(s.Pred) + ")")
		}
	}
	return b.String()
}

// pathCond writes a predicate as the filter of a JSON path.
func (g *gen) pathCond(c analyze.Cond) string {
	many := func(list []analyze.Cond, sep string) string {
		parts := make([]string, len(list))
		for i, o := range list {
			parts[i] = "(" + g.pathCond(o) + ")"
		}
		return strings.Join(parts, sep)
	}
	switch c := c.(type) {
	case *analyze.And:
		return many(c.Operands, " && ")
	case *analyze.Or:
		return many(c.Operands, " || ")
	case *analyze.Compare:
		left := "@" + g.pathSteps(c.Left.(*analyze.Path).Steps, false)
		if right, ok := c.Right.(*analyze.Path); ok {
			return left + " " + opPath[c.Op] + " @" + g.pathSteps(right.Steps, false)
		}
		return left + " " + opPath[c.Op] + " " + g.variable(c.Right, modeForms[c.Mode])
	}
	panic(fmt.Sprintf("sqlgen: %T in a JSON path", c))
}

var opPath = [...]string{ast.EQ: "==", ast.NE: "!=", ast.LT: "<", ast.LE: "<=", ast.GT: ">", ast.GE: ">="}
