package fhirmap

import (
	"maps"
	"slices"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/conceptmap"
	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// ConceptMaps are those that the mappings can refer to, by their urls.
func (lib *Library) ConceptMaps() []*conceptmap.Map {
	out := make([]*conceptmap.Map, 0, len(lib.conceptMaps))
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
		c.fail(url.Position, fhirconnect.CodeDangling, "no ConceptMap has the url %q; it stands in a file called *%s", url.Value, conceptmap.Suffix)
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
				for _, to := range m.Targets() {
					if !set.Has(to.Code) {
						c.fail(url.Position, fhirconnect.CodeValue, "the ConceptMap translates to %q, which is not a code of the value set required for %s", to.Code, s.dstType)
					}
				}
			}
		}
	}
	if !s.transfer || !coded {
		if !whole {
			c.fail(url.Position, fhirconnect.CodeType, "conceptmap needs a method that carries a code to a code, Coding or CodeableConcept, not to %s", s.dstType)
		}
		return
	}
	s.concepts, s.strict = m, !whole
}

// translated carries a code through the concept map of its method. It reports
// false if the map does not speak of the code and is not to.
func (x *run) translated(s *step, n *ref, node reading.Node, place *cursor) (bool, *refusal) {
	v := converter{run: x, at: n, target: s.dstType.String()}
	var phrase reading.Node
	switch node.Class().Name {
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
	to, why, known, ok := s.concepts.Translate(conceptmap.Concept{System: coding.Str("system"), Code: coding.Str("code")})
	switch {
	case !ok && !known && !s.strict:
		return false, nil
	case !ok:
		return true, x.unable(s, "value-unmapped", n, why)
	}
	mem := &x.nodes
	out := mem.Object(r4.Field{Name: "system", Value: mem.String(to.System)}, r4.Field{Name: "code", Value: mem.String(to.Code)})
	if d := s.concepts.Display(to); d != "" {
		out.Fields = append(out.Fields, r4.Field{Name: "display", Value: mem.String(d)})
	}
types:
	for _, ref := range s.dstType.allowed() {
		switch ref.Type.Name {
		case "CodeableConcept":
			whole := mem.Object(r4.Field{Name: "coding", Value: mem.Array(out)})
			if text, has := node.Get("value").Carry(&visible); has {
				whole.Fields = append(whole.Fields, x.textField(text, has))
			}
			place.put(whole, ref.Type)
		case "Coding":
			place.put(out, ref.Type)
		case "code":
			if set := s.dstType.elem.Binding; set != nil && !set.Has(to.Code) {
				return true, x.unable(s, "value-unmapped", n, "the translation is not a code of the required value set")
			}
			place.put(mem.String(to.Code), ref.Type)
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
	c := conceptmap.Concept{System: coding.Str("system"), Code: coding.Str("code")}
	if v.node.Kind == r4.String {
		c = conceptmap.Concept{Code: v.node.Text}
	}
	from, ok := s.concepts.Restore(c)
	if !ok {
		if s.strict {
			return nil, false
		}
		return v, false
	}
	text := v.node.Str("text")
	if text == "" {
		if to.class == rm.ClassElement && strings.HasPrefix(from.System, ArchetypeSystem("")) {
			to.code(from.Code, b)
			return nil, true
		}
		return nil, false
	}
	node := r4.NewObject(
		r4.Field{Name: "coding", Value: &r4.Node{Kind: r4.Array, Items: []*r4.Node{r4.NewObject(
			r4.Field{Name: "system", Value: r4.NewString(from.System)}, r4.Field{Name: "code", Value: r4.NewString(from.Code)})}}},
		r4.Field{Name: "text", Value: r4.NewString(text)})
	return &fplace{node: node, up: v.up}, false
}
