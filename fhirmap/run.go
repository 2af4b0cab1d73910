package fhirmap

import (
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

const maxSlotDepth = 32

// lose notes something that the resource in hand does without.
func (x *run) lose(kind LossKind, code string, at *ref, target, message string) {
	l := Loss{Kind: kind, Code: code, Target: target, Message: message}
	if at != nil {
		l.Path = at.path()
	}
	x.pending = append(x.pending, l)
}

// unable deals with a method that cannot be carried out: the resource is
// refused when the method is critical, otherwise the loss is noted.
func (x *run) unable(s *step, code string, at *ref, message string) *refusal {
	l := Loss{Kind: LossDropped, Code: code, Target: s.dstType.String(), Message: "method " + s.m.Name + ": " + message}
	if at != nil {
		l.Path = at.path()
	}
	if s.critical || s.needed {
		return &refusal{l}
	}
	if at != nil && at.node.Class() == rm.ClassElement {
		x.use(at.node) // the loss is reported once
	}
	x.pending = append(x.pending, l)
	return nil
}

// runPlan runs a model over an archetype root into a place.
func (x *run) runPlan(p *plan, archetype *ref, into *cursor) *refusal {
	if x.depth++; x.depth > maxSlotDepth {
		return &refusal{Loss{Code: "slot-depth", Message: "mappings call each other too deeply"}}
	}
	outerArch, outerRes, outerRound := x.archetype, x.res, x.begin(p)
	x.archetype, x.res = archetype, into
	defer func() {
		x.archetype, x.res, x.round = outerArch, outerRes, outerRound
		x.depth--
	}()
	if p.gate != nil {
		switch x.holds(p.gate, archetype) {
		case no:
			x.gated = true
			return nil
		case undecided:
			return &refusal{Loss{Code: "condition-undecidable", Message: "the preprocessor condition cannot be decided"}}
		}
	}
	return x.runSteps(p.methods, archetype, into)
}

func (x *run) runSteps(steps []*step, at *ref, into *cursor) *refusal {
	for _, s := range steps {
		if err := x.runStep(s, at, into); err != nil {
			return err
		}
	}
	return nil
}

func (x *run) runStep(s *step, parent *ref, into *cursor) *refusal {
	for _, k := range s.gates {
		switch x.holds(k, parent) {
		case no:
			return nil
		case undecided:
			return x.unable(s, "condition-undecidable", parent, "its condition cannot be decided")
		}
	}
	if !s.hasSrc {
		_, err := x.runOccurrence(s, parent, into, false)
		return err
	}
	sources := x.eval(&s.src, parent)
	defer x.drop(&sources)
	written := false
	for _, n := range sources.nodes {
		wrote, err := x.runOccurrence(s, n, into, written)
		if err != nil {
			return err
		}
		written = written || wrote
	}
	return nil
}

// runOccurrence runs a method over one of its sources; written says that
// another one has come before.
func (x *run) runOccurrence(s *step, n *ref, into *cursor, written bool) (wrote bool, _ *refusal) {
	if skip, err := x.filtered(s, n); err != nil || skip {
		return false, err
	}
	place := into.follow(&s.dst, x.res)
	if written && len(s.dst.steps) > 0 && !s.alone && place.filled() {
		x.lose(LossDropped, "overwritten", n, s.dstType.String(), "the element does not repeat; the last occurrence stands")
	}
	return true, x.occurrence(s, n, place)
}

// filtered applies the conditions on the occurrences themselves.
func (x *run) filtered(s *step, n *ref) (skip bool, err *refusal) {
	if s.join != nil && !s.join.meant(n.node) {
		return true, nil
	}
	for _, k := range s.filters {
		switch x.holds(k, n) {
		case no:
			return true, nil
		case undecided:
			return true, x.unable(s, "condition-undecidable", n, "its condition cannot be decided")
		}
	}
	return false, nil
}

func (x *run) occurrence(s *step, n *ref, place *cursor) *refusal {
	var err *refusal
	switch {
	case s.slot != nil:
		err = x.runPlan(s.slot, n, place)
	case s.refer != nil:
		err = x.refer(s, n, place)
	case s.link != nil:
		err = x.link(s, n, place)
	case s.join != nil:
		var done bool
		if done, err = x.joined(s, n, place); !done && err == nil {
			return nil // nothing to say more of
		}
	case len(s.manual) > 0:
		err = x.runManual(s, n, place)
	case s.transfer:
		err = x.transfer(s, n, place)
	}
	if err != nil {
		return err
	}
	return x.runSteps(s.children, n, place)
}

// runManual writes the constants of the entries whose conditions hold. When the
// entries divide up the values of the source and none fits, the value has no
// mapping: nothing stands in for it.
func (x *run) runManual(s *step, n *ref, place *cursor) *refusal {
	matched, conditional := false, true
	for _, m := range s.manual {
		verdict := yes
		for _, k := range m.gates {
			switch x.holds(k, n) {
			case no:
				verdict = no
			case undecided:
				if verdict == yes {
					verdict = undecided
				}
			}
		}
		conditional = conditional && len(m.gates) > 0
		switch verdict {
		case no:
			continue
		case undecided:
			if absent(n.node) {
				continue // a rule about the value, which is not there
			}
			return x.unable(s, "condition-undecidable", n, "the condition of "+m.name+" cannot be decided")
		}
		matched = true
		if len(m.assign) == 0 {
			x.lose(LossDropped, "declared", n, s.dstType.String(), "the mapping declares that "+m.name+" has no place in the target")
		}
		x.met = x.met[:0]
		for i := range m.assign {
			a := &m.assign[i]
			place.join(&a.path, x.res).put(a.value, a.typ)
		}
	}
	if matched {
		x.use(n.node)
		return nil
	}
	if conditional && s.hasSrc && len(s.src.segs) > 0 {
		x.use(n.node)
		if absent(n.node) {
			return x.unable(s, "null-flavour", n, "the source gives a null flavour instead of a value and no rule is about it")
		}
		return x.unable(s, "value-unmapped", n, "no rule fits the value of the source")
	}
	return nil
}

// transfer converts the source's value into the target's type.
func (x *run) transfer(s *step, n *ref, place *cursor) *refusal {
	node := n.node
	if node.Class() == rm.ClassElement && (s.code == nil || s.code.source != rm.ClassElement.Name) {
		if absent(node) {
			x.use(node)
			return x.absentValue(s, n, place)
		}
		x.use(node)
		node = node.Get("value")
	}
	x.use(node)
	if s.concepts != nil {
		if done, err := x.translated(s, n, node, place); done || err != nil {
			return err
		}
	}
	v := converter{run: x, at: n, target: s.dstType.String()}
	if s.code != nil {
		if reason := s.code.run(&v, node, place, s.dstType); reason != "" {
			return x.unable(s, reason, n, v.message)
		}
		return nil
	}
	val, typ, reason := v.convert(node, s.dstType.allowed())
	if reason != "" {
		return x.unable(s, reason, n, v.message)
	}
	if s.dstType.elem != nil && s.dstType.elem.Binding != nil && typ.Name == "code" && !s.dstType.elem.Binding.Has(val.Text) {
		return x.unable(s, "value-unmapped", n, "the value is not a code of the required value set")
	}
	if to := s.dst.leads; to != "" && typeReferredTo(val) != to {
		return x.unable(s, "reference", n, "the party is not known to be the "+to+" that the element is for")
	}
	if s.alone && !x.alone(place) {
		return x.unable(s, "several-values", n, "the element does not repeat, and nothing says which of several values is the one")
	}
	place.put(val, typ)
	return nil
}

// aloneElements are those by which somebody is recognised and which do not
// repeat: of several values none is taken.
var aloneElements = []string{"HumanName.family", "Organization.name", "Patient.birthDate", "Practitioner.birthDate", "PractitionerRole.organization", "PractitionerRole.practitioner"}

// spoiled is an element of an object.
type spoiled struct {
	of   *r4.Node
	elem *r4.Element
}

// alone reports whether a value is the first for a place. If it is not, those
// before it are taken away.
func (x *run) alone(place *cursor) bool {
	parent, _ := place.up.object()
	at := spoiled{parent, place.step.elem}
	if place.filled() {
		for _, ref := range at.elem.Types {
			parent.Remove(at.elem.Property(ref.Type))
		}
		x.spoiled = append(x.spoiled, at)
		return false
	}
	return !slices.Contains(x.spoiled, at)
}

// use marks a node as carried.
func (x *run) use(n reading.Node) {
	x.used[n.Key()] = true
	if x.log.Recording() {
		x.uses = append(x.uses, n.Key())
	}
}

const (
	absentURL    = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
	absentSystem = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
)

// nullFlavours are the openEHR null flavours with the reason R4 has for each
// and the text that tells apart what R4 does not.
var nullFlavours = map[string]struct{ code, text string }{
	"253": {"unknown", ""},
	"271": {"unknown", "no information"},
	"272": {"masked", ""},
	"273": {"not-applicable", ""},
}

// absentValue writes why there is no value: dataAbsentReason beside the value
// of an Observation, else the data-absent-reason extension in its place.
func (x *run) absentValue(s *step, n *ref, place *cursor) *refusal {
	mem := &x.nodes
	flavour := n.node.Get("null_flavour")
	reason, ok := nullFlavours[flavour.String("defining_code", "code_string")]
	if !ok || flavour.String("defining_code", "terminology_id", "value") != "openehr" {
		return x.unable(s, "null-flavour", n, "the source has neither a value nor a null flavour of the openEHR terminology")
	}
	e := s.dstType.elem
	if e == nil || e.Modifier {
		return x.unable(s, "null-flavour", n, "the source gives a null flavour and the target may not be left open")
	}
	if e.Path == "Observation.value[x]" || e.Path == "Observation.component.value[x]" {
		text := reading.Fixed(reason.text)
		has := reason.text != ""
		if why := n.node.Get("null_reason", "value"); reason.code != "masked" && !why.None() {
			if given, ok := why.Carry(&notEmpty); ok {
				text, has = given, true
			}
		}
		concept := mem.Object(r4.Field{Name: "coding", Value: mem.Array(mem.Object(
			r4.Field{Name: "system", Value: mem.String(absentSystem)},
			r4.Field{Name: "code", Value: mem.String(reason.code)}))}, x.textField(text, has))
		obj, typ := place.up.object()
		obj.Set(typ, "dataAbsentReason", concept)
		return nil
	}
	var typ *r4.Type
	if refs := s.dstType.allowed(); len(refs) > 0 {
		typ = refs[0].Type
	}
	ext := mem.Object(r4.Field{Name: "url", Value: mem.String(absentURL)}, r4.Field{Name: "valueCode", Value: mem.String(reason.code)})
	if reason.text != "" {
		x.lose(LossReduced, "null-flavour", n, e.Path, "R4 has no reason of its own for the null flavour no information")
	}
	if typ.Kind == r4.Primitive {
		place.putExtension(ext, typ)
		return nil
	}
	value := mem.Object(r4.Field{Name: "extension", Value: mem.Array(ext)})
	if typ.Name == "CodeableConcept" && reason.text != "" {
		value.Set(typ, "text", mem.String(reason.text))
	}
	place.put(value, typ)
	return nil
}

func (x *run) textField(s reading.Text, has bool) r4.Field {
	if !has {
		return r4.Field{}
	}
	return r4.Field{Name: "text", Value: s.String(&x.nodes, r4.FreeString)}
}

// leftovers reports the ELEMENTs of a projected entry that no method carried,
// and the parts of carried values that were left behind.
func (x *run) leftovers(e *ref, p *plan, archetype string) {
	node := e.node.Unwatched()
	for i := range node.Attrs {
		a := &node.Attrs[i]
		for j, n := range a.Items {
			if n.Class.Primitive != rm.NotPrimitive || !n.Class.IsA(rm.ClassLocatable) {
				continue
			}
			at := x.ref(x.log.Node(n), e, a.Def, j)
			if n.Class == rm.ClassElement {
				x.leftover(at, p, archetype)
			} else {
				x.leftovers(at, p, archetype)
			}
		}
	}
}

func (x *run) leftover(at *ref, p *plan, archetype string) {
	report := func(code, message string) {
		x.out.Losses = append(x.out.Losses, Loss{
			Kind: LossDropped, Code: code, Type: p.target.Name,
			Archetype: archetype, Mapping: p.file.Name.Value, Path: at.path(), Message: message,
		})
	}
	v := at.node.Get("value")
	if !x.used[at.node.Key()] && !x.used[v.Key()] {
		report("not-mapped", "no method carries the element")
		return
	}
	if v.None() || !v.Class().IsA(classOrdered) {
		return
	}
	for _, name := range [...]string{"normal_range", "other_reference_ranges", "normal_status", "accuracy"} {
		for _, part := range v.List(name) {
			if !x.carried(part) {
				report("value-part-not-mapped", "no method carries "+name+" of the value")
				break
			}
		}
	}
}

var classOrdered = rm.Lookup("DV_ORDERED")

// carried reports whether a part of a value has arrived: itself, or all objects
// directly in it, such as both bounds of an interval.
func (x *run) carried(n reading.Node) bool {
	if x.used[n.Key()] {
		return true
	}
	parts := 0
	node := n.Unwatched()
	for i := range node.Attrs {
		for _, m := range node.Attrs[i].Items {
			if m.Class.Primitive != rm.NotPrimitive {
				continue
			}
			if !x.used[x.log.Node(m).Key()] {
				return false
			}
			parts++
		}
	}
	return parts > 0
}
