package archetypes_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
)

// adl puts a definition (without the root's braces) into a small archetype.
func adl(body string) string {
	return `archetype (adl_version=1.4)
	openEHR-EHR-CLUSTER.sample.v1
concept
	[at0000]
language
	original_language = <[ISO_639-1::en]>
definition
	CLUSTER[at0000] matches {
` + body + `
	}
ontology
	term_definitions = <
		["en"] = <
			items = <
				["at0000"] = <text = <"Sample"> description = <"A sample.">>
				["at0001"] = <text = <"One"> description = <"">>
				["at0002"] = <text = <"Two"> description = <"">>
			>
		>
	>
`
}

// element puts a value constraint into an ELEMENT.
func element(value string) string {
	return adl("items cardinality matches {1..*; unordered} matches {\nELEMENT[at0001] matches {\nvalue matches {\n" + value + "\n}\n}\n}")
}

// leaf is the first value constraint of the sample archetype.
func leaf(t *testing.T, text string) *archetypes.Object {
	t.Helper()
	a, err := archetypes.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	o, err := archetypes.Resolve(a.Definition, "/items[at0001]/value")
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestPrimitiveConstraints(t *testing.T) {
	t.Parallel()
	str := func(s string) *string { return &s }
	between := func(low, high string) *archetypes.Interval {
		return &archetypes.Interval{Lower: low, Upper: high, LowerIncluded: true, UpperIncluded: true}
	}
	tests := []struct {
		class, attribute, text string
		want                   archetypes.Primitive
	}{
		{"DV_TEXT", "value", `"a", "b \"c\""`, archetypes.Primitive{Values: []string{"a", `b "c"`}}},
		{"DV_TEXT", "value", `"a", ...`, archetypes.Primitive{Values: []string{"a"}, Open: true}},
		{"DV_TEXT", "value", `"a", "b"; "b"`, archetypes.Primitive{Values: []string{"a", "b"}, Assumed: str("b")}},
		{"DV_TEXT", "value", `/a\/b-- .*[}]\d/`, archetypes.Primitive{Pattern: `a/b-- .*[}]\d`}},
		{"DV_URI", "value", `^http://.*^`, archetypes.Primitive{Pattern: "http://.*"}},
		{"DV_BOOLEAN", "value", `True, False; true`, archetypes.Primitive{Kind: archetypes.BooleanKind, Values: []string{"true", "false"}, Assumed: str("true")}},
		{"DV_COUNT", "magnitude", `1, 2, 3`, archetypes.Primitive{Kind: archetypes.IntegerKind, Values: []string{"1", "2", "3"}}},
		{"DV_COUNT", "magnitude", `|0..5|; 2`, archetypes.Primitive{Kind: archetypes.IntegerKind, Range: between("0", "5"), Assumed: str("2")}},
		{"DV_COUNT", "magnitude", `|>=1|`, archetypes.Primitive{Kind: archetypes.IntegerKind, Range: &archetypes.Interval{Lower: "1", LowerIncluded: true, UpperUnbounded: true}}},
		{"DV_COUNT", "magnitude", `|<10|`, archetypes.Primitive{Kind: archetypes.IntegerKind, Range: &archetypes.Interval{Upper: "10", LowerUnbounded: true}}},
		{"DV_PROPORTION", "numerator", `|-1.5..<2.0|`, archetypes.Primitive{Kind: archetypes.RealKind, Range: &archetypes.Interval{Lower: "-1.5", Upper: "2.0", LowerIncluded: true}}},
		{"DV_PROPORTION", "numerator", `|>0.0..1e3|`, archetypes.Primitive{Kind: archetypes.RealKind, Range: &archetypes.Interval{Lower: "0.0", Upper: "1e3", UpperIncluded: true}}},
		{"DV_PROPORTION", "numerator", `|0.5|`, archetypes.Primitive{Kind: archetypes.RealKind, Range: between("0.5", "0.5")}},
		{"DV_DATE", "value", `yyyy-mm-XX`, archetypes.Primitive{Kind: archetypes.DateKind, Pattern: "yyyy-mm-XX"}},
		{"DV_DATE", "value", `|2001-01-01..2002-12-31|`, archetypes.Primitive{Kind: archetypes.DateKind, Range: between("2001-01-01", "2002-12-31")}},
		{"DV_DATE_TIME", "value", `yyyy-mm-ddTHH:??:??`, archetypes.Primitive{Kind: archetypes.DateTimeKind, Pattern: "yyyy-mm-ddTHH:??:??"}},
		{"DV_DATE_TIME", "value", `2001-01-01T10:00:00,5`, archetypes.Primitive{Kind: archetypes.DateTimeKind, Values: []string{"2001-01-01T10:00:00,5"}}},
		{"DV_TIME", "value", `HH:MM:??`, archetypes.Primitive{Kind: archetypes.TimeKind, Pattern: "HH:MM:??"}},
		{"DV_DURATION", "value", `PYMWD`, archetypes.Primitive{Kind: archetypes.DurationKind, Pattern: "PYMWD"}},
		{"DV_DURATION", "value", `PT24H`, archetypes.Primitive{Kind: archetypes.DurationKind, Values: []string{"PT24H"}}},
		{"DV_DURATION", "value", `PTHMS/|PT0S..PT1H|`, archetypes.Primitive{Kind: archetypes.DurationKind, Pattern: "PTHMS", Range: between("PT0S", "PT1H")}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			text := element(tt.class + " matches {" + tt.attribute + " matches {" + tt.text + "}}")
			a := leaf(t, text).Attribute(tt.attribute)
			if a == nil || len(a.Children) != 1 || a.Children[0].Primitive == nil {
				t.Fatalf("no primitive constraint: %+v", a)
			}
			if diff := cmp.Diff(tt.want, *a.Children[0].Primitive); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			parsed, err := archetypes.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			again, err := archetypes.Parse(archetypes.Print(parsed))
			if err != nil {
				t.Fatalf("printed form: %v\n%s", err, archetypes.Print(parsed))
			}
			if diff := cmp.Diff(content(t, parsed), content(t, again)); diff != "" {
				t.Errorf("differs after printing:\n%s", diff)
			}
		})
	}
}

func TestDomainConstraints(t *testing.T) {
	t.Parallel()
	code := func(s string) archetypes.Code { return archetypes.Code{Terminology: "local", Code: s} }
	tests := []struct {
		name, text string
		want       archetypes.Object
	}{
		{
			"codes with comments and an assumed code", "DV_CODED_TEXT matches { defining_code matches {\n[local::\nat0001, -- one, [x]\nat0002; -- two\nat0001]}}",
			archetypes.Object{RMType: "CODE_PHRASE", Codes: &archetypes.CodeConstraint{Terminology: "local", Codes: []string{"at0001", "at0002"}, Assumed: "at0001"}},
		},
		{
			"any code of a terminology with version", "DV_CODED_TEXT matches { defining_code matches {[ICD10(2019)::]}}",
			archetypes.Object{RMType: "CODE_PHRASE", Codes: &archetypes.CodeConstraint{Terminology: "ICD10(2019)"}},
		},
		{
			"constraint reference", "DV_CODED_TEXT matches { defining_code matches {[ac0001]}}",
			archetypes.Object{RMType: "CODE_PHRASE", ConstraintRef: "ac0001"},
		},
		{
			"C_CODE_PHRASE", `DV_CODED_TEXT matches { defining_code matches { C_CODE_PHRASE < terminology_id = <"local"> code_list = <["1"] = <"at0001"> ["2"] = <"at0002">> > }}`,
			archetypes.Object{RMType: "CODE_PHRASE", Codes: &archetypes.CodeConstraint{Terminology: "local", Codes: []string{"at0001", "at0002"}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := *leaf(t, element(tt.text)).Attribute("defining_code").Children[0]
			got.Pos = archetypes.Pos{}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("ordinals", func(t *testing.T) {
		t.Parallel()
		want := &archetypes.OrdinalConstraint{List: []archetypes.OrdinalItem{{Value: "-1", Symbol: code("at0001")}, {Value: "2", Symbol: code("at0002")}}, Assumed: "2"}
		for _, text := range []string{
			"-1|[local::at0001], -- one\n2|[local::at0002]; 2",
			`C_DV_ORDINAL < list = <["1"] = <value = <-1> symbol = <[local::at0001]>> ["2"] = <value = <2> symbol = <[local::at0002]>>> assumed_value = <2> >`,
		} {
			if diff := cmp.Diff(want, leaf(t, element(text)).Ordinal); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text, diff)
			}
		}
	})
	t.Run("quantity", func(t *testing.T) {
		t.Parallel()
		got := leaf(t, element(`C_DV_QUANTITY < property = <[openehr::125]> list = < ["1"] = < units = <"mm[Hg]"> magnitude = <|0.0..<1000.0|> precision = <|0|> > > assumed_value = < magnitude = <120.0> units = <"mm[Hg]"> > >`)).Quantity
		want := &archetypes.QuantityConstraint{
			Property: &archetypes.Code{Terminology: "openehr", Code: "125"},
			List: []archetypes.QuantityItem{{
				Units:     "mm[Hg]",
				Magnitude: &archetypes.Interval{Lower: "0.0", Upper: "1000.0", LowerIncluded: true},
				Precision: &archetypes.Interval{Lower: "0", Upper: "0", LowerIncluded: true, UpperIncluded: true},
			}},
			Assumed: &archetypes.AssumedQuantity{Magnitude: "120.0", Units: "mm[Hg]"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestSlotRules(t *testing.T) {
	t.Parallel()
	a, err := archetypes.Parse(adl(`items matches {
allow_archetype CLUSTER[at0001] occurrences matches {0..*} matches {
	include
		archetype_id/value matches {/openEHR-EHR-CLUSTER\.a\.v1|openEHR-EHR-CLUSTER\.b\.v1/}
		tagged: exists /items[at0002] and not (short_concept_name = "x" or 3 * 2 > $n)
	exclude
		archetype_id/value matches {/.*/}
}}`))
	if err != nil {
		t.Fatal(err)
	}
	slot := a.Definition.Attribute("items").Children[0].Slot
	if slot == nil || len(slot.Includes) != 2 || len(slot.Excludes) != 1 {
		t.Fatalf("slot: %+v", slot)
	}
	pattern, ok := slot.Includes[0].ArchetypeIDPattern()
	if want := `openEHR-EHR-CLUSTER\.a\.v1|openEHR-EHR-CLUSTER\.b\.v1`; !ok || pattern != want {
		t.Errorf("pattern %q, %v, want %q", pattern, ok, want)
	}
	if _, ok := slot.Includes[1].ArchetypeIDPattern(); ok {
		t.Error("a rule about something else has a pattern")
	}
	if got, want := slot.Includes[1].String(), `tagged: exists /items[at0002] and not (short_concept_name = "x" or 3 * 2 > $n)`; got != want {
		t.Errorf("rule prints as %s, want %s", got, want)
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"empty", "", `line 1, column 1: expected "archetype", found the end of the text`},
		{"ADL 2 version", "archetype (adl_version=2.0.5)\n", "line 1, column 12: ADL version 2.0.5: only ADL 1.4 is supported"},
		{"bad id", "archetype\n\tblood_pressure\n", `line 2, column 2: "blood_pressure" is not an archetype id`},
		{"no concept", "archetype\nopenEHR-EHR-CLUSTER.a.v1\nlanguage", "line 3, column 1: expected the concept section"},
		{"empty object", adl("items matches { ELEMENT[at0001] matches { } }"), "line 9, column 43: ELEMENT has an empty constraint"},
		{"attribute twice", adl("name matches {*} name matches {*}"), "attribute name is constrained twice in CLUSTER[at0000]"},
		{"bad node id", adl("items matches { ELEMENT[0001] matches {*} }"), `expected a node id such as [at0001], found [0001]`},
		{"existence above one", adl("items existence matches {0..2} matches {*}"), "existence of items is 0..2"},
		{"upper below lower", adl("items cardinality matches {3..1} matches {*}"), "upper limit 1 is below the lower limit 3"},
		{"unknown cardinality word", adl("items cardinality matches {0..*; sorted} matches {*}"), "expected ordered, unordered, unique"},
		{"open string", "archetype\nopenEHR-EHR-CLUSTER.a.v1\nconcept [at0000]\nlanguage\nx = <\"abc", "line 5, column 6: string without its closing quote"},
		{"open regular expression", element("DV_TEXT matches { value matches {/abc} }"), "regular expression without its closing"},
		{"mixed values", element(`DV_COUNT matches { magnitude matches {1, 2001-01-01} }`), `"2001-01-01" is not of the type of the other values`},
		{"mixed interval", element(`DV_COUNT matches { magnitude matches {|1..PT1H|} }`), `interval limits "1" and "PT1H" differ in type`},
		{"range of another type", element(`DV_DURATION matches { value matches {PTHMS/|1..2|} }`), "range of INTEGER after a pattern of DURATION"},
		{"quantity without units", element(`C_DV_QUANTITY < list = < ["1"] = < magnitude = <|0..1|> > > >`), "has no units"},
		{"empty code", element(`DV_CODED_TEXT matches { defining_code matches {[local::at0001,,at0002]} }`), "empty code"},
		{"duplicate key", strings.Replace(adl("items matches {*}"), `["at0002"]`, `["at0001"]`, 1), `key "at0001" is given twice`},
		{"trailing text", adl("items matches {*}") + "\n}", "expected the end of the archetype"},
		{"invalid UTF-8", "archetype \xff", "not valid UTF-8"},
		{"deep nesting", adl("items matches " + strings.Repeat("{ CLUSTER[at0001] matches { items matches ", 300)), "nested more than 200 levels deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := archetypes.Parse(tt.text)
			var syntax *archetypes.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("error %v is not a SyntaxError", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q in it", err, tt.want)
			}
		})
	}
}

func TestValidityRules(t *testing.T) {
	t.Parallel()
	valid := adl("items cardinality matches {1..*; unordered} matches { ELEMENT[at0001] matches { value matches { DV_TEXT matches {*} } } }")
	replace := func(old, new string) string { return strings.Replace(valid, old, new, 1) }
	tests := []struct {
		name, text string
		want       []string
	}{
		{"valid", valid, nil},
		{"a parent", replace("concept\n", "specialise\n\topenEHR-EHR-CLUSTER.other.v1\nconcept\n"), nil},
		{"VASID: parent of another class", replace("concept\n", "specialise\n\topenEHR-EHR-ELEMENT.other.v1\nconcept\n"), []string{"VASID"}},
		{"VASID: concept", strings.Replace(replace("concept\n", "specialise\n\topenEHR-EHR-CLUSTER.other.v1\nconcept\n"), "CLUSTER.sample.v1", "CLUSTER.another-sample.v1", 1), []string{"VASID"}},
		{"VOTM", replace(`["en"] = <`, `["es"] = < items = < ["at0000"] = <text = <"Muestra"> description = <"">> ["at0001"] = <text = <"Uno"> description = <"">> > >
			["en"] = <`), []string{"VOTM"}},
		{"VOTM: all but one", replace(`["en"] = <`, `["es"] = < items = < ["at0009"] = <text = <"Nada"> description = <"">> > >
			["en"] = <`), []string{"VOTM", "VOTM", "VOTM"}},
		{"VARON: translation", replace("original_language = <[ISO_639-1::en]>", "original_language = <[ISO_639-1::en]>\n\ttranslations = < [\"es\"] = < language = <[ISO_639-1::es]> author = <> > >"), []string{"VARON"}},
		{"VARDT", replace("CLUSTER[at0000]", "ELEMENT[at0000]"), []string{"VARDT", "VCARM"}},
		{"VARCN", replace(`["at0000"] = <text`, `["at0009"] = <text`), []string{"VARCN", "VATDF"}},
		{"VARON", replace("original_language = <[ISO_639-1::en]>", "original_language = <[ISO_639-1::fr]>"), []string{"VARCN", "VATDF", "VATDF", "VARON"}},
		{"VATDF: node id", replace("ELEMENT[at0001]", "ELEMENT[at0007]"), []string{"VATDF"}},
		{"VATDF: code", replace("DV_TEXT matches {*}", "DV_CODED_TEXT matches { defining_code matches {[local::at0002, at0008]} }"), []string{"VATDF"}},
		{"VACDF", replace("DV_TEXT matches {*}", "DV_CODED_TEXT matches { defining_code matches {[ac0001]} }"), []string{"VACDF"}},
		{"VCORM", replace("DV_TEXT matches {*}", "DV_TEKST matches {*}"), []string{"VCORM"}},
		{"VCORMT", replace("DV_TEXT matches {*}", "CODE_PHRASE matches {*}"), []string{"VCORMT"}},
		{"VCARM", replace("value matches", "valu matches"), []string{"VCARM"}},
		{"VCAM: cardinality", replace("value matches", "value cardinality matches {0..*} matches"), []string{"VCAM"}},
		{"VCAM: occurrences", replace("DV_TEXT matches {*}", "DV_TEXT occurrences matches {0..*} matches {*}"), []string{"VCAM"}},
		{"VACSI", replace("ELEMENT[at0001] matches {", "ELEMENT[at0001] matches {*} ELEMENT[at0001] matches {"), []string{"VACSI"}},
		{"VCOC: too few", replace("{1..*; unordered}", "{2..*; unordered}"), []string{"VCOC"}},
		{"VCOC: too many", replace("{1..*; unordered}", "{0..0; unordered}"), []string{"VCOC"}},
		{"VOBAV", replace("DV_TEXT matches {*}", "DV_CODED_TEXT matches { defining_code matches {[local::at0001; at0002]} }"), []string{"VOBAV"}},
		{"VDFPT", replace("value matches { DV_TEXT matches {*} }", "value matches { use_node DV_TEXT /items[at0009] }"), []string{"VDFPT"}},
		{"VUNT", replace("value matches { DV_TEXT matches {*} }", "value matches { use_node DV_TEXT /items[at0001] }"), []string{"VUNT"}},
		{"VDFAI", replace("ELEMENT[at0001] matches { value matches { DV_TEXT matches {*} } }",
			`allow_archetype CLUSTER[at0001] matches { include archetype_id/value matches {/openEHR-EHR-OBSERVATION\.x\.v1/} }`), []string{"VDFAI"}},
		{"VDFAI: not a regular expression", replace("ELEMENT[at0001] matches { value matches { DV_TEXT matches {*} } }",
			`allow_archetype CLUSTER[at0001] matches { include archetype_id/value matches {/openEHR(/} }`), []string{"VDFAI"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, err := archetypes.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range archetypes.Validate(a) {
				got = append(got, p.Code)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("codes (-want +got):\n%s\n%+v", diff, archetypes.Validate(a))
			}
		})
	}
}

// The text of an archetype cannot have a malformed id, but one made otherwise
// can.
func TestInvalidIDs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, id, parent string
		want             []string
	}{
		{"right", "openEHR-EHR-CLUSTER.sample.v1", "", nil},
		{"no id", "", "", []string{"VARID"}},
		{"no class", "openEHR-EHR.sample.v1", "", []string{"VARID"}},
		{"no version", "openEHR-EHR-CLUSTER.sample", "", []string{"VARID"}},
		{"malformed version", "openEHR-EHR-CLUSTER.sample.1", "", []string{"VARID"}},
		{"malformed parent", "openEHR-EHR-CLUSTER.sample.v1", "sample", []string{"VARID"}},
	} {
		a, err := archetypes.Parse(adl("items matches {*}"))
		if err != nil {
			t.Fatal(err)
		}
		a.ID, a.Parent = tt.id, tt.parent
		var got []string
		for _, p := range archetypes.Validate(a) {
			got = append(got, p.Code)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// The library is valid without a warning, in print form, and says everything
// in both of its languages.
func TestLibrary(t *testing.T) {
	t.Parallel()
	repository, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	if len(repository.IDs()) < 18 {
		t.Errorf("only %d archetypes", len(repository.IDs()))
	}
	for _, id := range repository.IDs() {
		a := repository.Archetype(id)
		for _, p := range archetypes.Validate(a) {
			t.Errorf("%s: line %d: %s %s: %s", id, p.Pos.Line, p.Code, p.Path, p.Message)
		}
		text, err := fs.ReadFile(archetypes.LibraryFiles(), "library/"+id+".adl")
		if err != nil {
			t.Errorf("%s: file name differs from the id: %v", id, err)
			continue
		}
		if printed := archetypes.Print(a); printed != string(text) {
			t.Errorf("%s: not in print form:\n%s", id, cmp.Diff(string(text), printed))
		}
		if diff := cmp.Diff([]string{"en", "de"}, a.Languages()); diff != "" {
			t.Errorf("%s: languages (-want +got):\n%s", id, diff)
		}
		for _, d := range a.Description.Details {
			if d.Purpose == "" || d.Use == "" || d.Misuse == "" {
				t.Errorf("%s: description in %s is not complete", id, d.Language.Code)
			}
		}
		for _, set := range a.Ontology.TermDefinitions {
			for _, term := range set.Terms {
				if term.Item("text") == "" || term.Item("description") == "" {
					t.Errorf("%s: code %s has no text or description in %s", id, term.Code, set.Language)
				}
			}
		}
	}
}

func TestParsePath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path string
		want []archetypes.Step
		err  bool
	}{
		{path: "/"},
		{path: "/data[at0001]/items", want: []archetypes.Step{{Attribute: "data", ID: "at0001"}, {Attribute: "items"}}},
		{
			path: "/content[openEHR-EHR-SECTION.adhoc.v1, 'A/B [c]']/items[at0000.1]",
			want: []archetypes.Step{{Attribute: "content", ID: "openEHR-EHR-SECTION.adhoc.v1", Name: "A/B [c]"}, {Attribute: "items", ID: "at0000.1"}},
		},
		{path: "/items[at0002 and name/value='x']", want: []archetypes.Step{{Attribute: "items", ID: "at0002", Name: "x"}}},
		{path: "items", err: true},
		{path: "/items[at0001", err: true},
		{path: "/items//value", err: true},
		{path: "/items/", err: true},
		{path: "/items[at0001 and value=1]", err: true},
	}
	for _, tt := range tests {
		got, err := archetypes.ParsePath(tt.path)
		if (err != nil) != tt.err {
			t.Errorf("%s: error %v", tt.path, err)
		}
		if diff := cmp.Diff(tt.want, got); err == nil && diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.path, diff)
		}
	}
}

// FuzzParse holds that parsing never crashes and that what parses prints to
// something that parses to the same.
func FuzzParse(f *testing.F) {
	err := fs.WalkDir(archetypes.LibraryFiles(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(archetypes.LibraryFiles(), name)
		if len(text) < 12000 {
			f.Add(string(text))
		}
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, value := range []string{
		`DV_TEXT matches { value matches {"a", ...; "b"} }`, "DV_COUNT matches { magnitude matches {|>=1|; 2} }",
		"0|[local::at0001], 1|[local::at0002]; 1", "DV_DURATION matches { value matches {PTHMS/|PT0S..PT1H|} }",
		"DV_DATE matches { value matches {yyyy-??-XX} }", "DV_INTERVAL<DV_QUANTITY> matches {*}",
		`C_DV_STATE < value = < states = <["1"] = (TERMINAL_STATE) <name = <"x">>> > >`,
	} {
		f.Add(element(value))
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := archetypes.Parse(text)
		if err != nil {
			return
		}
		archetypes.Validate(a)
		printed := archetypes.Print(a)
		b, err := archetypes.Parse(printed)
		if err != nil {
			t.Fatalf("printed form: %v\n%s", err, printed)
		}
		if x, y := content(t, a), content(t, b); x != y {
			t.Fatalf("differs after printing:\n%s\n%s", x, y)
		}
	})
}
