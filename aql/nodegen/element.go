package nodegen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/aql/analyze"
	"github.com/cairn-ehr/cairn/aql/nodeindex"
	"github.com/cairn-ehr/cairn/aql/plan"
	"github.com/cairn-ehr/cairn/aql/sqlgen"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// elements is the class expression ELEMENT. Elements have no rows of their own,
// so it becomes the union of the places where elements stand. If a condition
// demands a value of the element those places remain where such a value was ever
// seen. Otherwise rows must tell of every element whether it is there, which
// they do where each has a value.
type elements struct {
	places  []elementPlace
	names   []analyze.Expr
	columns []elementColumn
	// present demands that the element is there.
	present bool
}

// elementPlace is one place of elements. A nil spot is the frame itself, the
// root of an archetype.
type elementPlace struct {
	place *nodeindex.Place
	spot  *nodeindex.Spot
	paths []*nodeindex.Path
}

// elementColumn is a column of the union, with its value at each place.
type elementColumn struct {
	values []func() string
	null   string
}

// elementsOf finds the places of a class expression ELEMENT inside a frame.
func (m *maker) elementsOf(n *plan.Descend, outer *frame, id string, names []analyze.Expr) *frame {
	switch {
	case n.Child != nil:
		refuse("what an ELEMENT contains")
	case n.Local:
		if arch, _ := match(n.Outer.Pred); !nodeindex.IsRoot(arch) {
			refuse("a node code inside a node code")
		}
	}
	f := m.frame()
	f.outer, f.local, f.used = outer, n.Local, true
	f.elements = &elements{names: names}
	add := func(p *nodeindex.Path, spot *nodeindex.Spot) {
		list := f.elements.places
		i := slices.IndexFunc(list, func(e elementPlace) bool { return e.place == p.Place && e.spot == spot })
		if i < 0 {
			i = len(list)
			list = append(list, elementPlace{place: p.Place, spot: spot})
		}
		list[i].paths = append(list[i].paths, p)
		f.elements.places = list
	}
	for _, p := range m.reg.Paths() {
		if p.Place.Class == rm.ClassElement && (id == "" || p.Place.NodeID() == id) && above(p, outer.paths) > 0 && (!n.Local || local(p, outer.paths)) {
			add(p, nil)
		}
		if len(p.Place.Elements) == 0 || aboveElement(p, outer.paths) == 0 || n.Local && !localElement(p, outer.paths) {
			continue
		}
		for _, e := range p.Place.Elements {
			if id == "" || e.NodeID == id {
				add(p, e.Spot)
			}
		}
	}
	f.elements.setPaths(f)
	m.frames, m.elements = append(m.frames, f), append(m.elements, f)
	m.vars[n.Source] = f
	return f
}

func (e *elements) setPaths(f *frame) {
	f.paths = nil
	for _, pl := range e.places {
		for _, p := range pl.paths {
			if !slices.Contains(f.paths, p) {
				f.paths = append(f.paths, p)
			}
		}
	}
}

// aboveElement counts the frames around an element, which stands in the frame,
// that are among the outer.
func aboveElement(p *nodeindex.Path, outer []*nodeindex.Path) int {
	n := above(p, outer)
	if slices.Contains(outer, p) {
		n++
	}
	return n
}

// localElement reports whether elements in a frame belong to the archetype of
// one of the outer frames.
func localElement(p *nodeindex.Path, outer []*nodeindex.Path) bool {
	if !p.Place.Root() {
		return local(p, outer)
	}
	if !slices.Contains(outer, p) {
		return false
	}
	if above(p, outer) > 0 {
		refuse("the archetype %s is nested in itself", p.Place.Archetype)
	}
	return true
}

// demand keeps the places of elements where the values that WHERE demands may
// be.
func (m *maker) demand() {
	demanded := map[*frame]bool{}
	for _, c := range conjuncts(m.plan.Query.Where) {
		for _, p := range demanding(c) {
			if p.Source == nil {
				continue
			}
			f := m.vars[p.Source]
			if f == nil || f.elements == nil || p.Pred != nil || len(p.Steps) < 2 || p.Steps[0].Attribute == "name" {
				continue
			}
			if values, ok := follows(analyze.Types{rm.ClassElement}, p.Steps[0].Attribute); !ok || !values {
				continue
			}
			demanded[f] = true
			tail := tailOf(p, p.Steps)
			f.elements.places = slices.DeleteFunc(f.elements.places, func(e elementPlace) bool {
				return len(leavesAt(e.place, e.at(), p.Steps[0].Attribute, tail)) == 0
			})
			f.elements.setPaths(f)
		}
	}
	for _, f := range m.elements {
		f.elements.present = !demanded[f]
		for _, e := range f.elements.places {
			if e.spot == nil {
				continue
			}
			if f.elements.present && !e.spot.Element.Valued {
				refuse("an ELEMENT of %s was found without a value, and no condition demands one", e.place.Archetype)
			}
			if e.spot.Element.Multiple {
				refuse("an ELEMENT of %s was found more than once among its siblings", e.place.Archetype)
			}
		}
	}
}

// at is the spot of the elements.
func (e elementPlace) at() *nodeindex.Spot {
	if e.spot == nil {
		return e.place.Spot
	}
	return e.spot
}

// there is the condition that a row has one of the values of the element.
func (e elementPlace) there(row *frame) string {
	var parts []string
	for _, attribute := range []string{"value", "null_flavour"} {
		for _, v := range e.spot.Child(attribute, "").Values() {
			list := nodeindex.Covered(v.Class)
			if len(list) == 0 {
				continue
			}
			if first := (leaf{e.place, v, list[0]}); inColumn(first) {
				parts = append(parts, row.alias+"."+v.Column+" is not null")
			} else {
				parts = append(parts, fmt.Sprintf("coalesce(%s.v ? '%d', false)", row.alias, v.ID))
			}
		}
	}
	if len(parts) == 0 {
		return "false"
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// row is the frame that the elements of a place stand in, or are, inside the
// union.
func (e elementPlace) row(f *frame) *frame {
	return &frame{alias: f.alias + "n", paths: e.paths}
}

// elementPath finds the value of a path of an element.
func (m *maker) elementPath(p *analyze.Path, f *frame, steps []*analyze.Step) {
	var values []sqlgen.Value
	if len(steps) == 2 && steps[0].Attribute == "name" && steps[1].Attribute == "value" && steps[0].Pred == nil && steps[1].Pred == nil {
		for _, e := range f.elements.places {
			values = append(values, nameValue(func() string { return "(" + m.elementName(e, f) + ")" }))
		}
	} else {
		if known, ok := follows(analyze.Types{rm.ClassElement}, steps[0].Attribute); !ok || !known {
			refuse("%s is not in the index", steps[0].Attribute)
		}
		tail := tailOf(p, steps)
		for _, e := range f.elements.places {
			leaves := leavesAt(e.place, e.at(), steps[0].Attribute, tail)
			if len(f.elements.places) == 1 {
				m.noteUse(p, f, []*nodeindex.Place{e.place}, leaves)
			}
			values = append(values, m.put(e.row(f), []*nodeindex.Place{e.place}, leaves, nil))
		}
	}
	columns := map[string]string{}
	column := func(null string, value func(v sqlgen.Value) string) string {
		if columns[null] == "" {
			c := elementColumn{null: null}
			for _, v := range values {
				c.values = append(c.values, func() string { return value(v) })
			}
			f.elements.columns = append(f.elements.columns, c)
			columns[null] = fmt.Sprintf("%s.c%d", f.alias, len(f.elements.columns))
		}
		return columns[null]
	}
	m.values[p] = sqlgen.Value{
		JSON: func() string { return column("null::jsonb", func(v sqlgen.Value) string { return v.JSON() }) },
		Operand: func(mode analyze.Mode) string {
			null := "null::numeric"
			switch mode {
			case analyze.ModeText:
				null = "null::text"
			case analyze.ModeBoolean:
				null = "null::boolean"
			case analyze.ModeDynamic:
				// Not as the value itself: dates have their class beside them.
				null = "null::jsonb /* as compared */"
			case analyze.ModeDateTime, analyze.ModeTime, analyze.ModeDuration:
				null = "null::numeric /* " + temporal[mode] + " */"
			}
			return column(null, func(v sqlgen.Value) string { return v.Operand(mode) })
		},
	}
}

// elementName is the name of the elements of a place.
func (m *maker) elementName(e elementPlace, f *frame) string {
	if e.spot == nil {
		return m.nameOf(m.writer, e.row(f))
	}
	return fmt.Sprintf("case when %[1]s.v ? '%[2]d' then %[1]s.v ->> '%[2]d' else %[3]s end",
		e.row(f).alias, e.spot.Element.ID, m.writer.Fixed(e.spot.Element.Usual, "the usual name of an element"))
}

// around is how elements join the frame around them.
func (e *elements) around(f, outer *frame) []string {
	if !slices.ContainsFunc(f.paths, func(p *nodeindex.Path) bool { return !slices.Contains(outer.paths, p) || above(p, outer.paths) > 0 }) {
		return []string{f.alias + ".num = " + outer.alias + ".num"}
	}
	return []string{f.alias + ".num >= " + outer.alias + ".num", f.alias + ".num <= " + outer.alias + ".last"}
}

// elementRows writes the union.
func (m *maker) elementRows(w *sqlgen.Writer, f *frame) string {
	var branches []string
	for i, e := range f.elements.places {
		row := e.row(f)
		on := m.conditions(w, row)
		if f.elements.present && e.spot != nil {
			on = append(on, e.there(row))
		}
		for _, n := range f.elements.names {
			on = append(on, m.elementName(e, f)+" = "+w.Text(n))
		}
		text := fmt.Sprintf("select %[1]s.ehr_no, %[1]s.vo_no, %[1]s.num", row.alias)
		for k, c := range f.elements.columns {
			text += ", " + c.values[i]() + " as c" + strconv.Itoa(k+1)
		}
		branches = append(branches, text+" from "+table(e.paths)+" as "+row.alias+" where "+strings.Join(on, " and "))
	}
	if len(branches) == 0 {
		text := "select null::bigint as ehr_no, null::bigint as vo_no, null::integer as num"
		for k, c := range f.elements.columns {
			text += ", " + c.null + " as c" + strconv.Itoa(k+1)
		}
		branches = append(branches, text+" where false")
	}
	return "(" + strings.Join(branches, "\n  union all ") + ") as " + f.alias
}
