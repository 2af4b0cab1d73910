package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/coverage"
)

const fhirmapCases = "../../fhirmap/testdata/cases"

func TestFHIRMapLint(t *testing.T) {
	t.Parallel()
	if out := succeed(t, "fhirmap", "lint", "../../fhirmap/mappings"); out != "" {
		t.Errorf("the shipped mappings: %s", out)
	}
	dir := t.TempDir()
	text := strings.Replace(read(t, "../../fhirmap/mappings/observation/pulse.v2.yml"), "$resource.performer", "$resource.colour", 1)
	path := write(t, dir, "pulse.yml", text)
	out, err := command(t, "fhirmap", "lint", dir)
	if err == nil || !strings.Contains(out, path+":") || !strings.Contains(out, `Observation has no element "colour"`) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := command(t, "fhirmap", "lint", dir, "--shipped"); err == nil || !strings.Contains(out, "duplicate: the model name") {
		t.Errorf("beside the shipped one of the same name: %v: %s", err, out)
	}
	out, err = command(t, "fhirmap", "lint", path, "--format", "json")
	var doc struct {
		Problems []struct {
			File, Code string
			Line       int
		}
	}
	if jsonErr := json.Unmarshal([]byte(out), &doc); err == nil || jsonErr != nil || len(doc.Problems) == 0 || doc.Problems[0].File != path || doc.Problems[0].Line < 2 {
		t.Errorf("%v, %v: %s", err, jsonErr, out)
	}
	if _, err := command(t, "fhirmap", "lint", t.TempDir()); err == nil {
		t.Error("a folder without mapping files passes")
	}
}

func TestFHIRMapRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	losses := filepath.Join(dir, "losses.json")
	const id = "11111111-2222-4333-8444-555555555555"
	out := succeed(t, "fhirmap", "run", fhirmapCases+"/medication_orders/in.json", "--ehr", id, "--losses", losses)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		var r struct {
			ResourceType string
			Subject      struct{ Reference string }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.ResourceType != "MedicationRequest" || r.Subject.Reference != "Patient/"+id {
			t.Errorf("%v: %s", err, line)
		}
	}
	var list []fhirmap.Loss
	if err := json.Unmarshal([]byte(read(t, losses)), &list); err != nil {
		t.Error(err)
	}
	path := write(t, dir, "bad.json", `{"_type":"COMPOSITION","name":5}`)
	if _, err := command(t, "fhirmap", "run", path); err == nil || !strings.Contains(err.Error(), path+": error") {
		t.Errorf("got %v", err)
	}
	if _, err := command(t, "fhirmap", "run", fhirmapCases+"/medication_orders/in.json", "-t", "../../templates/library/Cairn - Vital signs.v1.opt"); err == nil {
		t.Error("a composition of another template passes")
	}
}

func TestFHIRMapReverse(t *testing.T) {
	t.Parallel()
	const opt = "../../templates/library/Cairn - Vital signs.v1.opt"
	dir := t.TempDir()
	resource := strings.SplitN(read(t, fhirmapCases+"/height/resources.ndjson"), "\n", 3)[1]
	path := write(t, dir, "height.json", resource)
	out := succeed(t, "fhirmap", "run", "--reverse", "-t", opt, "--composer", "A. Author", "--time", "2024-03-05T12:00:00+01:00", path)
	composition := write(t, dir, "composition.json", out)
	again := succeed(t, "fhirmap", "run", "-t", opt, composition, "--losses", filepath.Join(dir, "losses.json"))
	id := regexp.MustCompile(`"id":"[^"]*",`)
	if got, want := strings.TrimSpace(id.ReplaceAllString(again, "")), id.ReplaceAllString(resource, ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if _, err := command(t, "fhirmap", "run", "--reverse", path); err == nil {
		t.Error("the way back runs without a template")
	}
	path = write(t, dir, "lost.json", strings.Replace(resource, `"status":"final"`, `"status":"final","method":{"text":"x"}`, 1))
	if _, err := command(t, "fhirmap", "run", "--reverse", "-t", opt, path); err == nil || !strings.Contains(err.Error(), path+": Observation.method: the element would be lost") {
		t.Errorf("got %v", err)
	}
}

// TestFHIRMapStance makes an exclusion of a denial and of nothing else.
func TestFHIRMapStance(t *testing.T) {
	t.Parallel()
	const opt = "../../templates/library/Cairn - Adverse reaction list.v1.opt"
	const back = "../../fhirmap/testdata/back/"
	for _, c := range []struct{ dir, stance, want, refused string }{
		{"allergy", "names", "EVALUATION.adverse_reaction_risk.v2", ""},
		{"allergy_denied", "denies", "EVALUATION.exclusion_global.v1", ""},
		{"allergy", "", "", "has not been decided"},
		{"allergy", "denies", "", "AllergyIntolerance.code.coding[0]"},
		{"allergy_denied", "names", "", "the code denies"},
		{"allergy", "maybe", "", "a stance is names or denies"},
	} {
		args := []string{"fhirmap", "run", "--reverse", "-t", opt, back + c.dir + "/resource.json"}
		if c.stance != "" {
			args = append(args, "--stance", c.stance)
		}
		out, err := command(t, args...)
		switch {
		case c.refused == "" && (err != nil || !strings.Contains(out, `"openEHR-EHR-`+c.want+`"`)):
			t.Errorf("%s %s: %v %s", c.dir, c.stance, err, out)
		case c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)):
			t.Errorf("%s %s: %v", c.dir, c.stance, err)
		}
	}
}

func TestFHIRMapTest(t *testing.T) {
	t.Parallel()
	if out := succeed(t, "fhirmap", "test", fhirmapCases); strings.Count(out, "ok ") < 20 {
		t.Errorf("got %s", out)
	}
	if out := succeed(t, "fhirmap", "test", "../../fhirmap/testdata/back"); strings.Count(out, "ok ") < 3 {
		t.Errorf("the way back: got %s", out)
	}
	dir := filepath.Join(t.TempDir(), "case")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "in.json", read(t, fhirmapCases+"/height/in.json"))
	if out, err := command(t, "fhirmap", "test", dir); err == nil || !strings.Contains(out, "FAILED "+dir) {
		t.Errorf("without expectations: %v: %s", err, out)
	}
	succeed(t, "fhirmap", "test", dir, "--update")
	if read(t, filepath.Join(dir, "resources.ndjson")) != read(t, fhirmapCases+"/height/resources.ndjson") {
		t.Error("other resources than those of the engine's own test")
	}
	succeed(t, "fhirmap", "test", dir)
	write(t, dir, "resources.ndjson", strings.Replace(read(t, filepath.Join(dir, "resources.ndjson")), "final", "amended", 1))
	if out, err := command(t, "fhirmap", "test", dir); err == nil || !strings.Contains(out, "resources.ndjson:2: - ") || !strings.Contains(out, "resources.ndjson:2: + ") {
		t.Errorf("changed: %v: %s", err, out)
	}
}

func TestFHIRMapCoverage(t *testing.T) {
	t.Parallel()
	const opt = "../../templates/library/Cairn - Vital signs.v1.opt"
	if out := succeed(t, "fhirmap", "coverage", opt); !strings.Contains(out, "OBSERVATION.pulse.v2 to Observation: ") || !strings.Contains(out, "not mapped: /composer") {
		t.Errorf("got %s", out)
	}
	if out := succeed(t, "fhirmap", "coverage", "--reverse", opt); !strings.Contains(out, "OBSERVATION.pulse.v2 from Observation\n      keeps: Observation.identifier, ") || !strings.Contains(out, "refused: Observation.language") {
		t.Errorf("got %s", out)
	}
	var doc struct{ Templates []coverage.Template }
	if err := json.Unmarshal([]byte(succeed(t, "fhirmap", "coverage", opt, "--format", "json")), &doc); err != nil {
		t.Fatal(err)
	}
	if c := doc.Templates[0]; c.TemplateID != "Cairn - Vital signs.v1" || c.Mapped == 0 || c.Mapped >= c.Leaves || len(c.Entries) != 7 {
		t.Errorf("got %+v", c)
	}
}

func TestFHIRMapCompile(t *testing.T) {
	t.Parallel()
	if out := succeed(t, "fhirmap", "compile", "-m", "../../fhirmap/testdata/print"); out != read(t, "../../fhirmap/testdata/print/plans.txt") {
		t.Errorf("got %s", out)
	}
	path := write(t, t.TempDir(), "empty.yml", "")
	if _, err := command(t, "fhirmap", "compile", "-m", path); err == nil || !strings.Contains(err.Error(), path+":1:1") {
		t.Errorf("got %v", err)
	}
}
