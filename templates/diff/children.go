package diff

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

func quoted(list []string) string {
	parts := make([]string, len(list))
	for i, s := range list {
		parts[i] = strconv.Quote(s)
	}
	return strings.Join(parts, ", ")
}

// matching pairs the objects of two lists; each is used once.
type matching struct {
	a, b []*templates.Object
	with map[*templates.Object]*templates.Object // from a to b
	used map[*templates.Object]bool              // of b
}

func newMatching(a, b []*templates.Object) *matching {
	return &matching{a, b, map[*templates.Object]*templates.Object{}, map[*templates.Object]bool{}}
}

// pass pairs what is left where the function agrees, in order.
func (m *matching) pass(fits func(x, y *templates.Object) bool) {
	for _, x := range m.a {
		if m.with[x] != nil {
			continue
		}
		for _, y := range m.b {
			if !m.used[y] && fits(x, y) {
				m.with[x], m.used[y] = y, true
				break
			}
		}
	}
}

// members compares the members of a container of LOCATABLEs, which are told
// apart by node id or archetype id, then by name.
func (d *differ) members(a, b *templates.Attribute) {
	m := newMatching(a.Children, b.Children)
	keyed := func(x, y *templates.Object) bool {
		return x.Key() != "" && sameID(x.Key(), y.Key()) && (x.Kind == templates.Slot) == (y.Kind == templates.Slot)
	}
	// Only siblings of one key need a closer look, which goes through all that is
	// below them: at each level it would double the effort.
	several := func(x *templates.Object) bool { return len(a.Matching(x.Key())) > 1 || len(b.Matching(x.Key())) > 1 }
	m.pass(func(x, y *templates.Object) bool {
		return keyed(x, y) && several(x) && x.Class == y.Class && (x.Names == nil) == (y.Names == nil) && equalSet(x.Names, y.Names) && d.same(x, y)
	})
	m.pass(func(x, y *templates.Object) bool {
		return keyed(x, y) && (x.Names == nil) == (y.Names == nil) && equalSet(x.Names, y.Names)
	})
	m.pass(keyed)
	m.pass(func(x, y *templates.Object) bool {
		return x.Kind == templates.Slot && y.Kind == templates.Slot && x.Class == y.Class
	})
	m.pass(func(x, y *templates.Object) bool { return x.Key() == "" && y.Key() == "" && x.Class == y.Class })

	touched := map[string]bool{} // keys of groups of siblings with a change
	for _, x := range a.Children {
		if y := m.with[x]; y != nil {
			from := len(d.out)
			d.object(x, y, true)
			if matters(d.out[from:]) {
				touched[strings.ToLower(y.Key())] = true
				touched[groupOf(y)] = true
			}
			continue
		}
		d.removed(a, b, x)
		touched[strings.ToLower(x.Key())] = true
		touched[groupOf(x)] = true
	}
	for _, y := range b.Children {
		if m.used[y] {
			continue
		}
		d.added(a, b, y)
		touched[strings.ToLower(y.Key())] = true
		touched[groupOf(y)] = true
	}
	d.ambiguous(b, touched)
}

// groupOf names the open children of an attribute, which compete for data that
// have no node of their own.
func groupOf(o *templates.Object) string {
	switch {
	case o.Kind == templates.Slot:
		return "slots"
	case o.Key() == "":
		return "unidentified"
	}
	return ""
}

// matters reports whether changes may affect which data conform.
func matters(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool {
		return c.Breaking || c.Kind != KindText && c.Kind != KindTranslation && c.Kind != KindBinding
	})
}

func (d *differ) removed(_, b *templates.Attribute, x *templates.Object) {
	switch {
	case prohibited(x.Occurrences):
		d.add(KindRemoved, false, x.Path(), describeObject(x), "", "no data have it")
	case x.Kind == templates.Slot && x.Slot.Closed():
		d.add(KindRemoved, false, x.Path(), describeObject(x), "", "the slot was closed")
	default:
		d.add(KindRemoved, true, x.Path(), describeObject(x), "", "data may have it")
	}
}

func (d *differ) added(a, _ *templates.Attribute, y *templates.Object) {
	reason, breaking := "it is optional, and no data could have it before", false
	switch {
	case y.Occurrences.Lower > 0:
		reason, breaking = "it is mandatory, and data do not have it", true
	case y.Kind == templates.Slot:
		reason = "the slot is optional"
	case d.takenBefore(a, y):
		reason, breaking = "data that something else accepted are taken for it now", true
	case prohibited(y.Occurrences):
		reason = "no data could have it before"
	}
	d.add(KindAdded, breaking, y.Path(), "", describeObject(y), reason)
}

// takenBefore reports whether the old attribute accepted nodes that a new child
// would now take.
func (d *differ) takenBefore(a *templates.Attribute, y *templates.Object) bool {
	for _, x := range a.Children {
		if prohibited(x.Occurrences) {
			continue
		}
		switch {
		case x.Kind == templates.Slot:
			if y.Key() == "" || y.Kind == templates.ArchetypeRoot && x.Slot.Allows(y.ArchetypeID) && related(x.Class, y.Class) {
				return true
			}
		case x.Key() == "" || y.Key() == "":
			if related(x.Class, y.Class) {
				return true
			}
		case sameID(x.Key(), y.Key()):
			if x.Names == nil || y.Names != nil && slices.ContainsFunc(y.Names, func(n string) bool { return x.HasName(n) }) || x.NameCodes != nil || y.NameCodes != nil {
				return true
			}
		}
	}
	return false
}

func related(a, b *rm.Class) bool { return a.IsA(b) || b.IsA(a) }

// ambiguous reports siblings that data cannot tell apart if one of them has
// changed: data may be taken for another of them now.
func (d *differ) ambiguous(b *templates.Attribute, touched map[string]bool) {
	for i, x := range b.Children {
		for _, y := range b.Children[:i] {
			both := ""
			switch {
			case x.Kind == templates.Slot && y.Kind == templates.Slot:
				if touched["slots"] && related(x.Class, y.Class) && (x.Occurrences.Lower > 0 || y.Occurrences.Lower > 0 || !x.Occurrences.Unbounded || !y.Occurrences.Unbounded) {
					both = "slots"
				}
			case x.Key() == "" && y.Key() == "":
				if touched["unidentified"] && related(x.Class, y.Class) {
					both = "nodes without node id"
				}
			case x.Key() != "" && sameID(x.Key(), y.Key()) && x.Kind != templates.Slot && y.Kind != templates.Slot:
				if touched[strings.ToLower(x.Key())] && overlap(x, y) {
					both = x.Key()
				}
			}
			if both != "" {
				d.add(KindAmbiguous, true, x.Path(), "", both, "data cannot tell it from "+y.Path()+", so that a change of one affects the other")
				return
			}
		}
	}
}

func overlap(a, b *templates.Object) bool {
	if a.Names == nil || b.Names == nil {
		return a.Names == nil && b.Names == nil
	}
	return slices.ContainsFunc(a.Names, func(n string) bool { return b.HasName(n) })
}

// alternatives compares the alternatives of a single value, or of the members
// of a container that have no node ids.
func (d *differ) alternatives(a, b *templates.Attribute) {
	container := a.Container()
	m := newMatching(a.Children, b.Children)
	sameType := func(x, y *templates.Object) bool {
		return x.Class == y.Class && x.Param == y.Param && sameID(x.Key(), y.Key()) && (x.Kind == templates.Slot) == (y.Kind == templates.Slot)
	}
	if len(a.Children) > 1 || len(b.Children) > 1 { // see members
		m.pass(func(x, y *templates.Object) bool { return sameType(x, y) && d.same(x, y) })
		m.pass(func(x, y *templates.Object) bool { return sameType(x, y) && d.covers(x, y) })
		m.pass(sameType)
		m.pass(func(x, y *templates.Object) bool { return d.covers(x, y) })
	}
	m.pass(func(x, y *templates.Object) bool { return related(x.Class, y.Class) })
	m.pass(func(*templates.Object, *templates.Object) bool { return true })
	changed := false
	for _, x := range a.Children {
		// Whichever alternative accepts what this one did will do.
		var instead *templates.Object
		for _, y := range b.Children {
			if y != m.with[x] && !prohibited(y.Occurrences) && !prohibited(x.Occurrences) && d.covers(x, y) {
				instead = y
				break
			}
		}
		from := len(d.out)
		if y := m.with[x]; y != nil {
			d.object(x, y, container)
		} else if prohibited(x.Occurrences) {
			d.add(KindRemoved, false, x.Path(), describeObject(x), "", "no data have it")
		} else {
			d.add(KindRemoved, true, x.Path(), describeObject(x), "", "data may have it")
		}
		if instead != nil && !container {
			for i := from; i < len(d.out); i++ {
				if c := &d.out[i]; c.Breaking {
					c.Breaking = false
					c.Reason = "the alternative " + describeObject(instead) + " accepts what it accepted"
				}
			}
		}
		changed = changed || matters(d.out[from:])
	}
	for _, y := range b.Children {
		if m.used[y] {
			continue
		}
		changed = true
		if container && y.Occurrences.Lower > 0 {
			d.add(KindAdded, true, y.Path(), "", describeObject(y), "it is mandatory, and data do not have it")
			continue
		}
		d.add(KindAdded, false, y.Path(), "", describeObject(y), "it is a further alternative")
	}
	// Members of one class are bound to whichever accepts them: their numbers
	// may change.
	if container && changed {
		d.ambiguousMembers(b)
	}
}

func (d *differ) ambiguousMembers(b *templates.Attribute) {
	for i, x := range b.Children {
		for _, y := range b.Children[:i] {
			counted := x.Occurrences.Lower > 0 || y.Occurrences.Lower > 0 || !x.Occurrences.Unbounded || !y.Occurrences.Unbounded
			if counted && related(x.Class, y.Class) {
				d.add(KindAmbiguous, true, x.Path(), "", describeObject(x), "data cannot tell it from "+describeObject(y)+", so that a change of one affects the other")
				return
			}
		}
	}
}
