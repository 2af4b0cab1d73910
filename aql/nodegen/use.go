package nodegen

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/ast"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
)

// Use is an index that a query could use: columns of a partition in the order
// in which they narrow or order its rows.
type Use struct {
	Part      int16
	Archetype string
	Columns   []string
	// Paths are those of the query that are in the columns.
	Paths []string
}

// column is a column that a path is in.
type column struct {
	frame     *frame
	place     *nodeindex.Place
	name      string
	selective bool // it can be returned from the column alone
}

// maxColumns bounds the columns of an index that is advised.
const maxColumns = 3

// uses are the indexes that the query could use: for each frame that a
// condition or the order looks at, or of which nothing but columns is read.
func (m *maker) uses() []Use {
	type wanted struct {
		equal, between, order, read []*analyze.Path
		rest                        bool // something is read that no column has
	}
	frames := map[*frame]*wanted{}
	of := func(p *analyze.Path) *wanted {
		f := m.columns[p].frame
		if f == nil {
			return &wanted{}
		}
		if frames[f] == nil {
			frames[f] = &wanted{}
		}
		return frames[f]
	}
	for _, c := range conjuncts(m.plan.Query.Where) {
		cmp, ok := c.(*analyze.Compare)
		if !ok || cmp.Mode == analyze.ModeNull || cmp.Op == ast.NE {
			continue
		}
		switch cmp.Right.(type) {
		case *analyze.Literal, *analyze.Param:
		default:
			continue
		}
		if p, ok := cmp.Left.(*analyze.Path); ok {
			if w := of(p); cmp.Op == ast.EQ {
				w.equal = append(w.equal, p)
			} else {
				w.between = append(w.between, p)
			}
		}
	}
	q := m.plan.Query
	if len(q.OrderBy) > 0 && q.OrderBy[0].Path != nil && q.Limit > 0 && !q.Aggregated && !q.Distinct {
		p := q.OrderBy[0].Path
		of(p).order = []*analyze.Path{p}
	}
	for p := range m.values {
		if c, ok := m.columns[p]; ok {
			w := of(p)
			w.read, w.rest = append(w.read, p), w.rest || !c.selective
		} else if p.Source != nil {
			if f := m.frameOf(p); f != nil && frames[f] != nil {
				frames[f].rest = true
			}
		}
	}
	var out []Use
	for _, f := range m.frames {
		w := frames[f]
		if w == nil {
			continue
		}
		list := slices.Concat(w.equal, w.order, w.between)
		if len(list) == 0 && !w.rest {
			list = w.read
			slices.SortFunc(list, func(a, b *analyze.Path) int { return strings.Compare(m.columns[a].name, m.columns[b].name) })
		}
		u := Use{}
		for _, p := range list {
			c := m.columns[p]
			if u.Part, u.Archetype = c.place.Part, c.place.Archetype; slices.Contains(u.Columns, c.name) || len(u.Columns) == maxColumns {
				continue
			}
			u.Columns, u.Paths = append(u.Columns, c.name), append(u.Paths, analyze.ExprText(p))
		}
		if len(u.Columns) > 0 {
			out = append(out, u)
		}
	}
	return out
}

// frameOf is the frame that the value of a path is in; nil if it is none.
func (m *maker) frameOf(p *analyze.Path) *frame {
	if ref := m.plan.Refs[p]; ref.Expand != nil {
		if at := m.expands[ref.Expand]; at != nil {
			return at.frame
		}
	}
	return m.vars[p.Source]
}
