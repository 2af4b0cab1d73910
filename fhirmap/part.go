package fhirmap

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// part is an object of a composition in the making.
type part struct {
	class *rm.Class
	// object is what the template says of it; nil outside the template.
	object *templates.Object
	up     *part
	fields map[string][]*part
	values map[string]*rm.Node // finished values of single-valued attributes
	// made is a finished value, to which the fields add attributes.
	made *rm.Node
	// stated marks an ELEMENT that the mapping fills by itself.
	stated bool
	// from is the element that the value was made of.
	from *r4.Node
}

func (b *backward) newPart(class *rm.Class, o *templates.Object, up *part) *part {
	if o != nil && o.Target != nil {
		o = o.Target
	}
	return &part{class: class, object: o, up: up, fields: map[string][]*part{}, values: map[string]*rm.Node{}}
}

func (p *part) add(name string, child *part) { p.fields[name] = append(p.fields[name], child) }

// once sets a value unless there is one.
func (p *part) once(name string, v *rm.Node) bool {
	if p.class == nil {
		return false
	}
	def := p.class.Attribute(name)
	if def == nil || def.Container || v == nil || p.values[name] != nil || len(p.fields[name]) > 0 || !v.Class.IsA(def.Type) {
		return false
	}
	p.values[name] = v
	return true
}

// open finds or makes the place of a path; with fresh, another member of the
// last list on the way. It is nil where the template has no such node.
func (b *backward) open(from *part, segs []oseg, fresh bool) *part {
	// The occurrence that the resource stands for is the only one there.
	places := b.find(from, segs[:len(segs)-1], true)
	if len(places) != 1 {
		return nil
	}
	at, last := places[0], &segs[len(segs)-1]
	if fresh {
		return b.child(at, last)
	}
	if places = b.find(at, segs[len(segs)-1:], true); len(places) != 1 {
		return nil
	}
	return places[0]
}

// find follows steps, making what is missing.
func (b *backward) find(at *part, segs []oseg, create bool) []*part {
	for i := range segs {
		var next *part
		for _, c := range at.fields[segs[i].attr] {
			if segs[i].nodeID == "" || c.object != nil && c.object.Key() == segs[i].nodeID {
				next = c
				break
			}
		}
		if next == nil && create {
			next = b.child(at, &segs[i])
		}
		if next == nil {
			return nil
		}
		at = next
	}
	return []*part{at}
}

// child makes a member of an attribute as the template has it.
func (b *backward) child(at *part, seg *oseg) *part {
	if at.class == nil {
		return nil
	}
	def := at.class.Attribute(seg.attr)
	if def == nil || def.Type.Primitive != rm.NotPrimitive {
		return nil
	}
	if !def.Type.IsA(rm.ClassLocatable) {
		// A value, which is made whole, or an object without a node id.
		class := def.Type
		if class.Abstract {
			class = nil
		}
		var o *templates.Object
		if at.object != nil {
			o = only(at.object, seg.attr)
		}
		next := b.newPart(class, o, at)
		next.object = o
		if v := at.values[seg.attr]; v != nil { // what is there gets attributes
			next.class, next.made = v.Class, v
			delete(at.values, seg.attr)
		} else if !def.Container && len(at.fields[seg.attr]) > 0 {
			return nil
		}
		at.add(seg.attr, next)
		return next
	}
	if at.object == nil {
		return nil
	}
	a := at.object.Attribute(seg.attr)
	if a == nil {
		return nil
	}
	for _, o := range a.Children {
		if prohibited(o) || o.Kind == templates.Slot || seg.nodeID != "" && o.Key() != seg.nodeID || seg.name != "" && !o.HasName(seg.name) {
			continue
		}
		class := o.Class
		if class.Name == "EVENT" {
			class = rm.Lookup("POINT_EVENT")
		}
		if class.Abstract || !class.IsA(def.Type) {
			return nil
		}
		if n := len(at.fields[seg.attr]); n > 0 && !def.Container {
			return nil
		}
		next := b.newPart(class, o, at)
		at.add(seg.attr, next)
		return next
	}
	return nil
}

// code sets the coded value of an ELEMENT from the vocabulary of its archetype.
func (p *part) code(code string, b *backward) {
	if p.object == nil || len(p.fields["value"]) > 0 {
		return
	}
	if text := p.object.Terms.Text(code, b.language); text != "" {
		p.once("value", rm.CodedText(text, "local", code))
	}
}

// empty reports whether nothing was put into the part.
func (p *part) empty() bool {
	if p.made != nil || len(p.values) > 0 {
		return false
	}
	for _, list := range p.fields {
		for _, c := range list {
			if !c.empty() {
				return false
			}
		}
	}
	return true
}

// finish makes the node at a path, with names, node ids and what its class
// demands.
func (p *part) finish(b *backward, path string) (*rm.Node, *Difference) {
	if p.class == nil {
		return nil, nil
	}
	if p.stated {
		b.stated[path] = true
	}
	if p.from != nil {
		b.sources[path] = p.from
	}
	type field struct {
		name  string
		items []*rm.Node
	}
	var fields []field
	if p.class.IsA(rm.ClassLocatable) {
		if p.object == nil {
			return nil, nil
		}
		p.locatable(b)
	}
	if p.class.IsA(rm.ClassEntry) {
		p.once("language", rm.Code("ISO_639-1", b.language))
		p.once("encoding", rm.Code("IANA_character-sets", "UTF-8"))
	}
	switch p.class.Name {
	case "DV_CODED_TEXT":
		p.completeCode(b)
	case "DV_INTERVAL":
		p.bounded("lower")
		p.bounded("upper")
	case "ACTIVITY":
		p.once("action_archetype_id", &rm.Node{Class: rm.ClassString, Text: p.actions()})
	case "FEEDER_AUDIT_DETAILS":
		p.once("system_id", b.origin())
	case "FEEDER_AUDIT":
		if system := b.origin(); system != nil && !p.empty() {
			p.once("originating_system_audit", rm.Object("FEEDER_AUDIT_DETAILS", rm.Child("system_id", system)))
		}
	}
	if p.class == rm.ClassHistory {
		for _, e := range p.fields["events"] {
			p.once("origin", e.value("time"))
		}
	}
	for _, def := range p.class.Attributes() {
		if v := p.values[def.Name]; v != nil {
			fields = append(fields, field{def.Name, []*rm.Node{v}})
			continue
		}
		var items []*rm.Node
		for _, c := range p.fields[def.Name] {
			if c.empty() {
				continue
			}
			below := path + "/" + def.Name
			if def.Container {
				below = fmt.Sprintf("%s[%d]", below, len(items))
			}
			n, fault := c.finish(b, below)
			if fault != nil {
				return nil, fault
			}
			if n != nil {
				items = append(items, n)
			}
		}
		if len(items) > 0 {
			fields = append(fields, field{def.Name, items})
		}
	}
	n := p.made
	if n == nil {
		n = rm.Object(p.class.Name)
	}
	for _, f := range fields {
		if n.Attr(f.name) != nil {
			return nil, &Difference{p.class.Name, "its " + f.name + " is told twice"}
		}
		n = n.With(f.name, f.items...)
	}
	return n, nil
}

// actions is the expression for the ACTIONs that can carry out an ACTIVITY, as the
// template has it; any, if it says nothing (RM ehr, ACTIVITY.action_archetype_id).
func (p *part) actions() string {
	if p.object != nil {
		if o := only(p.object, "action_archetype_id"); o != nil {
			if c, ok := o.Constraint.(*templates.CString); ok {
				switch {
				case len(c.List) == 1:
					return c.List[0]
				case c.Pattern != nil:
					return "/" + c.Pattern.Source + "/"
				}
			}
		}
	}
	return "/.*/"
}

// value is the finished value of a single-valued attribute; nil if there is none.
func (p *part) value(name string) *rm.Node {
	if list := p.fields[name]; len(list) == 1 {
		return list[0].made
	}
	return p.values[name]
}

// bounded says whether an interval has a bound, which it includes.
func (p *part) bounded(side string) {
	has := p.values[side] != nil || slices.ContainsFunc(p.fields[side], func(c *part) bool { return !c.empty() })
	p.once(side+"_unbounded", &rm.Node{Class: rm.ClassBoolean, Text: strconv.FormatBool(!has)})
	p.once(side+"_included", &rm.Node{Class: rm.ClassBoolean, Text: strconv.FormatBool(has)})
}

// origin is the id of the system that the resource comes from; nil if nobody
// says it.
func (b *backward) origin() *rm.Node {
	return b.in.Feeder.Get("originating_system_audit", "system_id")
}

// locatable sets name, node id and archetype details by the template.
func (p *part) locatable(b *backward) {
	o := p.object
	name := o.Terms.Text(o.NodeID, b.language)
	if o.Kind == templates.ArchetypeRoot && name == "" {
		name = o.Terms.Text("at0000", b.language)
	}
	if len(o.Names) > 0 {
		name = o.Names[0]
	}
	if name == "" {
		name = o.Class.Name
	}
	if len(o.NameCodes) == 1 {
		if text := o.Terms.Text(o.NameCodes[0], b.language); text != "" {
			p.once("name", rm.CodedText(text, "local", o.NameCodes[0]))
		}
	}
	p.once("name", rm.Text(name))
	p.once("archetype_node_id", &rm.Node{Class: rm.ClassString, Text: o.Key()})
	if o.Kind == templates.ArchetypeRoot && o.ArchetypeID != "" {
		details := []rm.Field{rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", o.ArchetypeID)), rm.Str("rm_version", "1.1.0")}
		if o.Parent == nil {
			details = append(details, rm.Child("template_id", rm.ID("TEMPLATE_ID", b.in.Template.ID)))
		}
		p.once("archetype_details", rm.Object("ARCHETYPED", details...))
	}
}
