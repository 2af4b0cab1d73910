package nodegen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
)

// access writes the FROM clause.
func (m *maker) access() *sqlgen.Access {
	a := &sqlgen.Access{
		Guard: fmt.Sprintf("case when exists (select from node_state where generation = %d and rules = %d and complete) then true else node_stale() end",
			m.reg.Generation, nodeindex.Rules),
		Values: m.values, Documents: m.documents, Versions: map[*analyze.Source]string{},
	}
	for _, s := range m.versionOf {
		a.Versions[s] = "v"
	}
	a.From = func(w *sqlgen.Writer) {
		m.writer = w
		frames := slices.DeleteFunc(slices.Clone(m.frames), func(f *frame) bool { return f.dropped })
		first := frames[0]
		needsEHR := m.ehr || m.opt.Scoped || m.plan.Query.NamesEHR || m.plan.Query.EHR.Pred != nil
		for _, f := range frames {
			switch {
			case f.group == nil:
				m.join(w, f, first)
			case f == f.group.frames[0]:
				m.joinGroup(w, f.group, first)
			}
		}
		for _, e := range m.either {
			there := make([]string, len(e.sides))
			for i, s := range e.sides {
				there[i] = s.frames[0].alias + ".num is not null"
			}
			w.Where("(" + strings.Join(there, " or ") + ")")
		}
		if needsEHR {
			w.EHR(first.alias + ".ehr_no")
		} else {
			w.Where("not exists (select from ehr as e where e.ehr_no = " + first.alias + ".ehr_no and not e.is_queryable)")
		}
		if m.root.version || m.root.whole {
			w.Join("version as v", "v.ehr_no = "+m.root.alias+".ehr_no and v.kind = 1 and v.vo_no = "+m.root.alias+".vo_no and v.time_superseded is null")
		}
		if m.root.whole {
			w.Join("document as d", "d.ehr_no = v.ehr_no and d.vo_no = v.vo_no and d.ver = v.ver")
		}
		for _, f := range frames {
			m.without(w, f)
		}
	}
	return a
}

// joinGroup adds the frames of a side of an OR.
func (m *maker) joinGroup(w *sqlgen.Writer, s *group, first *frame) {
	var on []string
	for _, f := range s.frames {
		if on = append(on, m.inside(f, first)...); f.elements == nil {
			on = append(on, m.conditions(w, f)...)
		}
	}
	w.LeftJoinLater(func() string {
		items := make([]string, len(s.frames))
		for i, f := range s.frames {
			if f.elements != nil {
				items[i] = m.elementRows(w, f)
			} else {
				items[i] = table(f.paths) + " as " + f.alias
			}
		}
		if len(items) == 1 {
			return items[0]
		}
		return "(" + strings.Join(items, " cross join ") + ")"
	}, strings.Join(on, " and "))
}

// join adds a frame to the FROM clause.
func (m *maker) join(w *sqlgen.Writer, f, first *frame) {
	if f.elements != nil {
		var on []string
		if f != first {
			on = m.inside(f, first)
		}
		w.JoinLater(func() string { return m.elementRows(w, f) }, strings.Join(on, " and "))
		return
	}
	on := m.conditions(w, f)
	item := table(f.paths) + " as " + f.alias
	if f == first {
		w.Join(item, strings.Join(on, " and "))
		return
	}
	on = append(m.inside(f, first), on...)
	if f.optional {
		w.LeftJoin(item, strings.Join(on, " and "))
		return
	}
	w.Join(item, strings.Join(on, " and "))
}

// inside is how a frame joins the frame around it, or if that has no row any of
// the same composition.
func (m *maker) inside(f, first *frame) []string {
	outer := f.outer
	if outer == nil {
		outer = first
	}
	on := []string{f.alias + ".ehr_no = " + outer.alias + ".ehr_no", f.alias + ".vo_no = " + outer.alias + ".vo_no"}
	switch {
	case f.outer == nil:
	case f.direct:
		on = append(on, f.alias+".parent = "+outer.alias+".num")
	case f.elements != nil:
		if f.outer != m.root {
			on = append(on, f.elements.around(f, outer)...)
		}
	case f.outer != m.root:
		on = append(on, f.alias+".num > "+outer.alias+".num", f.alias+".num <= "+outer.alias+".last")
	}
	return on
}

// conditions are those on a frame itself.
func (m *maker) conditions(w *sqlgen.Writer, f *frame) []string {
	if len(f.paths) == 0 {
		return []string{"false"}
	}
	var on []string
	if parts := partsOf(f.paths); len(parts) > 1 {
		on = append(on, f.alias+".part in ("+numbers(parts)+")")
	}
	ids := make([]int32, len(f.paths))
	for i, p := range f.paths {
		ids[i] = p.ID
	}
	if len(ids) == 1 {
		on = append(on, fmt.Sprintf("%s.path_id = %d", f.alias, ids[0]))
	} else {
		on = append(on, f.alias+".path_id in ("+numbers(ids)+")")
	}
	for _, n := range f.names {
		on = append(on, m.nameOf(w, f)+" = "+w.Text(n))
	}
	return on
}

// without adds the conditions that frames are not inside a frame.
func (m *maker) without(w *sqlgen.Writer, f *frame) {
	for _, n := range f.without {
		w.NotExists(func(w *sqlgen.Writer) {
			var add func(n *frame)
			add = func(n *frame) {
				if n.elements != nil {
					w.JoinLater(func() string { return m.elementRows(w, n) }, strings.Join(m.inside(n, n), " and "))
					return
				}
				w.Join(table(n.paths)+" as "+n.alias, strings.Join(append(m.inside(n, n), m.conditions(w, n)...), " and "))
				for _, in := range n.inside {
					add(in)
				}
				m.without(w, n)
			}
			add(n)
		})
	}
}

// table is the partition that has all paths, or the table that has all.
func table(paths []*nodeindex.Path) string {
	if parts := partsOf(paths); len(parts) == 1 {
		return "node_" + strconv.Itoa(int(parts[0]))
	}
	return "node"
}

func partsOf(paths []*nodeindex.Path) []int16 {
	var out []int16
	for _, p := range paths {
		if !slices.Contains(out, p.Place.Part) {
			out = append(out, p.Place.Part)
		}
	}
	slices.Sort(out)
	return out
}

func numbers[T int16 | int32](list []T) string {
	parts := make([]string, len(list))
	for i, n := range list {
		parts[i] = strconv.Itoa(int(n))
	}
	return strings.Join(parts, ", ")
}
