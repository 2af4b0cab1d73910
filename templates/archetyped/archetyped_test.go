package archetyped_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/archetyped"
	"github.com/cairn-ehr/cairn/templates/opttest"
	"github.com/cairn-ehr/cairn/templates/validate"
)

// pressure is an archetype with a slot, constraints and invariants.
const pressure = `archetype (adl_version=1.4)
	openEHR-EHR-CLUSTER.pressure.v1
concept
	[at0000]
language
	original_language = <[ISO_639-1::en]>
definition
	CLUSTER[at0000] matches {
		items cardinality matches {1..*; unordered} matches {
			ELEMENT[at0001] occurrences matches {1..1} matches {
				value matches {
					DV_COUNT matches {magnitude matches {|0..300|}}
				}
			}
			ELEMENT[at0002] occurrences matches {0..1} matches {
				value matches {DV_COUNT matches {*}}
			}
			allow_archetype CLUSTER[at0003] occurrences matches {0..1} matches {
				include archetype_id/value matches {/openEHR-EHR-CLUSTER\.pressure\.v1/}
			}
		}
	}
invariant
	falling: exists /items[at0002] implies /items[at0001]/value/magnitude >= /items[at0002]/value/magnitude
	odd: /items[at0001]/value/no_such_function > 1
ontology
	term_definitions = <["en"] = <items = <
		["at0000"] = <text = <"Pressure"> description = <"">>
		["at0001"] = <text = <"High"> description = <"">>
		["at0002"] = <text = <"Low"> description = <"">>
		["at0003"] = <text = <"More"> description = <"">>
	>>>
`

const pressureID = "openEHR-EHR-CLUSTER.pressure.v1"

func known(t *testing.T) *archetyped.Repository {
	t.Helper()
	a, err := archetypes.Parse(pressure)
	if err != nil {
		t.Fatal(err)
	}
	r, err := archetypes.NewRepository(a)
	if err != nil {
		t.Fatal(err)
	}
	out, problems := archetyped.New(r)
	if len(problems) > 0 || out.Len() != 1 {
		t.Fatal(problems)
	}
	return out
}

func locatable(class, id string, fields ...rm.Field) *rm.Node {
	fields = append(fields, rm.Str("archetype_node_id", id), rm.Child("name", rm.Text(id)))
	return rm.Object(class, fields...)
}

func cluster(items ...*rm.Node) *rm.Node {
	return locatable("CLUSTER", pressureID, rm.Child("items", items...), rm.Child("archetype_details", rm.Object("ARCHETYPED",
		rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", pressureID)), rm.Str("rm_version", "1.1.0"))))
}

func count(id string, n int64) *rm.Node {
	return locatable("ELEMENT", id, rm.Child("value", rm.Object("DV_COUNT", rm.Int("magnitude", n))))
}

// What fills a slot is checked against its archetype, at any depth, and the
// invariants of archetypes are evaluated at every root.
func TestSlotsAndInvariants(t *testing.T) {
	t.Parallel()
	slot := opttest.Root("EVALUATION", "openEHR-EHR-EVALUATION.test.v1", opttest.Attr{Name: "data", Existence: "1..1", Children: []opttest.Obj{
		{RM: "ITEM_TREE", ID: "at0001", Occ: "1..1", Attrs: []opttest.Attr{{Name: "items", Existence: "0..1", Cardinality: "0..*", Children: []opttest.Obj{
			{XSI: "ARCHETYPE_SLOT", RM: "CLUSTER", ID: "at0005", Occ: "0..*"},
		}}}},
	}})
	tpl, err := templates.ReadOPT(opttest.Template("Slot", slot), templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	const (
		unchecked = "tpl.unchecked /data/items[0] /data[at0001]/items[at0005]"
		inner     = "/data/items[0]/items[1]"
	)
	repository := known(t)
	for _, tt := range []struct {
		name   string
		items  *rm.Node
		policy validate.Policy
		want   []string
	}{
		{"right", cluster(count("at0001", 120), count("at0002", 80)), validate.Policy{}, []string{unchecked}},
		{"an unknown node", cluster(count("at0001", 120), count("at0009", 80)), validate.Policy{}, []string{
			"tpl.extra_node /data/items[0]/items[1] /data[at0001]/items[at0005]/items", unchecked,
		}},
		{"a value out of range", cluster(count("at0001", 301)), validate.Policy{}, []string{
			"tpl.integer /data/items[0]/items[0]/value/magnitude /data[at0001]/items[at0005]/items[at0001]/value/magnitude", unchecked,
		}},
		{"the same as a warning", cluster(count("at0001", 301)), validate.Policy{SlotContent: validate.AsWarning}, []string{
			"tpl.integer /data/items[0]/items[0]/value/magnitude /data[at0001]/items[at0005]/items[at0001]/value/magnitude (warning)", unchecked,
		}},
		{"the same not checked", cluster(count("at0001", 301)), validate.Policy{SlotContent: validate.Off}, []string{unchecked}},
		{"something missing", cluster(count("at0002", 1)), validate.Policy{}, []string{
			"tpl.occurrences /data/items[0]/items /data[at0001]/items[at0005]/items[at0001]", unchecked,
		}},
		{"an invariant", cluster(count("at0001", 70), count("at0002", 80)), validate.Policy{}, []string{
			"tpl.invariant /data/items[0] /data[at0001]/items[at0005]", unchecked,
		}},
		{"an invariant as a warning", cluster(count("at0001", 70), count("at0002", 80)), validate.Policy{Invariant: validate.AsWarning}, []string{
			"tpl.invariant /data/items[0] /data[at0001]/items[at0005] (warning)", unchecked,
		}},
		{"no invariants", cluster(count("at0001", 70), count("at0002", 80)), validate.Policy{Invariant: validate.Off}, nil},
		{"a slot in a slot", cluster(count("at0001", 70), cluster(count("at0001", 400))), validate.Policy{Invariant: validate.Off}, []string{
			"tpl.integer " + inner + "/items[0]/value/magnitude /data[at0001]/items[at0005]/items[at0003]/items[at0001]/value/magnitude",
		}},
	} {
		root := locatable("EVALUATION", "openEHR-EHR-EVALUATION.test.v1", rm.Child("data", locatable("ITEM_TREE", "at0001", rm.Child("items", tt.items))))
		var got []string
		for _, p := range validate.Template(tpl, root, validate.Options{Archetypes: repository, Policy: tt.policy}) {
			line := p.Code + " " + p.Path + " " + p.TemplatePath
			if p.Severity == rm.Warning && p.Code != validate.CodeUnchecked {
				line += " (warning)"
			}
			got = append(got, line)
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if got := validate.Template(tpl, root, validate.Options{}); len(got) != 0 {
			t.Errorf("%s: without archetypes: %v", tt.name, got)
		}
	}
}

func TestLibraryCompiles(t *testing.T) {
	t.Parallel()
	r, err := archetypes.Library()
	if err != nil {
		t.Fatal(err)
	}
	out, problems := archetyped.New(r)
	for _, p := range problems {
		t.Error(p)
	}
	if out.Len() != len(r.IDs()) {
		t.Errorf("%d of %d", out.Len(), len(r.IDs()))
	}
}

func TestCorpusCompiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(testshared.Dir(t), "corpus", "archetypes", "*.adl"))
	if err != nil {
		t.Fatal(err)
	}
	var list []*archetypes.Archetype
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		a, err := archetypes.Parse(string(text))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, a)
	}
	if len(list) == 0 {
		t.Fatal("no archetypes")
	}
	r, err := archetypes.NewRepository(list...)
	if err != nil {
		t.Fatal(err)
	}
	out, problems := archetyped.New(r)
	for _, p := range problems {
		t.Error(p)
	}
	t.Logf("%d archetypes", out.Len())
}
