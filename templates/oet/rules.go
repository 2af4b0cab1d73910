package oet

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/archetypes"
)

// rule applies one rule to the node it addresses below n.
func (c *compiler) rule(n *node, r *Rule) {
	steps, err := archetypes.ParsePath(r.Path)
	if err != nil {
		c.fail(r.Line, r.Path, "%v", err)
		return
	}
	root, target, holder := n, n, (*attr)(nil)
	if len(steps) > 0 {
		parent, in, err := find(n, steps[:len(steps)-1])
		if err != nil {
			c.fail(r.Line, r.Path, "%v", err)
			return
		}
		root = in
		last := steps[len(steps)-1]
		if holder = parent.attr(last.Attribute); holder == nil {
			c.fail(r.Line, r.Path, "there is no constraint on %s of %s", last.Attribute, describe(parent))
			return
		}
		if target = holder.pick(last); target == nil {
			c.fail(r.Line, r.Path, "there is no node [%s] in %s of %s", predicateText(last), last.Attribute, describe(parent))
			return
		}
	}
	if r.Clone && holder != nil && holder.cardinality != nil {
		if r.Name == "" {
			c.fail(r.Line, r.Path, "a cloned node needs a name of its own")
			return
		}
		original := target
		target = original.clone()
		i := slices.Index(holder.children, original) + 1
		for i < len(holder.children) && holder.children[i].id == original.id && holder.children[i].name != "" {
			i++
		}
		holder.children = slices.Insert(holder.children, i, target)
	}
	c.narrow(root, target, holder, r)
}

// narrow applies everything a rule says to its target.
func (c *compiler) narrow(root, n *node, holder *attr, r *Rule) {
	inContainer := holder != nil && holder.cardinality != nil
	if r.Max != nil && *r.Max == 0 {
		if inContainer && n.occurrences.Lower > 0 {
			c.fail(r.Line, r.Path, "is mandatory and cannot be excluded")
			return
		}
		n.removed = true
		return
	}
	if r.Min != nil || r.Max != nil {
		c.multiplicity(n, holder, r)
	}
	if r.NameRule != nil {
		c.nameRule(n, r.NameRule, r.Path)
	}
	if r.Name != "" {
		c.rename(root, n, r.Name)
	}
	if r.NullRule != nil {
		c.nullRule(n, r.NullRule, r.Path)
	}
	if r.Event != nil {
		c.event(n, r)
	}
	if r.Value != nil {
		c.value(n, r.Value, r.Path)
	}
	c.note(n, r.Annotation, r.Hide, r.Default)
}

func (c *compiler) multiplicity(n *node, holder *attr, r *Rule) {
	m := n.occurrences
	if holder != nil && holder.cardinality == nil {
		m = holder.existence
	}
	was := m
	if r.Min != nil {
		m.Lower = *r.Min
	}
	if r.Max != nil {
		m.Upper = *r.Max
	}
	if !was.Contains(m) || m.Upper != archetypes.Unbounded && m.Lower > m.Upper {
		c.fail(r.Line, r.Path, "%s is not within the archetype's %s", m, was)
		return
	}
	if holder != nil && holder.cardinality == nil {
		holder.existence = m
		return
	}
	n.occurrences = m
}

// termText is the text of a node's term in the template's language.
func (c *compiler) termText(a *archetypes.Archetype, code string) string {
	for _, lang := range []string{c.opt.Language, a.OriginalLanguage.Code} {
		if t, ok := a.Ontology.Term(lang, code); ok {
			return t.Item("text")
		}
	}
	return ""
}

// rename fixes the name of a node, unless it is the archetype's own.
func (c *compiler) rename(root, n *node, name string) {
	a, code := root.root, n.id
	if n.root != nil {
		a, code = n.root, n.root.Concept
	}
	if a != nil && c.termText(a, code) == name {
		return
	}
	n.name = name
	text := stringNode(&archetypes.Primitive{Values: []string{name}})
	if a := n.attr("name"); a != nil && len(a.children) > 0 && a.children[0].class == "DV_CODED_TEXT" {
		a.children[0].replace("value", text) // the archetype codes the name
		return
	}
	n.setName(&node{
		class: "DV_TEXT", occurrences: once,
		attrs: []*attr{{name: "value", existence: once, children: []*node{text}}},
	})
}

var once = archetypes.Multiplicity{Lower: 1, Upper: 1}

func stringNode(p *archetypes.Primitive) *node { return primitiveNode(p) }

func primitiveNode(p *archetypes.Primitive) *node {
	return &node{class: p.Kind.String(), occurrences: once, leaf: &archetypes.Object{RMType: p.Kind.String(), Primitive: p}}
}

// setName replaces the constraint on the name.
func (n *node) setName(value *node) {
	a := n.attr("name")
	if a == nil {
		a = &attr{name: "name", existence: once}
		n.attrs = append(n.attrs, a)
	}
	a.children = []*node{value}
}

// nameRule narrows the names a node may have.
func (c *compiler) nameRule(n *node, r *Constraint, path string) {
	a := n.attr("name")
	if a == nil {
		a = &attr{name: "name", existence: once, children: []*node{{class: "DV_TEXT", occurrences: once}}}
		n.attrs = append(n.attrs, a)
	}
	c.text(a, r, path+"/name")
	if len(a.children) == 1 && len(r.Included) == 1 && r.LimitToList && !strings.Contains(r.Included[0], "::") {
		n.name = r.Included[0]
	}
}

func (c *compiler) nullRule(n *node, r *Constraint, path string) {
	if n.class != "ELEMENT" {
		c.fail(r.Line, path, "null flavours can only be constrained on ELEMENT, not %s", n.class)
		return
	}
	codes := &archetypes.CodeConstraint{Terminology: "openehr"}
	for _, v := range r.Included {
		codes.Codes = append(codes.Codes, v[strings.LastIndexByte(v, ':')+1:])
	}
	if len(codes.Codes) == 0 || len(r.Excluded) > 0 || r.Query != nil {
		c.fail(r.Line, path, "a constraint on null flavours must list the permitted codes")
		return
	}
	a := n.attr("null_flavour")
	if a == nil {
		a = &attr{name: "null_flavour", existence: archetypes.Multiplicity{Lower: 0, Upper: 1}}
		n.attrs = append(n.attrs, a)
	}
	a.children = []*node{codedNode(codes)}
}

func codedNode(codes *archetypes.CodeConstraint) *node {
	return &node{class: "DV_CODED_TEXT", occurrences: once, attrs: []*attr{{
		name: "defining_code", existence: once,
		children: []*node{{class: "CODE_PHRASE", occurrences: once, leaf: &archetypes.Object{RMType: "CODE_PHRASE", Codes: codes}}},
	}}}
}

// event narrows an EVENT to a point in time or an interval.
func (c *compiler) event(n *node, r *Rule) {
	class := baseClass(n.class)
	if class == nil || !class.IsA(baseClass("EVENT")) {
		c.fail(r.Line, r.Path, "an event constraint needs an EVENT, not %s", n.class)
		return
	}
	interval := false
	switch strings.ToLower(strings.ReplaceAll(r.Event.Type, "_", " ")) {
	case "":
		interval = n.class == "INTERVAL_EVENT"
	case "point in time", "point event", "pointintime":
		if n.class == "INTERVAL_EVENT" {
			c.fail(r.Line, r.Path, "the archetype permits interval events only")
			return
		}
		n.class = "POINT_EVENT"
	case "interval", "interval event":
		if n.class == "POINT_EVENT" {
			c.fail(r.Line, r.Path, "the archetype permits point events only")
			return
		}
		n.class, interval = "INTERVAL_EVENT", true
	default:
		c.fail(r.Line, r.Path, "event type %q is not supported", r.Event.Type)
		return
	}
	if !interval {
		if len(r.Event.Aggregations) > 0 {
			c.fail(r.Line, r.Path, "mathematical functions need an interval event")
		}
		return
	}
	if r.Event.Width != "" && strings.Trim(r.Event.Width, "PT0YMWDHS") != "" {
		n.replace("width", &node{class: "DV_DURATION", occurrences: once, attrs: []*attr{{
			name: "value", existence: once,
			children: []*node{primitiveNode(&archetypes.Primitive{Kind: archetypes.DurationKind, Range: &archetypes.Interval{
				Lower: r.Event.Width, Upper: r.Event.Width, LowerIncluded: true, UpperIncluded: true,
			}})},
		}}})
	}
	if len(r.Event.Aggregations) > 0 {
		codes := &archetypes.CodeConstraint{Terminology: "openehr"}
		for _, name := range r.Event.Aggregations {
			code, ok := mathFunctions[strings.ToLower(strings.TrimSpace(name))]
			if !ok {
				c.fail(r.Line, r.Path, "mathematical function %q is not known", name)
				return
			}
			codes.Codes = append(codes.Codes, code)
		}
		n.replace("math_function", codedNode(codes))
	}
}

// mathFunctions is the group event_math_function of the openEHR terminology.
var mathFunctions = map[string]string{
	"minimum": "145", "maximum": "144", "mode": "267", "median": "268", "mean": "146", "change": "147",
	"total": "148", "variation": "149", "decrease": "521", "increase": "522", "actual": "640",
}

// replace sets the only permitted value of a mandatory attribute.
func (n *node) replace(name string, value *node) {
	a := n.attr(name)
	if a == nil {
		a = &attr{name: name, existence: once}
		n.attrs = append(n.attrs, a)
	}
	a.children = []*node{value}
}
