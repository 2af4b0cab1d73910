package mutate

import (
	"strings"

	"github.com/cairn-ehr/cairn/pkg/rm"
)

// breach is an edit of an object that breaks an invariant of its class. It
// gives nil where the object does not show the invariant.
type breach struct {
	class, name string
	edit        func(n *rm.Node) *rm.Node
	warning     bool
	// where is the place of the report below the object, if it is not the object
	// itself or an attribute of it.
	where string
}

// text breaks an invariant by the value of a string attribute, or of one
// deeper, that is there.
func text(class, name, value string, path ...string) breach {
	return breach{class: class, name: name, edit: func(n *rm.Node) *rm.Node {
		if n.Get(path...) == nil {
			return nil
		}
		return setDeep(n, value, path...)
	}}
}

// given breaks an invariant by adding or replacing an attribute.
func given(class, name, attribute string, value *rm.Node) breach {
	return breach{class: class, name: name, edit: func(n *rm.Node) *rm.Node { return set(n, attribute, value) }}
}

func primitive(class, text string) *rm.Node { return &rm.Node{Class: rm.Lookup(class), Text: text} }

// breaches are the invariants of classes that occur in content.
var breaches = []breach{
	text("HIER_OBJECT_ID", "value_valid", "no such id", "value"),
	text("OBJECT_VERSION_ID", "value_valid", "no such id", "value"),
	text("ARCHETYPE_ID", "value_valid", "no such id", "value"),
	text("TEMPLATE_ID", "value_valid", "", "value"),
	text("TERMINOLOGY_ID", "value_valid", "", "value"),
	text("GENERIC_ID", "value_valid", "", "value"),
	text("OBJECT_REF", "namespace_valid", "1 x", "namespace"),
	text("PARTY_REF", "type_validity", "COMPOSITION", "type"),

	text("DV_IDENTIFIER", "id_valid", "", "id"),
	text("CODE_PHRASE", "code_string_valid", "", "code_string"),
	text("TERM_MAPPING", "match_valid", "!", "match"),
	given("DV_TEXT", "formatting_valid", "formatting", primitive("String", "")),
	{class: "DV_QUANTITY", name: "normal_range_and_status_consistency", edit: abnormal},
	{class: "REFERENCE_RANGE", name: "range_is_simple", edit: func(n *rm.Node) *rm.Node {
		r := n.Get("range")
		limit := r.Get("lower")
		if limit == nil || limit.Class.Attribute("normal_range") == nil {
			return nil
		}
		return set(n, "range", set(r, "lower", set(limit, "normal_range", set(r, "lower", limit))))
	}},
	given("DV_QUANTIFIED", "magnitude_status_valid", "magnitude_status", primitive("String", "==")),
	{class: "DV_AMOUNT", name: "accuracy_is_percent_validity", edit: func(n *rm.Node) *rm.Node {
		return set(set(n, "accuracy", primitive("Real", "0")), "accuracy_is_percent", primitive("Boolean", "true"))
	}},
	{class: "DV_AMOUNT", name: "accuracy_validity", edit: func(n *rm.Node) *rm.Node {
		return set(set(n, "accuracy", primitive("Real", "101")), "accuracy_is_percent", primitive("Boolean", "true"))
	}},
	given("DV_QUANTITY", "precision_valid", "precision", primitive("Integer", "-2")),
	text("DV_PROPORTION", "type_validity", "5", "type"),
	text("DV_PROPORTION", "valid_denominator", "0", "denominator"),
	proportion("unitary_validity", "1", "7"),
	proportion("percent_validity", "2", "7"),
	{class: "DV_PROPORTION", name: "is_integral_validity", edit: func(n *rm.Node) *rm.Node {
		return setText(setText(setText(setText(n, "type", "0"), "numerator", "1.5"), "denominator", "2"), "precision", "0")
	}},
	{class: "DV_PROPORTION", name: "fraction_validity", edit: func(n *rm.Node) *rm.Node {
		return set(setText(setText(setText(n, "type", "3"), "numerator", "1.5"), "denominator", "2"), "precision")
	}},
	text("DV_DATE", "value_valid", "2020-13-01", "value"),
	text("DV_TIME", "value_valid", "25:00:00", "value"),
	text("DV_DATE_TIME", "value_valid", "2020-02-30T10:00:00", "value"),
	text("DV_DURATION", "value_valid", "1 hour", "value"),
	included("lower"),
	included("upper"),
	bounded("lower"),
	bounded("upper"),
	{class: "DV_INTERVAL", name: "limits_consistent", edit: func(n *rm.Node) *rm.Node {
		lower, upper := n.Get("lower"), n.Get("upper")
		if lower == nil || upper == nil || lower.String("magnitude") == upper.String("magnitude") && lower.String("value") == upper.String("value") {
			return nil
		}
		return set(set(n, "lower", upper), "upper", lower)
	}},
	{class: "DV_INTERVAL", name: "limits_comparable", edit: func(n *rm.Node) *rm.Node {
		if n.Get("lower") == nil || n.Get("upper") == nil || n.Get("lower").Class.Name == "DV_TIME" {
			return nil
		}
		return set(n, "lower", rm.Object("DV_TIME", rm.Str("value", "10:00:00")))
	}},
	text("DV_PARSABLE", "formalism_valid", "", "formalism"),
	{class: "DV_MULTIMEDIA", name: "not_empty", edit: func(n *rm.Node) *rm.Node { return set(set(n, "uri"), "data") }},
	text("DV_MULTIMEDIA", "size_valid", "-1", "size"),
	given("DV_MULTIMEDIA", "data_valid", "data", primitive("String", "?")),
	{class: "DV_MULTIMEDIA", name: "integrity_check_validity", edit: func(n *rm.Node) *rm.Node {
		return set(set(n, "integrity_check", primitive("String", "AAAA")), "integrity_check_algorithm")
	}},
	text("DV_URI", "value_valid", "no uri", "value"),
	text("DV_EHR_URI", "scheme_valid", "https://example.org/", "value"),

	text("LOCATABLE", "archetype_node_id_valid", "", "archetype_node_id"),
	{class: "LOCATABLE", name: "archetype_node_id_form", warning: true, edit: func(n *rm.Node) *rm.Node {
		if strings.Contains(n.NodeID(), "-") {
			return nil
		}
		return setText(n, "archetype_node_id", "node 1")
	}},
	{class: "COMPOSITION", name: "archetyped_valid", edit: func(n *rm.Node) *rm.Node { return set(n, "archetype_details") }},
	{class: "ELEMENT", name: "archetyped_valid", edit: detailsAtNode},
	{class: "ENTRY", name: "archetype_details_missing", warning: true, edit: func(n *rm.Node) *rm.Node {
		if n.Attr("archetype_details") == nil {
			return nil
		}
		return set(n, "archetype_details")
	}},
	text("LOCATABLE", "archetype_id_consistent", "openEHR-EHR-OBSERVATION.no_such.v1", "archetype_details", "archetype_id", "value"),
	{class: "ENTRY", name: "archetype_class", edit: func(n *rm.Node) *rm.Node {
		if n.ArchetypeID() == "" {
			return nil
		}
		const id = "openEHR-EHR-SECTION.no_such.v1"
		return setDeep(setText(n, "archetype_node_id", id), id, "archetype_details", "archetype_id", "value")
	}},
	text("ARCHETYPED", "rm_version_valid", "", "rm_version"),
	{class: "PARTY_IDENTIFIED", name: "basic_validity", edit: func(n *rm.Node) *rm.Node {
		return set(set(set(n, "name"), "identifiers"), "external_ref")
	}},
	given("PARTY_IDENTIFIED", "name_valid", "name", primitive("String", "")),
	text("FEEDER_AUDIT_DETAILS", "system_id_valid", "", "system_id"),

	{class: "ELEMENT", name: "null_flavour_indicated", edit: func(n *rm.Node) *rm.Node {
		if n.Attr("value") == nil {
			return nil
		}
		return set(n, "value")
	}},
	{class: "ELEMENT", name: "null_flavour_indicated", edit: func(n *rm.Node) *rm.Node {
		if n.Attr("value") == nil {
			return nil
		}
		return set(n, "null_flavour", rm.CodedText("unknown", "openehr", "253"))
	}},
	{class: "ELEMENT", name: "null_reason_valid", edit: func(n *rm.Node) *rm.Node {
		if n.Attr("value") == nil {
			return nil
		}
		return set(n, "null_reason", rm.Text("x"))
	}},
	{class: "ITEM_TABLE", name: "valid_structure", edit: func(n *rm.Node) *rm.Node {
		rows := n.List("rows")
		if len(rows) == 0 {
			return nil
		}
		return set(n, "rows", set(rows[0], "items", rows[0]))
	}},
	{class: "HISTORY", name: "events_valid", edit: func(n *rm.Node) *rm.Node { return set(set(n, "events"), "summary") }},
	{class: "HISTORY", name: "period_consistency", where: "/events[0]/time", edit: func(n *rm.Node) *rm.Node {
		if n.Attr("events") == nil || len(n.String("origin", "value")) < len("2020-01-01T10:00:00") {
			return nil
		}
		shifted := setDeep(n, "1999-01-01T00:00:01Z", "origin", "value")
		events := append([]*rm.Node(nil), n.List("events")...)
		events[0] = setDeep(events[0], "2001-01-01T00:00:02Z", "time", "value")
		return set(set(shifted, "events", events...), "period", rm.Object("DV_DURATION", rm.Str("value", "PT60S")))
	}},
	{class: "HISTORY", name: "event_before_origin", where: "/events[0]/time", warning: true, edit: func(n *rm.Node) *rm.Node {
		if n.Attr("events") == nil {
			return nil
		}
		return setDeep(n, "9000-01-01T00:00:00Z", "origin", "value")
	}},
	{class: "INTERVAL_EVENT", name: "width_valid", warning: true, edit: func(n *rm.Node) *rm.Node {
		return setDeep(n, "-PT1H", "width", "value")
	}},
	given("EVENT_CONTEXT", "location_valid", "location", primitive("String", "")),
	{class: "EVENT_CONTEXT", name: "end_before_start", warning: true, edit: func(n *rm.Node) *rm.Node {
		return set(n, "end_time", rm.Object("DV_DATE_TIME", rm.Str("value", "1900-01-01T00:00:00Z")))
	}},
	text("ACTIVITY", "action_archetype_id_valid", "", "action_archetype_id"),
	text("INSTRUCTION_DETAILS", "activity_path_valid", "", "activity_id"),
}

func proportion(name, typ, denominator string) breach {
	return breach{class: "DV_PROPORTION", name: name, edit: func(n *rm.Node) *rm.Node {
		return setText(setText(n, "type", typ), "denominator", denominator)
	}}
}

// included marks a limit as included although the interval has no end there.
func included(end string) breach {
	return breach{class: "DV_INTERVAL", name: end + "_included_valid", edit: func(n *rm.Node) *rm.Node {
		return setText(setText(set(n, end), end+"_unbounded", "true"), end+"_included", "true")
	}}
}

// bounded marks an end as unbounded although there is a limit.
func bounded(end string) breach {
	return breach{class: "DV_INTERVAL", name: end + "_unbounded_valid", edit: func(n *rm.Node) *rm.Node {
		if n.Attr(end) == nil {
			return nil
		}
		return setText(setText(n, end+"_unbounded", "true"), end+"_included", "false")
	}}
}

// abnormal says that a quantity is high although it lies in the normal range.
func abnormal(n *rm.Node) *rm.Node {
	limit := set(set(set(n, "normal_range"), "normal_status"), "other_reference_ranges")
	normal := rm.Object("DV_INTERVAL", rm.Child("lower", limit), rm.Child("upper", limit), rm.Bool("lower_unbounded", false),
		rm.Bool("upper_unbounded", false), rm.Bool("lower_included", true), rm.Bool("upper_included", true))
	return set(set(n, "normal_range", normal), "normal_status", rm.Code("openehr_normal_statuses", "HH"))
}

// detailsAtNode gives archetype_details to a node that is no archetype root.
func detailsAtNode(n *rm.Node) *rm.Node {
	if !strings.HasPrefix(n.NodeID(), "at") {
		return nil
	}
	return set(n, "archetype_details", rm.Object("ARCHETYPED",
		rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", "openEHR-EHR-ELEMENT.test.v1")), rm.Str("rm_version", "1.1.0")))
}

// classes are those of the breaches.
var classes = func() map[string]*rm.Class {
	out := map[string]*rm.Class{}
	for _, b := range breaches {
		if out[b.class] = rm.Lookup(b.class); out[b.class] == nil {
			panic("mutate: no class " + b.class)
		}
	}
	return out
}()

// code is the problem code: invariants that are broken at a descendant keep the
// name of the class that declares them.
func (b *breach) code() string {
	class := b.class
	switch {
	case strings.HasPrefix(b.name, "archetype"):
		class = "LOCATABLE"
	case b.name == "normal_range_and_status_consistency":
		class = "DV_ORDERED"
	}
	return "rm.invariant." + class + "." + b.name
}

// model breaks the invariants of the reference model and removes what it
// demands, once for each class.
func (m *maker) model(n *rm.Node, at place) {
	for i := range breaches {
		b := &breaches[i]
		if !n.Class.IsA(classes[b.class]) {
			continue
		}
		k := key(b, n.Class.Name)
		if m.seen[k] {
			continue
		}
		with := b.edit(n)
		if with == nil {
			continue
		}
		m.seen[k] = true
		m.add(Mutation{Code: b.code(), Path: at.String() + b.where, Below: b.where == "", Warning: b.warning, Edit: "invariant of " + n.Class.Name}, at, with)
	}
	for i := range n.Attrs {
		def := n.Attrs[i].Def
		if def.Mandatory && !lax(def.Name) && m.first("mandatory "+n.Class.Name+"."+def.Name) {
			m.add(Mutation{Code: missingCode, Path: at.attribute(def.Name), Edit: n.Class.Name + "." + def.Name + " removed"}, at, set(n, def.Name))
		}
		for k, item := range n.Attrs[i].Items {
			if item.Class.Primitive == rm.NotPrimitive {
				m.model(item, at.enter(def, k))
			}
		}
	}
}

// lax names the attributes whose absence only warns: the inclusion flags of
// intervals, which serialisations of the first years left out.
func lax(name string) bool { return name == "lower_included" || name == "upper_included" }
