package archetypes

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const adl2Text = `operational_template (adl_version=2.0.6; rm_release=1.1.0; generated; uid=8d2b1e58-0000-4000-8000-000000000001)
    org.example::openEHR-EHR-COMPOSITION.t_visit.v1.2.0-rc.3+u12

specialize
    openEHR-EHR-COMPOSITION.encounter.v1.0.0

language
    original_language = <[ISO_639-1::en]>
    translations = <
        ["de"] = <
            language = <[ISO_639-1::de]>
            author = <["name"] = <"Jemand">>
        >
    >

description
    lifecycle_state = <"in_development">
    original_author = <
        ["name"] = <"A. Modeller">
    >
    details = <
        ["en"] = <
            language = <[ISO_639-1::en]>
            purpose = <"To record a visit.">
        >
    >

definition
    COMPOSITION[id1.1] matches {    -- Visit
        category matches {
            DV_TEXT[id2] matches { value matches { /a"b\/terminology/ , "
terminology
" } }
        }
    }

rules
    $x:Integer ::= 1  -- terminology

terminology
    term_definitions = <
        ["de"] = <
            ["id1.1"] = < text = <"Besuch"> description = <"Ein Besuch."> >
        >
        ["en"] = <
            ["id1.1"] = < text = <"Visit"> description = <"A visit."> >
        >
    >
    term_bindings = <
        ["SNOMED-CT"] = <
            ["id1.1"] = <http://snomed.info/id/1>
        >
    >

component_terminologies
    whatever = <"x">
`

func TestParseADL2(t *testing.T) {
	t.Parallel()
	a, err := ParseADL2(adl2Text)
	if err != nil {
		t.Fatal(err)
	}
	d := a.Description
	a.Description = nil
	want := &ADL2{
		Kind: "operational_template", Parent: "openEHR-EHR-COMPOSITION.encounter.v1.0.0", ADLVersion: "2.0.6", RMRelease: "1.1.0",
		UID: "8d2b1e58-0000-4000-8000-000000000001", Generated: true,
		ID: ADL2ID{
			Namespace: "org.example", Name: "org.example::openEHR-EHR-COMPOSITION.t_visit", Class: "COMPOSITION", Version: "1.2.0-rc.3", Build: "u12",
		},
		OriginalLanguage: Code{Terminology: "ISO_639-1", Code: "en"}, Languages: []string{"de"},
		Class: "COMPOSITION", RootCode: "id1.1", Concept: "Visit",
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	if d.LifecycleState != "in_development" || len(d.OriginalAuthor) != 1 {
		t.Errorf("description %+v", d)
	}
	if got := a.ID.String(); got != "org.example::openEHR-EHR-COMPOSITION.t_visit.v1.2.0-rc.3" || !a.ID.Full() {
		t.Errorf("id %s", got)
	}
}

func TestParseADL2Faults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, new, want string }{
		{"kind", "operational_template", "something", "expected operational_template"},
		{"version", "adl_version=2.0.6", "adl_version=1.4", "this is not ADL 2"},
		{"header", "uid=8d2b1e58-0000-4000-8000-000000000001)", "uid=8d2b", "after the value of uid"},
		{"id", "COMPOSITION.t_visit.v1", "COMPOSITION.t:visit.v1", "is not an archetype id"},
		{"parent", "openEHR-EHR-COMPOSITION.encounter.v1.0.0", "encounter", "is not an archetype id"},
		{"language", "original_language", "another_language", "no original_language"},
		{"no language", "\nlanguage\n", "\nlang\n", "expected the language section"},
		{"definition", "COMPOSITION[id1.1]", "SECTION[id1.1]", "the definition is of SECTION"},
		{"root", "COMPOSITION[id1.1]", "COMPOSITION[ac1]", "expected the code of the root"},
		{"no definition", "\ndefinition\n", "\n", "expected the definition section"},
		{"no terminology", "\nterminology\n    term", "\n    term", "expected the terminology section"},
		{"ODIN", `["de"] = <
            language`, `["de"] = <
            language = language`, ""},
		{"UTF-8", "Visit", "\xff", "not valid UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseADL2(strings.Replace(adl2Text, c.old, c.new, 1))
			if se := (*SyntaxError)(nil); !errors.As(err, &se) || !strings.Contains(err.Error(), c.want) || se.Pos.Line == 0 {
				t.Errorf("got %v, want %q with a place", err, c.want)
			}
		})
	}
}

func TestADL2Versions(t *testing.T) {
	t.Parallel()
	order := []string{"0", "0.9.1", "1.0.0-unstable", "1.0.0-alpha", "1.0.0-alpha.2", "1.0.0-rc.1", "1.0.0-rc.10", "1.0.0", "1.0.2", "1.0.10", "1.2.0", "10.0.0"}
	for i, a := range order {
		if !ValidADL2Version(a) {
			t.Errorf("%s is not valid", a)
		}
		for j, b := range order {
			if got, want := CompareADL2Versions(a, b), min(1, max(-1, i-j)); got != want {
				t.Errorf("%s, %s: %d, want %d", a, b, got, want)
			}
		}
	}
	for _, bad := range []string{"", "v1", "1.", "01", "1.0.0-x", "1.0.0.0", "1 ", "1.0.0+x"} {
		if ValidADL2Version(bad) {
			t.Errorf("%q is valid", bad)
		}
	}
	for _, part := range []string{"openEHR-EHR-COMPOSITION.x", "openEHR-EHR-COMPOSITION.x.v1", "openEHR-EHR-COMPOSITION.x.v1.0"} {
		id, err := ParseADL2ID(part)
		if err != nil || id.Full() || id.String() != part {
			t.Errorf("%s: %+v, %v", part, id, err)
		}
	}
}

// FuzzParseADL2: whatever the text, there is an answer; what is read has an id
// that reads again.
func FuzzParseADL2(f *testing.F) {
	f.Add(adl2Text)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseADL2(text)
		if err != nil {
			if se := (*SyntaxError)(nil); !errors.As(err, &se) {
				t.Errorf("%T: %v", err, err)
			}
			return
		}
		again, err := ParseADL2ID(a.ID.String())
		again.Build = a.ID.Build
		if err != nil || again != a.ID {
			t.Errorf("%+v reads as %+v, %v", a.ID, again, err)
		}
	})
}

// TestParseOPT2 reads a template with nothing in its definition, and one whose
// rules and annotations are passed over.
func TestParseOPT2(t *testing.T) {
	t.Parallel()
	const text = `operational_template (adl_version=2.0.6; rm_release=1.1.0)
	openEHR-EHR-SECTION.t_empty.v1.0.0
language
	original_language = <[ISO_639-1::en]>
definition
	SECTION[at0000.1]
terminology
	term_definitions = <["en"] = <["at0000.1"] = <text = <"Empty"> description = <"Nothing.">>>>
	value_sets = <["ac1"] = <id = <"ac1"> members = <"at1", "at2">>>
	term_bindings = <["openehr"] = <["at1"] = <http://openehr.org/id/433>>>
annotations
	documentation = <["en"] = <["/items[at0001]"] = <["note"] = <"None.">>>>
component_terminologies
	component_terminologies = <["openEHR-EHR-CLUSTER.x.v1.0.0"] = <term_definitions = <["en"] = <["id1"] = <text = <"X">>>>>>
`
	for _, edit := range []string{"terminology\n", "rules\n\t$x:String ::= \"\nterminology\n\" -- terminology\nterminology\n"} {
		got, err := ParseOPT2(strings.Replace(text, "terminology\n", edit, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got.Concept != "Empty" || got.RootCode != "at0000.1" || got.Definition.RMType != "SECTION" || len(got.Definition.Attributes) != 0 {
			t.Errorf("%+v", got)
		}
		if diff := cmp.Diff([]string{"at1", "at2"}, got.Root.ValueSets["ac1"]); diff != "" || got.Root.Bound("openEHR", "at1") != "http://openehr.org/id/433" || got.Root.Bound("openehr", "at2") != "" {
			t.Errorf("%+v", got.Root)
		}
		if c := got.Components["openEHR-EHR-CLUSTER.x.v1.0.0"]; c == nil || len(c.TermDefinitions) != 1 {
			t.Errorf("%+v", got.Components)
		}
	}
}
