package sqlgen

import (
	"context"
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
)

// Access finds the rows of a plan, and the values of its paths in a row, by
// other means than the documents. Everything else of a statement, conditions,
// aggregates, order and paging, is written as for documents.
type Access struct {
	// Guard is a condition that raises an error if the access has been compiled from a
	// state that has passed. It runs before anything else and whatever the
	// database's planner makes of the rest, which it may find to be empty.
	Guard string
	// From writes the items of the FROM clause with their conditions.
	From func(w *Writer)
	// Values are those of all paths of the plan that are not Stored.
	Values map[*analyze.Path]Value
	// Documents are columns with the stored bytes of whole objects, for paths that
	// lead to one. They are selected where the object is returned as it is, which
	// spares the database to write it out and the program to order it.
	Documents map[*analyze.Path]string
	// partial writes an aggregate of rows that stand for several each; "" if it is
	// that of the rows as they are.
	partial func(a *analyze.Aggregate) string
	// Versions are the aliases of the rows of the table version that belong to
	// sources whose version is asked for.
	Versions map[*analyze.Source]string
}

// Value writes the value of a path in a row: as JSON, and in the form that a
// mode compares. Both are null where the path finds nothing.
type Value struct {
	JSON    func() string
	Operand func(mode analyze.Mode) string
	// Written is the text that LIKE and regular expressions see; nil if it is
	// the operand as text.
	Written func() string
}

// Stored reports whether columns of the tables ehr and version hold the value
// of a path.
func Stored(p *analyze.Path) bool { return (&gen{}).column(p) != nil }

// Writer writes the FROM clause of an Access.
type Writer struct {
	g *gen
	f *from
}

// Join adds an item; the first one has no partner, and its condition becomes
// one of the statement.
func (w *Writer) Join(item, on string) { w.f.inner(item, on) }

// JoinLater adds an item that is written when all values have been.
func (w *Writer) JoinLater(item func() string, on string) {
	w.f.joins = append(w.f.joins, join{kind: "join", later: item, on: on})
}

// LeftJoinLater adds an item that may be absent and is written when all values
// have been.
func (w *Writer) LeftJoinLater(item func() string, on string) {
	w.f.joins = append(w.f.joins, join{kind: "left join", later: item, on: on})
}

// LeftJoin adds an item that may be absent.
func (w *Writer) LeftJoin(item, on string) {
	w.f.joins = append(w.f.joins, join{kind: "left join", item: item, on: on})
}

// Where adds a condition.
func (w *Writer) Where(cond string) { w.f.and(cond) }

// NotExists adds the condition that items cannot be found, which the function
// writes.
func (w *Writer) NotExists(write func(w *Writer)) {
	var sub from
	write(&Writer{w.g, &sub})
	w.f.and("not exists (select" + sub.text("    ") + ")")
}

// Text binds a literal or parameter as a text.
func (w *Writer) Text(e analyze.Expr) string { return w.g.constant(e, analyze.ModeText) }

// Fixed binds a text that is no part of the query, described for EXPLAIN.
func (w *Writer) Fixed(text, what string) string { return w.g.bind(fixedText{text, what}) + "::text" }

// EHR joins the table ehr as e on its number, with what the query demands of
// the EHR.
func (w *Writer) EHR(number string) {
	g := w.g
	on := ""
	if number != "" {
		on = "e.ehr_no = " + number
	}
	w.f.inner("ehr as e", on)
	if g.opt.Scoped {
		w.f.and("e.ehr_id = " + g.scope())
	}
	if pred := g.plan.Query.EHR.Pred; pred != nil {
		w.f.and(g.cond(pred, env{}))
	}
	if !g.opt.Scoped && !g.plan.Query.NamesEHR {
		w.f.and("e.is_queryable")
	}
}

// access writes the FROM clause by the options' Access.
func (g *gen) access(f *from) {
	g.ehr = &block{} // its columns are those of the table
	g.bound[g.plan.Query.EHR] = &binding{table: func(name string) string { return "e." + name }}
	for s, v := range g.opt.Access.Versions {
		g.bound[s] = &binding{
			uid:       fixed(fmt.Sprintf("%[1]s.object_id || '::' || %[1]s.creating_system || '::' || %[1]s.ver", v)),
			object:    fixed(v + ".object_id"),
			committed: fixed(v + ".time_committed"),
		}
	}
	g.opt.Access.From(&Writer{g, f})
}

// guarded puts the guard before a statement.
func (g *gen) guarded(sql string) string {
	if g.opt.Access == nil {
		return sql
	}
	nulls := make([]string, len(g.plan.Query.Columns))
	for i := range nulls {
		nulls[i] = "null::text"
		if g.document(g.plan.Query.Columns[i].Expr) != "" {
			nulls[i] = "null::bytea"
		}
	}
	return "select " + strings.Join(nulls, ", ") + " where not " + g.opt.Access.Guard + "\nunion all (\n" + sql + ")"
}

// document is the column with the stored bytes of a selected object; "" if it
// must be written as JSON.
func (g *gen) document(e analyze.Expr) string {
	q := g.plan.Query
	p, ok := e.(*analyze.Path)
	if !ok || g.opt.Access == nil || q.Distinct || q.Backward || q.Aggregated || len(q.GroupBy) > 0 {
		return ""
	}
	return g.opt.Access.Documents[p]
}

// fixedText binds a text that does not depend on the request.
type fixedText struct{ value, what string }

func (a fixedText) text() string { return a.what }

func (a fixedText) bind(context.Context, Values, Concepts) (any, error) { return a.value, nil }
