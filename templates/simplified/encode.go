package simplified

import (
	"fmt"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// Encode writes a composition of the template. Values that the suffixes cannot
// express are written as |raw, and so are objects with something that has no
// place in the web template, such as the content of an open slot: as little as
// can be, and if need be the whole composition. Nothing is lost. An error, which
// names a place and holds no data, means an object that is not of the template's
// class.
//
// Not kept are the names of levels that a web template leaves out, the order of
// siblings that are different nodes of the template, which is the template's,
// and archetype_details, which reading fills in.
func Encode(n *rm.Node, f Format, wt *webtemplate.Template, tpl *templates.Template) ([]byte, error) {
	// Nearly always the suffixes express every value, so that each is looked at
	// by itself only if the whole does not read back as it was. That is found out
	// without printing and parsing, which lose nothing.
	w := writer{wt: wt, template: tpl, hidden: map[*rm.Node]bool{}}
	top := &item{}
	w.node(wt.Tree, n, top.at(wt.Tree.ID, 0))
	if w.readsBack(n, top) {
		return print(top, f), nil
	}
	return encodeCarefully(n, f, wt, tpl)
}

func print(top *item, f Format) []byte {
	if f == Flat {
		return printFlat(top)
	}
	return printStructured(top)
}

// maxRaw bounds the objects that are written as |raw one by one; a composition
// with more of them is written as |raw whole.
const maxRaw = 16

// encodeCarefully looks at every value by itself and reads the whole document.
// An object that does not read back as it was is written as |raw, in the end
// the composition.
func encodeCarefully(n *rm.Node, f Format, wt *webtemplate.Template, tpl *templates.Template) ([]byte, error) {
	asRaw := map[*rm.Node]bool{}
	for {
		w := writer{wt: wt, template: tpl, hidden: map[*rm.Node]bool{}, careful: true, asRaw: asRaw, written: map[*rm.Node]bool{}}
		top := &item{}
		if asRaw[n] {
			*top.at(wt.Tree.ID, 0) = *raw(n)
		} else {
			w.node(wt.Tree, n, top.at(wt.Tree.ID, 0))
		}
		data := print(top, f)
		again, problems := Decode(data, f, wt, tpl, Options{
			Incomplete: true, Limits: rm.Limits{Bytes: 1 << 30, StringBytes: 1 << 30, Nodes: 1 << 24, Items: 1 << 24, Depth: 1 << 10},
		})
		path, same := firstPath(problems), false
		if again != nil && !rm.HasErrors(problems) {
			if path, same = w.same("", n, again); same {
				return data, nil
			}
		}
		if asRaw[n] {
			return nil, fmt.Errorf("%s: cannot be expressed", path)
		}
		culprit := n
		for _, o := range w.differs { // from the inside
			if w.written[o] && !asRaw[o] {
				culprit = o
				break
			}
		}
		if len(asRaw) >= maxRaw {
			culprit = n
		}
		asRaw[culprit] = true
	}
}

func firstPath(problems []rm.Problem) string {
	for _, p := range problems {
		if p.Severity == rm.Error {
			return p.Path
		}
	}
	return "/"
}

type writer struct {
	wt       *webtemplate.Template
	template *templates.Template
	// hidden are the objects without a node of their own.
	hidden map[*rm.Node]bool
	// careful reads every value back by itself.
	careful bool
	// asRaw are the objects to be written as |raw; written those that have a node
	// and so could be.
	asRaw, written map[*rm.Node]bool
	// differs is where same has found a difference: the object and those around
	// it, from the inside.
	differs []*rm.Node
}

// same compares a composition with what is read back of it, and gives the path
// of the first difference.
func (w *writer) same(path string, a, b *rm.Node) (string, bool) {
	here := func(suffix string) string {
		if p := path + suffix; p != "" {
			return p
		}
		return "/"
	}
	w.differs = w.differs[:0]
	if a.Class != b.Class || a.Text != b.Text {
		return here(""), false
	}
	for i := range a.Attrs {
		x := &a.Attrs[i]
		y := b.Attr(x.Def.Name)
		if x.Def.Name == "name" && w.hidden[a] || x.Def.Name == "archetype_details" {
			continue
		}
		if y == nil || len(x.Items) != len(y.Items) {
			if len(x.Items) == 0 {
				continue
			}
			w.differs = append(w.differs, a)
			return here("/" + x.Def.Name), false
		}
		partner := partners(x.Items, y.Items)
		for k := range x.Items {
			sub := path + "/" + x.Def.Name
			if x.Def.Container {
				sub += fmt.Sprintf("[%d]", k)
			}
			if at, ok := w.same(sub, x.Items[k], partner[k]); !ok {
				w.differs = append(w.differs, a)
				return at, false
			}
		}
	}
	for i := range b.Attrs {
		if name := b.Attrs[i].Def.Name; name != "archetype_details" && a.Attr(name) == nil && len(b.Attrs[i].Items) > 0 {
			w.differs = append(w.differs, a)
			return here("/" + b.Attrs[i].Def.Name), false
		}
	}
	return "", true
}

// partners puts the members of b in the order of a: the first of a node id and
// name is the partner of the first with both, and so on.
func partners(a, b []*rm.Node) []*rm.Node {
	if len(a) < 2 || !a[0].Class.IsA(rm.ClassLocatable) {
		return b
	}
	key := func(n *rm.Node) [2]string { return [2]string{n.NodeID(), n.NameValue()} }
	byKey := map[[2]string][]*rm.Node{}
	for _, n := range b {
		byKey[key(n)] = append(byKey[key(n)], n)
	}
	list := make([]*rm.Node, len(a))
	for i, n := range a {
		same := byKey[key(n)]
		if len(same) == 0 {
			return b // they differ; the comparison says where
		}
		list[i], byKey[key(n)] = same[0], same[1:]
	}
	return list
}

// node writes an object: its optional attributes, then its nodes.
func (w *writer) node(n *webtemplate.Node, o *rm.Node, it *item) {
	w.attributes(n, o, it, w.expectedName(n))
	for _, c := range n.Children {
		for i, found := range w.instances(c, o) {
			x := &item{index: c.Max != 1}
			if w.written != nil && !isValue(c) {
				w.written[found] = true
			}
			if isValue(c) {
				w.leaf(c, found, x)
			} else if w.asRaw[found] {
				x.parts = raw(found).parts
			} else {
				w.node(c, found, x)
			}
			if !x.empty() {
				slot := it.at(c.ID, i)
				*slot = *x
			}
		}
	}
	for _, a := range intervalEvent {
		if v := o.Get(a.attribute); v != nil && o.Class.Name == "INTERVAL_EVENT" && !hasChild(n, a.attribute) {
			*it.at(a.attribute, 0) = *w.checked(nil, v)
		}
	}
	if data := o.Get("data"); data != nil && data.Class == rm.ClassHistory {
		var times []string
		for _, e := range data.List("events") {
			times = append(times, e.String("time", "value"))
		}
		if origin := data.String("origin", "value"); origin != "" && origin != earliest(times) {
			it.at("history_origin", 0).setText("", origin)
		}
	}
}

// expectedName is the name that reading gives to the object of a node.
func (w *writer) expectedName(n *webtemplate.Node) string {
	if len(n.Steps) == 0 {
		return nameOf(w.template.Root, "")
	}
	s := n.Steps[len(n.Steps)-1]
	if isValue(n) && len(n.Steps) > 1 {
		s = n.Steps[len(n.Steps)-2]
	}
	if s.Object == nil {
		return ""
	}
	return nameOf(s.Object, s.Name)
}

// instances finds the objects of a node below an object; for the value of an
// ELEMENT it is the ELEMENT.
func (w *writer) instances(c *webtemplate.Node, o *rm.Node) []*rm.Node {
	list := []*rm.Node{o}
	steps := c.Steps
	element := isValue(c) && len(steps) > 1 && steps[len(steps)-2].Object != nil && steps[len(steps)-2].Object.Class == rm.ClassElement
	if element {
		steps = steps[:len(steps)-1]
	}
	for i, s := range steps {
		var next []*rm.Node
		last := i == len(steps)-1
		for _, from := range list {
			for _, m := range from.List(s.Attribute.Name) {
				if last && isValue(c) && !element {
					if !w.suits(c, m) {
						continue
					}
				} else if !matches(s, m) {
					continue
				}
				if !last {
					w.hidden[m] = true
				}
				next = append(next, m)
			}
		}
		list = next
	}
	return list
}

// suits reports whether a value is one of the node's: of its class among the
// alternatives, any for the only one.
func (w *writer) suits(c *webtemplate.Node, v *rm.Node) bool {
	if v.Class.Primitive != rm.NotPrimitive || c.Class.IsA(rm.ClassPartyProxy) || !v.Class.IsA(rm.ClassDataValue) {
		return true
	}
	if c.Steps[len(c.Steps)-1].Attribute.Name != "value" {
		return true
	}
	if v.Class != c.Class {
		return false
	}
	if v.Class == rm.ClassDVInterval && c.Param != nil {
		for _, name := range []string{"lower", "upper"} {
			if l := v.Get(name); l != nil && l.Class != c.Param {
				return false
			}
		}
	}
	return true
}

// matches reports whether an object is bound to the constraint of a step: by
// node id, and by name where the template tells siblings apart by it.
func matches(s webtemplate.Step, m *rm.Node) bool {
	c := s.Object
	if c == nil {
		return true
	}
	if !m.Class.IsA(c.Class) {
		return false
	}
	if !m.Class.IsA(rm.ClassLocatable) {
		return true
	}
	key := c.Key()
	if key != "" && m.NodeID() != key {
		return false
	}
	name := m.NameValue()
	if s.Name != "" {
		return name == s.Name || !siblings(c, key)
	}
	for _, other := range c.Parent.Children {
		if other != c && other.Key() == key && len(other.Names) > 0 && other.HasName(name) {
			return false
		}
	}
	return true
}

// siblings reports whether the name has to tell the object from others.
func siblings(c *templates.Object, key string) bool {
	if len(c.Names) > 1 || len(c.NameCodes) > 1 {
		return true
	}
	if c.Parent == nil {
		return false
	}
	for _, other := range c.Parent.Children {
		if other != c && other.Key() == key {
			return true
		}
	}
	return false
}

// leaf writes a value, with what belongs to its ELEMENT.
func (w *writer) leaf(c *webtemplate.Node, o *rm.Node, it *item) {
	v := o
	if o.Class == rm.ClassElement && c.Class != rm.ClassElement {
		w.attributes(c, o, it, w.expectedName(c))
		v = o.Get("value")
	}
	if v == nil {
		return
	}
	x := w.checked(c, v)
	it.parts = append(x.parts, it.parts...)
	it.children = append(x.children, it.children...)
}

// checked writes a value so that it reads back as it is; as |raw if there is no
// other way.
func (w *writer) checked(c *webtemplate.Node, v *rm.Node) *item {
	x := &item{}
	if v.Class.Primitive != rm.NotPrimitive {
		x.set("", w.scalar(v))
		return x
	}
	w.value(v, x)
	if c != nil && c.Open && c.Class == rm.ClassDVCodedText && v.Class == rm.ClassDVText && len(x.parts) > 0 && x.parts[0].suffix == "" {
		x.parts[0].suffix = "other"
	}
	if !w.careful {
		return x
	}
	r := reader{wt: w.wt, template: w.template}
	var param *rm.Class
	if c != nil {
		param = c.Param
	}
	class := v.Class
	if c != nil {
		class = c.Class
	}
	if o := r.value(class, param, x, c); o != nil {
		r.unused("", x)
		read, problems := rm.DecodeJSON(o.json(nil), nil, rm.JSONOptions{Incomplete: true})
		if read != nil && len(r.problems.Problems()) == 0 && !rm.HasErrors(problems) {
			if _, same := w.same("", v, read); same {
				return x
			}
		}
	}
	return raw(v)
}

// raw is the item of a value as canonical JSON.
func raw(v *rm.Node) *item {
	x := &item{}
	x.set("raw", scalar{'{', string(rm.AppendJSON(nil, v))})
	return x
}

// scalar is a primitive as JSON has it.
func (w *writer) scalar(v *rm.Node) scalar {
	switch v.Class.Primitive {
	case rm.StringPrimitive:
		return str(v.Text)
	case rm.BooleanPrimitive:
		return scalar{'t', v.Text}
	}
	return scalar{'0', v.Text}
}
