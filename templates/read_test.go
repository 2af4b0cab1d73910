package templates

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates/opttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// samples are templates of the test's own that between them use every kind of
// constraint; their dumps are golden files.
func samples() map[string][]byte {
	type obj = opttest.Obj
	type attr = opttest.Attr
	withTerms := opttest.Root("COMPOSITION", "openEHR-EHR-COMPOSITION.visit.v1",
		attr{Name: "category", Existence: "1..1", Children: []obj{opttest.Coded("openehr", "433")}},
		attr{Name: "context", Existence: "0..1", Children: []obj{{RM: "EVENT_CONTEXT", Occ: "1..1", Attrs: []attr{
			{Name: "other_context", Existence: "0..1", Children: []obj{{RM: "ITEM_TREE", ID: "at0001", Occ: "1..1", Attrs: []attr{
				{Name: "items", Existence: "0..1", Cardinality: "0..*", Children: []obj{opttest.Slot("CLUSTER", "0..*", ".*")}},
			}}}},
		}}}},
		attr{Name: "content", Existence: "0..1", Cardinality: "1..*", Ordered: true, Children: []obj{
			{
				RM: "OBSERVATION", Archetype: "openEHR-EHR-OBSERVATION.reading.v1", ID: "at0000", Occ: "0..1", Name: "Morning reading",
				Terms: []string{"at0000", "Reading", "at0001", "History", "at0002", "Any time"},
				Attrs: []attr{{Name: "data", Existence: "1..1", Children: []obj{{RM: "HISTORY", ID: "at0001", Occ: "1..1", Attrs: []attr{
					{Name: "events", Existence: "0..1", Cardinality: "1..*", Children: []obj{{RM: "POINT_EVENT", ID: "at0002", Occ: "0..*"}}},
				}}}}},
			},
			opttest.Slot("OBSERVATION", "0..*", `openEHR-EHR-OBSERVATION\.extra(-[a-z]+)*\.v1`, "-.*"),
		}},
	)
	withTerms.Terms = []string{"at0000", "Visit"}
	return map[string][]byte{
		"visit": opttest.Template("Visit", withTerms,
			`<ontology archetype_id="openEHR-EHR-COMPOSITION.visit.v1"><term_definitions language="es"><items code="at0000"><items id="text">Visita</items></items></term_definitions></ontology>`,
			`<component_ontologies archetype_id="openEHR-EHR-OBSERVATION.reading.v1"><term_definitions language="es"><items code="at0002"><items id="text">Cualquier momento</items></items></term_definitions></component_ontologies>`,
			`<annotations path="[openEHR-EHR-COMPOSITION.visit.v1]/content"><items id="note">one</items></annotations>`,
			`<constraints><attributes><rm_attribute_name>value</rm_attribute_name><children><rm_type_name>DV_TEXT</rm_type_name><default_value xsi:type="DV_TEXT"><value>start</value></default_value></children><differential_path>/content</differential_path></attributes></constraints>`,
			`<view><constraints path="/content"><items id="pass_through"><value>true</value></items></constraints></view>`),
		"leaves": opttest.Evaluation("Leaves",
			opttest.Element("at0002", "0..1", opttest.Value("DV_TEXT", opttest.Strings("a", "b"))),
			opttest.Element("at0003", "0..1", opttest.Value("DV_URI", opttest.Pattern("STRING", "https://.*"))),
			opttest.Element("at0004", "0..1", opttest.Quantity("125", "mm[Hg]|0..<1000|0..0", "kPa")),
			opttest.Element("at0005", "0..1", opttest.Ordinal("DV_ORDINAL", "0|at0010", "1|at0011")),
			opttest.Element("at0006", "0..1", opttest.Ordinal("DV_SCALE", "0.5|at0010")),
			opttest.Element("at0007", "0..1", opttest.Value("DV_DATE", opttest.Pattern("DATE", "yyyy-??-XX")),
				opttest.Value("DV_DATE_TIME", opttest.Pattern("DATE_TIME", "yyyy-mm-ddTHH:MM:SS"))),
			opttest.Element("at0008", "0..1", opttest.Value("DV_DURATION", opttest.Primitive("DURATION", "<pattern>PYMWD</pattern>"+opttest.Interval("range", "P0D..<P1Y")))),
			opttest.Element("at0009", "0..*", opttest.Value("DV_BOOLEAN", opttest.Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>false</false_valid>"))),
			opttest.Element("at0010", "0..*", opttest.Obj{RM: "DV_PROPORTION", Occ: "1..1", Attrs: []opttest.Attr{
				{Name: "numerator", Existence: "1..1", Children: []opttest.Obj{opttest.Range("REAL", "0..100")}},
				{Name: "type", Existence: "1..1", Children: []opttest.Obj{opttest.Primitive("INTEGER", "<list>2</list>")}},
				{Name: "is_integral", Existence: "1..1", Children: []opttest.Obj{opttest.Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>true</false_valid>")}},
			}}),
			opttest.Element("at0011", "0..1", opttest.Obj{RM: "DV_INTERVAL<DV_COUNT>", Occ: "1..1"}),
			opttest.Element("at0012", "0..1", opttest.Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []opttest.Attr{
				{Name: "defining_code", Existence: "1..1", Children: []opttest.Obj{
					{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<referenceSetUri>terminology:LOINC</referenceSetUri>"},
					{XSI: "CONSTRAINT_REF", RM: "CODE_PHRASE", Occ: "1..1", XML: "<reference>ac0001</reference>"},
				}},
			}}),
			opttest.Obj{RM: "ELEMENT", ID: "at0013", Occ: "0..1", Attrs: []opttest.Attr{
				{Name: "value", Children: []opttest.Obj{{XSI: "C_DV_STATE", RM: "DV_STATE", XML: `<value><states xsi:type="TERMINAL_STATE"><name>done</name></states></value>`}}},
				{Name: "null_flavor", Existence: "0..1", Children: []opttest.Obj{opttest.Coded("openehr", "253")}},
			}},
			opttest.Obj{RM: "CLUSTER", ID: "at0014", Occ: "0..1", Attrs: []opttest.Attr{
				{Name: "items", Children: []opttest.Obj{{XSI: "ARCHETYPE_INTERNAL_REF", RM: "ELEMENT", XML: "<target_path>/data[at0001]/items[at0002]</target_path>"}}},
			}},
		),
	}
}

func TestDumpOfSamples(t *testing.T) {
	t.Parallel()
	for name, opt := range samples() {
		tpl, err := ReadOPT(opt, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := tpl.Dump()
		golden := filepath.Join("testdata", name+".dump")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s differs from %s (-want +got):\n%s", name, golden, diff)
		}
		if !bytes.Equal(tpl.Raw(), opt) {
			t.Errorf("%s: the raw document is not kept", name)
		}
	}
}

func TestTermsInOtherLanguages(t *testing.T) {
	t.Parallel()
	tpl, err := ReadOPT(samples()["visit"], Limits{})
	if err != nil {
		t.Fatal(err)
	}
	reading := tpl.Root.Attribute("content").Children[0]
	for _, c := range []struct {
		terms            *Terms
		code, lang, want string
	}{
		{tpl.Root.Terms, "at0000", "es", "Visita"},
		{tpl.Root.Terms, "at0000", "", "Visit"},
		{tpl.Root.Terms, "at0000", "fr", "Visit"},
		{reading.Terms, "at0002", "es", "Cualquier momento"},
		{reading.Terms, "at0001", "es", "History"},
		{reading.Terms, "at9999", "es", ""},
	} {
		if got := c.terms.Text(c.code, c.lang); got != c.want {
			t.Errorf("%s in %q is %q, want %q", c.code, c.lang, got, c.want)
		}
	}
	if got := reading.Terms.Languages(); !cmp.Equal(got, []string{"en", "es"}) {
		t.Errorf("languages %v", got)
	}
	if got := reading.Terms.Codes("en"); !cmp.Equal(got, []string{"at0000", "at0001", "at0002"}) {
		t.Errorf("codes %v", got)
	}
	if reading.Path() != "/content[openEHR-EHR-OBSERVATION.reading.v1 and name/value='Morning reading']" {
		t.Errorf("path %s", reading.Path())
	}
	if d := tpl.Defaults; len(d) != 1 || d[0].Value.String("value") != "start" {
		t.Errorf("defaults %v", d)
	}
}

// edit changes the visit sample's text.
func edit(old, replacement string) []byte {
	opt := string(samples()["visit"])
	if !strings.Contains(opt, old) {
		panic("the sample has no " + old)
	}
	return []byte(strings.Replace(opt, old, replacement, 1))
}

func TestQuirksThatAreTolerated(t *testing.T) {
	t.Parallel()
	plain, err := ReadOPT(samples()["visit"], Limits{})
	if err != nil {
		t.Fatal(err)
	}
	latin1 := bytes.Replace(edit("utf-8", "ISO-8859-1"), []byte("Morning"), []byte("M\xf6rning"), 1)
	for name, c := range map[string]struct {
		opt  []byte
		same bool
		note string
	}{
		"byte order mark":              {append([]byte("\xef\xbb\xbf"), samples()["visit"]...), true, ""},
		"v2 namespace":                 {edit("openehr.org/v1", "openehr.org/v2"), true, ""},
		"no namespace":                 {edit(`xmlns="http://schemas.openehr.org/v1" `, ""), true, ""},
		"ISO-8859-1":                   {latin1, false, ""},
		"prefixed xsi:type":            {edit(`xsi:type="C_MULTIPLE_ATTRIBUTE"`, `xsi:type="ns2:C_MULTIPLE_ATTRIBUTE"`), true, ""},
		"attributes without type":      {edit(`<attributes xsi:type="C_SINGLE_ATTRIBUTE">`, `<attributes>`), true, ""},
		"container as single":          {edit(`<attributes xsi:type="C_MULTIPLE_ATTRIBUTE">`, `<attributes xsi:type="C_SINGLE_ATTRIBUTE">`), true, ""},
		"definition without type":      {edit(`<definition xsi:type="C_ARCHETYPE_ROOT">`, `<definition>`), true, ""},
		"complex object without type":  {edit(`<children xsi:type="C_COMPLEX_OBJECT"><rm_type_name>EVENT_CONTEXT`, `<children><rm_type_name>EVENT_CONTEXT`), true, ""},
		"slot without type":            {edit(`<children xsi:type="ARCHETYPE_SLOT">`, `<children>`), true, ""},
		"line breaks in names":         {edit(`<rm_type_name>HISTORY</rm_type_name>`, "<rm_type_name>HISTORY\n   </rm_type_name>"), true, ""},
		"match_negated":                {edit(`<rm_attribute_name>data</rm_attribute_name>`, `<rm_attribute_name>data</rm_attribute_name><match_negated>false</match_negated>`), true, ""},
		"no included flags":            {edit(`<lower_included>true</lower_included>`, ``), true, ""},
		"node id on a data value":      {edit(`<rm_type_name>DV_CODED_TEXT</rm_type_name>`, `<rm_type_name>DV_CODED_TEXT</rm_type_name><node_id>at0077</node_id>`), false, ""},
		"slot assertion as text":       {edit(`<expression xsi:type="EXPR_BINARY_OPERATOR"><type>Boolean</type><operator>2007</operator><left_operand xsi:type="EXPR_LEAF"><type>String</type><item>archetype_id/value</item></left_operand><right_operand xsi:type="EXPR_LEAF"><type>C_STRING</type><item xsi:type="C_STRING"><pattern>.*</pattern></item></right_operand></expression>`, `<string_expression>archetype_id/value matches {/.*/}</string_expression>`), true, ""},
		"name on a class without name": {edit(`<attributes xsi:type="C_SINGLE_ATTRIBUTE"><rm_attribute_name>other_context`, `<attributes xsi:type="C_SINGLE_ATTRIBUTE"><rm_attribute_name>name</rm_attribute_name></attributes><attributes xsi:type="C_SINGLE_ATTRIBUTE"><rm_attribute_name>other_context`), false, "constraint on the name of a EVENT_CONTEXT"},
	} {
		opt := c.opt
		if name == "node id on a data value" {
			opt = bytes.Replace(opt, []byte("<node_id></node_id>"), nil, 1)
			c.note = "node id at0077 on a DV_CODED_TEXT"
		}
		tpl, err := ReadOPT(opt, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.same {
			tpl.Notes = nil
			if diff := cmp.Diff(plain.Dump(), tpl.Dump()); diff != "" {
				t.Errorf("%s compiles to something else (-plain +quirk):\n%s", name, diff)
			}
		}
		if c.note != "" && !strings.Contains(tpl.Dump(), c.note) {
			t.Errorf("%s: no note %q in\n%s", name, c.note, tpl.Dump())
		}
		if name == "ISO-8859-1" && !strings.Contains(tpl.Dump(), "Mörning") {
			t.Errorf("ISO-8859-1 is not decoded:\n%s", tpl.Dump())
		}
	}
}

func TestRejectedTemplates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opt     []byte
		code    string
		message string
	}{
		"empty file":             {nil, CodeXML, "no element"},
		"not XML":                {[]byte("hello"), CodeXML, "no element"},
		"cut short":              {samples()["visit"][:900], CodeXML, "line 2"},
		"another document":       {[]byte(`<archetype/>`), CodeElement, "is archetype, not template"},
		"UTF-16 declared":        {edit("utf-8", "utf-16"), CodeXML, "utf-16"},
		"document type":          {[]byte(`<!DOCTYPE x [<!ENTITY a "b">]><template/>`), CodeXML, "document type"},
		"second root":            {append(samples()["visit"], "<template/>"...), CodeXML, "second document element"},
		"no language":            {edit("<code_string>en</code_string>", ""), CodeMissing, "language"},
		"no template id":         {edit("<template_id><value>Visit</value></template_id>", ""), CodeMissing, "template_id"},
		"empty concept":          {edit("<concept>Visit</concept>", "<concept/>"), CodeMissing, "concept"},
		"concept twice":          {edit("<concept>Visit</concept>", "<concept>Visit</concept><concept>Visit</concept>"), CodeDuplicate, "concept occurs twice"},
		"unknown element":        {edit("<concept>", "<colour>red</colour><concept>"), CodeElement, "colour"},
		"unknown in object":      {edit("<rm_type_name>HISTORY", "<colour/><rm_type_name>HISTORY"), CodeElement, "colour"},
		"no definition":          {[]byte(`<template><language><code_string>en</code_string></language><template_id><value>x</value></template_id><concept>x</concept></template>`), CodeMissing, "definition"},
		"unknown RM type":        {edit("<rm_type_name>HISTORY", "<rm_type_name>HISTOIRE"), CodeType, "no type HISTOIRE"},
		"no RM type":             {edit("<rm_type_name>HISTORY</rm_type_name>", ""), CodeMissing, "rm_type_name"},
		"unknown constraint":     {edit(`xsi:type="C_CODE_PHRASE"`, `xsi:type="C_COLOUR"`), CodeType, "C_COLOUR"},
		"unknown RM attribute":   {edit("<rm_attribute_name>events", "<rm_attribute_name>evenings"), CodeConformance, "HISTORY has no attribute evenings"},
		"type that cannot stand": {edit("<rm_type_name>POINT_EVENT", "<rm_type_name>CLUSTER"), CodeConformance, "CLUSTER does not conform to HISTORY.events"},
		"attribute twice":        {edit("<rm_attribute_name>other_context", "<rm_attribute_name>setting</rm_attribute_name></attributes><attributes><rm_attribute_name>setting</rm_attribute_name></attributes><attributes><rm_attribute_name>other_context"), CodeDuplicate, "setting is constrained twice"},
		"archetype of a class":   {edit("openEHR-EHR-OBSERVATION.reading.v1</value>", "openEHR-EHR-EVALUATION.reading.v1</value>"), CodeConformance, "fills a OBSERVATION"},
		"no archetype id":        {edit("<archetype_id><value>openEHR-EHR-OBSERVATION.reading.v1</value></archetype_id>", ""), CodeMissing, "archetype_id"},
		"malformed archetype id": {edit("openEHR-EHR-OBSERVATION.reading.v1</value>", "OBSERVATION</value>"), CodeValue, "not an archetype id"},
		"interval upside down":   {edit("<lower>0</lower><upper_included>true</upper_included><upper_unbounded>false</upper_unbounded><upper>1</upper>", "<lower>3</lower><upper>1</upper>"), CodeInterval, "3 is above upper limit 1"},
		"interval of words":      {edit("<lower>1</lower>", "<lower>one</lower>"), CodeValue, "not a count"},
		"boolean of words":       {edit("<is_ordered>true", "<is_ordered>maybe"), CodeValue, "not a boolean"},
		"primitive on an object": {edit(`xsi:type="C_CODE_PHRASE"`, `xsi:type="C_PRIMITIVE_OBJECT"`), CodeConformance, "primitive constraint"},
	} {
		_, err := ReadOPT(c.opt, Limits{})
		e := errs.As(err)
		if e == nil || e.Kind != errs.Invalid {
			t.Errorf("%s: %v", name, err)
			continue
		}
		problems, ok := e.Detail.([]rm.Problem)
		if !ok || len(problems) == 0 {
			t.Errorf("%s: no problems in %v", name, err)
			continue
		}
		if p := problems[0]; p.Code != c.code || !strings.Contains(p.Message, c.message) || !strings.HasPrefix(p.Message, "line ") {
			t.Errorf("%s: %s %s", name, p.Code, p.Message)
		}
	}
}

func TestAllProblemsAreListedWithTheirLines(t *testing.T) {
	t.Parallel()
	opt := bytes.ReplaceAll(samples()["visit"], []byte("<attributes"), []byte("\n<attributes"))
	opt = bytes.Replace(opt, []byte("<rm_attribute_name>events"), []byte("<rm_attribute_name>a"), 1)
	opt = bytes.Replace(opt, []byte("<rm_attribute_name>other_context"), []byte("<rm_attribute_name>b"), 1)
	_, err := ReadOPT(opt, Limits{})
	e := errs.As(err)
	if e == nil {
		t.Fatal("accepted")
	}
	var got []string
	for _, p := range e.Detail.([]rm.Problem) {
		got = append(got, p.Path+" "+p.Message)
	}
	want := []string{
		"/template/definition/context[0]/b line 6: EVENT_CONTEXT has no attribute b",
		"/template/definition/content[0]/data[0]/a line 12: HISTORY has no attribute a",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	opt := samples()["visit"]
	for name, c := range map[string]struct {
		lim  Limits
		kind errs.Kind
	}{
		"bytes":   {Limits{Bytes: len(opt) - 1}, errs.TooLarge},
		"depth":   {Limits{Depth: 5}, errs.Invalid},
		"objects": {Limits{Objects: 3}, errs.Invalid},
	} {
		_, err := ReadOPT(opt, c.lim)
		if errs.KindOf(err) != c.kind || err == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadOPTFrom(bytes.NewReader(opt), Limits{Bytes: len(opt) - 1}); errs.KindOf(err) != errs.TooLarge {
		t.Errorf("stream: %v", err)
	}
	if _, err := ReadOPTFrom(bytes.NewReader(opt), Limits{}); err != nil {
		t.Errorf("stream: %v", err)
	}
}

func TestSlotRules(t *testing.T) {
	t.Parallel()
	rule := func(includes, excludes []string) *SlotRule {
		s := &SlotRule{}
		for _, x := range includes {
			s.Includes = append(s.Includes, &Assertion{x, parseStringExpression(x)})
		}
		for _, x := range excludes {
			s.Excludes = append(s.Excludes, &Assertion{x, parseStringExpression(x)})
		}
		return s
	}
	all := "archetype_id/value matches {/.*/}"
	device := `archetype_id/value matches {/openEHR-EHR-CLUSTER\.device(-[a-z]+)*\.v1|openEHR-EHR-CLUSTER\.tool\.v1/}`
	short := `short_concept_name matches {/device/, /tool/}`
	for _, c := range []struct {
		rule *SlotRule
		id   string
		want bool
	}{
		{rule(nil, nil), "openEHR-EHR-CLUSTER.x.v1", true},
		{rule([]string{device}, nil), "openEHR-EHR-CLUSTER.device.v1", true},
		{rule([]string{device}, nil), "openEHR-EHR-CLUSTER.device-big.v1", true},
		{rule([]string{device}, nil), "openEHR-EHR-CLUSTER.tool.v1", true},
		{rule([]string{device}, nil), "openEHR-EHR-CLUSTER.device.v12", false},
		{rule([]string{device}, []string{all}), "openEHR-EHR-CLUSTER.device.v1", true},
		{rule([]string{device}, []string{all}), "openEHR-EHR-CLUSTER.other.v1", false},
		{rule([]string{all}, []string{device}), "openEHR-EHR-CLUSTER.device.v1", false},
		{rule([]string{all}, []string{device}), "openEHR-EHR-CLUSTER.other.v1", true},
		{rule(nil, []string{all}), "openEHR-EHR-CLUSTER.other.v1", false},
		{rule([]string{short}, nil), "openEHR-EHR-CLUSTER.tool.v1", true},
		{rule([]string{short}, nil), "openEHR-EHR-CLUSTER.toolbox.v1", false},
		{rule([]string{"an unreadable assertion"}, nil), "openEHR-EHR-CLUSTER.tool.v1", true},
	} {
		if got := c.rule.Allows(c.id); got != c.want {
			t.Errorf("%v: %s: %v", c.rule.Includes, c.id, got)
		}
	}
}

func TestSlotAssertionTrees(t *testing.T) {
	t.Parallel()
	id := &expression{op: opAttribute, values: []string{"archetype_id/value"}}
	matches := func(p string) *expression {
		return &expression{op: opMatches, left: id, right: &expression{op: opPattern, patterns: []*Pattern{newPattern(p)}}}
	}
	a, b := matches(`.*\.a\.v1`), matches(`.*\.b\.v1`)
	other := &expression{op: opMatches, left: &expression{op: opAttribute, values: []string{"items/count"}}, right: a.right}
	const idA = "openEHR-EHR-CLUSTER.a.v1"
	for i, c := range []struct {
		e    *expression
		want tri
	}{
		{a, yes},
		{b, no},
		{other, unknown},
		{&expression{op: opNot, left: a}, no},
		{&expression{op: opAnd, left: a, right: b}, no},
		{&expression{op: opAnd, left: a, right: other}, unknown},
		{&expression{op: opOr, left: b, right: a}, yes},
		{&expression{op: opXor, left: b, right: a}, yes},
		{&expression{op: opImplies, left: b, right: other}, yes},
		{&expression{op: opEqual, left: id, right: &expression{op: opValues, values: []string{idA}}}, yes},
		{&expression{op: opNotEqual, left: id, right: &expression{op: opValues, values: []string{idA}}}, no},
		{&expression{op: "2015", left: a}, unknown},
		{nil, unknown},
	} {
		if got := c.e.eval(idA); got != c.want {
			t.Errorf("%d: %s is %d, want %d", i, c.e, got, c.want)
		}
	}
}

func FuzzReadOPT(f *testing.F) {
	for _, opt := range samples() {
		f.Add(opt)
	}
	f.Add([]byte("<template><definition><rm_type_name>COMPOSITION</rm_type_name></definition></template>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		tpl, err := ReadOPT(data, Limits{Bytes: 1 << 20, Depth: 100, Objects: 2000})
		if err != nil {
			if errs.As(err) == nil {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		first := tpl.Dump()
		again, err := ReadOPT(tpl.Raw(), Limits{})
		if err != nil || again.Dump() != first {
			t.Fatalf("the document does not compile the same again: %v", err)
		}
	})
}
