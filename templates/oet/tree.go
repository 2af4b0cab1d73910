package oet

import (
	"fmt"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// node is one object constraint of the template under construction. Existence,
// occurrences and cardinality are resolved.
type node struct {
	class       string // RM class with type parameters, or the primitive type
	id          string // at-code; "" if none
	occurrences archetypes.Multiplicity
	root        *archetypes.Archetype // set at an archetype root
	templateID  string                // template embedded here
	name        string                // fixed name; "" if the archetype's
	attrs       []*attr
	removed     bool // excluded by a rule; pruned at the end
	filled      bool // a slot that an archetype has been put into
	leaf        *archetypes.Object
	valueSet    string // reference set of an external terminology
}

type attr struct {
	name        string
	existence   archetypes.Multiplicity
	cardinality *archetypes.Cardinality // nil for single-valued attributes
	children    []*node
}

func (n *node) attr(name string) *attr {
	for _, a := range n.attrs {
		if a.name == name {
			return a
		}
	}
	return nil
}

func (n *node) isSlot() bool { return n.leaf != nil && n.leaf.Slot != nil }

func (n *node) clone() *node {
	c := *n
	c.attrs = make([]*attr, len(n.attrs))
	for i, a := range n.attrs {
		b := *a
		if a.cardinality != nil {
			card := *a.cardinality
			b.cardinality = &card
		}
		b.children = make([]*node, len(a.children))
		for j, child := range a.children {
			b.children[j] = child.clone()
		}
		c.attrs[i] = &b
	}
	return &c
}

// baseClass is the RM class of a type name without its parameters; nil if the
// RM has none of that name.
func baseClass(name string) *rm.Class {
	if i := strings.IndexByte(name, '<'); i >= 0 {
		name = name[:i]
	}
	return rm.Lookup(name)
}

// expander turns an archetype's definition into nodes.
type expander struct {
	archetype *archetypes.Archetype
	depth     int
	count     int
}

const (
	maxExpansion = 100    // nesting of internal references and objects
	maxNodes     = 200000 // nodes of one archetype with its internal references expanded
)

func (x *expander) fail(o *archetypes.Object, format string, args ...any) error {
	return fmt.Errorf("archetype %s, line %d: %s", x.archetype.ID, o.Pos.Line, fmt.Sprintf(format, args...))
}

// expand resolves one object constraint and everything below it.
func (x *expander) expand(o *archetypes.Object) (*node, error) {
	if x.depth++; x.depth > maxExpansion {
		return nil, x.fail(o, "nested too deeply; internal references may form a circle")
	}
	defer func() { x.depth-- }()
	if x.count++; x.count > maxNodes {
		return nil, x.fail(o, "internal references expand to more than %d nodes", maxNodes)
	}
	one := archetypes.Multiplicity{Lower: 1, Upper: 1}
	if o.Ref != "" {
		target, err := archetypes.Resolve(x.archetype.Definition, o.Ref)
		if err != nil {
			return nil, x.fail(o, "use_node %s: %v", o.Ref, err)
		}
		n, err := x.expand(target)
		if err != nil {
			return nil, err
		}
		if o.Occurrences != nil {
			n.occurrences = *o.Occurrences
		}
		if o.NodeID != "" {
			n.id = o.NodeID
		}
		n.class = o.RMType
		return n, nil
	}
	n := &node{class: o.RMType, id: o.NodeID, occurrences: one}
	if o.Occurrences != nil {
		n.occurrences = *o.Occurrences
	}
	if o.Domain != nil {
		return nil, x.fail(o, "domain type %s is not supported in templates", o.Domain.Type)
	}
	if o.Slot != nil || o.ConstraintRef != "" || o.Primitive != nil || o.Codes != nil || o.Quantity != nil || o.Ordinal != nil {
		n.leaf = o
		return n, nil
	}
	class := baseClass(o.RMType)
	if class == nil && len(o.Attributes) > 0 {
		return nil, x.fail(o, "the reference model has no class %s", o.RMType)
	}
	for _, a := range o.Attributes {
		b, err := x.attribute(class, o, a)
		if err != nil {
			return nil, err
		}
		n.attrs = append(n.attrs, b)
	}
	return n, nil
}

func (x *expander) attribute(class *rm.Class, o *archetypes.Object, a *archetypes.Attribute) (*attr, error) {
	b, err := newAttr(class, a.Name)
	if err != nil {
		return nil, x.fail(o, "%v", err)
	}
	if a.Existence != nil {
		b.existence = *a.Existence
	}
	if a.Cardinality != nil {
		if b.cardinality == nil {
			return nil, x.fail(o, "cardinality of %s.%s, which is not a container", o.RMType, a.Name)
		}
		card := *a.Cardinality
		b.cardinality = &card
	}
	for _, child := range a.Children {
		n, err := x.expand(child)
		if err != nil {
			return nil, err
		}
		b.children = append(b.children, n)
	}
	return b, nil
}

// newAttr is an attribute with the existence and cardinality of the RM.
func newAttr(class *rm.Class, name string) (*attr, error) {
	def := class.Attribute(name)
	if def == nil {
		if derived[name] == class.Name {
			// A function of the RM that archetypes may constrain.
			return &attr{name: name, existence: archetypes.Multiplicity{Lower: 0, Upper: 1}}, nil
		}
		return nil, fmt.Errorf("class %s has no attribute %s", class.Name, name)
	}
	b := &attr{name: name, existence: archetypes.Multiplicity{Lower: 0, Upper: 1}}
	if def.Mandatory {
		b.existence.Lower = 1
	}
	if def.Container {
		b.cardinality = &archetypes.Cardinality{Interval: archetypes.Multiplicity{Lower: 0, Upper: archetypes.Unbounded}, Unordered: true}
		if def.Mandatory {
			b.cardinality.Interval.Lower = def.MinItems
		}
	}
	return b, nil
}

// derived are functions of RM classes that archetypes constrain like attributes.
var derived = map[string]string{"is_integral": "DV_PROPORTION", "offset": "EVENT"}
