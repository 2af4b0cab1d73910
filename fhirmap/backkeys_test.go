package fhirmap_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cairn-ehr/cairn/fhirmap"
	"github.com/cairn-ehr/cairn/fhirmap/casetest"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

// TestComposeKeys is about the keys that say what to do on the way back.
func TestComposeKeys(t *testing.T) {
	t.Parallel()
	const (
		resource = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/` + casetest.EHR + `"},` +
			`"effectiveDateTime":"2024-03-05T10:15:30Z",`
		presence = `openehr: "$archetype/data[at0002]/events/data[at0001]/items[at1005]"`
		toFHIR   = `      openehrCondition: {targetRoot: "$openehrRoot", targetAttribute: "value/defining_code/code_string", operator: "one of", criteria: "at1024"}
        fhir: [{path: "text", value: "felt"}]
`
	)
	tests := []struct {
		name, header, method, resource string
		// path from the entry and what stands there, or the beginning of the error
		path, want string
	}{
		{
			"constants of an entry", "", "  - name: presence\n    with: {fhir: \"$resource.interpretation\", " + presence + "}\n    manual:\n      - name: present\n  " + toFHIR +
				"        openehr:\n          - {path: \"value/defining_code/terminology_id\", value: local}\n          - {path: \"value/defining_code/code_string\", value: at1024}\n",
			`"interpretation":[{"text":"felt"}]`, "/data/events/data/items[at1005]/value/value", "Present",
		},
		{
			"constants by a condition", "", "  - name: presence\n    with: {fhir: \"$resource.interpretation\", " + presence + "}\n    manual:\n      - name: present\n  " + toFHIR +
				"        fhirCondition: {targetRoot: \"$fhirRoot\", targetAttribute: text, operator: \"one of\", criteria: felt}\n" +
				"        openehr:\n          - {path: \"value/value\", value: Present}\n          - {path: \"value/defining_code/terminology_id/value\", value: local}\n          - {path: \"value/defining_code/code_string\", value: at1024}\n",
			`"interpretation":[{"text":"felt"}]`, "/data/events/data/items[at1005]/value/defining_code/code_string", "at1024",
		},
		{
			"a condition that does not hold", "", "  - name: presence\n    with: {fhir: \"$resource.interpretation\", " + presence + "}\n    manual:\n      - name: present\n  " + toFHIR +
				"        fhirCondition: {targetRoot: \"$resource.status\", operator: \"not of\", criteria: final}\n" +
				"        openehr:\n          - {path: \"value/defining_code/code_string\", value: at1024}\n",
			`"interpretation":[{"text":"felt"}],"valueCodeableConcept":{"coding":[{"system":"` + pulseSystem + `","code":"at0006"}],"text":"Regular"}`, "", "interpretation: the element would be lost",
		},
		{
			"where nothing is", "", "  - name: presence\n    unidirectional: \"fhir->openehr\"\n    with: {fhir: \"$resource.bodySite\", " + presence + "}\n" +
				"    fhirCondition: {targetRoot: \"$resource.bodySite\", operator: empty}\n    manual:\n      - name: unknown\n        openehr:\n" +
				"          - {path: \"null_flavour/value\", value: unknown}\n          - {path: \"null_flavour/defining_code/terminology_id\", value: openehr}\n          - {path: \"null_flavour/defining_code/code_string\", value: \"253\"}\n",
			`"valueCodeableConcept":{"coding":[{"system":"` + pulseSystem + `","code":"at0006"}],"text":"Regular"}`, "/data/events/data/items[at1005]/null_flavour/defining_code/code_string", "253",
		},
		{
			"members of a list", "", "  - name: felt\n    with: {fhir: \"$resource.interpretation\", openehr: \"$archetype/data[at0002]/events/data[at0001]/items[at1022]\"}\n" +
				"    fhirCondition: {targetRoot: \"$resource.interpretation\", targetAttribute: \"text\", operator: \"one of\", criteria: [a, b]}\n" +
				"  - name: said\n    with: {fhir: \"$resource.interpretation\", openehr: \"$archetype/data[at0002]/events/data[at0001]/items[at1023]\"}\n" +
				"    fhirCondition: {targetRoot: \"$resource.interpretation\", targetAttribute: \"text\", operator: \"not of\", criteria: [a, b]}\n",
			`"interpretation":[{"text":"b"},{"text":"c"}]`, "/data/events/data/items[at1023]/value/value", "c",
		},
		{
			"by type", "", "  - name: number\n    with: {fhir: \"$resource.value\", openehr: \"$archetype/data[at0002]/events/data[at0001]/items[at0004]\"}\n" +
				"    fhirCondition: {targetRoot: \"$resource.value\", operator: type, criteria: Quantity}\n",
			`"valueQuantity":{"value":70,"unit":"/min","system":"http://unitsofmeasure.org","code":"/min"}`, "/data/events/data/items[at0004]/value/magnitude", "70",
		},
		{"the file applies", "  fhirCondition: {targetRoot: \"$resource.status\", operator: \"one of\", criteria: final}\n", "", `"valueCodeableConcept":{"coding":[{"system":"` + pulseSystem + `","code":"at0006"}],"text":"Regular"}`, "/data/events/data/items[at0005]/value/value", "Regular"},
		{"the file does not apply", "  fhirCondition: {targetRoot: \"$resource\", targetAttribute: value, operator: \"empty\"}\n", "", `"valueCodeableConcept":{"coding":[{"system":"` + pulseSystem + `","code":"at0006"}],"text":"Regular"}`, "", "the fhirCondition of OBSERVATION.pulse.v2 excludes the resource"},
		{
			"not what goes out only", "", "  - name: note\n    unidirectional: \"openehr->fhir\"\n    with: {fhir: \"$resource.note.text\", openehr: \"$archetype/data[at0002]/events/data[at0001]/items[at1059]\"}\n",
			`"valueCodeableConcept":{"coding":[{"system":"` + pulseSystem + `","code":"at0006"}],"text":"Regular"},"note":[{"text":"x"}]`, "", "note: the element would be lost",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := pulseMapping("", "", "", "value.ofType(CodeableConcept)", tt.method)
			file.Data = []byte(strings.Replace(string(file.Data), "preprocessor:\n", "preprocessor:\n"+tt.header, 1))
			lib, err := fhirmap.Load(fstest.MapFS{"m.yml": file})
			if err != nil {
				t.Fatal(err)
			}
			c, err := lib.Compose(composeInput(vitalSigns(t), resource+tt.resource+"}"))
			if tt.path == "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, want %s", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			path, err := rm.ParsePath("/content" + tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if nodes := path.Resolve(c.Root); len(nodes) != 1 || nodes[0].Text != tt.want {
				t.Errorf("got %d nodes of %s in %s", len(nodes), tt.path, rm.AppendJSON(nil, c.Root))
			}
		})
	}
}
