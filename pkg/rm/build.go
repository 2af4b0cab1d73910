package rm

import (
	"strconv"
	"time"
)

// Field is one attribute of an object that Object builds.
type Field struct {
	name  string
	items []*Node
}

// Str is a string attribute; an empty string leaves the attribute out.
func Str(name, value string) Field {
	if value == "" {
		return Field{name: name}
	}
	return Field{name, []*Node{{Class: ClassString, Text: value}}}
}

// Int is an integer attribute.
func Int(name string, value int64) Field {
	return Field{name, []*Node{{Class: ClassInteger, Text: strconv.FormatInt(value, 10)}}}
}

// Real is a real attribute, written with the fewest digits that keep its value.
// The value must be finite.
func Real(name string, value float64) Field {
	return Field{name, []*Node{{Class: ClassReal, Text: strconv.FormatFloat(value, 'f', -1, 64)}}}
}

// Bool is a Boolean attribute.
func Bool(name string, value bool) Field {
	return Field{name, []*Node{{Class: ClassBoolean, Text: strconv.FormatBool(value)}}}
}

// Child is an attribute with an object, or the members of a container. Nil
// nodes are left out, and so is an attribute without any other.
func Child(name string, items ...*Node) Field {
	f := Field{name: name}
	for _, n := range items {
		if n != nil {
			f.items = append(f.items, n)
		}
	}
	return f
}

// Object builds an object the server itself makes. Fields may come in any
// order. It panics for a class or attribute the Reference Model does not have,
// for two values of a single-valued attribute and for a value of a class the
// attribute does not take, because all of these are mistakes of the program.
// Mandatory attributes are not checked.
func Object(class string, fields ...Field) *Node {
	c := Lookup(class)
	if c == nil || c.Abstract || c.Primitive != NotPrimitive {
		panic("rm: no concrete class " + class)
	}
	n := &Node{Class: c, Attrs: make([]Attr, 0, len(fields))}
	for _, f := range fields {
		if len(f.items) > 0 {
			n.set(f.name, f.items)
		}
	}
	return n
}

// With gives a copy of an object in which one attribute is replaced, or removed
// when there are no items. The copy shares everything else with the original,
// which is not changed. It panics as Object does.
func (n *Node) With(name string, items ...*Node) *Node {
	m := &Node{Class: n.Class, Text: n.Text, Attrs: make([]Attr, 0, len(n.Attrs)+1)}
	for _, a := range n.Attrs {
		if a.Def.Name != name {
			m.Attrs = append(m.Attrs, a)
		}
	}
	if f := Child(name, items...); len(f.items) > 0 {
		m.set(name, f.items)
	} else if n.Class.Attribute(name) == nil {
		panic("rm: " + n.Class.Name + " has no attribute " + name)
	}
	return m
}

// set inserts an attribute that is not present, in RM order.
func (n *Node) set(name string, items []*Node) {
	k := n.Class.find(name, 0)
	if k < 0 {
		panic("rm: " + n.Class.Name + " has no attribute " + name)
	}
	def := n.Class.attrs[k]
	if !def.Container && len(items) != 1 {
		panic("rm: " + n.Class.Name + "." + name + " is single-valued")
	}
	for i, item := range items {
		switch {
		case item.Class.Primitive != NotPrimitive && item.Class.Primitive == def.Type.Primitive:
			if item.Class != def.Type {
				items[i] = &Node{Class: def.Type, Text: item.Text}
			}
		case item.Class.Primitive == IntegerPrimitive && def.Type.Primitive == RealPrimitive:
			items[i] = &Node{Class: def.Type, Text: item.Text}
		case !item.Class.IsA(def.Type):
			panic("rm: " + n.Class.Name + "." + name + " does not take " + item.Class.Name)
		}
	}
	at := len(n.Attrs)
	for i := range n.Attrs {
		pos := n.Class.find(n.Attrs[i].Def.Name, i)
		if pos == k {
			panic("rm: " + n.Class.Name + "." + name + " is given twice")
		}
		if pos > k {
			at = i
			break
		}
	}
	n.Attrs = append(n.Attrs, Attr{})
	copy(n.Attrs[at+1:], n.Attrs[at:])
	n.Attrs[at] = Attr{Def: def, Items: items}
}

// Text builds a DV_TEXT.
func Text(value string) *Node { return Object("DV_TEXT", Str("value", value)) }

// Code builds a CODE_PHRASE.
func Code(terminology, code string) *Node {
	return Object("CODE_PHRASE", Child("terminology_id", ID("TERMINOLOGY_ID", terminology)), Str("code_string", code))
}

// CodedText builds a DV_CODED_TEXT.
func CodedText(value, terminology, code string) *Node {
	return Object("DV_CODED_TEXT", Str("value", value), Child("defining_code", Code(terminology, code)))
}

// ID builds an identifier of a class such as HIER_OBJECT_ID.
func ID(class, value string) *Node { return Object(class, Str("value", value)) }

// DateTime builds a DV_DATE_TIME in UTC with the milliseconds that most clients
// can read.
func DateTime(t time.Time) *Node {
	return Object("DV_DATE_TIME", Str("value", t.UTC().Format("2006-01-02T15:04:05.000Z")))
}
