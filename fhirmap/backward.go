package fhirmap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// backward runs the inverse of a plan. It carries over what it can tell for
// certain and leaves the rest: the proof afterwards finds whatever is missing.
type backward struct {
	in       ComposeInput
	resource *r4.Node
	language string

	root, archetype *part
	// event is the occurrence that the resource stands for, if the plan splits.
	event *part
	// takers are the methods that have taken each value: two would be a guess.
	takers map[*r4.Node]*step
	// stated are the paths of the ELEMENTs that hold constants of the mapping.
	stated map[string]bool
	// sources are the elements that ELEMENTs of the composition were made of, by
	// their paths.
	sources map[string]*r4.Node
	// left are elements of which a method could make nothing.
	left []leftover
	// claimed are members of lists that are constants of the mapping.
	claimed map[*r4.Node]bool
	// took are the methods that have taken something, by the object they work on.
	took  map[*part][]*step
	depth int
	// flow is the ACTION that says how far the order has come, if any does; bound
	// whether it is there, so that the composition names its own object.
	flow  *part
	bound bool
}

// place is where a method's FHIR path has led: nodes with their parents.
type fplace struct {
	node *r4.Node
	up   *fplace
	typ  *r4.Type // nil at the root
}

// compose fills the entry of the template.
func (b *backward) compose(p *plan, entry *templates.Object) (*rm.Node, *Difference) {
	b.language = b.in.Language
	if b.language == "" {
		b.language = b.in.Template.Language
	}
	b.root = b.newPart(b.in.Template.Root.Class, b.in.Template.Root, nil)
	chain := []*templates.Object{}
	for o := entry; o.Parent != nil; o = o.Parent.Owner {
		chain = append(chain, o)
	}
	at := b.root
	for _, o := range slices.Backward(chain) {
		next := b.newPart(o.Class, o, at)
		at.add(o.Parent.Name, next)
		at = next
	}
	b.archetype = at
	split := p.split
	if p.opens != nil {
		split = p.opens
	}
	if split != nil {
		places := b.find(at, split.segs, true)
		if len(places) != 1 {
			return nil, &Difference{p.target.Name, "the occurrence that the resource stands for is not in the template"}
		}
		b.event = places[0]
	}
	if fault := b.plan(p, at, &fplace{node: b.resource}); fault != nil {
		return nil, fault
	}
	b.follows()
	b.surround()
	return b.root.finish(b, "")
}

func (b *backward) plan(p *plan, archetype *part, at *fplace) *Difference {
	if b.depth++; b.depth > maxSlotDepth {
		return &Difference{p.target.Name, "mappings call each other too deeply"}
	}
	if p.backGate != nil && !p.backGate.holds(at, at) {
		if at.up != nil {
			return nil // a model that is called and does not apply
		}
		return &Difference{p.target.Name, "the fhirCondition of " + p.file.Name.Value + " excludes the resource"}
	}
	outer := b.archetype
	b.archetype = archetype
	defer func() { b.archetype, b.depth = outer, b.depth-1 }()
	return b.steps(p.back, archetype, at, at)
}

func (b *backward) steps(list []*step, at *part, root, from *fplace) *Difference {
	for _, s := range list {
		b.claim(s, root, from)
	}
	for _, s := range list {
		if fault := b.step(s, at, root, from); fault != nil {
			return fault
		}
	}
	return nil
}

// claim notes the members of a list that hold the constants of a method without
// a source: they are no value for another method.
func (b *backward) claim(s *step, root, from *fplace) {
	n := len(s.dst.steps)
	if s.hasSrc || n == 0 || !s.dst.steps[n-1].elem.List() || len(s.gates) > 0 {
		return
	}
	for _, v := range follow(&s.dst, root, from) {
		if slices.ContainsFunc(s.manual, func(m *manualStep) bool { return len(m.gates) == 0 && assignedIn(m, v) }) {
			b.claimed[v.node] = true
		}
	}
}

// idle reports whether a method runs only where the source of another is empty
// that has taken something.
func (b *backward) idle(s *step) bool {
	return slices.ContainsFunc(b.took[b.archetype], s.standsInFor)
}

// step runs one method over each of the FHIR values that its path leads to.
func (b *backward) step(s *step, at *part, root, from *fplace) *Difference {
	if !hold(s.backGates, root, from) || b.idle(s) {
		return nil
	}
	start := at
	if s.hasSrc {
		switch s.src.base {
		case fromArchetype:
			start = b.archetype
		case fromComposition:
			start = b.root
		case fromVersion, fromSelf:
			return nil // facts about the version, which the commit makes, and the record
		case fromWorkflow:
			if s.explicit() || s.m.Direction == fhirconnect.ToOpenEHR {
				start = b.action()
			} else {
				start = nil
			}
			if start == nil {
				return nil
			}
		}
		for range s.src.up {
			if start = start.up; start == nil {
				return nil
			}
		}
	}
	if c := s.referring(); c != nil {
		return b.linked(s, c, start, root, from)
	}
	values := follow(&s.dst, root, from)
	if len(values) == 0 && len(s.backGates) > 0 && s.explicit() {
		values = append(values, from) // that nothing is there has a meaning of its own
	}
	fresh, explicit := false, s.explicit()
	for _, v := range values {
		if !fits(s, v) || !hold(s.backFilters, root, v) || !b.leadsTo(s.dst.leads, v.node) {
			continue
		}
		if s.transfer && b.claimed[v.node] {
			continue
		}
		if s.m.Function != "" && b.takers[v.node] != nil {
			continue // somebody of whom the entry says it otherwise
		}
		// With children or constants only, the place is made when something in
		// it is; a value taken makes it at once.
		to := start
		if n := len(s.src.segs); s.hasSrc && s.transfer && n >= 2 && s.src.segs[n-1].attr == "value" && s.src.segs[n-2].attr == "name" {
			b.rename(start, s.src.segs[:n-2], v.node)
			continue
		}
		if s.hasSrc && len(s.src.segs) > 0 {
			if len(s.manual) > 0 && !(explicit && b.means(s, root, v)) && !slices.ContainsFunc(s.manual, func(m *manualStep) bool { return assignedIn(m, v) }) {
				continue
			}
			if s.join != nil && !b.joins(v) {
				continue // what is referred to is not known
			}
			target := b.open(start, s.src.segs, fresh || s.join != nil)
			if target == nil {
				continue // not in the template, or below a data value
			}
			to, fresh = target, true
		}
		switch {
		case s.slot != nil:
			if fault := b.plan(s.slot, to, v); fault != nil {
				return fault
			}
		case s.refer != nil:
			if fault := b.refer(s, to, root, v); fault != nil {
				return fault
			}
			continue
		case s.link != nil:
			continue // the resource of another entry is not here
		case s.join != nil:
			if fault := b.join(s, to, v); fault != nil {
				return fault
			}
		case explicit && b.assign(s, to, root, v):
		case len(s.manual) > 0:
			b.manual(s, to, root, v)
		case s.transfer:
			// A method that is only for the way back says that it takes the value too.
			// One that takes members of an object leaves the others.
			shared := s.code != nil && s.code.fields
			if other := b.takers[v.node]; other != nil && other != s && s.m.Direction != fhirconnect.ToOpenEHR && !shared {
				return &Difference{s.dstType.String(), fmt.Sprintf("the methods %s and %s both take the element; which is meant cannot be told", other.m.Name, s.m.Name)}
			}
			from := v
			if s.concepts != nil {
				var done bool
				if from, done = b.untranslated(s, to, v); done {
					b.takers[v.node] = s
					continue
				}
				if from == nil {
					continue
				}
			}
			if !b.restore(s, to, from) {
				if !shared {
					b.leave(s, v)
				}
			} else {
				if to.class == rm.ClassElement {
					to.from = v.node
				}
				if s.m.Direction != fhirconnect.ToOpenEHR && !shared {
					b.takers[v.node] = s
				}
				b.took[b.archetype] = append(b.took[b.archetype], s)
			}
		}
		if fault := b.steps(s.back, to, root, v); fault != nil {
			return fault
		}
		if s.m.Function != "" && !to.empty() {
			to.once("function", rm.Text(s.m.Function))
		}
	}
	if len(values) == 0 && s.transfer {
		b.absent(s, start, root, from)
	}
	return nil
}

// leave notes an element of which nothing certain could be made.
func (b *backward) leave(s *step, v *fplace) {
	if n := len(s.dst.steps); n > 0 && s.m.Direction != fhirconnect.ToOpenEHR {
		path := b.pathTo(v.node)
		if path == "" {
			path = s.dst.steps[n-1].elem.Path
		}
		b.left = append(b.left, leftover{v.node, path})
	}
}

// pathTo is the path of a node in the resource, with indexes; "" if it is of
// another one.
func (b *backward) pathTo(target *r4.Node) string {
	var visit func(n *r4.Node, path string) string
	visit = func(n *r4.Node, path string) string {
		if n == target {
			return path
		}
		for i := range n.Fields {
			if found := visit(n.Fields[i].Value, path+"."+n.Fields[i].Name); found != "" {
				return found
			}
		}
		for i, item := range n.Items {
			if found := visit(item, fmt.Sprintf("%s[%d]", path, i)); found != "" {
				return found
			}
		}
		return ""
	}
	return visit(b.resource, b.resource.Str("resourceType"))
}

// toldBy is the element of the resource of which the ELEMENT at a path of the
// composition, or around it, was made; "" if there is none.
func (b *backward) toldBy(path string) string {
	for ; path != ""; path = path[:max(0, strings.LastIndexByte(path, '/'))] {
		if n := b.sources[path]; n != nil {
			return b.pathTo(n)
		}
	}
	return ""
}

// leftover is an element that a method did not take, and its path.
type leftover struct {
	node *r4.Node
	path string
}

// standsInFor reports whether a method runs only where the source of another is
// empty, so that on the way back the other one is meant.
func (s *step) standsInFor(other *step) bool {
	return other.hasSrc && slices.ContainsFunc(s.gates, func(k *condition) bool { return k.op == fhirconnect.Empty && k.root.equal(other.src) })
}

// rename gives the object at a path a name that came from the resource.
func (b *backward) rename(at *part, segs []oseg, v *r4.Node) {
	if places := b.find(at, segs, false); len(places) == 1 && v.Kind == r4.String {
		places[0].once("name", rm.Text(v.Text))
	}
}

// follow finds the values at a FHIR path.
func follow(p *fpath, root, from *fplace) []*fplace {
	if p.base == fromResource {
		from = root
	}
	for range p.up {
		if from.up != nil {
			from = from.up
		}
	}
	places := []*fplace{from}
	for i := range p.steps {
		var next []*fplace
		for _, at := range places {
			s := &p.steps[i]
			types := []r4.TypeRef{s.typ}
			if s.typ.Type == nil {
				types = s.elem.Types
			}
			seen := ""
			for _, ref := range types {
				name := s.elem.Property(ref.Type)
				if name == seen {
					continue
				}
				seen = name
				for k, n := range at.node.List(name) {
					if n.Kind != r4.Null && (s.index < 0 || s.index == k) && s.pinned(n) {
						next = append(next, &fplace{n, at, ref.Type})
					}
				}
			}
		}
		places = next
	}
	return places
}

// referring is the only method below one that iterates which makes other
// resources: the source has as many occurrences as there are references.
func (s *step) referring() *step {
	if len(s.dst.steps) > 0 || !s.m.Iterate || len(s.back) != 1 || s.back[0].refer == nil {
		return nil
	}
	return s.back[0]
}

// linked takes back an occurrence for each of the resources referred to.
func (b *backward) linked(s, c *step, start *part, root, from *fplace) *Difference {
	fresh := false
	for _, v := range follow(&c.dst, root, from) {
		if b.in.Linked[v.node.Str("reference")] == nil {
			continue // the resource is not here
		}
		to := b.open(start, s.src.segs, fresh)
		if to == nil {
			return nil
		}
		fresh = true
		if fault := b.refer(c, to, root, v); fault != nil {
			return fault
		}
	}
	return nil
}

// refer takes back another resource that came with this one.
func (b *backward) refer(s *step, to *part, root, v *fplace) *Difference {
	other := b.in.Linked[v.node.Str("reference")]
	if other == nil && b.leadsTo(s.refer.target.Name, v.node) {
		return b.steps(s.refer.joinsBack, to, root, v)
	}
	if other == nil || other.Str("resourceType") != s.refer.target.Name {
		return nil
	}
	return b.steps(s.refer.back, to, root, &fplace{node: other, up: v, typ: s.refer.target})
}

// leadsTo reports whether a Reference is known to lead to a resource of a type;
// "" is any.
func (b *backward) leadsTo(typ string, n *r4.Node) bool {
	if typ == "" {
		return true
	}
	text := n.Str("reference")
	if other := b.in.Linked[text]; other != nil {
		return other.Str("resourceType") == typ
	}
	if j, ok := b.in.Joins[text]; ok {
		return j.Type == typ
	}
	if p, ok := b.in.Parties[text]; ok {
		return p.Type == typ
	}
	return typeReferredTo(n) == typ
}

// typeReferredTo is the type of the resource that a Reference says it leads to; ""
// if it does not say so, or contradicts itself.
func typeReferredTo(n *r4.Node) string {
	typ, _, ok := strings.Cut(n.Str("reference"), "/")
	said := n.Str("type")
	if !ok || !resourceAt(typ) {
		return said
	}
	if said != "" && said != typ {
		return ""
	}
	return typ
}

// fits reports whether a value has the constants that the method's children put
// beside what they carry: by them the members of a list are told apart.
func fits(s *step, v *fplace) bool {
	for _, c := range s.children {
		if len(c.gates)+len(c.filters) > 0 || c.hasSrc || c.dst.base != fromParent || c.dst.up > 0 {
			continue
		}
		for _, m := range c.manual {
			if len(m.gates) > 0 {
				continue
			}
			places := follow(&c.dst, v, v)
			if len(places) == 0 && len(m.assign) > 0 {
				return false
			}
			for _, at := range places {
				if !assignedIn(m, at) {
					return false
				}
			}
		}
	}
	return true
}

// assignedIn reports whether all constants of an entry stand at a place.
func assignedIn(m *manualStep, at *fplace) bool {
	for i := range m.assign {
		a := &m.assign[i]
		root := at
		for root.up != nil {
			root = root.up
		}
		if !slices.ContainsFunc(follow(&a.path, root, at), func(f *fplace) bool {
			return f.node.Kind == a.value.Kind && f.node.Text == a.value.Text
		}) {
			return false
		}
	}
	return len(m.assign) > 0
}

// manual takes back the entry whose constants stand there, if there is exactly
// one and its conditions name exactly one value.
func (b *backward) manual(s *step, to *part, root, v *fplace) {
	var hit *manualStep
	for _, m := range s.manual {
		if len(m.back) > 0 || !hold(m.backGates, root, v) || !assignedIn(m, v) {
			continue
		}
		if hit != nil {
			return
		}
		hit = m
	}
	if hit == nil || !s.hasSrc || len(hit.gates) != 1 {
		return
	}
	k := hit.gates[0]
	if k.op != fhirconnect.OneOf || len(k.criteria) != 1 || len(k.attrs) != 1 || k.root.base != fromParent || len(k.root.segs)+k.root.up > 0 {
		return
	}
	segs := k.attrs[0].segs
	for code := range k.criteria {
		n := len(segs)
		if n == 1 && segs[0].attr == "code_string" && to.class != nil && to.class.Name == "CODE_PHRASE" && to.empty() && len(s.src.segs) > 0 && attr(s) == "normal_status" {
			to.made = rm.Code("openehr_normal_statuses", code)
		}
		if n < 2 || segs[n-1].attr != "code_string" || segs[n-2].attr != "defining_code" {
			return
		}
		switch {
		case n == 3 && segs[0].attr == "value" && to.class == rm.ClassElement:
			to.code(code, b)
		case n == 3 && to.class != nil && to.class.Name == "ISM_TRANSITION":
			to.transition(segs[0].attr, code, b)
		}
	}
}

// attr is the attribute that a method's source ends in.
func attr(s *step) string { return s.src.segs[len(s.src.segs)-1].attr }

// surround fills in what every composition has and the resource does not say.
func (b *backward) surround() {
	r := b.root
	r.once("language", rm.Code("ISO_639-1", b.language))
	r.once("territory", rm.Code("ISO_3166-1", b.in.Territory))
	r.once("composer", b.in.Composer)
	r.once("feeder_audit", b.in.Feeder)
	category := "433"
	if o := only(b.in.Template.Root, "category"); o != nil {
		if c := only(o, "defining_code"); c != nil {
			if phrase, ok := c.Constraint.(*templates.CCodePhrase); ok && len(phrase.Codes) == 1 {
				category = phrase.Codes[0]
			}
		}
	}
	r.once("category", rm.CodedText(categories[category], "openehr", category))
	if category == "433" && r.fields["context"] == nil && !b.in.Time.IsZero() {
		r.add("context", b.newPart(rm.Lookup("EVENT_CONTEXT"), only(b.in.Template.Root, "context"), r))
	}
	for _, c := range r.fields["context"] {
		if !b.in.Time.IsZero() {
			c.once("start_time", rm.Object("DV_DATE_TIME", rm.Str("value", b.in.Time.Format("2006-01-02T15:04:05.999Z07:00"))))
		}
		c.once("setting", rm.CodedText("other care", "openehr", "238"))
	}
}

var categories = map[string]string{"431": "persistent", "433": "event", "451": "episodic"}

// only is the single alternative that a template allows at an attribute.
func only(o *templates.Object, name string) *templates.Object {
	if a := o.Attribute(name); a != nil && len(a.Children) == 1 {
		return a.Children[0]
	}
	return nil
}
