package fhirmap_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/templates"
)

// TestComposeNotTaken holds what docs/conformance/fhir.md says of elements and types
// that are not taken: each refusal names the element, or what else would be shown.
func TestComposeNotTaken(t *testing.T) {
	t.Parallel()
	lib, err := fhirmap.LoadShipped()
	if err != nil {
		t.Fatal(err)
	}
	const (
		subject = `"subject":{"reference":"Patient/` + testEHR + `"}`
		problem = `{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},` +
			`"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},` +
			`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}]}],` +
			`"code":{"coding":[{"system":"http://snomed.info/sct","code":"44054006"}],"text":"Type 2 diabetes"},` + subject + `,`
		goal = `{"resourceType":"Goal","description":{"text":"Walk half an hour a day"},` + subject + `,`
		stay = `{"resourceType":"Encounter","status":"finished",` + subject + `,"period":{"start":"2024-01-01T10:00:00Z","end":"2024-01-05T11:00:00Z"},`
		act  = `"class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":`
	)
	for _, c := range []struct{ name, template, resource, want string }{
		{"a severity and a site", "Problem list", problem + `"severity":{"text":"Severe"},"bodySite":[{"text":"Left foot"}],"onsetDateTime":"2015"}`, ""},
		{"an age at onset", "Problem list", problem + `"onsetAge":{"value":42,"unit":"a","system":"http://unitsofmeasure.org","code":"a"}}`, "Condition.onsetAge: the element would be lost"},
		{"an onset in words", "Problem list", problem + `"onsetString":"as a child"}`, "Condition.onsetString: the element would be lost"},
		{"a stage", "Problem list", problem + `"stage":[{"summary":{"text":"II"}}]}`, "Condition.stage: the element would be lost"},
		{"evidence", "Problem list", problem + `"evidence":[{"code":[{"text":"Thirst"}]}]}`, "Condition.evidence: the element would be lost"},
		{"a note with its time", "Problem list", problem + `"note":[{"time":"2024-01-01T10:00:00Z","text":"On diet"}]}`, "Condition.note[0].time: the element would be lost"},
		{"an encounter that is not here", "Problem list", problem + `"encounter":{"reference":"Encounter/1"}}`, "Condition.encounter: the element would be lost"},
		{"an encounter in words", "Problem list", problem + `"encounter":{"display":"Visit"}}`, "Condition.encounter: the element would be lost"},
		{"a goal by itself", "Care plan", goal + `"lifecycleStatus":"completed","statusDate":"2024-03-01"}`, "shown as CarePlan too"},
		{"an active goal", "Care plan", goal + `"lifecycleStatus":"active"}`, "shown as CarePlan too"},
		{"a goal in a discharge summary", "Discharge summary", goal + `"lifecycleStatus":"completed","statusDate":"2024-03-01"}`, "not valid"},
		{"a care plan", "Care plan", `{"resourceType":"CarePlan","status":"unknown","intent":"plan",` + subject + `}`, "no mapping of the template makes CarePlan"},
		{"a contact", "Encounter note", stay + act + `"AMB"}}`, "no mapping of the template makes Encounter"},
		{"an admission", "Discharge summary", stay + act + `"IMP"}}`, "not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile("../templates/library/Cairn - " + c.template + ".v1.opt")
			if err != nil {
				t.Fatal(err)
			}
			tmpl, err := templates.ReadOPT(data, templates.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			in := composeInput(tmpl, c.resource)
			in.Stance, in.Time = fhirmap.Names, time.Date(2024, 3, 5, 12, 0, 0, 0, time.UTC)
			_, err = lib.Compose(in)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
