package fhirmap

import (
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

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
	root *templates.Object
	// reached holds the leaves; true for those that are declared losses.
	reached map[leaf]bool
	// filled holds the paths of elements; true where a value as a whole comes in.
	filled map[string]bool
	// pinned holds the paths that filters of elements fix, as the url of an
	// extension.
	pinned map[string]bool
	depth  int
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
			mark(tr.reached, leaf{object: o}, declared)
		}
	case below != "":
		// What is below an attribute that carries data is part of it.
		for _, d := range dataAttributes {
			for _, name := range d.names {
				for _, full := range [...]string{name, "context/" + name} {
					if below == full || strings.HasPrefix(below, full+"/") {
						mark(tr.reached, leaf{o, full}, declared)
					}
				}
			}
		}
	case o.Class.IsA(rm.Lookup("EVENT")):
		mark(tr.reached, leaf{o, "time"}, declared)
		mark(tr.reached, leaf{o, "width"}, declared) // of an interval, which becomes a period
	case o.Class.Name == "EVENT_CONTEXT":
		mark(tr.reached, leaf{o, "start_time"}, declared)
		mark(tr.reached, leaf{o, "end_time"}, declared)
	default:
		// An attribute that the template constrains: its object stands for it.
		for a := o.Parent; a != nil; a = a.Owner.Parent {
			if a.Owner.Class == rm.ClassElement {
				if a.Name == "value" && o.Parent == a {
					mark(tr.reached, leaf{object: a.Owner}, declared)
				}
				return
			}
			if hasDataAttribute(a.Owner.Class, a.Name) {
				mark(tr.reached, leaf{a.Owner, a.Name}, declared)
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

// unfilled lists what nothing fills of the elements that are mandatory in a
// resource, also in parts that are filled, and that the profiles want supported.
func (tr *tracer) unfilled(typ *r4.Type, profiles []string) (mandatory, mustSupport []string) {
	var visit func(t *r4.Type, path string)
	visit = func(t *r4.Type, path string) {
		for _, e := range t.Elements {
			whole, ok := tr.filled[path+"."+e.Name]
			switch {
			case !ok && e.Min > 0 && !tr.pinned[path+"."+e.Name]:
				mandatory = append(mandatory, path+"."+e.Name)
			case ok && !whole && len(e.Types) == 1 && e.Types[0].Type.Kind != r4.Primitive:
				visit(e.Types[0].Type, path+"."+e.Name)
			}
		}
	}
	visit(typ, typ.Name)
	for _, url := range profiles {
		for _, path := range r4.MustSupport(url) {
			if !tr.supports(path) && !slices.Contains(mustSupport, path) && !slices.Contains(mandatory, path) {
				mustSupport = append(mustSupport, path)
			}
		}
	}
	return mandatory, mustSupport
}

// supports reports whether an element, or a value of which it is a part, is
// filled.
func (tr *tracer) supports(path string) bool {
	if _, ok := tr.filled[path]; ok {
		return true
	}
	for i := strings.LastIndexByte(path, '.'); i > 0; i = strings.LastIndexByte(path, '.') {
		path = path[:i]
		if tr.filled[path] {
			return true
		}
	}
	return false
}
