package sqlgen

import (
	"strings"
)

// from is a FROM clause under construction with its conditions.
type from struct {
	joins []join
	where []string
}

// join is an item of a FROM clause: a text, or a block that is written when
// all uses of its columns are known.
type join struct {
	kind, item, on string
	block          *block
	later          func() string
}

func (f *from) inner(item, on string) {
	f.joins = append(f.joins, join{kind: "join", item: item, on: on})
}

func (f *from) cross(item string) {
	f.joins = append(f.joins, join{kind: "cross join lateral", item: item})
}

func (f *from) left(item string) {
	f.joins = append(f.joins, join{kind: "left join lateral", item: item, on: "true"})
}

func (f *from) and(cond ...string) { f.where = append(f.where, cond...) }

func (f *from) add(g *from) {
	f.joins, f.where = append(f.joins, g.joins...), append(f.where, g.where...)
}

// text prints the clause; the first join turns into the first item.
func (f *from) text(indent string) string {
	var b strings.Builder
	where := f.where
	for i, j := range f.joins {
		item := j.item
		if j.later != nil {
			item = j.later()
		}
		if j.block != nil {
			item = j.block.text(indent+"    ", len(f.joins) > 1)
		}
		switch {
		case i > 0:
			b.WriteString("\n" + indent + j.kind + " " + item)
			if j.on != "" {
				b.WriteString(" on " + j.on)
			}
		case j.kind == "left join lateral":
			b.WriteString("\n" + indent + "from (values (0)) as one(z) left join lateral " + item + " on true")
		default:
			b.WriteString("\n" + indent + "from " + item)
			if j.on != "" {
				where = append([]string{j.on}, where...)
			}
		}
	}
	if len(where) > 0 {
		b.WriteString("\n" + indent + "where " + strings.Join(where, "\n"+indent+"  and "))
	}
	return b.String()
}

// block is the join of tables from which JSON searches start. It is a
// sub-select with OFFSET 0, which keeps the planner from mixing its tables
// with the searches: their cost is overestimated so much that every order of
// joins would seem equally good.
type block struct {
	from
	alias  string
	sealed bool
	names  []string
	have   map[string]bool
}

// column names a column of one of the tables, by its name inside the block as
// long as that is under construction, and outside of it later.
func (b *block) column(name string) string {
	if !b.sealed {
		return name
	}
	outside := strings.ReplaceAll(name, ".", "_")
	if !b.have[name] {
		if b.have == nil {
			b.have = map[string]bool{}
		}
		b.have[name] = true
		b.names = append(b.names, name+" as "+outside)
	}
	return b.alias + "." + outside
}

func (b *block) text(indent string, fenced bool) string {
	fence := ""
	if fenced {
		fence = "\n" + indent + "offset 0"
	}
	return strings.TrimRight("(select "+strings.Join(b.names, ", "), " ") + b.from.text(indent) + fence + ") as " + b.alias
}

func and(conds []string) string          { return strings.Join(conds, " and ") }
func quoted(path string) string          { return "'" + path + "'" } // paths hold no quotes
func lateral(query, alias string) string { return query + " as " + alias + "(j)" }
