package lint_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/lint"
	"github.com/cairn-ehr/cairn/templates/oet"
	. "github.com/cairn-ehr/cairn/templates/opttest"
)

var update = flag.Bool("update", false, "rewrite docs/conformance/lint.md")

const description = `<description><original_author id="name">A. Modeller</original_author><lifecycle_state>published</lifecycle_state>` +
	`<details><language><terminology_id><value>ISO_639-1</value></terminology_id><code_string>en</code_string></language>` +
	`<purpose>To test.</purpose></details></description>`

const german = `<component_ontologies archetype_id="openEHR-EHR-EVALUATION.test.v1"><term_definitions language="de">` +
	`<items code="at0000"><items id="text">Prüfung</items></items><items code="at0001"><items id="text">Baum</items></items>` +
	`<items code="at0002"><items id="text">*One(en)</items></items></term_definitions></component_ontologies>`

// evaluation is a template with the items, whose archetype has terms for at0000
// to at0009, and extra elements after the definition.
func evaluation(items []Obj, cardinality string, extra ...string) []byte {
	if cardinality == "" {
		cardinality = "0..*"
	}
	return Template("Test.v1", Obj{
		RM: "COMPOSITION", Archetype: "openEHR-EHR-COMPOSITION.test.v1", ID: "at0000", Occ: "1..1", Terms: []string{"at0000", "Test"},
		Attrs: []Attr{{Name: "content", Existence: "0..1", Cardinality: "0..*", Children: []Obj{{
			RM: "EVALUATION", Archetype: "openEHR-EHR-EVALUATION.test.v1", ID: "at0000", Occ: "1..1",
			Terms: []string{"at0000", "Test", "at0001", "Tree", "at0002", "One", "at0003", "Two", "at0004", "Three", "at0005", "", "at0006", "Smörgås", "at0007", "SmÃ¶rgÃ¥s", "at0008", "two", "at0099", "Slot"},
			Attrs: []Attr{{Name: "data", Existence: "1..1", Children: []Obj{{RM: "ITEM_TREE", ID: "at0001", Occ: "1..1", Attrs: []Attr{
				{Name: "items", Existence: "0..1", Cardinality: cardinality, Children: items},
			}}}}},
		}}}},
	}, append([]string{description}, extra...)...)
}

func one(values ...Obj) []Obj { return []Obj{Element("at0002", "0..1", values...)} }

// at is a code of a value.
func at(prefix string, o Obj) Obj { o.XML = prefix + o.XML; return o }

func TestRules(t *testing.T) {
	t.Parallel()
	quantity := func(units ...string) []Obj { return one(Quantity("125", units...)) }
	for _, c := range []struct {
		name string
		opt  []byte
		with lint.Options
		want []string
	}{
		{"nothing", evaluation(one(Obj{RM: "DV_TEXT", Occ: "1..1"}), ""), lint.Options{}, nil},
		{"not an OPT", []byte("<x/>"), lint.Options{}, []string{"error opt.element /x"}},
		{"template id", []byte(strings.Replace(string(evaluation(nil, "")), "<value>Test.v1<", "<value>Test::1<", 1)), lint.Options{}, []string{"error lint.template.id"}},
		{"description", []byte(strings.ReplaceAll(string(evaluation(nil, "")), "To test.", "")), lint.Options{}, []string{"warning lint.description"}},
		{"no description", []byte(strings.ReplaceAll(string(evaluation(nil, "")), description, "")), lint.Options{}, []string{"warning lint.description", "warning lint.description"}},
		{"irregular", evaluation([]Obj{Element("at0002", "0..1", Obj{RM: "DV_TEXT", ID: "at0003", Occ: "1..1"})}, ""), lint.Options{}, []string{"remark lint.irregular"}},

		{"prohibited node", evaluation([]Obj{Element("at0002", "0..0", Obj{RM: "DV_TEXT", Occ: "1..1"})}, ""), lint.Options{}, []string{"warning lint.unreachable"}},
		{"prohibited attribute", evaluation([]Obj{{RM: "ELEMENT", ID: "at0002", Occ: "0..1", Attrs: []Attr{{Name: "null_flavour", Existence: "0..0", Children: []Obj{{RM: "DV_CODED_TEXT", Occ: "1..1"}}}}}}, ""), lint.Options{}, []string{"warning lint.unreachable"}},
		{"prohibited value with a null flavour", evaluation([]Obj{{RM: "ELEMENT", ID: "at0002", Occ: "0..1", Attrs: []Attr{{Name: "value", Existence: "0..0"}}}}, ""), lint.Options{}, nil},
		{"mandatory attribute prohibited", evaluation([]Obj{{RM: "ELEMENT", ID: "at0002", Occ: "1..1", Attrs: []Attr{{Name: "name", Existence: "0..0"}}}}, ""), lint.Options{}, []string{"error lint.existence"}},
		{"alternative beside free text", evaluation(one(Coded("local", "at0003"), Obj{RM: "DV_TEXT", Occ: "1..1"}), ""), lint.Options{}, []string{"remark lint.unreachable.alternative"}},
		{"alternatives of other types", evaluation(one(Coded("local", "at0003"), Obj{RM: "DV_COUNT", Occ: "1..1"}), ""), lint.Options{}, nil},

		{"too many members", evaluation([]Obj{Element("at0002", "2..2"), Element("at0003", "1..1")}, "0..2"), lint.Options{}, []string{"error lint.cardinality", "remark lint.irregular"}},
		{"too few members", evaluation([]Obj{Element("at0002", "0..1")}, "2..*"), lint.Options{}, []string{"error lint.cardinality"}},
		{"member beyond the cardinality", evaluation([]Obj{Element("at0002", "0..3")}, "0..2"), lint.Options{}, []string{"warning lint.occurrences.bound"}},
		{"one node id", evaluation([]Obj{Element("at0002", "0..1"), Element("at0002", "0..1")}, ""), lint.Options{}, []string{"error lint.sibling.ambiguous"}},
		{"one node id, one of them named", evaluation([]Obj{Element("at0002", "0..1"), {RM: "ELEMENT", ID: "at0002", Occ: "0..1", Name: "Other"}}, ""), lint.Options{}, nil},
		{"one node id and name", evaluation([]Obj{{RM: "ELEMENT", ID: "at0002", Occ: "0..1", Name: "A|B"}, {RM: "ELEMENT", ID: "at0002", Occ: "0..1", Name: "B|C"}}, ""), lint.Options{}, []string{"error lint.sibling.ambiguous"}},
		{"one name", evaluation([]Obj{Element("at0003", "0..1"), Element("at0008", "0..1")}, ""), lint.Options{}, []string{"warning lint.sibling.name"}},

		{"slot", evaluation([]Obj{Slot("CLUSTER", "0..1", `openEHR-EHR-CLUSTER\.(device|dev_use-.+)\.v[12]`)}, ""), lint.Options{}, nil},
		{"slot for all", evaluation([]Obj{Slot("ITEM", "0..*")}, ""), lint.Options{}, nil},
		{"slot by wildcard", evaluation([]Obj{Slot("CLUSTER", "0..1", `.*`)}, ""), lint.Options{}, nil},
		{"slot of another class", evaluation([]Obj{Slot("CLUSTER", "0..1", `openEHR-EHR-ELEMENT\.device\.v1`)}, ""), lint.Options{}, []string{"error lint.slot.unfillable"}},
		{"mandatory slot of another class", evaluation([]Obj{Slot("CLUSTER", "1..1", `openEHR-EHR-ELEMENT\.device\.v1`)}, ""), lint.Options{}, []string{"error lint.slot.unfillable"}},
		{"slot that excludes what it includes", evaluation([]Obj{Slot("CLUSTER", "0..1", `openEHR-EHR-CLUSTER\.device\.v1`, `-openEHR-EHR-CLUSTER\..*`)}, ""), lint.Options{}, []string{"error lint.slot.unfillable"}},
		{"closed slot", evaluation([]Obj{Slot("CLUSTER", "0..1", `-.*`)}, ""), lint.Options{}, []string{"remark lint.slot.closed"}},
		{"slot with an expression that looks ahead", evaluation([]Obj{Slot("CLUSTER", "0..1", `(?!x).*`)}, ""), lint.Options{}, []string{"warning lint.pattern.unsupported", "remark lint.irregular"}},

		{"text", evaluation(one(Value("DV_TEXT", Strings("a", "b", "a"))), ""), lint.Options{}, []string{"warning lint.values.twice"}},
		{"text and pattern", evaluation(one(Value("DV_TEXT", Primitive("STRING", "<pattern>a+</pattern><list>aa</list><list>b</list>"))), ""), lint.Options{}, []string{"warning lint.values.no_effect"}},
		{"no text matches", evaluation(one(Value("DV_TEXT", Primitive("STRING", "<pattern>a+</pattern><list>b</list>"))), ""), lint.Options{}, []string{"warning lint.values.no_effect", "error lint.values.empty"}},
		{"pattern", evaluation(one(Value("DV_TEXT", Pattern("STRING", "(?=a)a"))), ""), lint.Options{}, []string{"warning lint.pattern.unsupported", "remark lint.irregular"}},
		{"damaged text", evaluation(one(Value("DV_TEXT", Strings("GrÃ¶ÃŸe", "x\ufffd", "Größe Â"))), ""), lint.Options{}, []string{"warning lint.text.encoding", "warning lint.text.encoding"}},
		{"assumed text", evaluation(one(Value("DV_TEXT", Primitive("STRING", "<list>a</list><assumed_value>b</assumed_value>"))), ""), lint.Options{}, []string{"warning lint.values.assumed"}},
		{"boolean", evaluation(one(Value("DV_BOOLEAN", Primitive("BOOLEAN", "<true_valid>false</true_valid><false_valid>false</false_valid>"))), ""), lint.Options{}, []string{"error opt.value /template/definition/attributes/children/attributes/children/attributes/children/attributes/children/attributes/children"}},
		{"assumed boolean", evaluation(one(Value("DV_BOOLEAN", Primitive("BOOLEAN", "<true_valid>true</true_valid><false_valid>false</false_valid><assumed_value>false</assumed_value>"))), ""), lint.Options{}, []string{"warning lint.values.assumed"}},
		{"integers", evaluation(one(count("<list>1</list><list>1</list><list>9</list>"+Interval("range", "0..5")+"<assumed_value>9</assumed_value>")), ""), lint.Options{}, []string{"warning lint.values.twice", "warning lint.values.no_effect", "warning lint.values.assumed"}},
		{"no integer", evaluation(one(count(Interval("range", "5..<5"))), ""), lint.Options{}, []string{"error lint.values.empty"}},
		{"no integer of the list", evaluation(one(count("<list>9</list>"+Interval("range", "0..5"))), ""), lint.Options{}, []string{"warning lint.values.no_effect", "error lint.values.empty"}},
		{"assumed real", evaluation(one(Obj{RM: "DV_PROPORTION", Occ: "1..1", Attrs: []Attr{{Name: "numerator", Existence: "1..1", Children: []Obj{Primitive("REAL", Interval("range", "0.0..1.0")+"<assumed_value>2.0</assumed_value>")}}}}), ""), lint.Options{}, []string{"warning lint.values.assumed"}},
		{"date", evaluation(one(Value("DV_DATE", Pattern("DATE", "yyyy-XX-dd"))), ""), lint.Options{}, []string{"error lint.values.empty"}},
		{"date range", evaluation(one(Value("DV_DATE", Range("DATE", "2020-01-01..<2020-01-01"))), ""), lint.Options{}, []string{"error lint.values.empty"}},
		{"duration", evaluation(one(Value("DV_DURATION", Range("DURATION", "PT2H..PT60M"))), ""), lint.Options{}, []string{"error lint.values.empty"}},

		{"units", evaluation(quantity("mm[Hg]|0..300", "kPa"), ""), lint.Options{}, nil},
		{"not UCUM", evaluation(quantity("mmHg"), ""), lint.Options{}, []string{"warning lint.units.ucum"}},
		{"other property", evaluation(quantity("kg"), ""), lint.Options{}, []string{"error lint.units.property"}},
		{"no property", evaluation(one(Quantity("99999", "kg")), ""), lint.Options{}, []string{"error lint.code.vocabulary"}},
		{"units twice", evaluation(quantity("kPa", "kPa"), ""), lint.Options{}, []string{"warning lint.values.twice"}},
		{"no magnitude", evaluation(quantity("kPa|>1..1"), ""), lint.Options{}, []string{"error lint.values.empty"}},
		{"no precision", evaluation(quantity("kPa||>1..1"), ""), lint.Options{}, []string{"error lint.values.empty"}},
		{"assumed quantity", evaluation(one(at("<assumed_value><magnitude>5</magnitude><units>kPa</units></assumed_value>", Quantity("125", "kPa|0..1"))), ""), lint.Options{}, []string{"warning lint.values.assumed"}},

		{"ordinal", evaluation(one(Ordinal("DV_ORDINAL", "1|at0003", "1|at0004", "2|at0004")), ""), lint.Options{}, []string{"warning lint.values.twice", "warning lint.values.twice"}},
		{"codes", evaluation(one(Coded("local", "at0003", "at0004", "at0003")), ""), lint.Options{}, []string{"warning lint.values.twice"}},
		{"codes of one text", evaluation(one(Coded("local", "at0003", "at0008")), ""), lint.Options{}, []string{"warning lint.term.same_text"}},
		{"no codes", evaluation(one(Coded("local")), ""), lint.Options{}, []string{"error lint.values.empty"}},
		{"codes of nothing", evaluation(one(Coded("", "x")), ""), lint.Options{}, []string{"warning lint.binding.terminology"}},
		{"SNOMED CT", evaluation(one(Coded("SNOMED-CT", "123")), ""), lint.Options{}, nil},
		{"a URI", evaluation(one(Coded("http://example.org/cs", "123")), ""), lint.Options{}, nil},
		{"unknown terminology", evaluation(one(Coded("SNOWMED", "123")), ""), lint.Options{}, []string{"warning lint.binding.terminology"}},
		{"declared terminology", evaluation(one(Coded("Hausliste", "123")), ""), lint.Options{Terminologies: []string{"hausliste"}}, nil},
		{"assumed code", evaluation(one(Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{{Name: "defining_code", Existence: "1..1", Children: []Obj{
			at("<assumed_value><terminology_id><value>local</value></terminology_id><code_string>at0004</code_string></assumed_value>", Codes("local", "at0003")),
		}}}}), ""), lint.Options{}, []string{"warning lint.values.assumed"}},
		{"no such openEHR code", evaluation(one(Coded("openehr", "999999")), ""), lint.Options{}, []string{"error lint.code.vocabulary"}},
		{"openEHR code of another group", evaluation([]Obj{{RM: "ELEMENT", ID: "at0002", Occ: "0..1", Attrs: []Attr{{Name: "null_flavour", Existence: "0..1", Children: []Obj{Coded("openehr", "271", "433")}}}}}, ""), lint.Options{}, []string{"error lint.code.vocabulary"}},
		{"value set without a name", evaluation(one(Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{{Name: "defining_code", Existence: "1..1", Children: []Obj{
			{XSI: "C_CODE_REFERENCE", RM: "CODE_PHRASE", Occ: "1..1", XML: "<terminology_id><value>SNOMED-CT</value></terminology_id>"},
		}}}}), ""), lint.Options{}, []string{"warning lint.binding.code"}},
		{"ac-code", evaluation(one(Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{{Name: "defining_code", Existence: "1..1", Children: []Obj{
			{XSI: "CONSTRAINT_REF", RM: "CODE_PHRASE", Occ: "1..1", XML: "<reference>ac0001</reference>"},
		}}}}), ""), lint.Options{}, []string{"warning lint.reference.unbound"}},
		{
			"ac-code of an unknown terminology", evaluation(one(Obj{RM: "DV_CODED_TEXT", Occ: "1..1", Attrs: []Attr{{Name: "defining_code", Existence: "1..1", Children: []Obj{
				{XSI: "CONSTRAINT_REF", RM: "CODE_PHRASE", Occ: "1..1", XML: "<reference>ac0001</reference>"},
			}}}}), "", `<component_ontologies archetype_id="openEHR-EHR-EVALUATION.test.v1"><constraint_bindings terminology="X"><items code="ac0001"><value>terminology:SNOWMED?subset=x</value></items></constraint_bindings></component_ontologies>`),
			lint.Options{},
			[]string{"warning lint.binding.terminology"},
		},
		{
			"binding", evaluation(one(), "", `<component_ontologies archetype_id="openEHR-EHR-EVALUATION.test.v1"><term_bindings terminology="SNOWMED"><items code="at0002"><value><terminology_id><value>SNOWMED</value></terminology_id><code_string></code_string></value></items></term_bindings></component_ontologies>`),
			lint.Options{},
			[]string{"warning lint.binding.terminology", "warning lint.binding.code"},
		},

		{"no term", evaluation(one(Coded("local", "at0098")), ""), lint.Options{}, []string{"error lint.term.missing", "remark lint.irregular"}},
		{"empty term", evaluation(one(Coded("local", "at0005")), ""), lint.Options{}, []string{"warning lint.term.empty"}},
		{"damaged term", evaluation(one(Coded("local", "at0006", "at0007")), ""), lint.Options{}, []string{"warning lint.text.encoding"}},
		{"translation", evaluation(one(Coded("local", "at0003")), "", german), lint.Options{}, []string{"warning lint.term.untranslated", "warning lint.term.translation"}},
		{"language asked for", evaluation(nil, ""), lint.Options{Languages: []string{"fr"}}, []string{"warning lint.term.translation", "warning lint.term.translation", "warning lint.term.translation"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range lint.OPT(c.opt, c.with) {
				s := f.Severity.String() + " " + f.Code
				if strings.HasPrefix(f.Code, "opt.") {
					s += " " + f.Path
				}
				got = append(got, s)
				if f.Message == "" || !strings.HasPrefix(f.Path, "/") {
					t.Errorf("%+v has no message or path", f)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s\n%+v", diff, lint.OPT(c.opt, c.with))
			}
		})
	}
}

// count is a DV_COUNT with the content of its C_INTEGER.
func count(content string) Obj {
	return Obj{RM: "DV_COUNT", Occ: "1..1", Attrs: []Attr{{Name: "magnitude", Existence: "1..1", Children: []Obj{Primitive("INTEGER", content)}}}}
}

// TestInstance: a contradiction that no rule looks for shows in the example.
func TestInstance(t *testing.T) {
	t.Parallel()
	// The careflow step and the state contradict each other.
	interval := Obj{RM: "DV_INTERVAL&lt;DV_COUNT&gt;", Occ: "1..1"}
	interval.RM = "DV_INTERVAL<DV_COUNT>"
	interval.Attrs = []Attr{
		{Name: "lower", Existence: "1..1", Children: []Obj{count(Interval("range", "5..5"))}},
		{Name: "upper", Existence: "1..1", Children: []Obj{count(Interval("range", "1..1"))}},
	}
	findings := lint.OPT(evaluation([]Obj{{RM: "ELEMENT", ID: "at0002", Occ: "1..1", Attrs: []Attr{{Name: "value", Existence: "1..1", Children: []Obj{interval}}}}}, "1..*"), lint.Options{})
	if len(findings) != 1 || findings[0].Code != lint.CodeInstance || !strings.Contains(findings[0].Message, "limits_consistent") {
		t.Errorf("got %+v", findings)
	}
}

func source(inside string) []byte {
	return []byte(`<template xmlns="openEHR/v1/Template" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id>5b4b56b3-3f5b-4b0f-9d8e-0d1f9f5f9f01</id><name>Test.v1</name>
<description><original_author><item><key>name</key><value>A</value></item></original_author><lifecycle_state>published</lifecycle_state><details><purpose>To test.</purpose></details></description>
<definition xsi:type="COMPOSITION" archetype_id="openEHR-EHR-COMPOSITION.encounter.v1">
` + inside + `
</definition></template>`)
}

func TestSource(t *testing.T) {
	t.Parallel()
	repository, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	pulse := func(rules string) []byte {
		return source(`<Content xsi:type="OBSERVATION" archetype_id="openEHR-EHR-OBSERVATION.pulse.v2" path="/content">` + "\n" + rules + `</Content>`)
	}
	for _, c := range []struct {
		name string
		oet  []byte
		want []string
	}{
		{"nothing", pulse(""), nil},
		{"not a source", []byte("<x"), []string{"error lint.source / 1"}},
		{"id", []byte(strings.Replace(string(pulse("")), "5b4b", "x", 1)), []string{"warning lint.source.id / 0"}},
		{"unknown archetype", []byte(strings.Replace(string(pulse("")), "pulse.v2", "pulse.v9", 1)), []string{"error lint.source / 5"}},
		{"unknown path", pulse(`<Rule path="/protocol[at0010]/items[at9999]" max="0"/>`), []string{"error lint.source /protocol[at0010]/items[at9999] 6"}},
		{
			"rule below an excluded node", pulse(`<Rule path="/protocol[at0010]" max="0"/>` + "\n" + `<Rule path="/protocol[at0010]/items[at1013]" max="0"/>`),
			[]string{"warning lint.source.rule_excluded /protocol[at0010]/items[at1013] 7"},
		},
		{
			"rule twice", pulse(`<Rule path="/protocol[at0010]/items[at1013]" max="0"/>` + "\n" + `<Rule path="/protocol[at0010]/items[at1013]" max="0"/>`),
			[]string{"warning lint.source.rule_twice /protocol[at0010]/items[at1013] 7"},
		},
		{"empty rule", pulse(`<Rule path="/protocol[at0010]"/>`), []string{"warning lint.source.rule_empty /protocol[at0010] 6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range lint.Source(c.oet, oet.Options{Archetypes: repository}, lint.Options{}) {
				if f.Severity > lint.Remark {
					got = append(got, fmt.Sprintf("%s %s %s %d", f.Severity, f.Code, f.Path, f.Line))
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLibraryIsClean: what Cairn ships has nothing but remarks.
func TestLibraryIsClean(t *testing.T) {
	t.Parallel()
	repository, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"*.opt", "*.oet"} {
		names, err := fs.Glob(library.Files, pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no templates: %v", err)
		}
		for _, name := range names {
			data, err := fs.ReadFile(library.Files, name)
			if err != nil {
				t.Fatal(err)
			}
			findings := lint.OPT(data, lint.Options{})
			if pattern == "*.oet" {
				findings = lint.Source(data, oet.Options{Archetypes: repository}, lint.Options{})
			}
			for _, f := range findings {
				if f.Severity > lint.Remark {
					t.Errorf("%s:%d: %s %s %s: %s", name, f.Line, f.Severity, f.Code, f.Path, f.Message)
				}
			}
		}
	}
}

// TestCorpus: the errors among real templates are those that were looked at.
func TestCorpus(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus", "templates", "*.opt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	want := []string{
		"SSIAD_PRIeSM.opt lint.sibling.ambiguous",     // two sections of one name and archetype
		"Test_all_types.opt lint.values.empty",        // a local value set without codes
		"multimedia_test.en.v1.opt lint.values.empty", // the same
		"section_cardinality.opt lint.cardinality",    // eight mandatory members in a container for one
	}
	var got []string
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range lint.OPT(data, lint.Options{}) {
			if x.Severity == lint.Error && !strings.HasPrefix(x.Code, "opt.") {
				got = append(got, filepath.Base(f)+" "+x.Code)
			}
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
}

// TestPage keeps docs/conformance/lint.md equal to the rules in the code.
func TestPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# What lint looks for

` + "`cairn template lint`" + ` reports each finding with one of these codes, its severity, the path in the template and the line.
An *error* is a template that does not work as it stands, a *warning* what is likely a mistake, a *remark* what a
reviewer should know. A template that does not compile is reported with the codes ` + "`opt.*`" + ` of
[validation-rules.md](validation-rules.md).

This page is generated by ` + "`go test ./templates/lint -run TestPage -update`" + `; the test fails when it is out of date.

| code | severity | what | why it matters |
|---|---|---|---|
`)
	for _, r := range lint.Rules() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Code, r.Severity, r.Text, r.Why)
	}
	path := filepath.Join("..", "..", "docs", "conformance", "lint.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("%s is out of date; run go test ./templates/lint -run TestPage -update:\n%s", path, diff)
	}
}

// FuzzSource: whatever the source, lint answers.
func FuzzSource(f *testing.F) {
	repository, err := archetypes.Library()
	if err != nil {
		f.Fatal(err)
	}
	names, err := fs.Glob(library.Files, "*.oet")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(library.Files, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		findings := lint.Source([]byte(text), oet.Options{Archetypes: repository}, lint.Options{})
		for _, x := range findings {
			if x.Code == "" || x.Message == "" {
				t.Errorf("%+v", x)
			}
		}
	})
}

// FuzzOPT: a template that compiles can be linted.
func FuzzOPT(f *testing.F) {
	f.Add(string(evaluation(one(Coded("local", "at0003")), "", german)))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := templates.ReadOPT([]byte(text), templates.Limits{}); err != nil {
			return
		}
		lint.OPT([]byte(text), lint.Options{Languages: []string{"de"}})
	})
}
