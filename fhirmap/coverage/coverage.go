// Package coverage says how much of a template mappings carry to FHIR, which elements
// of FHIR they leave without a value, and which of them come back. It runs the models
// over the template instead of data (fhirmap.Library.Traces).
package coverage

import (
	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// Template says how much of a template mappings carry to FHIR.
type Template struct {
	TemplateID string `json:"template_id"`
	// Leaves are the places that can hold data: the ELEMENTs, and the attributes
	// of other objects that carry data of their own (fhirmap.Leaves).
	Leaves int `json:"leaves"`
	// Mapped leaves are carried by a mapping. Declared ones have no place in
	// FHIR, as their mapping says.
	Mapped   int `json:"mapped"`
	Declared int `json:"declared"`
	// Percent is that of the leaves mapped.
	Percent float64 `json:"percent"`
	// Entries are the entries, in the order of the template.
	Entries []Entry `json:"entries"`
	// Context lists the leaves outside entries that nothing reaches.
	Context []string `json:"context,omitempty"`
}

// Entry says how much of one entry mappings carry.
type Entry struct {
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
	Unmapped []string  `json:"unmapped,omitempty"`
	Mappings []Mapping `json:"mappings"`
}

// Mapping says what one mapping does for an entry.
type Mapping struct {
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
	Back *Back `json:"back,omitempty"`
}

// Of compares a template with the mappings that run for it. What mappings demand of
// the data, beyond node ids and names, is not looked at: a leaf counts as mapped if
// there are data that are carried.
func Of(lib *fhirmap.Library, t *templates.Template) *Template {
	cov := &Template{TemplateID: t.ID, Entries: []Entry{}}
	if t.Root.Class.IsA(rm.Lookup("PARTY")) { // itself what an entry is to a composition
		cov.add(entry(lib, t, t.Root, fhirmap.Reached{}))
		cov.Percent = percent(cov.Mapped, cov.Leaves)
		return cov
	}
	context := fhirmap.Reached{} // what is reached outside of the entries
	var entries func(o *templates.Object)
	entries = func(o *templates.Object) {
		for _, a := range o.Attributes {
			for _, child := range a.Children {
				switch {
				case !child.Occurrences.Unbounded && child.Occurrences.Upper == 0:
				case child.Class.IsA(rm.ClassEntry) && child.ArchetypeID != "":
					cov.add(entry(lib, t, child, context))
				default:
					entries(child)
				}
			}
		}
	}
	entries(t.Root)
	for _, tr := range lib.Traces(t, t.Root) {
		context.Add(tr.Leaves)
	}
	for _, l := range fhirmap.Leaves(t.Root, true) {
		cov.Leaves++
		switch declared, ok := context[l]; {
		case !ok:
			cov.Context = append(cov.Context, l.Path(t.Root))
		case declared:
			cov.Declared++
		default:
			cov.Mapped++
		}
	}
	cov.Percent = percent(cov.Mapped, cov.Leaves)
	return cov
}

func (cov *Template) add(e Entry) {
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

// entry is the coverage of an entry, or of a party. What is reached outside of it is
// noted in context.
func entry(lib *fhirmap.Library, t *templates.Template, at *templates.Object, context fhirmap.Reached) Entry {
	e := Entry{Path: at.Path(), Archetype: at.ArchetypeID, Absence: fhirmap.StatesAbsence(at.ArchetypeID), Mappings: []Mapping{}}
	list := fhirmap.Leaves(at, false)
	e.Leaves = len(list)
	reached := fhirmap.Reached{}
	for _, tr := range lib.Traces(t, at) {
		m := Mapping{Name: tr.Mapping, Type: tr.Target.Name}
		for _, l := range list {
			declared, ok := tr.Leaves[l]
			if ok && !declared {
				m.Mapped++
			}
		}
		reached.Add(tr.Leaves)
		context.Add(tr.Leaves)
		m.Percent = percent(m.Mapped, e.Leaves)
		m.Mandatory, m.MustSupport = unfilled(&tr)
		if t.Root.Class == rm.ClassComposition {
			m.Back = back(&tr)
		}
		e.Mappings = append(e.Mappings, m)
	}
	for _, l := range list {
		switch declared, ok := reached[l]; {
		case !ok:
			e.Unmapped = append(e.Unmapped, l.Path(at))
		case declared:
			e.Declared++
		default:
			e.Mapped++
		}
	}
	e.Percent = percent(e.Mapped, e.Leaves)
	return e
}
