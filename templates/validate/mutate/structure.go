package mutate

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/validate"
)

const missingCode = "rm.attribute.missing"

// object edits what the template says of a node, and goes on with what is in
// it.
func (m *maker) object(o *templates.Object, n *rm.Node, at place) {
	if o.Target != nil {
		o = o.Target
	}
	if o.Constraint != nil {
		m.leaf(o, n, at)
	}
	if o.Kind == templates.ConstraintRef && o.Terms != nil && len(o.Terms.ConstraintBindings[o.Reference]) > 0 && m.first(key(o, "value set")) {
		m.add(Mutation{Code: validate.CodeValueSet, Path: at.String(), Edit: "code outside the bound value set"}, at,
			setText(n, "code_string", foreignCode))
	}
	for _, a := range o.Attributes {
		if a.Def == nil {
			m.function(a, n, at)
			continue
		}
		def := n.Class.Attribute(a.Name)
		attr := n.Attr(a.Name)
		if attr == nil || len(attr.Items) == 0 {
			m.prohibited(a, def, n, at)
			continue
		}
		m.existence(a, n, at)
		switch {
		case a.Name == "name" && o.Names != nil:
			// the siblings decide, see container; a single value is fixed here
		case def.Container:
			m.container(a, attr, n, at)
		default:
			m.single(a, attr.Items[0], at.enter(attr.Def, 0))
		}
	}
}

// existence removes what has to be there.
func (m *maker) existence(a *templates.Attribute, n *rm.Node, at place) {
	if a.Existence.Lower == 0 || !m.first(key(a, "existence")) {
		return
	}
	x := Mutation{Code: validate.CodeExistence, Path: at.attribute(a.Name), Edit: "attribute removed"}
	def := n.Class.Attribute(a.Name)
	if def.Mandatory {
		x.Also = []string{missingCode}
	}
	if def.Container {
		// An absent container is one without members.
		x.Also = append(x.Also, validate.CodeCardinality, validate.CodeOccurrences)
		if a.Cardinality != nil && a.Cardinality.Interval.Lower == 0 {
			return // demands nothing
		}
	}
	m.add(x, at, set(n, a.Name))
}

// prohibited adds an attribute that must not be there, where it is one that a
// text or a limit of an interval can fill.
func (m *maker) prohibited(a *templates.Attribute, def *rm.Attribute, n *rm.Node, at place) {
	if a.Existence.Unbounded || a.Existence.Upper > 0 || def.Container {
		return
	}
	var value *rm.Node
	switch {
	case def.Type.Primitive == rm.StringPrimitive:
		value = &rm.Node{Class: def.Type, Text: "x"}
	case rm.ClassDVText.IsA(def.Type):
		value = rm.Text("x")
	case n.Class == rm.ClassDVInterval:
		if value = n.Get("lower"); value == nil {
			value = n.Get("upper")
		}
	}
	if value == nil || !m.first(key(a, "prohibited")) {
		return
	}
	with := set(n, a.Name, value)
	if n.Class == rm.ClassDVInterval {
		with = setText(with, a.Name+"_unbounded", "false")
	}
	m.add(Mutation{Code: validate.CodeExistence, Path: at.attribute(a.Name), Edit: "prohibited attribute"}, at, with)
}

// function breaks DV_PROPORTION.is_integral.
func (m *maker) function(a *templates.Attribute, n *rm.Node, at place) {
	if a.Name != "is_integral" || len(a.Children) != 1 || n.Get("numerator") == nil {
		return
	}
	if c, ok := a.Children[0].Constraint.(*templates.CBoolean); ok && !c.FalseValid && m.first(key(a, "integral")) {
		m.add(Mutation{Code: validate.CodeIntegral, Path: at.String(), Edit: "numerator with a fraction"}, at, setText(n, "numerator", "0.5"))
	}
}

// single edits a single value and goes on below it if it is plain what it is
// bound to.
func (m *maker) single(a *templates.Attribute, n *rm.Node, at place) {
	if len(a.Children) == 0 {
		return
	}
	m.wrongType(a, n, at)
	var bound []*templates.Object
	for _, c := range a.Children {
		if conforms(c, n) && (!isLocatable(n) || c.Key() == "" || c.Key() == n.NodeID()) {
			bound = append(bound, c)
		}
	}
	if len(bound) != 1 {
		return // alternatives of one class: what violates one may satisfy another
	}
	o := bound[0]
	if isLocatable(n) && o.Kind != templates.Slot && o.Key() != "" {
		keyed := true
		for _, c := range a.Children {
			keyed = keyed && c.Key() != "" && c.Kind != templates.Slot
		}
		if keyed && m.first(key(o, "node id")) {
			m.add(Mutation{Code: validate.CodeNode, Path: at.String(), Edit: "node id"}, at, m.renamedNode(n))
		}
	}
	if o.Names != nil && n.Attr("name") != nil && m.first(key(o, "name")) {
		m.add(Mutation{Code: validate.CodeName, Path: at.attribute("name"), Edit: "name"}, at, setDeep(n, "No such name", "name", "value"))
	}
	m.object(o, n, at)
}

// conforms is the binder's own idea of types.
func conforms(o *templates.Object, n *rm.Node) bool {
	if !n.Class.IsA(o.Class) {
		return false
	}
	if o.Param == nil || n.Class != rm.ClassDVInterval {
		return true
	}
	for _, end := range []string{"lower", "upper"} {
		if limit := n.Get(end); limit != nil && !limit.Class.IsA(o.Param) {
			return false
		}
	}
	return true
}

func isLocatable(n *rm.Node) bool { return n.Class.IsA(rm.ClassLocatable) }

// renamedNode has a node id that no template has; at an archetype root it is an
// archetype id, in both places.
func (m *maker) renamedNode(n *rm.Node) *rm.Node {
	if !strings.Contains(n.NodeID(), "openEHR-") {
		return setText(n, "archetype_node_id", "at9999")
	}
	id := "openEHR-EHR-" + n.Class.Name + ".no_such.v1"
	n = setText(n, "archetype_node_id", id)
	if n.ArchetypeID() != "" {
		n = setDeep(n, id, "archetype_details", "archetype_id", "value")
	}
	return n
}

// strangers are values of many classes, of which one is allowed hardly
// anywhere.
var strangers = []*rm.Node{
	rm.Object("DV_BOOLEAN", rm.Bool("value", true)),
	rm.Object("DV_URI", rm.Str("value", "https://example.org/")),
	rm.Object("DV_PARSABLE", rm.Str("value", "x"), rm.Str("formalism", "text/plain")),
	rm.Object("DV_DURATION", rm.Str("value", "PT1H")),
}

// wrongType puts a value of a class that no alternative allows.
func (m *maker) wrongType(a *templates.Attribute, n *rm.Node, at place) {
	def := at[len(at)-1].attr
	if !m.first(key(a, "type")) {
		return
	}
	x := Mutation{Code: validate.CodeType, Path: at.String(), Edit: "value of another class"}
	if a.Owner.Param != nil && (a.Name == "lower" || a.Name == "upper") {
		x.Path = at[:len(at)-1].String() // it is the interval that has another parameter
	}
	if n.Class == rm.ClassDVInterval && len(a.Children) == 1 && a.Children[0].Param != nil {
		stranger := rm.Object("DV_ORDINAL", rm.Int("value", 1), rm.Child("symbol", rm.CodedText("x", "local", "at1")))
		if !stranger.Class.IsA(a.Children[0].Param) {
			limited := set(set(n, "lower", stranger), "upper", stranger)
			m.add(x, at, setText(setText(limited, "lower_unbounded", "false"), "upper_unbounded", "false"))
			return
		}
	}
	for _, s := range strangers {
		allowed := !s.Class.IsA(def.Type)
		for _, c := range a.Children {
			allowed = allowed || s.Class.IsA(c.Class)
		}
		if !allowed {
			m.add(x, at, s)
			return
		}
	}
}

// container edits the members of a container and goes on below those whose
// binding is plain.
func (m *maker) container(a *templates.Attribute, attr *rm.Attr, parent *rm.Node, at place) {
	counts := map[*templates.Object]int{}
	bound := make([]*templates.Object, len(attr.Items))
	plain := true
	for i, n := range attr.Items {
		if bound[i] = bind(a, n); bound[i] != nil {
			counts[bound[i]]++
		} else {
			plain = false
		}
	}
	path := at.attribute(a.Name)
	if a.Cardinality != nil {
		m.cardinality(a, attr, parent, at)
		if a.Cardinality.Unique && m.first(key(a, "unique")) {
			m.add(Mutation{Code: validate.CodeUnique, Path: at.enter(attr.Def, len(attr.Items)).String(), Edit: "member twice"}, at,
				set(parent, a.Name, append(attr.Items[:len(attr.Items):len(attr.Items)], attr.Items[0])...))
		}
	}
	m.prohibitedMember(a, attr, parent, at)
	for i, n := range attr.Items {
		o := bound[i]
		if o == nil {
			continue
		}
		here := at.enter(attr.Def, i)
		m.member(a, o, n, here)
		if plain {
			m.occurrences(o, counts[o], bound, attr, parent, at, path)
		}
		m.object(o, n, here)
	}
}

// prohibitedMember adds a member that the template has with no occurrences, made
// of one that is there.
func (m *maker) prohibitedMember(a *templates.Attribute, attr *rm.Attr, parent *rm.Node, at place) {
	for _, c := range a.Children {
		if c.Occurrences.Unbounded || c.Occurrences.Upper > 0 || c.Kind != templates.ComplexObject || c.NodeID == "" || len(a.Matching(c.NodeID)) != 1 {
			continue
		}
		for _, n := range attr.Items {
			if n.Class.IsA(c.Class) && strings.HasPrefix(n.NodeID(), "at") && m.first(key(c, "occurrences upper")) {
				m.add(Mutation{Code: validate.CodeOccurrences, Path: at.attribute(a.Name), Edit: "prohibited node"}, at,
					set(parent, a.Name, append(attr.Items[:len(attr.Items):len(attr.Items)], setText(n, "archetype_node_id", c.NodeID))...))
			}
		}
	}
}

// bind finds the one child that a member belongs to; nil if there is a doubt.
func bind(a *templates.Attribute, n *rm.Node) *templates.Object {
	if !isLocatable(n) {
		if len(a.Children) == 1 && conforms(a.Children[0], n) {
			return a.Children[0]
		}
		return nil
	}
	var named, open []*templates.Object
	for _, c := range a.Matching(n.NodeID()) {
		switch {
		case c.Names == nil:
			open = append(open, c)
		case c.HasName(n.NameValue()):
			named = append(named, c)
		}
	}
	if len(named) == 0 {
		named = open
	}
	if len(named) == 1 && conforms(named[0], n) {
		return named[0]
	}
	return nil
}

// member edits the identity of a member: its node id, name and class.
func (m *maker) member(a *templates.Attribute, o *templates.Object, n *rm.Node, at place) {
	if !isLocatable(n) {
		return
	}
	if len(a.Unidentified()) == 0 && m.first(key(a, "extra")) {
		stranger := m.renamedNode(n)
		x := Mutation{Code: validate.CodeExtraNode, Path: at.String(), Edit: "node that the template does not have"}
		open := false
		for _, s := range a.Slots() {
			if stranger.Class.IsA(s.Class) && strings.HasPrefix(stranger.NodeID(), "openEHR-") {
				x.Code = validate.CodeSlot
				open = open || s.Slot.Allows(stranger.NodeID())
			}
		}
		if !open {
			m.add(x, at, stranger)
		}
	}
	// One that a slot has to refuse, made of an archetype root or of nothing.
	for _, s := range a.Slots() {
		id := "openEHR-EHR-" + s.Class.Name + ".no_such.v1"
		if s.Class.Abstract || s.Slot.Allows(id) || len(a.Slots()) > 1 || !m.first(key(s, "slot")) {
			continue
		}
		filler := rm.Object(s.Class.Name, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text("x")),
			rm.Child("archetype_details", rm.Object("ARCHETYPED", rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", id)), rm.Str("rm_version", "1.1.0"))))
		m.add(Mutation{Code: validate.CodeSlot, Path: at.String(), Edit: "archetype that the slot excludes"}, at, filler)
	}
	if o.Names != nil {
		open := false
		for _, c := range a.Matching(n.NodeID()) {
			open = open || c.Names == nil || c.HasName("No such name")
		}
		if !open && o.NameCodes == nil && m.first(key(o, "name")) {
			m.add(Mutation{Code: validate.CodeName, Path: at.String(), Edit: "name", Below: true}, at, setDeep(n, "No such name", "name", "value"))
		}
	}
	if n.Class.Name == "POINT_EVENT" && o.Class.Name == "POINT_EVENT" && len(a.Matching(n.NodeID())) == 1 && m.first(key(o, "class")) {
		other := &rm.Node{Class: rm.Lookup("INTERVAL_EVENT")}
		for _, def := range other.Class.Attributes() {
			if present := n.Attr(def.Name); present != nil {
				other.Attrs = append(other.Attrs, rm.Attr{Def: def, Items: present.Items})
			}
		}
		other = set(other, "width", rm.Object("DV_DURATION", rm.Str("value", "PT1H")))
		m.add(Mutation{Code: validate.CodeType, Path: at.String(), Edit: "INTERVAL_EVENT for POINT_EVENT"}, at,
			set(other, "math_function", rm.CodedText("mean", "openehr", "146")))
	}
}

// occurrences removes members until too few are left, or repeats one until
// there are too many.
func (m *maker) occurrences(o *templates.Object, count int, bound []*templates.Object, attr *rm.Attr, parent *rm.Node, at place, path string) {
	if o.Occurrences.Lower > 0 && m.first(key(o, "occurrences lower")) {
		var rest []*rm.Node
		kept := 0
		for i, n := range attr.Items {
			if bound[i] == o {
				if kept++; kept >= o.Occurrences.Lower {
					continue
				}
			}
			rest = append(rest, n)
		}
		m.add(Mutation{Code: validate.CodeOccurrences, Path: path, Edit: "node removed"}, at, set(parent, attr.Def.Name, rest...))
	}
	if !o.Occurrences.Unbounded && m.first(key(o, "occurrences upper")) {
		items := attr.Items[:len(attr.Items):len(attr.Items)]
		for i, n := range attr.Items {
			if bound[i] == o {
				for range o.Occurrences.Upper + 1 - count {
					items = append(items, n)
				}
				break
			}
		}
		m.add(Mutation{Code: validate.CodeOccurrences, Path: path, Edit: "node repeated"}, at, set(parent, attr.Def.Name, items...))
	}
}

// cardinality removes or repeats members until there are too few or too many.
func (m *maker) cardinality(a *templates.Attribute, attr *rm.Attr, parent *rm.Node, at place) {
	x := Mutation{Code: validate.CodeCardinality, Path: at.attribute(a.Name)}
	i := a.Cardinality.Interval
	if i.Lower > 0 && m.first(key(a, "cardinality lower")) {
		x.Edit = "members removed"
		m.add(x, at, set(parent, a.Name, attr.Items[:i.Lower-1]...))
	}
	if !i.Unbounded && m.first(key(a, "cardinality upper")) {
		x.Edit = "members repeated"
		items := attr.Items[:len(attr.Items):len(attr.Items)]
		for len(items) <= i.Upper {
			items = append(items, attr.Items[0])
		}
		m.add(x, at, set(parent, a.Name, items...))
	}
}
