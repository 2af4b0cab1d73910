package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/cairn-ehr/cairn/fhirmap/r4"
	"github.com/cairn-ehr/cairn/pkg/ehr"
	"github.com/cairn-ehr/cairn/pkg/rm"
)

const vitalSigns = "Cairn - Vital signs.v1"

// weight is an Observation of a patient; more are further elements, each with a
// comma before it.
func weight(patient, value string, more ...string) string {
	return `{"resourceType":"Observation","status":"final",` +
		`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}],` +
		`"code":{"coding":[{"system":"http://loinc.org","code":"29463-7"}],"text":"Body weight"},` +
		`"subject":{"reference":"Patient/` + patient + `"},"effectiveDateTime":"2024-03-05T10:15:30.50-03:30",` +
		`"valueQuantity":{"value":` + value + `,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}` + strings.Join(more, "") + `}`
}

const tagged = `,"meta":{"tag":[{"system":"http://openehr.org/templates","code":"` + vitalSigns + `"}]}`

// count is the number of compositions in a record.
func (p *partner) count(record string) int {
	p.t.Helper()
	r := rows(p.t, p.s, "SELECT COUNT(*) FROM EHR e CONTAINS COMPOSITION c WHERE e/ehr_id/value = $ehr", record)
	n, err := r[0][0].(json.Number).Int64()
	if err != nil {
		p.t.Fatal(err)
	}
	return int(n)
}

// TestFHIRWriteRefuses posts what must not be stored, and finds each refused for
// its reason, at its element, by the create and by $validate alike.
func TestFHIRWriteRefuses(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 6, 2)
	id := ids[0]
	stored, err := p.s.Service.Template(t.Context(), sandboxActor, vitalSigns, 0)
	if err != nil {
		t.Fatal(err)
	}
	another := bytes.ReplaceAll(stored.OPT, []byte("<template_id>\n    <value>"+vitalSigns), []byte("<template_id>\n    <value>Other vital signs"))
	if bytes.Equal(another, stored.OPT) {
		t.Fatalf("the template has no id: %.2000s", stored.OPT)
	}
	if _, err := p.s.Service.PutTemplate(t.Context(), sandboxActor, another); err != nil {
		t.Fatal(err)
	}
	before := p.count(id)
	good := weight(id, "72.5")
	replace := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s is not there", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	with := func(more string) string { return weight(id, "72.5", more) }
	other := func(typ, rest string) string { return `{"resourceType":"` + typ + `",` + rest + `}` }
	patient := `"patient":{"reference":"Patient/` + id + `"}`
	subject := `"subject":{"reference":"Patient/` + id + `"}`
	template := []string{"openehr-template-id", vitalSigns}
	for _, c := range []struct {
		name, body string
		header     []string
		// at is the expression and text a part of the reason.
		at, text string
	}{
		{"two templates could", good, nil, "Observation", "2 templates take the resource without loss: choose one with the header openehr-template-id or a meta.tag of the system http://openehr.org/templates: " + vitalSigns + "; Other vital signs"},
		{"a template that is not stored", good, []string{"openehr-template-id", "None"}, "Observation", "the template None is not stored"},
		{"a template without such an entry", good, []string{"openehr-template-id", "Cairn - Advance care directive.v1"}, "Observation", "has no entry that is mapped to Observation"},
		{"a template that cannot take it", good, []string{"openehr-template-id", "Cairn - Pregnancy.v1"}, "Observation", "no template takes"},
		{"tag and header differ", with(tagged), []string{"openehr-template-id", "Cairn - Encounter note.v1"}, "Observation.meta.tag", "different templates"},
		{"two tags", with(`,"meta":{"tag":[{"system":"http://openehr.org/templates","code":"a"},{"system":"http://openehr.org/templates","code":"b"}]}`), nil, "Observation.meta.tag[1]", "several templates"},
		{"another tag", with(`,"meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`), template, "Observation.meta.tag[0]", "would be lost"},
		{"a security label", with(`,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}`), template, "Observation.meta.security", "would be lost"},
		{"an extension of meta", with(`,"meta":{"extension":[{"url":"http://example.org/x","valueBoolean":true}]}`), template, "Observation.meta.extension", "would be lost"},
		{"a profile that is not ours", with(`,"meta":{"profile":["http://example.org/StructureDefinition/weight"]}`), template, "Observation.meta.profile[0]", "would not claim the profile"},
		{"a profile of another kind", with(`,"meta":{"profile":["http://hl7.org/fhir/StructureDefinition/bodyheight"]}`), template, "Observation.meta.profile[0]", "would not claim the profile"},
		{"a narrative of its own", with(`,"text":{"status":"additional","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">also dizzy</div>"}`), template, "Observation.text", "says more"},
		{"an element that is not mapped", with(`,"method":{"text":"scales"}`), template, "Observation.method", "would be lost"},
		{"the use of an identifier", with(`,"identifier":[{"use":"old","system":"urn:x","value":"1"}]`), template, "Observation.identifier[0].use", "would be lost"},
		{"an extension", with(`,"extension":[{"url":"http://example.org/x","valueBoolean":true}]`), template, "Observation.extension", "would be lost"},
		{"a modifier extension", with(`,"modifierExtension":[{"url":"http://example.org/x","valueBoolean":true}]`), template, "Observation.modifierExtension", "can alter the meaning"},
		{"contained", with(`,"contained":[{"resourceType":"Patient","id":"p","gender":"female"}],"performer":[{"reference":"#p"}]`), template, "Observation.contained", "can alter the meaning"},
		{"implicit rules", with(`,"implicitRules":"http://example.org/rules"`), template, "Observation.implicitRules", "can alter the meaning"},
		{"a language", with(`,"language":"en"`), template, "Observation.language", "would be lost"},
		{"an unknown element", with(`,"colour":"red"`), template, "Observation", "no element \"colour\""},
		{"a performer elsewhere", with(`,"performer":[{"reference":"Practitioner/1"}]`), template, "Observation.performer[0].reference", "there is no such Practitioner here"},
		{"a performer of another server", with(`,"performer":[{"reference":"https://elsewhere.example.org/Practitioner/1"}]`), template, "Observation.performer", "would be lost"},
		{"derived from what is not here", with(`,"derivedFrom":[{"reference":"Observation/1"}]`), template, "Observation.derivedFrom[0].reference", "there is no such Observation here"},
		{"derived from an identifier", with(`,"derivedFrom":[{"identifier":{"value":"1"}}]`), template, "Observation.derivedFrom", "would be lost"},
		{"an interpretation", with(`,"interpretation":[{"text":"high"}]`), template, "Observation.interpretation", "would be lost"},
		{"entered in error", replace("final", "entered-in-error"), template, "Observation.status", "entered-in-error"},
		{"preliminary", replace("final", "preliminary"), template, "Observation.status", "would change"},
		{"no unit code", replace(`,"code":"kg"`, ``), template, "", "would not be valid"},
		{"a unit that the template does not allow", strings.ReplaceAll(good, `"kg"`, `"mm[Hg]"`), template, "", `must be one of "kg", "g"`},
		{"no subject", replace(`"subject":{"reference":"Patient/`+id+`"},`, ``), template, "Observation.subject", "whom it is about"},
		{"an unknown patient", weight(uuid.NewString(), "72.5"), template, "Observation.subject", "no such Patient"},
		{"a patient whose id is no EHR's", weight("jo", "72.5"), template, "Observation.subject.reference", "no such Patient"},
		{"a patient elsewhere", replace(`"Patient/`, `"https://elsewhere.example.org/Patient/`), template, "Observation.subject.reference", "a Patient of this server"},
		{"a version of the patient", replace(`Patient/`+id, `Patient/`+id+`/_history/1`), template, "Observation.subject.reference", "no such Patient"},
		{"a group", replace(`Patient/`, `Group/`), template, "Observation.subject.reference", "a Patient of this server"},
		{"a conditional reference", replace(`Patient/`+id, `Patient?identifier=x`), template, "Observation.subject.reference", "a conditional reference is for a transaction"},
		{"an identifier of the patient", replace(`"reference":"Patient/`+id+`"`, `"identifier":{"value":"x"}`), template, "Observation.subject", "a literal reference"},
		{"a name of the patient", replace(`"reference":"Patient/`+id+`"`, `"reference":"Patient/`+id+`","display":"Jo"`), template, "Observation.subject.display", "would be lost"},
		{"an allergy in words", other("AllergyIntolerance", `"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}]},"code":{"text":"Penicillin"},`+patient), nil, "AllergyIntolerance.code", "there is no code"},
		{"a condition in words", other("Condition", `"code":{"text":"Asthma"},`+subject), nil, "Condition.code", "there is no code"},
		{"no medication in words", other("MedicationStatement", `"status":"unknown","medicationCodeableConcept":{"text":"none"},`+subject), nil, "MedicationStatement.medicationCodeableConcept", "there is no code"},
		{"a procedure without code", other("Procedure", `"status":"completed",`+subject), nil, "Procedure.code", "there is no code"},
		{"an immunisation in words", other("Immunization", `"status":"completed","vaccineCode":{"text":"x"},"occurrenceDateTime":"2024-01-01",`+patient), nil, "Immunization.vaccineCode", "there is no code"},
		{"a plan", other("CarePlan", `"status":"active","intent":"plan",`+subject), nil, "CarePlan", "no mapping of CarePlan is proven"},
		{"a patient", other("Patient", `"gender":"female"`), nil, "Patient", "an EHR, which is created"},
		{"a provenance", other("Provenance", `"target":[{"reference":"Patient/`+id+`"}],"recorded":"2024-01-01T00:00:00Z","agent":[{"who":{"display":"x"}}]`), nil, "Provenance", "made of the audit"},
		{
			"a consent that denies",
			other("Consent", `"status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"adr"}]},"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentcategorycodes","code":"acd"}]},{"text":"Living will"}],"policyRule":{"text":"No resuscitation"},"provision":{"type":"deny"},`+patient),
			[]string{"openehr-template-id", "Cairn - Advance care directive.v1"},
			"", "",
		},
		{"a header that would be lost", good, append([]string{"X-Provenance", `{"resourceType":"Provenance"}`}, template...), "http.X-Provenance", "is not kept"},
	} {
		var body struct{ ResourceType string }
		if err := json.Unmarshal([]byte(c.body), &body); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		said := func(r reply) bool {
			for _, i := range r.body.List("issue") {
				if i.Str("severity") == "error" && (c.at == "" || len(i.List("expression")) == 1 && i.List("expression")[0].Text == c.at) && strings.Contains(i.Str("details", "text"), c.text) {
					return true
				}
			}
			return false
		}
		if r := p.send("POST", body.ResourceType, c.body, c.header...); r.status != 422 || !said(r) {
			t.Errorf("%s: %s", c.name, r)
		}
		if strings.HasPrefix(c.at, "http.") {
			continue
		}
		if r := p.send("POST", body.ResourceType+"/$validate?mode=create", c.body, c.header...); r.status != 200 {
			t.Errorf("%s: $validate: %s", c.name, r)
		} else if !said(r) && !strings.Contains(r.String(), `"code":"invalid"`) { // else it is not R4 at all
			t.Errorf("%s: $validate says otherwise: %s", c.name, r)
		}
	}
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		text               string
	}{
		{"POST", "Goal2", good, nil, 404, "no such resource type"},
		{"POST", "Consent", good, nil, 400, "not a Consent"},
		{"POST", "Observation", `{"resourceType":`, nil, 400, "not a FHIR resource"},
		{"POST", "Observation?_id=1", good, nil, 400, "not supported"},
		{"POST", "Observation", good, []string{"Content-Type", "text/plain"}, 415, "is sent as"},
		{"POST", "Observation", good, []string{"If-None-Exist", ""}, 400, "no search parameter"},
		{"POST", "Observation", good, []string{"If-None-Exist", "colour=red", "Prefer", "handling=lenient"}, 400, "colour"},
		{"POST", "Observation", good, []string{"If-None-Exist", "_count=1"}, 400, "no meaning"},
		{"POST", "Observation", good, []string{"Idempotency-Key", "é"}, 400, "Idempotency-Key"},
		{"PUT", "Observation/x", good, nil, 405, "a new version of it over the openEHR API"},
		{"PATCH", "Observation/x", `[]`, nil, 405, "not updated, patched or deleted"},
		{"DELETE", "Observation/x", "", nil, 405, "not updated, patched or deleted"},
		{"DELETE", "Observation?patient=x", "", nil, 405, "not updated, patched or deleted"},
	} {
		r := p.send(c.method, c.path, c.body, c.header...)
		if r.status != c.status || !strings.Contains(r.String(), c.text) {
			t.Errorf("%s %s: %s", c.method, c.path, r)
		}
		if r.status == 405 && !strings.HasPrefix(r.header.Get("Allow"), "GET, HEAD") {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, r.header.Get("Allow"))
		}
	}
	if after := p.count(id); after != before {
		t.Errorf("what was refused or only tried has left %d compositions", after-before)
	}
}

// TestFHIRWriteOff is the default: nothing says that resources can be created.
func TestFHIRWriteOff(t *testing.T) {
	t.Parallel()
	s := running(t, 7, 1)
	p := &partner{t, s, s.Origin() + "/fhir/r4/"}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		path := "Observation"
		if method != "POST" {
			path += "/x"
		}
		if r := p.send(method, path, weight("x", "1")); r.status != 405 || !strings.Contains(r.String(), "read-only") || r.header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %s %s", method, r, r.header)
		}
	}
	metadata := p.get("metadata")
	if text := string(metadata.Append(nil)); strings.Contains(text, "conditionalCreate") || !strings.Contains(text, "Read-only") || len(created(metadata)) > 0 {
		t.Errorf("the CapabilityStatement offers to create %v", created(metadata))
	}
	if r := p.send("POST", "", `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":`+weight("x", "1")+`,"request":{"method":"POST","url":"Observation"}}]}`); r.status != 422 {
		t.Errorf("a transaction: %s", r)
	}
}

// created are the clinical types that a CapabilityStatement offers to create.
func created(metadata *r4.Node) []string {
	var types []string
	for _, r := range metadata.List("rest")[0].List("resource") {
		for _, i := range r.List("interaction") {
			if i.Str("code") == "create" && r.Str("type") != "Subscription" && r.Str("type") != "Group" {
				types = append(types, r.Str("type"))
			}
		}
	}
	return types
}

// TestFHIRWriteCapabilities compares what is told with what is taken.
func TestFHIRWriteCapabilities(t *testing.T) {
	t.Parallel()
	p, _ := writing(t, 8, 1)
	metadata := p.get("metadata")
	types := created(metadata)
	if n := strings.Count(string(metadata.Append(nil)), `"conditionalCreate":true`); n != len(types) {
		t.Errorf("%d conditional creates of %v", n, types)
	}
	if fmt.Sprint(types) != "[AllergyIntolerance Condition Consent DiagnosticReport Encounter Goal Immunization MedicationRequest MedicationStatement Observation Procedure]" {
		t.Errorf("created are %v", types)
	}
	if _, err := Start(t.Context(), func() Options {
		o := testOptions(t)
		o.FHIRWrite = true
		return o
	}()); err == nil || !strings.Contains(err.Error(), "territory") {
		t.Errorf("without a territory: %v", err)
	}
}

// TestFHIRWriteConditional creates unless a search finds something, once for a
// key, and answers in the form that is preferred.
func TestFHIRWriteConditional(t *testing.T) {
	t.Parallel()
	p, ids := writing(t, 9, 2)
	id := ids[0]
	search := "patient=" + id + "&code=http://loinc.org|29463-7&date=2024-03-05T10:15:30.50-03:30"
	before := p.count(id)
	with := func(header ...string) []string { return append(header, "openehr-template-id", vitalSigns) }
	first := p.send("POST", "Observation", weight(id, "72.5"), with("If-None-Exist", search)...)
	if first.status != 201 {
		t.Fatal(first)
	}
	again := p.send("POST", "Observation", weight(id, "72.5"), with("If-None-Exist", search)...)
	if again.status != 200 || again.body.Str("id") != first.body.Str("id") || again.header.Get("ETag") != `W/"1"` {
		t.Errorf("again: %s", again)
	}
	told := p.send("POST", "Observation", weight(id, "72.5"), with("If-None-Exist", search, "Prefer", "return=OperationOutcome")...)
	if told.status != 200 || !strings.Contains(told.String(), "nothing was created") {
		t.Errorf("told: %s", told)
	}
	second := p.send("POST", "Observation", weight(id, "72.5", tagged), "Prefer", "return=minimal")
	if second.status != 201 || second.body != nil || second.header.Get("Location") == first.header.Get("Location") {
		t.Errorf("second: %s", second)
	}
	if r := p.send("POST", "Observation", weight(id, "72.5"), with("If-None-Exist", search)...); r.status != 412 || !strings.Contains(r.String(), "multiple-matches") {
		t.Errorf("several: %s", r)
	}
	outcome := p.send("POST", "Observation", weight(id, "72.6", tagged), "Prefer", "return=OperationOutcome")
	if outcome.status != 201 || outcome.body.Str("resourceType") != "OperationOutcome" {
		t.Errorf("outcome: %s", outcome)
	}
	// One key, one resource.
	keyed := func(value, key string, header ...string) reply {
		return p.send("POST", "Observation", weight(id, value, tagged), append(header, "Idempotency-Key", key)...)
	}
	a, b := keyed("73", "k1"), keyed("73", "k1")
	if a.status != 201 || b.status != 201 || a.String() != b.String() || a.header.Get("Location") != b.header.Get("Location") || b.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("with a key: %s\nthen %s", a, b)
	}
	if read := p.send("GET", a.header.Get("Location"), ""); read.String() != "200"+strings.TrimPrefix(a.String(), "201") {
		t.Errorf("with a key: answered %s\nread %s", a, read)
	}
	if r := keyed("74", "k1"); r.status != 422 {
		t.Errorf("the key for another resource: %s", r)
	}
	if r := keyed("75", "k2", "Prefer", "return=minimal", "If-None-Exist", search); r.status != 412 {
		t.Errorf("a key and a condition: %s", r)
	}
	// The same at a time: one of them creates.
	var wait sync.WaitGroup
	made := make([]reply, 6)
	for i := range made {
		wait.Go(func() { made[i] = keyed("76", "k3") })
	}
	wait.Wait()
	for _, r := range made {
		if r.status != 201 || r.String() != made[0].String() {
			t.Errorf("at a time: %s", r)
		}
	}
	if n := p.count(id) - before; n != 5 {
		t.Errorf("%d compositions were made", n)
	}
	// XML in and out: the same resource, and what was sent is kept.
	n, err := r4.Parse([]byte(weight(id, "77.70", tagged)))
	if err != nil {
		t.Fatal(err)
	}
	text, err := r4.AppendXML(nil, n)
	if err != nil {
		t.Fatal(err)
	}
	x := p.send("POST", "Observation", string(text), "Content-Type", "application/fhir+xml", "Accept", "application/fhir+xml")
	if x.status != 201 || !strings.Contains(x.header.Get("Content-Type"), "xml") {
		t.Fatal(x)
	}
	if got, want := string(bare(t, x.body, id).Append(nil)), weight(id, "77.70"); got != want {
		t.Errorf("as XML:\n%s\n%s", got, want)
	}
	kept := compositionOf(t, p, id, x.body, vitalSigns).Get("feeder_audit", "original_content")
	if kept.String("value") != string(text) || kept.String("formalism") != "application/fhir+xml" {
		t.Errorf("kept is %s", rm.AppendJSON(nil, kept))
	}
}

// TestFHIRWriteRespectsTheRecord is about what the EHR and its audit say.
func TestFHIRWriteRespectsTheRecord(t *testing.T) {
	t.Parallel()
	p, _ := writing(t, 10, 1)
	ctx := t.Context()
	status := func(modifiable, queryable bool) ehr.Content {
		return ehr.Content{Root: rm.Object("EHR_STATUS",
			rm.Child("name", rm.Text("EHR Status")), rm.Str("archetype_node_id", "openEHR-EHR-EHR_STATUS.generic.v1"),
			rm.Child("archetype_details", rm.Object("ARCHETYPED", rm.Child("archetype_id", rm.ID("ARCHETYPE_ID", "openEHR-EHR-EHR_STATUS.generic.v1")), rm.Str("rm_version", "1.1.0"))),
			rm.Child("subject", rm.Object("PARTY_SELF")), rm.Bool("is_queryable", queryable), rm.Bool("is_modifiable", modifiable))}
	}
	closed, hidden := uuid.New(), uuid.New()
	for id, content := range map[uuid.UUID]ehr.Content{closed: status(false, true), hidden: status(true, false)} {
		if _, err := p.s.Service.CreateEHR(ctx, sandboxActor, ehr.CreateEHR{ID: id, Status: content}); err != nil {
			t.Fatal(err)
		}
	}
	body := weight(closed.String(), "72.5", tagged)
	if r := p.send("POST", "Observation", body); r.status != 409 || !strings.Contains(r.String(), "not modifiable") {
		t.Errorf("not modifiable: %s", r)
	}
	if r := p.send("POST", "Observation/$validate?mode=create", body); r.status != 200 || !strings.Contains(r.String(), "not modifiable") {
		t.Errorf("$validate, not modifiable: %s", r)
	}
	// A condition also sees records that searches of the population leave out.
	condition := []string{"If-None-Exist", "code=29463-7&value-quantity=71.25", "openehr-template-id", vitalSigns}
	for i, want := range []int{201, 200} {
		if r := p.send("POST", "Observation", weight(hidden.String(), "71.25"), condition...); r.status != want {
			t.Errorf("%d: not queryable: %s", i, r)
		}
	}

	// Where it comes from, and who answers for it.
	source := `,"id":"w-17","meta":{"versionId":"4","lastUpdated":"2024-03-06T08:00:00Z","source":"https://scales.example.org/fhir","profile":["http://hl7.org/fhir/StructureDefinition/bodyweight"],"tag":[{"system":"http://openehr.org/templates","code":"` + vitalSigns + `"}]},` +
		`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">` + strings.Repeat("72.5 kg ", 10_000) + `</div>"},"performer":[{"display":"Nurse N."}]`
	sent := weight(hidden.String(), "72.5", source)
	r := p.send("POST", "Observation", sent)
	if r.status != 201 || r.body.Str("id") == "w-17" || r.body.Get("text") != nil {
		t.Fatalf("%.2000s", r)
	}
	root := compositionOf(t, p, hidden.String(), r.body, vitalSigns)
	for _, c := range []struct {
		want string
		path []string
	}{
		{"Nurse N.", []string{"composer", "name"}},
		{"NL", []string{"territory", "code_string"}},
		{"2024-03-05T10:15:30.5-03:30", []string{"context", "start_time", "value"}},
		{sent, []string{"feeder_audit", "original_content", "value"}},
		{"application/fhir+json", []string{"feeder_audit", "original_content", "formalism"}},
		{"https://scales.example.org/fhir", []string{"feeder_audit", "originating_system_audit", "system_id"}},
		{"4", []string{"feeder_audit", "originating_system_audit", "version_id"}},
		{"2024-03-06T08:00:00Z", []string{"feeder_audit", "originating_system_audit", "time", "value"}},
		{"w-17", []string{"feeder_audit", "originating_system_item_ids", "id"}},
	} {
		if got := root.String(c.path...); got != c.want {
			t.Errorf("%s: %.200s", strings.Join(c.path, "/"), got)
		}
	}
	uid := strings.TrimPrefix(r.body.Str("meta", "source"), "ehr:")
	object, _, _ := strings.Cut(uid, "::")
	version := string(fetch(t, p.s, "GET", "/openehr/v1/ehr/"+hidden.String()+"/versioned_composition/"+object+"/version/"+url.PathEscape(uid), nil))
	for _, want := range []string{`"code_string":"249"`, "created from a FHIR Observation", `"code_string":"532"`} {
		if !strings.Contains(version, want) {
			t.Errorf("the version does not say %s", want)
		}
	}
	if list := p.all("Provenance?patient="+hidden.String()+"&target=Observation/"+r.body.Str("id"), "match"); len(list) != 1 || !strings.Contains(string(list[0].Append(nil)), "https://scales.example.org/fhir") {
		t.Errorf("the provenance: %v", names(list))
	}
}
