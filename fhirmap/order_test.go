package fhirmap_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/pkg/errs"
	"github.com/cairn-ehr/cairn/pkg/rm"
	"github.com/cairn-ehr/cairn/templates"
)

// TestComposeOrders takes random orders there and back: statuses, doses, schedules
// and directions in words, each as it came.
func TestComposeOrders(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../templates/library/Cairn - Medication orders.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	amount := func() string {
		unit := pick("mg", "g", "mL", "{tablet}")
		return fmt.Sprintf(`{"value":%d.%d,"unit":"%s","system":"http://unitsofmeasure.org","code":"%s"}`, 1+rnd.IntN(900), rnd.IntN(10), unit, unit)
	}
	between := func() string {
		low := amount()
		high := strings.Replace(low, ".", "0.", 1)
		return `"doseRange":{"low":` + low + `,"high":` + high + `}`
	}
	dosage := func() string {
		if rnd.IntN(4) == 0 {
			return `{"text":"` + pick("one in the morning", "as you know", "0-0-1") + `"}`
		}
		repeat := pick(
			fmt.Sprintf(`"frequency":%d,"period":1,"periodUnit":"%s"`, 1+rnd.IntN(30), pick("d", "h", "min")),
			fmt.Sprintf(`"frequency":1,"frequencyMax":%d,"period":1,"periodUnit":"d"`, 2+rnd.IntN(4)),
			fmt.Sprintf(`"frequency":1,"period":%d,"periodUnit":"h"`, 2+rnd.IntN(22)))
		if rnd.IntN(3) == 0 {
			repeat = fmt.Sprintf(`"duration":%d,"durationUnit":"min",`, 1+rnd.IntN(50)) + repeat
		}
		if rnd.IntN(3) == 0 {
			repeat += fmt.Sprintf(`,"timeOfDay":["%02d:30:00","%02d:00:00"]`, rnd.IntN(12), 12+rnd.IntN(12))
		}
		return `{"timing":{"repeat":{` + repeat + `}}` + pick("", `,"asNeededBoolean":true`, `,"asNeededCodeableConcept":{"text":"pain"}`) +
			`,"route":{"text":"by mouth"},"doseAndRate":[{` + pick(`"doseQuantity":`+amount(), between()) + `}]}`
	}
	for range 300 {
		status := pick("unknown", "active", "on-hold", "cancelled", "stopped", "completed")
		resource := `{"resourceType":"MedicationRequest","status":"` + status + `","intent":"order","medicationCodeableConcept":{"text":"` + pick("Metformin", "Salbutamol") + `"},` +
			`"subject":{"reference":"Patient/` + testEHR + `"},"authoredOn":"` + pick("2024-03-05", "2024-03", "2024-03-05T10:00:00+01:00") + `","recorder":{"display":"A. Author"},` +
			pick("", `"note":[{"text":"With water"}],`) + `"dosageInstruction":[` + dosage() + `]}`
		in := composeInput(tmpl, resource)
		in.Stance, in.Time = fhirmap.Names, time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
		c, err := lib.Compose(in)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, resource, err)
		}
		if c.Bound != (status != "unknown") || c.Bound != (len(fhirmap.Said(c.Root)) == 1) {
			t.Errorf("%s: bound %t, %s", resource, c.Bound, rm.AppendJSON(nil, c.Root))
		}
		res, err := lib.Project(fhirmap.Input{
			Root: c.Root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete, Workflow: fhirmap.Said(c.Root),
		})
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(resource, err)
		}
		if got := strings.Replace(string(res.Resources[0].JSON), `"id":"`+res.Resources[0].ID+`",`, "", 1); got != resource {
			t.Errorf("seed %d: got  %s\nwant %s", seed, got, resource)
		}
	}
}

// TestComposeStatements takes random statements of what is taken there and back.
// Each status is a state of the order; intended and not taken are none.
func TestComposeStatements(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../templates/library/Cairn - Medication list.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := templates.ReadOPT(data, templates.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	pick := func(list ...string) string { return list[rnd.IntN(len(list))] }
	states := map[string]string{"unknown": "", "active": "245", "on-hold": "530", "stopped": "531", "completed": "532"}
	for range 200 {
		status := pick("unknown", "active", "on-hold", "stopped", "completed", "intended", "not-taken", "entered-in-error")
		resource := pick("", `"identifier":[{"value":"`+pick("x-1", "é/2")+`"}],`) + `"status":"` + status + `","medicationCodeableConcept":{"text":"` + pick("Metformin", "Salbutamol") + `"},` +
			`"subject":{"reference":"Patient/` + testEHR + `"},` + pick("", `"effectivePeriod":{"start":"2023-11"},`, `"effectivePeriod":{"start":"2023-11-02","end":"2024-01-02T10:00:00+01:00"},`) +
			`"dateAsserted":"` + pick("2024-03-05", "2024-03", "2024-03-05T10:00:00+01:00") + `"` +
			pick("", `,"reasonCode":[{"text":"Asthma"}]`) + pick("", `,"note":[{"text":"With water"}]`) +
			pick("", `,"dosage":[{"text":"one in the morning"}]`, `,"dosage":[{"timing":{"repeat":{"frequency":2,"period":1,"periodUnit":"d"}},"doseAndRate":[{"doseQuantity":{"value":5.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}]}]`)
		resource = `{"resourceType":"MedicationStatement",` + resource + `}`
		in := composeInput(tmpl, resource)
		in.Stance, in.Time = fhirmap.Names, time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
		c, err := lib.Compose(in)
		state, known := states[status]
		if !known {
			if !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), "MedicationStatement") {
				t.Errorf("seed %d: %s: %v", seed, resource, err)
			}
			continue
		}
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, resource, err)
		}
		var states []string
		for _, n := range c.Root.List("content") {
			if n.Class.Name == "ACTION" {
				states = append(states, n.String("ism_transition", "current_state", "defining_code", "code_string"))
				if n.Get("ism_transition", "careflow_step") != nil || n.String("time", "magnitude_status") != "<" {
					t.Errorf("%s: the ACTION says more than was sent", resource)
				}
			}
		}
		if got := strings.Join(states, " "); got != state {
			t.Errorf("%s: states %q, want %q", resource, got, state)
		}
		res, err := lib.Project(fhirmap.Input{
			Root: c.Root, EHRID: testEHR, ObjectID: casetest.Object, SystemID: casetest.System, Lifecycle: lifecycleComplete, Workflow: fhirmap.Said(c.Root),
		})
		if err != nil || len(res.Resources) != 1 {
			t.Fatal(resource, err, res.Losses)
		}
		if got := strings.Replace(string(res.Resources[0].JSON), `"id":"`+res.Resources[0].ID+`",`, "", 1); got != resource {
			t.Errorf("seed %d: got  %s\nwant %s", seed, got, resource)
		}
	}
}

// TestComposeOrderWithoutAction refuses a status where the template has no ACTION
// that could say it, and takes the order without one.
func TestComposeOrderWithoutAction(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("../templates/library/Cairn - Medication orders.v1.opt")
	if err != nil {
		t.Fatal(err)
	}
	for _, actions := range []int{0, 2} {
		tmpl, err := templates.ReadOPT(data, templates.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		content := tmpl.Root.Attribute("content")
		var kept []*templates.Object
		for _, o := range content.Children {
			n := 1
			if o.Class.Name == "ACTION" {
				n = actions
			}
			for range n {
				kept = append(kept, o)
			}
		}
		content.Children = kept
		for status, want := range map[string]string{"unknown": "", "active": "MedicationRequest.status: the value would change"} {
			in := composeInput(tmpl, `{"resourceType":"MedicationRequest","status":"`+status+`","intent":"order","medicationCodeableConcept":{"text":"Metformin"},`+
				`"subject":{"reference":"Patient/`+testEHR+`"},"authoredOn":"2024-03-05T10:00:00+01:00"}`)
			in.Stance, in.Time = fhirmap.Names, time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
			_, err := lib.Compose(in)
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%d ACTIONs, %s: %v", actions, status, err)
			}
		}
	}
}
