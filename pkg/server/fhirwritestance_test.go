package server

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	allergyStatus = `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},` +
		`"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"confirmed"}]},`
	conditionStatus = `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},` +
		`"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"confirmed"}]},` +
		`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-category","code":"problem-list-item"}]}],`
	recorder = `"recorder":{"identifier":{"system":"https://clinic.example/staff","value":"d-4"},"display":"Dr. D"}`
	absent   = `"system":"http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips","code":`
	snomed   = `"system":"http://snomed.info/sct","code":`
)

// stanceCase is a resource of a type that can deny: PATIENT stands for the
// patient, and added for what comes back with it.
type stanceCase struct {
	name, mapping, body string
	// archetype is that of the entry that it becomes.
	archetype string
	// becomes replaces parts of the resource that is read.
	becomes []string
}

var stances = []stanceCase{
	{
		"an allergy", "EVALUATION.adverse_reaction_risk.v2", `{"resourceType":"AllergyIntolerance","identifier":[{"system":"https://clinic.example/allergies","value":"a-1"}],` + allergyStatus +
			`"category":["medication"],"criticality":"high","code":{"coding":[{` + snomed + `"91936005","display":"Allergy to penicillin"}],"text":"Penicillin allergy"},` +
			`"patient":{"reference":"Patient/PATIENT"},"onsetDateTime":"2011","recordedDate":"2024-03-05T10:15:00+01:00",` + recorder + `,"note":[{"text":"As told by the patient"}],` +
			`"reaction":[{"manifestation":[{"coding":[{` + snomed + `"247472004","display":"Weal"}],"text":"Hives"}],"severity":"moderate"}]}`,
		"openEHR-EHR-EVALUATION.adverse_reaction_risk.v2", nil,
	},
	{
		"no known allergy", "EVALUATION.exclusion_global.v1", `{"resourceType":"AllergyIntolerance",` + allergyStatus +
			`"code":{"coding":[{` + absent + `"no-known-allergies"}],"text":"No known allergies"},"patient":{"reference":"Patient/PATIENT"},` + recorder + `}`,
		"openEHR-EHR-EVALUATION.exclusion_global.v1",
		[]string{`{"coding":[{"system":"http://hl7.org/fhir`, `{"coding":[{` + snomed + `"716186003"},{"system":"http://hl7.org/fhir`},
	},
	{
		"a problem", "EVALUATION.problem_diagnosis.v1", `{"resourceType":"Condition",` + conditionStatus +
			`"code":{"coding":[{` + snomed + `"44054006","display":"Type 2 diabetes mellitus"}],"text":"Type 2 diabetes"},"subject":{"reference":"Patient/PATIENT"},"onsetDateTime":"2015-04",` + recorder + `,"note":[{"text":"On diet"}]}`,
		"openEHR-EHR-EVALUATION.problem_diagnosis.v1", nil,
	},
	{
		"no known problems", "EVALUATION.exclusion_global.v1.Condition", `{"resourceType":"Condition",` + conditionStatus[:strings.Index(conditionStatus, `"category"`)] +
			`"code":{"coding":[{` + snomed + `"160245001"},{` + absent + `"no-known-problems"}],"text":"No known problems"},"subject":{"reference":"Patient/PATIENT"},` + recorder + `}`,
		"openEHR-EHR-EVALUATION.exclusion_global.v1", nil,
	},
	{
		"a medication", "INSTRUCTION.medication_order.v3.MedicationStatement", `{"resourceType":"MedicationStatement","status":"unknown",` +
			`"medicationCodeableConcept":{"coding":[{` + snomed + `"372567009","display":"Metformin"}],"text":"metformin"},"subject":{"reference":"Patient/PATIENT"},` +
			`"effectivePeriod":{"start":"2020-01-01"},"dateAsserted":"2024-03-05","dosage":[{"text":"500 mg twice a day"}]}`,
		"openEHR-EHR-INSTRUCTION.medication_order.v3", nil,
	},
	{
		"no known medication", "EVALUATION.exclusion_global.v1.MedicationStatement", `{"resourceType":"MedicationStatement","status":"unknown",` +
			`"medicationCodeableConcept":{"coding":[{` + absent + `"no-known-medications"}],"text":"No known medications"},"subject":{"reference":"Patient/PATIENT"},"dateAsserted":"2024-03-05"}`,
		"openEHR-EHR-EVALUATION.exclusion_global.v1", nil,
	},
	{
		"a procedure", "ACTION.procedure.v1", `{"resourceType":"Procedure","status":"completed",` +
			`"code":{"coding":[{` + snomed + `"80146002","display":"Appendectomy"}],"text":"Appendicectomy"},"subject":{"reference":"Patient/PATIENT"},` +
			`"performedPeriod":{"start":"2024-03-05T09:00:00+01:00","end":"2024-03-05T10:05:00+01:00"},"performer":[{"actor":{"display":"Dr. S"}}],"reasonCode":[{"text":"Appendicitis"}],"note":[{"text":"Uneventful"}]}`,
		"openEHR-EHR-ACTION.procedure.v1", nil,
	},
	{
		"an immunisation", "ACTION.medication.v1", `{"resourceType":"Immunization","status":"completed",` +
			`"vaccineCode":{"coding":[{"system":"http://hl7.org/fhir/sid/cvx","code":"140","display":"Influenza, seasonal, injectable"}],"text":"Influenza"},` +
			`"patient":{"reference":"Patient/PATIENT"},"occurrenceDateTime":"2024-10-01","lotNumber":"L-77"}`,
		"openEHR-EHR-ACTION.medication.v1", nil,
	},
	{
		"an order", "INSTRUCTION.medication_order.v3", `{"resourceType":"MedicationRequest","identifier":[{"system":"https://clinic.example/orders","value":"rx-1"}],"status":"unknown","intent":"order",` +
			`"medicationCodeableConcept":{"coding":[{` + snomed + `"387517004","display":"Paracetamol"}],"text":"paracetamol"},"subject":{"reference":"Patient/PATIENT"},` +
			`"authoredOn":"2024-03-05T10:15:00+01:00","requester":{"display":"Dr. D"},"recorder":{"display":"Nurse B"},` +
			`"dosageInstruction":[{"timing":{"repeat":{"frequency":1,"period":6,"periodUnit":"h"}},"asNeededBoolean":true,"route":{"text":"by mouth"},` +
			`"doseAndRate":[{"doseQuantity":{"value":500,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}]}]}`,
		"openEHR-EHR-INSTRUCTION.medication_order.v3", nil,
	},
}

// TestFHIRWriteStances writes what names and what denies, and finds each in an
// entry of the archetype that says the same, and read as it was sent.
func TestFHIRWriteStances(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 21, 1, func(o *Options) { o.FHIRWriteTrust = []string{"http://hl7.org/fhir/sid/cvx"} })
	id := ids[0]
	for _, c := range stances {
		body := strings.ReplaceAll(c.body, "PATIENT", id)
		typ, _, _ := strings.Cut(strings.TrimPrefix(body, `{"resourceType":"`), `"`)
		verdict := p.send("POST", typ+"/$validate?mode=create", body)
		if !strings.Contains(verdict.String(), "by the mapping "+c.mapping+" ") {
			t.Errorf("%s: $validate: %s", c.name, verdict)
		}
		r := p.send("POST", typ, body)
		if r.status != 201 {
			t.Errorf("%s: %s", c.name, r)
			continue
		}
		want := body
		if c.becomes != nil {
			want = strings.Replace(body, c.becomes[0], c.becomes[1], 1)
		}
		read := p.send("GET", r.header.Get("Location"), "")
		got := bare(t, read.body, id)
		if !strings.Contains(body, "recordedDate") { // when it came
			got.Remove("recordedDate")
		}
		if diff := cmp.Diff(want, string(got.Append(nil))); diff != "" {
			t.Errorf("%s: sent (-) and read (+):\n%s", c.name, diff)
		}
		uid := strings.TrimPrefix(read.body.Str("meta", "source"), "ehr:")
		root := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+id+"/composition/"+uid, nil))
		if n := strings.Count(root, `"archetype_id":{"_type":"ARCHETYPE_ID","value":"`+c.archetype+`"}`); n != 1 {
			t.Errorf("%s: %d entries of %s in %s", c.name, n, c.archetype, root)
		}
		if strings.Contains(root, "exclusion_") != strings.Contains(c.archetype, "exclusion_") {
			t.Errorf("%s: in an entry that says the reverse: %s", c.name, root)
		}
	}
}

// TestFHIRWriteStancesRefused tries to have a denial stored as a finding, a finding
// as a denial, or either with a status that a composition would not show.
func TestFHIRWriteStancesRefused(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 22, 1, func(o *Options) { o.FHIRWriteTrust = []string{"http://hl7.org/fhir/sid/icd-10|E11"} })
	id := ids[0]
	before := p.count(id)
	of := func(i int, change ...string) string {
		body := stances[i].body
		for k := 0; k < len(change); k += 2 {
			if !strings.Contains(body, change[k]) {
				t.Fatalf("%s is not in %s", change[k], body)
			}
			body = strings.Replace(body, change[k], change[k+1], 1)
		}
		return strings.ReplaceAll(body, "PATIENT", id)
	}
	const allergy, noAllergy, problem, medication, noMedication, procedure, immunisation, order = 0, 1, 2, 4, 5, 6, 7, 8
	for _, c := range []struct {
		name, body, at, text string
		header               []string
	}{
		{"a code that no table has", of(allergy, "91936005", "300916999"), "AllergyIntolerance.code.coding[0]", "does not know the code", nil},
		{"an order of nothing", of(order, `{`+snomed+`"387517004"`, `{`+absent+`"no-known-medications"`), "MedicationRequest.medicationCodeableConcept.coding[0]", "denies, and not exactly", nil},
		{"an order in words", of(order, `"coding":[{`+snomed+`"387517004","display":"Paracetamol"}],`, ""), "MedicationRequest.medicationCodeableConcept", "there is no code", nil},
		{"an order that is not yet one", of(order, `"unknown"`, `"draft"`), "MedicationRequest.status", "would change", nil},
		{"a proposal", of(order, `"intent":"order"`, `"intent":"proposal"`), "MedicationRequest.intent", "would change", nil},
		{"an order not to give something", of(order, `"intent"`, `"doNotPerform":true,"intent"`), "MedicationRequest.doNotPerform", "would be lost", nil},
		{"an order of an unknown time", of(order, `"authoredOn":"2024-03-05T10:15:00+01:00",`, ""), "MedicationRequest.authoredOn", "would add it", nil},
		{"a dose without a unit", of(order, `"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"`, `"unit":"mg"`), "MedicationRequest.dosageInstruction[0].doseAndRate", "would be lost", nil},
		{"a dose of another unit than it says", of(order, `"unit":"mg"`, `"unit":"g"`), "MedicationRequest.dosageInstruction[0].doseAndRate[0].doseQuantity.unit", "another amount", nil},
		{"a dose beside words", of(order, `"timing"`, `"text":"as needed","timing"`), "MedicationRequest.dosageInstruction[0].doseAndRate", "would be lost", nil},
		{"as needed, or rather not", of(order, `"asNeededBoolean":true`, `"asNeededBoolean":false`), "MedicationRequest.dosageInstruction[0].asNeededBoolean", "must be true", nil},
		{"every other day", of(order, `"period":6,"periodUnit":"h"`, `"period":2,"periodUnit":"d"`), "MedicationRequest.dosageInstruction[0].timing.repeat", "does not take", nil},
		{"at most", of(order, `"asNeededBoolean"`, `"maxDosePerAdministration":{"value":1,"unit":"g","system":"http://unitsofmeasure.org","code":"g"},"asNeededBoolean"`), "MedicationRequest.dosageInstruction[0].maxDosePerAdministration", "would be lost", nil},
		{"a denial of drug allergies", of(allergy, "91936005", "409137002"), "AllergyIntolerance.code.coding[0]", "denies, and not exactly", nil},
		{"an allergy called none", of(allergy, `"text":"Penicillin allergy"`, `"text":"NKDA"`), "AllergyIntolerance.code.text", "not a name of the code", nil},
		{"a denial called penicillin", of(noAllergy, `"text":"No known allergies"`, `"text":"Penicillin"`), "AllergyIntolerance.code.text", "not a name of the code", nil},
		{"a denial with a reaction", of(noAllergy, `"recorder"`, `"reaction":[{"manifestation":[{"text":"Hives"}]}],"recorder"`), "AllergyIntolerance.reaction", "would be lost", nil},
		{"a denial that is refuted", of(noAllergy, `"confirmed"`, `"refuted"`), "AllergyIntolerance.verificationStatus", "refuted", nil},
		{"a denial that is not confirmed", of(noAllergy, `"confirmed"`, `"unconfirmed"`), "AllergyIntolerance.verificationStatus.coding[0].code", "would change", nil},
		{"a denial that is inactive", of(noAllergy, `"active"`, `"inactive"`), "AllergyIntolerance.clinicalStatus.coding[0].code", "would change", nil},
		{"no information", of(noAllergy, `"no-known-allergies"`, `"no-allergy-info"`), "AllergyIntolerance.code.coding[0]", "nothing is known", nil},
		{"a denial of another kind", of(noAllergy, `"no-known-allergies"`, `"no-known-medications"`), "AllergyIntolerance.code.coding[0]", "denies, and not exactly", nil},
		{"entered in error", of(allergy, allergyStatus[:strings.Index(allergyStatus, `"verif`)], "", `"confirmed"`, `"entered-in-error"`), "AllergyIntolerance.verificationStatus", "entered-in-error", nil},
		{"a type", of(allergy, `"category"`, `"type":"allergy","category"`), "AllergyIntolerance.type", "would be lost", nil},
		{"a category that openEHR does not have", of(allergy, `["medication"]`, `["environment"]`), "AllergyIntolerance.category", "would be lost", nil},
		{"refuted", of(problem, `"confirmed"`, `"refuted"`), "Condition.verificationStatus", "refuted", nil},
		{"differential", of(problem, `"confirmed"`, `"differential"`), "Condition.verificationStatus", "would be lost", nil},
		{"evidence", of(problem, `"onsetDateTime"`, `"evidence":[{"code":[{"text":"x"}]}],"onsetDateTime"`), "Condition.evidence", "would be lost", nil},
		{"an encounter", of(problem, `"onsetDateTime"`, `"encounter":{"reference":"Encounter/1"},"onsetDateTime"`), "Condition.encounter.reference", "no such Encounter here", nil},
		{"a trusted code with words that deny", of(problem, snomed+`"44054006","display":"Type 2 diabetes mellitus"`, `"system":"http://hl7.org/fhir/sid/icd-10","code":"E11"`, `"text":"Type 2 diabetes"`, `"text":"kein Diabetes"`), "Condition.code.text", "not so", nil},
		{"an extension of the code", of(problem, `"text":"Type 2 diabetes"`, `"text":"Type 2 diabetes","extension":[{"url":"http://x","valueString":"absent"}]`), "Condition.code.extension", "would be lost", nil},
		{"an extension of a coding", of(problem, `"44054006"`, `"44054006","extension":[{"url":"http://x","valueString":"absent"}]`), "Condition.code.coding[0].extension", "would be lost", nil},
		{"not taken", of(medication, `"unknown"`, `"not-taken"`), "MedicationStatement.status", "would change", nil},
		{"intended", of(medication, `"unknown"`, `"intended"`), "MedicationStatement.status", "would change", nil},
		{"a denial that is active", of(noMedication, `"unknown"`, `"active"`), "MedicationStatement.status", "would change", nil},
		{"a reference to a medication", strings.Replace(of(medication), of(medication)[strings.Index(of(medication), `"medicationCodeableConcept"`):strings.Index(of(medication), `"subject"`)], `"medicationReference":{"display":"none"},`, 1), "MedicationStatement.medicationCodeableConcept", "there is no code", nil},
		{"asNeeded", of(medication, `"500 mg twice a day"`, `"500 mg twice a day","asNeededBoolean":true`), "MedicationStatement.dosage[0].asNeededBoolean", "would be lost", nil},
		{"not done at no time", of(procedure, `"completed"`, `"not-done"`, `"performedPeriod":{"start":"2024-03-05T09:00:00+01:00","end":"2024-03-05T10:05:00+01:00"},`, ""), "Procedure.performed[x]", "nothing certain", []string{"openehr-template-id", "Cairn - Procedure report.v1"}},
		{"in progress", of(procedure, `"completed"`, `"in-progress"`), "Procedure.status", "nothing certain", []string{"openehr-template-id", "Cairn - Procedure report.v1"}},
		{"a status that is not known", of(procedure, `"completed"`, `"unknown"`), "Procedure.status", "nothing certain", []string{"openehr-template-id", "Cairn - Procedure report.v1"}},
		{"a procedure without a time", of(procedure, `"performedPeriod":{"start":"2024-03-05T09:00:00+01:00","end":"2024-03-05T10:05:00+01:00"},`, ""), "Procedure.performed[x]", "nothing certain", []string{"openehr-template-id", "Cairn - Procedure report.v1"}},
		{"no vaccine given", of(immunisation, `"140"`, `"998"`), "Immunization.vaccineCode.coding[0]", "denies, and not exactly", nil},
		{"not given", of(immunisation, `"completed"`, `"not-done"`), "Immunization.vaccineCode.coding[0]", "whether", nil},
		{"from the patient's memory", of(immunisation, `"lotNumber"`, `"primarySource":false,"lotNumber"`), "Immunization.vaccineCode.coding[0]", "", nil},
	} {
		typ, _, _ := strings.Cut(strings.TrimPrefix(c.body, `{"resourceType":"`), `"`)
		for _, path := range []string{typ, typ + "/$validate?mode=create"} {
			r := p.send("POST", path, c.body, c.header...)
			found := false
			for _, i := range r.body.List("issue") {
				found = found || i.Str("severity") == "error" && len(i.List("expression")) == 1 && i.List("expression")[0].Text == c.at && strings.Contains(i.Str("details", "text"), c.text)
			}
			if r.status == 201 || !found {
				t.Errorf("%s: %s", c.name, r)
			}
		}
	}
	if n := p.count(id) - before; n > 0 {
		t.Errorf("%d compositions were made", n)
	}
	if _, err := Start(t.Context(), func() Options {
		o := testOptions(t)
		o.FHIRWrite, o.FHIRWriteTerritory, o.FHIRWriteTrust = true, "NL", []string{"E11"}
		return o
	}()); err == nil || !strings.Contains(err.Error(), "SYSTEM|CODE") {
		t.Errorf("codes without a system: %v", err)
	}
}
