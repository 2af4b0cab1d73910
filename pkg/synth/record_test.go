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
	for seed, opts := range map[uint64][]synth.Option{1: nil, 2: {synth.WithRegistry()}} {
		g := synth.New(seed, opts...)
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
	const want = "fa59988acd1062ade4bb2bdcfba7589bfb88ee7e840374d2d85ea1bc66b34fe1"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
}

// Steps refer to orders of the same patient that were made before them and are
// about the same medicine, and take every course; procedures of one workflow are
// the same one. Those of some orders and procedures name neither.
func TestCourses(t *testing.T) {
	t.Parallel()
	g := synth.New(1, synth.WithRegistry())
	ends, untouched, several, alone := map[string]int{}, 0, 0, 0
	registered := map[string]bool{}
	for _, p := range synth.Registry(g) {
		registered[p.ID] = true
	}
	for i := range 150 {
		p := g.Patient(i)
		type order struct{ medicine, at, state string }
		orders, procedures := map[string]*order{}, map[string][]string{}
		for k := range p.Documents() {
			_, n := p.DocumentTree(k)
			if ref := n.String("composer", "external_ref", "id", "value"); !registered[ref] {
				t.Errorf("patient %d, document %d: the composer %q is not registered", i, k, ref)
			}
			for _, e := range n.List("content") {
				if e.Class.Name == "ACTION" && !registered[e.Get("provider").String("external_ref", "id", "value")] {
					t.Errorf("patient %d, document %d: nobody registered has acted", i, k)
				}
				item := func(list []*rm.Node) string { return list[0].String("value", "value") }
				switch e.ArchetypeID() {
				case "openEHR-EHR-INSTRUCTION.medication_order.v3":
					if id := p.DocumentID(k); id != "" {
						orders[id] = &order{item(e.List("activities")[0].Get("description").List("items")), n.String("context", "start_time", "value"), ""}
					}
				case "openEHR-EHR-ACTION.medication.v1":
					ref := e.Get("instruction_details").Get("instruction_id").String("id", "value")
					if ref == "" {
						continue // a dose of a vaccine
					}
					o, at := orders[ref], e.String("time", "value")
					if o == nil || o.medicine != item(e.Get("description").List("items")) || at < o.at {
						t.Fatalf("patient %d, document %d: a step of %+v at %s", i, k, o, at)
					}
					o.state, o.at = e.Get("ism_transition").String("current_state", "value"), at
				case "openEHR-EHR-ACTION.procedure.v1":
					id := e.Get("workflow_id").String("id", "value")
					if id == "" {
						alone++
						continue
					}
					procedures[id] = append(procedures[id], item(e.Get("description").List("items")))
				}
			}
		}
		for _, o := range orders {
			if ends[o.state]++; o.state == "" {
				untouched++
			}
		}
		for id, names := range procedures {
			if len(names) > 1 {
				several++
			}
			for _, name := range names {
				if name != names[0] {
					t.Errorf("patient %d: the workflow %s is of %q", i, id, names)
				}
			}
		}
	}
	for _, state := range []string{"active", "suspended", "aborted", "completed"} {
		if ends[state] == 0 {
			t.Errorf("no order is %s: %v", state, ends)
		}
	}
	if untouched == 0 || several == 0 || alone == 0 {
		t.Errorf("%d orders without a step, %d workflows, %d procedures without one", untouched, several, alone)
	}
	t.Log(ends, several, alone)
}
