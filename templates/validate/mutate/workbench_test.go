package mutate

import (
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/example"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

// workbench is a template with every kind of constraint, and a composition with
// every data type and coded attribute, so that no rule depends on whether a
// clinical template happens to use it.
func workbench(t *testing.T) pair {
	t.Helper()
	type (
		obj  = opttest.Obj
		attr = opttest.Attr
	)
	value := func(class string, attrs ...attr) obj { return obj{RM: class, Occ: "1..1", Attrs: attrs} }
	temporal := func(typ, pattern, zone, bounds string) obj {
		x := ""
		if pattern != "" {
			x += "<pattern>" + pattern + "</pattern>"
		}
		if zone != "" {
			x += "<timezone_validity>" + zone + "</timezone_validity>"
		}
		if bounds != "" {
			x += opttest.Interval("range", bounds)
		}
		return opttest.Value("DV_"+typ, opttest.Primitive(typ, x))
	}
	code := func(xsi, xml string) obj {
		return value("DV_CODED_TEXT", attr{Name: "defining_code", Existence: "1..1", Children: []obj{{XSI: xsi, RM: "CODE_PHRASE", Occ: "1..1", XML: xml}}})
	}
	boolean := func(yes, no string) obj {
		return opttest.Primitive("BOOLEAN", "<true_valid>"+yes+"</true_valid><false_valid>"+no+"</false_valid>")
	}
	list := func(typ string, items ...string) obj {
		x := ""
		for _, i := range items {
			x += "<list>" + i + "</list>"
		}
		return opttest.Primitive(typ, x)
	}
	one := func(name string, leaf obj) attr { return attr{Name: name, Existence: "1..1", Children: []obj{leaf}} }

	element := opttest.Element
	named := func(id, name string) obj {
		o := element(id, "0..1", opttest.Value("DV_TEXT", opttest.Primitive("STRING", "")))
		o.Name = name
		return o
	}
	items := []obj{
		element("at0010", "1..1", opttest.Value("DV_TEXT", opttest.Pattern("STRING", "[A-Z]{3}-[0-9]+"))),
		element("at0011", "0..1", opttest.Value("DV_TEXT", opttest.Strings("left", "right"))),
		named("at0012", "First"), named("at0012", "Second"),
		element("at0013", "0..2", opttest.Ordinal("DV_ORDINAL", "0|at0101", "1|at0102")),
		element("at0014", "0..1", opttest.Ordinal("DV_SCALE", "0.5|at0101", "1.5|at0102")),
		element("at0015", "0..1", opttest.Quantity("122")),
		element("at0016", "0..1", opttest.Quantity("124", "kg|0..500|0..2", "g|>0..*")),
		element("at0017", "0..1", code("C_CODE_REFERENCE", "<referenceSetUri>terminology:SNOMED-CT?subset=x</referenceSetUri>")),
		element("at0018", "0..1", code("CONSTRAINT_REF", "<reference>ac0001</reference>")),
		element("at0019", "0..1", opttest.Coded("local", "at0101", "at0102")),
		element("at0020", "0..1", temporal("DATE", "yyyy-mm-XX", "", "")),
		element("at0021", "0..1", temporal("DATE", "", "", "1900-01-01..2100-01-01")),
		element("at0022", "0..1", temporal("DATE_TIME", "yyyy-mm-ddTHH:MM:??", "1001", "")),
		element("at0023", "0..1", temporal("DATE_TIME", "", "1003", "*..2100-01-01T00:00:00")),
		element("at0024", "0..1", temporal("TIME", "HH:MM:XX", "1002", "")),
		element("at0025", "0..1", opttest.Value("DV_DURATION", opttest.Primitive("DURATION", "<pattern>PTHM</pattern>"+opttest.Interval("range", "PT1H..PT9H")))),
		element("at0026", "0..1", value("DV_COUNT", one("magnitude", opttest.Range("INTEGER", "1..9")))),
		element("at0027", "0..1", value("DV_COUNT", one("magnitude", list("INTEGER", "2", "4")))),
		element("at0028", "0..1", value("DV_PROPORTION", one("type", list("INTEGER", "0")), one("numerator", opttest.Range("REAL", "0..100")),
			attr{Name: "is_integral", Existence: "1..1", Children: []obj{boolean("true", "false")}})),
		element("at0029", "0..1", obj{XSI: "C_DV_STATE", RM: "DV_STATE", Occ: "1..1", XML: `<value><states xsi:type="TERMINAL_STATE"><name>done</name></states></value>`}),
		element("at0030", "0..1", value("DV_BOOLEAN", one("value", boolean("true", "false")))),
		element("at0031", "0..1", value("DV_INTERVAL<DV_QUANTITY>", one("lower", opttest.Quantity("122", "m|0..10")), attr{Name: "upper", Existence: "0..0"})),
		element("at0032", "0..1", value("DV_INTERVAL<DV_COUNT>")),
		element("at0033", "0..1", value("DV_MULTIMEDIA", one("media_type", opttest.Codes("IANA_media-types", "image/png", "text/plain")))),
		element("at0034", "0..1", value("DV_PARSABLE", one("formalism", opttest.Strings("text/plain")))),
		element("at0035", "0..1", value("DV_EHR_URI")), element("at0036", "0..1", value("DV_IDENTIFIER", one("type", opttest.Strings("A", "B")))),
		element("at0037", "0..1", opttest.Quantity("", "m"), value("DV_TEXT")),
		element("at0038", "0..0", value("DV_TEXT")),
		element("at0039", "0..1", value("DV_URI")),
	}
	tree := func(id string, attrs ...attr) []obj {
		return []obj{{RM: "ITEM_TREE", ID: id, Occ: "1..1", Attrs: attrs}}
	}
	terms := []string{"at0101", "Low", "at0102", "High"}
	bindings := `<component_ontologies archetype_id="openEHR-EHR-EVALUATION.workbench.v1"><constraint_bindings terminology="SNOMED-CT"><items code="ac0001"><value>terminology:SNOMED-CT?subset=y</value></items></constraint_bindings></component_ontologies>`
	entry := func(class string, attrs ...attr) obj {
		return obj{RM: class, Archetype: "openEHR-EHR-" + class + ".workbench.v1", ID: "at0000", Occ: "0..1", Terms: terms, Attrs: attrs}
	}
	evaluation := entry("EVALUATION", one("data", tree("at0001", attr{Name: "items", Existence: "1..1", Cardinality: "2..40", Unique: true, Children: items})[0]),
		attr{Name: "protocol", Existence: "0..1", Children: tree("at0002", attr{
			Name: "items", Existence: "0..1", Cardinality: "0..*",
			Children: []obj{element("at0040", "0..*", value("DV_TEXT")), opttest.Slot("CLUSTER", "0..*", `openEHR-EHR-CLUSTER\.device\.v1`)},
		})})
	observation := entry("OBSERVATION", one("data", obj{RM: "HISTORY", ID: "at0001", Occ: "1..1", Attrs: []attr{
		{Name: "events", Existence: "1..1", Cardinality: "1..*", Children: []obj{
			{RM: "POINT_EVENT", ID: "at0002", Occ: "0..*", Attrs: []attr{one("data", tree("at0003", attr{
				Name: "items", Existence: "0..1", Cardinality: "0..*",
				Children: []obj{element("at0004", "1..1", opttest.Quantity("122", "m"))},
			})[0])}},
			{RM: "INTERVAL_EVENT", ID: "at0005", Occ: "0..1", Attrs: []attr{
				one("math_function", opttest.Coded("openehr", "145", "146")),
				one("data", tree("at0003", attr{
					Name: "items", Existence: "0..1", Cardinality: "0..*",
					Children: []obj{element("at0004", "1..1", opttest.Quantity("122", "m"))},
				})[0]),
			}},
		}},
	}}))
	action := entry("ACTION", attr{Name: "ism_transition", Existence: "0..1", Children: []obj{
		{RM: "ISM_TRANSITION", Occ: "1..1", Attrs: []attr{one("current_state", opttest.Coded("openehr", "532"))}},
	}}, one("description", tree("at0001")[0]))
	instruction := entry("INSTRUCTION", attr{Name: "activities", Existence: "0..1", Cardinality: "0..*", Children: []obj{
		{RM: "ACTIVITY", ID: "at0001", Occ: "1..1", Attrs: []attr{
			one("description", tree("at0002")[0]),
			one("action_archetype_id", opttest.Pattern("STRING", `openEHR-EHR-ACTION\.workbench\.v1`)),
		}},
	}})
	root := opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.workbench.v1",
		one("category", opttest.Coded("openehr", "433")),
		attr{Name: "content", Existence: "1..1", Cardinality: "1..*", Children: []obj{evaluation, observation, action, instruction}})
	tpl := compile(t, opttest.Template("Workbench", root, bindings))
	root2, err := example.Instance(tpl, example.Options{Detail: example.Complete})
	if err != nil {
		t.Fatal(err)
	}
	return pair{"workbench", tpl, furnish(root2)}
}

// furnish adds what templates leave open: attributes that the reference model
// codes or constrains and an example does not show.
func furnish(root *rm.Node) *rm.Node {
	replace := func(with *rm.Node, path ...any) *rm.Node {
		at, n := place{}, root
		for i := 0; i < len(path); i += 2 {
			at = at.enter(n.Class.Attribute(path[i].(string)), path[i+1].(int))
			n = n.List(path[i].(string))[path[i+1].(int)]
		}
		return edit(root, at, with)
	}
	node := func(path ...any) *rm.Node {
		n := root
		for i := 0; i < len(path); i += 2 {
			n = n.List(path[i].(string))[path[i+1].(int)]
		}
		return n
	}
	change := func(f func(n *rm.Node) *rm.Node, path ...any) { root = replace(f(node(path...)), path...) }

	person := rm.Object("PARTY_IDENTIFIED", rm.Str("name", "A. Person"), rm.Child("external_ref", rm.Object("PARTY_REF",
		rm.Child("id", rm.Object("GENERIC_ID", rm.Str("value", "17"), rm.Str("scheme", "local"))), rm.Str("namespace", "demographic"), rm.Str("type", "PERSON"))))
	change(func(n *rm.Node) *rm.Node {
		return n.With("uid", rm.ID("OBJECT_VERSION_ID", "8849182c-82ad-4088-a07f-48ead4180515::example.org::1")).
			With("feeder_audit", rm.Object("FEEDER_AUDIT", rm.Child("originating_system_audit", rm.Object("FEEDER_AUDIT_DETAILS", rm.Str("system_id", "lab")))))
	})
	change(func(n *rm.Node) *rm.Node {
		return n.With("participations", rm.Object("PARTICIPATION", rm.Child("function", rm.Text("assistant")),
			rm.Child("mode", rm.CodedText("face-to-face communication", "openehr", "216")), rm.Child("performer", person)))
	}, "context", 0)
	// The values of the EVALUATION.
	items := node("content", 0, "data", 0).List("items")
	for i, item := range items {
		value := item.Get("value")
		path := []any{"content", 0, "data", 0, "items", i, "value", 0}
		switch {
		case i == 0:
			change(func(n *rm.Node) *rm.Node {
				return n.With("language", rm.Code("ISO_639-1", "en")).With("encoding", rm.Code("IANA_character-sets", "UTF-8")).
					With("mappings", rm.Object("TERM_MAPPING", rm.Str("match", "="), rm.Child("target", rm.Code("LOINC", "1-8")),
						rm.Child("purpose", rm.CodedText("public health", "openehr", "669"))))
			}, path...)
		case item.NodeID() == "at0016":
			limit := rm.Object("DV_QUANTITY", rm.Real("magnitude", 0), rm.Str("units", value.String("units")))
			normal := rm.Object("DV_INTERVAL", rm.Child("lower", limit), rm.Bool("lower_unbounded", false), rm.Bool("upper_unbounded", true),
				rm.Bool("lower_included", true), rm.Bool("upper_included", false))
			change(func(n *rm.Node) *rm.Node {
				return n.With("normal_range", normal).With("normal_status", rm.Code("openehr_normal_statuses", "N")).
					With("other_reference_ranges", rm.Object("REFERENCE_RANGE", rm.Child("meaning", rm.Text("usual")), rm.Child("range", normal)))
			}, path...)
		case item.NodeID() == "at0032":
			change(func(n *rm.Node) *rm.Node { return setDeep(n, "9", "upper", "magnitude") }, path...)
		case item.NodeID() == "at0033":
			change(func(n *rm.Node) *rm.Node {
				return n.With("charset", rm.Code("IANA_character-sets", "UTF-8")).With("language", rm.Code("ISO_639-1", "en")).
					With("compression_algorithm", rm.Code("openehr_compression_algorithms", "deflate")).
					With("integrity_check_algorithm", rm.Code("openehr_integrity_check_algorithms", "SHA-256"))
			}, path...)
		}
	}
	change(func(n *rm.Node) *rm.Node {
		return n.With("null_flavour", rm.CodedText("unknown", "openehr", "253")).With("value")
	}, "content", 0, "protocol", 0, "items", 0)
	// The OBSERVATION.
	cell := rm.Object("ELEMENT", rm.Child("name", rm.Text("cell")), rm.Str("archetype_node_id", "at0203"), rm.Child("value", rm.Text("x")))
	row := rm.Object("CLUSTER", rm.Child("name", rm.Text("row")), rm.Str("archetype_node_id", "at0202"), rm.Child("items", cell))
	change(func(n *rm.Node) *rm.Node {
		return n.With("protocol", rm.Object("ITEM_TABLE", rm.Child("name", rm.Text("table")), rm.Str("archetype_node_id", "at0201"), rm.Child("rows", row))).
			With("subject", rm.Object("PARTY_RELATED", rm.Str("name", "A. Parent"), rm.Child("relationship", rm.CodedText("mother", "openehr", "10")))).
			With("guideline_id", rm.Object("OBJECT_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", "8849182c-82ad-4088-a07f-48ead4180515")),
				rm.Str("namespace", "local"), rm.Str("type", "GUIDELINE")))
	}, "content", 1)
	// The ACTION.
	change(func(n *rm.Node) *rm.Node {
		return n.With("transition", rm.CodedText("finish", "openehr", "548"))
	}, "content", 2, "ism_transition", 0)
	change(func(n *rm.Node) *rm.Node {
		return n.With("instruction_details", rm.Object("INSTRUCTION_DETAILS", rm.Str("activity_id", "activities[at0001]"),
			rm.Child("instruction_id", rm.Object("LOCATABLE_REF", rm.Child("id", rm.ID("HIER_OBJECT_ID", "8849182c-82ad-4088-a07f-48ead4180515")),
				rm.Str("namespace", "local"), rm.Str("type", "COMPOSITION"), rm.Str("path", "/content[0]")))))
	}, "content", 2)
	return root
}
