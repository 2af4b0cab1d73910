package diff_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/templates/diff"
	. "github.com/cairn-ehr/cairn/templates/opttest"
)

const tree = "/content[openEHR-EHR-EVALUATION.test.v1]/data[at0001]/items"

// TestChanges compares templates that differ in one thing.
func TestChanges(t *testing.T) {
	t.Parallel()
	text, count := Obj{RM: "DV_TEXT", Occ: "1..1"}, Obj{RM: "DV_COUNT", Occ: "1..1"}
	list := func(o ...Obj) []Obj { return o }
	value := func(o ...Obj) []Obj { return list(Element("at0002", "0..1", o...)) }
	str := func(v ...string) []Obj { return value(Value("DV_TEXT", Strings(v...))) }
	named := func(name string) []Obj {
		return list(Obj{RM: "ELEMENT", ID: "at0002", Occ: "0..1", Name: name})
	}
	slot := func(assertions ...string) []Obj { return list(Slot("CLUSTER", "0..1", assertions...)) }
	magnitude := func(content string) []Obj {
		return value(Obj{RM: "DV_COUNT", Occ: "1..1", Attrs: []Attr{{Name: "magnitude", Existence: "1..1", Children: []Obj{Primitive("INTEGER", content)}}}})
	}
	date := func(pattern string) []Obj { return value(Value("DV_DATE", Pattern("DATE", pattern))) }
	duration := func(o Obj) []Obj { return value(Value("DV_DURATION", o)) }
	for _, c := range []struct {
		name        string
		old, new    []Obj
		want, there string // changes forth and back
	}{
		{"nothing", value(text), value(text), "", ""},
		{"occurrences", list(Element("at0002", "0..1")), list(Element("at0002", "0..*")), "compatible occurrences", "breaking occurrences"},
		{"mandatory", list(Element("at0002", "0..1")), list(Element("at0002", "1..1")), "breaking occurrences", "compatible occurrences"},
		{"optional node", list(Element("at0002", "0..1")), list(Element("at0002", "0..1"), Element("at0003", "0..1")), "compatible added", "breaking removed"},
		{"mandatory node", list(Element("at0002", "0..1")), list(Element("at0002", "0..1"), Element("at0003", "1..1")), "breaking added", "breaking removed"},
		{"prohibited node", list(Element("at0002", "0..1")), list(Element("at0002", "0..1"), Element("at0003", "0..0")), "compatible added", "compatible removed"},
		{"first constraint", nil, list(Element("at0002", "0..1")), "breaking added", "compatible removed"},
		{"node id", list(Element("at0002", "0..1"), Element("at0004", "0..1")), list(Element("at0003", "0..1"), Element("at0004", "0..1")), "breaking removed, compatible added", "breaking removed, compatible added"},
		{"name", named("A"), named("A|B"), "compatible name", "breaking name"},
		{"another name", named("A"), named("B"), "breaking name", "breaking name"},
		{"any name", named("A"), list(Element("at0002", "0..1")), "compatible name", "breaking name"},
		{"sibling by name", named("A"), append(named("A"), named("B")...), "compatible added", "breaking removed"},
		{"sibling that takes data", list(Element("at0002", "0..1")), append(list(Element("at0002", "0..1")), named("B")...), "breaking added", "breaking removed"},
		{"siblings that cannot be told apart", append(named("A|B"), named("C")...), append(named("A|B"), named("B|C")...), "compatible name, breaking ambiguous", "breaking name"},

		{"type", value(Coded("local", "at0003")), value(text), "compatible type, compatible removed", "breaking type"},
		{"other type", value(count), value(text), "breaking type", "breaking type"},
		{"alternative", value(count), value(count, text), "compatible added", "breaking removed"},
		{"narrowed beside a wider alternative", value(Coded("local", "at0003"), text), value(Coded("local", "at0004"), text), "compatible codes", "compatible codes"},
		{"removed beside a wider alternative", value(Coded("local", "at0003"), text), value(text), "compatible removed", "compatible added"},
		{"interval", value(Obj{RM: "DV_INTERVAL<DV_COUNT>", Occ: "1..1"}), value(Obj{RM: "DV_INTERVAL", Occ: "1..1"}), "compatible type", "breaking type"},

		{"texts", str("a", "b"), str("a", "b", "c"), "compatible values", "breaking values"},
		{"pattern that has the texts", str("a", "aa"), value(Value("DV_TEXT", Pattern("STRING", "a+"))), "compatible values", "breaking values"},
		{"integers", magnitude(Interval("range", "0..5")), magnitude(Interval("range", "0..*")), "compatible values", "breaking values"},
		{"list of integers in a range", magnitude("<list>1</list><list>5</list>"), magnitude(Interval("range", "0..5")), "compatible values", "breaking values"},
		{"excluded end", magnitude(Interval("range", "0..<5")), magnitude(Interval("range", "0..5")), "compatible values", "breaking values"},
		{"date", date("yyyy-mm-dd"), date("yyyy-??-??"), "compatible values", "breaking values"},
		{"date without a day", date("yyyy-mm-XX"), date("yyyy-mm-??"), "compatible values", "breaking values"},
		{"duration", duration(Pattern("DURATION", "PD")), duration(Pattern("DURATION", "PDTH")), "compatible values", "breaking values"},
		{"minutes are not months", duration(Pattern("DURATION", "PM")), duration(Pattern("DURATION", "PTM")), "breaking values", "breaking values"},
		{"range of durations", duration(Range("DURATION", "PT60M..P1D")), duration(Range("DURATION", "PT1H..P2D")), "compatible values", "breaking values"},
		{"units", value(Quantity("125", "kPa")), value(Quantity("125", "kPa", "mm[Hg]")), "compatible units", "breaking units"},
		{"magnitude", value(Quantity("125", "kPa|0..10")), value(Quantity("125", "kPa|0..20")), "compatible units", "breaking units"},
		{"precision", value(Quantity("125", "kPa||0..1")), value(Quantity("125", "kPa")), "compatible units", "breaking units"},
		{"property", value(Quantity("125", "kPa")), value(Quantity("122", "kPa")), "breaking units", "breaking units"},
		{"ordinal", value(Ordinal("DV_ORDINAL", "1|at0003")), value(Ordinal("DV_ORDINAL", "1|at0003", "2|at0004")), "compatible values", "breaking values"},
		{"recoded ordinal", value(Ordinal("DV_ORDINAL", "1|at0003")), value(Ordinal("DV_ORDINAL", "2|at0003")), "breaking values", "breaking values"},
		{"codes", value(Coded("local", "at0003")), value(Coded("local", "at0003", "at0004")), "compatible codes", "breaking codes"},
		{"any code of a terminology", value(Coded("SNOMED-CT", "1")), value(Coded("SNOMED-CT")), "compatible codes", "breaking codes"},
		{"terminology", value(Coded("SNOMED-CT", "1")), value(Coded("LOINC", "1")), "breaking codes", "breaking codes"},

		{"slot", slot(`openEHR-EHR-CLUSTER\.a\.v1`), slot(`openEHR-EHR-CLUSTER\.a\.v1|openEHR-EHR-CLUSTER\.b\.v1`), "compatible slot", "breaking slot"},
		{"open slot", slot(`openEHR-EHR-CLUSTER\.a\.v1`), slot(), "compatible slot", "breaking slot"},
		{"excluding slot", slot(), slot(`-openEHR-EHR-CLUSTER\.a\.v1`), "breaking slot", "compatible slot"},
		{"slot that cannot be decided", slot(`openEHR-EHR-CLUSTER\.a.*`), slot(`openEHR-EHR-CLUSTER\.a.+`), "breaking slot", "breaking slot"},
		{"archetype that a slot took", slot(), append(slot(), Obj{RM: "CLUSTER", Archetype: "openEHR-EHR-CLUSTER.a.v1", ID: "at0000", Occ: "0..1"}), "breaking added", "breaking removed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, b := compile(t, Evaluation("Test", c.old...)), compile(t, Evaluation("Test", c.new...))
			summary := func(changes []diff.Change) string {
				var parts []string
				for _, x := range changes {
					class := "compatible "
					if x.Breaking {
						class = "breaking "
					}
					parts = append(parts, class+x.Kind)
					if !strings.HasPrefix(x.Path, tree) || x.Reason == "" || x.Old == x.New {
						t.Errorf("%+v", x)
					}
				}
				return strings.Join(parts, ", ")
			}
			if got := summary(diff.Compare(a, b, diff.Options{})); got != c.want {
				t.Errorf("got %q, want %q\n%v", got, c.want, diff.Compare(a, b, diff.Options{}))
			}
			if got := summary(diff.Compare(b, a, diff.Options{})); got != c.there {
				t.Errorf("back: got %q, want %q\n%v", got, c.there, diff.Compare(b, a, diff.Options{}))
			}
		})
	}
}

// TestTemplateLevel: what is said of the whole, and of terms.
func TestTemplateLevel(t *testing.T) {
	t.Parallel()
	root := Root("COMPOSITION", "openEHR-EHR-COMPOSITION.test.v1")
	root.Terms = []string{"at0000", "Test", "at0001", "One"}
	plain := compile(t, Template("A", root))
	other := compile(t, Template("B", root))
	if got := diff.Compare(plain, other, diff.Options{}); len(got) != 2 || got[0].Kind != diff.KindTemplateID || !got[0].Breaking || got[1].Breaking {
		t.Errorf("got %v", got)
	}
	if got := diff.Compare(plain, other, diff.Options{IgnoreID: true}); diff.Breaking(got) {
		t.Errorf("got %v", got)
	}
	root.Terms = []string{"at0000", "Prüfung", "at0001", "One"}
	reworded := compile(t, Template("A", root, `<annotations path="/x"><items id="note">x</items></annotations>`))
	got := diff.Compare(plain, reworded, diff.Options{})
	if diff.Breaking(got) || len(got) != 2 || got[0].Kind != diff.KindMetadata || got[1].Kind != diff.KindText {
		t.Errorf("got %v", got)
	}
	if want := `compatible text /: en at0000 "Test" "*" [] -> en at0000 "Prüfung" "*" [] (stored data keep their wording)`; len(got) == 2 && got[1].String() != want {
		t.Errorf("got %q, want %q", got[1], want)
	}
	translated := compile(t, Template("A", root, `<component_ontologies archetype_id="openEHR-EHR-COMPOSITION.test.v1"><term_definitions language="de"><items code="at0000"><items id="text">X</items></items></term_definitions></component_ontologies>`))
	if got := diff.Compare(compile(t, Template("A", root)), translated, diff.Options{}); len(got) != 1 || got[0].Kind != diff.KindTranslation {
		t.Errorf("got %v", got)
	}
	another := compile(t, Template("A", Root("COMPOSITION", "openEHR-EHR-COMPOSITION.other.v1")))
	if got := diff.Compare(plain, another, diff.Options{}); len(got) != 1 || got[0].Kind != diff.KindNode || !got[0].Breaking {
		t.Errorf("got %v", got)
	}
}

// TestPage keeps docs/conformance/template-diff.md equal to the kinds in the
// code.
func TestPage(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("# What a change of a template means for stored data\n\n" +
		"`cairn template diff` and the server class each change of a template. Conformance means Cairn's validation of a complete\n" +
		"instance with its default policies; external value sets are compared by name. Where the comparison cannot decide, it\n" +
		"says breaking. A property test makes single edits of templates and checks that what is said to be compatible refuses no\n" +
		"example or mutant that conformed before.\n\n" +
		"This page is generated by `go test ./templates/diff -run TestPage -update`; the test fails when it is out of date.\n\n" +
		"| kind | what changed | breaking if | compatible if |\n|---|---|---|---|\n")
	for _, k := range diff.Kinds() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", k.Kind, k.Text, k.Breaking, k.Compatible)
	}
	path := filepath.Join("..", "..", "docs", "conformance", "template-diff.md")
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
		t.Errorf("%s is out of date; run go test ./templates/diff -run TestPage -update:\n%s", path, diff)
	}
}
