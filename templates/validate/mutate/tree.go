package mutate

import (
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// step is one attribute on the way to a node, with the index of the member.
type step struct {
	attr  *rm.Attribute
	index int
}

// place is the way from the root to a node.
type place []step

func (p place) enter(a *rm.Attribute, index int) place {
	return append(p[:len(p):len(p)], step{a, index})
}

// String is the path that problems name.
func (p place) String() string {
	if len(p) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, s := range p {
		b.WriteString("/" + s.attr.Name)
		if s.attr.Container {
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	return b.String()
}

// attribute is the path of an attribute of the node there.
func (p place) attribute(name string) string {
	if len(p) == 0 {
		return "/" + name
	}
	return p.String() + "/" + name
}

// edit gives a copy of the tree in which the node at the place is replaced. It
// shares everything else with the original.
func edit(root *rm.Node, at place, with *rm.Node) *rm.Node {
	if len(at) == 0 {
		return with
	}
	n := &rm.Node{Class: root.Class, Text: root.Text, Attrs: append([]rm.Attr(nil), root.Attrs...)}
	for i := range n.Attrs {
		if n.Attrs[i].Def == at[0].attr {
			items := append([]*rm.Node(nil), n.Attrs[i].Items...)
			items[at[0].index] = edit(items[at[0].index], at[1:], with)
			n.Attrs[i].Items = items
		}
	}
	return n
}

// set gives a copy of a node in which an attribute has other items, whatever
// their class; none remove it. An attribute that the class does not have stays
// away.
func set(n *rm.Node, name string, items ...*rm.Node) *rm.Node {
	def := n.Class.Attribute(name)
	c := &rm.Node{Class: n.Class, Text: n.Text}
	done := def == nil || len(items) == 0
	for _, def2 := range n.Class.Attributes() {
		if def2.Name == name {
			if !done {
				c.Attrs = append(c.Attrs, rm.Attr{Def: def2, Items: items})
			}
			continue
		}
		if a := n.Attr(def2.Name); a != nil {
			c.Attrs = append(c.Attrs, *a)
		}
	}
	return c
}

// setText sets a primitive attribute.
func setText(n *rm.Node, name, text string) *rm.Node {
	def := n.Class.Attribute(name)
	if def == nil {
		return n
	}
	return set(n, name, &rm.Node{Class: def.Type, Text: text})
}

// setDeep replaces what follows the names.
func setDeep(n *rm.Node, text string, names ...string) *rm.Node {
	if len(names) == 1 {
		return setText(n, names[0], text)
	}
	child := n.Get(names[0])
	if child == nil {
		return n
	}
	return set(n, names[0], setDeep(child, text, names[1:]...))
}

// leafText is a copy of a primitive with another text.
func leafText(n *rm.Node, text string) *rm.Node { return &rm.Node{Class: n.Class, Text: text} }
