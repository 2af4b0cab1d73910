package example

import (
	"math"
	"strconv"
	"time"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/terminology"
	"github.com/cairn-ehr/cairn/templates"
)

func primitive(class *rm.Class, text string) *rm.Node { return &rm.Node{Class: class, Text: text} }

func defaultPrimitive(c *rm.Class) string {
	switch c.Primitive {
	case rm.IntegerPrimitive:
		return "1"
	case rm.RealPrimitive:
		return "1.0"
	case rm.BooleanPrimitive:
		return "true"
	}
	return "Example"
}

// free is the value of an attribute that the template does not mention: a
// mandatory one gets a default, others stay away.
func (g *generator) free(class *rm.Class, o *templates.Object, def *rm.Attribute, b *builder) *rm.Node {
	if class.Name == "COMPOSITION" && def.Name == "context" {
		return g.context()
	}
	if class.Name == "ELEMENT" && def.Name == "value" && !b.has("null_flavour") {
		return rm.Text("Example")
	}
	if !def.Mandatory {
		return nil
	}
	return g.value(class, o, def, b)
}

func (g *generator) context() *rm.Node {
	return rm.Object("EVENT_CONTEXT",
		rm.Child("start_time", g.dateTime(0)),
		rm.Child("setting", openEHR("setting", "238")))
}

func openEHR(group, code string) *rm.Node {
	rubric, _ := terminology.OpenEHR.Rubric(group, code, "en")
	return rm.CodedText(rubric, "openehr", code)
}

func (g *generator) dateTime(after time.Duration) *rm.Node {
	return rm.Object("DV_DATE_TIME", rm.Str("value", g.opt.Time.Add(after).Format("2006-01-02T15:04:05Z07:00")))
}

// bound is the usual value of attributes with a meaning of their own, by class
// and attribute.
func (g *generator) bound(class *rm.Class, name string) *rm.Node {
	is := func(c string) bool { return class.IsA(rm.Lookup(c)) }
	switch {
	case name == "language" && (is("COMPOSITION") || is("ENTRY")):
		return rm.Code("ISO_639-1", g.opt.Language)
	case name == "territory":
		return rm.Code("ISO_3166-1", g.opt.Territory)
	case name == "category" && is("COMPOSITION"):
		return openEHR("composition_category", "433")
	case name == "composer":
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", g.opt.Composer))
	case name == "encoding":
		return rm.Code("IANA_character-sets", "UTF-8")
	case name == "setting":
		return openEHR("setting", "238")
	case name == "math_function":
		return openEHR("event_math_function", "146")
	case name == "width":
		return rm.Object("DV_DURATION", rm.Str("value", "PT1H"))
	case name == "current_state":
		return openEHR("instruction_states", "532")
	case name == "transition":
		return nil // the careflow step says enough, and the pair must be lawful
	case name == "null_flavour":
		return openEHR("null_flavours", "271")
	case name == "relationship" && is("PARTY_RELATED"):
		return openEHR("subject_relationship", "10")
	case name == "action_archetype_id":
		return primitive(rm.ClassString, "/.*/")
	case name == "mode" && is("PARTICIPATION"):
		return openEHR("participation_mode", "216")
	case class.Name == "ROLE" && name == "performer":
		return partyRef("PERSON", "")
	case class.Name == "PARTY_RELATIONSHIP" && name == "source" && g.tpl.Root.Class.IsA(rm.Lookup("PARTY")):
		return partyRef(concrete(g.tpl.Root.Class).Name, exampleParty) // the party that has the relationship
	case class.Name == "PARTY_RELATIONSHIP" && (name == "source" || name == "target"):
		return partyRef("PERSON", "")
	case name == "performer":
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Example performer"))
	case name == "media_type":
		return rm.Code("IANA_media-types", "text/plain")
	case name == "formalism":
		return primitive(rm.ClassString, "text/plain")
	case name == "provider" || name == "health_care_facility":
		return rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Example provider"))
	case name == "denominator":
		return primitive(rm.Lookup("Real"), "1")
	}
	return nil
}

// exampleParty is the uid of an example of a party, which only those have that
// refer to themselves.
const exampleParty = "0b6f6f0e-2c51-4b1b-8a3d-5e0d4c3b2a11"

// partyRef refers to a party by its id, "" for a made-up one.
func partyRef(class, id string) *rm.Node {
	if id == "" {
		id = lexical(rm.Lookup("HIER_OBJECT_ID"), rm.Lookup("HIER_OBJECT_ID").Attribute("value"))
	}
	return rm.Object("PARTY_REF", rm.Str("namespace", "demographic"), rm.Str("type", class), rm.Child("id", rm.ID("HIER_OBJECT_ID", id)))
}

// value makes an unconstrained value of an attribute.
func (g *generator) value(class *rm.Class, o *templates.Object, def *rm.Attribute, b *builder) *rm.Node {
	if n := g.bound(class, def.Name); n != nil {
		return n
	}
	if def.Name == "transition" || class.Name == "DV_MULTIMEDIA" && def.Name == "data" {
		return nil
	}
	typ := def.Type
	if typ.Name == "Any" || typ.Name == "Ordered" {
		if o.Param != nil {
			typ = o.Param
		} else if def.Param != nil {
			typ = def.Param
		}
	}
	typ = concrete(typ)
	if typ.Primitive != rm.NotPrimitive {
		return primitive(typ, lexical(class, def))
	}
	return g.fresh(typ, o)
}

// lexical is the text of an unconstrained primitive attribute.
func lexical(class *rm.Class, def *rm.Attribute) string {
	switch class.Name + "." + def.Name {
	case "DV_DATE.value":
		return "2024-03-01"
	case "DV_TIME.value":
		return "10:30:00"
	case "DV_DATE_TIME.value":
		return "2024-03-01T10:30:00Z"
	case "DV_DURATION.value":
		return "PT1H"
	case "DV_URI.value":
		return "https://example.org/"
	case "DV_EHR_URI.value":
		return "ehr:/"
	case "DV_QUANTITY.units":
		return "1"
	case "DV_PROPORTION.type":
		return "0"
	case "TERM_MAPPING.match":
		return "="
	case "DV_INTERVAL.lower_unbounded", "DV_INTERVAL.upper_unbounded":
		return "false"
	case "TERMINOLOGY_ID.value":
		return "local"
	case "HIER_OBJECT_ID.value":
		return "7f3f0f3e-5d0e-4d0c-9f40-6d0c2b1a9c11"
	}
	return defaultPrimitive(concrete(def.Type))
}

// fresh makes an instance of a class that the template does not constrain.
func (g *generator) fresh(class *rm.Class, o *templates.Object) *rm.Node {
	if class.Primitive != rm.NotPrimitive {
		return primitive(class, defaultPrimitive(class))
	}
	b := &builder{class: class}
	if class.IsA(rm.Lookup("LOCATABLE")) {
		b.set("archetype_node_id", primitive(rm.ClassString, "at0001"))
		b.set("name", rm.Text("Example"))
	}
	empty := &templates.Object{Class: class, Terms: o.Terms, Param: o.Param}
	for _, def := range class.Attributes() {
		if b.has(def.Name) {
			continue
		}
		if def.Container {
			if def.Mandatory && def.MinItems > 0 {
				b.set(def.Name, g.fresh(concrete(def.Type), o))
			}
			continue
		}
		if n := g.free(class, empty, def, b); n != nil {
			b.set(def.Name, n)
		}
	}
	g.finish(b, empty)
	return b.node()
}

// finish makes the attributes of an instance agree with one another.
func (g *generator) finish(b *builder, o *templates.Object) {
	real := rm.Lookup("Real")
	switch b.class.Name {
	case "DV_INTERVAL":
		g.finishInterval(b, o)
	case "DV_PROPORTION":
		switch b.text("type") {
		case "1":
			b.set("denominator", primitive(real, "1"))
		case "2":
			b.set("denominator", primitive(real, "100"))
		case "3", "4":
			for _, name := range []string{"numerator", "denominator"} {
				if f, err := strconv.ParseFloat(b.text(name), 64); err == nil && f != math.Trunc(f) {
					b.set(name, primitive(real, strconv.FormatFloat(math.Ceil(f), 'f', 0, 64)))
				}
			}
		}
		if f, err := strconv.ParseFloat(b.text("denominator"), 64); err == nil && f == 0 {
			b.set("denominator", primitive(real, "1"))
		}
	case "DV_MULTIMEDIA":
		if !b.has("uri") && !b.has("data") {
			b.set("uri", rm.Object("DV_URI", rm.Str("value", "https://example.org/")))
		}
	case "PARTY_IDENTIFIED", "PARTY_RELATED":
		if !b.has("name") && !b.has("identifiers") && !b.has("external_ref") {
			b.set("name", primitive(rm.ClassString, "Example"))
		}
	case "HISTORY":
		if !b.has("events") && !b.has("summary") {
			b.set("events", g.fresh(rm.Lookup("POINT_EVENT"), o))
		}
	case "INTERVAL_EVENT":
		// The time of an interval event is the end of its interval.
		if width := b.names["width"]; len(width) > 0 {
			if d, err := rm.ParseDuration(width[0].String("value")); err == nil {
				b.set("time", rm.Object("DV_DATE_TIME", rm.Str("value", d.AddTo(g.opt.Time).Format("2006-01-02T15:04:05Z07:00"))))
			}
		}
	case "ELEMENT":
		if b.has("value") {
			b.remove("null_flavour")
			b.remove("null_reason")
		}
	case "DV_ORDINAL", "DV_SCALE", "DV_TEXT", "DV_CODED_TEXT":
		if b.class.Name == "DV_CODED_TEXT" {
			g.rubric(b, o)
		}
	}
}

// rubric sets the text of a coded text to that of its code.
func (g *generator) rubric(b *builder, o *templates.Object) {
	code := b.names["defining_code"]
	if len(code) == 0 {
		return
	}
	if a := o.Attribute("value"); a != nil && len(a.Children) > 0 {
		return // the template fixes the text
	}
	id, value := code[0].String("terminology_id", "value"), code[0].String("code_string")
	text := ""
	switch id {
	case "local":
		text = o.Terms.Text(value, g.opt.Language)
	case "openehr":
		text = g.openEHRRubric(o, value)
	}
	if text == "" {
		text = value
	}
	b.set("value", primitive(rm.ClassString, text))
}

// groups are the vocabulary groups of attributes, for rubrics of codes that
// several groups have.
var groups = map[string]string{
	"category": "composition_category", "setting": "setting", "math_function": "event_math_function",
	"current_state": "instruction_states", "transition": "instruction_transitions", "null_flavour": "null_flavours",
	"mode": "participation_mode", "relationship": "subject_relationship", "function": "participation_function",
}

func (g *generator) openEHRRubric(o *templates.Object, code string) string {
	if o.Parent != nil {
		if text, ok := terminology.OpenEHR.Rubric(groups[o.Parent.Name], code, "en"); ok {
			return text
		}
	}
	text, _ := terminology.OpenEHR.AnyRubric(code)
	return text
}

// finishInterval gives an interval flags that fit its limits.
func (g *generator) finishInterval(b *builder, o *templates.Object) {
	for _, name := range []string{"lower", "upper"} {
		if !b.has(name) && g.opt.Detail != Required || !b.has(name) && o.Param == nil {
			if def := b.class.Attribute(name); def != nil && o.Attribute(name) == nil {
				typ := o.Param
				if typ == nil {
					typ = rm.Lookup("DV_COUNT")
				}
				b.set(name, g.fresh(concrete(typ), o))
			}
		}
	}
	for _, name := range []string{"lower", "upper"} {
		there := b.has(name)
		b.set(name+"_unbounded", primitive(rm.ClassBoolean, strconv.FormatBool(!there)))
		b.set(name+"_included", primitive(rm.ClassBoolean, strconv.FormatBool(there)))
	}
}
