package fhirmap

import "strings"

// backTracer runs plans backwards over a template instead of a resource.
type backTracer struct {
	// kept and fixed hold the elements that are filled; kept also follows paths.
	kept, fixed *tracer
	depth       int
}

// plan runs a model into its archetype root from the element of a path.
func (tr *backTracer) plan(p *plan, at trace, from string) {
	if tr.depth++; tr.depth <= maxSlotDepth {
		tr.steps(p.back, at, at, from, from)
	}
	tr.depth--
}

func (tr *backTracer) steps(list []*step, archetype, at trace, root, from string) {
	for _, s := range list {
		places, outside := []trace{at}, false
		if s.hasSrc {
			places = tr.kept.follow(&s.src, archetype, at)
			outside = s.src.base == fromVersion || s.src.base == fromSelf || s.src.base == fromWorkflow
		}
		for _, place := range places {
			tr.step(s, archetype, place, root, tr.kept.target(&s.dst, root, from), outside)
		}
	}
}

func (tr *backTracer) step(s *step, archetype, place trace, root, from string, outside bool) {
	into := tr.kept
	if outside || !s.hasSrc {
		into = tr.fixed
	}
	switch {
	case s.slot != nil:
		tr.plan(s.slot, place, from)
	case s.link != nil:
		return // the resource of another entry is not part of this one
	case s.join != nil, s.refer != nil:
		tr.kept.fill(from, true)
		return
	case len(s.manual) > 0:
		for _, m := range s.manual {
			for i := range m.assign {
				into.fill(tr.kept.target(&m.assign[i].path, root, from), true)
			}
		}
	case s.transfer, s.code != nil:
		into.fill(from, true)
		if t := strings.TrimSuffix(from, ".value"); t != from && (t == "Observation" || t == "Observation.component") {
			into.fill(t+".dataAbsentReason", true) // it becomes a null flavour
		}
	}
	tr.steps(s.back, archetype, place, root, from)
}
