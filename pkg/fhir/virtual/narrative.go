package virtual

import (
	"cmp"
	"encoding/xml"
	"strings"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// Narrative is the element text with XHTML made from resources.
func Narrative(xhtml string) r4.Field {
	return r4.Obj("text", r4.Str("status", "generated"), r4.Str("div", `<div xmlns="http://www.w3.org/1999/xhtml">`+xhtml+`</div>`))
}

// Escape is text as XHTML has it.
func Escape(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic("virtual: " + err.Error()) // a builder takes everything
	}
	return b.String()
}

// sections tells content items of a composition as sections with narrative.
func sections(items []*rm.Node) []*r4.Node {
	var list []*r4.Node
	for _, item := range items {
		fields := []r4.Field{words("title", item.NameValue())}
		if item.Is("SECTION") {
			inner := sections(item.List("items"))
			if len(inner) == 0 {
				fields = append(fields, Narrative("<p>This section is empty.</p>"))
			}
			list = append(list, r4.NewObject(append(fields, r4.List("section", inner...))...))
			continue
		}
		var b strings.Builder
		told(&b, item)
		text := "<p>Nothing was recorded under this heading.</p>"
		if b.Len() > 0 {
			text = "<ul>" + b.String() + "</ul>"
		}
		list = append(list, r4.NewObject(append(fields, Narrative(text))...))
	}
	return list
}

// untold are attributes of LOCATABLEs that say nothing a reader looks for: the
// names are told where they stand.
var untold = map[string]bool{
	"name": true, "archetype_node_id": true, "uid": true, "archetype_details": true, "links": true, "feeder_audit": true,
	"language": true, "encoding": true, "workflow_id": true, "instruction_details": true, "guideline_id": true, "wf_definition": true,
	"action_archetype_id": true,
}

// told writes what an object holds as items of a list, in the order of the RM.
func told(b *strings.Builder, n *rm.Node) {
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if untold[a.Def.Name] {
			continue
		}
		for _, v := range a.Items {
			tell(b, a.Def.Name, v)
		}
	}
}

func tell(b *strings.Builder, attr string, n *rm.Node) {
	item := func(label, text string) {
		if text != "" {
			b.WriteString("<li>" + Escape(label) + ": " + Escape(text) + "</li>")
		}
	}
	label := strings.ReplaceAll(attr, "_", " ")
	switch {
	case n.Is("ELEMENT"):
		var inner strings.Builder
		text := datumText(n.Get("value"))
		if n.Get("value") == nil {
			text = "no value"
			if why := n.String("null_flavour", "value"); why != "" {
				text += ": " + why
			}
			if why := n.String("null_reason", "value"); why != "" && n.String("null_flavour", "defining_code", "code_string") != "272" {
				text += " (" + why + ")"
			}
		}
		for _, r := range []string{"normal_range", "normal_status"} {
			if part := n.Get("value").Get(r); n.Get("value") != nil && part != nil {
				s := datumText(part)
				if r == "normal_status" {
					s = part.String("code_string")
				}
				inner.WriteString("; " + strings.ReplaceAll(r, "_", " ") + " " + s)
			}
		}
		item(n.NameValue(), text+inner.String())
	case n.Is("PARTY_PROXY"):
		if n.Is("PARTY_SELF") {
			return
		}
		text := cmp.Or(n.String("name"), n.String("external_ref", "id", "value"))
		if rel := n.String("relationship", "value"); rel != "" {
			text = strings.TrimSpace(rel + " " + text)
		}
		item(label, cmp.Or(text, "someone not named"))
	case n.Is("PARTICIPATION"):
		item(cmp.Or(n.String("function", "value"), label), cmp.Or(n.String("performer", "name"), "someone not named"))
	case n.Is("DATA_VALUE"):
		item(label, datumText(n))
	case n.Is("ISM_TRANSITION"):
		item("state", strings.TrimSpace(n.String("current_state", "value")+" "+careflow(n)))
	case n.Is("ITEM_STRUCTURE"), n.Is("HISTORY"):
		told(b, n)
	default:
		var inner strings.Builder
		told(&inner, n)
		if inner.Len() > 0 {
			b.WriteString("<li>" + Escape(cmp.Or(n.NameValue(), label)) + "<ul>" + inner.String() + "</ul></li>")
		}
	}
}

// careflow is the step of an ACTION, in brackets.
func careflow(n *rm.Node) string {
	if s := n.String("careflow_step", "value"); s != "" {
		return "(" + s + ")"
	}
	return ""
}

// datumText is a data value in words, with its digits as they were written.
func datumText(v *rm.Node) string {
	if v == nil {
		return ""
	}
	status := func(s string) string { return v.String("magnitude_status") + s }
	switch v.Class.Name {
	case "DV_QUANTITY":
		return status(strings.TrimSpace(v.String("magnitude") + " " + v.String("units")))
	case "DV_COUNT":
		return status(v.String("magnitude"))
	case "DV_PROPORTION":
		if v.String("type") == "2" {
			return status(v.String("numerator") + " %")
		}
		return status(v.String("numerator") + "/" + v.String("denominator"))
	case "DV_ORDINAL", "DV_SCALE":
		return v.String("value") + " " + v.String("symbol", "value")
	case "DV_INTERVAL":
		low, high := datumText(v.Get("lower")), datumText(v.Get("upper"))
		closed := func(name string) bool { b, ok := v.Get(name).Bool(); return b || !ok }
		switch {
		case low == "" && high == "":
			return "unbounded"
		case low == "":
			return map[bool]string{true: "≤", false: "<"}[closed("upper_included")] + high
		case high == "":
			return map[bool]string{true: "≥", false: ">"}[closed("lower_included")] + low
		}
		return low + " – " + high
	case "DV_IDENTIFIER":
		return strings.TrimSpace(v.String("id") + " " + v.String("issuer"))
	case "DV_MULTIMEDIA":
		return cmp.Or(v.String("alternate_text"), "content of type "+v.String("media_type", "code_string"))
	}
	return cmp.Or(v.String("value"), v.Class.Name)
}
