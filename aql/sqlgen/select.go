package sqlgen

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
)

// query writes the statement around its FROM clause.
func (g *gen) query(f *from) string {
	q := g.plan.Query
	columns, returned := make([]string, len(q.Columns)), make([]string, len(q.Columns))
	for i, c := range q.Columns {
		if returned[i] = g.document(c.Expr); returned[i] == "" {
			columns[i] = g.json(c.Expr, env{})
			returned[i] = columns[i] + "::text"
		}
	}
	limit := g.paging()
	// The FROM clause is written last, when it is known what is read of it.
	grouping := g.grouping()
	keys := g.sortKeys()
	indent := ""
	if q.Distinct || q.Backward {
		indent = "  "
	}
	body := f.text(indent) + grouping
	if q.Aggregated && len(q.GroupBy) == 0 {
		// One row has no order and no duplicates.
		return "select " + strings.Join(returned, ",\n  ") + body + limit
	}
	if !q.Distinct && !q.Backward {
		return "select " + strings.Join(returned, ",\n  ") + body + orderBy(keys, false) + limit
	}
	// The columns and sort keys are named in a sub-select, to be made distinct
	// or sorted twice.
	var inner, names []string
	for i, c := range columns {
		names = append(names, fmt.Sprintf("c%d", i))
		inner = append(inner, c+" as "+names[i])
	}
	outer := make([]sortKey, len(keys))
	for i, k := range keys {
		name := fmt.Sprintf("k%d", i)
		inner = append(inner, k.expr+" as "+name)
		outer[i] = sortKey{expr: name + k.collate, desc: k.desc}
	}
	distinct := ""
	if q.Distinct {
		distinct = "distinct on (" + strings.Join(names, ", ") + ") "
	}
	sub := "(select " + distinct + strings.Join(inner, ", ") + body + ") as q"
	if q.Backward {
		sub = "(select * from " + sub + orderBy(outer, true) + limit + ") as q"
		return "select " + texts(names) + "\nfrom " + sub + orderBy(outer, false)
	}
	return "select " + texts(names) + "\nfrom " + sub + orderBy(outer, false) + limit
}

// groupKeys makes the values of GROUP BY columns of the FROM clause, so that
// each is written once whatever is bound in it. The id of the EHR is grouped by
// as it is stored.
func (g *gen) groupKeys(f *from) {
	if len(g.plan.Query.GroupBy) == 0 {
		return
	}
	var columns []string
	keys := map[string]string{}
	for i, e := range g.plan.Query.GroupBy {
		if p, ok := e.(*analyze.Path); ok && p.IsEHRID() && g.column(p) != nil {
			id := g.bound[p.Source].table("ehr_id")
			g.grouped = append(g.grouped, id)
			keys[analyze.Key(e)] = "to_jsonb(" + id + "::text)"
			continue
		}
		name := fmt.Sprintf("k%d", i)
		columns = append(columns, g.json(e, env{})+" as "+name)
		g.grouped = append(g.grouped, "gk."+name)
		keys[analyze.Key(e)] = "gk." + name
	}
	if len(columns) > 0 {
		f.joins = append(f.joins, join{kind: "cross join lateral", item: "(select " + strings.Join(columns, ", ") + " offset 0) as gk"})
	}
	g.keys = keys
}

// groupKey is the column of a value of GROUP BY.
func (g *gen) groupKey(e analyze.Expr) (string, bool) {
	if len(g.keys) == 0 || given(e) {
		return "", false
	}
	column, ok := g.keys[analyze.Key(e)]
	return column, ok
}

func (g *gen) isGroupKey(e analyze.Expr) bool {
	_, ok := g.groupKey(e)
	return ok
}

// grouping is the GROUP BY and HAVING of the statement.
func (g *gen) grouping() string {
	text := ""
	if len(g.grouped) > 0 {
		text = "\ngroup by " + strings.Join(g.grouped, ", ")
	}
	if g.plan.Query.Having != nil {
		text += "\nhaving " + g.cond(g.plan.Query.Having, env{})
	}
	return text
}

// texts casts columns, which are JSON, to text.
func texts(columns []string) string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c + "::text"
	}
	return strings.Join(out, ",\n  ")
}

func (g *gen) paging() string {
	limit := g.bind(field{"the most rows", func(v Values) any {
		if v.Limit < 0 {
			return nil
		}
		return v.Limit
	}})
	offset := g.bind(field{"rows passed over", func(v Values) any { return v.Offset }})
	return "\nlimit " + limit + "::bigint offset " + offset + "::bigint"
}

func (g *gen) aggregate(a *analyze.Aggregate) string {
	if g.opt.Access != nil && g.opt.Access.partial != nil {
		if text := g.opt.Access.partial(a); text != "" {
			return text
		}
	}
	arg := a.Arg()
	if arg == nil {
		return "to_jsonb(count(*))"
	}
	switch a.Function {
	case "COUNT":
		value := ""
		if a.Path != nil && isRoot(a.Path) && g.column(a.Path) == nil {
			value = g.bound[a.Path.Source].uid() // stands for the object
		} else if c := g.columnOf(a.Path); a.Distinct && c != nil && c.value != nil && analyze.ModeOf(a.Path) == analyze.ModeText {
			value = g.operand(a.Path, analyze.ModeText, env{}).value + byCodePoint // texts are the same as texts or as JSON
		} else {
			value = g.json(arg, env{})
		}
		if a.Distinct {
			value = "distinct " + value
		}
		return "to_jsonb(count(" + value + "))"
	case "SUM", "AVG":
		return "to_jsonb(" + strings.ToLower(a.Function) + "(" + g.operand(arg, analyze.ModeNumber, env{}).value + "))"
	}
	return g.extreme(a)
}

// columnOf is the column of the path of an aggregate, which may have none.
func (g *gen) columnOf(p *analyze.Path) *column {
	if p == nil {
		return nil
	}
	return g.column(p)
}

// extreme is MIN or MAX. Values that do not all compare with each other, such
// as quantities of different units, have neither.
func (g *gen) extreme(a *analyze.Aggregate) string {
	mode := analyze.ModeOf(a.Arg())
	key := g.operand(a.Arg(), mode, env{}).value
	switch mode {
	case analyze.ModeNumber:
		return "to_jsonb(" + strings.ToLower(a.Function) + "(" + key + "))"
	case analyze.ModeText:
		return "to_jsonb(" + strings.ToLower(a.Function) + "(" + key + ` collate "C"))`
	}
	direction := ""
	if a.Function == "MAX" {
		direction = " desc"
	}
	value := g.json(a.Arg(), env{})
	if mode != analyze.ModeDynamic {
		return "(array_agg(" + value + " order by " + key + direction + ") filter (where " + key + " is not null))[1]"
	}
	return "case when count(distinct aql_scale(" + key + ")) = 1 then (array_agg(" + value +
		" order by aql_magnitude(" + key + ")" + direction + ", aql_string(" + key + `) collate "C"` + direction +
		") filter (where aql_scale(" + key + ") is not null))[1] end"
}

// sortKey is one sorting expression; a text has its collation apart, for use
// outside of a sub-select.
type sortKey struct {
	expr, collate string
	desc          bool
}

const byCodePoint = ` collate "C"`

// sortKeys are the sorting expressions. Values without a common scale sort by
// scale first. Missing values come last ascending and first descending.
func (g *gen) sortKeys() []sortKey {
	var keys []sortKey
	for _, o := range g.plan.Query.OrderBy {
		e := o.Value()
		if e == nil {
			continue // the alias of a constant orders nothing
		}
		mode := analyze.ModeOf(e)
		value := g.operand(e, mode, env{}).value
		switch mode {
		case analyze.ModeText:
			keys = append(keys, sortKey{value, byCodePoint, o.Desc})
		case analyze.ModeDynamic:
			keys = append(keys,
				sortKey{"aql_scale(" + value + ")", byCodePoint, o.Desc},
				sortKey{"aql_magnitude(" + value + ")", "", o.Desc},
				sortKey{"aql_string(" + value + ")", byCodePoint, o.Desc})
		default:
			keys = append(keys, sortKey{value, "", o.Desc})
		}
	}
	return keys
}

func orderBy(keys []sortKey, reverse bool) string {
	if len(keys) == 0 {
		return ""
	}
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.expr + k.collate
		if k.desc != reverse {
			parts[i] += " desc"
		}
	}
	return "\norder by " + strings.Join(parts, ", ")
}
