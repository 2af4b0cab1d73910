package fhirmap

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// plan is a model file compiled for one FHIR type it is to fill.
type plan struct {
	file   *fhirconnect.File
	target *r4.Type
	gate   *condition
	split  *opath
	// unique are the paths from an occurrence of split in which those of one
	// resource agree.
	unique  []opath
	methods []*step
	// back are the methods of the way back, with those that run only there, and
	// backGate the fhirCondition of the file.
	back     []*step
	backGate *fcondition
	// opens is where the way back puts the EVENT of a resource, opensBy the
	// elements in which all that the resource says of it must agree.
	opens    *opath
	opensBy  []fpath
	prefixes int // that the paths of methods share
	made     patterns

	// others are the types that methods with reference make, once asked for.
	others     []string
	othersOnce sync.Once
}

// referred are the types of the resources that methods with reference make,
// also in models that are called.
func (p *plan) referred() []string {
	p.othersOnce.Do(func() {
		seen := map[*plan]bool{}
		var visit func(steps []*step)
		visit = func(steps []*step) {
			for _, s := range steps {
				if s.refer != nil {
					p.others = append(p.others, s.refer.target.Name)
					visit(s.refer.methods)
				}
				if s.slot != nil && !seen[s.slot] {
					seen[s.slot] = true
					visit(s.slot.methods)
				}
				visit(s.children)
			}
		}
		visit(p.methods)
		slices.Sort(p.others)
		p.others = slices.Compact(p.others)
	})
	return p.others
}

// step is a compiled mapping method.
type step struct {
	m       *fhirconnect.Method
	file    *fhirconnect.File
	src     opath
	hasSrc  bool
	dst     fpath
	dstType *ftype
	// gates decide whether the method runs at all, filters which occurrences.
	gates, filters []*condition
	manual         []*manualStep
	slot           *plan
	refer          *referStep
	// link refers to the resource that the model makes of the source, join to what
	// the target of a LINK is shown as.
	link *plan
	join *joinStep
	// concepts translates codes; strict methods carry nothing else.
	concepts *conceptmap.Map
	strict   bool
	// code is the function that converts the value.
	code     *function
	children []*step
	// back, backGates and backFilters are what children, gates and filters are
	// on the way back.
	back                   []*step
	backGates, backFilters []*fcondition
	transfer               bool
	// alone is set if of several values none is taken.
	alone bool
	// critical methods can write an element that alters the meaning of the
	// resource or says whom it is about, needed ones a mandatory element of the
	// object they write to; when either cannot be carried out the resource is
	// refused.
	critical, needed bool
}

// referStep makes another resource.
type referStep struct {
	target        *r4.Type
	methods, back []*step
	made          patterns
}

type manualStep struct {
	name   string
	pos    fhirconnect.Position
	gates  []*condition
	assign []assignStep
	// backGates and back are those of the way back.
	backGates []*fcondition
	back      []backAssign
}

type assignStep struct {
	path  fpath
	value *r4.Node
	typ   *r4.Type
}

// condition is a compiled openehrCondition.
type condition struct {
	pos      fhirconnect.Position
	root     opath
	attrs    []opath
	op       fhirconnect.Operator
	criteria map[string]bool
}

// scope is where a method's paths begin.
type scope struct {
	resource, fhir     *ftype
	archetype, openehr *otype
}

type compiler struct {
	lib      *Library
	view     *view
	problems fhirconnect.Problems
	plans    map[planKey]*plan
	// refers are the methods with reference met so far, by the name that
	// becomes part of the ids of their resources.
	refers map[string]*fhirconnect.Method
}

type planKey struct {
	model  string
	target *r4.Type
}

func (c *compiler) fail(pos fhirconnect.Position, code, format string, args ...any) {
	p := fhirconnect.Problem{Position: pos, Code: code, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

// model compiles a model for a FHIR type. Plans are shared, so that models may
// call each other in a circle.
func (c *compiler) model(f *fhirconnect.File, target *ftype, class *rm.Class) *plan {
	key := planKey{f.Name.Value, target.typ.Type}
	if p := c.plans[key]; p != nil {
		return p
	}
	p := &plan{file: f, target: target.typ.Type}
	c.plans[key] = p
	root := typeOf(class)
	sc := scope{resource: target, fhir: target, archetype: root, openehr: root}
	if f.Condition != nil {
		p.gate = c.condition(f.Condition, sc)
	}
	if f.ReverseCondition != nil {
		p.backGate = c.reverse(f.ReverseCondition, sc)
	}
	if h := f.Hierarchy; h != nil {
		c.hierarchy(p, h, sc)
	}
	p.methods, p.back = c.methods(c.view.methods(f), f, sc)
	p.link()
	return p
}

// hierarchy compiles what a model splits by.
func (c *compiler) hierarchy(p *plan, h *fhirconnect.Hierarchy, sc scope) {
	if h.Back != nil {
		c.opens(p, h.Back, sc)
	}
	if h.OpenEHR.Value == "" || h.FHIR.Value == "" {
		return // reported where the file was read
	}
	path, at, ok := c.openehr(h.OpenEHR, sc)
	if !ok {
		return
	}
	if path.base != fromArchetype || len(path.segs) == 0 {
		c.fail(h.OpenEHR.Position, fhirconnect.CodeOpenEHRPath, "hierarchy.with.openehr must begin with $archetype and name a list below it")
		return
	}
	fp, _, ok := c.fhir(h.FHIR, sc)
	if ok && (fp.base != fromResource || len(fp.steps) > 0) {
		c.fail(h.FHIR.Position, fhirconnect.CodeUnsupported, "not supported: hierarchy.with.fhir other than $resource")
	}
	inner := sc
	inner.openehr = at
	for _, u := range h.Unique {
		up, _, ok := c.openehr(u, inner)
		if ok && (up.base != fromParent || up.up > 0) {
			c.fail(u.Position, fhirconnect.CodeOpenEHRPath, "split.fhir.unique is relative to what hierarchy.with.openehr lists")
			continue
		}
		if ok {
			p.unique = append(p.unique, up)
		}
	}
	p.split = &path
}

// openehr compiles a path of the openEHR side in a scope.
func (c *compiler) openehr(t fhirconnect.Text, sc scope) (opath, *otype, bool) {
	if t.Value == "" {
		return opath{}, nil, false // reported where the file was read
	}
	p, err := parseOpenEHR(t.Value)
	if err == nil {
		var at *otype
		switch p.base {
		case fromArchetype:
			at = sc.archetype
		case fromComposition:
			at = typeOf(rm.Lookup("COMPOSITION"))
		case fromVersion:
			at = typeOf(rm.Lookup("ORIGINAL_VERSION"))
		case fromSelf:
			at = typeOf(rm.Lookup("PARTY_SELF"))
		case fromWorkflow:
			if !sc.archetype.has("INSTRUCTION") {
				c.fail(t.Position, fhirconnect.CodeOpenEHRPath, "openEHR path %q: only an INSTRUCTION has a workflow", clip(t.Value))
				return p, nil, false
			}
			if p.up > 0 || len(p.segs) == 0 || !slices.Contains(workflowAttributes, p.segs[0].attr) {
				c.fail(t.Position, fhirconnect.CodeOpenEHRPath, "openEHR path %q: of an ACTION in another composition, $workflow has %s only", clip(t.Value), strings.Join(workflowAttributes, " and "))
				return p, nil, false
			}
			at = typeOf(rm.Lookup("ACTION"))
		case fromPerson:
			at = typeOf(rm.Lookup("PERSON"))
		case fromRoles:
			at = typeOf(rm.Lookup("ROLE"))
		case fromNothing:
			return p, nil, true
		default:
			at = sc.openehr
		}
		if at, err = p.resolve(at); err == nil {
			return p, at, true
		}
	}
	c.fail(t.Position, errorCode(err, fhirconnect.CodeOpenEHRPath), "openEHR path %q: %v", clip(t.Value), err)
	return p, nil, false
}

// errorCode tells a feature this engine lacks from a wrong path.
func errorCode(err error, code string) string {
	if strings.HasPrefix(err.Error(), "not supported") {
		return fhirconnect.CodeUnsupported
	}
	return code
}

func (c *compiler) fhir(t fhirconnect.Text, sc scope) (fpath, *ftype, bool) {
	if t.Value == "" {
		return fpath{}, nil, false // reported where the file was read
	}
	p, err := parseFHIR(t.Value)
	if err == nil {
		var at *ftype
		switch p.base {
		case fromResource:
			at = sc.resource
		case fromNothing:
			return p, nil, true
		default:
			at = sc.fhir
		}
		if at, err = p.resolve(at); err == nil {
			return p, at, true
		}
	}
	c.fail(t.Position, errorCode(err, fhirconnect.CodeFHIRPath), "FHIR path %q: %v", clip(t.Value), err)
	return p, nil, false
}

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
	sc.fhir = &ftype{typ: r4.TypeRef{Type: target}, parent: s.dstType}
	s.refer = &referStep{target: target}
	s.refer.methods, s.refer.back = c.methods(r.Methods, f, sc)
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
		if !ok || at == nil {
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

func archetypeClass(id string) *rm.Class {
	a, err := rm.ParseArchetypeID(id)
	if err != nil {
		return nil
	}
	return rm.Lookup(a.Class)
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
