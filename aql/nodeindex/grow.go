package nodeindex

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Parts is the number of partitions that archetypes can have for themselves.
const Parts = 24

// Tables is a registry as it is stored, each list ordered by number.
type Tables struct {
	Places []PlaceRow
	Paths  []PathRow
	Values []ValueRow
}

// Size is the number of rows.
func (t *Tables) Size() int { return len(t.Places) + len(t.Paths) + len(t.Values) }

// Add extends the tables by what is needed and not there yet, and gives the
// rows that are new and those that changed: elements that turned out to occur
// more than once or without a value, and paths that turned out not always to
// have what they had so far.
func (t *Tables) Add(needs []Need) (added, changed Tables) {
	g := grower{t: t, places: map[string]*PlaceRow{}, paths: map[string]bool{}, values: map[string]int{}, columns: map[string]bool{}, rows: map[int32]PlaceRow{}, at: map[int32]int32{}}
	for i := range t.Places {
		g.know(t.Places[i])
	}
	for i := range t.Paths {
		p := &t.Paths[i]
		g.paths[pathKey(p)], g.at[p.ID] = true, p.Place
	}
	for i := range t.Values {
		v := &t.Values[i]
		g.values[valueKey(v)] = i
		g.columns[columnKey(v.Place, v.Column)] = true
	}
	for i := range needs {
		switch n := &needs[i]; {
		case n.Path != nil:
			g.absent(n)
		case n.Steps == nil:
			g.frame(n)
		default:
			g.value(n)
		}
	}
	for _, i := range g.lacking {
		changed.Paths = append(changed.Paths, t.Paths[i])
	}
	for _, i := range g.changed {
		changed.Values = append(changed.Values, t.Values[i])
	}
	return g.added, changed
}

type grower struct {
	t       *Tables
	places  map[string]*PlaceRow
	rows    map[int32]PlaceRow
	at      map[int32]int32 // the place of a path
	paths   map[string]bool
	values  map[string]int
	columns map[string]bool
	part    int16
	added   Tables
	// changed are positions of values in the tables, lacking of paths.
	changed, lacking []int
}

func join(parts ...string) string { return strings.Join(parts, "\x00") }

func placeKey(archetype string, steps []string, class string) string {
	return join(archetype, class, join(steps...))
}

func pathKey(p *PathRow) string {
	return join(strconv.Itoa(int(p.Parent)), strconv.Itoa(int(p.Place)), join(p.Slot...))
}

func valueKey(v *ValueRow) string {
	return join(strconv.Itoa(int(v.Place)), v.Class, join(v.Steps...))
}
func columnKey(place int32, column string) string { return strconv.Itoa(int(place)) + column }

func (g *grower) know(p PlaceRow) {
	g.places[placeKey(p.Archetype, p.Steps, p.Class)] = &p
	g.rows[p.ID] = p
	g.part = max(g.part, p.Part)
}

func (g *grower) frame(n *Need) {
	id := n.Slot[len(n.Slot)-1]
	row := PlaceRow{Archetype: id, Class: n.Class.Name, Name: n.Name}
	path := PathRow{Slot: n.Slot}
	for _, s := range n.Always {
		path.Always = append(path.Always, SlotKey(s))
	}
	if n.Parent != nil {
		path.Parent = n.Parent.ID
		if !IsRoot(id) {
			outer := g.rows[g.at[path.Parent]]
			row.Archetype, row.Part = outer.Archetype, outer.Part
			row.Steps = append(append([]string{}, outer.Steps...), n.Slot...)
		}
	}
	key := placeKey(row.Archetype, row.Steps, row.Class)
	place := g.places[key]
	if place == nil {
		if len(row.Steps) == 0 && ownPart(n.Class) && g.part < Parts {
			row.Part = g.part + 1
		}
		row.ID = next(g.t.Places, func(p PlaceRow) int32 { return p.ID })
		g.t.Places = append(g.t.Places, row)
		g.added.Places = append(g.added.Places, row)
		g.know(row)
		place = g.places[key]
	}
	path.Place = place.ID
	if g.paths[pathKey(&path)] {
		return
	}
	path.ID = next(g.t.Paths, func(p PathRow) int32 { return p.ID })
	g.t.Paths = append(g.t.Paths, path)
	g.added.Paths = append(g.added.Paths, path)
	g.paths[pathKey(&path)], g.at[path.ID] = true, path.Place
}

// absent takes slots from those that a path always has.
func (g *grower) absent(n *Need) {
	i := slices.IndexFunc(g.t.Paths, func(p PathRow) bool { return p.ID == n.Path.ID })
	if i < 0 {
		return
	}
	p := &g.t.Paths[i]
	left := slices.DeleteFunc(slices.Clone(p.Always), func(key string) bool { return slices.Contains(n.Absent, key) })
	if len(left) < len(p.Always) {
		if p.Always = left; !slices.Contains(g.lacking, i) {
			g.lacking = append(g.lacking, i)
		}
	}
}

// ownPart reports whether archetypes of the class get a partition each, first
// come first served: those that are queried for their content.
func ownPart(c *rm.Class) bool {
	return c == rm.ClassComposition || c == rm.ClassCluster || c.IsA(rm.ClassEntry)
}

func (g *grower) value(n *Need) {
	v := ValueRow{Place: n.Place.ID, Steps: n.Steps, Class: n.Class.Name, Usual: n.Usual, Multiple: n.Multiple}
	key := valueKey(&v)
	if i, ok := g.values[key]; ok {
		old := &g.t.Values[i]
		multiple, bare := n.Multiple && !old.Multiple, n.Bare && old.Column == Valued
		if multiple {
			old.Multiple = true
		}
		if bare {
			old.Column = ""
		}
		if (multiple || bare) && !slices.Contains(g.changed, i) {
			g.changed = append(g.changed, i)
		}
		return
	}
	switch {
	case n.Class == rm.ClassElement && !n.Bare:
		v.Column = Valued
	case !n.Multiple:
		v.Column = g.column(v.Place, n.Class)
	}
	v.ID = next(g.t.Values, func(v ValueRow) int32 { return v.ID })
	g.values[key] = len(g.t.Values)
	g.t.Values = append(g.t.Values, v)
	g.added.Values = append(g.added.Values, v)
}

// column is a column that the place has free for the first attribute of a
// class; "" if there is none.
func (g *grower) column(place int32, c *rm.Class) string {
	prefix, count := "", 0
	switch list := covered[c]; {
	case len(list) == 0 || c == rm.ClassElement:
	case list[0].Form == Number:
		prefix, count = "n", NumberColumns
	case c == rm.ClassDVCodedText:
		prefix, count = "k", TextColumns
	case c == rm.ClassDVDate || c == rm.ClassDVDateTime:
		prefix, count = "d", TimeColumns
	}
	for i := 1; i <= count; i++ {
		name := prefix + strconv.Itoa(i)
		if key := columnKey(place, name); !g.columns[key] {
			g.columns[key] = true
			return name
		}
	}
	return ""
}

func next[T any](list []T, id func(T) int32) int32 {
	if len(list) == 0 {
		return 1
	}
	return id(list[len(list)-1]) + 1
}

// String prints the tables for people and tests.
func (t *Tables) String() string {
	var b strings.Builder
	steps := func(s []string) string { return strings.Join(s, " ") }
	for _, p := range t.Places {
		b.WriteString("place " + strconv.Itoa(int(p.ID)) + " " + p.Class + " " + p.Archetype + " {" + steps(p.Steps) + "} " +
			strconv.Quote(p.Name) + " part " + strconv.Itoa(int(p.Part)) + "\n")
	}
	for _, p := range t.Paths {
		b.WriteString("path " + strconv.Itoa(int(p.ID)) + " in " + strconv.Itoa(int(p.Parent)) + " at {" + steps(p.Slot) + "} place " + strconv.Itoa(int(p.Place)))
		for _, s := range p.Always {
			b.WriteString(" always " + s)
		}
		b.WriteString("\n")
	}
	for _, v := range t.Values {
		b.WriteString("value " + strconv.Itoa(int(v.ID)) + " of " + strconv.Itoa(int(v.Place)) + " {" + steps(v.Steps) + "} " + v.Class)
		if v.Usual != "" {
			b.WriteString(" usual " + strconv.Quote(v.Usual))
		}
		if v.Column != "" {
			b.WriteString(" column " + v.Column)
		}
		if v.Multiple {
			b.WriteString(" multiple")
		}
		b.WriteString("\n")
	}
	return b.String()
}
