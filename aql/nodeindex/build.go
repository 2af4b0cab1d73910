package nodeindex

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Columns of a row for first attributes, by form.
const (
	NumberColumns = 3 // n1 …
	TextColumns   = 2 // k1 …
	TimeColumns   = 1 // d1
)

// Row is one frame.
type Row struct {
	// Num counts the frames of a composition in document order from 0; Last is
	// the number of the last frame inside this one, Parent that of the frame
	// around it (-1: none).
	Num, Last, Parent int32
	Path              *Path
	// N are decimal numbers and D seconds since 1970, "" for null; K are texts.
	N [NumberColumns]string
	K [TextColumns]*string
	D [TimeColumns]string
	// V is the JSON object with all else; "" for none.
	V string
}

// Need is a structure that the registry lacks: a frame, or if Steps is not nil
// a value.
type Need struct {
	// Parent path and the steps from it, for a frame.
	Parent *Path
	Slot   []string
	Name   string
	// Place and the steps inside it, for a value or an element.
	Place *Place
	Steps []string
	Usual string
	// Multiple tells that the element was found more than once.
	Multiple bool
	// Bare tells of an element that it has no value of which rows tell.
	Bare bool
	// Always are the slots of the frames inside a frame.
	Always [][]string
	// Path is that of a frame which has none of the frames that every frame of
	// the path had until now, and Absent their slots. All else is empty then.
	Path   *Path
	Absent []string

	Class *rm.Class
}

// Builder makes rows. It may be used for one composition after another, but not
// concurrently.
type Builder struct {
	reg   *Registry
	rows  []Row
	needs []Need
	next  int32
	steps []string
	bufs  [][]byte
}

// frame is the frame under construction.
type frame struct {
	row  int // in rows
	path *Path
	buf  []byte
	seen uint64 // of path.always
}

// Build gives the frames of a composition. If the registry lacks any of its
// structure the rows are incomplete, and needs says what is to be added before
// another try; it may take one for each level of nesting. The rows are valid
// until the next call.
func (b *Builder) Build(r *Registry, root *rm.Node) (rows []Row, needs []Need) {
	b.reg, b.rows, b.needs, b.next, b.steps = r, b.rows[:0], nil, 0, b.steps[:0]
	id := root.NodeID()
	var path *Path
	if r != nil {
		path = r.roots[childKey{id: id, class: root.Class}]
	}
	if path == nil {
		return nil, []Need{{Slot: []string{"", id}, Class: root.Class, Name: root.NameValue(), Always: frameSlots(root)}}
	}
	b.frame(root, path, -1, 0)
	return b.rows, b.needs
}

func (b *Builder) frame(n *rm.Node, path *Path, parent int32, depth int) {
	if depth == len(b.bufs) {
		b.bufs = append(b.bufs, nil)
	}
	num := b.next
	b.next++
	f := frame{row: len(b.rows), path: path, buf: append(b.bufs[depth][:0], '{')}
	b.rows = append(b.rows, Row{Num: num, Parent: parent, Path: path})
	if name := n.Get("name", "value"); name == nil {
		f.null("n")
	} else if name.Text != path.Place.Name {
		f.text("n", name.Text)
	}
	outer := b.steps
	b.steps = b.steps[len(b.steps):]
	b.walk(n, path.Place.Spot, &f, depth)
	b.steps = outer
	b.absent(&f)
	row := &b.rows[f.row]
	row.Last = b.next - 1
	if len(f.buf) > 1 {
		f.buf = append(f.buf, '}')
		row.V = string(f.buf)
	}
	b.bufs[depth] = f.buf
}

// absent notes what every frame of the path had so far and this one has not.
func (b *Builder) absent(f *frame) {
	var keys []string
	for i, s := range f.path.always {
		if f.seen&(1<<i) == 0 {
			keys = append(keys, s.key)
		}
	}
	if len(keys) > 0 {
		b.needs = append(b.needs, Need{Path: f.path, Absent: keys})
	}
}

// frameSlots are the slots of the frames directly inside a frame.
func frameSlots(n *rm.Node) [][]string {
	var out [][]string
	var walk func(n *rm.Node, steps []string)
	walk = func(n *rm.Node, steps []string) {
		for i := range n.Attrs {
			a := &n.Attrs[i]
			if name := a.Def.Name; !walked[a.Def.Type] || name == "name" || name == "archetype_details" || isValue(name) {
				continue
			}
			for _, m := range a.Items {
				id := ""
				if m.Class.IsA(rm.ClassLocatable) {
					id = m.NodeID()
				}
				at := append(clone(steps), a.Def.Name, id)
				switch {
				case !framed(m, a, id):
					walk(m, at)
				case len(out) < maxAlways && !slices.ContainsFunc(out, func(s []string) bool { return slices.Equal(s, at) }):
					out = append(out, at)
				}
			}
		}
	}
	walk(n, nil)
	return out
}

// framed reports whether a member of an attribute is a frame.
func framed(m *rm.Node, a *rm.Attr, id string) bool {
	return id != "" && (IsRoot(id) || a.Def.Container && m.Class != rm.ClassElement)
}

// walk visits what belongs to the frame inside an object.
func (b *Builder) walk(n *rm.Node, s *Spot, f *frame, depth int) {
	for i := range n.Attrs {
		a := &n.Attrs[i]
		t := a.Def.Type
		if t.Primitive != rm.NotPrimitive || len(a.Items) == 0 {
			continue
		}
		name := a.Def.Name
		if name == "name" || name == "archetype_details" {
			continue
		}
		if isValue(name) {
			b.steps = append(b.steps, name, "")
			b.value(a.Items[0], s.Child(name, ""), f)
			b.steps = b.steps[:len(b.steps)-2]
			continue
		}
		if !walked[t] {
			continue
		}
		for k, m := range a.Items {
			id := ""
			if m.Class.IsA(rm.ClassLocatable) {
				id = m.NodeID()
			}
			b.steps = append(b.steps, name, id)
			switch {
			case framed(m, a, id):
				for i, x := range f.path.always {
					if x.in == s && x.attr == name && x.id == id {
						f.seen |= 1 << i
					}
				}
				b.child(m, s, name, id, f, depth)
			case a.Def.Container && repeated(a.Items, k, id):
				b.element(m, s.Child(name, id), true, f)
				b.classes(m, s.Child(name, id), f)
			default:
				c := s.Child(name, id)
				if m.Class == rm.ClassElement {
					b.element(m, c, false, f)
				}
				b.walk(m, c, f, depth)
			}
			b.steps = b.steps[:len(b.steps)-2]
		}
	}
}

// repeated reports whether another ELEMENT of a container has the node id.
func repeated(items []*rm.Node, k int, id string) bool {
	for i, m := range items {
		if i != k && m.Class == rm.ClassElement && m.NodeID() == id {
			return true
		}
	}
	return false
}

// child is a frame inside the frame.
func (b *Builder) child(m *rm.Node, s *Spot, attr, id string, f *frame, depth int) {
	path := f.path.children[childKey{s, attr, id, m.Class}]
	if s == nil || path == nil {
		b.needs = append(b.needs, Need{Parent: f.path, Slot: clone(b.steps), Class: m.Class, Name: m.NameValue(), Always: frameSlots(m)})
		return
	}
	b.frame(m, path, b.rows[f.row].Num, depth+1)
}

// element notes what is not usual in an element.
func (b *Builder) element(m *rm.Node, s *Spot, multiple bool, f *frame) {
	name := m.Get("name", "value")
	bare := !valued(m)
	if s == nil || s.Element == nil || multiple && !s.Element.Multiple || bare && s.Element.Valued {
		need := Need{Place: f.path.Place, Steps: clone(b.steps), Class: rm.ClassElement, Multiple: multiple, Bare: bare}
		if name != nil {
			need.Usual = name.Text
		}
		b.needs = append(b.needs, need)
		return
	}
	switch {
	case multiple:
	case name == nil:
		f.null(strconv.Itoa(int(s.Element.ID)))
	case name.Text != s.Element.Usual:
		f.text(strconv.Itoa(int(s.Element.ID)), name.Text)
	}
}

// valued reports whether a row tells of a value of an element.
func valued(m *rm.Node) bool {
	for i := range m.Attrs {
		a := &m.Attrs[i]
		if !isValue(a.Def.Name) || len(a.Items) == 0 {
			continue
		}
		if list := covered[a.Items[0].Class]; len(list) > 0 && a.Items[0].Get(list[0].Path...) != nil {
			return true
		}
	}
	return false
}

// classes sees to it that the registry knows the classes of the values of an
// element that rows do not have.
func (b *Builder) classes(m *rm.Node, s *Spot, f *frame) {
	for i := range m.Attrs {
		a := &m.Attrs[i]
		if !isValue(a.Def.Name) || len(a.Items) == 0 {
			continue
		}
		if c := s.Child(a.Def.Name, ""); c == nil || c.values[a.Items[0].Class] == nil {
			b.needs = append(b.needs, Need{Place: f.path.Place, Steps: append(clone(b.steps), a.Def.Name, ""), Class: a.Items[0].Class, Multiple: true})
		}
	}
}

// value puts the attributes of a data value into the row.
func (b *Builder) value(m *rm.Node, s *Spot, f *frame) {
	list := covered[m.Class]
	var v *Value
	if s != nil {
		v = s.values[m.Class]
	}
	if v == nil {
		need := Need{Place: f.path.Place, Steps: clone(b.steps), Class: m.Class}
		for i := range list {
			if list[i].Usual {
				need.Usual = m.String(list[i].Path...)
			}
		}
		b.needs = append(b.needs, need)
		return
	}
	row := &b.rows[f.row]
	first := false
	for i := range list {
		a := &list[i]
		leaf := m.Get(a.Path...)
		if leaf == nil {
			continue
		}
		text := leaf.Text
		if a.Usual && first && text == v.Usual {
			continue
		}
		if i == 0 {
			first = true
			if v.Column != "" && row.column(v.Column, leaf) {
				continue
			}
		}
		switch a.Form {
		case Number, Boolean:
			f.raw(v.ID, a.Suffix, text)
		default:
			f.key(v.ID, a.Suffix)
			f.buf, _ = jsontext.AppendQuote(f.buf, text)
		}
	}
}

// column puts the first attribute of a value into its column and reports
// whether that is all of it.
func (r *Row) column(column string, leaf *rm.Node) bool {
	k := int(column[1] - '1')
	switch column[0] {
	case 'n':
		r.N[k] = leaf.Text
	case 'k':
		r.K[k] = &leaf.Text
	case 'd':
		r.D[k] = Instant(leaf.Text)
		return false // the text is returned as it was
	}
	return true
}

func (f *frame) open() {
	if len(f.buf) > 1 {
		f.buf = append(f.buf, ',')
	}
}

func (f *frame) key(id int32, suffix string) {
	f.open()
	f.buf = append(f.buf, '"')
	f.buf = strconv.AppendInt(f.buf, int64(id), 10)
	f.buf = append(append(f.buf, suffix...), '"', ':')
}

func (f *frame) raw(id int32, suffix, value string) {
	f.key(id, suffix)
	f.buf = append(f.buf, value...)
}

func (f *frame) text(key, value string) {
	f.open()
	f.buf = append(append(append(f.buf, '"'), key...), '"', ':')
	f.buf, _ = jsontext.AppendQuote(f.buf, value) // the error only tells of bytes that are not UTF-8, which are replaced
}

func (f *frame) null(key string) {
	f.open()
	f.buf = append(append(append(f.buf, '"'), key...), `":null`...)
}

func clone(steps []string) []string { return append([]string(nil), steps...) }

// String prints a row for people and tests.
func (r *Row) String() string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(int(r.Num)) + "-" + strconv.Itoa(int(r.Last)) + " in " + strconv.Itoa(int(r.Parent)) + " " + r.Path.String())
	column := func(prefix string, list []string) {
		for i, s := range list {
			if s != "" {
				b.WriteString(" " + prefix + strconv.Itoa(i+1) + "=" + s)
			}
		}
	}
	column("n", r.N[:])
	for i, s := range r.K {
		if s != nil {
			b.WriteString(" k" + strconv.Itoa(i+1) + "=" + *s)
		}
	}
	column("d", r.D[:])
	if r.V != "" {
		b.WriteString(" " + r.V)
	}
	return b.String()
}

// String is the path in the manner of AQL, of the last archetype.
func (p *Path) String() string {
	var b strings.Builder
	b.WriteString(p.Place.Class.Name + " " + p.Place.Archetype)
	for i := 0; i+1 < len(p.Place.Steps); i += 2 {
		b.WriteString("/" + p.Place.Steps[i] + "[" + p.Place.Steps[i+1] + "]")
	}
	return b.String()
}
