package fhirmap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// TemplateCoverage says how much of a template mappings carry to FHIR.
type TemplateCoverage struct {
	TemplateID string `json:"template_id"`
	// Leaves are the places that can hold data: the ELEMENTs, and the attributes
	// of other objects that carry data of their own (dataAttributes).
	Leaves int `json:"leaves"`
	// Mapped leaves are carried by a mapping. Declared ones have no place in
	// FHIR, as their mapping says.
	Mapped   int `json:"mapped"`
	Declared int `json:"declared"`
	// Percent is that of the leaves mapped.
	Percent float64 `json:"percent"`
	// Entries are the entries, in the order of the template.
	Entries []EntryCoverage `json:"entries"`
	// Context lists the leaves outside entries that nothing reaches.
	Context []string `json:"context,omitempty"`
}

// EntryCoverage says how much of one entry mappings carry.
type EntryCoverage struct {
	Path      string `json:"path"`
	Archetype string `json:"archetype"`
	// Absence marks an entry that states the absence of information, which
	// becomes no resource.
	Absence  bool    `json:"absence,omitempty"`
	Leaves   int     `json:"leaves"`
	Mapped   int     `json:"mapped"`
	Declared int     `json:"declared"`
	Percent  float64 `json:"percent"`
	// Unmapped are the paths from the entry that nothing reaches.
	Unmapped []string          `json:"unmapped,omitempty"`
	Mappings []MappingCoverage `json:"mappings"`
}

// MappingCoverage says what one mapping does for an entry.
type MappingCoverage struct {
	Name string `json:"name"`
	Type string `json:"type"`
	// Mapped is how many leaves of the entry this mapping carries.
	Mapped  int     `json:"mapped"`
	Percent float64 `json:"percent"`
	// Mandatory are the mandatory elements that nothing fills, MustSupport those
	// that a profile claimed says must be supported.
	Mandatory   []string `json:"mandatory,omitempty"`
	MustSupport []string `json:"must_support,omitempty"`
	// Back is what the way back keeps of a resource; nil for a party.
	Back *BackCoverage `json:"back,omitempty"`
}

// dataAttributes are the attributes that carry data beside the ELEMENTs, by the
// class that has them. HISTORY.origin is left out: the times of the events say
// the same.
var dataAttributes = []struct {
	class string
	names []string
}{
	{"ENTRY", []string{"subject", "provider", "other_participations"}},
	{"ACTION", []string{"time", "ism_transition"}},
	{"INSTRUCTION", []string{"narrative", "expiry_time"}},
	{"ACTIVITY", []string{"timing"}},
	{"EVENT", []string{"time"}},
	{"INTERVAL_EVENT", []string{"width", "math_function"}},
	{"COMPOSITION", []string{"composer"}},
	{"EVENT_CONTEXT", []string{"start_time", "end_time", "location", "health_care_facility", "participations"}},
}

// leaf is a place in a template that can hold data: an ELEMENT, or an attribute
// of an object.
type leaf struct {
	object *templates.Object
	attr   string // "" for an ELEMENT
}

// Coverage compares a template with the mappings that run for it. What mappings
// demand of the data, beyond node ids and names, is not looked at: a leaf counts
// as mapped if there are data that are carried.
func (lib *Library) Coverage(t *templates.Template) *TemplateCoverage {
	cov := &TemplateCoverage{TemplateID: t.ID, Entries: []EntryCoverage{}}
	byArchetype, bound := lib.templates[t.ID]
	context := &tracer{root: t.Root, reached: map[leaf]bool{}, filled: map[string]bool{}, pinned: map[string]bool{}}
	var entries func(o *templates.Object)
	entries = func(o *templates.Object) {
		for _, a := range o.Attributes {
			for _, child := range a.Children {
				switch {
				case prohibited(child):
				case child.Class.IsA(rm.ClassEntry) && child.ArchetypeID != "":
					plans := lib.starts[child.ArchetypeID]
					if bound {
						plans = byArchetype[child.ArchetypeID]
					}
					cov.add(lib.entryCoverage(t, child, plans, context))
				default:
					entries(child)
				}
			}
		}
	}
	entries(t.Root)
	plans := lib.starts[t.Root.ArchetypeID]
	if bound {
		plans = byArchetype[t.Root.ArchetypeID]
	}
	if t.Root.Class.IsA(classParty) { // itself what an entry is to a composition
		cov.Entries = cov.Entries[:0]
		cov.add(lib.entryCoverage(t, t.Root, plans, context))
		cov.Percent = percent(cov.Mapped, cov.Leaves)
		return cov
	}
	for _, p := range plans {
		if p.gate.excludes(t.ID) {
			continue
		}
		context.plan(p, trace{object: t.Root}, p.target.Name)
	}
	for _, l := range leaves(t.Root, true) {
		cov.Leaves++
		switch declared, ok := context.reached[l]; {
		case !ok:
			cov.Context = append(cov.Context, l.path(t.Root))
		case declared:
			cov.Declared++
		default:
			cov.Mapped++
		}
	}
	cov.Percent = percent(cov.Mapped, cov.Leaves)
	return cov
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

func (cov *TemplateCoverage) add(e EntryCoverage) {
	cov.Leaves += e.Leaves
	cov.Mapped += e.Mapped
	cov.Declared += e.Declared
	cov.Entries = append(cov.Entries, e)
}

// percent is rounded down to a tenth, so that only everything is 100.
func percent(n, of int) float64 {
	if of == 0 {
		return 100
	}
	return float64(n*1000/of) / 10
}

func (lib *Library) entryCoverage(t *templates.Template, entry *templates.Object, plans []*plan, context *tracer) EntryCoverage {
	e := EntryCoverage{Path: entry.Path(), Archetype: entry.ArchetypeID, Mappings: []MappingCoverage{}}
	if slices.ContainsFunc(absenceArchetypes, func(p string) bool { return strings.HasPrefix(e.Archetype, p) }) {
		e.Absence, plans = true, nil
	}
	list := leaves(entry, false)
	e.Leaves = len(list)
	reached := map[leaf]bool{}
	for _, p := range plans {
		tr := &tracer{root: t.Root, reached: map[leaf]bool{}, filled: map[string]bool{}, pinned: map[string]bool{}}
		tr.plan(p, trace{object: entry}, p.target.Name)
		m := MappingCoverage{Name: p.file.Name.Value, Type: p.target.Name}
		for _, l := range list {
			declared, ok := tr.reached[l]
			if ok && !declared {
				m.Mapped++
			}
			if ok {
				mark(reached, l, declared)
			}
		}
		for l, declared := range tr.reached {
			mark(context.reached, l, declared)
		}
		m.Percent = percent(m.Mapped, e.Leaves)
		m.Mandatory, m.MustSupport = tr.unfilled(p.target, lib.profiles[p])
		if t.Root.Class == rm.ClassComposition {
			m.Back = lib.backCoverage(p, t, entry)
		}
		e.Mappings = append(e.Mappings, m)
	}
	for _, l := range list {
		switch declared, ok := reached[l]; {
		case !ok:
			e.Unmapped = append(e.Unmapped, l.path(entry))
		case declared:
			e.Declared++
		default:
			e.Mapped++
		}
	}
	e.Percent = percent(e.Mapped, e.Leaves)
	return e
}

// mark notes that a leaf is reached; to be carried goes before being declared a
// loss.
func mark(reached map[leaf]bool, l leaf, declared bool) {
	if before, ok := reached[l]; !ok || before {
		reached[l] = declared
	}
}

func prohibited(o *templates.Object) bool {
	return !o.Occurrences.Unbounded && o.Occurrences.Upper == 0
}

// leaves lists the leaves of an object in the order of the template; of a
// composition only those outside its entries.
func leaves(root *templates.Object, outside bool) []leaf {
	var out []leaf
	var visit func(o *templates.Object)
	visit = func(o *templates.Object) {
		if o.Class == rm.ClassElement {
			out = append(out, leaf{object: o})
			return
		}
		for _, d := range dataAttributes {
			if !o.Class.IsA(rm.Lookup(d.class)) {
				continue
			}
			for _, name := range d.names {
				a := o.Attribute(name)
				if a == nil || a.Existence.Unbounded || a.Existence.Upper > 0 {
					out = append(out, leaf{o, name})
				}
			}
		}
		if o.Class == rm.ClassComposition && o.Attribute("context") == nil {
			for _, name := range dataAttributes[len(dataAttributes)-1].names {
				out = append(out, leaf{o, "context/" + name})
			}
		}
		for _, a := range o.Attributes {
			for _, child := range a.Children {
				if prohibited(child) || !child.Class.IsA(rm.ClassLocatable) && child.Class.Name != "EVENT_CONTEXT" ||
					outside && child.Class.IsA(rm.ClassEntry) {
					continue
				}
				if child.Kind == templates.Slot {
					continue // what will stand there is not known
				}
				visit(child)
			}
		}
	}
	visit(root)
	return out
}

// path is the path of the leaf from an object above it.
func (l leaf) path(from *templates.Object) string {
	p := strings.TrimPrefix(l.object.Path(), strings.TrimSuffix(from.Path(), "/"))
	if l.attr != "" {
		p = strings.TrimSuffix(p, "/") + "/" + l.attr
	}
	return "/" + strings.TrimPrefix(p, "/")
}

// String is the coverage as text: a line for the template, one for each entry
// and mapping, and one for each thing that is missing.
func (cov *TemplateCoverage) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %.1f %% (%d of %d leaves mapped, %d declared losses)\n", cov.TemplateID, cov.Percent, cov.Mapped, cov.Leaves, cov.Declared)
	for i := range cov.Entries {
		e := &cov.Entries[i]
		fmt.Fprintf(&b, "  %s: %.1f %% (%d of %d)\n", e.Path, e.Percent, e.Mapped, e.Leaves)
		switch {
		case e.Absence:
			b.WriteString("    states an absence and becomes no resource\n")
		case len(e.Mappings) == 0:
			b.WriteString("    no mapping\n")
		}
		for _, m := range e.Mappings {
			fmt.Fprintf(&b, "    %s to %s: %.1f %%\n", m.Name, m.Type, m.Percent)
			for _, el := range m.Mandatory {
				fmt.Fprintf(&b, "      not filled: %s (mandatory)\n", el)
			}
			for _, el := range m.MustSupport {
				fmt.Fprintf(&b, "      not filled: %s (must support)\n", el)
			}
		}
		for _, p := range e.Unmapped {
			fmt.Fprintf(&b, "    not mapped: %s\n", p)
		}
	}
	for _, p := range cov.Context {
		fmt.Fprintf(&b, "  not mapped: %s\n", p)
	}
	return b.String()
}
