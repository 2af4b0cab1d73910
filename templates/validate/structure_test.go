package validate

import (
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

func TestOccurrencesCardinalityAndExtraNodes(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Template("T", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		attr{Name: "content", Existence: "0..1", Cardinality: "1..2", Children: []obj{
			{RM: "EVALUATION", Archetype: "openEHR-EHR-EVALUATION.test.v1", ID: "at0000", Occ: "0..*", Attrs: []attr{
				{Name: "data", Existence: "1..1", Children: []obj{{RM: "ITEM_TREE", ID: "at0001", Occ: "1..1", Attrs: []attr{
					{Name: "items", Existence: "1..1", Cardinality: "1..3", Unique: true, Children: []obj{
						opttest.Element("at0002", "1..1"), opttest.Element("at0003", "0..2"),
					}},
				}}}},
			}},
		}})))
	a := element("at0002", "A", rm.Text("a"))
	b := element("at0003", "B", rm.Text("b"))
	b2 := element("at0003", "B", rm.Text("c"))
	b3 := element("at0003", "B", rm.Text("d"))
	for _, c := range []struct {
		name  string
		items []*rm.Node
		want  []string
	}{
		{"least", []*rm.Node{a}, nil},
		{"most", []*rm.Node{a, b, b2}, nil},
		{"mandatory node missing", []*rm.Node{b}, []string{"tpl.occurrences items"}},
		{"too many of a node and of all", []*rm.Node{a, b, b2, b3}, []string{"tpl.cardinality items", "tpl.occurrences items"}},
		{"extra node", []*rm.Node{a, element("at0009", "X", rm.Text("x"))}, []string{"tpl.extra_node items[1]"}},
		{"extra archetype", []*rm.Node{a, locatable("CLUSTER", "openEHR-EHR-CLUSTER.x.v1", "X", rm.Child("items", b))}, []string{"tpl.extra_node items[1]"}},
		{"equal members", []*rm.Node{a, b, b}, []string{"tpl.unique items[2]"}},
		{"nothing", nil, []string{"tpl.cardinality items", "tpl.occurrences items"}},
	} {
		expect(t, c.name, Template(tpl, composition(c.items...), Options{}), c.want...)
	}
	incomplete := Options{Incomplete: true}
	expect(t, "incomplete may lack", Template(tpl, composition(), incomplete))
	expect(t, "incomplete may lack the node", Template(tpl, composition(b), incomplete))
	expect(t, "incomplete may not exceed", Template(tpl, composition(a, b, b2, b3), incomplete), "tpl.cardinality items", "tpl.occurrences items")
	expect(t, "no content at all", Template(tpl, compositionOf(), Options{}), "tpl.cardinality /content")
	expect(t, "no content, tolerated", Template(tpl, compositionOf(), Options{Policy: Policy{AbsentContainer: Off}}))
	expect(t, "no content, warned of", Template(tpl, compositionOf(), Options{Policy: Policy{AbsentContainer: AsWarning}}), "tpl.cardinality /content (warning)")
	e := composition(a).List("content")[0]
	expect(t, "too much content", Template(tpl, compositionOf(e, e, e), Options{}), "tpl.cardinality /content")
	expect(t, "content of another kind", Template(tpl, compositionOf(e, locatable("SECTION", "openEHR-EHR-SECTION.x.v1", "S")), Options{}),
		"tpl.extra_node /content[1]")
}

func TestProblemsSayEverything(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T", opttest.Element("at0002", "0..1", opttest.Quantity("", "m|0..5"))))
	got := Template(tpl, composition(element("at0002", "Height", quantity(9, "m"))), Options{PathPrefix: "/versions[0]/data"})
	if len(got) != 1 {
		t.Fatal(got)
	}
	want := rm.Problem{
		Code: CodeMagnitude, Path: "/versions[0]/data/content[0]/data/items[0]/value",
		AQLPath:      "/content[openEHR-EHR-EVALUATION.test.v1 and name/value='Test']/data[at0001]/items[at0002 and name/value='Height']/value",
		TemplatePath: "/content[openEHR-EHR-EVALUATION.test.v1]/data[at0001]/items[at0002]/value",
		Constraint:   "C_DV_QUANTITY.list.magnitude", Expected: "|0..5| m", Actual: "9 m",
		Message: "The value 9 m must be |0..5| m",
	}
	if got[0] != want {
		t.Errorf("got  %+v\nwant %+v", got[0], want)
	}
}

func TestSiblingsToldApartByName(t *testing.T) {
	t.Parallel()
	named := func(name, occ string, values ...string) obj {
		o := opttest.Element("at0002", occ, opttest.Value("DV_TEXT", opttest.Strings(values...)))
		o.Name = name
		return o
	}
	tpl := compile(t, opttest.Evaluation("T", named("Left", "1..1", "l"), named("Right", "0..1", "r"), named("", "0..2", "any", "any2")))
	item := func(name, v string) *rm.Node { return element("at0002", name, rm.Text(v)) }
	for _, c := range []struct {
		name  string
		items []*rm.Node
		want  []string
	}{
		{"each to its own", []*rm.Node{item("Left", "l"), item("Right", "r"), item("Middle", "any"), item("Top", "any2")}, nil},
		{"the name decides, not the value", []*rm.Node{item("Left", "r")}, []string{"tpl.string.list items[0]/value/value"}},
		{"one too many of a name", []*rm.Node{item("Left", "l"), item("Left", "l")}, []string{"tpl.occurrences items"}},
		{"the named one is missing", []*rm.Node{item("Middle", "any")}, []string{"tpl.occurrences items"}},
		{"the catch-all is full", []*rm.Node{item("Left", "l"), item("1", "any"), item("2", "any"), item("3", "any")}, []string{"tpl.occurrences items"}},
	} {
		expect(t, c.name, Template(tpl, composition(c.items...), Options{}), c.want...)
	}

	strict := compile(t, opttest.Evaluation("T", named("Left", "0..1", "l"), named("Right", "0..1", "r")))
	expect(t, "no such name", Template(strict, composition(item("Middle", "l")), Options{}), "tpl.name items[0]")

	renamed := compile(t, opttest.Evaluation("T", named("One|Two", "0..*", "v")))
	expect(t, "several names", Template(renamed, composition(item("One", "v"), item("Two", "v")), Options{}))
	expect(t, "another name", Template(renamed, composition(item("Three", "v")), Options{}), "tpl.name items[0]/name")
}

func TestAmbiguousSiblingsBindToTheOneTheySatisfy(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T",
		opttest.Element("at0002", "0..1", opttest.Quantity("", "m")), opttest.Element("at0002", "0..1", opttest.Value("DV_TEXT", opttest.Strings("none")))))
	text, q := element("at0002", "X", rm.Text("none")), element("at0002", "X", quantity(1, "m"))
	expect(t, "both", Template(tpl, composition(text, q), Options{}))
	expect(t, "one twice", Template(tpl, composition(q, q), Options{}), "tpl.occurrences items")
}

func TestLocalCodesAndTheirTexts(t *testing.T) {
	t.Parallel()
	root := opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1", attr{Name: "content", Cardinality: "0..*", Children: []obj{{
		RM: "EVALUATION", Archetype: "openEHR-EHR-EVALUATION.test.v1", ID: "at0000", Occ: "0..*",
		Terms: []string{"at0005", "Positive", "at0006", "Negative"},
		Attrs: []attr{{Name: "data", Children: []obj{{RM: "ITEM_TREE", ID: "at0001", Attrs: []attr{{Name: "items", Cardinality: "0..*", Children: []obj{
			opttest.Element("at0002", "0..1", opttest.Coded("local", "at0005", "at0006")),
		}}}}}}},
	}}})
	tpl := compile(t, opttest.Template("T", root,
		`<component_ontologies archetype_id="openEHR-EHR-EVALUATION.test.v1"><term_definitions language="es"><items code="at0005"><items id="text">Positivo</items></items></term_definitions></component_ontologies>`))
	with := func(lang, text, code string) *rm.Node {
		return composition(element("at0002", "Result", rm.CodedText(text, "local", code))).With("language", rm.Code("ISO_639-1", lang))
	}
	const warned = "tpl.code.rubric items[0]/value/defining_code (warning)"
	expect(t, "the text of the code", Template(tpl, with("en", "Positive", "at0005"), Options{}))
	expect(t, "the text of another code", Template(tpl, with("en", "Negative", "at0005"), Options{}), warned)
	expect(t, "in translation", Template(tpl, with("es-AR", "Positivo", "at0005"), Options{}))
	expect(t, "in the template's language", Template(tpl, with("es", "Positive", "at0005"), Options{}))
	expect(t, "in another translation", Template(tpl, with("es", "Afirmativo", "at0005"), Options{}), warned)
	expect(t, "no translation to compare with", Template(tpl, with("es", "Negativo", "at0006"), Options{}))
	expect(t, "policy off", Template(tpl, with("en", "Negative", "at0005"), Options{Policy: Policy{Rubric: Off}}))
}

func TestArchetypeIDsAreComparedWithoutCase(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T", opttest.Element("at0002", "1..1")))
	e := composition(nil).List("content")[0].With("archetype_node_id", &rm.Node{Class: rm.ClassString, Text: "openehr-ehr-EVALUATION.Test.v1"})
	expect(t, "another case", Template(tpl, compositionOf(e), Options{}), "tpl.occurrences items")
}

func TestCodedNames(t *testing.T) {
	t.Parallel()
	root := opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1", attr{Name: "content", Cardinality: "0..*", Children: []obj{{
		RM: "EVALUATION", Archetype: "openEHR-EHR-EVALUATION.test.v1", ID: "at0000", Occ: "0..*",
		Terms: []string{"at0005", "Left", "at0006", "Right"},
		Attrs: []attr{{Name: "data", Children: []obj{{RM: "ITEM_TREE", ID: "at0001", Attrs: []attr{{Name: "items", Cardinality: "0..*", Children: []obj{
			{RM: "ELEMENT", ID: "at0002", Occ: "0..1", Attrs: []attr{{Name: "name", Children: []obj{opttest.Coded("local", "at0005", "at0006")}}}},
		}}}}}}},
	}}})
	tpl := compile(t, opttest.Template("T", root))
	item := func(name *rm.Node) *rm.Node { return element("at0002", "x", rm.Text("v")).With("name", name) }
	expect(t, "by code", Template(tpl, composition(item(rm.CodedText("Links", "local", "at0005"))), Options{}))
	expect(t, "by text", Template(tpl, composition(item(rm.Text("Right"))), Options{}))
	expect(t, "neither", Template(tpl, composition(item(rm.CodedText("Up", "local", "at0007"))), Options{}), "tpl.name items[0]/name")
}

func TestSlots(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T", opttest.Element("at0002", "0..1"),
		opttest.Slot("CLUSTER", "0..1", `openEHR-EHR-CLUSTER\.device(-[a-z]+)*\.v1`),
		opttest.Slot("CLUSTER", "0..*", ".*", `-openEHR-EHR-CLUSTER\.(tool|device)\.v1`)))
	cluster := func(id string) *rm.Node {
		return locatable("CLUSTER", id, "C", rm.Child("items", element("at0001", "E", rm.Text("anything"))))
	}
	device, other, tool := cluster("openEHR-EHR-CLUSTER.device.v1"), cluster("openEHR-EHR-CLUSTER.other.v1"), cluster("openEHR-EHR-CLUSTER.tool.v1")
	expect(t, "each finds its slot", Template(tpl, composition(device, other, other), Options{}))
	expect(t, "excluded", Template(tpl, composition(tool), Options{}), "tpl.slot items[0]")
	expect(t, "the slot is full", Template(tpl, composition(device, device), Options{}), "tpl.occurrences items")
	expect(t, "a plain node fills no slot", Template(tpl, composition(cluster("at0077")), Options{}), "tpl.extra_node items[0]")
	expect(t, "no slot of the class", Template(tpl, composition(locatable("ELEMENT", "openEHR-EHR-ELEMENT.x.v1", "E")), Options{}), "tpl.extra_node items[0]")

	mandatory := compile(t, opttest.Evaluation("T", opttest.Slot("CLUSTER", "1..1", ".*")))
	expect(t, "a mandatory slot", Template(mandatory, composition(device), Options{}))
	expect(t, "a mandatory slot left empty", Template(mandatory, composition(), Options{}), "tpl.occurrences items")
}

func TestSlotAsSingleValue(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Template("T", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		attr{Name: "content", Cardinality: "0..*", Children: []obj{{
			RM: "EVALUATION", Archetype: "openEHR-EHR-EVALUATION.test.v1", ID: "at0000", Occ: "0..*",
			Attrs: []attr{{Name: "data", Existence: "1..1", Children: []obj{opttest.Slot("ITEM_TREE", "1..1", `openEHR-EHR-ITEM_TREE\.a\.v1`)}}},
		}}})))
	with := func(id string) *rm.Node {
		e := composition(nil).List("content")[0]
		return compositionOf(e.With("data", locatable("ITEM_TREE", id, "T")))
	}
	expect(t, "allowed", Template(tpl, with("openEHR-EHR-ITEM_TREE.a.v1"), Options{}))
	expect(t, "not allowed", Template(tpl, with("openEHR-EHR-ITEM_TREE.b.v1"), Options{}), "tpl.slot /content[0]/data")
}

func TestNodeIdentityOfSingleValues(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T", opttest.Element("at0002", "0..1")))
	e := composition(nil).List("content")[0]
	wrong := compositionOf(e.With("data", locatable("ITEM_TREE", "at0009", "Tree")))
	expect(t, "another node id", Template(tpl, wrong, Options{}), "tpl.node /content[0]/data")
	other := compositionOf(e.With("data", locatable("ITEM_LIST", "at0001", "List")))
	expect(t, "another class", Template(tpl, other, Options{}), "tpl.type /content[0]/data")
}

func TestRootOfTheInstance(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T"))
	expect(t, "as it should be", Template(tpl, composition(), Options{}))
	other := locatable("COMPOSITION", "openEHR-EHR-COMPOSITION.other.v1", "X")
	expect(t, "another archetype", Template(tpl, other, Options{}), "tpl.root /")
	expect(t, "another class", Template(tpl, locatable("PERSON", "openEHR-DEMOGRAPHIC-PERSON.x.v1", "X"), Options{}), "tpl.type /")
	expect(t, "nothing", Template(tpl, nil, Options{}), "tpl.type /")
	named := func(id string) *rm.Node {
		return composition().With("archetype_details", rm.Object("ARCHETYPED",
			rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", "openEHR-EHR-COMPOSITION.test.v1")),
			rm.Child("template_id", rm.ID("TEMPLATE_ID", id)), rm.Str("rm_version", "1.1.0")))
	}
	expect(t, "its template", Template(tpl, named("T"), Options{}))
	expect(t, "its template with uid", Template(tpl, named("T::3c0d"), Options{}))
	expect(t, "another template", Template(tpl, named("U"), Options{}), "tpl.template_id /")
}

func TestTemplatesOfOtherRoots(t *testing.T) {
	t.Parallel()
	status := compile(t, opttest.Template("S", opttest.Root("EHR_STATUS", "openEHR-EHR-EHR_STATUS.generic.v1",
		attr{Name: "other_details", Existence: "1..1", Children: []obj{{RM: "ITEM_TREE", ID: "at0001", Occ: "1..1", Attrs: []attr{
			{Name: "items", Cardinality: "0..*", Children: []obj{opttest.Element("at0002", "1..1")}},
		}}}})))
	node := func(items ...*rm.Node) *rm.Node {
		return locatable("EHR_STATUS", "openEHR-EHR-EHR_STATUS.generic.v1", "S", rm.Child("subject", self),
			rm.Bool("is_queryable", true), rm.Bool("is_modifiable", true),
			rm.Child("other_details", locatable("ITEM_TREE", "at0001", "Tree", rm.Child("items", items...))))
	}
	expect(t, "status", Template(status, node(element("at0002", "E", rm.Text("x"))), Options{}))
	expect(t, "status without", Template(status, node(), Options{}), "tpl.occurrences /other_details/items")
	person := compile(t, opttest.Template("P", opttest.Root("PERSON", "openEHR-DEMOGRAPHIC-PERSON.person.v1",
		attr{Name: "identities", Existence: "1..1", Cardinality: "1..*", Children: []obj{{RM: "PARTY_IDENTITY", ID: "at0001", Occ: "1..1"}}})))
	expect(t, "person", Template(person, locatable("PERSON", "openEHR-DEMOGRAPHIC-PERSON.person.v1", "P",
		rm.Child("identities", locatable("PARTY_IDENTITY", "at0002", "I"))), Options{}),
		"tpl.extra_node /identities[0]", "tpl.occurrences /identities")
}

func TestNullFlavours(t *testing.T) {
	t.Parallel()
	item := obj{RM: "ELEMENT", ID: "at0002", Occ: "1..1", Attrs: []attr{
		{Name: "value", Existence: "1..1", Children: []obj{{RM: "DV_TEXT", Occ: "1..1"}}},
		{Name: "null_flavour", Existence: "0..1", Children: []obj{opttest.Coded("openehr", "253")}},
	}}
	tpl := compile(t, opttest.Evaluation("T", item))
	null := func(code string) *rm.Node {
		return locatable("ELEMENT", "at0002", "E", rm.Child("null_flavour", rm.CodedText("unknown", "openehr", code)))
	}
	expect(t, "a value", Template(tpl, composition(element("at0002", "E", rm.Text("x"))), Options{}))
	expect(t, "null stands for the value", Template(tpl, composition(null("253")), Options{}))
	expect(t, "another null flavour", Template(tpl, composition(null("271")), Options{}), "tpl.code.list items[0]/null_flavour/defining_code")
	expect(t, "neither", Template(tpl, composition(element("at0002", "E", nil)), Options{}), "tpl.existence items[0]/value")
}

func TestCareflowSteps(t *testing.T) {
	t.Parallel()
	step := func(state, code string) obj {
		return obj{RM: "ISM_TRANSITION", Occ: "1..1", Attrs: []attr{
			{Name: "current_state", Existence: "1..1", Children: []obj{opttest.Coded("openehr", state)}},
			{Name: "careflow_step", Existence: "1..1", Children: []obj{opttest.Coded("local", code)}},
		}}
	}
	tpl := compile(t, opttest.Template("T", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		attr{Name: "content", Cardinality: "0..*", Children: []obj{{
			RM: "ACTION", Archetype: "openEHR-EHR-ACTION.a.v1", ID: "at0000", Occ: "0..*",
			Attrs: []attr{{Name: "ism_transition", Existence: "1..1", Children: []obj{step("526", "at0001"), step("245", "at0002")}}},
		}}})))
	action := func(state, code string) *rm.Node {
		return compositionOf(locatable("ACTION", "openEHR-EHR-ACTION.a.v1", "A",
			rm.Child("ism_transition", rm.Object("ISM_TRANSITION", rm.Child("current_state", rm.CodedText("s", "openehr", state)),
				rm.Child("careflow_step", rm.CodedText("c", "local", code))))))
	}
	expect(t, "planned", Template(tpl, action("526", "at0001"), Options{}))
	expect(t, "active", Template(tpl, action("245", "at0002"), Options{}))
	expect(t, "state of another step", Template(tpl, action("526", "at0002"), Options{}),
		"tpl.code.list /content[0]/ism_transition/current_state/defining_code")
	expect(t, "unknown step", Template(tpl, action("526", "at0003"), Options{}),
		"tpl.code.list /content[0]/ism_transition/careflow_step/defining_code")
}

func TestActionArchetypeIDMayHoldTheExpressionItself(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Template("T", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		attr{Name: "content", Cardinality: "0..*", Children: []obj{{
			RM: "INSTRUCTION", Archetype: "openEHR-EHR-INSTRUCTION.a.v1", ID: "at0000", Occ: "0..*",
			Attrs: []attr{{Name: "activities", Cardinality: "0..*", Children: []obj{{RM: "ACTIVITY", ID: "at0001", Occ: "0..*", Attrs: []attr{
				{Name: "action_archetype_id", Existence: "1..1", Children: []obj{opttest.Pattern("STRING", `openEHR-EHR-ACTION\.a\.v1`)}},
			}}}}},
		}}})))
	with := func(id string) *rm.Node {
		return compositionOf(locatable("INSTRUCTION", "openEHR-EHR-INSTRUCTION.a.v1", "I",
			rm.Child("activities", locatable("ACTIVITY", "at0001", "A", rm.Str("action_archetype_id", id)))))
	}
	for _, id := range []string{"openEHR-EHR-ACTION.a.v1", `openEHR-EHR-ACTION\.a\.v1`, `/openEHR-EHR-ACTION\.a\.v1/`} {
		expect(t, id, Template(tpl, with(id), Options{}))
	}
	expect(t, "another", Template(tpl, with("openEHR-EHR-ACTION.b.v1"), Options{}), "tpl.string.pattern /content[0]/activities[0]/action_archetype_id")
}

func TestProhibitedAttributesAndNodes(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Template("T", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		attr{Name: "context", Existence: "0..0"},
		attr{Name: "composer", Children: []obj{{RM: "PARTY_SELF", Occ: "0..0"}, {RM: "PARTY_IDENTIFIED", Occ: "0..1"}}})))
	expect(t, "prohibited alternative", Template(tpl, compositionOf(), Options{}), "tpl.type /composer")
	named := compositionOf().With("composer", rm.Object("PARTY_IDENTIFIED", rm.Str("name", "Dr A")))
	expect(t, "the other alternative", Template(tpl, named, Options{}))
	expect(t, "prohibited attribute", Template(tpl, named.With("context", rm.Object("EVENT_CONTEXT")), Options{}), "tpl.existence /context")
}

func TestContainersOfPlainObjects(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Template("T", opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1",
		attr{Name: "context", Children: []obj{{RM: "EVENT_CONTEXT", Attrs: []attr{{Name: "participations", Existence: "1..1", Cardinality: "1..2", Children: []obj{
			{RM: "PARTICIPATION", Occ: "1..1", Attrs: []attr{{Name: "function", Children: []obj{opttest.Value("DV_TEXT", opttest.Strings("nurse"))}}}},
			{RM: "PARTICIPATION", Occ: "0..1", Attrs: []attr{{Name: "function", Children: []obj{opttest.Value("DV_TEXT", opttest.Strings("doctor"))}}}},
		}}}}}})))
	with := func(functions ...string) *rm.Node {
		var list []*rm.Node
		for _, f := range functions {
			list = append(list, rm.Object("PARTICIPATION", rm.Child("function", rm.Text(f)), rm.Child("performer", self)))
		}
		return compositionOf().With("context", rm.Object("EVENT_CONTEXT", rm.Child("participations", list...)))
	}
	expect(t, "both", Template(tpl, with("doctor", "nurse"), Options{}))
	expect(t, "wrong", Template(tpl, with("nurse", "clown"), Options{}),
		"tpl.string.list /context/participations[1]/function/value", "tpl.occurrences /context/participations")
	expect(t, "none", Template(tpl, with(), Options{}), "tpl.cardinality /context/participations", "tpl.occurrences /context/participations")
}

func TestInternalReferences(t *testing.T) {
	t.Parallel()
	tpl := compile(t, opttest.Evaluation("T", opttest.Element("at0002", "0..1", opttest.Value("DV_TEXT", opttest.Strings("a"))),
		obj{RM: "CLUSTER", ID: "at0003", Occ: "0..1", Attrs: []attr{{Name: "items", Cardinality: "0..*", Children: []obj{
			{XSI: "ARCHETYPE_INTERNAL_REF", RM: "ELEMENT", Occ: "0..1", XML: "<target_path>/data[at0001]/items[at0002]</target_path>"},
		}}}}))
	with := func(v string) *rm.Node {
		return composition(locatable("CLUSTER", "at0003", "C", rm.Child("items", element("at0002", "E", rm.Text(v)))))
	}
	expect(t, "satisfied", Template(tpl, with("a"), Options{}))
	expect(t, "not satisfied", Template(tpl, with("b"), Options{}), "tpl.string.list items[0]/items[0]/value/value")
}

func TestValidationAllocatesNothingWhenValid(t *testing.T) {
	tpl := compile(t, opttest.Evaluation("T", opttest.Element("at0002", "0..*", opttest.Quantity("", "m|0..5"), opttest.Value("DV_TEXT", opttest.Strings("none")))))
	root := composition(element("at0002", "E", quantity(1, "m")), element("at0002", "E", rm.Text("none")))
	if n := testing.AllocsPerRun(100, func() {
		if p := Template(tpl, root, Options{}); p != nil {
			t.Fatal(p)
		}
		if p := Terminology(root, Options{}); p != nil {
			t.Fatal(p)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
