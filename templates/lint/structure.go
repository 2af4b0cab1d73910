package lint

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// object looks at an object constraint and all that is below it.
func (l *linter) object(o *templates.Object) {
	l.codes(o)
	switch o.Kind {
	case templates.Slot:
		l.slot(o)
	case templates.Leaf:
		l.leaf(o)
	case templates.ConstraintRef:
		l.reference(o)
	}
	for _, a := range o.Attributes {
		l.attribute(o, a)
	}
}

func prohibited(i templates.Interval) bool { return !i.Unbounded && i.Upper == 0 }

func (l *linter) attribute(o *templates.Object, a *templates.Attribute) {
	if prohibited(a.Existence) {
		switch {
		case a.Def != nil && a.Def.Mandatory && !nullable(o, a):
			l.never(a, CodeExistence, "%s.%s is mandatory in the reference model, but its existence is %s", o.Class, a.Name, a.Existence)
		case len(a.Children) > 0:
			l.add(CodeUnreachable, a.Path(), o.Line, "the attribute must be absent, so that the constraints below it have no effect")
		}
		return
	}
	if a.Container() {
		l.cardinality(a)
		l.siblings(a)
	} else {
		l.alternatives(a)
	}
	for _, c := range a.Children {
		if prohibited(c.Occurrences) {
			if len(c.Attributes) > 0 {
				l.at(c, CodeUnreachable, "the node must be absent, so that the constraints below it have no effect")
			}
			continue
		}
		l.object(c)
	}
}

// nullable reports the value of an ELEMENT, for which a null flavour stands.
func nullable(o *templates.Object, a *templates.Attribute) bool {
	if a.Name != "value" || !o.Class.IsA(rm.ClassElement) {
		return false
	}
	n := o.Attribute("null_flavour")
	return n == nil || !prohibited(n.Existence)
}

// cardinality compares the members that must or can be there with the
// cardinality of their container.
func (l *linter) cardinality(a *templates.Attribute) {
	least, most, unbounded := 0, 0, len(a.Children) == 0
	for _, c := range a.Children {
		least += c.Occurrences.Lower
		most += c.Occurrences.Upper
		unbounded = unbounded || c.Occurrences.Unbounded
		if i := c.Occurrences; a.Cardinality != nil && !a.Cardinality.Interval.Unbounded && i.Upper > a.Cardinality.Interval.Upper && !i.Unbounded {
			l.at(c, CodeBound, "occurrences %s go beyond the cardinality %s of the container", i, a.Cardinality.Interval)
		}
	}
	if a.Cardinality == nil {
		return
	}
	i := a.Cardinality.Interval
	switch {
	case !i.Unbounded && least > i.Upper:
		l.never(a, CodeCardinality, "the mandatory members are %d, but the cardinality is %s", least, i)
	case !unbounded && most < i.Lower:
		l.never(a, CodeCardinality, "there can be %d members at most, but the cardinality is %s", most, i)
	}
}

// siblings looks for members of a container that data cannot tell apart, or
// readers by their names.
func (l *linter) siblings(a *templates.Attribute) {
	byText := map[string]*templates.Object{}
	for i, c := range a.Children {
		if prohibited(c.Occurrences) {
			continue
		}
		if key := c.Key(); key != "" && c.Kind != templates.Slot {
			for _, other := range a.Children[:i] {
				if other.Key() == key && other.Kind != templates.Slot && !prohibited(other.Occurrences) && overlap(c, other) {
					l.at(c, CodeAmbiguous, "another sibling has the same node id %s and a name that does not tell them apart", key)
					break
				}
			}
		}
		for _, name := range names(c) {
			text := strings.ToLower(strings.Join(strings.Fields(name), " "))
			other := byText[text]
			if other == nil {
				byText[text] = c
				continue
			}
			if other != c && other.Key() != c.Key() && !exclusive(c, other) {
				l.at(c, CodeSiblingName, "the sibling %s has the same name %q", other.Path(), name)
			}
		}
	}
}

// exclusive reports events of one name that differ in class, which is how a
// model offers a point beside an interval.
func exclusive(a, b *templates.Object) bool {
	event := rm.Lookup("EVENT")
	return a.Class != b.Class && a.Class.IsA(event) && b.Class.IsA(event)
}

// names are what a node may be called: the names fixed, or the text of its
// term; of a slot nothing.
func names(o *templates.Object) []string {
	switch {
	case o.Names != nil:
		return o.Names
	case o.Kind == templates.Slot || !o.Class.IsA(rm.ClassLocatable):
		return nil
	}
	if text := o.Terms.Text(o.NodeID, ""); text != "" {
		return []string{text}
	}
	return nil
}

// overlap reports whether a name can be that of both.
func overlap(a, b *templates.Object) bool {
	if a.Names == nil && b.Names == nil {
		return true
	}
	// One of them fixed: the other takes what is left.
	for _, n := range a.Names {
		if b.Names != nil && b.HasName(n) {
			return true
		}
	}
	return false
}

// alternatives looks for alternatives of a single value that a wider one before
// or after them makes pointless.
func (l *linter) alternatives(a *templates.Attribute) {
	for _, c := range a.Children {
		if prohibited(c.Occurrences) {
			continue
		}
		for _, wide := range a.Children {
			if wide != c && anything(wide) && c.Class.IsA(wide.Class) && (wide.Param == nil || wide.Param == c.Param) && !anything(c) {
				l.at(c, CodeShadowed, "the alternative %s allows any %s, so that this one constrains nothing", wide.Class, c.Class)
				break
			}
		}
	}
}

// anything reports an object that allows every instance of its class.
func anything(o *templates.Object) bool {
	return o.Kind == templates.ComplexObject && o.Key() == "" && o.Constraint == nil && len(o.Attributes) == 0 && !prohibited(o.Occurrences)
}
