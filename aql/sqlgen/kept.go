package sqlgen

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/plan"
)

// Kept is how a query is answered from rows that are kept for each EHR.
type Kept struct {
	// Read answers the query from the rows kept of EHRs that have not changed
	// since, and from the documents of those that have, in one statement, so that
	// it always gives what the record holds.
	Read *Statement
	// Fill gives the rows to keep of the EHRs in the values: the columns are
	// ehr_no and cells, which do not depend on parameters or the clock.
	Fill *Statement
}

// Keep compiles a plan for rows kept under a number. The guard is as in
// [Access]. The plan must be one that [Unkept] finds nothing in.
func Keep(p *plan.Plan, number int32, guard string) *Kept {
	k := &keeper{plan: p, number: number, at: map[cell]int{}}
	for _, c := range conjuncts(p.Query.Where) {
		if varies(c) {
			k.later = append(k.later, c)
		} else {
			k.before = append(k.before, c)
		}
	}
	access := &Access{Guard: guard, From: k.from, Values: map[*analyze.Path]Value{}}
	k.outer(func(path *analyze.Path, exists bool) {
		if path.Source == nil || path.Source.Kind == analyze.SourceEHR && Stored(path) {
			return
		}
		plain := cellJSON
		switch {
		case exists:
			plain = cellExists
		case k.identity(path):
			plain = cellUID
		}
		access.Values[path] = Value{
			JSON: func() string { return k.cell(path, plain) },
			Operand: func(mode analyze.Mode) string {
				if mode == analyze.ModeDynamic {
					return k.cell(path, cellDynamic)
				}
				return fromJSON(k.cell(path, cellJSON), mode)
			},
			Written: func() string {
				if path.ByOwner || path.Kinds == analyze.KindText {
					return fromJSON(k.cell(path, cellJSON), analyze.ModeText)
				}
				return "aql_string(" + k.cell(path, cellJSON) + ")"
			},
		}
	})
	if k.grouped = partials(p.Query); k.grouped {
		access.partial = k.partial
	}
	read := newGen(p, Options{Access: access})
	read.pending = k.later
	var f from
	read.access(&f)
	for _, c := range k.later {
		f.and(read.cond(c, env{}))
	}
	read.groupKeys(&f)
	out := &Kept{Read: &Statement{SQL: read.guarded(read.query(&f))}}
	out.Read.args = read.args

	fill := newGen(p, Options{among: func(g *gen) string {
		return "e.ehr_no = any(" + g.bind(field{"the EHRs to renew", func(v Values) any { return v.EHRs }}) + "::bigint[])"
	}})
	out.Fill = &Statement{SQL: k.rows(fill, "")}
	out.Fill.args = fill.args
	return out
}

// newGen makes the state of a generation.
func newGen(p *plan.Plan, opt Options) *gen {
	g := &gen{plan: p, opt: opt, uses: map[*analyze.Source]int{}, bound: map[*analyze.Source]*binding{}, expands: map[*plan.Expand]string{}}
	g.countUses()
	return g
}

// keeper compiles one plan for kept rows.
type keeper struct {
	plan   *plan.Plan
	number int32
	// before are the conditions that decide which rows are kept, later those that
	// parameters or the clock decide.
	before, later []analyze.Cond
	// grouped tells that rows with the same values are kept as one, with their
	// number and sums, since they are only aggregated.
	grouped bool
	cells   []cell
	at      map[cell]int
}

// cell is one value kept of a row.
type cell struct {
	path *analyze.Path
	kind cellKind
}

type cellKind uint8

const (
	cellJSON    cellKind = iota // the value
	cellDynamic                 // as it compares with values of any type
	cellExists                  // anything if there is one
	cellUID                     // the version uid, which stands for the object

	// Of rows that are kept as one:
	cellRows     // their number
	cellCount    // that of the values
	cellSum      // of the values that are numbers
	cellSumCount // the number of these
)

// cell is the column of a value, which is kept from then on.
func (k *keeper) cell(p *analyze.Path, kind cellKind) string {
	c := cell{p, kind}
	if _, ok := k.at[c]; !ok {
		k.cells = append(k.cells, c)
		k.at[c] = len(k.cells)
	}
	return fmt.Sprintf("e.cells[%d]", k.at[c])
}

// partials reports whether a query looks at its rows by aggregates that can be
// calculated in two steps: for each EHR, and over all.
func partials(q *analyze.Query) bool {
	ok := q.Aggregated
	look := func(e analyze.Expr) {
		if a, is := e.(*analyze.Aggregate); is && repeats(a) && a.Path == nil && a.Expr != nil {
			ok = false
		}
	}
	for _, c := range q.Columns {
		analyze.WalkExpr(c.Expr, look)
	}
	for _, o := range q.OrderBy {
		analyze.WalkExpr(o.Value(), look)
	}
	analyze.Walk(q.Having, func(e analyze.Expr, _ bool) { look(e) })
	return ok
}

// repeats reports whether an aggregate depends on how often a value occurs.
func repeats(a *analyze.Aggregate) bool {
	return !a.Distinct && a.Function != "MIN" && a.Function != "MAX"
}

// partial writes an aggregate over numbers and sums of rows.
func (k *keeper) partial(a *analyze.Aggregate) string {
	sum := func(p *analyze.Path, kind cellKind) string { return "sum((" + k.cell(p, kind) + ")::numeric)" }
	switch {
	case !repeats(a):
		return ""
	case a.Arg() == nil:
		return "to_jsonb(coalesce(" + sum(nil, cellRows) + ", 0))"
	case a.Function == "COUNT":
		return "to_jsonb(coalesce(" + sum(a.Path, cellCount) + ", 0))"
	case a.Function == "SUM":
		return "to_jsonb(" + sum(a.Path, cellSum) + ")"
	case a.Function == "AVG":
		return "to_jsonb(" + sum(a.Path, cellSum) + " / nullif(" + sum(a.Path, cellSumCount) + ", 0))"
	}
	return ""
}

// outer visits the paths of everything that is done with kept rows.
func (k *keeper) outer(visit func(p *analyze.Path, exists bool)) {
	q := k.plan.Query
	value := func(e analyze.Expr) {
		analyze.WalkExpr(e, func(e analyze.Expr) {
			if p, ok := e.(*analyze.Path); ok {
				visit(p, false)
			}
		})
	}
	for _, c := range q.Columns {
		value(c.Expr)
	}
	for _, e := range q.GroupBy {
		value(e)
	}
	for _, o := range q.OrderBy {
		value(o.Value())
	}
	for _, c := range append([]analyze.Cond{q.Having}, k.later...) {
		analyze.Paths(c, visit)
	}
}

// identity reports whether a path is a whole object that is only counted.
func (k *keeper) identity(p *analyze.Path) bool {
	counted := false
	look := func(e analyze.Expr) {
		a, ok := e.(*analyze.Aggregate)
		counted = counted || ok && a.Function == "COUNT" && a.Path == p
	}
	q := k.plan.Query
	for _, c := range q.Columns {
		analyze.WalkExpr(c.Expr, look)
	}
	for _, o := range q.OrderBy {
		analyze.WalkExpr(o.Value(), look)
	}
	analyze.Walk(q.Having, func(e analyze.Expr, _ bool) { look(e) })
	return counted && isRoot(p)
}

// from writes the FROM clause: the rows of unchanged EHRs, and those of changed
// ones as they are now.
func (k *keeper) from(w *Writer) {
	w.JoinLater(func() string {
		fresh := newGen(k.plan, Options{among: func(*gen) string {
			// As an array, so that the few EHRs are looked up whatever the planner
			// takes the table's size for.
			return fmt.Sprintf("e.ehr_no = any(array(select distinct c.ehr_no from aql_change as c where c.query_no = %d))", k.number)
		}})
		fresh.args = w.g.args
		text := k.rows(fresh, "    ")
		w.g.args = fresh.args
		// Fenced, or the planner may join in the order of groups, by nested loops.
		return fmt.Sprintf(`(select e.*, k.cells from (
    select k.ehr_no, k.cells from aql_kept as k
    where k.query_no = %[1]d and not exists (select from aql_change as c where c.query_no = %[1]d and c.ehr_no = k.ehr_no)
    union all
    %[2]s) as k join ehr as e on e.ehr_no = k.ehr_no where e.is_queryable offset 0) as e`, k.number, text)
	}, "")
}

// rows writes the statement that finds the rows of some EHRs.
func (k *keeper) rows(g *gen, indent string) string {
	g.pending = append([]analyze.Cond{}, k.before...)
	var f from
	g.top(&f)
	for _, e := range k.plan.Expands {
		g.expand(e, &f)
	}
	for _, c := range g.pending {
		f.and(g.cond(c, env{}))
	}
	values := make([]string, len(k.cells))
	number := g.bound[k.plan.Query.EHR].table("ehr_no")
	if k.grouped {
		columns, groups := []string{number + " as ehr_no"}, []string{"r.ehr_no"}
		for i, c := range k.cells {
			name := fmt.Sprintf("c%d", i)
			switch c.kind {
			case cellRows:
				values[i] = "to_jsonb(count(*))"
				continue
			case cellCount:
				values[i] = "to_jsonb(count(r." + name + "))"
			case cellSum:
				values[i] = "to_jsonb(sum(r." + name + "))"
			case cellSumCount:
				values[i] = "to_jsonb(count(r." + name + "))"
			default: // as text, which tells 5.0 from 5
				columns = append(columns, "("+g.cell(c)+")::text as "+name)
				values[i] = "r." + name + "::jsonb"
				groups = append(groups, "r."+name)
				continue
			}
			columns = append(columns, g.cell(c)+" as "+name)
		}
		return "select r.ehr_no, array[" + strings.Join(values, ", ") + "]::jsonb[] as cells from (select " + strings.Join(columns, ", ") + f.text(indent) +
			") as r group by " + strings.Join(groups, ", ")
	}
	for i, c := range k.cells {
		values[i] = g.cell(c)
	}
	return "select " + number + " as ehr_no, array[" + strings.Join(values, ", ") + "]::jsonb[] as cells" + f.text(indent)
}

// cell writes the value to keep.
func (g *gen) cell(c cell) string {
	switch c.kind {
	case cellExists:
		return "case when " + g.exists(c.path, env{}) + " then 'true'::jsonb end"
	case cellUID:
		return "to_jsonb(" + g.bound[c.path.Source].uid() + ")"
	case cellCount:
		if isRoot(c.path) && g.column(c.path) == nil {
			return "to_jsonb(" + g.bound[c.path.Source].uid() + ")"
		}
	case cellSum, cellSumCount:
		return g.single(g.pathOperand(c.path, analyze.ModeNumber, env{}))
	case cellDynamic:
		return g.single(g.pathOperand(c.path, analyze.ModeDynamic, env{}))
	}
	return g.pathJSON(c.path, env{})
}

// single is a value that had to be searched for as one expression.
func (g *gen) single(r rows) string {
	if len(r.joins) == 0 {
		return r.value
	}
	return "(select " + r.value + strings.ReplaceAll(r.from.text(""), "\n", " ") + " limit 1)"
}

// clock are the functions whose value is another one in each run.
var clock = map[string]bool{"CURRENT_DATE": true, "CURRENT_TIME": true, "CURRENT_DATE_TIME": true, "NOW": true, "CURRENT_TIMEZONE": true}

// varying gives what of an expression depends on the request; "" for nothing.
func varying(e analyze.Expr) string {
	switch e := e.(type) {
	case *analyze.Param:
		return "the parameter $" + e.Name
	case *analyze.Call:
		if clock[e.Function] {
			return e.Function + "()"
		}
	}
	return ""
}

// varies reports whether a condition depends on the request, outside of the
// predicates of its paths.
func varies(c analyze.Cond) bool {
	found := false
	analyze.Walk(c, func(e analyze.Expr, _ bool) { found = found || varying(e) != "" })
	return found
}

// Unkept names what of a plan keeps its rows from being kept for each EHR; ""
// for nothing.
func Unkept(p *plan.Plan) string {
	q := p.Query
	switch {
	case q.EHR == nil:
		return "FROM combines several EHRs, so that its rows are of no single one"
	case q.EHR.Demographic:
		return "it is about parties, which are in no EHR"
	case q.NamesEHR:
		return "it names the EHRs that it is about, which are read directly"
	}
	reason := ""
	say := func(format string, args ...any) {
		if reason == "" {
			reason = fmt.Sprintf(format, args...)
		}
	}
	var predicate func(c analyze.Cond)
	path := func(x *analyze.Path) {
		if (x.Source == nil || x.Source == q.EHR) && len(x.Steps) > 0 && x.Steps[0].Attribute == "tags" {
			say("tags of the EHR change without a commit")
		}
		predicate(x.Pred)
		for _, s := range x.Steps {
			predicate(s.Pred)
		}
	}
	// What stands in predicates decides which rows there are.
	predicate = func(c analyze.Cond) {
		analyze.Walk(c, func(e analyze.Expr, _ bool) {
			if v := varying(e); v != "" {
				say("%s stands in FROM or in the predicate of a path, so that the rows depend on it", v)
			}
			if x, ok := e.(*analyze.Path); ok {
				path(x)
			}
		})
	}
	for _, s := range q.Sources {
		predicate(s.Pred)
		if v, ok := s.NodeID.(*analyze.Param); ok {
			say("the parameter $%s stands in FROM or in the predicate of a path, so that the rows depend on it", v.Name)
		}
	}
	q.Exprs(func(e analyze.Expr) {
		switch e := e.(type) {
		case *analyze.Terminology:
			say("TERMINOLOGY asks a service, whose answers change without a commit")
		case *analyze.Path:
			path(e)
		}
	})
	return reason
}

// Result gives the rows of a whole result that is kept under a number, of which
// the query itself has passed over some.
func Result(columns int, passed int64, number int32, guard string) *Statement {
	g := &gen{}
	values, nulls := make([]string, columns), make([]string, columns)
	for i := range values {
		values[i], nulls[i] = fmt.Sprintf("r.cells[%d]", i+1), "null::text"
	}
	limit := g.bind(field{"the most rows", func(v Values) any {
		if v.Limit < 0 {
			return nil
		}
		return v.Limit
	}})
	offset := g.bind(field{"rows passed over", func(v Values) any { return v.Offset - passed }})
	sql := fmt.Sprintf("select %s where not %s\nunion all (\nselect %s from aql_result as r where r.query_no = %d order by r.n\nlimit %s::bigint offset %s::bigint)",
		strings.Join(nulls, ", "), guard, strings.Join(values, ", "), number, limit, offset)
	return &Statement{SQL: sql, args: g.args}
}
