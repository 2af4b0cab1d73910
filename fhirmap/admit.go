package fhirmap

import (
	"slices"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// proven are the shipped mappings of which resources come back as they were.
// TestComposeProjected makes sure that they do, and that no other does.
var proven = []string{
	"ACTION.medication.v1",
	"ACTION.procedure.v1",
	"ADMIN_ENTRY.episode_institution.v0",
	"EVALUATION.advance_care_directive.v2",
	"EVALUATION.adverse_reaction_risk.v2",
	"EVALUATION.alcohol_consumption_summary.v1",
	"EVALUATION.exclusion_global.v1",
	"EVALUATION.exclusion_global.v1.Condition",
	"EVALUATION.exclusion_global.v1.MedicationStatement",
	"EVALUATION.goal.v1",
	"EVALUATION.problem_diagnosis.v1",
	"EVALUATION.tobacco_smoking_summary.v2",
	"INSTRUCTION.medication_order.v3",
	"INSTRUCTION.medication_order.v3.MedicationStatement",
	"OBSERVATION.blood_pressure.v2",
	"OBSERVATION.body_temperature.v2",
	"OBSERVATION.body_weight.v2",
	"OBSERVATION.height.v2",
	"OBSERVATION.laboratory_test_result.v1",
	"OBSERVATION.pregnancy_status.v0",
	"OBSERVATION.pulse.v2",
	"OBSERVATION.pulse_oximetry.v1",
	"OBSERVATION.respiration.v2",
}

// Proven are the names of the shipped mappings that are proven to have a way
// back, sorted.
func (lib *Library) Proven() []string {
	var out []string
	for _, f := range lib.Files() {
		if slices.Contains(proven, f.Name.Value) {
			out = append(out, f.Name.Value)
		}
	}
	slices.Sort(out)
	return out
}

// Creatable are the resource types of which Compose takes some, sorted: those of
// mappings that are proven to have a way back.
func (lib *Library) Creatable() []string {
	var out []string
	for _, plans := range lib.starts {
		for _, p := range plans {
			if slices.Contains(proven, p.file.Name.Value) {
				out = append(out, p.target.Name)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Takes reports whether an entry of the template is mapped to a resource type and
// suits a stance, so that Compose could put such a resource there.
func (lib *Library) Takes(t *templates.Template, typ string, s Stance) bool {
	return t.Root.Class == rm.ClassComposition &&
		slices.ContainsFunc(lib.entriesFor(t, typ), func(w wayBack) bool { return s.suits(w.entry.ArchetypeID) })
}

// Admit refuses what Compose takes for no template: errs.Unprocessable with
// []Difference as its Detail for a resource that is not valid R4 or that holds
// what may reverse or qualify its meaning.
func (lib *Library) Admit(n *r4.Node) error {
	const op = "fhirmap.Admit"
	typ := n.Str("resourceType")
	var bad []Difference
	for _, p := range r4.ValidateNode(n) {
		if !p.Warning {
			bad = append(bad, Difference{p.Path, p.Message})
		}
	}
	if len(bad) == 0 {
		bad = unsafe(n, typ, nil)
	}
	if len(bad) > 0 {
		return unprocessable(op, "the resource is not accepted", bad)
	}
	return nil
}
