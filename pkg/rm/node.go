package rm

// Node is one RM object, or one primitive value, of an instance tree. A tree is
// built by a codec (JSON, XML) or by code, and is treated as immutable
// afterwards by everything that reads it.
type Node struct {
	// Class is the dynamic type: an RM class for objects, a primitive class
	// (String, Integer, Real, Boolean) for leaves.
	Class *Class
	// Text is the lexical form of a primitive: the unescaped string, the
	// number as written (so that 5.0 stays 5.0), or true/false.
	Text string
	// Attrs are the attributes present on an object, in RM order.
	Attrs []Attr
}

// Attr is one attribute with its value. A single-valued attribute has exactly
// one item; a container has as many as the instance gives.
type Attr struct {
	Def   *Attribute
	Items []*Node
}

// Attr finds a present attribute by name; nil if absent.
func (n *Node) Attr(name string) *Attr {
	if n == nil {
		return nil
	}
	for i := range n.Attrs {
		if n.Attrs[i].Def.Name == name {
			return &n.Attrs[i]
		}
	}
	return nil
}

// Get follows single-valued attributes by name; nil as soon as one is absent.
// On a container it takes the first member.
func (n *Node) Get(names ...string) *Node {
	for _, name := range names {
		a := n.Attr(name)
		if a == nil || len(a.Items) == 0 {
			return nil
		}
		n = a.Items[0]
	}
	return n
}

// List is the members of an attribute; nil if absent. The slice must not be changed.
func (n *Node) List(name string) []*Node {
	if a := n.Attr(name); a != nil {
		return a.Items
	}
	return nil
}

// String follows attributes as Get does and gives the lexical form of the
// primitive found; "" if absent. RM strings that matter are never empty.
func (n *Node) String(names ...string) string {
	if m := n.Get(names...); m != nil {
		return m.Text
	}
	return ""
}

// Is reports whether the node's dynamic type is the named class or a
// descendant; false for a nil node or an unknown name.
func (n *Node) Is(class string) bool {
	if n == nil || n.Class == nil {
		return false
	}
	c := Lookup(class)
	return c != nil && n.Class.IsA(c)
}

// NodeID is archetype_node_id of a LOCATABLE: an at-code, or the archetype id
// at an archetype root. "" for other classes.
func (n *Node) NodeID() string { return n.String("archetype_node_id") }

// NameValue is name/value of a LOCATABLE; "" for other classes.
func (n *Node) NameValue() string { return n.String("name", "value") }

// ArchetypeID is archetype_details/archetype_id/value; "" when the node is not
// an archetype root.
func (n *Node) ArchetypeID() string {
	return n.String("archetype_details", "archetype_id", "value")
}
