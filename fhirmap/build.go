package fhirmap

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// cursor is a place in the resource being built. It is made when a method runs
// and takes shape only when something is written there or below.
type cursor struct {
	mem  *workspace
	up   *cursor
	step *fstep
	node *r4.Node // the object, once it exists
	typ  *r4.Type // its type
}

// follow makes the cursors of a path, one per element.
func (c *cursor) follow(p *fpath, root *cursor) *cursor {
	if p.base == fromResource {
		c = root
	}
	for range p.up {
		if c.up != nil {
			c = c.up
		}
	}
	for i := range p.steps {
		c = c.mem.cursor(c, &p.steps[i])
	}
	return c
}

// join is follow for the assignments of one manual entry: paths with a common
// beginning lead to the same element.
func (c *cursor) join(p *fpath, root *cursor) *cursor {
	x := c.mem
	if p.base == fromResource {
		c = root
	}
	for range p.up {
		if c.up != nil {
			c = c.up
		}
	}
	for i := range p.steps {
		var next *cursor
		for _, m := range x.met {
			if m.up == c && m.step.same(&p.steps[i]) {
				next = m
				break
			}
		}
		if next == nil {
			next = x.cursor(c, &p.steps[i])
			x.met = append(x.met, next)
		}
		c = next
	}
	return c
}

// same reports whether two steps from one place lead to the same element.
func (s *fstep) same(o *fstep) bool {
	return s == o || s.name == o.name && s.ofType == o.ofType && s.index == o.index &&
		slices.EqualFunc(s.pins, o.pins, func(p, q pin) bool { return p.value == q.value && slices.Equal(p.path, q.path) })
}

var elementType = r4.Lookup("Element")

// object gives the place the shape of an object, with everything above it.
func (c *cursor) object() (*r4.Node, *r4.Type) {
	if c.node != nil {
		return c.node, c.typ
	}
	parent, ptyp := c.up.object()
	s := c.step
	t := s.typ.Type
	name := s.elem.Property(t)
	if t.Kind == r4.Primitive {
		// Below a primitive there is only its extension object.
		name, t = "_"+name, elementType
	}
	c.typ = t
	if !s.elem.List() {
		if c.node = parent.Get(name); c.node == nil {
			if s.elem.Choice {
				clearChoice(parent, s.elem, name)
			}
			c.node = c.mem.nodes.Object()
			parent.Set(ptyp, name, c.node)
		}
		return c.node, t
	}
	if t == elementType && s.typ.Type.Kind == r4.Primitive {
		c.node = c.mem.nodes.Object()
		appendExtensions(c.mem, parent, ptyp, name[1:], c.node)
		return c.node, t
	}
	arr := parent.Get(name)
	if arr == nil {
		arr = c.mem.nodes.Array()
		parent.Set(ptyp, name, arr)
	}
	switch {
	case s.index >= 0:
		for len(arr.Items) <= s.index {
			arr.Items = append(arr.Items, c.mem.nodes.Object())
		}
		c.node = arr.Items[s.index]
	case len(s.pins) > 0:
		for _, item := range arr.Items {
			if s.looks(item) {
				c.mem.log.Spoil() // at a text that is another in other sources
			}
			if s.pinned(item) {
				c.node = item
				return c.node, t
			}
		}
		c.node = c.mem.nodes.Object()
		arr.Items = append(arr.Items, c.node)
		for i := range s.pins {
			s.pins[i].put(c.mem, c.node, t)
		}
	default:
		c.node = c.mem.nodes.Object()
		arr.Items = append(arr.Items, c.node)
	}
	return c.node, t
}

// pinned reports whether an item meets the equalities of where().
func (s *fstep) pinned(item *r4.Node) bool {
	for _, p := range s.pins {
		if item.Str(p.path...) != p.value {
			return false
		}
	}
	return true
}

// looks reports whether where() compares a text of an item that was carried over.
func (s *fstep) looks(item *r4.Node) bool {
	return slices.ContainsFunc(s.pins, func(p pin) bool {
		n := item.Get(p.path...)
		return n != nil && n.From != 0
	})
}

// put writes the equality into a new item.
func (p *pin) put(x *workspace, item *r4.Node, t *r4.Type) {
	at := x.cursor(nil, nil)
	at.node, at.typ = item, t
	for i := range p.steps {
		at = x.cursor(at, &p.steps[i])
	}
	at.put(p.node, p.steps[len(p.steps)-1].typ.Type)
}

// clearChoice removes other types of a choice element.
func clearChoice(parent *r4.Node, e *r4.Element, keep string) {
	for i := len(parent.Fields) - 1; i >= 0; i-- {
		name := strings.TrimPrefix(parent.Fields[i].Name, "_")
		if len(name) <= len(e.Name) || name[:len(e.Name)] != e.Name || name == keep {
			continue
		}
		for _, ref := range e.Types {
			if e.Property(ref.Type) == name {
				parent.Fields = slices.Delete(parent.Fields, i, i+1)
				break
			}
		}
	}
}

// clearExtension removes what stands beside a primitive.
func clearExtension(parent *r4.Node, name string) {
	for i := range parent.Fields {
		if f := parent.Fields[i].Name; f[0] == '_' && f[1:] == name {
			parent.Fields = slices.Delete(parent.Fields, i, i+1)
			return
		}
	}
}

// filled reports whether a place that does not repeat holds a value already.
func (c *cursor) filled() bool {
	if c.step == nil || c.step.elem.List() {
		return false
	}
	parent := c.up.peek()
	if parent == nil {
		return false
	}
	for _, ref := range c.step.elem.Types {
		if parent.Get(c.step.elem.Property(ref.Type)) != nil {
			return true
		}
	}
	return false
}

// peek is the object at the place if it exists already; nil for a member of a
// list that is still to be made.
func (c *cursor) peek() *r4.Node {
	if c.node != nil || c.step == nil || c.step.elem.List() || c.step.typ.Type == nil {
		return c.node
	}
	return c.up.peek().Get(c.step.elem.Property(c.step.typ.Type))
}

// put writes a value of a type at the place. On an element that repeats it
// appends, unless the cursor stands for a member already.
func (c *cursor) put(v *r4.Node, t *r4.Type) {
	if c.step == nil || (c.node != nil && v.Kind == r4.Object) {
		merge(c.node, c.typ, v)
		return
	}
	parent, ptyp := c.up.object()
	name := c.step.elem.Property(t)
	if v.Kind == r4.Object {
		c.node, c.typ = v, t
	}
	if !c.step.elem.List() {
		if c.step.elem.Choice {
			clearChoice(parent, c.step.elem, name)
		}
		clearExtension(parent, name)
		parent.Set(ptyp, name, v)
		return
	}
	if len(c.step.pins) > 0 || c.step.index >= 0 {
		c.node = nil
		if n, nt := c.object(); v.Kind == r4.Object {
			merge(n, nt, v)
		}
		return
	}
	arr := parent.Get(name)
	if arr == nil {
		arr = c.mem.nodes.Array()
		if t.Kind == r4.Primitive {
			for range parent.List("_" + name) { // in step with those without a value
				arr.Items = append(arr.Items, c.mem.nodes.Null())
			}
		}
		parent.Set(ptyp, name, arr)
	}
	arr.Items = append(arr.Items, v)
}

// putExtension gives a primitive without a value its extensions.
func (c *cursor) putExtension(ext *r4.Node, t *r4.Type) {
	parent, ptyp := c.up.object()
	name := c.step.elem.Property(t)
	mem := &c.mem.nodes
	holder := mem.Object(r4.Field{Name: "extension", Value: mem.Array(ext)})
	if !c.step.elem.List() {
		if c.step.elem.Choice {
			clearChoice(parent, c.step.elem, name)
		}
		parent.Remove(name)
		parent.Set(ptyp, "_"+name, holder)
		return
	}
	appendExtensions(c.mem, parent, ptyp, name, holder)
}

// appendExtensions adds a primitive without a value to a list. Arrays of values
// and of extensions run in step; there is none of values without any.
func appendExtensions(x *workspace, parent *r4.Node, ptyp *r4.Type, name string, holder *r4.Node) {
	mem := &x.nodes
	values, exts := parent.Get(name), parent.Get("_"+name)
	if exts == nil {
		exts = mem.Array()
		parent.Set(ptyp, "_"+name, exts)
	}
	if values != nil {
		for len(exts.Items) < len(values.Items) {
			exts.Items = append(exts.Items, mem.Null())
		}
		values.Items = append(values.Items, mem.Null())
	}
	exts.Items = append(exts.Items, holder)
}

func merge(into *r4.Node, t *r4.Type, v *r4.Node) {
	for _, f := range v.Fields {
		into.Set(t, f.Name, f.Value)
	}
}
