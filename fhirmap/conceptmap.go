package fhirmap

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ConceptMapSuffix ends the names of the files that hold a FHIR ConceptMap in
// JSON, to which mappings refer by its url.
const ConceptMapSuffix = ".conceptmap.json"

// concept is a code with its system.
type concept struct{ system, code string }

// ConceptMap translates between codes of the record and of FHIR. Only what is
// equal or equivalent is translated, either way.
type ConceptMap struct {
	URL string
	// Resource is the ConceptMap in JSON, as it stands in its file.
	Resource []byte
	// ahead and back are the translations by source and by target. A concept
	// with several counterparts has none in the map and is in ambiguous.
	ahead, back map[concept]concept
	display     map[concept]string
	ambiguous   map[concept]bool
	inexact     map[concept]string // the equivalence of sources without an exact target
	targets     []concept
}

// parseConceptMap reads a ConceptMap. Everything in it that would change what a
// translation means, and is not understood here, is a problem.
func parseConceptMap(path string, data []byte) (*File, Problems) {
	pos := Position{path, 1, 1}
	var problems Problems
	fail := func(code, format string, args ...any) {
		problems = append(problems, Problem{pos, code, fmt.Sprintf(format, args...)})
	}
	n, err := r4.Parse(data)
	if err != nil {
		fail(CodeYAML, "not a FHIR resource: %v", err)
		return nil, problems
	}
	if n.Str("resourceType") != "ConceptMap" {
		fail(CodeStructure, "a file called *%s holds a ConceptMap", ConceptMapSuffix)
		return nil, problems
	}
	m := &ConceptMap{
		URL: n.Str("url"), Resource: n.Append(nil), ahead: map[concept]concept{}, back: map[concept]concept{}, display: map[concept]string{},
		ambiguous: map[concept]bool{}, inexact: map[concept]string{},
	}
	if m.URL == "" {
		fail(CodeStructure, "a ConceptMap needs a url, by which mappings refer to it")
	}
	for i, g := range n.List("group") {
		source, target := g.Str("source"), g.Str("target")
		if !isURI(source) || !isURI(target) {
			fail(CodeStructure, "group %d needs a source and a target, as URIs of code systems", i)
			continue
		}
		if g.Get("unmapped") != nil {
			fail(CodeUnsupported, "not supported: unmapped in group %d; a code without a translation has none", i)
		}
		for j, e := range g.List("element") {
			from := concept{source, e.Str("code")}
			if from.code == "" {
				fail(CodeStructure, "element %d of group %d has no code", j, i)
				continue
			}
			for _, t := range e.List("target") {
				if t.Get("dependsOn") != nil || t.Get("product") != nil {
					fail(CodeUnsupported, "not supported: dependsOn and product of %q in group %d; a translation depends on its code alone", from.code, i)
				}
				to := concept{target, t.Str("code")}
				switch q := t.Str("equivalence"); q {
				case "equal", "equivalent":
					if to.code == "" {
						fail(CodeStructure, "%q in group %d is %s to no code", from.code, i, q)
						continue
					}
					m.pair(from, to)
					m.display[to] = t.Str("display")
				case "relatedto", "wider", "subsumes", "narrower", "specializes", "inexact", "unmatched", "disjoint":
					m.inexact[from] = q
				default:
					fail(CodeStructure, "%q in group %d has the equivalence %q, which FHIR R4 does not have", from.code, i, clip(q))
				}
			}
		}
	}
	if len(m.ahead)+len(m.inexact)+len(m.ambiguous) == 0 && len(problems) == 0 {
		fail(CodeStructure, "the ConceptMap translates nothing")
	}
	return &File{Path: path, Kind: ConceptMapFile, Name: Text{pos, m.URL}, Version: n.Str("version"), ConceptMap: m, sum: sha256.Sum256(data)}, problems
}

func (m *ConceptMap) pair(from, to concept) {
	add := func(into map[concept]concept, k, v concept) {
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

// translate is the counterpart of a concept of the record; false with the
// reason if there is not exactly one, and known if the map speaks of it.
func (m *ConceptMap) translate(c concept) (to concept, why string, known, ok bool) {
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

// restore is the concept of the record for one of FHIR, whose system is not
// known at an element of type code.
func (m *ConceptMap) restore(c concept) (from concept, ok bool) {
	if c.system != "" {
		from, ok = m.back[c]
		return from, ok
	}
	for to, f := range m.back {
		if to.code != c.code {
			continue
		}
		if ok {
			return concept{}, false
		}
		from, ok = f, true
	}
	for k := range m.ambiguous {
		ok = ok && k.code != c.code
	}
	return from, ok
}

// ConceptMaps are those that the mappings can refer to, by their urls.
func (lib *Library) ConceptMaps() []*ConceptMap {
	out := make([]*ConceptMap, 0, len(lib.conceptMaps))
	for _, url := range slices.Sorted(maps.Keys(lib.conceptMaps)) {
		out = append(out, lib.conceptMaps[url])
	}
	return out
}

// conceptMap finds the map of a method, or of its file for every code it has.
func (c *compiler) conceptMap(s *step) {
	url, whole := s.m.ConceptMap, false
	if url.Value == "" {
		url, whole = s.file.ConceptMapURL, true
	}
	if url.Value == "" {
		return
	}
	m := c.lib.conceptMaps[url.Value]
	if m == nil {
		c.fail(url.Position, CodeDangling, "no ConceptMap has the url %q; it stands in a file called *%s", url.Value, ConceptMapSuffix)
		return
	}
	coded := false
	for _, ref := range s.dstType.allowed() {
		switch ref.Type.Name {
		case "Coding", "CodeableConcept":
			coded = true
		case "code":
			coded = true
			if set := s.dstType.elem.Binding; set != nil && s.transfer && !whole {
				for _, to := range m.targets {
					if !set.Has(to.code) {
						c.fail(url.Position, CodeValue, "the ConceptMap translates to %q, which is not a code of the value set required for %s", to.code, s.dstType)
					}
				}
			}
		}
	}
	if !s.transfer || !coded {
		if !whole {
			c.fail(url.Position, CodeType, "conceptmap needs a method that carries a code to a code, Coding or CodeableConcept, not to %s", s.dstType)
		}
		return
	}
	s.concepts, s.strict = m, !whole
}

// translated carries a code through the concept map of its method. It reports
// false if the map does not speak of the code and is not to.
func (x *run) translated(s *step, n *ref, node *rm.Node, place *cursor) (bool, *refusal) {
	v := converter{run: x, at: n, target: s.dstType.String()}
	var phrase *rm.Node
	switch node.Class.Name {
	case "CODE_PHRASE":
		phrase = node
	case "DV_CODED_TEXT":
		phrase = node.Get("defining_code")
	}
	coding := v.code(phrase, "")
	if coding == nil {
		if s.strict {
			return true, x.unable(s, "value-unmapped", n, "the value has no code that a concept map could translate")
		}
		return false, nil
	}
	to, why, known, ok := s.concepts.translate(concept{coding.Str("system"), coding.Str("code")})
	switch {
	case !ok && !known && !s.strict:
		return false, nil
	case !ok:
		return true, x.unable(s, "value-unmapped", n, why)
	}
	mem := &x.nodes
	out := mem.Object(r4.Field{Name: "system", Value: mem.String(to.system)}, r4.Field{Name: "code", Value: mem.String(to.code)})
	if d := s.concepts.display[to]; d != "" {
		out.Fields = append(out.Fields, r4.Field{Name: "display", Value: mem.String(d)})
	}
types:
	for _, ref := range s.dstType.allowed() {
		switch ref.Type.Name {
		case "CodeableConcept":
			whole := mem.Object(r4.Field{Name: "coding", Value: mem.Array(out)})
			if text := node.String("value"); strings.TrimSpace(text) != "" {
				whole.Fields = append(whole.Fields, x.textField(text))
			}
			place.put(whole, ref.Type)
		case "Coding":
			place.put(out, ref.Type)
		case "code":
			if set := s.dstType.elem.Binding; set != nil && !set.Has(to.code) {
				return true, x.unable(s, "value-unmapped", n, "the translation is not a code of the required value set")
			}
			place.put(mem.String(to.code), ref.Type)
		default:
			continue
		}
		break types
	}
	if len(node.List("mappings")) > 0 {
		x.lose(LossReduced, "term-mapping", n, s.dstType.String(), "further codes of a value that a concept map translates are left out")
	}
	return true, nil
}

// untranslated is a FHIR value with the code of the record in the place of its
// counterpart; nil if the concept map has none for certain. A code of the
// archetype whose text FHIR does not have gets the archetype's: then done.
func (b *backward) untranslated(s *step, to *part, v *fplace) (back *fplace, done bool) {
	coding := v.node
	if len(v.node.List("coding")) == 1 {
		coding = v.node.List("coding")[0]
	}
	c := concept{coding.Str("system"), coding.Str("code")}
	if v.node.Kind == r4.String {
		c = concept{code: v.node.Text}
	}
	from, ok := s.concepts.restore(c)
	if !ok {
		if s.strict {
			return nil, false
		}
		return v, false
	}
	text := v.node.Str("text")
	if text == "" {
		if to.class == rm.ClassElement && strings.HasPrefix(from.system, ArchetypeSystem("")) {
			to.code(from.code, b)
			return nil, true
		}
		return nil, false
	}
	node := r4.NewObject(
		r4.Field{Name: "coding", Value: &r4.Node{Kind: r4.Array, Items: []*r4.Node{r4.NewObject(
			r4.Field{Name: "system", Value: r4.NewString(from.system)}, r4.Field{Name: "code", Value: r4.NewString(from.code)})}}},
		r4.Field{Name: "text", Value: r4.NewString(text)})
	return &fplace{node: node, up: v.up}, false
}
