package fhirmap_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/pkg/errs"
)

// TestComposeStays takes stays in an institution there and back, and refuses what the
// archetype of admissions has no node for.
func TestComposeStays(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	tmpl := libraryTemplate(t, "Hospital stay")
	const (
		class   = `"class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"}`
		subject = `"subject":{"reference":"Patient/` + testEHR + `"}`
		ended   = `"period":{"start":"2024-01-01T10:00:00+01:00","end":"2024-01-05T11:30:00+01:00"}`
		ward    = `"location":[{"location":{"display":"Ward 7"},"physicalType":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/location-physical-type","code":"wa"}]}`
	)
	for _, c := range []struct{ name, resource, want string }{
		{"a stay that is over", `"status":"finished",` + class + `,` + subject + `,` + ended, ""},
		{"one that is not known to be over", `"status":"unknown",` + class + `,` + subject + `,"period":{"start":"2024-01-01"}`, ""},
		{
			"all of it", `"identifier":[{"value":"A-1","assigner":{"display":"Hospital"}}],"status":"finished",` + class + `,"type":[{"text":"Elective"}],` + subject + `,` + ended +
				`,"reasonCode":[{"coding":[{"system":"http://snomed.info/sct","code":"74400008"}],"text":"Appendicitis"}],"hospitalization":{"admitSource":{"text":"Home"},"dischargeDisposition":{"text":"Rehabilitation"}},` +
				ward + `,"period":{"start":"2024-01-01T10:00:00+01:00","end":"2024-01-03T10:00:00+01:00"}}]`, "",
		},
		{"an ambulatory stay, by the display", `"status":"finished",` + strings.Replace(class, `"IMP"`, `"IMP","display":"ambulatory"`, 1) + `,` + subject + `,` + ended, "Encounter.class.display"},
		{"one that goes on", `"status":"in-progress",` + class + `,` + subject + `,"period":{"start":"2024-01-01"}`, "Encounter.status: the value would change"},
		{"one that is planned", `"status":"planned",` + class + `,` + subject + `,"period":{"start":"2024-01-01"}`, "Encounter.status: the value would change"},
		{"one that was cancelled", `"status":"cancelled",` + class + `,` + subject + `,` + ended, "Encounter.status: the value would change"},
		{"one that was an error", `"status":"entered-in-error",` + class + `,` + subject + `,` + ended, "entered-in-error"},
		{"an end without being over", `"status":"unknown",` + class + `,` + subject + `,` + ended, "Encounter.status: the value would change"},
		{"over without an end", `"status":"finished",` + class + `,` + subject + `,"period":{"start":"2024-01-01"}`, "Encounter.status: the value would change"},
		{"a visit", `"status":"finished",` + strings.Replace(class, "IMP", "AMB", 1) + `,` + subject + `,` + ended, "Encounter.class.code: the value would change"},
		{"a participant", `"status":"finished",` + class + `,` + subject + `,` + ended + `,"participant":[{"individual":{"display":"Dr. A."}}]`, "Encounter.participant: the element would be lost"},
		{"a length", `"status":"finished",` + class + `,` + subject + `,` + ended + `,"length":{"value":4,"unit":"d","system":"http://unitsofmeasure.org","code":"d"}`, "Encounter.length: the element would be lost"},
		{"a place of no kind", `"status":"finished",` + class + `,` + subject + `,` + ended + `,"location":[{"location":{"display":"Ward 7"}}]`, "Encounter.location"},
		{"earlier statuses", `"status":"finished",` + class + `,` + subject + `,` + ended + `,"statusHistory":[{"status":"arrived","period":{"start":"2024-01-01"}}]`, "Encounter.statusHistory"},
	} {
		resource := `{"resourceType":"Encounter",` + c.resource + `}`
		in := composeInput(tmpl, resource)
		in.Time = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
		out, err := lib.Compose(in)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want == "":
			if diff := cmp.Diff(resource, shown(t, lib, out)); diff != "" {
				t.Errorf("%s: sent (-) and shown (+):\n%s", c.name, diff)
			}
		case !errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), c.want):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestComposeNamedCodes takes the names that code systems give the codes of statuses
// and kinds, and no other names.
func TestComposeNamedCodes(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	const subject = `"subject":{"reference":"Patient/` + testEHR + `"}`
	stay := func(class, ward string) string {
		return `{"resourceType":"Encounter","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP","display":"` + class + `"},` + subject +
			`,"period":{"start":"2024-01-01","end":"2024-01-05"},"location":[{"location":{"display":"7b"},"physicalType":{"coding":[{` +
			`"system":"http://terminology.hl7.org/CodeSystem/location-physical-type","code":"wa","display":"` + ward + `"}]}}]}`
	}
	goal := func(code, display, text string) string {
		return `{"resourceType":"Goal","lifecycleStatus":"active","achievementStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/goal-achievement","code":"` + code +
			`","display":"` + display + `"}],"text":"` + text + `"},"description":{"text":"x"},` + subject + `}`
	}
	for _, c := range []struct{ template, resource, want string }{
		{"Hospital stay", stay("inpatient encounter", "Ward"), ""},
		{"Hospital stay", stay("Inpatient Encounter", "ward"), ""},
		{"Hospital stay", stay("home health", "Ward"), "Encounter.class.display"},
		{"Hospital stay", stay("inpatient encounter", "Bed"), "Encounter.location[0].physicalType.coding[0].display"},
		{"Goals", goal("in-progress", "In Progress", "In progress"), ""},
		{"Goals", goal("not-attainable", "Not Attainable", "Not Attainable"), ""},
		{"Goals", goal("no-progress", "Sustaining", "No progress"), "Goal.achievementStatus.coding[0].display"},
		{"Goals", goal("worsening", "Worsening", "better"), "Goal.achievementStatus.text"},
	} {
		in := composeInput(libraryTemplate(t, c.template), c.resource)
		in.Time = time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
		_, err := lib.Compose(in)
		if c.want == "" && err != nil || c.want != "" && (!errs.Is(err, errs.Unprocessable) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %s", c.resource, err, c.want)
		}
	}
}
