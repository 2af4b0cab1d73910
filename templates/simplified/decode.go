package simplified

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/webtemplate"
)

// The codes of problems of the simplified formats.
const (
	CodeSyntax  = "simplified.syntax"  // not a document of the format
	CodeUnknown = "simplified.unknown" // a key that the web template and the format do not have
	CodeValue   = "simplified.value"   // a value that does not suit its key
)

// Options adjust Decode. The zero value is right for a document that stands
// alone.
type Options struct {
	Limits rm.Limits
	// Incomplete is that of rm.JSONOptions.
	Incomplete bool
	// Now is the time of what the document gives no time; zero leaves the time
	// out, which is a problem where it is mandatory.
	Now time.Time
}

// Decode reads a composition of the template. What the document leaves out
// comes from the template and from ctx. Problems of the document name the key,
// those of the composition the RM path; the tree is nil if there is none to
// speak of.
func Decode(data []byte, f Format, wt *webtemplate.Template, tpl *templates.Template, opt Options) (*rm.Node, []rm.Problem) {
	lim := opt.Limits
	if lim.Bytes <= 0 {
		lim.Bytes = rm.DefaultBytes
	}
	if lim.Depth <= 0 {
		lim.Depth = rm.DefaultDepth
	}
	if lim.Nodes <= 0 {
		lim.Nodes = rm.DefaultNodes
	}
	if len(data) > lim.Bytes {
		return nil, []rm.Problem{{Code: rm.CodeLimitBytes, Path: "/", Message: "the document is too long"}}
	}
	top, err := parse(data, f, lim.Depth, lim.Nodes)
	if err != nil {
		var bad *fault
		errors.As(err, &bad)
		p := rm.Problem{Code: CodeSyntax, Path: "/", Message: bad.msg}
		if bad.code != "" {
			p.Code = bad.code
		}
		if bad.key != "" {
			p.Message += " (" + clip(bad.key) + ")"
		}
		return nil, []rm.Problem{p}
	}
	r := reader{wt: wt, template: tpl, now: opt.Now}
	r.problems.Max = lim.Problems
	r.readContext(top)
	root := &object{class: wt.Tree.Class, constraint: tpl.Root}
	it := top.find(wt.Tree.ID)
	if it == nil || len(it.items) != 1 || it.items[0] == nil {
		r.report("", "the document has no content under "+wt.Tree.ID+", the root of the template")
		return nil, r.problems.Problems()
	}
	it.items[0].used = true
	if v, ok := it.items[0].part("raw"); ok {
		if root = r.raw(root.class, v); root == nil {
			return nil, r.problems.Problems()
		}
	} else {
		r.node(wt.Tree, root, it.items[0])
		r.finish(root)
	}
	r.unused("", top)
	if found := r.problems.Problems(); rm.HasErrors(found) {
		return nil, found
	}
	n, more := rm.DecodeJSON(root.json(nil), root.class, rm.JSONOptions{Limits: opt.Limits, Incomplete: opt.Incomplete})
	return n, append(r.problems.Problems(), more...)
}

// maxNearest bounds the unknown keys that a like one is looked for.
const maxNearest = 20

type reader struct {
	unknownKeys int
	wt          *webtemplate.Template
	template    *templates.Template
	now         time.Time
	ctx         context
	problems    rm.Collector
}

func (r *reader) report(key, msg string) {
	r.problems.Add(rm.Problem{Code: CodeValue, Path: "/", Message: key + msg})
}

// unused reports what nothing has taken.
func (r *reader) unused(path string, it *item) {
	for i, p := range it.parts {
		key := path + strings.TrimSuffix("|"+p.suffix, "|")
		switch twice := func(o part) bool { return o.suffix == p.suffix }; {
		case p.used:
		case slices.ContainsFunc(it.parts[:i], twice):
			r.report(clipKey(key), " is given twice, perhaps with an index and without")
		default:
			r.unknown(key)
		}
	}
	for _, c := range it.children {
		for _, x := range c.items {
			if x == nil {
				continue
			}
			key := strings.TrimPrefix(path+"/"+c.id, "/")
			if !x.used && (path == "" || path == "ctx") && strings.HasPrefix(c.id, "transient_") && len(x.children) == 0 {
				continue // a client's own note beside the content
			}
			if !x.used {
				r.unknown(key)
				continue
			}
			r.unused(key, x)
		}
	}
}

func (r *reader) unknown(key string) {
	p := rm.Problem{
		Code: CodeUnknown, Path: "/", Actual: clipKey(key),
		Message: "the template " + r.wt.ID + " has nothing called " + clipKey(key),
	}
	if r.unknownKeys++; r.unknownKeys <= maxNearest {
		if like := nearest(r.wt.Tree, key); like != "" {
			p.Expected = like
			p.Message += "; did you mean " + like + "?"
		}
	}
	r.problems.Add(p)
}

// node reads the instances of a node's children into its object.
func (r *reader) node(n *webtemplate.Node, o *object, it *item) {
	r.attributes(o, it)
	for _, c := range n.Children {
		for _, x := range it.all(c.ID) {
			r.place(c, o, x)
		}
		// An RM attribute may have the underscore of those that no node is for.
		if c.Object == nil && len(c.Steps) == 1 && it.find("_"+c.ID) != nil && !o.has(c.Steps[0].Attribute.Name) {
			for _, x := range it.all("_" + c.ID) {
				r.place(c, o, x)
			}
		}
	}
	if n.Class == rm.ClassElement {
		r.alternatives(n, o, it)
	}
	for _, a := range intervalEvent {
		if o.class.Name == "INTERVAL_EVENT" && !hasChild(n, a.attribute) {
			o.add(a.attribute, r.value(rm.Lookup(a.class), nil, it.one(a.attribute), nil))
		}
	}
	if len(n.Transitions) > 0 {
		r.transition(n, o)
	}
	if o.class.IsA(rm.ClassEntry) || o.class.IsA(rm.ClassHistory) {
		if x := it.one("history_origin", "_history_origin"); x != nil {
			if def := o.class.Attribute("data"); def != nil && def.Type == rm.ClassHistory {
				h := r.step(o, webtemplate.Step{Attribute: def, Object: only(o.constraint, "data")}, false, nil)
				h.add("origin", value("DV_DATE_TIME", x.text("", "value")))
			}
		}
	}
}

// alternatives reads the values of an ELEMENT that is open for several kinds by
// the names value, value2 and so on, in the order of the alternatives.
func (r *reader) alternatives(n *webtemplate.Node, o *object, it *item) {
	for i, c := range n.Children {
		id := "value"
		if i > 0 {
			id += strconv.Itoa(i + 1)
		}
		if o.has("value") || hasChild(n, id) || !isValue(c) || it.find(id) == nil {
			continue
		}
		for _, x := range it.all(id) {
			r.place(c, o, x)
		}
	}
}

// intervalEvent are the attributes that an EVENT of the template has when it
// turns out to be an INTERVAL_EVENT.
var intervalEvent = []struct{ attribute, class string }{{"width", "DV_DURATION"}, {"math_function", "DV_CODED_TEXT"}}

func hasChild(n *webtemplate.Node, id string) bool {
	return slices.ContainsFunc(n.Children, func(c *webtemplate.Node) bool { return c.ID == id })
}

// only is the single constraint on an attribute; nil if there are others.
func only(o *templates.Object, attribute string) *templates.Object {
	if o == nil {
		return nil
	}
	if o.Target != nil {
		o = o.Target
	}
	if a := o.Attribute(attribute); a != nil && len(a.Children) == 1 && a.Children[0].Kind != templates.Slot {
		return a.Children[0]
	}
	return nil
}

// place puts one instance of a node where its steps lead.
func (r *reader) place(c *webtemplate.Node, parent *object, x *item) {
	// The instance is that of the node's object; of a value, that of the
	// ELEMENT it belongs to.
	repeated := len(c.Steps) - 1
	if isValue(c) {
		repeated--
		if repeated < 0 || c.Steps[repeated].Object == nil || c.Steps[repeated].Object.Class != rm.ClassElement {
			repeated = -1
		}
	}
	o := parent
	for i, s := range c.Steps {
		if i == len(c.Steps)-1 && isValue(c) {
			// An ELEMENT is its value, but some clients name the level.
			if len(x.parts) == 0 && x.find("value") != nil && !hasChild(c, "value") {
				x = x.one("value")
			}
			r.put(o, s, c, x)
			return
		}
		if raw, ok := x.part("raw"); ok && i == len(c.Steps)-1 {
			v := r.raw(c.Class, raw)
			if v != nil && c.Class == rm.ClassElement && v.rawIsA(rm.ClassDataValue) {
				o = r.step(o, s, i == repeated && s.Attribute.Container, x)
				r.attributes(o, x)
				o.add("value", v)
				return
			}
			o.add(s.Attribute.Name, v)
			return
		}
		o = r.step(o, s, i == repeated && s.Attribute.Container, x)
		if o.class == rm.ClassElement {
			r.attributes(o, x)
		}
	}
	r.node(c, o, x)
}

// isValue reports whether a node is a value rather than an object with nodes of
// its own.
func isValue(n *webtemplate.Node) bool {
	return n.Class.Primitive != rm.NotPrimitive || n.Class.IsA(rm.ClassDataValue) || n.Class == rm.ClassCodePhrase ||
		n.Class.IsA(rm.ClassPartyProxy)
}

// put reads the value of a node.
func (r *reader) put(o *object, s webtemplate.Step, c *webtemplate.Node, x *item) {
	if c.Class.Primitive != rm.NotPrimitive {
		v, ok := x.part("", "value")
		o.put(s.Attribute.Name, v, ok)
		return
	}
	v := r.value(c.Class, c.Param, x, c)
	if v == nil {
		return
	}
	if a := o.attr(s.Attribute.Name); a != nil && !s.Attribute.Container {
		r.report(c.ID, ": the attribute "+s.Attribute.Name+" has a value already")
		return
	}
	o.add(s.Attribute.Name, v)
}

// step goes to the value of an attribute: a new one if the step repeats,
// otherwise the one with the same constraint.
func (r *reader) step(o *object, s webtemplate.Step, repeated bool, x *item) *object {
	if !repeated {
		if a := o.attr(s.Attribute.Name); a != nil {
			for _, v := range a.vals {
				if v.constraint == s.Object && v.name == s.Name {
					return v
				}
			}
		}
	}
	class := s.Attribute.Type
	if s.Object != nil {
		class = s.Object.Class
	}
	if class.Abstract {
		switch {
		case class.IsA(rm.ClassEvent):
			class = rm.Lookup("POINT_EVENT")
			if x != nil && (x.find("width") != nil || x.find("math_function") != nil || x.has("sample_count")) {
				class = rm.Lookup("INTERVAL_EVENT")
			}
		case class.IsA(rm.ClassItemStructure):
			class = rm.Lookup("ITEM_TREE")
		}
	}
	v := &object{class: class, constraint: s.Object, name: s.Name}
	o.add(s.Attribute.Name, v)
	return v
}

// transition completes an ISM_TRANSITION: a careflow step has one state it
// leads to in the template.
func (r *reader) transition(n *webtemplate.Node, o *object) {
	step := o.get("careflow_step", "defining_code").text("code_string")
	if step == "" || o.has("current_state") {
		return
	}
	for _, c := range n.Children {
		if c.ID != "careflow_step" {
			continue
		}
		if it := choice(c, step); it != nil && len(it.CurrentStates) > 0 {
			if code, text, ok := openEHR("instruction states", it.CurrentStates[0]); ok {
				o.add("current_state", codedText(text, "openehr", code))
			}
		}
	}
}

// finish fills in what the document leaves out, in an object and all below it.
func (r *reader) finish(o *object) {
	if o.raw != nil {
		return
	}
	if o.class.IsA(rm.ClassLocatable) {
		r.identity(o)
	}
	r.defaults(o)
	for i := range o.attrs {
		for _, v := range o.attrs[i].vals {
			r.finish(v)
		}
	}
	r.times(o)
}

// identity gives a LOCATABLE its name, node id and archetype details.
func (r *reader) identity(o *object) {
	c := o.constraint
	if c == nil {
		if !o.has("name") {
			o.add("name", value("DV_TEXT", strings.ToLower(o.class.Name)))
		}
		return
	}
	if !o.has("name") {
		o.add("name", value("DV_TEXT", nameOf(c, o.name)))
	}
	o.putText("archetype_node_id", c.Key())
	if c.Kind != templates.ArchetypeRoot && c != r.template.Root {
		return
	}
	d := newObject("ARCHETYPED")
	d.add("archetype_id", value("ARCHETYPE_ID", c.ArchetypeID))
	if c == r.template.Root {
		d.add("template_id", value("TEMPLATE_ID", r.template.ID))
	}
	d.putText("rm_version", rmVersion)
	o.add("archetype_details", d)
}

// rmVersion is the release of the RM that compositions are made for.
const rmVersion = "1.1.0"

// nameOf is the name that the template gives to an object.
func nameOf(c *templates.Object, name string) string {
	switch {
	case name != "":
		return name
	case len(c.Names) > 0:
		return c.Names[0]
	}
	if text := c.Terms.Text(c.NodeID, ""); text != "" {
		return text
	}
	return strings.ToLower(c.Class.Name)
}

// skeleton adds the structures that the RM demands and no value is in.
func (r *reader) skeleton(o *object) {
	for _, def := range o.class.Attributes() {
		if !def.Mandatory || def.Container || o.has(def.Name) ||
			!def.Type.IsA(rm.ClassItemStructure) && def.Type != rm.ClassHistory {
			continue
		}
		r.step(o, webtemplate.Step{Attribute: def, Object: only(o.constraint, def.Name)}, false, nil)
	}
}

// members are all objects of an attribute.
func (o *object) members(name string) []*object {
	if a := o.attr(name); a != nil {
		return a.vals
	}
	return nil
}

// earliest is the first of some times, as written.
func earliest(times []string) string {
	list := slices.DeleteFunc(slices.Clone(times), func(s string) bool { _, err := rm.ParseDateTime(s); return err != nil })
	if len(list) == 0 {
		return ""
	}
	return slices.MinFunc(list, func(a, b string) int {
		x, _ := rm.ParseDateTime(a)
		y, _ := rm.ParseDateTime(b)
		return x.Earliest().Compare(y.Earliest())
	})
}
