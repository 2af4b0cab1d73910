package simplified

import (
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// readsBack reports whether reading the items gives the composition that they
// were written from: every part is taken, and what is read equals what was
// written, object by object. Only what it is sure of passes.
func (w *writer) readsBack(n *rm.Node, top *item) bool {
	it := top.find(w.wt.Tree.ID).items[0]
	if it.hollow() {
		return false
	}
	r := reader{wt: w.wt, template: w.template}
	r.readContext(top)
	root := &object{class: w.wt.Tree.Class, constraint: w.template.Root}
	it.used = true
	r.node(w.wt.Tree, root, it)
	r.finish(root)
	r.unused("", top)
	return len(r.problems.Problems()) == 0 && w.equal(n, root)
}

// hollow reports whether some item holds nothing, and so would not be printed.
func (it *item) hollow() bool {
	if it.empty() {
		return true
	}
	for _, c := range it.children {
		for _, x := range c.items {
			if x != nil && x.hollow() {
				return true
			}
		}
	}
	return false
}

// equal compares an object of a composition with one that was read, as same
// does.
func (w *writer) equal(a *rm.Node, b *object) bool {
	if b.raw != nil {
		read, problems := rm.DecodeJSON(b.raw, b.class, rm.JSONOptions{Incomplete: true})
		if read == nil || rm.HasErrors(problems) {
			return false
		}
		_, same := w.same("", a, read)
		return same
	}
	if a.Class != b.class {
		return false
	}
	for i := range a.Attrs {
		x := &a.Attrs[i]
		if x.Def == nil || len(x.Items) == 0 || x.Def.Name == "archetype_details" || x.Def.Name == "name" && w.hidden[a] {
			continue
		}
		y := b.attr(x.Def.Name)
		if y == nil || len(y.vals)+len(y.text) != len(x.Items) {
			return false
		}
		if len(y.text) > 0 {
			if len(y.vals) > 0 {
				return false
			}
			for k, m := range x.Items {
				if m.Class.Primitive == rm.NotPrimitive || !equalScalar(m, y.text[k]) {
					return false
				}
			}
			continue
		}
		if len(x.Items) == 1 {
			if !w.equal(x.Items[0], y.vals[0]) {
				return false
			}
			continue
		}
		if !w.equalMembers(x.Items, y.vals) {
			return false
		}
	}
	for i := range b.attrs {
		y := &b.attrs[i]
		if len(y.vals)+len(y.text) > 0 && y.def.Name != "archetype_details" && (a.Attr(y.def.Name) == nil || len(a.Attr(y.def.Name).Items) == 0) {
			return false
		}
	}
	return true
}

// equalMembers compares lists: LOCATABLEs with their partners, the first of a
// node id and name with the first that has both, and so on.
func (w *writer) equalMembers(a []*rm.Node, b []*object) bool {
	if !a[0].Class.IsA(rm.ClassLocatable) {
		for k := range a {
			if !w.equal(a[k], b[k]) {
				return false
			}
		}
		return true
	}
	taken := make([]bool, len(b))
	for _, m := range a {
		id, name := m.NodeID(), m.NameValue()
		found := false
		for k, o := range b {
			if taken[k] {
				continue
			}
			if o.raw != nil {
				return false // it does not show its name
			}
			if o.text("archetype_node_id") == id && o.get("name").text("value") == name {
				taken[k], found = true, true
				if !w.equal(m, o) {
					return false
				}
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

// equalScalar compares a primitive with what was read for it, in kind and text.
func equalScalar(a *rm.Node, b scalar) bool {
	if a.Text != b.text {
		return false
	}
	switch a.Class.Primitive {
	case rm.StringPrimitive:
		return b.kind == '"'
	case rm.BooleanPrimitive:
		return b.kind == 't' || b.kind == 'f'
	default:
		return b.kind == '0'
	}
}
