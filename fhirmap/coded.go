package fhirmap

import (
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// terminologies gives the FHIR system of terminologies by the names openEHR
// data use for them, in lower case.
var terminologies = map[string]string{
	"snomed-ct": "http://snomed.info/sct", "snomed": "http://snomed.info/sct", "snomedct": "http://snomed.info/sct",
	"snomed ct": "http://snomed.info/sct", "sct": "http://snomed.info/sct",
	"loinc":  "http://loinc.org",
	"icd10":  "http://hl7.org/fhir/sid/icd-10",
	"icd-10": "http://hl7.org/fhir/sid/icd-10",
	"icd9":   "http://hl7.org/fhir/sid/icd-9-cm", "icd-9-cm": "http://hl7.org/fhir/sid/icd-9-cm",
	"icd-10-cm": "http://hl7.org/fhir/sid/icd-10-cm",
	"atc":       "http://www.whocc.no/atc",
	"rxnorm":    "http://www.nlm.nih.gov/research/umls/rxnorm",
	"ucum":      ucumURI,
	"iso_639-1": "urn:iso:std:iso:639:-1", "iso_3166-1": "urn:iso:std:iso:3166",
	"iana_media-types": "urn:ietf:bcp:13",
	"openehr":          OpenEHRSystem,
}

// OpenEHRSystem is the FHIR system of the openEHR terminology's own codes.
const OpenEHRSystem = "http://openehr.org/terminology/openehr"

// ArchetypeSystem is the FHIR system of the at-codes of an archetype, which
// mean nothing outside it.
func ArchetypeSystem(archetype string) string { return "http://openehr.org/archetypes/" + archetype }

// concept converts a coded or plain text. The text is always the original
// value. Codes are the defining code and the mappings that claim equivalence.
func (v *converter) concept(n reading.Node) (*r4.Node, string) {
	codings := v.mem().Array()
	text, has := reading.Text{}, false
	switch n.Class().Name {
	case "CODE_PHRASE":
		if c := v.code(n, ""); c != nil {
			codings.Items = append(codings.Items, c)
		}
	case "DV_ORDINAL", "DV_SCALE":
		symbol := n.Get("symbol")
		text, has = symbol.Get("value").Carry(&visible)
		if c := v.code(symbol.Get("defining_code"), n.String("value")); c != nil {
			codings.Items = append(codings.Items, c)
		} else {
			v.reduce("ordinal", "the number of the scale has no place without the code")
		}
		v.mappings(symbol, codings)
	case "DV_TEXT", "DV_CODED_TEXT":
		text, has = n.Get("value").Carry(&visible)
		if code := n.Get("defining_code"); !code.None() {
			if c := v.code(code, ""); c != nil {
				codings.Items = append(codings.Items, c)
			}
		}
		v.mappings(n, codings)
	default:
		return v.fail("type", "a "+n.Class().Name+" is not a concept")
	}
	out := v.mem().Object()
	if len(codings.Items) > 0 {
		out.Fields = append(out.Fields, r4.Field{Name: "coding", Value: codings})
	}
	if has {
		out.Fields = append(out.Fields, v.run.textField(text, has))
	}
	if len(out.Fields) == 0 {
		return v.fail("terminology", "there is neither a code of a known system nor a text")
	}
	return out, ""
}

// coding converts a code; a text without one has no form as a Coding.
func (v *converter) coding(n reading.Node) (*r4.Node, string) {
	code, ordinal := n, ""
	switch n.Class().Name {
	case "DV_CODED_TEXT":
		code = n.Get("defining_code")
	case "DV_ORDINAL", "DV_SCALE":
		code, ordinal = n.Get("symbol", "defining_code"), n.String("value")
	}
	c := v.code(code, ordinal)
	if c == nil {
		return v.fail("terminology", "the terminology has no system known to FHIR")
	}
	if text := n.String("value"); c.Get("display") == nil && n.Class().Name == "DV_CODED_TEXT" && text != "" {
		c.Set(r4.Lookup("Coding"), "display", v.mem().String(text))
	}
	return c, ""
}

const ordinalURL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"

// code is a CODE_PHRASE as a Coding; nil, with a loss noted, when its
// terminology has no URI, because a code without a system says nothing.
func (v *converter) code(n reading.Node, ordinal string) *r4.Node {
	if n.None() || n.String("code_string") == "" {
		return nil
	}
	name, version := rm.SplitTerminologyID(n.String("terminology_id", "value"))
	system := ""
	switch {
	case r4.IsAbsoluteURI(name):
		system = name
	case name == "local":
		if arch := v.at.archetype(); arch != "" {
			system = ArchetypeSystem(arch)
		}
	default:
		system = terminologies[strings.ToLower(name)]
	}
	if system == "" {
		v.reduce("terminology", "the terminology of a code has no system known to FHIR; the text stands alone")
		return nil
	}
	code := strings.TrimSpace(n.String("code_string"))
	if !r4.ValidPrimitive("code", code) {
		v.reduce("terminology", "the code is not legal in FHIR; the text stands alone")
		return nil
	}
	out := v.mem().Object()
	if ordinal != "" {
		ext := v.mem().Object(r4.Field{Name: "url", Value: v.mem().String(ordinalURL)}, r4.Field{Name: "valueDecimal", Value: v.mem().Number(ordinal)})
		out.Fields = append(out.Fields, r4.Field{Name: "extension", Value: v.mem().Array(ext)})
	}
	out.Fields = append(out.Fields, r4.Field{Name: "system", Value: v.mem().String(system)})
	if version != "" {
		out.Fields = append(out.Fields, r4.Field{Name: "version", Value: v.mem().String(version)})
	}
	out.Fields = append(out.Fields, r4.Field{Name: "code", Value: v.mem().String(code)})
	if p := n.String("preferred_term"); p != "" {
		out.Fields = append(out.Fields, r4.Field{Name: "display", Value: v.mem().String(p)})
	}
	return out
}

// mappings adds the codes that are declared equivalent. Narrower, broader and
// unknown matches are left out: beside the code they would read as equal.
func (v *converter) mappings(n reading.Node, codings *r4.Node) {
	for _, m := range n.List("mappings") {
		if m.String("match") != "=" {
			v.reduce("term-mapping", "a mapping that is not an equivalence is left out")
			continue
		}
		c := v.code(m.Get("target"), "")
		if c == nil {
			continue
		}
		dup := false
		for _, o := range codings.Items {
			dup = dup || (o.Str("system") == c.Str("system") && o.Str("code") == c.Str("code"))
		}
		if !dup {
			codings.Items = append(codings.Items, c)
		}
	}
}
