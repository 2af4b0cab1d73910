package fhirmap_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
	"github.com/cairn-ehr/cairn/templates/example"
)

// actionOf is an example of a template cut down to its first entry of an
// archetype, with another step.
func actionOf(t *testing.T, template, archetype, state, step string) *rm.Node {
	t.Helper()
	data, err := os.ReadFile("../templates/library/Cairn - " + template + ".v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := example.Instance(tmpl, example.Options{Detail: example.Medium, Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range root.List("content") {
		if entry.ArchetypeID() != archetype {
			continue
		}
		fields := []rm.Field{rm.Child("current_state", rm.CodedText("state "+state, "openehr", state))}
		if step != "" {
			fields = append(fields, rm.Child("careflow_step", rm.CodedText("step "+step, "local", step)))
		}
		return root.With("content", entry.With("ism_transition", rm.Object("ISM_TRANSITION", fields...)))
	}
	t.Fatal("no ", archetype)
	return nil
}

// TestCareflow goes through every state of the instruction state machine and,
// for medication, every careflow step: what each says of the resource, or that
// there is none.
func TestCareflow(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	status := func(root *rm.Node, typ string) string {
		res, err := lib.Project(fhirmap.Input{Root: root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Resources {
			if r.Type == typ {
				n, err := r4.Parse(r.JSON)
				if err != nil {
					t.Fatal(err)
				}
				return n.Str("status")
			}
		}
		return ""
	}
	for state, want := range map[string]string{
		"524": "preparation", "526": "preparation", "527": "on-hold", "528": "not-done", "529": "preparation", "245": "in-progress",
		"530": "on-hold", "531": "stopped", "532": "completed", "533": "", "999": "",
	} {
		if got := status(actionOf(t, "Procedure report", "openEHR-EHR-ACTION.procedure.v1", state, ""), "Procedure"); got != want {
			t.Errorf("a procedure in state %s is %q, want %q", state, got, want)
		}
	}
	// A dose is given or left out by its step alone; no other step, and no state,
	// says that one was given.
	const medication = "openEHR-EHR-ACTION.medication.v1"
	given := map[string]string{"at0006": "completed", "at0018": "not-done", "at0158": "not-done"}
	for _, step := range append([]string{""}, medicationSteps(t)...) {
		for _, state := range []string{"245", "526", "528", "530", "531", "532"} {
			if got := status(actionOf(t, "Immunisation list", medication, state, step), "Immunization"); got != given[step] {
				t.Errorf("the step %q in state %s makes an immunisation %q, want %q", step, state, got, given[step])
			}
		}
	}
}

// medicationSteps are the careflow steps of the archetype.
func medicationSteps(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../archetypes/library/openEHR-EHR-ACTION.medication.v1.adl")
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, m := range stepPattern.FindAllStringSubmatch(string(data), -1) {
		steps = append(steps, m[1])
	}
	if len(steps) < 10 {
		t.Fatalf("only %d steps: %v", len(steps), steps)
	}
	return steps
}

var stepPattern = regexp.MustCompile(`ISM_TRANSITION\[(at\d+)\]`)
