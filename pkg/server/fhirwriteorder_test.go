package server

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFHIRWriteOrderStatus creates orders in each status that a state of openEHR
// says, finds the ACTION that says it, and goes on with one as the record does.
func TestFHIRWriteOrderStatus(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRWrite, o.FHIRWriteTerritory = true, "NL"
	p := newPrescriber(t, o)
	order := func(status string) string {
		return `{"resourceType":"MedicationRequest","status":"` + status + `","intent":"order","medicationCodeableConcept":{"coding":[{` + snomed +
			`"372567009","display":"Metformin"}],"text":"metformin"},"subject":{"reference":"Patient/` + p.ehr + `"},"authoredOn":"2024-03-05T10:15:00+01:00",` +
			`"recorder":{"display":"Nurse B"},"dosageInstruction":[{"text":"500 mg twice a day"}]}`
	}
	for _, c := range []struct{ status, state string }{
		{"active", "245"}, {"on-hold", "530"}, {"cancelled", "528"}, {"stopped", "531"}, {"completed", "532"}, {"unknown", ""},
	} {
		p.ehr = p.newEHR()
		if verdict := p.send("POST", "MedicationRequest/$validate?mode=create", order(c.status)); !strings.Contains(verdict.String(), "by the mapping INSTRUCTION.medication_order.v3 ") {
			t.Errorf("%s: $validate: %s", c.status, verdict)
		}
		r := p.send("POST", "MedicationRequest", order(c.status), "Prefer", "return=representation")
		if r.status != 201 || r.body.Str("status") != c.status {
			t.Errorf("%s: %s", c.status, r)
			continue
		}
		read := p.is(c.status, c.status, "1")
		if diff := cmp.Diff(order(c.status), string(bare(t, read, p.ehr).Append(nil))); diff != "" {
			t.Errorf("%s: sent (-) and read (+):\n%s", c.status, diff)
		}
		uid := strings.TrimPrefix(read.Str("meta", "source"), "ehr:")
		object, _, _ := strings.Cut(uid, "::")
		root := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+p.ehr+"/composition/"+uid, nil))
		says := strings.Contains(root, `"_type":"ACTION"`)
		if says != (c.state != "") || says && (!strings.Contains(root, `"code_string":"`+c.state+`"`) || !strings.Contains(root, `"value":"`+object+`"`) ||
			!strings.Contains(root, `"magnitude_status":"<"`) || strings.Contains(root, `"careflow_step"`)) {
			t.Errorf("%s: %s", c.status, root)
		}
		if found := len(p.all("Procedure?patient="+p.ehr, "match")) + len(p.all("Immunization?patient="+p.ehr, "match")); found != 0 {
			t.Errorf("%s: the ACTION is shown as %d resources of its own", c.status, found)
		}
	}
	for status, why := range map[string]string{"draft": "would change", "entered-in-error": "entered-in-error"} {
		r := p.send("POST", "MedicationRequest", order(status))
		if r.status != 422 || !strings.Contains(r.String(), `["MedicationRequest.status"]`) || !strings.Contains(r.String(), why) {
			t.Errorf("%s: %s", status, r)
		}
	}

	// Two orders in one transaction each have their own status, and what is recorded
	// later about one of them goes on from there.
	p.ehr = p.newEHR()
	entry := func(body string) string {
		return `{"resource":` + body + `,"request":{"method":"POST","url":"MedicationRequest"}}`
	}
	other := strings.Replace(strings.Replace(order("on-hold"), "372567009", "386872004", 1), `"display":"Metformin"}],"text":"metformin"`, `"display":"Ramipril"}],"text":"ramipril"`, 1)
	if r := p.send("POST", "", bundleOf("transaction", entry(order("active")), entry(other))); r.status != 200 {
		t.Fatal(r)
	}
	if n, m := len(p.all("MedicationRequest?patient="+p.ehr+"&status=active", "match")), len(p.all("MedicationRequest?patient="+p.ehr+"&status=on-hold", "match")); n != 1 || m != 1 {
		t.Fatalf("%d are active, %d on hold", n, m)
	}
	active := p.all("MedicationRequest?patient="+p.ehr+"&status=active", "match")[0]
	p.commit(p.said(strings.TrimPrefix(active.Str("meta", "source"), "ehr:"), "2100-01-01T00:00:00Z", "531"), "")
	if again := p.get("MedicationRequest/" + active.Str("id")); again.Str("status") != "stopped" || again.Str("meta", "versionId") != "1.1" {
		t.Errorf("after it was stopped: %s", again.Append(nil))
	}
	if m := len(p.all("MedicationRequest?patient="+p.ehr+"&status=on-hold", "match")); m != 1 {
		t.Errorf("%d are on hold after another one was stopped", m)
	}
	// What is said to have been before it was told is contradicted, not overruled.
	p.ehr = p.newEHR()
	p.send("POST", "MedicationRequest", order("active"))
	p.commit(p.said(strings.TrimPrefix(p.orders()[0].Str("meta", "source"), "ehr:"), "2024-03-06T10:00:00Z", "532"), "")
	p.is("completed before it was told to be active", "unknown", "1.1")
}

// TestFHIRWriteStatementStatus creates statements of what is taken in each status that
// is a state of openEHR, reads them back and finds the ACTION that says it.
func TestFHIRWriteStatementStatus(t *testing.T) {
	t.Parallel()
	o := testOptions(t)
	o.FHIRWrite, o.FHIRWriteTerritory = true, "NL"
	p := newPrescriber(t, o)
	statement := func(status string) string {
		return `{"resourceType":"MedicationStatement","status":"` + status + `","medicationCodeableConcept":{"coding":[{` + snomed +
			`"372567009","display":"Metformin"}],"text":"metformin"},"subject":{"reference":"Patient/` + p.ehr + `"},"effectivePeriod":{"start":"2023-11"},` +
			`"dateAsserted":"2024-03-05T10:15:00+01:00","dosage":[{"text":"500 mg twice a day"}]}`
	}
	for _, c := range []struct{ status, state string }{{"active", "245"}, {"on-hold", "530"}, {"stopped", "531"}, {"completed", "532"}, {"unknown", ""}} {
		p.ehr = p.newEHR()
		r := p.send("POST", "MedicationStatement", statement(c.status), "Prefer", "return=representation")
		if r.status != 201 {
			t.Errorf("%s: %s", c.status, r)
			continue
		}
		read := p.get("MedicationStatement/" + r.body.Str("id"))
		if diff := cmp.Diff(statement(c.status), string(bare(t, read, p.ehr).Append(nil))); diff != "" {
			t.Errorf("%s: sent (-) and read (+):\n%s", c.status, diff)
		}
		uid := strings.TrimPrefix(read.Str("meta", "source"), "ehr:")
		root := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+p.ehr+"/composition/"+uid, nil))
		if says := strings.Contains(root, `"_type":"ACTION"`); says != (c.state != "") || says && !strings.Contains(root, `"code_string":"`+c.state+`"`) {
			t.Errorf("%s: %s", c.status, root)
		}
		if n := len(p.all("MedicationStatement?patient="+p.ehr+"&status="+c.status, "match")); n != 1 {
			t.Errorf("%s: %d are found by their status", c.status, n)
		}
		if found := len(p.all("MedicationRequest?patient="+p.ehr, "match")) + len(p.all("Immunization?patient="+p.ehr, "match")); found != 0 {
			t.Errorf("%s: shown as %d resources of other types", c.status, found)
		}
	}
	for _, status := range []string{"intended", "not-taken", "entered-in-error"} {
		if r := p.send("POST", "MedicationStatement", statement(status)); r.status != 422 || !strings.Contains(r.String(), `["MedicationStatement.status"]`) {
			t.Errorf("%s: %s", status, r)
		}
	}
}
