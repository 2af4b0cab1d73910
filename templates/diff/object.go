package diff

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

func prohibited(i templates.Interval) bool { return !i.Unbounded && i.Upper == 0 }

// includes reports whether every count in a is in b.
func includes(b, a templates.Interval) bool {
	return b.Lower <= a.Lower && (b.Unbounded || !a.Unbounded && a.Upper <= b.Upper)
}

func typeName(o *templates.Object) string {
	if o.Param != nil {
		return o.Class.Name + "<" + o.Param.Name + ">"
	}
	return o.Class.Name
}

// object compares two objects that stand in the same place; member tells that
// the place is a container, whose members are counted.
func (d *differ) object(a, b *templates.Object, member bool) {
	if *d.effort++; *d.effort > maxEffort {
		if len(d.out) == 0 || d.out[len(d.out)-1].Kind != KindAmbiguous {
			d.add(KindAmbiguous, true, b.Path(), "", "", "the templates are too intricate to be compared further")
		}
		return
	}
	if a == b || d.pairs[pair{a, b}] {
		return
	}
	d.pairs[pair{a, b}] = true
	defer delete(d.pairs, pair{a, b})
	path := b.Path()
	if member {
		d.occurrences(a, b)
	} else if was, is := prohibited(a.Occurrences), prohibited(b.Occurrences); was != is && a.Parent != nil {
		d.add(KindOccurrences, is, path, a.Occurrences.String(), b.Occurrences.String(), map[bool]string{
			true: "data may have it", false: "it may be there now",
		}[is])
	}
	if prohibited(a.Occurrences) && a.Parent != nil {
		return // no data have it
	}
	if (a.Kind == templates.Slot) != (b.Kind == templates.Slot) {
		d.add(KindType, true, path, a.Kind.String(), b.Kind.String(), "a slot and what fills it accept different content")
		return
	}
	if !d.class(a, b) {
		return
	}
	if x, y := a.Key(), b.Key(); a.Kind != templates.Slot && !sameID(x, y) {
		d.add(KindNode, y != "", path, x, y, map[bool]string{true: "data name the old one", false: "any is allowed now"}[y != ""])
		if y != "" {
			return
		}
	}
	if a.Kind == templates.ArchetypeRoot && b.Kind == templates.ArchetypeRoot && !d.trial {
		d.terms(a, b)
	}
	if a.Kind == templates.InternalRef && b.Kind == templates.InternalRef && a.Reference == b.Reference {
		return // what they refer to is compared where it stands
	}
	a, b = target(a), target(b)
	if a.Kind == templates.Slot {
		d.slot(a, b)
		return
	}
	if a.Kind == templates.ConstraintRef || b.Kind == templates.ConstraintRef {
		d.reference(a, b, path)
		return
	}
	d.leaf(a, b, path)
	d.attributes(a, b)
}

func target(o *templates.Object) *templates.Object {
	if o.Target != nil {
		return o.Target
	}
	return o
}

func (d *differ) occurrences(a, b *templates.Object) {
	if a.Occurrences == b.Occurrences {
		return
	}
	reason := "the new range includes the old one"
	breaking := !includes(b.Occurrences, a.Occurrences)
	if breaking {
		reason = "data may have a number that is not allowed any more"
	}
	d.add(KindOccurrences, breaking, b.Path(), a.Occurrences.String(), b.Occurrences.String(), reason)
}

// class compares the types; false if nothing below can be compared.
func (d *differ) class(a, b *templates.Object) bool {
	if a.Class == b.Class && a.Param == b.Param {
		return true
	}
	wider := a.Class.IsA(b.Class) && (b.Param == nil || a.Param != nil && a.Param.IsA(b.Param))
	reason := "instances of the old type are of the new one"
	if !wider {
		reason = "instances of the old type are not all of the new one"
	}
	d.add(KindType, !wider, b.Path(), typeName(a), typeName(b), reason)
	return wider || a.Class == b.Class
}

func (d *differ) attributes(a, b *templates.Object) {
	for _, x := range a.Attributes {
		if y := b.Attribute(x.Name); y != nil {
			continue
		}
		if x.Name == "name" && a.Names != nil {
			d.names(a, b)
			continue
		}
		d.attribute(x, free(x, b))
	}
	for _, y := range b.Attributes {
		x := a.Attribute(y.Name)
		if x == nil {
			x = free(y, a)
		}
		if y.Name == "name" && (a.Names != nil || b.Names != nil) {
			d.existence(x, y)
			if !prohibited(x.Existence) {
				d.names(a, b)
			}
			continue
		}
		d.attribute(x, y)
	}
}

// free is the attribute where a template says nothing of it: what the reference
// model says.
func free(like *templates.Attribute, owner *templates.Object) *templates.Attribute {
	f := &templates.Attribute{Name: like.Name, Def: like.Def, Owner: owner, Existence: templates.Interval{Upper: 1}}
	if f.Def != nil && f.Def.Mandatory {
		f.Existence.Lower = 1
	}
	return f
}

// names compares what a node may be called.
func (d *differ) names(a, b *templates.Object) {
	if equalSet(a.Names, b.Names) && equalSet(a.NameCodes, b.NameCodes) && (a.Names == nil) == (b.Names == nil) {
		return
	}
	before, after := nameText(a), nameText(b)
	switch {
	case b.Names == nil && b.Attribute("name") == nil:
		d.add(KindName, false, b.Path(), before, after, "any name is allowed now")
	case a.Names != nil && b.Names != nil && subset(a.Names, b.Names) && subset(a.NameCodes, b.NameCodes) &&
		(a.NameCodes == nil) == (b.NameCodes == nil):
		d.add(KindName, false, b.Path(), before, after, "every name that was allowed still is")
	default:
		d.add(KindName, true, b.Path(), before, after, "data may have a name that is not allowed any more")
	}
}

func nameText(o *templates.Object) string {
	if o.Names == nil {
		if o.Attribute("name") != nil {
			return "names by another constraint"
		}
		return "any name"
	}
	return quoted(o.Names)
}

func equalSet(a, b []string) bool { return subset(a, b) && subset(b, a) }

func subset(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	return true
}

// attribute compares the constraints on one attribute.
func (d *differ) attribute(a, b *templates.Attribute) {
	if a.Def != nil {
		d.existence(a, b)
		if prohibited(a.Existence) {
			return // no data have it
		}
	}
	if a.Container() {
		d.cardinality(a, b)
	}
	switch {
	case len(a.Children) == 0 && len(b.Children) == 0:
	case len(b.Children) == 0:
		d.add(KindRemoved, false, b.Path(), describeChildren(a), "", "the attribute is free now")
	case len(a.Children) == 0:
		if takesAll(b) {
			d.add(KindAdded, false, b.Path(), "", describeChildren(b), "the constraint allows everything")
			return
		}
		d.add(KindAdded, true, b.Path(), "", describeChildren(b), "the attribute was free before")
	case a.Container() && a.Def.Type.IsA(rm.ClassLocatable):
		d.members(a, b)
	default:
		d.alternatives(a, b)
	}
}

// takesAll reports whether the children of an attribute allow every value of
// its type.
func takesAll(a *templates.Attribute) bool {
	if a.Def == nil {
		return false
	}
	for _, c := range a.Children {
		if c.Kind == templates.ComplexObject && c.Key() == "" && c.Constraint == nil && len(c.Attributes) == 0 && c.Param == nil &&
			a.Def.Type.IsA(c.Class) && c.Occurrences.Lower == 0 && c.Occurrences.Unbounded {
			return true
		}
		if !a.Container() && c.Kind == templates.Leaf && c.Constraint == nil && c.Class == a.Def.Type && !prohibited(c.Occurrences) {
			return true
		}
	}
	return false
}

func (d *differ) existence(a, b *templates.Attribute) {
	if a.Existence == b.Existence {
		return
	}
	was := a.Existence
	if a.Def.Mandatory && !prohibited(was) {
		was.Lower = max(was.Lower, 1) // the reference model demands it
	}
	reason, breaking := "the new range includes the old one", !includes(b.Existence, was)
	switch {
	case breaking && a.Container() && !prohibited(b.Existence) && b.Def.MinItems == 0 && (b.Cardinality == nil || b.Cardinality.Interval.Lower == 0):
		breaking, reason = false, "a container that may be empty may be absent"
	case breaking:
		reason = "data may lack it, or have it, where they must not any more"
	case was.Lower > a.Existence.Lower:
		reason = "the reference model demands it anyway"
	}
	d.add(KindExistence, breaking, b.Path(), a.Existence.String(), b.Existence.String(), reason)
}

func (d *differ) cardinality(a, b *templates.Attribute) {
	x, y := cardinalityOf(a), cardinalityOf(b)
	if x == y {
		return
	}
	reason, breaking := "every number of members that was allowed still is", false
	switch {
	case !includes(y.Interval, x.Interval):
		reason, breaking = "data may have a number of members that is not allowed any more", true
	case y.Unique && !x.Unique:
		reason, breaking = "members have to differ now", true
	case x.Interval == y.Interval && x.Unique == y.Unique:
		reason = "the order of members cannot be violated"
	}
	d.add(KindCardinality, breaking, b.Path(), cardinalityText(x), cardinalityText(y), reason)
}

func cardinalityOf(a *templates.Attribute) templates.Cardinality {
	if a.Cardinality == nil {
		return templates.Cardinality{Interval: templates.Interval{Unbounded: true}}
	}
	return *a.Cardinality
}

func cardinalityText(c templates.Cardinality) string {
	s := c.Interval.String()
	if c.Ordered {
		s += " ordered"
	}
	if c.Unique {
		s += " unique"
	}
	return s
}

func describeChildren(a *templates.Attribute) string {
	var parts []string
	for _, c := range a.Children {
		parts = append(parts, describeObject(c))
	}
	return strings.Join(parts, ", ")
}

func describeObject(o *templates.Object) string {
	s := typeName(o)
	if key := o.Key(); key != "" {
		s += "[" + key + "]"
	}
	if o.Kind == templates.Slot {
		s += " slot"
	}
	if len(o.Names) > 0 {
		s += " " + quoted(o.Names)
	}
	if o.Constraint != nil {
		s += " {" + o.Constraint.String() + "}"
	}
	if o.Parent != nil && o.Parent.Container() {
		s += " " + o.Occurrences.String()
	}
	return s
}
