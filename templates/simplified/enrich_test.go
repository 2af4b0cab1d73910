package simplified_test

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// enrich adds something that the RM allows to an object somewhere below, or
// repeats a member of a list.
func enrich(t *rapid.T, n *rm.Node, depth int) *rm.Node {
	var deeper []*rm.Attr
	for i := range n.Attrs {
		a := &n.Attrs[i]
		if len(a.Items) > 0 && a.Items[0].Class.Primitive == rm.NotPrimitive && a.Def.Name != "archetype_details" && a.Def.Name != "name" {
			deeper = append(deeper, a)
		}
	}
	if len(deeper) > 0 && depth < 12 && rapid.IntRange(0, 4).Draw(t, "deeper") > 0 {
		a := rapid.SampledFrom(deeper).Draw(t, "attribute")
		k := rapid.IntRange(0, len(a.Items)-1).Draw(t, "member")
		items := slices.Clone(a.Items)
		if a.Def.Container && a.Items[k].Class.IsA(rm.ClassLocatable) && rapid.IntRange(0, 4).Draw(t, "repeat") == 0 {
			return n.With(a.Def.Name, slices.Insert(items, k+1, items[k])...)
		}
		items[k] = enrich(t, items[k], depth+1)
		return n.With(a.Def.Name, items...)
	}
	var open []*rm.Attribute
	for _, a := range n.Class.Attributes() {
		if extras[a.Name] != nil && n.Attr(a.Name) == nil {
			open = append(open, a)
		}
	}
	if len(open) == 0 {
		return n
	}
	a := rapid.SampledFrom(open).Draw(t, "extra")
	v := extras[a.Name](t, n)
	if v == nil || v.Class.Primitive == rm.NotPrimitive && !v.Class.IsA(a.Type) {
		return n
	}
	list := []*rm.Node{v}
	if a.Container && rapid.Bool().Draw(t, "two") {
		if w := extras[a.Name](t, n); w != nil && w.Class.IsA(a.Type) {
			list = append(list, w)
		}
	}
	return n.With(a.Name, list...)
}

// text draws a text with what formats have to quote.
func text(t *rapid.T) string {
	return rapid.SampledFrom([]string{"a", "Größe", "a::b", "x|y", "<&>\"'", "two\nlines", "true", "12", " padded ", "日本"}).Draw(t, "text")
}

func dvText(t *rapid.T) *rm.Node {
	if rapid.IntRange(0, 2).Draw(t, "coded") == 0 {
		return rm.CodedText(text(t), "SNOMED-CT", "1")
	}
	return rm.Text(text(t))
}

func party(t *rapid.T) *rm.Node {
	ref := func() *rm.Node {
		id := rm.ID("HIER_OBJECT_ID", "8a7f1a32-4a5a-4b8f-9d42-36d6c39f2c11")
		if rapid.Bool().Draw(t, "generic") {
			id = rm.Object("GENERIC_ID", rm.Str("value", text(t)), rm.Str("scheme", "S"))
		}
		return rm.Object("PARTY_REF", rm.Child("id", id), rm.Str("namespace", "N"), rm.Str("type", rapid.SampledFrom([]string{"PARTY", "PERSON"}).Draw(t, "type")))
	}
	switch rapid.IntRange(0, 3).Draw(t, "party") {
	case 0:
		return rm.Object("PARTY_SELF")
	case 1:
		return rm.Object("PARTY_SELF", rm.Child("external_ref", ref()))
	case 2:
		return rm.Object("PARTY_RELATED", rm.Str("name", text(t)), rm.Child("relationship", rm.CodedText("mother", "openehr", "10")))
	}
	return identified(t)
}

func identified(t *rapid.T) *rm.Node {
	return rm.Object("PARTY_IDENTIFIED", rm.Str("name", text(t)), rm.Child("identifiers", identifier(t), identifier(t)))
}

func identifier(t *rapid.T) *rm.Node {
	return rm.Object("DV_IDENTIFIER", rm.Str("issuer", text(t)), rm.Str("id", text(t)))
}

func audit(t *rapid.T) *rm.Node {
	return rm.Object("FEEDER_AUDIT_DETAILS", rm.Str("system_id", text(t)), rm.Str("version_id", "1"), rm.Child("subject", party(t)),
		rm.Child("time", rm.Object("DV_DATE_TIME", rm.Str("value", "2021-12-21T16:02:58.00+01:00"))))
}

func participation(t *rapid.T, _ *rm.Node) *rm.Node {
	return rm.Object("PARTICIPATION", rm.Child("function", dvText(t)), rm.Child("performer", party(t)),
		rm.Child("mode", rm.CodedText("face-to-face communication", "openehr", "216")))
}

func objectRef(t *rapid.T, _ *rm.Node) *rm.Node {
	return rm.Object("OBJECT_REF", rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", text(t)), rm.Str("scheme", text(t)))),
		rm.Str("namespace", "N"), rm.Str("type", "T"))
}

// bare is an ordered value without what it has beside its value.
func bare(n *rm.Node) *rm.Node {
	for _, name := range []string{"normal_range", "other_reference_ranges", "normal_status"} {
		n = n.With(name)
	}
	return n
}

func interval(n *rm.Node) *rm.Node {
	if !n.Class.IsA(rm.ClassDVOrdered) {
		return nil
	}
	return rm.Object("DV_INTERVAL", rm.Child("lower", bare(n)), rm.Bool("lower_unbounded", false), rm.Bool("upper_unbounded", true),
		rm.Bool("lower_included", true), rm.Bool("upper_included", false))
}

// extras make what may be added, by attribute.
var extras = map[string]func(*rapid.T, *rm.Node) *rm.Node{
	"links": func(t *rapid.T, _ *rm.Node) *rm.Node {
		return rm.Object("LINK", rm.Child("meaning", dvText(t)), rm.Child("type", dvText(t)), rm.Child("target", rm.Object("DV_EHR_URI", rm.Str("value", "ehr://a"))))
	},
	"feeder_audit": func(t *rapid.T, _ *rm.Node) *rm.Node {
		return rm.Object("FEEDER_AUDIT", rm.Child("originating_system_item_ids", identifier(t)), rm.Child("originating_system_audit", audit(t)),
			rm.Child("feeder_system_audit", audit(t)))
	},
	"uid": func(*rapid.T, *rm.Node) *rm.Node {
		return rm.ID("HIER_OBJECT_ID", "9fcc1c70-9349-444d-b9cb-8fa817697f5e")
	},
	"other_participations": participation,
	"participations":       participation,
	"guideline_id":         objectRef,
	"workflow_id":          objectRef,
	"provider":             func(t *rapid.T, _ *rm.Node) *rm.Node { return party(t) },
	"health_care_facility": func(t *rapid.T, _ *rm.Node) *rm.Node { return identified(t) },
	"null_flavour": func(t *rapid.T, _ *rm.Node) *rm.Node {
		return rm.CodedText("unknown", "openehr", "253")
	},
	"null_reason": func(t *rapid.T, _ *rm.Node) *rm.Node { return dvText(t) },
	"mappings": func(t *rapid.T, _ *rm.Node) *rm.Node {
		return rm.Object("TERM_MAPPING", rm.Str("match", "="), rm.Child("purpose", rm.CodedText("research study", "openehr", "671")),
			rm.Child("target", rm.Code("SNOMED-CT", "21794005")))
	},
	"language":      func(*rapid.T, *rm.Node) *rm.Node { return rm.Code("ISO_639-1", "en") },
	"formatting":    func(t *rapid.T, _ *rm.Node) *rm.Node { return &rm.Node{Class: rm.Lookup("String"), Text: "plain"} },
	"normal_range":  func(_ *rapid.T, n *rm.Node) *rm.Node { return interval(n) },
	"normal_status": func(*rapid.T, *rm.Node) *rm.Node { return rm.Code("openehr_normal_statuses", "N") },
	"other_reference_ranges": func(t *rapid.T, n *rm.Node) *rm.Node {
		i := interval(n)
		if i == nil {
			return nil
		}
		return rm.Object("REFERENCE_RANGE", rm.Child("meaning", dvText(t)), rm.Child("range", i))
	},
}
