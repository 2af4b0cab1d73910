package fhirmap

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Trace is what a model carries and fills when it is run over a template instead of
// data, ahead and back. The paths of elements are without types, indexes and filters.
type Trace struct {
	// Mapping is the name of the model, Target what it makes.
	Mapping string
	Target  *r4.Type
	// Profiles are those that its resources claim.
	Profiles []string
	// Leaves are those of the template that methods reach.
	Leaves Reached
	// Filled holds the elements that get something; true where a value as a whole
	// comes in. Pinned are those that filters of elements fix, as the url of an
	// extension.
	Filled, Pinned map[string]bool
	// Proven is set if resources of the model are proven to come back.
	Proven bool
	// Kept are the elements that have a place in the template on the way back,
	// Fixed those that come back only as the mapping itself writes them.
	Kept, Fixed map[string]bool
}

// Reached holds leaves that methods reach; true for those that are declared losses.
type Reached map[Leaf]bool

// Add notes leaves that are reached in another way, too.
func (r Reached) Add(more Reached) {
	for l, declared := range more {
		r.mark(l, declared)
	}
}

// mark notes that a leaf is reached; to be carried goes before being declared a
// loss.
func (r Reached) mark(l Leaf, declared bool) {
	if before, ok := r[l]; !ok || before {
		r[l] = declared
	}
}

// Traces runs the models for an object of a template, which is its root or an entry,
// over the template. What mappings demand of the data, beyond node ids and names, is
// not looked at. Models that do not run for the template are left out, and there are
// none for an entry that states an absence.
func (lib *Library) Traces(t *templates.Template, at *templates.Object) []Trace {
	if StatesAbsence(at.ArchetypeID) {
		return nil
	}
	plans := lib.starts[at.ArchetypeID]
	if byArchetype, bound := lib.templates[t.ID]; bound {
		plans = byArchetype[at.ArchetypeID]
	}
	var out []Trace
	for _, p := range plans {
		if p.gate.excludes(t.ID) {
			continue
		}
		ahead := newTracer(t)
		ahead.plan(p, trace{object: at}, p.target.Name)
		back := &backTracer{kept: newTracer(t), fixed: newTracer(t)}
		back.plan(p, trace{object: at}, p.target.Name)
		out = append(out, Trace{
			Mapping: p.file.Name.Value, Target: p.target, Profiles: lib.profiles[p],
			Leaves: ahead.reached, Filled: ahead.filled, Pinned: ahead.pinned,
			Proven: slices.Contains(proven, p.file.Name.Value), Kept: back.kept.filled, Fixed: back.fixed.filled,
		})
	}
	return out
}

// StatesAbsence reports whether an entry of an archetype states the absence of
// information. It becomes no resource.
func StatesAbsence(archetype string) bool {
	return slices.ContainsFunc(absenceArchetypes, func(p string) bool { return strings.HasPrefix(archetype, p) })
}

// trace is a place that a path leads to: an object of a template, or below it
// where the template says nothing.
type trace struct {
	object *templates.Object
	below  string // attributes, joined by /
	up     *trace
}

// tracer runs plans over a template instead of data, and notes the leaves that
// methods carry and the FHIR elements that they fill.
type tracer struct {
	root    *templates.Object
	reached Reached
	// filled holds the paths of elements; true where a value as a whole comes in.
	filled map[string]bool
	// pinned holds the paths that filters of elements fix, as the url of an
	// extension.
	pinned map[string]bool
	depth  int
}

func newTracer(t *templates.Template) *tracer {
	return &tracer{root: t.Root, reached: Reached{}, filled: map[string]bool{}, pinned: map[string]bool{}}
}

// plan runs a model from its archetype root into the element of a path.
func (tr *tracer) plan(p *plan, at trace, into string) {
	if tr.depth++; tr.depth <= maxSlotDepth {
		tr.steps(p.methods, at, at, into, into)
	}
	tr.depth--
}

func (tr *tracer) steps(list []*step, archetype, at trace, root, into string) {
	for _, s := range list {
		places := []trace{at}
		if s.hasSrc {
			places = tr.follow(&s.src, archetype, at)
		}
		to := tr.target(&s.dst, root, into)
		for _, place := range places {
			tr.step(s, archetype, place, root, to)
		}
	}
}

func (tr *tracer) step(s *step, archetype, place trace, root, to string) {
	switch {
	case s.slot != nil:
		tr.fill(to, false)
		tr.plan(s.slot, place, to)
	case s.link != nil, s.join != nil:
		tr.fill(to, true)
	case s.refer != nil:
		tr.fill(to, true)
		tr.steps(s.refer.methods, archetype, place, root, s.refer.target.Name)
	case len(s.manual) > 0:
		declared := true
		for _, m := range s.manual {
			declared = declared && len(m.assign) == 0
			for i := range m.assign {
				tr.fill(tr.target(&m.assign[i].path, root, to), true)
			}
		}
		if s.hasSrc {
			tr.reach(place, declared)
		}
	case s.transfer:
		tr.fill(to, true)
		if t := strings.TrimSuffix(to, ".value"); t != to && (t == "Observation" || t == "Observation.component") {
			tr.fill(t+".dataAbsentReason", true) // a null flavour goes there
		}
		tr.reach(place, false)
	}
	tr.steps(s.children, archetype, place, root, to)
}

// reach notes that a place is carried.
func (tr *tracer) reach(place trace, declared bool) {
	o, below := place.object, place.below
	switch {
	case o.Class == rm.ClassElement:
		if below == "" || below == "value" {
			tr.reached.mark(Leaf{Object: o}, declared)
		}
	case below != "":
		// What is below an attribute that carries data is part of it.
		for _, d := range dataAttributes {
			for _, name := range d.names {
				for _, full := range [...]string{name, "context/" + name} {
					if below == full || strings.HasPrefix(below, full+"/") {
						tr.reached.mark(Leaf{o, full}, declared)
					}
				}
			}
		}
	case o.Class.IsA(rm.Lookup("EVENT")):
		tr.reached.mark(Leaf{o, "time"}, declared)
		tr.reached.mark(Leaf{o, "width"}, declared) // of an interval, which becomes a period
	case o.Class.Name == "EVENT_CONTEXT":
		tr.reached.mark(Leaf{o, "start_time"}, declared)
		tr.reached.mark(Leaf{o, "end_time"}, declared)
	default:
		// An attribute that the template constrains: its object stands for it.
		for a := o.Parent; a != nil; a = a.Owner.Parent {
			if a.Owner.Class == rm.ClassElement {
				if a.Name == "value" && o.Parent == a {
					tr.reached.mark(Leaf{Object: a.Owner}, declared)
				}
				return
			}
			if hasDataAttribute(a.Owner.Class, a.Name) {
				tr.reached.mark(Leaf{a.Owner, a.Name}, declared)
				return
			}
			if a.Owner.Class.IsA(rm.ClassLocatable) {
				return
			}
		}
	}
}

func hasDataAttribute(class *rm.Class, name string) bool {
	for _, d := range dataAttributes {
		if class.IsA(rm.Lookup(d.class)) && slices.Contains(d.names, name) {
			return true
		}
	}
	return false
}

// follow finds the places that a path can lead to.
func (tr *tracer) follow(p *opath, archetype, at trace) []trace {
	switch p.base {
	case fromArchetype:
		at = archetype
	case fromComposition:
		at = trace{object: tr.root}
	case fromVersion, fromWorkflow, fromNothing:
		return []trace{{object: tr.root, below: "version"}} // outside the template
	}
	for range p.up {
		if at.up == nil {
			return nil
		}
		at = *at.up
	}
	places := []trace{at}
	for i := range p.segs {
		var next []trace
		for j := range places {
			next = places[j].step(&p.segs[i], next)
		}
		places = next
	}
	return places
}

// step adds the places of one step of a path.
func (t *trace) step(seg *oseg, to []trace) []trace {
	if t.below != "" {
		return append(to, trace{t.object, t.below + "/" + seg.attr, t})
	}
	o := t.object
	if o.Target != nil {
		o = o.Target
	}
	a := o.Attribute(seg.attr)
	if a == nil || len(a.Children) == 0 {
		if seg.nodeID != "" {
			return to // the template has no such node
		}
		return append(to, trace{t.object, seg.attr, t})
	}
	for _, child := range a.Children {
		if prohibited(child) || child.Kind == templates.Slot ||
			seg.nodeID != "" && child.Key() != seg.nodeID || seg.name != "" && !child.HasName(seg.name) {
			continue
		}
		to = append(to, trace{child, "", t})
	}
	return to
}

// target is the full path of an element, without types, indexes and filters.
func (tr *tracer) target(p *fpath, root, into string) string {
	if p.base == fromResource {
		into = root
	}
	for range p.up {
		if i := strings.LastIndexByte(into, '.'); i > 0 {
			into = into[:i]
		}
	}
	for i := range p.steps {
		into += "." + p.steps[i].name
		for _, pin := range p.steps[i].pins {
			tr.pinned[into+"."+strings.Join(pin.path, ".")] = true
		}
	}
	return into
}

// fill notes that an element gets something, and so do those around it.
func (tr *tracer) fill(path string, whole bool) {
	tr.filled[path] = tr.filled[path] || whole
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path, '.') {
		path = path[:i]
		tr.filled[path] = tr.filled[path] || false
	}
}

// excludes reports whether a condition on the template keeps a model from
// running for one.
func (k *condition) excludes(template string) bool {
	if k == nil || k.op != fhirconnect.OneOf || k.root.base != fromArchetype || len(k.root.segs) > 0 || len(k.attrs) != 1 || k.criteria[template] {
		return false
	}
	segs := k.attrs[0].segs
	return len(segs) == 3 && segs[0].attr == "archetype_details" && segs[1].attr == "template_id" && segs[2].attr == "value"
}
