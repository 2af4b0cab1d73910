// Package reading lets the mapping engine read a source, and knows what it has
// read: while a Log records, every look at a node is one at what a Shape has in its
// key, at a free text through a Form, or spoils the Log. So what the engine made
// of a source follows from the key and the answers of the forms, and holds for all
// sources for which these are the same.
package reading

import (
	"bytes"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Node is a node of a source, or none (the zero Node). The tree below cannot be
// reached but by its methods.
type Node struct {
	n   *rm.Node
	log *Log
}

// Log is what has been read of a source. The zero Log does not record.
type Log struct {
	on, spoilt bool
	within     map[*rm.Node]mark
	asked      []Question
	resolved   []Resolution
}

// mark is what a Log knows of a node of the Shape.
type mark struct {
	place int    // among the nodes of the Shape; -1: only what is fixed is there
	free  bool   // a free text
	twice bool   // it stands in several places of the tree
	part  string // attribute whose members are not all of the Shape
	only  string // the attribute that may be looked at; "" for all
}

// Form turns a free text into the one that is carried over; false if the text has
// not the form. It depends on nothing else.
type Form struct {
	Of func(text string) (carried string, ok bool)
	// Costly says that it is worth while to remember the last answers.
	Costly bool
}

// Question is whether a free text has a form, with the answer.
type Question struct {
	place int
	form  *Form
	has   bool
}

// Resolution is a reference to a party, and what it was resolved to.
type Resolution struct {
	place int
	typ   string
}

// Text is a text that is carried over into a resource. Nobody can look at it.
type Text struct {
	text string
	from int32
}

// Fixed is a text that is not of the source, or that follows from the key.
func Fixed(s string) Text { return Text{text: s} }

// String is a string node with the text.
func (t Text) String(mem *r4.Arena, f r4.Free) *r4.Node {
	n := mem.FreeString(f, t.text)
	n.From = t.from
	return n
}

// Number is a number node with the text.
func (t Text) Number(mem *r4.Arena) *r4.Node {
	n := mem.FreeNumber(t.text)
	n.From = t.from
	return n
}

// Node lets a node be read.
func (l *Log) Node(n *rm.Node) Node { return Node{n, l} }

// Spoil says that something was looked at that the Log does not know of.
func (l *Log) Spoil() { l.spoilt = true }

// Spoilt reports whether what was made follows from more than the Log knows.
func (l *Log) Spoilt() bool { return l.spoilt }

// see notes a look at a node.
func (x Node) see() {
	if x.log != nil && x.log.on && x.n != nil {
		x.log.see(x.n)
	}
}

func (l *Log) see(n *rm.Node) {
	if _, ok := l.within[n]; !ok {
		l.spoilt = true
	}
}

func (l *Log) seeAttr(n *rm.Node, name string, some bool) {
	if n == nil {
		return
	}
	m, ok := l.within[n]
	if !ok || m.part == name && !some || m.only != "" && m.only != name {
		l.spoilt = true
	}
}

// Start begins to record what is read of a Shape. Only what has been added to it
// may be looked at, or allowed.
func (l *Log) Start(s *Shape) {
	l.on, l.spoilt = true, false
	l.within = make(map[*rm.Node]mark, 2*len(s.nodes))
	l.asked, l.resolved = nil, nil
	var again Shape
	for i := range s.parts {
		again.add(s.parts[i].root, s.parts[i].without, false, l.within)
	}
	l.spoilt = !bytes.Equal(again.Key, s.Key)
}

// Allow lets a tree be looked at that is the same for all sources; of its root one
// attribute only, unless that is "".
func (l *Log) Allow(n *rm.Node, only string) {
	if !l.on || n == nil {
		return
	}
	l.within[n] = mark{place: -1, only: only}
	for i := range n.Attrs {
		if only != "" && n.Attrs[i].Def.Name != only {
			continue
		}
		for _, item := range n.Attrs[i].Items {
			l.Allow(item, "")
		}
	}
}

// Recording reports whether what is read is recorded.
func (l *Log) Recording() bool { return l.on }

// Stop ends the recording. It gives what was asked; nothing counts if the Log is
// spoilt.
func (l *Log) Stop() ([]Question, []Resolution) {
	l.on, l.within = false, nil
	return l.asked, l.resolved
}

// Place is where a node stands in the Shape that is recorded; -1 if it is none of
// its objects, and then nobody outside of it can tell.
func (l *Log) Place(k Key) int {
	m, ok := l.within[k.n]
	if !ok {
		return -1
	}
	if m.twice {
		l.spoilt = true
	}
	return m.place
}

// Unwatched is the node itself, of which a Log cannot know what becomes.
func (x Node) Unwatched() *rm.Node {
	if x.log != nil && x.log.on {
		x.log.spoilt = true
	}
	return x.n
}

// None reports whether there is no node. That there is one shows where it is looked for.
func (x Node) None() bool { return x.n == nil }

// Same reports whether it is a certain node.
func (x Node) Same(o Node) bool { return x.n == o.n }

// Class is the dynamic type; nil for no node.
func (x Node) Class() *rm.Class {
	if x.n == nil {
		return nil
	}
	x.see()
	return x.n.Class
}

// Is reports whether the node's type is the class or a descendant.
func (x Node) Is(class string) bool {
	x.see()
	return x.n.Is(class)
}

// Attr is an attribute that is present.
type Attr struct {
	of Node
	a  *rm.Attr
}

// Attr finds a present attribute. Those who ask with some look only at members
// that are of the Shape.
func (x Node) Attr(name string, some bool) (Attr, bool) {
	if x.log != nil && x.log.on {
		x.log.seeAttr(x.n, name, some)
	}
	a := x.n.Attr(name)
	if a == nil {
		return Attr{}, false
	}
	return Attr{x, a}, true
}

// Has reports whether an attribute is present.
func (x Node) Has(name string) bool {
	_, ok := x.Attr(name, true)
	return ok
}

// Len is the number of members.
func (a Attr) Len() int { return len(a.a.Items) }

// At is a member.
func (a Attr) At(i int) Node { return Node{a.a.Items[i], a.of.log} }

// Def is the attribute of the class.
func (a Attr) Def() *rm.Attribute { return a.a.Def }

// Get follows attributes as rm.Node.Get does.
func (x Node) Get(names ...string) Node {
	for _, name := range names {
		a, ok := x.Attr(name, false)
		if !ok || a.Len() == 0 {
			return Node{}
		}
		x = a.At(0)
	}
	return x
}

// List are the members of an attribute.
func (x Node) List(name string) []Node {
	a, ok := x.Attr(name, false)
	if !ok {
		return nil
	}
	out := make([]Node, a.Len())
	for i := range out {
		out[i] = a.At(i)
	}
	return out
}

// Text is the lexical form of a primitive, for one who decides by it.
func (x Node) Text() string {
	if x.n == nil {
		return ""
	}
	if x.log != nil && x.log.on {
		if m, ok := x.log.within[x.n]; !ok || m.free {
			x.log.spoilt = true
		}
	}
	return x.n.Text
}

// String is Text of what Get finds.
func (x Node) String(names ...string) string { return x.Get(names...).Text() }

// NodeID is archetype_node_id.
func (x Node) NodeID() string { return x.String("archetype_node_id") }

// NameValue is name/value.
func (x Node) NameValue() string { return x.String("name", "value") }

// ArchetypeID is that of an archetype root.
func (x Node) ArchetypeID() string {
	return x.String("archetype_details", "archetype_id", "value")
}

// Carry is the text of a primitive in a form, to be carried over; false if it has
// not the form.
func (x Node) Carry(f *Form) (Text, bool) {
	if x.n == nil {
		s, ok := f.Of("")
		return Fixed(s), ok
	}
	s, ok := f.Of(x.n.Text)
	if x.log == nil || !x.log.on {
		return Text{text: s}, ok
	}
	l := x.log
	m, inside := l.within[x.n]
	switch {
	case !inside, m.free && m.twice:
		l.spoilt = true
	case m.free:
		l.asked = append(l.asked, Question{m.place, f, ok})
		return Text{s, int32(len(l.asked))}, ok
	}
	return Text{text: s}, ok
}

// Resolve asks for the type of the resource that a reference to a party leads to.
func (x Node) Resolve(f func(*rm.Node) string) string {
	typ := ""
	if f != nil {
		typ = f(x.n)
	}
	if x.log != nil && x.log.on {
		m, inside := x.log.within[x.n]
		if !inside || m.twice || m.place < 0 {
			x.log.spoilt = true
		}
		x.log.resolved = append(x.log.resolved, Resolution{m.place, typ})
	}
	return typ
}

// Key tells nodes apart.
type Key struct{ n *rm.Node }

// Key is what tells the node from others.
func (x Node) Key() Key { return Key{x.n} }
