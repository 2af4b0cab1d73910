// Package conceptmap reads FHIR ConceptMaps and translates codes with them, either
// way. A code is translated only where the map says that it is equal or equivalent
// to exactly one other.
package conceptmap

import (
	"errors"
	"fmt"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
)

// Suffix ends the names of the files that hold a ConceptMap in JSON.
const Suffix = ".conceptmap.json"

// The faults that are told apart. All others are of a ConceptMap that FHIR would
// not have so.
var (
	ErrSyntax      = errors.New("not a FHIR resource")
	ErrUnsupported = errors.New("not supported")
)

// Concept is a code with its system.
type Concept struct{ System, Code string }

// Map translates between codes of the record and of FHIR. Only what is
// equal or equivalent is translated, either way.
type Map struct {
	// URL is the canonical url, by which mappings refer to the map.
	URL string
	// Version is the business version, "" for none.
	Version string
	// Resource is the ConceptMap in JSON, as it stands in its file.
	Resource []byte
	// ahead and back are the translations by source and by target. A concept
	// with several counterparts has none in the map and is in ambiguous.
	ahead, back map[Concept]Concept
	display     map[Concept]string
	ambiguous   map[Concept]bool
	inexact     map[Concept]string // the equivalence of sources without an exact target
	targets     []Concept
}

// Parse reads a ConceptMap. Everything in it that would change what a translation
// means, and is not understood here, is a fault; of data that are no FHIR resource
// the only one is ErrSyntax, and ErrUnsupported is that of what FHIR has and Cairn
// has not. A map with faults must not be used. There is none of what is not a
// ConceptMap at all.
func Parse(data []byte) (m *Map, faults []error) {
	fail := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	n, err := r4.Parse(data)
	if err != nil {
		return nil, []error{fmt.Errorf("%w: %w", ErrSyntax, err)}
	}
	if n.Str("resourceType") != "ConceptMap" {
		fail("a file called *%s holds a ConceptMap", Suffix)
		return nil, faults
	}
	m = &Map{
		URL: n.Str("url"), Version: n.Str("version"), Resource: n.Append(nil), ahead: map[Concept]Concept{}, back: map[Concept]Concept{}, display: map[Concept]string{},
		ambiguous: map[Concept]bool{}, inexact: map[Concept]string{},
	}
	if m.URL == "" {
		fail("a ConceptMap needs a url, by which mappings refer to it")
	}
	for i, g := range n.List("group") {
		source, target := g.Str("source"), g.Str("target")
		if !r4.IsAbsoluteURI(source) || !r4.IsAbsoluteURI(target) {
			fail("group %d needs a source and a target, as URIs of code systems", i)
			continue
		}
		if g.Get("unmapped") != nil {
			fail("%w: unmapped in group %d; a code without a translation has none", ErrUnsupported, i)
		}
		for j, e := range g.List("element") {
			from := Concept{source, e.Str("code")}
			if from.Code == "" {
				fail("element %d of group %d has no code", j, i)
				continue
			}
			for _, t := range e.List("target") {
				if t.Get("dependsOn") != nil || t.Get("product") != nil {
					fail("%w: dependsOn and product of %q in group %d; a translation depends on its code alone", ErrUnsupported, from.Code, i)
				}
				to := Concept{target, t.Str("code")}
				switch q := t.Str("equivalence"); q {
				case "equal", "equivalent":
					if to.Code == "" {
						fail("%q in group %d is %s to no code", from.Code, i, q)
						continue
					}
					m.pair(from, to)
					m.display[to] = t.Str("display")
				case "relatedto", "wider", "subsumes", "narrower", "specializes", "inexact", "unmatched", "disjoint":
					m.inexact[from] = q
				default:
					fail("%q in group %d has the equivalence %.40q, which FHIR R4 does not have", from.Code, i, q)
				}
			}
		}
	}
	if len(m.ahead)+len(m.inexact)+len(m.ambiguous) == 0 && len(faults) == 0 {
		fail("the ConceptMap translates nothing")
	}
	return m, faults
}

func (m *Map) pair(from, to Concept) {
	add := func(into map[Concept]Concept, k, v Concept) {
		if old, ok := into[k]; ok && old != v || m.ambiguous[k] {
			m.ambiguous[k] = true
			delete(into, k)
			return
		}
		into[k] = v
	}
	add(m.ahead, from, to)
	add(m.back, to, from)
	m.targets = append(m.targets, to)
}

// Translate is the counterpart of a concept of the record; false with the
// reason if there is not exactly one, and known if the map speaks of it.
func (m *Map) Translate(c Concept) (to Concept, why string, known, ok bool) {
	if to, ok = m.ahead[c]; ok {
		return to, "", true, true
	}
	switch {
	case m.ambiguous[c]:
		return to, "the concept map has several translations of the code", true, false
	case m.inexact[c] != "":
		return to, "the concept map has only a translation that is " + m.inexact[c], true, false
	}
	return to, "the concept map has no translation of the code", false, false
}

// Restore is the concept of the record for one of FHIR, whose system is not
// known at an element of type code.
func (m *Map) Restore(c Concept) (from Concept, ok bool) {
	if c.System != "" {
		from, ok = m.back[c]
		return from, ok
	}
	for to, f := range m.back {
		if to.Code != c.Code {
			continue
		}
		if ok {
			return Concept{}, false
		}
		from, ok = f, true
	}
	for k := range m.ambiguous {
		ok = ok && k.Code != c.Code
	}
	return from, ok
}

// Targets are the concepts that the map translates to, in its order.
func (m *Map) Targets() []Concept { return m.targets }

// Display is what the map calls a concept that it translates to; "" for none.
func (m *Map) Display(to Concept) string { return m.display[to] }
