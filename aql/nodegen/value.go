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

// leaf is one place in a row where the value of a path may be. Of all leaves of
// a path at most one has a value in a row.
type leaf struct {
	place *nodeindex.Place
	value *nodeindex.Value
	attr  nodeindex.Attribute
}

// value finds the attribute of a data value that a path leads to: rest begins
// with the attribute that holds the data value.
func (m *maker) value(p *analyze.Path, at *position, rest []*analyze.Step) {
	tail := tailOf(p, rest)
	at.frame.used = true
	var leaves []leaf
	places := placesOf(at.frame)
	for _, place := range places {
		spots := []*nodeindex.Spot{place.Spot}
		if at.spots != nil {
			spots = at.spots[place]
		}
		for _, spot := range spots {
			leaves = append(leaves, leavesAt(place, spot, rest[0].Attribute, tail)...)
		}
	}
	f := at.frame
	m.noteUse(p, f, places, leaves)
	var conds []func(w *sqlgen.Writer) string
	for _, n := range at.names {
		conds = append(conds, func(w *sqlgen.Writer) string { return m.elementNamed(w, f, n) })
	}
	m.values[p] = m.put(f, places, leaves, conds)
}

// tailOf is the attributes after the one that holds a data value.
func tailOf(p *analyze.Path, rest []*analyze.Step) []string {
	var tail []string
	for i, s := range rest {
		if s.Pred != nil {
			refuse("the predicate on %s", s.Attribute)
		}
		if s.Container {
			refuse("%s is not in the index", s.Attribute)
		}
		if i > 0 {
			tail = append(tail, s.Attribute)
		}
	}
	if len(tail) == 0 {
		refuse("the whole data value at %s", analyze.ExprText(p))
	}
	return tail
}

// leavesAt is the values of an attribute path of the data values at a spot.
func leavesAt(place *nodeindex.Place, spot *nodeindex.Spot, attribute string, tail []string) []leaf {
	var leaves []leaf
	for _, v := range spot.Child(attribute, "").Values() {
		if !has(v.Class, tail) {
			continue
		}
		list := nodeindex.Covered(v.Class)
		i := slices.IndexFunc(list, func(a nodeindex.Attribute) bool { return slices.Equal(a.Path, tail) })
		if i < 0 {
			refuse("%s of %s is not in the index", strings.Join(tail, "/"), v.Class.Name)
		}
		leaves = append(leaves, leaf{place, v, list[i]})
	}
	return leaves
}

// placesOf is the places of a frame, each once.
func placesOf(f *frame) []*nodeindex.Place {
	var out []*nodeindex.Place
	for _, p := range f.paths {
		if !slices.Contains(out, p.Place) {
			out = append(out, p.Place)
		}
	}
	return out
}

// put makes the value of a path from its leaves.
func (m *maker) put(f *frame, places []*nodeindex.Place, leaves []leaf, conds []func(*sqlgen.Writer) string) sqlgen.Value {
	combine := func(null string, form func(l leaf) string) string {
		var parts []string
		for _, l := range leaves {
			e := form(l)
			if e == "" {
				continue
			}
			if len(places) > 1 && (l.value.Column != "" || l.attr.Usual) {
				e = "case when " + pathsIn(f, l.place) + " then " + e + " end"
			}
			parts = append(parts, e)
		}
		out := ""
		switch len(parts) {
		case 0:
			return null
		case 1:
			out = parts[0]
		default:
			out = "coalesce(" + strings.Join(parts, ", ") + ")"
		}
		if len(conds) > 0 {
			tests := make([]string, len(conds))
			for i, c := range conds {
				tests[i] = c(m.writer)
			}
			out = "case when " + strings.Join(tests, " and ") + " then " + out + " end"
		}
		return out
	}
	return sqlgen.Value{
		JSON: func() string { return combine("null::jsonb", func(l leaf) string { return m.json(f, l) }) },
		Operand: func(mode analyze.Mode) string {
			switch mode {
			case analyze.ModeNumber:
				return combine("null::numeric", func(l leaf) string {
					if l.attr.Form != nodeindex.Number {
						return ""
					}
					return number(f, l)
				})
			case analyze.ModeText:
				return combine("null::text", func(l leaf) string {
					if l.attr.Form != nodeindex.Text && l.attr.Form != nodeindex.Temporal {
						return ""
					}
					return m.text(f, l)
				})
			case analyze.ModeBoolean:
				return combine("null::boolean", func(l leaf) string {
					if l.attr.Form != nodeindex.Boolean {
						return ""
					}
					return "(" + key(f, l, "->") + ")::boolean"
				})
			case analyze.ModeDateTime, analyze.ModeTime, analyze.ModeDuration:
				return combine("null::numeric", func(l leaf) string {
					switch {
					case l.attr.Form == nodeindex.Text:
						return temporal[mode] + "(" + m.text(f, l) + ")"
					case l.attr.Form != nodeindex.Temporal:
						return ""
					case l.value.Column != "" && mode == analyze.ModeDateTime:
						return f.alias + "." + l.value.Column
					}
					return temporal[mode] + "(" + key(f, l, "->>") + ")"
				})
			}
			return combine("null::jsonb", func(l leaf) string {
				if l.attr.Form != nodeindex.Temporal {
					return m.json(f, l)
				}
				text := key(f, l, "->>")
				return "case when " + text + " is not null then jsonb_build_object('_type', '" + l.value.Class.Name + "', 'value', " + text + ") end"
			})
		},
	}
}

var temporal = map[analyze.Mode]string{
	analyze.ModeDateTime: "aql_datetime", analyze.ModeTime: "aql_time", analyze.ModeDuration: "aql_duration",
}

// key is the member of a row's JSON that holds a leaf.
func key(f *frame, l leaf, operator string) string {
	return "(" + f.alias + ".v " + operator + " '" + strconv.Itoa(int(l.value.ID)) + l.attr.Suffix + "')"
}

// inColumn reports whether a leaf is in a column alone.
func inColumn(l leaf) bool {
	return l.attr.Suffix == "" && l.value.Column != "" && l.attr.Form != nodeindex.Temporal
}

func number(f *frame, l leaf) string {
	if inColumn(l) {
		return f.alias + "." + l.value.Column
	}
	return key(f, l, "->") + "::numeric"
}

func (m *maker) text(f *frame, l leaf) string {
	switch {
	case inColumn(l):
		return f.alias + "." + l.value.Column
	case !l.attr.Usual:
		return key(f, l, "->>")
	}
	// Left out where it is usual and the first attribute is there.
	first := leaf{l.place, l.value, nodeindex.Covered(l.value.Class)[0]}
	there := f.alias + "." + l.value.Column + " is not null"
	if !inColumn(first) {
		there = "coalesce(" + f.alias + ".v ? '" + strconv.Itoa(int(l.value.ID)) + "', false)"
	}
	return "coalesce(" + key(f, l, "->>") + ", case when " + there + " then " + m.writer.Fixed(l.value.Usual, "the usual "+strings.Join(l.attr.Path, "/")) + " end)"
}

func (m *maker) json(f *frame, l leaf) string {
	if inColumn(l) || l.attr.Usual {
		if l.attr.Form == nodeindex.Number {
			return "to_jsonb(" + number(f, l) + ")"
		}
		return "to_jsonb(" + m.text(f, l) + ")"
	}
	return key(f, l, "->")
}

// pathsIn is the condition that a frame is at a place.
func pathsIn(f *frame, place *nodeindex.Place) string {
	var ids []string
	for _, p := range f.paths {
		if p.Place == place {
			ids = append(ids, strconv.Itoa(int(p.ID)))
		}
	}
	return f.alias + ".path_id in (" + strings.Join(ids, ", ") + ")"
}

// elementNamed is the condition that an element has a name.
func (m *maker) elementNamed(w *sqlgen.Writer, f *frame, n elementName) string {
	var parts []string
	name := w.Text(n.name)
	for _, e := range n.elements {
		id := strconv.Itoa(int(e.ID))
		parts = append(parts, fmt.Sprintf("case when %[1]s.v ? '%[2]s' then %[1]s.v ->> '%[2]s' else %[3]s end = %[4]s",
			f.alias, id, w.Fixed(e.Usual, "the usual name of an element"), name))
	}
	switch len(parts) {
	case 0:
		return "false"
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, " or ") + ")"
}

// nameOf is the name of a frame.
func (m *maker) nameOf(w *sqlgen.Writer, f *frame) string {
	places := placesOf(f)
	usual := "null::text"
	switch {
	case len(places) == 1:
		usual = w.Fixed(places[0].Name, "the usual name")
	case len(places) > 1:
		usual = "case"
		for _, p := range places {
			usual += " when " + pathsIn(f, p) + " then " + w.Fixed(p.Name, "the usual name")
		}
		usual += " end"
	}
	return fmt.Sprintf("case when %[1]s.v ? 'n' then %[1]s.v ->> 'n' when %[1]s.num is not null then %[2]s end", f.alias, usual)
}

// frameName is name/value of a frame.
func (m *maker) frameName(p *analyze.Path, at *position) {
	f := at.frame
	f.used = true
	m.values[p] = nameValue(func() string { return "(" + m.nameOf(m.writer, f) + ")" })
}

// nameValue makes the value of a path to a name.
func nameValue(text func() string) sqlgen.Value {
	return sqlgen.Value{
		JSON: func() string { return "to_jsonb" + text() },
		Operand: func(mode analyze.Mode) string {
			switch mode {
			case analyze.ModeText:
				return text()
			case analyze.ModeDynamic:
				return "to_jsonb" + text()
			case analyze.ModeBoolean:
				return "null::boolean"
			case analyze.ModeDateTime, analyze.ModeTime, analyze.ModeDuration:
				return temporal[mode] + text()
			}
			return "null::numeric"
		},
	}
}

// noteUse remembers the column that a path is in, for advice on indexes.
func (m *maker) noteUse(p *analyze.Path, f *frame, places []*nodeindex.Place, leaves []leaf) {
	if len(places) != 1 || len(leaves) != 1 || leaves[0].value.Column == "" || leaves[0].attr.Suffix != "" {
		return
	}
	l := leaves[0]
	m.columns[p] = column{frame: f, place: places[0], name: l.value.Column, selective: l.attr.Form != nodeindex.Temporal}
}
