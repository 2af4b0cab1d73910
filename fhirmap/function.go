package fhirmap

import (
	"slices"
	"sort"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/fhirconnect"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/fhirmap/reading"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/ucum"
)

// function is a conversion that mapping files name by mappingCode. FHIR Connect
// leaves to each engine which there are; these have the names of the public
// mapping library where they mean what is meant there. All are exact: what a
// function cannot say in full it does not say.
type function struct {
	// source is the RM class it takes, target the FHIR type or element it makes. Of
	// an ELEMENT it takes the value, unless it is what it takes.
	source, target string
	// to gives a value of the target; if fields is set they are added to the
	// object that is there.
	to     func(v *converter, n reading.Node) (*r4.Node, string)
	fields bool
	// back gives the value of the source, nil if there is none for certain. A
	// function without it goes one way.
	back func(n *r4.Node) *rm.Node
}

var functions = map[string]*function{
	"ratio_to_dv_quantity": {
		source: "DV_QUANTITY", target: "Ratio", to: (*converter).rate, back: rateOf,
	},
	"dosageDurationToAdministrationDuration": {
		source: "DV_DURATION", target: "Timing.repeat", fields: true, to: (*converter).lasts, back: lastsOf,
	},
	"dosageFrequencyToTimingRepeat": {
		source: "DV_QUANTITY", target: "Timing.repeat", fields: true, to: (*converter).often, back: oftenOf,
	},
	"dosageFrequencyRangeToTimingRepeat": {
		source: "DV_INTERVAL", target: "Timing.repeat", fields: true, to: (*converter).oftenUpTo, back: oftenUpToOf,
	},
	"dosageIntervalToTimingRepeat": {
		source: "DV_DURATION", target: "Timing.repeat", fields: true, to: (*converter).every, back: everyOf,
	},
	"elementToNamedText": {source: "ELEMENT", target: "markdown", to: (*converter).namedText},
}

// noFunctions are those of the public mapping library that there are not, with
// the reason.
var noFunctions = map[string]string{
	"timingToDaily_NonDaily":  "nothing says how a Timing is divided between the clusters of a dosage; map its elements by methods",
	"ehrStatusAddExternalREF": "a composition cannot change the EHR_STATUS",
}

// function compiles the key mappingCode.
func (c *compiler) function(s *step, src *otype) {
	name := s.m.Code
	f := functions[name.Value]
	if f == nil {
		known := make([]string, 0, len(functions))
		for n := range functions {
			known = append(known, n)
		}
		sort.Strings(known)
		if why := noFunctions[name.Value]; why != "" {
			c.fail(name.Position, fhirconnect.CodeUnsupported, "not supported: mappingCode %s: %s", name.Value, why)
		} else {
			c.fail(name.Position, fhirconnect.CodeDangling, "there is no function %q; there are %s", clip(name.Value), strings.Join(known, ", "))
		}
		return
	}
	if src == nil || !src.has(f.source) && !src.has("ELEMENT") {
		c.fail(s.m.OpenEHR.Position, fhirconnect.CodeType, "%s takes a %s, not %v", name.Value, f.source, src)
		return
	}
	if f.back == nil && s.m.Direction != fhirconnect.ToFHIR {
		c.fail(name.Position, fhirconnect.CodeStructure, "%s goes one way: it needs unidirectional %q", name.Value, "openehr->fhir")
		return
	}
	if !f.makes(s.dstType) {
		c.fail(s.m.FHIR.Position, fhirconnect.CodeType, "%s makes a %s, not %s", name.Value, f.target, s.dstType)
		return
	}
	s.code, s.transfer = f, true
}

// makes reports whether a place takes what the function makes.
func (f *function) makes(t *ftype) bool {
	if t.elem != nil && t.elem.Path == f.target {
		return true
	}
	return slices.ContainsFunc(t.allowed(), func(ref r4.TypeRef) bool { return ref.Type.Name == f.target })
}

// run converts a value and puts it at a place.
func (f *function) run(v *converter, n reading.Node, place *cursor, t *ftype) (reason string) {
	if n.None() || n.Class().Name != f.source {
		_, reason = v.fail("type", "the source is no "+f.source)
		return reason
	}
	val, reason := f.to(v, n)
	if reason != "" {
		return reason
	}
	if f.fields {
		obj, typ := place.object()
		for i := range val.Fields {
			obj.Set(typ, val.Fields[i].Name, val.Fields[i].Value)
		}
		return ""
	}
	for _, ref := range t.allowed() {
		if ref.Type.Name == f.target {
			place.put(val, ref.Type)
		}
	}
	return ""
}

// namedText is what an ELEMENT says, after its name, for a place that holds the text
// of several: its value, or the null flavour with the reason for it. A masked value
// has no reason.
func (v *converter) namedText(n reading.Node) (*r4.Node, string) {
	before, after, of := n.NameValue()+": ", "", n.Get("value")
	if absent(n) {
		flavour := n.Get("null_flavour")
		known, ok := nullFlavours[flavour.String("defining_code", "code_string")]
		if !ok || flavour.String("defining_code", "terminology_id", "value") != "openehr" {
			return v.fail("null-flavour", "the source has neither a value nor a null flavour of the openEHR terminology")
		}
		said := known.text
		if said == "" {
			said = strings.ReplaceAll(known.code, "-", " ")
		}
		before, of = before+said, reading.Node{}
		if why := n.Get("null_reason", "value"); known.code != "masked" && !why.None() {
			before, after, of = before+" (", ")", why
		}
	} else {
		v.run.use(of)
		// A code of the archetype's own says no more than its text.
		if of.Class().Name == "DV_CODED_TEXT" && of.String("defining_code", "terminology_id", "value") != "local" {
			v.reduce("code-as-text", "the target has the text of the code, not the code")
		}
		if whole := wholeText(of); !whole.None() {
			of = whole
		} else if text, ok := plainText(of); ok {
			before, of = before+text, reading.Node{}
		} else {
			return v.fail("type", "a "+of.Class().Name+" has no text form")
		}
	}
	form := reading.Form{Of: func(s string) (string, bool) {
		s = before + s + after
		return s, r4.ValidPrimitive("markdown", s)
	}}
	text, ok := of.Carry(&form)
	if !ok {
		return v.fail("value", "the text is not a legal markdown")
	}
	return text.String(v.mem(), r4.FreeString), ""
}

// rate is an amount per unit of something as the ratio of two amounts: 50 mL/h is
// 50 mL to 1 h.
func (v *converter) rate(n reading.Node) (*r4.Node, string) {
	units := n.String("units")
	i := strings.LastIndexByte(units, '/')
	if i <= 0 || strings.ContainsAny(units, "{}()") || strings.Contains(units[i:], ".") || !ucum.Valid(units) || !ucum.Valid(units[:i]) || !ucum.Valid(units[i+1:]) {
		return v.fail("unit", "the unit is not a UCUM unit per another one")
	}
	if s := n.String("units_system"); s != "" && s != ucumURI && !strings.EqualFold(s, "UCUM") {
		return v.fail("unit", "the unit is not one of UCUM")
	}
	top := v.run.log.Node(n.Unwatched().With("units_display_name"))
	numerator, why := v.amount(top, n.Get("magnitude"), units[:i])
	if why != "" {
		return nil, why
	}
	mem := v.mem()
	denominator := mem.Object(r4.Field{Name: "value", Value: mem.Number("1")}, r4.Field{Name: "unit", Value: mem.String(units[i+1:])},
		r4.Field{Name: "system", Value: mem.String(ucumURI)}, r4.Field{Name: "code", Value: mem.String(units[i+1:])})
	return mem.Object(r4.Field{Name: "numerator", Value: numerator}, r4.Field{Name: "denominator", Value: denominator}), ""
}

// rateOf is the inverse, for one of something only.
func rateOf(n *r4.Node) *rm.Node {
	top, bottom := n.Get("numerator"), n.Get("denominator")
	unit := bottom.Str("code")
	if len(n.Fields) != 2 || top == nil || bottom == nil || len(bottom.Fields) != 4 || bottom.Str("value") != "1" ||
		bottom.Str("system") != ucumURI || bottom.Str("unit") != unit || top.Str("system") != ucumURI || top.Str("unit") != top.Str("code") {
		return nil
	}
	q := quantityOf(top)
	if q == nil {
		return nil
	}
	return q.With("units", &rm.Node{Class: rm.ClassString, Text: top.Str("code") + "/" + unit})
}

// lasts is how long a dose lasts: Timing.repeat.duration with its unit.
func (v *converter) lasts(n reading.Node) (*r4.Node, string) {
	q, why := v.duration(n)
	if why != "" {
		return nil, why
	}
	if q.Get("comparator") != nil {
		return v.fail("comparator", "the target takes no comparator")
	}
	if strings.HasPrefix(q.Str("value"), "-") {
		return v.fail("duration", "nothing lasts less than no time")
	}
	return v.mem().Object(r4.Field{Name: "duration", Value: q.Get("value")}, r4.Field{Name: "durationUnit", Value: v.mem().String(q.Str("code"))}), ""
}

// lastsOf is the inverse.
func lastsOf(n *r4.Node) *rm.Node {
	unit := n.Str("durationUnit")
	value := n.Get("duration")
	if value == nil || unit == "" {
		return nil
	}
	return durationOf(r4.NewObject(r4.Field{Name: "value", Value: value}, r4.Field{Name: "unit", Value: r4.NewString(unit)},
		r4.Field{Name: "system", Value: r4.NewString(ucumURI)}, r4.Field{Name: "code", Value: r4.NewString(unit)}))
}
