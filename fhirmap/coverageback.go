package fhirmap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/templates"
)

// BackCoverage says which elements of a resource a mapping run backwards carries
// into an entry of a template. An element that is a part of another stands by
// itself only where the other is a group of elements.
type BackCoverage struct {
	// Proven is set if resources of the mapping are proven to come back, so that a
	// server takes them, unless their type can deny what it names.
	Proven bool `json:"proven"`
	// Kept elements have a place in the entry, if their values are of a kind that it
	// takes; Fixed ones come back only as the mapping itself writes them. A resource
	// with any of the Refused is refused.
	Kept    []string `json:"kept,omitempty"`
	Fixed   []string `json:"fixed,omitempty"`
	Refused []string `json:"refused,omitempty"`
}

// untold are elements of a resource that no mapping carries and it is not refused
// for, and those that every resource is refused for.
var untold = []string{"meta", "text", "implicitRules", "contained"}

// parts are those that every element has.
var parts = []string{"id", "extension", "modifierExtension"}

// backTracer runs plans backwards over a template instead of a resource.
type backTracer struct {
	// kept and fixed hold the elements that are filled; kept also follows paths.
	kept, fixed *tracer
	depth       int
}

func (lib *Library) backCoverage(p *plan, t *templates.Template, entry *templates.Object) *BackCoverage {
	mk := func() *tracer {
		return &tracer{root: t.Root, reached: map[leaf]bool{}, filled: map[string]bool{}, pinned: map[string]bool{}}
	}
	tr := &backTracer{kept: mk(), fixed: mk()}
	tr.plan(p, trace{object: entry}, p.target.Name)
	out := &BackCoverage{Proven: slices.Contains(proven, p.file.Name.Value)}
	var visit func(t *r4.Type, path string)
	visit = func(t *r4.Type, path string) {
		for _, e := range t.Elements {
			if slices.Contains(parts, e.Name) || t.Kind == r4.Resource && slices.Contains(untold, e.Name) {
				continue
			}
			at := path + "." + e.Name
			_, kept := tr.kept.filled[at]
			_, fixed := tr.fixed.filled[at]
			switch {
			case (kept || fixed) && len(e.Types) == 1 && e.Types[0].Type.Kind == r4.Backbone:
				visit(e.Types[0].Type, at)
			case kept:
				out.Kept = append(out.Kept, at)
			case fixed:
				out.Fixed = append(out.Fixed, at)
			default:
				out.Refused = append(out.Refused, at)
			}
		}
	}
	visit(p.target, p.target.Name)
	return out
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

// BackString is the coverage of the way back as text: for each entry and mapping
// the elements that are kept, those that come back as the mapping writes them, and
// those for which a resource is refused.
func (cov *TemplateCoverage) BackString() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", cov.TemplateID)
	for i := range cov.Entries {
		e := &cov.Entries[i]
		fmt.Fprintf(&b, "  %s\n", e.Path)
		for _, m := range e.Mappings {
			if m.Back == nil {
				continue
			}
			note := ""
			if !m.Back.Proven {
				note = " (not proven to come back)"
			}
			fmt.Fprintf(&b, "    %s from %s%s\n", m.Name, m.Type, note)
			for _, l := range []struct {
				what string
				list []string
			}{{"keeps", m.Back.Kept}, {"only as the mapping writes it", m.Back.Fixed}, {"refused", m.Back.Refused}} {
				if len(l.list) > 0 {
					fmt.Fprintf(&b, "      %s: %s\n", l.what, strings.Join(l.list, ", "))
				}
			}
		}
	}
	return b.String()
}
