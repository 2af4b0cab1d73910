package terminology

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/testshared"
)

func TestGroupsAnswerByGroupAndCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		group, code string
		want        bool
	}{
		{"composition_category", "433", true},
		{"composition category", "433", true},
		{"composition_category", "532", false},
		{"version_lifecycle_state", "532", true},
		{"instruction_states", "532", true},
		{"null_flavours", "253", true},
		{"no_such_group", "253", false},
	} {
		if got := OpenEHR.Has(c.group, c.code); got != c.want {
			t.Errorf("Has(%s, %s) = %v", c.group, c.code, got)
		}
	}
	for _, c := range []struct{ group, code, lang, want string }{
		{"version_lifecycle_state", "532", "en", "complete"},
		{"instruction_states", "532", "en", "completed"},
		{"null_flavours", "271", "es", "sin información"},
		{"null_flavours", "271", "pt-br", "sem informação"},
		{"null_flavours", "271", "de", ""},
		{"null_flavours", "1", "en", ""},
	} {
		if got, ok := OpenEHR.Rubric(c.group, c.code, c.lang); got != c.want || ok != (c.want != "") {
			t.Errorf("Rubric(%s, %s, %s) = %q, %v", c.group, c.code, c.lang, got, ok)
		}
	}
}

func TestCodeSets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		set, code string
		want      bool
	}{
		{"countries", "DE", true},
		{"countries", "de", false},
		{"languages", "en", true},
		{"languages", "en-GB", true},
		{"languages", "de-LU", true},
		{"languages", "en-QQ", false},
		{"languages", "english", false},
		{"character_sets", "UTF-8", true},
		{"media_types", "text/plain", true},
		{"normal_statuses", "HH", true},
		{"normal_statuses", "X", false},
		{"integrity_check_algorithms", "SHA-512/256", true},
		{"nothing", "x", false},
	} {
		if got := OpenEHR.CodeSetHas(c.set, c.code); got != c.want {
			t.Errorf("CodeSetHas(%s, %s) = %v", c.set, c.code, got)
		}
	}
}

func TestUnitOfProperty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		property, unit string
		want           UnitStatus
	}{
		{"125", "mm[Hg]", UnitListed},
		{"122", "mg", UnitOther},
		{"122", "parsec-ish", UnitUnknown},
		{"99999", "mg", UnitUnknown},
	} {
		if got := OpenEHR.UnitOfProperty(c.property, c.unit); got != c.want {
			t.Errorf("UnitOfProperty(%s, %s) = %v, want %v", c.property, c.unit, got, c.want)
		}
	}
}

func TestEveryTransitionArrivesInKnownStates(t *testing.T) {
	t.Parallel()
	transitions := OpenEHR.Group("instruction_transitions").Codes()
	if len(transitions) != len(transitionTargets) {
		t.Errorf("%d transitions in the group, %d in the table", len(transitions), len(transitionTargets))
	}
	for _, c := range transitions {
		targets := TransitionTargets(c)
		if len(targets) == 0 {
			t.Errorf("no target of transition %s", c)
		}
		for _, s := range targets {
			if !OpenEHR.Has("instruction_states", s) || !TransitionAllowed(c, s) {
				t.Errorf("transition %s: state %s", c, s)
			}
		}
	}
	if TransitionAllowed("548", "245") || TransitionAllowed("x", "245") {
		t.Error("finish cannot arrive in active")
	}
}

func TestTablesEqualTheReleaseFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(testshared.Dir(t), "specs", "term", "xml")
	type doc struct {
		Groups []struct {
			ID       string `xml:"openehr_id,attr"`
			Concepts []struct {
				ID     string `xml:"id,attr"`
				Rubric string `xml:"rubric,attr"`
			} `xml:"concept"`
		} `xml:"group"`
		Sets []struct {
			ID       string `xml:"openehr_id,attr"`
			External string `xml:"external_id,attr"`
			Codes    []struct {
				Value string `xml:"value,attr"`
			} `xml:"code"`
		} `xml:"codeset"`
	}
	read := func(name string) (d doc) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := xml.Unmarshal(b, &d); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, lang := range Languages {
		d := read(filepath.Join(lang, "openehr_terminology.xml"))
		for _, g := range d.Groups {
			own := OpenEHR.Group(g.ID)
			if own == nil || len(own.Codes()) != len(g.Concepts) {
				t.Fatalf("%s: group %s differs", lang, g.ID)
			}
			for _, c := range g.Concepts {
				if r, ok := own.Rubric(c.ID, lang); !ok || r == "" {
					t.Errorf("%s: %s %s has no rubric", lang, g.ID, c.ID)
				}
			}
		}
	}
	sets := append(read("en/openehr_terminology.xml").Sets, read("openehr_external_terminologies.xml").Sets...)
	if len(sets) != len(OpenEHR.sets) {
		t.Errorf("%d code sets, want %d", len(OpenEHR.sets), len(sets))
	}
	for _, s := range sets {
		own := OpenEHR.CodeSet(s.ID)
		if own == nil || own.TerminologyID != s.External {
			t.Fatalf("code set %s differs", s.ID)
		}
		var codes []string
		for _, c := range s.Codes {
			codes = append(codes, c.Value)
		}
		if !slices.Equal(codes, own.Codes()) {
			t.Errorf("code set %s: codes differ", s.ID)
		}
	}
}

func TestMalformedTablesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"g\t1\tonly\n", "", ""},
		{"g\t1\ta\tb\tc\td\te\ng\t1\ta\tb\tc\td\te\n", "", ""},
		{"", "s\tx\n", ""},
	} {
		if _, err := parse(c[0], c[1], c[2]); err == nil {
			t.Errorf("accepted %q", c)
		}
	}
}
