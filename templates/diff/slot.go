package diff

import (
	"strings"

	"github.com/cairn-ehr/cairn/templates"
)

// slot compares the rules of two slots of the same place.
func (d *differ) slot(a, b *templates.Object) {
	before, after := rules(a), rules(b)
	if before == after {
		return
	}
	switch {
	case len(b.Slot.Includes) == 0 && len(b.Slot.Excludes) == 0:
		d.add(KindSlot, false, b.Path(), before, after, "every archetype is allowed now")
	case widerSlot(a.Slot, b.Slot):
		d.add(KindSlot, false, b.Path(), before, after, "every archetype that was allowed still is")
	default:
		d.add(KindSlot, true, b.Path(), before, after, "an archetype that was allowed may not be any more")
	}
}

// widerSlot reports whether a slot surely allows what another did: it excludes
// nothing that the other did not, and includes everything that the other did.
func widerSlot(x, y *templates.SlotRule) bool {
	if x.Closed() {
		return true
	}
	// Rules that look at nothing but the text of the id are compared by their
	// text; an exclude of everything beside includes says nothing.
	has := func(list []*templates.Assertion, text string) bool {
		for _, a := range list {
			if a.Text == text {
				return true
			}
		}
		return false
	}
	for _, e := range y.Excludes {
		if len(y.Includes) > 0 && e.Everything() {
			continue
		}
		if !has(x.Excludes, e.Text) || len(x.Includes) > 0 && e.Everything() {
			return false
		}
	}
	if len(y.Includes) == 0 {
		return true
	}
	if len(x.Includes) == 0 {
		return false
	}
	for _, i := range x.Includes {
		if !has(y.Includes, i.Text) {
			return listed(x, y)
		}
	}
	return true
}

// listed compares slots whose includes are lists of whole archetype ids.
func listed(x, y *templates.SlotRule) bool {
	var ids []string
	for _, p := range x.IncludePatterns() {
		for id := range strings.SplitSeq(p.Source, "|") {
			id = strings.ReplaceAll(id, `\.`, ".")
			id = strings.ReplaceAll(id, `\-`, "-")
			if strings.ContainsAny(strings.ReplaceAll(id, ".", ""), `\*+?()[]{}^$|`) || !strings.Contains(p.Source, `\.`) {
				return false
			}
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		if !y.Allows(id) {
			return false
		}
	}
	return len(ids) > 0
}

func rules(o *templates.Object) string {
	var parts []string
	for _, a := range o.Slot.Includes {
		parts = append(parts, "include "+a.Text)
	}
	for _, a := range o.Slot.Excludes {
		parts = append(parts, "exclude "+a.Text)
	}
	return strings.Join(parts, "; ")
}
