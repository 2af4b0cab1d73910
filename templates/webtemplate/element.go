package webtemplate

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// anyValue are the classes offered for an ELEMENT whose value the template
// leaves open, in the order of their nodes.
var anyValue = []string{
	"DV_CODED_TEXT", "DV_TEXT", "DV_MULTIMEDIA", "DV_PARSABLE", "DV_STATE", "DV_BOOLEAN", "DV_IDENTIFIER", "DV_URI",
	"DV_EHR_URI", "DV_DURATION", "DV_QUANTITY", "DV_COUNT", "DV_PROPORTION", "DV_DATE_TIME", "DV_DATE", "DV_TIME",
	"DV_ORDINAL", "DV_SCALE",
}

// element adds the node of an ELEMENT: one with its value if that can be of one
// kind only, otherwise one with a child for each kind.
func (b *builder) element(o *templates.Object, name string, at place) {
	p := at.node
	source := o
	if o.Target != nil {
		source = o.Target
	}
	def := rm.ClassElement.Attribute("value")
	var values []*templates.Object
	if a := source.Attribute("value"); a != nil {
		for _, c := range a.Children {
			if c.Class != nil && c.Class != rm.ClassDataValue && c.Class.IsA(rm.ClassDataValue) {
				values = append(values, c)
			}
		}
	}
	flavours := source.Attribute("null_flavour")
	constrained := flavours != nil && len(flavours.Children) > 0
	if coded, ok := openText(values); ok && !constrained {
		n := b.new(at.at(def, coded, ""), coded, o, name)
		n.Open = true
		if c, _ := b.codes(coded); c == nil { // any code, any text
			n.Class, n.RMType = rm.ClassDVText, rm.ClassDVText.Name
		}
		b.inputs(n)
		p.Children = append(p.Children, n)
		return
	}
	if len(values) == 1 && !constrained {
		n := b.new(at.at(def, values[0], ""), values[0], o, name)
		b.inputs(n)
		p.Children = append(p.Children, n)
		return
	}

	n := b.new(at, o, o, name)
	inner := place{node: n, path: at.path}
	add := func(c *Node) {
		c.ID = valueID(c)
		c.Min, c.Max, c.Annotations, c.TermBindings = 0, 1, n.Annotations, n.TermBindings
		c.LocalizedName, c.LocalizedNames, c.LocalizedDescriptions = n.LocalizedName, n.LocalizedNames, n.LocalizedDescriptions
		b.inputs(c)
		n.Children = append(n.Children, c)
	}
	if len(values) == 0 {
		for _, class := range anyValue {
			c := rmNode(inner.at(def, nil, ""), def, rm.Lookup(class))
			c.Name, c.InContext = n.Name, true
			add(c)
			c.Annotations, c.TermBindings = nil, nil
		}
	}
	for _, v := range values {
		c := b.new(inner.at(def, v, ""), v, v, "")
		unnamed(c, "")
		add(c)
	}
	codedFirst(n.Children)
	if constrained {
		for _, v := range flavours.Children {
			if v.Class != nil && v.Class.IsA(rm.ClassDVCodedText) {
				c := b.new(inner.at(flavours.Def, v, ""), v, v, "")
				unnamed(c, "")
				add(c)
			}
		}
	}
	distinguish(n.Children)
	p.Children = append(p.Children, n)
}

// codedFirst puts coded texts before the plain text they follow.
func codedFirst(nodes []*Node) {
	text := slices.IndexFunc(nodes, func(n *Node) bool { return n.Class == rm.ClassDVText })
	for i := text + 1; text >= 0 && i < len(nodes); i++ {
		if n := nodes[i]; n.Class == rm.ClassDVCodedText {
			copy(nodes[text+1:i+1], nodes[text:i])
			nodes[text] = n
			text++
		}
	}
}

// openText finds a coded text among the values of which the only other one is
// plain text.
func openText(values []*templates.Object) (*templates.Object, bool) {
	if len(values) != 2 {
		return nil, false
	}
	for i, v := range values {
		if v.Class == rm.ClassDVCodedText && values[1-i].Class == rm.ClassDVText {
			return v, true
		}
	}
	return nil, false
}

// valueID is the id of an alternative: quantity_value, interval_of_date_value.
func valueID(n *Node) string {
	id := strings.ToLower(strings.TrimPrefix(n.Class.Name, "DV_"))
	if n.Class == rm.ClassDVInterval {
		id = "interval"
		if n.Param != nil {
			id += "_of_" + strings.ToLower(strings.TrimPrefix(n.Param.Name, "DV_"))
		}
	}
	return id + "_value"
}
