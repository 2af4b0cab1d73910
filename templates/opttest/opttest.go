// Package opttest writes operational templates (OPT 1.4 XML) for tests, so that
// a test states the one constraint it is about and not three hundred lines of
// XML.
//
//	opttest.Template("Pulse", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.encounter.v1",
//		opttest.Attr{Name: "content", Existence: "0..1", Cardinality: "0..*", Children: []opttest.Obj{…}}))
package opttest

import (
	"fmt"
	"strings"
)

// Obj is one object constraint.
type Obj struct {
	// XSI is the xsi:type; "" for C_COMPLEX_OBJECT.
	XSI string
	// RM is the rm_type_name.
	RM string
	// Occ is the occurrences as 0..1 or 1..*; "" leaves the element out.
	Occ string
	// ID is the node_id.
	ID string
	// Name, if not empty, adds a constraint on the name attribute with the
	// values, separated by |.
	Name  string
	Attrs []Attr
	// Archetype makes the object an archetype root. Terms are its codes with
	// their texts, in pairs.
	Archetype string
	Terms     []string
	// XML is further content, verbatim.
	XML string
}

// Attr is one attribute constraint. A Cardinality makes it a
// C_MULTIPLE_ATTRIBUTE. Empty intervals leave their element out.
type Attr struct {
	Name, Existence, Cardinality string
	Ordered, Unique              bool
	Children                     []Obj
}

// Root is an archetype root.
func Root(class, archetypeID string, attrs ...Attr) Obj {
	return Obj{RM: class, Archetype: archetypeID, ID: "at0000", Occ: "1..1", Attrs: attrs}
}

// Template writes a template with a root; extra is added after the definition.
func Template(id string, root Obj, extra ...string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n" +
		`<template xmlns="http://schemas.openehr.org/v1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">` +
		`<language><terminology_id><value>ISO_639-1</value></terminology_id><code_string>en</code_string></language>` +
		`<template_id><value>` + Escape(id) + `</value></template_id><concept>` + Escape(id) + `</concept>`)
	root.write(&b, "definition")
	b.WriteString(strings.Join(extra, ""))
	b.WriteString("</template>\n")
	return []byte(b.String())
}

func (o Obj) write(b *strings.Builder, element string) {
	xsi := o.XSI
	switch {
	case xsi != "":
	case o.Archetype != "":
		xsi = "C_ARCHETYPE_ROOT"
	default:
		xsi = "C_COMPLEX_OBJECT"
	}
	fmt.Fprintf(b, `<%s xsi:type="%s"><rm_type_name>%s</rm_type_name>`, element, xsi, Escape(o.RM))
	if o.Occ != "" {
		b.WriteString(Interval("occurrences", o.Occ))
	}
	fmt.Fprintf(b, "<node_id>%s</node_id>", o.ID)
	if o.Name != "" {
		Attr{Name: "name", Existence: "1..1", Children: []Obj{{RM: "DV_TEXT", Occ: "1..1", Attrs: []Attr{
			{Name: "value", Existence: "1..1", Children: []Obj{Strings(strings.Split(o.Name, "|")...)}},
		}}}}.write(b)
	}
	for _, a := range o.Attrs {
		a.write(b)
	}
	b.WriteString(o.XML)
	if o.Archetype != "" {
		fmt.Fprintf(b, "<archetype_id><value>%s</value></archetype_id>", Escape(o.Archetype))
	}
	for i := 0; i+1 < len(o.Terms); i += 2 {
		fmt.Fprintf(b, `<term_definitions code="%s"><items id="text">%s</items><items id="description">*</items></term_definitions>`,
			o.Terms[i], Escape(o.Terms[i+1]))
	}
	fmt.Fprintf(b, "</%s>", element)
}

func (a Attr) write(b *strings.Builder) {
	xsi := "C_SINGLE_ATTRIBUTE"
	if a.Cardinality != "" {
		xsi = "C_MULTIPLE_ATTRIBUTE"
	}
	fmt.Fprintf(b, `<attributes xsi:type="%s"><rm_attribute_name>%s</rm_attribute_name>`, xsi, a.Name)
	if a.Existence != "" {
		b.WriteString(Interval("existence", a.Existence))
	}
	for _, c := range a.Children {
		c.write(b, "children")
	}
	if a.Cardinality != "" {
		fmt.Fprintf(b, "<cardinality><is_ordered>%v</is_ordered><is_unique>%v</is_unique>%s</cardinality>",
			a.Ordered, a.Unique, Interval("interval", a.Cardinality))
	}
	b.WriteString("</attributes>")
}

// Interval writes an interval element from the form lower..upper, where * is
// unbounded and > or < before a limit excludes it.
func Interval(element, s string) string {
	lower, upper, _ := strings.Cut(s, "..")
	var b strings.Builder
	fmt.Fprintf(&b, "<%s>", element)
	end := func(name, limit, excluded string) {
		limit, open := strings.CutPrefix(limit, excluded)
		if limit == "*" {
			fmt.Fprintf(&b, "<%s_unbounded>true</%s_unbounded>", name, name)
			return
		}
		fmt.Fprintf(&b, "<%s_included>%v</%s_included><%s_unbounded>false</%s_unbounded><%s>%s</%s>",
			name, !open, name, name, name, name, limit, name)
	}
	end("lower", lower, ">")
	end("upper", upper, "<")
	fmt.Fprintf(&b, "</%s>", element)
	return b.String()
}

// Primitive is a C_PRIMITIVE_OBJECT of a type such as STRING with the content
// of its C_STRING.
func Primitive(typ, content string) Obj {
	return Obj{XSI: "C_PRIMITIVE_OBJECT", RM: typ, Occ: "1..1", XML: `<item xsi:type="C_` + typ + `">` + content + "</item>"}
}

// Strings allows the values.
func Strings(values ...string) Obj {
	var b strings.Builder
	for _, v := range values {
		b.WriteString("<list>" + Escape(v) + "</list>")
	}
	return Primitive("STRING", b.String())
}

// Pattern demands a regular expression, or a pattern of dates and durations.
func Pattern(typ, pattern string) Obj {
	return Primitive(typ, "<pattern>"+Escape(pattern)+"</pattern>")
}

// Range demands a range of a primitive type.
func Range(typ, interval string) Obj { return Primitive(typ, Interval("range", interval)) }

// Codes is a C_CODE_PHRASE with the codes of a terminology.
func Codes(terminology string, codes ...string) Obj {
	x := "<terminology_id><value>" + Escape(terminology) + "</value></terminology_id>"
	for _, c := range codes {
		x += "<code_list>" + Escape(c) + "</code_list>"
	}
	return Obj{XSI: "C_CODE_PHRASE", RM: "CODE_PHRASE", Occ: "1..1", XML: x}
}

// Coded is a DV_CODED_TEXT with the codes of a terminology.
func Coded(terminology string, codes ...string) Obj {
	return Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{
		{Name: "defining_code", Existence: "1..1", Children: []Obj{Codes(terminology, codes...)}},
	}}
}

// Quantity is a C_DV_QUANTITY of an openEHR property; each unit is written as
// unit, unit|magnitude or unit|magnitude|precision.
func Quantity(property string, units ...string) Obj {
	var b strings.Builder
	if property != "" {
		b.WriteString("<property><terminology_id><value>openehr</value></terminology_id><code_string>" + property + "</code_string></property>")
	}
	for _, u := range units {
		part := strings.Split(u, "|")
		b.WriteString("<list>")
		if len(part) > 1 && part[1] != "" {
			b.WriteString(Interval("magnitude", part[1]))
		}
		if len(part) > 2 {
			b.WriteString(Interval("precision", part[2]))
		}
		b.WriteString("<units>" + Escape(part[0]) + "</units></list>")
	}
	return Obj{XSI: "C_DV_QUANTITY", RM: "DV_QUANTITY", Occ: "1..1", XML: b.String()}
}

// Ordinal is a C_DV_ORDINAL, or with class DV_SCALE a C_DV_SCALE; each pair is
// written as value|code.
func Ordinal(class string, pairs ...string) Obj {
	var b strings.Builder
	for _, p := range pairs {
		value, code, _ := strings.Cut(p, "|")
		fmt.Fprintf(&b, "<list><value>%s</value><symbol><defining_code><terminology_id><value>local</value></terminology_id>"+
			"<code_string>%s</code_string></defining_code></symbol></list>", value, code)
	}
	return Obj{XSI: "C_" + class, RM: class, Occ: "1..1", XML: b.String()}
}

// Slot is an ARCHETYPE_SLOT; an assertion is a regular expression on the
// archetype id, an exclude if it begins with a minus.
func Slot(class, occ string, assertions ...string) Obj {
	var includes, excludes string
	for _, a := range assertions {
		element := "includes"
		if pattern, exclude := strings.CutPrefix(a, "-"); exclude {
			element, a = "excludes", pattern
		}
		x := "<" + element + `><expression xsi:type="EXPR_BINARY_OPERATOR"><type>Boolean</type><operator>2007</operator>` +
			`<left_operand xsi:type="EXPR_LEAF"><type>String</type><item>archetype_id/value</item></left_operand>` +
			`<right_operand xsi:type="EXPR_LEAF"><type>C_STRING</type><item xsi:type="C_STRING"><pattern>` + Escape(a) +
			"</pattern></item></right_operand></expression></" + element + ">"
		if element == "includes" {
			includes += x
		} else {
			excludes += x
		}
	}
	return Obj{XSI: "ARCHETYPE_SLOT", RM: class, Occ: occ, ID: "at0099", XML: includes + excludes}
}

// Element is an ELEMENT with the alternatives of its value.
func Element(id, occ string, values ...Obj) Obj {
	o := Obj{RM: "ELEMENT", ID: id, Occ: occ}
	if len(values) > 0 {
		o.Attrs = []Attr{{Name: "value", Existence: "0..1", Children: values}}
	}
	return o
}

// Value is an object of a class whose value attribute is constrained.
func Value(class string, leaf Obj) Obj {
	return Obj{RM: class, Occ: "1..1", Attrs: []Attr{{Name: "value", Existence: "1..1", Children: []Obj{leaf}}}}
}

// Evaluation is a template of a COMPOSITION with one EVALUATION, whose items
// are given: the least that an ELEMENT can stand in.
func Evaluation(id string, items ...Obj) []byte {
	return Template(id, Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		Attr{Name: "content", Existence: "0..1", Cardinality: "0..*", Children: []Obj{{
			RM: "EVALUATION", Archetype: "openEHR-EHR-EVALUATION.test.v1", ID: "at0000", Occ: "0..*", Attrs: []Attr{
				{Name: "data", Existence: "1..1", Children: []Obj{{RM: "ITEM_TREE", ID: "at0001", Occ: "1..1", Attrs: []Attr{
					{Name: "items", Existence: "0..1", Cardinality: "0..*", Children: items},
				}}}},
			},
		}}}))
}

// Escape makes text safe in XML.
func Escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}
