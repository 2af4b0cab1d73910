package fhirmap

import (
	"bytes"
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
)

// fcondition is a compiled fhirCondition, which only the way back looks at.
type fcondition struct {
	root     fpath
	attrs    []fpath
	op       fhirconnect.Operator
	criteria map[string]bool
}

// backAssign is a constant that an entry of manual puts into the composition.
type backAssign struct {
	path opath
	text string
}

// reverse compiles a fhirCondition.
func (c *compiler) reverse(cond *fhirconnect.Condition, sc scope) *fcondition {
	root, at, ok := c.fhir(cond.Root, sc)
	if !ok || at == nil || c.leads(cond.Root, &root) {
		return nil
	}
	k := &fcondition{root: root, op: cond.Operator, criteria: make(map[string]bool, len(cond.Criteria))}
	inner := sc
	inner.fhir = at
	for _, a := range cond.Attributes {
		if a.Value == "value" && at.typ.Type != nil && at.typ.Type.Kind == r4.Primitive {
			k.attrs = append(k.attrs, fpath{}) // the element itself
			continue
		}
		p, _, ok := c.fhir(a, inner)
		if !ok || c.leads(a, &p) {
			return nil
		}
		k.attrs = append(k.attrs, p)
	}
	for _, crit := range cond.Criteria {
		if cond.Operator == fhirconnect.IsType && r4.Lookup(crit.Value) == nil {
			c.fail(crit.Position, fhirconnect.CodeType, "%q is not a type of R4", crit.Value)
		}
		k.criteria[crit.Value] = true
	}
	return k
}

// leads refuses a path to a Reference by the type of what it leads to, where only
// what stands in the resource itself is looked at.
func (c *compiler) leads(t fhirconnect.Text, p *fpath) bool {
	if p.leads == "" {
		return false
	}
	c.fail(t.Position, fhirconnect.CodeUnsupported, "FHIR path %q: not supported: ofType(%s) of a Reference in a condition or manual entry", clip(t.Value), p.leads)
	return true
}

// reverses compiles the fhirConditions of a method: those about the element of
// the method itself choose among its occurrences.
func (c *compiler) reverses(s *step, sc scope) {
	for _, cond := range s.m.ReverseConditions {
		k := c.reverse(cond, sc)
		if k == nil {
			continue
		}
		if len(s.dst.steps) > 0 && k.root.equal(&s.dst) && (k.op != fhirconnect.Empty || len(k.attrs) > 0) {
			k.root = fpath{} // relative to each occurrence
			s.backFilters = append(s.backFilters, k)
		} else {
			s.backGates = append(s.backGates, k)
		}
	}
}

// equal reports whether two paths lead to the same elements.
func (p *fpath) equal(o *fpath) bool {
	return p.base == o.base && p.up == o.up && p.leads == o.leads && slices.EqualFunc(p.steps, o.steps, func(a, b fstep) bool { return a.same(&b) })
}

// hold reports whether all conditions hold at a place.
func hold(list []*fcondition, root, at *fplace) bool {
	return !slices.ContainsFunc(list, func(k *fcondition) bool { return !k.holds(root, at) })
}

// holds evaluates the condition. Over several attributes, one of and type ask
// for any of them, the other operators for all.
func (k *fcondition) holds(root, at *fplace) bool {
	if len(k.attrs) == 0 {
		return k.test(&k.root, root, at)
	}
	anyOf := k.op == fhirconnect.OneOf || k.op == fhirconnect.IsType
	for i := range k.attrs {
		whole := k.root
		whole.steps = slices.Concat(k.root.steps, k.attrs[i].steps)
		if k.test(&whole, root, at) == anyOf {
			return anyOf
		}
	}
	return !anyOf
}

func (k *fcondition) test(p *fpath, root, at *fplace) bool {
	found := follow(p, root, at)
	switch k.op {
	case fhirconnect.Empty:
		return len(found) == 0
	case fhirconnect.NotEmpty:
		return len(found) > 0
	case fhirconnect.IsType:
		return slices.ContainsFunc(found, func(f *fplace) bool { return f.typ != nil && k.criteria[f.typ.Name] })
	}
	hit := slices.ContainsFunc(found, func(f *fplace) bool {
		return f.node.Kind != r4.Object && f.node.Kind != r4.Array && k.criteria[f.node.Text]
	})
	return hit == (k.op == fhirconnect.OneOf)
}

// opens compiles split.openehr: the EVENT that the way back opens.
func (c *compiler) opens(p *plan, h *fhirconnect.SplitBack, sc scope) {
	if path, _, ok := c.openehr(h.Path, sc); ok {
		if path.base != fromArchetype || len(path.segs) == 0 {
			c.fail(h.Path.Position, fhirconnect.CodeOpenEHRPath, "split.openehr.path must begin with $archetype and name a list below it")
		}
		p.opens = &path
	}
	for _, u := range h.Unique {
		up, at, ok := c.fhir(u, sc)
		if ok && (at == nil || up.base == fromNothing) {
			c.fail(u.Position, fhirconnect.CodeFHIRPath, "split.openehr.unique names an element")
			continue
		}
		if ok {
			p.opensBy = append(p.opensBy, up)
		}
	}
}

// several is an element of split.openehr.unique in which parts of the resource
// differ, so that it speaks of several EVENTs; "" if there is none.
func (p *plan) several(n *r4.Node) string {
	root := &fplace{node: n}
	for i := range p.opensBy {
		found := follow(&p.opensBy[i], root, root)
		for _, f := range found {
			if !bytes.Equal(f.node.Append(nil), found[0].node.Append(nil)) {
				return p.opensBy[i].steps[len(p.opensBy[i].steps)-1].elem.Path
			}
		}
	}
	return ""
}

// assigns are the constants of an entry of manual for the composition, as paths
// that lead to values.
func (c *compiler) assigns(m *fhirconnect.Manual, sc scope) []backAssign {
	var out []backAssign
	for _, a := range m.OpenEHR {
		p, at, ok := c.openehr(a.Path, sc)
		if !ok || at == nil {
			continue
		}
		if p.base != fromParent || p.up > 0 {
			c.fail(a.Path.Position, fhirconnect.CodeOpenEHRPath, "an assignment is relative to the place of its method")
			continue
		}
		if !slices.ContainsFunc(at.classes, func(k *rm.Class) bool {
			return k.Primitive != rm.NotPrimitive || textOf(k) != ""
		}) {
			c.fail(a.Path.Position, fhirconnect.CodeType, "%s is not a single value; assign to its attributes", at)
			continue
		}
		out = append(out, backAssign{p, a.Value.Value})
	}
	return out
}

// textOf is the attribute that holds the text of an object that is little more
// than a text, such as a TERMINOLOGY_ID; "" for others.
func textOf(k *rm.Class) string {
	if def := k.Attribute("value"); def != nil && def.Type.Primitive != rm.NotPrimitive {
		return "value"
	}
	return ""
}

// assign puts the constants of entries of manual into the composition. It
// reports whether any entry was meant.
func (b *backward) assign(s *step, to *part, root, v *fplace) bool {
	done := false
	for _, m := range s.manual {
		if !m.meant(root, v) {
			continue
		}
		for i := range m.back {
			b.constant(to, m.back[i].path.segs, m.back[i].text)
		}
		done = true
	}
	return done
}

// meant reports whether an entry says what it puts into the composition, and the
// resource is one for it.
func (m *manualStep) meant(root, v *fplace) bool {
	return len(m.back) > 0 && hold(m.backGates, root, v) && (len(m.backGates) > 0 || len(m.assign) == 0 || assignedIn(m, v))
}

// means reports whether any entry of a method is meant.
func (b *backward) means(s *step, root, v *fplace) bool {
	return slices.ContainsFunc(s.manual, func(m *manualStep) bool { return m.meant(root, v) })
}

// explicit reports whether a method says itself what its entries put into the
// composition.
func (s *step) explicit() bool {
	return slices.ContainsFunc(s.manual, func(m *manualStep) bool { return len(m.back) > 0 })
}

// constant puts a text at the end of a path, making what is on the way. Where a
// value can be of several classes it is of the first that has the attribute.
func (b *backward) constant(at *part, segs []oseg, text string) {
	for i := range segs {
		if at.class == nil {
			return
		}
		at.stated = at.stated || at.class == rm.ClassElement
		def := at.class.Attribute(segs[i].attr)
		if def == nil {
			return
		}
		if def.Type.Primitive != rm.NotPrimitive {
			at.once(segs[i].attr, &rm.Node{Class: def.Type, Text: text})
			return
		}
		places := b.find(at, segs[i:i+1], true)
		if len(places) != 1 {
			return
		}
		next := places[0]
		if next.class == nil || next.class.Abstract {
			wanted := "value"
			if i+1 < len(segs) {
				wanted = segs[i+1].attr
			}
			next.class = at.classWith(def, wanted)
		}
		at = next
	}
	if at.class != nil && textOf(at.class) != "" {
		at.once("value", &rm.Node{Class: at.class.Attribute("value").Type, Text: text})
	}
}

// classWith is the first class that an attribute allows here which has another
// attribute.
func (p *part) classWith(def *rm.Attribute, attr string) *rm.Class {
	var names []string
	if p.class == rm.ClassElement && def.Name == "value" {
		names = p.allowed()
	} else {
		for _, c := range def.Type.Concrete() {
			names = append(names, c.Name)
		}
	}
	for _, name := range names {
		if c := rm.Lookup(name); c != nil && c.Attribute(attr) != nil {
			return c
		}
	}
	return nil
}

// completeCode completes a coded text of which only the code was assigned.
func (p *part) completeCode(b *backward) {
	list := p.fields["defining_code"]
	if p.made != nil || p.values["value"] != nil || len(list) != 1 || list[0].values["code_string"] == nil {
		return
	}
	if code := list[0]; p.up != nil && p.up.class != nil && p.up.class.Name == "ISM_TRANSITION" && code.fields["terminology_id"] != nil {
		if rubric, ok := terminology.OpenEHR.Rubric("instruction states", code.values["code_string"].Text, b.language); ok {
			p.once("value", &rm.Node{Class: rm.ClassString, Text: rubric})
		}
		return
	}
	for o := p; o != nil; o = o.up {
		if o.object == nil || o.object.Terms == nil {
			continue
		}
		if text := o.object.Terms.Text(list[0].values["code_string"].Text, b.language); text != "" {
			p.once("value", &rm.Node{Class: rm.ClassString, Text: text})
		}
		return
	}
}
