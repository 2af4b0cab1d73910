package oet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/archetypes"
	"github.com/cairn-ehr/cairn/pkg/testshared"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/oet"
)

// corpusOutcome is what compiling the public template sources gives with the
// archetypes at hand: nil for success, else parts of the error.
var corpusOutcome = map[string][]string{
	"Vital signs.oet": nil,
	"Generic lab test result example simple.oet": nil,
	"ePrescription (FHIR).oet":                   {"archetype openEHR-EHR-INSTRUCTION.medication_order.v0 is not in the repository"},
	"eReferral.oet":                              {"archetype openEHR-EHR-COMPOSITION.referral.v1 is not in the repository"},
	"International Patient Summary.oet": {
		"archetype openEHR-EHR-EVALUATION.adverse_reaction_risk.v1 is not in the repository",
		// The slot of the archetype's present revision takes medication_authorisation only.
		"slot does not permit archetype openEHR-EHR-CLUSTER.timing_nondaily.v1",
	},
}

func TestCorpusSources(t *testing.T) {
	t.Parallel()
	shared := testshared.Dir(t)
	r, err := archetypes.ReadRepository(os.DirFS(filepath.Join(shared, "corpus", "archetypes")))
	if err != nil {
		t.Fatal(err)
	}
	files := os.DirFS(filepath.Join(shared, "corpus", "oet"))
	for name, want := range corpusOutcome {
		opt, err := compileFile(t, files, name, oet.Options{Archetypes: r})
		if want == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if _, err := templates.ReadOPT(opt, templates.Limits{}); err != nil {
				t.Errorf("%s: the compiled template does not read: %v", name, err)
			}
			continue
		}
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%s: error %v, want %q in it", name, err, part)
			}
		}
	}
}

// The International Patient Summary is there as source and as operational
// template made by another compiler. Where the archetypes' revisions agree,
// both must say the same.
func TestSameAsAnotherCompiler(t *testing.T) {
	t.Parallel()
	shared := testshared.Dir(t)
	r, err := archetypes.ReadRepository(os.DirFS(filepath.Join(shared, "corpus", "archetypes")))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(shared, "corpus", "oet", "International Patient Summary.oet"))
	if err != nil {
		t.Fatal(err)
	}
	src, err := oet.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	var drop func(it *oet.Item)
	drop = func(it *oet.Item) {
		var kept []*oet.Item
		for _, c := range it.Items {
			if r.Archetype(c.ArchetypeID) != nil && c.ArchetypeID != "openEHR-EHR-CLUSTER.timing_nondaily.v1" {
				drop(c)
				kept = append(kept, c)
			}
		}
		it.Items = kept
	}
	drop(src.Definition)
	opt, err := oet.Compile(src, oet.Options{Archetypes: r})
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(filepath.Join(shared, "corpus", "templates", "ips.v0.opt"))
	if err != nil {
		t.Fatal(err)
	}
	got, want := blocks(t, opt), blocks(t, other)
	same := 0
	for _, id := range []string{
		"openEHR-EHR-OBSERVATION.body_weight.v2", "openEHR-EHR-OBSERVATION.height.v2", "openEHR-EHR-OBSERVATION.respiration.v2",
		"openEHR-EHR-OBSERVATION.pulse.v2", "openEHR-EHR-OBSERVATION.body_temperature.v2", "openEHR-EHR-OBSERVATION.pulse_oximetry.v1",
		"openEHR-EHR-OBSERVATION.blood_pressure.v2", "openEHR-EHR-OBSERVATION.head_circumference.v1",
		"openEHR-EHR-EVALUATION.exclusion_global.v1", "openEHR-EHR-EVALUATION.absence.v2",
	} {
		if len(got[id]) == 0 || len(want[id]) == 0 {
			t.Errorf("%s: not found", id)
			continue
		}
		if diff := cmp.Diff(want[id], got[id]); diff != "" {
			t.Errorf("%s (-other +ours):\n%s", id, diff)
			continue
		}
		same++
	}
	t.Logf("%d archetypes say the same", same)
}

// blocks are the dumped lines of each archetype's first occurrence.
func blocks(t *testing.T, opt []byte) map[string][]string {
	t.Helper()
	tpl, err := templates.ReadOPT(opt, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	lines := strings.Split(tpl.Dump(), "\n")
	depth := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
	for i, l := range lines {
		open, end := strings.Index(l, "[openEHR-"), strings.Index(l, "]")
		if open < 0 || end < open {
			continue
		}
		id := l[open+1 : end]
		if out[id] != nil {
			continue
		}
		for j := i; j < len(lines) && (j == i || depth(lines[j]) > depth(l)); j++ {
			// A container of which everything is excluded: absent for us, open
			// for the other compiler, though nothing it could hold is left.
			empty := j+1 < len(lines) && depth(lines[j+1]) <= depth(lines[j]) && strings.Contains(lines[j], ".items ")
			if !empty {
				out[id] = append(out[id], strings.TrimSpace(lines[j]))
			}
		}
	}
	return out
}
