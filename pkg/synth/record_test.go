package synth_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/pkg/synth"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/library"
	"github.com/cairn-ehr/cairn/templates/validate"
)

func documentTemplates(t *testing.T) map[string]*templates.Template {
	t.Helper()
	out := map[string]*templates.Template{}
	for _, id := range []string{
		synth.MedicationList, synth.MedicationOrders, synth.ImmunisationList, synth.SocialHistory, synth.LaboratoryReport,
		synth.EncounterNote, synth.ProcedureReport, synth.Pregnancy, synth.CarePlan, synth.DischargeSummary,
	} {
		data, err := fs.ReadFile(library.Files, id+".opt")
		if err != nil {
			t.Fatal(err)
		}
		if out[id], err = templates.ReadOPT(data, templates.Limits{}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// The documents of a patient are valid, of every kind, and agree with one
// another: nobody gets what the adverse reaction list forbids, only women are
// pregnant and then take nothing harmful, and nothing is older than the
// patient.
func TestDocumentsAreValidAndAgree(t *testing.T) {
	t.Parallel()
	tpls := documentTemplates(t)
	kinds := map[string]int{}
	replaced, pregnant := 0, 0
	for _, seed := range []uint64{1, 2} {
		g := synth.New(seed)
		for i := range 150 {
			p := g.Patient(i)
			_, reactions := p.Composition(1)
			medication := ""
			for k := range p.Documents() {
				id, data := p.Document(k)
				kinds[id]++
				n, problems := rm.DecodeJSON(data, rm.ClassComposition, rm.JSONOptions{})
				if n == nil {
					t.Fatalf("seed %d, patient %d, document %d: %v", seed, i, k, problems)
				}
				for _, x := range append(problems, validate.All(tpls[id], n, validate.Options{})...) {
					t.Errorf("seed %d, patient %d, document %d (%s): %s %s: %s", seed, i, k, id, x.Code, x.Path, x.Message)
				}
				if at := n.String("context", "start_time", "value"); at != "" && at[:10] < p.BirthDate {
					t.Errorf("seed %d, patient %d, %s: at %s, born %s", seed, i, id, at, p.BirthDate)
				}
				if id == synth.MedicationList || id == synth.MedicationOrders || id == synth.DischargeSummary {
					medication += string(data)
				}
				if id == synth.Pregnancy && p.Sex != synth.Female {
					t.Errorf("seed %d, patient %d: a pregnancy of a man", seed, i)
				}
				if id == synth.Pregnancy && strings.Contains(string(data), `"value":"Pregnant"`) {
					pregnant++
					_, list := p.Document(0)
					for _, harmful := range []string{"Ramipril", "Methotrexate", "Atorvastatin", "Ibuprofen", "Apixaban"} {
						if strings.Contains(string(list), harmful) {
							t.Errorf("seed %d, patient %d: %s in pregnancy", seed, i, harmful)
						}
					}
				}
			}
			for code, drugs := range map[string][]string{
				"387458008": {"Aspirin", "Ibuprofen"}, "387207008": {"Aspirin", "Ibuprofen"},
				"764146007": {"Amoxicillin"}, "372687004": {"Amoxicillin"},
			} {
				// As the substance of a reaction, not of its exclusion.
				if !strings.Contains(string(reactions), code) || strings.Contains(string(reactions), "Tolerated") {
					continue
				}
				for _, drug := range drugs {
					if strings.Contains(medication, drug) {
						t.Errorf("seed %d, patient %d: %s despite a reaction to %s", seed, i, drug, code)
					}
				}
				if strings.Contains(medication, "Clopidogrel") || strings.Contains(medication, "Paracetamol") || strings.Contains(medication, "Doxycycline") {
					replaced++
				}
			}
		}
	}
	for id := range tpls {
		if kinds[id] == 0 {
			t.Errorf("no %s", id)
		}
	}
	if replaced == 0 || pregnant == 0 {
		t.Errorf("%d medicines replaced, %d pregnancies: the test shows nothing", replaced, pregnant)
	}
	t.Logf("%v, %d replaced, %d pregnant", kinds, replaced, pregnant)
}

// As for the compositions: a change of the hash goes into the changelog.
func TestSameSeedGivesTheSameDocuments(t *testing.T) {
	t.Parallel()
	h := sha256.New()
	g := synth.New(42)
	for i := range 20 {
		p := g.Patient(i)
		for k := range p.Documents() {
			id, data := p.Document(k)
			h.Write([]byte(id))
			h.Write(data)
		}
	}
	const want = "778a19f7eb6418aaeb4158a851466fd744e7c3a0954c0247a6412ac6b77f219e"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}
