package webtemplate

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Build makes the web template of a compiled template.
func Build(t *templates.Template) *Template {
	b := builder{template: t, annotations: map[string][]templates.KeyValue{}, defaults: map[string]*rm.Node{}}
	for _, a := range t.Annotations {
		path := inTemplate(a.Path)
		b.annotations[path] = append(b.annotations[path], a.Items...)
	}
	for _, d := range t.Defaults {
		b.defaults[inTemplate(d.Path)+"/"+d.Attribute] = d.Value
	}
	b.languages = []string{t.Language}
	for _, d := range t.Description.Details {
		if d.Language != "" && !slices.Contains(b.languages, d.Language) {
			b.languages = append(b.languages, d.Language)
		}
	}
	if t.Root.Terms != nil {
		for _, l := range t.Root.Terms.Languages() {
			if !slices.Contains(b.languages, l) {
				b.languages = append(b.languages, l)
			}
		}
	}
	root := b.object(t.Root, nil, "")
	root.Min, root.Max = 1, 1
	root.ID = identifier(root.Name)
	writeNodeIDs(root)
	out := &Template{ID: t.ID, Version: Version, DefaultLanguage: t.Language, Languages: b.languages, Tree: root}
	for _, d := range t.Description.OtherDetails {
		switch d.Key {
		case "sem_ver", "Template semVer": // as the tools that write templates call it
			out.SemVer = d.Value
		case "is_singleton":
			out.OtherDetails = map[string]string{d.Key: d.Value}
		}
	}
	return out
}

type builder struct {
	template  *templates.Template
	languages []string
	// By the path of the node, without the root.
	annotations map[string][]templates.KeyValue
	// By the path of the node and the attribute.
	defaults map[string]*rm.Node
}

// inTemplate is a path of an annotation or a default, which begin with the
// archetype id of the root, as templates.Object.Path writes it.
func inTemplate(path string) string {
	if strings.HasPrefix(path, "[") {
		if _, rest, ok := strings.Cut(path, "]"); ok {
			path = rest
		}
	}
	if path == "" {
		return "/"
	}
	return path
}

// place is where the children of a node are being collected.
type place struct {
	node  *Node
	steps []Step
	path  string
}

// at is the place of a value of an attribute.
func (p place) at(def *rm.Attribute, o *templates.Object, name string) place {
	q := place{node: p.node, steps: append(slices.Clip(p.steps), Step{Attribute: def, Object: o, Name: name})}
	q.path = p.path + "/" + def.Name
	if o != nil {
		if key := o.Key(); key != "" {
			q.path += "[" + key
			if name != "" {
				q.path += ",'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'"
			}
			q.path += "]"
		}
	}
	return q
}

// new makes a node for an object at a place; the name is that of the object
// unless another one, such as an ELEMENT, names it.
func (b *builder) new(p place, value, named *templates.Object, name string) *Node {
	n := &Node{
		AQLPath: p.path, Steps: p.steps, Object: value, Class: value.Class, Param: value.Param,
		RMType: rmType(value.Class, value.Param), NodeID: named.Key(),
		Min: named.Occurrences.Lower, Max: named.Occurrences.Upper,
	}
	if named.Occurrences.Unbounded {
		n.Max = -1
	}
	b.name(n, named, name)
	n.ID = identifier(n.Name)
	return n
}

func rmType(c, param *rm.Class) string {
	switch {
	case c.Primitive == rm.StringPrimitive:
		return "STRING"
	case param != nil:
		return c.Name + "<" + param.Name + ">"
	}
	return c.Name
}

// name fills in what the vocabulary says of a node.
func (b *builder) name(n *Node, o *templates.Object, name string) {
	text, code := name, o.NodeID
	for _, c := range o.NameCodes {
		if name != "" && o.Terms.Text(c, "") == name {
			code = c
		}
	}
	term := o.Terms.Term(o.NodeID, "")
	if text == "" && term != nil {
		text = term.Text
	}
	if text == "" {
		text = strings.ToLower(o.Class.Name)
	}
	n.Name, n.LocalizedName = text, text
	n.LocalizedNames, n.LocalizedDescriptions = map[string]string{}, map[string]string{}
	for _, lang := range b.languages {
		local := o.Terms.In(o.NodeID, lang)
		if name != "" {
			local = name
		}
		if local != "" {
			n.LocalizedNames[lang] = local
		}
		if o.Terms.In(code, lang) != "" {
			n.LocalizedDescriptions[lang] = o.Terms.Term(code, lang).Description
		}
	}
	if term != nil {
		for _, kv := range term.Other {
			n.annotate(kv)
		}
	}
	for _, kv := range b.annotations[o.Path()] {
		n.annotate(kv)
	}
	n.TermBindings = bindings(o.Terms, o.NodeID)
}

func (n *Node) annotate(kv templates.KeyValue) {
	if kv.Value == "" {
		return
	}
	if n.Annotations == nil {
		n.Annotations = map[string]string{}
	}
	n.Annotations[kv.Key] = kv.Value
}

func bindings(t *templates.Terms, code string) map[string]Binding {
	if t == nil || code == "" || len(t.Bindings[code]) == 0 {
		return nil
	}
	out := map[string]Binding{}
	for _, c := range t.Bindings[code] {
		key, _, _ := strings.Cut(c.Terminology, "(") // without a version
		out[key] = Binding{Value: c.Code, TerminologyID: c.Terminology}
	}
	return out
}

// object makes the node of an object that is no data value, with its children.
func (b *builder) object(o *templates.Object, at *place, name string) *Node {
	p := place{}
	if at != nil {
		p = *at
	}
	if name == "" && len(o.Names) == 1 {
		name = o.Names[0]
	}
	n := b.new(p, o, o, name)
	inner := place{node: n, path: p.path}
	b.children(o, inner)
	b.rmAttributes(o, inner)
	finish(n)
	return n
}

// finish gives the children of a node their ids and what refers to them.
func finish(n *Node) {
	distinguish(n.Children)
	var first []string
	for _, c := range n.Children {
		if through(c, primary) && !through(c, dependent) && !c.InContext {
			first = append(first, c.ID)
		}
	}
	for _, c := range n.Children {
		if through(c, dependent) {
			c.DependsOn = first
		}
	}
	for i := range n.Cardinalities {
		card := &n.Cardinalities[i]
		for j, id := range card.IDs { // paths until now
			for _, c := range n.Children {
				if c.AQLPath == id {
					card.IDs[j] = c.ID
				}
			}
		}
	}
}

// primary are the attributes with what an object is about, dependent those
// whose contents mean nothing without it.
var (
	primary   = []string{"data", "activities"}
	dependent = []string{"state", "protocol"}
)

// through reports whether a node is reached through one of the attributes.
func through(n *Node, attributes []string) bool {
	return slices.ContainsFunc(n.Steps, func(s Step) bool { return slices.Contains(attributes, s.Attribute.Name) })
}

// skipped are attributes that templates constrain and web templates leave out.
var skipped = map[string]bool{
	"name": true, "archetype_details": true, "uid": true, "links": true, "feeder_audit": true, "null_flavour": true,
}

// order is the order of the nodes of an object: those of a COMPOSITION begin
// with the context and the content.
func order(o *templates.Object) []*templates.Attribute {
	if !o.Class.IsA(rm.ClassComposition) {
		return o.Attributes
	}
	rank := map[string]int{"context": -2, "content": -1}
	list := slices.Clone(o.Attributes)
	slices.SortStableFunc(list, func(a, b *templates.Attribute) int { return rank[a.Name] - rank[b.Name] })
	return list
}

// children adds the nodes of an object's attributes to those at the place.
func (b *builder) children(o *templates.Object, p place) {
	if o.Target != nil {
		o = o.Target
	}
	for _, a := range order(o) {
		if a.Def == nil || skipped[a.Name] {
			continue
		}
		before := len(p.node.Children)
		if a.Def.Name == "ism_transition" {
			b.transition(a, p)
			continue
		}
		for _, c := range a.Children {
			for _, name := range names(c) {
				b.child(a, c, name, p)
			}
		}
		// Of the levels that are left out, the cardinalities are too.
		if card := a.Cardinality; card != nil && len(p.steps) == 0 {
			count := len(p.node.Children) - before
			max := card.Interval.Upper
			if card.Interval.Unbounded {
				max = -1
			}
			if count > 0 && (card.Interval.Lower > 1 || max >= 0 && max < count) {
				c := Cardinality{Min: card.Interval.Lower, Max: max}
				for _, n := range p.node.Children[before:] {
					c.IDs = append(c.IDs, n.AQLPath)
				}
				p.node.Cardinalities = append(p.node.Cardinalities, c)
			}
		}
	}
}

// names are the names an object is to have a node for each of; "" stands for
// the one in its vocabulary.
func names(o *templates.Object) []string {
	switch {
	case len(o.Names) > 0:
		return o.Names
	case len(o.NameCodes) > 1:
		var list []string
		for _, code := range o.NameCodes {
			if text := o.Terms.Text(code, ""); text != "" {
				list = append(list, text)
			}
		}
		if len(list) > 0 {
			return list
		}
	case len(o.NameCodes) == 1:
		return []string{o.Terms.Text(o.NameCodes[0], "")}
	}
	return []string{""}
}

// child adds the nodes of one member or alternative of an attribute.
func (b *builder) child(a *templates.Attribute, c *templates.Object, name string, p place) {
	def := a.Def
	at := p.at(def, c, name)
	switch {
	case c.Kind == templates.Slot || c.Class == nil:
	case c.Class.IsA(rm.ClassItemStructure) || c.Class.IsA(rm.ClassHistory):
		b.children(c, at)
	case c.Class.IsA(rm.ClassEvent):
		if events(a) == 1 && !c.Occurrences.Unbounded && c.Occurrences.Upper == 1 {
			b.children(c, at)
			b.rmAttributes(c, at)
			return
		}
		n := b.object(c, &at, name)
		p.node.Children = append(p.node.Children, n)
	case c.Class == rm.ClassElement:
		b.element(c, name, at)
	case c.Class.IsA(rm.ClassLocatable):
		n := b.object(c, &at, name)
		if len(n.Children) > 0 {
			p.node.Children = append(p.node.Children, n)
		}
	case c.Class.Name == "EVENT_CONTEXT":
		n := b.object(c, &at, "")
		unnamed(n, "context")
		n.Min, n.Max = 1, 1
		p.node.Children = append(p.node.Children, n)
	case c.Class.Primitive != rm.NotPrimitive, c.Class.IsA(rm.ClassDataValue), c.Class == rm.ClassCodePhrase,
		c.Class.IsA(rm.ClassPartyProxy):
		n := b.new(at, c, c, "")
		unnamed(n, def.Name)
		n.Min, n.Max = 1, 1
		if !def.Mandatory {
			n.Min = 0
		}
		n.InContext = inContext[def.Name] && def.Name != "width" && def.Name != "math_function"
		b.inputs(n)
		p.node.Children = append(p.node.Children, n)
	}
}

// writeNodeIDs gives all nodes from the template their node id, be it empty.
func writeNodeIDs(n *Node) {
	if n.NodeID != "" || n.Object != nil {
		n.WrittenNodeID = &n.NodeID
	}
	for _, c := range n.Children {
		writeNodeIDs(c)
	}
}

// unnamed makes a node that is called after its attribute.
func unnamed(n *Node, attribute string) {
	n.ID = attribute
	n.Name, n.LocalizedName, n.NodeID = "", "", ""
	n.LocalizedNames, n.LocalizedDescriptions, n.Annotations, n.TermBindings = nil, nil, nil, nil
}

// events counts the kinds of events that an attribute has.
func events(a *templates.Attribute) int {
	count := 0
	for _, c := range a.Children {
		if c.Class != nil && c.Class.IsA(rm.ClassEvent) {
			count += len(names(c))
		}
	}
	return count
}
