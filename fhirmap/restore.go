package fhirmap

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// restore puts a FHIR value at a place. It reports whether it did: a value
// without a certain inverse stays behind, which the proof finds.
func (b *backward) restore(s *step, to *part, v *fplace) bool {
	switch {
	case to.class == rm.ClassElement:
		for _, class := range to.allowed() {
			if n := b.value(class, to, v.node); n != nil {
				return to.once("value", n)
			}
		}
		return false
	case to.class != nil && to.class.Name == "POINT_EVENT":
		return v.node.Kind == r4.String && to.once("time", dated("DV_DATE_TIME", v.node.Text))
	case to.up == nil || s.src.segs == nil:
		return false
	}
	// An attribute such as subject, provider, start_time or name/value: it is
	// set where it belongs, and the place opened for it is given up.
	attr := s.src.segs[len(s.src.segs)-1].attr
	if to.up.class == nil {
		return false
	}
	def := to.up.class.Attribute(attr)
	if def == nil || def.Container {
		return false
	}
	list := to.up.fields[attr]
	to.up.fields[attr] = slices.DeleteFunc(list, func(p *part) bool { return p == to })
	for _, class := range def.Type.Concrete() {
		if n := b.value(class.Name, to, v.node); n != nil {
			return to.up.once(attr, n)
		}
	}
	return false
}

// allowed are the classes that the template allows as the value of an ELEMENT,
// in its order.
func (p *part) allowed() []string {
	var out []string
	if p.object != nil {
		if a := p.object.Attribute("value"); a != nil {
			for _, c := range a.Children {
				out = append(out, c.Class.Name)
			}
		}
	}
	// What is coded becomes a plain text only if there is no code.
	if slices.Contains(out, "DV_TEXT") && !slices.Contains(out, "DV_CODED_TEXT") {
		out = append([]string{"DV_CODED_TEXT"}, out...)
	}
	return out
}

// value is the inverse of a conversion; nil if there is none for certain.
func (b *backward) value(class string, to *part, v *r4.Node) *rm.Node {
	switch class {
	case "DV_QUANTITY":
		return quantityOf(v)
	case "DV_PROPORTION":
		if v.Str("code") == "%" && v.Str("system") == ucumURI && v.Get("comparator") == nil && v.Get("value") != nil {
			return rm.Object(class, rm.Child("numerator", number("numerator", class, v.Str("value"))),
				rm.Child("denominator", number("denominator", class, "100")), rm.Int("type", 2))
		}
	case "DV_COUNT":
		text := v.Text
		if v.Kind == r4.Object && v.Str("code") == "1" && v.Str("system") == ucumURI && v.Get("comparator") == nil {
			text = v.Str("value")
		}
		if _, err := strconv.ParseInt(text, 10, 64); err == nil {
			return rm.Object(class, rm.Child("magnitude", number("magnitude", class, text)))
		}
	case "DV_BOOLEAN":
		if v.Kind == r4.Bool {
			return rm.Object(class, rm.Bool("value", v.Text == "true"))
		}
	case "DV_TEXT":
		text := v.Text
		if v.Kind == r4.Object && len(v.List("coding")) == 0 {
			text = v.Str("text")
		}
		if (v.Kind == r4.String || v.Kind == r4.Object) && text != "" {
			return rm.Text(text)
		}
	case "DV_CODED_TEXT":
		return b.coded(to, v)
	case "DV_DATE_TIME", "DV_DATE":
		if v.Kind == r4.String {
			return dated(class, v.Text)
		}
	case "DV_URI":
		if v.Kind == r4.String {
			return rm.Object(class, rm.Str("value", v.Text))
		}
	case "PARTY_SELF":
		if v.Str("reference") == "Patient/"+b.in.EHRID {
			return rm.Object(class)
		}
	case "PARTY_IDENTIFIED":
		return party(v)
	}
	return nil
}

func number(attr, class, text string) *rm.Node {
	return &rm.Node{Class: rm.Lookup(class).Attribute(attr).Type, Text: text}
}

// quantityOf keeps the digits, the unit and the comparator.
func quantityOf(v *r4.Node) *rm.Node {
	value, units, system := v.Get("value"), v.Str("code"), v.Str("system")
	if v.Kind != r4.Object || value == nil || units == "" {
		return nil
	}
	f := []rm.Field{rm.Child("magnitude", number("magnitude", "DV_QUANTITY", value.Text)), rm.Str("units", units)}
	if c := v.Str("comparator"); c != "" {
		f = append(f, rm.Str("magnitude_status", c))
	}
	if p := v.Str("_value", "extension", "valueInteger"); p != "" && v.Str("_value", "extension", "url") == precisionURL {
		f = append(f, rm.Child("precision", number("precision", "DV_QUANTITY", p)))
	}
	if system != ucumURI {
		f = append(f, rm.Str("units_system", system))
	}
	if unit := v.Str("unit"); unit != "" && unit != units {
		f = append(f, rm.Str("units_display_name", unit))
	}
	return rm.Object("DV_QUANTITY", f...)
}

// coded is a concept with a code: that of the archetype or terminology is the
// defining code, further ones are equivalent mappings, as the forward way has it.
func (b *backward) coded(to *part, v *r4.Node) *rm.Node {
	codings := v.List("coding")
	if v.Kind != r4.Object || len(codings) == 0 {
		return nil
	}
	codes := make([]*rm.Node, 0, len(codings))
	for _, c := range codings {
		code := to.codePhrase(c)
		if code == nil {
			return nil
		}
		codes = append(codes, code)
	}
	text := v.Str("text")
	if text == "" {
		return nil // the text of a concept is mandatory, and a display is not it
	}
	out := rm.Object("DV_CODED_TEXT", rm.Str("value", text), rm.Child("defining_code", codes[0]))
	var mappings []*rm.Node
	for _, code := range codes[1:] {
		mappings = append(mappings, rm.Object("TERM_MAPPING", rm.Str("match", "="), rm.Child("target", code)))
	}
	if len(mappings) > 0 {
		out = out.With("mappings", mappings...)
	}
	return out
}

// codePhrase is the inverse of a system and code; nil for what has no system.
func (p *part) codePhrase(c *r4.Node) *rm.Node {
	system, code := c.Str("system"), c.Str("code")
	if system == "" || code == "" {
		return nil
	}
	name := system
	switch {
	case system == OpenEHRSystem:
		name = "openehr"
	case strings.HasPrefix(system, ArchetypeSystem("")):
		name = "local"
	default:
		// The name that the template uses for the system, if it names it.
		if o := p.object; o != nil {
			if a := o.Attribute("value"); a != nil {
				for _, child := range a.Children {
					if d := only(child, "defining_code"); d != nil {
						if phrase, ok := d.Constraint.(*templates.CCodePhrase); ok && terminologies[strings.ToLower(phrase.Terminology)] == system {
							name = phrase.Terminology
						}
					}
				}
			}
		}
	}
	if version := c.Str("version"); version != "" {
		name += "(" + version + ")"
	}
	out := rm.Code(name, code)
	if display := c.Str("display"); display != "" {
		out = out.With("preferred_term", &rm.Node{Class: rm.ClassString, Text: display})
	}
	return out
}

func dated(class, text string) *rm.Node {
	parse := rm.ParseDateTime
	if class == "DV_DATE" {
		parse = rm.ParseDate
	}
	if _, err := parse(text); err != nil {
		return nil
	}
	return rm.Object(class, rm.Str("value", text))
}

// party is someone named or identified, but not by a resource of this server.
func party(v *r4.Node) *rm.Node {
	if v.Kind != r4.Object || v.Get("reference") != nil || v.Get("type") != nil {
		return nil
	}
	var f []rm.Field
	if name := v.Str("display"); name != "" {
		f = append(f, rm.Str("name", name))
	}
	if id := v.Get("identifier"); id.Str("value") != "" {
		d := []rm.Field{rm.Str("id", id.Str("value"))}
		for _, x := range []struct{ name, value string }{
			{"issuer", id.Str("system")}, {"assigner", id.Str("assigner", "display")}, {"type", id.Str("type", "text")},
		} {
			if x.value != "" {
				d = append(d, rm.Str(x.name, x.value))
			}
		}
		f = append(f, rm.Child("identifiers", rm.Object("DV_IDENTIFIER", d...)))
	}
	if len(f) == 0 {
		return nil
	}
	return rm.Object("PARTY_IDENTIFIED", f...)
}

// absent takes back the reason why an Observation or a component has no value.
func (b *backward) absent(s *step, start *part, root, from *fplace) {
	e := s.dstType.elem
	if e == nil || e.Path != "Observation.value[x]" && e.Path != "Observation.component.value[x]" || !s.hasSrc || len(s.src.segs) == 0 {
		return
	}
	holder := s.dst
	holder.steps = holder.steps[:len(holder.steps)-1]
	for _, at := range follow(&holder, root, from) {
		reason := at.node.Get("dataAbsentReason")
		for code, flavour := range nullFlavours {
			if len(reason.List("coding")) != 1 || reason.Str("coding", "system") != absentSystem ||
				reason.Str("coding", "code") != flavour.code || reason.Str("text") != flavour.text {
				continue
			}
			if to := b.open(start, s.src.segs, false); to != nil && to.class == rm.ClassElement {
				to.once("null_flavour", rm.CodedText(nullFlavourNames[code], "openehr", code))
			}
		}
	}
}

var nullFlavourNames = map[string]string{"253": "unknown", "271": "no information", "272": "masked", "273": "not applicable"}
