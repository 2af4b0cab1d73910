package fhirmap

import (
	"fmt"
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// methods compiles a list for each of the two ways.
func (c *compiler) methods(list []*fhirconnect.Method, f *fhirconnect.File, sc scope) (forward, back []*step) {
	for _, m := range list {
		s := c.method(m, f, sc)
		if s == nil {
			continue
		}
		if m.Direction != fhirconnect.ToOpenEHR {
			forward = append(forward, s)
		}
		if m.Direction != fhirconnect.ToFHIR {
			back = append(back, s)
		}
	}
	return forward, back
}

func (c *compiler) method(m *fhirconnect.Method, f *fhirconnect.File, sc scope) *step {
	s := &step{m: m, file: f}
	sc.back = sc.back || m.Direction == fhirconnect.ToOpenEHR
	inner := sc
	ok := true
	if m.FHIR.Value != "" {
		var good bool
		s.dst, s.dstType, good = c.fhir(m.FHIR, sc)
		ok = ok && good
	}
	if s.dstType == nil {
		s.dstType = sc.fhir
	}
	ok = ok && c.static(s)
	inner.fhir = s.dstType
	if m.OpenEHR.Value != "" {
		var at *otype
		var good bool
		s.src, at, good = c.openehr(m.OpenEHR, sc)
		ok = ok && good
		if at != nil {
			inner.openehr = at
		}
		s.hasSrc = s.src.base != fromNothing
	}
	if !ok {
		return nil // what follows depends on the paths
	}
	for _, cond := range m.Conditions {
		k := c.condition(cond, sc)
		if k == nil {
			continue
		}
		if s.hasSrc && k.root.equal(s.src) {
			k.root = opath{} // relative to each occurrence
			s.filters = append(s.filters, k)
		} else {
			s.gates = append(s.gates, k)
		}
	}
	c.reverses(s, sc)
	s.weigh(&s.dst)
	for _, man := range m.Manual {
		ms := c.manual(man, inner)
		s.manual = append(s.manual, ms)
		for i := range ms.assign {
			s.weigh(&ms.assign[i].path)
		}
	}
	if m.Slot.Value != "" {
		s.slot, s.link = c.slot(m, inner)
		s.critical = s.critical || len(s.dst.steps) == 0
	}
	if m.Reference != nil {
		c.refer(s, f, inner)
	}
	if m.Link != nil {
		c.join(s, inner)
	}
	inner.referred = nil
	s.children, s.back = c.methods(m.Children, f, inner)
	for _, child := range s.children {
		s.critical = s.critical || child.critical
		s.needed = s.needed || (child.needed && len(s.dst.steps) == 0)
	}
	s.transfer = s.hasSrc && m.FHIR.Value != "" && !m.Iterate && len(m.Manual) == 0 && s.slot == nil && m.Slot.Value == "" && m.Reference == nil && m.Link == nil
	switch {
	case m.Code.Value != "":
		s.transfer = false
		if m.OpenEHR.Value != "" && m.FHIR.Value != "" {
			c.function(s, inner.openehr)
		}
	case s.transfer:
		if err := checkTransfer(inner.openehr, s.dstType); err != nil {
			if len(m.Children) == 0 && !m.Unsupported {
				c.fail(m.FHIR.Position, fhirconnect.CodeType, "%v", err)
			}
			s.transfer = false // nothing to carry over at this level, only to iterate
		}
	}
	c.conceptMap(s)
	s.alone = s.dstType.elem != nil && slices.Contains(aloneElements, s.dstType.elem.Path)
	return s
}

// statics are the types of R4 that the types of FHIR Connect before 1.0 stand for.
var statics = map[string][]string{
	"QUANTITY":        {"Quantity", "SimpleQuantity", "Age", "Count", "Distance", "Duration", "decimal", "integer", "positiveInt", "unsignedInt"},
	"DATETIME":        {"dateTime", "date", "instant"},
	"CODEABLECONCEPT": {"CodeableConcept"},
	"CODING":          {"Coding"},
	"STRING":          {"string", "markdown", "code", "id", "uri", "url", "canonical", "oid", "uuid"},
	"ID":              {"id", "string"},
	"IDENTIFIER":      {"Identifier"},
	"PROPORTION":      {"Ratio", "Quantity", "SimpleQuantity"},
}

// static checks a type of FHIR Connect before 1.0 against the derived one. Of a
// choice it names the member, if it can be only one.
func (c *compiler) static(s *step) bool {
	t := s.m.Static
	if t.Value == "" {
		return true
	}
	var fit []r4.TypeRef
	for _, ref := range s.dstType.allowed() {
		if slices.Contains(statics[t.Value], ref.Type.Name) {
			fit = append(fit, ref)
		}
	}
	n := len(s.dst.steps)
	switch {
	case len(fit) == 0:
		c.fail(t.Position, fhirconnect.CodeType, "%s is not %s", s.dstType, t.Value)
		return false
	case s.dstType.typ.Type != nil:
		return true
	case len(fit) > 1 || n == 0:
		c.fail(t.Position, fhirconnect.CodeType, "%s takes several types that %s stands for; name one with ofType()", s.dstType, t.Value)
		return false
	}
	s.dst.steps[n-1].typ = fit[0]
	s.dstType = &ftype{typ: fit[0], elem: s.dstType.elem, parent: s.dstType.parent}
	return true
}

// refer compiles the key reference: the methods that fill the other resource
// see the same source.
func (c *compiler) refer(s *step, f *fhirconnect.File, sc scope) {
	r := s.m.Reference
	target := r4.Lookup(r.ResourceType.Value)
	if target == nil || target.Kind != r4.Resource {
		c.fail(r.ResourceType.Position, fhirconnect.CodeFHIRPath, "%q is not a resource type", r.ResourceType.Value)
		return
	}
	t := s.atReference()
	if t.Type == nil || t.Type.Name != "Reference" || !slices.Contains(t.Targets, target.Name) && !slices.Contains(t.Targets, "Resource") && len(t.Targets) > 0 {
		c.fail(s.m.FHIR.Position, fhirconnect.CodeType, "%s cannot refer to %s", s.dstType, target.Name)
		return
	}
	name := f.Name.Value + "/" + s.m.Name
	if other := c.refers[name]; other != nil && other != s.m {
		c.fail(s.m.Position, fhirconnect.CodeDuplicate, "another method with reference is named %q in this model; their resources would have the same ids", s.m.Name)
		return
	}
	if c.refers == nil {
		c.refers = map[string]*fhirconnect.Method{}
	}
	c.refers[name] = s.m
	sc.fhir, sc.referred = &ftype{typ: r4.TypeRef{Type: target}, parent: s.dstType}, target
	s.refer = &referStep{target: target}
	s.refer.methods, s.refer.back = c.methods(r.Methods, f, sc)
	at := &ftype{typ: r4.TypeRef{Type: t.Type, Targets: []string{target.Name}}, elem: s.dstType.elem, parent: s.dstType.parent}
	s.refer.methods, s.refer.joins = wholes(s.refer.methods, at)
	s.refer.back, s.refer.joinsBack = wholes(s.refer.back, at)
}

// wholes takes from the methods of a reference those that say by a LINK which
// resource it leads to. They work on the Reference.
func wholes(list []*step, at *ftype) (others, joins []*step) {
	for _, m := range list {
		if m.join == nil || !m.join.whole {
			others = append(others, m)
			continue
		}
		m.dstType = at
		joins = append(joins, m)
	}
	return others, joins
}

// atReference lets the FHIR path of a method end at a Reference, not at its
// literal text, and gives its type; the zero TypeRef if there is no Reference.
func (s *step) atReference() r4.TypeRef {
	if n := len(s.dst.steps); n > 0 && s.dst.steps[n-1].elem.Path == "Reference.reference" {
		s.dst.steps = s.dst.steps[:n-1]
		s.dstType = s.dstType.parent
	}
	t := s.dstType.typ
	if n := len(s.dst.steps); t.Type == nil && n > 0 { // a choice of which a Reference is one
		for _, ref := range s.dstType.allowed() {
			if ref.Type.Name == "Reference" {
				t, s.dst.steps[n-1].typ = ref, ref
				s.dstType = &ftype{typ: ref, elem: s.dstType.elem, parent: s.dstType.parent}
				break
			}
		}
	}
	if t.Type == nil || t.Type.Name != "Reference" {
		return r4.TypeRef{}
	}
	return t
}

// weigh notes what a path of the method leads to.
func (s *step) weigh(p *fpath) {
	for i := range p.steps {
		e := p.steps[i].elem
		if e == nil {
			continue
		}
		s.critical = s.critical || e.Modifier || e.Name == "subject" || e.Name == "patient"
		s.needed = s.needed || (e.Min > 0 && i == 0)
	}
}

func (c *compiler) manual(m *fhirconnect.Manual, sc scope) *manualStep {
	ms := &manualStep{name: m.Name, pos: m.Position}
	for _, cond := range m.Conditions {
		if k := c.condition(cond, sc); k != nil {
			ms.gates = append(ms.gates, k)
		}
	}
	for _, cond := range m.ReverseConditions {
		if k := c.reverse(cond, sc); k != nil {
			ms.backGates = append(ms.backGates, k)
		}
	}
	for _, a := range m.FHIR {
		p, at, ok := c.fhir(a.Path, sc)
		if !ok || at == nil || c.leads(a.Path, &p) {
			continue
		}
		v, err := constant(at, a.Value.Value)
		if err != nil {
			c.fail(a.Value.Position, fhirconnect.CodeValue, "%v", err)
			continue
		}
		ms.assign = append(ms.assign, assignStep{p, v, at.typ.Type})
	}
	ms.back = c.assigns(m, sc)
	return ms
}

// slot compiles the key slotArchetype: the model fills the place or, at a
// Reference to its type, is referred to.
func (c *compiler) slot(m *fhirconnect.Method, sc scope) (fill, link *plan) {
	f := c.view.model(m.Slot.Value)
	if f == nil {
		if c.lib.models[m.Slot.Value] != nil {
			c.fail(m.Slot.Position, fhirconnect.CodeDangling, "the context does not list the model %q", m.Slot.Value)
		} else {
			c.fail(m.Slot.Position, fhirconnect.CodeDangling, "no model is named %q", m.Slot.Value)
		}
		return nil, nil
	}
	if f.Hierarchy != nil {
		c.fail(m.Slot.Position, fhirconnect.CodeUnsupported, "not supported: slotArchetype to %q, which splits into resources", m.Slot.Value)
		return nil, nil
	}
	class := archetypeClass(f.Archetype.Value)
	if class == nil {
		return nil, nil // reported where the file was read
	}
	if !slices.ContainsFunc(sc.openehr.classes, func(k *rm.Class) bool { return k.IsA(class) }) {
		c.fail(m.Slot.Position, fhirconnect.CodeType, "%s cannot hold %s", sc.openehr, f.Archetype.Value)
		return nil, nil
	}
	if sc.fhir.typ.Type == nil {
		c.fail(m.FHIR.Position, fhirconnect.CodeFHIRPath, "%s takes several types; name one with ofType()", sc.fhir)
		return nil, nil
	}
	own := r4.Lookup(r4.ProfileType(f.StructureDefinition.Value))
	if sc.fhir.typ.Type.Name == "Reference" && own != nil && own.Kind == r4.Resource {
		if t := sc.fhir.typ.Targets; len(t) > 0 && !slices.Contains(t, own.Name) && !slices.Contains(t, "Resource") {
			c.fail(m.Slot.Position, fhirconnect.CodeType, "%s cannot refer to the %s of the model %q", sc.fhir, own.Name, m.Slot.Value)
			return nil, nil
		}
		if !standsAlone(class) {
			c.fail(m.Slot.Position, fhirconnect.CodeUnsupported, "not supported: slotArchetype at a Reference to %q, which makes no resource by itself", m.Slot.Value)
			return nil, nil
		}
		return nil, c.model(f, &ftype{typ: r4.TypeRef{Type: own}}, class)
	}
	if own == nil || own.Name == "BackboneElement" || own.Name == "Element" || own == sc.fhir.typ.Type {
		return c.model(f, sc.fhir, class), nil
	}
	// The model is compiled for its own type as well; what is wrong only here
	// is wrong with the call.
	known := c.problems
	c.problems = nil
	p := c.model(f, sc.fhir, class)
	fresh := c.problems
	c.problems = known
	for _, problem := range fresh {
		if problem.Code == fhirconnect.CodeFHIRPath || problem.Code == fhirconnect.CodeType || problem.Code == fhirconnect.CodeValue {
			c.fail(m.Slot.Position, fhirconnect.CodeType, "the model %q does not fit %s (%s)", m.Slot.Value, sc.fhir, problem.Error())
			return p, nil
		}
	}
	return p, nil
}

// condition compiles an openehrCondition.
func (c *compiler) condition(cond *fhirconnect.Condition, sc scope) *condition {
	k := &condition{pos: cond.Position, op: cond.Operator}
	root, at, ok := c.openehr(cond.Root, sc)
	if !ok {
		return nil
	}
	if at == nil {
		c.fail(cond.Root.Position, fhirconnect.CodeOpenEHRPath, "a condition cannot look at $reference")
		return nil
	}
	k.root = root
	inner := sc
	inner.openehr = at
	ends := []*otype{at}
	if len(cond.Attributes) > 0 {
		ends = ends[:0]
	}
	for _, a := range cond.Attributes {
		p, end, ok := c.openehr(a, inner)
		if !ok {
			return nil
		}
		if p.base != fromParent {
			c.fail(a.Position, fhirconnect.CodeOpenEHRPath, "a targetAttribute is relative to its targetRoot")
			return nil
		}
		k.attrs = append(k.attrs, p)
		ends = append(ends, end)
	}
	switch cond.Operator {
	case fhirconnect.OneOf, fhirconnect.NotOf:
		for i, end := range ends {
			if !slices.ContainsFunc(end.classes, func(c *rm.Class) bool { return c.Primitive != rm.NotPrimitive }) {
				pos := cond.Root.Position
				if i < len(cond.Attributes) {
					pos = cond.Attributes[i].Position
				}
				c.fail(pos, fhirconnect.CodeType, "the condition compares %s, which is not a single value; name its attribute", end)
				return nil
			}
		}
	case fhirconnect.IsType:
		for _, crit := range cond.Criteria {
			if rm.Lookup(crit.Value) == nil {
				c.fail(crit.Position, fhirconnect.CodeType, "%q is not a class of the Reference Model", crit.Value)
			}
		}
	}
	k.criteria = make(map[string]bool, len(cond.Criteria))
	for _, crit := range cond.Criteria {
		k.criteria[crit.Value] = true
	}
	return k
}

// checkTransfer reports whether any value of the source can become a value of
// the target.
func checkTransfer(src *otype, dst *ftype) error {
	for _, ref := range dst.allowed() {
		if ref.Type.Kind == r4.Backbone || ref.Type.Kind == r4.Resource {
			continue
		}
		for _, class := range src.classes {
			if class.Name == "ELEMENT" {
				return nil // its value can be any data value
			}
			if convertible(class.Name, ref.Type) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s cannot become %s", src, dst)
}
